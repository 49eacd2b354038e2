"""The form's signature fields, walked by hand: cycles, depth and counts are bounded, nothing broken hides the rest."""

from __future__ import annotations

from dataclasses import dataclass

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import UNREADABLE, Key, View, plain, raw_entry, string_bytes
from eseal.errors import DocumentError
from eseal.limits import Limits

_PAGES = 200_000
_HEIGHT = 50


@dataclass(frozen=True, slots=True)
class SignatureField:
    """A field that holds a signature, or claims to."""

    name: str
    """Fully qualified name (ISO 32000-2 12.7.4.2)."""
    key: Key | None
    """Object number and generation of the field; None where it is a direct object."""
    value: Key | None
    """Reference to the signature dictionary; None where it stands in the field itself."""
    holder: Key | None
    """The indirect object that holds the signature dictionary: `value`, or the field that it stands in."""
    dictionary: generic.DictionaryObject | None
    """The signature dictionary as pyHanko reads it; None where the value is none."""
    typed: bool
    """/FT is /Sig, its own or inherited."""
    widgets: tuple[object, ...] = ()
    """Raw widget annotations: the field itself, or its kids without names."""


def signature_fields(view: View, limits: Limits) -> tuple[SignatureField, ...]:
    """All form fields whose value is a signature or should be one. Raises DocumentError PDF_LIMIT_FIELDS."""
    form = view.entry(view.root, "/AcroForm")
    if not isinstance(form, generic.DictionaryObject):
        return ()
    found: list[SignatureField] = []
    seen: set[Key] = set()
    count = 0
    # (raw field, name of the parent, inherited /FT, inherited raw /V with the object that holds it, depth)
    stack: list[tuple[object, str, object, tuple[object, Key | None], int]] = [
        (raw, "", None, (None, None), 0) for raw in reversed(view.array(raw_entry(form, "/Fields")))
    ]
    while stack:
        raw, parent, kind, inherited, depth = stack.pop()
        count += 1
        if count > limits.fields:
            raise DocumentError("PDF_LIMIT_FIELDS", limit=limits.fields)
        key, field = view.resolve(raw)
        if key is not None and key in seen:
            continue
        if key is not None:
            seen.add(key)
        if not isinstance(field, generic.DictionaryObject) or depth > limits.nesting:
            continue
        name = _joined(parent, view.entry(field, "/T"))
        own = view.entry(field, "/FT")
        kind = own if own is not None else kind
        value = raw_entry(field, "/V")
        held = (value, key) if value is not None else inherited
        kids = view.array(raw_entry(field, "/Kids"))
        named = [k for k in kids if _has_name(view, k)]
        if named:
            stack += [(k, name, kind, held, depth + 1) for k in reversed(named)]
            continue
        signature = _signature(view, name, key, kind, held, tuple(kids) if kids else (raw,))
        if signature is not None:
            found.append(signature)
            if len(found) > limits.signatures:
                raise DocumentError("PDF_LIMIT_SIGNATURES", limit=limits.signatures)
    return tuple(found)


def _signature(
    view: View, name: str, key: Key | None, kind: object, held: tuple[object, Key | None], widgets: tuple[object, ...]
) -> SignatureField | None:
    typed = isinstance(kind, generic.NameObject) and kind == "/Sig"
    raw, holder = held
    if raw is None:
        return None
    value, content = view.resolve(raw)
    if content is None:
        # A dangling reference is null (7.3.10): no value.
        return None
    dictionary = content if isinstance(content, generic.DictionaryObject) else None
    looks = dictionary is not None and ("/ByteRange" in dictionary or "/SubFilter" in dictionary)
    if not typed and not looks:
        return None
    return SignatureField(name, key, value, value or holder, dictionary, typed, widgets)


def _has_name(view: View, raw: object) -> bool:
    kid = view.get(raw)
    return isinstance(kid, generic.DictionaryObject) and "/T" in kid


def _joined(parent: str, part: object) -> str:
    if string_bytes(part) is None:
        return parent
    text = str(part) if isinstance(part, str) else bytes(part).decode("latin-1")  # type: ignore[call-overload]
    return f"{parent}.{text}" if parent else text


def shown_page(view: View, widgets: tuple[object, ...], pages: PageNumbers) -> int | None:
    """Number of the first page on which one of `widgets` shows; None where all are invisible."""
    for raw in widgets:
        key, widget = view.resolve(raw)
        if not isinstance(widget, generic.DictionaryObject) or not _visible(view, widget):
            continue
        page = pages.of(view.resolve(raw_entry(widget, "/P"))[0], key)
        if page is not None:
            return page
    return None


def _visible(view: View, widget: generic.DictionaryObject) -> bool:
    flags = view.entry(widget, "/F")
    # Hidden and NoView (12.5.3).
    if isinstance(flags, generic.NumberObject) and int(flags) & 0b100010:
        return False
    box = [view.get(v) for v in view.array(raw_entry(widget, "/Rect"))]
    if len(box) != 4 or not all(isinstance(v, generic.NumberObject | generic.FloatObject) for v in box):
        return False
    x0, y0, x1, y1 = (float(v) for v in box)  # type: ignore[arg-type]
    return x0 != x1 and y0 != y1


