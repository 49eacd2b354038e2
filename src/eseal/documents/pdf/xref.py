"""Cross-reference sections, read by us within bounds before pyHanko sees the file (ISO 32000-2 7.5.4, 7.5.8).

Every count that a file claims is held against the bytes that are there before anything is allocated for it.
Entries are kept in compact arrays: a million of them take some 20 MB.
"""

from __future__ import annotations

import binascii
import re
import sys
import zlib
from array import array
from base64 import a85decode
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import Dict, LexError, Name
from eseal.errors import DocumentError
from eseal.limits import Limits

FREE, PLAIN, PACKED = 0, 1, 2
"""Kinds of entry: free, at an offset, inside an object stream (ISO 32000-2 table 18)."""

_SUBSECTION = re.compile(rb"(\d{1,20})[\x00\t\x0c ]+(\d{1,20})(?![0-9.])")
_ENTRY = re.compile(rb"[\x00\t\n\x0c\r ]*(\d{1,19})[\x00\t\n\x0c\r ]+(\d{1,9})[\x00\t\n\x0c\r ]+([nf])")
_DIGITS = b"0123456789nf \r\n"
# "0 0 n" and one byte of white space: no entry is shorter.
_SMALLEST_ENTRY = 6
_WHITE = b"\x00\t\n\x0c\r "
# Subsections up to which they are searched one by one.
_LISTED = 8
_PACKED_FLOOR, _PACKED_RATIO = 4 << 20, 100
_EMPTY_COST = 10
_INT_MAX = (1 << 63) - 1
_GENERATION_MAX = 0xFFFFFFFF


