"""A seal as the parts of a PDF form XObject: fills in DeviceRGB and 1-bit masks, nothing that PDF/A forbids.

Only paths, image XObjects and stencil masks are used: no soft mask, no transparency group, no graphics state with
alpha (ISO 19005-1 6.4), no font (text is outlines).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from eseal.seals import operators
from eseal.seals.artwork import Artwork, Bitmap


@dataclass(frozen=True, slots=True)
class ImagePiece:
    """One image XObject (ISO 32000-2 8.9.5), with its explicit mask where it has one."""

    name: str
    """Name in the form's /Resources /XObject, without the slash."""
    width: int
    """/Width in samples."""
    height: int
    """/Height in samples."""
    pixels: bytes | None = field(repr=False)
    """Samples for /ColorSpace /DeviceRGB /BitsPerComponent 8, not compressed. None: a stencil, see `mask`."""
    mask: bytes | None = field(repr=False)
    """One bit a sample, rows padded to bytes, 1 is painted: write it as /ImageMask true /BitsPerComponent 1 /Decode
    [1 0] (8.9.6). Beside pixels it is an image XObject of its own named by /Mask (8.9.6.3); alone it is the image."""


@dataclass(frozen=True, slots=True)
class FormPieces:
    """What a writer needs to make the form XObject (8.10.2)."""

    bbox: tuple[float, float, float, float]
    """/BBox in points; /Matrix is not needed."""
    content: bytes = field(repr=False)
    """The content stream, not compressed."""
    images: tuple[ImagePiece, ...]
    """Images for /Resources /XObject, in the order of their use."""


def form_pieces(artwork: Artwork) -> FormPieces:
    """The parts of the form XObject that shows `artwork` at its size."""
    names = [f"I{i}" for i in range(len(artwork.bitmaps))]
    scale = operators.POINTS_PER_MM
    return FormPieces(
        bbox=(0.0, 0.0, round(artwork.width_mm * scale, 3), round(artwork.height_mm * scale, 3)),
        content=operators.content(artwork, names),
        images=tuple(_image(name, bitmap) for name, bitmap in zip(names, artwork.bitmaps, strict=True)),
    )


def content_stream(artwork: Artwork) -> bytes:
    """The content stream of `form_pieces` alone."""
    return form_pieces(artwork).content


def _image(name: str, bitmap: Bitmap) -> ImagePiece:
    return ImagePiece(name, bitmap.columns, bitmap.rows, bitmap.pixels, bitmap.mask)
