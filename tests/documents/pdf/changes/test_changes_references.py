"""Scanning instead of parsing: it misses no reference, and the answer is the same as without it."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader

from eseal.documents.pdf.changes import graph, references
from eseal.documents.pdf.changes.compare import Comparer

TRICKY = [
    b"<< /A (5 0 R) /B 7 0 R >>",
    b"<< /A (a (nested \\) 5 0 R) b) /B 7 0 R >>",
    b"<< /A <2829> /B [7 0 R[8 0 R]] >>",
    b"<< /A (endobj) /B << /C << /D 7 0 R >> >> >>",
    b"<< /A (>>) /B 7\n0\rR /C/D/E 8 0 R >>",
    b"<< % >> 5 0 R\n /B 7 0 R >>",
    b"<< /Parent 7 0 R /Kids [8 0 R] >>",
    b"<< /P#61rent 7 0 R /K#69ds [8 0 R] >>",
    b"[ 1 0 7 0 R 1 2 ]",
    b"7 0 R",
    b"<</B 7 0 R/C 8 0 R>>",
    b"<< /Length 7 0 R >>\nstream\n>> 9 0 R\nendstream",
    b"<< /A <zz> /B 7 0 R >>",
    b"(5 0 R)",
    b"<< /A ( /B 7 0 R >>",
]


def scanned(sealed, body):
    document = sealed(_60=body)
    view = graph.View(PdfFileReader(BytesIO(document.data), strict=False))
    found = references.References(view, frozenset())
    return found, found.info((60, 0))


@pytest.mark.parametrize("body", TRICKY)
def test_no_reference_is_missed(sealed, body):
    found, info = scanned(sealed, body)
    parsed = found._parsed((60, 0))
    assert info.refs >= parsed.refs
    assert (5, 0) not in info.refs


def test_parent_kids_and_annotations_are_seen(sealed):
    _, info = scanned(sealed, b"<< /Parent 7 0 R /Kids [8 0 R] /Annots 9 0 R >>")
    assert (info.parent, info.kids, info.annots) == ((7, 0), True, True)
    assert scanned(sealed, b"<< /Parent 7 0 R /A << /Parent 8 0 R >> >>")[1].parent is None
    assert scanned(sealed, b"<< /K#69ds [8 0 R] >>")[1].kids


@given(data=st.data())
def test_the_answer_is_that_of_reading_everything(sealed, data):
    """Fast code against plain code: the same changes with and without the scan's short cuts."""
    document = sealed()
    for _ in range(data.draw(st.integers(1, 2))):
        number = data.draw(st.sampled_from([n for n in sorted(document.objects) if n < 50]))
        body = document.objects[number]
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.integers(0, 6)))
        document.update(
            {number: body[:start] + data.draw(st.sampled_from([b"", b"0", b" /Q 1 ", b"8 0 R"])) + body[end:]}
        )
    fast = document.changes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Comparer, "clean", lambda self, key: False)
        patch.setattr(references.References, "info", lambda self, key: None)
        plain = document.changes()
    assert set(fast) == set(plain)


def test_an_object_stream_whose_length_is_redefined_is_not_trusted(sealed):
    inner = b"50 0 << /A 1 >>"
    container = b"<< /Type /ObjStm /N 1 /First 5 /Length 62 0 R >>\nstream\n" + inner + b"\nendstream"
    document = sealed(_60=container, _62=b"15")
    before = graph.View(PdfFileReader(BytesIO(document.data), strict=False))
    document.update({62: b"14"})
    after = graph.View(PdfFileReader(BytesIO(document.data), strict=False))
    changed = graph.changed_objects(before.reader, after.reader)
    assert changed == {(62, 0)}
    assert Comparer(before, after, changed).untouched((7, 0), (7, 0))
    assert not Comparer(before, after, changed).clean((60, 0))
