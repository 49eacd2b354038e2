"""Reads TOML strictly: a key that is not known is an error that names the nearest, never silently left out."""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eseal.errors import UsageError

FILE_BYTES = 4_000_000
"""Largest configuration file read."""
VERSION = 1
"""Version of every configuration file's form."""


def load(path: Path, *, required: bool, owned: bool = True) -> Mapping[str, Any] | None:
    """The tables of the file at `path`; None where it is not there and not `required`.

    A file that somebody else owns or can write is refused, since it names keys, anchors and programs' modules; not
    so without `owned`, where the caller himself named the very folder that it is read from.
    Raises UsageError: CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_SYNTAX, CONFIG_WRITABLE, CONFIG_NOT_YOURS.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise UsageError("CONFIG_NOT_FOUND", path=path) from None
        return None
    except (OSError, ValueError) as error:
        raise UsageError("CONFIG_UNREADABLE", path=path, reason=_reason(error)) from None
    try:
        # The descriptor is examined, so that the file judged is the file read.
        if owned:
            check_owner(os.fstat(handle), path)
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise UsageError("CONFIG_UNREADABLE", path=path, reason=_reason(error)) from None
    finally:
        os.close(handle)
    if len(data) > FILE_BYTES:
        raise UsageError("CONFIG_UNREADABLE", path=path, reason=f"> {FILE_BYTES} B")
    return parse(data, str(path))


def parse(data: bytes, place: str) -> Mapping[str, Any]:
    """The tables in `data`. Raises UsageError CONFIG_SYNTAX with line and column, CONFIG_VERSION_NEWER."""
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError("CONFIG_SYNTAX", path=place, reason=str(error)[:200]) from None
    version = tables.get("version")
    # Looked at before the keys, since a newer form may have others.
    if type(version) is int and version > VERSION:
        raise UsageError("CONFIG_VERSION_NEWER", path=place, version=version, known=VERSION)
    if version != VERSION or type(version) is not int:
        raise UsageError("CONFIG_VALUE_WRONG", path=place, key="version", expected=VERSION)
    return tables


def check_owner(status: os.stat_result, path: Path) -> None:
    """Refuse what another user could have put there. Raises UsageError CONFIG_WRITABLE or CONFIG_NOT_YOURS."""
    if os.name != "posix":
        return
    if stat.S_IMODE(status.st_mode) & 0o022:
        raise UsageError("CONFIG_WRITABLE", path=path, mode=f"{stat.S_IMODE(status.st_mode):04o}")
    if status.st_uid not in (0, os.geteuid()):
        raise UsageError("CONFIG_NOT_YOURS", path=path)


class Table:
    """One table of a file; what is not taken by `done` is not known."""

    def __init__(self, values: Any, place: str, name: str = "") -> None:
        self.place = place
        self.name = name
        if not isinstance(values, dict):
            raise UsageError("CONFIG_VALUE_WRONG", path=place, key=name, expected="table")
        self._values: dict[str, Any] = dict(values)
        self._known: list[str] = []

    def wrong(self, key: str, expected: object) -> UsageError:
        """The error for a value of the wrong kind."""
        return UsageError("CONFIG_VALUE_WRONG", path=self.place, key=self._full(key), expected=expected)

    def take(self, key: str, kind: type[Any], default: Any = ...) -> Any:
        """The value of `key`, exactly of `kind`. Raises UsageError CONFIG_KEY_MISSING or CONFIG_VALUE_WRONG."""
        self._known.append(key)
        if key not in self._values:
            if default is ...:
                raise UsageError("CONFIG_KEY_MISSING", path=self.place, key=self._full(key))
            return default
        value = self._values.pop(key)
        if type(value) is not kind:
            raise self.wrong(key, kind.__name__)
        return value

    def has(self, key: str) -> bool:
        """Whether `key` is there and not taken yet."""
        return key in self._values

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where it is not there."""
        found = self.take(key, list, [])
        if not all(isinstance(one, str) for one in found):
            raise self.wrong(key, "list of str")
        return tuple(found)

    def tables(self, key: str) -> list[Table]:
        """An array of tables; empty where it is not there."""
        return [Table(one, self.place, f"{self._full(key)}[{n}]") for n, one in enumerate(self.take(key, list, []))]

    def table(self, key: str) -> Table:
        """A table; an empty one where it is not there."""
        return Table(self.take(key, dict, {}), self.place, self._full(key))

    def done(self) -> None:
        """Refuse what is left. Raises UsageError CONFIG_KEY_UNKNOWN."""
        for key in self._values:
            raise UsageError("CONFIG_KEY_UNKNOWN", path=self.place, key=self._full(key), near=nearest(key, self._known))

    def _full(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def close(word: str, known: Iterable[str]) -> str:
    """The known word that `word` looks like a slip of; empty where there is none."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or all of them where none is like it."""
    words = list(known)
    return close(word, words) or ", ".join(words)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
