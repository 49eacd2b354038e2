"""What a page's content leaves open or closes too often (ISO 32000-2 7.8.2, 8.4.2), so that it can be wrapped.

Whatever is drawn behind old content must begin where the page began: at its own coordinates, clip and colours, outside
any text, path and marked content. Readers disagree about content that is not well formed; what cannot be read in one
way alone is refused, since another reader might show the picture elsewhere.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import WHITE, LexError, Name
from eseal.errors import DocumentError

_REGULAR = rb"[^" + WHITE + rb"()<>\[\]{}/%]"
_END = rb"(?!" + _REGULAR + rb")"
_SPACE = rb"[" + WHITE + rb"]++|%[^\r\n]*+"
_STRING = rb"\((?:[^()\\]++|\\.)*+\)"
_HEX = rb"<[0-9A-Fa-f" + WHITE + rb"]*+>"
# An array of strings and numbers, as TJ takes it.
_ARRAY = rb"\[(?:[" + WHITE + rb"+\-.0-9]++|" + _HEX + rb"|" + _STRING + rb")*+\]"
_OPERAND = rb"(?:[+\-.0-9]++|true|false|null)" + _END + rb"|/" + _REGULAR + rb"*+"
_NEUTRAL = rb"(?:sh|Do|T[dDmjJ*]|['\"]|MP|DP|d[01])" + _END
_STATE = rb"(?P<state>(?:[wJjMdiGgKk]|ri|gs|cm|CS|cs|SCN?|scn?|RG|rg|T[cwzLfrs]|W\*?)" + _END + rb")"
_BUILD = rb"(?P<build>(?:re|[mlcvyh])" + _END + rb")"
_PAINT = rb"(?P<paint>(?:[fBb]\*?|[sSFn])" + _END + rb")"
# The groups keep the last of their kind. Repeated in pieces, since a match keeps its way back.
_SKIP = re.compile(
    rb"(?:" + rb"|".join((_SPACE, _OPERAND, _HEX, _STRING, _ARRAY, _NEUTRAL, _STATE, _BUILD, _PAINT)) + rb"){1,400}",
    re.S,
)
_WORD = re.compile(_REGULAR + rb"++")
_GLUED = re.compile(rb"[+\-.0-9]++[^+\-.0-9]")
_EI = re.compile(rb"[" + WHITE + rb"]EI(?=[" + WHITE + rb"]|\Z)")
_BEHIND = re.compile(rb"[\t\n\x0c\r -~]{0,16}")
_IDLE = re.compile(rb"(?:(?:[qQ]|ET|EMC|EX)" + _END + rb"|" + _SPACE + rb")*+")
_DEPTH = 200
_COMPONENTS = {"G": 1, "DeviceGray": 1, "RGB": 3, "DeviceRGB": 3, "CMYK": 4, "DeviceCMYK": 4, "I": 1, "Indexed": 1}


@dataclass(frozen=True, slots=True)
class Balance:
    """How content stands at its end."""

    surplus: tuple[int, ...]
    """Offsets of the Q operators that nothing was saved for, and that can be left out in every reader's view."""
    closing: bytes
    """Operators that end what is open: path, text object, marked content, saved states, in this order; may be empty."""


