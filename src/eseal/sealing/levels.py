"""Which PAdES baseline level a document is to reach (EN 319 142-1 6)."""

from __future__ import annotations

from eseal.errors import PolicyError, UsageError
from eseal.sealing.request import Services

LEVELS = ("B", "T", "LT", "LTA")
"""PAdES baseline levels, each with everything that those before it have."""


def read_level(level: str) -> str:
    """A level as it is written anywhere ("lta", "B-LTA"), as in `LEVELS`. Raises UsageError SEAL_LEVEL_UNKNOWN."""
    asked = level.upper().removeprefix("B-")
    if asked not in LEVELS:
        raise UsageError("SEAL_LEVEL_UNKNOWN", level=level, known=", ".join(LEVELS))
    return asked


def choose_level(level: str | None, services: Services, *, later: bool = False) -> str:
    """The level that is to be reached, with services that may still come `later`; the highest where none is named.

    Raises PolicyError SEAL_LEVEL_NEEDS_TIMESTAMPER, SEAL_LEVEL_NEEDS_TRUST, and UsageError SEAL_LEVEL_UNKNOWN.
    """
    if level is None:
        if services.timestamper is None:
            return "B"
        return "LTA" if services.trust is not None else "T"
    asked = read_level(level)
    if not later:
        check_services(asked, services)
    return asked


def check_services(level: str, services: Services) -> None:
    """Refuse a level for which somebody is missing.

    Raises PolicyError SEAL_LEVEL_NEEDS_TIMESTAMPER, SEAL_LEVEL_NEEDS_TRUST.
    """
    if level != "B" and services.timestamper is None:
        raise PolicyError("SEAL_LEVEL_NEEDS_TIMESTAMPER", level=level)
    if is_lasting(level) and services.trust is None:
        raise PolicyError("SEAL_LEVEL_NEEDS_TRUST", level=level)


def is_lasting(level: str) -> bool:
    """Whether the level asks for validation data inside the document."""
    return level in ("LT", "LTA")
