"""Fields that a document has gained: later seals, document timestamps, empty signature fields, and the rest."""

from __future__ import annotations

import os
import re

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import pages
from eseal.documents.pdf.changes.forms import Node
from eseal.documents.pdf.changes.graph import View, area, entries, is_name, raw_entry
from eseal.documents.pdf.changes.job import FAILED, PASSED, PERMITTED, UNKNOWN, Job
from eseal.documents.pdf.changes.table import NEW_FIELD

_COMMENT = re.compile(rb"%[^\r\n]*")
_HIDDEN = 2
_PRINT, _NO_VIEW, _TOGGLE = 4, 32, 256
_LARGEST = 0.25
"""Part of the page from which a later seal's picture counts as content and not as a mark on it."""
_CERTIFYING = "/DocMDP"
_WIDGET = generic.NameObject("/Widget")


def classify(job: Job, node: Node, names: set[str]) -> None:
    """Class one new field with everything below it; `names` are those of the signed revision."""
    for part in node.walk():
        if part.key:
            job.comparer.pair(None, part.key)
            job.new_widgets[part.key] = node.name
    leaves = [n for n in node.walk() if not n.kids or n.is_widget]
    if node.name in names or not node.name:
        # Two fields of one name are one field with two values: readers differ in which they show (12.7.4.2).
        job.add(FAILED, "CHANGE_FIELD_DUPLICATE", node.name)
        return
    if not all(is_name(n.values.get("/FT"), "/Sig") for n in leaves):
        job.add(FAILED, "CHANGE_FIELD_ADDED", node.name)
        return
    for part in node.walk():
        odd = [k for k, v in entries(part.holder) if k not in NEW_FIELD and not (k == "/AA" and _empty(job, v))]
        if any(k in ("/A", "/AA") for k in odd):
            job.add(FAILED, "CHANGE_ACTION", part.name)
        elif odd:
            job.add(UNKNOWN, "CHANGE_FIELD_ADDED_UNCLEAR", f"{part.name} {odd[0]}")
        elif not is_name(job.after.entry(part.holder, "/Subtype") or _WIDGET, str(_WIDGET)):
            # An annotation of another kind becomes part of a field.
            job.add(UNKNOWN, "CHANGE_FIELD_ADDED_UNCLEAR", f"{part.name} /Subtype")
    visible = any(is_visible(job.after, n.holder) for n in leaves)
    values = {id(n): raw_entry(n.holder, "/V") for n in node.walk() if raw_entry(n.holder, "/V") is not None}
    if not values:
        if job.closed:
            job.add(FAILED, "CHANGE_SEAL_FORBIDDEN", node.name)
        elif visible:
            job.add(UNKNOWN, "CHANGE_SIGNATURE_FIELD_VISIBLE", node.name)
        else:
            job.add(PERMITTED, "CHANGE_SIGNATURE_FIELD_ADDED", node.name)
        return
    for part in node.walk():
        if id(part) in values:
            signed(job, part)
            if visible and job.certified:
                # The certified page gains a picture where nothing was reserved for one (the SSA attack).
                job.add(UNKNOWN, "CHANGE_SEAL_VISIBLE", part.name)
            elif any(_covers_page(job, n.holder) for n in leaves if is_visible(job.after, n.holder)):
                job.add(UNKNOWN, "CHANGE_SEAL_COVERS", part.name)


def _empty(job: Job, raw: object) -> bool:
    value = job.after.get(raw)
    return isinstance(value, generic.DictionaryObject) and not isinstance(value, generic.StreamObject) and not value


def _covers_page(job: Job, widget: generic.DictionaryObject) -> bool:
    """Whether a widget takes so much of a page that its picture replaces what was sealed."""
    place = area(job.after, raw_entry(widget, "/Rect"))
    if place is None:
        return True
    size = (place[2] - place[0]) * (place[3] - place[1])
    # Without an area of its own it shows in whatever size its appearance has.
    return size == 0 or size > _LARGEST * pages.smallest(job)


