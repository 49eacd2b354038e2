"""Prepares a seal: the signature field, its picture and the signature dictionary, as one appended section."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eseal.crypto.cms_build import template
from eseal.documents.pdf.claim import Claim
from eseal.documents.pdf.entering import SIG_FLAGS, Changes, enter, own, ref_bytes, write_changes
from eseal.documents.pdf.form import FormFacts, SignatureField, check_permitted, check_readable, read_form
from eseal.documents.pdf.impressions import Impression, free_place
from eseal.documents.pdf.imprint import Drawn, Imprint, strip_box
from eseal.documents.pdf.incremental import BYTE_RANGE, Update
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.lexer import Dict, Ref
from eseal.documents.pdf.pdfa import risks
from eseal.documents.pdf.pending import Pending
from eseal.documents.pdf.placement import Place, Rect, find_page, sheet
from eseal.documents.pdf.scan import scan
from eseal.documents.pdf.seed import Demands, Offer
from eseal.documents.pdf.source import Page, Part, Source
from eseal.documents.pdf.stamp import put_empty, put_form, put_picture, put_view, stamp
from eseal.documents.pdf.syntax import SEAL_ENTRY, SPARE_ENTRY, date, edited, numbers, text_string
from eseal.documents.pdf.terms import agree, put
from eseal.documents.straddling import Strip
from eseal.errors import PolicyError, UsageError
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate, Digest, Note, aware
from eseal.seals.artwork import Artwork

# Print and Locked (12.5.3): shown on paper, not to be moved; all flags that PDF/A forbids stay clear.
_FLAGS = 132
_NOWHERE: Rect = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the signature dictionary says beside the signature (12.8.1)."""

    at: datetime
    """Claimed time of sealing, aware; /M with its own offset."""
    reason: str | None = None
    """/Reason."""
    location: str | None = None
    """/Location."""
    name: str | None = None
    """/Name; readers take it from the certificate where it is left out."""
    seal: str = ""
    """Id of the seal in hex, signed with the rest, so that it can be looked up in its register; empty: none."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A seal that is laid out; only the size of its CMS is open, so that it can be made larger at no cost."""

    laid: Laid
    """The document as it was, and what is expected of it afterwards."""
    page: int | None
    """Page asked for, 1-based or from the end; None where it was left to us or nothing shows."""
    demands: Demands
    """What the field asked of the seal; its notes are what the seal does not meet."""
    _update: Update = dataclasses.field(repr=False)
    _signature: Ref = dataclasses.field(repr=False)
    _entries: bytes = dataclasses.field(repr=False)

    @property
    def field(self) -> str:
        """Name of the signature field."""
        return self.laid.field

    def risks(self, claim: Claim) -> tuple[Note, ...]:
        """What this seal would break of the PDF/A conformance that its document claims."""
        return risks(self._update, claim, self._entries)

    def pending(self, certificate: Certificate, chain: tuple[Certificate, ...], scheme: str, *, slot: int) -> Pending:
        """Close the layout with room for a CMS of `slot` bytes."""
        row = template(certificate, chain, scheme).scheme
        head, tail = self._section(slot)
        digest = self.laid.hashed(row.digest)
        digest.update(head)
        digest.update(tail)
        return Pending(
            original=self.laid.source.scan.data,
            head=head,
            tail=tail,
            slot=slot,
            field=self.field,
            digest=Digest(row.digest, digest.digest()),
            certificate=certificate,
            chain=chain,
            scheme=scheme,
        )

    def unsigned(self) -> bytes:
        """The file as it would be, with an empty signature: for showing, never for giving out."""
        head, tail = self._section(0)
        return b"".join((*self.laid.source.parts, head, b"<>", tail))

    def _section(self, slot: int) -> tuple[bytes, bytes]:
        before = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached " + self._entries
        return self._update.section(self._signature, before + BYTE_RANGE + b" /Contents ", b" >>", slot)


def open_source(data: bytes, limits: Limits = DEFAULT) -> Source:
    """Scan `data` for sealing. Raises DocumentError PDF_..., SEAL_DOCUMENT_ENCRYPTED, SEAL_DOCUMENT_XFA."""
    source = Source(scan(data, limits))
    check_readable(source)
    return source


