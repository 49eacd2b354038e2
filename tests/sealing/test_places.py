"""Every place of a request: on the page where it was asked for, under one signature, or under several, or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal import TrustStore, testpki, verify
from eseal.documents import open_document
from eseal.documents.model import Coverage, Found
from eseal.documents.pdf.readback import read_back
from eseal.errors import DocumentError, KeyAccessError, PolicyError, UsageError, VerificationFailed
from eseal.model import Keyword, OnPages, Placement, Straddle
from eseal.report.model import Answer, Level, Verdict
from eseal.sealing import (
    Prepared,
    Request,
    Services,
    complete,
    prepare,
    preview,
    preview_prepared,
    seal,
    seal_as,
    tokens,
)
from eseal.sealing.placing import MOST_SIGNATURES
from eseal.seals.artwork import Artwork, Colour, Contour, Shape
from eseal.timestamps import LocalTimestamper
from support.looks import difference, look, part
from support.pdfs import objects_to_pdf, simple_pdf, stream
from support.texts import text_pdf

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
RED, BLUE = Colour(255, 0, 0), Colour(0, 0, 255)


def box(x0, y0, x1, y1, colour):
    return Shape((Contour((x0, y0), (((x1, y0),), ((x1, y1),), ((x0, y1),))),), colour)


FLAG = Artwork(40, 20, (box(0, 0, 40, 20, RED), box(0, 0, 10, 5, BLUE)))
# Each of eight columns in a colour of its own, so that a strip tells what it is.
STRIPES = Artwork(40, 24, tuple(box(5 * i, 0, 5 * i + 5, 24, Colour(255 - 30 * i, 30 * i, 90)) for i in range(8)))


@pytest.fixture(scope="module")
def pki():
    return testpki.make("Places", AT)


@pytest.fixture(scope="module")
def signer(pki):
    return pki.seal.signer()


@pytest.fixture(scope="module")
def roots(pki):
    return replace(TrustStore.from_certificates([pki.root]), data=pki.data)


@pytest.fixture
def services(pki, roots):
    tokens.forget()
    return Services(LocalTimestamper(pki.timestamper.signer(), clock=lambda: datetime.now(UTC)), roots)


def pixel(image, x, y):
    return image.getpixel((round(x * 72 / 25.4), round(y * 72 / 25.4)))


def shows(data, page, x, y):
    """Whether the flag stands upright with its corner at this place."""
    image = look(data, page)
    patch, body = pixel(image, x + 5, y + 2.5), pixel(image, x + 35, y + 15)
    beside = [pixel(image, *at) for at in ((x - 1, y + 10), (x + 41, y + 10), (x + 20, y - 1), (x + 20, y + 21))]
    return patch == (0, 0, 255) and body == (255, 0, 0) and all(b == (255, 255, 255) for b in beside)


def signatures(data):
    found = open_document(data).signatures()
    assert all(isinstance(s, Found) for s in found)
    return found


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_every_impression_stands_upright_where_it_was_asked_for(signer, rotate):
    page = b"/MediaBox [-20 -30 595 842] /CropBox [40 60 500 800] /Rotate %d" % rotate
    data = text_pdf([[], [], []], page=page)
    where = (OnPages("1,3", 20, 30), Placement(2, 60, 90), Placement(-1, 90, 120))
    made = seal(data, signer, at=AT, artwork=FLAG, placement=where)
    assert made.fields == ("Seal1",) and made.page == 1
    assert all(shows(made.data, *place) for place in ((1, 20, 30), (3, 20, 30), (2, 60, 90), (3, 90, 120)))
    (one,) = signatures(made.data)
    assert one.coverage is Coverage.ENTIRE_FILE


def test_user_unit_scales_pages_not_impressions(signer):
    data = text_pdf([[], []], page=b"/MediaBox [0 0 200 300] /UserUnit 2")
    made = seal(data, signer, at=AT, artwork=FLAG, placement=OnPages("all", 30, 40))
    for number in (1, 2):
        image = look(made.data, number, dpi=144)
        # PDFium knows no UserUnit: half the size at twice the resolution.
        assert pixel(image, 35, 42) == (0, 0, 255) and pixel(image, 65, 55) == (255, 0, 0)
        assert pixel(image, 71, 50) == pixel(image, 29, 50) == (255, 255, 255)


@pytest.mark.parametrize(
    ("beside", "corner"),
    [
        ("over", (100 - 20, 100 - 10)), ("left", (94 - 40, 90)), ("right", (106, 90)), ("above", (80, 98 - 20)),
        ("below", (80, 102)), ("start", (96 - 20, 90)), ("end", (104 - 20, 90)),
    ],
)  # fmt: skip
def test_the_picture_stands_to_a_text_as_asked(signer, beside, corner):
    # Three characters of 4 mm with their middle at 100, 100 mm.
    size = 4 * 72 / 25.4
    x, y = 94 * 72 / 25.4, 842 - 100 * 72 / 25.4 - 0.36 * size
    data = text_pdf([[(x, y, "盖章处")]], size=size)
    made = seal(data, signer, at=AT, artwork=FLAG, placement=Keyword("盖章处", beside=beside, dx=7, dy=-3))
    image = look(made.data, dpi=144)
    left, top = (corner[0] + 7) * 144 / 25.4, (corner[1] - 3) * 144 / 25.4
    blue = [(i, j) for i in range(0, image.width, 2) for j in range(0, image.height, 2)
            if image.getpixel((i, j)) == (0, 0, 255)]  # fmt: skip
    # What a font paints is a little smaller than its em: half a millimetre.
    assert min(blue) == pytest.approx((left, top), abs=4)


def test_all_places_of_a_text(signer):
    data = text_pdf([[(72, 600, "甲方盖章处"), (72, 300, "乙方盖章处")], [(200, 500, "盖"), (214, 500, "章处")]])
    made = seal(data, signer, at=AT, artwork=FLAG, placement=Keyword("盖章处", which=None, beside="right", dx=5))
    assert made.fields == ("Seal1",)
    assert [verify(made.data, TrustStore(), AT).signatures[0].page] == [1]
    for number, x, y in ((1, 72 + 60, 600), (1, 72 + 60, 300), (2, 200 + 36, 500)):
        at = (x + 12) * 25.4 / 72 + 5 - 4.2, (842 - y - 4.3) * 25.4 / 72 - 10
        image = look(made.data, number)
        assert pixel(image, at[0] + 3, at[1] + 2) == (0, 0, 255) and pixel(image, at[0] + 35, at[1] + 15) == (255, 0, 0)


SIZES = [(300, 400, 0), (300, 400, 0), (500, 400, 0), (400, 300, 90), (300, 400, 180)]


def pages_of(sizes):
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 3: stream(b"0 g")}
    for number, (width, height, rotate) in enumerate(sizes, 4):
        objects[number] = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Rotate %d /Contents 3 0 R >>" % (
            width, height, rotate,
        )  # fmt: skip
    kids = b" ".join(b"%d 0 R" % n for n in range(4, 4 + len(sizes)))
    objects[2] = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(sizes))
    return objects_to_pdf(objects)


def joined(data, side, pages, dpi=144, offset=None):
    """The edges of the pages put together: what a straddle seal shows when the pages lie pulled apart."""
    from PIL import Image

    images = [look(data, n, dpi) for n in pages]
    scale = dpi / 25.4
    out = Image.new("RGB", (round(40 * scale) + 2, round(40 * scale) + 2), "white")
    at = 0.0
    step = (24 if side == "bottom" else 40) * scale / len(pages)
    for image in images if side != "left" else images[::-1]:
        start = (offset if offset is not None else 0) * scale
        if side == "bottom":
            piece = image.crop((round(start), round(image.height - step), round(start + 40 * scale), image.height))
            out.paste(piece, (0, round(at)))
        else:
            left = 0 if side == "left" else image.width - round(step)
            piece = image.crop((left, round(start), left + round(step), round(start + 24 * scale)))
            out.paste(piece, (round(at), 0))
        at += step
    return out.crop((0, 0, round(40 * scale), round(24 * scale)))


def whole(dpi=144):
    made = pages_of([(40 * 72 / 25.4 + 1, 24 * 72 / 25.4 + 1, 0)])
    data = seal(made, testpki.make("W", AT).seal.signer(), at=AT, artwork=STRIPES, placement=Placement(1, 0, 0)).data
    return part(look(data, 1, dpi), (0, 0, 40, 24), dpi)


@pytest.mark.parametrize("side", ["right", "left", "bottom"])
def test_strips_of_pages_laid_together_are_the_picture(signer, side):
    data = pages_of(SIZES)
    made = seal(data, signer, at=AT, artwork=STRIPES, placement=Straddle(side, offset=10))
    together, picture = joined(made.data, side, range(1, 6), offset=10), whole()
    # Edges of pixels may be shared; the middle of every stripe on every strip is exact.
    for i in range(40):
        for j in (2, 12, 22):
            x, y = (i + 0.5) * 144 / 25.4, j * 144 / 25.4
            assert together.getpixel((int(x), int(y))) == picture.getpixel((int(x), int(y))), (i, j)
    assert made.fields == ("Seal1",) and len(signatures(made.data)) == 1


def test_without_an_offset_the_strips_meet_at_the_middle_of_the_smallest_page(signer):
    sizes = [(300, 400, 0), (300, 600, 0)]
    made = seal(pages_of(sizes), signer, at=AT, artwork=STRIPES, placement=Straddle())
    middle = (400 * 25.4 / 72 - 24) / 2
    for number in (1, 2):
        image = look(made.data, number)
        edge = image.width - 3
        rows = [y for y in range(image.height) if image.getpixel((edge, y)) != (255, 255, 255)]
        assert (rows[0], rows[-1] + 1) == pytest.approx((middle * 72 / 25.4, (middle + 24) * 72 / 25.4), abs=1)


def test_groups_repeat_the_picture(signer):
    made = seal(pages_of([(300, 400, 0)] * 5), signer, at=AT, artwork=STRIPES, placement=Straddle(group=2, offset=10))
    assert difference(look(made.data, 1), look(made.data, 3)) > 50
    # 1-2 share one picture, 3-5 the next: the page left over joined the last group.
    assert joined(made.data, "right", (1, 2), offset=10).getpixel((10, 30)) == whole().getpixel((10, 30))
    assert joined(made.data, "right", (3, 4, 5), offset=10).getpixel((200, 30)) == whole().getpixel((200, 30))


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (Straddle(), "PLACE_STRADDLE_SINGLE"),
        (Straddle(pages="first"), "PLACE_STRADDLE_SINGLE"),
        (Straddle("top"), "PLACE_STRADDLE_SIDE"),
        (OnPages("2", 5, 5), "PLACE_NO_SUCH_PAGE"),
        (OnPages("all", 500, 5), "PLACE_OFF_PAGE"),
        (OnPages("all", float("nan"), 5), "PLACE_OFF_PAGE"),
        (Keyword("Notice", beside="under"), "KEYWORD_BESIDE"),
        (Keyword("Notice", dx=900), "PLACE_OFF_PAGE"),
        ((Placement(1, 5, 5), Placement(1, 30, 10)), "PLACE_OVER_ITSELF"),
        ((Placement(1, 5, 5), Placement(1, 5, 500)), "PLACE_OFF_PAGE"),
        ((Placement(1, 5, 5), Placement(2, 5, 5)), "PLACE_NO_SUCH_PAGE"),
    ],
)
def test_places_that_cannot_be_say_why(signer, place, code):
    with pytest.raises(UsageError) as caught:
        seal(simple_pdf(), signer, at=AT, artwork=FLAG, placement=place)
    assert caught.value.code == code and caught.value.hint("zh")


@pytest.mark.parametrize("offset", [-1, 280, float("inf")])
def test_a_straddle_seal_off_the_page_is_refused(signer, offset):
    with pytest.raises(UsageError) as caught:
        seal(simple_pdf(pages=2), signer, at=AT, artwork=FLAG, placement=Straddle(offset=offset))
    assert caught.value.code == "PLACE_OFF_PAGE"


def test_every_impression_keeps_off_other_fields(signer, pki):
    first = seal(simple_pdf(pages=2), signer, at=AT, artwork=FLAG, placement=Placement(2, 50, 50)).data
    with pytest.raises(UsageError) as caught:
        seal(first, signer, at=AT, artwork=FLAG, placement=OnPages("all", 50, 50))
    assert caught.value.code == "PLACE_OVER_FIELD" and caught.value.params == {"field": "Seal1", "page": "2"}


def with_field(lock=b""):
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /F 4 /Rect [100 100 213.4 156.7] /P 4 0 R %b >>"
        % lock
    )
    return objects_to_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] >> >>",
            2: b"<< /Type /Pages /Kids [4 0 R 5 0 R] /Count 2 /MediaBox [0 0 400 600] >>",
            3: widget,
            4: b"<< /Type /Page /Parent 2 0 R /Annots [3 0 R] >>",
            5: b"<< /Type /Page /Parent 2 0 R >>",
        }
    )


def test_an_existing_field_comes_first_and_the_others_are_drawn(signer):
    made = seal(with_field(), signer, at=AT, artwork=FLAG, field="Approval", placement=OnPages("all", 20, 20))
    assert made.fields == ("Approval",)
    assert shows(made.data, 1, 20, 20) and shows(made.data, 2, 20, 20)
    assert shows(made.data, 1, 100 * 25.4 / 72, (600 - 156.7) * 25.4 / 72)
    (one,) = signatures(made.data)
    assert one.coverage is Coverage.ENTIRE_FILE


def test_an_existing_field_of_a_signed_document_comes_first_and_the_others_are_signatures(signer, roots):
    signed = seal(with_field(), signer, at=AT).data
    made = seal(signed, signer, at=AT, artwork=FLAG, field="Approval", placement=OnPages("all", 20, 20))
    assert made.fields == ("Approval", "Seal2", "Seal3")
    assert shows(made.data, 1, 20, 20) and shows(made.data, 2, 20, 20)
    report = verify(made.data, roots, AT + timedelta(seconds=1))
    assert [s.answers.untouched for s in report.signatures] == [Answer.YES] * 4


def test_a_new_field_gets_the_name_that_is_asked_for(signer):
    made = seal(simple_pdf(), signer, at=AT, artwork=FLAG, field="Office", placement=Placement(1, 5, 5))
    assert made.fields == ("Office",)


@pytest.mark.parametrize("level", ["B", "T", "LT", "LTA"])
def test_where_a_signature_is_there_further_places_are_signatures(signer, services, roots, level):
    first = seal_as(
        simple_pdf(pages=2), signer, Request(at=AT, artwork=FLAG, level=level, where=(Straddle(),)), services
    )
    assert first.level == level
    again = Request(at=AT, artwork=FLAG, level=level, where=(OnPages("all", 20, 50), Placement(2, 90, 120)))
    made = seal_as(first.data, signer, again, services)
    assert made.fields == ("Seal2", "Seal3", "Seal4") and made.level == level and made.original == first.data
    assert all(shows(made.data, *place) for place in ((1, 20, 50), (2, 20, 50), (2, 90, 120)))
    report = verify(made.data, roots, datetime.now(UTC))
    seals = [s for s in report.signatures if s.kind == "seal"]
    assert [s.name for s in seals] == ["Seal1", "Seal2", "Seal3", "Seal4"]
    assert all(s.answers.untouched is Answer.YES for s in report.signatures)
    assert report.verdict is Verdict.PASSED
    if level == "LTA":
        assert {s.level for s in seals} == {Level.B_LTA}
        # One document timestamp for the first seal, and one for all that followed.
        assert len(report.signatures) == len(seals) + 2


def test_two_and_three_seals_with_drawn_impressions_stay_untouched(signer, roots):
    data = text_pdf([[(72, 600, "盖章处")], [(72, 600, "盖章处")]])
    made = seal(
        data, signer, at=AT, artwork=FLAG, placement=(Straddle(), Keyword("盖章处", which=None, beside="right"))
    )
    for count in (1, 2, 3):
        report = verify(made.data, roots, AT + timedelta(seconds=1))
        assert len(report.signatures) == count
        assert all(s.answers.untouched is Answer.YES for s in report.signatures), report.signatures
        made = seal(made.data, signer, at=AT, artwork=FLAG, placement=Placement(1, 20 + 45 * count, 230))


MANY = [Placement(1, 2 + 41 * (i % 5), 2 + 21 * (i // 5)) for i in range(MOST_SIGNATURES + 1)]


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ((Straddle(),), "PLACE_STRADDLE_SEALED"),
        ((Placement(1, 90, 120), Straddle("left")), "PLACE_STRADDLE_SEALED"),
        (
            tuple(Placement(1, 2 + 41 * (i % 5), 2 + 21 * (i // 5)) for i in range(MOST_SIGNATURES + 1)),
            "PLACE_SEVERAL_SIGNED",
        ),
    ],
)
def test_what_would_break_a_signature_is_refused(signer, where, code):
    signed = seal(simple_pdf(pages=2), signer, at=AT).data
    with pytest.raises(PolicyError) as caught:
        seal(signed, signer, at=AT, artwork=FLAG, placement=where)
    assert caught.value.code == code


def test_in_two_steps_one_signature_shows_everywhere_and_several_are_refused(signer):
    data = simple_pdf(pages=2)
    request = Request(at=AT, artwork=FLAG, where=(OnPages("all", 20, 50),), level="B")
    waiting = prepare(data, signer.certificate, request, scheme=signer.scheme, chain=tuple(signer.chain))
    again = Prepared.from_bytes(waiting.to_bytes(), data)
    made = complete(again, signer.sign(again.to_sign))
    assert shows(made.data, 1, 20, 50) and shows(made.data, 2, 20, 50)
    with pytest.raises(PolicyError) as caught:
        prepare(made.data, signer.certificate, replace(request, where=(OnPages("all", 90, 50),)), scheme=signer.scheme)
    assert caught.value.code == "PLACE_SEVERAL_LATER"


def test_a_document_timestamp_and_a_certification_are_signatures_too(signer, services):
    data = simple_pdf(pages=2)
    certified = seal(data, signer, at=AT, certify=2, level="B").data
    for where in ((Straddle(),), (OnPages("all", 20, 20),)):
        with pytest.raises(PolicyError):
            seal(certified, signer, at=AT, artwork=FLAG, placement=where)
    lasting = seal_as(data, signer, Request(at=AT, level="LTA"), services).data
    with pytest.raises(PolicyError) as caught:
        seal(lasting, signer, at=AT, artwork=FLAG, placement=Straddle())
    assert caught.value.code == "PLACE_STRADDLE_SEALED"


def test_a_first_seal_may_certify_and_show_in_many_places(signer, roots):
    made = seal(simple_pdf(pages=3), signer, at=AT, artwork=FLAG, placement=Straddle(), certify=1)
    (report,) = verify(made.data, roots, AT + timedelta(seconds=1)).signatures
    assert report.answers.untouched is Answer.YES


def test_tagged_documents_stay_tagged(signer):
    tagged = {
        1: b"<< /Type /Catalog /Pages 2 0 R /MarkInfo << /Marked true >> /StructTreeRoot 5 0 R /Lang (zh-CN) >>",
        2: b"<< /Type /Pages /Kids [3 0 R 7 0 R] /Count 2 /MediaBox [0 0 400 600] >>",
        3: b"<< /Type /Page /Parent 2 0 R /StructParents 0 /Contents 4 0 R >>",
        4: stream(b"/P << /MCID 0 >> BDC 0 0 50 50 re f EMC"),
        5: b"<< /Type /StructTreeRoot /K [6 0 R] /ParentTree << /Nums [0 [6 0 R]] >> >>",
        6: b"<< /Type /StructElem /S /P /P 5 0 R /Pg 3 0 R /K 0 >>",
        7: b"<< /Type /Page /Parent 2 0 R >>",
    }
    data = objects_to_pdf(tagged)
    made = seal(data, signer, at=AT, artwork=FLAG, placement=OnPages("2,1", 50, 50))
    again = seal(made.data, signer, at=AT)
    assert b"StructTreeRoot" not in made.appended or b"/StructTreeRoot 5 0 R" in made.appended
    assert verify(again.data, TrustStore(), AT).signatures[0].answers.untouched is Answer.YES


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/Artifact BMC q ", b"/Artifact BMC Q "),
        (b"stream\nq\n\nendstream", b"stream\nQ\n\nendstream"),
        (b"\n/Contents [", b"\n/Contentz ["),
        (b"\n/Resources <<", b"\n/Resourcez <<"),
        (b"/XObject << /Seal", b"/XObject << /Sea1"),
        (b"/Do Q EMC", b"/Do q EMC"),
    ],
)
def test_read_back_sees_what_is_not_drawn(signer, old, new):
    request = Request(at=AT, artwork=FLAG, where=(OnPages("all", 9, 9),), level="B")
    waiting = prepare(simple_pdf(pages=2), signer.certificate, request, scheme=signer.scheme, chain=tuple(signer.chain))
    good = waiting.pending.appended(waiting.pending.cms(signer.sign(waiting.to_sign)))
    read_back(waiting.laid(), good)
    old, new = (v.replace(b"/Do", b" Do") for v in (old, new))
    assert good.count(old) == 1
    with pytest.raises(VerificationFailed) as caught:
        read_back(waiting.laid(), good.replace(old, new))
    assert caught.value.code == "SEAL_READ_BACK"


def test_a_preview_is_what_sealing_gives(signer):
    data = text_pdf([[(72, 600, "盖章处")], [], [(72, 600, "盖章处")]])
    request = Request(at=AT, artwork=FLAG, where=(Keyword("盖章处", which=None, beside="right"),), level="B")
    shown = preview(data, request, dpi=72)
    waiting = prepare(data, signer.certificate, request, scheme=signer.scheme, chain=tuple(signer.chain))
    assert [page for page, _ in shown] == [1, 3]
    stored = Prepared.from_bytes(waiting.to_bytes(), data)
    assert preview_prepared(waiting, dpi=72) == shown == preview_prepared(stored, dpi=72)
    made = seal_as(data, signer, request, Services())
    for page, png in shown:
        assert png.startswith(b"\x89PNG") and difference(read(png), look(made.data, page)) == 0
    assert preview(data, request, signer.certificate, dpi=72, most=1) == shown[:1]


def read(png):
    import io

    from PIL import Image

    return Image.open(io.BytesIO(png)).convert("RGB")


def test_a_preview_of_several_signatures(signer):
    signed = seal(simple_pdf(pages=2), signer, at=AT).data
    request = Request(at=AT, artwork=FLAG, where=(OnPages("all", 20, 50),))
    shown = preview(signed, request, dpi=72)
    made = seal_as(signed, signer, request, Services())
    assert [page for page, _ in shown] == [1, 2] and len(made.fields) == 2
    assert all(difference(read(png), look(made.data, page)) == 0 for page, png in shown)


@pytest.mark.parametrize(
    ("change", "dpi", "code"),
    [
        ({"artwork": None, "where": ()}, 72, "PREVIEW_NOTHING"),
        ({"artwork": None}, 72, "PLACE_WITHOUT_PICTURE"),
        ({}, 5, "PREVIEW_RESOLUTION"),
        ({}, float("nan"), "PREVIEW_RESOLUTION"),
        ({"where": (Placement(9, 1, 1),)}, 72, "PLACE_NO_SUCH_PAGE"),
    ],
)
def test_previews_that_cannot_be(change, dpi, code):
    request = replace(Request(at=AT, artwork=FLAG, where=(Placement(1, 1, 1),)), **change)
    with pytest.raises(UsageError) as caught:
        preview(simple_pdf(), request, dpi=dpi)
    assert caught.value.code == code


def test_a_preview_needs_a_fit_certificate_where_one_is_named(pki):
    with pytest.raises(KeyAccessError):
        preview(simple_pdf(), Request(at=AT + timedelta(days=36500), artwork=FLAG), pki.seal.signer().certificate)


def test_content_that_cannot_be_wrapped_names_its_page(signer):
    broken = pages_of([(300, 400, 0)] * 2).replace(b"0 g", b"(0 ")
    assert seal(broken, signer, at=AT, artwork=FLAG, placement=Placement(1, 5, 5)).fields == ("Seal1",)
    with pytest.raises(DocumentError) as caught:
        seal(broken, signer, at=AT, artwork=FLAG, placement=OnPages("all", 5, 5))
    assert caught.value.code == "SEAL_PAGE_CONTENT" and "page 2" in caught.value.message()


places = st.one_of(
    st.builds(Placement, st.integers(-4, 4), st.floats(-5, 120), st.floats(-5, 200)),
    st.builds(OnPages, st.sampled_from(["all", "odd", "2-3", "-1", "9", ""]), st.floats(0, 60), st.floats(0, 90)),
    st.builds(Straddle, st.sampled_from(["right", "left", "bottom", "top"]), st.sampled_from(["all", "1", "1,3"])),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(places, min_size=1, max_size=3))
def test_any_places_are_sealed_or_refused(signer, where):
    try:
        made = seal(pages_of([(300, 400, 0)] * 3), signer, at=AT, artwork=FLAG, placement=where)
    except UsageError as error:
        assert error.code.startswith(("PLACE_", "PAGES_"))
    else:
        (one,) = signatures(made.data)
        assert one.coverage is Coverage.ENTIRE_FILE
