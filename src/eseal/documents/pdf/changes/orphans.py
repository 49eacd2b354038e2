"""Objects of later revisions that nothing reaches: harmless remains, or something laid ready for another reader.

A reader that rebuilds the file, or a next update that moves one pointer, shows them. Incremental updates leave such
objects behind in good faith too, so each is judged by what it could become.
"""

from __future__ import annotations

import re

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import longterm
from eseal.documents.pdf.changes.graph import (
    UNREADABLE,
    Key,
    View,
    entries,
    is_leaf,
    is_name,
    items,
    plain,
    raw_entry,
    reference,
)
from eseal.documents.pdf.changes.job import UNKNOWN, Job
from eseal.documents.pdf.changes.references import References

_DEPTH = 50
_REVISIONS = 50
_ROOTS = ("/Catalog", "/Pages", "/Page", "/Template")
_VRI_NAME = re.compile(r"/[0-9A-Fa-f]{40}")
_BOOKKEEPING = ("/XRef", "/ObjStm")
_EVIDENCE_KEYS = frozenset(
    ("/Type", "/Certs", "/OCSPs", "/CRLs", "/VRI", "/Cert", "/OCSP", "/CRL", "/TU", "/TS", "/BaseVersion")
) | frozenset(("/ExtensionLevel", "/ExtensionRevision", "/URL"))
_FONT_KEYS = frozenset(("/Type", "/Subtype", "/BaseFont", "/Encoding", "/Name"))


def compare(job: Job) -> None:
    """Judge every object that later revisions define and that nothing reaches, and every reused number."""
    _generations(job)
    fresh = {key for key in job.comparer.changed if job.after.load(key) is not None}
    if not fresh:
        return
    left = sorted(key for key in fresh - reachable(job.after, job.comparer.references) if not _harmless(job.after, key))
    if left:
        earlier = _superseded(job)
        for key in left:
            if key not in earlier or is_name(_type(job.after, key), *_ROOTS):
                job.add(UNKNOWN, "CHANGE_UNREACHED", f"{key[0]} {key[1]} obj")


def _superseded(job: Job) -> set[Key]:
    """Objects that a revision between the signed one and the newest reached: a later update dropped them openly."""
    reader = job.after.reader
    first, newest = job.before.reader.total_revisions, reader.total_revisions - 1
    reached: set[Key] = set()
    for revision in range(first, newest)[-_REVISIONS:]:
        reached |= reachable(View(reader, revision))
    return reached


def _type(view: View, key: Key) -> object:
    value = view.load(key)
    return view.entry(value, "/Type") if isinstance(value, generic.DictionaryObject) else None


def _generations(job: Job) -> None:
    """A number defined under another generation: readers that ignore generations show the other object (7.3.10)."""
    old = {key[0]: key for key in _defined(job.before)}
    for key in job.comparer.changed:
        known = old.get(key[0])
        if known and known[1] != key[1] and job.before.load(known) is not None and job.after.load(known) is not None:
            job.add(UNKNOWN, "CHANGE_GENERATION", f"{key[0]} {key[1]} obj")


def _defined(view: View) -> set[Key]:
    reader = view.reader
    return {
        (ref.idnum, ref.generation)
        for number in range(reader.total_revisions)
        for ref in reader.xrefs.explicit_refs_in_revision(number)
    }


def reachable(view: View, references: References | None = None) -> set[Key]:
    """Every object that the trailer reaches; `references` of untouched objects save reading them."""
    trailer = view.reader.trailer.flatten(view.revision)
    work: list[object] = [plain(trailer.raw_get(name)) for name in trailer]
    seen: set[Key] = set()
    follow: list[Key] = []
    while work or follow:
        if not work:
            key = follow.pop()
            info = references.info(key) if references else None
            if info is None:
                work.append(view.load(key))
            else:
                follow.extend(info.refs - seen)
                seen |= info.refs
            continue
        value = work.pop()
        if isinstance(value, generic.IndirectObject):
            key = (value.idnum, value.generation)
            if key not in seen:
                seen.add(key)
                follow.append(key)
        elif isinstance(value, generic.DictionaryObject):
            work.extend(v for _, v in entries(value) if isinstance(v, list | dict | generic.IndirectObject))
        elif isinstance(value, generic.ArrayObject):
            work.extend(v for v in items(value) if isinstance(v, list | dict | generic.IndirectObject))
    return seen


def _harmless(view: View, key: Key) -> bool:
    """Whether an object can become nothing that shows or acts, whoever comes to point at it."""
    return _harmless_value(view, reference(view, key), set(), 0)


def _harmless_value(view: View, raw: object, seen: set[Key], depth: int) -> bool:
    key, value = view.resolve(raw)
    if key in seen:
        return True
    if key:
        seen.add(key)
    if value is UNREADABLE or depth > _DEPTH:
        return False
    if is_leaf(value):
        return True
    if isinstance(value, generic.StreamObject):
        if is_name(view.entry(value, "/Type"), *_BOOKKEEPING) or longterm.is_evidence(view, raw):
            return True
        # A form that draws nothing, as left behind by programs that make the appearance of a seal twice.
        data = view.decoded(value) if is_name(view.entry(value, "/Subtype"), "/Form") else None
        return data is not None and not data.strip()
    if isinstance(value, generic.ArrayObject):
        return all(_harmless_value(view, item, seen, depth + 1) for item in items(value))
    if isinstance(value, generic.DictionaryObject):
        keys = [name for name, _ in entries(value)]
        if all(name in _EVIDENCE_KEYS or _VRI_NAME.fullmatch(name) for name in keys):
            # Remains of a security store or of an extension entry, or an empty shell of a type.
            return all(_harmless_value(view, item, seen, depth + 1) for _, item in entries(value))
        if set(keys) <= _FONT_KEYS and is_name(view.entry(value, "/Type"), "/Font"):
            # A font of the viewer's own, as iText leaves behind: names alone draw nothing (9.6.2.2).
            return all(is_name(view.get(item)) for _, item in entries(value))
        # A widget without area, appearance, field or action.
        return set(keys) <= {"/Type", "/Subtype", "/F", "/Rect"} and not any(
            view.get(v) for v in view.array(raw_entry(value, "/Rect"))
        )
    return False
