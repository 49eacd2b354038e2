"""Seals on PDFs of every shape: pyHanko's validator, qpdf and our own verification agree, the input is untouched."""

from __future__ import annotations

import io
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pypdfium2
import pytest
from asn1crypto import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageChops
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from eseal import TrustStore, testpki, verify
from eseal.documents.model import Coverage, Found
from eseal.documents.pdf.document import open_pdf
from eseal.documents.pdf.pending import Pending, SlotTooSmall
from eseal.documents.pdf.readback import read_back
from eseal.documents.pdf.write import Statement, draft, open_source
from eseal.errors import DocumentError, Error, PolicyError, UsageError, VerificationFailed
from eseal.limits import Limits
from eseal.model import Placement
from eseal.report.model import Answer, CheckVerdict
from eseal.sealing import seal
from support.judges import need
from support.looks import look

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
SHAPES = (
    "table",
    "no-newline-at-end",
    "identified",
    "xref-stream",
    "xref-stream-form",
    "hybrid",
    "form-indirect",
    "form-direct",
    "tagged",
    "odd-spelling",
)


@pytest.fixture(scope="module")
def pki():
    return testpki.make("Write", AT, "p256")


@pytest.fixture(scope="module")
def signer(pki):
    return pki.seal.signer()


@pytest.fixture
def judge(pki):
    """pyHanko's own verdict of every signature, oldest first."""
    root = x509.Certificate.load(pki.root.der)

    def verdicts(data):
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        found = []
        for embedded in reader.embedded_signatures:
            context = ValidationContext(trust_roots=[root], allow_fetching=False)
            status = validate_pdf_signature(embedded, context)
            found.append((embedded.field_name, status.bottom_line, status.coverage.name))
        return found

    return verdicts


def ours(data):
    """Our own reading: every signature with what is wrong with it."""
    return [
        (s.name, s.coverage, [c.code for c in s.findings if c.verdict not in (CheckVerdict.PASSED, CheckVerdict.INFO)])
        for s in open_pdf(data).signatures()
        if isinstance(s, Found)
    ]


@pytest.mark.parametrize("name", SHAPES)
def test_one_and_two_seals_on_every_shape(shapes, signer, flag, judge, name):
    data = shapes[name]
    first = seal(data, signer, at=AT, artwork=flag, placement=Placement(1, 20, 20), reason="签发", location="杭州")
    second = seal(first.data, signer, at=AT, artwork=flag, placement=Placement(1, 20, 60))
    assert first.data.startswith(data) and second.data.startswith(first.data)
    names = ["Seal2", "Seal3"] if "form" in name or name == "hybrid" else ["Seal1", "Seal2"]
    assert [first.field, second.field] == names
    assert judge(first.data) == [(names[0], True, "ENTIRE_FILE")]
    assert judge(second.data) == [(names[0], True, "ENTIRE_REVISION"), (names[1], True, "ENTIRE_FILE")]
    assert ours(first.data) == [(names[0], Coverage.ENTIRE_FILE, [])]
    assert ours(second.data) == [(names[0], Coverage.ENTIRE_REVISION, []), (names[1], Coverage.ENTIRE_FILE, [])]
    # The table is of the input's own kind.
    streams = first.appended.count(b"/Type /XRef")
    assert streams == ("xref-stream" in name) and first.appended.count(b"\nxref\n") == 1 - streams


@pytest.mark.parametrize("entry", [b"/Info 6 0 R", b"/AdditionalStreams [/text 6 0 R] /DocChecksum /A#42"])
def test_a_dangling_reference_does_not_come_to_mean_what_is_new(make_page, signer, flag, entry):
    data = make_page(page=b"/MediaBox [0 0 595 842]").replace(b"/Size 6", entry + b" /Size 6")
    first = seal(data, signer, at=AT, artwork=flag)
    assert b"\n6 0 obj" not in first.appended
    # The new trailer repeats all entries of the old one (7.5.6).
    assert entry in first.appended
    second = seal(first.data, signer, at=AT, artwork=flag)
    assert ours(second.data)[1][1:] == (Coverage.ENTIRE_FILE, [])
    document = open_pdf(second.data)
    assert {c.verdict for c in document.changes_after(document.signatures()[0])} <= {CheckVerdict.PASSED}


