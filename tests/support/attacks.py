"""A rich document of our own, seals on it, and ways to change it afterwards: hand-written, so that anything goes."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from pyhanko.pdf_utils.crypt import StandardSecurityHandler

from eseal import TrustStore, testpki
from eseal.crypto.cms_build import template
from eseal.model import Digest
from eseal.testpki import Credential, TestPki
from eseal.timestamps import LocalTimestamper
from eseal.trust.store import Purpose
from support.pdfs import objects_to_pdf, stream

BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEALED = BORN + timedelta(days=2)
NOW = BORN + timedelta(days=30)
PKI = testpki.make("Registry", BORN)
EVIL = testpki.make("Registry", BORN)
"""The attacker's own authority, with the same names."""

FIELDS, ANNOTS = 19, 18
_SLOT = 4000


def trust_of(pki: TestPki, purposes: list[Purpose] | None = None) -> TrustStore:
    return TrustStore.from_certificates(
        [pki.root], purposes=purposes, intermediates=pki.data.certificates, crls=pki.crls, ocsps=pki.ocsps
    )


TRUST = trust_of(PKI)


def form_xobject(content: bytes, box: bytes = b"0 0 200 20", resources: bytes = b"/Font << /Helv 3 0 R >>") -> bytes:
    """An appearance stream."""
    return stream(content, b"/Type /XObject /Subtype /Form /BBox [%s] /Resources << %s >> " % (box, resources))


def line(text: bytes) -> bytes:
    """What a program writes for a text field that shows `text`."""
    return b"/Tx BMC q BT /Helv 12 Tf 0 g 2 5 Td (" + text + b") Tj ET Q EMC"


def page_text(text: bytes) -> bytes:
    return b"/OC /MC0 BDC BT /F1 24 Tf 72 720 Td (" + text + b") Tj ET EMC q 1 0 0 1 72 500 cm /X1 Do Q"


GLYPHS = b"/CIDInit /ProcSet findresource begin begincmap 1 beginbfchar <41> <0041> endbfchar endcmap end end"

