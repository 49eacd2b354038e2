"""A tiny tolerant reader of PDF objects over bytes, with the place of everything that it reads (ISO 32000-2 7.2, 7.3).

pyHanko reads documents; this reads what must be known before and beside it: trailers, cross-reference streams and
the exact bytes of signature dictionaries. It never follows a reference and is bounded in depth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

WHITE = rb"\x00\t\n\x0c\r "
_SKIP = re.compile(rb"(?:[" + WHITE + rb"]|%[^\r\n]*)*+")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)")
_REGULAR = re.compile(rb"[^" + WHITE + rb"()<>\[\]{}/%]*")
_REFERENCE = re.compile(
    rb"(\d{1,10})[" + WHITE + rb"]++(\d{1,5})[" + WHITE + rb"]++R(?![^" + WHITE + rb"()<>\[\]{}/%])"
)
_HEX = re.compile(rb"<[0-9A-Fa-f" + WHITE + rb"]*+>")
_PAREN = re.compile(rb"[()\\]")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)|\r\n?", re.S)
_HASH = re.compile(r"#([0-9A-Fa-f]{2})")
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"", b"\r": b"", b"\n": b""}
_OBJECT = re.compile(rb"(\d{1,10})[" + WHITE + rb"]++(\d{1,10})[" + WHITE + rb"]++obj")
_WORDS: dict[bytes, Any] = {b"true": True, b"false": False, b"null": None}
MAX_DIGITS = 20


class LexError(ValueError):
    """The bytes at `pos` are not what ISO 32000 says."""

    def __init__(self, why: str, pos: int) -> None:
        super().__init__(why, pos)
        self.why = why
        self.pos = pos


class TooDeepError(LexError):
    """Arrays and dictionaries nest deeper than the bound."""


class Name(str):
    """A name object, without its slash and with #xx resolved."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """An indirect reference."""

    num: int
    """Object number."""
    gen: int
    """Generation."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string object."""

    value: bytes
    """Its bytes; empty for a hexadecimal string, which stays undecoded."""
    hexadecimal: bool
    """Written between angle brackets."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a dictionary with the place of its value."""

    key: Name
    """The key."""
    value: Any
    """None, bool, int, float, Name, Text, Ref, list or Dict."""
    start: int
    """Offset of the first byte of the value."""
    end: int
    """Offset behind its last byte."""


@dataclass(slots=True)
class Dict:
    """A dictionary as written, duplicate keys included."""

    entries: list[Entry] = field(default_factory=list)
    """All entries in order."""
    start: int = 0
    """Offset of its "<<"."""
    end: int = 0
    """Offset behind its ">>"."""

    def entry(self, key: str) -> Entry | None:
        """The first entry with `key`."""
        return next((e for e in self.entries if e.key == key), None)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of the first entry with `key`; a null is as good as none (ISO 32000-2 7.3.7)."""
        found = self.entry(key)
        return default if found is None or found.value is None else found.value

    def count(self, key: str) -> int:
        """How often `key` stands here; more than once is forbidden (ISO 32000-2 7.3.7)."""
        return sum(e.key == key for e in self.entries)


@dataclass(frozen=True, slots=True)
class RawObject:
    """An indirect object as it stands in the file."""

    num: int
    """Object number in its header."""
    gen: int
    """Generation in its header."""
    start: int
    """Offset of its header."""
    value: Any
    """What stands between "obj" and "endobj" or "stream"."""
    end: int
    """Offset behind the value; behind "endobj" where that follows at once."""
    stream: int | None
    """Offset of the first byte of the stream's data, None where it is no stream."""


def skip(data: bytes, pos: int) -> int:
    """Offset of the first byte at or behind `pos` that is neither white space nor comment."""
    match = _SKIP.match(data, pos)
    return match.end() if match else pos


def parse(data: bytes, pos: int, depth: int) -> tuple[Any, int, int]:
    """Read one object at or behind `pos`: (value, start, end). Raises LexError, TooDeepError past `depth` levels."""
    pos = skip(data, pos)
    head = data[pos : pos + 1]
    if head in b"0123456789+-." and head:
        return _number(data, pos)
    if head == b"/":
        value, end = _name(data, pos)
        return value, pos, end
    if head == b"<":
        if data[pos + 1 : pos + 2] == b"<":
            found = _dict(data, pos, depth)
            return found, pos, found.end
        match = _HEX.match(data, pos)
        if not match:
            raise LexError("hexadecimal string", pos)
        return Text(b"", True), pos, match.end()
    if head == b"(":
        end = literal_end(data, pos)
        return Text(_unescape(data[pos + 1 : end - 1]), False), pos, end
    if head == b"[":
        return _array(data, pos, depth)
    word, end = _word(data, pos)
    if word in _WORDS:
        return _WORDS[word], pos, end
    raise LexError("token", pos)


