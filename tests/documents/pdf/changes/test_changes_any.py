"""Whatever else an update does, the answer comes, and it is never a pass for an edited content stream."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.documents.pdf.changes import text
from eseal.messages import catalogue


@settings(max_examples=40)
@given(number=st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 10, 14, 15, 31, 32, 44]), data=st.data())
def test_no_flipped_byte_in_a_sealed_object_passes(sealed, number, data):
    document = sealed()
    body = document.objects[number]
    index = data.draw(st.integers(0, len(body) - 1))
    bit = data.draw(st.integers(0, 6))
    changed = body[:index] + bytes([body[index] ^ (1 << bit)]) + body[index + 1 :]
    verdict, codes = document.update({number: changed}).worst()
    # White space, letter case of hexadecimal digits and keys of bookkeeping may be the same value in other bytes.
    assert verdict in ("same", "unknown", "failed") or codes <= {"CHANGE_FORM_SIGNED", "CHANGE_METADATA"}
    if number in (8, 9) and b"stream" in body[:index] and index < len(body) - 12:
        assert verdict == "failed"


@given(st.binary(max_size=200))
def test_tokens_of_any_bytes_come_to_an_end(data):
    assert len(list(text.tokens(data))) <= len(data)


@given(st.binary(max_size=40))
def test_a_string_is_read_back_as_it_was_written(value):
    written = (
        b"(" + value.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)").replace(b"\r", b"\\r") + b")"
    )
    assert list(text.tokens(written)) == [("string", value)]


def test_every_sentence_has_both_languages():
    codes = {lang: {c for c in catalogue(lang) if c.startswith("CHANGE_")} for lang in ("en", "zh")}
    assert codes["en"] == codes["zh"] != set()
