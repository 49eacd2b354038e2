"""What text an appearance stream shows: operators read, codes decoded through the font, tricks noticed.

A reading is only worth something where nothing in the stream can hide or redraw text; whatever is not in the short
list of harmless operators makes the reading unsure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fontTools import agl
from fontTools.encodings.StandardEncoding import StandardEncoding
from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import View, is_name, items, raw_entry

_MAX_BYTES = 200_000
_TOKEN = re.compile(
    rb"%[^\r\n]*|[\x00\t\n\x0c\r ]+"
    rb"|(?P<open>\()|(?P<hex><[0-9A-Fa-f\x00\t\n\x0c\r ]*>)|(?P<dict><<|>>)|(?P<array>[\[\]])"
    rb"|(?P<name>/[^\x00\t\n\x0c\r ()<>\[\]{}/%]*)"
    rb"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|$)"
    rb"|(?P<word>[^\x00\t\n\x0c\r ()<>\[\]{}/%]+)"
)
_STRING_PART = re.compile(rb"[^()\\\r]+|\r\n?|\\(?:[0-7]{1,3}|\r\n|[\s\S])|[()]")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

_HARMLESS = (
    frozenset(("q", "Q", "cm", "w", "J", "j", "M", "d", "ri", "i", "BT", "ET", "BMC", "BDC", "EMC", "MP", "DP"))
    | frozenset(
        (
            "g",
            "G",
            "rg",
            "RG",
            "k",
            "K",
            "re",
            "m",
            "l",
            "h",
            "n",
            "W",
            "W*",
            "s",
            "S",
            "f",
            "F",
            "f*",
            "B",
            "b",
            "B*",
            "b*",
        )
    )
    | frozenset(("Tf", "Td", "TD", "Tm", "T*", "Tj", "TJ", "'", '"', "Tr", "Tz", "Ts", "TL", "Tw", "Tc"))
)
"""Operators that draw text, lines and boxes: no images, forms, shadings, curves or graphics states."""
_LINES = 40
_WHITE = 0.9
_PAINTS = ("s", "S", "f", "F", "f*", "B", "b", "B*", "b*")


@dataclass(slots=True)
class Shown:
    """What a stream shows."""

    text: str = ""
    """Characters in the order of the stream."""
    sure: bool = True
    """False where something could show other than `text` says."""
    fonts: list[tuple[str, object]] = field(default_factory=list)
    """Fonts used: resource name and raw value."""


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

    def decode(self, data: bytes) -> str | None:
        """The characters that the codes in `data` show; None where that is not known."""
        if self.type3:
            return None
        if self.wide:
            codes = [data[i : i + 2] for i in range(0, len(data), 2)]
            if self.map:
                parts = [self.map.get(c) for c in codes]
                return None if None in parts else "".join(p for p in parts if p)
            name = str(self.encoding) if is_name(self.encoding) else ""
            codec = next((c for key, c in _CMAPS if key in name), None)
            try:
                return data.decode(codec) if codec else None
            except UnicodeDecodeError:
                return None
        out = []
        for code in data:
            plain = self.table.get(code) if self.table is not None else None
            mapped = self.map.get(bytes([code])) if self.map else None
            if not self.embedded and plain is not None and mapped is not None and squeeze(plain) != squeeze(mapped):
                # The table that makes the glyph and the one that names it disagree.
                return None
            char = plain if not self.embedded and plain is not None else (mapped or plain)
            if char is None:
                return None
            out.append(char)
        return "".join(out)


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
        name = str(view.entry(font, "/BaseFont") or "")
        if name.endswith(("ZapfDingbats", "Symbol")):
            return None
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
    for kind, value in tokens(data[:_MAX_BYTES]):
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
        for offset, text in enumerate(texts[: last - first + 1]):
            table[(first + offset).to_bytes(len(low) or 1, "big")] = text


class _Reader:
    def __init__(self, view: View, stream: generic.StreamObject) -> None:
        self.view = view
        self.shown = Shown()
        self.parts: list[str] = []
        self.fonts = view.dictionary(raw_entry(view.dictionary(raw_entry(stream, "/Resources")), "/Font"))
        box = [view.get(v) for v in view.array(raw_entry(stream, "/BBox"))]
        self.box = [float(v) for v in box if isinstance(v, int | generic.FloatObject)]
        self.font: Font | None = None
        self.cache: dict[str, Font] = {}
        self.lines = 0
        self.white = False
        self.stack: list[tuple[Font | None, bool]] = []
        self.x = self.y = 0.0
        self.leading = 0.0
        self.clip: list[float] | None = None
        self.rect: list[float] | None = None

    def unsure(self) -> None:
        self.shown.sure = False

    def show(self, data: bytes) -> None:
        text = self.font.decode(data) if self.font else None
        if text is None or self.white or not self.inside():
            self.unsure()
        self.parts.append(text or "")

    def inside(self) -> bool:
        """Whether text that begins here begins within the box and the clip."""
        if len(self.box) != 4:
            return False
        for area in (self.box, self.clip):
            if area and not (
                min(area[0], area[2]) - 1 <= self.x <= max(area[0], area[2]) + 1
                and min(area[1], area[3]) - 20 <= self.y <= max(area[1], area[3]) + 1
            ):
                return False
        return True

    def operate(self, operator: str, operands: list[object]) -> None:
        numbers = [v for v in operands if isinstance(v, float)]
        if operator not in _HARMLESS:
            self.unsure()
        elif operator == "Tf" and isinstance(operands[0], str):
            name = operands[0]
            raw = raw_entry(self.fonts, name)
            if raw is None or not numbers or abs(numbers[0]) < 1:
                self.unsure()
            if name not in self.cache:
                self.cache[name] = Font(self.view, raw)
                self.shown.fonts.append((name, raw))
            self.font = self.cache[name]
        elif operator in ("Tj", "'", '"'):
            if operator != "Tj":
                self.move(0, -self.leading)
            for value in operands:
                if isinstance(value, bytes):
                    self.show(value)
        elif operator == "TJ":
            if any(abs(n) > 3000 for n in numbers):
                self.unsure()
            self.show(b"".join(v for v in operands if isinstance(v, bytes)))
        elif operator in ("Td", "TD") and len(numbers) == 2:
            if operator == "TD":
                self.leading = -numbers[1]
            self.move(*numbers)
        elif operator == "T*":
            self.move(0, -self.leading)
        elif operator == "TL" and numbers:
            self.leading = numbers[0]
        elif operator in ("Tm", "cm"):
            self.matrix(operator, numbers)
        elif operator == "BT":
            self.x = self.y = 0.0
        else:
            self.paint(operator, numbers)

    def move(self, x: float, y: float) -> None:
        self.x += x
        self.y += y

    def matrix(self, operator: str, m: list[float]) -> None:
        if len(m) != 6 or m[1] or m[2] or m[0] != m[3] or (operator == "cm" and (m[0] != 1 or m[4] or m[5])):
            self.unsure()
        elif operator == "Tm":
            if not 0.5 <= m[0] <= 100:
                self.unsure()
            self.x, self.y = m[4], m[5]

    def paint(self, operator: str, n: list[float]) -> None:
        if operator == "q":
            self.stack.append((self.font, self.white))
        elif operator == "Q" and self.stack:
            self.font, self.white = self.stack.pop()
        elif operator in ("g", "rg"):
            self.white = bool(n) and min(n) >= _WHITE
        elif operator == "k":
            self.white = bool(n) and max(n) <= 1 - _WHITE
        elif (
            (operator == "Tr" and n != [0.0])
            or (operator == "Tz" and (not n or not 50 <= n[0] <= 200))
            or (operator == "Ts" and n != [0.0])
        ):
            self.unsure()
        elif operator == "l":
            self.lines += 1
            if self.lines > _LINES:
                self.unsure()
        elif operator == "re" and len(n) == 4:
            self.rect = [n[0], n[1], n[0] + n[2], n[1] + n[3]]
        elif operator in ("W", "W*"):
            self.clip = self.rect
        elif operator in _PAINTS and self.parts and operator not in ("s", "S"):
            # A filled area painted after text can cover it.
            self.unsure()


def shown(view: View, stream: generic.StreamObject) -> Shown:
    """Read the text that `stream` shows. Only its own resources count (ISO 32000-2 8.10.1)."""
    data = view.decoded(stream)
    if data is None or len(data) > _MAX_BYTES:
        return Shown(sure=False)
    reader = _Reader(view, stream)
    if any(name in stream for name in ("/OC", "/Ref")):
        reader.unsure()
    operands: list[object] = []
    depth = 0
    for kind, value in tokens(data):
        if kind == "dict":
            depth += 1 if value == "<<" else -1
        elif kind == "array":
            continue
        elif kind == "word" and depth <= 0 and value not in ("true", "false", "null"):
            try:
                reader.operate(str(value), operands)
            except IndexError:
                reader.unsure()
            operands = []
        elif depth <= 0:
            operands.append(value)
    reader.shown.text = "".join(reader.parts)
    return reader.shown


def fonts_of(view: View, stream: generic.StreamObject) -> list[object]:
    """Raw fonts in the resources of `stream`."""
    fonts = view.dictionary(raw_entry(view.dictionary(raw_entry(stream, "/Resources")), "/Font"))
    return list(items(generic.ArrayObject([fonts.raw_get(n) for n in fonts])))
