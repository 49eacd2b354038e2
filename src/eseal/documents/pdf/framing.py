"""How a signature is laid into the file: /ByteRange, the gap, /Contents, padding (ISO 32000-2 12.8.1, EN 319 142-1).

Everything is read from the bytes of the signature dictionary itself, never from a parsed copy.
"""

from __future__ import annotations

from binascii import unhexlify
from dataclasses import dataclass

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import Dict, Entry, LexError, Text
from eseal.documents.pdf.scan import Scan
from eseal.documents.pdf.tiling import deciphered_string
from eseal.report.model import Check, CheckVerdict

_WHITE = b"\x00\t\n\x0c\r "
# Longest run of length bytes in a DER header that is followed: 2^32 bytes are past every limit.
_LENGTH_BYTES = 4
_BER_ITEMS = 100_000


def failed(check: str, code: str, **params: object) -> Check:
    """A check that failed."""
    return Check(check, CheckVerdict.FAILED, code, {k: str(v) for k, v in params.items()})


def unknown(check: str, code: str, **params: object) -> Check:
    """A check that could not be answered."""
    return Check(check, CheckVerdict.UNKNOWN, code, {k: str(v) for k, v in params.items()})


def passed(check: str, code: str, **evidence: object) -> Check:
    """A check that passed, with what it rests on."""
    # What a passed check rests on may stand in its sentence too.
    values = {k: str(v) for k, v in evidence.items()}
    return Check(check, CheckVerdict.PASSED, code, values, values)


def info(code: str, **params: object) -> Check:
    """Something said for the reader."""
    return Check("note", CheckVerdict.INFO, code, {k: str(v) for k, v in params.items()})


class Unframed(Exception):
    """The signature cannot be taken apart; `check` says why."""

    def __init__(self, check: Check, *, placeholder: bool = False, end: int = 0) -> None:
        super().__init__(check.code)
        self.check = check
        self.placeholder = placeholder
        self.end = end


@dataclass(frozen=True, slots=True)
class Frame:
    """A signature's place in the file."""

    offset: int
    """Offset of the object that holds the signature dictionary."""
    ranges: tuple[tuple[int, int], tuple[int, int]]
    """The two covered (offset, length) pairs."""
    end: int
    """Offset behind the last covered byte."""
    cms: bytes
    """/Contents without its padding."""
    checks: tuple[Check, ...]
    """byte-range and contents, passed or not."""


def find_dictionary(scan: Scan, num: int, direct: bool) -> tuple[int, Dict]:
    """The bytes of a signature dictionary: object `num`, or /V of the field that is object `num`. Raises Unframed."""
    where = scan.find(num)
    offset = scan.offset(num)
    if where is None or offset is None:
        raise Unframed(unknown("field-structure", "PDF_SIGNATURE_PACKED", object=num))
    try:
        found = lexer.read_object(scan.data, offset, scan.limits.nesting)
    except LexError as error:
        raise Unframed(unknown("field-structure", "PDF_SIGNATURE_UNREADABLE", where=error.pos)) from None
    value = found.value
    if direct and isinstance(value, Dict):
        if value.count("V") > 1:
            raise Unframed(unknown("field-structure", "PDF_SIGNATURE_DOUBLED", key="/V", object=num))
        value = value.get("V")
    if found.num != num or found.gen != where[2] or not isinstance(value, Dict):
        raise Unframed(unknown("field-structure", "PDF_SIGNATURE_UNREADABLE", where=offset))
    return offset, value


def frame(scan: Scan, offset: int, signature: Dict) -> Frame:
    """Check /ByteRange and /Contents of `signature`. Raises Unframed where nothing can be digested or taken apart."""
    for key in ("ByteRange", "Contents"):
        if signature.count(key) > 1:
            raise Unframed(failed("field-structure", "PDF_SIGNATURE_DOUBLED", key="/" + key, object=""))
    a, b, c, d = _byte_range(scan, signature)
    end = c + d
    contents = signature.entry("Contents")
    if contents is None or contents.value is None:
        raise Unframed(failed("contents", "PDF_CONTENTS_MISSING"), end=end)
    if not isinstance(contents.value, Text):
        raise Unframed(failed("contents", "PDF_CONTENTS_NOT_STRING"), end=end)
    checks = [_gap(scan, a, b, c, d, contents)]
    cms, findings = _contents(scan, contents, end, offset)
    return Frame(offset, ((a, b), (c, d)), end, cms, (*checks, *findings))


