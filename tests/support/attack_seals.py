"""Attacks on the seal, by later signatures, and behind long-term data."""

from __future__ import annotations

from support.attack_vectors import ATTACKS, EVIL_PAGE, JS, Attack, Sealer, attack, edit, put, swap
from support.attacks import (
    ANNOTS,
    DOCUMENT,
    EVIL,
    FIELDS,
    PKI,
    SEAL,
    appended,
    form_xobject,
    latest,
    line,
    numbers,
    seal_cms,
    sign,
    stamp_cms,
    update,
)
from support.pdfs import stream

# The seal itself
SELF = "ISO 32000-2 12.7.5.5, 12.8.1: the field of a seal belongs to what was sealed"


def _seal_field(s: bytes) -> int:
    return int(latest(s, FIELDS).split()[-3])


def on_seal(name: str, old: bytes, new: bytes) -> None:
    def make(seal: Sealer) -> bytes:
        s = seal(DOCUMENT)
        return update(s, {_seal_field(s): edit(s, _seal_field(s), old, new)})

    ATTACKS.append(Attack(name, "seal", SELF, make))


on_seal("seal-moved", b"[400 50 500 150]", b"[72 700 172 800]")
on_seal("seal-hidden", b"/F 4", b"/F 2")
on_seal("seal-layer", b"/F 4", b"/F 4 /OC 30 0 R")
on_seal("seal-renamed", b"(seal)", b"(other)")
on_seal("seal-action", b"/F 4", b"/F 4 /A " + JS)
on_seal("seal-rotated", b"/F 4", b"/F 4 /MK << /R 180 >>")
on_seal("seal-appearance-key", b"/AP <<", b"/AP << /D 38 0 R ")
on_seal("seal-state", b"/F 4", b"/F 4 /AS /X")
on_seal("seal-lock-added", b"/F 4", b"/F 4 /Lock << /Type /SigFieldLock /Action /All >>")


@attack("seal", SELF)
def seal_picture(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    picture = int(latest(s, _seal_field(s)).split(b"/N ")[1].split()[0])
    return update(s, {picture: form_xobject(line(b"CANCELLED"), b"0 0 100 100")})


@attack("seal", SELF)
def seal_value_emptied(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = latest(s, _seal_field(s)).split(b"/V ")[1].split()[0]
    return update(s, {_seal_field(s): edit(s, _seal_field(s), b"/V %s 0 R " % value, b"")})


@attack("seal", SELF)
def seal_value_without_subfilter(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0])
    return update(s, {value: edit(s, value, b"/ETSI.CAdES.detached", b"/Some.Thing"), 5: EVIL_PAGE})


@attack("seal", SELF)
def seal_value_rewritten(seal: Sealer) -> bytes:
    """The same dictionary again in the update: readers take either."""
    s = seal(DOCUMENT)
    value = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0])
    return update(s, {value: latest(s, value), 5: EVIL_PAGE})


@attack("seal", SELF)
def seal_time_rewritten(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0])
    return update(s, {value: edit(s, value, b"/Contents", b"/M (D:20200101000000Z) /Name (Other) /Contents")})


@attack("seal", SELF)
def seal_borrowed_by_second_field(seal: Sealer) -> bytes:
    """A second field shows the seal again, with the same signature."""
    s = seal(DOCUMENT)
    new = numbers(s)
    twin = edit(s, _seal_field(s), b"(seal)", b"(again)")
    return update(
        s, {new: twin, FIELDS: appended(s, FIELDS, b"%d 0 R" % new), ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new)}
    )


@attack("seal", SELF)
def seal_borrowed_by_empty_field(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = latest(s, _seal_field(s)).split(b"/V ")[1].split()[0]
    return update(s, {29: latest(s, 29)[:-2] + b"/V %s 0 R >>" % value})


@attack("seal", SELF)
def seal_copied_value(seal: Sealer) -> bytes:
    """The empty field gets a copy of the signature dictionary, byte for byte."""
    s = seal(DOCUMENT)
    value, new = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0]), numbers(s)
    return update(s, {new: latest(s, value), 29: latest(s, 29)[:-2] + b"/V %d 0 R >>" % new})


@attack("seal", SELF)
def seal_out_of_form(seal: Sealer) -> bytes:
    """The field leaves the form; its picture stays on the page."""
    s = seal(DOCUMENT)
    return update(s, {FIELDS: latest(s, FIELDS).replace(b" %d 0 R]" % _seal_field(s), b"]"), 5: EVIL_PAGE})


@attack("seal", SELF)
def seal_widget_off_page(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {ANNOTS: latest(s, ANNOTS).replace(b" %d 0 R]" % _seal_field(s), b"]")})


