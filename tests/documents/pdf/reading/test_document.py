"""Opening documents: formats, limits, encryption, long-term data; nothing but DocumentError ever comes out."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic, writer
from pyhanko.pdf_utils.reader import PdfFileReader

from eseal.documents import open_document
from eseal.documents.model import Broken, Coverage, Found
from eseal.documents.pdf import reader as door
from eseal.documents.pdf.document import PdfDocument, open_pdf
from eseal.documents.pdf.reader import open_reader
from eseal.documents.pdf.scan import scan
from eseal.errors import DocumentError
from eseal.limits import DEFAULT
from eseal.model import Certificate
from eseal.report.model import CheckVerdict


def walk(document: PdfDocument) -> list[Found | Broken]:
    """Ask everything that a document can answer."""
    document.findings()
    found = list(document.signatures())
    for one in found:
        if isinstance(one, Found):
            one.digest("sha256")
            document.changes_after(one)
        document.validation_data(one.covered_end)
    document.validation_data()
    assert document.certification in (None, 1, 2, 3)
    return found


def verdicts(document: PdfDocument) -> dict[str, CheckVerdict]:
    return {c.code: c.verdict for c in document.findings()}


def test_formats_are_told_by_their_bytes(maker: SimpleNamespace) -> None:
    assert open_document(maker.signed()).format == "pdf"
    for data, code in (
        (b"", "DOCUMENT_EMPTY"),
        (b"PK\x03\x04", "DOCUMENT_FORMAT_UNKNOWN"),
        (b"hello", "DOCUMENT_FORMAT_UNKNOWN"),
    ):
        with pytest.raises(DocumentError) as caught:
            open_document(data)
        assert caught.value.code == code


def test_plain_document(maker: SimpleNamespace) -> None:
    document = open_pdf(maker.signed())
    assert verdicts(document) == {"PDF_DOCUMENT_OK": CheckVerdict.PASSED}
    assert (document.encrypted, document.xfa, document.certification) == (False, False, None)
    assert walk(document)


def test_no_signature_is_an_empty_answer(maker: SimpleNamespace) -> None:
    assert walk(open_pdf(maker.pdf({**maker.BASE, 6: maker.field(value=b"null")}))) == []


def test_tail_is_said_where_nothing_covers_it(maker: SimpleNamespace) -> None:
    assert verdicts(open_pdf(maker.signed() + b"4 0 obj (x) endobj"))["PDF_TAIL"] is CheckVerdict.UNKNOWN
    grown = maker.signed() + b"%more\n"
    covered = maker.fill(maker.pdf({**maker.BASE, 6: maker.field(), 7: maker.signature()}) + b"%more\n")
    assert "PDF_TAIL" in verdicts(open_pdf(grown))
    assert "PDF_TAIL" not in verdicts(open_pdf(covered))


def test_xfa_is_never_plain(maker: SimpleNamespace) -> None:
    form = maker.FORM.replace(b"/SigFlags", b"/XFA(x)/SigFlags") % b"6 0 R"
    document = open_pdf(maker.signed(more={1: form}))
    assert document.xfa
    assert verdicts(document)["PDF_XFA"] is CheckVerdict.UNKNOWN


def test_repairs_are_said(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    at = maker.startxref(data)
    document = open_pdf(data.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at - 4)))
    assert {"PDF_NOTE_REPAIRED", "PDF_NOTE_TOLERANT"} <= set(verdicts(document))


def encrypted(password: str) -> bytes:
    out = writer.PdfFileWriter()
    page = writer.PageObject(
        contents=out.add_object(generic.StreamObject(stream_data=b"q Q")),
        media_box=generic.ArrayObject(map(generic.NumberObject, (0, 0, 9, 9))),
    )
    out.insert_page(page)
    out.encrypt(owner_pass="owner", user_pass=password)
    target = io.BytesIO()
    out.write(target)
    return target.getvalue()


def test_encryption() -> None:
    document = open_pdf(encrypted(""))
    assert document.encrypted
    assert "PDF_NOTE_ENCRYPTED" in verdicts(document)
    with pytest.raises(DocumentError) as caught:
        open_pdf(encrypted("secret"))
    assert caught.value.code == "PDF_ENCRYPTED"


def test_changes_are_asked_for_the_signed_revision(maker: SimpleNamespace) -> None:
    data = maker.signed()
    document = open_pdf(maker.update(data, {4: maker.stream(b"BT (pay 99) Tj ET")}))
    found = document.signatures()[0]
    assert isinstance(found, Found)
    assert found.coverage is Coverage.ENTIRE_REVISION
    changes = document.changes_after(found)
    assert CheckVerdict.FAILED in {c.verdict for c in changes}
    whole = open_pdf(data).signatures()[0]
    assert isinstance(whole, Found)
    assert open_pdf(data).changes_after(whole) == ()


def test_partial_signatures_are_not_compared(maker: SimpleNamespace) -> None:
    plain = maker.pdf({**maker.BASE, 6: maker.field(), 7: maker.signature()})
    document = open_pdf(maker.fill(plain, end=len(plain) - 9))
    found = document.signatures()[0]
    assert isinstance(found, Found)
    assert found.coverage is Coverage.PARTIAL
    assert [c.verdict for c in document.changes_after(found)] == [CheckVerdict.UNKNOWN]


def test_long_term_data_of_each_revision(maker: SimpleNamespace) -> None:
    first = maker.signed()
    catalog = (maker.FORM % b"6 0 R")[:-2] + b"/DSS 30 0 R>>"
    store = b"<</Certs[31 0 R 31 0 R 9 0 R 4]/CRLs[32 0 R]/VRI<</AB<</Cert[31 0 R 33 0 R]/OCSP[34 0 R]>>>>>>"
    streams = {31: maker.stream(b"one"), 32: maker.stream(b"crl"), 33: maker.stream(b"two"), 34: maker.stream(b"ocsp")}
    document = open_pdf(maker.update(first, {1: catalog, 30: store, **streams}))
    data = document.validation_data()
    assert data.certificates == (Certificate(b"one"), Certificate(b"two"))
    assert (data.crls, data.ocsps) == ((b"crl",), (b"ocsp",))
    assert document.validation_data(len(first)).certificates == ()
    few = open_pdf(document.data, replace(DEFAULT, certificates=1))
    assert len(few.validation_data().certificates) == 1


def test_reader_answers_as_pyhanko_does(maker: SimpleNamespace) -> None:
    members = {20: b"<</A[1 2]/B(x)>>", 21: b"[true null/N]", 22: b"42"}
    data = maker.with_streams(maker.BASE, members)
    ours, theirs = open_reader(scan(data)).reader, PdfFileReader(io.BytesIO(data))
    for num in (1, 2, 3, 4, 20, 21, 22):
        a, b = (r.get_object(generic.Reference(num, 0, r)) for r in (ours, theirs))
        assert type(a) is type(b)
        assert a == b
    assert ours.total_revisions == theirs.total_revisions


def test_signature_values_are_read_short_but_told_apart(maker: SimpleNamespace) -> None:
    other = maker.CMS[:-1] + b"\x01"
    objects = {**maker.BASE, 6: maker.field(), 7: maker.signature()}
    values = set()
    for cms in (maker.CMS, other):
        opened = open_reader(scan(maker.fill(maker.pdf(objects), cms)))
        dictionary = opened.reader.get_object(generic.Reference(7, 0, opened.reader))
        assert dictionary["/ByteRange"][0] == 0
        values.add(bytes(dictionary["/Contents"].original_bytes))
    assert len(values) == 2
    assert {len(v) for v in values} == {32}


def test_window_on_a_large_file_reads_as_a_copy_does(maker: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = maker.signed()
    data = maker.second(first)
    copied = [(s.name, s.covered_end) for s in walk(open_pdf(data))]
    changes = [open_pdf(data).changes_after(s) for s in open_pdf(data).signatures() if isinstance(s, Found)]
    monkeypatch.setattr(door, "_COPIED", 10)
    assert [(s.name, s.covered_end) for s in walk(open_pdf(data))] == copied
    assert [open_pdf(data).changes_after(s) for s in open_pdf(data).signatures() if isinstance(s, Found)] == changes
    window = open_reader(scan(data), len(first)).reader.stream
    assert window.seek(0, io.SEEK_END) == len(first)
    window.seek(len(first) - 3)
    assert window.read() == first[-3:]
    assert window.read(5) == b""


def test_reference_cycles_are_named(maker: SimpleNamespace) -> None:
    for objects in ({1: b"1 0 R"}, {1: b"8 0 R", 8: b"1 0 R"}):
        with pytest.raises(DocumentError):
            walk(open_pdf(maker.pdf({**maker.BASE, **objects})))


@pytest.mark.parametrize(
    "part", [b"8 0 R", b"[8 0 R]", b"<</Kids[8 0 R]/T(a)>>", b"null", b"4 0 R", b"(x)", b"99 0 R", b"-1"]
)
def test_odd_catalog_entries(maker: SimpleNamespace, part: bytes) -> None:
    for key in (b"AcroForm", b"Pages", b"DSS", b"Perms"):
        catalog = (
            (maker.FORM % b"6 0 R").replace(b"/AcroForm", b"/Old") if key == b"AcroForm" else maker.FORM % b"6 0 R"
        )
        catalog = catalog.replace(b"/Pages 2 0 R", b"") if key == b"Pages" else catalog
        walk(open_pdf(maker.signed(more={1: catalog[:-2] + b"/%s %s>>" % (key, part), 8: b"[8 0 R]"})))


def survive(data: bytes) -> None:
    try:
        walk(open_pdf(data))
    except DocumentError as error:
        assert error.message("en") != error.code
        assert "{" not in error.message("zh")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_changed_bytes_raise_nothing_but_document_errors(maker: SimpleNamespace, data: st.DataObject) -> None:
    plain = maker.second(maker.signed())
    packed = maker.with_streams({**maker.BASE, 6: maker.field(value=b"null")}, {20: b"<</A 1>>"}, predictor=True)
    source = bytearray(data.draw(st.sampled_from([plain, packed])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(source) - 1))
        what = data.draw(st.sampled_from(["flip", "cut", "insert", "copy"]))
        if what == "flip":
            source[at] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del source[at : at + data.draw(st.integers(1, 60))]
        elif what == "insert":
            words = [
                b"<<",
                b">>",
                b"[",
                b"]",
                b"(",
                b"9 0 R",
                b" 0 obj ",
                b"endobj",
                b"null",
                b"/Kids",
                b"-1",
                b"\0",
                b"%",
            ]
            source[at:at] = data.draw(st.sampled_from(words))
        else:
            source[at:at] = source[at : at + 200]
    survive(bytes(source))


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_garbage_raises_nothing_but_document_errors(maker: SimpleNamespace, junk: bytes) -> None:
    survive(b"%PDF-1.7\n" + junk)
    survive(b"%PDF-1.7\n" + junk + b"\nstartxref\n9\n%%EOF\n")
    survive(maker.pdf({**maker.BASE, 5: junk, 6: maker.field()}))


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_changed_byte_is_never_unseen(maker: SimpleNamespace, data: st.DataObject) -> None:
    """Whatever byte is changed: the digest differs, or a check fails, or the signature is gone."""
    source = maker.signed()
    whole = open_pdf(source).signatures()[0]
    assert isinstance(whole, Found)
    at = data.draw(st.integers(0, len(source) - 1))
    changed = source[:at] + bytes([source[at] ^ data.draw(st.integers(1, 255))]) + source[at + 1 :]
    try:
        found = open_pdf(changed).signatures()
    except DocumentError:
        return
    for one in found:
        clean = isinstance(one, Found) and all(c.verdict is CheckVerdict.PASSED for c in one.findings)
        if clean and isinstance(one, Found):
            assert one.digest("sha256") != whole.digest("sha256") or one.cms != whole.cms or same_value(source, changed)


def same_value(source: bytes, changed: bytes) -> bool:
    """Only the case of a hexadecimal digit differs: the very same value, spelled otherwise."""
    return source.lower() == changed.lower()
