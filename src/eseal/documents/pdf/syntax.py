"""Writes PDF objects, and changes entries of read ones without touching the bytes of all others.

No name, number or string of the input is ever rewritten by being read: a changed object is its own source with a few
entries cut out and put in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from eseal.documents.pdf.lexer import Dict

SEAL_ENTRY = "XXESealId"
"""Key of the signature dictionary under which the id of the seal stands, as a name, which encryption leaves as it is; a
third-class name (ISO 32000-2 annex E.2), so that no other program takes it for something else."""
SPARE_ENTRY = "XXESealSpare"
"""Key of a seal's field under which an empty appearance stands, for timestamps that come later; third-class too."""
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")


def edited(text: bytes, dictionary: Dict, changes: Mapping[str, bytes]) -> bytes:
    """The source of `dictionary`, which stands in `text`, with entries replaced or added."""
    out, at = [b"<<"], dictionary.start + 2
    for entry in dictionary.entries:
        if entry.key not in changes:
            out.append(text[at : entry.end])
        at = entry.end
    out.append(text[at : dictionary.end - 2])
    out.append(b"\n")
    out.extend(b"/" + name(key) + b" " + value + b"\n" for key, value in changes.items())
    out.append(b">>")
    return b"".join(out)


def appended(text: bytes, start: int, end: int, item: bytes) -> bytes:
    """The source of the array at `start` to `end` in `text` with one more item at its end."""
    return text[start : end - 1] + b"\n" + item + b"]"


def name(value: str) -> bytes:
    """A name without its slash as it stands in a file (ISO 32000-2 7.3.5), one byte a character."""
    raw = value.encode("latin-1")
    return b"".join(bytes((c,)) if 0x21 <= c <= 0x7E and c not in b"#()<>[]{}/%" else b"#%02X" % c for c in raw)


def text_string(value: str) -> bytes:
    """A text string (7.9.2.2): printable ASCII as it is, all else in UTF-16BE with its mark."""
    if value.isascii() and value.isprintable():
        return b"(" + value.encode().replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"
    return b"<" + (b"\xfe\xff" + value.encode("utf-16-be", "replace")).hex().encode() + b">"


def number(value: float, places: int = 4) -> bytes:
    """A real number with at most `places` decimals and no exponent (7.3.3)."""
    digits = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return b"0" if digits in ("", "-0") else digits.encode()


def numbers(values: tuple[float, ...]) -> bytes:
    """An array of real numbers."""
    return b"[" + b" ".join(map(number, values)) + b"]"


def date(when: datetime) -> bytes:
    """A date with its offset from UTC (7.9.4)."""
    offset = when.strftime("%z")
    return f"(D:{when:%Y%m%d%H%M%S}{offset[:3]}'{offset[3:5]}')".encode()


def decode_hex(token: bytes) -> bytes:
    """The bytes of a hexadecimal string (7.3.4.3), its brackets included."""
    digits = _NOT_HEX.sub(b"", token)
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def read_text(raw: bytes) -> str:
    """A text string as characters, never failing; PDFDocEncoding is read as latin-1, which is enough for names."""
    if raw.startswith(b"\xfe\xff"):
        return raw[2:].decode("utf-16-be", "replace")
    if raw.startswith(b"\xff\xfe"):
        return raw[2:].decode("utf-16-le", "replace")
    if raw.startswith(b"\xef\xbb\xbf"):
        return raw[3:].decode("utf-8", "replace")
    return raw.decode("latin-1")
