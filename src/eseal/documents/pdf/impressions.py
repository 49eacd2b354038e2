"""Every place that a request names, as boxes on pages: page sets, keywords, straddle seals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eseal.documents import straddling
from eseal.documents.page_sets import page_numbers
from eseal.documents.pdf.placement import Place, Rect, Sheet, overlap, place, sheet, stand
from eseal.documents.pdf.source import Page, Source
from eseal.documents.straddling import Strip
from eseal.errors import UsageError
from eseal.model import BESIDE, Keyword, OnPages, Placement, Straddle, Where

MOST = 10_000
"""Most places of one seal."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a text stands on a page; boxes are left, top, right, bottom in mm on the page as shown."""

    page: int
    """Page, 1 for the first."""
    box: Rect
    """The text; of one that runs over several lines, the longest part."""
    first: Rect
    """Its first character."""
    last: Rect
    """Its last character."""


Finder = Callable[[Keyword, Sequence[tuple[int, Sheet]]], Sequence[Hit]]
"""Finds a text on the given pages: hits in the order of `Keyword`, those that `Keyword.which` asks for."""


@dataclass(frozen=True, slots=True)
class Impression:
    """The picture, or a strip of it, on a page."""

    number: int
    """Page, 1 for the first, negative from the end; 0 for the last where nobody counted."""
    place: Place
    """Where it stands."""
    at: Placement
    """The same as a place of its own."""
    strip: Strip | None = None
    """The part of the picture that shows; None: the whole."""


class _Pages:
    """The pages of a document; walked once, and only where more than a first or last page is asked for."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._all: list[Page] | None = None

    @property
    def all(self) -> list[Page]:
        if self._all is None:
            self._all = list(self.source.pages())
        return self._all

    def chosen(self, text: str) -> list[tuple[int, Sheet]]:
        """Numbers and geometry of the pages that `text` names."""
        numbers = page_numbers(text, len(self.all))
        return [(n, sheet(self.source, self.all[n - 1])) for n in numbers]


def impressions(
    source: Source, where: Sequence[Where], width: float, height: float, find: Finder
) -> tuple[Impression, ...]:
    """All places of a picture of `width` x `height` mm, in the order of the request; without any a free one.

    Raises UsageError PLACE_..., PAGES_..., KEYWORD_...; whatever `find` raises.
    """
    pages = _Pages(source)
    if not where:
        return (free_place(source, width, height),)
    if len(where) == 1 and isinstance(where[0], Placement):
        return (Impression(where[0].page, place(source, where[0], width, height), where[0]),)
    found: list[Impression] = []
    for one in where:
        found.extend(_of(pages, one, width, height, find))
        if len(found) > MOST:
            raise UsageError("PLACE_TOO_MANY", most=MOST)
    _check_apart(found)
    return tuple(found)


def free_place(source: Source, width: float, height: float) -> Impression:
    """A free place on the last page, whose number is not counted. Raises UsageError PLACE_NO_ROOM, PLACE_OFF_PAGE."""
    return Impression(0, place(source, None, width, height), Placement(-1, 0.0, 0.0))


def _of(pages: _Pages, where: Where, width: float, height: float, find: Finder) -> Iterable[Impression]:
    if isinstance(where, Straddle):
        return _straddled(pages, where, width, height)
    if isinstance(where, Keyword):
        hits = find(where, pages.chosen(where.pages))
        spots = [Placement(hit.page, *beside(where, hit, width, height)) for hit in hits]
    elif isinstance(where, OnPages):
        spots = [Placement(number, where.x, where.y) for number, _ in pages.chosen(where.pages)]
    else:
        ((number, _),) = pages.chosen(str(where.page))
        spots = [Placement(number, where.x, where.y)]
    return [_impression(pages, spot, width, height) for spot in spots]


def _impression(pages: _Pages, spot: Placement, width: float, height: float, strip: Strip | None = None) -> Impression:
    found = stand(pages.source, pages.all[spot.page - 1], spot, width, height)
    return Impression(spot.page, found, spot, strip)


def beside(keyword: Keyword, hit: Hit, width: float, height: float) -> tuple[float, float]:
    """Left and top of the picture. Raises UsageError KEYWORD_BESIDE."""
    if keyword.beside not in BESIDE:
        raise UsageError("KEYWORD_BESIDE", value=keyword.beside, known=", ".join(BESIDE))
    left, top, right, bottom = {"start": hit.first, "end": hit.last}.get(keyword.beside, hit.box)
    x, y = (left + right - width) / 2, (top + bottom - height) / 2
    if keyword.beside == "left":
        x = left - width
    elif keyword.beside == "right":
        x = right
    elif keyword.beside == "above":
        y = top - height
    elif keyword.beside == "below":
        y = bottom
    return x + keyword.dx, y + keyword.dy


def _straddled(pages: _Pages, straddle: Straddle, width: float, height: float) -> Iterable[Impression]:
    side = straddling.side(straddle)
    chosen = dict(pages.chosen(straddle.pages))
    along, across = (width, height) if side == "bottom" else (height, width)
    for group in straddling.groups(tuple(chosen), across, straddle.group):
        sizes = [chosen[number].size_mm for number in group]
        # One offset for the group, so that the strips meet edge on edge: the middle of the smallest page.
        middle = (min(s[0 if side == "bottom" else 1] for s in sizes) - along) / 2
        offset = straddle.offset if straddle.offset is not None else middle
        cut = straddling.strips(side, len(group), width, height)
        for number, size, strip in zip(group, sizes, cut, strict=True):
            spot = Placement(number, *straddling.corner(side, strip, size, offset))
            yield _impression(pages, spot, strip.right - strip.left, strip.bottom - strip.top, strip)


def _check_apart(found: Sequence[Impression]) -> None:
    """No impression stands on another one."""
    by_page: dict[int, list[Impression]] = {}
    for one in found:
        before = by_page.setdefault(one.number, [])
        if any(overlap(one.place.rect, other.place.rect) for other in before):
            raise UsageError("PLACE_OVER_ITSELF", page=one.number)
        before.append(one)
