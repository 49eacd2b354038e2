"""Attacks on form fields: their values, what they show, who may set them."""

from __future__ import annotations

from support.attack_vectors import ATTACKS, JS, Attack, Sealer, attack, edit, put, swap
from support.attacks import ANNOTS, DOCUMENT, FIELDS, appended, form_xobject, latest, line, numbers, update
from support.pdfs import stream

# The form
FORM = "ISO 32000-2 12.7, 12.8.2.2: filling in may set values, and what shows is the value"
swap("form", "field-moved", FORM, 21, b"[300 400 500 420]", b"[72 720 272 740]")
swap("form", "field-renamed", FORM, 21, b"(sum)", b"(age)")
swap("form", "field-type", FORM, 21, b"/FT /Tx", b"/FT /Btn")
swap("form", "field-tooltip", FORM, 21, b"/T (sum)", b"/T (sum) /TU (Age)")
swap("form", "field-hidden", FORM, 21, b"/F 4", b"/F 2")
swap("form", "field-script", FORM, 21, b"/F 4", b"/F 4 /AA << /K " + JS + b" >>")
swap("form", "field-layer", FORM, 21, b"/F 4", b"/F 4 /OC 30 0 R")
swap("form", "field-decoration", FORM, 21, b"/F 4", b"/F 4 /MK << /BG [0 0 0] >>")
swap("form", "field-default", FORM, 21, b"/V (100)", b"/V (100) /DV (999)")
swap("form", "field-default-appearance", FORM, 21, b"/Helv 12 Tf 0 g", b"/Helv 12 Tf 1 g")
swap("form", "field-quadding", FORM, 21, b"/F 4", b"/F 4 /Q 2")
swap("form", "field-flags", FORM, 21, b"/F 4", b"/F 4 /Ff 8192")
swap("form", "field-maximum", FORM, 21, b"/F 4", b"/F 4 /MaxLen 1")
swap("form", "field-removed", FORM, FIELDS, b"21 0 R", b"")
swap("form", "options", FORM, 23, b"(Boy)", b"(Girl)")
swap("form", "seal-field-removed", FORM, FIELDS, b"29 0 R", b"")
swap("form", "xfa-added", FORM, 20, b"/SigFlags", b"/XFA 50 0 R /SigFlags")
swap("form", "calculation-order", FORM, 20, b"/SigFlags", b"/CO [21 0 R] /SigFlags")
swap("form", "signature-flags-cleared", FORM, 20, b"/SigFlags 3", b"/SigFlags 0")
swap("form", "form-unknown-key", FORM, 20, b"/SigFlags", b"/Other 5 0 R /SigFlags")
swap("form", "button-look", FORM, 22, b"/Yes 32 0 R /Off 33 0 R", b"/Yes 32 0 R /Off 32 0 R")
put("form", "button-state-redrawn", FORM, 33, form_xobject(b"0 g 0 0 20 20 re f", b"0 0 20 20", b""))
swap("form", "button-state-without-value", FORM, 22, b"/AS /Off", b"/AS /Yes")
swap("form", "button-value-without-state", FORM, 22, b"/V /Off", b"/V /Yes")
swap("form", "radio-state-without-value", FORM, 28, b"/AS /Off", b"/AS /2")
swap("form", "radio-state-off", FORM, 27, b"/AS /1", b"/AS /Off")
swap("form", "radio-value-without-state", FORM, 24, b"/V /1", b"/V /2")
swap("form", "text-value-only", FORM, 21, b"/V (100)", b"/V (999)")
swap("form", "choice-value-only", FORM, 23, b"/V (a)", b"/V (b)")
swap("form", "kid-value-only", FORM, 36, b"/V (300)", b"/V (999)")
swap("form", "value-stream", FORM, 21, b"/V (100)", b"/V 51 0 R")
swap("form", "rich-value", FORM, 21, b"/V (100)", b"/V (100) /RV (<body>999</body>)")
swap("form", "text-rollover", FORM, 21, b"/N 25 0 R", b"/N 25 0 R /R 38 0 R")
swap("form", "text-down", FORM, 21, b"/N 25 0 R", b"/N 25 0 R /D 38 0 R")


