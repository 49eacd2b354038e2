"""A field's value against what its appearance shows (ISO 32000-2 12.7.4.3): the replace-shadow attack and its kin."""

from __future__ import annotations

import re

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import painting, resources, text
from eseal.documents.pdf.changes.forms import Node
from eseal.documents.pdf.changes.graph import View, area, entries, is_name, items, raw_entry, string_bytes, string_text
from eseal.documents.pdf.changes.job import FAILED, PERMITTED, UNKNOWN, Job
from eseal.report.model import CheckVerdict

_PASSWORD = 1 << 13
_COMB = 1 << 24
_EDIT = 1 << 18
_SCALE = 0.1
_SLACK = 2.0
_OWN_KEYS = frozenset(
    ("/Type", "/Subtype", "/FormType", "/BBox", "/Matrix", "/Resources", "/Length", "/Filter", "/DecodeParms")
) | frozenset(("/Name", "/LastModified", "/PieceInfo", "/Group"))


def is_value(value: object) -> bool:
    """Whether `value` is one that a text or choice field can have."""
    if isinstance(value, generic.ArrayObject):
        return all(string_text(v) is not None for v in items(value))
    return value is None or string_text(value) is not None


def _texts(view: View, node: Node, value: object) -> set[str]:
    """What may show for `value`: itself, or the display text that a choice field gives it (table 235)."""
    wanted = [value] if not isinstance(value, generic.ArrayObject) else [view.get(v) for v in items(value)]
    shown = {"".join(string_text(v) or "" for v in wanted)}
    for raw in view.array(node.values.get("/Opt")):
        option = view.array(raw)
        if len(option) == 2 and any(view.get(option[0]) == v for v in wanted):
            shown.add(string_text(view.get(option[1])) or "")
    return {text.squeeze(s) for s in shown}


def streams(view: View, node: Node) -> dict[str, generic.StreamObject]:
    """The appearance streams of a widget by their key: N, R, D."""
    look = view.dictionary(raw_entry(node.holder, "/AP"))
    return {name: value for name, raw in entries(look) if isinstance(value := view.get(raw), generic.StreamObject)}


def can_be_entered(view: View, node: Node, kind: str, value: object) -> bool:
    """Whether a viewer would let anybody give the field this value: no longer than it takes, one of its options."""
    texts = _list(view, value)
    if kind == "/Tx":
        longest = view.get(node.values.get("/MaxLen"))
        return not isinstance(longest, int) or all(len(t) <= longest for t in texts)
    flags = view.get(node.values.get("/Ff"))
    if isinstance(flags, int) and flags & _EDIT:
        return True
    options: set[str | None] = {""}
    for raw in view.array(node.values.get("/Opt")):
        option = view.get(raw)
        parts = list(items(option)) if isinstance(option, generic.ArrayObject) else [option]
        options |= {string_text(view.get(part)) for part in parts}
    return all(t in options for t in texts)


def selects(view: View, node: Node, value: object) -> bool:
    """Whether the selected positions of a choice field (/I, table 234) are those of its value."""
    wanted = _list(view, value)
    options = [view.get(raw) for raw in view.array(node.values.get("/Opt"))]
    chosen = []
    for raw in view.array(raw_entry(node.holder, "/I")):
        index = view.get(raw)
        if not isinstance(index, int) or not 0 <= index < len(options):
            return False
        option = options[index]
        chosen.append(
            string_text(view.get(next(items(option), None)) if isinstance(option, generic.ArrayObject) else option)
        )
    return not chosen or sorted(str(c) for c in chosen) == sorted(wanted)


def _list(view: View, value: object) -> list[str]:
    values = [value] if not isinstance(value, generic.ArrayObject) else [view.get(v) for v in items(value)]
    return [string_text(v) or "" for v in values if v is not None]


def borrows(view: View, node: Node) -> bool:
    """Whether an appearance of the widget has no resources of its own, or is left to the viewer."""
    if not node.is_widget:
        return False
    if is_name(node.values.get("/FT"), "/Tx", "/Ch") and "/N" not in streams(view, node):
        return True
    look = view.dictionary(raw_entry(node.holder, "/AP"))
    for _, raw in entries(look):
        value = view.get(raw)
        below = [value]
        if isinstance(value, generic.DictionaryObject) and not isinstance(value, generic.StreamObject):
            below = [view.get(v) for _, v in entries(value)]
        for stream in below:
            if isinstance(stream, generic.StreamObject) and view.entry(stream, "/Resources") is None:
                data = view.decoded(stream)
                if data is None or b"/" in data:
                    return True
    return False


