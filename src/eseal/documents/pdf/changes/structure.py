"""The structure tree: what was sealed stays; new elements hold only new widgets and permitted notes (14.7)."""

from __future__ import annotations

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import Key, View, entries, is_name, raw_entry
from eseal.documents.pdf.changes.job import FAILED, PASSED, UNKNOWN, Job
from eseal.documents.pdf.changes.table import STRUCTURE_NEW, STRUCTURE_ROOT

_ROOT = "/StructTreeRoot"
_DEPTH = 60
_MAX = 500_000


def kids(view: View, holder: generic.DictionaryObject) -> list[object]:
    """Raw kids of an element or of the root: /K is one kid or an array of them."""
    raw = raw_entry(holder, "/K")
    value = view.get(raw)
    if isinstance(value, generic.ArrayObject):
        return view.array(raw)
    return [] if value is None else [raw]


def pair(job: Job) -> list[tuple[Key, Key]] | None:
    """Walk both trees together and make matching elements twins; None where the tree is too large.

    Only where the trees may differ: else their elements are equal by value like everything else.
    """
    old, new = raw_entry(job.before.root, _ROOT), raw_entry(job.after.root, _ROOT)
    if old is None or new is None or job.comparer.same(old, new):
        return []
    return _pair(job, old, new)


def compare(job: Job, old: object, new: object, pairs: list[tuple[Key, Key]] | None) -> None:
    """Compare both structure trees, whose elements `pair` has paired."""
    if old is None and new is None:
        return
    if old is None or new is None:
        job.add(FAILED, "CHANGE_STRUCTURE", _ROOT)
        return
    if (
        not pairs
        and job.comparer.same(old, new)
        and not job.comparer.twins(job.before.resolve(old)[0], job.after.resolve(new)[0])
    ):
        return
    if pairs is None:
        job.add(UNKNOWN, "CHANGE_STRUCTURE_UNCLEAR", "/StructTreeRoot")
        return
    root_old, root_new = job.before.dictionary(old), job.after.dictionary(new)
    ours, theirs = dict(entries(root_old)), dict(entries(root_new))
    for name in sorted(ours.keys() | theirs.keys()):
        rule = STRUCTURE_ROOT.get(name, (UNKNOWN, "CHANGE_STRUCTURE_UNCLEAR"))
        if rule is not None and not job.comparer.same(ours.get(name), theirs.get(name)):
            job.add(*rule, f"/StructTreeRoot {name}")
    _kids(job, root_old, root_new, "/StructTreeRoot")
    for a, b in pairs:
        _element(job, a, b)
    _parents(job, ours.get("/ParentTree"), theirs.get("/ParentTree"))
    low, high = job.before.get(ours.get("/ParentTreeNextKey")), job.after.get(theirs.get("/ParentTreeNextKey"))
    if low != high and not (isinstance(high, int) and (low is None or (isinstance(low, int) and high >= low))):
        job.add(UNKNOWN, "CHANGE_STRUCTURE_UNCLEAR", "/ParentTreeNextKey")


def _pair(job: Job, old: object, new: object) -> list[tuple[Key, Key]] | None:
    root = (job.before.resolve(old)[0], job.after.resolve(new)[0])
    job.comparer.pair(*root)
    pairs: list[tuple[Key, Key]] = []
    work: list[tuple[object, object]] = [(old, new)]
    seen: set[Key | None] = {root[0]}
    while work:
        left, right = work.pop()
        ours = kids(job.before, job.before.dictionary(left))
        theirs = kids(job.after, job.after.dictionary(right))
        for a, b in _align(job, ours, theirs):
            old_key, new_key = job.before.resolve(a)[0], job.after.resolve(b)[0]
            if old_key is None or new_key is None or old_key in seen or not _is_element(job.before, a):
                continue
            seen.add(old_key)
            if len(seen) > _MAX:
                return None
            job.comparer.pair(old_key, new_key)
            pairs.append((old_key, new_key))
            work.append((a, b))
    return pairs


def _is_element(view: View, raw: object) -> bool:
    value = view.get(raw)
    return isinstance(value, generic.DictionaryObject) and "/S" in value