def draft(
    source: Source,
    statement: Statement,
    *,
    artwork: Artwork | None = None,
    shown: Sequence[Impression] = (),
    field: str | None = None,
    offer: Offer | None = None,
    spare: bool = False,
) -> Draft:
    """Lay out a seal. `field` names an empty signature field, or the new one; `offer` is what it can be asked for.

    `shown` are the places of the picture: the first is the field's, unless that is there and has its own; all others
    are drawn into their pages. Without any a new field gets a free place; without `artwork` nothing shows. With `spare`
    the first seal of the document brings an empty appearance for timestamps that come later.

    Raises DocumentError SEAL_PAGE_CONTENT, UsageError PLACE_..., SEAL_FIELD_NAME, SEAL_FIELD_TAKEN and PolicyError
    SEAL_DRAW_SEALED,
    SEAL_DOCUMENT_CERTIFIED, SEAL_DOCUMENT_CERTIFIED_VISIBLE, SEAL_FIELD_LOCKED, SEAL_CERTIFY_...,
    SEAL_LOCK_..., SEAL_SEED_...
    """
    aware(statement.at, "at")
    form = read_form(source)
    empty = _empty_field(source, form, field)
    if shown and artwork is None:
        raise UsageError("PLACE_WITHOUT_PICTURE")
    if artwork is not None and empty is None and not shown:
        shown = (free_place(source, artwork.width_mm, artwork.height_mm),)
    name = field if field is not None else _free_name(form)
    terms = agree(source, form, empty, offer if offer is not None else Offer(reason=statement.reason))
    check_permitted(source, form, name, visible=artwork is not None, new=empty is None)
    update = Update(source)
    signature = update.reserve()
    changes: Changes = {}
    spare = spare and all(s.value is None for s in form.signatures)
    look = _Look(source, update, artwork, shown if empty is not None else shown[1:], spare)
    if empty is not None:
        spot = _fill(source, update, empty, signature, look)
    else:
        spot = _add(update, form, name, signature, look, shown[0] if shown else None, changes)
    drawn = look.draw(form, changes)
    write_changes(update, changes)
    entries = b"/M " + date(statement.at) + b" "
    for key, text in (("Name", statement.name), ("Reason", statement.reason), ("Location", statement.location)):
        if text:
            entries += b"/" + key.encode() + b" " + text_string(text) + b" "
    if statement.seal:
        entries += f"/{SEAL_ENTRY} /{statement.seal} ".encode("ascii")
    entries += put(update, terms, signature)
    page = shown[0].number if shown and shown[0].number else None
    laid = Laid(source, name, form.names, spot, drawn=drawn)
    return Draft(laid, page, terms.demands, update, signature, entries)


def _free_name(form: FormFacts) -> str:
    number = 1
    while f"Seal{number}" in form.names:
        number += 1
    return f"Seal{number}"


def _empty_field(source: Source, form: FormFacts, name: str | None) -> SignatureField | None:
    if name is None:
        return None
    found = next((s for s in form.signatures if s.name == name), None)
    if found is not None and found.value is None:
        return found
    if name in form.names:
        raise UsageError("SEAL_FIELD_TAKEN", field=name)
    # 12.7.4.2: a period joins names, so it cannot stand in one.
    if not name.strip() or "." in name or not name.isprintable():
        raise UsageError("SEAL_FIELD_NAME", field=name)
    return None


