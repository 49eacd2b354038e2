"""The interactive form as a tree of fields and widgets, read without trust in its links (ISO 32000-2 12.7.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import Key, View, is_name, raw_entry, string_text
from eseal.limits import Limits

_DEPTH = 100

_INHERITABLE = ("/FT", "/V", "/Ff", "/DA", "/Q", "/MaxLen", "/Opt")


@dataclass(slots=True, eq=False)
class Node:
    """One field, one widget, or both merged in one dictionary."""

    key: Key | None
    """Its reference; None where it stands directly in its parent."""
    holder: generic.DictionaryObject
    """The dictionary."""
    name: str
    """Fully qualified name of the field that it is or belongs to."""
    partial: str | None
    """Its own /T."""
    parent: Node | None
    """The field above it."""
    kids: list[Node] = field(default_factory=list)
    """What stands in /Kids."""
    values: dict[str, object] = field(default_factory=dict)
    """Raw values of inheritable keys, its own or its ancestors'."""

    @property
    def is_widget(self) -> bool:
        """Whether it shows on a page."""
        return "/Rect" in self.holder or is_name(self.holder.get("/Subtype"), "/Widget")

    def walk(self) -> Iterator[Node]:
        """Itself and everything below it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.kids))


@dataclass(slots=True)
class Form:
    """The whole form."""

    holder: generic.DictionaryObject
    """The interactive form dictionary; empty where there is none."""
    roots: list[Node]
    """The fields in /Fields."""
    sound: bool
    """False where a node is met twice, is no dictionary, or stands too deep."""

    def nodes(self) -> Iterator[Node]:
        """Every field and widget."""
        for root in self.roots:
            yield from root.walk()


def read(view: View, limits: Limits) -> Form:
    """The form of `view`; what cannot be read is left out and makes the form unsound."""
    holder = view.dictionary(raw_entry(view.root, "/AcroForm"))
    form = Form(holder, [], True)
    seen: set[Key] = set()
    budget = [limits.fields]
    for raw in view.array(raw_entry(holder, "/Fields")):
        node = _node(view, raw, None, form, seen, budget, 0)
        if node is not None:
            form.roots.append(node)
    return form


def _node(
    view: View, raw: object, parent: Node | None, form: Form, seen: set[Key], budget: list[int], depth: int
) -> Node | None:
    key, holder = view.resolve(raw)
    if holder is None:
        return None
    budget[0] -= 1
    if not isinstance(holder, generic.DictionaryObject) or (key and key in seen) or depth > _DEPTH or budget[0] < 0:
        form.sound = False
        return None
    if key:
        seen.add(key)
    partial = string_text(view.entry(holder, "/T"))
    above = parent.name if parent else ""
    name = (f"{above}.{partial}" if above else partial) if partial is not None else above
    node = Node(key, holder, name, partial, parent)
    node.values = dict(parent.values) if parent else {}
    node.values.update((k, raw_entry(holder, k)) for k in _INHERITABLE if raw_entry(holder, k) is not None)
    for kid in view.array(raw_entry(holder, "/Kids")):
        below = _node(view, kid, node, form, seen, budget, depth + 1)
        if below is not None:
            node.kids.append(below)
    return node


def match(old: list[Node], new: list[Node]) -> tuple[list[tuple[Node, Node]], list[Node], list[Node]]:
    """Pairs of `old` and `new` that are the same node, what is gone, and what is new.

    First by reference, then by name: an update may write a field under another number, but not under another name.
    """
    by_key = {n.key: n for n in new if n.key}
    by_name: dict[str, list[Node]] = {}
    for n in new:
        if n.partial is not None:
            by_name.setdefault(n.partial, []).append(n)
    pairs: list[tuple[Node, Node]] = []
    taken: set[int] = set()
    gone: list[Node] = []
    rest: list[Node] = []
    for o in old:
        same = by_key.get(o.key) if o.key else None
        if same is None or id(same) in taken:
            rest.append(o)
        else:
            taken.add(id(same))
            pairs.append((o, same))
    for o in rest:
        candidates = by_name.get(o.partial, []) if o.partial is not None else _unnamed(new)
        other = next((n for n in candidates if id(n) not in taken), None)
        if other is None:
            gone.append(o)
        else:
            taken.add(id(other))
            pairs.append((o, other))
    return pairs, gone, [n for n in new if id(n) not in taken]


def _unnamed(nodes: list[Node]) -> list[Node]:
    return [n for n in nodes if n.partial is None]
