"""Attacks on a sealed document: each takes a way to seal and gives a file that must not pass. Every one says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from support.attacks import (
    ANNOTS,
    DOCUMENT,
    EVIL,
    FIELDS,
    PKI,
    SEAL,
    appended,
    form_xobject,
    latest,
    line,
    numbers,
    page_text,
    seal_cms,
    sign,
    stamp_cms,
    update,
)
from support.pdfs import stream

Sealer = Callable[[bytes], bytes]
Make = Callable[[Sealer], bytes]


@dataclass(frozen=True)
class Attack:
    """One way to change a document after it was sealed."""

    name: str
    family: str
    clause: str
    make: Make
    levels: tuple[int | None, ...] = (None, 1, 2, 3)
    """Certification levels (None: approval) at which it must be found."""


ATTACKS: list[Attack] = []


def attack(family: str, clause: str, levels: tuple[int | None, ...] = (None, 1, 2, 3)) -> Callable[[Make], Make]:
    """Register one attack under its function's name."""

    def register(make: Make) -> Make:
        ATTACKS.append(Attack(make.__name__.removeprefix("_"), family, clause, make, levels))
        return make

    return register


def edit(data: bytes, number: int, old: bytes, new: bytes) -> bytes:
    """The newest body of an object with one thing different."""
    body = latest(data, number)
    if old not in body:
        raise ValueError(f"{old!r} not in {number}")
    return body.replace(old, new, 1)


def swap(family: str, name: str, clause: str, number: int, old: bytes, new: bytes) -> None:
    """An incremental update that changes one thing in one object."""
    ATTACKS.append(
        Attack(
            name,
            family,
            clause,
            lambda seal: (lambda s: update(s, {number: edit(s, number, old, new)}))(seal(DOCUMENT)),
        )
    )


def put(family: str, name: str, clause: str, number: int, body: bytes, **options: object) -> None:
    """An incremental update that gives one object another body."""
    ATTACKS.append(Attack(name, family, clause, lambda seal: update(seal(DOCUMENT), {number: body}, **options)))  # type: ignore[arg-type]


EVIL_PAGE = stream(page_text(b"Born 9 May 1999"))
TREE = "ISO 32000-2 12.8.2.2.2: a page that is not as it was signed"
JS = b"<< /S /JavaScript /JS (app.alert(1)) >>"

