"""The page tree: the same pages in the same order, each with the same effective attributes (ISO 32000-2 7.7.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import longterm, resources, structure
from eseal.documents.pdf.changes.compare import Comparer
from eseal.documents.pdf.changes.graph import Key, View, area, entries, is_name, raw_entry, string_bytes
from eseal.documents.pdf.changes.job import FAILED, PASSED, UNKNOWN, Job
from eseal.documents.pdf.changes.table import INHERITED, PAGE

_DEPTH = 200
_A4 = 595.0 * 842.0
_MEASURED = 500


@dataclass(slots=True)
class Tree:
    """A page tree taken apart."""

    pages: list[Key] = field(default_factory=list)
    """References to the pages in order."""
    inherited: list[dict[str, object]] = field(default_factory=list)
    """For each page, raw inheritable values that its ancestors give."""
    nodes: list[Key] = field(default_factory=list)
    """References to the inner nodes in order."""
    sound: bool = True
    """False where kids are direct or repeated, /Parent or /Count are wrong, or a node cannot be read."""
    extra: list[tuple[str, object]] = field(default_factory=list)
    """Keys of inner nodes that the standard does not know, with their raw values."""


_INNER = frozenset(("/Type", "/Parent", "/Kids", "/Count", *INHERITED))
# iText 2 and its heirs write their version here whenever they save: a string, which no page inherits.
_MARK = "/ITXT"


def read(view: View, comparer: Comparer) -> Tree:
    """Take the page tree of `view` apart, cycles and damage included."""
    tree = Tree()
    seen: set[Key] = set()
    _walk(view, comparer, raw_entry(view.root, "/Pages"), {}, None, tree, seen, 0)
    return tree


def _plain_leaf(comparer: Comparer, raw: object, parent: Key | None) -> Key | None:
    """The reference to a page that needs no reading: untouched, without kids, with the parent that it stands in."""
    if not isinstance(raw, generic.IndirectObject):
        return None
    key = (raw.idnum, raw.generation)
    info = comparer.references.info(key) if comparer.untouched(key, key) else None
    return key if info and not info.kids and info.parent == parent and parent is not None else None


def _walk(
    view: View,
    comparer: Comparer,
    raw: object,
    inherited: dict[str, object],
    parent: Key | None,
    tree: Tree,
    seen: set[Key],
    depth: int,
) -> int:
    leaf = _plain_leaf(comparer, raw, parent)
    if leaf is not None and leaf not in seen:
        seen.add(leaf)
        tree.pages.append(leaf)
        tree.inherited.append(inherited)
        return 1
    key, node = view.resolve(raw)
    if key is None or not isinstance(node, generic.DictionaryObject) or key in seen or depth > _DEPTH:
        tree.sound = False
        return 0
    seen.add(key)
    if view.resolve(raw_entry(node, "/Parent"))[0] != parent:
        tree.sound = False
    values = inherited | {name: raw_entry(node, name) for name in INHERITED if raw_entry(node, name) is not None}
    if "/Kids" not in node or is_name(view.entry(node, "/Type"), "/Page"):
        tree.pages.append(key)
        tree.inherited.append(inherited)
        return 1
    tree.nodes.append(key)
    extra = [(name, value) for name, value in entries(node) if name not in _INNER]
    tree.extra += [(n, v) for n, v in extra if n != _MARK or string_bytes(view.get(v)) is None]
    kids = view.array(raw_entry(node, "/Kids"))
    total = sum(_walk(view, comparer, kid, values, key, tree, seen, depth + 1) for kid in kids)
    if view.entry(node, "/Count") != total:
        tree.sound = False
    return total


def pair(job: Job, old: Tree, new: Tree) -> None:
    """Make the pages twins, one by one in order, and the inner nodes where both trees have the same shape."""
    job.old_pages, job.new_pages, job.inherited = old.pages, new.pages, old.inherited
    for left, right in zip(old.pages, new.pages, strict=False):
        job.comparer.pair(left, right)
    for key in old.pages[len(new.pages) :] + old.nodes:
        job.comparer.pair(key, None)
    for key in new.pages[len(old.pages) :] + new.nodes:
        job.comparer.pair(None, key)
    for left, right in zip(old.nodes, new.nodes, strict=False):
        job.comparer.pair(left, right)


def compare(job: Job, old: Tree, new: Tree) -> None:
    """Compare pages one by one; annotations are compared by their own part."""
    if len(old.pages) != len(new.pages):
        code = "CHANGE_PAGE_ADDED" if len(new.pages) > len(old.pages) else "CHANGE_PAGE_REMOVED"
        job.add(FAILED, code, f"{len(old.pages)} -> {len(new.pages)}")
        return
    if not new.sound and (old.sound or not _same_nodes(job, old, new) or not _same_kids(job, old)):
        # Readers disagree on such a tree: what they show is not known.
        job.add(UNKNOWN, "CHANGE_PAGE_TREE")
    if [n for n, _ in old.extra] != [n for n, _ in new.extra] or not all(
        job.comparer.same(a[1], b[1]) for a, b in zip(old.extra, new.extra, strict=False)
    ):
        job.add(UNKNOWN, "CHANGE_PAGE_TREE")
    alike: dict[tuple[int, int], bool] = {}
    for number, (left, right) in enumerate(zip(old.pages, new.pages, strict=True), 1):
        ours, theirs = old.inherited[number - 1], new.inherited[number - 1]
        pair_of = (id(ours), id(theirs))
        if pair_of not in alike:
            alike[pair_of] = ours.keys() == theirs.keys() and all(job.comparer.same(ours[n], theirs[n]) for n in ours)
        if not (left == right and alike[pair_of] and job.comparer.clean(left)):
            _page(job, number, left, right, ours, theirs)


def _same_nodes(job: Job, old: Tree, new: Tree) -> bool:
    return old.nodes == new.nodes and all(job.comparer.untouched(key, key) for key in old.nodes)


def _same_kids(job: Job, tree: Tree) -> bool:
    """Whether kids that stand directly in their parent, or too deep, or are damaged, still lead to the same."""
    known = {*tree.pages, *tree.nodes}
    return all(
        job.comparer.same(raw, raw)
        for node in tree.nodes
        for raw in job.before.array(raw_entry(job.before.dictionary_at(node), "/Kids"))
        if job.before.resolve(raw)[0] not in known
    )


def smallest(job: Job) -> float:
    """Area of the smallest page of the signed revision, among the first ones of a long document."""
    found = [_A4]
    view = job.before
    for key, inherited in list(zip(job.old_pages, job.inherited, strict=True))[:_MEASURED]:
        page = view.dictionary_at(key)
        raw = next(
            (r for n in ("/CropBox", "/MediaBox") if (r := raw_entry(page, n) or inherited.get(n)) is not None), None
        )
        place = area(view, raw)
        if place is not None:
            found.append((place[2] - place[0]) * (place[3] - place[1]))
    return min(found[1:] or found)


def _page(
    job: Job, number: int, old: Key, new: Key, old_values: dict[str, object], new_values: dict[str, object]
) -> None:
    untouched = job.comparer.untouched(old, new)
    right = job.after.load(new)
    left = right if untouched else job.before.load(old)
    if not isinstance(left, generic.DictionaryObject) or not isinstance(right, generic.DictionaryObject):
        return
    ours = old_values | dict(entries(left))
    theirs = new_values | dict(entries(right))
    for name, default in INHERITED.items():
        if default:
            ours.setdefault(name, ours.get(default))
            theirs.setdefault(name, theirs.get(default))
    if job.before.get(ours.get("/Rotate")) == 0:
        ours.pop("/Rotate")
    if job.after.get(theirs.get("/Rotate")) == 0:
        theirs.pop("/Rotate")
    for name in sorted(ours.keys() | theirs.keys()):
        rule = PAGE.get(name, (UNKNOWN, "CHANGE_PAGE_UNCLEAR"))
        a, b = ours.get(name), theirs.get(name)
        if rule is None:
            _own(job, number, name, a, b)
            continue
        path = job.comparer.difference(a, b)
        if path is not None:
            if name == "/Resources" and resources.only_grown(job, new, a, b):
                rule = (PASSED, "CHANGE_FORM_SIGNED")
            job.add(*rule, f"p. {number} {name} {path}".strip())


def _unused(job: Job, number: int) -> bool:
    """Whether the sealed parent tree (14.7.5.4) has no such key."""
    known = structure.parents(job.before)
    return known is not None and number not in known


def _own(job: Job, number: int, name: str, old: object, new: object) -> None:
    if name in ("/Parent", "/Annots"):
        return
    where = f"p. {number} {name}"
    if name == "/Metadata":
        longterm.metadata(job, old, new, where)
    elif not job.comparer.same(old, new):
        value = job.after.get(new)
        if name == "/LastModified":
            job.add(PASSED, "CHANGE_METADATA", where)
        elif name == "/Tabs" and (value is None or is_name(value)):
            # The order in which the keyboard visits fields is nothing that shows (12.5.1).
            job.add(PASSED, "CHANGE_METADATA", where)
        elif name == "/StructParents" and old is None and isinstance(value, int) and _unused(job, value):
            # The key points at nothing that was sealed.
            job.add(PASSED, "CHANGE_METADATA", where)
        else:
            job.add(UNKNOWN, "CHANGE_PAGE_UNCLEAR", where)
