"""A sealed document of own make and updates appended to it; what changed is asked of `compare`."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from eseal.documents.pdf import changes
from eseal.documents.pdf.changes import Later


def stream(data, extra=b""):
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (extra, len(data), data)


def shows(text, extra=b"", before=b"", font=b"/Helv 12 Tf"):
    """An appearance that shows `text` as form filling programs draw it."""
    body = b"/Tx BMC q BT " + before + font + b" 0 g 2 5 Td (" + text + b") Tj ET Q EMC"
    keys = b"/Type /XObject /Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /Helv 7 0 R >> >> "
    return stream(body, keys + extra)


def box(colour=b"1 0 0 rg"):
    return stream(colour + b" 0 0 50 50 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 50 50] ")


CERTIFICATE = b"\x30\x82\x01\x00" + bytes(256)

OBJECTS = {
    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R /StructTreeRoot 30 0 R /Outlines 40 0 R /Metadata 42 0 R "
    b"/OCProperties << /OCGs [43 0 R] /D << /ON [43 0 R] /OFF [] >> >> /Lang (en) /MarkInfo << /Marked true >> >>",
    2: b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 600 800] /Resources << /Font << /F1 7 0 R >> "
    b"/XObject << /X1 44 0 R >> >> >>",
    3: b"<< /Type /Page /Parent 2 0 R /Contents 8 0 R /Annots [10 0 R 11 0 R 12 0 R 13 0 R 17 0 R 20 0 R] >>",
    4: b"<< /Type /Page /Parent 2 0 R /Contents [9 0 R] /Rotate 0 >>",
    5: b"<< /Fields [10 0 R 11 0 R 12 0 R 13 0 R 17 0 R] /SigFlags 3 /DR << /Font << /Helv 7 0 R >> >> "
    b"/DA (/Helv 0 Tf 0 g) >>",
    6: b"<< /Title (Licence) /ModDate (D:20260101000000Z) >>",
    7: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    8: stream(b"BT /F1 12 Tf 50 700 Td (Licence) Tj ET /X1 Do"),
    9: stream(b"BT /F1 12 Tf 50 700 Td (Annex) Tj ET"),
    10: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /V 14 0 R /Rect [400 50 500 150] /F 132 /P 3 0 R "
    b"/AP << /N 15 0 R >> >>",
    11: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (amount) /V (100) /DA (/Helv 12 Tf 0 g) /Rect [50 600 150 620] "
    b"/F 4 /P 3 0 R /AP << /N 16 0 R >> >>",
    12: b"<< /Type /Annot /Subtype /Widget /FT /Btn /T (agree) /V /Off /AS /Off /Rect [50 560 70 580] /F 4 /P 3 0 R "
    b"/AP << /N << /Yes 18 0 R /Off 19 0 R >> >> >>",
    13: b"<< /Type /Annot /Subtype /Widget /FT /Ch /Ff 131072 /T (grade) /V (a) /Opt [[(a) (First)] [(b) (Second)]] "
    b"/DA (/Helv 12 Tf 0 g) /Rect [50 520 150 540] /F 4 /P 3 0 R /AP << /N 21 0 R >> >>",
    14: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents <00> >>",
    15: box(),
    16: shows(b"100"),
    17: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Second) /Rect [300 50 380 150] /F 132 /P 3 0 R >>",
    18: box(b"0 g"),
    19: box(b"1 g"),
    20: b"<< /Type /Annot /Subtype /Link /Rect [10 10 60 20] /Border [0 0 0] /Dest [4 0 R /Fit] >>",
    21: shows(b"First"),
    30: b"<< /Type /StructTreeRoot /K 31 0 R /ParentTree << /Nums [0 [32 0 R]] >> /ParentTreeNextKey 1 >>",
    31: b"<< /Type /StructElem /S /Document /P 30 0 R /K [32 0 R] >>",
    32: b"<< /Type /StructElem /S /P /P 31 0 R /Pg 3 0 R /K 0 >>",
    40: b"<< /Type /Outlines /First 41 0 R /Last 41 0 R /Count 1 >>",
    41: b"<< /Title (Annex) /Parent 40 0 R /Dest [4 0 R /Fit] >>",
    42: stream(b"<x:xmpmeta/>", b"/Type /Metadata /Subtype /XML "),
    43: b"<< /Type /OCG /Name (Terms) >>",
    44: stream(b"0 0 1 rg 0 0 5 5 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 5 5] /OC 43 0 R "),
    45: b"[46 0 R 47 0 R]",
    46: b"<< /Next 47 0 R /Value 1 >>",
    47: b"<< /Next 46 0 R /Value 2 >>",
}


def write(objects, start=0, trailer=b""):
    """Objects, a table and a trailer as they stand at the offset `start`."""
    out = bytearray(b"" if start else b"%PDF-1.7\n")
    rows = {}
    for number, body in sorted(objects.items()):
        if body is not None:
            rows[number] = start + len(out)
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        else:
            rows[number] = None
    table = start + len(out)
    out += b"xref\n" + (b"" if start else b"0 1\n0000000000 65535 f \n")
    for number, offset in rows.items():
        entry = b"0000000000 00001 f \n" if offset is None else b"%010d 00000 n \n" % offset
        out += b"%d 1\n" % number + entry
    out += b"trailer\n<< /Size 200 /Root 1 0 R /Info 6 0 R " + trailer
    return bytes(out + b" >>\nstartxref\n%d\n%%%%EOF\n" % table)


def open_pdf(data):
    return PdfFileReader(BytesIO(data), strict=False)


class Sealed:
    """The document of `OBJECTS`, some of them replaced, as it was when it was sealed."""

    def __init__(self, **replaced):
        self.objects = OBJECTS | {int(k[1:]): v for k, v in replaced.items()}
        self.data = write(self.objects)
        self.signed = self.data

    def certified(self, level, field=b"", reference=b"/DocMDP"):
        """The same, certified at `level`."""
        params = b"/TransformParams << /Type /TransformParams /P %d /V /1.2 >>" % level
        value = self.objects[14][:-3] + b" /Reference [<< /Type /SigRef /TransformMethod " + reference
        objects = self.objects | {14: value + params + b" >>] >>"}
        objects[1] = objects[1][:-3] + b" /Perms << /DocMDP 14 0 R >> >>"
        return Sealed(**{f"_{k}": v for k, v in objects.items()})

    def update(self, objects, trailer=b""):
        """Append one revision."""
        start = len(self.data)
        self.data += write(objects, start, b"/Prev %d " % (self.data.rindex(b"\nxref\n") + 1) + trailer)
        return self

    def edit(self, number, old, new, **more):
        """Append a revision in which `old` in one object has become `new`."""
        assert old in self.objects[number], (number, old)
        return self.update(
            {number: self.objects[number].replace(old, new, 1)} | {int(k[1:]): v for k, v in more.items()}
        )

    def changes(self, *later):
        before = open_pdf(self.signed)
        known = tuple(Later(n, len(self.data), n.startswith("stamp")) for n in later)
        return changes.compare(before, open_pdf(self.data), changes.read_rules(before, "Seal", known))

    def worst(self, *later):
        """The gravest verdict with the codes that have it."""
        order = ["passed", "permitted", "unknown", "failed"]
        found = self.changes(*later)
        if not found:
            return "same", set()
        top = max((c.verdict for c in found), key=order.index)
        return top, {c.code for c in found if c.verdict is top}


@pytest.fixture(scope="session")
def sealed():
    """Make a sealed document: `sealed()` or with objects replaced, `sealed(_8=...)`."""
    return Sealed


@pytest.fixture(scope="session")
def parts():
    """The helpers that build objects."""

    class Parts:
        pass

    Parts.stream, Parts.shows, Parts.box, Parts.certificate = (
        staticmethod(stream),
        staticmethod(shows),
        staticmethod(box),
        CERTIFICATE,
    )
    return Parts