class Budget:
    """What one document may still use; shared by all its sections."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.objects = limits.objects
        self.inflated = limits.inflated_bytes

    def take_objects(self, count: int) -> None:
        """Account for `count` entries. Raises DocumentError PDF_LIMIT_OBJECTS."""
        self.objects -= count
        if self.objects < 0:
            raise DocumentError("PDF_LIMIT_OBJECTS", limit=self.limits.objects)

    def take_inflated(self, size: int, where: int) -> None:
        """Account for `size` decoded bytes. Raises DocumentError PDF_LIMIT_INFLATED."""
        self.inflated -= size
        if self.inflated < 0:
            raise DocumentError("PDF_LIMIT_INFLATED", where=where, limit=self.limits.inflated_bytes)


@dataclass(slots=True)
class Entries:
    """The entries of one section, in the order of the file."""

    starts: list[int] = field(default_factory=list)
    """First object number of each subsection."""
    bases: list[int] = field(default_factory=list)
    """Index of the first entry of each subsection."""
    kinds: bytearray = field(default_factory=bytearray)
    """FREE, PLAIN, PACKED or another number (as good as a reference to null)."""
    places: array[int] = field(default_factory=lambda: array("Q"))
    """Offset in the file, or number of the object stream."""
    extras: array[int] = field(default_factory=lambda: array("I"))
    """Generation, or index in the object stream."""

    places_of: dict[int, int] = field(default_factory=dict, repr=False)
    """Index of every number, made when first asked for and only where there are many subsections."""

    def __len__(self) -> int:
        return len(self.kinds)

    def find(self, num: int) -> tuple[int, int, int] | None:
        """(kind, place, extra) of object `num`, None where this section says nothing of it; the last one counts."""
        if len(self.starts) > _LISTED:
            if not self.places_of:
                self.places_of = {self.number(i): i for i in range(len(self.kinds))}
            at = self.places_of.get(num)
            return None if at is None else (self.kinds[at], self.places[at], self.extras[at])
        for i in range(len(self.starts) - 1, -1, -1):
            index = num - self.starts[i]
            end = self.bases[i + 1] if i + 1 < len(self.bases) else len(self.kinds)
            if 0 <= index < end - self.bases[i]:
                at = self.bases[i] + index
                return self.kinds[at], self.places[at], self.extras[at]
        return None

    def highest(self) -> int | None:
        """The highest number in use; None where there is none."""
        if not self.starts:
            return None
        used = [
            start + end - base - 1
            for start, base, end in zip(self.starts, self.bases, [*self.bases[1:], len(self)], strict=True)
            if any(self.kinds[base:end])
        ]
        return max(used, default=None)

    def number(self, index: int) -> int:
        """Object number of the entry at `index`."""
        at = bisect_right(self.bases, index) - 1
        return self.starts[at] + index - self.bases[at]

    def offsets(self) -> list[int]:
        """Offsets of all entries that are PLAIN, in the order of the file."""
        if self.kinds.count(PLAIN) == len(self.kinds):
            return self.places.tolist()
        return [p for k, p in zip(self.kinds, self.places, strict=True) if k == PLAIN]

    def plain(self) -> list[tuple[int, int, int]]:
        """(number, generation, offset) of all PLAIN entries."""
        found = []
        for at, start in enumerate(self.starts):
            base = self.bases[at]
            end = self.bases[at + 1] if at + 1 < len(self.bases) else len(self.kinds)
            found += [
                (start + i - base, self.extras[i], self.places[i]) for i in range(base, end) if self.kinds[i] == PLAIN
            ]
        return found


@dataclass(slots=True)
class Section:
    """One cross-reference section: a table with its trailer, or a cross-reference stream."""

    declared: int
    """Offset as startxref or /Prev states it."""
    offset: int
    """Offset at which it begins."""
    end: int
    """Offset behind the trailer dictionary, or behind "endobj"."""
    entries: Entries
    """Its entries."""
    trailer: Dict
    """Trailer dictionary, or the dictionary of the stream."""
    size: int
    """/Size."""
    prev: int | None
    """/Prev."""
    stream: tuple[int, int] | None = None
    """Object number and generation of the cross-reference stream, None for a table."""
    hybrid: Section | None = None
    """The section behind /XRefStm (ISO 32000-2 7.5.8.4)."""

    def find(self, num: int) -> tuple[int, int, int] | None:
        """(kind, place, extra) of `num` as this section says, its hybrid part included."""
        found = self.entries.find(num)
        if self.hybrid is not None and (found is None or found[0] == FREE):
            hidden = self.hybrid.entries.find(num)
            if hidden is not None:
                return hidden
        return found

    def highest(self) -> int | None:
        """The highest number that has an entry, its hybrid part included; None where there is none."""
        found = [e.highest() for e in (self.entries, self.hybrid.entries if self.hybrid else None) if e is not None]
        return max((h for h in found if h is not None), default=None)

    def extents(self) -> list[tuple[int, int]]:
        """(start, end) of the bytes that the section itself takes."""
        return [(self.offset, self.end)] + (self.hybrid.extents() if self.hybrid else [])


def read_section(data: bytes, declared: int, offset: int, budget: Budget) -> Section:
    """Read the section at `offset`. Raises DocumentError PDF_XREF_..., PDF_LIMIT_..."""
    try:
        if data.startswith(b"xref", offset):
            return _table(data, declared, offset, budget)
        return _stream(data, declared, offset, budget)
    except lexer.TooDeepError as error:
        raise DocumentError("PDF_LIMIT_NESTING", where=error.pos, limit=budget.limits.nesting) from None
    except LexError as error:
        raise DocumentError("PDF_XREF_MALFORMED", where=error.pos, what=error.why) from None


def _malformed(what: str, where: int) -> DocumentError:
    return DocumentError("PDF_XREF_MALFORMED", what=what, where=where)


def _integer(source: Dict, key: str, where: int) -> int | None:
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _INT_MAX:
        raise _malformed("/" + key, where)
    return value


def _table(data: bytes, declared: int, offset: int, budget: Budget) -> Section:
    entries = Entries()
    pos = lexer.skip(data, offset + 4)
    while not data.startswith(b"trailer", pos):
        match = _SUBSECTION.match(data, pos)
        if not match:
            raise _malformed("subsection", pos)
        start, count = int(match[1]), int(match[2])
        pos = match.end()
        if count * _SMALLEST_ENTRY > len(data) - pos:
            raise DocumentError("PDF_XREF_COUNT", where=pos, count=count)
        # Every subsection takes time, entries or not.
        budget.take_objects(max(count, _EMPTY_COST))
        pos = lexer.skip(data, _rows(data, pos, start, count, entries))
    trailer, _, end = lexer.parse(data, pos + 7, budget.limits.nesting)
    if not isinstance(trailer, Dict):
        raise _malformed("trailer", pos)
    hybrid = None
    hidden = _integer(trailer, "XRefStm", pos)
    if hidden is not None:
        hybrid = _stream(data, hidden, lexer.skip(data, hidden), budget)
    size = _integer(trailer, "Size", pos)
    if size is None:
        raise _malformed("/Size", pos)
    return Section(
        declared, offset, end, entries, trailer, size, _integer(trailer, "Prev", pos), stream=None, hybrid=hybrid
    )


def _rows(data: bytes, pos: int, start: int, count: int, entries: Entries) -> int:
    """Read `count` entries behind `pos` into `entries`; the offset behind them."""
    entries.starts.append(start)
    entries.bases.append(len(entries))
    if not count:
        return pos
    first = lexer.skip(data, pos)
    chunk = data[first : first + 20 * count]
    parts = chunk.split()
    if len(parts) == 3 * count and not chunk.translate(None, _DIGITS) and set(parts[2::3]) <= {b"n", b"f"}:
        entries.kinds += b"".join(parts[2::3]).translate(_KIND)
        try:
            entries.places.extend(map(int, parts[0::3]))
            entries.extras.extend(map(int, parts[1::3]))
        except (ValueError, OverflowError):
            raise _malformed("entry", first) from None
        return first + 20 * count
    # Lines that are not 20 bytes long: forbidden (ISO 32000-2 7.5.4), but understood without doubt.
    at = pos
    for _ in range(count):
        match = _ENTRY.match(data, at)
        if not match:
            raise DocumentError("PDF_XREF_COUNT", where=at, count=count)
        place, extra = int(match[1]), int(match[2])
        if place > _INT_MAX or extra > _GENERATION_MAX:
            raise _malformed("entry", at)
        entries.kinds.append(PLAIN if match[3] == b"n" else FREE)
        entries.places.append(place)
        entries.extras.append(extra)
        at = match.end()
    return at


_KIND = bytes(PLAIN if i == ord("n") else FREE for i in range(256))


def _stream(data: bytes, declared: int, offset: int, budget: Budget) -> Section:
    found = lexer.read_object(data, offset, budget.limits.nesting)
    head = found.value
    if not isinstance(head, Dict) or found.stream is None or head.get("Type") != "XRef":
        raise _malformed("cross-reference stream", offset)
    size = _integer(head, "Size", offset)
    widths = head.get("W")
    if size is None:
        raise _malformed("/Size", offset)
    if (
        not isinstance(widths, list)
        or len(widths) != 3
        or any(not isinstance(w, int) or isinstance(w, bool) or not 0 <= w <= 8 for w in widths)
    ):
        raise _malformed("/W", offset)
    pairs = _pairs(head.get("Index", [0, size]), offset)
    if not sum(widths):
        if any(start or count > 1 for start, count in pairs):
            raise _malformed("/W", offset)
        # PDFBox, where it had nothing to write: one entry without a byte, of object 0, which is never one (7.3.10).
        pairs = []
    total = sum(count for _, count in pairs)
    budget.take_objects(total)
    row = sum(widths)
    length = head.get("Length")
    # 7.5.8.2: the dictionary of a cross-reference stream holds direct objects only, so its length cannot need itself.
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= len(data) - found.stream:
        raise _malformed("/Length", offset)
    rows = decode(data[found.stream : found.stream + length], head, (row + 1) * total, found.start, budget)
    rows = unpredict(rows, head, row, found.start)
    if len(rows) < row * total:
        raise DocumentError("PDF_XREF_COUNT", where=offset, count=total)
    entries = _fill(rows, widths, pairs, total)
    tail = lexer.skip(data, found.stream + length)
    if not data.startswith(b"endstream", tail):
        raise _malformed("endstream", tail)
    tail = lexer.skip(data, tail + 9)
    end = tail + 6 if data.startswith(b"endobj", tail) else tail
    prev = _integer(head, "Prev", offset)
    return Section(declared, found.start, end, entries, head, size, prev, stream=(found.num, found.gen))


def _pairs(index: object, offset: int) -> list[tuple[int, int]]:
    if (
        not isinstance(index, list)
        or len(index) % 2
        or any(not isinstance(i, int) or isinstance(i, bool) or not 0 <= i <= _INT_MAX for i in index)
    ):
        raise _malformed("/Index", offset)
    return list(zip(index[::2], index[1::2], strict=True))


def _fill(rows: bytes, widths: list[int], pairs: list[tuple[int, int]], total: int) -> Entries:
    entries = Entries()
    base = 0
    for start, count in pairs:
        entries.starts.append(start)
        entries.bases.append(base)
        base += count
    stride, w0, w1 = sum(widths), widths[0], widths[0] + widths[1]
    rows = rows[: stride * total]
    if not pairs:
        return entries
    # 7.5.8.3: a missing first field means type 1.
    entries.kinds = bytearray(rows[w0 - 1 :: stride]) if w0 else bytearray([PLAIN]) * total
    for column in range(w0 - 1):
        for i, high in enumerate(rows[column::stride]):
            if high:
                entries.kinds[i] = 255
    entries.places = _column(rows, stride, w0, w1, total)
    wide = _column(rows, stride, w1, stride, total)
    entries.extras = array("I", (min(v, _GENERATION_MAX) for v in wide)) if stride - w1 > 4 else array("I", wide)
    return entries


def _column(rows: bytes, stride: int, start: int, end: int, total: int) -> array[int]:
    """The big-endian numbers in the bytes start..end of every row, made without a loop over the rows."""
    spread = bytearray(8 * total)
    for i in range(start, end):
        spread[8 - end + i :: 8] = rows[i::stride]
    column = array("Q")
    column.frombytes(bytes(spread))
    if sys.byteorder == "little":
        column.byteswap()
    return column


def decode(raw: bytes, head: Dict, expected: int | None, where: int, budget: Budget) -> bytes:
    """Undo the filters of a structural stream within bounds; predictors are left. Raises DocumentError."""
    filters = head.get("Filter", [])
    names = filters if isinstance(filters, list) else [filters]
    if len(names) > 4 or any(not isinstance(n, Name) for n in names):
        raise DocumentError("PDF_STREAM_UNREADABLE", where=where, what="/Filter")
    bound = min(budget.limits.stream_bytes, budget.inflated) + 1
    if expected is None:
        # As pyHanko bounds an object stream: beyond this it would not read it either.
        bound = min(bound, max(_PACKED_FLOOR, _PACKED_RATIO * len(raw)) + 1)
    for name in names:
        try:
            if name in ("FlateDecode", "Fl"):
                # A section never needs more than its entries; what lies behind them is not read.
                raw = zlib.decompressobj().decompress(raw, bound if expected is None else min(bound, expected + 1024))
            elif name in ("ASCIIHexDecode", "AHx"):
                text = b"".join(raw.split(b">")[0].split())
                raw = binascii.unhexlify(text + b"0" * (len(text) % 2))
            elif name in ("ASCII85Decode", "A85"):
                raw = a85decode(raw.split(b"~>")[0].strip(), ignorechars=_WHITE)
            else:
                raise DocumentError("PDF_STREAM_UNREADABLE", where=where, what=str(name))
        except (zlib.error, ValueError) as error:
            raise DocumentError("PDF_STREAM_UNREADABLE", where=where, what=str(error)) from None
        if len(raw) >= bound:
            raise DocumentError("PDF_LIMIT_INFLATED", where=where, limit=bound - 1)
    budget.take_inflated(len(raw), where)
    return raw


def unpredict(rows: bytes, head: Dict, row: int, where: int) -> bytes:
    """Undo the PNG predictor of a cross-reference stream with `row` bytes an entry. Raises DocumentError."""
    parameters = head.get("DecodeParms")
    if isinstance(parameters, list):
        parameters = next((p for p in parameters if isinstance(p, Dict)), None)
    if not isinstance(parameters, Dict):
        return rows
    predictor, columns = parameters.get("Predictor", 1), parameters.get("Columns", 1)
    if predictor == 1:
        return rows
    plain = parameters.get("Colors", 1) == 1 and parameters.get("BitsPerComponent", 8) == 8
    if not isinstance(predictor, int) or not 10 <= predictor <= 15 or columns != row or not plain:
        raise DocumentError("PDF_STREAM_UNREADABLE", where=where, what="/Predictor")
    stride = row + 1
    rows = rows[: len(rows) // stride * stride]
    tags = rows[::stride]
    if not tags.strip(b"\x02"):
        flat = bytearray(len(tags) * row)
        for i in range(row):
            flat[i::row] = bytes(map((255).__and__, accumulate(rows[i + 1 :: stride])))
        return bytes(flat)
    return _unpredict_rows(rows, row, where)


def _unpredict_rows(rows: bytes, row: int, where: int) -> bytes:
    """Undo PNG filters one row at a time (PNG 9.2); one byte per pixel."""
    out = bytearray()
    above = bytes(row)
    for at in range(0, len(rows), row + 1):
        kind, line = rows[at], bytearray(rows[at + 1 : at + 1 + row])
        for i in range(row):
            left = line[i - 1] if i else 0
            up, corner = above[i], above[i - 1] if i else 0
            if kind == 1:
                line[i] = (line[i] + left) & 255
            elif kind == 2:
                line[i] = (line[i] + up) & 255
            elif kind == 3:
                line[i] = (line[i] + (left + up) // 2) & 255
            elif kind == 4:
                a, b, c = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
                line[i] = (line[i] + (left if a <= b and a <= c else up if b <= c else corner)) & 255
            elif kind:
                raise DocumentError("PDF_STREAM_UNREADABLE", where=where, what="/Predictor")
        out += line
        above = bytes(line)
    return bytes(out)
