"""The document security store as the write path reads and grows it (ISO 32000-2 12.8.4.3, EN 319 142-1 5.4.2)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eseal.documents.pdf.entering import Changes, own, ref_bytes
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.source import Part, Source
from eseal.documents.pdf.syntax import appended, edited
from eseal.errors import DocumentError
from eseal.model import Certificate, ValidationData

_KINDS = {"Certs": "Cert", "OCSPs": "OCSP", "CRLs": "CRL"}
"""Arrays of the store, and what they are called for one signature (table 262, 263)."""
_MOST = 5_000
"""Most streams of a store that are read to find doubles."""


def vri_key(contents: bytes) -> str:
    """The name of a signature in /VRI: SHA-1 over the whole of its /Contents, padding included (table 262)."""
    return hashlib.sha1(contents, usedforsecurity=False).hexdigest().upper()


@dataclass(slots=True)
class Store:
    """What a document's store holds."""

    part: Part | None
    """/DSS of the catalog; None where there is none."""
    refs: dict[str, dict[bytes, Ref]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    """For "Certs", "OCSPs" and "CRLs": DER of each value, and where it stands."""

    @property
    def data(self) -> ValidationData:
        """The values."""
        certificates = tuple(map(Certificate, self.refs["Certs"]))
        return ValidationData(certificates, tuple(self.refs["CRLs"]), tuple(self.refs["OCSPs"]))

    def lacks(self, data: ValidationData) -> bool:
        """Whether any of `data` does not stand here yet."""
        return any(der not in self.refs[kind] for kind, ders in _by_kind(data).items() for der in ders)


def read_store(source: Source) -> Store:
    """Read /DSS. What cannot be decoded is passed over; it stays in the document as it is."""
    store = Store(source.dictionary(source.root, "DSS"))
    if store.part is None:
        return store
    for kind, found in store.refs.items():
        for ref in source.array(store.part.value.get(kind))[:_MOST]:
            try:
                content = source.stream(ref) if isinstance(ref, Ref) else None
            except DocumentError:
                continue
            if content is not None:
                found.setdefault(content, ref)
    return store


def grow(update: Update, data: ValidationData, of_each: Mapping[str, ValidationData], changes: Changes) -> None:
    """Add to the store what it lacks of `data`, and what each signature (by its `vri_key`) needs.

    What is there stays: arrays get longer, nothing is written twice.
    """
    source = update.source
    store = read_store(source)
    entries: dict[str, bytes] = {}
    for kind, ders in _by_kind(data).items():
        known = store.refs[kind]
        new = [der for der in ders if der not in known]
        for der in new:
            known[der] = update.add(_stream(der))
        if new:
            _lengthen(update, store.part, kind, [known[der] for der in new], entries)
    vri = source.dictionary(store.part, "VRI") if store.part is not None else None
    added = {}
    for key, needed in of_each.items():
        old = source.dictionary(vri, key) if vri is not None else None
        value = _of_signature(source, store, old, needed)
        if value is not None:
            added[key] = ref_bytes(update.add(value))
    if added and vri is not None and vri.ref is not None:
        update.put(vri.ref, edited(vri.text, vri.value, added))
    elif added:
        text, value = (vri.text, vri.value) if vri is not None else (b"", None)
        entries["VRI"] = edited(text, value, added) if value is not None else _dictionary(added)
    _put(update, store.part, entries, changes)


def _put(update: Update, part: Part | None, entries: dict[str, bytes], changes: Changes) -> None:
    if not entries:
        return
    if part is not None and part.ref is not None:
        update.put(part.ref, edited(part.text, part.value, entries))
        return
    body = edited(part.text, part.value, entries) if part is not None else _dictionary({"Type": b"/DSS"} | entries)
    changes.setdefault(own(update.source.root), {})["DSS"] = ref_bytes(update.add(body))


def _lengthen(update: Update, owner: Part | None, key: str, refs: list[Ref], entries: dict[str, bytes]) -> None:
    items = b" ".join(map(ref_bytes, refs))
    array = update.source.part(owner, key) if owner is not None else None
    if array is None or not isinstance(array.value, list):
        entries[key] = b"[" + items + b"]"
    elif array.ref is not None:
        update.put(array.ref, appended(array.text, array.start, array.end, items))
    else:
        entries[key] = appended(array.text, array.start, array.end, items)


def _of_signature(source: Source, store: Store, old: Part | None, needed: ValidationData) -> bytes | None:
    """The /VRI dictionary of one signature (table 263); None where the old one says it all."""
    lists: dict[str, bytes] = {}
    for kind, ders in _by_kind(needed).items():
        key = _KINDS[kind]
        before = [r for r in source.array(old.value.get(key)) if isinstance(r, Ref)] if old is not None else []
        refs = list(dict.fromkeys([*before, *(store.refs[kind][der] for der in ders)]))
        if len(refs) > len(before):
            lists[key] = b"[" + b" ".join(map(ref_bytes, refs)) + b"]"
    if not lists:
        return None
    return edited(old.text, old.value, lists) if old is not None else _dictionary(lists)


def _by_kind(data: ValidationData) -> dict[str, Iterable[bytes]]:
    return {"Certs": [c.der for c in data.certificates], "OCSPs": data.ocsps, "CRLs": data.crls}


def _dictionary(entries: Mapping[str, bytes]) -> bytes:
    return b"<< " + b" ".join(b"/%b %b" % (key.encode(), value) for key, value in entries.items()) + b" >>"


def _stream(der: bytes) -> bytes:
    packed = zlib.compress(der)
    entries, body = (b"/Filter /FlateDecode ", packed) if len(packed) < len(der) else (b"", der)
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (entries, len(body), body)
