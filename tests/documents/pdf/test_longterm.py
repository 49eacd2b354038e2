"""Validation data and document timestamps behind documents of every shape: nothing lost, nothing twice, still whole."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature  # noqa: F401 - loads what the reader needs
from pyhanko.sign.validation.dss import DocumentSecurityStore

from eseal import TrustStore
from eseal.documents.pdf.document import open_pdf
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.longterm import lay_out
from eseal.documents.pdf.readback import reopen
from eseal.documents.pdf.scan import scan
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.store import read_store, vri_key
from eseal.errors import PolicyError
from eseal.model import ValidationData
from eseal.sealing import Services, extend, seal
from support.attacks import update
from support.foreign import NOW, PKI, STAMPER, TRUST, Foreign, cms, judged
from support.pdfa import pdfa
from support.pdfs import stream

MODES = ("table", "stream", "objstm", "hybrid")
STYLES = ("plain", "raw", "typed", "itext", "arrays", "direct", "empty", "unrelated", "dated", "stamped")
DATA = PKI["p256"].data + PKI["rsa2048"].data
SERVICES = Services(STAMPER, TrustStore(TRUST.anchors, DATA))


def longer(data: bytes, level: str = "LTA") -> bytes:
    return extend(data, level, services=SERVICES, at=NOW).data


def store_of(data: bytes) -> tuple[list[bytes], DocumentSecurityStore]:
    """Every value in the store, as pyHanko reads it, doubles and all."""
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    dss = DocumentSecurityStore.read_dss(reader)
    held = dss.backing_pdf_object
    arrays = [held[key] if key in held else generic.ArrayObject() for key in ("/Certs", "/CRLs", "/OCSPs")]
    return [item.get_object().data for array in arrays for item in array], dss


@pytest.mark.parametrize("content", [b"", b"0 0 9 9 re f"])
def test_a_timestamp_in_pdfa_1_refers_to_nothing_that_draws(content):
    """Ghostscript shows the appearance of a widget without an area, in full size."""
    data = seal(pdfa(1), PKI["p256"].seal.signer(), at=NOW, level="B").data
    (spare,) = map(int, re.findall(rb"/XXESealSpare (\d+) 0 R", data))
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << >> "
    source = Source(scan(update(data, {spare: stream(content, form)} if content else {}, info=None)))
    made = lay_out(Laid(source, "", frozenset(), None), ValidationData(), {}, timestamp=True)
    (look,) = map(int, re.findall(rb"/T \(Timestamp1\).*?/AP << /N (\d+) 0 R >>", made.pending(100).head))
    assert look >= source.next_number if content else look == spare


@pytest.mark.parametrize(("style", "mode"), [*itertools.product(STYLES, MODES)])
def test_stores_of_other_writers_grow(style, mode):
    before = Foreign(mode, form=mode != "stream").sign(cms()).stamp().keep(style, mode).data
    after = longer(before)
    assert after.startswith(before)
    assert judged(after) == ("yes", [])
    (old, _), (new, dss) = store_of(before), store_of(after)
    assert len(set(new)) == len(new)
    assert set(old) <= set(new)
    assert {c.der for c in DATA.certificates} & set(new) and PKI["p256"].root.der in new
    first, stamp, last = PdfFileReader(io.BytesIO(after), strict=False).embedded_signatures
    keys = [vri_key(bytes(s.pkcs7_content)) for s in (first, stamp)]
    assert {f"/{key}" for key in keys} <= set(dss.vri_entries)
    assert last.sig_object["/Type"] == "/DocTimeStamp"
    if style in ("itext", "dated"):
        # What the other writer said of its seal stays.
        assert "/TU" in dss.vri_entries[f"/{keys[0]}"].get_object()
    if style == "stamped":
        assert "/TS" in dss.vri_entries[f"/{keys[0]}"].get_object()
    declared = PdfFileReader(io.BytesIO(after), strict=False).root["/Extensions"]["/ESIC"]
    assert (declared["/BaseVersion"], declared["/ExtensionLevel"]) == ("/1.7", 5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize("options", [{}, {"indirect": True}, {"style": "split"}, {"style": "deep"}])
def test_documents_of_every_shape(mode, form, options):
    data = Foreign(mode, form=form, tagged=not form).sign(cms(), mode=mode, **options).data
    for level in ("T", "LT", "LTA"):
        assert judged(longer(data, level)) == ("yes", []), level


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("wanted", ["T", "LT", "LTA"])
def test_certified_documents_take_it_whatever_they_forbid(level, wanted):
    data = Foreign(form=True).sign(cms(), certify=level).data
    after = longer(data, wanted)
    assert judged(after) == ("yes", [])
    assert judged(longer(after, "LTA")) == ("yes", [])
    assert open_pdf(after).certification == level


def test_a_file_of_version_2_declares_no_extension():
    data = longer(Foreign(version=b"2.0").sign(cms()).data)
    assert "/Extensions" not in PdfFileReader(io.BytesIO(data)).root
    assert judged(data) == ("yes", [])


@pytest.mark.parametrize("direct", [True, False])
def test_extensions_of_others_stay(direct):
    made = Foreign()
    value = b"<< /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >> >>"
    number = made.new()
    made.catalog[b"Extensions"] = value if direct else b"%d 0 R" % number
    data = made.rewrite({number: b"null" if direct else value}).sign(cms()).data
    declared = PdfFileReader(io.BytesIO(longer(data))).root["/Extensions"]
    assert declared["/ADBE"]["/ExtensionLevel"] == 8 and declared["/ESIC"]["/ExtensionLevel"] == 5
    assert judged(longer(data)) == ("yes", [])


@pytest.mark.parametrize("mode", MODES)
def test_a_section_on_a_section_is_what_it_is_on_the_joined_file(mode):
    """Sealing at LTA appends two sections without joining the file in between."""
    data = Foreign(mode).sign(cms()).data
    source = Source(scan(data))
    first = lay_out(Laid(source, "", frozenset(), None), PKI["p256"].data, {}, timestamp=False)
    section = first.unsigned()
    behind = reopen(first.laid, section)
    stacked = lay_out(first.laid.before(behind), PKI["rsa2048"].data, {}, timestamp=True).pending(900)
    joined_laid = Laid(Source(scan(data + section)), "", frozenset(), None)
    joined = lay_out(joined_laid, PKI["rsa2048"].data, {}, timestamp=True).pending(900)
    assert stacked == joined
    assert stacked.appended(b"x" * 10) == joined.appended(b"x" * 10)


def test_a_store_that_cannot_be_read_is_left_as_it_is():
    made = Foreign().sign(cms())
    bad, good = made.new(), made.new()
    der = PKI["p256"].issuing.certificate.der
    made.catalog[b"DSS"] = b"<< /Certs [%d 0 R %d 0 R 99 0 R null] /CRLs 7 /VRI [] >>" % (bad, good)
    broken = b"<< /Filter /Unknown /Length 3 >>\nstream\nabc\nendstream"
    whole = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(der), der)
    data = made.rewrite({bad: broken, good: whole}).data
    source = Source(scan(data))
    store = read_store(source)
    assert list(store.refs["Certs"]) == [der]
    made_longer = lay_out(Laid(source, "", frozenset(), None), PKI["p256"].data, {}, timestamp=False)
    after = read_store(reopen(made_longer.laid, made_longer.unsigned()))
    assert not after.lacks(PKI["p256"].data)
    assert after.part is not None
    assert after.part.source.count(b"%d 0 R" % bad) == 1


def test_what_is_there_is_not_written_again():
    data = longer(Foreign().sign(cms()).data)
    again = extend(data, "LT", services=SERVICES, at=NOW)
    assert again.appended == b"" and again.level == "LT"
    assert [n.code for n in again.notes] == ["EXTEND_NOTE_NOT_PADES", "EXTEND_NOTE_NOTHING"]
    more = extend(data, "LTA", services=SERVICES, at=NOW)
    # Only the timestamp comes anew, and what /VRI says of the one before.
    assert b"FlateDecode" not in more.appended


@settings(max_examples=8)
@given(
    st.lists(
        st.sampled_from(["sign", "stamp", *(f"keep {s}" for s in STYLES), "LT", "LTA", "T"]), min_size=1, max_size=4
    ),
    st.sampled_from(MODES),
)
def test_any_history_can_be_extended(steps, mode):
    made = Foreign(mode, form=True).sign(cms())
    data, names = made.data, 0
    for step in steps:
        if step in ("T", "LT", "LTA"):
            data = longer(data, step)
            continue
        if data is not made.data:
            # The hand writer cannot go on from a file that is not its own.
            continue
        names += 1
        word, _, style = step.partition(" ")
        if word == "sign":
            made.sign(cms("rsa2048"), b"M%d" % names, mode)
        elif word == "stamp":
            made.stamp(mode, b"X%d" % names)
        else:
            made.keep(style, mode)
        data = made.data
    final = longer(data)
    assert judged(final) == ("yes", [])
    values, _ = store_of(final)
    assert len(values) == len(set(values))


@pytest.mark.parametrize("spoil", [0.2, 0.5, 0.9])
def test_a_changed_document_is_not_extended(spoil):
    data = bytearray(Foreign().sign(cms()).data)
    at = (
        data.index(b"(Notice") if spoil < 0.3 else data.index(b"/MediaBox") if spoil < 0.8 else data.index(b"Helvetica")
    )
    data[at + 2] ^= 1
    with pytest.raises(PolicyError) as caught:
        longer(bytes(data))
    assert caught.value.code == "EXTEND_BROKEN"


def test_nothing_is_added_to_an_empty_store_for_nothing():
    data = Foreign().sign(cms()).data
    laid = Laid(Source(scan(data)), "", frozenset(), None)
    made = lay_out(laid, ValidationData(), {}, timestamp=True)
    assert made.laid.field == "Timestamp1"
    assert b"/DSS" not in made.pending(100).head
