"""The picture of a seal as a value: filled shapes and bitmaps in millimetres, origin at the top left, y downward."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from eseal.errors import UsageError

Point: TypeAlias = tuple[float, float]
"""x and y in millimetres from the top left corner."""
Segment: TypeAlias = tuple[Point, ...]
"""One piece of an outline: (end) a line, (control, end) a quadratic, (control, control, end) a cubic Bézier curve."""

LARGEST_MM = 500.0
"""Longest side of an artwork; a seal is not larger than a page."""
LARGEST_PIXELS = 40_000_000
"""Most pixels in one bitmap: 40 mm at 4000 dpi and more."""
LARGEST_SEGMENTS = 500_000
"""Most segments in one artwork."""


class FillRule(StrEnum):
    """What counts as inside an outline that crosses itself or has holes (ISO 32000-2 8.5.3.3)."""

    NONZERO = "nonzero"
    """Nonzero winding number."""
    EVEN_ODD = "evenodd"
    """Crossed an odd number of times."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour in sRGB, each part from 0 to 255. Raises UsageError SEAL_ARTWORK_INVALID beyond."""

    red: int
    """Red, 0 to 255."""
    green: int
    """Green, 0 to 255."""
    blue: int
    """Blue, 0 to 255."""

    def __post_init__(self) -> None:
        for part in (self.red, self.green, self.blue):
            if type(part) is not int or not 0 <= part <= 255:
                raise UsageError("SEAL_ARTWORK_INVALID", what=f"colour {part!r}")

    @property
    def hex(self) -> str:
        """As SVG writes it: "#rrggbb"."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


@dataclass(frozen=True, slots=True)
class Contour:
    """A closed outline; a line closes it where the last end is not the start."""

    start: Point
    """Where it begins, in millimetres."""
    segments: tuple[Segment, ...]
    """Lines and curves, each beginning where the one before it ends."""

    def points(self) -> tuple[Point, ...]:
        """Start, controls and ends; the outline lies within their convex hull."""
        return (self.start, *(point for segment in self.segments for point in segment))


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled area of one colour."""

    contours: tuple[Contour, ...]
    """Outlines, filled together so that holes stay open."""
    colour: Colour
    """Colour of the fill; opaque."""
    rule: FillRule = FillRule.NONZERO
    """What counts as inside."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Pixels: RGB, or one colour where the mask is set. Transparency is all or nothing (PDF/A-1 has no soft masks)."""

    x: float
    """Left edge in millimetres."""
    y: float
    """Top edge in millimetres."""
    width: float
    """Width as shown, in millimetres."""
    height: float
    """Height as shown, in millimetres."""
    columns: int
    """Pixels in a row."""
    rows: int
    """Rows of pixels."""
    pixels: bytes | None = field(repr=False)
    """Three bytes (R, G, B) a pixel, row by row from the top; None: `colour` where the mask is set."""
    mask: bytes | None = field(repr=False)
    """One bit a pixel, 1 is painted, the first pixel in the highest bit, rows padded to bytes; None: all is painted."""
    colour: Colour | None = None
    """Colour of a bitmap without pixels."""


Layer: TypeAlias = Shape | Bitmap


@dataclass(frozen=True, slots=True)
class Artwork:
    """A picture with its size. Raises UsageError SEAL_ARTWORK_INVALID where parts clash."""

    width_mm: float
    """Width in millimetres, over 0, at most LARGEST_MM."""
    height_mm: float
    """Height in millimetres, over 0, at most LARGEST_MM."""
    layers: tuple[Layer, ...] = field(repr=False)
    """What is painted, first at the bottom."""

    def __post_init__(self) -> None:
        for side in (self.width_mm, self.height_mm):
            if not (_real(side) and 0 < side <= LARGEST_MM):
                raise UsageError("SEAL_ARTWORK_INVALID", what=f"size {side!r} mm")
        segments = 0
        for layer in self.layers:
            if isinstance(layer, Bitmap):
                _check_bitmap(layer)
                continue
            for contour in layer.contours:
                segments += len(contour.segments)
                if not all(_real(c) and abs(c) <= 10 * LARGEST_MM for point in contour.points() for c in point):
                    raise UsageError("SEAL_ARTWORK_INVALID", what="a coordinate")
        if segments > LARGEST_SEGMENTS:
            raise UsageError("SEAL_ARTWORK_INVALID", what=f"{segments} segments")

    @property
    def bitmaps(self) -> tuple[Bitmap, ...]:
        """The layers that are bitmaps, in order."""
        return tuple(layer for layer in self.layers if isinstance(layer, Bitmap))

    def placed(self, x: float, y: float, width: float, height: float) -> tuple[Layer, ...]:
        """The layers scaled into a box of a larger artwork, all in millimetres."""
        sx, sy = width / self.width_mm, height / self.height_mm

        def moved(point: Point) -> Point:
            return (x + point[0] * sx, y + point[1] * sy)

        return tuple(
            Bitmap(
                x + layer.x * sx,
                y + layer.y * sy,
                layer.width * sx,
                layer.height * sy,
                layer.columns,
                layer.rows,
                layer.pixels,
                layer.mask,
                layer.colour,
            )
            if isinstance(layer, Bitmap)
            else Shape(
                tuple(
                    Contour(moved(c.start), tuple(tuple(moved(p) for p in s) for s in c.segments))
                    for c in layer.contours
                ),
                layer.colour,
                layer.rule,
            )
            for layer in self.layers
        )


def cubic(start: Point, segment: Segment) -> tuple[Point, Point, Point]:
    """A quadratic or cubic segment that begins at `start` as a cubic one."""
    if len(segment) == 3:
        return segment[0], segment[1], segment[2]
    (cx, cy), (ex, ey) = segment
    first = (start[0] + (cx - start[0]) * 2 / 3, start[1] + (cy - start[1]) * 2 / 3)
    return first, (ex + (cx - ex) * 2 / 3, ey + (cy - ey) * 2 / 3), (ex, ey)


def mask_row_bytes(columns: int) -> int:
    """Bytes in one row of a mask."""
    return (columns + 7) // 8


def _real(value: object) -> bool:
    # Comparing is also false for NaN, and does not overflow for huge integers.
    return type(value) in (int, float) and -1e9 <= value <= 1e9  # type: ignore[operator]


def _check_bitmap(bitmap: Bitmap) -> None:
    columns, rows = bitmap.columns, bitmap.rows
    if not (columns > 0 and rows > 0 and columns * rows <= LARGEST_PIXELS):
        raise UsageError("SEAL_ARTWORK_INVALID", what=f"{columns} x {rows} pixels")
    if not (_real(bitmap.x) and _real(bitmap.y) and _real(bitmap.width) and _real(bitmap.height)):
        raise UsageError("SEAL_ARTWORK_INVALID", what="the place of a bitmap")
    if bitmap.width <= 0 or bitmap.height <= 0:
        raise UsageError("SEAL_ARTWORK_INVALID", what="the size of a bitmap")
    if bitmap.pixels is None and (bitmap.mask is None or bitmap.colour is None):
        raise UsageError("SEAL_ARTWORK_INVALID", what="a bitmap without pixels")
    if bitmap.pixels is not None and len(bitmap.pixels) != columns * rows * 3:
        raise UsageError("SEAL_ARTWORK_INVALID", what="pixels")
    if bitmap.mask is not None and len(bitmap.mask) != mask_row_bytes(columns) * rows:
        raise UsageError("SEAL_ARTWORK_INVALID", what="a mask")
