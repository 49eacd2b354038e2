"""Impressions drawn into pages stand where they were put, whatever the old content does; and that stays as it is."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.documents.pdf.impressions import impressions
from eseal.documents.pdf.scan import scan
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.write import Statement, draft, open_source
from eseal.errors import DocumentError, PolicyError, UsageError
from eseal.model import OnPages, Placement
from support.judges import need
from support.looks import difference, look, look_by, part, without
from support.pdfs import objects_to_pdf, stream

AT = datetime(2026, 3, 1, tzinfo=UTC)
WHERE = (Placement(1, 5, 5), Placement(1, 50, 80), Placement(1, 10, 110))
BOXES = [(5, 5, 45, 25), (50, 80, 90, 100), (10, 110, 50, 130)]
OLD = b"q 0 0.5 0 rg 20 20 60 60 re f BT /F1 20 Tf 150 350 Td (Old) Tj ET Q\n"


def hidden_layer(content, *, old=OLD):
    """A page with a layer that is switched off, faint and blended states, and `content` behind something to see."""
    return objects_to_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >> >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] /Contents 4 0 R /Resources << "
            b"/Font << /F1 5 0 R >> /Properties << /X 6 0 R >> /ExtGState << /G0 << /ca .1 /CA .1 /BM /Multiply >> >> "
            b">> >>",
            4: stream(old + content),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            6: b"<< /Type /OCG /Name (x) >>",
        }
    )


def put(data, artwork, where=WHERE):
    """The document with an empty signature that shows at `where`."""
    source = open_source(data)
    shown = impressions(source, where, artwork.width_mm, artwork.height_mm, lambda *_: ())
    return draft(source, Statement(AT), artwork=artwork, shown=shown).unsigned()


def inside(image):
    return [part(image, (a + 1, b + 1, c - 1, d - 1)) for a, b, c, d in BOXES]


HOSTILE = {
    "unclosed": b"q 0.5 0 0 0.5 100 100 cm",
    "deep": b"q q q 2 0 0 2 0 0 cm q",
    "surplus": b"Q Q Q",
    "surplus behind a change": b"2 0 0 2 10 10 cm Q Q Q",
    "surplus, then a change": b"q Q Q q 3 0 0 3 0 0 cm Q Q q",
    "clip": b"0 0 10 10 re W n",
    "pending clip": b"0 0 10 10 re W",
    "open path": b"0 0 m 300 0 l 300 400 l 0 400 l",
    "open text": b"BT /F1 12 Tf 10 10 Td (open) Tj",
    "clipping text": b"BT /F1 12 Tf 7 Tr 10 10 Td (open) Tj",
    "scaled text": b"BT q 0.1 0 0 0.1 0 0 cm",
    "hidden layer": b"/OC /X BDC",
    "artifact": b"/Artifact BMC",
    "colours": b"0 1 0 rg 0 1 0 RG /DeviceGray cs 0.5 sc",
    "faint": b"/G0 gs",
    "comment": b"% end",
    "lenient": b"BX",
    "image": b"q 10 0 0 10 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI",
    "operands": b"1 2 3",
    "moved": b"1 0 0 1 100 100 cm",
    "turned": b"0 1 -1 0 0 0 cm",
    "gone": b"0 0 0 0 0 0 cm",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_old_content_neither_changes_an_impression_nor_is_changed(flag, case):
    old = hidden_layer(HOSTILE[case])
    new, clean = look(put(old, flag)), look(put(hidden_layer(b""), flag))
    assert [difference(a, b) for a, b in zip(inside(new), inside(clean), strict=True)] == [0, 0, 0]
    assert difference(without(new, BOXES), without(look(old), BOXES)) <= 2


@pytest.mark.parametrize("program", ["mutool", "gs", "pdftoppm"])
def test_other_readers_see_the_same(flag, program, tmp_path):
    need(program)
    clean = look_by(program, put(hidden_layer(b""), flag), tmp_path)
    for case in ("unclosed", "surplus behind a change", "pending clip", "open text", "hidden layer", "faint"):
        old = hidden_layer(HOSTILE[case])
        new = look_by(program, put(old, flag), tmp_path)
        assert max(difference(a, b) for a, b in zip(inside(new), inside(clean), strict=True)) == 0, case
        assert difference(without(new, BOXES), without(look_by(program, old, tmp_path), BOXES)) <= 8, case


PIECES = [
    b"q", b"Q", b"1 0 0 1 20 9 cm", b"2 0 0 2 0 0 cm", b"BT", b"ET", b"/OC /X BDC", b"EMC", b"/G0 gs", b"0 0 1 rg",
    b"0 0 50 50 re W n", b"5 5 20 20 re f", b"5 5 20 20 re", b"f", b"/F1 9 Tf", b"3 Tr", b"(ab) Tj", b"BX", b"% Q\n",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_old_content_is_wrapped_or_refused(flag, pieces):
    old = hidden_layer(b" ".join(pieces))
    try:
        made = put(old, flag)
    except DocumentError as error:
        assert error.code == "SEAL_PAGE_CONTENT" and b"Q" in pieces
        return
    new, clean = look(made), look(put(hidden_layer(b""), flag))
    assert [difference(a, b) for a, b in zip(inside(new), inside(clean), strict=True)] == [0, 0, 0]
    assert difference(without(new, BOXES), without(look(old), BOXES)) <= 2


def shared_pages(**changes):
    """Two pages that share contents and inherited resources, with an array of streams that split an operator."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 300 400] /Resources 8 0 R >>",
        3: b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R >>",
        4: b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R >>",
        5: b"[6 0 R 7 0 R]",
        6: stream(b"0 0.5 0 rg 20 20 60"),
        7: stream(zlib.compress(b"60 re f /Im Do q 3 0 0 3 0 0 cm"), b"/Filter /FlateDecode "),
        8: b"<< /XObject 9 0 R >>",
        9: b"<< /Im 10 0 R >>",
        10: stream(b"1 0 1 rg 0 0 30 30 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 30 30] "),
    }
    return objects_to_pdf(objects | {int(k[1:]): v for k, v in changes.items()})