# Pages and what they draw
put("content", "page-content-replaced", TREE, 5, EVIL_PAGE)
swap("content", "page-content-array", TREE, 4, b"/Contents 5 0 R", b"/Contents [5 0 R 62 0 R]")
swap("content", "page-content-removed", TREE, 4, b"/Contents 5 0 R", b"")
swap("content", "page-content-other-page", TREE, 4, b"/Contents 5 0 R", b"/Contents 62 0 R")
put("content", "page-content-freed", TREE, 70, b"null", free={5: 1})
put(
    "content",
    "xobject-replaced",
    TREE,
    8,
    stream(b"BT /F1 12 Tf (Amount 900) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 300 100] "),
)
swap("content", "xobject-matrix", TREE, 8, b"/BBox", b"/Matrix [1 0 0 -1 0 0] /BBox")
swap("content", "xobject-bbox", TREE, 8, b"/BBox [0 0 300 100]", b"/BBox [0 0 1 1]")
swap("content", "xobject-layer", TREE, 8, b"/BBox", b"/OC 30 0 R /BBox")
swap("content", "xobject-reference", TREE, 8, b"/BBox", b"/Ref << /F (x.pdf) /Page 0 >> /BBox")
swap("content", "image-data", TREE, 9, b"\xff\x00\x00\x00", b"\x00\xff\xff\xff")
swap("content", "image-decode", TREE, 9, b"/SMask", b"/Decode [1 0] /SMask")
swap("content", "image-mask-added", TREE, 9, b"/SMask 14 0 R", b"/SMask 14 0 R /Mask [0 255]")
swap(
    "content",
    "image-alternates",
    TREE,
    9,
    b"/SMask",
    b"/Alternates [<< /Image 14 0 R /DefaultForPrinting true >>] /SMask",
)
swap("content", "image-soft-mask", TREE, 14, b"\xff\xff\xff\xff", b"\x00\x00\x00\x00")
swap("content", "graphics-state", TREE, 12, b"/ca 1", b"/ca 0")
put("content", "colour-table", TREE, 15, stream(b"\xff\xff\xff\x00\x00\x00"))
swap("content", "colour-space", TREE, 13, b"/DeviceRGB", b"/DeviceLab")
swap("font", "font-name", TREE, 6, b"/Helvetica", b"/Symbol")
swap("font", "font-encoding-differences", TREE, 7, b"[65 /A]", b"[65 /A 50 /one]")
swap("font", "font-encoding-name", TREE, 6, b"/Encoding 7 0 R", b"/Encoding /MacRomanEncoding")
put("font", "font-to-unicode", TREE, 10, stream(b"beginbfchar <41> <0042> endbfchar"))
put("font", "font-widths", TREE, 11, b"[0 0]")
swap(
    "font",
    "font-file-added",
    TREE,
    6,
    b"/FirstChar",
    b"/FontDescriptor << /Type /FontDescriptor /FontFile2 51 0 R >> /FirstChar",
)
put(
    "font",
    "font-type3",
    TREE,
    6,
    b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] /CharProcs << >> >>",
)
swap("font", "resource-name-swapped", TREE, 4, b"/X1 8 0 R", b"/X1 9 0 R")
swap("page", "mediabox-inherited", TREE, 2, b"[0 0 595 842]", b"[0 0 595 700]")
swap("page", "mediabox-own", TREE, 4, b"/Parent", b"/MediaBox [0 0 595 700] /Parent")
swap("page", "cropbox", TREE, 4, b"/Parent", b"/CropBox [0 0 595 700] /Parent")
swap("page", "cropbox-inherited", TREE, 60, b"/Rotate 0", b"/CropBox [0 0 100 100]")
swap("page", "rotate", TREE, 4, b"/Parent", b"/Rotate 180 /Parent")
swap("page", "rotate-inherited", TREE, 60, b"/Rotate 0", b"/Rotate 90")
swap("page", "user-unit", TREE, 4, b"/Parent", b"/UserUnit 10 /Parent")
swap("page", "resources-inherited", TREE, 60, b"/F1 3 0 R", b"/F1 6 0 R")
swap("page", "page-group", TREE, 4, b"/Parent", b"/Group << /S /Transparency /CS /DeviceCMYK >> /Parent")
swap("page", "page-action", TREE, 4, b"/Parent", b"/AA << /O " + JS + b" >> /Parent")
swap("page", "page-transition", TREE, 4, b"/Parent", b"/Dur 1 /Trans << /S /Fly >> /Parent")
swap("page", "page-associated-file", TREE, 4, b"/Parent", b"/AF [46 0 R] /Parent")
swap("page", "page-thumbnail", TREE, 4, b"/Parent", b"/Thumb 9 0 R /Parent")
swap("page", "page-piece-info", TREE, 4, b"/Parent", b"/PieceInfo << /X << /Private 5 0 R >> >> /Parent")
swap("page", "page-unknown-key", TREE, 4, b"/Parent", b"/Whatever 5 0 R /Parent")
swap("page", "pages-reordered", TREE, 60, b"[61 0 R 63 0 R]", b"[63 0 R 61 0 R]")
swap("page", "pages-moved-up", TREE, 2, b"[4 0 R 60 0 R]", b"[60 0 R 4 0 R]")
swap("page", "page-removed", TREE, 60, b"[61 0 R 63 0 R] /Count 2", b"[61 0 R] /Count 1")
swap("page", "page-count-lies", TREE, 2, b"/Count 3", b"/Count 1")
swap("page", "page-shown-twice", TREE, 60, b"[61 0 R 63 0 R]", b"[61 0 R 61 0 R]")
swap("page", "page-type", TREE, 4, b"/Type /Page ", b"/Type /Template ")


