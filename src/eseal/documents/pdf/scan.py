"""Our own scan of a PDF, before pyHanko sees it: the chain of cross-reference sections, within bounds.

A pure function of bytes and limits. It says of which revisions the file consists, where each ends, and (for the part
behind a signature) which bytes belong to none of them: a reader that rebuilds its table would show objects there
(incremental saving attacks), so nothing behind a signature may be left unexplained.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import LexError, Ref
from eseal.documents.pdf.xref import FREE, PLAIN, Budget, Section, read_section
from eseal.errors import DocumentError
from eseal.limits import DEFAULT, Limits

_HEADER = re.compile(rb"%PDF-\d\.\d")
_WS = rb"\x00\t\n\x0c\r "
# The end of a revision: startxref, a number, %%EOF (ISO 32000-2 7.5.5). Comments before it are common (iText).
_MARKER = re.compile(
    rb"(?>(?:[" + _WS + rb"]|%(?!%EOF)[^\r\n]*)*)startxref[" + _WS + rb"]*+(\d{1,20})[" + _WS + rb"]*+"
    rb"(?>(?:%(?!%EOF)[^\r\n]*[" + _WS + rb"]+)*)%%EOF"
)
_OBJECT = re.compile(rb"\d{1,10}[" + _WS + rb"]++\d{1,10}[" + _WS + rb"]++obj")
_HEADER_BEFORE = re.compile(rb"(?<!\d)(\d{1,10})[" + _WS + rb"]++\d{1,10}[" + _WS + rb"]++obj\Z")
_HEADERS_TRIED = 16
# How far back the header of an object is looked for: a signature dictionary is never longer before its values.
_HEADER_WITHIN = 1_000_000
# Some tools end a file with one more line, or pad the line of %%EOF.
_TAIL = re.compile(rb"[\r\n ]{0,32}")
_EOL = re.compile(rb"\r\n|\r|\n|")
# How far a startxref may miss its section and still be understood without doubt (pyHanko: about the same).
_SLACK = 16
_LAST_MARKERS = 8
# Bytes up to which an object is cleared by counting brackets; a larger one is mostly stream, which the lexer skips.
_COUNTED = 4096


@dataclass(frozen=True, slots=True)
class Marker:
    """One "startxref N %%EOF"."""

    start: int
    """Offset of what comes behind the section (comments, then "startxref")."""
    value: int
    """The number."""
    end: int
    """Offset behind %%EOF."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of the document: everything up to `end`."""

    index: int
    """0 for the oldest."""
    start: int
    """End of the revision before, 0 for the oldest."""
    end: int
    """Offset behind its %%EOF."""
    sections: tuple[Section, ...]
    """Its cross-reference sections, newest first; two in a linearized file."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scan found; offsets are from the first byte of the file."""

    data: bytes = field(repr=False)
    """The file."""
    limits: Limits = field(repr=False)
    """The bounds that held."""
    startxref: int
    """The last startxref, as written."""
    sections: tuple[Section, ...] = field(repr=False)
    """The whole chain, newest first."""
    revisions: tuple[Revision, ...]
    """All revisions, oldest first."""
    markers: tuple[Marker, ...] = field(repr=False)
    """The end marks of the chain's sections."""
    end: int
    """End of the newest revision; what lies behind it belongs to none."""
    encrypted: bool
    """A trailer names /Encrypt."""
    hybrid: bool
    """Some section has /XRefStm."""
    repaired: bool
    """A startxref or /Prev missed its section by a few bytes."""
    overreaching: tuple[int, ...]
    """Indices of revisions with entries that point behind their own end into what came later."""
    memo: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was found out about single objects: asked again for every signature, and always the same."""

    def find(self, num: int, end: int | None = None) -> tuple[int, int, int] | None:
        """(kind, place, extra) of object `num`, now or in the revision that ends at `end`; None where it is nowhere."""
        for section in self._sections(end):
            found = section.find(num)
            if found is not None:
                return None if found[0] == FREE else found
        return None

    def offset(self, num: int, end: int | None = None) -> int | None:
        """Offset of the header of object `num`; None where it is free, absent or inside an object stream."""
        found = self.find(num, end)
        return found[1] if found is not None and found[0] == PLAIN and found[1] < len(self.data) else None

    def _sections(self, end: int | None) -> tuple[Section, ...]:
        if end is None:
            return self.sections
        return tuple(s for r in reversed(self.revisions) if r.end <= end for s in r.sections)

    def revision_ending(self, end: int) -> Revision | None:
        """The revision whose last line ends at `end`, with or without the end-of-line behind %%EOF (7.5.5)."""
        for revision in self.revisions:
            if revision.end <= end <= self.line_end(revision.end):
                return revision
        return None

    def line_end(self, pos: int) -> int:
        """Offset behind one end-of-line marker at `pos`, or `pos` where there is none."""
        match = _EOL.match(self.data, pos)
        return match.end() if match else pos

    def blank_end(self, pos: int) -> int:
        """Offset behind a short run of white space at `pos`, which shows nothing in any reader."""
        match = _TAIL.match(self.data, pos)
        return match.end() if match else pos

    def integer(self, value: object) -> int | None:
        """`value` where it is an integer or a reference to one, None otherwise."""
        if isinstance(value, Ref):
            offset = self.offset(value.num)
            if offset is None:
                return None
            try:
                found = lexer.read_object(self.data, offset, 1)
            except LexError:
                return None
            value = found.value if (found.num, found.gen) == (value.num, value.gen) else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def header_before(self, place: int) -> int | None:
        """Offset of the nearest object header before `place` that looks like one."""
        end, low = place, max(0, place - _HEADER_WITHIN)
        for _ in range(_HEADERS_TRIED):
            end = self.data.rfind(b"obj", low, end)
            if end < 0:
                return None
            match = _HEADER_BEFORE.search(self.data, max(0, end - 32), end + 3)
            if match:
                return match.start()
        return None


def scan(data: bytes, limits: Limits = DEFAULT) -> Scan:
    """Scan `data`. Raises DocumentError PDF_..., where reading on would be unsafe or without meaning."""
    if len(data) > limits.file_bytes:
        raise DocumentError("PDF_LIMIT_FILE", size=len(data), limit=limits.file_bytes)
    if not _HEADER.match(data):
        raise DocumentError("PDF_NO_HEADER")
    last = _last_marker(data)
    sections, repaired = _chain(data, last.value, limits)
    markers = _markers(data, sections)
    revisions = _revisions(sections, markers, last)
    _check_nesting(data, sections, limits)
    return Scan(
        data=data,
        limits=limits,
        startxref=last.value,
        sections=tuple(sections),
        revisions=revisions,
        markers=tuple(m for m in markers if m is not None),
        end=revisions[-1].end,
        encrypted=any(s.trailer.get("Encrypt") is not None for s in sections),
        hybrid=any(s.hybrid is not None for s in sections),
        repaired=repaired,
        overreaching=_overreaching(data, revisions),
    )


def _last_marker(data: bytes) -> Marker:
    end = len(data)
    for _ in range(_LAST_MARKERS):
        at = data.rfind(b"startxref", 0, end)
        if at < 0:
            break
        match = _MARKER.match(data, at)
        if match:
            return Marker(at, int(match[1]), match.end())
        end = at
    raise DocumentError("PDF_NO_STARTXREF")


def _chain(data: bytes, startxref: int, limits: Limits) -> tuple[list[Section], bool]:
    budget = Budget(limits)
    sections: list[Section] = []
    seen: set[int] = set()
    repaired = False
    at: int | None = startxref
    while at is not None:
        if at in seen:
            raise DocumentError("PDF_XREF_CYCLE", where=at)
        seen.add(at)
        if len(sections) >= limits.revisions:
            raise DocumentError("PDF_LIMIT_REVISIONS", limit=limits.revisions)
        offset = _locate(data, at)
        # Nothing but white space may stand before it: readers that do not skip comments here rebuild the table.
        repaired |= at > offset or bool(data[at:offset].strip(b"\0\t\n\x0c\r "))
        sections.append(read_section(data, at, offset, budget))
        at = sections[-1].prev
    return sections, repaired


def _locate(data: bytes, at: int) -> int:
    """Offset of the section that `at` means. Raises DocumentError PDF_XREF_MISSING."""
    if 0 <= at < len(data):
        exact = lexer.skip(data, at)
        if data.startswith(b"xref", exact) or _OBJECT.match(data, exact):
            return exact
        low = max(0, at - _SLACK)
        near = data.find(b"xref", low, at + _SLACK)
        while near >= 0 and data[near - 5 : near] == b"start":
            near = data.find(b"xref", near + 4, at + _SLACK)
        if near >= 0:
            return near
        for start in range(low, min(at + _SLACK, len(data))):
            # The whole number, not its last digits.
            if not data[start - 1 : start].isdigit() and _OBJECT.match(data, start):
                return start
    raise DocumentError("PDF_XREF_MISSING", where=at)


def _markers(data: bytes, sections: list[Section]) -> list[Marker | None]:
    """The end mark that follows each section at once."""
    found: list[Marker | None] = []
    for section in sections:
        match = _MARKER.match(data, section.end)
        found.append(Marker(section.end, int(match[1]), match.end()) if match else None)
    return found


def _revisions(sections: list[Section], markers: list[Marker | None], last: Marker) -> tuple[Revision, ...]:
    """Group sections to revisions: a section without an end mark of its own belongs to the one that names it.

    In a linearized file the first-page section is followed by "startxref 0", its /Prev (the main section) by a
    startxref that names the first-page section: both are one revision (ISO 32000-2 annex F.3).
    """
    ends: dict[int, int] = {}
    for marker in markers:
        if marker is not None:
            ends.setdefault(marker.value, marker.end)
    # The file's last mark may stand apart from the newest section; it still ends the newest revision.
    ends.setdefault(sections[0].declared, last.end)
    groups: list[tuple[int, list[Section]]] = []
    for section in sections:
        end = ends.get(section.declared)
        if end is None and groups:
            groups[-1][1].append(section)
        else:
            groups.append((end if end is not None else last.end, [section]))
    revisions: list[Revision] = []
    start = 0
    for index, (end, members) in enumerate(reversed(groups)):
        if end <= start or any(s.end > end for s in members):
            raise DocumentError("PDF_XREF_ORDER", where=members[0].offset)
        revisions.append(Revision(index, start, end, tuple(members)))
        start = end
    return tuple(revisions)


def _overreaching(data: bytes, revisions: tuple[Revision, ...]) -> tuple[int, ...]:
    found = []
    for revision in revisions[:-1]:
        for section in revision.sections:
            parts = [section.entries] + ([section.hybrid.entries] if section.hybrid else [])
            if any(revision.end <= o < len(data) for part in parts for o in part.offsets()):
                found.append(revision.index)
                break
    return tuple(found)


def _check_nesting(data: bytes, sections: list[Section], limits: Limits) -> None:
    """Refuse objects that nest too deep, before anything recursive reads them."""
    offsets = sorted(o for s in sections for part in (s, s.hybrid) if part for o in part.entries.offsets())
    bound = limits.nesting
    size = len(data)
    offsets.append(size)
    for start, end in itertools.pairwise(offsets):
        if end - start <= bound or start >= size:
            continue
        # Each level takes at least one opening bracket: most objects are cleared by counting.
        small = end - start < _COUNTED
        if small and data.count(b"[", start, end) + data.count(b"<<", start, end) <= bound:
            continue
        try:
            lexer.read_object(data, start, bound)
        except lexer.TooDeepError as error:
            raise DocumentError("PDF_LIMIT_NESTING", where=error.pos, limit=bound) from None
        except LexError:
            # Not an object: whoever asks for it will hear of it then.
            continue
