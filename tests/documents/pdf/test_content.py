"""What content leaves open is found, what closes nothing too, and what readers could take in two ways is refused."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.pdf.content import balance
from eseal.errors import DocumentError


@pytest.mark.parametrize(
    ("content", "closing"),
    [
        (b"", b""),
        (b"0 0 5 5 re f", b""),
        (b"q 1 0 0 1 5 5 cm", b"Q"),
        (b"q q q Q", b"Q Q"),
        (b"BT /F1 12 Tf (a(b\\)c)) Tj", b"ET"),
        (b"BT q ET", b"Q"),
        (b"/OC /Hidden BDC", b"EMC"),
        (b"/P << /MCID 0 /X [1 (>>)] >> BDC /Artifact BMC EMC", b"EMC"),
        (b"EMC EMC /A BMC", b"EMC"),
        (b"0 0 m 5 5 l", b"n"),
        (b"0 0 m 5 5 l S 0 0 5 5 re W", b"n"),
        (b"0 0 m 5 5 l S", b""),
        (b"0 0 m q", b"n Q"),
        (b"BX foo bar", b"EX"),
        (b"q BT /A BMC BX 0 0 m", b"n ET EMC EX Q"),
        (b"(q Q BT) Tj <71> Tj [(q) -20 <42>] TJ % q Q BT", b""),
        (b"/q gs /Q gs /BT Do", b""),
        (b"[[(nested)] 0] 0 d q", b"Q"),
        (b"q BI /W 2 /H 1 /BPC 8 /CS /G ID q\x80 EI", b"Q"),
        (b"BI /W 8 /H 1 /IM true ID Q\nEI q", b"Q"),
        (b"BI /W 8 /H 1 /IM true /F /Fl ID " + zlib.compress(b"q") + b"\nEI q", b"Q"),
        (b"BI /W 9 /H 9 /F /DCT ID \xff\xd8 q Q EI\x80 x\nEI\nQ", b""),
        (b"q\x00Q\x0cq", b"Q"),
        (b"qq Qq Qx", b""),
    ],
)  # fmt: skip
def test_what_is_open_is_closed(content, closing):
    assert balance(content).closing == closing


@pytest.mark.parametrize(
    ("content", "surplus"),
    [
        (b"Q", (0,)),
        (b"q Q Q q Q", (4,)),
        (b"Q 1 0 0 1 9 9 cm 0 0 5 5 re f", (0,)),
        (b"q 1 g Q Q 0 0 5 5 re f", (8,)),
        (b"1 g 0 0 5 5 re f Q\nQ EMC % end", (17, 19)),
    ],
)
def test_a_surplus_q_is_found_where_no_reader_sees_it(content, surplus):
    found = balance(content)
    assert found.surplus == surplus
    clean = bytearray(content)
    for at in surplus:
        assert clean[at : at + 1] == b"Q"
        clean[at] = 0x20
    assert balance(bytes(clean)) == type(found)((), found.closing)


@pytest.mark.parametrize(
    "content",
    [
        # A Q that some readers obey and others pass over, with something painted behind it.
        b"2 0 0 2 0 0 cm Q 0 0 5 5 re f",
        b"0 0 5 5 re W n Q (a) Tj",
        # Unfinished: what follows would be swallowed.
        b"(a", b"<61", b"[1 2", b"/P << /MCID 0", b"BI /W 1 /H 1 ID x", b"BI /W 1", b"(a\\)",
        # Brackets that close nothing.
        b")", b"]", b">>", b">", b"{q}", b"<zz>",
        # A number and an operator in one, or two.
        b"1Q", b"0 0 1 1 re 1rg", b"-.5q",
        # Inline images whose end is a matter of opinion.
        b"BI /W 9 /H 1 /BPC 8 /CS /G ID ab EI q 1234567890123 z\nEI q",
        b"BI /W 200 /H 1 /BPC 8 /CS /G ID ab EI Q",
        b"BI /W 1 /H 1 /BPC 8 /CS /G IDx EI",
        b"q EI Q",
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused(content):
    with pytest.raises(DocumentError) as caught:
        balance(content)
    assert caught.value.code == "SEAL_PAGE_CONTENT"


WORDS = (
    b"q",
    b"Q",
    b"BT",
    b"ET",
    b"/A BMC",
    b"EMC",
    b"BX",
    b"EX",
    b"1 g",
    b"0 0 5 5 re",
    b"f",
    b"(x) Tj",
    b"%q\n",
    b"W n",
)


@given(st.lists(st.sampled_from(WORDS), max_size=60), st.sampled_from([b" ", b"\n", b"\r\n\t"]))
def test_wrapped_content_is_whole(words, space):
    content = space.join(words)
    try:
        found = balance(content)
    except DocumentError:
        return
    clean = bytearray(content)
    for at in found.surplus:
        clean[at] = 0x20
    whole = balance(b"q\n" + bytes(clean) + b"\n" + found.closing + b" Q\n")
    assert whole == type(found)((), b"")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    try:
        balance(content)
    except DocumentError as error:
        assert error.code == "SEAL_PAGE_CONTENT"
