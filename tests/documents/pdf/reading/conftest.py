"""A tiny builder of minimal PDFs: plain, updated, signed with a value that is shaped like a CMS but proves nothing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

Objects = Mapping[int, bytes]
CMS = b"\x30\x82\x01\x00" + bytes(range(256))
PLACE = 1024
HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def body(objects: Objects, start: int, gens: Mapping[int, int] | None = None) -> tuple[bytes, dict[int, int]]:
    out, offsets = b"", {}
    for num, content in objects.items():
        offsets[num] = start + len(out)
        out += b"%d %d obj\n%s\nendobj\n" % (num, (gens or {}).get(num, 0), content)
    return out, offsets


def table(
    offsets: Mapping[int, int], gens: Mapping[int, int] | None = None, free: Mapping[int, int] | None = None
) -> bytes:
    out = b"xref\n0 1\n0000000000 65535 f \n"
    for num in sorted({*offsets, *(free or {})}):
        if num in offsets:
            out += b"%d 1\n%010d %05d n \n" % (num, offsets[num], (gens or {}).get(num, 0))
        else:
            out += b"%d 1\n%010d %05d f \n" % (num, 0, (free or {})[num])
    return out


def ending(section: int) -> bytes:
    return b"startxref\n%d\n%%%%EOF\n" % section


def pdf(objects: Objects, trailer: bytes = b"") -> bytes:
    content, offsets = body(objects, len(HEAD))
    at = len(HEAD) + len(content)
    last = max(objects) + 1
    return HEAD + content + table(offsets) + b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (last, trailer) + ending(at)


def startxref(data: bytes) -> int:
    return int(data[data.rfind(b"startxref") + 9 :].split()[0])


def update(
    data: bytes,
    objects: Objects,
    *,
    trailer: bytes = b"/Root 1 0 R",
    gens: Mapping[int, int] | None = None,
    free: Mapping[int, int] | None = None,
    prev: int | None = None,
    between: bytes = b"",
    size: int = 100,
) -> bytes:
    """Append a revision; `between` goes between its objects and its table."""
    content, offsets = body(objects, len(data), gens)
    at = len(data) + len(content) + len(between)
    end = b"trailer\n<</Size %d/Prev %d%s>>\n" % (size, startxref(data) if prev is None else prev, trailer)
    return data + content + between + table(offsets, gens, free) + end + ending(at)


def stream(content: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), extra, content)


def packed(members: Objects) -> bytes:
    """An object stream."""
    parts, directory, at = [], b"", 0
    for num, content in members.items():
        directory += b"%d %d " % (num, at)
        parts.append(content)
        at += len(content) + 1
    data = directory + b" ".join(parts)
    return stream(zlib.compress(data), b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(parts), len(directory)))


def xref_stream(
    rows: Mapping[int, tuple[int, int, int]], num: int, at: int, *, extra: bytes = b"", predictor: bool = False
) -> bytes:
    """A cross-reference stream as object `num` at offset `at`; `rows`: number -> (kind, place, extra)."""
    rows = {**rows, num: (1, at, 0)}
    lines = [struct.pack(">BIH", *rows[n]) for n in sorted(rows)]
    index = b" ".join(b"%d 1" % n for n in sorted(rows))
    params = b""
    if predictor:
        above, coded = bytes(7), []
        for line in lines:
            coded.append(b"\x02" + bytes((a - b) & 255 for a, b in zip(line, above, strict=True)))
            above = line
        lines, params = coded, b"/DecodeParms<</Predictor 12/Columns 7>>"
    data = zlib.compress(b"".join(lines))
    head = b"/Type/XRef/Size 100/W[1 4 2]/Index[%s]/Root 1 0 R/Filter/FlateDecode%s%s" % (index, params, extra)
    return b"%d 0 obj\n%s\nendobj\n" % (num, stream(data, head))


def with_streams(plain: Objects, members: Objects, *, predictor: bool = False) -> bytes:
    """A PDF with a cross-reference stream (object 90) and `members` in an object stream (object 91)."""
    content, offsets = body({**plain, 91: packed(members)}, len(HEAD))
    at = len(HEAD) + len(content)
    rows = {0: (0, 0, 65535), **{n: (1, o, 0) for n, o in offsets.items()}}
    rows |= {n: (2, 91, i) for i, n in enumerate(members)}
    return HEAD + content + xref_stream(rows, 90, at, predictor=predictor) + ending(at)


BASE: dict[int, bytes] = {
    1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/SigFlags 3>>>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<>>/Annots[6 0 R]>>",
    4: stream(b"BT (pay 10) Tj ET"),
    5: b"<</Note(nothing)>>",
}
FORM = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]/SigFlags 3>>>>"
RANGE = b"/ByteRange[0 **********  **********  **********]"


def field(name: bytes = b"Seal", value: bytes = b"7 0 R", extra: bytes = b"", box: bytes = b"10 10 90 40") -> bytes:
    head = b"<</Type/Annot/Subtype/Widget/FT/Sig/F 132/P 3 0 R"
    return head + b"/T(%s)/Rect[%s]/V %s%s>>" % (name, box, value, extra)


def signature(
    sub_filter: bytes = b"/SubFilter/ETSI.CAdES.detached", extra: bytes = b"", of_type: bytes = b"/Type/Sig"
) -> bytes:
    """A signature dictionary whose place is still to be filled."""
    contents = b"<" + b"00" * PLACE + b">"
    return b"<<%s/Filter/Adobe.PPKLite%s%s%s/Contents %s>>" % (of_type, sub_filter, RANGE, extra, contents)


def fill(data: bytes, cms: bytes = CMS, end: int | None = None) -> bytes:
    """Write /ByteRange and /Contents of the last signature that still waits for them."""
    at = data.rfind(RANGE)
    start = data.index(b"/Contents <", at) + 10
    stop = data.index(b">", start) + 1
    end = len(data) if end is None else end
    spelled = (b"/ByteRange[0 %d %d %d]" % (start, stop, end - stop)).ljust(len(RANGE))
    data = data[:at] + spelled + data[at + len(RANGE) :]
    return data[: start + 1] + cms.hex().encode().ljust(2 * PLACE, b"0") + data[stop - 1 :]


def signed(value: bytes | None = None, widget: bytes | None = None, more: Objects | None = None) -> bytes:
    """A PDF with one signature in the first revision."""
    return fill(pdf({**BASE, 6: widget or field(), 7: signature() if value is None else value, **(more or {})}))


def second(data: bytes, name: bytes = b"Other", value: bytes | None = None) -> bytes:
    """A further signature in a revision of its own."""
    widget = field(name, b"17 0 R", box=b"0 0 0 0")
    return fill(update(data, {1: FORM % b"6 0 R 16 0 R", 16: widget, 17: value or signature()}))


@pytest.fixture(scope="session")
def maker() -> SimpleNamespace:
    """The builder's functions."""
    names = "BASE CMS FORM RANGE body ending field fill packed pdf second signature signed startxref stream table"
    return SimpleNamespace(**{n: globals()[n] for n in f"{names} update with_streams xref_stream".split()})