@attack("page", TREE)
def page_inserted(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    return update(
        s,
        {
            new: b"<< /Type /Page /Parent 2 0 R /Contents 62 0 R >>",
            2: edit(s, 2, b"[4 0 R 60 0 R] /Count 3", b"[4 0 R 60 0 R %d 0 R] /Count 4" % new),
        },
    )


@attack("page", TREE)
def page_replaced_by_new(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    page = edit(s, 4, b"/Contents 5 0 R", b"/Contents %d 0 R" % (new + 1))
    return update(s, {new: page, new + 1: EVIL_PAGE, 2: edit(s, 2, b"[4 0 R", b"[%d 0 R" % new)})


@attack("page", TREE)
def page_tree_replaced(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    tree = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /MediaBox [0 0 595 842] >>" % (new + 1)
    page = b"<< /Type /Page /Parent %d 0 R /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>" % (new, new + 2)
    return update(
        s, {new: tree, new + 1: page, new + 2: EVIL_PAGE, 1: edit(s, 1, b"/Pages 2 0 R", b"/Pages %d 0 R" % new)}
    )


@attack("page", TREE)
def page_reparented(seal: Sealer) -> bytes:
    """Moves a page below another node, whose resources and boxes it then inherits."""
    s = seal(DOCUMENT)
    new = numbers(s)
    node = (
        b"<< /Type /Pages /Parent 2 0 R /Kids [61 0 R 63 0 R] /Count 2 /Resources << /Font << /F1 6 0 R "
        b">> >> /CropBox [0 0 9 9] >>"
    )
    return update(
        s,
        {
            new: node,
            2: edit(s, 2, b"60 0 R", b"%d 0 R" % new),
            61: edit(s, 61, b"60 0 R", b"%d 0 R" % new),
            63: edit(s, 63, b"60 0 R", b"%d 0 R" % new),
        },
    )


@attack("page", TREE)
def catalog_replaced(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents 5 0 R >>" % (new + 1)
    return update(
        s,
        {
            new: edit(s, 1, b"/Pages 2 0 R", b"/Pages %d 0 R" % (new + 1)),
            new + 1: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (new + 2),
            new + 2: page,
        },
        root=new,
    )


@attack("page", "ISO 32000-2 7.7.3.3: a page given directly is shown by readers that do not look for a reference")
def page_direct_with_changed_content(seal: Sealer) -> bytes:
    """Prepared: the page stands directly in /Kids. Afterwards its content is replaced."""
    page = b"<< /Type /Page /Parent 60 0 R /Contents [62 0 R] /Resources << /Font << /F1 3 0 R >> >> >>"
    prepared = update(DOCUMENT, {60: edit(DOCUMENT, 60, b"61 0 R", page)})
    return update(seal(prepared), {62: EVIL_PAGE})


# Catalog
CATALOG = "ISO 32000-2 table 29, 12.8.2.2: what the catalog says decides what is seen and done"
swap("catalog", "open-action-script", CATALOG, 1, b"/Lang", b"/OpenAction " + JS + b" /Lang")
swap("catalog", "open-action-page", CATALOG, 1, b"/Lang", b"/OpenAction [61 0 R /Fit] /Lang")
swap("catalog", "additional-actions", CATALOG, 1, b"/Lang", b"/AA << /WC " + JS + b" >> /Lang")
swap("catalog", "language", CATALOG, 1, b"/Lang (en)", b"/Lang (fr)")
swap("catalog", "marked", CATALOG, 1, b"/Marked true", b"/Marked false")
swap("catalog", "page-labels", CATALOG, 1, b"/S /D", b"/S /R")
swap(
    "catalog",
    "viewer-preferences",
    CATALOG,
    1,
    b"/DisplayDocTitle true",
    b"/HideToolbar true /NonFullScreenPageMode /UseOC",
)
swap("catalog", "page-mode", CATALOG, 1, b"/Lang", b"/PageMode /UseAttachments /Lang")
swap("catalog", "collection", CATALOG, 1, b"/Lang", b"/Collection << /D (data.xml) /View /H >> /Lang")
swap("catalog", "associated-files", CATALOG, 1, b"/Lang", b"/AF [46 0 R] /Lang")
swap(
    "catalog",
    "output-intent",
    CATALOG,
    1,
    b"/Lang",
    b"/OutputIntents [<< /S /GTS_PDFX /OutputConditionIdentifier (x) >>] /Lang",
)
swap("catalog", "needs-rendering", CATALOG, 1, b"/Lang", b"/NeedsRendering true /Lang")
swap("catalog", "base-uri", CATALOG, 1, b"/Lang", b"/URI << /Base (https://evil.example/) >> /Lang")
swap("catalog", "requirements", CATALOG, 1, b"/Lang", b"/Requirements [<< /S /EnableJavaScripts >>] /Lang")
swap("catalog", "legal", CATALOG, 1, b"/Lang", b"/Legal << /JavaScriptActions 0 >> /Lang")
swap("catalog", "threads", CATALOG, 1, b"/Lang", b"/Threads [<< /F 5 0 R >>] /Lang")
swap("catalog", "unknown-key", CATALOG, 1, b"/Lang", b"/NewKey 5 0 R /Lang")
swap("catalog", "outlines-removed", CATALOG, 1, b"/Outlines 47 0 R ", b"")
swap("catalog", "structure-removed", CATALOG, 1, b"/StructTreeRoot 40 0 R ", b"")
swap("catalog", "layers-removed", CATALOG, 1, b"/OCProperties 31 0 R ", b"")
swap("catalog", "form-removed", CATALOG, 1, b"/AcroForm 20 0 R ", b"")
swap("catalog", "usage-rights", CATALOG, 1, b"/Type /Catalog", b"/Type /Catalog /Perms << /UR3 5 0 R >> ")
swap("navigation", "outline-title", CATALOG, 48, b"(Birth)", b"(Death)")
swap("navigation", "outline-target", CATALOG, 48, b"[4 0 R /Fit]", b"[61 0 R /Fit]")
swap("navigation", "outline-action", CATALOG, 48, b"/Dest [4 0 R /Fit]", b"/A " + JS)
swap("navigation", "old-destination", CATALOG, 49, b"4 0 R", b"61 0 R")
swap("navigation", "named-destination", CATALOG, 45, b"[4 0 R /Fit]", b"[61 0 R /Fit]")
swap("attachment", "embedded-file-data", CATALOG, 51, b"2001-05-01", b"1999-05-09")
swap("attachment", "embedded-file-name", CATALOG, 46, b"/UF (data.xml)", b"/UF (other.xml)")
swap("attachment", "embedded-file-removed", CATALOG, 45, b"/EmbeddedFiles << /Names [(data.xml) 46 0 R] >>", b"")
swap("attachment", "embedded-file-renamed", CATALOG, 45, b"(data.xml)", b"(aaaa.xml)")
swap("attachment", "document-script", CATALOG, 45, b"/Dests", b"/JavaScript << /Names [(a) " + JS + b"] >> /Dests")
swap("attachment", "names-other-tree", CATALOG, 45, b"/Dests", b"/Templates << /Names [(a) 4 0 R] >> /Dests")
swap("attachment", "relationship", CATALOG, 46, b"/Data", b"/Source")
swap("layers", "layer-off", CATALOG, 31, b"/ON [30 0 R]", b"/OFF [30 0 R]")
swap("layers", "layer-base-state", CATALOG, 31, b"/Order [30 0 R] /ON [30 0 R]", b"/BaseState /OFF /ON []")
swap("layers", "layer-usage", CATALOG, 30, b"/Name (Text)", b"/Name (Text) /Usage << /Print << /PrintState /OFF >> >>")
swap(
    "layers",
    "layer-automatic",
    CATALOG,
    31,
    b"/Order",
    b"/AS [<< /Event /View /OCGs [30 0 R] /Category [/View] >>] /Order",
)
swap("layers", "layer-locked", CATALOG, 31, b"/Order", b"/Locked [30 0 R] /Order")
swap("layers", "layer-membership", CATALOG, 30, b"<< /Type /OCG", b"<< /Type /OCMD /OCGs [] /P /AnyOff")
swap("layers", "layer-resource", TREE, 4, b"/MC0 30 0 R", b"/MC0 << /Type /OCMD /OCGs 30 0 R /P /AllOff >>")
STRUCTURE = "ISO 32000-2 14.7, 14.9: what is read aloud or extracted"
swap("structure", "actual-text", STRUCTURE, 43, b"Born 1 May 2001", b"Born 9 May 1999")
swap("structure", "alternate-text", STRUCTURE, 44, b"/Alt (sum)", b"/Alt (900)")
swap("structure", "structure-type", STRUCTURE, 43, b"/S /P", b"/S /Artifact")
swap("structure", "role-map", STRUCTURE, 40, b"/Note /P", b"/P /Artifact")
swap("structure", "kids-reordered", STRUCTURE, 41, b"[43 0 R 44 0 R]", b"[44 0 R 43 0 R]")
swap("structure", "kid-removed", STRUCTURE, 41, b"[43 0 R 44 0 R]", b"[43 0 R]")
swap("structure", "kid-elsewhere", STRUCTURE, 43, b"/K 0", b"/K 1")
swap("structure", "parent-tree", STRUCTURE, 42, b"[0 [43 0 R]", b"[0 [44 0 R]")
swap("structure", "element-language", STRUCTURE, 43, b"/K 0", b"/K 0 /Lang (fr)")
swap("structure", "object-reference", STRUCTURE, 44, b"/Obj 21 0 R", b"/Obj 22 0 R")


@attack("structure", STRUCTURE)
def structure_added(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    return update(
        s,
        {
            41: edit(s, 41, b"44 0 R]", b"44 0 R %d 0 R]" % new),
            new: b"<< /Type /StructElem /S /P /P 41 0 R /Pg 4 0 R /K 0 /ActualText (Born 9 May 1999) >>",
        },
    )


@attack("structure", STRUCTURE)
def page_struct_parents_moved(seal: Sealer) -> bytes:
    """The page's marked content is read as another page's elements."""
    s = seal(DOCUMENT)
    return update(s, {61: edit(s, 61, b"/Parent", b"/StructParents 0 /Parent")})


# Annotations
NOTE = "ISO 32000-2 12.5, 12.8.2.2: an annotation that was not signed (evil annotation attack)"
swap("annotation", "annotation-moved", NOTE, 17, b"[72 560 300 580]", b"[72 720 300 740]")
swap("annotation", "annotation-text", NOTE, 17, b"Sealed note", b"Other note")
put("annotation", "annotation-appearance", NOTE, 26, form_xobject(line(b"Other note")))
swap("annotation", "annotation-hidden", NOTE, 17, b"/F 4", b"/F 2")
swap("annotation", "annotation-no-print", NOTE, 17, b"/F 4", b"/F 0")
swap("annotation", "annotation-removed", NOTE, ANNOTS, b"17 0 R", b"")
swap("annotation", "annotation-order", NOTE, ANNOTS, b"16 0 R 17 0 R", b"17 0 R 16 0 R")
swap("annotation", "link-target", NOTE, 16, b"registry.example", b"evil.example")
swap("annotation", "annotation-layer", NOTE, 17, b"/F 4", b"/F 4 /OC 30 0 R")
swap("annotation", "annotations-removed", NOTE, 4, b"/Annots 18 0 R", b"")
swap("annotation", "widget-on-other-page", NOTE, 61, b"/Parent", b"/Annots [21 0 R] /Parent")
swap("annotation", "note-on-other-page", NOTE, 61, b"/Parent", b"/Annots [17 0 R] /Parent")
swap("annotation", "widget-twice", NOTE, ANNOTS, b"21 0 R", b"21 0 R 21 0 R")


def _annotation(name: str, body: bytes) -> None:
    def make(seal: Sealer) -> bytes:
        s = seal(DOCUMENT)
        new = numbers(s)
        return update(
            s,
            {new: body, new + 1: form_xobject(line(b"Born 9 May 1999")), ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new)}
            if b"@" not in body
            else {
                new: body.replace(b"@", b"%d 0 R" % (new + 1)),
                new + 1: form_xobject(line(b"Born 9 May 1999")),
                ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new),
            },
        )

    ATTACKS.append(Attack(name, "annotation", NOTE, make))


_annotation("free-text-added", b"<< /Type /Annot /Subtype /FreeText /Rect [72 700 400 760] /F 4 /AP << /N @ >> >>")
_annotation("stamp-added", b"<< /Type /Annot /Subtype /Stamp /Rect [72 700 400 760] /F 4 /AP << /N @ >> >>")
_annotation("widget-outside-form", b"<< /Type /Annot /Subtype /Widget /Rect [72 700 400 760] /F 4 /AP << /N @ >> >>")
_annotation(
    "signature-widget-outside-form",
    b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [72 700 400 760] /F 4 /AP << /N @ >> >>",
)
_annotation(
    "redact-added", b"<< /Type /Annot /Subtype /Redact /Rect [72 700 400 760] /F 4 /OverlayText (x) /AP << /N @ >> >>"
)
_annotation("ink-white", b"<< /Type /Annot /Subtype /Square /IC [1 1 1] /C [1 1 1] /Rect [72 700 400 760] /F 4 >>")
_annotation("watermark-added", b"<< /Type /Annot /Subtype /Watermark /Rect [72 700 400 760] /F 4 /AP << /N @ >> >>")
_annotation(
    "highlight-added",
    b"<< /Type /Annot /Subtype /Highlight /C [0 0 0] /QuadPoints [72 760 400 760 72 700 400 700] /Rect [72 "
    b"700 400 760] /F 4 >>",
)
_annotation("popup-added", b"<< /Type /Annot /Subtype /Popup /Parent 17 0 R /Open true /Rect [72 700 400 760] >>")
_annotation(
    "link-added", b"<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /A << /S /URI /URI (https://evil.example) >> >>"
)
_annotation("unknown-annotation", b"<< /Type /Annot /Subtype /Whatever /Rect [72 700 400 760] /F 4 /AP << /N @ >> >>")
_annotation("file-attachment", b"<< /Type /Annot /Subtype /FileAttachment /FS 46 0 R /Rect [72 700 90 760] /F 4 >>")
_annotation(
    "projection-added",
    b"<< /Type /Annot /Subtype /Screen /AA << /PO << /S /JavaScript /JS (1) >> >> /Rect [0 0 9 9] >>",
)


@attack("annotation", NOTE)
def annotation_direct(seal: Sealer) -> bytes:
    """The new annotation has no number of its own."""
    s = seal(DOCUMENT)
    new = numbers(s)
    note = b"<< /Type /Annot /Subtype /Stamp /Rect [72 700 400 760] /F 4 /AP << /N %d 0 R >> >>" % new
    return update(s, {new: form_xobject(line(b"Born 9 May 1999")), ANNOTS: appended(s, ANNOTS, note)})


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


# The seal itself
SELF = "ISO 32000-2 12.7.5.5, 12.8.1: the field of a seal belongs to what was sealed"


def _seal_field(s: bytes) -> int:
    return int(latest(s, FIELDS).split()[-3])


def on_seal(name: str, old: bytes, new: bytes) -> None:
    def make(seal: Sealer) -> bytes:
        s = seal(DOCUMENT)
        return update(s, {_seal_field(s): edit(s, _seal_field(s), old, new)})

    ATTACKS.append(Attack(name, "seal", SELF, make))


on_seal("seal-moved", b"[400 50 500 150]", b"[72 700 172 800]")
on_seal("seal-hidden", b"/F 4", b"/F 2")
on_seal("seal-layer", b"/F 4", b"/F 4 /OC 30 0 R")
on_seal("seal-renamed", b"(seal)", b"(other)")
on_seal("seal-action", b"/F 4", b"/F 4 /A " + JS)
on_seal("seal-rotated", b"/F 4", b"/F 4 /MK << /R 180 >>")
on_seal("seal-appearance-key", b"/AP <<", b"/AP << /D 38 0 R ")
on_seal("seal-state", b"/F 4", b"/F 4 /AS /X")
on_seal("seal-lock-added", b"/F 4", b"/F 4 /Lock << /Type /SigFieldLock /Action /All >>")


@attack("seal", SELF)
def seal_picture(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    picture = int(latest(s, _seal_field(s)).split(b"/N ")[1].split()[0])
    return update(s, {picture: form_xobject(line(b"CANCELLED"), b"0 0 100 100")})


@attack("seal", SELF)
def seal_value_emptied(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = latest(s, _seal_field(s)).split(b"/V ")[1].split()[0]
    return update(s, {_seal_field(s): edit(s, _seal_field(s), b"/V %s 0 R " % value, b"")})


@attack("seal", SELF)
def seal_value_without_subfilter(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0])
    return update(s, {value: edit(s, value, b"/ETSI.CAdES.detached", b"/Some.Thing"), 5: EVIL_PAGE})


@attack("seal", SELF)
def seal_value_rewritten(seal: Sealer) -> bytes:
    """The same dictionary again in the update: readers take either."""
    s = seal(DOCUMENT)
    value = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0])
    return update(s, {value: latest(s, value), 5: EVIL_PAGE})


@attack("seal", SELF)
def seal_time_rewritten(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0])
    return update(s, {value: edit(s, value, b"/Contents", b"/M (D:20200101000000Z) /Name (Other) /Contents")})


@attack("seal", SELF)
def seal_borrowed_by_second_field(seal: Sealer) -> bytes:
    """A second field shows the seal again, with the same signature."""
    s = seal(DOCUMENT)
    new = numbers(s)
    twin = edit(s, _seal_field(s), b"(seal)", b"(again)")
    return update(
        s, {new: twin, FIELDS: appended(s, FIELDS, b"%d 0 R" % new), ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new)}
    )


