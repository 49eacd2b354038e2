"""Artwork -> SVG and PNG. The PNG is rasterised from the same operators that a PDF page gets."""

from __future__ import annotations

import base64
import ctypes
import io
import math
import threading
import zlib

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image

from eseal.errors import UsageError
from eseal.seals import operators
from eseal.seals.artwork import LARGEST_PIXELS, Artwork, Bitmap, Contour, FillRule, mask_row_bytes

# PDFium may be used by one thread at a time.
_PDFIUM = threading.Lock()


def to_svg(artwork: Artwork) -> str:
    """The artwork as an SVG document in millimetres, background transparent."""
    width, height = _svg_number(artwork.width_mm), _svg_number(artwork.height_mm)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">'
    ]
    for layer in artwork.layers:
        if isinstance(layer, Bitmap):
            x, y, w, h = (_svg_number(v) for v in (layer.x, layer.y, layer.width, layer.height))
            data = base64.b64encode(_png(_bitmap_image(layer), None)).decode()
            box = f'x="{x}" y="{y}" width="{w}" height="{h}"'
            parts.append(f'<image {box} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>')
        elif layer.contours:
            rule = ' fill-rule="evenodd"' if layer.rule is FillRule.EVEN_ODD else ""
            parts.append(f'<path fill="{layer.colour.hex}"{rule} d="{"".join(map(_svg_contour, layer.contours))}"/>')
    return "\n".join([*parts, "</svg>", ""])


def _svg_number(value: float) -> str:
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _svg_contour(contour: Contour) -> str:
    letters = {1: "L", 2: "Q", 3: "C"}
    out = ["M" + " ".join(map(_svg_number, contour.start))]
    for segment in contour.segments:
        out.append(letters[len(segment)] + " ".join(_svg_number(c) for point in segment for c in point))
    return "".join(out) + "Z"


def to_png(artwork: Artwork, dpi: float = 300) -> bytes:
    """The artwork as a PNG with alpha, background transparent, resolution noted.

    Raises UsageError SEAL_RESOLUTION_INVALID where `dpi` is not from 10 to 4800 or the picture would be too large.
    """
    scale = dpi / 72
    pixels = artwork.width_mm * artwork.height_mm * (dpi / 25.4) ** 2
    if not (10 <= dpi <= 4800 and pixels <= LARGEST_PIXELS):
        raise UsageError("SEAL_RESOLUTION_INVALID", dpi=f"{dpi:g}")
    with _PDFIUM:
        document = pypdfium2.PdfDocument(_page(artwork, scale))
        try:
            page = document[0]
            bitmap = page.render(
                scale=scale * (1 - 1e-6),  # it rounds up, also what is whole but for its float32
                fill_color=(255, 255, 255, 0),
                force_bitmap_format=pdfium_c.FPDFBitmap_BGRA,
                rev_byteorder=True,
            )
            stride, size = bitmap.stride, (bitmap.width, bitmap.height)
            data = ctypes.string_at(bitmap.buffer, stride * bitmap.height)
        finally:
            document.close()
    image = Image.frombytes("RGBA", size, data, "raw", "RGBA", stride)
    return _png(image, dpi)


def _png(image: Image.Image, dpi: float | None) -> bytes:
    out = io.BytesIO()
    if dpi is None:
        image.save(out, "PNG", optimize=True)
    else:
        image.save(out, "PNG", optimize=True, dpi=(dpi, dpi))
    return out.getvalue()


def _bitmap_image(bitmap: Bitmap) -> Image.Image:
    size = (bitmap.columns, bitmap.rows)
    if bitmap.pixels is not None:
        image = Image.frombytes("RGB", size, bitmap.pixels)
    else:
        colour = bitmap.colour
        image = Image.new("RGB", size, colour.hex if colour else "#000000")
    if bitmap.mask is not None:
        mask = Image.frombytes("1", size, bitmap.mask, "raw", "1", mask_row_bytes(bitmap.columns))
        image.putalpha(mask.convert("L"))
    return image


def _page(artwork: Artwork, scale: float) -> bytes:
    """A PDF of one page that shows the artwork and nothing else, rounded up to whole pixels of `scale` to the point."""
    width, height = (side * operators.POINTS_PER_MM for side in (artwork.width_mm, artwork.height_mm))
    # PDFium stretches a page to whole pixels; the rest goes to the right and the bottom instead.
    right, bottom = _whole(width * scale) / scale, height - _whole(height * scale) / scale
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"", b""]
    names = []
    for bitmap in artwork.bitmaps:
        reference = ""
        if bitmap.mask is not None:
            head = f"/Width {bitmap.columns}/Height {bitmap.rows}/ImageMask true/BitsPerComponent 1/Decode[1 0]"
            objects.append(_stream(head, bitmap.mask))
            reference = f"/Mask {len(objects)} 0 R"
        if bitmap.pixels is not None:
            head = f"/Width {bitmap.columns}/Height {bitmap.rows}/ColorSpace/DeviceRGB/BitsPerComponent 8{reference}"
            objects.append(_stream(head, bitmap.pixels))
        names.append(len(objects))
    resources = "".join(f"/I{i} {number} 0 R" for i, number in enumerate(names))
    box = f"[0 {bottom:.6f} {right:.6f} {height:.6f}]"
    objects[2] = (
        f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Contents 4 0 R/Resources<</XObject<<{resources}>>>>>>".encode()
    )
    objects[3] = _stream(None, operators.content(artwork, [f"I{i}" for i in range(len(names))]))
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _whole(pixels: float) -> int:
    return math.ceil(pixels - 1e-3)


def _stream(head: str | None, data: bytes) -> bytes:
    packed = zlib.compress(data, 1)
    kind = f"/Type/XObject/Subtype/Image{head}" if head is not None else ""
    return b"<<%b/Length %d/Filter/FlateDecode>>\nstream\n%b\nendstream" % (kind.encode(), len(packed), packed)