def _byte_range(scan: Scan, signature: Dict) -> tuple[int, int, int, int]:
    value = signature.get("ByteRange")
    if value is None:
        raise Unframed(failed("byte-range", "PDF_BYTE_RANGE_MISSING"))
    if (
        not isinstance(value, list)
        or len(value) != 4
        or any(not isinstance(v, int) or isinstance(v, bool) or v < 0 for v in value)
    ):
        # 12.8.1: pairs of integers; PAdES: two pairs (EN 319 142-1 5.3). Written in the dictionary itself, so that
        # the covered bytes say what is covered.
        raise Unframed(failed("byte-range", "PDF_BYTE_RANGE_MALFORMED"))
    a, b, c, d = value
    if a + b > c or c + d > len(scan.data):
        raise Unframed(failed("byte-range", "PDF_BYTE_RANGE_OUTSIDE", range=f"{a} {b} {c} {d}", size=len(scan.data)))
    return a, b, c, d


def _gap(scan: Scan, a: int, b: int, c: int, d: int, contents: Entry) -> Check:
    spelled = f"{a} {b} {c} {d}"
    if a != 0:
        return failed("byte-range", "PDF_BYTE_RANGE_START", range=spelled)
    # Everything but the value of this very /Contents, its brackets included (12.8.1).
    if (a + b, c) != (contents.start, contents.end):
        return failed("byte-range", "PDF_BYTE_RANGE_GAP", range=spelled, start=contents.start, end=contents.end)
    if not d:
        return failed("byte-range", "PDF_BYTE_RANGE_GAP", range=spelled, start=contents.start, end=contents.end)
    return passed("byte-range", "PDF_BYTE_RANGE_OK", byte_range=spelled, file_size=len(scan.data))


def _contents(scan: Scan, contents: Entry, end: int, offset: int) -> tuple[bytes, list[Check]]:
    if not contents.value.hexadecimal:
        # 12.8.1 wants a hexadecimal string: only then is its length known before it is filled.
        raise Unframed(failed("contents", "PDF_CONTENTS_NOT_STRING"), end=end)
    digits = scan.data[contents.start + 1 : contents.end - 1]
    findings: list[Check] = []
    if len(digits) > 2 * scan.limits.cms_bytes:
        raise Unframed(unknown("contents", "PDF_CONTENTS_LARGE", limit=scan.limits.cms_bytes), end=end)
    plain = digits.translate(None, _WHITE)
    if len(plain) != len(digits) or len(plain) % 2:
        findings.append(unknown("contents", "PDF_CONTENTS_SPELLING"))
    raw = unhexlify(plain + b"0" * (len(plain) % 2))
    if not raw.strip(b"\0"):
        code = "PDF_CONTENTS_EMPTY" if raw else "PDF_CONTENTS_MISSING"
        raise Unframed(unknown("contents", code), placeholder=bool(raw), end=end)
    length = ber_length(raw)
    if length is None:
        raise Unframed(failed("contents", "PDF_CONTENTS_NOT_DER"), end=end)
    if raw[length:].strip(b"\0") and not _ciphered_padding(scan, raw, length, offset):
        # Bytes that no signature covers and no reader shows. Who put them there is not known: two files, one seal.
        findings.append(unknown("contents", "PDF_CONTENTS_PADDING", size=len(raw) - length))
    if not findings:
        findings.append(passed("contents", "PDF_CONTENTS_OK", cms_bytes=length, padding_bytes=len(raw) - length))
    return raw[:length], findings


_LEAST_CIPHERED = 16


def _ciphered_padding(scan: Scan, raw: bytes, length: int, offset: int) -> bool:
    """Whether all behind the CMS is what zeros become in an encrypted document.

    /Contents is not encrypted (ISO 32000-2 7.6.2), but PDFBox encrypts the empty one and then writes the CMS over its
    beginning. By the key of the document each of these bytes is a zero: they say as little as zeros do.
    """
    header = lexer.object_header(scan.data, offset)
    plain = deciphered_string(scan, *header, raw) if header is not None else None
    # AES in CBC mode: a byte that was deciphered speaks for two of the string, 16 bytes apart.
    return plain is not None and len(plain) - length >= _LEAST_CIPHERED and not plain[length:].strip(b"\0")


def ber_length(raw: bytes) -> int | None:
    """Length of the first BER or DER element in `raw`, None where it is none or reaches past the end (X.690 8.1)."""
    at, open_ends = 0, 0
    for _ in range(_BER_ITEMS):
        if at + 2 > len(raw):
            return None
        tag, first = raw[at], raw[at + 1]
        at += 2
        if tag & 31 == 31:
            # A tag of more than one byte stands in no CMS.
            return None
        if first == 0x80:
            if not tag & 32:
                return None
            open_ends += 1
            continue
        if tag == 0 and first == 0:
            if not open_ends:
                return None
            open_ends -= 1
        elif first < 0x80:
            at += first
        else:
            size = first & 127
            if size > _LENGTH_BYTES or at + size > len(raw):
                return None
            at += size + int.from_bytes(raw[at : at + size], "big")
        if at > len(raw):
            return None
        if not open_ends:
            return at
    return None
