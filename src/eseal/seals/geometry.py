"""Plane geometry of seals in millimetres: ellipses, rectangles, stars, curves that text follows, turned boxes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from eseal.seals.artwork import Contour, Point, Segment

KAPPA = 4 / 3 * (math.sqrt(2) - 1)
"""Length of the controls of the cubic that stands for a quarter circle; off by less than 0.03 per cent."""
STAR_INNER = (3 - math.sqrt(5)) / 2
"""Radius of the inner corners of a regular five-pointed star whose points lie on radius 1."""
STEPS = 720
"""Pieces that half a curve is measured in."""


def ellipse(cx: float, cy: float, rx: float, ry: float, *, reverse: bool = False) -> Contour:
    """An ellipse about (cx, cy); reversed ones cut holes under the nonzero rule."""
    kx, ky = rx * KAPPA, ry * KAPPA
    if reverse:
        kx, rx = -kx, -rx
    return Contour(
        (cx, cy - ry),
        (
            ((cx + kx, cy - ry), (cx + rx, cy - ky), (cx + rx, cy)),
            ((cx + rx, cy + ky), (cx + kx, cy + ry), (cx, cy + ry)),
            ((cx - kx, cy + ry), (cx - rx, cy + ky), (cx - rx, cy)),
            ((cx - rx, cy - ky), (cx - kx, cy - ry), (cx, cy - ry)),
        ),
    )


def rectangle(
    x: float, y: float, width: float, height: float, rx: float = 0, ry: float = 0, *, reverse: bool = False
) -> Contour:
    """A rectangle, with rounded corners where rx and ry are over 0."""
    rx, ry = min(rx, width / 2), min(ry, height / 2)
    if rx <= 0 or ry <= 0:
        corners: list[Point] = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        if reverse:
            corners.reverse()
        return polygon(corners)
    right, bottom, kx, ky = x + width, y + height, rx * (1 - KAPPA), ry * (1 - KAPPA)
    segments: tuple[Segment, ...] = (
        ((right - rx, y),),
        ((right - kx, y), (right, y + ky), (right, y + ry)),
        ((right, bottom - ry),),
        ((right, bottom - ky), (right - kx, bottom), (right - rx, bottom)),
        ((x + rx, bottom),),
        ((x + kx, bottom), (x, bottom - ky), (x, bottom - ry)),
        ((x, y + ry),),
        ((x, y + ky), (x + kx, y), (x + rx, y)),
    )
    contour = Contour((x + rx, y), segments)
    return reversed_contour(contour) if reverse else contour


def polygon(points: Iterable[Point]) -> Contour:
    """Straight lines through `points`, closed."""
    first, *rest = points
    return Contour(first, tuple((point,) for point in rest))


def star(cx: float, cy: float, radius: float) -> Contour:
    """A regular five-pointed star, one point up, its points on `radius`."""
    corners = []
    for i in range(10):
        r = radius if i % 2 == 0 else radius * STAR_INNER
        angle = math.pi * i / 5
        corners.append((cx + r * math.sin(angle), cy - r * math.cos(angle)))
    return polygon(corners)


def reversed_contour(contour: Contour) -> Contour:
    """The same outline run through the other way."""
    ends = [contour.start, *(segment[-1] for segment in contour.segments)]
    back = [(*reversed(segment[:-1]), begin) for segment, begin in zip(contour.segments, ends[:-1], strict=True)]
    return Contour(ends[-1], tuple(reversed(back)))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle turned about its centre."""

    x: float
    """Centre."""
    y: float
    """Centre."""
    width: float
    """Along its own baseline."""
    height: float
    """Across its baseline."""
    angle: float
    """Turn in radians, clockwise as seen."""

    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Its corners, in turn, the foot's last."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        w, h = self.width / 2, self.height / 2
        x, y = self.x, self.y
        return (
            (x - c * w + s * h, y - s * w - c * h),
            (x + c * w + s * h, y + s * w - c * h),
            (x + c * w - s * h, y + s * w + c * h),
            (x - c * w - s * h, y - s * w + c * h),
        )

    def meets(self, other: Box, margin: float = 0.0) -> bool:
        """Whether two boxes come nearer than `margin` (separating axes; corners count a little early)."""
        if (
            math.hypot(self.x - other.x, self.y - other.y)
            > (math.hypot(self.width, self.height) + math.hypot(other.width, other.height)) / 2 + margin
        ):
            return False
        mine, theirs = self.corners(), other.corners()
        for angle in (self.angle, self.angle + math.pi / 2, other.angle, other.angle + math.pi / 2):
            c, s = math.cos(angle), math.sin(angle)
            a = [c * x + s * y for x, y in mine]
            b = [c * x + s * y for x, y in theirs]
            if min(a) >= max(b) + margin or min(b) >= max(a) + margin:
                return False
        return True


class Track:
    """The curve at `depth` inside an ellipse, measured by length from its top, clockwise; what text runs along."""

    def __init__(self, cx: float, cy: float, rx: float, ry: float, depth: float) -> None:
        """Measure it; `depth` must be less than the smallest radius of curvature."""
        self.cx, self.cy, self.rx, self.ry, self.depth = cx, cy, rx, ry, depth
        self._points = [self._point(math.pi * i / STEPS) for i in range(STEPS + 1)]
        self._lengths = [0.0]
        for (ax, ay), (bx, by) in zip(self._points, self._points[1:], strict=False):
            self._lengths.append(self._lengths[-1] + math.hypot(bx - ax, by - ay))
        self._angles = [abs(math.atan2(x - cx, cy - y)) for x, y in self._points]

    def _normal(self, t: float) -> Point:
        nx, ny = self.ry * math.sin(t), -self.rx * math.cos(t)
        size = math.hypot(nx, ny)
        return (nx / size, ny / size)

    def _point(self, t: float) -> Point:
        nx, ny = self._normal(t)
        return (
            self.cx + self.rx * math.sin(t) - self.depth * nx,
            self.cy - self.ry * math.cos(t) - self.depth * ny,
        )

    @property
    def half_length(self) -> float:
        """Length from the top to the bottom."""
        return self._lengths[-1]

    def length(self, angle: float) -> float:
        """Length of the stretch that spans `angle` (radians, up to 2 pi) at the centre, about the top."""
        i = min(bisect_left(self._angles, angle / 2), STEPS)
        return 2 * self._lengths[i]

    def angle(self, length: float) -> float:
        """Angle at the centre, in radians, of a stretch of `length` about the top."""
        i = min(bisect_left(self._lengths, length / 2), STEPS)
        return 2 * self._angles[i]

    def at(self, length: float) -> tuple[Point, float, float]:
        """Point, direction (radians clockwise, 0 at the top) and radius of the ellipse there, `length` from the top."""
        reach = min(abs(length), self._lengths[-1])
        i = max(1, min(bisect_left(self._lengths, reach), STEPS))
        low, high = self._lengths[i - 1], self._lengths[i]
        t = math.pi * (i - 1 + ((reach - low) / (high - low) if high > low else 0)) / STEPS
        t = math.copysign(t, length)
        nx, ny = self._normal(t)
        bend = (self.rx * math.cos(t)) ** 2 + (self.ry * math.sin(t)) ** 2
        return self._point(t), math.atan2(nx, -ny), bend**1.5 / (self.rx * self.ry)