RICH: Mapping[int, bytes] = {
    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 20 0 R /OCProperties 31 0 R /StructTreeRoot 40 0 R /Lang (en) "
    b"/MarkInfo << /Marked true >> /Names 45 0 R /Outlines 47 0 R /Metadata 50 0 R /Dests 49 0 R "
    b"/ViewerPreferences << /DisplayDocTitle true >> /PageLabels << /Nums [0 << /S /D >>] >> >>",
    2: b"<< /Type /Pages /Kids [4 0 R 60 0 R] /Count 3 /MediaBox [0 0 595 842] >>",
    3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    4: b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Annots 18 0 R /StructParents 0 /Resources << /Font "
    b"<< /F1 6 0 R >> "
    b"/XObject << /X1 8 0 R >> /Properties << /MC0 30 0 R >> /ExtGState << /G0 12 0 R >> /ColorSpace << /C0 "
    b"13 0 R >> >> >>",
    5: stream(page_text(b"Born 1 May 2001")),
    6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding 7 0 R /ToUnicode 10 0 R /FirstChar 65 "
    b"/LastChar 66 /Widths 11 0 R >>",
    7: b"<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [65 /A] >>",
    8: stream(
        b"q 40 0 0 40 0 0 cm /I0 Do Q BT /F1 12 Tf 0 60 Td (Amount 100) Tj ET",
        b"/Type /XObject /Subtype /Form /BBox [0 0 300 100] /Resources << /Font << /F1 6 0 R >> /XObject << "
        b"/I0 9 0 R >> >> ",
    ),
    9: stream(
        b"\xff\x00\x00\x00",
        b"/Type /XObject /Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceGray /SMask 14 0 R ",
    ),
    10: stream(GLYPHS),
    11: b"[600 600]",
    12: b"<< /Type /ExtGState /ca 1 >>",
    13: b"[/Indexed /DeviceRGB 1 15 0 R]",
    14: stream(
        b"\xff\xff\xff\xff",
        b"/Type /XObject /Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceGray ",
    ),
    15: stream(b"\x00\x00\x00\xff\xff\xff"),
    16: b"<< /Type /Annot /Subtype /Link /Rect [72 600 200 620] /Border [0 0 1] /A << /S /URI /URI "
    b"(https://registry.example/1) >> >>",
    17: b"<< /Type /Annot /Subtype /FreeText /Rect [72 560 300 580] /Contents (Sealed note) /DA (/Helv 12 Tf 0 g) "
    b"/AP << /N 26 0 R >> /F 4 >>",
    18: b"[16 0 R 17 0 R 21 0 R 22 0 R 23 0 R 27 0 R 28 0 R 29 0 R 34 0 R]",
    19: b"[21 0 R 22 0 R 23 0 R 24 0 R 29 0 R 34 0 R 36 0 R]",
    20: b"<< /Fields 19 0 R /DR << /Font << /Helv 3 0 R >> >> /DA (/Helv 12 Tf 0 g) /SigFlags 3 >>",
    21: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (sum) /V (100) /Rect [300 400 500 420] /F 4 /P 4 0 R "
    b"/DA (/Helv 12 Tf 0 g) /AP << /N 25 0 R >> /StructParent 1 >>",
    22: b"<< /Type /Annot /Subtype /Widget /FT /Btn /T (agree) /V /Off /AS /Off /Rect [300 370 320 390] /F 4 /P 4 0 R "
    b"/AP << /N << /Yes 32 0 R /Off 33 0 R >> >> >>",
    23: b"<< /Type /Annot /Subtype /Widget /FT /Ch /Ff 131072 /T (kind) /V (a) /Opt [[(a) (Boy)] [(b) (Girl)]] "
    b"/Rect [300 340 500 360] /F 4 /P 4 0 R /DA (/Helv 12 Tf 0 g) /AP << /N 35 0 R >> >>",
    24: b"<< /FT /Btn /Ff 49152 /T (sex) /V /1 /Kids [27 0 R 28 0 R] >>",
    25: form_xobject(line(b"100")),
    26: form_xobject(line(b"Sealed note")),
    27: b"<< /Type /Annot /Subtype /Widget /Parent 24 0 R /AS /1 /Rect [300 310 320 330] /F 4 /P 4 0 R "
    b"/AP << /N << /1 32 0 R /Off 33 0 R >> >> >>",
    28: b"<< /Type /Annot /Subtype /Widget /Parent 24 0 R /AS /Off /Rect [330 310 350 330] /F 4 /P 4 0 R "
    b"/AP << /N << /2 32 0 R /Off 33 0 R >> >> >>",
    29: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (second) /Rect [300 200 500 300] /F 4 /P 4 0 R >>",
    30: b"<< /Type /OCG /Name (Text) >>",
    31: b"<< /OCGs [30 0 R] /D << /Order [30 0 R] /ON [30 0 R] >> >>",
    32: form_xobject(b"0 g 4 4 12 12 re f", b"0 0 20 20", b""),
    33: form_xobject(b"", b"0 0 20 20", b""),
    34: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (bare) /V (200) /Rect [300 170 500 190] /F 4 /P 4 0 R "
    b"/DA (/Helv 12 Tf 0 g) >>",
    35: form_xobject(line(b"Boy")),
    36: b"<< /FT /Tx /T (twice) /V (300) /DA (/Helv 12 Tf 0 g) /Kids [37 0 R] >>",
    37: b"<< /Type /Annot /Subtype /Widget /Parent 36 0 R /Rect [300 140 500 160] /F 4 /P 63 0 R /AP << /N "
    b"38 0 R >> >>",
    38: form_xobject(line(b"300")),
    40: b"<< /Type /StructTreeRoot /K [41 0 R] /ParentTree 42 0 R /ParentTreeNextKey 2 /RoleMap << /Note /P >> >>",
    41: b"<< /Type /StructElem /S /Document /P 40 0 R /K [43 0 R 44 0 R] >>",
    42: b"<< /Nums [0 [43 0 R] 1 44 0 R] >>",
    43: b"<< /Type /StructElem /S /P /P 41 0 R /Pg 4 0 R /K 0 /ActualText (Born 1 May 2001) >>",
    44: b"<< /Type /StructElem /S /Form /P 41 0 R /Pg 4 0 R /Alt (sum) /K << /Type /OBJR /Obj 21 0 R >> >>",
    45: b"<< /EmbeddedFiles << /Names [(data.xml) 46 0 R] >> /Dests << /Names [(one) [4 0 R /Fit]] >> >>",
    46: b"<< /Type /Filespec /F (data.xml) /UF (data.xml) /AFRelationship /Data /EF << /F 51 0 R >> >>",
    47: b"<< /Type /Outlines /First 48 0 R /Last 48 0 R /Count 1 >>",
    48: b"<< /Title (Birth) /Parent 47 0 R /Dest [4 0 R /Fit] >>",
    49: b"<< /first [4 0 R /Fit] >>",
    50: stream(
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:title>Birth certificate</dc:title></x:xmpmeta>",
        b"/Type /Metadata /Subtype /XML ",
    ),
    51: stream(b"<born>2001-05-01</born>", b"/Type /EmbeddedFile "),
    60: b"<< /Type /Pages /Parent 2 0 R /Kids [61 0 R 63 0 R] /Count 2 /Resources << /Font << /F1 3 0 R >> "
    b">> /Rotate 0 >>",
    61: b"<< /Type /Page /Parent 60 0 R /Contents [62 0 R] >>",
    62: stream(b"BT /F1 24 Tf 72 720 Td (Page two) Tj ET"),
    63: b"<< /Type /Page /Parent 60 0 R /Contents 64 0 R /Annots [37 0 R] >>",
    64: stream(zlib.compress(b"BT /F1 24 Tf 72 720 Td (Page three) Tj ET"), b"/Filter /FlateDecode "),
    65: b"<< /Title (Birth certificate) /Producer (Registry) >>",
}
_NUMBERS = list(range(1, max(RICH) + 1))
_TRAILER = b"/Info 65 0 R /ID [<01> <01>] "
_CIPHER = b"/Encrypt 66 0 R "
DOCUMENT = objects_to_pdf({n: RICH.get(n, b"null") for n in _NUMBERS}, extra=_TRAILER)