def read(data):
    source = Source(scan(data))
    return source, [page.part for page in source.pages()]


def drawn(data):
    """What was added behind the content of the first page."""
    source, parts = read(data)
    return source.stream(parts[0].value.get("Contents")[-1])


def test_what_pages_share_is_never_changed(flag):
    old = shared_pages()
    made = put(old, flag, (Placement(2, 50, 80), Placement(1, 5, 5)))
    source, (first, second) = read(made)
    for number in range(5, 11):
        assert source.scan.find(number) == scan(old).find(number)
    # Page 2 has the field, so its content stays; page 1 gets contents and resources of its own.
    assert second.source.count(b"/Contents 5 0 R") == 1 and b"/Resources" not in second.source
    contents = first.value.get("Contents")
    assert [item.num for item in contents][1:-1] == [6, 7]
    assert difference(without(look(made), [(5, 5, 45, 25)]), without(look(old), [(5, 5, 45, 25)])) == 0
    assert difference(without(look(made, 2), [(50, 80, 90, 100)]), without(look(old, 2), [(50, 80, 90, 100)])) == 0


def test_one_picture_and_shared_resources_however_many_pages(flag):
    numbers = range(5, 45)
    kids = b" ".join(b"%d 0 R" % n for n in numbers)
    old = objects_to_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [" + kids + b"] /Count 40 /MediaBox [0 0 300 400] /Resources 4 0 R >>",
            3: stream(b"0 0 5 5 re f"),
            4: b"<< /XObject << >> /Font << >> >>",
            **dict.fromkeys(numbers, b"<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>"),
        }
    )
    made = put(old, flag, (OnPages("all", 5, 5),))
    assert made[len(old) :].count(b"/DefaultRGB") == 1
    _, parts = read(made)
    assert len({p.value.get("Resources") for p in parts[1:]}) == 1
    assert difference(look(made, 40), look(made, 1)) == 0