@pytest.mark.parametrize("name", SHAPES)
def test_qpdf_finds_nothing_new(shapes, signer, flag, name, tmp_path):
    need("qpdf")
    data = shapes[name]
    sealed = seal(seal(data, signer, at=AT, artwork=flag).data, signer, at=AT).data
    said = []
    for content in (data, sealed):
        (tmp_path / "f.pdf").write_bytes(content)
        result = subprocess.run(["qpdf", "--check", tmp_path / "f.pdf"], capture_output=True, check=False)
        said.append((result.returncode, result.stderr.count(b"WARNING")))
    assert said[1] <= said[0] == (0, 0)


def test_pages_look_as_before_but_for_the_seal(shapes, signer, flag):
    def pixels(data, forms):
        document = pypdfium2.PdfDocument(data)
        if forms:
            document.init_forms()
        return document[0].render(scale=1, may_draw_forms=forms, draw_annots=forms).to_pil().tobytes()

    for name in ("table", "xref-stream", "hybrid"):
        sealed = seal(shapes[name], signer, at=AT, artwork=flag).data
        assert pixels(sealed, False) == pixels(shapes[name], False)
        assert pixels(sealed, True) != pixels(shapes[name], True)


def test_changed_objects_keep_the_bytes_of_their_other_entries(shapes, signer, flag):
    appended = seal(shapes["odd-spelling"], signer, at=AT, artwork=flag).appended
    assert b"/Media#42ox [595 842 0 0] /Odd#20Key <48 65 6C6C 6F> /Odd2 (a\\)b\\051 (c))" in appended
    appended = seal(shapes["form-direct"], signer, at=AT, artwork=flag).appended
    assert b"/DR << >>" in appended and b"% a comment >> ]" in appended


def test_what_the_section_says(shapes, signer, flag):
    zone = timezone(timedelta(hours=8))
    made = seal(
        shapes["identified"],
        signer,
        at=AT.astimezone(zone),
        artwork=flag,
        reason="Issue (1) \\ 签发",
        location="Here (now)",
        name="Office",
    )
    text = made.appended
    reader = PdfFileReader(io.BytesIO(made.data))
    (embedded,) = reader.embedded_signatures
    value = embedded.sig_object
    assert (value["/Reason"], value["/Location"], value["/Name"]) == ("Issue (1) \\ 签发", "Here (now)", "Office")
    assert value["/M"] == f"D:{AT.astimezone(zone):%Y%m%d%H%M%S}+08'00'"
    assert embedded.self_reported_timestamp == AT
    assert value["/SubFilter"] == "/ETSI.CAdES.detached" and value["/Filter"] == "/Adobe.PPKLite"
    assert reader.root["/AcroForm"]["/SigFlags"] == 3
    field = embedded.sig_field
    assert field["/F"] == 132 and field["/Subtype"] == "/Widget" and field["/Type"] == "/Annot"
    # The first identifier stays, the second is new (14.4).
    assert b"/ID [(abc)<" in text and b"<414243>" not in text
    # Nothing that PDF/A forbids.
    assert not re.search(rb"/SMask|/ca |/CA |/Group|/JavaScript|/AA |/NeedAppearances", text)
    # Two seals of the same input at the same time differ in nothing but the signature: no hidden clock.
    again = seal(shapes["identified"], signer, at=AT, artwork=flag).appended
    assert len(again) == len(seal(shapes["identified"], signer, at=AT, artwork=flag).appended)


def test_a_seal_without_picture_shows_nothing(shapes, signer, judge):
    made = seal(shapes["table"], signer, at=AT)
    assert b"/Rect [0 0 0 0]" in made.appended
    assert judge(made.data) == [("Seal1", True, "ENTIRE_FILE")]
    with pytest.raises(UsageError) as caught:
        seal(shapes["table"], signer, at=AT, placement=Placement(1, 1, 1))
    assert caught.value.code == "PLACE_WITHOUT_PICTURE"


