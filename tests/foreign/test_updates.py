"""What foreign programs write after a seal in good faith passes; its nearest malicious twin does not."""

from __future__ import annotations

import pytest

from support.foreign import LOOK, NOWHERE, PKI, Foreign, cms, deflated, judged, packet
from support.pdfs import stream

MODES = ("table", "stream", "objstm", "hybrid")
PACKET = stream(packet(b"<a:Tool xmlns:a='http://example.invalid/a'>Other</a:Tool>"), b"/Type /Metadata /Subtype /XML ")
INFO = b"<< /Title <FEFF004E006F0074006900630065> /Producer (Other) /ModDate (D:20260405000000Z) >>"
EXTENDED = b"<< /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >> >>"


def sealed(**options) -> Foreign:
    return Foreign(**options).sign(cms())


def with_catalog(made: Foreign, **entries: bytes | None) -> Foreign:
    for key, value in entries.items():
        made.catalog.pop(key.encode(), None)
        if value is not None:
            made.catalog[key.encode()] = value
    return made


# --- refreshed by the next program ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_metadata_information_and_identifier_are_refreshed(mode):
    made = sealed()
    made.trailer = b"/Info 15 0 R /ID [<00112233445566778899aabbccddeeff> <ffff>] "
    assert judged(made.update({14: PACKET, 15: INFO}, mode).data) == ("yes", [])


def test_a_title_with_other_words_is_said():
    made = sealed().update({15: INFO.replace(b"0065>", b"0066>")})
    assert judged(made.data)[0] == "unknown"


@pytest.mark.parametrize("trailer", [b"", b"/Info 15 0 R ", b"/ID [<00> <01>] "])
def test_trailer_entries_left_out(trailer):
    made = sealed()
    made.trailer = trailer
    assert judged(made.keep().data) == ("yes", [])


@pytest.mark.parametrize(("left", "untouched"), [(b"", "yes"), (b"/AdditionalStreams [/text 90 0 R] ", "yes")])
def test_a_private_trailer_entry_may_go_or_point_at_nothing(left, untouched):
    made = Foreign()
    made.trailer += b"/AdditionalStreams [/text 50 0 R] "
    made.update({50: stream(b"another document")}).sign(cms())
    made.trailer = made.trailer.split(b"/AdditionalStreams")[0] + left
    assert judged(made.keep().data)[0] == untouched


def test_a_private_trailer_entry_does_not_come_to_mean_another_document():
    made = Foreign()
    made.trailer += b"/AdditionalStreams [/text 50 0 R] "
    made.update({50: stream(b"another document")}).sign(cms())
    made.trailer = made.trailer.replace(b"50 0 R", b"60 0 R")
    assert judged(made.update({60: stream(b"a false document")}).data)[0] == "unknown"


@pytest.mark.parametrize("later", [None, b"<< >>", b"<< /ADBE << /BaseVersion /1.7 /ExtensionLevel 5 >> >>"])
def test_extensions_set_anew_by_a_writer_of_long_term_data(later):
    made = with_catalog(Foreign(), Extensions=EXTENDED).rewrite().sign(cms())
    assert judged(with_catalog(made, Extensions=later).keep().data) == ("yes", [])


@pytest.mark.parametrize("mode", MODES)
def test_everything_written_again_as_it_was(mode):
    made = sealed(tagged=True, form=True)
    assert judged(made.rewrite({2: b"<< /Count 1 /Kids [3 0 R] /Type /Pages >>"}, mode).data) == ("yes", [])


@pytest.mark.parametrize(
    ("before", "after", "untouched"),
    [
        (b"", b"/ITXT (2.1.7) ", "yes"),
        (b"/ITXT (2.1.7) ", b"", "yes"),
        (b"/ITXT (2.1.7) ", b"/ITXT (5.0.1) ", "yes"),
        (b"", b"/ITXT [3 0 R] ", "unknown"),
        (b"", b"/ITXT << /Contents 4 0 R >> ", "unknown"),
        (b"", b"/Other (2.1.7) ", "unknown"),
        (b"", b"/ITXT (2.1.7) /Rotate 90 ", "no"),
    ],
)
def test_a_program_puts_its_mark_on_the_page_tree(before, after, untouched):
    made, tree = Foreign(), b"<< /Type /Pages /Kids [3 0 R] /Count 1 %s>>"
    made.update({2: tree % before}).sign(cms())
    assert judged(made.update({2: tree % after}).data)[0] == untouched


