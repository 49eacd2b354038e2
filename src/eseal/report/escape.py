"""Strings from outside, made harmless for the place where they are shown: a terminal, an HTML page, a line of a log.

Names, reasons, field names and file names in a document are chosen by whoever made it. They must not move the cursor,
reverse the reading order, hide characters, start a line of their own or become markup. Nothing is dropped: what
cannot be shown as it is, is shown as ⟨U+202E⟩.
"""

from __future__ import annotations

import html as _html
import json
import re
import unicodedata

LIMIT = 300
"""Longest string shown, in characters; the rest is counted."""

# Letters and symbols by category that show as nothing at all: fillers of Hangul, the blank Braille pattern.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# More marks than any orthography stacks on one letter would cover the lines above and below.
_MARKS = 4


def visible(text: str) -> str:
    """`text` with control, bidi, zero-width, line-separating, private and unassigned characters as ⟨U+202E⟩."""
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    before = ""
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        hidden = category in _UNSEEN or char in _BLANK or marks > _MARKS
        if _selector(char):
            # A variation selector is part of a name only behind the ideograph whose form it picks (UTS #37).
            hidden = not _ideograph(before)
        out.append(f"⟨U+{ord(char):04X}⟩" if hidden else char)
        before = char
    return "".join(out)


def terminal(text: str, limit: int = LIMIT) -> str:
    """`text` for a terminal: one line, nothing that moves the cursor or reverses the order, at most `limit` long."""
    return visible(_bounded(text, limit))


def html(text: str, limit: int = LIMIT * 10) -> str:
    """`text` for an HTML page, inside an element or a quoted attribute."""
    return _html.escape(visible(_bounded(text, limit)), quote=True)


def log(text: str, limit: int = LIMIT * 10) -> str:
    """`text` for a log: one line, a JSON string with its quotes."""
    return json_text(json.dumps(whole(_bounded(text, limit)), ensure_ascii=False))


def json_text(dumped: str) -> str:
    r"""JSON text whose strings hold no unseen character as such, only as \uXXXX: the value stays the same."""
    if dumped.isascii() and "\x7f" not in dumped:
        return dumped
    return _NOT_PLAIN.sub(_escaped, dumped)


def whole(text: str) -> str:
    """`text` with lone surrogates as U+FFFD, so that it can be encoded; file names may hold them."""
    return _SURROGATE.sub("\ufffd", text)


def _bounded(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… (+{len(text) - limit})"


def _selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _ideograph(char: str) -> bool:
    return bool(char) and unicodedata.name(char, "").startswith("CJK ")


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if not _selector(char) and unicodedata.category(char) not in _UNSEEN and char not in _BLANK:
        return char
    point = ord(char)
    if point < 0x10000:
        return f"\\u{point:04x}"
    point -= 0x10000
    return f"\\u{0xD800 + (point >> 10):04x}\\u{0xDC00 + (point & 0x3FF):04x}"


_SURROGATE = re.compile("[\ud800-\udfff]")
# The layout of JSON text itself (line feeds of an indented object) is ASCII and stays.
_NOT_PLAIN = re.compile(r"[^\x00-\x7e]")
