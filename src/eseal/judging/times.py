"""Times as parameters of sentences."""

from __future__ import annotations

from datetime import datetime

from eseal.model import rfc3339


def iso(when: datetime) -> str:
    """RFC 3339 in UTC, to the second: whoever prints it may show it in the reader's zone."""
    return rfc3339(when, "seconds")
