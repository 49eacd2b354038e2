"""What a seal allows to change after it: the value that `compare` judges by, and how it is read from the document."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eseal.limits import DEFAULT, Limits


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
