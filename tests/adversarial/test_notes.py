"""Notes on a document certified at level 3: plain ones are permitted, and nothing that could pass for them.

The published attack on certified documents (evil annotations) covers the page with what level 3 permits (ISO 32000-2
table 257); each vector here is a permitted note with one thing changed.
"""

from __future__ import annotations

import pytest

from eseal import verify
from eseal.report.model import Answer
from support.attack_vectors import EVIL_PAGE, JS
from support.attacks import (
    ANNOTS,
    DOCUMENT,
    NOW,
    TRUST,
    appended,
    form_xobject,
    latest,
    line,
    sealed,
    update,
)

NOTE = (
    b"<< /Type /Annot /Subtype /Text /Rect [500 700 520 720] /P 4 0 R /F 28 /Contents (Please check) /T (Clerk) "
    b"/Name /Comment /C [1 1 0] /M (D:20260310120000Z) /NM (n1) /Popup 81 0 R >>"
)
WINDOW = b"<< /Type /Annot /Subtype /Popup /Rect [400 600 560 700] /Parent 80 0 R /Open false >>"
LOOK = form_xobject(line(b"Born 9 May 1999"))
UNTOUCHED = (Answer.YES, Answer.PERMITTED)


def noted(note: bytes = NOTE, window: bytes = WINDOW, *, level: int | None = 3, **objects: bytes) -> bytes:
    s = sealed(DOCUMENT, certify=level)
    more = {int(n[1:]): body for n, body in objects.items()}
    return update(s, {80: note, 81: window, ANNOTS: appended(s, ANNOTS, b"80 0 R 81 0 R")} | more)


def untouched(data: bytes) -> Answer:
    return verify(data, TRUST, NOW).answers.untouched


def test_a_plain_note_is_permitted():
    report = verify(noted(), TRUST, NOW)
    assert report.passed and report.answers.untouched is Answer.PERMITTED
    assert "CHANGE_NOTE_ADDED" in {c["code"] for s in report.signatures for c in s.changes}
    alone = NOTE.replace(b"/Popup 81 0 R ", b"")
    s = sealed(DOCUMENT, certify=3)
    assert untouched(update(s, {80: alone, ANNOTS: appended(s, ANNOTS, b"80 0 R")})) is Answer.PERMITTED
    # A second one, in a later revision, on another page.
    again = update(noted(), {82: alone.replace(b"4 0 R", b"61 0 R"), 61: latest(s, 61)[:-2] + b"/Annots [82 0 R] >>"})
    assert untouched(again) is Answer.PERMITTED


@pytest.mark.parametrize("level", [None, 1, 2])
def test_no_note_where_nothing_permits_it(level):
    assert untouched(noted(level=level)) not in UNTOUCHED


def tagged(number: bytes, leads: bytes, element: bytes = b"", kids: bytes = b"") -> bytes:
    """The note in the structure tree: under `kids` of the sealed document element, and in the parent tree."""
    note = NOTE.replace(b"/NM", b"/StructParent %s /NM" % number)
    objects = {"o41": DOC_ELEMENT % kids, "o42": b"<< /Nums [0 [43 0 R] 1 44 0 R %s] >>" % leads}
    if element:
        objects["o83"] = element
    return noted(note, **objects)


DOC_ELEMENT = b"<< /Type /StructElem /S /Document /P 40 0 R /K [43 0 R 44 0 R %s] >>"
ELEMENT = b"<< /Type /StructElem /S /Annot /P 41 0 R /Pg 4 0 R /K << /Type /OBJR /Obj 80 0 R >> >>"
OBJECT = b"<< /Type /OBJR /Pg 4 0 R /Obj 80 0 R >>"


def test_a_note_in_the_structure_tree_is_permitted():
    assert untouched(tagged(b"2", b"2 83 0 R", ELEMENT, b"83 0 R")) is Answer.PERMITTED
    assert untouched(tagged(b"2", b"2 41 0 R", b"", OBJECT)) is Answer.PERMITTED


