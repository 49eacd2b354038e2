"""What an appearance stream paints: the text that it shows, and whether anything could hide, move or redraw it.

A reading is only worth something where nothing in the stream can show other than the text says. So the text must be
large enough, of another colour than what lies below it, within the box, and in the order in which it is read; around
it there may be borders, bands of colour over the whole width, and the lines between the cells of a comb. Whatever
else is painted makes the reading unsure.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import Area, View, area, raw_entry
from eseal.documents.pdf.changes.text import MAX_BYTES, Font, tokens

_GRAPHICS = ("q", "Q", "cm", "w", "J", "j", "M", "d", "ri", "i", "BMC", "BDC", "EMC", "MP", "DP")
_COLOURS = ("g", "G", "rg", "RG", "k", "K")
_SPACED = ("cs", "CS", "sc", "SC", "scn", "SCN")
_PATHS = ("re", "m", "l", "h", "n", "W", "W*", "s", "S", "f", "F", "f*", "B", "b", "B*", "b*")
_TEXT = ("BT", "ET", "TL", "Tw", "Tc", "Tf", "Td", "TD", "Tm", "T*", "Tj", "TJ", "'", '"', "Tr", "Tz", "Ts")
_HARMLESS = frozenset((*_GRAPHICS, *_COLOURS, *_SPACED, *_PATHS, *_TEXT))
_FILLS = frozenset(("f", "F", "f*", "B", "b", "B*", "b*"))
_STROKES = frozenset(("s", "S", "B", "b", "B*", "b*"))
_ARGUMENTS = {"g": 1, "G": 1, "rg": 3, "RG": 3, "k": 4, "K": 4}
_DEVICES = {"/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4}
_DEFAULTS = ("/DefaultGray", "/DefaultRGB", "/DefaultCMYK")

_SMALLEST = 3.5
"""Smallest size of text, in units of the box, that counts as legible."""
_CONTRAST = 0.25
_EDGE = 4.0
_WIDEST_LINE = 5.0
_BAND = 0.9
_SEGMENTS = 200
# Kerning backwards, in thousandths of the size, and spacing in parts of it, that leave the order of letters alone.
_KERNING = 250.0
_SQUEEZE = -0.1

Point = tuple[float, float]


@dataclass(slots=True)
class Shown:
    """What a stream shows."""

    text: str = ""
    """Characters in the order of the stream."""
    sure: bool = True
    """False where something could show other than `text` says."""
    crossed: bool = False
    """Lines run from edge to edge, as between the cells of a comb field."""
    fonts: list[tuple[str, object]] = field(default_factory=list)
    """Fonts used: resource name and raw value."""


@dataclass(frozen=True, slots=True)
class _State:
    """The graphics state as far as it matters (8.4, 9.3)."""

    font: Font | None = None
    size: float = 0.0
    fill: float = 0.0
    space: int = 1
    line: float = 1.0
    clip: Area | None = None
    letters: float = 0.0
    words: float = 0.0
    stretch: float = 1.0
    leading: float = 0.0


class _Painter:
    def __init__(self, view: View, stream: generic.StreamObject) -> None:
        self.view = view
        self.shown = Shown()
        self.parts: list[str] = []
        self.fonts = view.dictionary(raw_entry(view.dictionary(raw_entry(stream, "/Resources")), "/Font"))
        self.cache: dict[str, Font] = {}
        found = area(view, raw_entry(stream, "/BBox"))
        self.box: Area = found or (0.0, 0.0, 0.0, 0.0)
        self.state = _State(clip=self.box)
        self.saved: list[_State] = []
        self.below: list[float] = []
        self.scale = 1.0
        self.start: Point = (0.0, 0.0)
        self.x = self.y = 0.0
        self.last: tuple[float, float] | None = None
        self.rectangles: list[Area] = []
        self.segments: list[tuple[Point, Point]] = []
        self.count = 0
        self.point: Point | None = None
        self.first: Point | None = None
        self.clipping = False
        spaces = view.dictionary(raw_entry(view.dictionary(raw_entry(stream, "/Resources")), "/ColorSpace"))
        if found is None or any(name in spaces for name in _DEFAULTS):
            # Default colour spaces give device colours another look (8.6.5.6).
            self.unsure()

    def unsure(self) -> None:
        self.shown.sure = False

    def operate(self, operator: str, operands: list[object]) -> None:
        n = [v for v in operands if isinstance(v, float)]
        if operator not in _HARMLESS:
            self.unsure()
        elif operator in ("BMC", "BDC"):
            if operands[:1] == ["/OC"]:
                # Content that a layer can hide (8.11.3.2).
                self.unsure()
        elif operator[0] in "T'\"" or operator in ("BT", "ET"):
            self.text(operator, operands, n)
        elif operator in ("q", "Q", "cm", "w", *_ARGUMENTS):
            self.set(operator, n)
        elif operator in _SPACED:
            self.colour(operator, operands, n)
        else:
            self.path(operator, n)

    def set(self, operator: str, n: list[float]) -> None:
        if operator == "q":
            self.saved.append(self.state)
        elif operator == "Q":
            self.state = self.saved.pop()
        elif operator == "cm":
            if n != [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]:
                self.unsure()
        elif operator == "w":
            self.state = replace(self.state, line=n[0])
        elif len(n) != _ARGUMENTS[operator]:
            self.unsure()
        elif operator.islower():
            self.state = replace(self.state, fill=_brightness(n), space=len(n))

    def colour(self, operator: str, operands: list[object], n: list[float]) -> None:
        """Colours by way of a device's colour space (8.6.8); any other space shows what it says elsewhere."""
        if operator.lower() == "cs":
            space = _DEVICES.get(operands[0]) if isinstance(operands[0], str) else None
            if space is None:
                self.unsure()
            elif operator == "cs":
                # Each begins with black (8.6.4).
                self.state = replace(self.state, space=space, fill=0.0)
        elif len(n) != len(operands) or len(n) not in _DEVICES.values():
            self.unsure()
        elif operator.islower():
            if len(n) != self.state.space:
                self.unsure()
            self.state = replace(self.state, fill=_brightness(n))

    # Text (9.4)

    def text(self, operator: str, operands: list[object], n: list[float]) -> None:
        state = self.state
        if operator == "Tf":
            self.choose(operands)
        elif operator in ("Tj", "'", '"'):
            if operator != "Tj":
                self.move(0, -state.leading)
            if operator == '"':
                self.state = replace(state, words=n[0], letters=n[1])
            self.show([v for v in operands if isinstance(v, bytes)])
        elif operator == "TJ":
            if any(not -3000 <= v <= _KERNING for v in n):
                self.unsure()
            self.show([v for v in operands if isinstance(v, bytes | float)])
        elif operator in ("Td", "TD"):
            if operator == "TD":
                self.state = replace(state, leading=-n[1])
            self.move(n[0], n[1])
        elif operator == "T*":
            self.move(0, -state.leading)
        elif operator == "TL":
            self.state = replace(state, leading=n[0])
        elif operator == "Tc":
            self.state = replace(state, letters=n[0])
        elif operator == "Tw":
            self.state = replace(state, words=n[0])
        elif operator == "Tz":
            self.state = replace(state, stretch=n[0] / 100)
        elif operator == "Tm":
            self.matrix(n)
        elif operator == "BT":
            self.scale, self.start, self.x, self.y = 1.0, (0.0, 0.0), 0.0, 0.0
        elif operator in ("Tr", "Ts") and n != [0.0]:
            self.unsure()

    def choose(self, operands: list[object]) -> None:
        name, size = operands[0], operands[1]
        raw = raw_entry(self.fonts, name) if isinstance(name, str) else None
        if raw is None or not isinstance(name, str) or not isinstance(size, float):
            self.unsure()
            self.state = replace(self.state, font=None)
            return
        if name not in self.cache:
            self.cache[name] = Font(self.view, raw)
            self.shown.fonts.append((name, raw))
        self.state = replace(self.state, font=self.cache[name], size=size)

    def matrix(self, m: list[float]) -> None:
        if len(m) != 6 or m[1] or m[2] or m[0] != m[3] or m[0] <= 0:
            self.unsure()
        else:
            self.scale, self.start = m[0], (m[4], m[5])
            self.x, self.y = self.start

    def move(self, x: float, y: float) -> None:
        self.start = (self.start[0] + x * self.scale, self.start[1] + y * self.scale)
        self.x, self.y = self.start

    def show(self, items: list[bytes | float]) -> None:
        state = self.state
        size = state.size * self.scale
        if (
            state.font is None
            or size < _SMALLEST
            or state.letters * self.scale < _SQUEEZE * size
            or state.words * self.scale < 2 * _SQUEEZE * size
            or not 0.5 <= state.stretch <= 2
            or any(abs(state.fill - below) < _CONTRAST for below in self.below or [1.0])
        ):
            self.unsure()
        for item in items:
            if isinstance(item, float):
                self.x -= item / 1000 * size * state.stretch
            elif item:
                self.letters(item, size)

    def letters(self, data: bytes, size: float) -> None:
        state = self.state
        text = state.font.decode(data) if state.font else None
        advance = state.font.advance(data) if state.font else 0.0
        if text is None:
            self.unsure()
            return
        self.parts.append(text)
        if not text.strip():
            return
        width = (advance * size + len(text) * max(state.letters, 0.0) * self.scale) * state.stretch
        if not self.inside(width, size) or not self.follows(size):
            self.unsure()
        self.last = (self.x + 0.9 * width, self.y)
        self.x += width

    def follows(self, size: float) -> bool:
        """Whether the text stands behind what was shown before it, as one reads: to the right, or further down."""
        if self.last is None:
            return True
        x, y = self.last
        if abs(self.y - y) < 0.3 * size:
            return self.x >= x - 0.3
        return self.y < y

    def inside(self, width: float, size: float) -> bool:
        """Whether text of `width` lies within the box and the clip."""
        clip = self.state.clip
        if clip is None:
            return False
        left, bottom, right, top = clip
        return (
            left - 1 <= self.x
            and self.x + width <= right + 0.5 * size
            and bottom - 0.3 * size <= self.y
            and self.y + 0.45 * size <= top + 1
        )

    # Paths (8.5)

    def path(self, operator: str, n: list[float]) -> None:
        if operator == "re":
            x, y, w, h = n
            self.rectangles.append((min(x, x + w), min(y, y + h), max(x, x + w), max(y, y + h)))
            self.bound()
        elif operator == "m":
            self.point = self.first = (n[0], n[1])
        elif operator == "l":
            self.to((n[0], n[1]))
        elif operator == "h":
            self.close()
        elif operator in ("W", "W*"):
            self.clipping = True
        elif operator in ("n", *_FILLS, *_STROKES):
            if operator in ("s", "b", "b*"):
                self.close()
            if operator in _FILLS:
                self.filled()
            if operator in _STROKES:
                self.stroked()
            self.ended()

    def to(self, point: Point) -> None:
        if self.point is None:
            self.unsure()
        else:
            self.segments.append((self.point, point))
            self.bound()
        self.point = point

    def close(self) -> None:
        if self.first is not None:
            self.to(self.first)

    def bound(self) -> None:
        self.count += 1
        if self.count > _SEGMENTS:
            self.unsure()

    def filled(self) -> None:
        if self.parts:
            # A filled area painted after text can cover it.
            self.unsure()
        left, _, right, _ = self.box
        for rectangle in self.rectangles:
            if rectangle[2] - rectangle[0] >= _BAND * (right - left):
                self.below.append(self.state.fill)
            elif not self.at_edge(*((rectangle[0], rectangle[1]), (rectangle[2], rectangle[3]))):
                self.unsure()
        if any(not self.near(point) for segment in self.segments for point in segment):
            self.unsure()

    def stroked(self) -> None:
        if not 0 <= self.state.line <= _WIDEST_LINE:
            self.unsure()
        sides = list(self.segments)
        for x0, y0, x1, y1 in self.rectangles:
            sides += [((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0))]
        for a, b in sides:
            if self.at_edge(a, b):
                continue
            straight = a[0] == b[0] or a[1] == b[1]
            if straight and self.near(a) and self.near(b):
                self.shown.crossed = True
            else:
                self.unsure()

    def ended(self) -> None:
        if self.clipping:
            if len(self.rectangles) != 1 or self.segments or self.state.clip is None:
                self.unsure()
            else:
                a, b, c, d = self.rectangles[0]
                left, bottom, right, top = self.state.clip
                self.state = replace(self.state, clip=(max(a, left), max(b, bottom), min(c, right), min(d, top)))
        self.rectangles, self.segments, self.point, self.first, self.clipping = [], [], None, None, False

    def near(self, point: Point) -> bool:
        """Whether a point lies at an edge of the box."""
        return self.at_edge(point, point)

    def at_edge(self, a: Point, b: Point) -> bool:
        """Whether both points lie along one and the same edge of the box."""
        left, bottom, right, top = self.box
        return (
            max(a[0], b[0]) <= left + _EDGE
            or min(a[0], b[0]) >= right - _EDGE
            or max(a[1], b[1]) <= bottom + _EDGE
            or min(a[1], b[1]) >= top - _EDGE
        )


def _brightness(n: list[float]) -> float:
    if len(n) == 1:
        return n[0]
    if len(n) == 4:
        n = [1 - min(1.0, v + n[3]) for v in n[:3]]
    return 0.3 * n[0] + 0.59 * n[1] + 0.11 * n[2]


def shown(view: View, stream: generic.StreamObject) -> Shown:
    """Read the text that `stream` shows. Only its own resources count (ISO 32000-2 8.10.1)."""
    data = view.decoded(stream)
    if data is None or len(data) > MAX_BYTES:
        return Shown(sure=False)
    painter = _Painter(view, stream)
    if any(name in stream for name in ("/OC", "/Ref")):
        painter.unsure()
    operands: list[object] = []
    depth = 0
    for kind, value in tokens(data):
        if kind == "dict":
            depth += 1 if value == "<<" else -1
        elif kind == "array":
            continue
        elif kind == "word" and depth <= 0 and value not in ("true", "false", "null"):
            try:
                painter.operate(str(value), operands)
            except (IndexError, ValueError):
                # Too few operands, or too many: readers differ in what they make of it.
                painter.unsure()
            operands = []
        elif depth <= 0:
            operands.append(value)
    painter.shown.text = "".join(painter.parts)
    return painter.shown
