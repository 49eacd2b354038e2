"""The one door for opening pyHanko's reader: strict first, then tolerant; every raw exception becomes a DocumentError.

The reader sees the bytes up to the end of one revision, as a document of their own. Two of its slow ways are gone
round through its public cache of objects: signature values, which it reads digit by digit (a third to two thirds of
all its time), and object streams, whose directory it reads anew for every object in them.
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
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DecodePurpose, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError, PdfStrictReadError, read_non_whitespace
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import ObjStreamRef

from eseal.documents.pdf import lexer
from eseal.documents.pdf.lexer import LexError
from eseal.documents.pdf.scan import Scan
from eseal.documents.pdf.tiling import DECIPHER, DECIPHER_STRING
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
_CONTENTS = re.compile(rb"/Contents[\x00\t\n\x0c\r ]*(<[0-9A-Fa-f\x00\t\n\x0c\r ]{%d,}+>)" % _LONG)
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
    short: dict[int, bytes]
    """Objects with a long /Contents, shortened, by offset: for other readers of the same file."""


class _Window(io.BytesIO):
    """The first bytes of a large file as a file of their own, without a copy of it."""

    def __init__(self, data: bytes, end: int) -> None:
        super().__init__(data)
        self._end = end

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._end - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            return super().seek(self._end + offset)
        return super().seek(offset, whence)


class Reader(PdfFileReader):
    """pyHanko's reader with its slow ways gone round; what it answers is the same but for one thing.

    A long hexadecimal /Contents reads as the SHA-256 of its bytes: equal values stay equal, different ones different.
    The value itself is read from the file by `framing`.
    """

    def __init__(self, stream: io.BytesIO, strict: bool, limits: DecodeLimits, short: dict[int, bytes]) -> None:
        self._short = short
        self._directories: dict[int, _Directory | None] = {}
        super().__init__(stream, strict=strict, decode_limits=limits)

    # pyHanko's own reader differs from its own base class in the same way.
    def get_object(  # type: ignore[override]
        self,
        ref: generic.Reference,
        revision: int | None = None,
        never_decrypt: bool = False,
        transparent_decrypt: bool = True,
        as_metadata_stream: bool = False,
    ) -> Any:
        """As in pyHanko."""
        if revision is None and (ref.generation, ref.idnum) not in self.resolved_objects:
            place = self.xrefs[ref]
            found = None
            if isinstance(place, ObjStreamRef):
                found = self._packed(ref, place)
            elif place is not None and place in self._short:
                found = self._shortened(ref, self._short[place])
            if found is not None:
                self.cache_indirect_object(ref.generation, ref.idnum, found)  # type: ignore[no-untyped-call]
        return super().get_object(  # type: ignore[no-untyped-call]
            ref, revision, never_decrypt, transparent_decrypt, as_metadata_stream
        )

    def _shortened(self, ref: generic.Reference, source: bytes) -> generic.PdfObject | None:
        if lexer.object_header(source, 0) != (ref.idnum, ref.generation):
            return None
        stream = io.BytesIO(source)
        stream.seek(source.index(b"obj") + 3)
        read_non_whitespace(stream, seek_back=True)
        return generic.read_object(stream, generic.Reference(ref.idnum, ref.generation, self))

    def _packed(self, ref: generic.Reference, place: ObjStreamRef) -> generic.PdfObject | None:
        """The object, None where anything is odd: then pyHanko reads it, and complains as it does."""
        if place.obj_stream_id not in self._directories:
            self._directories[place.obj_stream_id] = self._directory(place.obj_stream_id)
        directory = self._directories[place.obj_stream_id]
        if directory is None or not 0 <= place.ix_in_stream < len(directory.numbers):
            return None
        if directory.numbers[place.ix_in_stream] != ref.idnum or ref.generation:
            return None
        stream = directory.stream
        stream.seek(directory.first + directory.offsets[place.ix_in_stream])
        read_non_whitespace(stream, seek_back=True)
        found = generic.read_object(stream, generic.Reference(ref.idnum, 0, self))
        return None if isinstance(found, generic.StreamObject | generic.IndirectObject) else found

    def _directory(self, number: int) -> _Directory | None:
        packed = self.get_object(generic.Reference(number, 0, self))
        if not isinstance(packed, generic.StreamObject) or packed.get("/Type") != "/ObjStm":
            return None
        count, first = packed.get("/N"), packed.get("/First")
        if not isinstance(count, int) or not isinstance(first, int) or count < 0 or first < 0:
            return None
        text = packed.read_data(DecodePurpose.OBJECT_STREAM)
        words = text[:first].split()[: 2 * count]
        if len(words) != 2 * count or not all(w.isdigit() and len(w) < 12 for w in words):
            return None
        return _Directory(io.BytesIO(text), first, list(map(int, words[::2])), list(map(int, words[1::2])))


@dataclass(frozen=True, slots=True)
class _Directory:
    stream: io.BytesIO
    first: int
    numbers: list[int]
    offsets: list[int]


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


def open_reader(
    scan: Scan, end: int | None = None, *, strict: bool = True, short: dict[int, bytes] | None = None
) -> Opened:
    """Open the bytes up to `end` (None: the end of the newest revision). Raises DocumentError.

    `short` is that of another reader of the same file. PDF_ENCRYPTED where the empty user password does not open it,
    PDF_UNREADABLE for what pyHanko cannot read.
    """
    whole = end is None
    if end is None:
        # To the last byte where only white space follows: a MAC (ISO/TS 32004) covers the file whole.
        end = len(scan.data) if scan.blank_end(scan.end) == len(scan.data) else scan.end
    stream = _stream(scan.data, end)
    limits = decode_limits(scan.limits)
    # Strings of an encrypted document are decrypted, and a digest in their place would not be.
    if short is None:
        short = {} if scan.encrypted else _shortened_objects(scan)
    shortened = short
    reader: Reader | None = None
    if strict:
        try:
            reader = Reader(stream, True, limits, shortened)
            _probe(reader)
        except PdfDecodeLimitError:
            raise DocumentError("PDF_LIMIT_INFLATED", where="xref", limit=limits.per_stream.max_output_size) from None
        except RAISED:
            reader = None

    def tolerant() -> Reader:
        stream.seek(0)
        again = Reader(stream, False, limits, shortened)
        _probe(again)
        return again

    found = reader if reader is not None else guarded(tolerant, "xref")
    decrypted = guarded(lambda: _decrypt(found), "encryption") if scan.encrypted else False
    if decrypted and whole:
        scan.memo[DECIPHER] = lambda num, place: _deciphered(found, num, place)
        scan.memo[DECIPHER_STRING] = lambda num, generation, text: _deciphered_string(found, num, generation, text)
    return Opened(found, reader is not None, decrypted, shortened)


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


def _deciphered(reader: PdfFileReader, num: int, place: int) -> bytes | None:
    """The decoded stream `num` where it is the one in force that stands at `place`; None for any other."""
    try:
        reference = generic.Reference(num, 0, reader)
        if reader.xrefs[reference] != place:
            return None
        return bytes(reader.get_object(reference).data)
    except RAISED:
        return None


def _deciphered_string(reader: PdfFileReader, num: int, generation: int, text: bytes) -> bytes | None:
    """The string `text` of object `num`; None where it cannot be deciphered as one (7.6.3)."""
    try:
        handler = reader.security_handler
        if handler is None:
            return None
        by = handler.get_string_filter()
        return bytes(by.decrypt(by.derive_object_key(num, generation), text))
    except RAISED:
        return None


def _stream(data: bytes, end: int) -> io.BytesIO:
    if end >= len(data):
        return io.BytesIO(data)
    return io.BytesIO(data[:end]) if len(data) <= _COPIED else _Window(data, end)


def _shortened_objects(scan: Scan) -> dict[int, bytes]:
    """Objects with a long hexadecimal /Contents, by offset, with the digest of the value in its place."""
    data = scan.data
    found: dict[int, bytes] = {}
    tries = 2 * scan.limits.signatures
    at = data.find(b"/Contents")
    while at >= 0 and tries:
        match = _CONTENTS.match(data, at)
        at += 9
        if match:
            tries -= 1
            start = scan.header_before(match.start())
            try:
                whole = lexer.read_object(data, start, scan.limits.nesting) if start is not None else None
            except LexError as error:
                whole, at = None, max(at, error.pos)
            if start is not None and whole is not None and whole.stream is None and whole.end > match.end():
                value = b"<" + _digest(match[1]) + b">"
                found[start] = data[start : match.start(1)] + value + data[match.end() : whole.end] + b" "
                # Each object is read once, however many such strings it holds.
                at = whole.end
        at = data.find(b"/Contents", at)
    return found


def _digest(digits: bytes) -> bytes:
    try:
        raw = unhexlify(digits[1:-1])
    except (HexError, ValueError):
        # Odd or spaced: another spelling, and so another value.
        raw = digits
    return hashlib.sha256(raw).hexdigest().encode()
