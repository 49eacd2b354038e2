"""Sets of pages as people write them: "all", "odd", "1-3,5,-1"."""

from __future__ import annotations

import re

from eseal.errors import UsageError

_ITEM = re.compile(r"(-?[0-9]{1,9})(?:-(-?[0-9]{1,9}))?")
_WORDS = {"all": (1, 1, 0), "first": (1, 1, 1), "last": (0, 1, 0), "odd": (1, 2, 0), "even": (2, 2, 0)}


def page_numbers(text: str, pages: int) -> tuple[int, ...]:
    """The pages that `text` names in a document of `pages` pages, 1 for the first; ascending, each once.

    `text` is a list with commas of words ("all", "first", "last", "odd", "even"), numbers (-1 is the last page) and
    ranges from low to high. Raises UsageError PAGES_UNREADABLE, PLACE_NO_SUCH_PAGE, PAGES_BACKWARDS, PAGES_EMPTY.
    """
    found: set[int] = set()
    for item in text.split(","):
        found.update(_item(item.strip(), text, pages))
    if not found:
        raise UsageError("PAGES_EMPTY", value=text, pages=pages)
    return tuple(sorted(found))


def _item(item: str, text: str, pages: int) -> range:
    if item in _WORDS:
        start, step, end = _WORDS[item]
        return range(start or pages, (end or pages) + 1, step)
    match = _ITEM.fullmatch(item)
    if not match:
        raise UsageError("PAGES_UNREADABLE", value=text, part=item)
    first = _number(match[1], pages)
    last = _number(match[2], pages) if match[2] is not None else first
    if first > last:
        raise UsageError("PAGES_BACKWARDS", part=item, pages=pages)
    return range(first, last + 1)


def _number(digits: str, pages: int) -> int:
    number = int(digits)
    counted = number if number > 0 else pages + 1 + number
    if not number or not 1 <= counted <= pages:
        raise UsageError("PLACE_NO_SUCH_PAGE", page=number, pages=pages)
    return counted
