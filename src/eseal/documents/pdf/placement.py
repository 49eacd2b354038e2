"""Where a seal's picture goes: millimetres on the page as shown -> a rectangle in the page's own space.

The page as shown is CropBox within MediaBox, turned by /Rotate, in units of UserUnit / 72 inch (ISO 32000-2 14.11.2,
7.7.3.3). A picture that would stand off the page or on another field is refused, never moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eseal.documents.pdf.lexer import Dict, Ref
from eseal.documents.pdf.source import Page, Part, Source
from eseal.errors import DocumentError, UsageError
from eseal.model import Placement

POINTS_PER_MM = 72 / 25.4
MARGIN_MM = 25.0
"""Distance of a seal from the right and lower edge where no place is given; less on a page too small for it."""
_GAP_MM = 5.0
_SLACK_MM = 0.01
# Hidden and NoView (12.5.3): what is never shown stands in nobody's way.
_NOT_SHOWN = 2 | 32
_LETTER = (0.0, 0.0, 612.0, 792.0)

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top in default user space."""
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The geometry of a page."""

    box: Rect
    """What is shown of it, in default user space."""
    rotate: int
    """Clockwise turn when shown: 0, 90, 180 or 270 degrees."""
    per_mm: float
    """User space units in a millimetre."""

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height as shown."""
        width = (self.box[2] - self.box[0]) / self.per_mm
        height = (self.box[3] - self.box[1]) / self.per_mm
        return (height, width) if self.rotate in (90, 270) else (width, height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """User space of the point `x` mm from the left and `y` mm from the top edge as shown."""
        left, bottom, right, top = self.box
        across, down = x * self.per_mm, y * self.per_mm
        if self.rotate == 90:
            return left + down, bottom + across
        if self.rotate == 180:
            return right - across, bottom + down
        if self.rotate == 270:
            return right - down, top - across
        return left + across, top - down

    def shown(self, x: float, y: float) -> tuple[float, float]:
        """Millimetres from the left and top edge as shown of a point in user space: the way back from `point`."""
        left, bottom, right, top = self.box
        across, down = {
            90: (y - bottom, x - left),
            180: (right - x, y - bottom),
            270: (top - y, right - x),
        }.get(self.rotate, (x - left, top - y))
        return across / self.per_mm, down / self.per_mm

    def rect(self, x: float, y: float, width: float, height: float) -> Rect:
        """User space rectangle of a box in mm, measured from the top left of the page as shown."""
        (x0, y0), (x1, y1) = self.point(x, y), self.point(x + width, y + height)
        return round(min(x0, x1), 4), round(min(y0, y1), 4), round(max(x0, x1), 4), round(max(y0, y1), 4)


@dataclass(frozen=True, slots=True)
class Place:
    """A box on a page."""

    page: Page
    """The page."""
    rect: Rect
    """Where the widget stands, in default user space."""
    rotate: int
    """Turn of the page; the picture is turned back by as much."""


def upright(rotate: int, width: float, height: float) -> Matrix:
    """/Matrix of a form of `width` x `height` that stands upright on a page turned clockwise by `rotate`."""
    if rotate == 90:
        return 0.0, 1.0, -1.0, 0.0, height, 0.0
    if rotate == 180:
        return -1.0, 0.0, 0.0, -1.0, width, height
    if rotate == 270:
        return 0.0, -1.0, 1.0, 0.0, 0.0, width
    return 1.0, 0.0, 0.0, 1.0, 0.0, 0.0


def sheet(source: Source, page: Page) -> Sheet:
    """The geometry of `page`; a page that states none is Letter, as readers take it."""
    media = _box(source, page.get("MediaBox")) or _LETTER
    crop = _box(source, page.get("CropBox")) or media
    shown = max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])
    if shown[0] >= shown[2] or shown[1] >= shown[3]:
        shown = media
    rotate = source.resolve(page.get("Rotate"))
    turn = int(rotate) % 360 if isinstance(rotate, int | float) else 0
    unit = source.resolve(page.part.value.get("UserUnit"))
    unit = unit if isinstance(unit, int | float) and unit > 0 else 1
    return Sheet(shown, turn if turn % 90 == 0 else 0, POINTS_PER_MM / unit)


def find_page(source: Source, number: int) -> Page:
    """Page `number`, 1 for the first, -1 for the last. Raises UsageError PLACE_NO_SUCH_PAGE."""
    if number:
        for index, page in enumerate(source.pages(backwards=number < 0), 1):
            if index == abs(number):
                if page.part.ref is None:
                    raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Page")
                return page
    raise UsageError("PLACE_NO_SUCH_PAGE", page=number, pages=sum(1 for _ in source.pages()))


def place(source: Source, placement: Placement | None, width: float, height: float) -> Place:
    """Find the box of a picture of `width` x `height` mm; without `placement` a free one on the last page.

    Raises UsageError PLACE_NO_SUCH_PAGE, PLACE_OFF_PAGE, PLACE_OVER_FIELD, PLACE_NO_ROOM.
    """
    page = find_page(source, placement.page if placement else -1)
    if placement is None:
        shape = sheet(source, page)
        taken = list(_fields(source, page.part))
        for x, y in _free_spots(shape, width, height):
            rect = shape.rect(x, y, width, height)
            if not any(overlap(rect, other) for _, other in taken):
                return Place(page, rect, shape.rotate)
        raise UsageError("PLACE_NO_ROOM")
    return stand(source, page, placement, width, height)


