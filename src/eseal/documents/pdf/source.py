"""The newest state of a PDF as the write path needs it: objects with their own source, pages, by one scan.

Objects are read one by one and only where they are asked for, so that a seal on a document of 100,000 objects costs
no more than one on a single page. What is appended can be read back over the same scan (`with_appended`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import Dict, LexError, Name, Ref, Text
from eseal.documents.pdf.scan import Scan
from eseal.documents.pdf.syntax import decode_hex, read_text
from eseal.documents.pdf.xref import FREE, PACKED, PLAIN, Budget, Section, decode
from eseal.errors import DocumentError

_HOPS = 16
_END_OF_STREAM = re.compile(rb"[" + lexer.WHITE + rb"]*+endstream")
_PAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A value with its source."""

    value: Any
    """What `lexer.parse` gives."""
    text: bytes = field(repr=False)
    """The buffer in which it stands."""
    start: int
    """Where it begins in `text`."""
    end: int
    """Where it ends."""
    ref: Ref | None
    """The indirect object that it is; None for one that stands inside another."""

    @property
    def source(self) -> bytes:
        """Its bytes."""
        return self.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Page:
    """One page with what it inherits (ISO 32000-2 7.7.3.4)."""

    part: Part
    """The page object; an indirect dictionary."""
    inherited: dict[str, Any]
    """MediaBox, CropBox and Rotate that stand in an ancestor; resolved."""
    above: Part | None = None
    """The nearest ancestor that has /Resources."""

    def get(self, key: str) -> Any:
        """An inheritable attribute: the page's own value, else the nearest ancestor's."""
        value = self.part.value.get(key)
        return self.inherited.get(key) if value is None else value


def string_bytes(part: Part | None) -> bytes | None:
    """The bytes of a string, literal or hexadecimal; None for anything else."""
    if part is None or not isinstance(part.value, Text):
        return None
    return decode_hex(part.source) if part.value.hexadecimal else part.value.value


def _references(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Dict):
        for entry in value.entries:
            yield from _references(entry.value)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


@dataclass(frozen=True, slots=True)
class Piece:
    """One section that stands behind the scanned file."""

    text: bytes = field(repr=False)
    """Its bytes."""
    base: int
    """Where they begin in the whole file."""
    section: Section
    """Its cross-reference section; offsets in it count from the start of the file, but the trailer's from `base`."""


