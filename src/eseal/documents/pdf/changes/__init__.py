"""What changed in a PDF after it was sealed: two document models compared, every difference classed.

The signed revision and the document as it is now are compared part by part, by value and never by object number.
What the standards allow (ISO 32000-2 12.8.2, EN 319 142-1 5.4) is named as such; what is not proven is UNKNOWN.
"""

from __future__ import annotations

from pyhanko.pdf_utils.reader import PdfFileReader

from eseal.documents.model import Change
from eseal.documents.pdf.changes import (
    annots,
    catalog,
    fields,
    forms,
    graph,
    longterm,
    orphans,
    pages,
    rules,
    structure,
)
from eseal.documents.pdf.changes.compare import Comparer
from eseal.documents.pdf.changes.job import UNKNOWN, Job
from eseal.documents.pdf.changes.rules import Later, Lock, LockAction, Rules
from eseal.limits import DEFAULT, Limits

__all__ = ["Later", "Lock", "LockAction", "Rules", "compare", "read_rules"]


def read_rules(before: PdfFileReader, field: str, later: tuple[Later, ...] = (), limits: Limits = DEFAULT) -> Rules:
    """The rules that the signed revision `before` itself states for the seal in `field`.

    Certification level (/Perms /DocMDP, and /P of signature locks, the strictest counts) and field locks of every
    signature that stands in `before` (ISO 32000-2 12.8.2.2, 12.8.2.4, table 236). Never raises for a bad document:
    what cannot be read counts as the strictest.
    """
    return rules.read(graph.View(before), field, later, limits)


def compare(before: PdfFileReader, after: PdfFileReader, rules: Rules) -> tuple[Change, ...]:
    """Every difference between the signed revision `before` and the document as it is now, classed by `rules`.

    `before` reads the bytes up to the end of the signed revision, `after` the whole file. Empty: nothing changed.
    Never raises for a bad document: what cannot be compared is a Change that is UNKNOWN.
    """
    try:
        return _compare(before, after, rules)
    # The last net: whatever a malformed document does to the reader, the answer is that it could not be compared.
    except Exception as problem:
        return (Change(UNKNOWN, "CHANGE_NOT_COMPARED", type(problem).__name__),)


def _compare(before: PdfFileReader, after: PdfFileReader, rules: Rules) -> tuple[Change, ...]:
    old, new = graph.View(before), graph.View(after)
    job = Job(old, new, Comparer(old, new, graph.changed_objects(before, after)), rules)
    # 1 Nodes that refer to each other everywhere are paired first: then everything else is compared by value.
    job.comparer.pair(old.root_key, new.root_key)
    old_tree, new_tree = pages.read(old, job.comparer), pages.read(new, job.comparer)
    pages.pair(job, old_tree, new_tree)
    old_form, new_form = forms.read(old, rules.limits), forms.read(new, rules.limits)
    field_pairs = fields.pair(job, old_form, new_form)
    old_notes, new_notes = annots.read(job, old, old_tree.pages), annots.read(job, new, new_tree.pages)
    annots.pair(job, old_notes, new_notes)
    elements = structure.pair(job)
    # 2 Trailer and catalog, key by key.
    longterm.trailer(job)
    catalog.compare(job, elements)
    # 3 Pages with what they inherit, and what lies on them.
    pages.compare(job, old_tree, new_tree)
    annots.compare(job, old_notes, new_notes)
    # 4 The form: values, what they show, who may set them.
    fields.compare(job, old_form, new_form, field_pairs)
    # 5 What later revisions define and nothing reaches.
    orphans.compare(job)
    return job.found
