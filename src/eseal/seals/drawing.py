"""Draws seals: a SealSpec in, an Artwork out; text as outlines in Song style."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from eseal.errors import UsageError
from eseal.seals import columns, lettering, typeface
from eseal.seals.artwork import Artwork, Colour, Contour, Layer, Shape
from eseal.seals.geometry import Box, ellipse, rectangle, star
from eseal.seals.lettering import Arc, Lettering, Text
from eseal.seals.specification import PRESETS, Centre, Ink, Relief, SealShape, SealSpec, Writing, preset

__all__ = ["PRESETS", "Centre", "Ink", "Relief", "SealShape", "SealSpec", "Writing", "draw", "preset"]

CLEARANCE = 0.6
"""Least space between the lower line and other text, in millimetres."""
STAR_BELOW = 0.809
"""How far a star's lower points reach below its centre, as a part of its radius (cos 36 degrees)."""
PAPER = Colour(255, 255, 255)
"""Colour of characters that are cut. The outlines of a font's strokes overlap, so they cannot be made holes."""
UNDER_STAR = 0.72
"""Height of a line under a star or emblem, as a part of one in a blank centre."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of a seal stands; `draw` paints it and tests measure it."""

    owner: Lettering
    """The owner's name."""
    lines: tuple[Lettering, ...]
    """Straight lines, from the top; further columns of a square, from the right."""
    code: Lettering | None
    """The code number, or the name in a second language."""


def draw(spec: SealSpec, font: bytes | None = None) -> Artwork:
    """Draw a seal; `font` is an own TTF or OTF file used for all text instead of the packaged Song face.

    Raises UsageError: SEAL_GLYPH_MISSING, SEAL_TEXT_TOO_LONG, SEAL_NO_ROOM, SEAL_FONT_UNREADABLE.
    """
    placed = layout(spec, font)
    colour = spec.ink.colour
    layers: list[Layer] = []
    border = _borders(spec)
    if border:
        layers.append(Shape(border, colour))
    if spec.shape in (SealShape.ROUND, SealShape.OVAL):
        layers += _centre(spec)
    parts = [placed.owner, *placed.lines, *([placed.code] if placed.code else [])]
    layers.append(Shape(lettering.joined(parts), PAPER if spec.relief is Relief.CUT else colour))
    return Artwork(spec.width_mm, spec.height_mm, tuple(layers))


def layout(spec: SealSpec, font: bytes | None = None) -> Layout:
    """Place all text of a seal. Raises as `draw`."""
    face = typeface.packaged() if font is None else typeface.from_bytes(font)
    if spec.shape is SealShape.SQUARE:
        return _square(spec, face)
    return _rectangle(spec, face) if spec.shape is SealShape.RECTANGLE else _around(spec, face)


def _inset(spec: SealSpec) -> float:
    """From the outer edge to the inside of the innermost border."""
    second = spec.inner_border_mm + spec.inner_border_gap_mm if spec.inner_border_mm else 0.0
    return spec.border_mm + second


def _borders(spec: SealSpec) -> tuple[Contour, ...]:
    if spec.relief is Relief.CUT:
        return (rectangle(0, 0, spec.width_mm, spec.height_mm, spec.corner_mm, spec.corner_mm),)
    edges = [(0.0, spec.border_mm)]
    if spec.inner_border_mm:
        edges.append((_inset(spec) - spec.inner_border_mm, spec.inner_border_mm))
    contours: list[Contour] = []
    w, h = spec.width_mm, spec.height_mm
    for depth, thickness in edges:
        if not thickness:
            continue
        for d, hole in ((depth, False), (depth + thickness, True)):
            if spec.shape in (SealShape.RECTANGLE, SealShape.SQUARE):
                corner = max(spec.corner_mm - d, 0.0)
                contours.append(rectangle(d, d, w - 2 * d, h - 2 * d, corner, corner, reverse=hole))
            else:
                contours.append(ellipse(w / 2, h / 2, w / 2 - d, h / 2 - d, reverse=hole))
    return tuple(contours)


def _centre(spec: SealSpec) -> list[Layer]:
    cx, cy, size = spec.width_mm / 2, spec.height_mm / 2, spec.emblem_mm
    if spec.centre is Centre.STAR and size:
        return [Shape((star(cx, cy, size / 2),), spec.ink.colour)]
    if spec.centre is Centre.EMBLEM and spec.emblem is not None and size:
        picture = spec.emblem
        scale = size / (picture.width_mm**2 + picture.height_mm**2) ** 0.5
        if picture.width_mm == picture.height_mm:
            # A square picture is nearly always a round emblem: its sides, not its corners, touch the circle.
            scale = size / picture.width_mm
        width, height = picture.width_mm * scale, picture.height_mm * scale
        return list(picture.placed(cx - width / 2, cy - height / 2, width, height))
    return []


