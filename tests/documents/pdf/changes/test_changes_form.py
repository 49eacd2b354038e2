"""Form fields and seals that come later: what the seal permits, and every way to abuse it."""

from __future__ import annotations

import pytest

SEAL = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] >>"


def make(sealed, level=None):
    return sealed() if level is None else sealed().certified(level)


def fill(document, parts, value, shown, **kind):
    document.edit(11, b"(100)", b"(" + value + b")", _16=parts.shows(shown, **kind))
    return document.worst()


@pytest.mark.parametrize("level", [None, 2, 3])
def test_a_field_filled_in_with_what_it_shows_is_permitted(sealed, parts, level):
    assert fill(make(sealed, level), parts, b"250", b"250") == ("permitted", {"CHANGE_FIELD_FILLED"})


def test_nothing_is_filled_in_at_level_1(sealed, parts):
    assert fill(make(sealed, 1), parts, b"250", b"250") == ("failed", {"CHANGE_FIELD_FORBIDDEN"})


@pytest.mark.parametrize(("value", "shown"), [(b"250", b"950"), (b"250", b""), (b"250", b"2500"), (b"100", b"900")])
def test_a_field_that_shows_other_than_its_value(sealed, parts, value, shown):
    """The replace-shadow attack: what is seen is not what is stored."""
    assert fill(make(sealed, 2), parts, value, shown) == ("failed", {"CHANGE_FIELD_SHOWS_OTHER"})


def test_a_value_changed_without_its_appearance(sealed):
    assert make(sealed, 2).edit(11, b"(100)", b"(900)").worst() == ("failed", {"CHANGE_FIELD_SHOWS_OTHER"})


def test_the_viewer_may_be_left_to_draw_the_value(sealed):
    document = sealed().edit(11, b"(100)", b"(900)")
    document.update({11: document.objects[11].replace(b"(100)", b"(900)").replace(b"/AP << /N 16 0 R >>", b"")})
    assert document.worst() == ("permitted", {"CHANGE_FIELD_FILLED"})


# Ways to hide or redraw what the text operators say.
TRICKS = [
    {"before": b"3 Tr "},
    {"before": b"7 Tr "},
    {"before": b"1 0 0 1 900 900 cm "},
    {"before": b"0.01 0 0 0.01 0 0 Tm "},
    {"before": b"0 1 -1 0 0 0 Tm "},
    {"before": b"5000 0 Td "},
    {"before": b"1 Tz "},
    {"before": b"900 Ts "},
    {"font": b"/Helv 0.1 Tf"},
    {"font": b"/Other 12 Tf"},
    {"before": b"/GS gs "},
    {"before": b"/Im Do "},
    {"before": b"/P sh "},
    {"before": b"BI /W 1 /H 1 ID x EI "},
    {"before": b"0 0 m 1 1 2 2 3 3 c f "},
    {"before": b"40 6 m 48 14 l S "},
    {"before": b"0 0 m " + b"1 1 l " * 300 + b"S "},
    {"extra": b"/OC 43 0 R "},
]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_drawing_that_can_hide_or_redraw_text_is_not_believed(sealed, parts, trick):
    assert fill(make(sealed, 2), parts, b"250", b"250", **trick) == ("unknown", {"CHANGE_FIELD_UNREADABLE"})


def test_white_text_and_covered_text_are_not_believed(sealed, parts):
    for body in (
        b"/Tx BMC q BT /Helv 12 Tf 1 g 2 5 Td (250) Tj ET Q EMC",
        b"/Tx BMC q BT /Helv 12 Tf 0 g 2 5 Td (250) Tj ET Q 1 g 0 0 100 20 re f EMC",
        b"q 0 0 1 1 re W n BT /Helv 12 Tf 0 g 50 5 Td (250) Tj ET Q",
    ):
        keys = b"/Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /Helv 7 0 R >> >> "
        document = make(sealed, 2).edit(11, b"(100)", b"(250)", _16=parts.stream(body, keys))
        assert document.worst() == ("unknown", {"CHANGE_FIELD_UNREADABLE"})


def test_a_font_that_lies_about_its_glyphs_is_not_believed(sealed, parts):
    table = parts.stream(b"1 beginbfchar <39> <0032> endbfchar")
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 61 0 R >>"
    body = b"BT /Fx 12 Tf 0 g 2 5 Td (950) Tj ET"
    keys = b"/Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /Fx 60 0 R >> >> "
    document = sealed().edit(11, b"(100)", b"(250)", _16=parts.stream(body, keys), _60=font, _61=table)
    assert document.worst()[0] in ("unknown", "failed")