@pytest.mark.parametrize("size", [2, 16])
def test_a_count_of_the_update_alone(size):
    made = sealed()
    number = size - 1
    body = {1: made._heads()[1], 15: INFO}[number]
    assert judged(made.update({number: body}, size=size).data) == ("yes", [])


def test_a_count_that_cuts_off_what_the_update_itself_holds():
    assert judged(sealed().update({15: INFO}, size=9).data)[0] == "unknown"


def test_an_update_without_objects():
    assert judged(sealed().update({}).data) == ("yes", [])


def empty_section(index: bytes) -> str:
    """An update with a cross-reference stream whose entries have no bytes, as PDFBox ends a save of nothing."""
    made = sealed()
    head = b"/Type /XRef /Size %d /W [0 0 0] /Index [%s] /Root 1 0 R /Prev %d " % (made.size + 1, index, made.start)
    body = b"%d 0 obj\n" % made.size + deflated(b"", head + made.trailer) + b"\nendobj\n"
    return judged(made.data + body + b"startxref\n%d\n%%%%EOF\n" % len(made.data))[0]


@pytest.mark.parametrize(
    ("index", "untouched"),
    [(b"0 1", "yes"), (b"", "yes"), (b"0 2", "unknown"), (b"1 1", "unknown"), (b"4 0", "unknown")],
)
def test_a_section_whose_entries_have_no_bytes_names_object_0_alone(index, untouched):
    assert empty_section(index) == untouched


@pytest.mark.parametrize(
    ("sealed_as", "later", "untouched"),
    [
        (b"/2.0", b"/1.7", "yes"),
        (b"/2.0", b"/1.6", "yes"),
        (b"/1.6", b"/1.7", "yes"),
        (b"/1.7", b"/1.4", "yes"),
        (b"/1.7", b"/3.0", "unknown"),
        (b"/1.7", None, "unknown"),
        (b"/1.7", b"(1.7)", "unknown"),
    ],
)
def test_a_program_states_the_version_that_it_writes(sealed_as, later, untouched):
    made = with_catalog(Foreign(), Version=sealed_as).rewrite().sign(cms())
    assert judged(with_catalog(made, Version=later).rewrite().data)[0] == untouched


EMPTY = {
    "ViewerPreferences": (b"<< >>", b"<< /HideToolbar true >>"),
    "Outlines": (b"<< /Type /Outlines /Count 0 >>", b"<< /Type /Outlines /Count 0 /First 60 0 R /Last 60 0 R >>"),
    "Dests": (b"<< >>", b"<< /a [3 0 R /Fit] >>"),
    "AA": (b"<< >>", b"<< /WC << /S /JavaScript /JS (1) >> >>"),
    "Names": (b"<< /Dests << /Names [] >> >>", b"<< /Dests << /Names [(a) [3 0 R /Fit]] >> >>"),
}


@pytest.mark.parametrize("key", EMPTY)
def test_a_dictionary_that_says_nothing_is_as_good_as_none(key):
    nothing, something = EMPTY[key]
    assert judged(with_catalog(sealed(), **{key: nothing}).rewrite().data) == ("yes", [])
    title = {60: b"<< /Title (Other) /Parent 1 0 R >>"}
    assert judged(with_catalog(sealed(), **{key: something}).rewrite(title).data)[0] in ("no", "unknown")
    full = with_catalog(Foreign(), **{key: something}).rewrite(title).sign(cms())
    assert judged(with_catalog(full, **{key: nothing}).rewrite().data)[0] in ("no", "unknown")


CERTIFICATE = PKI["p256"].seal.certificate.der


