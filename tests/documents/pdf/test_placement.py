"""Millimetres on the page as shown are where the red pixels are, on pages turned, cropped and scaled."""

from __future__ import annotations

from datetime import UTC, datetime

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageChops

from eseal import testpki
from eseal.documents.pdf.placement import Sheet, upright
from eseal.errors import UsageError
from eseal.model import Placement
from eseal.sealing import seal

AT = datetime(2026, 3, 1, tzinfo=UTC)
DPI = 100
MM = DPI / 25.4
MEDIA = b"/MediaBox [0 0 400 600]"


@pytest.fixture(scope="module")
def signer():
    return testpki.make("Place", AT, "p256").seal.signer()


def found_box(data, colour):
    """Bounding box in mm from the top left of the pixels of a colour (0 red, 2 blue), and the size of the page."""
    document = pypdfium2.PdfDocument(data)
    document.init_forms()
    image = document[0].render(scale=DPI / 72, may_draw_forms=True).to_pil().convert("RGB")
    wanted = [band.point(lambda v, on=i == colour: 255 * ((v > 180) if on else (v < 80))) for i, band in bands(image)]
    box = ImageChops.multiply(ImageChops.multiply(wanted[0], wanted[1]), wanted[2]).getbbox()
    assert box, "nothing of that colour is shown"
    return tuple(v / MM for v in box), (image.width / MM, image.height / MM)


def bands(image):
    return enumerate(image.split())


@pytest.mark.parametrize("rotate", [0, 90, 180, 270, -90, 450])
@pytest.mark.parametrize(
    "boxes",
    [
        MEDIA,
        b"/MediaBox [-50 -70 350 530]",
        b"/MediaBox [0 0 500 700] /CropBox [60 80 460 680]",
        b"/MediaBox [400 600 0 0] /CropBox [-100 -100 900 900]",
    ],
    ids=["plain", "negative-origin", "cropped", "crop-beyond-media"],
)
def test_the_picture_stands_upright_where_it_was_put(make_page, signer, flag, rotate, boxes):
    # Half of the attributes are inherited (7.7.3.4).
    data = make_page(page=b"/Rotate %d" % rotate, pages=boxes)
    made = seal(data, signer, at=AT, artwork=flag, placement=Placement(1, 30, 50))
    box, _ = found_box(made.data, 0)
    assert box == pytest.approx((30, 50, 70, 70), abs=0.6)
    patch, _ = found_box(made.data, 2)
    assert patch == pytest.approx((30, 50, 40, 55), abs=0.6)


def test_user_unit_scales_the_page_not_the_seal(make_page, signer, flag):
    data = make_page(page=b"/MediaBox [0 0 200 300] /UserUnit 2")
    made = seal(data, signer, at=AT, artwork=flag, placement=Placement(1, 30, 50))
    box, size = found_box(made.data, 0)
    # pdfium knows no UserUnit: it shows a page of half the size, so that all measures are halved.
    scale = size[0] / (400 / 72 * 25.4)
    assert scale == pytest.approx(0.5, abs=0.01) or scale == pytest.approx(1, abs=0.01)
    assert box == pytest.approx(tuple(v * scale for v in (30, 50, 70, 70)), abs=0.6)


def test_default_is_the_lower_right_of_the_last_page(make_page, signer, flag):
    made = seal(make_page(page=MEDIA + b" /Rotate 90"), signer, at=AT, artwork=flag)
    box, (width, height) = found_box(made.data, 0)
    assert box == pytest.approx((width - 65, height - 45, width - 25, height - 25), abs=0.8)


def test_default_avoids_fields(make_page, signer, flag):
    widget = {6: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Sum) /Rect [200 0 400 200] /F 4 >>"}
    data = make_page(page=MEDIA + b" /Annots [6 0 R]", more=widget, catalog=b"/AcroForm << /Fields [6 0 R] >>")
    first = seal(data, signer, at=AT, artwork=flag)
    second = seal(first.data, signer, at=AT, artwork=flag)
    (left, top, right, bottom), (width, height) = found_box(first.data, 0)
    assert right < 200 / 72 * 25.4 + 0.5 or bottom < height - 200 / 72 * 25.4 + 0.5
    # Two seals cover twice the area: the second does not stand on the first.
    both, _ = found_box(second.data, 0)
    assert (both[2] - both[0]) * (both[3] - both[1]) > 1.9 * (right - left) * (bottom - top) * 0.99
    assert width == pytest.approx(400 / 72 * 25.4, abs=0.5)


