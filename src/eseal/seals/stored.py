"""Artwork <-> plain JSON values, without loss: outlines as lists of numbers, pixels deflated and in base64."""

from __future__ import annotations

import base64
import zlib
from typing import Any

from eseal.errors import UsageError
from eseal.seals.artwork import Artwork, Bitmap, Colour, Contour, FillRule, Layer, Segment, Shape, mask_row_bytes

VERSION = 1
"""Version of the stored form of an artwork."""


def artwork_to_json(artwork: Artwork) -> dict[str, Any]:
    """Values that `json.dumps` takes."""
    layers: list[dict[str, Any]] = []
    for layer in artwork.layers:
        if isinstance(layer, Bitmap):
            layers.append(
                {
                    "box": [layer.x, layer.y, layer.width, layer.height],
                    "size": [layer.columns, layer.rows],
                    "pixels": _packed(layer.pixels),
                    "mask": _packed(layer.mask),
                    "fill": layer.colour.hex if layer.colour else None,
                }
            )
        else:
            outlines = [[list(c.start), *([v for p in s for v in p] for s in c.segments)] for c in layer.contours]
            layers.append({"fill": layer.colour.hex, "rule": layer.rule.value, "outlines": outlines})
    return {"version": VERSION, "width": artwork.width_mm, "height": artwork.height_mm, "layers": layers}


def artwork_from_json(value: Any) -> Artwork:
    """Read strictly. Raises UsageError SEAL_VERSION_NEWER, SEAL_UNREADABLE, SEAL_ARTWORK_INVALID."""
    fields = record(value, "picture", "version", "width", "height", "layers")
    version(fields["version"], VERSION, "picture")
    if type(fields["layers"]) is not list:
        raise unreadable("layers")
    layers = tuple(_layer(layer) for layer in fields["layers"])
    return Artwork(_number(fields["width"]), _number(fields["height"]), layers)


def record(value: Any, where: str, *names: str) -> dict[str, Any]:
    """`value` as an object with exactly the fields `names`."""
    if type(value) is not dict or set(value) != set(names):
        raise unreadable(where)
    return value


def version(value: Any, known: int, where: str) -> None:
    """Refuses a version that this program does not know."""
    if type(value) is not int or value < 1:
        raise unreadable(f"{where}: version")
    if value > known:
        raise UsageError("SEAL_VERSION_NEWER", found=value, known=known)


def unreadable(where: str) -> UsageError:
    """The error for stored data that is not as it was written."""
    return UsageError("SEAL_UNREADABLE", where=where)


def _layer(value: Any) -> Layer:
    if type(value) is dict and "outlines" in value:
        fields = record(value, "layer", "fill", "rule", "outlines")
        colour = _colour(fields["fill"])
        if colour is None or type(fields["outlines"]) is not list or fields["rule"] not in ("nonzero", "evenodd"):
            raise unreadable("layer")
        return Shape(tuple(_contour(c) for c in fields["outlines"]), colour, FillRule(fields["rule"]))
    fields = record(value, "layer", "box", "size", "pixels", "mask", "fill")
    x, y, width, height = _numbers(fields["box"], 4)
    columns, rows = _numbers(fields["size"], 2)
    if type(columns) is not int or type(rows) is not int or not (0 < columns <= 1 << 16 and 0 < rows <= 1 << 16):
        raise unreadable("size")
    pixels = _unpacked(fields["pixels"], columns * rows * 3)
    mask = _unpacked(fields["mask"], mask_row_bytes(columns) * rows)
    return Bitmap(x, y, width, height, columns, rows, pixels, mask, _colour(fields["fill"]))


def _contour(value: Any) -> Contour:
    if type(value) is not list or not value:
        raise unreadable("outline")
    start = _numbers(value[0], 2)
    segments: list[Segment] = []
    for part in value[1:]:
        numbers = _numbers(part, 2, 4, 6)
        segments.append(tuple(zip(numbers[::2], numbers[1::2], strict=True)))
    return Contour((start[0], start[1]), tuple(segments))


def _number(value: Any) -> float:
    # Huge integers cannot be made floats later on; no length comes near.
    if type(value) not in (int, float) or not abs(value) <= 1e9:
        raise unreadable("number")
    return value  # type: ignore[no-any-return]


def _numbers(value: Any, *counts: int) -> list[float]:
    if type(value) is not list or len(value) not in counts:
        raise unreadable("numbers")
    return [_number(item) for item in value]


def _colour(value: Any) -> Colour | None:
    if value is None:
        return None
    if type(value) is not str or len(value) != 7 or value[0] != "#" or not value[1:].isalnum() or not value.isascii():
        raise unreadable("colour")
    try:
        return Colour(int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16))
    except ValueError:
        raise unreadable("colour") from None


def _packed(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def _unpacked(value: Any, size: int) -> bytes | None:
    if value is None:
        return None
    if type(value) is not str:
        raise unreadable("pixels")
    try:
        # Bounded by what the picture needs; whatever is longer is not this picture.
        inflater = zlib.decompressobj()
        data = inflater.decompress(base64.b64decode(value, validate=True), size + 1)
    except (ValueError, zlib.error):
        raise unreadable("pixels") from None
    if len(data) != size or not inflater.eof:
        raise unreadable("pixels")
    return data
