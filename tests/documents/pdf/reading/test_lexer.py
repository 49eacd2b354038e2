"""The tiny reader of PDF objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import Dict, LexError, Name, Ref, Text, TooDeepError


def value(source: bytes) -> object:
    return lexer.parse(source, 0, 50)[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"12 ", 12),
        (b"-3.5", -3.5),
        (b"+.5 ", 0.5),
        (b"/Na#6de ", Name("Name")),
        (b"true", True),
        (b"null", None),
        (b"12 0 R", Ref(12, 0)),
        (b"12\n0\tR]", Ref(12, 0)),
        (b"12 0 Rx", 12),
        (b"% comment\n 7", 7),
        (b"(a(b)\\)\\n\\101\\\n)", Text(b"a(b)\nA".replace(b"\n", b")\n", 1), False)),
        (b"<41 42>", Text(b"", True)),
        (b"[1[2]/A]", [1, [2], Name("A")]),
    ],
)
def test_values(source: bytes, expected: object) -> None:
    assert value(source) == expected


def test_dictionary_keeps_places_and_doubles() -> None:
    source = b"  <</A 1/B (x)/A 2 /#42 <00>>>"
    found = value(source)
    assert isinstance(found, Dict)
    assert (found.count("A"), found.count("B"), found.get("A")) == (2, 2, 1)
    places = [source[e.start : e.end] for e in found.entries]
    assert places == [b"1", b"(x)", b"2", b"<00>"]
    assert (found.start, found.end) == (2, len(source))


def test_null_is_absent() -> None:
    found = value(b"<</A null>>")
    assert isinstance(found, Dict)
    assert found.get("A", "default") == "default"


@pytest.mark.parametrize(
    "source", [b"", b"[1", b"<</A>>", b"<<1 2>>", b"(open", b"<zz>", b"<12", b"word", b"/A" * 0 + b"+-"]
)
def test_malformed(source: bytes) -> None:
    with pytest.raises(LexError):
        value(source)


@pytest.mark.parametrize("source", [b"[" * 60 + b"]" * 60, b"<</A" * 60])
def test_depth_is_bounded(source: bytes) -> None:
    with pytest.raises(TooDeepError):
        value(source)


def test_object_with_stream() -> None:
    source = b"\n 3 1 obj <</Length 4>>\r\nstream\r\nABCD\nendstream endobj"
    found = lexer.read_object(source, 0, 10)
    assert (found.num, found.gen, found.start) == (3, 1, 2)
    assert found.stream is not None
    assert source[found.stream : found.stream + 4] == b"ABCD"


def test_object_end_is_behind_endobj() -> None:
    source = b"3 0 obj [1 2] endobj rest"
    assert source[: lexer.read_object(source, 0, 10).end].endswith(b"endobj")


@given(st.binary(max_size=200))
def test_never_raises_anything_else(source: bytes) -> None:
    for prefix in (b"", b"<<", b"[", b"(", b"1 0 obj"):
        try:
            _, start, end = lexer.parse(prefix + source, 0, 20)
            assert 0 <= start <= end <= len(prefix + source)
        except LexError:
            pass


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.binary(max_size=8).map(lambda b: Text(b, False)),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=20,
)


def write(item: object) -> bytes:
    if item is None:
        return b"null"
    if isinstance(item, bool):
        return b"true" if item else b"false"
    if isinstance(item, int):
        return b"%d" % item
    if isinstance(item, Text):
        return b"(" + b"".join(b"\\%03o" % byte for byte in item.value) + b")"
    assert isinstance(item, list)
    return b"[" + b" ".join(map(write, item)) + b"]"


@given(plain)
def test_reads_what_was_written(item: object) -> None:
    assert value(write(item) + b" ") == item
