"""Which characters the codes of a font show, and how wide they are; tokens of content streams."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fontTools import agl
from fontTools.encodings.StandardEncoding import StandardEncoding
from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import View, is_name, items, raw_entry

MAX_BYTES = 200_000
# Codes that the ranges of one map may name: twice as many as there are.
_MOST_CODES = 131_072
_TOKEN = re.compile(
    rb"%[^\r\n]*|[\x00\t\n\x0c\r ]+"
    rb"|(?P<open>\()|(?P<hex><[0-9A-Fa-f\x00\t\n\x0c\r ]*>)|(?P<dict><<|>>)|(?P<array>[\[\]])"
    rb"|(?P<name>/[^\x00\t\n\x0c\r ()<>\[\]{}/%]*)"
    rb"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|$)"
    rb"|(?P<word>[^\x00\t\n\x0c\r ()<>\[\]{}/%]+)"
)
_STRING_PART = re.compile(rb"[^()\\\r]+|\r\n?|\\(?:[0-7]{1,3}|\r\n|[\s\S])|[()]")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def squeeze(text: str) -> str:
    """`text` without anything that only separates: what is left is compared."""
    return "".join(c for c in text if not c.isspace() and c not in "\x00\xad​﻿")


def tokens(data: bytes) -> Iterator[tuple[str, object]]:
    """Tokens of a content stream: (kind, value) with kind number, name, string, array, dict or word."""
    position = 0
    while position < len(data):
        match = _TOKEN.match(data, position)
        if match is None:
            yield "word", data[position : position + 1].decode("latin-1")
            position += 1
            continue
        position = match.end()
        kind = match.lastgroup
        if kind is None:
            continue
        value = match.group(kind)
        if kind == "open":
            text, position = _string(data, position)
            yield "string", text
        elif kind == "hex":
            digits = re.sub(rb"[^0-9A-Fa-f]", b"", value)
            yield "string", bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        elif kind == "number":
            yield "number", float(value)
        else:
            yield kind, value.decode("latin-1")


def _string(data: bytes, position: int) -> tuple[bytes, int]:
    out, depth = [], 1
    for match in _STRING_PART.finditer(data, position):
        part = match.group()
        position = match.end()
        if part == b"(":
            depth += 1
        elif part == b")":
            depth -= 1
            if not depth:
                break
        elif part[:1] == b"\r":
            part = b"\n"
        elif part[:1] == b"\\":
            body = part[1:]
            if body[:1].isdigit():
                part = bytes([int(body, 8) & 255])
            elif body in (b"\n", b"\r", b"\r\n"):
                part = b""
            else:
                part = _ESCAPES.get(body, body)
        out.append(part)
    return b"".join(out), position


class Font:
    """How one font turns codes into characters."""

    def __init__(self, view: View, raw: object) -> None:
        font = view.dictionary(raw)
        self.embedded = _embedded(view, font)
        self.wide = is_name(view.entry(font, "/Subtype"), "/Type0")
        self.type3 = is_name(view.entry(font, "/Subtype"), "/Type3")
        self.map = _to_unicode(view, view.entry(font, "/ToUnicode"))
        self.encoding = view.entry(font, "/Encoding")
        self.table = None if self.wide else _simple(view, font, self.encoding)
        name = str(view.entry(font, "/BaseFont") or "").lower()
        self.symbols = any(word in name for word in _SYMBOLS)
        self.first = view.entry(font, "/FirstChar")
        self.widths = None if self.wide else _widths(view, raw_entry(font, "/Widths"))
        self.legible = not self.wide or self.embedded or _wide_enough(view, font)

    def decode(self, data: bytes) -> str | None:
        """The characters that the codes in `data` show; None where that is not known."""
        if self.type3 or (self.symbols and not self.embedded) or not self.legible:
            return None
        if self.wide:
            return self._decode_wide(data)
        out = []
        for code in data:
            plain = self.table.get(code) if self.table is not None else None
            mapped = self.map.get(bytes([code])) if self.map else None
            # The table that makes the glyph counts; where one that names it disagrees, something is wrong.
            differ = plain is not None and mapped is not None and squeeze(plain) != squeeze(mapped)
            char = (mapped or plain) if self.embedded else plain
            if char is None or (differ and not self.embedded) or not self._visible(code, char):
                return None
            out.append(char)
        return "".join(out)

    def _decode_wide(self, data: bytes) -> str | None:
        codes = [data[i : i + 2] for i in range(0, len(data), 2)]
        parts = [self.map.get(c) for c in codes] if self.map else []
        mapped = None if None in parts else "".join(p for p in parts if p)
        if self.embedded:
            return mapped if self.map else None
        # Nothing is embedded: the predefined CMap says what shows (9.7.5.2), whatever /ToUnicode says.
        name = str(self.encoding) if is_name(self.encoding) else ""
        codec = next((c for key, c in _CMAPS if key in name), None)
        try:
            text = data.decode(codec) if codec else None
        except UnicodeDecodeError:
            return None
        return text if not self.map or (text is not None and mapped == text) else None

    def _visible(self, code: int, char: str) -> bool:
        """Whether a character takes room, so that the next one does not stand on it."""
        width = self._width(code)
        return width is None or not char.strip() or _NARROWEST <= width <= _WIDEST

    def _width(self, code: int) -> float | None:
        if self.widths is None:
            return None
        index = code - self.first if isinstance(self.first, int) else code
        return self.widths[index] if 0 <= index < len(self.widths) else None

    def advance(self, data: bytes) -> float:
        """At least how wide `data` shows, in parts of the size."""
        if self.wide:
            return len(data) // 2 * _LEAST
        return sum(w / 1000 if (w := self._width(code)) is not None else _LEAST for code in data)


_SYMBOLS = ("symbol", "dingbat", "wingding", "webding")
_NARROWEST, _WIDEST = 120.0, 2000.0
_LEAST = 0.2


def _widths(view: View, raw: object) -> list[float] | None:
    found = [view.get(v) for v in view.array(raw)]
    return [float(v) if isinstance(v, int | generic.FloatObject) else 0.0 for v in found] or None


def _wide_enough(view: View, font: generic.DictionaryObject) -> bool:
    """Whether the widths that a composite font states for itself let its characters stand side by side (9.7.4.3)."""
    for raw in view.array(raw_entry(font, "/DescendantFonts")):
        below = view.dictionary(raw)
        default = view.entry(below, "/DW")
        numbers: list[object] = [] if default is None else [default]
        flat = [view.get(v) for v in view.array(raw_entry(below, "/W"))]
        for index, value in enumerate(flat):
            if isinstance(value, generic.ArrayObject):
                numbers += [view.get(v) for v in items(value)]
            elif index >= 2 and not any(isinstance(v, generic.ArrayObject) for v in flat[index - 2 : index]):
                numbers.append(value)
        if any(not isinstance(n, int | generic.FloatObject) or float(n) < _NARROWEST for n in numbers):
            return False
    return True


_CMAPS = (
    ("UCS2", "utf-16-be"),
    ("UTF16", "utf-16-be"),
    ("GBK", "gbk"),
    ("GB-EUC", "gb2312"),
    ("RKSJ", "cp932"),
    ("KSCms", "cp949"),
    ("KSC-EUC", "euc_kr"),
    ("ETen", "cp950"),
    ("B5pc", "cp950"),
)


def _embedded(view: View, font: generic.DictionaryObject) -> bool:
    below = view.array(raw_entry(font, "/DescendantFonts"))
    for holder in [font, *(view.dictionary(raw) for raw in below[:1])]:
        descriptor = view.dictionary(raw_entry(holder, "/FontDescriptor"))
        if any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3")):
            return True
    return False


def _simple(view: View, font: generic.DictionaryObject, encoding: object) -> dict[int, str] | None:
    base = _named(encoding)
    if isinstance(encoding, generic.DictionaryObject):
        base = _named(view.entry(encoding, "/BaseEncoding"))
    if base is None:
        base = {i: agl.toUnicode(n) for i, n in enumerate(StandardEncoding) if n != ".notdef"}
    if isinstance(encoding, generic.DictionaryObject):
        code = 0
        for raw in view.array(raw_entry(encoding, "/Differences")):
            item = view.get(raw)
            if isinstance(item, int):
                code = item
            elif is_name(item):
                base[code] = agl.toUnicode(str(item)[1:])
                code += 1
    return {k: v for k, v in base.items() if v}


def _named(encoding: object) -> dict[int, str] | None:
    codec = {"/WinAnsiEncoding": "cp1252", "/MacRomanEncoding": "mac_roman", "/PDFDocEncoding": "cp1252"}
    if not is_name(encoding):
        return None
    name = codec.get(str(encoding))
    if name is None:
        return None
    return {i: bytes([i]).decode(name, "ignore") for i in range(32, 256)}


def _to_unicode(view: View, stream: object) -> dict[bytes, str]:
    if not isinstance(stream, generic.StreamObject):
        return {}
    data = view.decoded(stream) or b""
    table: dict[bytes, str] = {}
    stack: list[object] = []
    for kind, value in tokens(data[:MAX_BYTES]):
        if kind == "word" and value in ("beginbfchar", "beginbfrange"):
            stack = []
        elif kind == "word" and value == "endbfchar":
            for code, text in zip(stack[::2], stack[1::2], strict=False):
                if isinstance(code, bytes) and isinstance(text, bytes):
                    table[code] = text.decode("utf-16-be", "replace")
        elif kind == "word" and value == "endbfrange":
            _ranges(stack, table)
        elif kind == "string" or kind == "array":
            stack.append(value)
    return table


def _ranges(stack: list[object], table: dict[bytes, str]) -> None:
    i = 0
    left = _MOST_CODES
    while i + 2 < len(stack):
        low, high, target = stack[i : i + 3]
        i += 3
        if not isinstance(low, bytes) or not isinstance(high, bytes):
            return
        first, last = int.from_bytes(low, "big"), int.from_bytes(high, "big")
        texts: list[str] = []
        if target == "[":
            while i < len(stack) and stack[i] != "]":
                item = stack[i]
                texts.append(item.decode("utf-16-be", "replace") if isinstance(item, bytes) else "")
                i += 1
            i += 1
        elif isinstance(target, bytes):
            number = int.from_bytes(target, "big")
            count = min(last - first, 65535) + 1
            size = max(len(target), 2)
            for k in range(count):
                try:
                    texts.append((number + k).to_bytes(size, "big").decode("utf-16-be", "replace"))
                except OverflowError:
                    break
        left -= len(texts)
        if left < 0:
            return
        for offset, text in enumerate(texts[: last - first + 1]):
            table[(first + offset).to_bytes(len(low) or 1, "big")] = text


def fonts_of(view: View, stream: generic.StreamObject) -> list[object]:
    """Raw fonts in the resources of `stream`."""
    fonts = view.dictionary(raw_entry(view.dictionary(raw_entry(stream, "/Resources")), "/Font"))
    return list(items(generic.ArrayObject([fonts.raw_get(n) for n in fonts])))