# Later signatures that are none, or not the registry's
LATER = "ISO 32000-2 12.8.5, EN 319 142-1 5.4.3: a later signature vouches for nothing that it shows"
COVER = form_xobject(b"1 g 0 0 500 300 re f 0 g BT /Helv 24 Tf 20 200 Td (Born 9 May 1999) Tj ET", b"0 0 500 300")


def later(name: str, why: str = LATER, levels: tuple[int | None, ...] = (None, 1, 2, 3), **options: object) -> None:
    def make(seal: Sealer) -> bytes:
        return sign(seal(DOCUMENT), options["cms"], name="later", **{k: v for k, v in options.items() if k != "cms"})  # type: ignore[arg-type]

    ATTACKS.append(Attack(name, "later", why, make, levels))


WIDE = b"50 500 550 800"
later("foreign-seal-over-page", cms=seal_cms(EVIL.seal), rect=WIDE, look=COVER)
later("foreign-seal-in-empty-field", cms=seal_cms(EVIL.seal), field=29, look=COVER)
later("foreign-certification", cms=seal_cms(EVIL.seal), certify=3)
later("own-timestamper-over-page", cms=stamp_cms(EVIL.timestamper), timestamp=True, rect=WIDE, look=COVER)
later("trusted-timestamp-over-page", cms=stamp_cms(PKI.timestamper), timestamp=True, rect=WIDE, look=COVER)
later("own-timestamper-in-empty-field", cms=stamp_cms(EVIL.timestamper), timestamp=True, field=29, look=COVER)
later("trusted-timestamp-in-empty-field", cms=stamp_cms(PKI.timestamper), timestamp=True, field=29, look=COVER)
later("timestamp-printed-only", cms=stamp_cms(EVIL.timestamper), timestamp=True, rect=WIDE, look=COVER, flags=4 | 32)
later(
    "timestamp-seen-on-hover",
    cms=stamp_cms(EVIL.timestamper),
    timestamp=True,
    rect=WIDE,
    look=COVER,
    flags=4 | 32 | 256,
)
later(
    "timestamp-drawn-by-viewer",
    cms=stamp_cms(EVIL.timestamper),
    timestamp=True,
    rect=WIDE,
    widget=b"/MK << /BG [1 1 1] /BC [1 1 1] >> ",
)
later("timestamp-with-action", cms=stamp_cms(EVIL.timestamper), timestamp=True, widget=b"/AA << /PV " + JS + b" >> ")
later("timestamp-with-kids", cms=stamp_cms(EVIL.timestamper), timestamp=True, widget=b"/Kids [17 0 R] ")
later("timestamp-and-page", cms=stamp_cms(PKI.timestamper), timestamp=True, objects={5: EVIL_PAGE})
later("own-seal-and-page", cms=SEAL, objects={5: EVIL_PAGE})
later("own-seal-and-font", cms=SEAL, objects={7: b"<< /Type /Encoding /Differences [50 /one] >>"})
later("own-second-certification", cms=SEAL, certify=2)
later(
    "seal-over-whole-page",
    cms=SEAL,
    rect=b"0 0 595 842",
    look=COVER,
    why="a later seal's picture hides all that was sealed",
)
later("timestamp-of-seal-key", cms=SEAL, timestamp=True)
later("seal-of-timestamp-key", cms=seal_cms(PKI.timestamper))
later("timestamp-without-field-type", cms=stamp_cms(PKI.timestamper), timestamp=True, add=False)


@attack("later", LATER)
def empty_field_visible(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (third) /Rect [%s] /F 4 /AP << /N %d 0 R >> >>" % (
        WIDE,
        new + 1,
    )
    return update(
        s,
        {
            new: field,
            new + 1: COVER,
            FIELDS: appended(s, FIELDS, b"%d 0 R" % new),
            ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new),
        },
    )


@attack("later", LATER)
def empty_field_printed_only(seal: Sealer) -> bytes:
    """No-view and print: nothing on the screen, everything on paper."""
    s = seal(DOCUMENT)
    new = numbers(s)
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (third) /Rect [%s] /F 36 /AP << /N %d 0 R >> >>" % (
        WIDE,
        new + 1,
    )
    return update(
        s,
        {
            new: field,
            new + 1: COVER,
            FIELDS: appended(s, FIELDS, b"%d 0 R" % new),
            ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new),
        },
    )


