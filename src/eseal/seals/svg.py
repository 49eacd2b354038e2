"""SVG -> Artwork where it is filled paths and simple shapes; anything else is refused by its name, never left out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from PIL import ImageColor

from eseal.errors import UsageError
from eseal.seals import svg_path, svg_tree
from eseal.seals.artwork import Artwork, Colour, Contour, FillRule, Point, Shape
from eseal.seals.geometry import ellipse, polygon, rectangle
from eseal.seals.svg_tree import Element

Matrix: TypeAlias = tuple[float, float, float, float, float, float]

_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_WHITE = Colour(255, 255, 255)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_LENGTH = re.compile(rf"\s*({_NUMBER})\s*(mm|cm|in|pt|pc|px|)\s*\Z")
_NUMBERS = re.compile(_NUMBER)
_TRANSFORM = re.compile(r"[\s,]*([a-zA-Z]+)\s*\(([^()]*)\)")
_MM = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6, "px": 25.4 / 96, "": 25.4 / 96}

# Elements that paint nothing by themselves.
_SILENT = {"title", "desc", "metadata"}
# Properties that change the picture; allowed only where the value says "as usual".
_NEUTRAL: Mapping[str, frozenset[str]] = {
    "clip-path": frozenset({"none"}),
    "mask": frozenset({"none"}),
    "filter": frozenset({"none"}),
    "opacity": frozenset({"1", "1.0", "100%"}),
    "fill-opacity": frozenset({"1", "1.0", "100%"}),
    "mix-blend-mode": frozenset({"normal"}),
    "marker": frozenset({"none"}),
    "marker-start": frozenset({"none"}),
    "marker-mid": frozenset({"none"}),
    "marker-end": frozenset({"none"}),
    "transform-origin": frozenset({"0 0", "0"}),
    "transform-box": frozenset({"view-box"}),
    "vector-effect": frozenset({"none"}),
    "paint-order": frozenset({"normal", "fill", "fill stroke", "fill stroke markers"}),
    "clip": frozenset({"auto"}),
    "requiredExtensions": frozenset(),
    "requiredFeatures": frozenset(),
    "systemLanguage": frozenset(),
}


@dataclass(frozen=True, slots=True)
class _Style:
    fill: str = "#000"
    rule: str = "nonzero"
    stroke: str = "none"
    width: str = "1"
    cap: str = "butt"
    join: str = "miter"
    colour: str = "#000"
    visible: str = "visible"
    stroke_opacity: str = "1"
    dashes: str = "none"


_INHERITED = {
    "fill": "fill",
    "fill-rule": "rule",
    "stroke": "stroke",
    "stroke-width": "width",
    "stroke-linecap": "cap",
    "stroke-linejoin": "join",
    "color": "colour",
    "visibility": "visible",
    "stroke-opacity": "stroke_opacity",
    "stroke-dasharray": "dashes",
}


def read_svg(data: bytes, width_mm: float | None = None, height_mm: float | None = None) -> Artwork:
    """Read an SVG file; sides as for `picture.picture`.

    White shapes under everything else are the paper and are left out; white over colour stays. Raises UsageError:
    SEAL_SVG_ELEMENT naming what cannot be kept, SEAL_SVG_PATH, SEAL_SVG_UNREADABLE, SEAL_PICTURE_SIZE_MISSING,
    SEAL_PICTURE_EMPTY, SEAL_PICTURE_TOO_LARGE, SEAL_ARTWORK_INVALID.
    """
    root = svg_tree.parse(data)
    own_width, own_height = _own_size(root, "width"), _own_size(root, "height")
    left, top, across, down = _view_box(root, own_width, own_height)
    if width_mm is None and height_mm is None:
        width_mm, height_mm = own_width, own_height
    if width_mm is None and height_mm is None:
        raise UsageError("SEAL_PICTURE_SIZE_MISSING")
    width = width_mm if width_mm is not None else (height_mm or 0.0) * across / down
    height = height_mm if height_mm is not None else width * down / across
    sx, sy = width / across, height / down
    align = root.attributes.get("preserveAspectRatio", "").split() or ["xMidYMid"]
    if align[0] != "none":
        if not math.isclose(sx, sy, rel_tol=0.01) and (align[0] != "xMidYMid" or "slice" in align):
            raise UsageError("SEAL_SVG_ELEMENT", what=f"preserveAspectRatio={' '.join(align)[:40]}")
        sx = sy = min(sx, sy)
    matrix = (sx, 0.0, 0.0, sy, (width - across * sx) / 2 - left * sx, (height - down * sy) / 2 - top * sy)
    shapes: list[Shape] = []
    _walk(root, matrix, _Style(), shapes, root=True)
    while shapes and shapes[0].colour == _WHITE:
        del shapes[0]
    if not shapes:
        raise UsageError("SEAL_PICTURE_EMPTY")
    return Artwork(width, height, tuple(shapes))


def _own_size(root: Element, name: str) -> float | None:
    found = _LENGTH.match(root.attributes.get(name, ""))
    size = float(found[1]) * _MM[found[2]] if found else 0.0
    return size if 0 < size <= 500 else None


def _view_box(root: Element, width: float | None, height: float | None) -> tuple[float, float, float, float]:
    values = [float(v) for v in _NUMBERS.findall(root.attributes.get("viewBox", ""))]
    if len(values) == 4 and all(abs(v) < 1e9 for v in values) and min(values[2:]) > 1e-6:
        return values[0], values[1], values[2], values[3]
    if width is None or height is None:
        raise UsageError("SEAL_SVG_UNREADABLE", reason="viewBox")
    return 0.0, 0.0, width / _MM["px"], height / _MM["px"]


def _properties(element: Element) -> dict[str, str]:
    """Attributes with the declarations of `style` over them."""
    found = {key: value.strip() for key, value in element.attributes.items() if key != "style"}
    for declaration in element.attributes.get("style", "").split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip().lower()] = value.replace("!important", "").strip()
    return found


def _walk(element: Element, matrix: Matrix, style: _Style, shapes: list[Shape], *, root: bool = False) -> None:
    name = element.name
    if name in _SILENT or (name == "defs" and not element.children):
        return
    properties = _properties(element)
    if properties.get("display") == "none":
        return
    # What is only defined is not painted; what refers to it (use, url()) is refused where it stands.
    if name == "defs" and not any(_has_style(child) for child in element.children):
        return
    for key, neutral in _NEUTRAL.items():
        if key in properties and properties[key].lower() not in neutral:
            raise UsageError("SEAL_SVG_ELEMENT", what=f"{name} {key}={properties[key][:40]}")
    changed = {
        field: properties[key] for key, field in _INHERITED.items() if properties.get(key, "inherit") != "inherit"
    }
    style = replace(style, **changed)
    if "transform" in properties:
        matrix = _times(matrix, _transform(properties["transform"]))
    if name == "g" or root:
        for child in element.children:
            _walk(child, matrix, style, shapes)
        return
    if name not in _SHAPES:
        raise UsageError("SEAL_SVG_ELEMENT", what=name[:60])
    if style.visible == "visible":
        _paint(element, properties, matrix, style, shapes)


def _has_style(element: Element) -> bool:
    return element.name == "style" or any(_has_style(child) for child in element.children)


def _paint(element: Element, properties: Mapping[str, str], matrix: Matrix, style: _Style, shapes: list[Shape]) -> None:
    fill, stroke = _colour(style.fill, style, element.name), _colour(style.stroke, style, element.name)
    outline = _SHAPES[element.name](properties)
    if fill is not None and outline and element.name != "line":
        rule = FillRule.EVEN_ODD if style.rule == "evenodd" else FillRule.NONZERO
        _add(shapes, outline, matrix, fill, rule)
    if stroke is not None and outline and (width := _length(style.width, "stroke-width")) > 0:
        if style.stroke_opacity not in ("1", "1.0", "100%") or style.dashes.lower() != "none":
            raise UsageError("SEAL_SVG_ELEMENT", what=f"{element.name} stroke-dasharray, stroke-opacity")
        _add(shapes, _stroke(element.name, properties, style, width), matrix, stroke, FillRule.EVEN_ODD)


def _add(shapes: list[Shape], contours: tuple[Contour, ...], matrix: Matrix, colour: Colour, rule: FillRule) -> None:
    a, b, c, d, e, f = matrix

    def moved(point: Point) -> Point:
        return (round(a * point[0] + c * point[1] + e, 4), round(b * point[0] + d * point[1] + f, 4))

    placed = tuple(
        Contour(moved(contour.start), tuple(tuple(moved(p) for p in segment) for segment in contour.segments))
        for contour in contours
    )
    shapes.append(Shape(placed, colour, rule))


def _colour(value: str, style: _Style, where: str) -> Colour | None:
    value = value.strip()
    if value.lower() == "currentcolor":
        value = style.colour.strip()
    if value.lower() in ("none", "transparent"):
        return None
    try:
        parts = ImageColor.getrgb(value)
    except ValueError:
        raise UsageError("SEAL_SVG_ELEMENT", what=f"{where} {value[:40]}") from None
    if len(parts) == 4 and parts[3] != 255:
        raise UsageError("SEAL_SVG_ELEMENT", what=f"{where} {value[:40]}")
    red, green, blue = (max(0, min(255, int(part))) for part in parts[:3])
    return Colour(red, green, blue)


def _length(value: str, what: str) -> float:
    found = _LENGTH.match(value)
    if found is None or not abs(float(found[1])) <= 1e9:
        raise UsageError("SEAL_SVG_ELEMENT", what=f"{what}={value[:40]}")
    # User units are pixels of 1/96 inch (CSS 2.1 4.3.2).
    return float(found[1]) * (_MM[found[2]] / _MM["px"])


def _values(properties: Mapping[str, str], *names: str) -> tuple[float, ...]:
    return tuple(_length(properties.get(name) or "0", name) for name in names)


def _path(properties: Mapping[str, str]) -> tuple[Contour, ...]:
    return svg_path.parse(properties.get("d", ""))


def _radii(name: str, properties: Mapping[str, str]) -> tuple[float, float, float, float]:
    """Centre and radii of a circle or an ellipse."""
    cx, cy = _values(properties, "cx", "cy")
    rx, ry = _values(properties, "r", "r") if name == "circle" else _values(properties, "rx", "ry")
    return cx, cy, rx, ry


def _circle(properties: Mapping[str, str], name: str = "circle") -> tuple[Contour, ...]:
    cx, cy, rx, ry = _radii(name, properties)
    return (ellipse(cx, cy, rx, ry),) if rx > 0 and ry > 0 else ()


def _ellipse(properties: Mapping[str, str]) -> tuple[Contour, ...]:
    return _circle(properties, "ellipse")


def _box(properties: Mapping[str, str]) -> tuple[float, float, float, float, float, float]:
    x, y, width, height = _values(properties, "x", "y", "width", "height")
    # One radius alone stands for both (SVG 1.1 9.2).
    rx, ry = _values(properties, *("rx" if "rx" in properties else "ry", "ry" if "ry" in properties else "rx"))
    return x, y, width, height, min(rx, width / 2), min(ry, height / 2)


def _rect(properties: Mapping[str, str]) -> tuple[Contour, ...]:
    x, y, width, height, rx, ry = _box(properties)
    return (rectangle(x, y, width, height, rx, ry),) if width > 0 and height > 0 else ()


def _line(properties: Mapping[str, str]) -> tuple[Contour, ...]:
    x1, y1, x2, y2 = _values(properties, "x1", "y1", "x2", "y2")
    return (polygon([(x1, y1), (x2, y2)]),) if (x1, y1) != (x2, y2) else ()


def _polygon(properties: Mapping[str, str]) -> tuple[Contour, ...]:
    source = properties.get("points", "")
    values = [float(v) for v in _NUMBERS.findall(source)]
    if _NUMBERS.sub("", source).strip(" \t\r\n,") or len(values) % 2 or not all(abs(v) <= 1e9 for v in values):
        raise UsageError("SEAL_SVG_ELEMENT", what="points")
    points = list(zip(values[::2], values[1::2], strict=True))
    return (polygon(points),) if len(points) > 1 else ()


_SHAPES: Mapping[str, Callable[[Mapping[str, str]], tuple[Contour, ...]]] = {
    "path": _path,
    "circle": _circle,
    "ellipse": _ellipse,
    "rect": _rect,
    "line": _line,
    "polygon": _polygon,
    "polyline": _polygon,
}


def _stroke(name: str, properties: Mapping[str, str], style: _Style, width: float) -> tuple[Contour, ...]:
    """The outline of a stroke, where it is a simple figure itself; to be filled by the even-odd rule."""
    half = width / 2
    if name in ("circle", "ellipse"):
        cx, cy, rx, ry = _radii(name, properties)
        outer = ellipse(cx, cy, rx + half, ry + half)
        return (outer, ellipse(cx, cy, rx - half, ry - half)) if min(rx, ry) > half else (outer,)
    if name == "rect":
        x, y, w, h, rx, ry = _box(properties)
        if style.join == "miter" or (rx > 0 and ry > 0):
            grown = (rx + half, ry + half) if rx > 0 and ry > 0 else (0.0, 0.0)
            outer = rectangle(x - half, y - half, w + width, h + width, *grown)
            if min(w, h) <= width:
                return (outer,)
            inner = rectangle(x + half, y + half, w - width, h - width, max(rx - half, 0), max(ry - half, 0))
            return (outer, inner)
    if name == "line" and style.cap in ("butt", "square"):
        x1, y1, x2, y2 = _values(properties, "x1", "y1", "x2", "y2")
        size = math.hypot(x2 - x1, y2 - y1)
        if size > 0:
            ux, uy = (x2 - x1) / size * half, (y2 - y1) / size * half
            if style.cap == "square":
                x1, y1, x2, y2 = x1 - ux, y1 - uy, x2 + ux, y2 + uy
            return (polygon([(x1 - uy, y1 + ux), (x2 - uy, y2 + ux), (x2 + uy, y2 - ux), (x1 + uy, y1 - ux)]),)
    raise UsageError("SEAL_SVG_ELEMENT", what=f"{name} stroke")


def _times(m: Matrix, n: Matrix) -> Matrix:
    return (
        m[0] * n[0] + m[2] * n[1],
        m[1] * n[0] + m[3] * n[1],
        m[0] * n[2] + m[2] * n[3],
        m[1] * n[2] + m[3] * n[3],
        m[0] * n[4] + m[2] * n[5] + m[4],
        m[1] * n[4] + m[3] * n[5] + m[5],
    )


def _transform(source: str) -> Matrix:
    """A transform list (SVG 1.1 7.6)."""
    matrix, position = _IDENTITY, 0
    bad = UsageError("SEAL_SVG_ELEMENT", what=f"transform={source[:40]}")
    while source[position:].strip(" \t\r\n,"):
        found = _TRANSFORM.match(source, position)
        if found is None or position > 5000:
            raise bad
        position = found.end()
        v = [float(x) for x in _NUMBERS.findall(found[2])]
        if not all(abs(x) <= 1e9 for x in v):
            raise bad
        matrix = _times(matrix, _single(found[1], v, bad))
    return matrix


def _single(name: str, v: list[float], bad: UsageError) -> Matrix:
    count = len(v)
    if name == "matrix" and count == 6:
        return (v[0], v[1], v[2], v[3], v[4], v[5])
    if name == "translate" and count in (1, 2):
        return (1.0, 0.0, 0.0, 1.0, v[0], v[1] if count == 2 else 0.0)
    if name == "scale" and count in (1, 2):
        return (v[0], 0.0, 0.0, v[-1], 0.0, 0.0)
    if name == "rotate" and count in (1, 3):
        c, s = math.cos(math.radians(v[0])), math.sin(math.radians(v[0]))
        x, y = (v[1], v[2]) if count == 3 else (0.0, 0.0)
        return (c, s, -s, c, x - c * x + s * y, y - s * x - c * y)
    if name == "skewX" and count == 1:
        return (1.0, 0.0, math.tan(math.radians(v[0])), 1.0, 0.0, 0.0)
    if name == "skewY" and count == 1:
        return (1.0, math.tan(math.radians(v[0])), 0.0, 1.0, 0.0, 0.0)
    raise bad
