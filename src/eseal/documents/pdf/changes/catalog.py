"""The catalog, key by key (ISO 32000-2 7.7.2)."""

from __future__ import annotations

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import longterm, structure
from eseal.documents.pdf.changes.graph import Key, View, entries, raw_entry
from eseal.documents.pdf.changes.job import UNKNOWN, Job
from eseal.documents.pdf.changes.table import CATALOG, NAMES


def compare(job: Job, elements: list[tuple[Key, Key]] | None) -> None:
    """Compare the catalogs; pages and form are compared by their own parts.

    `elements` are the structure elements that were paired.
    """
    ours, theirs = dict(entries(job.before.root)), dict(entries(job.after.root))
    for name in sorted(ours.keys() | theirs.keys()):
        rule = CATALOG.get(name, (UNKNOWN, "CHANGE_CATALOG_UNCLEAR"))
        old, new = ours.get(name), theirs.get(name)
        if rule is None:
            if name == "/StructTreeRoot":
                structure.compare(job, old, new, elements)
            _own(job, name, old, new)
            continue
        path = job.comparer.difference(old, new)
        if path is not None and not (name in _OPTIONAL and _nothing(job.before, old) and _nothing(job.after, new)):
            job.add(*rule, f"{name} {path}".strip())


# Dictionaries of which every entry may be absent: an empty one is none (tables 29, 147, 150, 200; 12.3.2.4).
_OPTIONAL = ("/ViewerPreferences", "/Outlines", "/Dests", "/AA")


def _nothing(view: View, raw: object) -> bool:
    """Whether there is no dictionary, or one that says nothing."""
    value = view.get(raw)
    if value is None:
        return True
    if not isinstance(value, generic.DictionaryObject) or isinstance(value, generic.StreamObject):
        return False
    return all(name == "/Type" or (name == "/Count" and view.get(v) == 0) for name, v in entries(value))


def _own(job: Job, name: str, old: object, new: object) -> None:
    if name == "/DSS":
        longterm.dss(job, old, new)
    elif name == "/Extensions":
        longterm.extensions(job, old, new)
    elif name == "/Metadata":
        longterm.metadata(job, old, new, name)
    elif name == "/Perms":
        longterm.permissions(job, old, new)
    elif name == "/Version":
        longterm.version(job, old, new)
    elif name == "/Names":
        _names(job, old, new)


def _names(job: Job, old: object, new: object) -> None:
    before, after = job.before.dictionary(old), job.after.dictionary(new)
    ours, theirs = dict(entries(before)), dict(entries(after))
    for name in sorted(ours.keys() | theirs.keys()):
        path = job.comparer.difference(raw_entry(before, name), raw_entry(after, name))
        if path is not None and not _both_empty(job, ours.get(name), theirs.get(name)):
            rule = NAMES.get(name, (UNKNOWN, "CHANGE_CATALOG_UNCLEAR"))
            if rule is not None:
                job.add(*rule, f"/Names {name} {path}".strip())


def _both_empty(job: Job, old: object, new: object) -> bool:
    """Whether neither name tree holds a name: an empty tree is the same as none (7.9.6)."""
    for view, raw in ((job.before, old), (job.after, new)):
        tree = view.get(raw)
        if tree is None:
            continue
        if not isinstance(tree, generic.DictionaryObject) or view.array(raw_entry(tree, "/Kids")):
            return False
        if view.array(raw_entry(tree, "/Names")):
            return False
    return True
