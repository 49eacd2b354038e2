"""Attacks on a sealed document: each takes a way to seal and gives a file that must not pass. Every one says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from support.attacks import (
    ANNOTS,
    DOCUMENT,
    appended,
    form_xobject,
    latest,
    line,
    numbers,
    page_text,
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