@pytest.mark.parametrize(
    ("placement", "code"),
    [
        (Placement(1, 120, 10), "PLACE_OFF_PAGE"),
        (Placement(1, -1, 10), "PLACE_OFF_PAGE"),
        (Placement(1, 10, 200), "PLACE_OFF_PAGE"),
        (Placement(1, float("nan"), 10), "PLACE_OFF_PAGE"),
        (Placement(1, float("inf"), 10), "PLACE_OFF_PAGE"),
        (Placement(2, 10, 10), "PLACE_NO_SUCH_PAGE"),
        (Placement(0, 10, 10), "PLACE_NO_SUCH_PAGE"),
        (Placement(-2, 10, 10), "PLACE_NO_SUCH_PAGE"),
        (Placement(1, 20, 180), "PLACE_OVER_FIELD"),
    ],
)
def test_refuses(make_page, signer, flag, placement, code):
    parent = {
        6: b"<< /Type /Annot /Subtype /Widget /Parent 7 0 R /T (Sum) /Rect [150 100 50 20] /F 4 >>",
        7: b"<< /FT /Tx /T (Bill) /Kids [6 0 R] >>",
    }
    data = make_page(page=MEDIA + b" /Annots [6 0 R]", more=parent, catalog=b"/AcroForm << /Fields [7 0 R] >>")
    with pytest.raises(UsageError) as caught:
        seal(data, signer, at=AT, artwork=flag, placement=placement)
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert "{" not in caught.value.message(lang)
    if code == "PLACE_OFF_PAGE":
        assert "141.1 x 211.7 mm" in caught.value.message()
    if code == "PLACE_OVER_FIELD":
        assert caught.value.params["field"] == "Bill.Sum"
    if code == "PLACE_NO_SUCH_PAGE":
        assert caught.value.params["pages"] == "1"


def test_hidden_fields_stand_in_nobodys_way(make_page, signer, flag):
    widget = {6: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (H) /Rect [0 0 400 600] /F 2 >>"}
    data = make_page(page=MEDIA + b" /Annots [6 0 R]", more=widget, catalog=b"/AcroForm << /Fields [6 0 R] >>")
    assert seal(data, signer, at=AT, artwork=flag).field == "Seal1"


def test_a_page_that_is_full_is_named(make_page, signer, flag):
    widget = {6: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (All) /Rect [0 0 400 600] /F 4 >>"}
    data = make_page(page=MEDIA + b" /Annots [6 0 R]", more=widget, catalog=b"/AcroForm << /Fields [6 0 R] >>")
    with pytest.raises(UsageError) as caught:
        seal(data, signer, at=AT, artwork=flag)
    assert caught.value.code == "PLACE_NO_ROOM"


@given(
    st.sampled_from([0, 90, 180, 270]),
    st.tuples(*[st.floats(-500, 500) for _ in range(2)], *[st.floats(50, 3000) for _ in range(2)]),
    st.floats(0.1, 20),
    st.tuples(st.floats(0, 300), st.floats(0, 300), st.floats(1, 100), st.floats(1, 100)),
)
def test_every_box_keeps_its_size_and_corner(rotate, box, unit, mm):
    left, bottom, width, height = box
    shape = Sheet((left, bottom, left + width, bottom + height), rotate, 72 / 25.4 / unit)
    across, down = shape.size_mm
    assert across * down == pytest.approx(width * height / shape.per_mm**2)
    x, y, w, h = mm
    rect = shape.rect(x, y, w, h)
    sides = [(rect[2] - rect[0]) / shape.per_mm, (rect[3] - rect[1]) / shape.per_mm]
    assert (sides if rotate in (0, 180) else sides[::-1]) == pytest.approx([w, h], abs=0.001 * unit + 1e-6)
    # The corners of the page as shown are the corners of its box.
    assert shape.point(across, down) == pytest.approx(
        {
            0: (left + width, bottom),
            90: (left + width, bottom + height),
            180: (left, bottom + height),
            270: (left, bottom),
        }[rotate],
        abs=1e-6,
    )


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_form_stays_in_its_own_quadrant(rotate):
    a, b, c, d, e, f = upright(rotate, 40, 20)
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (0, 40) for y in (0, 20)]
    assert min(x for x, _ in corners) == min(y for _, y in corners) == 0
