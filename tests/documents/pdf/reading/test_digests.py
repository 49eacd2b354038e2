"""Digests with shared beginnings are those of hashlib over the same bytes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.pdf.digests import Digests


@given(st.binary(max_size=300), st.data())
def test_the_same_as_hashing_anew(data: bytes, draw: st.DataObject) -> None:
    digests = Digests(data)
    for _ in range(4):
        algorithm = draw.draw(st.sampled_from(["sha256", "sha512", "shake256"]))
        a, b, c, d = sorted(draw.draw(st.lists(st.integers(0, len(data)), min_size=4, max_size=4)))
        start = draw.draw(st.sampled_from([0, a]))
        parts = data[start:b] + data[c:d]
        plain = (
            hashlib.shake_256(parts).digest(64) if algorithm == "shake256" else hashlib.new(algorithm, parts).digest()
        )
        assert digests.digest(algorithm, ((start, b - start), (c, d - c))) == plain
        assert digests.whole("sha256") == hashlib.sha256(data).digest()


def test_an_unknown_algorithm() -> None:
    with pytest.raises(KeyError):
        Digests(b"x").whole("sm3")