def ciphered() -> bytes:
    """DOCUMENT encrypted with an empty user password; its streams and strings by the Identity filter (7.6.6).

    Every attack can so be written down as it is, and the reader still has to take the file for an encrypted one.
    """
    handler = StandardSecurityHandler.build_from_pw("owner", "", encrypt_metadata=False, pdf_mac=False)
    out = io.BytesIO()
    handler.as_pdf_object().write_to_stream(out, None)  # type: ignore[no-untyped-call]
    cipher = re.sub(rb"/(StmF|StrF) */\w+", rb"/\1 /Identity", out.getvalue())
    bodies = {n: RICH.get(n, b"null") for n in _NUMBERS} | {66: cipher}
    return objects_to_pdf(bodies, extra=_TRAILER + _CIPHER, version=b"2.0")


def encryption(data: bytes) -> bytes:
    """What the trailer of an update to `data` repeats of its encryption (7.5.6)."""
    return _CIPHER if _CIPHER in data else b""


def numbers(data: bytes) -> int:
    """The first object number that nothing uses."""
    return max(int(m) for m in re.findall(rb"(?<!\d)(\d{1,7}) \d+ obj", data)) + 1


def startxref(data: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", data)[-1])


def row(offset: int, generation: int = 0, kind: bytes = b"n") -> bytes:
    return b"%010d %05d %s \n" % (offset, generation, kind)


def update(
    data: bytes,
    objects: Mapping[int, bytes],
    *,
    extra: bytes = b"",
    root: int = 1,
    size: int | None = None,
    prev: int | None = None,
    free: Mapping[int, int] | None = None,
    before: bytes = b"",
    generation: Mapping[int, int] | None = None,
    info: int | None = 65,
    offsets: Mapping[int, int] | None = None,
) -> bytes:
    """`data` with an incremental update that defines `objects` and frees the numbers in `free` (7.5.6).

    `before` stands in front of the objects; `offsets` are entries for objects that stand elsewhere.
    """
    out = bytearray(data if data.endswith(b"\n") else data + b"\n") + before
    rows: dict[int, bytes] = {n: row(0, g, b"f") for n, g in (free or {}).items()}
    for number, body in objects.items():
        gen = (generation or {}).get(number, 0)
        rows[number] = row(len(out), gen)
        out += b"%d %d obj\n" % (number, gen) + body + b"\nendobj\n"
    rows |= {n: row(o) for n, o in (offsets or {}).items()}
    last = size or max([numbers(data), *(n + 1 for n in rows)])
    start = len(out)
    out += b"xref\n" + b"".join(b"%d 1\n" % n + rows[n] for n in sorted(rows))
    out += b"trailer\n<< /Size %d /Root %d 0 R " % (last, root)
    out += b"/Info %d 0 R " % info if info else b""
    out += encryption(data) + b"/ID [<01> <02>] /Prev %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        startxref(data) if prev is None else prev,
        extra,
        start,
    )
    return bytes(out)


