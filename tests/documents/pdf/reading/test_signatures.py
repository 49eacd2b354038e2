"""How signatures are found and what is said of their place in the file: every attack is built here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.model import Broken, Coverage, Found, Kind
from eseal.documents.pdf.document import open_pdf
from eseal.documents.pdf.framing import ber_length
from eseal.documents.pdf.signatures import pdf_date
from eseal.errors import DocumentError
from eseal.limits import DEFAULT
from eseal.report.checks import CHECKS
from eseal.report.model import CheckVerdict


def all_of(data: bytes) -> tuple[Found | Broken, ...]:
    found = tuple(open_pdf(data).signatures())
    for one in found:
        assert all(c.id in CHECKS for c in one.findings)
    return found


def only(data: bytes) -> Found | Broken:
    found = all_of(data)
    assert len(found) == 1
    return found[0]


def codes(one: Found | Broken) -> set[str]:
    """Codes of the checks that did not pass."""
    return {c.code for c in one.findings if c.verdict is not CheckVerdict.PASSED}


def test_a_clean_signature(maker: SimpleNamespace) -> None:
    data = maker.signed(maker.signature(extra=b"/M(D:20260102030405+01'00')/Reason(because)/Location(here)"))
    one = only(data)
    assert isinstance(one, Found)
    assert [(c.id, c.verdict) for c in one.findings] == [
        (i, CheckVerdict.PASSED) for i in ("field-structure", "byte-range", "contents", "coverage")
    ]
    assert all(c.evidence for c in one.findings)
    assert (one.name, one.kind, one.sub_filter, one.page) == ("Seal", Kind.SEAL, "ETSI.CAdES.detached", 1)
    assert one.coverage is Coverage.ENTIRE_FILE
    assert one.cms == maker.CMS
    (a, b), (c, d) = one.ranges
    assert (a, c + d) == (0, len(data) == one.covered_end and len(data))
    assert one.digest("sha256") == hashlib.sha256(data[:b] + data[c:]).digest()
    assert one.digest("sha256") is one.digest("sha256")
    assert one.claimed_time == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert (one.reason, one.location) == ("because", "here")


@pytest.mark.parametrize("of_type", [b"", b"/Type/Sig", b"/Type/DocTimeStamp"])
def test_timestamps_of_all_types(maker: SimpleNamespace, of_type: bytes) -> None:
    one = only(maker.signed(maker.signature(b"/SubFilter/ETSI.RFC3161", of_type=of_type)))
    assert isinstance(one, Found)
    assert one.kind is Kind.TIMESTAMP
    assert not codes(one)


def test_a_doubled_type_that_means_the_same(maker: SimpleNamespace) -> None:
    value = maker.signature(b"/SubFilter/ETSI.RFC3161", of_type=b"/Type/DocTimeStamp/Type/Sig")
    document = open_pdf(maker.signed(value))
    assert isinstance(document.signatures()[0], Found)
    assert not codes(document.signatures()[0])
    assert "PDF_NOTE_TOLERANT" in {c.code for c in document.findings()}


def test_a_signature_in_its_field(maker: SimpleNamespace) -> None:
    data = maker.fill(maker.pdf({**maker.BASE, 6: maker.field(value=maker.signature())}))
    one = only(data)
    assert isinstance(one, Found)
    assert not codes(one)


def test_field_names_are_joined_and_types_inherited(maker: SimpleNamespace) -> None:
    parent = b"<</T(form)/FT/Sig/Kids[8 0 R]>>"
    kid = b"<</T(seal)/Parent 6 0 R/V 7 0 R/Kids[9 0 R]>>"
    widget = b"<</Subtype/Widget/Parent 8 0 R/Rect[1 1 9 9]>>"
    page = maker.BASE[3].replace(b"6 0 R", b"9 0 R")
    one = only(maker.signed(widget=parent, more={3: page, 8: kid, 9: widget}))
    assert isinstance(one, Found)
    assert (one.name, one.page) == ("form.seal", 1)
    assert not codes(one)


def test_invisible_signatures_have_no_page(maker: SimpleNamespace) -> None:
    for widget in (maker.field(box=b"0 0 0 0"), maker.field().replace(b"/F 132", b"/F 2")):
        one = only(maker.signed(widget=widget))
        assert isinstance(one, Found)
        assert one.page is None


def test_two_signatures_and_an_update(maker: SimpleNamespace) -> None:
    first = maker.signed()
    data = maker.second(first)
    one, two = all_of(data)
    assert isinstance(one, Found)
    assert isinstance(two, Found)
    assert (one.name, two.name, one.index, two.index) == ("Seal", "Other", 0, 1)
    assert (one.coverage, two.coverage) == (Coverage.ENTIRE_REVISION, Coverage.ENTIRE_FILE)
    assert (one.covered_end, two.covered_end) == (len(first), len(data))
    assert not codes(one)
    assert not codes(two)


def test_one_broken_signature_hides_no_other(maker: SimpleNamespace) -> None:
    data = maker.second(maker.signed(), value=maker.signature().replace(b"/ETSI.CAdES.detached", b"/Own.Format"))
    one, two = all_of(data)
    assert isinstance(one, Found)
    assert isinstance(two, Broken)
    assert codes(two) == {"PDF_SUBFILTER_UNKNOWN"}


def spelled(data: bytes, text: bytes) -> bytes:
    """Another /ByteRange of the same size in the last signature."""
    start = data.rfind(b"/ByteRange")
    stop = data.index(b"]", start) + 1
    while data[stop : stop + 1] == b" ":
        stop += 1
    return data[:start] + text.ljust(stop - start) + data[stop:]


def at(data: bytes) -> tuple[int, int]:
    """Start and end of the value of the last /Contents."""
    start = data.index(b"<", data.rfind(b"/Contents <"))
    return start, data.index(b">", start) + 1


ATTACKS: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("no range", lambda d: spelled(d, b""), "PDF_BYTE_RANGE_MISSING"),
    ("null range", lambda d: spelled(d, b"/ByteRange null"), "PDF_BYTE_RANGE_MISSING"),
    ("empty range", lambda d: spelled(d, b"/ByteRange[]"), "PDF_BYTE_RANGE_MALFORMED"),
    ("number as range", lambda d: spelled(d, b"/ByteRange 4"), "PDF_BYTE_RANGE_MALFORMED"),
    ("one pair", lambda d: spelled(d, b"/ByteRange[0 %d]" % len(d)), "PDF_BYTE_RANGE_MALFORMED"),
    ("three numbers", lambda d: spelled(d, b"/ByteRange[0 10 20]"), "PDF_BYTE_RANGE_MALFORMED"),
    ("three pairs", lambda d: spelled(d, b"/ByteRange[0 1 2 3 4 5]"), "PDF_BYTE_RANGE_MALFORMED"),
    ("negative", lambda d: spelled(d, b"/ByteRange[0 -1 5 9]"), "PDF_BYTE_RANGE_MALFORMED"),
    ("reals", lambda d: spelled(d, b"/ByteRange[0 1.5 5 9]"), "PDF_BYTE_RANGE_MALFORMED"),
    ("names", lambda d: spelled(d, b"/ByteRange[/a/b/c/d]"), "PDF_BYTE_RANGE_MALFORMED"),
    ("elsewhere", lambda d: spelled(d, b"/ByteRange 5 0 R"), "PDF_BYTE_RANGE_MALFORMED"),
    ("past the end", lambda d: spelled(d, b"/ByteRange[0 %d %d 99999]" % at(d)), "PDF_BYTE_RANGE_OUTSIDE"),
    ("overlap", lambda d: spelled(d, b"/ByteRange[0 100 90 100]"), "PDF_BYTE_RANGE_OUTSIDE"),
    (
        "not from the start",
        lambda d: spelled(d, b"/ByteRange[5 %d %d 9]" % (at(d)[0] - 5, at(d)[1])),
        "PDF_BYTE_RANGE_START",
    ),
    ("no gap", lambda d: spelled(d, b"/ByteRange[0 %d %d 9]" % (at(d)[0], at(d)[0])), "PDF_BYTE_RANGE_GAP"),
    ("wide gap", lambda d: spelled(d, b"/ByteRange[0 %d %d 9]" % (at(d)[0] - 1, at(d)[1])), "PDF_BYTE_RANGE_GAP"),
    ("wider gap", lambda d: spelled(d, b"/ByteRange[0 %d %d 9]" % (at(d)[0], at(d)[1] + 1)), "PDF_BYTE_RANGE_GAP"),
    (
        "brackets covered",
        lambda d: spelled(d, b"/ByteRange[0 %d %d 9]" % (at(d)[0] + 1, at(d)[1] - 1)),
        "PDF_BYTE_RANGE_GAP",
    ),
    ("nothing behind", lambda d: spelled(d, b"/ByteRange[0 %d %d 0]" % at(d)), "PDF_BYTE_RANGE_GAP"),
    (
        "tail left out",
        lambda d: spelled(d, b"/ByteRange[0 %d %d %d]" % (*at(d), len(d) - at(d)[1] - 9)),
        "PDF_COVERAGE_PARTIAL",
    ),
    (
        "unsigned",
        lambda d: d[: at(d)[0] + 1] + b"0" * (at(d)[1] - at(d)[0] - 2) + d[at(d)[1] - 1 :],
        "PDF_CONTENTS_EMPTY",
    ),
    ("number as value", lambda d: value(d, b"1234"), "PDF_CONTENTS_NOT_STRING"),
    ("literal string", lambda d: value(d, b"(0)"), "PDF_CONTENTS_NOT_STRING"),
    ("reference", lambda d: value(d, b"5 0 R"), "PDF_CONTENTS_NOT_STRING"),
    ("null value", lambda d: value(d, b"null"), "PDF_CONTENTS_MISSING"),
    ("empty value", lambda d: value(d, b"<>"), "PDF_CONTENTS_MISSING"),
    ("no value", lambda d: d.replace(b"/Contents <", b"/Content5 <"), "PDF_CONTENTS_MISSING"),
    ("cut off", lambda d: d.replace(b"<30820100", b"<3082FF00"), "PDF_CONTENTS_NOT_DER"),
    ("four gigabytes", lambda d: d.replace(b"<3082010000", b"<3084FFFFFF"), "PDF_CONTENTS_NOT_DER"),
    ("padding", lambda d: d[: at(d)[1] - 3] + b"01" + d[at(d)[1] - 1 :], "PDF_CONTENTS_PADDING"),
    ("spaces", lambda d: d[: at(d)[1] - 3] + b"  " + d[at(d)[1] - 1 :], "PDF_CONTENTS_SPELLING"),
    ("type", lambda d: d.replace(b"<</Type/Sig/F", b"<</Type/Sog/F"), "PDF_SIGNATURE_TYPE"),
    ("sub filter gone", lambda d: d.replace(b"/SubFilter", b"/SubFiltor"), "PDF_SUBFILTER_MISSING"),
    ("sub filter", lambda d: d.replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.attached"), "PDF_SUBFILTER_UNKNOWN"),
    ("two ranges", lambda d: d.replace(b"/Filter/Adobe.PPKLite", b"/ByteRange[0 1 2 3]  "), "PDF_SIGNATURE_DOUBLED"),
    (
        "two values",
        lambda d: d.replace(b"/Filter/Adobe.PPKLite", b"/Contents<30030203> "[:21].ljust(21)),
        "PDF_SIGNATURE_DOUBLED",
    ),
    ("two keys", lambda d: d.replace(b"/Filter/Adobe.PPKLite", b"/M(D:2020)/M(D:2021) "), "PDF_SIGNATURE_DOUBLED"),
    ("field without type", lambda d: d.replace(b"/FT/Sig", b"/FT/Sag"), "PDF_FIELD_TYPE"),
    ("no dictionary", lambda d: d.replace(b"/V 7 0 R", b"/V (abc)"), "PDF_SIGNATURE_NO_DICTIONARY"),
]


def value(data: bytes, text: bytes) -> bytes:
    start, stop = at(data)
    return data[:start] + text.ljust(stop - start) + data[stop:]


@pytest.mark.parametrize(("change", "code"), [a[1:] for a in ATTACKS], ids=[a[0] for a in ATTACKS])
def test_attacks_on_the_dictionary(maker: SimpleNamespace, change: Callable[[bytes], bytes], code: str) -> None:
    data = maker.signed()
    changed = change(data)
    assert changed != data
    assert len(changed) == len(data)
    found = all_of(changed)
    assert found
    assert any(code in codes(one) for one in found)
    for one in found:
        for check in one.findings:
            for lang in ("en", "zh"):
                assert not messages(check.code, lang, dict(check.params)).startswith("PDF_")


def messages(code: str, lang: str, params: dict[str, str]) -> str:
    from eseal import messages

    text = messages.text(code, lang, params)
    assert "{" not in text
    return text


def test_placeholders_are_told_apart(maker: SimpleNamespace) -> None:
    one = only(maker.fill(maker.pdf({**maker.BASE, 6: maker.field(), 7: maker.signature()}), b""))
    assert isinstance(one, Broken)
    assert one.placeholder
    assert one.covered_end > 0


def test_wrapping(maker: SimpleNamespace) -> None:
    """The second range is moved to the end of the file, and other objects put where it was."""
    data = maker.signed()
    start, stop = at(data)
    tail = data[stop:]
    attack, offsets = maker.body({4: maker.stream(b"BT (pay 99) Tj ET")}, stop + len(b">>\nendobj\n"))
    wrapped = data[:stop] + b">>\nendobj\n" + attack
    where = len(wrapped)
    end = b"trailer\n<</Size 100/Prev %d/Root 1 0 R>>\n" % maker.startxref(data)
    wrapped += maker.table(offsets) + end + maker.ending(where)
    wrapped += tail
    wrapped = spelled(wrapped, b"/ByteRange[0 %d %d %d]" % (start, len(wrapped) - len(tail), len(tail)))
    try:
        found = all_of(wrapped)
    except DocumentError:
        return
    assert all(codes(one) for one in found)


TAILS: list[tuple[str, Callable[[SimpleNamespace, bytes], bytes]]] = [
    ("junk", lambda m, d: d + b"junk\n"),
    ("object", lambda m, d: d + b"4 0 obj (paid) endobj\n"),
    ("table without trailer", lambda m, d: d + b"4 0 obj (paid) endobj\nxref\n4 1\n" + b"%010d 00000 n \n" % len(d)),
    ("old startxref", lambda m, d: d + b"4 0 obj (paid) endobj\n" + m.ending(m.startxref(d))),
    ("startxref alone", lambda m, d: d + m.ending(m.startxref(d))),
    ("hidden in an update", lambda m, d: m.update(d, {30: b"1"}, between=b"4 0 obj (paid) endobj\n")),
    ("loose words in an update", lambda m, d: m.update(d, {30: b"1"}, between=b"words\n")),
    ("doubled key", lambda m, d: m.update(d, {3: m.BASE[3][:-2] + b"/Contents 30 0 R>>", 30: m.stream(b"x")})),
    ("generation", lambda m, d: m.update(d, {4: m.stream(b"x")}, gens={4: 1})),
    ("freed oddly", lambda m, d: m.update(d, {30: b"1"}, free={4: 0})),
    ("no root", lambda m, d: m.update(d, {30: b"1"}, trailer=b"")),
    ("last bytes", lambda m, d: m.update(d, {4: m.stream(b"x")})[:-6] + b"%%EOX\n"),
]


@pytest.mark.parametrize("grow", [t[1] for t in TAILS], ids=[t[0] for t in TAILS])
def test_nothing_unexplained_may_follow(
    maker: SimpleNamespace, grow: Callable[[SimpleNamespace, bytes], bytes]
) -> None:
    data = maker.signed()
    one = only(grow(maker, data))
    assert one.covered_end == len(data)
    assert {c.id for c in one.findings if c.verdict in (CheckVerdict.FAILED, CheckVerdict.UNKNOWN)} == {"coverage"}


@pytest.mark.parametrize("grow", [t[1] for t in TAILS], ids=[t[0] for t in TAILS])
def test_nor_be_covered_up_by_a_later_signature(
    maker: SimpleNamespace, grow: Callable[[SimpleNamespace, bytes], bytes]
) -> None:
    try:
        found = all_of(maker.second(grow(maker, maker.signed())))
    except DocumentError:
        return
    first = next(one for one in found if one.name == "Seal")
    assert codes(first)


def test_signed_revision_that_reaches_behind_itself(maker: SimpleNamespace) -> None:
    plain = maker.pdf({**maker.BASE, 6: maker.field(), 7: maker.signature(), 8: b"(x)"})
    old = b"%010d 00000 n" % plain.index(b"8 0 obj")
    data = maker.fill(plain.replace(old, b"%010d 00000 n" % len(plain)))
    grown = maker.update(data, {8: b"(late)"})
    assert "PDF_COVERAGE_OVERREACH" in codes(only(grown))


def test_signature_taken_into_another_history(maker: SimpleNamespace) -> None:
    """An update makes the field point at a signature that its own revision does not know."""
    data = maker.signed(widget=maker.field(value=b"null"))
    attack = maker.update(data, {6: maker.field()})
    one = only(attack)
    assert isinstance(one, Found)
    stray = maker.update(maker.pdf({**maker.BASE, 6: maker.field(value=b"null")}), {30: b"1"})
    late = maker.fill(maker.update(stray, {7: maker.signature(), 6: maker.field()}), end=len(stray))
    assert any(codes(s) for s in all_of(late))


def test_one_signature_shown_by_two_fields(maker: SimpleNamespace) -> None:
    form = {1: maker.FORM % b"6 0 R 8 0 R", 8: maker.field(b"Copy", box=b"100 100 180 180")}
    as_signed = only(maker.signed(more=form))
    assert isinstance(as_signed, Found)
    assert not codes(as_signed)
    for name in (b"Copy", b"Seal"):
        later = {**form, 8: maker.field(name, box=b"100 100 180 180")}
        assert "PDF_SIGNATURE_SHARED" in codes(only(maker.update(maker.signed(), later)))


def test_signature_whose_field_was_removed(maker: SimpleNamespace) -> None:
    one = only(maker.update(maker.signed(), {1: maker.FORM % b""}))
    assert isinstance(one, Broken)
    assert codes(one) == {"PDF_SIGNATURE_WITHOUT_FIELD"}


def test_certification(maker: SimpleNamespace) -> None:
    reference = b"/Reference[<</TransformMethod/DocMDP/TransformParams<<%s>>>>]"
    for stated, level in ((b"/P 1", 1), (b"/P 3", 3), (b"", 2), (b"/P 9", 1), (b"/P(x)", 1)):
        one = only(maker.signed(maker.signature(extra=reference % stated)))
        assert isinstance(one, Found)
        assert one.certification == level
    twice = b"/Reference[" + b"".join((reference % b"/P %d" % n)[11:-1] for n in (3, 1)) + b"]"
    assert only(maker.signed(maker.signature(extra=twice))).certification == 1
    plain = only(maker.signed())
    assert isinstance(plain, Found)
    assert plain.certification is None


def test_fields_that_go_round_in_circles(maker: SimpleNamespace) -> None:
    form = maker.FORM % b"8 0 R 6 0 R"
    data = maker.signed(more={1: form, 8: b"<</T(a)/Kids[9 0 R]>>", 9: b"<</T(b)/Kids[8 0 R 9 0 R]>>"})
    assert [one.name for one in all_of(data)] == ["Seal"]


def test_deep_and_many_fields_are_bounded(maker: SimpleNamespace) -> None:
    chain = {n: b"<</T(x)/Kids[%d 0 R]>>" % (n + 1) for n in range(10, 900)}
    assert len(all_of(maker.signed(more={1: maker.FORM % b"10 0 R 6 0 R", **chain}))) == 1
    wide = maker.signed(more={1: maker.FORM % b"<</T(y)>> 6 0 R".replace(b"<</T(y)>>", b"<</T(y)>>" * 50)})
    with pytest.raises(DocumentError, match="fields"):
        open_pdf(wide, replace(DEFAULT, fields=20)).signatures()
    with pytest.raises(DocumentError, match="signatures"):
        open_pdf(maker.second(maker.signed()), replace(DEFAULT, signatures=1)).signatures()


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        (b"\x30\x03\x02\x01\x05\x00\x00", 5),
        (b"\x04\x02ab", 4),
        (b"\x30\x81\x01a", 4),
        (b"\x30\x80\x02\x01\x05\x00\x00\x00", 7),
        (b"\x30\x80\x30\x80\x00\x00\x00\x00zz", 8),
        (b"\x30\x80\x02\x01\x05", None),
        (b"\x30\x05ab", None),
        (b"\x30\x85\x01\x01\x01\x01\x01", None),
        (b"\x30", None),
        (b"", None),
        (b"\x00\x00", None),
        (b"\x04\x80\x00\x00", None),
    ],
)
def test_length_of_the_value(raw: bytes, length: int | None) -> None:
    assert ber_length(raw) == length


@given(st.binary(max_size=300))
def test_length_never_reaches_past_the_end(raw: bytes) -> None:
    length = ber_length(raw)
    assert length is None or 0 < length <= len(raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D:20260102030405Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("D:20260102030405+08'00'", datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)),
        ("D:20260102030405-0130", datetime(2026, 1, 2, 4, 34, 5, tzinfo=UTC)),
        ("D:20260102030405", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("D:2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("D:20261302", None),
        ("D:20260102030405+99'00'", None),
        ("D:00000101", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(text: str | None, expected: datetime | None) -> None:
    assert pdf_date(text) == expected


def test_page_numbers_in_nested_trees(maker: SimpleNamespace) -> None:
    page = maker.BASE[3]
    leaf = b"<</Type/Page/Parent %d 0 R>>"
    flat = {2: b"<</Type/Pages/Kids[40 0 R 3 0 R]/Count 2>>", 40: leaf % 2}
    nested = {
        2: b"<</Type/Pages/Kids[41 0 R 42 0 R]/Count 3>>",
        41: b"<</Type/Pages/Parent 2 0 R/Kids[43 0 R 44 0 R]/Count 2>>",
        42: b"<</Type/Pages/Parent 2 0 R/Kids[3 0 R]/Count 1>>",
        43: leaf % 41,
        44: leaf % 41,
        3: page.replace(b"/Parent 2 0 R", b"/Parent 42 0 R"),
    }
    round_trip = {2: b"<</Type/Pages/Parent 3 0 R/Kids[3 0 R 2 0 R]/Count 2>>", 3: page}
    for more, number in ((flat, 2), (nested, 3), (round_trip, 1)):
        for widget in (maker.field(), maker.field().replace(b"/P 3 0 R", b"")):
            one = only(maker.signed(widget=widget, more=more))
            assert isinstance(one, Found)
            assert one.page == number
