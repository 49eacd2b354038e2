"""The scan before pyHanko: chains of cross-reference sections, bounds, bytes that belong to nobody."""

from __future__ import annotations

import zlib
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.pdf.ambiguity import ambiguous
from eseal.documents.pdf.lexer import Dict, Entry, Name
from eseal.documents.pdf.scan import scan
from eseal.documents.pdf.tiling import unaccounted
from eseal.documents.pdf.xref import Budget, decode, unpredict
from eseal.errors import DocumentError
from eseal.limits import DEFAULT


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(DocumentError) as caught:
        scan(data, replace(DEFAULT, **limits))
    assert caught.value.message("en") != caught.value.code
    assert caught.value.message("zh") != caught.value.message("en")
    return caught.value.code


def test_plain_file(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    found = scan(data)
    assert [(r.start, r.end) for r in found.revisions] == [(0, len(data) - 1)]
    assert data[found.offset(3) :].startswith(b"3 0 obj")
    assert found.find(99) is None
    assert not (found.encrypted or found.hybrid or found.repaired or found.overreaching)
    assert unaccounted(found, 0) == ()


@pytest.mark.parametrize("predictor", [False, True])
def test_cross_reference_stream(maker: SimpleNamespace, predictor: bool) -> None:
    data = maker.with_streams(maker.BASE, {20: b"<</A 1>>", 21: b"[1 2]"}, predictor=predictor)
    found = scan(data)
    assert data[found.offset(4) :].startswith(b"4 0 obj")
    assert found.find(21) == (2, 91, 1)
    assert found.offset(21) is None
    assert len(found.revisions) == 1


def test_revisions_and_old_states(maker: SimpleNamespace) -> None:
    first = maker.pdf(maker.BASE)
    second = maker.update(first, {4: maker.stream(b"new")})
    data = maker.update(second, {9: b"1"}, free={5: 1})
    found = scan(data)
    assert [r.end for r in found.revisions] == [len(first) - 1, len(second) - 1, len(data) - 1]
    assert found.offset(4) >= len(first)
    assert found.offset(4, len(first) - 1) < len(first)
    assert found.find(5) is None
    assert found.find(5, len(second)) is not None
    assert found.revision_ending(len(first)) == found.revisions[0]
    assert found.revision_ending(len(first) - 2) is None
    assert unaccounted(found, len(first)) == ()
    assert ambiguous(found, len(first)) == ()


def test_hybrid_file(maker: SimpleNamespace) -> None:
    head = b"%PDF-1.7\n"
    content, offsets = maker.body({**maker.BASE, 91: maker.packed({20: b"<</A 1>>"})}, len(head))
    hidden = len(head) + len(content)
    stream = maker.xref_stream({20: (2, 91, 0)}, 90, hidden)
    at = hidden + len(stream)
    tail = b"trailer\n<</Size 100/Root 1 0 R/XRefStm %d>>\n" % hidden
    data = head + content + stream + maker.table(offsets, free={20: 0}) + tail + maker.ending(at)
    found = scan(data)
    assert found.hybrid
    assert found.find(20) == (2, 91, 0)
    assert [s.start for s in unaccounted(found, len(head))] == []


def test_linearized_file_is_one_revision(maker: SimpleNamespace) -> None:
    head = b"%PDF-1.7\n"
    first_page, late = {3: maker.BASE[3], 4: maker.BASE[4]}, {k: maker.BASE[k] for k in (1, 2, 5)}
    # Two passes: the length of the first section does not depend on the numbers in it.
    prev = 0
    for _ in range(2):
        fake = {3: 1111111111, 4: 1111111111}
        size = len(
            maker.table(fake) + b"trailer\n<</Size 10/Root 1 0 R/Prev %010d>>\n" % prev + b"startxref\n0\n%%EOF\n"
        )
        content, offsets = maker.body(first_page, len(head) + size)
        section = (
            maker.table(offsets) + b"trailer\n<</Size 10/Root 1 0 R/Prev %010d>>\n" % prev + b"startxref\n0\n%%EOF\n"
        )
        rest, others = maker.body(late, len(head) + size + len(content))
        prev = len(head) + size + len(content) + len(rest)
    main = maker.table(others) + b"trailer\n<</Size 10>>\n" + maker.ending(len(head))
    data = head + section + content + rest + main
    found = scan(data)
    assert len(found.sections) == 2
    assert [r.end for r in found.revisions] == [len(data) - 1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: b"", "PDF_NO_HEADER"),
        (lambda d: b"x" + d, "PDF_NO_HEADER"),
        (lambda d: d[: d.rfind(b"startxref")], "PDF_NO_STARTXREF"),
        (lambda d: d.replace(b"%%EOF", b"%%EOX"), "PDF_NO_STARTXREF"),
        (lambda d: d[: d.rfind(b"startxref")] + b"startxref\n99999999999999999999\n%%EOF", "PDF_XREF_MISSING"),
        (lambda d: d[: d.rfind(b"startxref")] + b"startxref\n60\n%%EOF", "PDF_XREF_MISSING"),
        (lambda d: d.replace(b"0 1\n0000000000", b"0 9999999\n0000000000"), "PDF_XREF_COUNT"),
        (lambda d: d.replace(b"/Size 6", b"/Sice 6"), "PDF_XREF_MALFORMED"),
        (lambda d: d.replace(b"trailer", b"trail3r"), "PDF_XREF_MALFORMED"),
        (lambda d: d.replace(b"<</Size 6", b"<</Size 6/Prev -4"), "PDF_XREF_MALFORMED"),
    ],
)
def test_malformed(maker: SimpleNamespace, change: object, code: str) -> None:
    assert callable(change)
    assert refused(change(maker.pdf(maker.BASE))) == code