TAGGED = {
    "an element with words": (b"2", b"2 83 0 R", ELEMENT.replace(b"/K", b"/ActualText (9 May) /K"), b"83 0 R"),
    "an element around what was sealed": (b"2", b"2 83 0 R", ELEMENT.replace(b"80 0 R", b"21 0 R"), b"83 0 R"),
    "an element around marked content": (b"2", b"2 83 0 R", ELEMENT[: ELEMENT.index(b"/K")] + b"/K 0 >>", b"83 0 R"),
    "a number that is not the note's": (b"2", b"3 41 0 R", b"", OBJECT),
    "a number that was sealed": (b"1", b"", ELEMENT, b"83 0 R"),
    "a number that leads to no element": (b"2", b"2 5 0 R", b"", OBJECT),
    "a number that leads elsewhere": (b"2", b"2 83 0 R", ELEMENT.replace(b"80 0 R", b"22 0 R"), OBJECT),
}  # fmt: skip


@pytest.mark.parametrize("why", TAGGED)
def test_the_structure_gains_nothing_else(why):
    assert untouched(tagged(*TAGGED[why])) not in UNTOUCHED


# why -> what is changed in the note: (old, new)
NOTES: dict[str, tuple[bytes, bytes]] = {
    "an appearance covers what it likes": (b"/NM", b"/AP << /N 82 0 R >> /NM"),
    "an appearance state": (b"/NM", b"/AP << /N << /On 82 0 R >> >> /AS /On /NM"),
    "free text": (b"/Text", b"/FreeText"),
    "a stamp": (b"/Text", b"/Stamp"),
    "a square": (b"/Text", b"/Square"),
    "a highlight": (b"/Text", b"/Highlight"),
    "a redaction": (b"/Text", b"/Redact"),
    "a watermark": (b"/Text", b"/Watermark"),
    "a caret": (b"/Text", b"/Caret"),
    "ink": (b"/Text", b"/Ink"),
    "an attachment": (b"/Text", b"/FileAttachment"),
    "a link": (b"/Text", b"/Link"),
    "a widget": (b"/Text", b"/Widget"),
    "a kind that nobody knows": (b"/Text", b"/Whatever"),
    "a kind by reference to a stream": (b"/Text", b"82 0 R"),
    "an action": (b"/NM", b"/A " + JS + b" /NM"),
    "additional actions": (b"/NM", b"/AA << /E " + JS + b" >> /NM"),
    "a layer": (b"/NM", b"/OC 30 0 R /NM"),
    "rich text": (b"/NM", b"/RC (<body>Born 9 May</body>) /NM"),
    "a reply": (b"/NM", b"/IRT 17 0 R /NM"),
    "a review of another's note": (b"/NM", b"/IRT 17 0 R /StateModel (Review) /State (Rejected) /NM"),
    "a blend mode": (b"/NM", b"/BM /Multiply /NM"),
    "a file": (b"/NM", b"/FS 46 0 R /NM"),
    "associated files": (b"/NM", b"/AF [46 0 R] /NM"),
    "a key that nobody knows": (b"/NM", b"/Something 5 0 R /NM"),
    "hidden": (b"/F 28", b"/F 2"),
    "invisible": (b"/F 28", b"/F 1"),
    "printed only": (b"/F 28", b"/F 36"),
    "shown on hover": (b"/F 28", b"/F 292"),
    "open at once": (b"/NM", b"/Open true /NM"),
    "as large as the page": (b"[500 700 520 720]", b"[0 0 595 842]"),
    "larger than an icon": (b"[500 700 520 720]", b"[72 700 200 720]"),
    "without a place": (b"/Rect [500 700 520 720] ", b""),
    "a place that is none": (b"[500 700 520 720]", b"[500 700]"),
    "a place that is no number": (b"[500 700 520 720]", b"[500 700 520 (x)]"),
    "an icon of its own name": (b"/Comment", b"/DraftStamp"),
    "a page that it does not lie on": (b"/P 4 0 R", b"/P 61 0 R"),
    "text that is a stream": (b"(Please check)", b"82 0 R"),
    "text that is no text": (b"(Please check)", b"<< /X 5 0 R >>"),
    "a colour that is no colour": (b"[1 1 0]", b"[1 1 0 5 0 R]"),
    "a window that is not its own": (b"81 0 R", b"17 0 R"),
    "a window that is no window": (b"81 0 R", b"82 0 R"),
    "a name twice": (b"/NM", b"/Subtype /Stamp /NM"),
}
WINDOWS: dict[str, tuple[bytes, bytes]] = {
    "open": (b"/Open false", b"/Open true"),
    "of another": (b"80 0 R", b"17 0 R"),
    "of nobody": (b"/Parent 80 0 R ", b""),
    "with an appearance": (b"/Open", b"/AP << /N 82 0 R >> /Open"),
    "with an action": (b"/Open", b"/A " + JS + b" /Open"),
    "of another kind": (b"/Popup", b"/Stamp"),
    "in a layer": (b"/Open", b"/OC 30 0 R /Open"),
}