@attack("form", FORM)
def field_twice(seal: Sealer) -> bytes:
    """Two fields of one name are one field with two values."""
    s = seal(DOCUMENT)
    new = numbers(s)
    twin = edit(s, 21, b"(100)", b"(999)")
    return update(
        s, {new: twin, FIELDS: appended(s, FIELDS, b"%d 0 R" % new), ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new)}
    )


@attack("form", FORM)
def text_field_added(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    twin = edit(s, 21, b"(sum)", b"(new)")
    return update(
        s, {new: twin, FIELDS: appended(s, FIELDS, b"%d 0 R" % new), ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new)}
    )


@attack("form", FORM)
def second_widget(seal: Sealer) -> bytes:
    """A sealed field shows in a second place."""
    s = seal(DOCUMENT)
    new = numbers(s)
    kid = b"<< /Type /Annot /Subtype /Widget /Parent 36 0 R /Rect [72 700 400 760] /F 4 /P 4 0 R /AP << /N 38 0 R >> >>"
    return update(
        s, {new: kid, 36: edit(s, 36, b"37 0 R", b"37 0 R %d 0 R" % new), ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new)}
    )


@attack("form", FORM)
def form_replaced(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    return update(
        s, {new: edit(s, 20, b"/Fields 19 0 R", b"/Fields [21 0 R]"), 1: edit(s, 1, b"20 0 R", b"%d 0 R" % new)}
    )


def shows(
    name: str,
    content: bytes,
    *,
    box: bytes = b"0 0 200 20",
    resources: bytes = b"/Font << /Helv 3 0 R >>",
    number: int = 25,
    value: bytes | None = None,
    why: str = FORM,
    objects: dict[int, bytes] | None = None,
    prepare: dict[int, bytes] | None = None,
    more: bytes = b"",
) -> None:
    """A text field keeps its value (or gets `value`) but its appearance shows something else."""

    def make(seal: Sealer) -> bytes:
        s = seal(update(DOCUMENT, prepare) if prepare else DOCUMENT)
        body = stream(
            content, b"/Type /XObject /Subtype /Form /BBox [%s] /Resources << %s >> %s" % (box, resources, more)
        )
        new = {number: body, **(objects or {})}
        if value is not None:
            new[21] = edit(s, 21, b"(100)", b"(" + value + b")")
        return update(s, new)

    ATTACKS.append(Attack(name, "appearance", why, make))


BARS = b"0 g 10 2 2 16 re 20 2 2 16 re 30 2 2 16 re f "
shows("text-other", line(b"999"))
shows("text-none", b"/Tx BMC EMC")
shows("text-twice", b"BT /Helv 12 Tf 0 g 2 5 Td (100) Tj 40 0 Td (999) Tj ET")
shows("text-white-and-lines", b"BT /Helv 12 Tf 1 g 2 5 Td (100) Tj ET 1 w 10 2 m 10 18 l S")
shows("text-under-fill", b"BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET 1 g 0 0 200 20 re f")
shows("text-on-same-colour", b"0 g 0 0 200 20 re f BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET 1 G 10 2 m 10 18 l 14 18 l S")
shows("text-on-same-red", b"1 0 0 rg 0 0 200 20 re f BT /Helv 12 Tf 1 0 0 rg 2 5 Td (100) Tj ET")
shows("text-tiny-and-bars", BARS + b"BT /Helv 1 Tf 2 5 Td (100) Tj ET")
shows("text-grey-and-bars", BARS + b"BT /Helv 12 Tf 0.88 g 2 5 Td (100) Tj ET")
shows("text-and-bars", BARS + b"BT /Helv 12 Tf 2 5 Td (100) Tj ET")
shows("text-and-strokes", b"BT /Helv 12 Tf 2 5 Td (100) Tj ET 1 w 40 2 m 40 18 l 48 18 l S")
shows("text-below-box", b"BT /Helv 12 Tf 2 -15 Td (100) Tj ET " + BARS)
shows("text-under-stroke", b"BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET 1 G 20 w 0 10 m 200 10 l S")
shows("text-reordered", b"BT /Helv 12 Tf 0 g 20 5 Td (1) Tj -8 0 Td (0) Tj -8 0 Td (0) Tj ET")
shows("text-negative-spacing", b"BT /Helv 12 Tf 0 g -14 Tc 30 5 Td (100) Tj ET")
shows("text-negative-kerning", b"BT /Helv 12 Tf 0 g 30 5 Td [(1) 1200 (0) 1200 (0)] TJ ET")
shows("text-stacked", b"BT /Helv 12 Tf 0 g -6.67 Tc 30 5 Td (100) Tj ET")
shows(
    "text-hidden-layer",
    b"/OC /Off BDC BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET EMC",
    resources=b"/Font << /Helv 3 0 R >> /Properties << /Off 30 0 R >>",
)
shows("text-invisible-mode", b"BT /Helv 12 Tf 3 Tr 2 5 Td (100) Tj ET")
shows("text-clipped", b"0 0 3 3 re W n 0 0 200 20 re W n BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET")
shows("text-clipped-by-path", b"0 0 m 1 0 l 1 1 l h W n BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET")
shows("text-cut-by-box", line(b"100"), box=b"0 0 9 20")
shows("text-shrunk-by-box", line(b"100"), box=b"0 0 20000 2000")
shows("text-turned", line(b"100"), more=b"/Matrix [-1 0 0 -1 0 0] ")
shows(
    "text-transparent",
    b"/G0 gs BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET",
    resources=b"/Font << /Helv 3 0 R >> /ExtGState << /G0 << /ca 0 >> >>",
)
shows(
    "text-image-over",
    b"BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET q 200 0 0 20 0 0 cm /I Do Q",
    resources=b"/Font << /Helv 3 0 R >> /XObject << /I 9 0 R >>",
)
shows(
    "text-inline-image",
    b"BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET q 200 0 0 20 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q",
)
shows("text-in-comment", b"BT /Helv 12 Tf 0 g 2 5 Td (999) Tj ET % (100) Tj")
shows("text-replacement", b"/Span << /ActualText (100) >> BDC BT /Helv 12 Tf 0 g 2 5 Td (999) Tj ET EMC")
shows("text-layer-stream", line(b"100"), more=b"/OC 30 0 R ")
MAP = b"beginbfchar <0039> <0031> <0038> <0030> endbfchar"
CJK = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /%s /ToUnicode 71 0 R "
    b"/DescendantFonts [<< /Type /Font "
    b"/Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) "
    b"/Supplement 2 >> >>] >>"
)
shows(
    "font-cmap-lies",
    b"BT /C 12 Tf 0 g 2 5 Td <003900380038> Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={71: stream(MAP), 72: CJK % b"UniGB-UCS2-H"},
)
shows(
    "font-identity-lies",
    b"BT /C 12 Tf 0 g 2 5 Td <003900380038> Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={71: stream(MAP), 72: CJK % b"Identity-H"},
)
shows(
    "font-simple-lies",
    b"BT /C 12 Tf 0 g 2 5 Td (988) Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={
        71: stream(b"beginbfchar <39> <0031> <38> <0030> endbfchar"),
        72: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 71 0 R >>",
    },
)
shows(
    "font-embedded-lies",
    b"BT /C 12 Tf 0 g 2 5 Td (988) Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={
        71: stream(b"beginbfchar <39> <0031> <38> <0030> endbfchar"),
        72: b"<< /Type /Font /Subtype /TrueType /BaseFont /X /FontDescriptor << /Type /FontDescriptor "
        b"/FontFile2 51 0 R >> /ToUnicode 71 0 R >>",
    },
)
shows(
    "font-symbols",
    b"BT /C 12 Tf 0 g 2 5 Td (100) Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={72: b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol /Encoding /WinAnsiEncoding >>"},
)
shows(
    "font-dingbats",
    b"BT /C 12 Tf 0 g 2 5 Td (100) Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={72: b"<< /Type /Font /Subtype /TrueType /BaseFont /Wingdings /Encoding /WinAnsiEncoding >>"},
)
shows(
    "font-type3-lies",
    b"BT /C 12 Tf 0 g 2 5 Td (100) Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={
        72: b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /CharProcs << "
        b"/one 51 0 R >> "
        b"/Encoding << /Differences [48 /zero /one] >> >>"
    },
)
shows(
    "font-no-widths",
    b"BT /C 12 Tf 0 g 2 5 Td (100) Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={
        72: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /FirstChar 48 "
        b"/LastChar 49 /Widths [0 0] >>"
    },
)
shows(
    "font-negative-widths",
    b"BT /C 12 Tf 0 g 40 5 Td (100) Tj ET",
    resources=b"/Font << /C 72 0 R >>",
    objects={
        72: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /FirstChar 48 "
        b"/LastChar 49 /Widths [-600 -600] >>"
    },
)
SWAPPED = (
    b"<< /Type /Font /Subtype /TrueType /BaseFont /Evil /Encoding /WinAnsiEncoding /FontDescriptor << "
    b"/Type /FontDescriptor /FontFile2 51 0 R >> >>"
)
shows(
    "font-prepared",
    b"BT /Evil 12 Tf 0 g 2 5 Td (100) Tj ET",
    resources=b"/Font << /Evil 73 0 R >>",
    prepare={
        73: SWAPPED,
        20: b"<< /Fields 19 0 R /DR << /Font << /Helv 3 0 R /Evil 73 0 R >> >> /DA (/Helv 12 Tf 0 g) /SigFlags 3 >>",
    },
    why="shadow attack: a font that was laid ready, and unused, when it was sealed",
)