def test_a_new_embedded_font_is_not_believed(sealed, parts):
    font = b"<< /Type /Font /Subtype /TrueType /BaseFont /A /Encoding /WinAnsiEncoding /FontDescriptor 61 0 R >>"
    body = b"BT /Fx 12 Tf 0 g 2 5 Td (250) Tj ET"
    keys = b"/Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /Fx 60 0 R >> >> "
    more = {"_60": font, "_61": b"<< /Type /FontDescriptor /FontFile2 62 0 R >>", "_62": parts.stream(b"font")}
    document = sealed().edit(11, b"(100)", b"(250)", _16=parts.stream(body, keys), **more)
    assert document.worst() == ("unknown", {"CHANGE_FIELD_UNREADABLE"})


# A field changed in more than its value: number, old, new, code.
ABUSES = [
    (11, b"[50 600 150 620]", b"[50 700 150 720]", "CHANGE_FIELD_MOVED"),
    (11, b"/F 4", b"/F 2", "CHANGE_FIELD"),
    (11, b"/F 4", b"/F 4 /Ff 4096", "CHANGE_FIELD"),
    (11, b"/F 4", b"/F 4 /MaxLen 1", "CHANGE_FIELD"),
    (11, b"/F 4", b"/F 4 /MK << /BG [1 1 1] >>", "CHANGE_FIELD"),
    (11, b"/F 4", b"/F 4 /DV (x)", "CHANGE_FIELD"),
    (11, b"/F 4", b"/F 4 /TU (x)", "CHANGE_FIELD"),
    (11, b"/F 4", b"/F 4 /OC 43 0 R", "CHANGE_LAYERS"),
    (11, b"/F 4", b"/F 4 /AA << /K << /S /JavaScript /JS (x) >> >>", "CHANGE_ACTION"),
    (11, b"/F 4", b"/F 4 /A << /S /JavaScript /JS (x) >>", "CHANGE_ACTION"),
    (11, b"(amount)", b"(total)", "CHANGE_FIELD"),
    (12, b"/Yes 18 0 R", b"/Yes 19 0 R", "CHANGE_FIELD_APPEARANCE"),
    (12, b"/AS /Off", b"/AS /Yes", "CHANGE_FIELD_SHOWS_OTHER"),
    (12, b"/V /Off", b"/V /Yes", "CHANGE_FIELD_SHOWS_OTHER"),
    (13, b"[(b) (Second)]", b"[(b) (Third)]", "CHANGE_FIELD"),
    (17, b"[300 50 380 150]", b"[0 0 600 800]", "CHANGE_FIELD_MOVED"),
    (10, b"[400 50 500 150]", b"[0 0 600 800]", "CHANGE_FIELD_MOVED"),
    (10, b"/N 15 0 R", b"/N 44 0 R", "CHANGE_SEALED_FIELD"),
    (10, b"/V 14 0 R ", b"", "CHANGE_SEALED_FIELD"),
    (15, b"1 0 0 rg", b"0 1 0 rg", "CHANGE_SEALED_FIELD"),
    (14, b"/Contents <00>", b"/Contents <01>", "CHANGE_SEALED_FIELD"),
    (5, b"10 0 R 11 0 R", b"10 0 R", "CHANGE_FIELD_REMOVED"),
]


@pytest.mark.parametrize(("number", "old", "new", "code"), ABUSES)
@pytest.mark.parametrize("level", [None, 2, 3])
def test_more_than_a_value_is_refused(sealed, number, old, new, code, level):
    verdict, codes = make(sealed, level).edit(number, old, new).worst()
    assert verdict == "failed"
    assert code in codes