@attack("later", LATER)
def existing_field_gets_picture(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    return update(s, {new: COVER, 29: latest(s, 29)[:-2] + b"/AP << /N %d 0 R >> >>" % new})


@attack("later", LATER)
def half_signed_field(seal: Sealer) -> bytes:
    """A value that only looks like a signature, with a picture."""
    s = seal(DOCUMENT)
    new = numbers(s)
    value = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 /ByteRange [0 1 2 3] /Contents <00> >>"
    return update(
        s, {new: COVER, new + 1: value, 29: latest(s, 29)[:-2] + b"/V %d 0 R /AP << /N %d 0 R >> >>" % (new + 1, new)}
    )


# Long-term data as a cloak
LONG = "EN 319 142-1 5.4.2: a security store holds certificates, CRLs and responses, nothing else"


def store(name: str, body: bytes, objects: dict[int, bytes] | None = None) -> None:
    def make(seal: Sealer) -> bytes:
        s = seal(DOCUMENT)
        return update(s, {1: latest(s, 1).rstrip()[:-2] + b"/DSS 80 0 R >>", 80: body, **(objects or {})})

    ATTACKS.append(Attack(name, "long-term", LONG, make))


CERT = stream(PKI.issuing.certificate.der)
store("dss-with-page-object", b"<< /Type /DSS /Certs [81 0 R] /Extra 82 0 R >>", {81: CERT, 82: EVIL_PAGE})
store(
    "dss-content-as-certificate",
    b"<< /Type /DSS /Certs [81 0 R] >>",
    {81: stream(b"0 0 1 rg BT /F1 24 Tf 72 720 Td (Born 9 May 1999) Tj ET")},
)
store("dss-form-as-certificate", b"<< /Type /DSS /Certs [81 0 R] >>", {81: form_xobject(b"0 g", b"0 0 1 1")})
store("dss-certificate-with-tail", b"<< /Type /DSS /Certs [81 0 R] >>", {81: stream(PKI.root.der + b" BT (x) Tj ET")})
store(
    "dss-vri-with-content",
    b"<< /Type /DSS /VRI << /" + b"A" * 40 + b" << /Cert [81 0 R] /TU 82 0 R >> >> >>",
    {81: CERT, 82: EVIL_PAGE},
)
store(
    "dss-and-orphan-page",
    b"<< /Type /DSS /Certs [81 0 R] >>",
    {81: CERT, 82: b"<< /Type /Page /Parent 2 0 R /Contents 83 0 R >>", 83: EVIL_PAGE},
)
store("dss-and-orphan-stream", b"<< /Type /DSS /Certs [81 0 R] >>", {81: CERT, 82: EVIL_PAGE})
store(
    "dss-and-orphan-catalog", b"<< /Type /DSS /Certs [81 0 R] >>", {81: CERT, 82: b"<< /Type /Catalog /Pages 2 0 R >>"}
)
store("dss-and-page", b"<< /Type /DSS /Certs [81 0 R] >>", {81: CERT, 5: EVIL_PAGE})
HIDDEN_PAGE = b"\nendstream\nendobj\n5 0 obj\n" + EVIL_PAGE + b"\nendobj\n"
store("dss-object-inside-stream", b"<< /Type /DSS /Certs [81 0 R] >>", {81: stream(b"\x30\x10" + HIDDEN_PAGE)})
XMP = b"/Type /Metadata /Subtype /XML "
put(
    "long-term",
    "metadata-hides-object",
    "ISO 32000-2 7.5.6: a rebuilding reader sees the object",
    50,
    stream(b"<x:xmpmeta/>" + HIDDEN_PAGE, XMP),
)
put(
    "long-term",
    "metadata-hides-trailer",
    "ISO 32000-2 7.5.5: a rebuilding reader takes this trailer",
    50,
    stream(b"<x/>\nendstream endobj\ntrailer\n<< /Root 2 0 R >>\n", XMP),
)
put(
    "long-term",
    "information-hides-object",
    "ISO 32000-2 7.5.6: a rebuilding reader sees the object",
    65,
    b"<< /Title (Birth certificate) /Producer (x\n5 0 obj\n<< /Length 9 >>\nstream\nBT ET\nendstream\nendobj\n) >>",
)
put(
    "long-term",
    "metadata-not-xml",
    "ISO 32000-2 14.3.2",
    50,
    stream(b"x", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] "),
)
put(
    "long-term",
    "information-holds-page",
    "ISO 32000-2 14.3.3",
    65,
    b"<< /Title (Birth certificate) /Other 4 0 R /X << /Type /Page >> >>",
)
TITLE = "ISO 32000-2 12.2 /DisplayDocTitle, 14.3: the title is shown in the window's title bar"
swap("long-term", "title-changed", TITLE, 65, b"(Birth certificate)", b"(Death certificate)")
swap("long-term", "metadata-title-changed", TITLE, 50, b"Birth certificate", b"Death certificate")
