"""Texts are found where they are seen, by a process that serves many documents and that no document can harm."""

from __future__ import annotations

import os
import signal
import zlib
from pathlib import Path

import pytest

from eseal.documents.pdf.placement import sheet
from eseal.documents.pdf.write import open_source
from eseal.errors import DocumentError, UsageError
from eseal.limits import DEFAULT, Limits
from eseal.model import Keyword
from eseal.sealing import looking
from support.pdfs import objects_to_pdf, simple_pdf, stream
from support.texts import text_pdf

MM = 25.4 / 72


def find(data, text, limits=DEFAULT, chosen=None, **how):
    source = open_source(data)
    pages = [(n, sheet(source, page)) for n, page in enumerate(source.pages(), 1) if not chosen or n in chosen]
    return list(looking.finder(source, limits)(Keyword(text, **how), pages))


def centre(hit):
    return (hit.box[0] + hit.box[2]) / 2, (hit.box[1] + hit.box[3]) / 2


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize(
    "boxes", [(0, 0, 595, 842), (-50, -70, 595, 842, 50, 60, 500, 800), (0, 0, 595, 842, 100, 200, 900, 900)]
)
def test_places_are_where_they_are_seen(rotate, boxes):
    media, crop = boxes[:4], boxes[4:] or boxes[:4]
    page = b"/MediaBox [%d %d %d %d] /CropBox [%d %d %d %d] /Rotate %d" % (*media, *crop, rotate)
    (hit,) = find(text_pdf([[(200, 400, "盖章处")]], page=page), "盖章处")
    # The middle of 36 x 12 points at (200, 400), the baseline a seventh above the foot of the characters.
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    x, y = 218, 400 + 12 * 0.36
    shown = {
        0: (x - left, top - y),
        90: (y - bottom, x - left),
        180: (right - x, y - bottom),
        270: (top - y, right - x),
    }
    assert centre(hit) == pytest.approx(tuple(v * MM for v in shown[rotate]), abs=0.7)
    wide = abs(hit.box[2] - hit.box[0]), abs(hit.box[3] - hit.box[1])
    assert max(wide) == pytest.approx(36 * MM, abs=1) and min(wide) == pytest.approx(12 * MM, abs=1)


def test_user_units_are_larger_points():
    (hit,) = find(text_pdf([[(100, 300, "盖章处")]], page=b"/MediaBox [0 0 300 400] /UserUnit 2"), "盖章处")
    assert centre(hit) == pytest.approx((118 * 2 * MM, (400 - 304.3) * 2 * MM), abs=1.2)


PAGES = [
    [(72, 700, "甲方（盖章处）"), (300, 700, "乙方盖章处")],
    [(72, 700, "没有")],
    [(90, 700, "章"), (108, 700, "处"), (72, 700, "盖")],
    [(500, 100, "请盖"), (72, 80, "章处")],
]


@pytest.mark.parametrize(
    ("how", "pages"),
    [
        ({}, [1]),
        ({"which": None}, [1, 1, 3, 4]),
        ({"which": 2}, [1]),
        ({"which": 3}, [3]),
        ({"which": -1}, [4]),
        ({"which": -4}, [1]),
        ({"which": 1, "chosen": {2, 3}}, [3]),
    ],
)
def test_first_last_nth_and_all(how, pages):
    hits = find(text_pdf(PAGES), "盖章处", **how)
    assert [h.page for h in hits] == pages
    if how.get("which") == -4:
        assert hits[0].box[0] < 300 * MM


@pytest.mark.parametrize(
    ("data", "text", "how", "code", "said"),
    [
        (text_pdf(PAGES), "盖章", {"which": 9}, "KEYWORD_NOT_SO_OFTEN", "stands 4 times"),
        (text_pdf(PAGES), "盖章", {"which": -9}, "KEYWORD_NOT_SO_OFTEN", "(1-4)"),
        (text_pdf(PAGES), "签名", {}, "KEYWORD_NOT_FOUND", "(1-4)"),
        (text_pdf(PAGES), "盖章", {"chosen": {2}}, "KEYWORD_NOT_FOUND", "(2)"),
        (text_pdf([[], []]), "盖章", {}, "KEYWORD_NO_TEXT", "pictures but no text"),
        (text_pdf([[(10, 10, "盖章")]], page=b"/MediaBox [0 0 300 400] /CropBox [100 100 300 400]"), "盖章", {},
         "KEYWORD_NOT_FOUND", "(1)"),
        (text_pdf(PAGES), " \u200b\n", {}, "KEYWORD_EMPTY", "empty"),
        (text_pdf(PAGES), "x" * 201, {}, "KEYWORD_LONG", "200"),
        (text_pdf(PAGES), "盖章", {"which": 0}, "KEYWORD_NTH", "number 0"),
    ],
)  # fmt: skip
def test_what_is_not_found_says_where_was_searched(data, text, how, code, said):
    with pytest.raises(UsageError) as caught:
        find(data, text, **how)
    assert caught.value.code == code and said in caught.value.message() and caught.value.hint("en")