def _align(job: Job, ours: list[object], theirs: list[object]) -> list[tuple[object, object]]:
    """Pairs of kids in order; by reference where both have the same, else one by one where the counts agree."""
    by_key = {job.after.resolve(b)[0]: b for b in theirs if job.after.resolve(b)[0]}
    pairs = []
    for index, a in enumerate(ours):
        key = job.before.resolve(a)[0]
        if key in by_key:
            pairs.append((a, by_key[key]))
        elif len(ours) == len(theirs):
            pairs.append((a, theirs[index]))
    return pairs


def _element(job: Job, old: Key, new: Key) -> None:
    """One element that was sealed: everything but its kids is the same, its kids are still there in their order."""
    if old == new and job.comparer.clean(old):
        return
    left, right = job.before.dictionary_at(old), job.after.dictionary_at(new)
    ours, theirs = dict(entries(left)), dict(entries(right))
    for name in sorted(ours.keys() | theirs.keys()):
        if name != "/K" and not job.comparer.same(ours.get(name), theirs.get(name)):
            job.add(FAILED, "CHANGE_STRUCTURE", f"{job.before.entry(left, '/S')} {name}")
    _kids(job, left, right, str(job.before.entry(left, "/S")))


def _kids(job: Job, left: generic.DictionaryObject, right: generic.DictionaryObject, where: str) -> None:
    ours, theirs = kids(job.before, left), kids(job.after, right)
    index = 0
    for b in theirs:
        if index < len(ours) and job.comparer.same(ours[index], b):
            index += 1
        elif not _only_widgets(job, b, 0):
            job.add(FAILED, "CHANGE_STRUCTURE", f"{where} /K")
            return
        else:
            job.add(PASSED, "CHANGE_STRUCTURE_ADDED", where)
    if index < len(ours):
        job.add(FAILED, "CHANGE_STRUCTURE", f"{where} /K")


def _only_widgets(job: Job, raw: object, depth: int) -> bool:
    """Whether a new kid holds nothing but new widgets and notes that were classed."""
    key, value = job.after.resolve(raw)
    if not isinstance(value, generic.DictionaryObject) or depth > _DEPTH:
        return False
    if is_name(job.after.entry(value, "/Type"), "/OBJR"):
        held = job.after.resolve(raw_entry(value, "/Obj"))[0]
        return held in job.new_widgets or held in job.notes
    below = kids(job.after, value)
    if "/S" not in value or any(name not in STRUCTURE_NEW for name, _ in entries(value)) or not below:
        return False
    if not all(_only_widgets(job, kid, depth + 1) for kid in below):
        return False
    if key:
        job.harmless.add(key)
        job.comparer.pair(None, key)
    return True


def _parents(job: Job, old: object, new: object) -> None:
    """The parent tree: keys that were sealed lead to the same elements, new ones to new elements."""
    ours, theirs = _numbers(job.before, old), _numbers(job.after, new)
    if ours is None or theirs is None:
        job.add(UNKNOWN, "CHANGE_STRUCTURE_UNCLEAR", "/ParentTree")
        return
    for number, raw in ours.items():
        if number not in theirs or not job.comparer.same(raw, theirs[number]):
            job.add(FAILED, "CHANGE_STRUCTURE", f"/ParentTree {number}")
            return
    for number in theirs.keys() - ours.keys():
        key = job.after.resolve(theirs[number])[0]
        if key not in job.harmless and not (number in job.notes.values() and job.comparer.twins(key, key)):
            job.add(UNKNOWN, "CHANGE_STRUCTURE_UNCLEAR", f"/ParentTree {number}")
            return


def parents(view: View) -> dict[int, object] | None:
    """The parent tree of `view`; empty where it has none, None where it cannot be read."""
    return _numbers(view, raw_entry(view.dictionary(raw_entry(view.root, _ROOT)), "/ParentTree"))


def _numbers(view: View, raw: object) -> dict[int, object] | None:
    """A number tree flattened (7.9.7); None where it cannot be read."""
    found: dict[int, object] = {}
    seen: set[Key] = set()
    work = [raw]
    while work:
        key, node = view.resolve(work.pop())
        if node is None:
            continue
        if not isinstance(node, generic.DictionaryObject) or (key and key in seen):
            return None
        if key:
            seen.add(key)
        work.extend(view.array(raw_entry(node, "/Kids")))
        numbers = view.array(raw_entry(node, "/Nums"))
        for number, value in zip(numbers[::2], numbers[1::2], strict=False):
            index = view.get(number)
            if not isinstance(index, int):
                return None
            found[index] = value
    return found
