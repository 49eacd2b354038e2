"""What later revisions say in a way that readers understand differently (ISO 32000-2 7.3.7, 7.5.4, 7.5.6, 7.5.8.4).

A change that pyHanko reads one way and a viewer another could not be classed by comparing what pyHanko reads:
doubled keys (the first or the last counts), one number twice in a section, generations that do not follow, a hybrid
section that contradicts itself.
"""

from __future__ import annotations

import re
from typing import Any

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import Dict, LexError, Ref
from eseal.documents.pdf.scan import Scan
from eseal.documents.pdf.tiling import deciphered
from eseal.documents.pdf.xref import FREE, PACKED, PLAIN, Budget, Entries, Section, decode
from eseal.errors import DocumentError

Entry = tuple[int, int, int]
_EOL = rb"(?:\r\n|\n|\r)"
_TABLE = re.compile(
    rb"xref[ \t]*+"
    + _EOL
    + rb"(?:\d++ ++\d++[ \t]*+"
    + _EOL
    + rb"(?:\d{10} \d{5} [nf](?: \n| \r|\r\n))*+)*+[\x00\t\n\x0c\r ]*+trailer"
)
_MOST = 20


def ambiguous(scan: Scan, after: int) -> tuple[int, ...]:
    """Numbers of objects that a section behind `after` (re)defines ambiguously, 0 for a trailer; at most 20 of them."""
    found: dict[int, None] = {}
    older = [s for r in scan.revisions if r.end <= after + 2 for s in reversed(r.sections)]
    for revision in scan.revisions:
        if revision.start + 2 < after or revision.end <= after:
            continue
        if revision.sections[0].trailer.get("Root") is None:
            # Some readers then take the catalog of an older trailer, others look for one.
            found[0] = None
        for section in reversed(revision.sections):
            for num in _in_section(scan, section, older):
                found[num] = None
                if len(found) >= _MOST:
                    return tuple(found)
            older.append(section)
    return tuple(found)


def _in_section(scan: Scan, section: Section, older: list[Section]) -> list[int]:
    found: list[int] = []
    seen: set[int] = set()
    directories = scan.memo.setdefault("directories", Directories(scan))
    if doubled_keys(section.trailer) or _crooked(scan, section) or _hides(scan, section, older):
        found.append(0)
    for num, entry in _all(section.entries):
        if num in seen:
            found.append(num)
        seen.add(num)
        if (
            _contradicts(num, entry, section, older)
            or _unsure(scan, num, entry, directories)
            or _moved_unseen(scan, num, entry, older, directories)
        ):
            found.append(num)
    if section.hybrid is not None:
        hidden: set[int] = set()
        for num, entry in _all(section.hybrid.entries):
            open_entry = section.entries.find(num)
            differs = open_entry is not None and open_entry[0] != FREE and open_entry[:2] != entry[:2]
            unsure = _unsure(scan, num, entry, directories) or _moved_unseen(scan, num, entry, older, directories)
            if num in hidden or differs or unsure:
                found.append(num)
            hidden.add(num)
    return found


def _crooked(scan: Scan, section: Section) -> bool:
    """Rows that are not 20 bytes long (7.5.4): by words they say one thing, by position another."""
    return section.stream is None and not _TABLE.match(scan.data, section.offset, section.end)


def _hides(scan: Scan, section: Section, older: list[Section]) -> bool:
    """The newest /Size is not above every number: objects at and above it are missing ones (7.5.5, table 15)."""
    if section is not scan.sections[0]:
        return False
    own = section.highest() or 0
    if section.stream is None and section.hybrid is None and section.size == own + 1:
        # PDFBox counts no further than what its own update holds. No viewer known cuts the older sections by that.
        return False
    return any(highest >= section.size > 0 for s in (section, *older) if (highest := s.highest()) is not None)


def _all(entries: Entries) -> list[tuple[int, Entry]]:
    rows = zip(entries.kinds, entries.places, entries.extras, strict=True)
    return [(entries.number(i), row) for i, row in enumerate(rows)]


def _contradicts(num: int, entry: Entry, section: Section, older: list[Section]) -> bool:
    """A generation that does not follow from what stood there before: some readers then keep the old object."""
    kind, _, extra = entry
    before = next((e for s in reversed(older) if (e := s.find(num)) is not None), None)
    if num == 0 or before is None or before[0] == FREE:
        return False
    generation = before[2] if before[0] == PLAIN else 0
    if kind == PLAIN:
        return extra != generation
    if kind == PACKED:
        return generation != 0
    # Freed: the entry states the next generation (7.5.4). Hidden in a hybrid file: it is not freed at all.
    hidden = section.hybrid is not None and section.hybrid.entries.find(num) is not None
    return kind == FREE and not hidden and extra != generation + 1