@given(st.text(max_size=40))
@settings(max_examples=30, deadline=None)
def test_any_reason_comes_back_as_it_was(shapes, signer, reason):
    made = seal(shapes["table"], signer, at=AT, reason=reason)
    value = PdfFileReader(io.BytesIO(made.data)).embedded_signatures[0].sig_object
    expected = reason.encode("utf-16-be", "replace").decode("utf-16-be") if reason else None
    assert value.get("/Reason") == expected


def test_a_large_picture_is_deflated_once(signer, shapes, flag):
    first = seal(shapes["table"], signer, at=AT, artwork=flag).appended
    second = seal(shapes["table"], signer, at=AT, artwork=flag).appended
    assert first.count(b"/Subtype /Form") == second.count(b"/Subtype /Form") == 1


# An empty signature field


def empty_field(make_page, field=b"", rect=b"[100 100 300 200]", page=b"/MediaBox [0 0 595 842]"):
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /F 4 /Rect " + rect + b" /P 4 0 R " + field + b" >>"
    )
    return make_page(
        page=page + b" /Annots [6 0 R]", more={6: widget}, catalog=b"/AcroForm << /Fields [6 0 R] /SigFlags 1 >>"
    )


def test_fills_an_empty_field(make_page, signer, flag, judge):
    made = seal(empty_field(make_page), signer, at=AT, artwork=flag, field="Approval")
    assert made.field == "Approval"
    assert judge(made.data) == [("Approval", True, "ENTIRE_FILE")]
    assert len(PdfFileReader(io.BytesIO(made.data)).root["/AcroForm"]["/Fields"]) == 1
    with pytest.raises(UsageError) as caught:
        seal(made.data, signer, at=AT, artwork=flag, field="Approval")
    assert caught.value.code == "SEAL_FIELD_TAKEN"


def test_a_picture_in_a_field_keeps_its_proportions(make_page, signer, flag):
    page = b"/MediaBox [0 0 595 842] /Rotate 90"
    made = seal(empty_field(make_page, page=page), signer, at=AT, artwork=flag, field="Approval")
    document = pypdfium2.PdfDocument(made.data)
    document.init_forms()
    image = document[0].render(scale=2, may_draw_forms=True).to_pil().convert("RGB")
    red, green, _ = image.split()
    left, top, right, bottom = ImageChops.multiply(
        red.point(lambda v: 255 * (v > 180)), green.point(lambda v: 255 * (v < 80))
    ).getbbox()
    width, height = right - left, bottom - top
    assert width / height == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("name", ["", "a.b", "a\nb", " "])
def test_field_names(shapes, signer, name):
    with pytest.raises(UsageError) as caught:
        seal(shapes["table"], signer, at=AT, field=name)
    assert caught.value.code == "SEAL_FIELD_NAME"


# What must not be sealed


def signed_by(make_page, reference=b"", catalog=b"", lock=b""):
    """A document with a signature dictionary that makes rules; its value need not hold."""
    return make_page(
        page=b"/MediaBox [0 0 595 842] /Annots [6 0 R]",
        more={
            6: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (First) /V 7 0 R /F 2 /Rect [0 0 0 0] " + lock + b" >>",
            7: b"<< /Type /Sig /Filter /Adobe.PPKLite /Reference [" + reference + b"] >>",
        },
        catalog=b"/AcroForm << /Fields [6 0 R] >> " + catalog,
    )


def reference(method, parameters):
    return b"<< /Type /SigRef /TransformMethod /%s /TransformParams << %s >> >>" % (method, parameters)


