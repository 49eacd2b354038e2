"""PDFs with texts in known places: Latin and Chinese, in runs, turned, cropped; no font is embedded."""

from __future__ import annotations

from collections.abc import Sequence

from support.pdfs import objects_to_pdf, stream

Run = tuple[float, float, str]
"""Left and baseline in points of the page's own space, and the text."""


def text_pdf(
    pages: Sequence[Sequence[Run]],
    *,
    size: float = 12,
    page: bytes = b"/MediaBox [0 0 595 842]",
    matrix: str = "1 0 0 1",
) -> bytes:
    """A document with `pages` of runs; `page` are entries of every page, `matrix` turns every run."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        3: b"<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
        4: b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /SimSun /DW 1000 /W [1 [500] 2 95 500] "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 5 0 R >>",
        5: b"<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /Ascent 859 /Descent -140 /CapHeight 700 "
        b"/ItalicAngle 0 /StemV 80 /FontBBox [0 -140 1000 859] >>",
    }
    kids = []
    for runs in pages:
        number = max(max(objects), 5) + 1
        content = b"".join(
            f"BT /F1 {size:g} Tf {matrix} {x:g} {y:g} Tm <{text.encode('utf-16-be').hex()}> Tj ET\n".encode()
            for x, y, text in runs
        )
        objects[number] = (
            b"<< /Type /Page /Parent 2 0 R %b /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
            % (page, number + 1)
        )
        objects[number + 1] = stream(content)
        kids.append(b"%d 0 R" % number)
    objects[2] = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (b" ".join(kids), len(pages))
    return objects_to_pdf(objects)