def test_a_box_ticked_and_a_choice_made(sealed, parts):
    document = make(sealed, 2)
    ticked = document.objects[12].replace(b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")
    chosen = document.objects[13].replace(b"/V (a)", b"/V (b) /I [1]")
    document.update({12: ticked, 13: chosen, 21: parts.shows(b"Second")})
    assert document.worst() == ("permitted", {"CHANGE_FIELD_FILLED"})


def test_a_choice_that_selects_another(sealed):
    assert make(sealed, 2).edit(13, b"/V (a)", b"/V (a) /I [1]").worst() == ("unknown", {"CHANGE_FIELD_UNCLEAR"})


@pytest.mark.parametrize(
    ("lock", "locked"),
    [
        (b"/Action /All", True),
        (b"/Action /Include /Fields [(amount)]", True),
        (b"/Action /Include /Fields [(grade)]", False),
        (b"/Action /Exclude /Fields [(amount)]", False),
        (b"/Action /Exclude /Fields [(grade)]", True),
        (b"/Action /Unheard", True),
    ],
)
def test_locked_fields_stay(sealed, parts, lock, locked):
    document = sealed(_10=sealed().objects[10].replace(b"/F 132", b"/F 132 /Lock << /Type /SigFieldLock %s >>" % lock))
    verdict = fill(document, parts, b"250", b"250")
    assert verdict == (("failed", {"CHANGE_FIELD_LOCKED"}) if locked else ("permitted", {"CHANGE_FIELD_FILLED"}))


def test_a_lock_can_forbid_everything(sealed, parts):
    lock = b"/F 132 /Lock << /Type /SigFieldLock /Action /Include /Fields [] /P 1 >>"
    document = sealed(_10=sealed().objects[10].replace(b"/F 132", lock))
    assert fill(document, parts, b"250", b"250") == ("failed", {"CHANGE_FIELD_FORBIDDEN"})


def second(document, parts, value=SEAL, rect=b"[300 50 380 150]"):
    field = document.objects[17].replace(b"/F 132", b"/F 132 /V 90 0 R /AP << /N 91 0 R >>")
    return document.update({17: field.replace(b"[300 50 380 150]", rect), 90: value, 91: parts.box()})


@pytest.mark.parametrize("level", [None, 2, 3])
def test_signing_an_empty_field_is_another_seal(sealed, parts, level):
    assert second(make(sealed, level), parts).worst("Second") == ("passed", {"CHANGE_SEAL"})


def test_signing_what_the_reader_did_not_recognise_as_a_signature_is_unknown(sealed, parts):
    assert second(make(sealed), parts).worst() == ("unknown", {"CHANGE_SEAL_UNCLEAR"})


def test_no_other_seal_at_level_1(sealed, parts):
    assert second(make(sealed, 1), parts).worst("Second") == ("failed", {"CHANGE_SEAL_FORBIDDEN"})


def test_signing_does_not_move_the_field(sealed, parts):
    verdict, codes = second(make(sealed), parts, rect=b"[0 0 600 800]").worst("Second")
    assert (verdict, codes) == ("failed", {"CHANGE_FIELD_MOVED"})


def new_field(document, parts, body, value=SEAL):
    return document.update(
        {
            5: document.objects[5].replace(b"17 0 R]", b"17 0 R 80 0 R]"),
            3: document.objects[3].replace(b"20 0 R]", b"20 0 R 80 0 R]"),
            80: b"<< /Type /Annot /Subtype /Widget /P 3 0 R /F 132 " + body + b" >>",
            **({90: value} if b"90 0 R" in body else {}),
            **({91: parts.box()} if b"91 0 R" in body else {}),
        }
    )


@pytest.mark.parametrize(
    ("level", "body", "expected"),
    [
        (None, b"/FT /Sig /T (New) /V 90 0 R /Rect [0 0 90 90] /AP << /N 91 0 R >>", ("passed", "CHANGE_SEAL")),
        (2, b"/FT /Sig /T (New) /V 90 0 R /Rect [0 0 0 0]", ("passed", "CHANGE_SEAL")),
        # The sneaky signature attack: a picture where nothing was reserved.
        (2, b"/FT /Sig /T (New) /V 90 0 R /Rect [0 0 90 90] /AP << /N 91 0 R >>", ("unknown", "CHANGE_SEAL_VISIBLE")),
        (3, b"/FT /Sig /T (New) /Rect [0 0 90 90] /AP << /N 91 0 R >>", ("unknown", "CHANGE_SIGNATURE_FIELD_VISIBLE")),
        (None, b"/FT /Sig /T (New) /Rect [0 0 9 9] /AP << /N 91 0 R >>", ("unknown", "CHANGE_SIGNATURE_FIELD_VISIBLE")),
        (2, b"/FT /Sig /T (New) /Rect [0 0 0 0]", ("permitted", "CHANGE_SIGNATURE_FIELD_ADDED")),
        (1, b"/FT /Sig /T (New) /Rect [0 0 0 0]", ("failed", "CHANGE_SEAL_FORBIDDEN")),
        # One signature shown in two fields.
        (None, b"/FT /Sig /T (New) /V 14 0 R /Rect [0 0 90 90]", ("failed", "CHANGE_SEAL_BORROWED")),
        (None, b"/FT /Sig /T (Seal) /V 14 0 R /Rect [0 0 90 90]", ("failed", "CHANGE_FIELD_DUPLICATE")),
        (None, b"/FT /Sig /T (Seal) /V 90 0 R /Rect [0 0 0 0]", ("failed", "CHANGE_FIELD_DUPLICATE")),
        (None, b"/FT /Tx /T (New) /V (x) /Rect [0 0 90 90]", ("failed", "CHANGE_FIELD_ADDED")),
        (None, b"/FT /Btn /T (New) /Rect [0 0 90 90]", ("failed", "CHANGE_FIELD_ADDED")),
        (None, b"/FT /Sig /T (New) /V 90 0 R /Rect [0 0 0 0] /AA << /U 1 >>", ("failed", "CHANGE_ACTION")),
        (None, b"/FT /Sig /T (New) /V 90 0 R /Rect [0 0 0 0] /Odd 1", ("unknown", "CHANGE_FIELD_ADDED_UNCLEAR")),
    ],
)
def test_new_fields(sealed, parts, level, body, expected):
    verdict, codes = new_field(make(sealed, level), parts, body).worst("New")
    assert verdict == expected[0]
    assert expected[1] in codes


@pytest.mark.parametrize("rect", [b"[0 0 0 0]", b"[90 90 90 90]", b"[9 9 9 90]"])
@pytest.mark.parametrize(
    ("box", "content", "shown"),
    [
        (b"[0 0 9 9]", b"0 0 9 9 re f", True),
        (b"[0 0 9 9]", b"% DSBlank\nq Q 0 0 9 9 re f", True),
        (b"[0 0 9 9]", b"% DSBlank\n", False),
        (b"[0 0 9 9]", b" q Q ", False),
        (b"[0 0 0 9]", b"0 0 9 9 re f", False),
    ],
)
def test_a_field_without_an_area_shows_in_ghostscript(sealed, parts, rect, box, content, shown):
    look = parts.stream(content, b"/Type /XObject /Subtype /Form /BBox " + box)

    def judged(level, value):
        body = b"/FT /Sig /T (New) /Rect " + rect + b" /AP << /N 91 0 R >>" + value
        return new_field(make(sealed, level), parts, body).update({91: look}).worst("New")[1]

    assert ("CHANGE_SIGNATURE_FIELD_VISIBLE" in judged(None, b"")) == shown
    assert ("CHANGE_SEAL_VISIBLE" in judged(2, b" /V 90 0 R")) == shown
    assert ("CHANGE_SEAL_COVERS" in judged(None, b" /V 90 0 R")) == shown


def test_a_certification_comes_first_or_not_at_all(sealed, parts):
    reference = b" /Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>] >>"
    body = b"/FT /Sig /T (New) /V 90 0 R /Rect [0 0 0 0]"
    certifying = SEAL[:-3] + reference
    assert new_field(make(sealed), parts, body, certifying).worst("New") == ("unknown", {"CHANGE_CERTIFICATION_ADDED"})
    assert new_field(make(sealed, 2), parts, body, certifying).worst("New") == (
        "failed",
        {"CHANGE_CERTIFICATION_SECOND"},
    )


def test_a_sealed_field_does_not_show_twice(sealed):
    document = sealed().edit(4, b"/Rotate 0", b"/Rotate 0 /Annots [11 0 R]")
    assert document.worst() == ("failed", {"CHANGE_FIELD_MOVED"})


def test_a_new_element_may_only_hold_a_new_field(sealed, parts):
    document = sealed()
    tree = {
        31: document.objects[31].replace(b"[32 0 R]", b"[32 0 R 95 0 R]"),
        95: b"<< /Type /StructElem /S /Form /P 31 0 R /Pg 3 0 R /K << /Type /OBJR /Obj %d 0 R >> >>",
        30: document.objects[30].replace(b"]] ", b"] 1 95 0 R] "),
    }
    body = b"/FT /Sig /T (New) /V 90 0 R /Rect [0 0 0 0] /StructParent 1"
    good = new_field(document, parts, body).update(tree | {95: tree[95] % 80})
    assert good.worst("New")[0] == "passed"
    bad = sealed().update(tree | {95: tree[95] % 20})
    assert bad.worst()[0] == "failed"


def test_asking_for_new_drawings_is_permitted_only_where_fields_show_their_values(sealed, parts):
    assert sealed().edit(5, b"/SigFlags", b"/NeedAppearances true /SigFlags").worst() == (
        "permitted",
        {"CHANGE_FORM_REDRAWN"},
    )
    prepared = sealed(_16=parts.shows(b"10"))
    prepared.edit(5, b"/SigFlags", b"/NeedAppearances true /SigFlags")
    assert prepared.worst() == ("unknown", {"CHANGE_FORM_REDRAWN"})


def test_default_resources_do_not_change_under_an_appearance_that_borrows_them(sealed, parts):
    body = b"BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET"
    document = sealed(_16=parts.stream(body, b"/Subtype /Form /BBox [0 0 100 20] "))
    other = b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"
    document.edit(5, b"/Helv 7 0 R", b"/Helv 60 0 R", _60=other)
    assert document.worst() == ("unknown", {"CHANGE_FORM_UNCLEAR"})
    assert sealed().edit(5, b"/Helv 7 0 R", b"/Helv 60 0 R", _60=other).worst()[0] == "passed"