class _Look:
    """What the seal looks like: one picture, however often it shows."""

    def __init__(
        self, source: Source, update: Update, artwork: Artwork | None, drawn: Sequence[Impression], spare: bool
    ) -> None:
        self.source, self.update, self.artwork, self.drawn = source, update, artwork, drawn
        self.picture: Ref | None = None
        self.spare = {SPARE_ENTRY: ref_bytes(put_empty(update))} if spare else {}

    def appearance(self, rotate: int, strip: Strip | None = None, rect: Rect | None = None) -> Ref:
        """The appearance of the field on a page turned by `rotate`."""
        if self.artwork is None:
            return put_empty(self.update)
        if not self.drawn and strip is None:
            return put_form(self.update, self.artwork, rotate, rect)
        bbox = stamp(self.artwork).bbox
        box = bbox if strip is None else strip_box(strip, (bbox[2], bbox[3]))
        return put_view(self.update, self._shared(), box, rotate, rect)

    def draw(self, form: FormFacts, changes: Changes) -> tuple[Drawn, ...]:
        """Draw all impressions but the field's. Raises PolicyError SEAL_DRAW_SEALED where a signature would break."""
        if not self.drawn or self.artwork is None:
            return ()
        if any(s.value is not None for s in form.signatures):
            raise PolicyError("SEAL_DRAW_SEALED")
        bbox = stamp(self.artwork).bbox
        return Imprint(self.update, self._shared(), (bbox[2], bbox[3])).draw(self.drawn, changes)

    def _shared(self) -> Ref:
        assert self.artwork is not None
        if self.picture is None:
            self.picture = put_picture(self.update, self.artwork)
        return self.picture


def _add(
    update: Update,
    form: FormFacts,
    name: str,
    signature: Ref,
    look: _Look,
    shown: Impression | None,
    changes: Changes,
) -> Place | None:
    """A new field, which is its own widget (12.5.6.19), on its page and in the form."""
    if shown is None:
        spot, rect, page = None, _NOWHERE, find_page(update.source, 1)
        picture = put_empty(update)
    else:
        spot = shown.place
        rect, page = spot.rect, spot.page
        picture = look.appearance(spot.rotate, shown.strip)
    widget = update.add(
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T %b /V %b /F %d /Rect %b /P %b /AP << /N %b >> %b>>"
        % (
            text_string(name),
            ref_bytes(signature),
            _FLAGS,
            numbers(rect),
            ref_bytes(own(page.part)),
            ref_bytes(picture),
            b"".join(b"/%b %b " % (key.encode(), value) for key, value in look.spare.items()),
        )
    )
    enter(update, form, page, widget, changes)
    return spot


def _fill(source: Source, update: Update, empty: SignatureField, signature: Ref, look: _Look) -> Place | None:
    """Sign in a field that is there; its place stays, and the picture keeps its proportions within it."""
    widget, page = _widget(source, empty)
    rect = _rect(source, widget)
    entries: dict[str, bytes] = {"F": b"%d" % _FLAGS}
    spot = None
    if rect is None or look.artwork is None:
        entries["AP"] = b"<< /N " + ref_bytes(put_empty(update)) + b" >>"
    else:
        spot = Place(page, rect, sheet(source, page).rotate)
        entries["AP"] = b"<< /N " + ref_bytes(look.appearance(spot.rotate, rect=rect)) + b" >>"
    value = {"V": ref_bytes(signature), **look.spare}
    if widget.ref == empty.part.ref:
        update.put(own(widget), edited(widget.text, widget.value, entries | value))
    else:
        update.put(own(widget), edited(widget.text, widget.value, entries))
        update.put(own(empty.part), edited(empty.part.text, empty.part.value, value))
    part = source.dictionary(source.root, "AcroForm")
    if part is not None and source.resolve(part.value.get("SigFlags")) != 3:
        flags = {"SigFlags": SIG_FLAGS}
        if part.ref is not None:
            update.put(part.ref, edited(part.text, part.value, flags))
        else:
            root = source.root
            form = edited(part.text, part.value, flags)
            update.put(own(root), edited(root.text, root.value, {"AcroForm": form}))
    return spot


def _widget(source: Source, empty: SignatureField) -> tuple[Part, Page]:
    kids = [k for k in source.items(source.part(empty.part, "Kids")) if isinstance(k.value, Dict) and k.ref is not None]
    widget = kids[0] if kids else empty.part
    for page in source.pages():
        if any(item == widget.ref for item in source.array(page.part.value.get("Annots"))):
            return widget, page
    return widget, find_page(source, 1)


def _rect(source: Source, widget: Part) -> Rect | None:
    values = [source.resolve(v) for v in source.array(widget.value.get("Rect"))]
    if len(values) != 4 or not all(isinstance(v, int | float) for v in values):
        return None
    x0, y0, x1, y1 = map(float, values)
    rect = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
    return rect if rect[0] < rect[2] and rect[1] < rect[3] else None
