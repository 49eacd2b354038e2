"""The bounded reader: the same as asn1crypto on good bytes, a named refusal on bad ones, no recursion."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from asn1crypto import core, parser
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.crypto import asn1
from eseal.crypto.asn1 import Asn1Error

Tree = tuple[int, "bytes | list[Tree]"]

leaves = st.tuples(st.sampled_from([0x02, 0x04, 0x05, 0x0C, 0x80, 0x9E]), st.binary(max_size=200))
trees: st.SearchStrategy[Tree] = st.recursive(
    leaves,
    lambda inner: st.tuples(st.sampled_from([0x30, 0x31, 0xA0, 0xBE]), st.lists(inner, max_size=4)),
    max_leaves=20,
)


def der(tree: Tree) -> bytes:
    tag, content = tree
    body = content if isinstance(content, bytes) else b"".join(map(der, content))
    return parser.emit(tag >> 6, tag >> 5 & 1, tag & 31, body)


def ber(tree: Tree) -> bytes:
    """The same with indefinite lengths and with long lengths of needless size."""
    tag, content = tree
    if isinstance(content, bytes):
        return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content
    return bytes((tag, 0x80)) + b"".join(map(ber, content)) + b"\0\0"


@given(trees)
def test_der_comes_back(tree: Tree) -> None:
    data = der(tree)
    element = asn1.whole(data)
    assert element.raw == data == asn1.to_der(element)
    assert asn1.check_bounds(data)
    info = parser.parse(data, strict=True)
    assert element.content == info[4] and element.constructed == bool(info[1])


@given(trees)
def test_ber_becomes_der(tree: Tree) -> None:
    data = ber(tree)
    assert asn1.to_der(asn1.whole(data)) == der(tree)
    assert not asn1.check_bounds(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for step in (asn1.check_bounds, lambda d: asn1.to_der(asn1.whole(d)), lambda d: asn1.octets(asn1.whole(d))):
        with contextlib.suppress(Asn1Error):
            step(data)


@settings(max_examples=50)
@given(trees, st.data())
def test_cut_off_is_refused(tree: Tree, data: st.DataObject) -> None:
    whole = ber(tree)
    size = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Asn1Error):
        asn1.check_bounds(whole[:size])
    with pytest.raises(Asn1Error):
        asn1.to_der(asn1.whole(whole[:size]))


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80" * 50_000,
        b"\x30\x80" * 70 + b"\0\0" * 70,
        b"\x04\x80\0\0",
        b"\x30\x85\xff\xff\xff\xff\xff",
        b"\x30\xff",
        b"\x30\x02\x02\x05",
        b"\x1f\x81\x81\x81\x81\x01\x00",
        b"\x30\x00x",
        b"",
    ],
    ids=lambda d: d[:6].hex() or "empty",
)
def test_refused(data: bytes) -> None:
    with pytest.raises(Asn1Error):
        asn1.check_bounds(data)
    with pytest.raises(Asn1Error):
        asn1.whole(data).children()


def test_too_many_elements() -> None:
    body = b"\x05\x00" * 100
    data = asn1.encode(0x30, body)
    assert asn1.check_bounds(data, most=101)
    with pytest.raises(Asn1Error):
        asn1.check_bounds(data, most=100)


def test_an_indefinite_length_ends_within_the_element_around_it() -> None:
    with pytest.raises(Asn1Error):
        asn1.check_bounds(b"\x30\x02\x30\x80\0\0")
    with pytest.raises(Asn1Error):
        asn1.whole(b"\x30\x02\x30\x80\0\0").children()


def test_strings_in_pieces() -> None:
    pieces = b"\x24\x80\x04\x02ab\x24\x03\x04\x01c\0\0"
    assert asn1.octets(asn1.whole(pieces)) == b"abc"
    assert asn1.to_der(asn1.whole(pieces)) == b"\x04\x03abc"


@given(st.integers(-(2**200), 2**200))
def test_integers(number: int) -> None:
    assert asn1.integer(asn1.whole(core.Integer(number).dump())) == number


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), max_size=6))
def test_object_identifiers(first: int, second: int, rest: list[int]) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert asn1.oid(asn1.whole(core.ObjectIdentifier(dotted).dump())) == dotted


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        (0x17, b"260601120000Z", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        (0x17, b"500601120000Z", datetime(1950, 6, 1, 12, tzinfo=UTC)),
        (0x17, b"2606011200Z", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        (0x17, b"260601120000+0800", datetime(2026, 6, 1, 4, tzinfo=UTC)),
        (0x18, b"20260601120000Z", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        (0x18, b"20260601120000.1234567Z", datetime(2026, 6, 1, 12, 0, 0, 123_456, tzinfo=UTC)),
        (0x18, b"20260601120000,5Z", datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        (0x18, b"20260601120000", None),
        (0x18, b"20261301120000Z", None),
        (0x18, b"20260601120060Z", None),
        (0x18, b"260601120000Z", None),
        (0x17, b"20260601120000Z", None),
        (0x18, b"00010101000000+0100", None),
        (0x18, b"", None),
        (0x04, b"20260601120000Z", None),
        (0x18, "２０２６0601120000Z".encode(), None),
    ],
)
def test_times(tag: int, text: bytes, expected: datetime | None) -> None:
    element = asn1.whole(asn1.encode(tag, text))
    if expected is None:
        with pytest.raises(Asn1Error):
            asn1.time(element)
    else:
        assert asn1.time(element) == expected