def test_cycle(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    at = len(data)
    assert refused(maker.update(data, {}, prev=at)) == "PDF_XREF_CYCLE"


def test_limits(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    for i in range(5):
        data = maker.update(data, {10 + i: b"1"})
    assert refused(data, file_bytes=100) == "PDF_LIMIT_FILE"
    assert refused(data, revisions=5) == "PDF_LIMIT_REVISIONS"
    assert refused(data, objects=10) == "PDF_LIMIT_OBJECTS"
    assert len(scan(data, replace(DEFAULT, revisions=6)).revisions) == 6


@pytest.mark.parametrize("deep", [b"[" * 300 + b"]" * 300, b"<</A" * 300 + b" 1" + b">>" * 300, b"[" * 5000])
def test_nesting(maker: SimpleNamespace, deep: bytes) -> None:
    assert refused(maker.pdf({**maker.BASE, 5: deep})) == "PDF_LIMIT_NESTING"


def test_brackets_in_streams_and_strings_do_not_nest(maker: SimpleNamespace) -> None:
    scan(maker.pdf({**maker.BASE, 4: maker.stream(b"[" * 9000), 5: b"(" + b"[" * 3000 + b")"}))


def bomb(maker: SimpleNamespace, head: bytes, rows: bytes) -> bytes:
    data = maker.pdf(maker.BASE)
    at = len(data)
    packed = zlib.compress(rows)
    head = b"<</Type/XRef/Root 1 0 R/Filter/FlateDecode/Length %d%s>>" % (len(packed), head)
    return data + b"90 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (head, packed) + maker.ending(at)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"/Size 1000000000/W[1 4 2]", "PDF_LIMIT_OBJECTS"),
        (b"/Size 900000/W[1 4 2]", "PDF_XREF_COUNT"),
        (b"/Size 10/W[1 4 2]/Index[0 900000]", "PDF_XREF_COUNT"),
        (b"/Size 10/W[1 4 2]/Index[0]", "PDF_XREF_MALFORMED"),
        (b"/Size 10/W[1 4 2]/Index[0 -1]", "PDF_XREF_MALFORMED"),
        (b"/Size 10/W[1 99 2]", "PDF_XREF_MALFORMED"),
        (b"/Size 10/W[0 0 0]", "PDF_XREF_MALFORMED"),
        (b"/Size 10/W[1 4]", "PDF_XREF_MALFORMED"),
        (b"/Size 1/W[1 4 2]/DecodeParms<</Predictor 12/Columns 9>>", "PDF_STREAM_UNREADABLE"),
        (b"/Size 1/W[1 4 2]/DecodeParms<</Predictor 2/Columns 7>>", "PDF_STREAM_UNREADABLE"),
    ],
)
def test_cross_reference_streams_are_held_against_their_bytes(maker: SimpleNamespace, head: bytes, code: str) -> None:
    assert refused(bomb(maker, head, bytes(700))) == code