@pytest.mark.parametrize(
    "contents",
    [b"", b"/Contents null", b"/Contents []", b"/Contents [null 99 0 R]", b"/Contents 99 0 R", b"/Contents [5 0 R]"],
)
def test_pages_with_little_content(make_page, flag, contents):
    page = b"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 300 400] " + contents + b" >>"
    data = make_page(more={4: page, 5: stream(b"q")})
    made = put(data, flag)
    clean = look(put(hidden_layer(b"", old=b""), flag))
    assert [difference(a, b) for a, b in zip(inside(look(made)), inside(clean), strict=True)] == [0, 0, 0]


@pytest.mark.parametrize(
    "changes",
    [
        {"_7": stream(b"not deflated", b"/Filter /FlateDecode ")},
        {"_7": stream(b"x", b"/Filter /LZWDecode ")},
        {"_7": b"<< /Length 3 >>\nstream\n60 re f\nendstream"},
        {"_7": stream(b"60 re f", b"/F (elsewhere.bin) ")},
        {"_7": stream(b"60 re f", b"/Length 9999 ")},
        {"_5": b"[6 0 R << >>]"},
        {"_5": b"[6 0 R [7 0 R]]"},
        {"_5": b"(text)"},
        {"_8": b"[]"},
        {"_8": b"<< /XObject [] >>"},
        {"_8": b"<< /XObject 9 0 R /XObject << >> >>"},
        {"_3": b"<< /Type /Page /Parent 2 0 R /Contents 6 0 R /Contents 5 0 R >>"},
        {"_3": b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources 8 0 R /Resources << >> >>"},
    ],
)
def test_what_readers_would_take_in_different_ways_is_refused(flag, changes):
    with pytest.raises(DocumentError) as caught:
        put(shared_pages(**changes), flag)
    assert caught.value.code.startswith(("SEAL_", "PDF_"))


def test_old_content_cannot_know_the_name_of_the_picture(flag):
    made = put(hidden_layer(b""), flag)
    name = drawn(made).split(b"cm /")[1].split(b" Do")[0]
    # The name follows from the document, so a document that uses it is another one, with another name.
    again = put(hidden_layer(b"/" + name + b" Do"), flag)
    assert name not in drawn(again)
    assert difference(look(again), look(made)) == 0


def test_drawn_impressions_are_artifacts(flag):
    behind = drawn(put(hidden_layer(b"/P << /MCID 0 >> BDC"), flag))
    assert behind.startswith(b"\nEMC Q\n")
    assert behind.count(b"/Artifact BMC q ") == 2 == behind.count(b" Do Q EMC\n")


def annotated(kind, rest=b"/AP << /N 7 0 R >>"):
    form = stream(b"1 g 0 0 200 200 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 200 200] ")
    note = b"<< /Type /Annot /Subtype /%b /Rect [100 100 300 250] %b >>" % (kind, rest)
    page = b"<< /Type /Page /Parent 3 0 R /Contents 5 0 R /MediaBox [0 0 300 400] /Annots [6 0 R] >>"
    return {4: page, 6: note, 7: form}


@pytest.mark.parametrize("kind", [b"FreeText", b"Square", b"Stamp", b"Redact"])
def test_what_would_lie_below_an_annotation_is_refused(make_page, flag, kind):
    with pytest.raises(UsageError) as caught:
        put(make_page(more=annotated(kind)), flag)
    assert caught.value.code == "PLACE_UNDER_ANNOTATION" and caught.value.params["kind"] == kind.decode()


@pytest.mark.parametrize(
    ("kind", "rest"), [(b"Link", b""), (b"Popup", b""), (b"Square", b"/F 2 /AP << /N 7 0 R >>"), (b"Square", b"")]
)
def test_what_shows_nothing_is_in_nobodys_way(make_page, flag, kind, rest):
    assert put(make_page(more=annotated(kind, rest)), flag)


def test_drawing_into_a_signed_document_is_refused_whoever_asks(flag):
    signed = put(hidden_layer(b""), flag, WHERE[:1])
    with pytest.raises(PolicyError) as caught:
        put(signed, flag, WHERE[1:])
    assert caught.value.code == "SEAL_DRAW_SEALED"
