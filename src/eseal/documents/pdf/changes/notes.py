"""Sticky notes that a certification at level 3 permits (ISO 32000-2 table 257).

Level 3 permits every annotation, and the published attack on certified documents covers the page with one. A note
(12.5.6.4) with its window (12.5.6.14) cannot: without an appearance of its own every viewer draws its own small icon,
and the text shows in a window that is no part of the page. Any other kind, any appearance, action, layer or reply,
a note that is large, unseen or one of many, stays unclassed. So does what befalls annotations that were sealed.
"""

from __future__ import annotations

from collections.abc import Callable

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import structure
from eseal.documents.pdf.changes.graph import Key, View, area, entries, is_name, raw_entry, string_bytes
from eseal.documents.pdf.changes.job import ANNOTATING, Job

_LARGEST = 64.0
"""Side of a note in points: viewers draw icons of about 20."""
_MOST = 10
"""New notes on one page; more of them could cover what stands there."""
_ICONS = ("/Comment", "/Key", "/Note", "/Help", "/NewParagraph", "/Paragraph", "/Insert")
# Print, NoZoom, NoRotate, ReadOnly, Locked, LockedContents (12.5.3): none of them hides anything anywhere.
_FLAGS = 4 | 8 | 16 | 64 | 128 | 512


def classify(job: Job, page: Key, fresh: list[Key]) -> None:
    """Find the notes among the annotations `fresh` that `page` has gained."""
    if job.rules.level != ANNOTATING or len(fresh) > 2 * _MOST:
        return
    view = job.after
    # What stood elsewhere in the sealed document is no note of today.
    fresh = [key for key in fresh if job.before.load(key) is None]
    notes = [key for key in fresh if _is(view, key, page, "/Text", _NOTE)]
    windows = [key for key in fresh if _is(view, key, page, "/Popup", _WINDOW)]
    owners = {_target(view, key, "/Popup"): key for key in notes if "/Popup" in view.dictionary_at(key)}
    windows = [key for key in windows if key in owners and _target(view, key, "/Parent") == owners[key]]
    notes = [key for key in notes if _target(view, key, "/Popup") in (None, *windows)]
    numbers = {key: view.entry(view.dictionary_at(key), "/StructParent") for key in notes + windows}
    if len(notes) <= _MOST and _unused(job, {n for n in numbers.values() if n is not None}):
        job.notes |= numbers


def _unused(job: Job, numbers: set[object]) -> bool:
    """Whether the sealed parent tree (14.7.5.4) says nothing of the numbers."""
    known = structure.parents(job.before) if numbers else {}
    return known is not None and numbers.isdisjoint(known)


def _target(view: View, key: Key, name: str) -> Key | None:
    return view.resolve(raw_entry(view.dictionary_at(key), name))[0]


def _is(view: View, key: Key, page: Key, kind: str, table: dict[str, Callable[[View, object], bool]]) -> bool:
    value = view.load(key)
    if not isinstance(value, generic.DictionaryObject) or isinstance(value, generic.StreamObject):
        return False
    if not is_name(view.entry(value, "/Subtype"), kind) or raw_entry(value, "/Rect") is None:
        return False
    if view.resolve(raw_entry(value, "/P"))[0] not in (None, page):
        return False
    return all(name in table and table[name](view, view.get(raw)) for name, raw in entries(value))


def _text(view: View, value: object) -> bool:
    return string_bytes(value) is not None


def _flags(view: View, value: object) -> bool:
    return isinstance(value, int) and not value & ~_FLAGS


def _number(view: View, value: object) -> bool:
    return isinstance(value, int | generic.FloatObject) and not isinstance(value, generic.BooleanObject)


def _colour(view: View, value: object) -> bool:
    return isinstance(value, generic.ArrayObject) and len(value) <= 4 and all(_number(view, view.get(v)) for v in value)


def _closed(view: View, value: object) -> bool:
    return isinstance(value, generic.BooleanObject) and not value


def _place(view: View, value: object) -> bool:
    return area(view, value) is not None


def _small(view: View, value: object) -> bool:
    place = area(view, value)
    return place is not None and place[2] - place[0] <= _LARGEST and place[3] - place[1] <= _LARGEST


def _named(*names: str) -> Callable[[View, object], bool]:
    return lambda view, value: is_name(value, *names)


def _index(view: View, value: object) -> bool:
    return isinstance(value, int) and value >= 0


def _holder(view: View, value: object) -> bool:
    # Which one it must be is asked by `classify`.
    return isinstance(value, generic.DictionaryObject)


_COMMON: dict[str, Callable[[View, object], bool]] = {
    "/Type": _named("/Annot"),
    "/Subtype": _named("/Text", "/Popup"),
    "/P": _holder,
    "/F": _flags,
    "/C": _colour,
    "/NM": _text,
    "/M": _text,
    "/Contents": _text,
    "/T": _text,
    "/Open": _closed,
    "/StructParent": _index,
}
_NOTE = _COMMON | {
    "/Rect": _small,
    "/Name": _named(*_ICONS),
    "/Subj": _text,
    "/CreationDate": _text,
    "/Popup": _holder,
}
"""Keys of a note (tables 166, 172, 175)."""
_WINDOW = _COMMON | {"/Rect": _place, "/Parent": _holder}
"""Keys of its window (table 186), which shows nothing while it is closed."""