def stand(source: Source, page: Page, spot: Placement, width: float, height: float) -> Place:
    """The box of a picture on `page`, the one of `spot`. Raises UsageError PLACE_OFF_PAGE, PLACE_OVER_FIELD."""
    shape = sheet(source, page)
    check_on_page(shape, spot, width, height)
    rect = shape.rect(spot.x, spot.y, width, height)
    for name, other in _fields(source, page.part):
        if overlap(rect, other):
            raise UsageError("PLACE_OVER_FIELD", field=name, page=spot.page)
    return Place(page, rect, shape.rotate)


def covering(source: Source, page: Page, rect: Rect) -> str | None:
    """Kind of an annotation that shows and stands over `rect`: what is drawn into the page would lie below it."""
    for found, value in _annotations(source, page.part):
        kind = source.resolve(value.get("Subtype"))
        shows = found is None or source.dictionary(found, "AP") is not None
        box = _box(source, value.get("Rect"))
        if shows and kind not in ("Link", "Popup") and box is not None and overlap(rect, box):
            return str(kind)
    return None


def check_on_page(shape: Sheet, placement: Placement, width: float, height: float) -> None:
    """Raises UsageError PLACE_OFF_PAGE for a box that does not lie on the page as a whole."""
    across, down = shape.size_mm
    x, y = placement.x, placement.y
    # Written so that NaN and infinity fail too.
    if not (-_SLACK_MM <= x <= across - width + _SLACK_MM and -_SLACK_MM <= y <= down - height + _SLACK_MM):
        raise UsageError(
            "PLACE_OFF_PAGE",
            page=placement.page,
            page_width=f"{across:.1f}",
            page_height=f"{down:.1f}",
            x=f"{x:.1f}",
            y=f"{y:.1f}",
            width=f"{width:.1f}",
            height=f"{height:.1f}",
        )


def _free_spots(shape: Sheet, width: float, height: float) -> Iterator[tuple[float, float]]:
    """Spots from the lower right corner to the left, then upward."""
    across, down = shape.size_mm
    if width > across or height > down:
        check_on_page(shape, Placement(-1, 0.0, 0.0), width, height)
    mx, my = min(MARGIN_MM, (across - width) / 2), min(MARGIN_MM, (down - height) / 2)
    y = down - my - height
    while y >= my - _SLACK_MM:
        x = across - mx - width
        while x >= mx - _SLACK_MM:
            yield x, y
            x -= max(width / 2, _GAP_MM)
        y -= max(height / 2, _GAP_MM)


def _fields(source: Source, page: Part) -> Iterator[tuple[str, Rect]]:
    """Name and rectangle of every form field that shows on `page`."""
    for found, value in _annotations(source, page):
        if source.resolve(value.get("Subtype")) == "Widget":
            box = _box(source, value.get("Rect"))
            if box is not None:
                yield (_full_name(source, found) if found is not None else ""), box


def _annotations(source: Source, page: Part) -> Iterator[tuple[Part | None, Dict]]:
    """Every annotation that is not hidden: its object, where it is one of its own, and its dictionary."""
    for item in source.array(page.value.get("Annots")):
        found = source.object(item) if isinstance(item, Ref) else None
        value = found.value if found is not None else item
        if isinstance(value, Dict):
            flags = source.resolve(value.get("F"))
            if not (isinstance(flags, int) and flags & _NOT_SHOWN):
                yield found, value


def has_area(source: Source, widget: Part) -> bool:
    """Whether a widget has a rectangle in which something can show."""
    return isinstance(widget.value, Dict) and _box(source, widget.value.get("Rect")) is not None


def _full_name(source: Source, field: Part) -> str:
    """The fully qualified name (12.7.4.2)."""
    names: list[str] = []
    node: Part | None = field
    for _ in range(source.scan.limits.nesting):
        if node is None:
            break
        own = source.text(node, "T")
        if own is not None:
            names.append(own)
        node = source.dictionary(node, "Parent")
    return ".".join(reversed(names))


def overlap(one: Rect, other: Rect) -> bool:
    """Whether two rectangles share more than an edge."""
    slack = _SLACK_MM
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > slack and min(one[3], other[3]) - max(one[1], other[1]) > slack
    )


def _box(source: Source, value: Any) -> Rect | None:
    """A rectangle whose corners may be in any order (7.9.5); None for what is none or has no area."""
    numbers = [source.resolve(item) for item in source.array(value)]
    if len(numbers) != 4 or not all(isinstance(n, int | float) and abs(n) < 1e9 for n in numbers):
        return None
    x0, y0, x1, y1 = numbers
    box = float(min(x0, x1)), float(min(y0, y1)), float(max(x0, x1)), float(max(y0, y1))
    return box if box[0] < box[2] and box[1] < box[3] else None