class Source:
    """Reads objects of the newest revision. All methods raise DocumentError for what cannot be read."""

    def __init__(self, scan: Scan, pieces: tuple[Piece, ...] = ()) -> None:
        self.scan = scan
        self._pieces = pieces
        self._objects: dict[int, Part | None] = {}
        self._packed: dict[int, tuple[bytes, dict[int, int]]] = {}
        self._budget = Budget(scan.limits)

    def with_appended(self, appended: bytes, section: Section) -> Source:
        """The same document with one more section; offsets in `section` count from the start of the file."""
        newer = Source(self.scan, (*self._pieces, Piece(appended, self.size, section)))
        # What the section says nothing of stands where it stood, in bytes that cannot have changed.
        newer._packed = self._packed
        newer._objects = {num: part for num, part in self._objects.items() if section.find(num) is None}
        return newer

    @property
    def size(self) -> int:
        """Length of the file in bytes, what is appended included."""
        return sum(map(len, self.parts))

    @property
    def parts(self) -> tuple[bytes, ...]:
        """The file: what was scanned, and what was appended since."""
        return self.scan.data, *(piece.text for piece in self._pieces)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All cross-reference sections, newest first."""
        return *(piece.section for piece in reversed(self._pieces)), *self.scan.sections

    @property
    def startxref(self) -> int:
        """Where the newest section begins, as the file says it."""
        return self._pieces[-1].section.declared if self._pieces else self.scan.startxref

    @property
    def trailer(self) -> Part:
        """The newest trailer dictionary."""
        newest = self.sections[0].trailer
        return Part(newest, self.parts[-1], newest.start, newest.end, None)

    def trailer_entry(self, key: str) -> Any:
        """An entry of the newest trailer that has it; not resolved."""
        return next((s.trailer.get(key) for s in self.sections if s.trailer.get(key) is not None), None)

    @property
    def next_number(self) -> int:
        """The first object number that no section uses, whatever /Size says.

        Numbers that a trailer names without such an object being there are left alone: /Info must not come to mean
        what is new.
        """
        highest = 0
        for section in self.sections:
            highest = max(highest, section.size, *(ref.num + 1 for ref in _references(section.trailer)))
            for entries in (section.entries, section.hybrid.entries if section.hybrid else None):
                if entries is not None and entries.starts:
                    bounds = [*entries.bases[1:], len(entries)]
                    pairs = zip(entries.starts, entries.bases, bounds, strict=True)
                    highest = max(highest, *(start + end - base for start, base, end in pairs))
        return max(highest, 1)

    @property
    def root(self) -> Part:
        """The document catalog (7.7.2)."""
        ref = self.trailer_entry("Root")
        found = self.object(ref) if isinstance(ref, Ref) else None
        if found is None or not isinstance(found.value, Dict) or found.ref is None:
            raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Root")
        return found

    def object(self, ref: Ref) -> Part | None:
        """The indirect object `ref`, references to references followed; None for null (7.3.10)."""
        for _ in range(_HOPS):
            found = self._load(ref.num)
            if found is None or not isinstance(found.value, Ref):
                return found
            ref = found.value
        raise DocumentError("SEAL_DOCUMENT_BROKEN", what=f"{ref.num} {ref.gen} R")

    def resolve(self, value: Any) -> Any:
        """`value`, or what it refers to."""
        if not isinstance(value, Ref):
            return value
        found = self.object(value)
        return None if found is None else found.value

    def part(self, owner: Part, key: str) -> Part | None:
        """The value of `key` in the dictionary `owner` with its source; None where there is none."""
        entry = owner.value.entry(key)
        if entry is None or entry.value is None:
            return None
        if isinstance(entry.value, Ref):
            return self.object(entry.value)
        return Part(entry.value, owner.text, entry.start, entry.end, None)

    def dictionary(self, owner: Part, key: str) -> Part | None:
        """As `part`, but only a dictionary."""
        found = self.part(owner, key)
        return found if found is not None and isinstance(found.value, Dict) else None

    def array(self, value: Any) -> list[Any]:
        """The items of an array, resolved itself but not in its items; empty for anything else."""
        value = self.resolve(value)
        return value if isinstance(value, list) else []

    def items(self, array: Part | None) -> list[Part]:
        """The items of an array with their source, references followed; null ones are left out."""
        found: list[Part] = []
        if array is None or not isinstance(array.value, list):
            return found
        at = array.start + 1
        for _ in array.value:
            value, start, at = lexer.parse(array.text, at, self.scan.limits.nesting)
            part = self.object(value) if isinstance(value, Ref) else Part(value, array.text, start, at, None)
            if part is not None:
                found.append(part)
        return found

    def text(self, owner: Part, key: str) -> str | None:
        """A text string of `owner`; None for anything else."""
        raw = self.string(owner, key)
        return None if raw is None else read_text(raw)

    def string(self, owner: Part, key: str) -> bytes | None:
        """The bytes of a string of `owner`, literal or hexadecimal; None for anything else."""
        return string_bytes(self.part(owner, key))

    def pages(self, backwards: bool = False) -> Iterator[Page]:
        """All pages in order, or from the last; /Count is not believed. A tree that is a cycle is refused."""
        root = self.dictionary(self.root, "Pages")
        if root is None or not isinstance(self.resolve(root.value.get("Kids")), list):
            raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Pages")
        stack: list[tuple[Part, dict[str, Any], Part | None]] = [(root, {}, None)]
        seen: set[int] = set()
        while stack:
            node, inherited, above = stack.pop()
            kids = self.resolve(node.value.get("Kids"))
            if not isinstance(kids, list):
                if self.resolve(node.value.get("Type")) in ("Page", None):
                    yield Page(node, inherited, above)
                continue
            above = above if node.value.get("Resources") is None else node
            own = {k: self.resolve(node.value.get(k)) for k in ("MediaBox", "CropBox", "Rotate")}
            inherited = inherited | {k: v for k, v in own.items() if v is not None}
            # A stack gives the last first: forwards the kids are pushed in reverse.
            for kid in kids if backwards else reversed(kids):
                found = self.object(kid) if isinstance(kid, Ref) else None
                if found is None or not isinstance(found.value, Dict) or found.ref is None:
                    continue
                if found.ref.num in seen or len(seen) > _PAGES:
                    raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Kids")
                seen.add(found.ref.num)
                stack.append((found, inherited, above))

    def stream(self, ref: Ref) -> bytes | None:
        """The decoded bytes of the stream `ref`; None for what is none. Raises DocumentError PDF_..., SEAL_..."""
        part = self.object(ref)
        if part is None or part.ref is None or not isinstance(part.value, Dict):
            return None
        after = lexer.skip(part.text, part.end)
        if not part.text.startswith(b"stream", after) or part.value.get("F") is not None:
            return None
        begin = after + 6
        begin += 2 if part.text.startswith(b"\r\n", begin) else part.text[begin : begin + 1] in (b"\n", b"\r")
        length = self.resolve(part.value.get("Length"))
        end = begin + length if isinstance(length, int) and length >= 0 else begin
        # Readers disagree about a stream that does not end where it says, or that says something twice.
        once = all(part.value.count(key) <= 1 for key in ("Length", "Filter", "DecodeParms"))
        if not isinstance(length, int) or not once or not _END_OF_STREAM.match(part.text, end):
            raise DocumentError("SEAL_DOCUMENT_BROKEN", what=f"{ref.num} {ref.gen} R /Length")
        return decode(part.text[begin:end], self._flat(part.value), None, begin, self._budget)

    def _flat(self, head: Dict) -> Dict:
        """A stream dictionary whose /Filter is no reference; one whose parameters change the result is refused."""
        parameters = self.resolve(head.get("DecodeParms"))
        for one in map(self.resolve, parameters if isinstance(parameters, list) else [parameters]):
            if isinstance(one, Dict) and self.resolve(one.get("Predictor")) not in (None, 1):
                raise DocumentError("PDF_STREAM_UNREADABLE", where=head.start, what="/Predictor")
        named = self.resolve(head.get("Filter"))
        named = [self.resolve(n) for n in named] if isinstance(named, list) else named
        return Dict([lexer.Entry(Name("Filter"), named, 0, 0)] if named is not None else [], 0, 0)

    def _load(self, num: int) -> Part | None:
        if num not in self._objects:
            self._objects[num] = self._read(num)
        return self._objects[num]

    def _read(self, num: int) -> Part | None:
        found = next((f for f in (s.find(num) for s in self.sections) if f is not None), None)
        if found is None or found[0] == FREE:
            return None
        kind, place, extra = found
        try:
            if kind == PACKED:
                return self._unpack(num, place)
            if kind != PLAIN:
                return None
            text, at = self._locate(place)
            if at >= len(text):
                return None
            header = lexer.object_header(text, at)
            if header != (num, extra):
                raise DocumentError("SEAL_DOCUMENT_BROKEN", what=f"{num} {extra} obj")
            start = text.index(b"obj", lexer.skip(text, at)) + 3
            value, start, end = lexer.parse(text, start, self.scan.limits.nesting)
            return Part(value, text, start, end, Ref(num, extra))
        except (LexError, ValueError) as error:
            raise DocumentError("SEAL_DOCUMENT_BROKEN", what=f"{num} {extra} obj") from error

    def _locate(self, place: int) -> tuple[bytes, int]:
        """The buffer in which the offset `place` of the file lies, and where."""
        piece = next((p for p in reversed(self._pieces) if place >= p.base), None)
        return (piece.text, place - piece.base) if piece is not None else (self.scan.data, place)

    def _unpack(self, num: int, container: int) -> Part | None:
        if container not in self._packed:
            self._packed[container] = self._inflate(container)
        text, places = self._packed[container]
        if num not in places:
            return None
        value, start, end = lexer.parse(text, places[num], self.scan.limits.nesting)
        return Part(value, text, start, end, Ref(num, 0))

    def _inflate(self, container: int) -> tuple[bytes, dict[int, int]]:
        """An object stream (7.5.7): its decoded bytes and where each object begins in them."""
        offset = self.scan.offset(container)
        if offset is None:
            raise LexError("object stream", container)
        data = self.scan.data
        head = lexer.read_object(data, offset, self.scan.limits.nesting)
        if head.stream is None or not isinstance(head.value, Dict) or (head.num, 0) != (container, head.gen):
            raise LexError("object stream", offset)
        length = self.scan.integer(head.value.get("Length"))
        if length is None or not 0 <= length <= len(data) - head.stream:
            length = max(data.find(b"endstream", head.stream) - head.stream, 0)
        text = decode(data[head.stream : head.stream + length], head.value, None, offset, self._budget)
        count, first = self.scan.integer(head.value.get("N")), self.scan.integer(head.value.get("First"))
        if count is None or first is None or not 0 <= first <= len(text):
            raise LexError("object stream", offset)
        numbers = [int(n) for n in text[:first].split()[: 2 * count]]
        # The first of doubled numbers counts, as in every reader that searches.
        return text, {n: first + at for n, at in zip(reversed(numbers[::2]), reversed(numbers[1::2]), strict=True)}