@pytest.mark.parametrize(
    ("kwargs", "code"),
    [
        (
            {"reference": reference(b"DocMDP", b"/P 1"), "catalog": b"/Perms << /DocMDP 7 0 R >>"},
            "SEAL_DOCUMENT_CERTIFIED",
        ),
        (
            {"reference": reference(b"DocMDP", b""), "catalog": b"/Perms << /DocMDP 7 0 R >>"},
            "SEAL_DOCUMENT_CERTIFIED_VISIBLE",
        ),
        ({"reference": reference(b"FieldMDP", b"/Action /All")}, "SEAL_FIELD_LOCKED"),
        ({"reference": reference(b"FieldMDP", b"/Action /Include /Fields [(Seal1)]")}, "SEAL_FIELD_LOCKED"),
        ({"reference": reference(b"FieldMDP", b"/Action /Include /Fields [(Seal) (Seal10)]")}, None),
        ({"reference": reference(b"FieldMDP", b"/Action /Exclude /Fields [<5365616C31>]")}, None),
        ({"reference": reference(b"FieldMDP", b"/Action /Exclude /Fields [(Other)]")}, "SEAL_FIELD_LOCKED"),
        ({"lock": b"/Lock << /Action /Include /Fields [(Seal1)] >>"}, "SEAL_FIELD_LOCKED"),
        ({"lock": b"/Lock << /Action /Include /Fields [(X)] /P 1 >>"}, "SEAL_DOCUMENT_CERTIFIED"),
    ],
)
def test_a_seal_that_would_break_an_older_one_is_refused(make_page, signer, flag, kwargs, code):
    data = signed_by(make_page, **kwargs)
    if code is None:
        assert seal(data, signer, at=AT, artwork=flag).field == "Seal1"
        return
    with pytest.raises(PolicyError) as caught:
        seal(data, signer, at=AT, artwork=flag)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.replace(b"/Size", b"/Encrypt << /Filter /Standard >> /Size"), "SEAL_DOCUMENT_ENCRYPTED"),
        (lambda d: d.replace(b"/DR << >>", b"/XFA [ ] "), "SEAL_DOCUMENT_XFA"),
        (lambda d: d[: d.rindex(b"startxref")], "PDF_NO_STARTXREF"),
        (lambda d: d.replace(b"startxref\n", b"startxref\n9"), "PDF_XREF_MISSING"),
        (lambda d: b"hello", "PDF_NO_HEADER"),
        (lambda d: b"", "PDF_NO_HEADER"),
        (lambda d: d.replace(b"/Pages 2 0 R", b"/Pages 5 0 R"), "SEAL_DOCUMENT_BROKEN"),
        (lambda d: d.replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]"), "SEAL_DOCUMENT_BROKEN"),
    ],
)
def test_input_that_cannot_be_sealed_says_why(shapes, signer, flag, change, code):
    data = shapes["form-direct"]
    changed = change(data)
    assert changed != data
    with pytest.raises((DocumentError, UsageError)) as caught:
        seal(changed, signer, at=AT, artwork=flag)
    assert caught.value.code == code


