"""The one door for opening pyHanko's reader: strict first, then tolerant; every raw exception becomes a DocumentError.

The reader gets the bytes up to the end of one revision, as a document of their own, with every long hexadecimal
/Contents replaced by its digest in place: pyHanko reads such strings digit by digit, which would be a third to two
thirds of all its time. Offsets stay, equal strings stay equal and different ones different.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import zlib
from binascii import Error as HexError
from binascii import unhexlify
from collections.abc import Callable
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any, TypeVar

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError, PdfStrictReadError
from pyhanko.pdf_utils.reader import PdfFileReader

from eseal.documents.pdf.scan import Scan
from eseal.errors import DocumentError
from eseal.limits import Limits

# pyHanko says on its logger what is said here in a report.
logging.getLogger("pyhanko").addHandler(logging.NullHandler())
logging.getLogger("pyhanko").propagate = False

RAISED = (
    PdfError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    InvalidOperation,
    NotImplementedError,
    OSError,
    EOFError,
    RecursionError,
    MemoryError,
    zlib.error,
)
"""Everything that pyHanko was seen to raise, or can raise, on malformed input."""

# Below: an own copy is cheaper than a reader whose every read goes through Python.
_COPIED = 16_000_000
_LONG = 512
_CONTENTS = re.compile(rb"/Contents[\x00\t\n\x0c\r ]*<([0-9A-Fa-f\x00\t\n\x0c\r ]{%d,}+)>" % _LONG)
_WHITE = b"\x00\t\n\x0c\r "

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """A reader and how it could be opened."""

    reader: PdfFileReader
    """pyHanko's reader."""
    strict: bool
    """False where it opened only in tolerant mode."""
    decrypted: bool
    """True where the document is encrypted and the empty user password opened it."""


class _Window(io.BytesIO):
    """The first bytes of a large file as a file of their own, with patches, without a copy of it."""

    def __init__(self, data: bytes, end: int, patches: list[tuple[int, bytes]]) -> None:
        super().__init__(data)
        self._end = end
        self._patches = patches

    def read(self, size: int | None = -1, /) -> bytes:
        start = self.tell()
        left = max(0, self._end - start)
        got = super().read(left if size is None or size < 0 else min(size, left))
        for at, patch in self._patches:
            if at < start + len(got) and start < at + len(patch):
                low, high = max(at, start), min(at + len(patch), start + len(got))
                got = got[: low - start] + patch[low - at : high - at] + got[high - start :]
        return got

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            return super().seek(self._end + offset)
        return super().seek(offset, whence)


def guarded(call: Callable[[], T], what: str) -> T:
    """`call()`, with whatever pyHanko raises made a DocumentError (PDF_UNREADABLE, PDF_LIMIT_...)."""
    try:
        return call()
    except PdfDecodeLimitError:
        raise DocumentError("PDF_LIMIT_INFLATED", where=what, limit="") from None
    except RecursionError:
        raise DocumentError("PDF_LIMIT_DEPTH", what=what) from None
    except RAISED as error:
        raise DocumentError("PDF_UNREADABLE", what=what, error=_plain(error)) from None


def _plain(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text if len(text) <= 200 else text[:200] + "..."


def open_reader(scan: Scan, end: int | None = None) -> Opened:
    """Open the bytes up to `end` (None: the end of the newest revision). Raises DocumentError.

    PDF_ENCRYPTED where the empty user password does not open it, PDF_UNREADABLE for what pyHanko cannot read.
    """
    stream = _stream(scan, scan.end if end is None else min(end, len(scan.data)))
    limits = decode_limits(scan.limits)
    strict = True
    try:
        reader = PdfFileReader(stream, strict=True, decode_limits=limits)
        _probe(reader)
    except PdfDecodeLimitError:
        raise DocumentError("PDF_LIMIT_INFLATED", where="xref", limit=limits.per_stream.max_output_size) from None
    except RAISED:
        strict = False
        stream.seek(0)

        def tolerant() -> PdfFileReader:
            again = PdfFileReader(stream, strict=False, decode_limits=limits)
            _probe(again)
            return again

        reader = guarded(tolerant, "xref")
    decrypted = guarded(lambda: _decrypt(reader), "encryption") if scan.encrypted else False
    return Opened(reader, strict, decrypted)


def decode_limits(limits: Limits) -> DecodeLimits:
    """Our bounds in pyHanko's terms."""
    return DecodeLimits(
        per_stream=StreamDecodeLimits(max_output_size=limits.stream_bytes),
        document_budget=DocumentDecodeBudget(base_allowance=limits.inflated_bytes, max_ratio=1),
    )


def _probe(reader: PdfFileReader) -> None:
    """The catalog must be there: strict mode is given up at once where it cannot be read."""
    if reader.encrypt_dict is None:
        root = reader.root
        if not isinstance(root, generic.DictionaryObject):
            raise PdfStrictReadError("catalog")


def _decrypt(reader: PdfFileReader) -> bool:
    if reader.encrypt_dict is None:
        return False
    handler = reader.security_handler
    if not isinstance(handler, StandardSecurityHandler):
        # Encrypted for named recipients (ISO 32000-2 7.6.5): nobody else can read it.
        raise DocumentError("PDF_ENCRYPTED")
    if reader.decrypt(b"").status is AuthStatus.FAILED:
        raise DocumentError("PDF_ENCRYPTED")
    return True


def _stream(scan: Scan, end: int) -> io.BytesIO:
    # Strings of an encrypted document are decrypted, and a digest in their place would not be.
    patches = [] if scan.encrypted else _patches(scan.data, end)
    if len(scan.data) > _COPIED:
        return _Window(scan.data, end, patches) if patches or end < len(scan.data) else io.BytesIO(scan.data)
    if not patches:
        return io.BytesIO(scan.data[:end])
    parts: list[Any] = []
    at = 0
    view = memoryview(scan.data)
    for start, patch in patches:
        parts += [view[at:start], patch]
        at = start + len(patch)
    parts.append(view[at:end])
    return io.BytesIO(b"".join(parts))


def _patches(data: bytes, end: int) -> list[tuple[int, bytes]]:
    """(offset, replacement) for the digits of every long hexadecimal /Contents."""
    found = []
    at = data.find(b"/Contents", 0, end)
    while at >= 0:
        match = _CONTENTS.match(data, at, end)
        if match:
            digits = match[1]
            try:
                raw = unhexlify(digits)
            except (HexError, ValueError):
                raw = digits.translate(None, _WHITE).lower()
            found.append((match.start(1), hashlib.sha256(raw).hexdigest().encode().ljust(len(digits))))
        at = data.find(b"/Contents", at + 9, end)
    return found
