"""What certification, lock and seed values make of one seal, put together before anything is laid out."""

from __future__ import annotations

from dataclasses import dataclass

from eseal.documents.pdf import certify, lock, seed
from eseal.documents.pdf.form import FormFacts, SignatureField
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.lock import Lock
from eseal.documents.pdf.seed import Demands, Offer
from eseal.documents.pdf.source import Part, Source
from eseal.errors import PolicyError


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules that a seal sets for what comes after it, and those it was made under."""

    demands: Demands
    """What the field's seed values ask."""
    lock: Lock | None = None
    """The field's own lock."""
    closing: Part | None = None
    """The field whose lock is to close the document, as its seed values ask; None: it stays as it is."""

    @property
    def certify(self) -> int | None:
        """DocMDP level that the seal takes; None: an approval signature."""
        return self.demands.certify


def agree(source: Source, form: FormFacts, empty: SignatureField | None, offer: Offer) -> Terms:
    """The terms of a seal in the field `empty`, or in a new one.

    Raises UsageError SEAL_CERTIFY_LEVEL and PolicyError SEAL_CERTIFY_..., SEAL_LOCK_..., SEAL_SEED_...
    """
    demands = seed.meet(source, empty, offer) if empty is not None else Demands(certify=offer.certify)
    if demands.certify is not None:
        certify.check_certifiable(source, form, demands.certify)
    if empty is None:
        return Terms(demands)
    own = lock.read_lock(source, empty)
    level = min((x for x in (demands.certify, own.level if own is not None else None) if x is not None), default=None)
    if demands.lock is False and level == lock.CLOSED:
        raise PolicyError("SEAL_SEED_OPEN", field=empty.name)
    if demands.lock is not True or level == lock.CLOSED:
        return Terms(demands, own)
    if any(s.value is not None for s in form.signatures):
        # Setting the lock of a field that an earlier signature covers would change what that one signed.
        raise PolicyError("SEAL_SEED_LOCK", field=empty.name)
    return Terms(demands, own, empty.part)


def put(update: Update, terms: Terms, signature: Ref) -> bytes:
    """Write the terms into catalog and field; what the signature dictionary says of them (12.8.1, /Reference)."""
    locked = terms.lock
    if terms.closing is not None:
        locked = lock.close(update, terms.closing, locked)
    references = []
    if terms.certify is not None:
        references.append(certify.reference(terms.certify))
        certify.put_permission(update, signature)
    if locked is not None:
        root = update.source.root.ref
        assert root is not None
        references.append(lock.reference(locked, root))
    return b"/Reference [" + b" ".join(references) + b"] " if references else b""
