"""Text as outlines on arcs and lines: fits by itself, first closer, then narrower, then lower, else refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from eseal.errors import UsageError
from eseal.seals.artwork import Contour, Point
from eseal.seals.geometry import Box, Track
from eseal.seals.typeface import Glyph, Typeface

PUNCTUATION_MARGIN = 0.06
"""Em kept on both sides of full-width punctuation: its cell is half empty and would tear a hole into a name."""
WIDE_CELL = (0.03, 0.97)
"""Left and right of the ink of an ordinary Chinese character, in em."""
HALVINGS = 8
"""Steps of a search between two widths: finer than two thousandths of the width."""


@dataclass(frozen=True, slots=True)
class Style:
    """How text of one script is set; ratios are width to height of a Chinese character, or of the font's own width."""

    ratio: float
    """Width that is wished for."""
    least_ratio: float
    """Narrowest width before the height is reduced."""
    least_height: float
    """Lowest height as a part of the wished one before the text is refused."""
    widest_gap: float
    """Widest gap between characters, as a part of the height."""
    least_gap: float
    """Least gap between characters where they come closest, as a part of the height."""


CHINESE_ARC = Style(0.74, 0.5, 0.55, 0.85, 0.06)
ALPHABETIC_ARC = Style(0.95, 0.75, 0.4, 0.16, 0.0)
CHINESE_LINE = Style(0.74, 0.5, 0.5, 0.22, 0.06)
CHINESE_BOX = Style(0.92, 0.5, 0.5, 0.25, 0.06)
ALPHABETIC_LINE = Style(0.9, 0.45, 0.4, 0.05, 0.0)
SMALL = Style(1.0, 0.6, 0.8, 0.2, 0.02)


@dataclass(frozen=True, slots=True)
class Cell:
    """A glyph and the part of its width that counts, in em."""

    glyph: Glyph
    """The glyph."""
    left: float
    """Where its cell begins."""
    right: float
    """Where its cell ends."""

    @property
    def width(self) -> float:
        """Width of the cell in em."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Text:
    """Glyphs that are set together, with the band that they fill."""

    cells: tuple[Cell, ...]
    """One a character."""
    bottom: float
    """Lower edge of the band in em."""
    top: float
    """Upper edge of the band in em."""
    chinese: bool
    """True where any character stands in a square."""
    source: str
    """The text as given."""

    def first(self, count: int) -> Text:
        """The first `count` characters alone."""
        return Text(self.cells[:count], self.bottom, self.top, self.chinese, self.source)


@dataclass(frozen=True, slots=True)
class Lettering:
    """Text in its place."""

    content: Text
    """What is set."""
    boxes: tuple[Box, ...]
    """One box a visible character, in order: its cell's width, the height that it is drawn in; millimetres."""
    ratio: float
    """Width as a part of the font's own."""
    height: float
    """Height of the band in millimetres."""
    angle: float
    """Angle at the centre that the text spans, in degrees; 0 for straight lines."""

    def contours(self) -> tuple[Contour, ...]:
        """The outlines in millimetres, to a tenth of a micrometre."""
        content = self.content
        band, level = content.top - content.bottom, (content.bottom + content.top) / 2
        inked = (cell for cell in content.cells if cell.glyph.contours)
        return tuple(
            contour
            for cell, box in zip(inked, self.boxes, strict=True)
            for contour in _outlines(cell, box, level, box.height / band, self.ratio)
        )


def text(source: str, typeface: Typeface, *, running: bool = False) -> Text:
    """Glyphs of `source`; in `running` text wide characters keep their full square. Raises SEAL_GLYPH_MISSING."""
    glyphs = typeface.glyphs(source.strip())
    chinese = any(glyph.wide for glyph in glyphs)
    cells = tuple(_square(glyph) if running and glyph.wide else _cell(glyph) for glyph in glyphs)
    inked = [glyph.box for glyph in glyphs if glyph.contours]
    bottom = min((box[1] for box in inked), default=0.0)
    top = max((box[3] for box in inked), default=0.7)
    if chinese:
        bottom, top = typeface.face.bottom, typeface.face.top
    return Text(cells, bottom, max(top, bottom + 0.1), chinese, source)