def update_stream(data: bytes, objects: Mapping[int, bytes], *, packed: Mapping[int, bytes] | None = None) -> bytes:
    """The same with a cross-reference stream; `packed` objects stand in an object stream (7.5.7, 7.5.8)."""
    out = bytearray(data)
    container = max([numbers(data), *(n + 1 for n in objects), *(n + 1 for n in packed or {})])
    own = container + 1
    rows: dict[int, tuple[int, int, int]] = {}
    if packed:
        head = bodies = b""
        for index, (number, body) in enumerate(packed.items()):
            head += b"%d %d " % (number, len(bodies))
            bodies += body + b"\n"
            rows[number] = (2, container, index)
        inner = zlib.compress(head + bodies)
        extra = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode " % (len(packed), len(head))
        objects = {**objects, container: stream(inner, extra)}
    for number, body in objects.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = rows_at = len(out)
    rows[own] = (1, rows_at, 0)
    table = b"".join(bytes((k,)) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for _, (k, a, b) in sorted(rows.items()))
    index = b" ".join(b"%d 1" % n for n in sorted(rows))
    extra = b"/Type /XRef /Size %d /W [1 4 2] /Index [%s] /Root 1 0 R /Info 65 0 R %s/ID [<01> <02>] /Prev %d " % (
        own + 1,
        index,
        encryption(data),
        startxref(data),
    )
    out += b"%d 0 obj\n" % own + stream(table, extra) + b"\nendobj\n"
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def latest(data: bytes, number: int) -> bytes:
    """The newest body of a plain object, by its text."""
    return re.findall(rb"(?<!\d)%d 0 obj\n(.*?)\nendobj" % number, data, re.S)[-1]


def appended(data: bytes, number: int, item: bytes) -> bytes:
    """The newest body of the array in object `number` with one item more."""
    return latest(data, number).rstrip()[:-1] + b" " + item + b"]"


Cms = Callable[[Callable[[str], bytes]], bytes]


def seal_cms(credential: Credential, token: Callable[[bytes], bytes] | None = None) -> Cms:
    """A detached CMS by `credential`, with a signature timestamp over the value where `token` makes one."""
    signer = credential.signer()

    def make(digest: Callable[[str], bytes]) -> bytes:
        shape = template(signer.certificate, tuple(signer.chain), signer.scheme)
        attributes = shape.signed_attributes(digest(shape.scheme.digest))
        value = signer.sign(attributes)
        return shape.assemble(attributes, value, token(value) if token else None)

    return make


def stamper(credential: Credential, at: datetime = SEALED) -> LocalTimestamper:
    return LocalTimestamper(credential.signer(), clock=lambda: at)


def stamp_cms(credential: Credential, at: datetime = SEALED) -> Cms:
    """A timestamp token as a document timestamp has it."""
    return lambda digest: stamper(credential, at).timestamp(Digest("sha256", digest("sha256")))


