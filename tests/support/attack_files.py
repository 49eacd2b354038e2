"""Attacks on the file itself: cross-references, streams, revisions. Readers then see different documents."""

from __future__ import annotations

import re
import zlib

from support.attack_seals import CERT, XMP
from support.attack_vectors import EVIL_PAGE, JS, Sealer, attack, edit
from support.attacks import (
    ANNOTS,
    DOCUMENT,
    FIELDS,
    RICH,
    SEAL,
    latest,
    numbers,
    page_text,
    row,
    sign,
    startxref,
    update,
    update_stream,
)
from support.pdfs import objects_to_pdf, stream

PREPARED = "shadow attack: what was laid ready when it was sealed is switched on by something small"
REBUILD = "ISO 32000-2 7.5.6, annex C: readers that rebuild the table show other objects than those that do not"
DIFFER = "ISO 32000-2 7.5.4, 7.5.8: readers take the section differently"


@attack("update", "ISO 32000-2 7.5.8: the same change by a cross-reference stream")
def stream_update(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update_stream(s, {5: EVIL_PAGE})


@attack("update", "ISO 32000-2 7.5.7: the same change from an object stream")
def packed_page(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update_stream(s, {}, packed={4: edit(s, 4, b"/Contents 5 0 R", b"/Contents 62 0 R")})


@attack("update", REBUILD)
def packed_orphan(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update_stream(s, {}, packed={90: b"<< /Type /Page /Parent 2 0 R /Contents 62 0 R >>"})


@attack("update", REBUILD)
def packed_twice(seal: Sealer) -> bytes:
    """The object stream names one object twice."""
    s = seal(DOCUMENT)
    inner = b"90 0 4 2 1 << /Type /Page /Parent 2 0 R /Contents 62 0 R >>"
    body = stream(inner, b"/Type /ObjStm /N 2 /First 9 ")
    return update(s, {numbers(s): body})


@attack("update", "incremental saving: an object behind the last end mark")
def appended_object(seal: Sealer) -> bytes:
    return seal(DOCUMENT) + b"5 0 obj\n" + EVIL_PAGE + b"\nendobj\n"


@attack("update", "incremental saving: an object and a trailer without a table")
def appended_trailer(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return s + b"5 0 obj\n" + EVIL_PAGE + b"\nendobj\ntrailer\n<< /Root 1 0 R /Size 99 /Prev %d >>\n" % startxref(s)


@attack("update", "incremental saving: a table that only a rebuilding reader finds")
def appended_with_old_startxref(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return re.sub(rb"startxref\n\d+\n%%EOF\n\Z", b"startxref\n%d\n%%%%EOF\n" % startxref(s), update(s, {5: EVIL_PAGE}))


@attack("update", "incremental saving: an object before the update's own ones, in no table")
def stray_object(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {90: b"null"}, before=b"5 0 obj\n" + EVIL_PAGE + b"\nendobj\n")


@attack("update", "the same object twice in one update, one of them in the table")
def superseded_object(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {50: latest(s, 50)}, before=b"50 0 obj\n" + stream(b"BT ET") + b"\nendobj\n")


@attack("update", "incremental saving without an end mark")
def end_mark_missing(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {5: EVIL_PAGE})[: -len(b"%%EOF\n")]


@attack("update", "two end marks behind each other: which one counts?")
def two_end_marks(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {5: EVIL_PAGE}) + b"startxref\n%d\n%%%%EOF\n" % startxref(s)


@attack("update", "junk in front: all offsets count from elsewhere")
def junk_before(seal: Sealer) -> bytes:
    return b"junk\n" + seal(DOCUMENT)


@attack("update", "another document in front")
def document_before(seal: Sealer) -> bytes:
    return DOCUMENT + seal(DOCUMENT)


@attack("update", "another document behind")
def document_behind(seal: Sealer) -> bytes:
    return seal(DOCUMENT) + DOCUMENT


@attack("update", "another document behind, its table chained to the first")
def document_chained(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    other = {n: RICH.get(n, b"null") for n in range(1, 66)} | {5: EVIL_PAGE}
    return update(s, other)


@attack("chain", "the update's /Prev leaves the sealed revision out")
def prev_skips_sealed(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    form = {FIELDS: latest(s, FIELDS), ANNOTS: latest(s, ANNOTS), 1: latest(s, 1)}
    new = {int(n): latest(s, int(n)) for n in re.findall(rb"(\d+) 0 obj", s[len(DOCUMENT) :])}
    return update(s, {**new, **form, 5: EVIL_PAGE}, prev=startxref(DOCUMENT))


@attack("chain", "/Prev is missing")
def prev_missing(seal: Sealer) -> bytes:
    s = update(seal(DOCUMENT), {5: EVIL_PAGE})
    at = s.rindex(b"/Prev")
    return s[:at] + re.sub(rb"\A/Prev \d+ ", b"", s[at:])


@attack("chain", "/Prev leads back to the update")
def prev_loop(seal: Sealer) -> bytes:
    s = update(seal(DOCUMENT), {5: EVIL_PAGE}, prev=0)
    return s.replace(b"/Prev 0 ", b"/Prev %d " % startxref(s))


@attack("chain", "/Prev points into a stream")
def prev_into_stream(seal: Sealer) -> bytes:
    inner = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 99 /Root 1 0 R >>\n"
    s = seal(update(DOCUMENT, {51: stream(inner)}))
    return update(s, {5: EVIL_PAGE}, prev=s.index(inner))


@attack("chain", PREPARED)
def hidden_chain(seal: Sealer) -> bytes:
    """A whole cross-reference section lies inside a sealed stream and chains to the sealed one."""
    s = seal(DOCUMENT)
    evil = b"5 0 obj\n" + EVIL_PAGE + b"\nendobj\n"
    prepared = update(DOCUMENT, {51: stream(evil + b" " * 9)})
    s = seal(prepared)
    return update(s, {}, offsets={5: s.index(evil)})


@attack("chain", "an entry points at an object inside a sealed comment")
def entry_into_comment(seal: Sealer) -> bytes:
    evil = b"%5 0 obj << /Length 0 >> stream\rendstream endobj"
    prepared = update(DOCUMENT, {90: b"null"}, before=evil + b"\n")
    s = seal(prepared)
    return update(s, {}, offsets={5: s.index(evil) + 1})


@attack("chain", "an entry points at the older version of an object")
def entry_to_older(seal: Sealer) -> bytes:
    """Rolls one object back: the sealed document had replaced it."""
    first = DOCUMENT.index(b"5 0 obj\n")
    s = seal(update(DOCUMENT, {5: EVIL_PAGE}))
    return update(s, {}, offsets={5: first})


@attack("chain", "an entry points into the middle of another object")
def entry_into_object(seal: Sealer) -> bytes:
    prepared = update(
        DOCUMENT, {65: b"<< /Title (Birth certificate) /X (5 0 obj << /Length 0 >> stream\nendstream endobj) >>"}
    )
    s = seal(prepared)
    return update(s, {}, offsets={5: s.index(b"5 0 obj << /Length 0")})


@attack("chain", "an entry points at an object of another number")
def entry_to_other_number(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {}, offsets={5: s.index(b"\n62 0 obj") + 1})


@attack("chain", "an entry one byte off: some readers find the object, others rebuild")
def entry_off_by_one(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = update(s, {50: stream(b"<x/>", XMP)})
    at = new.rindex(b"50 0 obj")
    return new.replace(row(at), row(at + 1))


@attack("chain", "startxref is off: some readers rebuild")
def startxref_off(seal: Sealer) -> bytes:
    s = update(seal(DOCUMENT), {50: stream(b"<x/>", XMP)})
    return s.replace(b"startxref\n%d\n" % startxref(s), b"startxref\n%d\n" % (startxref(s) + 3))


@attack("chain", REBUILD)
def startxref_at_comment(seal: Sealer) -> bytes:
    """A comment where the section should begin: strict readers rebuild."""
    s = update(seal(DOCUMENT), {50: stream(b"<x/>", XMP)})
    at = startxref(s)
    return s[:at] + b"%\n" + s[at:]


@attack("chain", "ISO 32000-2 7.5.5: numbers at or above /Size are missing objects")
def size_hides_objects(seal: Sealer) -> bytes:
    """Readers that keep to /Size lose the second page, the seal, the annotations."""
    s = seal(DOCUMENT)
    return update(s, {50: stream(b"<x/>", XMP)}, size=60)


@attack("chain", DIFFER)
def rows_of_uneven_length(seal: Sealer) -> bytes:
    """Rows of 19 and 21 bytes: by words one offset, by the fixed width of 20 another."""
    s = seal(DOCUMENT)
    new = update(s, {50: stream(b"<x/>", XMP), 51: latest(s, 51)})
    one, two = row(new.rindex(b"50 0 obj")), row(new.rindex(b"51 0 obj"))
    table = b"50 1\n" + one + b"51 1\n" + two
    return new.replace(table, b"50 2\n" + one[:-2] + b"\n" + two[:-2] + b"  \n")


@attack("chain", DIFFER)
def entry_twice(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    new = update(s, {50: stream(b"<x/>", XMP), 90: EVIL_PAGE})
    at = new.rindex(b"90 0 obj")
    return new.replace(b"90 1\n" + row(at), b"90 1\n" + row(at) + b"50 1\n" + row(at))


@attack("chain", DIFFER)
def generation_raised(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {5: EVIL_PAGE}, generation={5: 1})


@attack("chain", DIFFER)
def freed_and_used_again(seal: Sealer) -> bytes:
    s = update(seal(DOCUMENT), {50: stream(b"<x/>", XMP)}, free={5: 1})
    return update(s, {5: EVIL_PAGE}, generation={5: 1})


@attack("chain", DIFFER)
def freed_same_generation(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {50: stream(b"<x/>", XMP)}, free={5: 0})


@attack("chain", DIFFER)
def annotation_freed(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {50: stream(b"<x/>", XMP)}, free={17: 1})


@attack("chain", DIFFER)
def keys_doubled(seal: Sealer) -> bytes:
    """Readers take the first or the last of two equal keys."""
    s = seal(DOCUMENT)
    return update(s, {4: edit(s, 4, b"/Contents 5 0 R", b"/Contents 62 0 R /Contents 5 0 R")})


@attack("chain", DIFFER)
def keys_doubled_in_other_spelling(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {4: edit(s, 4, b"/Contents 5 0 R", b"/Con#74ents 62 0 R /Contents 5 0 R")})


@attack("chain", DIFFER)
def trailer_root_doubled(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {90: edit(s, 1, b"/Lang (en)", b"/Lang (fr)")}, extra=b"/Root 90 0 R ")


@attack("chain", DIFFER)
def hybrid_override(seal: Sealer) -> bytes:
    """The table says nothing of the page's content, the stream behind /XRefStm does."""
    s = seal(DOCUMENT)
    return _hybrid(s, table=False)


@attack("chain", DIFFER)
def hybrid_contradiction(seal: Sealer) -> bytes:
    """Table and stream give the page's content two places."""
    return _hybrid(seal(DOCUMENT), table=True)


def _hybrid(s: bytes, *, table: bool) -> bytes:
    out = bytearray(s)
    evil, own = len(out), 91
    out += b"5 0 obj\n" + EVIL_PAGE + b"\nendobj\n"
    good = len(out)
    if table:
        out += b"5 0 obj\n" + latest(s, 5) + b"\nendobj\n"
    hidden = len(out)
    rows = b"\x01" + evil.to_bytes(4, "big") + b"\0\0" + b"\x01" + hidden.to_bytes(4, "big") + b"\0\0"
    out += b"%d 0 obj\n" % own + stream(rows, b"/Type /XRef /Size 99 /W [1 4 2] /Index [5 1 91 1] ") + b"\nendobj\n"
    start = len(out)
    out += b"xref\n" + (b"5 1\n" + row(good) if table else b"") + b"91 1\n" + row(hidden)
    out += (
        b"trailer\n<< /Size 99 /Root 1 0 R /Info 65 0 R /ID [<01> <02>] /Prev %d /XRefStm %d "
        b">>\nstartxref\n%d\n%%%%EOF\n" % (startxref(s), hidden, start)
    )
    return bytes(out)


@attack("chain", "ISO 32000-2 7.6: encryption makes every string and stream another one")
def encryption_added(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(
        s,
        {90: b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (b"00" * 32, b"00" * 32)},
        extra=b"/Encrypt 90 0 R ",
    )


@attack("chain", "ISO 32000-2 7.5.5: the trailer of an update reaches what nothing else does")
def trailer_reaches_page(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {90: b"<< /Type /Page /Contents 5 0 R >>"}, extra=b"/Hidden 90 0 R ")


@attack("chain", "ISO 32000-2 7.5.5: bookkeeping of the trailer is no place to hang objects on")
def trailer_bookkeeping_reaches_page(seal: Sealer) -> bytes:
    return update(seal(DOCUMENT), {90: EVIL_PAGE}, extra=b"/DecodeParms 90 0 R ")


@attack("chain", "ISO 32000-2 7.5.5: the catalog is that of the newest trailer")
def root_missing(seal: Sealer) -> bytes:
    s = update(seal(DOCUMENT), {50: stream(b"<x/>", XMP)})
    at = s.rindex(b"/Root 1 0 R ")
    return s[:at] + s[at:].replace(b"/Root 1 0 R ", b"", 1)


@attack("stream", PREPARED)
def length_object(seal: Sealer) -> bytes:
    """The page's content keeps its bytes; the object that holds its length does not."""
    evil = page_text(b"Born 9 May 1999")
    text = evil + b"\nendstream\n1 g 60 700 400 60 re f 0 g " + page_text(b"Born 1 May 2001")
    prepared = update(DOCUMENT, {5: b"<< /Length 90 0 R >>\nstream\n" + text + b"\nendstream", 90: b"%d" % len(text)})
    return update(seal(prepared), {90: b"%d" % len(evil)})


@attack("stream", PREPARED)
def filter_object(seal: Sealer) -> bytes:
    text = b"42 54 20 45 54>"
    prepared = update(
        DOCUMENT,
        {5: b"<< /Length %d /Filter 90 0 R >>\nstream\n" % len(text) + text + b"\nendstream", 90: b"/ASCIIHexDecode"},
    )
    return update(seal(prepared), {90: b"null"})


def _object_stream(first: bytes, more: dict[int, bytes], inner: bytes, length: bytes | None = None) -> bytes:
    """The document with its page 1 in an object stream whose bookkeeping stands in other objects."""
    base = update(DOCUMENT, more)
    out = bytearray(base)
    at = len(out)
    head = b"<< /Type /ObjStm /N 1 /First %s /Length %s >>" % (first, length or b"%d" % len(inner))
    out += b"95 0 obj\n" + head + b"\nstream\n" + inner + b"\nendstream\nendobj\n"
    start = len(out)
    rows = b"".join(
        bytes((k,)) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for k, a, b in ((2, 95, 0), (1, at, 0), (1, start, 0))
    )
    extra = (
        b"/Type /XRef /Size 97 /W [1 4 2] /Index [4 1 95 2] /Root 1 0 R /Info 65 0 R /ID [<01> <02>] /Prev %d "
        % startxref(base)
    )
    out += b"96 0 obj\n" + stream(rows, extra) + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


@attack("stream", PREPARED)
def object_stream_first(seal: Sealer) -> bytes:
    """/First of an object stream stands in an object: another number there, and all that it packs is another."""
    good, evil = RICH[4], RICH[4].replace(b"5 0 R", b"62 0 R")
    inner = (b"4 0 ").ljust(10) + good.ljust(1000) + evil
    return update(seal(_object_stream(b"94 0 R", {94: b"10"}, inner)), {94: b"1010"})


@attack("stream", PREPARED)
def object_stream_filter(seal: Sealer) -> bytes:
    """The filter of an object stream stands in an object."""
    good = b"4 0 " + RICH[4]
    inner = zlib.compress(good)
    prepared = _object_stream(b"4", {94: b"/FlateDecode"}, inner).replace(b"/First 4 ", b"/First 4 /Filter 94 0 R ")
    prepared = prepared.replace(b"startxref\n%d" % startxref(prepared), b"startxref\n%d" % prepared.rindex(b"96 0 obj"))
    fixed = bytearray(prepared)
    at = fixed.rindex(b"96 0 obj")
    body = bytes(fixed[at:])
    wrong = (at - len(b"/Filter 94 0 R ")).to_bytes(4, "big")
    body = body.replace(b"\x01" + wrong, b"\x01" + at.to_bytes(4, "big"))
    return update(seal(bytes(fixed[:at]) + body), {94: b"[/FlateDecode /ASCIIHexDecode]"})


@attack("stream", PREPARED)
def unreadable_object_with_length(seal: Sealer) -> bytes:
    """An object that one reader cannot parse and others can, and a number that it refers to."""
    text = page_text(b"Born 1 May 2001")
    evil = page_text(b"Born 9 May 1999")
    text = evil + b"\nendstream\n1 g 60 700 400 60 re f 0 g " + text
    odd = b"<< /Length 90 0 R /Odd ) >>\nstream\n" + text + b"\nendstream"
    prepared = update(DOCUMENT, {5: odd, 90: b"%d" % len(text)})
    return update(seal(prepared), {90: b"%d" % len(evil)})


@attack("stream", REBUILD)
def length_hides_object(seal: Sealer) -> bytes:
    """By its length the stream is one, by its end marks it is two objects."""
    s = seal(DOCUMENT)
    return update(s, {50: stream(b"<x/>\nendstream\nendobj\n5 0 obj\n" + EVIL_PAGE + b"\nendobj\n", XMP)})


@attack("stream", REBUILD)
def length_too_short(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    body = stream(b"<x/>" + b"z" * 40, XMP).replace(b"/Length 44", b"/Length 4")
    return update(s, {50: body})


@attack("stream", REBUILD)
def length_too_long(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    body = stream(b"<x/>", XMP).replace(b"/Length 4", b"/Length 44")
    return update(s, {50: body})


@attack("stream", REBUILD)
def object_in_comment(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {50: stream(b"<x/>", XMP)}, before=b"%\r5 0 obj << /Length 0 >> stream\nendstream endobj\n")


@attack("stream", REBUILD)
def object_in_comment_line(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {50: stream(b"<x/>", XMP)}, before=b"% 5 0 obj << /Length 0 >> stream endstream endobj\n")


@attack("stream", REBUILD)
def object_in_string(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(
        s, {65: b"<< /Title (Birth certificate) /Producer (\n5 0 obj\n<< /Length 0 >>\nstream\nendstream\nendobj\n) >>"}
    )


@attack("stream", REBUILD)
def object_in_update_tail(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {50: stream(b"<x/>", XMP) + b"\n5 0 obj << /Length 0 >> stream\nendstream"})


@attack("certification", "ISO 32000-2 12.8.2.2: the level is set by what was sealed, not by what came later", (1, 2))
def level_raised(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    value = int(re.findall(rb"/DocMDP (\d+) 0 R", s)[-1])
    level = re.findall(rb"/P (\d) >> >>\]", s)[-1]
    return update(s, {value: edit(s, value, b"/P %s >> >>]" % level, b"/P 3 >> >>]")})


@attack("certification", "ISO 32000-2 12.8.6: the permissions dictionary stays", (1, 2, 3))
def permissions_removed(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {1: re.sub(rb"/Perms << [^>]*>>", b"", latest(s, 1))})


@attack("certification", "ISO 32000-2 table 257: level 1 allows nothing but long-term data", (1,))
def form_filled_at_level_1(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {22: edit(s, 22, b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


@attack("certification", "ISO 32000-2 table 257: level 1 allows no further seal", (1,))
def sealed_at_level_1(seal: Sealer) -> bytes:
    return sign(seal(DOCUMENT), SEAL, name="more")


@attack("certification", "ISO 32000-2 table 257: level 1 allows no further seal", (1,))
def empty_field_signed_at_level_1(seal: Sealer) -> bytes:
    return sign(seal(DOCUMENT), SEAL, field=29)


@attack("certification", "ISO 32000-2 12.8.2.4: a locked field", (None,))
def locked_field_filled(seal: Sealer) -> bytes:
    del seal
    s = sign(DOCUMENT, SEAL, lock=b"/Action /Include /Fields [(agree)]")
    return update(s, {22: edit(s, 22, b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


@attack("certification", "ISO 32000-2 12.8.2.4: all fields but one are locked", (None,))
def excluded_lock_filled(seal: Sealer) -> bytes:
    del seal
    s = sign(DOCUMENT, SEAL, lock=b"/Action /Exclude /Fields [(sum)]")
    return update(s, {22: edit(s, 22, b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


@attack("certification", "ISO 32000-2 table 236: the lock of the field that was signed", (None,))
def field_lock_dictionary(seal: Sealer) -> bytes:
    del seal
    s = sign(DOCUMENT, SEAL, widget=b"/Lock << /Type /SigFieldLock /Action /All >> ")
    return update(s, {22: edit(s, 22, b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


@attack("certification", "ISO 32000-2 table 236: a signature lock may close the document", (None,))
def lock_level_one(seal: Sealer) -> bytes:
    del seal
    s = sign(DOCUMENT, SEAL, widget=b"/Lock << /Type /SigFieldLock /Action /Include /Fields [(sum)] /P 1 >> ")
    return update(s, {22: edit(s, 22, b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


@attack("certification", "ISO 32000-2 12.8.2.4: the lock is lifted, then the field filled", (None,))
def lock_lifted(seal: Sealer) -> bytes:
    del seal
    s = sign(DOCUMENT, SEAL, widget=b"/Lock << /Type /SigFieldLock /Action /All >> ")
    own = int(latest(s, FIELDS).split()[-3])
    free = edit(s, own, b"/Action /All", b"/Action /Include /Fields []")
    return update(s, {own: free, 22: edit(s, 22, b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


@attack("actions", "ISO 32000-2 12.6: something is done when the document is opened", (None, 2))
def action_by_chained_link(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {16: edit(s, 16, b"/S /URI", b"/Next " + JS + b" /S /URI")})


@attack(
    "long-term",
    "EN 319 142-1 5.4.2: data and a new page content in one update, then a pure data update",
    (None, 1, 2, 3),
)
def content_between_data_updates(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    one = update(s, {1: latest(s, 1).rstrip()[:-2] + b"/DSS << /Certs [81 0 R] >> >>", 81: CERT})
    two = update(one, {5: EVIL_PAGE})
    return update(two, {82: CERT, 1: latest(two, 1).replace(b"[81 0 R]", b"[81 0 R 82 0 R]")})


@attack("long-term", "ISO 32000-2 7.5.6: an older reader keeps to the evil revision in the middle", (None, 1, 2, 3))
def pages_swapped_in_one_revision(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {62: latest(s, 64).replace(b"/Filter /FlateDecode ", b"/Filter /FlateDecode "), 64: latest(s, 62)})


@attack(
    "annotation",
    "ISO 32000-2 12.5.5: an appearance is taken from an object of the sealed document that was never shown",
    (None, 2),
)
def appearance_from_sealed_object(seal: Sealer) -> bytes:
    prepared = update(DOCUMENT, {90: stream(b"BT ET", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] ")})
    s = seal(prepared)
    return update(s, {17: edit(s, 17, b"/N 26 0 R", b"/N 90 0 R")})


@attack("shadow", PREPARED, (None, 1, 2, 3))
def hide_and_replace(seal: Sealer) -> bytes:
    """A second page tree was laid ready; one reference switches to it."""
    prepared = update(
        DOCUMENT,
        {
            90: b"<< /Type /Pages /Kids [91 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
            91: b"<< /Type /Page /Parent 90 0 R /Contents 92 0 R >>",
            92: EVIL_PAGE,
        },
    )
    s = seal(prepared)
    return update(s, {1: edit(s, 1, b"/Pages 2 0 R", b"/Pages 90 0 R")})


@attack("shadow", PREPARED, (None, 1, 2, 3))
def hide_by_freeing_overlay(seal: Sealer) -> bytes:
    """An image covered what is behind it; it is freed."""
    return update(seal(DOCUMENT), {90: b"null"}, free={8: 1})


@attack("shadow", PREPARED, (None, 1, 2, 3))
def hide_by_broken_overlay(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    return update(s, {9: latest(s, 9).replace(b"/Subtype /Image", b"/Subtype /Imagx")})


@attack("shadow", PREPARED, (None, 1, 2, 3))
def resource_laid_ready(seal: Sealer) -> bytes:
    """An unused resource becomes the used one."""
    prepared = update(DOCUMENT, {4: RICH[4].replace(b"/F1 6 0 R", b"/F1 6 0 R /F2 3 0 R")})
    s = seal(prepared)
    return update(s, {4: edit(s, 4, b"/F1 6 0 R /F2 3 0 R", b"/F1 3 0 R /F2 6 0 R")})


@attack("update", "a whole rebuilt file with the old signature in it", (None, 2))
def rebuilt(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    bodies = {n: latest(s, n) for n in range(1, numbers(s))}
    return objects_to_pdf(bodies | {5: EVIL_PAGE}, extra=b"/Info 65 0 R /ID [<01> <01>] ")
