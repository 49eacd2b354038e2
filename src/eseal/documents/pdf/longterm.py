"""Prepares proofs that last: validation data and a document timestamp, as one appended section.

ISO 32000-2 12.8.4.3 and 12.8.5, EN 319 142-1 5.4 and 5.5. Both may stand in one section: the timestamp covers the
data, which is what level B-LTA asks. A document that is certified against all changes takes them too (12.8.2.2.2).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

from eseal.documents.pdf.claim import read_claim
from eseal.documents.pdf.entering import Changes, enter, own, ref_bytes, write_changes
from eseal.documents.pdf.form import FormFacts, read_form
from eseal.documents.pdf.incremental import BYTE_RANGE, Update
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.lexer import Name, Ref
from eseal.documents.pdf.pending import filled
from eseal.documents.pdf.placement import find_page
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.stamp import put_empty
from eseal.documents.pdf.store import grow
from eseal.documents.pdf.syntax import SPARE_ENTRY, edited, text_string
from eseal.errors import DocumentError
from eseal.model import Digest, ValidationData

DIGEST = "sha256"
"""Digest that document timestamps are made over: every service takes it."""

# Print and Locked (12.5.3), as PDF/A demands of what it calls an annotation.
_FLAGS = 132
_VERSION = re.compile(rb"%PDF-(\d)\.(\d)")
# ISO 32000-1 7.12: before PDF 2.0 both are an extension by ETSI (TS 102 778-4 annex A).
_EXTENSION = b"<< /BaseVersion /1.7 /ExtensionLevel 5 >>"


@dataclass(frozen=True, slots=True)
class PendingTimestamp:
    """A section that waits for its document timestamp."""

    head: bytes = dataclasses.field(repr=False)
    """What is appended, up to the "<" of /Contents."""
    tail: bytes = dataclasses.field(repr=False)
    """What is appended, from behind its ">"."""
    slot: int
    """Room for the token, in bytes."""
    digest: Digest
    """Digest of the document without /Contents: what is to be timestamped."""

    def digest_of(self, algorithm: str) -> bytes:
        """The digest, by its own algorithm. Raises KeyError for any other."""
        return {self.digest.algorithm: self.digest.value}[algorithm]

    def appended(self, token: bytes) -> bytes:
        """The whole section. Raises SlotTooSmall."""
        return filled(self.head, token, self.slot, self.tail)


@dataclass(frozen=True, slots=True)
class LongTerm:
    """Validation data, and where wanted a document timestamp, that are laid out; the token's size is still open."""

    laid: Laid
    """The document as it was, and what is expected of it afterwards."""
    _update: Update = dataclasses.field(repr=False)
    _signature: Ref | None = dataclasses.field(repr=False)

    def unsigned(self) -> bytes:
        """The section without a document timestamp: validation data alone."""
        return self._update.unsigned()

    def pending(self, slot: int) -> PendingTimestamp:
        """Close the layout with room for a token of `slot` bytes."""
        assert self._signature is not None  # asked for a timestamp
        before = (
            b"<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 " + BYTE_RANGE + b" /Contents "
        )
        head, tail = self._update.section(self._signature, before, b" >>", slot)
        digest = self.laid.hashed(DIGEST)
        digest.update(head)
        digest.update(tail)
        return PendingTimestamp(head, tail, slot, Digest(DIGEST, digest.digest()))


def lay_out(laid: Laid, data: ValidationData, of_each: Mapping[str, ValidationData], *, timestamp: bool) -> LongTerm:
    """Lay out what is added behind `laid.source`.

    `data` joins the document's store, `of_each` says which of it each signature needs (by `store.vri_key`). Raises
    DocumentError SEAL_DOCUMENT_....
    """
    source = laid.source
    update = Update(source)
    form = read_form(source)
    changes: Changes = {}
    signature = None
    if data != ValidationData():
        grow(update, data, of_each, changes)
    name = ""
    if timestamp:
        name = _free_name(form)
        signature = update.reserve()
        _add_field(update, form, name, signature, changes)
    _declare(source, changes)
    write_changes(update, changes)
    return LongTerm(dataclasses.replace(laid, field=name, names=form.names, place=None), update, signature)


def _add_field(update: Update, form: FormFacts, name: str, signature: Ref, changes: Changes) -> None:
    """The field of a document timestamp: it shows nothing (EN 319 142-1 5.4.3)."""
    page = find_page(update.source, 1)
    # Nothing shows, so nothing is drawn; ISO 19005-1 6.9 alone wants an appearance all the same.
    look = b"/AP << /N %b >> " % ref_bytes(_empty_look(update, form)) if _claims_part_1(update.source) else b""
    widget = update.add(
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T %b /V %b /F %d /Rect [0 0 0 0] /P %b %b>>"
        % (text_string(name), ref_bytes(signature), _FLAGS, ref_bytes(own(page.part)), look)
    )
    enter(update, form, page, widget, changes)


def _empty_look(update: Update, form: FormFacts) -> Ref:
    """An empty appearance: the one that the first seal brought, if it did.

    Other verifiers take a new one for a change that a certification of level 1 forbids.
    """
    for signature in form.signatures:
        spare = signature.part.value.get(SPARE_ENTRY)
        # Ghostscript shows what a widget without an area refers to, so it must be empty.
        if signature.value is not None and isinstance(spare, Ref) and update.source.stream(spare) == b"":
            return spare
    return put_empty(update)


def _claims_part_1(source: Source) -> bool:
    try:
        claim = read_claim(source)
    except DocumentError:
        return False
    return claim is not None and claim.part == 1


def _free_name(form: FormFacts) -> str:
    number = 1
    while f"Timestamp{number}" in form.names:
        number += 1
    return f"Timestamp{number}"


def _declare(source: Source, changes: Changes) -> None:
    """Say in /Extensions what is used beyond the version of the file (7.12)."""
    named = source.resolve(source.root.value.get("Version"))
    header = _VERSION.match(source.scan.data)
    versions = [header[1] + b"." + header[2]] if header else []
    versions += [named.encode("latin-1")] if isinstance(named, Name) else []
    if max(versions, default=b"") >= b"2.0":
        return
    part = source.dictionary(source.root, "Extensions")
    if part is None:
        changes.setdefault(own(source.root), {})["Extensions"] = b"<< /ESIC " + _EXTENSION + b" >>"
    elif part.value.get("ESIC") is None:
        owner = part.ref if part.ref is not None else None
        if owner is not None:
            changes.setdefault(owner, {})["ESIC"] = _EXTENSION
        else:
            longer = edited(part.text, part.value, {"ESIC": _EXTENSION})
            changes.setdefault(own(source.root), {})["Extensions"] = longer
