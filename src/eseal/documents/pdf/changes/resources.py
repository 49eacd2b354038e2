"""Page resources that have grown: names that nothing on the page uses show nothing (ISO 32000-2 7.8.3).

Many programs let the form's default resources and a page's resources be one object; whoever signs with a picture or
fills in a field then adds fonts and forms to both.
"""

from __future__ import annotations

import re

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import UNREADABLE, Key, View, entries, is_leaf, is_name, items, raw_entry
from eseal.documents.pdf.changes.job import Job

_CATEGORIES = frozenset(("/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/Properties"))
_NODES = 20_000
_BYTES = 64 << 20
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


def only_grown(job: Job, page: Key, old: object, new: object) -> bool:
    """Whether `new` is `old` with names added that the form's default resources share and no content uses."""
    names = added(job, old, new)
    return bool(names) and not _uses(job, page, new, frozenset(names))


def added(job: Job, old: object, new: object) -> set[tuple[str, str]]:
    """The names that were added with their category; none where anything else differs too."""
    before, after = job.before.dictionary(old), job.after.dictionary(new)
    form = job.after.dictionary(raw_entry(job.after.root, "/AcroForm"))
    default = job.after.dictionary(raw_entry(form, "/DR"))
    names: set[tuple[str, str]] = set()
    for category in {n for n, _ in entries(before)} | {n for n, _ in entries(after)}:
        ours, theirs = raw_entry(before, category), raw_entry(after, category)
        if job.comparer.same(ours, theirs):
            continue
        if category not in _CATEGORIES or isinstance(job.after.get(theirs), generic.StreamObject):
            return set()
        left, right = job.before.dictionary(ours), job.after.dictionary(theirs)
        shared = job.after.dictionary(raw_entry(default, category))
        for name in {n for n, _ in entries(left)} | {n for n, _ in entries(right)}:
            a, b = raw_entry(left, name), raw_entry(right, name)
            if job.comparer.same(a, b):
                continue
            key = job.after.resolve(b)[0]
            sharing = key is not None and key == job.after.resolve(raw_entry(shared, name))[0]
            if a is not None or not sharing or is_default(category, name):
                return set()
            names.add((category, name))
    return names


def is_default(category: str, name: str) -> bool:
    """Whether a resource counts without being named: default colour spaces (8.6.5.6)."""
    return category == "/ColorSpace" and name.startswith("/Default")


def _uses(job: Job, page: Key, resources: object, names: frozenset[tuple[str, str]]) -> bool:
    """Whether content of the page, or of anything that may borrow its resources, names one of `names`."""
    view = job.after
    holder = view.dictionary_at(page)
    work: list[object] = [raw_entry(holder, "/Contents"), resources]
    work += [raw_entry(view.dictionary(raw), "/AP") for raw in view.array(raw_entry(holder, "/Annots"))]
    seen: set[Key] = set()
    while work:
        if len(seen) > _NODES:
            return True
        key, value = view.resolve(work.pop())
        if key is not None:
            if key in seen:
                continue
            seen.add(key)
        if value is UNREADABLE:
            return True
        if isinstance(value, generic.StreamObject) and _means(job, key, value, names):
            return True
        if isinstance(value, generic.ArrayObject):
            work.extend(v for v in items(value) if not is_leaf(v))
        elif isinstance(value, generic.DictionaryObject):
            work.extend(v for _, v in entries(value) if not is_leaf(v))
    return False


def _means(job: Job, key: Key | None, stream: generic.StreamObject, names: frozenset[tuple[str, str]]) -> bool:
    """Whether the content of `stream` names one of `names` and means a resource that is not its own."""
    if key is None:
        return True
    if key not in job.named:
        data = job.after.decoded(stream)
        job.named_bytes += len(data or b"")
        if data is None and is_name(job.after.entry(stream, "/Subtype"), "/Image"):
            # Samples under an image filter; no content stream can have one.
            data = b""
        if data is None or job.named_bytes > _BYTES:
            return True
        job.named[key] = frozenset(_ESCAPE.sub(lambda m: bytes((int(m[1], 16),)), m) for m in set(_NAME.findall(data)))
    return any(
        name[1:].encode("latin-1", "replace") in job.named[key] and not defines(job.after, stream, category, name)
        for category, name in names
    )


def defines(view: View, stream: generic.StreamObject, category: str, name: str) -> bool:
    """Whether the stream's own resources define `name`: in its content it means that, never another's (7.8.3)."""
    own = view.dictionary(raw_entry(stream, "/Resources"))
    return raw_entry(view.dictionary(raw_entry(own, category)), name) is not None