def _unsure(scan: Scan, num: int, entry: Entry, directories: Directories) -> bool:
    asked = ("unsure", num, entry)
    if asked not in scan.memo:
        scan.memo[asked] = _find_unsure(scan, num, entry, directories)
    return bool(scan.memo[asked])


def _find_unsure(scan: Scan, num: int, entry: Entry, directories: Directories) -> bool:
    """An object that is not where the section says, or that has a key twice: some readers then rebuild everything."""
    kind, place, extra = entry
    if kind != PLAIN:
        return _misplaced(num, entry, directories)
    try:
        found = lexer.read_object(scan.data, place, scan.limits.nesting)
    except LexError:
        return True
    if (found.num, found.gen) != (num, extra):
        return True
    return doubled_keys(found.value) or (isinstance(found.value, Dict) and _packed(scan, found.value, place))


def _misplaced(num: int, entry: Entry, directories: Directories) -> bool:
    """An object that stands elsewhere in its object stream than the section says: readers go by number or by index."""
    kind, stream, index = entry
    if kind != PACKED:
        return False
    numbers = directories.of(stream)
    return numbers is not None and (index >= len(numbers) or numbers[index] != num)


def _moved_unseen(scan: Scan, num: int, entry: Entry, older: list[Section], directories: Directories) -> bool:
    """An entry that leads elsewhere into an object stream that cannot be deciphered: number and index may differ."""
    if not scan.encrypted or entry[0] != PACKED or directories.of(entry[1]) is not None:
        return False
    return next((e for s in reversed(older) if (e := s.find(num)) is not None), None) != entry


def _packed(scan: Scan, head: Dict, place: int) -> bool:
    """Doubled keys in the objects of the object stream at `place`, or one number twice in its directory."""
    if head.get("Type") != "ObjStm":
        return False
    try:
        text, first, words = _object_stream(scan, head, place)
        numbers = [int(w) for w in words[::2]]
        if len(set(numbers)) != len(numbers):
            return True
        return any(doubled_keys(lexer.parse(text, first + int(w), scan.limits.nesting)[0]) for w in words[1::2])
    except (DocumentError, ValueError):
        return True


def _object_stream(scan: Scan, head: Dict, place: int) -> tuple[bytes, int, list[bytes]]:
    """Decoded object stream at `place`, its /First, the words of its directory. Raises ValueError, DocumentError."""
    found = lexer.read_object(scan.data, place, scan.limits.nesting)
    length, count, first = scan.integer(head.get("Length")), head.get("N"), head.get("First")
    if found.stream is None or length is None or not isinstance(count, int) or not isinstance(first, int):
        raise LexError("object stream", place)
    if scan.encrypted:
        text = deciphered(scan, found.num, place)
        if text is None:
            raise LexError("encrypted object stream", place)
        return text, first, text[: max(first, 0)].split()[: 2 * max(count, 0)]
    text = decode(scan.data[found.stream : found.stream + length], head, None, place, Budget(scan.limits))
    return text, first, text[: max(first, 0)].split()[: 2 * max(count, 0)]


class Directories:
    """The numbers in the directory of each object stream, read once."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._known: dict[int, list[int] | None] = {}

    def of(self, stream: int) -> list[int] | None:
        """Numbers in the object stream `stream`; None where it cannot be deciphered."""
        if stream not in self._known:
            self._known[stream] = self._read(stream)
        return self._known[stream]

    def _read(self, stream: int) -> list[int] | None:
        offset = self._scan.offset(stream)
        if offset is None:
            return []
        try:
            head = lexer.read_object(self._scan.data, offset, self._scan.limits.nesting).value
            if not isinstance(head, Dict):
                return []
            return [int(w) for w in _object_stream(self._scan, head, offset)[2][::2]]
        except (DocumentError, ValueError):
            return None if self._scan.encrypted else []


def doubled_keys(value: Any) -> bool:
    """Whether some dictionary in `value` has a key twice, so that it matters which of them a reader takes."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Dict):
            if len({e.key for e in item.entries}) != len(item.entries) and not _harmless(item):
                return True
            stack += [e.value for e in item.entries]
        elif isinstance(item, list):
            stack += item
    return False


def _harmless(item: Dict) -> bool:
    """Every doubled key means the same either way: plain equal values, or /Type of a signature (table 255)."""
    grouped: dict[str, list[Any]] = {}
    for entry in item.entries:
        grouped.setdefault(entry.key, []).append(entry.value)
    for key, values in grouped.items():
        if len(values) == 1:
            continue
        plain = all(isinstance(v, str | int | float | Ref) for v in values)
        if not plain or (len(set(values)) > 1 and not (key == "Type" and set(values) <= {"Sig", "DocTimeStamp"})):
            return False
    return True