@attack("appearance", FORM)
def text_appearance_states(seal: Sealer) -> bytes:
    """/N of a text field becomes a dictionary of states, of which /AS picks one that shows another text."""
    s = seal(DOCUMENT)
    new = numbers(s)
    return update(
        s, {new: form_xobject(line(b"999")), 21: edit(s, 21, b"/N 25 0 R >>", b"/N << /X %d 0 R >> >> /AS /X" % new)}
    )


@attack("appearance", FORM)
def text_appearance_other_field(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {21: edit(s, 21, b"/N 25 0 R", b"/N 38 0 R")})


@attack("appearance", FORM)
def text_appearance_given_to_bare_field(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    return update(s, {new: form_xobject(line(b"999")), 34: latest(s, 34)[:-2] + b"/AP << /N %d 0 R >> >>" % new})


@attack("appearance", FORM)
def kid_appearance(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {38: form_xobject(line(b"999"))})


@attack("appearance", FORM)
def choice_appearance(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {35: form_xobject(line(b"Girl"))})


@attack("appearance", "ISO 32000-2 12.7.4.3: a field without appearance is drawn with the form's default resources")
def default_resources_of_bare_field(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [48 /nine /nine /nine] >> >>"
    return update(s, {new: font, 20: edit(s, 20, b"/Helv 3 0 R", b"/Helv %d 0 R" % new)})


@attack("appearance", "ISO 32000-2 12.7.3: the viewer is asked to draw fields anew, and rich text says something else")
def redraw_from_rich_text(seal: Sealer) -> bytes:
    prepared = update(
        DOCUMENT, {21: edit(DOCUMENT, 21, b"/V (100)", b"/V (100) /Ff 33554432 /RV (<body><p>999</p></body>)")}
    )
    s = seal(prepared)
    return update(s, {20: edit(s, 20, b"/SigFlags", b"/NeedAppearances true /SigFlags")})


@attack(
    "appearance", "ISO 32000-2 12.7.3: redrawn by the viewer, the field shows its value, which it did not when sealed"
)
def redraw_of_unequal_field(seal: Sealer) -> bytes:
    prepared = update(DOCUMENT, {21: edit(DOCUMENT, 21, b"/V (100)", b"/V (999)")})
    s = seal(prepared)
    return update(s, {20: edit(s, 20, b"/SigFlags", b"/NeedAppearances true /SigFlags")})


@attack("form", "ISO 32000-2 table 227: who fills in a form cannot change a field that is read-only")
def read_only_field_filled(seal: Sealer) -> bytes:
    s = seal(update(DOCUMENT, {21: edit(DOCUMENT, 21, b"/V (100)", b"/Ff 1 /V (100)")}))
    return update(s, {21: edit(s, 21, b"(100)", b"(999)"), 25: form_xobject(line(b"999"))})


@attack("form", "ISO 32000-2 table 227: who fills in a form cannot change a field that is read-only")
def read_only_button_pressed(seal: Sealer) -> bytes:
    s = seal(update(DOCUMENT, {22: edit(DOCUMENT, 22, b"/V /Off", b"/Ff 1 /V /Off")}))
    return update(s, {22: edit(s, 22, b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


@attack("form", "ISO 32000-2 table 234: a choice that is not among the options and that nobody could have made")
def choice_outside_options(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {23: edit(s, 23, b"/V (a)", b"/V (Emperor)"), 35: form_xobject(line(b"Emperor"))})


@attack("form", "ISO 32000-2 table 232: a value that is longer than the field takes")
def text_past_its_length(seal: Sealer) -> bytes:
    s = seal(update(DOCUMENT, {21: edit(DOCUMENT, 21, b"/V (100)", b"/MaxLen 3 /V (100)")}))
    return update(s, {21: edit(s, 21, b"(100)", b"(100000)"), 25: form_xobject(line(b"100000"))})


@attack("font", "ISO 32000-2 8.6.5.6: a default colour space redefines colours that never name it")
def default_colour_space_shared_with_form(seal: Sealer) -> bytes:
    shared = b"<< /Font << /Helv 3 0 R >> /ColorSpace << /C0 13 0 R >> >>"
    page = edit(DOCUMENT, 61, b"/Parent", b"/Resources 90 0 R /Parent")
    form = edit(DOCUMENT, 20, b"/DR << /Font << /Helv 3 0 R >> >>", b"/DR 90 0 R")
    s = seal(update(DOCUMENT, {90: shared, 61: page, 20: form}))
    space = b"[/CalGray << /WhitePoint [1 1 1] /Gamma 90 >>]"
    return update(s, {90: edit(s, 90, b"/C0 13 0 R", b"/C0 13 0 R /DefaultGray 190 0 R"), 190: space})


@attack("font", "ISO 32000-2 7.8.3: a name that the content uses, and that meant nothing when it was sealed")
def unknown_name_becomes_known(seal: Sealer) -> bytes:
    shared = b"<< /Font << /Helv 3 0 R >> /XObject << /X1 8 0 R >> >>"
    page = edit(DOCUMENT, 61, b"/Parent", b"/Resources 90 0 R /Parent")
    form = edit(DOCUMENT, 20, b"/DR << /Font << /Helv 3 0 R >> >>", b"/DR 90 0 R")
    text = stream(b"BT /Helv 24 Tf 72 720 Td (Page two) Tj ET /#4eew Do")
    s = seal(update(DOCUMENT, {90: shared, 61: page, 20: form, 62: text}))
    return update(s, {90: edit(s, 90, b"/X1 8 0 R", b"/X1 8 0 R /New 8 0 R")})
