"""Opens the authority of a command, and finds whom it trusts: what is named, never what lies beside a document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eseal.authority import Authority
from eseal.authority.office import PasswordSource
from eseal.errors import UsageError
from eseal.model import Note
from eseal.seals.registered import SealRegister
from eseal.trust.store import TrustStore


def open_authority(folder: Path | None, password: PasswordSource | None = None) -> Authority:
    """The authority in `folder`. Raises UsageError CLI_NO_AUTHORITY where none is named."""
    if folder is None:
        raise UsageError("CLI_NO_AUTHORITY")
    return Authority.open(folder, password=password)


def register_for_verifying(authority: Path | None) -> SealRegister | None:
    """The register of seals of the named authority; None where none is named."""
    return Authority.open(authority).register if authority is not None else None


def trust_for_verifying(specs: Sequence[str], authority: Path | None) -> tuple[TrustStore, tuple[Note, ...]]:
    """What --trust or the configuration names, and what the named authority trusts; and what to say about its lists."""
    store = TrustStore.from_specs(tuple(specs))
    if authority is None:
        return store, ()
    opened = Authority.open(authority)
    return store + opened.trust, opened.trust_notes
