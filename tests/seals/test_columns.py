"""Square seals and people's: every character in its cell, read from the right, and nothing that does not fit."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.errors import UsageError
from eseal.seals.artwork import Colour
from eseal.seals.drawing import PRESETS, Ink, Relief, SealShape, SealSpec, Writing, draw, layout, preset
from eseal.seals.lettering import Lettering

SQUARE = [name for name, figures in PRESETS.items() if figures["shape"] is SealShape.SQUARE]
NAMES = [name for name in SQUARE if name.startswith("name")]
PAPER = Colour(255, 255, 255)


def columns(spec: SealSpec) -> list[Lettering]:
    placed = layout(spec)
    return [placed.owner, *placed.lines]


def read(spec: SealSpec) -> list[str]:
    return [column.content.source for column in columns(spec)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("person", "suffix", "expected"),
    [
        ("王", "", ["王"]),
        ("王", "印", ["王", "印"]),
        ("张三", "", ["张", "三"]),
        ("张三", "印", ["张三", "印"]),
        ("张三", "之印", ["张三", "之印"]),
        ("王小明", "", ["王", "小明"]),
        ("王小明", "印", ["王小", "明印"]),
        ("王小明", "之印", ["王小明", "之印"]),
        ("欧阳小明", "", ["欧阳", "小明"]),
        ("欧阳小明", "印", ["欧阳", "小明印"]),
        ("欧阳小明", "之印", ["欧阳", "小明", "之印"]),
    ],
)
def test_a_persons_name_in_the_usual_columns(name: str, person: str, suffix: str, expected: list[str]) -> None:
    assert read(preset(name, person, suffix=suffix)) == expected


def test_columns_run_from_the_right_and_rows_from_the_top() -> None:
    first, second = columns(preset("name-18", "欧阳小明"))
    assert first.boxes[0].x > second.boxes[0].x
    assert first.boxes[0].y < first.boxes[1].y
    first, second = columns(preset("name-18", "欧阳小明", writing=Writing.ROWS))
    assert first.boxes[0].y < second.boxes[0].y
    assert first.boxes[0].x < first.boxes[1].x


def test_the_purpose_has_a_column_of_its_own_and_a_space_begins_one() -> None:
    assert read(preset("finance-square-25", "示范科技有限公司")) == ["示范科技", "有限公司", "财务专用章"]
    assert read(preset("square-25", "示范 合作社", suffix="之印")) == ["示范", "合作社之印"]
    assert read(preset("square-25", "某某县财政局", columns=2)) == ["某某县", "财政局"]
    assert len(read(preset("square-30", "浙江省示范市公共资源交易中心", suffix="之印"))) == 4


def test_all_columns_are_as_wide_and_fill_the_frame() -> None:
    spec = preset("finance-square-25", "杭州示范科技（集团）有限公司")
    found = columns(spec)
    assert {len(c.content.source) for c in found} == {4, 5}
    for column in found:
        top = min(box.y - box.height / 2 for box in column.boxes)
        bottom = max(box.y + box.height / 2 for box in column.boxes)
        assert top < 2.6
        assert bottom > 25 - 2.6
    steps = [a.boxes[0].x - b.boxes[0].x for a, b in pairwise(found)]
    assert max(steps) - min(steps) < 1e-6


def test_brackets_lie_on_their_side_in_a_column_but_not_in_a_row() -> None:
    def turned(writing: Writing) -> set[float]:
        spec = preset("square-30", "示范（集团）公司", writing=writing)
        return {round(box.angle, 3) for column in columns(spec) for box in column.boxes}

    assert turned(Writing.COLUMNS) == {0.0, 1.571}
    assert turned(Writing.ROWS) == {0.0}


def test_letters_stand_upright_among_characters_and_in_rows_alone() -> None:
    mixed = columns(preset("square-25", "示范公司 A区"))[1]
    assert mixed.boxes[0].width < mixed.boxes[1].width
    assert read(preset("square-25", "Example Ltd", line="Finance")) == ["Example", "Ltd", "Finance"]


def test_cut_characters_are_white_on_a_whole_field() -> None:
    field, text = draw(preset("name-18", "王小明", suffix="印", relief=Relief.CUT)).layers
    assert (field.colour, text.colour) == (Ink.RED.colour, PAPER)
    assert len(field.contours) == 1  # type: ignore[union-attr]
    frame, text = draw(preset("name-18", "王小明", suffix="印")).layers
    assert (frame.colour, text.colour) == (Ink.RED.colour, Ink.RED.colour)
    assert len(frame.contours) == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("square-25", {"owner": "示" * 120}, "SEAL_TEXT_TOO_LONG"),
        ("square-25", {"columns": 7}, "SEAL_NO_ROOM"),
        ("square-25", {"columns": 9}, "SEAL_SIZE_INVALID"),
        ("square-25", {"border_mm": 12.0}, "SEAL_NO_ROOM"),
        ("square-25", {"code": "1"}, "SEAL_PART_NOT_POSSIBLE"),
        ("square-25", {"second": "A"}, "SEAL_PART_NOT_POSSIBLE"),
        ("round-42", {"suffix": "印"}, "SEAL_PART_NOT_POSSIBLE"),
        ("round-42", {"relief": Relief.CUT}, "SEAL_PART_NOT_POSSIBLE"),
        ("round-42", {"code": "1", "second": "A"}, "SEAL_PART_NOT_POSSIBLE"),
        ("name-18", {"owner": "陈堃"}, "SEAL_GLYPH_MISSING"),
    ],
)
def test_what_is_not_possible_is_refused(name: str, changes: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        draw(preset(name, **{"owner": "示范局", **changes}))  # type: ignore[arg-type]
    assert caught.value.code == code
    assert "{" not in caught.value.message("zh") + caught.value.hint("zh")


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(SQUARE),
    owner=st.text("杭州市示范局（）·—Ag", min_size=1, max_size=24),
    suffix=st.sampled_from(["", "印", "之印"]),
    writing=st.sampled_from(Writing),
)
def test_any_name_fits_without_touching_or_is_refused(name: str, owner: str, suffix: str, writing: Writing) -> None:
    spec = preset(name, owner, suffix=suffix, writing=writing, line="")
    try:
        found = columns(spec)
    except UsageError as error:
        assert error.code == "SEAL_TEXT_TOO_LONG"
        return
    assert "".join(read(spec)) == owner + suffix
    # A dot's cell is lower than the box that says its size.
    pairs = [pair for column in found for pair in zip(column.content.source, column.boxes, strict=True)]
    boxes = [box for char, box in pairs if char != "·"]
    assert not any(a.meets(b, -1e-6) for a, b in combinations(boxes, 2))
    for column in found:
        for contour in column.contours():
            for x, y in contour.points():
                assert spec.border_mm < x < spec.width_mm - spec.border_mm
                assert spec.border_mm < y < spec.height_mm - spec.border_mm


# Round seals with more than one script


def test_a_second_language_runs_below_and_leaves_the_rest_alone() -> None:
    spec = preset("contract-58", "杭州示范科技有限公司", second="Hangzhou Example Technology Co., Ltd.")
    placed = layout(spec)
    assert placed.code is not None
    assert placed.code.content.source == spec.second
    parts = [placed.owner, *placed.lines, placed.code]
    for one, other in combinations(parts, 2):
        assert not any(a.meets(b, 0.2) for a in one.boxes for b in other.boxes)
    boxes = placed.code.boxes
    assert boxes[0].x < boxes[-1].x
    assert all(box.y > 29 for box in boxes)


@pytest.mark.parametrize("text", ["شىنجاڭ", "ᠮᠣᠩᠭᠣᠯ", "བོད་ལྗོངས", "ราชการ", "क्षेत्र"])
def test_scripts_that_cannot_be_drawn_letter_by_letter_are_refused_whatever_the_font(
    text: str, own_font: bytes
) -> None:
    for font in (None, own_font):
        with pytest.raises(UsageError) as caught:
            draw(preset("round-42", "示范局", second=text), font)
        assert caught.value.code == "SEAL_SCRIPT_SHAPED"
        assert caught.value.params["codepoint"] == f"U+{ord(text[0]):04X}"


def test_scripts_that_are_lacking_are_named() -> None:
    for text in ("ꆈꌠ", "한국"):
        with pytest.raises(UsageError) as caught:
            draw(preset("round-42", text))
        assert caught.value.code == "SEAL_GLYPH_MISSING"


def test_an_invoice_seal_needs_its_number() -> None:
    with pytest.raises(UsageError) as caught:
        preset("invoice-40x30", "示范公司")
    assert caught.value.code == "SEAL_PART_MISSING"
    spec = preset("invoice-40x30", "杭州示范科技有限公司", middle="91330100MA2B12345X", serial="（1）")
    # SAT notice 2011 no. 7: 40 x 30, name 4.2 high, number 3.7 x 26 in all, 发票专用章 from 4.2 below the centre.
    placed = layout(spec)
    number, serial, line = placed.lines
    assert placed.owner.height == pytest.approx(4.2)
    assert (number.height, number.boxes[0].y) == (pytest.approx(3.7), pytest.approx(15))
    assert number.boxes[-1].x + number.boxes[-1].width / 2 - number.boxes[0].x <= 26.0
    assert line.content.source == "发票专用章"
    assert line.boxes[0].y - line.height / 2 == pytest.approx(15 + 4.2, abs=0.6)
    assert serial.boxes[0].y - serial.height / 2 == pytest.approx(15 + 10, abs=0.1)


@pytest.mark.parametrize(("name", "line"), [("contract-58", "合同专用章"), ("finance-38", "财务专用章")])
def test_special_seals_carry_their_purpose_unless_another_is_given(name: str, line: str) -> None:
    assert [part.content.source for part in layout(preset(name, "示范公司")).lines] == [line]
    assert [part.content.source for part in layout(preset(name, "示范公司", line="业务")).lines] == ["业务"]
