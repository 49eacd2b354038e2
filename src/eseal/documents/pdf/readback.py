"""Reads back a seal that was just written, before anybody gets it (ISO 32000-2 12.8.1).

What is appended is read anew, with nothing taken over from the writer. The input is the very object that was scanned,
so its bytes cannot have changed and are not scanned again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eseal.documents.pdf.form import read_form
from eseal.documents.pdf.framing import ber_length
from eseal.documents.pdf.imprint import is_drawn
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.lexer import Dict, Ref
from eseal.documents.pdf.source import Part, Source, string_bytes
from eseal.documents.pdf.syntax import SEAL_ENTRY
from eseal.documents.pdf.xref import Budget, Section, read_section
from eseal.errors import DocumentError, VerificationFailed

_END = re.compile(rb"startxref\n(\d{1,20})\n%%EOF\n\Z")


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A signature as the finished file carries it."""

    cms: bytes = field(repr=False)
    """DER of the CMS."""
    digest: Callable[[str], bytes] = field(repr=False)
    """Digest of the covered bytes, computed over what was written."""
    seal: str
    """Id of the seal that the signature names; empty where it names none."""
    source: Source = field(repr=False)
    """The finished file, as it was read."""


def read_back(expected: Laid, appended: bytes) -> ReadBack:
    """Open input and `appended` as one file and find the seal. Raises VerificationFailed SEAL_READ_BACK."""
    try:
        return _read(expected, appended)
    except DocumentError as error:
        raise VerificationFailed("SEAL_READ_BACK", reason=f"{error.code} {error.params}") from error


def _read(expected: Laid, appended: bytes) -> ReadBack:
    base = expected.source.size
    source = reopen(expected, appended)
    after = read_form(source)
    found = [s for s in after.signatures if s.name == expected.field]
    _expect(len(found) == 1, "the field is not in the form")
    signature, widget = found[0].value, found[0].part
    _expect(signature is not None, "the field has no signature")
    assert signature is not None
    _expect(signature.text is appended, "the signature is not in what was appended")
    if expected.place is not None:
        _expect(_shows(source, expected, widget), "the picture is not on its page")
    for drawn in expected.drawn:
        _expect(is_drawn(source, drawn), "the picture is not drawn into its page")
    contents = signature.value.entry("Contents")
    _expect(contents is not None, "/Contents is missing")
    ranges = (0, base + contents.start, base + contents.end, source.size - base - contents.end)
    # Everything but the value of /Contents, from the first byte to the last.
    _expect(signature.value.get("ByteRange") == list(ranges), "the byte range is wrong")
    raw = string_bytes(source.part(signature, "Contents")) or b""
    length = ber_length(raw)
    _expect(length is not None and not raw[length:].strip(b"\0"), "/Contents is not one CMS")
    view = memoryview(appended)

    def digest(name: str) -> bytes:
        state = expected.hashed(name)
        state.update(view[: contents.start])
        state.update(view[contents.end :])
        return bytes(state.digest())

    seal = signature.value.get(SEAL_ENTRY)
    return ReadBack(raw[:length], digest, seal if isinstance(seal, str) else "", source)


def reopen(expected: Laid, appended: bytes) -> Source:
    """Open input and `appended` as one file. Raises VerificationFailed SEAL_READ_BACK, DocumentError PDF_..."""
    source = expected.source.with_appended(appended, _section(expected.source, appended))
    _expect(read_form(source).names >= expected.names, "a field is gone")
    return source


def _section(source: Source, appended: bytes) -> Section:
    base = source.size
    end = _END.search(appended, max(0, len(appended) - 64))
    declared = int(end[1]) if end else -1
    _expect(base <= declared < base + len(appended), "startxref is wrong")
    section = read_section(appended, declared, declared - base, Budget(source.scan.limits))
    _expect(section.prev == source.startxref, "/Prev is wrong")
    _expect(section.trailer.get("Root") == source.trailer_entry("Root"), "/Root is wrong")
    for ref, offset in ((num, place) for num, _, place in section.entries.plain()):
        _expect(base <= offset < base + len(appended), f"object {ref} is not in what was appended")
    return section


def _shows(source: Source, expected: Laid, field: Part) -> bool:
    """Whether the widget is among its page's annotations, at its place, with an appearance."""
    assert expected.place is not None
    page = source.object(expected.place.page.part.ref) if expected.place.page.part.ref else None
    annotations = source.array(page.value.get("Annots")) if page is not None else []
    kids = [field.ref, *(k for k in source.array(field.value.get("Kids")) if isinstance(k, Ref))]
    for ref in kids:
        widget = source.object(ref) if ref is not None and ref in annotations else None
        if widget is None:
            continue
        appearance = source.dictionary(widget, "AP")
        form = source.dictionary(appearance, "N") if appearance is not None else None
        rect: list[Any] = source.array(widget.value.get("Rect"))
        same = len(rect) == 4 and sorted(map(float, rect)) == sorted(map(float, expected.place.rect))
        return same and form is not None and isinstance(form.value, Dict)
    return False


def _expect(holds: bool, reason: str) -> None:
    if not holds:
        raise VerificationFailed("SEAL_READ_BACK", reason=reason)