def test_oversize_input(shapes, signer):
    with pytest.raises(DocumentError) as caught:
        seal(shapes["table"], signer, at=AT, limits=Limits(file_bytes=100))
    assert caught.value.code == "PDF_LIMIT_FILE"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_input_is_refused_or_sealed_right_never_worse(shapes, signer, flag, data):
    name = data.draw(st.sampled_from(SHAPES))
    raw = bytearray(shapes[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        made = seal(bytes(raw), signer, at=AT, artwork=flag)
    except Error:
        return
    assert made.data.startswith(bytes(raw))
    # Whatever was sealed, our own reader finds the seal and sees that it covers everything.
    found = [s for s in open_pdf(made.data).signatures() if s.name == made.field]
    assert [s.coverage for s in found if isinstance(s, Found)] == [Coverage.ENTIRE_FILE]


# In two steps


def test_pending_is_stored_and_completed_elsewhere(shapes, signer, flag, judge):
    laid_out = draft(open_source(shapes["table"]), Statement(AT), artwork=flag)
    chain = tuple(signer.chain)
    pending = laid_out.pending(signer.certificate, chain, signer.scheme, slot=3000)
    stored = pending.stored()
    again = Pending.from_stored(json.loads(json.dumps(stored)), shapes["table"])
    assert again == pending and again.to_sign == pending.to_sign
    made = again.original + again.appended(again.cms(signer.sign(again.to_sign)))
    assert judge(made) == [("Seal1", True, "ENTIRE_FILE")]
    with pytest.raises(SlotTooSmall):
        again.appended(bytes(3001))


@pytest.mark.parametrize("missing", ["certificates", "head", "tail", "slot", "field", "digest", "scheme", "original"])
def test_stored_forms_that_are_none(shapes, signer, missing):
    laid_out = draft(open_source(shapes["table"]), Statement(AT))
    stored = laid_out.pending(signer.certificate, (), signer.scheme, slot=3000).stored()
    for changed in (
        {k: v for k, v in stored.items() if k != missing},
        stored | {missing: None},
        stored | {missing: []},
    ):
        with pytest.raises(UsageError) as caught:
            Pending.from_stored(changed, shapes["table"])
        assert caught.value.code in ("SEAL_PENDING_UNREADABLE", "SEAL_PENDING_OTHER_INPUT")


def test_a_pending_seal_belongs_to_one_input(shapes, signer):
    laid_out = draft(open_source(shapes["table"]), Statement(AT))
    stored = laid_out.pending(signer.certificate, (), signer.scheme, slot=3000).stored()
    with pytest.raises(UsageError) as caught:
        Pending.from_stored(stored, shapes["tagged"])
    assert caught.value.code == "SEAL_PENDING_OTHER_INPUT"


# The read-back


def written(shapes, signer, flag, name="table"):
    laid_out = draft(open_source(shapes[name]), Statement(AT), artwork=flag)
    pending = laid_out.pending(signer.certificate, tuple(signer.chain), signer.scheme, slot=3000)
    return laid_out, pending.appended(pending.cms(signer.sign(pending.to_sign)))


@pytest.mark.parametrize("name", SHAPES)
def test_further_impressions_are_drawn_in_every_shape(shapes, signer, flag, name):
    made = seal(shapes[name], signer, at=AT, artwork=flag, placement=(Placement(1, 20, 20), Placement(1, 20, 60)))
    (found,) = open_pdf(made.data).signatures()
    assert isinstance(found, Found) and found.coverage is Coverage.ENTIRE_FILE
    image = look(made.data)
    for top in (20, 60):
        x, y = (round(v * 72 / 25.4) for v in (25, top + 2.5))
        assert image.getpixel((x, y)) == (0, 0, 255)
    again = seal(made.data, signer, at=AT)
    assert verify(again.data, TrustStore(), AT).signatures[0].answers.untouched is Answer.YES


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a[:-1],
        lambda a: a.replace(b"/Prev ", b"/Prev 1"),
        lambda a: a.replace(b"/ByteRange [0", b"/ByteRange [1"),
        lambda a: a.replace(b"(Seal1)", b"(Seal9)"),
        lambda a: a.replace(b"/V ", b"/W "),
        lambda a: a.replace(b"/Annots", b"/Annotz"),
        lambda a: a.replace(b"/AP ", b"/AQ "),
        lambda a: a.replace(b"/Fields", b"/Fieldz"),
        lambda a: a.replace(b"/Contents <30", b"/Contents <31"),
        lambda a: a.replace(b"/Rect [", b"/Rect [1"),
        lambda a: a.replace(b"00>", b"01>"),
        lambda a: a.replace(b"/Root 1", b"/Root 2"),
    ],
)
def test_read_back_notices(shapes, signer, flag, change):
    laid_out, appended = written(shapes, signer, flag)
    assert read_back(laid_out.laid, appended).cms
    changed = change(appended)
    assert changed != appended
    if changed[:30] == appended[:30] and b"/Contents <31" in changed:
        assert read_back(laid_out.laid, changed).cms[:1] == b"1"
        return
    with pytest.raises(VerificationFailed) as caught:
        read_back(laid_out.laid, changed)
    assert caught.value.code == "SEAL_READ_BACK"


@pytest.mark.parametrize("name", ["table", "xref-stream"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_flipped_byte_outside_the_value_changes_the_digest_or_is_noticed(shapes, signer, flag, name, data):
    laid_out, appended = written(shapes, signer, flag, name)
    right = read_back(laid_out.laid, appended).digest("sha256")
    start = appended.index(b"/Contents <") + len(b"/Contents ")
    end = appended.index(b">", start) + 1
    at = data.draw(st.integers(0, len(appended) - 1).filter(lambda i: not start <= i < end))
    flipped = bytearray(appended)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        digest = read_back(laid_out.laid, bytes(flipped)).digest("sha256")
    except VerificationFailed:
        return
    assert digest != right
