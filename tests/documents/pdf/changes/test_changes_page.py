"""Changes of what pages show and how the document acts: every one is found, whatever key it hides behind."""

from __future__ import annotations

import pytest

# number, text in the object, text in the update, code. All FAILED: proven changes of what was sealed.
EDITS = [
    (8, b"Licence", b"Bicence", "CHANGE_PAGE_CONTENT"),
    (3, b"/Contents 8 0 R", b"/Contents 9 0 R", "CHANGE_PAGE_CONTENT"),
    (3, b"/Contents 8 0 R", b"/Contents [8 0 R 9 0 R]", "CHANGE_PAGE_CONTENT"),
    (4, b"[9 0 R]", b"[9 0 R 8 0 R]", "CHANGE_PAGE_CONTENT"),
    (4, b"/Rotate 0", b"/Rotate 90", "CHANGE_PAGE"),
    (3, b"/Contents", b"/MediaBox [0 0 300 400] /Contents", "CHANGE_PAGE"),
    (3, b"/Contents", b"/CropBox [0 0 300 400] /Contents", "CHANGE_PAGE"),
    (3, b"/Contents", b"/UserUnit 2 /Contents", "CHANGE_PAGE"),
    (3, b"/Contents", b"/Group << /S /Transparency /I true >> /Contents", "CHANGE_PAGE"),
    (3, b"/Contents", b"/Dur 1 /Trans << /S /Dissolve >> /Contents", "CHANGE_PAGE"),
    (3, b"/Contents", b"/AA << /O << /S /JavaScript /JS (x) >> >> /Contents", "CHANGE_ACTION"),
    (3, b"/Contents", b"/AF [8 0 R] /Contents", "CHANGE_ATTACHMENT"),
    (3, b"/Contents", b"/Resources << /Font << /F1 99 0 R >> >> /Contents", "CHANGE_PAGE_RESOURCES"),
    (2, b"[0 0 600 800]", b"[0 0 600 400]", "CHANGE_PAGE"),
    (2, b"/X1 44 0 R", b"/X1 15 0 R", "CHANGE_PAGE_RESOURCES"),
    (2, b"[3 0 R 4 0 R] /Count 2", b"[3 0 R] /Count 1", "CHANGE_PAGE_REMOVED"),
    (2, b"[3 0 R 4 0 R]", b"[4 0 R 3 0 R]", "CHANGE_PAGE_CONTENT"),
    (7, b"/Helvetica", b"/Courier", "CHANGE_PAGE_RESOURCES"),
    (7, b"/WinAnsiEncoding", b"<< /Differences [76 /B] >>", "CHANGE_PAGE_RESOURCES"),
    (44, b"0 0 1 rg", b"1 0 0 rg", "CHANGE_PAGE_RESOURCES"),
    (44, b"/BBox [0 0 5 5]", b"/BBox [0 0 9 9]", "CHANGE_PAGE_RESOURCES"),
    (43, b"/OCG", b"/OCG /Usage << /Print << /PrintState /OFF >> >>", "CHANGE_LAYERS"),
    (1, b"/ON [43 0 R] /OFF []", b"/ON [] /OFF [43 0 R]", "CHANGE_LAYERS"),
    (1, b"/Lang (en)", b"/Lang (de)", "CHANGE_CATALOG"),
    (1, b"/Lang", b"/OpenAction << /S /JavaScript /JS (x) >> /Lang", "CHANGE_ACTION"),
    (1, b"/Lang", b"/AA << /WC << /S /JavaScript /JS (x) >> >> /Lang", "CHANGE_ACTION"),
    (1, b"/Lang", b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >> /Lang", "CHANGE_ACTION"),
    (1, b"/Lang", b"/Names << /EmbeddedFiles << /Names [(a) << /F (a) >>] >> >> /Lang", "CHANGE_ATTACHMENT"),
    (1, b"/Lang", b"/Collection << /View /D >> /Lang", "CHANGE_ATTACHMENT"),
    (1, b"/Lang", b"/ViewerPreferences << /HideToolbar true >> /Lang", "CHANGE_CATALOG"),
    (1, b"/Lang", b"/PageMode /UseAttachments /Lang", "CHANGE_CATALOG"),
    (1, b"/Lang", b"/OutputIntents [<< /S /GTS_PDFX >>] /Lang", "CHANGE_COLOUR"),
    (1, b"/Lang", b"/PageLabels << /Nums [0 << /S /r >>] >> /Lang", "CHANGE_NAVIGATION"),
    (1, b"/Lang", b"/Threads [46 0 R] /Lang", "CHANGE_NAVIGATION"),
    (1, b"/Outlines 40 0 R ", b"", "CHANGE_NAVIGATION"),
    (41, b"[4 0 R /Fit]", b"[3 0 R /Fit]", "CHANGE_NAVIGATION"),
    (41, b"/Dest [4 0 R /Fit]", b"/A << /S /URI /URI (http://x) >>", "CHANGE_NAVIGATION"),
    (1, b"/StructTreeRoot 30 0 R ", b"", "CHANGE_STRUCTURE"),
    (32, b"/S /P", b"/S /Artifact", "CHANGE_STRUCTURE"),
    (32, b"/Pg 3 0 R", b"/Pg 4 0 R", "CHANGE_STRUCTURE"),
    (32, b"/K 0", b"/ActualText (other) /K 0", "CHANGE_STRUCTURE"),
    (31, b"[32 0 R]", b"[]", "CHANGE_STRUCTURE"),
    (30, b"/K 31 0 R", b"/RoleMap << /P /Artifact >> /K 31 0 R", "CHANGE_STRUCTURE"),
    (20, b"[4 0 R /Fit]", b"[3 0 R /Fit]", "CHANGE_ANNOTATION"),
    (20, b"/Dest [4 0 R /Fit]", b"/A << /S /Launch /F (x) >>", "CHANGE_ACTION"),
    (20, b"[10 10 60 20]", b"[10 10 600 800]", "CHANGE_ANNOTATION"),
    (3, b" 20 0 R]", b"]", "CHANGE_ANNOTATION_REMOVED"),
    (3, b"17 0 R 20 0 R]", b"20 0 R 17 0 R]", "CHANGE_ANNOTATION_ORDER"),
    (5, b"/SigFlags", b"/XFA (x) /SigFlags", "CHANGE_XFA"),
    (5, b"/SigFlags", b"/CO [11 0 R] /SigFlags", "CHANGE_FORM"),
]


@pytest.mark.parametrize(("number", "old", "new", "code"), EDITS)
@pytest.mark.parametrize("level", [None, 2, 3])
def test_a_change_of_what_was_sealed_is_proven(sealed, number, old, new, code, level):
    document = sealed() if level is None else sealed().certified(level)
    verdict, codes = document.edit(number, old, new).worst()
    if code.startswith("CHANGE_ANNOTATION") and code != "CHANGE_ANNOTATION_ORDER" and level == 3:
        # Level 3 permits to change annotations; whether this one mattered nobody can tell.
        assert verdict == "unknown"
    else:
        assert verdict == "failed"
    assert code in codes


# Keys that no rule names, or that only software reads: never a pass.
UNCLEAR = [
    (1, b"/Lang", b"/Unheard << /Of 1 >> /Lang"),
    (1, b"/Lang", b"/PieceInfo << /App << /Private 1 >> >> /Lang"),
    (3, b"/Contents", b"/Unheard 1 /Contents"),
    (3, b"/Contents", b"/Thumb 15 0 R /Contents"),
    (2, b"/Count 2", b"/Count 1"),
    (2, b"/Count 2", b"/Count 2 /Contents 8 0 R"),
    (5, b"/SigFlags", b"/Unheard 1 /SigFlags"),
    (11, b"/F 4", b"/F 4 /Unheard 1"),
    (1, b"/Metadata 42 0 R", b"/Metadata 15 0 R"),
]


@pytest.mark.parametrize(("number", "old", "new"), UNCLEAR)
def test_what_cannot_be_classed_is_never_passed(sealed, number, old, new):
    assert sealed().edit(number, old, new).worst()[0] in ("unknown", "failed")


@pytest.mark.parametrize(
    "annotation",
    [
        b"/Subtype /FreeText /Contents (A+) /DA (/Helv 12 Tf)",
        b"/Subtype /Stamp /AP << /N 15 0 R >>",
        b"/Subtype /Highlight /QuadPoints [0 0 1 1 2 2 3 3]",
        b"/Subtype /Redact",
        b"/Subtype /Square /IC [1 1 1]",
        b"/Subtype /Text /Contents (note)",
        b"/Subtype /Watermark /AP << /N 15 0 R >>",
        b"/Subtype /Stamp /F 2 /AP << /N 15 0 R >>",
        b"/Subtype /Widget /AP << /N 15 0 R >>",
        b"/Subtype /Screen",
        b"/Subtype /FileAttachment",
    ],
)
@pytest.mark.parametrize(("level", "verdict"), [(None, "unknown"), (1, "failed"), (2, "failed"), (3, "unknown")])
def test_an_added_annotation_never_passes(sealed, annotation, level, verdict):
    """The evil annotation attack: any of them can cover text, at any certification level."""
    document = sealed() if level is None else sealed().certified(level)
    document.edit(3, b"20 0 R]", b"20 0 R 60 0 R]", _60=b"<< /Type /Annot /Rect [0 0 600 800] " + annotation + b" >>")
    assert document.worst()[0] == verdict


def test_an_added_annotation_that_runs_a_script_is_refused(sealed):
    note = b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /JavaScript /JS (x) >> >>"
    assert sealed().certified(3).edit(3, b"20 0 R]", b"20 0 R 60 0 R]", _60=note).worst() == (
        "failed",
        {"CHANGE_ACTION"},
    )


def test_a_page_added(sealed):
    document = sealed().edit(2, b"4 0 R] /Count 2", b"4 0 R 60 0 R] /Count 3", _60=b"<< /Type /Page /Parent 2 0 R >>")
    assert document.worst() == ("failed", {"CHANGE_PAGE_ADDED"})


def test_the_page_tree_may_be_cut_differently_where_every_page_keeps_what_it_has(sealed):
    document = sealed()
    document.update(
        {
            2: b"<< /Type /Pages /Kids [60 0 R] /Count 2 >>",
            60: document.objects[2].replace(b"/Type /Pages", b"/Type /Pages /Parent 2 0 R"),
            3: document.objects[3].replace(b"/Parent 2", b"/Parent 60"),
            4: document.objects[4].replace(b"/Parent 2", b"/Parent 60"),
        }
    )
    assert document.worst()[0] == "same"


def test_the_same_values_under_other_numbers_are_no_change(sealed):
    document = sealed()
    document.update(
        {
            3: document.objects[3].replace(b"8 0 R", b"60 0 R"),
            60: document.objects[8],
            2: document.objects[2].replace(b"/F1 7 0 R", b"/F1 61 0 R"),
            61: document.objects[7],
        }
    )
    assert document.worst()[0] == "same"


def test_cycles_are_compared_to_their_end(sealed):
    document = sealed(_1=sealed().objects[1].replace(b"/Lang", b"/PieceInfo 45 0 R /Lang"))
    document.update({46: document.objects[46]})
    assert document.worst()[0] == "same"
    document.update({47: document.objects[47].replace(b"/Value 2", b"/Value 3")})
    assert document.worst() == ("unknown", {"CHANGE_CATALOG_UNCLEAR"})


def test_a_reference_to_nothing_is_null(sealed):
    document = sealed().edit(4, b"/Rotate 0", b"/Rotate 0 /B 99 0 R /Thumb null")
    assert document.worst()[0] == "same"


def test_an_object_moved_to_another_generation_is_found(sealed):
    document = sealed()
    start = len(document.data)
    body = b"8 1 obj\n" + document.objects[9] + b"\nendobj\n"
    previous = document.data.rindex(b"\nxref\n") + 1
    document.data += (
        body
        + b"xref\n8 1\n%010d 00001 n \ntrailer\n<< /Size 200 /Root 1 0 R /Info 6 0 R /Prev %d >>\n"
        % (
            start,
            previous,
        )
    )
    document.data += b"startxref\n%d\n%%%%EOF\n" % (start + len(body))
    verdict, codes = document.worst()
    assert verdict in ("unknown", "failed")
    assert codes & {"CHANGE_GENERATION", "CHANGE_PAGE_CONTENT"}


@pytest.mark.parametrize(
    "smuggled",
    [
        b"<< /Type /Page /Parent 2 0 R /Contents 9 0 R >>",
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /FontDescriptor << /Flags 32 >> >>",
        b"<< /Length 2 >>\nstream\nq Q\nendstream",
        b"<< /Certs [3 0 R] >>",
        b"<< /S /JavaScript /JS (x) >>",
    ],
)
def test_an_object_that_nothing_reaches_is_a_finding(sealed, smuggled):
    """Published: a file that is rebuilt, or updated once more, shows what was laid ready."""
    assert sealed().update({60: smuggled}).worst() == ("unknown", {"CHANGE_UNREACHED"})


def test_remains_that_can_show_nothing_are_no_finding(sealed, parts):
    evidence = parts.stream(parts.certificate)
    document = sealed().update({60: evidence, 61: b"<< /Certs [60 0 R] >>", 62: b"17", 63: b"<< /Type /Font >>"})
    assert document.worst()[0] == "same"


def test_what_an_update_used_and_the_next_dropped_is_no_finding(sealed):
    document = sealed(
        _1=sealed().objects[1].replace(b"/Metadata 42 0 R", b"/Metadata 60 0 R"), _60=sealed().objects[42]
    )
    document.update({1: document.objects[1].replace(b"60 0 R", b"61 0 R"), 61: document.objects[42]})
    document.update({1: document.objects[1]})
    assert document.worst()[0] == "same"


def test_rubbish_is_unknown_and_never_raised(sealed):
    document = sealed().update({1: b"<< /Type /Catalog /Pages [[[", 2: b")", 5: b"<< /Fields 5 0 R >>"})
    assert document.worst()[0] in ("unknown", "failed")


def test_an_untouched_file_is_the_same(sealed):
    assert sealed().changes() == ()
