"""The lock of a signature field (ISO 32000-2 12.7.5.5, table 236): which fields its signature closes."""

from __future__ import annotations

from dataclasses import dataclass

from eseal.documents.pdf.certify import LEVELS
from eseal.documents.pdf.form import SignatureField
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Dict, Ref
from eseal.documents.pdf.source import Part, Source, string_bytes
from eseal.documents.pdf.syntax import edited
from eseal.errors import PolicyError

CLOSED = 1
"""/P at which nothing may change any more."""
_WHOLE = b"<< /Type /SigFieldLock /Action /All /P 1 >>"


@dataclass(frozen=True, slots=True)
class Lock:
    """What a field says will be locked by its signature."""

    action: str
    """"All", "Include" or "Exclude"."""
    fields: tuple[bytes, ...] = ()
    """The names as they stand in the file, each a string with its brackets."""
    level: int | None = None
    """/P (PDF 2.0): 1, 2 or 3; None: the lock says nothing of the document."""


def read_lock(source: Source, field: SignatureField) -> Lock | None:
    """The lock of an empty field. Raises PolicyError SEAL_LOCK_UNREADABLE: what is not understood is not signed."""
    part = source.part(field.part, "Lock")
    if part is None:
        return None
    # A key that stands twice means one thing to one reader and another to the next (7.3.7).
    if not isinstance(part.value, Dict) or any(part.value.count(e.key) > 1 for e in part.value.entries):
        raise PolicyError("SEAL_LOCK_UNREADABLE", field=field.name, what="/Lock")
    action = source.resolve(part.value.get("Action"))
    if action not in ("All", "Include", "Exclude"):
        raise PolicyError("SEAL_LOCK_UNREADABLE", field=field.name, what="/Action")
    names = source.items(source.part(part, "Fields"))
    if (not names and action != "All") or any(string_bytes(n) is None for n in names):
        raise PolicyError("SEAL_LOCK_UNREADABLE", field=field.name, what="/Fields")
    level = source.resolve(part.value.get("P"))
    if level is not None and (type(level) is not int or level not in LEVELS):
        raise PolicyError("SEAL_LOCK_UNREADABLE", field=field.name, what="/P")
    return Lock(str(action), tuple(n.source for n in names) if action != "All" else (), level)


def reference(lock: Lock, root: Ref) -> bytes:
    """The signature reference that carries the lock (tables 256, 258); `root` is the catalog, which it is about."""
    names = b" /Fields [" + b" ".join(lock.fields) + b"]" if lock.action != "All" else b""
    return (
        b"<< /Type /SigRef /TransformMethod /FieldMDP /Data %d %d R /TransformParams << /Type /TransformParams "
        b"/Action /%b%b /V /1.2 >> >>" % (root.num, root.gen, lock.action.encode(), names)
    )


def close(update: Update, field: Part, lock: Lock | None) -> Lock:
    """Make the field's lock one that closes the document, as its seed value asks; what it locked stays locked."""
    assert field.ref is not None
    part = update.source.dictionary(field, "Lock")
    if part is None or lock is None:
        update.edit(field.ref, {"Lock": _WHOLE})
        return Lock("All", (), CLOSED)
    body = edited(part.text, part.value, {"P": b"1"})
    if part.ref is not None:
        update.put(part.ref, body)
    else:
        update.edit(field.ref, {"Lock": body})
    return Lock(lock.action, lock.fields, CLOSED)
