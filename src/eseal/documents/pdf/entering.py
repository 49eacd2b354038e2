"""Puts a new field into a document: on its page and into the form, each changed object once (ISO 32000-2 12.7.3)."""

from __future__ import annotations

from eseal.documents.pdf.form import FormFacts
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.source import Page, Part
from eseal.documents.pdf.syntax import appended, edited
from eseal.errors import DocumentError

SIG_FLAGS = b"3"
"""SignaturesExist and AppendOnly (12.7.3)."""

Changes = dict[Ref, dict[str, bytes]]
"""New entries of old dictionaries, by object: gathered first, since one object may get several."""


def enter(update: Update, form: FormFacts, page: Page, widget: Ref, changes: Changes) -> None:
    """Put the field `widget`, which is its own annotation (12.5.6.19), on its page and into the form."""
    append_item(update, page.part, "Annots", ref_bytes(widget), changes)
    _enter_form(update, form, ref_bytes(widget), changes)


def write_changes(update: Update, changes: Changes) -> None:
    """Write every changed dictionary."""
    for ref, entries in changes.items():
        owner = update.source.object(ref)
        if owner is not None:
            update.put(ref, edited(owner.text, owner.value, entries))


def append_item(update: Update, owner: Part, key: str, item: bytes, changes: Changes) -> None:
    """Put `item` at the end of the array `key` of the indirect dictionary `owner`."""
    array = update.source.part(owner, key)
    if array is not None and isinstance(array.value, list):
        longer = appended(array.text, array.start, array.end, item)
        if array.ref is not None:
            update.put(array.ref, longer)
            return
    else:
        longer = b"[" + item + b"]"
    changes.setdefault(own(owner), {})[key] = longer


def _enter_form(update: Update, form: FormFacts, widget: bytes, changes: Changes) -> None:
    """Put the field into /AcroForm, which is made where there is none (12.7.3)."""
    source = update.source
    root = own(source.root)
    part = form.part
    if part is None:
        made = update.add(b"<< /Fields [" + widget + b"] /SigFlags " + SIG_FLAGS + b" >>")
        changes.setdefault(root, {})["AcroForm"] = ref_bytes(made)
        return
    entries = {"SigFlags": SIG_FLAGS}
    fields = source.part(part, "Fields")
    if fields is None or not isinstance(fields.value, list):
        entries["Fields"] = b"[" + widget + b"]"
    else:
        longer = appended(fields.text, fields.start, fields.end, widget)
        if fields.ref is not None:
            update.put(fields.ref, longer)
        else:
            entries["Fields"] = longer
    if part.ref is not None:
        if source.resolve(part.value.get("SigFlags")) == 3 and len(entries) == 1:
            return
        changes.setdefault(part.ref, {}).update(entries)
    else:
        changes.setdefault(root, {})["AcroForm"] = edited(part.text, part.value, entries)


def own(part: Part) -> Ref:
    """The reference of an object that must be an indirect one. Raises DocumentError SEAL_DOCUMENT_BROKEN."""
    if part.ref is None:
        raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Page")
    return part.ref


def ref_bytes(ref: Ref) -> bytes:
    """A reference as it stands in a file."""
    return b"%d %d R" % (ref.num, ref.gen)
