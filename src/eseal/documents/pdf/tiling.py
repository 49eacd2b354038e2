"""Which bytes behind a signature belong to no revision that was understood (ISO 32000-2 7.5.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import Dict, LexError
from eseal.documents.pdf.scan import Scan
from eseal.documents.pdf.xref import PACKED, Budget, Section, decode
from eseal.errors import DocumentError

_WS = rb"\x00\t\n\x0c\r "
_STRAY = re.compile(rb"(\d{1,10})[" + _WS + rb"]++(\d{1,10})[" + _WS + rb"]++obj(?![a-zA-Z])")
_TRAILER = re.compile(rb"trailer[" + _WS + rb"]*+<<")
_MOST = 20
_FILLER = re.compile(rb"(?:[" + _WS + rb"]|%[^\r\n]*)*+")
_BLANK = re.compile(rb"[" + _WS + rb"]*+")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes without an owner."""

    start: int
    """Offset of the first."""
    end: int
    """Offset behind the last."""
    objects: tuple[tuple[int, int], ...] = ()
    """(number, generation) of objects in it that a rebuilding reader would see."""


def unaccounted(scan: Scan, after: int) -> tuple[Span, ...]:
    """Bytes at or behind `after` that no object, section or end mark of the chain accounts for."""
    if after >= len(scan.data):
        return ()
    tiles = [e for s in scan.sections for e in s.extents() if e[1] > after]
    tiles += [(m.start, m.end) for m in scan.markers if m.end > after]
    spans: list[Span] = []
    seen: set[int] = set()
    for section in scan.sections:
        for part in (section, section.hybrid):
            if part is None:
                continue
            for num, gen, offset in part.entries.plain():
                if after <= offset < len(scan.data) and offset not in seen:
                    seen.add(offset)
                    asked = ("extent", num, gen, offset)
                    if asked not in scan.memo:
                        scan.memo[asked] = _extent(scan, num, gen, offset)
                    end, hidden = scan.memo[asked]
                    tiles.append((offset, end))
                    if hidden:
                        spans.append(Span(offset, end, hidden))
    spans += _gaps(scan, after, sorted(tiles))
    spans += _look_alikes(scan, after, {lexer.skip(scan.data, o) for o in seen}, spans)
    return tuple(sorted(spans, key=lambda s: s.start))


def _look_alikes(scan: Scan, after: int, known: set[int], named: list[Span]) -> list[Span]:
    """Objects and trailers inside strings, comments and streams: a reader that rebuilds takes them for real ones."""
    sections = [e for s in scan.sections for e in s.extents() if e[1] > after]
    known = known | {start for start, _ in sections}

    def free(place: int) -> bool:
        return place not in known and not any(s.start <= place < s.end for s in named)

    spans = []
    for match in _STRAY.finditer(scan.data, after):
        if free(match.start()):
            spans.append(Span(match.start(), match.end(), ((int(match[1]), int(match[2])),)))
            if len(spans) == _MOST:
                break
    for match in _TRAILER.finditer(scan.data, after):
        if free(match.start()) and not any(start <= match.start() < end for start, end in sections):
            spans.append(Span(match.start(), match.end()))
            break
    return spans


def _gaps(scan: Scan, after: int, tiles: list[tuple[int, int]]) -> list[Span]:
    spans = []
    at = after
    for start, end in [*tiles, (len(scan.data), len(scan.data))]:
        if start > at:
            # Behind the last end mark only some white space may stand; between tiles white space and comments.
            last = at >= scan.end
            owned = scan.blank_end(at) if last else _filled(scan.data, at, start)
            if owned < start:
                spans.append(_span(scan.data, owned, start))
        at = max(at, end)
    return spans


def _filled(data: bytes, start: int, end: int) -> int:
    match = _FILLER.match(data, start, end)
    return match.end() if match else start


def _span(data: bytes, start: int, end: int) -> Span:
    found = []
    for match in _STRAY.finditer(data, start, end):
        found.append((int(match[1]), int(match[2])))
        if len(found) == 20:
            break
    return Span(start, end, tuple(found))


def _extent(scan: Scan, num: int, gen: int, offset: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    """End of the object at `offset` (the offset itself where it is not understood), and what hides in it."""
    data = scan.data
    try:
        found = lexer.read_object(data, offset, scan.limits.nesting)
    except LexError:
        return offset, ()
    if (found.num, found.gen) != (num, gen):
        return offset, ()
    if found.stream is None:
        return found.end, ()
    head: Dict = found.value
    length = scan.integer(head.get("Length"))
    if length is None or length < 0 or found.stream + length > len(data):
        return offset, ()
    end = _blank(data, found.stream + length)
    if not data.startswith(b"endstream", end):
        return offset, ()
    end = _filled(data, end + 9, len(data))
    end = end + 6 if data.startswith(b"endobj", end) else end
    hidden: tuple[tuple[int, int], ...] = ()
    if head.get("Type") == "ObjStm":
        hidden = _hidden(scan, num, head, data[found.stream : found.stream + length], offset)
    return end, hidden


def _hidden(scan: Scan, num: int, head: Dict, raw: bytes, offset: int) -> tuple[tuple[int, int], ...]:
    """Objects in an object stream that no section places there: seen only by readers that rebuild (7.5.7)."""
    count = head.get("N")
    try:
        text = deciphered(scan, num, offset) if scan.encrypted else decode(raw, head, None, offset, Budget(scan.limits))
    except DocumentError:
        return ()
    if text is None:
        # `ambiguity` doubts every object stream that cannot be deciphered.
        return ()
    if not isinstance(count, int) or not 0 <= count <= len(text) // 2:
        return ((num, 0),)
    first = head.get("First")
    inner = text[: first if isinstance(first, int) and first >= 0 else 0].split()[: 2 * count : 2]
    hidden = []
    for word in inner:
        if not word.isdigit() or len(word) > 10:
            return ((num, 0),)
        if not any(_places(section, int(word), num) for section in scan.sections):
            hidden.append((int(word), 0))
    return tuple(hidden[:20])


DECIPHER = "decipher"
"""Where the memo of a scan keeps what reads the streams of an encrypted document: (number, offset) to bytes or None."""


def deciphered(scan: Scan, num: int, place: int) -> bytes | None:
    """The decoded stream `num` at `place` of an encrypted document; None where nobody can read it."""
    read = scan.memo.get(DECIPHER)
    found = read(num, place) if read is not None else None
    return found if isinstance(found, bytes) else None


DECIPHER_STRING = "decipher string"
"""The same for strings: (number, generation, ciphertext) to bytes or None."""


def deciphered_string(scan: Scan, num: int, generation: int, text: bytes) -> bytes | None:
    """The string `text` of an object of an encrypted document; None where nobody can read it."""
    read = scan.memo.get(DECIPHER_STRING)
    found = read(num, generation, text) if read is not None else None
    return found if isinstance(found, bytes) else None


def _places(section: Section, num: int, stream: int) -> bool:
    for part in (section, section.hybrid):
        entry = part.entries.find(num) if part is not None else None
        if entry is not None and entry[0] == PACKED and entry[1] == stream:
            return True
    return False


def _blank(data: bytes, pos: int) -> int:
    match = _BLANK.match(data, pos)
    return match.end() if match else pos