@attack("seal", SELF)
def seal_borrowed_by_empty_field(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = latest(s, _seal_field(s)).split(b"/V ")[1].split()[0]
    return update(s, {29: latest(s, 29)[:-2] + b"/V %s 0 R >>" % value})


@attack("seal", SELF)
def seal_copied_value(seal: Sealer) -> bytes:
    """The empty field gets a copy of the signature dictionary, byte for byte."""
    s = seal(DOCUMENT)
    value, new = int(latest(s, _seal_field(s)).split(b"/V ")[1].split()[0]), numbers(s)
    return update(s, {new: latest(s, value), 29: latest(s, 29)[:-2] + b"/V %d 0 R >>" % new})


@attack("seal", SELF)
def seal_out_of_form(seal: Sealer) -> bytes:
    """The field leaves the form; its picture stays on the page."""
    s = seal(DOCUMENT)
    return update(s, {FIELDS: latest(s, FIELDS).replace(b" %d 0 R]" % _seal_field(s), b"]"), 5: EVIL_PAGE})


@attack("seal", SELF)
def seal_widget_off_page(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {ANNOTS: latest(s, ANNOTS).replace(b" %d 0 R]" % _seal_field(s), b"]")})


# Later signatures that are none, or not the registry's
LATER = "ISO 32000-2 12.8.5, EN 319 142-1 5.4.3: a later signature vouches for nothing that it shows"
COVER = form_xobject(b"1 g 0 0 500 300 re f 0 g BT /Helv 24 Tf 20 200 Td (Born 9 May 1999) Tj ET", b"0 0 500 300")


def later(name: str, why: str = LATER, levels: tuple[int | None, ...] = (None, 1, 2, 3), **options: object) -> None:
    def make(seal: Sealer) -> bytes:
        return sign(seal(DOCUMENT), options["cms"], name="later", **{k: v for k, v in options.items() if k != "cms"})  # type: ignore[arg-type]

    ATTACKS.append(Attack(name, "later", why, make, levels))


WIDE = b"50 500 550 800"
later("foreign-seal-over-page", cms=seal_cms(EVIL.seal), rect=WIDE, look=COVER)
later("foreign-seal-in-empty-field", cms=seal_cms(EVIL.seal), field=29, look=COVER)
later("foreign-certification", cms=seal_cms(EVIL.seal), certify=3)
later("own-timestamper-over-page", cms=stamp_cms(EVIL.timestamper), timestamp=True, rect=WIDE, look=COVER)
later("trusted-timestamp-over-page", cms=stamp_cms(PKI.timestamper), timestamp=True, rect=WIDE, look=COVER)
later("own-timestamper-in-empty-field", cms=stamp_cms(EVIL.timestamper), timestamp=True, field=29, look=COVER)
later("trusted-timestamp-in-empty-field", cms=stamp_cms(PKI.timestamper), timestamp=True, field=29, look=COVER)
later("timestamp-printed-only", cms=stamp_cms(EVIL.timestamper), timestamp=True, rect=WIDE, look=COVER, flags=4 | 32)
later(
    "timestamp-seen-on-hover",
    cms=stamp_cms(EVIL.timestamper),
    timestamp=True,
    rect=WIDE,
    look=COVER,
    flags=4 | 32 | 256,
)
later(
    "timestamp-drawn-by-viewer",
    cms=stamp_cms(EVIL.timestamper),
    timestamp=True,
    rect=WIDE,
    widget=b"/MK << /BG [1 1 1] /BC [1 1 1] >> ",
)
later("timestamp-with-action", cms=stamp_cms(EVIL.timestamper), timestamp=True, widget=b"/AA << /PV " + JS + b" >> ")
later("timestamp-with-kids", cms=stamp_cms(EVIL.timestamper), timestamp=True, widget=b"/Kids [17 0 R] ")
later("timestamp-and-page", cms=stamp_cms(PKI.timestamper), timestamp=True, objects={5: EVIL_PAGE})
later("own-seal-and-page", cms=SEAL, objects={5: EVIL_PAGE})
later("own-seal-and-font", cms=SEAL, objects={7: b"<< /Type /Encoding /Differences [50 /one] >>"})
later("own-second-certification", cms=SEAL, certify=2)
later(
    "seal-over-whole-page",
    cms=SEAL,
    rect=b"0 0 595 842",
    look=COVER,
    why="a later seal's picture hides all that was sealed",
)
later("timestamp-of-seal-key", cms=SEAL, timestamp=True)
later("seal-of-timestamp-key", cms=seal_cms(PKI.timestamper))
later("timestamp-without-field-type", cms=stamp_cms(PKI.timestamper), timestamp=True, add=False)


@attack("later", LATER)
def empty_field_visible(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (third) /Rect [%s] /F 4 /AP << /N %d 0 R >> >>" % (
        WIDE,
        new + 1,
    )
    return update(
        s,
        {
            new: field,
            new + 1: COVER,
            FIELDS: appended(s, FIELDS, b"%d 0 R" % new),
            ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new),
        },
    )