def test_length_of_a_cross_reference_stream_is_direct(maker: SimpleNamespace) -> None:
    data = bomb(maker, b"/Size 1/W[1 4 2]", bytes(70))
    assert scan(data).sections[0].size == 1
    start = data.rfind(b"/Length")
    assert refused(data[:start] + b"/Length 90 0 R" + data[data.index(b"/Size 1/W") :]) == "PDF_XREF_MALFORMED"


def test_inflating_stops_at_the_bound() -> None:
    limits = replace(DEFAULT, stream_bytes=10_000)
    head = Dict([])
    raw = zlib.compress(zlib.compress(bytes(50_000_000)))
    head.entries.append(Entry(Name("Filter"), [Name("FlateDecode"), Name("FlateDecode")], 0, 0))
    with pytest.raises(DocumentError) as caught:
        decode(raw, head, None, 0, Budget(limits))
    assert caught.value.code == "PDF_LIMIT_INFLATED"


@given(st.data())
def test_predictors_are_undone_as_in_the_plain_reading(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 5))
    rows = data.draw(st.lists(st.binary(min_size=width, max_size=width), min_size=1, max_size=6))
    above, coded = bytes(width), b""
    for row in rows:
        kind = data.draw(st.integers(0, 4))
        out = bytearray()
        for i in range(width):
            left, up, corner = (row[i - 1] if i else 0), above[i], (above[i - 1] if i else 0)
            guess = left + up - corner
            near = min((left, up, corner), key=lambda v: abs(guess - v))
            out.append((row[i] - (0, left, up, (left + up) // 2, near)[kind]) & 255)
        coded += bytes([kind]) + out
        above = row
    parameters = Dict([Entry(Name("Predictor"), 15, 0, 0), Entry(Name("Columns"), width, 0, 0)])
    head = Dict([Entry(Name("DecodeParms"), parameters, 0, 0)])
    assert unpredict(coded, head, width, 0) == b"".join(rows)


def test_startxref_off_by_some_bytes_is_said(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    at = maker.startxref(data)
    found = scan(data.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at + 3)))
    assert found.repaired
    assert found.offset(3) is not None


def test_entries_of_odd_length_are_read(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    odd = data.replace(b" n \n", b" n\n").replace(b" f \n", b" f\n")
    assert scan(odd).offset(3) == scan(data).offset(3)


def test_entries_behind_the_end_of_their_revision(maker: SimpleNamespace) -> None:
    data = maker.pdf({**maker.BASE, 8: b"(xx)"})
    late = len(data)
    at = data.index(b"8 0 obj")
    reaching = data.replace(b"%010d 00000 n" % at, b"%010d 00000 n" % late)
    grown = maker.update(reaching, {8: b"(late)"})
    assert scan(grown).overreaching == (0,)
    assert scan(maker.update(data, {8: b"(late)"})).overreaching == ()


@pytest.mark.parametrize(
    ("tail", "objects"),
    [
        (b"4 0 obj\n<</Length 3>>\nstream\nabc\nendstream\nendobj\n", ((4, 0),)),
        (b"\n%junk\n", ()),
        (b"xref\n4 1\n0000000010 00000 n \ntrailer\n", ()),
        (b"4\n0\nobj (x) endobj startxref\n1\n", ((4, 0),)),
        (b"\0" * 2000, ()),
    ],
)
def test_bytes_behind_the_end(maker: SimpleNamespace, tail: bytes, objects: tuple[tuple[int, int], ...]) -> None:
    data = maker.pdf(maker.BASE)
    found = unaccounted(scan(data + tail), len(data))
    assert len(found) == 1
    assert found[0].objects == objects


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n\r\n", b"  \n"])
def test_white_space_at_the_end_is_nothing(maker: SimpleNamespace, tail: bytes) -> None:
    data = maker.pdf(maker.BASE)
    assert unaccounted(scan(data + tail), len(data) - 1) == ()


def test_startxref_to_the_old_table_explains_nothing(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    content, offsets = maker.body({4: b"(changed)"}, len(data))
    attack = data + content + maker.table(offsets) + maker.ending(maker.startxref(data))
    found = scan(attack)
    assert found.offset(4) < len(data)
    assert unaccounted(found, len(data))[0].objects == ((4, 0),)


def test_object_in_an_update_that_no_table_lists(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    attack = maker.update(data, {9: b"1"}, between=b"4 0 obj (hidden) endobj\n")
    assert [s.objects for s in unaccounted(scan(attack), len(data))] == [((4, 0),)]


def test_objects_inside_a_listed_stream_are_seen_by_readers_that_rebuild(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    attached = maker.update(data, {9: maker.stream(data)})
    assert (1, 0) in {o for s in unaccounted(scan(attached), len(data)) for o in s.objects}
    assert unaccounted(scan(maker.update(data, {9: maker.stream(b"abc")})), len(data)) == ()


def test_stream_with_a_wrong_length_is_not_understood(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    wrong = maker.update(data, {9: maker.stream(b"abc").replace(b"/Length 3", b"/Length 2")})
    assert unaccounted(scan(wrong), len(data))


def add_stream(
    maker: SimpleNamespace, data: bytes, members: dict[int, bytes], rows: dict[int, tuple[int, int, int]]
) -> bytes:
    content, offsets = maker.body({91: maker.packed(members)}, len(data))
    at = len(data) + len(content)
    rows = {91: (1, offsets[91], 0), **rows}
    return (
        data + content + maker.xref_stream(rows, 90, at, extra=b"/Prev %d" % maker.startxref(data)) + maker.ending(at)
    )


def test_object_streams_hide_nothing(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    good = scan(add_stream(maker, data, {20: b"1", 21: b"2"}, {20: (2, 91, 0), 21: (2, 91, 1)}))
    assert unaccounted(good, len(data)) == ()
    assert ambiguous(good, len(data)) == ()
    hidden = scan(add_stream(maker, data, {20: b"1", 4: b"2"}, {20: (2, 91, 0)}))
    assert unaccounted(hidden, len(data))[0].objects == ((4, 0),)
    swapped = scan(add_stream(maker, data, {20: b"1", 21: b"2"}, {20: (2, 91, 1), 21: (2, 91, 0)}))
    assert ambiguous(swapped, len(data)) == (20, 21)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"objects": {4: b"<</A 1/A 2>>"}}, (4,)),
        ({"objects": {4: b"[<</A 1/#41 2>>]"}}, (4,)),
        ({"objects": {4: b"<</A 1/A 1>>"}}, ()),
        ({"objects": {4: b"(x)"}, "gens": {4: 1}}, (4,)),
        ({"objects": {9: b"(x)"}, "free": {5: 0}}, (5,)),
        ({"objects": {9: b"(x)"}, "free": {5: 1}}, ()),
        ({"objects": {4: b"(x)"}, "trailer": b""}, (0,)),
        ({"objects": {4: b"(x)"}, "trailer": b"/Root 1 0 R/Root 9 0 R"}, (0,)),
    ],
)
def test_updates_that_readers_take_differently(
    maker: SimpleNamespace, options: dict[str, object], expected: tuple[int, ...]
) -> None:
    data = maker.pdf(maker.BASE)
    objects = options.pop("objects")
    assert ambiguous(scan(maker.update(data, objects, **options)), len(data)) == expected


def test_one_number_twice_in_a_table(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    grown = maker.update(data, {4: b"(x)"})
    line = grown[grown.rfind(b"4 1\n") : grown.rfind(b"trailer")]
    assert ambiguous(scan(grown.replace(line + b"trailer", line + line + b"trailer")), len(data)) == (4,)


def test_entry_that_points_at_another_object(maker: SimpleNamespace) -> None:
    data = maker.pdf(maker.BASE)
    grown = maker.update(data, {4: b"(x)", 9: b"(y)"})
    first, second = grown.rfind(b"4 0 obj"), grown.rfind(b"9 0 obj")
    assert ambiguous(scan(grown.replace(b"%010d" % first, b"%010d" % second)), len(data)) == (4,)
