"""Reads BER and DER within bounds: no recursion, no copy until asked, every length checked before it is believed.

CMS from strangers is read with this and not with a schema library: the bytes that a digest or signature is made over
stay exactly as they were found, nothing is registered globally, and a few dozen elements cost little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

MAX_DEPTH = 64
"""Deepest nesting that is followed; real certificates and CMS stay under 20."""
MAX_ELEMENTS = 50_000
"""Most elements walked in one value."""

INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


class Asn1Error(ValueError):
    """The bytes are not the structure that was expected. The text is for evidence, not for people."""


def context(number: int, *, constructed: bool = True) -> int:
    """Identifier octet of context tag `number`, below 31."""
    return (0xA0 if constructed else 0x80) | number


@dataclass(frozen=True, slots=True)
class Element:
    """One element: where it stands in `data`."""

    data: bytes = field(repr=False)
    """The bytes that hold it."""
    tag: int
    """Identifier octets as one number."""
    start: int
    """Offset of the identifier."""
    body: int
    """Offset of the content."""
    end: int
    """Offset behind the content."""
    stop: int
    """Offset behind the element; two more than `end` where the length is indefinite."""

    @property
    def raw(self) -> bytes:
        """The element as found."""
        return self.data[self.start : self.stop]

    @property
    def content(self) -> bytes:
        """The content octets as found."""
        return self.data[self.body : self.end]

    @property
    def constructed(self) -> bool:
        """Whether the content is made of elements."""
        return bool(self.data[self.start] & 0x20)

    def children(self) -> list[Element]:
        """The elements inside. Raises Asn1Error."""
        if not self.constructed:
            raise Asn1Error(f"primitive element at {self.start}")
        return list(elements(self.data, self.body, self.end))

    def expect(self, tag: int) -> Element:
        """The element itself where it has `tag`. Raises Asn1Error."""
        if self.tag != tag:
            raise Asn1Error(f"tag {self.tag:#x} where {tag:#x} was expected at {self.start}")
        return self

    def retagged(self, tag: int) -> bytes:
        """The element with another one-octet identifier in place of its own one octet (IMPLICIT tagging)."""
        return bytes((tag,)) + self.data[self.start + 1 : self.stop]


def read(data: bytes, at: int = 0, end: int | None = None) -> Element:
    """The element that begins at `at` and stays below `end`. Raises Asn1Error."""
    end = len(data) if end is None else end
    tag, body, length = _header(data, at, end)
    if length is None:
        close = _closing(data, body, end)
        return Element(data, tag, at, body, close, close + 2)
    return Element(data, tag, at, body, body + length, body + length)


def whole(data: bytes) -> Element:
    """The one element that `data` is. Raises Asn1Error where bytes follow."""
    element = read(data)
    if element.stop != len(data):
        raise Asn1Error(f"{len(data) - element.stop} bytes behind the element")
    return element


def elements(data: bytes, at: int, end: int) -> Iterator[Element]:
    """Every element between `at` and `end`. Raises Asn1Error."""
    count = 0
    while at < end:
        element = read(data, at, end)
        yield element
        at = element.stop
        count += 1
        if count > MAX_ELEMENTS:
            raise Asn1Error("too many elements")


def _header(data: bytes, at: int, end: int) -> tuple[int, int, int | None]:
    if at + 2 > end:
        raise Asn1Error(f"cut off at {at}")
    tag = first = data[at]
    at += 1
    if first & 0x1F == 0x1F:
        for _ in range(4):
            if at >= end:
                raise Asn1Error(f"cut off at {at}")
            octet = data[at]
            tag = tag << 8 | octet
            at += 1
            if not octet & 0x80:
                break
        else:
            raise Asn1Error(f"tag number too large at {at}")
        if at >= end:
            raise Asn1Error(f"cut off at {at}")
    length = data[at]
    at += 1
    if length < 0x80:
        pass
    elif length == 0x80:
        if not first & 0x20:
            raise Asn1Error(f"primitive element of indefinite length at {at}")
        return tag, at, None
    else:
        size = length & 0x7F
        if size > 8 or at + size > end:
            raise Asn1Error(f"length of {size} octets at {at}")
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    if at + length > end:
        raise Asn1Error(f"length {length} runs past the end at {at}")
    return tag, at, length


def _closing(data: bytes, at: int, end: int) -> int:
    """Offset of the end-of-contents octets that close an indefinite length whose content begins at `at`."""
    depth = 1
    for _ in range(MAX_ELEMENTS):
        if data[at : at + 2] == b"\0\0" and at + 2 <= end:
            depth -= 1
            if not depth:
                return at
            at += 2
            continue
        _, body, length = _header(data, at, end)
        if length is None:
            depth += 1
            if depth > MAX_DEPTH:
                raise Asn1Error("nested too deeply")
            at = body
        else:
            at = body + length
    raise Asn1Error("too many elements")


def check_bounds(data: bytes, *, depth: int = MAX_DEPTH, most: int = MAX_ELEMENTS) -> bool:
    """Walk all of one element before a recursive parser sees it; True where every length is DER.

    Raises Asn1Error where it is cut off, nested deeper than `depth` or holds more than `most` elements.
    """
    strict = True
    ends: list[int] = []
    at = count = 0
    while True:
        if ends and ends[-1] < 0:
            if data[at : at + 2] == b"\0\0" and at + 2 <= -ends[-1]:
                ends.pop()
                at += 2
                continue
        elif ends and at == ends[-1]:
            ends.pop()
            continue
        if not ends and count:
            break
        end = abs(ends[-1]) if ends else len(data)
        count += 1
        if count > most or len(ends) >= depth:
            raise Asn1Error("nested too deeply or too many elements")
        first = data[at] if at + 2 <= end else 0x1F
        if first & 0x1F != 0x1F and data[at + 1] < 0x80:
            # One octet of tag and of length: most elements, and always DER.
            body = at + 2
            stop = body + data[at + 1]
            if stop > end:
                raise Asn1Error(f"length runs past the end at {at}")
        else:
            tag, body, length = _header(data, at, end)
            if length is None:
                strict = False
                # Negative: open until its end-of-contents, and never past the element around it.
                ends.append(-end)
                at = body
                continue
            strict = strict and body - at == _header_size(tag, length)
            stop = body + length
        if first & 0x20:
            ends.append(stop)
            at = body
        else:
            at = stop
    if at != len(data):
        raise Asn1Error("bytes behind the element")
    return strict


def _header_size(tag: int, length: int) -> int:
    tag_octets = max(1, (tag.bit_length() + 7) // 8)
    return tag_octets + 1 + (0 if length < 0x80 else (length.bit_length() + 7) // 8)


def header(tag: int, length: int) -> bytes:
    """Identifier and length octets in DER for a one-octet `tag`."""
    if length < 0x80:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets


def encode(tag: int, *contents: bytes) -> bytes:
    """One element in DER around `contents`."""
    content = b"".join(contents)
    return header(tag, len(content)) + content


def to_der(element: Element, depth: int = MAX_DEPTH) -> bytes:
    """The element with definite, shortest lengths and strings in one piece. Raises Asn1Error."""
    if depth <= 0:
        raise Asn1Error("nested too deeply")
    tag = element.tag
    if not element.constructed:
        return _tag_octets(tag) + header(0, len(element.content))[1:] + element.content
    if tag & ~0x20 in (OCTET_STRING, BIT_STRING, 0x0C, 0x13, 0x16, 0x1E):
        content, tag = octets(element), tag & ~0x20
    else:
        content = b"".join(to_der(child, depth - 1) for child in element.children())
    return _tag_octets(tag) + header(0, len(content))[1:] + content


def _tag_octets(tag: int) -> bytes:
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")


def octets(element: Element) -> bytes:
    """Content of a string, its pieces joined where BER splits it. Raises Asn1Error."""
    if not element.constructed:
        return element.content
    pieces: list[bytes] = []
    open_elements = [iter(element.children())]
    while open_elements:
        piece = next(open_elements[-1], None)
        if piece is None:
            open_elements.pop()
        elif piece.constructed:
            if len(open_elements) >= 8:
                raise Asn1Error("nested too deeply")
            open_elements.append(iter(piece.children()))
        else:
            pieces.append(piece.content)
    return b"".join(pieces)


def integer(element: Element) -> int:
    """Value of an INTEGER, signed. Raises Asn1Error."""
    content = element.expect(INTEGER).content
    if not content or len(content) > 4096:
        raise Asn1Error(f"integer of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True)


def oid(element: Element) -> str:
    """Dotted form of an OBJECT IDENTIFIER. Raises Asn1Error."""
    return _dotted(element.expect(OID).content)


@lru_cache(maxsize=1024)
def _dotted(content: bytes) -> str:
    if not content or len(content) > 64 or content[-1] & 0x80:
        raise Asn1Error("object identifier")
    arcs, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


_TIME = re.compile(rb"(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d{1,20}))?)?(Z|[+-]\d{4})\Z")


def time(element: Element) -> datetime:
    """A UTCTime or GeneralizedTime as an aware time in UTC. Raises Asn1Error, also for local time without an offset.

    Forms that BER allows (no seconds, an offset, a fraction) are read; fractions are cut to microseconds.
    """
    content = element.content
    match = _TIME.match(content)
    if element.tag not in (UTC_TIME, GENERALIZED_TIME) or not match:
        raise Asn1Error(f"time {content[:30]!r}")
    digits = len(match[1])
    if digits != (2 if element.tag == UTC_TIME else 4):
        raise Asn1Error(f"time {content[:30]!r}")
    year = int(match[1])
    if digits == 2:
        # RFC 5652 11.3: 50 and above are 19YY.
        year += 1900 if year >= 50 else 2000
    fraction = int((match[7] or b"0").ljust(6, b"0")[:6])
    zone: timezone = UTC
    try:
        if match[8] != b"Z":
            offset = timedelta(hours=int(match[8][1:3]), minutes=int(match[8][3:5]))
            zone = timezone(-offset if match[8][:1] == b"-" else offset)
        month, day, hour, minute = (int(match[i]) for i in range(2, 6))
        return datetime(year, month, day, hour, minute, int(match[6] or 0), fraction, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Asn1Error(f"time {content[:30]!r}") from error
