"""An existing picture of a seal (PNG, JPEG, or SVG of paths) -> Artwork, its white made transparent."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

from PIL import Image, ImageChops, ImageOps

from eseal.errors import UsageError
from eseal.seals.artwork import LARGEST_PIXELS, Artwork, Bitmap
from eseal.seals.svg import read_svg

LARGEST_FILE = 20_000_000
"""Largest picture file taken, in bytes."""
LARGEST_SIDE = 20_000
"""Most pixels along one side."""
FAINTEST = 24
"""Pixels whose alpha is lower are left out; the others are blended with white, so that edges stay smooth on paper."""
MM_PER_INCH = 25.4


def picture(
    data: bytes, *, width_mm: float | None = None, height_mm: float | None = None, white: int | None = 225
) -> Artwork:
    """Read a picture. One side given, the other follows; none given, the resolution or size in the file counts.

    `white` is the value (0 to 255) from which a pixel counts as paper when red, green and blue all reach it; None
    keeps white. Transparency becomes all or nothing in a 1-bit mask. Raises UsageError: SEAL_PICTURE_FORMAT,
    SEAL_PICTURE_UNREADABLE, SEAL_PICTURE_TOO_LARGE, SEAL_PICTURE_SIZE_MISSING, SEAL_PICTURE_EMPTY, and the ones of
    `svg.read_svg`.
    """
    if len(data) > LARGEST_FILE:
        raise UsageError("SEAL_PICTURE_TOO_LARGE", what=f"{len(data) / 1e6:.1f} MB", most=f"{LARGEST_FILE / 1e6:g} MB")
    for side in (width_mm, height_mm):
        if side is not None and not 0 < side <= 500:
            raise UsageError("SEAL_SIZE_INVALID", field="width_mm, height_mm", value=side, most="500")
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _raster(data, width_mm, height_mm, white)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_svg(data, width_mm, height_mm)
    raise UsageError("SEAL_PICTURE_FORMAT")


def sides(
    width_mm: float | None, height_mm: float | None, own: Callable[[], tuple[float, float] | None], aspect: float
) -> tuple[float, float]:
    """Width and height from what is given, `own` size, and `aspect` (width to height)."""
    if width_mm is not None:
        return width_mm, height_mm if height_mm is not None else width_mm / aspect
    if height_mm is not None:
        return height_mm * aspect, height_mm
    size = own()
    if size is None:
        raise UsageError("SEAL_PICTURE_SIZE_MISSING")
    return size


def _raster(data: bytes, width_mm: float | None, height_mm: float | None, white: int | None) -> Artwork:
    image, dpi = _load(data)
    columns, rows = image.size

    def own() -> tuple[float, float] | None:
        if dpi is None:
            return None
        return columns / dpi[0] * MM_PER_INCH, rows / dpi[1] * MM_PER_INCH

    width, height = sides(width_mm, height_mm, own, columns / rows)
    alpha = image.getchannel("A")
    paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(paper, image).convert("RGB")
    shown = alpha.point(lambda value: 255 if value >= FAINTEST else 0)
    if white is not None:
        red, green, blue = flat.split()
        darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
        limit = white
        shown = ImageChops.multiply(shown, darkest.point(lambda value: 0 if value >= limit else 255))
    if shown.getbbox() is None:
        raise UsageError("SEAL_PICTURE_EMPTY")
    # What is hidden is made plain white: nothing of it can be got back, and it packs to nothing.
    pixels = Image.composite(flat, Image.new("RGB", image.size, (255, 255, 255)), shown).tobytes()
    mask = None if shown.getextrema() == (255, 255) else shown.convert("1", dither=Image.Dither.NONE).tobytes()
    return Artwork(width, height, (Bitmap(0.0, 0.0, width, height, columns, rows, pixels, mask),))


def _load(data: bytes) -> tuple[Image.Image, tuple[float, float] | None]:
    """The first frame, upright, as RGBA, and its resolution where the file states one that makes sense."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
            columns, rows = opened.size
            # Checked from the header, before a pixel is inflated.
            if max(columns, rows) > LARGEST_SIDE or columns * rows > LARGEST_PIXELS:
                raise UsageError(
                    "SEAL_PICTURE_TOO_LARGE", what=f"{columns} × {rows} px", most=f"{LARGEST_PIXELS / 1e6:g} Mpx"
                )
            stated = opened.info.get("dpi")
            turned = ImageOps.exif_transpose(opened)
            image = turned.convert("RGBA")
    except UsageError:
        raise
    except Image.DecompressionBombError as error:
        raise UsageError("SEAL_PICTURE_TOO_LARGE", what="> 40 Mpx", most="40 Mpx") from error
    # Pillow's decoders raise many kinds (OSError, SyntaxError, ValueError, struct.error, zlib.error) on damaged files.
    except Exception as error:
        raise UsageError("SEAL_PICTURE_UNREADABLE") from error
    try:
        dpi = (float(stated[0]), float(stated[1])) if stated else None
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        dpi = None
    # 72 is what programs write when nobody chose a resolution.
    if dpi is not None and not all(75 <= value <= 10_000 for value in dpi):
        dpi = None
    return image, dpi
