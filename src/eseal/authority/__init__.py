"""The authority: what most users hold in their hand. It binds issuers, keys, seals, trust and timestamper."""

from __future__ import annotations

from eseal.authority.journal import JournalEntry
from eseal.authority.office import Authority

__all__ = ["Authority", "JournalEntry"]