def names_used(view: View, node: Node, default: object) -> bytes:
    """Everything that may name a default resource: default appearance strings, and what the widget's streams say."""
    parts = [string_bytes(view.get(v)) for v in (node.values.get("/DA"), default)]
    parts += [view.decoded(stream) for stream in streams(view, node).values()]
    return b" ".join(part for part in parts if part)


def names_default(view: View, node: Node, default: object, category: str, name: str) -> bool:
    """Whether the field may mean the default resource `name`: not where a stream's own resources define it."""
    if resources.is_default(category, name):
        return True
    wanted = name[1:].encode("latin-1", "replace")
    parts = [string_bytes(view.get(v)) for v in (node.values.get("/DA"), default)]
    parts += [view.decoded(s) for s in streams(view, node).values() if not resources.defines(view, s, category, name)]
    return any(wanted in part for part in parts if part)


def draws_from_form(view: View, node: Node) -> bool:
    """Whether the form's default appearance would matter for the field."""
    kind = node.values.get("/FT")
    return is_name(kind, "/Tx", "/Ch") and "/DA" not in node.values


def agrees(view: View, node: Node) -> bool:
    """Whether the widget shows its value already."""
    stream = streams(view, node).get("/N")
    value = view.get(node.values.get("/V"))
    if stream is None:
        return True
    reading = painting.shown(view, stream)
    return reading.sure and is_value(value) and text.squeeze(reading.text) in _texts(view, node, value)


def judge(
    job: Job, old: Node | None, new: Node, kind: str, old_value: object, new_value: object
) -> tuple[CheckVerdict, str]:
    """Judge what one widget of a text or choice field shows now."""
    before = streams(job.before, old) if old else {}
    after = streams(job.after, new)
    moved = old_value != new_value
    look = job.after.dictionary(raw_entry(new.holder, "/AP"))
    if any(name not in after for name, _ in entries(look)) or any(n not in ("/N", "/R", "/D") for n in look):
        # Appearances by state are for buttons (12.5.5).
        return UNKNOWN, "CHANGE_FIELD_UNREADABLE"
    for name in sorted(before.keys() | after.keys()):
        earlier, stream = before.get(name), after.get(name)
        if not moved and earlier is not None and stream is not None and _same(job, old, new, name):
            continue
        if stream is None:
            form = job.after.dictionary(raw_entry(job.after.root, "/AcroForm"))
            if not moved and not job.after.entry(form, "/NeedAppearances"):
                # Only viewers that draw values unasked still show it.
                return UNKNOWN, "CHANGE_FIELD_UNREADABLE"
            continue
        verdict = _stream(job, earlier, stream, new, kind, old_value, new_value, moved)
        if verdict is not None:
            return verdict
    return PERMITTED, "CHANGE_FIELD_FILLED" if moved else "CHANGE_FIELD_REDRAWN"


def _same(job: Job, old: Node | None, new: Node, name: str) -> bool:
    left = raw_entry(job.before.dictionary(raw_entry(old.holder, "/AP")), name) if old else None
    right = raw_entry(job.after.dictionary(raw_entry(new.holder, "/AP")), name)
    return job.comparer.same(left, right) or _only_grown(job, left, right)


def _only_grown(job: Job, left: object, right: object) -> bool:
    """Whether a stream is as it was, and its resources, shared with the form's, gained what it does not name."""
    if job.comparer.difference(left, right, skip=("/Resources",)) is not None:
        return False
    stream = job.after.get(right)
    data = job.after.decoded(stream) if isinstance(stream, generic.StreamObject) else None
    ours, theirs = (raw_entry(v.dictionary(r), "/Resources") for v, r in ((job.before, left), (job.after, right)))
    grown = resources.added(job, ours, theirs)
    # What a form inside draws may borrow too: then nothing is said.
    return (
        bool(grown)
        and data is not None
        and not any(part in data for part in (b"Do", b"#"))
        and not any(name[1:].encode("latin-1", "replace") in data for _, name in grown)
    )


def same_default(view: View, old: object, new: object) -> bool:
    """Whether two default appearance strings choose the same font, size and colour, in whatever order (12.7.4.3)."""
    ours, theirs = (_choices(string_bytes(view.get(v))) for v in (old, new))
    return ours is not None and ours == theirs


