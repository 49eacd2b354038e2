"""A seal's picture as the objects of one appearance form (ISO 32000-2 8.10, 12.5.5)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from eseal.documents.pdf.appearance import ImagePiece, form_pieces
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.placement import Matrix, Rect, upright
from eseal.documents.pdf.syntax import name, numbers
from eseal.seals.artwork import Artwork

# ISO 19005 asks that DeviceRGB be tied to a profile; the page's own output intent may be CMYK or missing. This is sRGB
# in the terms of 8.6.5.3, so that the picture is right and conforming wherever it is put.
_SRGB = (
    b"/ColorSpace << /DefaultRGB [/CalRGB << /WhitePoint [0.9505 1 1.089] /Gamma [2.2 2.2 2.2] "
    b"/Matrix [0.4124 0.2126 0.0193 0.3576 0.7152 0.1192 0.1805 0.0722 0.9505] >>] >>"
)
_KEPT = 16


@dataclass(frozen=True, slots=True)
class Stamp:
    """A picture ready for writing."""

    bbox: Rect
    """/BBox in points."""
    content: bytes = field(repr=False)
    """The content stream, deflated."""
    images: tuple[tuple[str, bytes, bytes | None], ...] = field(repr=False)
    """Name, image XObject with %b where its mask's reference goes, mask XObject."""


# Keyed by identity: hashing thousands of path segments would cost more than sealing. The artwork is kept beside its
# stamp, so that its id cannot be used again.
_stamps: dict[int, tuple[Artwork, Stamp]] = {}


def stamp(artwork: Artwork) -> Stamp:
    """The picture's parts, deflated once for all seals with this very artwork."""
    kept = _stamps.get(id(artwork))
    if kept is not None:
        return kept[1]
    pieces = form_pieces(artwork)
    made = Stamp(pieces.bbox, zlib.compress(pieces.content, 9), tuple(map(_image, pieces.images)))
    if len(_stamps) >= _KEPT:
        _stamps.clear()
    _stamps[id(artwork)] = (artwork, made)
    return made


def put_form(update: Update, artwork: Artwork, rotate: int, rect: Rect | None = None) -> Ref:
    """Add the form that shows `artwork` upright on a page turned by `rotate`.

    With `rect`, a rectangle that was there before, the picture keeps its proportions in the middle of it.
    """
    return _put(update, artwork, *fitted(stamp(artwork).bbox, rotate, rect))


def put_picture(update: Update, artwork: Artwork) -> Ref:
    """Add the form that shows `artwork` as it is, to be used in several places."""
    return _put(update, artwork, stamp(artwork).bbox, upright(0, 0.0, 0.0))


def put_view(update: Update, picture: Ref, box: Rect, rotate: int, rect: Rect | None = None) -> Ref:
    """Add a form that shows the part `box` of `picture`, upright on a page turned by `rotate`; `rect` as above."""
    bbox, matrix = fitted(box, rotate, rect)
    return update.add(
        b"<< /Type /XObject /Subtype /Form /FormType 1 /BBox %b /Matrix %b /Resources << /XObject << /P %d 0 R >> >> "
        b"/Length 5 >>\nstream\n/P Do\nendstream" % (numbers(bbox), numbers(matrix), picture.num)
    )


def _put(update: Update, artwork: Artwork, bbox: Rect, matrix: Matrix) -> Ref:
    made = stamp(artwork)
    resources = _SRGB
    if made.images:
        refs = []
        for key, image, mask in made.images:
            entry = b"" if mask is None else b"/Mask %d 0 R " % update.add(mask).num
            refs.append(b"/%b %d 0 R" % (name(key), update.add(image.replace(b"%MASK%", entry, 1)).num))
        resources += b" /XObject << " + b" ".join(refs) + b" >>"
    return update.add(
        b"<< /Type /XObject /Subtype /Form /FormType 1 /BBox %b /Matrix %b /Resources << %b >> /Filter /FlateDecode "
        b"/Length %d >>\nstream\n%b\nendstream"
        % (numbers(bbox), numbers(matrix), resources, len(made.content), made.content)
    )


def put_empty(update: Update) -> Ref:
    """Add the form of a seal without a picture: PDF/A-1 wants an appearance on every field (ISO 19005-1 6.9)."""
    return update.add(
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 0 0] /Resources << >> /Length 0 >>\nstream\n\nendstream"
    )


def fitted(bbox: Rect, rotate: int, rect: Rect | None) -> tuple[Rect, Matrix]:
    """/BBox and /Matrix: 12.5.5 stretches the turned box to the rectangle, so the box gets its proportions first."""
    width, height = bbox[2] - bbox[0], bbox[3] - bbox[1]
    if rect is not None:
        across, down = rect[2] - rect[0], rect[3] - rect[1]
        if rotate in (90, 270):
            across, down = down, across
        wide = max(width, height * across / down) - width
        high = max(height, width * down / across) - height
        bbox = bbox[0] - wide / 2, bbox[1] - high / 2, bbox[2] + wide / 2, bbox[3] + high / 2
    return bbox, upright(rotate, width, height)


def _image(piece: ImagePiece) -> tuple[str, bytes, bytes | None]:
    stencil = None
    if piece.mask is not None:
        stencil = _stream(piece, b"/ImageMask true /BitsPerComponent 1 /Decode [1 0]", piece.mask)
    if piece.pixels is None:
        return piece.name, stencil or b"", None
    return piece.name, _stream(piece, b"/ColorSpace /DeviceRGB /BitsPerComponent 8 %MASK%", piece.pixels), stencil


def _stream(piece: ImagePiece, entries: bytes, samples: bytes) -> bytes:
    body = zlib.compress(samples, 9)
    head = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d " % (piece.width, piece.height)
    return head + entries + b" /Filter /FlateDecode /Length %d >>\nstream\n" % len(body) + body + b"\nendstream"