def _square(glyph: Glyph) -> Cell:
    return Cell(glyph, min(0.0, glyph.box[0]), max(glyph.advance, glyph.box[2]))


def _cell(glyph: Glyph) -> Cell:
    left, _, right, _ = glyph.box
    if not glyph.wide or not glyph.contours:
        return Cell(glyph, min(0.0, left), max(glyph.advance, right))
    if not glyph.char.isalnum():
        return Cell(glyph, left - PUNCTUATION_MARGIN, right + PUNCTUATION_MARGIN)
    return Cell(glyph, min(left, WIDE_CELL[0]), max(right, WIDE_CELL[1]))


@dataclass(frozen=True, slots=True)
class Arc:
    """The band inside an ellipse that text runs along."""

    cx: float
    """Centre of the ellipse."""
    cy: float
    """Centre of the ellipse."""
    rx: float
    """Half its width: the outer edge of the band."""
    ry: float
    """Half its height."""
    height: float
    """Wished height of the band."""
    usual_angle: float
    """Angle in degrees that is not exceeded without need."""
    largest_angle: float
    """Angle in degrees that is never exceeded."""
    below: bool = False
    """True: along the lower edge, heads to the centre, as read from the middle of the seal."""


def on_arc(content: Text, arc: Arc, style: Style, what: str) -> Lettering:
    """Set text along an arc, every character upright to its radius. Raises UsageError SEAL_TEXT_TOO_LONG."""
    found = fit_arc(content, arc, style)
    if found is None:
        raise _too_long(what, content, lambda part: fit_arc(part, arc, style) is not None)
    return found


def fit_arc(content: Text, arc: Arc, style: Style) -> Lettering | None:
    """As `on_arc`, None where the text does not fit."""
    height = arc.height
    while height >= arc.height * style.least_height - 1e-9:
        if height < 0.9 * min(arc.rx, arc.ry) ** 2 / max(arc.rx, arc.ry):
            track = _track(arc.cx, arc.cy, arc.rx, arc.ry, height / 2)
            for limit in (arc.usual_angle, arc.largest_angle):
                placed = _spread(content, arc, style, height, track, track.length(math.radians(limit)))
                if placed is not None and (limit == arc.largest_angle or placed.ratio > style.ratio - 1e-6):
                    return placed
        height *= 0.96
    return None


@lru_cache(maxsize=256)
def _track(cx: float, cy: float, rx: float, ry: float, depth: float) -> Track:
    return Track(cx, cy, rx, ry, depth)


def _spread(content: Text, arc: Arc, style: Style, height: float, track: Track, room: float) -> Lettering | None:
    em = height / (content.top - content.bottom)
    widths = sum(cell.width for cell in content.cells) * em
    gaps = len(content.cells) - 1

    def placed(ratio: float) -> Lettering | None:
        gap = 0.0
        if gaps:
            gap = min((room - widths * ratio) / gaps, style.widest_gap * height)
        if widths * ratio + gap * gaps > room + 1e-9:
            return None
        result = _set(content, arc, track, height, ratio, gap)
        margin = style.least_gap * height
        pairs = zip(result.boxes, result.boxes[1:], strict=False)
        return None if any(a.meets(b, margin) for a, b in pairs) else result

    best = placed(style.ratio)
    if best is not None:
        return best
    low, high = style.least_ratio, style.ratio
    best = placed(low)
    for _ in range(HALVINGS if best is not None else 0):
        middle = (low + high) / 2
        attempt = placed(middle)
        if attempt is None:
            high = middle
        else:
            low, best = middle, attempt
    return best


