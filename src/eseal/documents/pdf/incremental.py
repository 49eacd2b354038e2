"""Appends one section to a PDF (ISO 32000-2 7.5.6): the input's bytes stay untouched, its kind of table is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import Dict, Ref
from eseal.documents.pdf.source import Part, Source, string_bytes
from eseal.documents.pdf.syntax import edited, name
from eseal.errors import DocumentError

_RANGE_DIGITS = 10
"""Room for every number of /ByteRange: files to 10 GB."""


@dataclass(slots=True)
class Update:
    """Objects that are new or changed."""

    source: Source
    """The document to which they are added."""
    _next: int = 0
    _objects: dict[Ref, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._next = self.source.next_number

    def reserve(self) -> Ref:
        """A reference for an object that is yet to come."""
        ref = Ref(self._next, 0)
        self._next += 1
        return ref

    def add(self, body: bytes) -> Ref:
        """Add a new object."""
        ref = self.reserve()
        self.put(ref, body)
        return ref

    def put(self, ref: Ref, body: bytes) -> None:
        """Add an object that was reserved, or change an old one."""
        self._objects[ref] = body

    @property
    def objects(self) -> Mapping[Ref, bytes]:
        """What is new or changed, as it is to be written."""
        return self._objects

    @property
    def size(self) -> int:
        """/Size of the section: one more than the highest object number so far."""
        return self._next

    def edit(self, ref: Ref, changes: Mapping[str, bytes]) -> None:
        """Set entries of the dictionary `ref` as it is to become: changes that were made to it before stay.

        Raises DocumentError SEAL_DOCUMENT_BROKEN where it is no dictionary.
        """
        found = self.pending(ref)
        if found is None or not isinstance(found.value, Dict):
            raise DocumentError("SEAL_DOCUMENT_BROKEN", what=f"{ref.num} {ref.gen} obj")
        self.put(ref, edited(found.text, found.value, changes))

    def pending(self, ref: Ref) -> Part | None:
        """The object `ref` as it is to become; None where there is none."""
        body = self._objects.get(ref)
        if body is None:
            return self.source.object(ref)
        value, start, end = lexer.parse(body, 0, self.source.scan.limits.nesting)
        return Part(value, body, start, end, ref)

    def section(self, signature: Ref, before: bytes, after: bytes, slot: int) -> tuple[bytes, bytes]:
        """The section around the value of /Contents: what stands before its "<" and behind its ">".

        `before` is the start of the signature dictionary with one `BYTE_RANGE` in it, ending at "<"; `after` is its
        end; `slot` is the size of the CMS in bytes. All offsets are known here, so nothing is patched later.
        """
        size = self.source.size
        chunks, offsets = self._written()
        offsets[signature] = size + sum(map(len, chunks))
        chunks.append(b"%d %d obj\n%b" % (signature.num, signature.gen, before))
        head = b"".join(chunks)
        behind = size + len(head) + 2 * slot + 2
        end = after + b"\nendobj\n"
        table = self._table(offsets, behind + len(end), hashlib.sha256(head).digest()[:16])
        tail = end + table
        ranges = byte_range(0, size + len(head), behind, len(tail))
        return head.replace(BYTE_RANGE, ranges), tail

    def unsigned(self) -> bytes:
        """The section where no signature comes with it."""
        chunks, offsets = self._written()
        body = b"".join(chunks)
        return body + self._table(offsets, self.source.size + len(body), hashlib.sha256(body).digest()[:16])

    def _written(self) -> tuple[list[bytes], dict[Ref, int]]:
        """The objects as they stand in the section, and where in the file."""
        chunks = [] if self.source.parts[-1].endswith((b"\n", b"\r")) else [b"\n"]
        at = self.source.size + sum(map(len, chunks))
        offsets: dict[Ref, int] = {}
        for ref in sorted(self._objects, key=_order):
            chunk = b"%d %d obj\n%b\nendobj\n" % (ref.num, ref.gen, self._objects[ref])
            offsets[ref] = at
            chunks.append(chunk)
            at += len(chunk)
        return chunks, offsets

    def _table(self, offsets: dict[Ref, int], at: int, seed: bytes) -> bytes:
        newest, trailer = self.source.sections[0], self.source.trailer
        entries = [b"/Prev %d" % self.source.startxref, b"/ID " + self._identifier(seed)]
        root = self.source.root.ref
        if trailer.value.get("Root") is None and root is not None:
            entries.append(b"/Root %d %d R" % (root.num, root.gen))
        # 7.5.6: all entries of the trailer before, changed or not.
        for entry in trailer.value.entries:
            if entry.key not in _OWN_ENTRIES:
                entries.append(b"/" + name(entry.key) + b" " + trailer.text[entry.start : entry.end])
        if newest.stream is None:
            text = [b"xref\n"]
            for first, run in _runs(offsets):
                text.append(b"%d %d\n" % (first, len(run)))
                text.extend(b"%010d %05d n \n" % (offsets[ref], ref.gen) for ref in run)
            text.append(b"trailer\n<< /Size %d %b >>\n" % (self._next, b" ".join(entries)))
        else:
            own = self.reserve()
            offsets = offsets | {own: at}
            width = (at.bit_length() + 7) // 8
            index: list[int] = []
            rows: list[bytes] = []
            for first, run in _runs(offsets):
                index += [first, len(run)]
                rows.extend(b"\x01" + offsets[ref].to_bytes(width, "big") + ref.gen.to_bytes(2, "big") for ref in run)
            body = b"".join(rows)
            text = [
                b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 %d 2] /Index [%b] /Length %d %b >>\nstream\n"
                % (own.num, self._next, width, b" ".join(b"%d" % n for n in index), len(body), b" ".join(entries)),
                body,
                b"\nendstream\nendobj\n",
            ]
        text.append(b"startxref\n%d\n%%%%EOF\n" % at)
        return b"".join(text)

    def _identifier(self, seed: bytes) -> bytes:
        """/ID (14.4): the first string stays, the second is new."""
        new = b"<" + seed.hex().upper().encode() + b">"
        items = self.source.items(self.source.part(self.source.trailer, "ID"))
        first = items[0].source if items and string_bytes(items[0]) else new
        return b"[" + first + new + b"]"


_OWN_ENTRIES = frozenset(
    {"Size", "Prev", "ID", "XRefStm", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "Encrypt"}
)
"""Entries of a trailer or cross-reference stream that belong to one section alone."""
BYTE_RANGE = b"/ByteRange [" + b"*" * (4 * _RANGE_DIGITS + 3) + b"]"
"""Stands for the byte range until its numbers are known; as long as the real one."""


def byte_range(*numbers: int) -> bytes:
    """/ByteRange with numbers of a fixed width."""
    return b"/ByteRange [" + b" ".join(b"%d" % n for n in numbers).ljust(4 * _RANGE_DIGITS + 3) + b"]"


def _order(ref: Ref) -> tuple[int, int]:
    return ref.num, ref.gen


def _runs(offsets: dict[Ref, int]) -> list[tuple[int, list[Ref]]]:
    """References in runs of consecutive numbers, as subsections of a table hold them (7.5.4)."""
    runs = []
    for _, members in groupby(enumerate(sorted(offsets, key=_order)), key=lambda pair: pair[1].num - pair[0]):
        run = [ref for _, ref in members]
        runs.append((run[0].num, run))
    return runs