@pytest.mark.parametrize(
    ("single", "untouched"),
    [
        (stream(CERTIFICATE), "yes"),
        (deflated(CERTIFICATE), "yes"),
        (stream(CERTIFICATE + b"\r\n"), "yes"),
        (stream(CERTIFICATE, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "), "unknown"),
        (stream(CERTIFICATE + b"BT ET"), "unknown"),
        (stream(b"BT (a false amount) Tj ET"), "unknown"),
        (stream(CERTIFICATE, b"/Next 3 0 R "), "unknown"),
        (b"<< /Kids [3 0 R] >>", "unknown"),
    ],
)
def test_a_store_with_a_single_stream_in_place_of_an_array(single, untouched):
    assert judged(with_catalog(sealed(), DSS=b"<< /Certs 60 0 R >>").rewrite({60: single}).data)[0] == untouched


# --- left behind -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "untouched"),
    [
        (stream(b"\n", b"/Subtype /Form /BBox [0 0 0 0] /Resources << /Font << /F 5 0 R >> >> "), "yes"),
        (stream(b"BT (a false amount) Tj ET", b"/Subtype /Form /BBox [0 0 9 9] "), "unknown"),
        (stream(b"BT (a false amount) Tj ET"), "unknown"),
        (b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats /Name /ZaDb >>", "yes"),
        (b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", "yes"),
        (b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [65 /B] >> >>", "unknown"),
        (b"<< /Type /Font /Subtype /TrueType /BaseFont /Other /FontDescriptor 5 0 R >>", "unknown"),
        (b"<< /Type /Font /Subtype /Type3 /CharProcs << /A 4 0 R >> >>", "unknown"),
        (b"<< /Subtype /Type1 /BaseFont /Helvetica >>", "unknown"),
    ],
)
def test_remains_that_nothing_reaches(left, untouched):
    assert judged(sealed().rewrite({70: left}).data)[0] == untouched


# --- filled in, signed, certified ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("certify", [0, 2, 3])
def test_filled_in_after_the_seal_and_signed_in_the_reserved_field(mode, certify):
    made = Foreign(MODES[len(mode) % 4], form=True).sign(cms("rsa2048"), certify=certify)
    made.fill(mode=mode).sign(cms(), b"Reserved", style="reserved", look=LOOK)
    assert judged(made.keep().stamp().data) == ("permitted", [])


def test_long_term_data_and_a_timestamp_after_the_strictest_certification():
    made = Foreign(form=True).sign(cms(), certify=1).keep("itext").stamp().keep("typed").stamp("stream", b"T2")
    assert judged(made.data) == ("yes", [])


def test_filled_in_before_the_seal():
    assert judged(Foreign(form=True).fill().sign(cms()).data) == ("yes", [])


@pytest.mark.parametrize(
    ("lock", "untouched"),
    [
        (b"/Action /Include /Fields [(other)]", "permitted"),
        (b"/Action /Exclude /Fields [(name)]", "permitted"),
        (b"/Action /All", "no"),
        (b"/Action /Include /Fields [(name)]", "no"),
    ],
)
def test_a_lock_holds_what_it_names(lock, untouched):
    reference = b"/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /Data 1 0 R /TransformParams "
    reference += b"<< /Type /TransformParams %s /V /1.2 >> >>] " % lock
    made = Foreign(form=True).sign(cms(), extra=reference, field=b"/Lock << /Type /SigFieldLock %s >> " % lock)
    assert judged(made.fill().data)[0] == untouched


def test_an_empty_field_added_for_the_next_signer_is_permitted():
    made = sealed()
    number = made.new()
    made.fields.append(number)
    made.notes.append(number)
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Next) /Rect [0 0 0 0] /F 132 /P 3 0 R >>"
    assert judged(made.rewrite({number: field}).data) == ("permitted", [])


@pytest.mark.parametrize(
    ("before", "after", "untouched"),
    [
        (b"", NOWHERE, "yes"),
        (b"/AP << /N 30 0 R >> ", NOWHERE, "no"),
        (b"", b"[72 100 272 160]", "no"),
    ],
)
def test_a_field_signed_unseen_may_lose_its_area_where_it_showed_nothing(before, after, untouched):
    made = Foreign(form=True)
    start = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Reserved) /F 4 /P 3 0 R /Rect [72 500 272 560] "
    made.update({9: start + before + b">>", 30: LOOK}).sign(cms())
    made.sign(cms("rsa2048"), b"Reserved", style="reserved", rect=after.replace(b"[0 0 0 0]", b"[0 0 0 0 ]"))
    assert judged(made.data)[0] == untouched


# --- one object for the resources of the form and of a page ----------------------------------------------------------


def shared(content: bytes, glyph: bytes = b"") -> Foreign:
    """The page's resources are the form's, as LibreOffice and others write it; a seal with a picture adds to both."""
    made = Foreign(form=True)
    made.page[b"Resources"] = b"20 0 R"
    made.form_extra = b"/DR 20 0 R /DA (/Helv 0 Tf 0 g) "
    fonts = b"/Helv 5 0 R /F1 5 0 R /G 21 0 R "
    font = b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 65 /LastChar 65 "
    font += b"/Widths [9] /Encoding << /Differences [65 /P] >> /CharProcs << /P 22 0 R >> >>"
    objects = {
        4: stream(content),
        20: b"<< /Font << %s>> >>" % fonts,
        21: font,
        22: stream(b"9 0 0 0 9 9 d1 " + glyph),
    }
    made.rewrite(objects).sign(cms())
    grown = {
        20: b"<< /Font << %s>> /XObject << /FRM 60 0 R >> >>" % fonts,
        60: deflated(b"1 g 0 0 600 800 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] "),
    }
    return made.rewrite(grown)


def test_shared_resources_may_grow_by_what_nothing_uses():
    assert judged(shared(b"BT /F1 12 Tf 72 720 Td (Notice 17) Tj ET").data) == ("yes", [])


@pytest.mark.parametrize("use", [b"/FRM Do", b"/#46RM Do", b"q/FRM Do Q"])
def test_not_by_what_the_sealed_page_was_waiting_for(use):
    assert judged(shared(b"BT /F1 12 Tf (Notice) Tj ET " + use).data)[0] == "no"


def test_nor_by_what_a_glyph_was_waiting_for():
    assert judged(shared(b"BT /G 12 Tf (A) Tj ET", b"/FRM Do").data)[0] == "no"


# --- what form fillers paint -----------------------------------------------------------------------------------------


def filled(paint: bytes, resources: bytes = b"", flags: tuple[bytes, bytes] = (b"", b"")) -> str:
    """A text field filled in with an appearance of the given operators; flags of the form before and after."""
    made = Foreign(form=True)
    made.form_extra += flags[0]
    made.rewrite().sign(cms())
    made.form_extra = made.form_extra.replace(flags[0], flags[1]) if flags[0] else made.form_extra + flags[1]
    keys = b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /Helv 5 0 R >> %s>> " % resources
    content = b"/Tx BMC q 1 1 198 18 re W n BT /Helv 12 Tf %s 2 5 Td (Ann Lee) Tj ET Q EMC" % paint
    return judged(made.rewrite({7: made.text_field(b"Ann Lee"), 8: stream(content, keys)}).data)[0]


@pytest.mark.parametrize(
    "paint",
    [b"/DeviceGray cs 0 sc", b"/DeviceRGB cs 0 0 1 sc", b"/DeviceCMYK cs 0 0 0 1 scn", b"/DeviceRGB cs", b"0 0 0 rg"],
)
def test_dark_text_in_any_device_colour_is_read(paint):
    assert filled(paint) == "permitted"


@pytest.mark.parametrize(
    ("paint", "resources"),
    [
        (b"/DeviceGray cs 1 sc", b""),
        (b"/DeviceRGB cs 1 1 1 sc", b""),
        (b"/DeviceRGB cs 0 sc", b""),
        (b"/Pattern cs /P scn", b""),
        (b"/Other cs 0 sc", b"/ColorSpace << /Other [/Separation /None /DeviceGray 5 0 R] >> "),
        (b"0 g", b"/ColorSpace << /DefaultGray [/Separation /None /DeviceGray 5 0 R] >> "),
    ],
)
def test_text_that_may_not_be_seen_is_not_believed(paint, resources):
    assert filled(paint, resources) == "unknown"


ASKED, NOT_ASKED = b"/NeedAppearances true ", b"/NeedAppearances false "


@pytest.mark.parametrize("flags", [(ASKED, NOT_ASKED), (ASKED, b""), (b"", NOT_ASKED), (ASKED, ASKED)])
def test_a_program_that_fills_in_draws_what_viewers_drew(flags):
    assert filled(b"0 g", flags=flags) == "permitted"


def test_an_appearance_that_viewers_did_not_show_is_not_brought_out():
    made = Foreign(form=True)
    made.form_extra += ASKED
    made.rewrite({7: made.text_field(b"100"), 8: made.text_look(b"900")}).sign(cms())
    made.form_extra = made.form_extra.replace(ASKED, NOT_ASKED)
    assert judged(made.rewrite().data)[0] == "unknown"


DEFAULT = b"/DA (/Helv 12 Tf 0 g) "


@pytest.mark.parametrize(
    ("later", "untouched"),
    [
        (b"/DA (0 g /Helv 12 Tf) ", "permitted"),
        (b"/DA (/Helv  12.0 Tf 0.0 g) /BS << /S /S /W 1 >> ", "permitted"),
        (DEFAULT + b"/BS << /Type /Border /S /S /W 1 >> /Ff 0 ", "permitted"),
        (b"/DA (0 g /Helv 2 Tf) ", "unknown"),
        (b"/DA (1 g /Helv 12 Tf) ", "unknown"),
        (b"/DA (0 g /Other 12 Tf) ", "unknown"),
        (b"/DA (0 g /Helv 12 Tf 3 Tr) ", "unknown"),
        (b"/DA (0 g 1 g /Helv 12 Tf) ", "unknown"),
        (b"/DA (/Helv 12 Tf) ", "unknown"),
        (DEFAULT + b"/BS << /S /S /W 9 >> ", "no"),
        (DEFAULT + b"/BS << /S /B /W 1 >> ", "no"),
        (DEFAULT + b"/BS << /S /S /W 1 /D [9 9] >> ", "no"),
    ],
)
def test_mupdf_says_otherwise_what_a_field_says_already(later, untouched):
    made = Foreign(form=True).sign(cms())
    filled_in = made.text_field(b"Ann Lee").replace(DEFAULT, later)
    assert judged(made.update({7: filled_in, 8: made.text_look(b"Ann Lee")}).data)[0] == untouched


def test_a_border_that_was_sealed_is_not_overruled_by_the_usual_one():
    made = Foreign(form=True)
    field = made.text_field(b"")[:-2] + b"/Border [0 0 0] >>"
    made.update({7: field}).sign(cms())
    assert judged(made.update({7: field[:-2] + b"/BS << /S /S /W 1 >> >>"}).data)[0] == "no"


@pytest.mark.parametrize(
    ("paint", "fine"),
    [(b"", True), (b"/Tx BMC EMC", True), (b"/FRM Do", False), (b"/#46RM Do", False), (b"/Other Do", False)],
)
def test_an_appearance_shares_resources_that_grow(paint, fine):
    made = Foreign(form=True)
    made.form_extra = b"/DR 20 0 R /DA (/Helv 0 Tf 0 g) "
    look = stream(paint, b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources 20 0 R ")
    made.rewrite({8: look, 20: b"<< /Font << /Helv 5 0 R >> >>"}).sign(cms())
    grown = b"<< /Font << /Helv 5 0 R >> /XObject << /FRM 60 0 R >> >>"
    picture = deflated(b"1 g 0 0 600 800 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] ")
    assert (judged(made.rewrite({20: grown, 60: picture}).data)[0] == "permitted") is fine


def test_resources_of_a_field_grow_with_those_of_the_form():
    made = Foreign(form=True)
    field = made.text_field(b"")[:-2] + b"/DR << /Font 40 0 R >> >>"
    made.form_extra = b"/DR << /Font 40 0 R >> /DA (/Helv 0 Tf 0 g) "
    made.rewrite({7: field, 40: b"<< /Helv 5 0 R >>"}).sign(cms())
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"
    assert judged(made.update({40: b"<< /Helv 5 0 R /ZaDb 60 0 R >>", 60: font}).data) == ("yes", [])
    assert judged(made.update({40: b"<< /Helv 60 0 R /ZaDb 60 0 R >>"}).data)[0] == "unknown"