def signed(job: Job, node: Node) -> None:
    """A signature value that is new: another seal, a document timestamp, or not to be told."""
    key, value = job.after.resolve(node.values.get("/V"))
    later = job.later.get(node.name)
    if key is not None and key in job.sealed_values:
        job.add(FAILED, "CHANGE_SEAL_BORROWED", node.name)
        return
    if not isinstance(value, generic.DictionaryObject) or later is None or later.covered_end <= _length(job.before):
        job.add(UNKNOWN, "CHANGE_SEAL_UNCLEAR", node.name)
        return
    timestamp = is_name(job.after.entry(value, "/SubFilter"), "/ETSI.RFC3161")
    if timestamp:
        if any(is_visible(job.after, n.holder) for n in node.walk() if not n.kids or n.is_widget):
            # A timestamper stamps whatever it gets: nobody vouches for the picture (EN 319 142-1 5.4.3).
            job.add(UNKNOWN if job.certified else PERMITTED, "CHANGE_TIMESTAMP_VISIBLE", node.name)
        else:
            job.add(PASSED, "CHANGE_TIMESTAMP", node.name)
        return
    if job.closed:
        job.add(FAILED, "CHANGE_SEAL_FORBIDDEN", node.name)
        return
    if job.rules.locked(node.name) and node.key in job.matched.values():
        job.add(FAILED, "CHANGE_FIELD_LOCKED", node.name)
        return
    for raw in job.after.array(raw_entry(value, "/Reference")):
        method = job.after.entry(job.after.dictionary(raw), "/TransformMethod")
        if is_name(method, _CERTIFYING):
            code = "CHANGE_CERTIFICATION_SECOND" if job.certified else "CHANGE_CERTIFICATION_ADDED"
            job.add(FAILED if job.certified else UNKNOWN, code, node.name)
            return
    job.add(PASSED, "CHANGE_SEAL", node.name)


def _length(view: View) -> int:
    position = view.reader.stream.tell()
    view.reader.stream.seek(0, os.SEEK_END)
    end = int(view.reader.stream.tell())
    view.reader.stream.seek(position)
    return end


def _never_shown(flags: int) -> bool:
    """Whether annotation flags (12.5.3) keep a widget from screen and paper."""
    return bool(flags & _HIDDEN) or (bool(flags & _NO_VIEW) and not flags & (_PRINT | _TOGGLE))


def _draws(view: View, stream: generic.StreamObject, content: bytes) -> bool:
    """Whether an appearance is more than the blank form that programs give to fields that do not show."""
    box = area(view, raw_entry(stream, "/BBox"))
    blank = box is not None and (box[0] == box[2] or box[1] == box[3])
    return not blank and not set(_COMMENT.sub(b"", content).split()) <= {b"q", b"Q"}


def is_visible(view: View, widget: generic.DictionaryObject) -> bool:
    """Whether a widget shows anything: it is not hidden, and has an appearance that draws.

    Without an area nothing can show by 12.5.5, but Ghostscript shows it in full size.
    """
    rect = [view.get(v) for v in view.array(raw_entry(widget, "/Rect"))]
    flags = view.entry(widget, "/F")
    try:
        size = abs(float(rect[2]) - float(rect[0])) * abs(float(rect[3]) - float(rect[1]))  # type: ignore[arg-type]
    except (IndexError, TypeError, ValueError, OverflowError):
        size = 0.0 if not rect else 1.0
    if isinstance(flags, int) and _never_shown(flags):
        return False
    look = view.dictionary(raw_entry(widget, "/AP"))
    for _, raw in entries(look):
        value = view.get(raw)
        streams = [value]
        if isinstance(value, generic.DictionaryObject) and not isinstance(value, generic.StreamObject):
            streams = [view.get(v) for _, v in entries(value)]
        for stream in streams:
            if isinstance(stream, generic.StreamObject):
                data = view.decoded(stream)
                if data is None or (data.strip() if size else _draws(view, stream, data)):
                    return True
    return size != 0 and bool(dict(entries(view.dictionary(raw_entry(widget, "/MK")))))