@pytest.mark.parametrize("why", NOTES)
def test_a_note_with_one_thing_more_is_not_permitted(why):
    old, new = NOTES[why]
    assert NOTE.count(old) == 1
    assert untouched(noted(NOTE.replace(old, new), o82=LOOK)) not in UNTOUCHED


@pytest.mark.parametrize("why", WINDOWS)
def test_a_window_with_one_thing_more_is_not_permitted(why):
    old, new = WINDOWS[why]
    assert WINDOW.count(old) == 1
    assert untouched(noted(window=WINDOW.replace(old, new), o82=LOOK)) not in UNTOUCHED


def test_many_notes_can_cover_a_page():
    s = sealed(DOCUMENT, certify=3)
    note = NOTE.replace(b"/Popup 81 0 R ", b"")

    def many(count: int) -> Answer:
        names = b" ".join(b"%d 0 R" % n for n in range(80, 80 + count))
        return untouched(update(s, dict.fromkeys(range(80, 80 + count), note) | {ANNOTS: appended(s, ANNOTS, names)}))

    assert many(10) is Answer.PERMITTED
    assert many(11) not in UNTOUCHED and many(30) not in UNTOUCHED


ALONE = NOTE.replace(b"/Popup 81 0 R ", b"")


def made(objects: dict[int, bytes], annots: bytes, page: bytes = b"") -> Answer:
    s = sealed(DOCUMENT, certify=3)
    objects = {ANNOTS: appended(s, ANNOTS, annots)} | objects
    if page:
        objects[61] = latest(s, 61)[:-2] + page + b" >>"
    return untouched(update(s, objects))


def test_a_note_lies_on_one_page_once():
    free = ALONE.replace(b"/P 4 0 R ", b"")
    assert made({80: free}, b"80 0 R") is Answer.PERMITTED
    assert made({80: free}, b"80 0 R 80 0 R") not in UNTOUCHED
    assert made({80: free}, b"80 0 R", b"/Annots [80 0 R]") not in UNTOUCHED


def test_a_note_stands_in_an_object_of_its_own():
    assert made({}, ALONE) not in UNTOUCHED


def test_what_was_sealed_does_not_become_a_note():
    """Numbers of sealed objects: what they were is gone, whatever they are now."""
    for number in (16, 17, 26, 62):
        assert made({number: ALONE}, b"" if number in (16, 17) else b"%d 0 R" % number) not in UNTOUCHED


def test_with_a_note_nothing_else_is_permitted():
    assert untouched(noted(o5=EVIL_PAGE)) not in UNTOUCHED
    assert untouched(noted(o17=latest(DOCUMENT, 17).replace(b"Sealed", b"Other!"))) not in UNTOUCHED
    s = sealed(DOCUMENT, certify=3)
    swapped = latest(s, ANNOTS).replace(b"16 0 R 17 0 R", b"17 0 R 16 0 R")[:-1] + b" 80 0 R]"
    assert untouched(update(s, {80: ALONE, ANNOTS: swapped})) not in UNTOUCHED
    gone = latest(s, ANNOTS).replace(b"17 0 R ", b"")[:-1] + b" 80 0 R]"
    assert untouched(update(s, {80: ALONE, ANNOTS: gone})) not in UNTOUCHED


def test_a_note_of_an_earlier_revision_that_becomes_something_else():
    changed = noted()
    for body in (NOTE.replace(b"/Text", b"/Stamp"), NOTE.replace(b"/NM", b"/AP << /N 82 0 R >> /NM")):
        assert untouched(update(changed, {80: body, 82: LOOK})) not in UNTOUCHED