def balance(content: bytes) -> Balance:
    """Read the whole content of a page. Raises DocumentError SEAL_PAGE_CONTENT for what cannot be read in one way."""
    try:
        return _Reader(content).read()
    except LexError as error:
        raise DocumentError("SEAL_PAGE_CONTENT", what=error.why, offset=error.pos) from error


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.saved = self.marked = self.lenient = 0
        self.text = self.path = self.changed = False
        self.surplus: list[int] = []

    def read(self) -> Balance:
        content, at = self.content, 0
        while at < len(content):
            skipped = _SKIP.match(content, at)
            if skipped:
                at = skipped.end()
                built, painted = skipped.start("build"), skipped.start("paint")
                self.path = built > painted if max(built, painted) >= 0 else self.path
                # What is changed while nothing is saved holds for all that follows.
                self.changed = self.changed or (not self.saved and skipped.start("state") >= 0)
                continue
            at = self._operator(at)
        closing = [b"n"] * self.path + [b"ET"] * self.text + [b"EMC"] * self.marked
        closing += [b"EX"] * self.lenient + [b"Q"] * self.saved
        return Balance(tuple(self.surplus), b" ".join(closing))

    def _operator(self, at: int) -> int:
        content = self.content
        if content.startswith((b"(", b"[", b"<<"), at):
            return lexer.parse(content, at, _DEPTH)[2]
        found = _WORD.match(content, at)
        if found is None:
            # A bracket that closes nothing, or a string that never ends.
            raise LexError(content[at : at + 1].decode("latin-1"), at)
        word, end = found[0], found.end()
        if _GLUED.match(word) or word == b"EI":
            # Some readers take "1Q" for a number and an operator, others for nothing.
            raise LexError(word[:20].decode("latin-1"), at)
        if word == b"q":
            self.saved += 1
        elif word == b"Q":
            if self.saved:
                self.saved -= 1
            elif self.changed and not _IDLE.fullmatch(content, at):
                # Some readers go back to the state of the page's start, others pass over it: what follows differs.
                raise LexError("Q", at)
            else:
                self.surplus.append(at)
        elif word in (b"BT", b"ET"):
            self.text = word == b"BT"
        elif word in (b"BMC", b"BDC"):
            self.marked += 1
        elif word == b"EMC":
            self.marked = max(0, self.marked - 1)
        elif word == b"BX":
            self.lenient += 1
        elif word == b"EX":
            self.lenient = max(0, self.lenient - 1)
        elif word == b"BI":
            return self._image(end)
        return end

    def _image(self, at: int) -> int:
        """Behind the EI of an inline image (8.9.7) whose end all readers see in the same place."""
        start, entries = at, {}
        at = lexer.skip(self.content, at)
        while self.content[at : at + 1] == b"/":
            key, _, at = lexer.parse(self.content, at, _DEPTH)
            value, _, at = lexer.parse(self.content, at, _DEPTH)
            entries[str(key)] = value
            at = lexer.skip(self.content, at)
        if self.content[at : at + 2] != b"ID" or self.content[at + 2 : at + 3] not in (b" ", b"\n", b"\r", b"\t"):
            raise LexError("BI", start)
        at += 3
        end = self._end_by_sight(at, start)
        known = self._end_by_length(entries, at)
        if known is not None and self.content[known:end].strip(b"\0\t\n\x0c\r "):
            raise LexError("BI", start)
        if known is not None and known > end:
            raise LexError("BI", start)
        return end + 3

    def _end_by_sight(self, at: int, start: int) -> int:
        """Offset of the white space before the first EI behind which text follows, not samples."""
        for found in _EI.finditer(self.content, at - 1):
            behind = _BEHIND.match(self.content, found.end())
            if behind and behind.end() in (len(self.content), found.end() + 16):
                return found.start()
        raise LexError("BI", start)

    def _end_by_length(self, entries: dict[str, object], at: int) -> int | None:
        """Offset behind the last sample, where the dictionary or the filter tells it."""
        filters = entries.get("F", entries.get("Filter"))
        filters = filters[0] if isinstance(filters, list) and len(filters) == 1 else filters
        if filters in ("Fl", "FlateDecode"):
            stream = zlib.decompressobj()
            try:
                size = len(stream.decompress(self.content[at:], max(1 << 22, 100 * len(self.content))))
            except zlib.error:
                return None
            return len(self.content) - len(stream.unused_data) if stream.eof and size else None
        if filters not in (None, []):
            return None
        width, height = (entries.get(s, entries.get(long)) for s, long in (("W", "Width"), ("H", "Height")))
        bits = entries.get("BPC", entries.get("BitsPerComponent", 1))
        space = entries.get("CS", entries.get("ColorSpace", "G"))
        space = space[0] if isinstance(space, list) and space else space
        components = _COMPONENTS.get(space) if isinstance(space, Name | str) else None
        if components is None or not all(type(n) is int and n > 0 for n in (width, height, bits)):
            return None
        assert isinstance(width, int) and isinstance(height, int) and isinstance(bits, int)
        return at + height * ((width * components * bits + 7) // 8)