@attack("later", LATER)
def empty_field_printed_only(seal: Sealer) -> bytes:
    """No-view and print: nothing on the screen, everything on paper."""
    s = seal(DOCUMENT)
    new = numbers(s)
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (third) /Rect [%s] /F 36 /AP << /N %d 0 R >> >>" % (
        WIDE,
        new + 1,
    )
    return update(
        s,
        {
            new: field,
            new + 1: COVER,
            FIELDS: appended(s, FIELDS, b"%d 0 R" % new),
            ANNOTS: appended(s, ANNOTS, b"%d 0 R" % new),
        },
    )


@attack("later", LATER)
def existing_field_gets_picture(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = numbers(s)
    return update(s, {new: COVER, 29: latest(s, 29)[:-2] + b"/AP << /N %d 0 R >> >>" % new})


@attack("later", LATER)
def half_signed_field(seal: Sealer) -> bytes:
    """A value that only looks like a signature, with a picture."""
    s = seal(DOCUMENT)
    new = numbers(s)
    value = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 /ByteRange [0 1 2 3] /Contents <00> >>"
    return update(
        s, {new: COVER, new + 1: value, 29: latest(s, 29)[:-2] + b"/V %d 0 R /AP << /N %d 0 R >> >>" % (new + 1, new)}
    )


# Long-term data as a cloak
LONG = "EN 319 142-1 5.4.2: a security store holds certificates, CRLs and responses, nothing else"


def store(name: str, body: bytes, objects: dict[int, bytes] | None = None) -> None:
    def make(seal: Sealer) -> bytes:
        s = seal(DOCUMENT)
        return update(s, {1: latest(s, 1).rstrip()[:-2] + b"/DSS 80 0 R >>", 80: body, **(objects or {})})

    ATTACKS.append(Attack(name, "long-term", LONG, make))


CERT = stream(PKI.issuing.certificate.der)
store("dss-with-page-object", b"<< /Type /DSS /Certs [81 0 R] /Extra 82 0 R >>", {81: CERT, 82: EVIL_PAGE})
store(
    "dss-content-as-certificate",
    b"<< /Type /DSS /Certs [81 0 R] >>",
    {81: stream(b"0 0 1 rg BT /F1 24 Tf 72 720 Td (Born 9 May 1999) Tj ET")},
)
store("dss-form-as-certificate", b"<< /Type /DSS /Certs [81 0 R] >>", {81: form_xobject(b"0 g", b"0 0 1 1")})
store("dss-certificate-with-tail", b"<< /Type /DSS /Certs [81 0 R] >>", {81: stream(PKI.root.der + b" BT (x) Tj ET")})
store(
    "dss-vri-with-content",
    b"<< /Type /DSS /VRI << /" + b"A" * 40 + b" << /Cert [81 0 R] /TU 82 0 R >> >> >>",
    {81: CERT, 82: EVIL_PAGE},
)
store(
    "dss-and-orphan-page",
    b"<< /Type /DSS /Certs [81 0 R] >>",
    {81: CERT, 82: b"<< /Type /Page /Parent 2 0 R /Contents 83 0 R >>", 83: EVIL_PAGE},
)
store("dss-and-orphan-stream", b"<< /Type /DSS /Certs [81 0 R] >>", {81: CERT, 82: EVIL_PAGE})
store(
    "dss-and-orphan-catalog", b"<< /Type /DSS /Certs [81 0 R] >>", {81: CERT, 82: b"<< /Type /Catalog /Pages 2 0 R >>"}
)
store("dss-and-page", b"<< /Type /DSS /Certs [81 0 R] >>", {81: CERT, 5: EVIL_PAGE})
HIDDEN_PAGE = b"\nendstream\nendobj\n5 0 obj\n" + EVIL_PAGE + b"\nendobj\n"
store("dss-object-inside-stream", b"<< /Type /DSS /Certs [81 0 R] >>", {81: stream(b"\x30\x10" + HIDDEN_PAGE)})
XMP = b"/Type /Metadata /Subtype /XML "
put(
    "long-term",
    "metadata-hides-object",
    "ISO 32000-2 7.5.6: a rebuilding reader sees the object",
    50,
    stream(b"<x:xmpmeta/>" + HIDDEN_PAGE, XMP),
)
put(
    "long-term",
    "metadata-hides-trailer",
    "ISO 32000-2 7.5.5: a rebuilding reader takes this trailer",
    50,
    stream(b"<x/>\nendstream endobj\ntrailer\n<< /Root 2 0 R >>\n", XMP),
)
put(
    "long-term",
    "information-hides-object",
    "ISO 32000-2 7.5.6: a rebuilding reader sees the object",
    65,
    b"<< /Title (Birth certificate) /Producer (x\n5 0 obj\n<< /Length 9 >>\nstream\nBT ET\nendstream\nendobj\n) >>",
)
put(
    "long-term",
    "metadata-not-xml",
    "ISO 32000-2 14.3.2",
    50,
    stream(b"x", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] "),
)
put(
    "long-term",
    "information-holds-page",
    "ISO 32000-2 14.3.3",
    65,
    b"<< /Title (Birth certificate) /Other 4 0 R /X << /Type /Page >> >>",
)
TITLE = "ISO 32000-2 12.2 /DisplayDocTitle, 14.3: the title is shown in the window's title bar"
swap("long-term", "title-changed", TITLE, 65, b"(Birth certificate)", b"(Death certificate)")
swap("long-term", "metadata-title-changed", TITLE, 50, b"Birth certificate", b"Death certificate")
