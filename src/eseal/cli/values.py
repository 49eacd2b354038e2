"""Reads what people type for options: times, zones, places, sizes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from eseal.errors import UsageError
from eseal.model import OnPages, Placement, aware

_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(0?\d|1[0-4])(?::?([0-5]\d))?")
_DIGITS = r"\d{1,9}(?:\.\d{1,9})?"
_NUMBER = f"({_DIGITS})"
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_PLACE = re.compile(rf"(?:([^:]{{1,200}}):)?{_NUMBER},{_NUMBER}")
_SHIFT = re.compile(f"(-?{_DIGITS}),(-?{_DIGITS})")
_SIZE = re.compile(rf"{_NUMBER}x{_NUMBER}(?:mm)?", re.I)


def time(text: str | None, what: str = "--at") -> datetime | None:
    """A moment: ISO 8601 with its offset. Raises UsageError (TIME_..., CLI_TIME_DATE_ONLY, CLI_TIME_UNREADABLE)."""
    if text is None:
        return None
    if _DATE.fullmatch(text.strip()):
        raise UsageError("CLI_TIME_DATE_ONLY", what=what, value=text)
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError("CLI_TIME_UNREADABLE", what=what, value=text) from None
    return aware(when, what)


def zone(text: str | None) -> tzinfo | None:
    """A zone by name or offset; None (the computer's own) where none is given. Raises UsageError CLI_ZONE_UNKNOWN."""
    if not text:
        return None
    if text.upper() in ("UTC", "Z"):
        return UTC
    offset = _OFFSET.fullmatch(text)
    if offset:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(span if offset[1] == "+" else -span)
    try:
        return ZoneInfo(text)
    except (OSError, ValueError, LookupError):
        raise UsageError("CLI_ZONE_UNKNOWN", value=text) from None


def place(text: str, pages: str | None = None) -> Placement | OnPages:
    """PAGES:X,Y in millimetres from the top left, or X,Y on `pages`; page -1 is the last.

    Raises UsageError CLI_PLACE_UNREADABLE, and CLI_PAGES_TWICE where both name pages.
    """
    found = _PLACE.fullmatch(text.replace(" ", ""))
    if not found or (found[1] is None and pages is None) or (found[1] or "1").strip("-0") == "":
        raise UsageError("CLI_PLACE_UNREADABLE", value=text)
    if found[1] is not None and pages is not None:
        raise UsageError("CLI_PAGES_TWICE", value=text, pages=pages)
    named, x, y = found[1] or pages or "", float(found[2]), float(found[3])
    return Placement(int(named), x, y) if _INTEGER.fullmatch(named) else OnPages(named, x, y)


def shift(text: str) -> tuple[float, float]:
    """DX,DY in millimetres to the right and down. Raises UsageError CLI_SHIFT_UNREADABLE."""
    found = _SHIFT.fullmatch(text.replace(" ", ""))
    if not found:
        raise UsageError("CLI_SHIFT_UNREADABLE", value=text)
    return float(found[1]), float(found[2])


def nth(text: str | None) -> int | None:
    """Which place of a text: 1 (also where nothing is said), 2, -1; None for "all". Raises UsageError CLI_NTH_..."""
    if text is None:
        return 1
    if text == "all":
        return None
    if not _INTEGER.fullmatch(text) or int(text) == 0:
        raise UsageError("CLI_NTH_UNREADABLE", value=text)
    return int(text)


def size(text: str) -> tuple[float, float]:
    """WIDTHxHEIGHT in millimetres. Raises UsageError CLI_SIZE_UNREADABLE."""
    found = _SIZE.fullmatch(text.replace(" ", ""))
    if not found:
        raise UsageError("CLI_SIZE_UNREADABLE", value=text)
    return float(found[1]), float(found[2])
