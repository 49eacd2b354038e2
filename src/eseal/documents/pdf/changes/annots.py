"""Annotations of each page: those that were sealed stay, in their order; a new one is a classed widget or a finding."""

from __future__ import annotations

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import notes
from eseal.documents.pdf.changes.graph import Key, View, entries, is_name, raw_entry
from eseal.documents.pdf.changes.job import ANNOTATING, FAILED, PERMITTED, UNKNOWN, Job
from eseal.documents.pdf.changes.newfields import is_visible

_ACTIONS = ("/A", "/AA", "/PA")

# Direct annotations that one is compared with: in their order, the next one is nearly always it.
_TRIED = 50

Item = tuple[Key | None, object]


def read(job: Job, view: View, pages: list[Key]) -> list[list[Item]]:
    """For each page its annotations: reference (None where direct) and raw value."""
    found: list[list[Item]] = []
    for key in pages:
        info = job.comparer.references.info(key) if job.comparer.untouched(key, key) else None
        if info and not info.annots:
            found.append([])
            continue
        raws = view.array(raw_entry(view.dictionary_at(key), "/Annots"))
        found.append([(view.resolve(raw)[0], raw) for raw in raws if view.get(raw) is not None])
    return found


def pair(job: Job, old: list[list[Item]], new: list[list[Item]]) -> None:
    """Make annotations of the same page and reference twins; widgets of the form are paired by the form."""
    for page, ours, theirs in zip(job.new_pages, old, new, strict=False):
        here = {key for key, _ in theirs}
        for key, _ in ours:
            if key and key not in job.old_widgets:
                job.comparer.pair(key, key if key in here else None)
        sealed = {key for key, _ in ours}
        fresh = [k for k, _ in theirs if k and k not in sealed and k not in job.new_widgets]
        fresh = [k for k in fresh if k not in job.matched.values()]
        for key in fresh:
            job.comparer.pair(None, key)
        if fresh:
            notes.classify(job, page, fresh)


def compare(job: Job, old: list[list[Item]], new: list[list[Item]]) -> None:
    """Compare the annotations page by page."""
    placed = {key for page in old for key, _ in page}
    counts: dict[Key, int] = {}
    for number, page in enumerate(new, 1):
        for key, _ in page:
            if key:
                counts[key] = counts.get(key, 0) + 1
                if counts[key] == 2 and (key in job.new_widgets or key in job.notes):
                    job.add(UNKNOWN, "CHANGE_ANNOTATION_ADDED", f"p. {number}")
    # An empty signature field that no page showed may be placed where it says, once it is signed.
    job.placing = {n for o, n in job.matched.items() if n in job.signing and o not in placed and counts.get(n) == 1}
    for number, (ours, theirs) in enumerate(zip(old, new, strict=False), 1):
        _page(job, number, ours, theirs)


def _page(job: Job, number: int, ours: list[Item], theirs: list[Item]) -> None:
    where = f"p. {number}"
    positions: list[int] = []
    taken: set[int] = set()
    places: dict[Key, list[int]] = {}
    direct: list[int] = []
    for index, (other, _) in reversed(list(enumerate(theirs))):
        (places.setdefault(other, []) if other else direct).append(index)
    for key, raw in ours:
        place = _find(job, key, raw, theirs, places, direct)
        if place is None:
            free = job.rules.level == ANNOTATING and key not in job.old_widgets
            job.add(UNKNOWN if free else FAILED, "CHANGE_ANNOTATION_REMOVED", where)
            continue
        taken.add(place)
        positions.append(place)
        if key and key not in job.old_widgets and not (key == theirs[place][0] and job.comparer.clean(key)):
            _compare(job, where, raw, theirs[place][1])
    if positions != sorted(positions):
        # Later ones are drawn over earlier ones (12.5.2).
        job.add(FAILED, "CHANGE_ANNOTATION_ORDER", where)
    for index, (key, raw) in enumerate(theirs):
        if index not in taken and key in job.placing:
            if job.certified and is_visible(job.after, job.after.dictionary(raw)):
                job.add(UNKNOWN, "CHANGE_SEAL_VISIBLE", where)
        elif index not in taken and key not in job.new_widgets:
            _added(job, where, key, raw)


def _find(
    job: Job, key: Key | None, raw: object, theirs: list[Item], places: dict[Key, list[int]], direct: list[int]
) -> int | None:
    """Place of a sealed annotation among those of now: the first with its key, or the first that is equal."""
    if key:
        found = places.get(job.matched.get(key, key))
        return found.pop() if found else None
    for at in range(len(direct) - 1, max(-1, len(direct) - 1 - _TRIED), -1):
        if job.comparer.same(raw, theirs[direct[at]][1]):
            return direct.pop(at)
    return None


def _compare(job: Job, where: str, old: object, new: object) -> None:
    left, right = job.before.dictionary(old), job.after.dictionary(new)
    ours, theirs = dict(entries(left)), dict(entries(right))
    for name in sorted(ours.keys() | theirs.keys()):
        if name in ("/P", "/Parent") and ours.get(name) is None:
            continue
        if not job.comparer.same(ours.get(name), theirs.get(name)):
            if name in _ACTIONS:
                job.add(FAILED, "CHANGE_ACTION", f"{where} {name}")
            else:
                # Level 3 permits to change annotations (table 257), yet they may have been what was sealed.
                verdict = UNKNOWN if job.rules.level == ANNOTATING else FAILED
                job.add(verdict, "CHANGE_ANNOTATION", f"{where} {name}")


def _added(job: Job, where: str, key: Key | None, raw: object) -> None:
    annotation = job.after.get(raw)
    if not isinstance(annotation, generic.DictionaryObject):
        job.add(UNKNOWN, "CHANGE_ANNOTATION_ADDED", where)
        return
    kind = job.after.entry(annotation, "/Subtype")
    label = f"{where} {kind if is_name(kind) else ''}".strip()
    if key in job.old_widgets or key in job.matched.values():
        # A sealed field shows in a second place.
        job.add(FAILED, "CHANGE_FIELD_MOVED", label)
    elif any(name in annotation for name in _ACTIONS):
        job.add(FAILED, "CHANGE_ACTION", label)
    elif key in job.notes:
        job.add(PERMITTED, "CHANGE_NOTE_ADDED", label)
    elif job.rules.level in (1, 2):
        job.add(FAILED, "CHANGE_ANNOTATION_FORBIDDEN", label)
    else:
        # ISO 32000-2 table 257 lets level 3 permit annotations, yet one can cover any text on the page.
        job.add(UNKNOWN, "CHANGE_ANNOTATION_ADDED", label)
