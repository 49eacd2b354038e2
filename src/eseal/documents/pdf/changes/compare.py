"""Equality by value of what two revisions hold, with cycles in mind and without reading what cannot have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import (
    UNREADABLE,
    Key,
    View,
    entries,
    is_name,
    items,
    raw_entry,
    string_bytes,
)
from eseal.documents.pdf.changes.references import References

_FILTER_KEYS = frozenset(("/Length", "/Filter", "/DecodeParms", "/DL"))


class Comparer:
    """Equality of values of the signed revision (`before`) and of the newest document (`after`).

    Nodes that are compared on their own (catalog, pages, fields, structure elements) are twins: elsewhere they are
    equal by identity alone, or every back-reference would drag the whole document into every comparison.
    """

    def __init__(self, before: View, after: View, changed: frozenset[Key]) -> None:
        self.before = before
        self.after = after
        self.changed = changed
        self._equal: set[tuple[Key, Key]] = set()
        self._twins: set[tuple[Key, Key]] = set()
        self._left: set[Key] = set()
        self._right: set[Key] = set()
        # An object stream that is itself redefined moves objects whose entries look the same: then trust no entry.
        streams = {
            (ref.idnum, ref.generation)
            for number in range(before.reader.total_revisions)
            for ref in before.reader.xrefs.object_streams_used_in(number)
        }
        self._trusted = not (streams & changed)
        self.references = References(after, changed)
        """The references of every object that no later revision redefines."""
        self._dirty: set[Key] | None = None
        if streams & self._reaching():
            self._trusted = False

    def clean(self, key: Key | None) -> bool:
        """Whether an object is the same in both revisions with all that it reaches, twins excepted."""
        if key is None or not self._trusted or self.references.info(key) is None:
            return False
        if self._dirty is None:
            self._dirty = self._reaching()
        return key not in self._dirty

    def _reaching(self) -> set[Key]:
        """Objects that reach a redefined one; a twin of itself is compared on its own and ends the way."""
        referrers: dict[Key, list[Key]] = {}
        work: list[Key] = []
        dirty: set[Key] = set()
        for key, info in self.references.all():
            for target in info.refs:
                if (target, target) in self._twins:
                    continue
                if target in self.changed or target in self._left or target in self._right:
                    if key not in dirty:
                        dirty.add(key)
                        work.append(key)
                else:
                    referrers.setdefault(target, []).append(key)
        while work:
            for key in referrers.get(work.pop(), ()):
                if key not in dirty:
                    dirty.add(key)
                    work.append(key)
        return dirty

    def pair(self, old: Key | None, new: Key | None) -> None:
        """Declare two nodes twins."""
        if old is not None or new not in self.changed:
            self._dirty = None
        if old and new:
            self._twins.add((old, new))
        if old:
            self._left.add(old)
        if new:
            self._right.add(new)

    def twins(self, old: Key | None, new: Key | None) -> bool:
        """Whether two nodes were declared twins."""
        return old is not None and new is not None and (old, new) in self._twins

    def untouched(self, old: Key, new: Key) -> bool:
        """Whether both are one object whose bytes no later revision redefines (its references may be redefined)."""
        return self._trusted and old == new and old not in self.changed

    def same(self, old: object, new: object) -> bool:
        """Whether two raw values are equal by value."""
        return self.difference(old, new) is None

    def difference(self, old: object, new: object, skip: Iterable[str] = ()) -> str | None:
        """None where two raw values are equal, else the path of keys to the first difference.

        `skip` names keys of the outermost dictionaries that are not looked at.
        Pairs of references met on the way are taken as equal, which is right for cycles: they are equal unless a
        difference is found, and a difference found anywhere ends the whole comparison.
        """
        assumed: set[tuple[Key, Key]] = set()
        work: list[tuple[object, object, _Path]] = [(old, new, None)]
        skipped = frozenset(skip)
        while work:
            left, right, path = work.pop()
            step = self._step(left, right, path, assumed, work, skipped if path is None else frozenset())
            if step is not None:
                return _spell(step)
        if not skipped:
            self._equal |= assumed
        return None

    def _step(
        self,
        left: object,
        right: object,
        path: _Path,
        assumed: set[tuple[Key, Key]],
        work: list[tuple[object, object, _Path]],
        skip: frozenset[str],
    ) -> _Path | tuple[()]:
        """Compare one pair; None where it is equal so far, else the path."""
        here: _Path | tuple[()] = path if path is not None else ()
        shared = self._shared(left, right)
        if shared is not None and shared not in self._left and shared not in self._right:
            # Bytes that no later revision redefines: only what they refer to can have changed.
            if self.clean(shared) or (shared, shared) in assumed or ((shared, shared) in self._equal and not skip):
                return None
            assumed.add((shared, shared))
            now = self.after.load(shared)
            if now is UNREADABLE:
                # What it refers to did change, and nobody can say what that means.
                return here
            if isinstance(now, generic.StreamObject):
                # Its length or its filters may stand in objects that did change (7.3.8.2).
                then = self.before.load(shared)
                if not isinstance(then, generic.StreamObject) or not self._streams(then, now, shared, shared):
                    return (path, "stream")
            work.extend((value, value, (path, name)) for name, value in _children(now) if name not in skip)
            return None
        old_key, a = self.before.resolve(left)
        new_key, b = self.after.resolve(right)
        if old_key or new_key:
            if (old_key in self._left) or (new_key in self._right):
                return None if self.twins(old_key, new_key) else here
            if old_key and new_key:
                both = (old_key, new_key)
                if both in assumed or (both in self._equal and not skip):
                    return None
                assumed.add(both)
        if a is UNREADABLE or b is UNREADABLE:
            # The same unparsable bytes in both: nothing changed.
            equal = a is b and old_key is not None and new_key is not None and self.untouched(old_key, new_key)
            return None if equal else here
        if isinstance(a, generic.DictionaryObject):
            if not isinstance(b, generic.DictionaryObject):
                return here
            return self._dictionaries(a, b, path, work, skip, old_key, new_key)
        if isinstance(a, generic.ArrayObject):
            if not isinstance(b, generic.ArrayObject) or len(a) != len(b):
                return here
            work.extend((x, y, (path, f"[{i}]")) for i, (x, y) in enumerate(zip(items(a), items(b), strict=True)))
            return None
        return None if _leaves(a, b) else here

    def _shared(self, left: object, right: object) -> Key | None:
        if isinstance(left, generic.IndirectObject) and isinstance(right, generic.IndirectObject):
            old, new = (left.idnum, left.generation), (right.idnum, right.generation)
            return old if self.untouched(old, new) else None
        return None

    def _dictionaries(
        self,
        a: generic.DictionaryObject,
        b: generic.DictionaryObject,
        path: _Path,
        work: list[tuple[object, object, _Path]],
        skip: frozenset[str],
        old_key: Key | None,
        new_key: Key | None,
    ) -> _Path | tuple[()]:
        here: _Path | tuple[()] = path if path is not None else ()
        if isinstance(a, generic.StreamObject) or isinstance(b, generic.StreamObject):
            if not isinstance(a, generic.StreamObject) or not isinstance(b, generic.StreamObject):
                return here
            if not self._streams(a, b, old_key, new_key):
                return (path, "stream")
            skip = skip | _FILTER_KEYS
        # ISO 32000-2 table 255: /Data is the object that the transform digests, a matter of identity, not of value.
        identity = "/TransformMethod" in a and "/TransformMethod" in b
        ours, theirs = dict(entries(a)), dict(entries(b))
        for name in ours.keys() | theirs.keys():
            if name in skip:
                continue
            left, right = ours.get(name), theirs.get(name)
            if identity and name == "/Data" and self.before.resolve(left)[0] == self.after.resolve(right)[0]:
                continue
            work.append((left, right, (path, name)))
        return None

    def _streams(
        self, a: generic.StreamObject, b: generic.StreamObject, old_key: Key | None, new_key: Key | None
    ) -> bool:
        try:
            raw_same = a.encoded_data == b.encoded_data
        # Encoding back may fail on unknown filters; then the raw bytes say nothing.
        except Exception:
            raw_same = False
        if raw_same and (not self.before.reader.encrypted or old_key == new_key) and self._filters(a, b):
            return True
        ours, theirs = self.before.decoded(a), self.after.decoded(b)
        return ours is not None and ours == theirs and self._opaque_filters(a, b)

    def _filters(self, a: generic.StreamObject, b: generic.StreamObject) -> bool:
        return all(
            self.difference(raw_entry(a, name), raw_entry(b, name)) is None for name in ("/Filter", "/DecodeParms")
        )

    def _opaque_filters(self, a: generic.StreamObject, b: generic.StreamObject) -> bool:
        """Image filters are part of the meaning: decoded data is equal only if these are."""
        return [n for n in self._names(self.before, a) if n in _IMAGE] == [
            n for n in self._names(self.after, b) if n in _IMAGE
        ]

    def _names(self, view: View, stream: generic.StreamObject) -> list[str]:
        value = view.entry(stream, "/Filter")
        names = [view.get(v) for v in items(value)] if isinstance(value, generic.ArrayObject) else [value]
        return [str(n) for n in names if is_name(n)]


def _children(value: object) -> Iterator[tuple[str, object]]:
    """What `value` holds that may refer to other objects."""
    if isinstance(value, generic.IndirectObject):
        yield "", value
    elif isinstance(value, generic.DictionaryObject):
        yield from ((n, v) for n, v in entries(value) if isinstance(v, list | dict | generic.IndirectObject))
    elif isinstance(value, generic.ArrayObject):
        yield from (
            (f"[{i}]", v) for i, v in enumerate(items(value)) if isinstance(v, list | dict | generic.IndirectObject)
        )


_IMAGE = frozenset(("/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"))

_Path = tuple["_Path", str] | None


def _spell(path: _Path | tuple[()]) -> str:
    parts: list[str] = []
    while path:
        path, name = path
        parts.append(name)
    return " ".join(reversed(parts))


def _leaves(a: object, b: object) -> bool:
    ours, theirs = string_bytes(a), string_bytes(b)
    if ours is not None or theirs is not None:
        return ours == theirs
    if isinstance(a, generic.BooleanObject) or isinstance(b, generic.BooleanObject):
        return isinstance(a, generic.BooleanObject) and isinstance(b, generic.BooleanObject) and bool(a) == bool(b)
    if is_name(a) or is_name(b):
        return is_name(a) and is_name(b) and str(a) == str(b)
    # Integers and reals that are equal mean the same (7.3.3).
    return bool(a == b)