def _choices(data: bytes | None) -> dict[str, list[object]] | None:
    """The operands of each operator; None where there is another operator, or one of them twice."""
    found: dict[str, list[object]] = {}
    operands: list[object] = []
    for kind, value in text.tokens(data or b""):
        if kind != "word":
            operands.append(value)
            continue
        what = "colour" if value in ("g", "rg", "k") else "font" if value == "Tf" else ""
        if not what or what in found:
            return None
        found[what], operands = operands, []
    return found if found and not operands else None


def _stream(
    job: Job,
    earlier: generic.StreamObject | None,
    stream: generic.StreamObject,
    node: Node,
    kind: str,
    old_value: object,
    new_value: object,
    moved: bool,
) -> tuple[CheckVerdict, str] | None:
    view = job.after
    flags = view.get(node.values.get("/Ff"))
    if isinstance(flags, int) and flags & _PASSWORD:
        return UNKNOWN, "CHANGE_FIELD_UNREADABLE"
    reading = painting.shown(view, stream)
    wanted = _texts(view, node, new_value)
    reads = text.squeeze(reading.text) in wanted
    if not reads and reading.sure:
        if moved and _formatted(view, node):
            return UNKNOWN, "CHANGE_FIELD_FORMATTED"
        return FAILED, "CHANGE_FIELD_SHOWS_OTHER"
    strange = [name for name, _ in entries(stream) if name not in _OWN_KEYS]
    if reading.crossed and not (isinstance(flags, int) and flags & _COMB):
        return UNKNOWN, "CHANGE_FIELD_UNREADABLE"
    if (
        not reading.sure
        or not reads
        or strange
        or not _fonts_known(job, earlier, node, reading.fonts, moved)
        or not _unscaled(job, earlier, stream, node)
    ):
        return UNKNOWN, "CHANGE_FIELD_UNREADABLE"
    if not moved and earlier is not None:
        sealed = painting.shown(job.before, earlier)
        if text.squeeze(sealed.text) != text.squeeze(reading.text):
            # The value stayed, what is seen did not.
            return FAILED, "CHANGE_FIELD_SHOWS_OTHER"
    return None


def _formatted(view: View, node: Node) -> bool:
    """Whether the field's own sealed script formats what shows."""
    return "/F" in view.dictionary(raw_entry(node.holder, "/AA")) or (
        node.parent is not None and "/F" in view.dictionary(raw_entry(node.parent.holder, "/AA"))
    )


def _unscaled(job: Job, earlier: generic.StreamObject | None, stream: generic.StreamObject, node: Node) -> bool:
    """Whether the stream shows as large and upright as it says, or just as the sealed one did (12.5.5)."""
    if earlier is not None and all(
        job.comparer.same(raw_entry(earlier, key), raw_entry(stream, key)) for key in ("/BBox", "/Matrix")
    ):
        return True
    matrix = [job.after.get(v) for v in job.after.array(raw_entry(stream, "/Matrix"))]
    box = area(job.after, raw_entry(stream, "/BBox"))
    place = area(job.after, raw_entry(node.holder, "/Rect"))
    if (matrix and matrix != [1, 0, 0, 1, 0, 0]) or box is None or place is None:
        return False
    for a, b in ((0, 2), (1, 3)):
        inner, outer = box[b] - box[a], place[b] - place[a]
        if abs(inner - outer) > _SLACK + _SCALE * outer:
            return False
    return True


_DEFAULT_FONT = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]+)[\x00\t\n\x0c\r ]+[-+.\d]+[\x00\t\n\x0c\r ]+Tf")


def _fonts_known(
    job: Job, earlier: generic.StreamObject | None, node: Node, fonts: list[tuple[str, object]], moved: bool
) -> bool:
    """Fonts that are not embedded draw what their encoding says; others count only where the field had them sealed.

    A new value may also be drawn with the font of the sealed default appearance, a value that stayed may not: a font
    that was laid ready could draw other letters (the replace-shadow attack by fonts).
    """
    form = job.before.dictionary(raw_entry(job.before.root, "/AcroForm"))
    known = text.fonts_of(job.before, earlier) if earlier is not None else []
    if moved or earlier is None:
        default = job.before.dictionary(raw_entry(job.before.dictionary(raw_entry(form, "/DR")), "/Font"))
        named = _DEFAULT_FONT.findall(names_used(job.before, node, raw_entry(form, "/DA")))
        known += [raw for name, raw in entries(default) if name[1:].encode("latin-1", "replace") in named]
    return all(
        not text.Font(job.after, raw).embedded or any(job.comparer.same(k, raw) for k in known) for _, raw in fonts
    )