def _key(raw: object) -> Key | None:
    return (raw.idnum, raw.generation) if isinstance(raw, generic.IndirectObject) else None


class PageNumbers:
    """Page numbers by object, read once and only when somebody asks."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._numbers: dict[Key, int] | None = None
        self._order: list[generic.DictionaryObject] = []

    def of(self, page: Key | None, widget: Key | None) -> int | None:
        """1-based number of the page with key `page`, else of the one whose /Annots name `widget`."""
        if page is not None and self._numbers is None:
            near = self._climb(page)
            if near is not None:
                return near
        if self._numbers is None:
            self._read()
        assert self._numbers is not None
        if page is not None and page in self._numbers:
            return self._numbers[page]
        if widget is None:
            return None
        for number, content in enumerate(self._order, 1):
            for raw in self._view.array(raw_entry(content, "/Annots")):
                if _key(raw) == widget:
                    return number
        return None

    def _climb(self, page: Key) -> int | None:
        """Number of `page` by way of its parents, where each of them holds nothing but pages: no page is read."""
        before, key = 0, page
        root = self._view.resolve(raw_entry(self._view.root, "/Pages"))[0]
        for _ in range(_HEIGHT):
            if key == root:
                return before + 1
            parent, node = self._view.resolve(raw_entry(self._node(key), "/Parent"))
            if parent is None or not isinstance(node, generic.DictionaryObject):
                return None
            kids = [_key(k) for k in self._view.array(raw_entry(node, "/Kids"))]
            if kids.count(key) != 1 or self._view.entry(node, "/Count") != len(kids):
                return None
            before += kids.index(key)
            key = parent
        return None

    def _node(self, key: Key) -> generic.DictionaryObject:
        node = self._view.load(key)
        return node if isinstance(node, generic.DictionaryObject) else generic.DictionaryObject()

    def _read(self) -> None:
        self._numbers = {}
        seen: set[Key] = set()
        stack = [raw_entry(self._view.root, "/Pages")]
        while stack and len(self._order) < _PAGES:
            key, node = self._view.resolve(stack.pop())
            if not isinstance(node, generic.DictionaryObject) or (key is not None and key in seen):
                continue
            if key is not None:
                seen.add(key)
            if "/Kids" in node:
                stack += reversed(self._view.array(raw_entry(node, "/Kids")))
                continue
            self._order.append(node)
            if key is not None:
                self._numbers[key] = len(self._order)


def text(view: View, holder: generic.DictionaryObject, key: str, longest: int = 2000) -> str | None:
    """The text string behind `key`, cut to `longest` characters; None where it is none."""
    value = view.entry(holder, key)
    if string_bytes(value) is None:
        return None
    found = str(value) if isinstance(value, str) else bytes(value).decode("latin-1")  # type: ignore[call-overload]
    return found[:longest]


def name_of(view: View, holder: generic.DictionaryObject, key: str) -> str | None:
    """The name behind `key` without its slash; None where it is no name."""
    value = view.entry(holder, key)
    return str(value)[1:] if isinstance(value, generic.NameObject) else None


def certification(view: View, signature: generic.DictionaryObject) -> int | None:
    """DocMDP level that `signature` sets: 1, 2 or 3; 2 where it is not stated (ISO 32000-2 12.8.2.2).

    Of several the strictest, as changes are judged by it.
    """
    levels = []
    for raw in view.array(raw_entry(signature, "/Reference")):
        reference = view.get(raw)
        if not isinstance(reference, generic.DictionaryObject):
            continue
        if name_of(view, reference, "/TransformMethod") != "DocMDP":
            continue
        parameters = view.entry(reference, "/TransformParams")
        level = view.entry(parameters, "/P") if isinstance(parameters, generic.DictionaryObject) else None
        if level is None:
            levels.append(2)
        else:
            # What is not understood counts as the strictest.
            levels.append(int(level) if isinstance(level, generic.NumberObject) and int(level) in (1, 2, 3) else 1)
    return min(levels, default=None)


def has_xfa(view: View) -> bool:
    """Whether the form is an XFA form (deprecated in ISO 32000-2 12.7.8): shown by its own engine, if at all."""
    form = view.entry(view.root, "/AcroForm")
    return isinstance(form, generic.DictionaryObject) and view.entry(form, "/XFA") is not None


def permission_signature(view: View, key: str) -> Key | None:
    """Reference to the signature under /Perms (12.8.6), "/DocMDP" or "/UR3"."""
    permissions = view.entry(view.root, "/Perms")
    if not isinstance(permissions, generic.DictionaryObject):
        return None
    return view.resolve(raw_entry(permissions, key))[0]


__all__ = [
    "UNREADABLE",
    "PageNumbers",
    "SignatureField",
    "certification",
    "has_xfa",
    "name_of",
    "permission_signature",
    "plain",
    "shown_page",
    "signature_fields",
    "text",
]
