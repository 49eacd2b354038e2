"""What the doctor says: one finding for each thing it looked at, with a state, a sentence and what mends it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from eseal.errors import Error


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not for ever, or not as well as it could."""
    BAD = "bad"
    """Something that the authority is for does not work, or is not safe."""
    SKIPPED = "skipped"
    """It was not looked at, and the finding says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    id: str
    """What it is: one of `IDS`."""
    state: State
    """How it stands."""
    code: str
    """Catalogue code of the sentence; its hint says in words what to do."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Its parameters; hostile until escaped."""
    mend: str = ""
    """A command that mends it, ready for a shell; empty where no command can."""


IDS = (
    "configuration",
    "permissions",
    "journal",
    "clock",
    "disk",
    "extras",
    "fonts",
    "pdfium",
    "key",
    "certificate",
    "seal",
    "seal-status",
    "anchors",
    "lists",
    "timestamper",
    "revocation",
    "level",
)
"""Everything that is looked at, in the order of the report."""


def ok(id: str, code: str, **params: object) -> Finding:
    """A thing that is right."""
    return Finding(id, State.OK, code, _texts(params))


def warning(id: str, code: str, mend: str = "", **params: object) -> Finding:
    """A thing that works, but."""
    return Finding(id, State.WARNING, code, _texts(params), mend)


def bad(id: str, code: str, mend: str = "", **params: object) -> Finding:
    """A thing that does not work."""
    return Finding(id, State.BAD, code, _texts(params), mend)


def skipped(id: str, code: str, mend: str = "", **params: object) -> Finding:
    """A thing that was not looked at."""
    return Finding(id, State.SKIPPED, code, _texts(params), mend)


def failed(id: str, error: Error, state: State = State.BAD) -> Finding:
    """What an error of eseal says, with the command that mends it where there is one."""
    path = error.params.get("path", "")
    mends = {
        "CONFIG_WRITABLE": f"chmod go-w {quoted(path)}",
        "CONFIG_NOT_YOURS": f"chown $(id -un) {quoted(path)}",
        "KEY_FILE_PERMISSIONS": f"chmod 600 {quoted(path)}",
        "PASSWORD_FILE_PERMISSIONS": f"chmod 600 {quoted(path)}",
        "KEY_EXTRA_MISSING": f"pip install 'eseal[{error.params.get('extra', '')}]'",
    }
    return Finding(id, state, error.code, dict(error.params), mends.get(error.code, ""))


def command(*words: str | Path, folder: Path) -> str:
    """An `eseal` command for the authority in `folder`, ready for a shell; words in capitals stand for the user's."""
    return " ".join(["eseal", *(quoted(w) for w in words), "--authority", quoted(folder)])


def quoted(word: str | Path) -> str:
    """A word that a shell takes as it is."""
    return shlex.quote(str(word))


def _texts(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}