def one_page(resources, content, *more):
    return objects_to_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 300 400] >>",
            3: b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << " + resources + b" >> >>",
            4: content,
            **dict(enumerate(more, 5)),
        }
    )


def test_a_scan_has_no_text():
    entries = b"/Type /XObject /Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceGray "
    content = stream(b"300 0 0 400 0 0 cm /I Do")
    with pytest.raises(UsageError) as caught:
        find(one_page(b"/XObject << /I 5 0 R >>", content, stream(b"\x80" * 4, entries)), "盖章")
    assert caught.value.code == "KEYWORD_NO_TEXT"


def test_pages_that_are_counted_in_two_ways_are_refused(monkeypatch):
    data = text_pdf(PAGES)
    ask = looking._ask
    monkeypatch.setattr(looking, "_ask", lambda *a: {**ask(*a), "pages": 3})
    with pytest.raises(DocumentError) as caught:
        find(data, "盖章处")
    assert caught.value.code == "KEYWORD_PAGES_DIFFER"


def test_spans():
    assert looking.spans([1, 2, 3, 5, 7, 8]) == "1-3, 5, 7-8"


def children():
    return {int(p) for t in Path("/proc/self/task").iterdir() for p in (t / "children").read_text().split()}


@pytest.fixture
def child():
    """The shared process, which is new."""
    looking.close()
    before = children()
    find(text_pdf(PAGES), "盖章处", SMALL)
    (pid,) = children() - before
    yield pid
    looking.close()


SMALL = Limits(seconds=1, memory_bytes=300_000_000)


def test_one_child_serves_many_documents(child):
    for n in range(5):
        find(text_pdf([[(72, 700, f"No. {n}")]]), f"{n}", SMALL)
        assert child in children() and len(children()) <= len(children() | {child})


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGSTOP, "WORKER_TIME"), (signal.SIGKILL, "WORKER_DIED")])
def test_a_child_that_hangs_or_dies_costs_one_document(child, sent, code):
    os.kill(child, sent)
    with pytest.raises(DocumentError) as caught:
        find(simple_pdf(), "Notice", SMALL)
    assert caught.value.code == code and child not in children()
    assert find(simple_pdf(), "Notice", SMALL)


def test_a_stream_that_inflates_without_end_costs_one_document(child):
    # 0.3 MB that become 300 MB of operators.
    bomb = zlib.compress(b"q Q " * 75_000_000, 1)
    with pytest.raises(DocumentError) as caught:
        find(one_page(b"", stream(bomb, b"/Filter /FlateDecode ")), "x", SMALL)
    assert caught.value.code in ("WORKER_TIME", "WORKER_DIED", "WORKER_MEMORY")
    assert find(simple_pdf(), "Notice", SMALL)


def test_what_pdfium_cannot_open_is_an_error_of_the_document(child):
    with pytest.raises(DocumentError) as caught:
        looking.pictures(b"%PDF-1.7\nno document", [1], 72, SMALL)
    assert caught.value.code == "VIEWER_FAILED" and child in children()


BOX = [1.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"pages": 1, "text": True},
        {"pages": None, "hits": [], "text": True},
        {"pages": 1, "hits": 5, "text": True},
        {"pages": 1, "hits": [[2, BOX, BOX, BOX]], "text": True},
        {"pages": 1, "hits": [["1", BOX, BOX, BOX]], "text": True},
        {"pages": 1, "hits": [[1, BOX, BOX]], "text": True},
        {"pages": 1, "hits": [[1, BOX, BOX, [1.0, 1.0, 2.0]]], "text": True},
        {"pages": 1, "hits": [[1, BOX, BOX, [1.0, 1.0, 2.0, float("nan")]]], "text": True},
        {"pages": 1, "hits": [[1, [1.0, 1.0, 2.0, float("inf")], BOX, BOX]], "text": True},
    ],
)
def test_an_answer_that_is_none_is_an_error_of_the_document(monkeypatch, answer):
    """What the child says is made by code that read hostile bytes."""
    monkeypatch.setattr(looking, "_ask", lambda *_: answer)
    with pytest.raises(DocumentError) as caught:
        find(simple_pdf(), "x")
    assert caught.value.code == "WORKER_ERROR"


@pytest.mark.parametrize("answer", [{}, {"pictures": None}, {"pictures": []}, {"pictures": ["?"]}, {"pictures": [5]}])
def test_pictures_that_are_none_are_an_error_of_the_document(monkeypatch, answer):
    monkeypatch.setattr(looking, "_ask", lambda *_: answer)
    with pytest.raises(DocumentError) as caught:
        looking.pictures(simple_pdf(), [1], 96, DEFAULT)
    assert caught.value.code == "WORKER_ERROR"
