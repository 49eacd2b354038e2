"""Drawn seals are measured: everything fits, nothing touches, and what does not fit is refused by name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.errors import UsageError
from eseal.seals.artwork import Artwork, Colour, Shape
from eseal.seals.drawing import PRESETS, Centre, Ink, SealShape, SealSpec, draw, layout, preset
from eseal.seals.geometry import ellipse, star
from eseal.seals.lettering import CHINESE_ARC, Lettering

NAMES = (
    "示范公司",
    "杭州市示范局",
    "浙江省人民政府",
    "杭州示范科技（集团）有限公司",
    "杭州市示范市场监督管理局审批中心",
)
ROUND = [name for name in PRESETS if name.startswith("round")]
AROUND = [*ROUND, "oval-40x30"]


def points(contours: object) -> Iterator[tuple[float, float]]:
    for contour in contours:  # type: ignore[attr-defined]
        yield from contour.points()


def inside(spec: SealSpec, x: float, y: float, depth: float) -> bool:
    if spec.shape in (SealShape.RECTANGLE, SealShape.SQUARE):
        return depth <= x <= spec.width_mm - depth and depth <= y <= spec.height_mm - depth
    rx, ry = spec.width_mm / 2 - depth, spec.height_mm / 2 - depth
    return ((x - spec.width_mm / 2) / rx) ** 2 + ((y - spec.height_mm / 2) / ry) ** 2 <= 1


def text_of(spec: SealSpec) -> list[Lettering]:
    placed = layout(spec)
    return [placed.owner, *placed.lines, *([placed.code] if placed.code else [])]


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.parametrize("owner", NAMES)
def test_every_outline_stays_inside_the_border(name: str, owner: str) -> None:
    spec = preset(name, owner, code="" if name.startswith("oval") else "3301000123456")
    for part in text_of(spec):
        assert all(inside(spec, x, y, spec.border_mm) for x, y in points(part.contours()))


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.parametrize("owner", NAMES)
def test_characters_never_touch_and_are_equal_in_height(name: str, owner: str) -> None:
    boxes = layout(preset(name, owner)).owner.boxes
    assert len(boxes) == len(owner)
    assert len({box.height for box in boxes}) == 1
    for i, box in enumerate(boxes):
        assert not any(box.meets(other) for other in boxes[i + 1 :])


def test_characters_are_evenly_spaced_and_upright_to_their_radius() -> None:
    spec = preset("round-42", "浙江省人民政府")
    boxes = layout(spec).owner.boxes
    turns = [b.angle - a.angle for a, b in pairwise(boxes)]
    assert max(turns) - min(turns) < 0.03
    for box in boxes:
        # The foot points to the centre: going down by the distance from the centre arrives there.
        distance = math.hypot(box.x - 21, box.y - 21)
        assert box.x - distance * math.sin(box.angle) == pytest.approx(21, abs=0.05)
        assert box.y + distance * math.cos(box.angle) == pytest.approx(21, abs=0.05)
    assert boxes[0].x < 21 < boxes[-1].x
    assert boxes[3].x == pytest.approx(21, abs=0.05)
    assert boxes[3].y < 8


@pytest.mark.parametrize("name", ROUND)
def test_figures_of_the_preset_are_kept_while_the_name_is_short(name: str) -> None:
    spec = preset(name, "浙江省人民政府")
    owner = layout(spec).owner
    assert owner.height == spec.arc_text_mm
    assert owner.ratio == pytest.approx(CHINESE_ARC.ratio)
    assert owner.angle <= spec.arc_largest_deg + 0.6
    top = spec.width_mm / 2 - spec.border_mm - spec.arc_gap_mm
    reach = max(math.hypot(*(c - spec.width_mm / 2 for c in p)) for b in owner.boxes for p in b.corners())
    assert reach == pytest.approx(top, abs=0.05)


def test_few_characters_take_a_smaller_angle_and_many_are_narrowed_then_lowered() -> None:
    few, some, many = (layout(preset("round-42", n)).owner for n in ("示范", "杭州示范科技有限公司", "杭州市示范" * 4))
    assert few.angle < 90 < some.angle
    assert few.ratio > some.ratio > many.ratio - 1e-9
    assert some.height == few.height == 7.0
    assert many.height < 7.0
    assert many.ratio >= CHINESE_ARC.least_ratio


def test_a_text_that_cannot_fit_is_refused_and_the_number_named_does_fit() -> None:
    owner = "杭州市示范局" * 10
    with pytest.raises(UsageError) as caught:
        draw(preset("round-38", owner))
    assert caught.value.code == "SEAL_TEXT_TOO_LONG"
    most = int(caught.value.params["most"])
    assert 15 < most < 60
    draw(preset("round-38", owner[:most]))
    with pytest.raises(UsageError):
        draw(preset("round-38", owner[: most + 1]))


@pytest.mark.parametrize("owner", NAMES[1:4])
@pytest.mark.parametrize(("name", "centre"), [*((n, Centre.BLANK) for n in AROUND), *((n, Centre.STAR) for n in ROUND)])
def test_the_lower_line_keeps_clear_of_arc_star_and_border(owner: str, name: str, centre: Centre) -> None:
    spec = preset(name, owner, centre=centre, line="合同专用章")
    placed = layout(spec)
    (line,) = placed.lines
    assert not any(a.meets(b, 0.3) for a in line.boxes for b in placed.owner.boxes)
    assert all(inside(spec, x, y, spec.border_mm) for x, y in points(line.contours()))
    if centre is Centre.STAR:
        tips = star(spec.width_mm / 2, spec.height_mm / 2, spec.emblem_mm / 2).points()
        assert max(y for _, y in tips) < min(y for _, y in points(line.contours()))


def test_code_runs_along_the_lower_edge_and_is_read_from_inside() -> None:
    spec = preset("round-42", "杭州市示范局", code="3301000123456")
    code = layout(spec).code
    assert code is not None
    assert len(code.boxes) == 13
    assert code.height == pytest.approx(1.2)
    first, middle, last = code.boxes[0], code.boxes[6], code.boxes[-1]
    assert first.x < middle.x < last.x
    assert middle.y > 38
    # The one at the bottom stands upright: its head shows up the page, to the centre.
    assert math.cos(middle.angle) == pytest.approx(1, abs=0.01)
    assert middle.corners()[0][1] < middle.corners()[2][1]


def test_long_code_makes_the_arc_give_way() -> None:
    placed = layout(preset("round-38", "杭州市示范市场监督管理局审批中心", code="91330100MA2B12345X-0001"))
    assert placed.code is not None
    assert not any(a.meets(b, 0.2) for a in placed.owner.boxes for b in placed.code.boxes)


def test_invoice_seal_has_all_its_lines_clear_of_each_other() -> None:
    spec = preset("oval-40x30", "杭州示范科技有限公司", middle="91330100MA2B12345X", line="发票专用章", serial="（1）")
    parts = text_of(spec)
    assert len(parts) == 4
    for i, part in enumerate(parts):
        for other in parts[i + 1 :]:
            assert not any(a.meets(b) for a in part.boxes for b in other.boxes)
        assert all(inside(spec, x, y, spec.border_mm) for x, y in points(part.contours()))


def test_rectangle_stacks_owner_time_and_purpose() -> None:
    spec = preset("rectangle-50x30", "杭州市示范局", time="2026-11-24", line="业务专用")
    parts = text_of(spec)
    assert [p.content.source for p in parts] == ["杭州市示范局", "2026-11-24", "业务专用"]
    for upper, lower in pairwise(parts):
        assert max(y for _, y in points(upper.contours())) < min(y for _, y in points(lower.contours()))
    for part in parts:
        assert all(inside(spec, x, y, spec.border_mm) for x, y in points(part.contours()))
        xs = [x for x, _ in points(part.contours())]
        assert (min(xs) + max(xs)) / 2 == pytest.approx(25, abs=0.6)


def test_alphabetic_names_keep_their_own_widths() -> None:
    for owner in ("Łódź Sp. z o.o.", "ООО «Пример»", "Ελληνική Εταιρεία", "Großhandel Ürümçi"):
        placed = layout(preset("round-40", owner)).owner
        assert len(placed.boxes) == len(owner.replace(" ", ""))
        assert len({round(box.width, 3) for box in placed.boxes}) > 3
        assert not any(a.meets(b) for a, b in zip(placed.boxes, placed.boxes[1:], strict=False))


@pytest.mark.parametrize(
    ("owner", "char", "codepoint"), [("杭州堃示范局", "堃", "U+5803"), ("Ok\u200bno", None, "U+200B")]
)
def test_a_missing_character_is_named(owner: str, char: str | None, codepoint: str) -> None:
    with pytest.raises(UsageError) as caught:
        draw(preset("round-40", owner))
    assert caught.value.code == "SEAL_GLYPH_MISSING"
    assert caught.value.params["codepoint"] == codepoint
    assert char is None or caught.value.params["char"] == char
    assert codepoint in caught.value.message("zh")


def test_decomposed_letters_are_composed() -> None:
    assert draw(preset("round-40", "Lo\u0301dz")) == draw(preset("round-40", "L\u00f3dz"))


def test_colours_and_borders() -> None:
    plain = draw(preset("round-42", "示范工会", ink=Ink.BLUE))
    double = draw(preset("round-42", "示范工会", border_mm=1.0, inner_border_mm=0.1))
    none = draw(preset("round-42", "示范工会", border_mm=0.0))
    assert {layer.colour for layer in plain.layers} == {Ink.BLUE.colour}
    assert [len(a.layers[0].contours) for a in (plain, double) if isinstance(a.layers[0], Shape)] == [2, 4]
    assert len(none.layers) == len(plain.layers) - 1
    xs = [x for x, _ in points(plain.layers[0].contours)]  # type: ignore[union-attr]
    assert (min(xs), max(xs)) == (0.0, 42.0)


def test_emblem_is_scaled_into_the_centre() -> None:
    emblem = Artwork(100.0, 100.0, (Shape((ellipse(50, 50, 50, 50),), Colour(10, 20, 30)),))
    drawn = draw(preset("round-45", "浙江省人民政府", centre=Centre.EMBLEM, emblem=emblem))
    (shape,) = [layer for layer in drawn.layers if layer.colour == Colour(10, 20, 30)]
    xs = [x for x, _ in points(shape.contours)]  # type: ignore[union-attr]
    assert (min(xs), max(xs)) == (pytest.approx(15.0), pytest.approx(30.0))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"owner": "  "}, "SEAL_OWNER_MISSING"),
        ({"width_mm": 41.0}, "SEAL_NOT_ROUND"),
        ({"border_mm": -1.0}, "SEAL_SIZE_INVALID"),
        ({"border_mm": math.nan}, "SEAL_SIZE_INVALID"),
        ({"arc_text_mm": math.inf}, "SEAL_SIZE_INVALID"),
        ({"width_mm": 5.0, "height_mm": 5.0}, "SEAL_SIZE_INVALID"),
        ({"arc_usual_deg": 280.0}, "SEAL_ARC_INVALID"),
        ({"centre": Centre.EMBLEM}, "SEAL_EMBLEM_MISMATCH"),
        ({"middle": "1"}, "SEAL_PART_NOT_POSSIBLE"),
        ({"time": "2026"}, "SEAL_PART_NOT_POSSIBLE"),
        ({"arc_text_mm": 19.0}, "SEAL_NO_ROOM"),
        ({"owner": "示" * 201}, "SEAL_TEXT_TOO_LONG"),
        ({"line": "合同专用章" * 12}, "SEAL_TEXT_TOO_LONG"),
    ],
)
def test_what_is_not_possible_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        draw(preset("round-42", **{"owner": "示范局", **changes}))  # type: ignore[arg-type]
    assert caught.value.code == code


def test_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        preset("round-41", "示范局")
    assert "round-42" in caught.value.hint("en")


def test_own_font_is_used_alone(own_font: bytes) -> None:
    drawn = draw(preset("round-40", "示范局"), own_font)
    assert drawn != draw(preset("round-40", "示范局"))
    with pytest.raises(UsageError) as caught:
        draw(preset("round-40", "示范厅"), own_font)
    assert caught.value.params["char"] == "厅"


@pytest.mark.parametrize("data", [b"", b"not a font", b"\x00\x01\x00\x00" + b"\xff" * 400])
def test_a_file_that_is_no_font_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        draw(preset("round-40", "示范局"), data)
    assert caught.value.code == "SEAL_FONT_UNREADABLE"


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(PRESETS)),
    owner=st.text(alphabet="杭州市示范局（）AgŁж. -1", min_size=1, max_size=40),
    line=st.sampled_from(["", "合同专用章", "Contracts", "办公室"]),
)
def test_any_text_fits_or_is_refused(name: str, owner: str, line: str) -> None:
    try:
        spec = preset(name, owner, line=line, **({"middle": "91330100MA2B12345X"} if "invoice" in name else {}))
        parts = text_of(spec)
    except UsageError as error:
        assert error.code in {"SEAL_TEXT_TOO_LONG", "SEAL_NO_ROOM", "SEAL_OWNER_MISSING"}
        return
    for part in parts:
        assert all(inside(spec, x, y, spec.border_mm) for x, y in points(part.contours()))
