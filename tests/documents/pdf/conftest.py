"""PDFs with the shapes that real writers give them: tables, streams, hybrids, nested trees, forms."""

from __future__ import annotations

import itertools
import zlib

import pytest

from eseal.seals.artwork import Artwork, Colour, Contour, Shape
from support.pdfs import objects_to_pdf, stream

RED, BLUE = Colour(255, 0, 0), Colour(0, 0, 255)


def box(x0, y0, x1, y1, colour):
    return Shape((Contour((x0, y0), (((x1, y0),), ((x1, y1),), ((x0, y1),))),), colour)


@pytest.fixture(scope="session")
def flag():
    """40 x 20 mm, all red but for a blue patch at its top left: shows where it stands and which way is up."""
    return Artwork(40, 20, (box(0, 0, 40, 20, RED), box(0, 0, 10, 5, BLUE)))


def page_objects(page=b"", pages=b"", catalog=b"", more=None):
    """A one-page document whose page inherits all that `pages` holds; more objects from number 6."""
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 " + pages + b" >>",
        3: b"<< /Type /Pages /Parent 2 0 R /Kids [4 0 R] /Count 1 >>",
        4: b"<< /Type /Page /Parent 3 0 R /Contents 5 0 R " + page + b" >>",
        5: stream(b"0 0 0 RG 10 10 20 20 re S"),
        **(more or {}),
    }


def with_xref_stream(objects, root=1):
    """All but streams packed into an object stream, behind a cross-reference stream (7.5.7, 7.5.8)."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    packed = [n for n, body in sorted(objects.items()) if b"stream" not in body]
    rows = {0: (0, 0, 65535)}
    for number, body in sorted(objects.items()):
        if number not in packed:
            rows[number] = (1, len(out), 0)
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    container, own = max(objects) + 1, max(objects) + 2
    head, bodies = b"", b""
    for index, number in enumerate(packed):
        head += b"%d %d " % (number, len(bodies))
        bodies += objects[number] + b"\n"
        rows[number] = (2, container, index)
    rows[container] = (1, len(out), 0)
    inner = zlib.compress(head + bodies)
    out += b"%d 0 obj\n" % container
    out += (
        stream(inner, b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode " % (len(packed), len(head))) + b"\nendobj\n"
    )
    rows[own] = (1, len(out), 0)
    start = len(out)
    table = b"".join(bytes((k,)) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for _, (k, a, b) in sorted(rows.items()))
    # PNG "up" on every row, as most writers do.
    rows_of = [bytes(7)] + [table[i : i + 7] for i in range(0, len(table), 7)]
    filtered = b"".join(
        b"\x02" + bytes((n - o) & 255 for n, o in zip(new, old, strict=True))
        for old, new in itertools.pairwise(rows_of)
    )
    extra = b"/Type /XRef /Size %d /W [1 4 2] /Root %d 0 R /Filter /FlateDecode " % (own + 1, root)
    extra += b"/DecodeParms << /Predictor 12 /Columns 7 >> "
    out += b"%d 0 obj\n" % own + stream(zlib.compress(filtered), extra) + b"\nendobj\n"
    return bytes(out + b"startxref\n%d\n%%%%EOF" % start)


def hybrid(objects, hidden):
    """A hybrid-reference file (7.5.8.4): the objects in `hidden` stand in an object stream that the table hides."""
    out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    rows = {}
    for number, body in sorted(objects.items()):
        if number not in hidden:
            rows[number] = len(out)
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    container, own = max(objects) + 1, max(objects) + 2
    head, bodies, entries = b"", b"", b""
    for index, number in enumerate(hidden):
        head += b"%d %d " % (number, len(bodies))
        bodies += objects[number] + b"\n"
        entries += b"\x02" + container.to_bytes(4, "big") + index.to_bytes(2, "big")
    rows[container] = len(out)
    out += b"%d 0 obj\n" % container + stream(
        head + bodies, b"/Type /ObjStm /N %d /First %d " % (len(hidden), len(head))
    )
    out += b"\nendobj\n"
    xref_stream = len(out)
    entries += b"\x01" + xref_stream.to_bytes(4, "big") + b"\0\0"
    index = b" ".join(b"%d 1" % n for n in (*hidden, own))
    extra = b"/Type /XRef /Size %d /W [1 4 2] /Index [%s] " % (own + 1, index)
    out += b"%d 0 obj\n" % own + stream(entries, extra) + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (own + 1)
    for number in range(1, own + 1):
        out += b"%010d 00000 n \n" % rows[number] if number in rows else b"0000000000 00000 f \n"
    out += b"trailer\n<< /Size %d /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (own + 1, xref_stream, start)
    return bytes(out)


BOX = b"/MediaBox [0 0 595 842]"


@pytest.fixture(scope="session")
def shapes():
    """Name -> file, each one a valid document of one page."""
    text_field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Seal1) /F 4 /Rect [50 50 150 70] /P 4 0 R "
        b"/DA (/Helv 10 Tf 0 g) >>"
    )
    form = page_objects(
        page=BOX + b" /Annots 7 0 R",
        catalog=b"/AcroForm 8 0 R",
        more={6: text_field, 7: b"[6 0 R]", 8: b"<< /Fields 9 0 R /NeedAppearances false >>", 9: b"[ 6 0 R ]"},
    )
    direct = page_objects(
        page=BOX + b" /Annots [6 0 R] % a comment >> ]\n",
        catalog=b"/AcroForm << /Fields [6 0 R] /DR << >> >>",
        more={6: text_field},
    )
    tagged = page_objects(
        page=BOX + b" /StructParents 0 /Tabs /S",
        catalog=b"/MarkInfo << /Marked true >> /StructTreeRoot 6 0 R /Lang (zh-CN)",
        more={6: b"<< /Type /StructTreeRoot /K [] /ParentTree 7 0 R >>", 7: b"<< /Nums [] >>"},
    )
    odd = page_objects(page=b"/Media#42ox [595 842 0 0] /Odd#20Key <48 65 6C6C 6F> /Odd2 (a\\)b\\051 (c))")
    plain = page_objects(pages=BOX)
    return {
        "table": objects_to_pdf(plain),
        "no-newline-at-end": objects_to_pdf(plain).rstrip(b"\n"),
        "identified": objects_to_pdf(plain, extra=b"/ID [(abc) <414243>] "),
        "xref-stream": with_xref_stream(plain),
        "xref-stream-form": with_xref_stream(form),
        "hybrid": hybrid(form, [1, 4, 6, 8]),
        "form-indirect": objects_to_pdf(form),
        "form-direct": objects_to_pdf(direct),
        "tagged": objects_to_pdf(tagged),
        "odd-spelling": objects_to_pdf(odd),
    }


@pytest.fixture(scope="session")
def make_page():
    """One page with entries of one's own: page entries, entries of the tree's root, more objects."""

    def make(page=b"", pages=b"", more=None, catalog=b""):
        return objects_to_pdf(page_objects(page, pages, catalog, more))

    return make
