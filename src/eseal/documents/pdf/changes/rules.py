"""What a seal allows to change after it: the value that `compare` judges by, and how it is read from the document."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import forms
from eseal.documents.pdf.changes.graph import View, is_name, raw_entry, string_text
from eseal.limits import DEFAULT, Limits

_STRICTEST = 1
_LOOSEST = 3
_DEFAULT_LEVEL = 2


class LockAction(StrEnum):
    """Which fields a lock names (ISO 32000-2, tables 236 and 258)."""

    ALL = "All"
    """Every field."""
    INCLUDE = "Include"
    """The fields named and their descendants."""
    EXCLUDE = "Exclude"
    """Every field but those named and their descendants."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A set of form fields that must not change any more (FieldMDP, ISO 32000-2 12.8.2.4)."""

    action: LockAction
    """How `fields` is meant."""
    fields: tuple[str, ...] = ()
    """Fully qualified field names."""

    def holds(self, name: str) -> bool:
        """Whether the field with the fully qualified `name` is locked."""
        if self.action is LockAction.ALL:
            return True
        named = any(name == f or name.startswith(f + ".") for f in self.fields)
        return named if self.action is LockAction.INCLUDE else not named


@dataclass(frozen=True, slots=True)
class Later:
    """A signature in the document as it is now that the signed revision does not have."""

    name: str
    """Fully qualified field name."""
    covered_end: int
    """Offset behind its last covered byte."""
    timestamp: bool = False
    """True for a document timestamp (ISO 32000-2 12.8.5)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is allowed after one seal."""

    field: str
    """Fully qualified name of the signature field whose signed revision `before` is."""
    level: int | None = None
    """DocMDP /P in force in the signed revision: 1, 2 or 3; None where nothing certifies the document."""
    locks: tuple[Lock, ...] = ()
    """Field locks in force in the signed revision, of this seal and of earlier ones."""
    later: tuple[Later, ...] = ()
    """Signatures that were added later."""
    limits: Limits = DEFAULT
    """Bounds on what is inflated to compare it."""

    def locked(self, name: str) -> bool:
        """Whether any lock holds the field with the fully qualified `name`."""
        return any(lock.holds(name) for lock in self.locks)


def read(view: View, name: str, later: tuple[Later, ...], limits: Limits = DEFAULT) -> Rules:
    """The rules that the signed revision `view` states for the seal in the field `name`."""
    form = forms.read(view, limits)
    levels: list[int] = []
    locks: list[Lock] = []
    certification = view.get(raw_entry(view.dictionary(raw_entry(view.root, "/Perms")), "/DocMDP"))
    if isinstance(certification, generic.DictionaryObject):
        levels.append(_certified(view, certification))
    for node in form.nodes():
        value = view.get(raw_entry(node.holder, "/V"))
        if not is_name(node.values.get("/FT"), "/Sig") or not isinstance(value, generic.DictionaryObject):
            continue
        for raw in view.array(raw_entry(value, "/Reference")):
            reference = view.dictionary(raw)
            method, params = (view.entry(reference, n) for n in ("/TransformMethod", "/TransformParams"))
            holder = params if isinstance(params, generic.DictionaryObject) else view.dictionary(None)
            if is_name(method, "/DocMDP"):
                levels.append(_level(view, holder))
            elif is_name(method, "/FieldMDP"):
                locks.append(_lock(view, holder))
        lock = view.entry(node.holder, "/Lock")
        if isinstance(lock, generic.DictionaryObject):
            locks.append(_lock(view, lock))
            if "/P" in lock:
                # Table 236: the permission of a signature lock counts where it is stricter.
                levels.append(_level(view, lock))
    return Rules(name, min(levels, default=None), tuple(locks), later, limits)


def _certified(view: View, signature: generic.DictionaryObject) -> int:
    levels = []
    for raw in view.array(raw_entry(signature, "/Reference")):
        reference = view.dictionary(raw)
        if is_name(view.entry(reference, "/TransformMethod"), "/DocMDP"):
            levels.append(_level(view, view.dictionary(raw_entry(reference, "/TransformParams"))))
    # A certification whose level cannot be read allows nothing.
    return min(levels, default=_STRICTEST)


def _level(view: View, holder: generic.DictionaryObject) -> int:
    value = view.entry(holder, "/P")
    if value is None:
        return _DEFAULT_LEVEL
    return int(value) if isinstance(value, int) and _STRICTEST <= value <= _LOOSEST else _STRICTEST


def _lock(view: View, holder: generic.DictionaryObject) -> Lock:
    action, names = view.entry(holder, "/Action"), view.array(raw_entry(holder, "/Fields"))
    fields = tuple(t for t in (string_text(view.get(n)) for n in names) if t is not None)
    try:
        return Lock(LockAction(str(action)[1:]), fields)
    except ValueError:
        return Lock(LockAction.ALL)
