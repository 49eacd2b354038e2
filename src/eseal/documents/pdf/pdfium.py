"""PDFium over documents: texts with their places, and pictures of pages. The one door to it for bytes of others.

It is native code over hostile bytes, so it runs in a child process alone (see `processes`); `sealing.looking` asks.
"""

from __future__ import annotations

import base64
import ctypes
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image

from eseal.documents.pdf.impressions import MOST, Hit
from eseal.documents.pdf.keywords import Box, Char, matches, possible, squeezed
from eseal.documents.pdf.placement import Sheet
from eseal.processes import serving

_MOST_CHARACTERS = 500_000
_MOST_PIXELS = 40_000_000


def main() -> None:
    """Serve until the other side closes."""
    serving.main(_work)


def _work(read: Callable[[], bytes], packed: bytes) -> bytes:
    job = json.loads(packed)
    serving.allow_cpu(job["seconds"])
    data = read()
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        return json.dumps({"unreadable": str(error)[:200]}).encode()
    try:
        if job["job"] == "find":
            found = _find(document, job["text"], job["which"], [(n, _sheet(s)) for n, s in job["pages"]])
        else:
            # Without it no field shows, a signature's neither. Actions and scripts of the document are not run.
            document.init_forms()
            found = {"pictures": [_picture(document, number, job["dpi"]) for number in job["pages"]]}
        return json.dumps({"pages": len(document), **found}).encode()
    except pypdfium2.PdfiumError as error:
        return json.dumps({"unreadable": str(error)[:200]}).encode()
    finally:
        document.close()


def _sheet(packed: Sequence[Any]) -> Sheet:
    box, rotate, per_mm = packed
    return Sheet(tuple(box), rotate, per_mm)


def _find(
    document: pypdfium2.PdfDocument, text: str, which: int | None, pages: list[tuple[int, Sheet]]
) -> dict[str, Any]:
    """Hits up to the one that is asked for, how many there are among the pages read, and whether there is any text."""
    key = squeezed(text)
    hits: list[Hit] = []
    any_text = False
    backwards = which is not None and which < 0
    for number, sheet in reversed(pages) if backwards else pages:
        if number > len(document):
            break
        found, some = _on_page(document, number, sheet, key)
        any_text = any_text or some
        hits = found + hits if backwards else hits + found
        if len(hits) > MOST or (which is not None and len(hits) >= abs(which)):
            break
    return {"hits": [[h.page, h.box, h.first, h.last] for h in hits[: MOST + 1]], "text": any_text}


def _on_page(document: pypdfium2.PdfDocument, number: int, sheet: Sheet, key: str) -> tuple[list[Hit], bool]:
    """The places of `key` on a page, and whether the page has any text."""
    page = document[number - 1]
    text = page.get_textpage()
    try:
        count = min(text.count_chars(), _MOST_CHARACTERS)
        said = [_unicode(text, index) for index in range(count)]
        wanted = set(key)
        # Places are asked for only where they matter: most pages do not hold the text.
        if not wanted <= set("".join(said)):
            return [], any(said)
        some = _characters(text, ((i, one) for i, one in enumerate(said) if not wanted.isdisjoint(one)), sheet)
        if not possible(some, key):
            return [], True
        chars = _characters(text, ((i, one) for i, one in enumerate(said) if one), sheet)
        return matches(number, chars, key, lambda char: _box(text, char.index, sheet) or char.line), True
    finally:
        text.close()
        page.close()


def _characters(text: pypdfium2.PdfTextPage, said: Iterable[tuple[int, str]], sheet: Sheet) -> list[Char]:
    """Those characters that are shown."""
    placed = ((one, _box(text, index, sheet, loose=True), index) for index, one in said)
    return [Char(one, box, index) for one, box, index in placed if box is not None and _inside(box, sheet)]


def _unicode(text: pypdfium2.PdfTextPage, index: int) -> str:
    code = pdfium_c.FPDFText_GetUnicode(text, index)
    if 0xD800 <= code < 0xDC00:
        low = pdfium_c.FPDFText_GetUnicode(text, index + 1)
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) if 0xDC00 <= low < 0xE000 else 0
    return _plain(code)


@cache
def _plain(code: int) -> str:
    """A character as it is compared; empty for none, and for the second half of a pair."""
    return squeezed(chr(code)) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _box(text: pypdfium2.PdfTextPage, index: int, sheet: Sheet, *, loose: bool = False) -> Box | None:
    """A character's box in mm as shown; None for one that has none."""
    if loose:
        rect = pdfium_c.FS_RECTF()
        fine = pdfium_c.FPDFText_GetLooseCharBox(text, index, rect)
        sides = [rect.left, rect.bottom, rect.right, rect.top]
    else:
        values = [ctypes.c_double() for _ in range(4)]
        left, right, bottom, top = values
        fine = pdfium_c.FPDFText_GetCharBox(text, index, left, right, bottom, top)
        sides = [v.value for v in (left, bottom, right, top)]
    if not fine or not all(map(math.isfinite, sides)):
        return None
    (x0, y0), (x1, y1) = sheet.shown(sides[0], sides[1]), sheet.shown(sides[2], sides[3])
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _inside(box: Box, sheet: Sheet) -> bool:
    """Whether the middle of a character is shown at all."""
    width, height = sheet.size_mm
    return 0 <= (box[0] + box[2]) / 2 <= width and 0 <= (box[1] + box[3]) / 2 <= height


def _picture(document: pypdfium2.PdfDocument, number: int, dpi: float) -> str:
    """A page as a PNG in base64, as it is seen on screen, signatures and other fields included."""
    page = document[number - 1]
    try:
        width, height = page.get_size()
        scale = min(dpi / 72, math.sqrt(_MOST_PIXELS / max(width * height, 1.0)))
        bitmap = page.render(scale=scale, rev_byteorder=True, may_draw_forms=True)
        image = Image.frombytes(
            "RGB" if bitmap.n_channels == 3 else "RGBA",
            (bitmap.width, bitmap.height),
            ctypes.string_at(bitmap.buffer, bitmap.stride * bitmap.height),
            "raw",
            bitmap.mode,
            bitmap.stride,
        )
    finally:
        page.close()
    out = io.BytesIO()
    image.convert("RGB").save(out, "PNG", dpi=(scale * 72, scale * 72))
    return base64.b64encode(out.getvalue()).decode()