def read_object(data: bytes, pos: int, depth: int) -> RawObject:
    """Read the indirect object at `pos` (white space before it is allowed). Raises LexError."""
    start = skip(data, pos)
    match = _OBJECT.match(data, start)
    if not match:
        raise LexError("object header", start)
    value, _, end = parse(data, match.end(), depth)
    after = skip(data, end)
    stream = None
    if data.startswith(b"stream", after) and isinstance(value, Dict):
        stream = after + 6
        # ISO 32000-2 7.3.8.1: CRLF or LF behind the keyword; a lone CR is tolerated as other readers do.
        if data.startswith(b"\r\n", stream):
            stream += 2
        elif data[stream : stream + 1] in (b"\n", b"\r"):
            stream += 1
    elif data.startswith(b"endobj", after):
        end = after + 6
    return RawObject(int(match[1]), int(match[2]), start, value, end, stream)


def object_header(data: bytes, pos: int) -> tuple[int, int] | None:
    """Object number and generation of the header at `pos`, None where there is none."""
    match = _OBJECT.match(data, skip(data, pos))
    return (int(match[1]), int(match[2])) if match else None


def _number(data: bytes, pos: int) -> tuple[Any, int, int]:
    reference = _REFERENCE.match(data, pos)
    if reference:
        return Ref(int(reference[1]), int(reference[2])), pos, reference.end()
    match = _NUMBER.match(data, pos)
    if not match or match.end() - pos > 64:
        raise LexError("number", pos)
    text = match[0]
    if b"." in text:
        return float(text), pos, match.end()
    if len(text) > MAX_DIGITS:
        raise LexError("number", pos)
    return int(text), pos, match.end()


def _name(data: bytes, pos: int) -> tuple[Name, int]:
    match = _REGULAR.match(data, pos + 1)
    if match is None:
        raise LexError("name", pos)
    text = match[0].decode("latin-1")
    if "#" in text:
        text = _HASH.sub(lambda m: chr(int(m[1], 16)), text)
    return Name(text), match.end()


def _word(data: bytes, pos: int) -> tuple[bytes, int]:
    match = _REGULAR.match(data, pos)
    if match is None or match.end() == pos:
        raise LexError("token", pos)
    return match[0], match.end()


def literal_end(data: bytes, pos: int) -> int:
    """Offset behind the literal string (7.3.4.2) that begins at `pos`. Raises LexError."""
    level, at = 0, pos
    while match := _PAREN.search(data, at):
        at = match.end()
        if match[0] == b"(":
            level += 1
        elif match[0] == b")":
            level -= 1
            if not level:
                return at
        else:
            at += 1
    raise LexError("string", pos)


def _unescape(raw: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if code is None:
            return b"\n"
        if code[:1].isdigit() and code[:1] in b"01234567":
            return bytes([int(code, 8) & 255])
        return _SIMPLE.get(code, code)

    return _ESCAPE.sub(one, raw) if b"\\" in raw or b"\r" in raw else raw


def _array(data: bytes, pos: int, depth: int) -> tuple[list[Any], int, int]:
    if depth <= 0:
        raise TooDeepError("nesting", pos)
    items: list[Any] = []
    at = skip(data, pos + 1)
    while data[at : at + 1] != b"]":
        value, _, at = parse(data, at, depth - 1)
        items.append(value)
        at = skip(data, at)
    return items, pos, at + 1


def _dict(data: bytes, pos: int, depth: int) -> Dict:
    if depth <= 0:
        raise TooDeepError("nesting", pos)
    entries: list[Entry] = []
    at = skip(data, pos + 2)
    while not data.startswith(b">>", at):
        if data[at : at + 1] != b"/":
            raise LexError("dictionary key", at)
        key, at = _name(data, at)
        value, start, at = parse(data, at, depth - 1)
        entries.append(Entry(key, value, start, at))
        at = skip(data, at)
    return Dict(entries, pos, at + 2)
