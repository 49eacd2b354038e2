"""Times as parameters of sentences."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(when: datetime) -> str:
    """RFC 3339 in UTC, to the second: whoever prints it may show it in the reader's zone."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
