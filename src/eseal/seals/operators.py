"""Artwork -> PDF content operators (ISO 32000-2 8.5): the one drawing that both PDF pages and PNG previews show."""

from __future__ import annotations

from collections.abc import Sequence

from eseal.seals.artwork import Artwork, Bitmap, Colour, Contour, FillRule, Point, Shape, cubic

POINTS_PER_MM = 72 / 25.4
"""PDF's default unit is 1/72 inch."""


def number(value: float) -> str:
    """A PDF number with at most three decimals and no exponent (ISO 32000-2 7.3.3)."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    if text in ("-0", ""):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def content(artwork: Artwork, names: Sequence[str]) -> bytes:
    """Operators that paint `artwork` with its lower left corner at the origin, in points.

    `names` are the resource names of the image XObjects, one for each bitmap of `artwork.bitmaps`, in order. The
    graphics state is saved and restored; nothing but fills in DeviceRGB and `Do` is used.
    """
    out = ["q"]
    current: Colour | None = None
    remaining = iter(names)
    for layer in artwork.layers:
        colour = layer.colour
        if colour is not None and colour != current:
            out.append(" ".join(number(part / 255) for part in (colour.red, colour.green, colour.blue)) + " rg")
            current = colour
        if isinstance(layer, Bitmap):
            out.append(_bitmap(layer, artwork.height_mm, next(remaining)))
        else:
            out.extend(_shape(layer, artwork.height_mm))
    out.append("Q")
    return "\n".join(out).encode("ascii")


def _bitmap(bitmap: Bitmap, height: float, name: str) -> str:
    scale = POINTS_PER_MM
    bottom = (height - bitmap.y - bitmap.height) * scale
    matrix = (bitmap.width * scale, 0, 0, bitmap.height * scale, bitmap.x * scale, bottom)
    return f"q {' '.join(map(number, matrix))} cm /{name} Do Q"


def _shape(shape: Shape, height: float) -> list[str]:
    if not shape.contours:
        return []
    return [_contour(c, height) for c in shape.contours] + ["f*" if shape.rule is FillRule.EVEN_ODD else "f"]


def _contour(contour: Contour, height: float) -> str:
    def pair(point: Point) -> str:
        return f"{number(point[0] * POINTS_PER_MM)} {number((height - point[1]) * POINTS_PER_MM)}"

    parts = [pair(contour.start) + " m"]
    at = contour.start
    for segment in contour.segments:
        if len(segment) == 1:
            parts.append(pair(segment[0]) + " l")
        else:
            parts.append(" ".join(pair(p) for p in cubic(at, segment)) + " c")
        at = segment[-1]
    return " ".join(parts) + " h"
