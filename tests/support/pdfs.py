"""PDFs of our own making for tests: small, plain, with the shapes that real writers use."""

from __future__ import annotations

CONTENT = b"BT /F1 24 Tf 72 720 Td (Notice No. 17) Tj ET"


def objects_to_pdf(objects: dict[int, bytes], *, root: int = 1, version: bytes = b"1.7", extra: bytes = b"") -> bytes:
    """A file with a classic cross-reference table over `objects`, numbered from 1 without gaps."""
    out = bytearray(b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number in sorted(objects):
        out += b"%010d 00000 n \n" % offsets[number]
    out += b"trailer\n<< /Size %d /Root %d 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, extra, start)
    return bytes(out)


def stream(content: bytes, extra: bytes = b"") -> bytes:
    """A stream object's body."""
    return b"<< /Length %d %s>>\nstream\n" % (len(content), extra) + content + b"\nendstream"


def simple_pdf(*, pages: int = 1, media_box: bytes = b"0 0 595 842", page_extra: bytes = b"") -> bytes:
    """An A4 document with a line of text on every page."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }
    kids = []
    for n in range(pages):
        page, content = 4 + 2 * n, 5 + 2 * n
        kids.append(b"%d 0 R" % page)
        objects[page] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> %s>>" % (media_box, content, page_extra)
        )
        objects[content] = stream(CONTENT)
    objects[2] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), pages)
    return objects_to_pdf(objects)
