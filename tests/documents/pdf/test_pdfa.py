"""What sealing would break of PDF/A: eseal's own seals break nothing, and what would is found before it is signed."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.documents.pdf.claim import Claim, read_claim
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.pdfa import risks, size_risks
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.write import open_source
from eseal.errors import DocumentError, PolicyError
from eseal.model import OnPages, Placement
from eseal.sealing import Request, prepare, seal
from eseal.seals.artwork import Artwork, Bitmap, Colour
from eseal.seals.drawing import draw, preset
from support.attacks import PKI, SEALED, TRUST, stamper
from support.pdfa import metadata, pdfa
from support.pdfs import simple_pdf, stream

SIGNER = PKI.seal.signer()
STAMPER = stamper(PKI.timestamper)
DRAWN = draw(preset("round-42", "杭州市示范局", code="3301000123456"))
BITS = bytes((0b10100000, 0b01000000)) * 8
PICTURE = Artwork(
    20, 10, (Bitmap(1, 1, 9, 8, 9, 8, bytes(216), BITS), Bitmap(10, 1, 9, 8, 9, 8, None, BITS, Colour(255, 0, 0)))
)


def found(notes):
    return [(n.code, n.params["what"]) for n in notes if n.code.startswith("PDFA")]


def source_of(data):
    return open_source(data)


def ref(number):
    return Ref(number, 0)


# The claim


@pytest.mark.parametrize("part", [1, 2, 3, 4])
@pytest.mark.parametrize("conformance", ["A", "B", "U", ""])
def test_a_claim_is_read(part, conformance):
    claim = read_claim(source_of(pdfa(part, xmp=metadata(part, conformance))))
    assert claim == Claim(part, conformance)
    assert claim.name == f"PDF/A-{part}{conformance.lower()}"


def test_a_claim_in_attributes_and_compressed():
    packet = (
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description '
        b'xmlns:p="http://www.aiim.org/pdfa/ns/id/" p:part="2" p:conformance="U"/></r:RDF>'
    )
    assert read_claim(source_of(pdfa(xmp=packet))) == Claim(2, "U")
    deflated = stream(zlib.compress(packet), b"/Type /Metadata /Subtype /XML /Filter /FlateDecode ")
    data = pdfa(more={11: deflated}).replace(b"/Metadata 10 0 R", b"/Metadata 11 0 R")
    assert read_claim(source_of(data)) == Claim(2, "U")
    utf16 = packet.decode().encode("utf-16")
    assert read_claim(source_of(pdfa(xmp=utf16))) == Claim(2, "U")


@pytest.mark.parametrize("packet", [b"<x/>", b'<x xmlns:pdfaid="other"><pdfaid:part>1</pdfaid:part></x>'])
def test_nothing_claimed(packet):
    assert read_claim(source_of(pdfa(xmp=packet))) is None
    assert read_claim(source_of(simple_pdf())) is None


HOSTILE = [
    b"",
    b"not xml",
    b"<x>",
    b'<!DOCTYPE x [<!ENTITY a "1">]><x>&a;</x>',
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    b"<x>" * 200 + b"</x>" * 200,
    metadata(9),
    metadata(1).replace(b"<pdfaid:part>", b"<pdfaid:part>2</pdfaid:part><pdfaid:part>"),
    metadata(1) + b" " * 4_000_000,
    b'<?xml version="1.0" encoding="nonsense"?><x/>',
]


@pytest.mark.parametrize("packet", HOSTILE)
def test_metadata_that_are_not_read_are_no_claim_and_nothing_to_keep(packet):
    data = pdfa(xmp=packet)
    assert found(seal(data, SIGNER, at=SEALED).notes) == []
    with pytest.raises(DocumentError) as caught:
        seal(data, SIGNER, at=SEALED, keep_pdfa=True)
    assert caught.value.code == "PDFA_METADATA" and len(caught.value.message()) < 400


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_metadata(packet):
    try:
        claim = read_claim(source_of(pdfa(xmp=packet)))
    except DocumentError as error:
        assert error.code == "PDFA_METADATA"
    else:
        assert claim is None


# Seals by eseal


@pytest.mark.parametrize("part", [1, 2, 3, 4])
@pytest.mark.parametrize("intent", [True, False])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"artwork": DRAWN},
        {"artwork": PICTURE, "placement": Placement(1, 20, 200)},
        {"artwork": DRAWN, "placement": (Placement(1, 20, 20), OnPages("all", 120, 20))},
        {"artwork": DRAWN, "certify": 1, "level": "LTA", "timestamper": STAMPER, "trust": TRUST},
        {"artwork": DRAWN, "reason": "年检", "location": "杭州", "name": "杭州市示范局"},
    ],
    ids=["unseen", "drawn", "picture", "impressions", "certified", "stated"],
)
def test_a_seal_breaks_nothing(part, intent, how):
    data = pdfa(part, intent=intent)
    sealed = seal(data, SIGNER, at=SEALED, keep_pdfa=True, **how)
    assert found(sealed.notes) == []
    assert found(seal(sealed.data, SIGNER, at=SEALED, keep_pdfa=True).notes if "certify" not in how else ()) == []


def test_a_seal_in_a_field_that_is_there_breaks_nothing():
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Here) /F 4 /Rect [100 100 200 200] /P 3 0 R "
    field += b"/AP << /N 12 0 R >> >>"
    for part in (1, 2, 3):
        data = pdfa(
            part,
            catalog=b"/AcroForm << /Fields [11 0 R] >> ",
            page=b"/Annots [11 0 R] ",
            more={11: field, 12: stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] ")},
        )
        assert found(seal(data, SIGNER, at=SEALED, field="Here", artwork=DRAWN, keep_pdfa=True).notes) == []


def test_nothing_claimed_is_nothing_to_keep():
    assert "PDFA_NOT_CLAIMED" in [n.code for n in seal(simple_pdf(), SIGNER, at=SEALED, keep_pdfa=True).notes]
    assert "PDFA_NOT_CLAIMED" not in [n.code for n in seal(simple_pdf(), SIGNER, at=SEALED).notes]


# What would break it


def test_a_cross_reference_stream_in_part_1(shapes):
    packed = shapes["xref-stream"]
    assert b"/Type /XRef" in packed
    for part, wanted in ((1, [("PDFA_XREF_STREAM", "/XRef")]), (2, [])):
        assert found(risks(Update(source_of(packed)), Claim(part, "B"))) == wanted


def test_a_signature_longer_than_a_string_may_be():
    request = Request(at=SEALED, level="B")
    for part, most in ((1, 65_535), (2, 32_767), (3, 32_767)):
        assert size_risks(Claim(part, "B"), most) == ()
        assert found(size_risks(Claim(part, "B"), most + 1)) == [("PDFA_STRING", f"/Contents {most + 1}")]
        kept = Request(at=SEALED, level="B", keep_pdfa=True)
        prepared = prepare(pdfa(part), SIGNER.certificate, request, scheme=SIGNER.scheme, room=most + 1)
        assert [n.code for n in prepared.notes] == ["PDFA_STRING"]
        assert type(prepared).from_bytes(prepared.to_bytes(), pdfa(part)).notes == prepared.notes
        with pytest.raises(PolicyError) as caught:
            prepare(pdfa(part), SIGNER.certificate, kept, scheme=SIGNER.scheme, room=most + 1)
        assert caught.value.code == "PDFA_WOULD_BREAK" and "6.1.1" in caught.value.params["findings"]
    assert size_risks(Claim(4, ""), 1_000_000) == ()


def test_a_reason_longer_than_a_string_may_be():
    text = "理" * 20_000
    assert found(seal(pdfa(2), SIGNER, at=SEALED, reason=text).notes) == [("PDFA_STRING", "/Reason 40002")]
    assert found(seal(pdfa(1), SIGNER, at=SEALED, reason=text).notes) == []
    with pytest.raises(PolicyError) as caught:
        seal(pdfa(2), SIGNER, at=SEALED, reason=text, keep_pdfa=True)
    assert caught.value.params["findings"] == "ISO 19005-2 6.1.13: /Reason 40002"


LOOK = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] %s/Length %d >>\nstream\n%s\nendstream"
WIDGET = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [0 0 9 9] "


def form_of(content, extra=b""):
    return LOOK % (extra, len(content), content)


BROKEN = [
    # body of a new object, part, finding; the same in part 2 breaks nothing where the last is None
    (b"<< /Type /ExtGState /ca 0.5 >>", 1, ("PDFA_TRANSPARENCY", "/ca"), None),
    (b"<< /Type /ExtGState /SMask << /S /Alpha >> >>", 1, ("PDFA_TRANSPARENCY", "/SMask"), None),
    (b"<< /Type /ExtGState /BM /Multiply >>", 1, ("PDFA_TRANSPARENCY", "/BM"), None),
    (form_of(b"", b"/Group << /S /Transparency >> "), 1, ("PDFA_TRANSPARENCY", "/Group"), None),
    (stream(b"\0", b"/Subtype /Image /SMask 3 0 R "), 1, ("PDFA_TRANSPARENCY", "/SMask"), None),
    (stream(b"\0", b"/Filter /JPXDecode "), 1, ("PDFA_FILTER", "/JPXDecode"), None),
    (stream(b"\0", b"/Filter [/LZWDecode] "), 1, ("PDFA_FILTER", "/LZWDecode"), True),
    (stream(b"\0", b"/F (outside) "), 1, ("PDFA_FILTER", "/F"), True),
    (stream(b"\0", b"/Subtype /Image /Interpolate true "), 1, ("PDFA_IMAGE", "/Interpolate"), True),
    (form_of(b"", b"/OPI << >> "), 1, ("PDFA_IMAGE", "/OPI"), True),
    (b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", 1, ("PDFA_FONT", "/Helvetica"), True),
    (form_of(b"0 0 0 1 k 0 0 9 9 re f"), 1, ("PDFA_COLOUR", "/DeviceCMYK"), True),
    (b"<< /EmbeddedFiles << >> >>", 1, ("PDFA_ATTACHMENT", "/EmbeddedFiles"), True),
    (b"<< /Fields [] /NeedAppearances true >>", 1, ("PDFA_FORM", "/AcroForm"), True),
    (WIDGET + b"/F 4 /AP << /N 3 0 R /D 3 0 R >> >>", 1, ("PDFA_ANNOTATION", "/AP"), True),
    (WIDGET + b"/F 4 >>", 1, ("PDFA_ANNOTATION", "/AP"), True),
    (WIDGET + b"/F 36 /AP << /N 20 0 R >> >>", 1, ("PDFA_ANNOTATION", "/F 36"), True),
    (WIDGET + b"/F 0 /AP << /N 20 0 R >> >>", 1, ("PDFA_ANNOTATION", "/F 0"), True),
    (WIDGET + b"/F 4 /AA << >> /AP << /N 20 0 R >> >>", 1, ("PDFA_ACTION", "/AA"), True),
    (b"<< /Big 2147483648 >>", 1, ("PDFA_LIMIT", "/Big 2147483648"), True),
    (b"<< /Real 40000.5 >>", 1, ("PDFA_LIMIT", "/Real 40000.5"), None),
    (b"<< /Name /" + b"n" * 128 + b" >>", 1, ("PDFA_LIMIT", "/Name"), True),
    (b"<< /Text <" + b"00" * 70_000 + b"> >>", 1, ("PDFA_STRING", "/Text 70000"), True),
    (b"<< /Deep [<< /Text (" + b"a" * 70_000 + b") >>] >>", 1, ("PDFA_STRING", "/Text 70000"), True),
]


@pytest.mark.parametrize(("body", "part", "wanted", "later"), BROKEN)
def test_what_an_appended_object_breaks(body, part, wanted, later):
    for one, expected in ((part, [wanted]), (2, [wanted] if later else [])):
        update = Update(Source(source_of(pdfa(one)).scan))
        update.put(ref(20), form_of(b""))
        update.put(ref(21), body)
        assert found(risks(update, Claim(one, "B"))) == expected


def test_colours_of_a_device_need_a_profile_or_a_default():
    default = b"/Resources << /ColorSpace << /DefaultRGB [/CalRGB << >>] >> >> "
    image = stream(b"\0\0\0", b"/Subtype /Image /ColorSpace /DeviceRGB ")
    for intent, extra, content, wanted in (
        (False, b"", b"1 0 0 rg", [("PDFA_COLOUR", "/DeviceRGB")]),
        (True, b"", b"1 0 0 rg", []),
        (False, default, b"1 0 0 rg", []),
        (False, b"", b"0 g", [("PDFA_COLOUR", "/DeviceGray")]),
        (False, b"/Resources << /XObject << /I 20 0 R >> >> ", b"/I Do", [("PDFA_COLOUR", "/DeviceRGB")]),
        (True, b"/Resources << /XObject << /I 20 0 R >> >> ", b"/I Do", []),
    ):
        update = Update(source_of(pdfa(2, intent=intent)))
        update.put(ref(20), image)
        update.put(ref(21), form_of(content, extra))
        assert found(risks(update, Claim(2, "B"))) == wanted


def test_what_was_there_already_is_not_laid_on_the_seal():
    data = pdfa(1, catalog=b"/AA << /WC << /S /JavaScript >> >> /AcroForm << /Fields [] /NeedAppearances true >> ")
    assert found(seal(data, SIGNER, at=SEALED, artwork=DRAWN, keep_pdfa=True).notes) == []


def test_permissions_that_part_2_does_not_know(make_page):
    update = Update(source_of(pdfa(2)))
    update.edit(ref(1), {"Perms": b"<< /DocMDP 20 0 R /Other 21 0 R >>"})
    assert found(risks(update, Claim(2, "B"))) == [("PDFA_LIMIT", "/Perms /Other")]
