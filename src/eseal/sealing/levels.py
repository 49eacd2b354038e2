"""Which PAdES baseline level a seal is to reach (EN 319 142-1 6)."""

from __future__ import annotations

from eseal.errors import PolicyError, UsageError
from eseal.sealing.request import Services

LEVELS = ("B", "T")
"""PAdES baseline levels that can be asked for."""
_LATER_LEVELS = ("LT", "LTA")


def choose_level(level: str | None, services: Services, *, later: bool = False) -> str:
    """The level that is to be reached, with services that may still come `later`.

    Raises PolicyError SEAL_LEVEL_NEEDS_TIMESTAMPER, SEAL_LEVEL_UNSUPPORTED, and UsageError SEAL_LEVEL_UNKNOWN.
    """
    if level is None:
        return "T" if services.timestamper is not None else "B"
    asked = level.upper().removeprefix("B-")
    if asked in _LATER_LEVELS:
        raise PolicyError("SEAL_LEVEL_UNSUPPORTED", level=asked, known=", ".join(LEVELS))
    if asked not in LEVELS:
        raise UsageError("SEAL_LEVEL_UNKNOWN", level=level, known=", ".join(LEVELS))
    if asked == "T" and services.timestamper is None and not later:
        raise PolicyError("SEAL_LEVEL_NEEDS_TIMESTAMPER", level=asked)
    return asked
