"""The path data of SVG 1.1 section 8.3 -> contours: M L H V C S Q T A Z, absolute and relative."""

from __future__ import annotations

import math
import re

from eseal.errors import UsageError
from eseal.seals.artwork import LARGEST_SEGMENTS, Contour, Point, Segment

_TOKEN = re.compile(r"[\s,]*(?:([MmLlHhVvCcSsQqTtAaZz])|([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?))")
_END = re.compile(r"[\s,]*\Z")
_FLAG = re.compile(r"[\s,]*([01])")
LARGEST_NUMBER = 1e9
"""Largest number taken; it keeps all later arithmetic finite."""
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}


def parse(data: str) -> tuple[Contour, ...]:
    """Contours of path data, each closed as filling does. Raises UsageError SEAL_SVG_PATH at what is not path data."""
    pen = _Pen()
    position, command = 0, ""
    while not _END.match(data, position):
        token = _TOKEN.match(data, position)
        if token is None or (token[1] is None and command in ("", "Z", "z")):
            raise _bad(data, position)
        if token[1] is not None:
            command, position = token[1], token.end()
        if not pen.begun and command not in "Mm":
            raise _bad(data, position)
        values, position = _numbers(data, position, command)
        pen.draw(command, values)
        # More pairs behind a moveto are linetos.
        command = {"M": "L", "m": "l"}.get(command, command)
        if pen.count > LARGEST_SEGMENTS:
            raise UsageError("SEAL_PICTURE_TOO_LARGE", what=f"{pen.count} segments", most=str(LARGEST_SEGMENTS))
    return pen.finish()


def _numbers(data: str, position: int, command: str) -> tuple[list[float], int]:
    values: list[float] = []
    for i in range(_ARGUMENTS[command.upper()]):
        # The flags of an arc may be written without a space behind them.
        flag = command in "Aa" and i in (3, 4)
        found = (_FLAG if flag else _TOKEN).match(data, position)
        text = found[1] if flag and found else found[2] if found else None
        if found is None or text is None:
            raise _bad(data, position)
        value = float(text)
        if not abs(value) <= LARGEST_NUMBER:
            raise _bad(data, position)
        values.append(value)
        position = found.end()
    return values, position


def _bad(data: str, position: int) -> UsageError:
    return UsageError("SEAL_SVG_PATH", at=position, text=data[position : position + 20])


class _Pen:
    def __init__(self) -> None:
        self.at: Point = (0.0, 0.0)
        self.begun = False
        self.count = 0
        self._start: Point = (0.0, 0.0)
        self._segments: list[Segment] = []
        self._contours: list[Contour] = []
        self._control: Point | None = None
        self._last = ""

    def finish(self) -> tuple[Contour, ...]:
        if self._segments:
            self._contours.append(Contour(self._start, tuple(self._segments)))
            self._segments = []
        return tuple(self._contours)

    def _add(self, *segment: Point) -> None:
        self._segments.append(segment)
        self.at = segment[-1]
        self.count += 1

    def draw(self, command: str, values: list[float]) -> None:
        kind = command.upper()
        x, y = self.at if command.islower() else (0.0, 0.0)
        points = [(x + a, y + b) for a, b in zip(values[::2], values[1::2], strict=False)]
        control: Point | None = None
        if kind == "M":
            self.finish()
            self.at = self._start = points[0]
            self.begun = True
        elif kind == "Z":
            self.finish()
            self.at = self._start
        elif kind == "H":
            self._add((x + values[0], self.at[1]))
        elif kind == "V":
            self._add((self.at[0], y + values[0]))
        elif kind == "L":
            self._add(points[0])
        elif kind == "C":
            control = points[1]
            self._add(*points)
        elif kind == "S":
            control = points[0]
            self._add(self._mirrored("CS"), *points)
        elif kind == "Q":
            control = points[0]
            self._add(*points)
        elif kind == "T":
            control = self._mirrored("QT")
            self._add(control, points[0])
        else:
            self._arc(values, (x + values[5], y + values[6]))
        self._control, self._last = control, kind

    def _mirrored(self, after: str) -> Point:
        if self._control is None or self._last not in after:
            return self.at
        return (2 * self.at[0] - self._control[0], 2 * self.at[1] - self._control[1])

    def _arc(self, values: list[float], end: Point) -> None:
        """An elliptical arc as cubics, by the centre of its ellipse (SVG 1.1 appendix F.6)."""
        (x1, y1), (x2, y2) = self.at, end
        rx, ry, turn = abs(values[0]), abs(values[1]), math.radians(values[2] % 360)
        if (x1, y1) == (x2, y2):
            return
        if not (min(rx, ry) > 1e-9 and max(map(abs, (*self.at, *end))) <= LARGEST_NUMBER):
            self._add(end)
            return
        c, s = math.cos(turn), math.sin(turn)
        dx, dy = (x1 - x2) / 2, (y1 - y2) / 2
        px, py = (c * dx + s * dy) / rx, (c * dy - s * dx) / ry
        size = math.hypot(px, py)
        # F.6.6: radii that are too small grow until the ellipse reaches both ends.
        grow = max(1.0, size)
        px, py, rx, ry, size = px / grow, py / grow, rx * grow, ry * grow, size / grow
        if not size > 1e-12:
            self._add(end)
            return
        reach = math.sqrt(max(0.0, 1 / size**2 - 1)) * (-1 if values[3] == values[4] else 1)
        ux, uy = reach * py, -reach * px
        first = math.atan2(py - uy, px - ux)
        sweep = math.atan2(-py - uy, -px - ux) - first
        if values[4] and sweep < 0:
            sweep += 2 * math.pi
        elif not values[4] and sweep > 0:
            sweep -= 2 * math.pi
        mx, my = c * rx * ux - s * ry * uy + (x1 + x2) / 2, s * rx * ux + c * ry * uy + (y1 + y2) / 2

        def placed(a: float, b: float) -> Point:
            return (c * rx * a - s * ry * b + mx, s * rx * a + c * ry * b + my)

        pieces = max(1, math.ceil(abs(sweep) / (math.pi / 2) - 1e-9))
        step = sweep / pieces
        k = 4 / 3 * math.tan(step / 4)
        for i in range(pieces):
            a, b = first + i * step, first + (i + 1) * step
            ca, sa, cb, sb = math.cos(a), math.sin(a), math.cos(b), math.sin(b)
            last = end if i == pieces - 1 else placed(cb, sb)
            self._add(placed(ca - k * sa, sa + k * ca), placed(cb + k * sb, sb - k * cb), last)