def _around(spec: SealSpec, face: typeface.Typeface) -> Layout:
    depth = _inset(spec) + spec.arc_gap_mm
    rx, ry = spec.width_mm / 2 - depth, spec.height_mm / 2 - depth
    if min(rx, ry) <= max(spec.arc_text_mm, 2.0):
        raise UsageError("SEAL_NO_ROOM", part="owner")
    cx, cy = spec.width_mm / 2, spec.height_mm / 2
    owner, code, largest = lettering.text(spec.owner, face), None, spec.arc_largest_deg
    if spec.code:
        lower = Arc(cx, cy, rx, ry, spec.code_text_mm, 100.0, 130.0, below=True)
        code = lettering.on_arc(lettering.text(spec.code, face), lower, lettering.SMALL, "code")
        largest = min(largest, 340.0 - code.angle)
    if spec.second:
        content = lettering.text(spec.second, face)
        style = lettering.CHINESE_ARC if content.chinese else lettering.ALPHABETIC_ARC
        lower = Arc(cx, cy, rx, ry, spec.second_text_mm, 130.0, 160.0, below=True)
        code = lettering.on_arc(content, lower, style, "second")
        largest = min(largest, 340.0 - code.angle)
    style = lettering.CHINESE_ARC if owner.chinese else lettering.ALPHABETIC_ARC
    upper = Arc(cx, cy, rx, ry, spec.arc_text_mm, min(spec.arc_usual_deg, largest), largest)
    fixed = _fixed_lines(spec, face)
    if not spec.line:
        return Layout(lettering.on_arc(owner, upper, style, "owner"), fixed, code)
    best = _with_line(spec, owner, upper, style, lettering.text(spec.line, face), code.boxes if code else ())
    return Layout(best[0], (*fixed, best[1]), code)


def _fixed_lines(spec: SealSpec, face: typeface.Typeface) -> tuple[Lettering, ...]:
    cx, cy = spec.width_mm / 2, spec.height_mm / 2
    lines = []
    if spec.middle:
        content, top = lettering.text(spec.middle, face), cy - spec.middle_text_mm / 2
        style = lettering.CHINESE_LINE if content.chinese else lettering.ALPHABETIC_LINE
        lines.append(lettering.on_line(content, cx, top, spec.middle_text_mm, spec.middle_width_mm, style, "middle"))
    if spec.serial:
        content, top = lettering.text(spec.serial, face), cy + spec.serial_top_mm
        room = _chord(spec, max(top, top + spec.serial_text_mm), spec.arc_gap_mm)
        lines.append(
            lettering.on_line(content, cx, top, spec.serial_text_mm, room, lettering.ALPHABETIC_LINE, "serial")
        )
    return tuple(lines)


def _chord(spec: SealSpec, y: float, gap: float) -> float:
    """Width inside the border, less `gap`, at the height `y`."""
    rx, ry = (side / 2 - _inset(spec) - gap for side in (spec.width_mm, spec.height_mm))
    part = 1 - ((y - spec.height_mm / 2) / ry) ** 2
    return float(2 * rx * part**0.5) if part > 0 else 0.0