def reference(method: bytes, parameters: bytes) -> bytes:
    return (
        b"/Reference [<< /Type /SigRef /TransformMethod /%s /TransformParams << /Type /TransformParams /V "
        b"/1.2 %s >> >>] "
        % (
            method,
            parameters,
        )
    )


def sign(
    data: bytes,
    cms: Cms,
    *,
    name: str = "seal",
    field: int | None = None,
    rect: bytes = b"0 0 0 0",
    look: bytes | None = None,
    flags: int = 4,
    widget: bytes = b"",
    timestamp: bool = False,
    certify: int | None = None,
    lock: bytes = b"",
    sub_filter: bytes | None = None,
    kind: bytes | None = None,
    objects: Mapping[int, bytes] | None = None,
    extra: bytes = b"",
    slot: int = _SLOT,
    byte_range: Callable[[int, int, int], tuple[int, int, int, int]] | None = None,
    contents: Callable[[bytes], bytes] | None = None,
    add: bool = True,
    finish: bytes = b"",
) -> bytes:
    """`data` with one more signature, by hand: in a new field, or in the existing one number `field`."""
    number = max([numbers(data), *(n + 1 for n in objects or {})])
    value, appearance = number, number + 1
    new: dict[int, bytes] = dict(objects or {})
    sub_filter = sub_filter or (b"ETSI.RFC3161" if timestamp else b"ETSI.CAdES.detached")
    kind = kind or (b"DocTimeStamp" if timestamp else b"Sig")
    placeholder = b"<" + b"0" * (2 * slot) + b">"
    ranges = b"/ByteRange [0 0000000000 0000000000 0000000000]"
    more = extra
    if certify:
        more += reference(b"DocMDP", b"/P %d" % certify)
        new[1] = (
            re.sub(rb"/Perms << [^>]*>> ", b"", latest(data, 1)).rstrip()[:-2]
            + b"/Perms << /DocMDP %d 0 R >> >>" % value
        )
    if lock:
        more += reference(b"FieldMDP", lock)
    new[value] = b"<< /Type /%s /Filter /Adobe.PPKLite /SubFilter /%s %s /Contents %s %s>>" % (
        kind,
        sub_filter,
        ranges,
        placeholder,
        more,
    )
    if look is not None:
        new[appearance] = look
        widget += b"/AP << /N %d 0 R >> " % appearance
    if field is not None:
        new[field] = latest(data, field).rstrip()[:-2] + b"/V %d 0 R %s>>" % (value, widget)
    elif add:
        own = number + 2
        new[own] = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /V %d 0 R /Rect [%s] /F %d /P 4 0 R %s>>" % (
            name.encode(),
            value,
            rect,
            flags,
            widget,
        )
        new[FIELDS] = appended(data, FIELDS, b"%d 0 R" % own)
        new[ANNOTS] = appended(data, ANNOTS, b"%d 0 R" % own)
    out = update(data, new) + finish
    start = out.rindex(placeholder)
    end = start + len(placeholder)
    four = (0, start, end, len(out) - end)
    if byte_range:
        four = byte_range(start, end, len(out))
    spelled = (b"/ByteRange [%d %d %d %d]" % four).ljust(len(ranges))
    at = out.rindex(ranges)
    out = out[:at] + spelled + out[at + len(ranges) :]

    def digest(algorithm: str) -> bytes:
        return hashlib.new(algorithm, out[four[0] : four[0] + four[1]] + out[four[2] : four[2] + four[3]]).digest()

    der = cms(digest)
    hexed = contents(der) if contents else der.hex().encode()
    filled = b"<" + hexed.ljust(2 * slot, b"0") + b">"
    if len(filled) != len(placeholder):
        raise ValueError("slot")
    return out[:start] + filled + out[end:]


SEAL = seal_cms(PKI.seal)
LOOK = form_xobject(b"1 0 0 RG 2 w 2 2 96 96 re S", b"0 0 100 100", b"")


def sealed(data: bytes = DOCUMENT, **options: object) -> bytes:
    """`data` with a visible seal of the registry."""
    return sign(data, SEAL, rect=b"400 50 500 150", look=LOOK, **options)  # type: ignore[arg-type]