def _set(content: Text, arc: Arc, track: Track, height: float, ratio: float, gap: float) -> Lettering:
    em = height / (content.top - content.bottom)
    length = sum(cell.width for cell in content.cells) * em * ratio + gap * (len(content.cells) - 1)
    boxes: list[Box] = []
    along = -length / 2
    for cell in content.cells:
        width = cell.width * em * ratio
        middle = along + width / 2
        along += width + gap
        if not cell.glyph.contours:
            continue
        if arc.below:
            point, angle, _ = track.at(math.copysign(track.half_length - abs(middle), middle))
            # At the bottom text runs against the clock and its head shows inward.
            angle, sink = angle + math.pi, 0.0
        else:
            point, angle, bend = track.at(middle)
            # The corners of a straight box stand out of the arc: sink it until they touch.
            bend = max(bend, width)
            sink = bend - math.sqrt(bend**2 - (width / 2) ** 2)
        x, y = point[0] - sink * math.sin(angle), point[1] + sink * math.cos(angle)
        boxes.append(Box(x, y, width, height, angle))
    return Lettering(content, tuple(boxes), ratio, height, math.degrees(track.angle(length)))


def on_line(content: Text, cx: float, top: float, height: float, room: float, style: Style, what: str) -> Lettering:
    """Set text on a straight line about `cx`, at most `room` wide. Raises UsageError SEAL_TEXT_TOO_LONG."""
    found = fit_line(content, cx, top, height, room, style)
    if found is None:
        raise _too_long(what, content, lambda part: fit_line(part, cx, top, height, room, style) is not None)
    return found


def fit_line(content: Text, cx: float, top: float, height: float, room: float, style: Style) -> Lettering | None:
    """As `on_line`, None where the text does not fit. A lower text keeps its middle."""
    gaps = len(content.cells) - 1
    units = sum(cell.width for cell in content.cells)
    em = height / (content.top - content.bottom)
    least = units * style.least_ratio * em + gaps * style.least_gap * height
    lower = min(1.0, room / least) if least > 0 else 1.0
    if lower < style.least_height:
        return None
    top += height * (1 - lower) / 2
    height, em = height * lower, em * lower
    ratio = min(style.ratio, (room - gaps * style.least_gap * height) / (units * em)) if units else style.ratio
    gap = min(style.widest_gap * height, (room - units * em * ratio) / gaps) if gaps else 0.0
    boxes: list[Box] = []
    along = cx - (units * em * ratio + gap * gaps) / 2
    for cell in content.cells:
        width = cell.width * em * ratio
        x, y = along + width / 2, top + height / 2
        along += width + gap
        if cell.glyph.contours:
            boxes.append(Box(x, y, width, height, 0.0))
    return Lettering(content, tuple(boxes), ratio, height, 0.0)


def _outlines(cell: Cell, box: Box, level: float, em: float, ratio: float) -> list[Contour]:
    """A glyph's outline with the middle of its cell at the middle of `box`; `level` is that middle in em."""
    c, s = math.cos(box.angle), math.sin(box.angle)
    middle = (cell.left + cell.right) / 2

    def moved(point: Point) -> Point:
        across, up = (point[0] - middle) * em * ratio, (point[1] - level) * em
        return (round(box.x + c * across + s * up, 4), round(box.y + s * across - c * up, 4))

    return [
        Contour(moved(contour.start), tuple(tuple(moved(p) for p in segment) for segment in contour.segments))
        for contour in cell.glyph.contours
    ]


def _too_long(what: str, content: Text, fits: Callable[[Text], bool]) -> UsageError:
    low, high = 0, len(content.cells)
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(content.first(middle)) else (low, middle)
    return UsageError("SEAL_TEXT_TOO_LONG", text=content.source, part=what, count=len(content.cells), most=low)


def joined(parts: Sequence[Lettering]) -> tuple[Contour, ...]:
    """All outlines together."""
    return tuple(contour for part in parts for contour in part.contours())