def _with_line(
    spec: SealSpec, owner: Text, upper: Arc, style: lettering.Style, line: Text, below: tuple[Box, ...]
) -> tuple[Lettering, Lettering]:
    """Arc and lower line share the room: of all sizes that do not touch, the pair that gives up least."""
    blank = spec.centre is Centre.BLANK or not spec.emblem_mm
    top, height = spec.line_top_mm, spec.line_text_mm
    if not blank:
        reach = STAR_BELOW if spec.centre is Centre.STAR else 1.0
        top, height = max(top, spec.emblem_mm / 2 * reach + 1.0), height * UNDER_STAR
    top += spec.height_mm / 2
    line_style = lettering.CHINESE_LINE if line.chinese else lettering.ALPHABETIC_LINE
    best: tuple[float, Lettering, Lettering] | None = None
    arcs: dict[float, Lettering | None] = {}
    for scale, narrow in product((1.0, 0.9, 0.8, 0.7, 0.6), (1.0, 0.85, 0.7)):
        size = height * scale
        # A smaller line keeps its foot: lower down it is further from the ends of the arc's feet.
        at = top + (height - size) * 0.8
        room = narrow * min(spec.line_width_mm * scale, _chord(spec, at + size, CLEARANCE + spec.arc_gap_mm))
        placed = lettering.fit_line(line, spec.width_mm / 2, at, size, room, line_style)
        if placed is None or _touch(below, placed.boxes):
            continue
        angle = upper.largest_angle
        while angle >= 150:
            if angle not in arcs:
                arcs[angle] = lettering.fit_arc(owner, _at_most(upper, angle), style)
            arc = arcs[angle]
            if arc is None:
                break
            # The widest arc that is clear of the line is the best one for this line.
            if not _touch(arc.boxes, placed.boxes):
                cost = _cost(arc, upper.height, style) + 0.35 * _cost(placed, height, line_style)
                if best is None or cost < best[0]:
                    best = (cost, arc, placed)
                break
            angle = min(angle, arc.angle) - 6
    if best is None:
        # Names the part that does not fit even alone; else they leave each other no room.
        lettering.on_arc(owner, upper, style, "owner")
        lettering.on_line(line, spec.width_mm / 2, top, height, spec.line_width_mm, line_style, "line")
        raise UsageError("SEAL_NO_ROOM", part="line")
    return best[1], best[2]


def _cost(found: Lettering, height: float, style: lettering.Style) -> float:
    """What a text gave up of its wished height and width; squared, so that many small losses beat a large one."""
    return 2 * (1 - found.height / height) ** 2 + (1 - found.ratio / style.ratio) ** 2


def _at_most(arc: Arc, angle: float) -> Arc:
    return replace(arc, usual_angle=min(arc.usual_angle, angle), largest_angle=angle)


def _touch(arc: tuple[Box, ...], line: tuple[Box, ...]) -> bool:
    return any(a.meets(b, CLEARANCE) for a in arc for b in line)


def _rectangle(spec: SealSpec, face: typeface.Typeface) -> Layout:
    depth = _inset(spec) + max(spec.arc_gap_mm, 1.5)
    room, tall = spec.width_mm - 2 * depth, spec.height_mm - 2 * depth
    rows = [("owner", spec.owner, 1.0), ("time", spec.time, 0.8), ("line", spec.line, 1.0)]
    rows = [row for row in rows if row[1].strip()]
    share = tall / (sum(row[2] for row in rows) + 0.32 * (len(rows) - 1) + 0.2)
    if room <= 2 or share < 1.5:
        raise UsageError("SEAL_NO_ROOM", part="owner")
    # A single line in a large box would look silly if it filled it; so would a date that dwarfs a long name.
    share = min(share, room / 5)
    texts = [(name, lettering.text(source, face), part) for name, source, part in rows]
    owner = lettering.on_line(texts[0][1], spec.width_mm / 2, 0, share, room, _box_style(texts[0][1]), "owner")
    heights = [min(share, owner.height * (1.0 if name == "owner" else 1.2)) * part for name, _, part in texts]
    space = share * 0.32 if len(rows) > 1 else 0.0
    top = (spec.height_mm - sum(heights) - space * (len(rows) - 1)) / 2
    lines = []
    for (name, content, _), height in zip(texts, heights, strict=True):
        style = _box_style(content)
        lines.append(lettering.on_line(content, spec.width_mm / 2, top, height, room, style, name))
        top += height + space
    return Layout(lines[0], tuple(lines[1:]), None)


def _square(spec: SealSpec, face: typeface.Typeface) -> Layout:
    depth = _inset(spec) + spec.arc_gap_mm
    width, height = spec.width_mm - 2 * depth, spec.height_mm - 2 * depth
    if min(width, height) < columns.SMALLEST_MM:
        raise UsageError("SEAL_NO_ROOM", part="owner")
    gap = columns.GAP * min(spec.width_mm, spec.height_mm)
    frame = columns.Frame(depth, depth, width, height, gap, rows=spec.writing is Writing.ROWS)
    lines = columns.fill(spec.owner, spec.suffix, spec.line, frame, face, spec.columns)
    return Layout(lines[0], tuple(lines[1:]), None)


def _box_style(content: Text) -> lettering.Style:
    return lettering.CHINESE_BOX if content.chinese else lettering.ALPHABETIC_LINE
