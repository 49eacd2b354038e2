"""Finds and reads the files that a command is given; `-` is standard input."""

from __future__ import annotations

import difflib
import errno
import io
import os
import sys
from pathlib import Path
from typing import TextIO

from eseal import files
from eseal.errors import DocumentError
from eseal.limits import DEFAULT, Limits

STDIN = "-"
_SEALS = ("draw", "list", "show", "make", "import", "issue", "suspend", "resume", "revoke")


def source(name: str, limits: Limits = DEFAULT) -> Path | bytes | int:
    """What to read: a path, or for `-` standard input as a descriptor or its bytes."""
    if name != STDIN:
        return Path(name)
    try:
        return _stdin().fileno()
    except (OSError, ValueError, io.UnsupportedOperation):
        return _stdin().buffer.read(limits.file_bytes + 1)


def is_same(name: str, path: Path) -> bool:
    """Whether an input is the file at `path`, whatever way it is named."""
    try:
        return name != STDIN and path.samefile(name)
    except (OSError, ValueError):
        return False


def read(name: str, limits: Limits = DEFAULT) -> bytes:
    """The whole of an input. Raises DocumentError (INPUT_..., DOCUMENT_TOO_LARGE)."""
    if name != STDIN:
        try:
            return files.read(name, limits.file_bytes)
        except DocumentError as error:
            raise better(error, name) from error
    data = _stdin().buffer.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise DocumentError("DOCUMENT_TOO_LARGE", size=f"> {limits.file_bytes}", limit=limits.file_bytes)
    return data


def _stdin() -> TextIO:
    """Standard input. Raises DocumentError INPUT_UNREADABLE where it is closed."""
    if sys.stdin is None:
        raise DocumentError("INPUT_UNREADABLE", file=STDIN, reason=os.strerror(errno.EBADF))
    return sys.stdin


def better(error: DocumentError, name: str) -> DocumentError:
    """The same error; where a file is missing, with what may have been meant."""
    if error.code != "INPUT_NOT_FOUND":
        return error
    meant = _meant(name)
    if meant:
        return DocumentError("INPUT_LOOKS_LIKE_COMMAND", file=name, command=meant)
    near = _near(name)
    return DocumentError("INPUT_NOT_FOUND_NEAR", file=name, near=near) if near else error


def unreadable(error: Exception, name: str) -> DocumentError:
    """Why an input could not be read."""
    codes = {
        FileNotFoundError: "INPUT_NOT_FOUND",
        IsADirectoryError: "INPUT_IS_FOLDER",
        PermissionError: "INPUT_FORBIDDEN",
    }
    for kind, code in codes.items():
        if isinstance(error, kind):
            return better(DocumentError(code, file=name), name)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return DocumentError("INPUT_UNREADABLE", file=name, reason=reason)


def _meant(name: str) -> str:
    from eseal.cli.app import TABLE

    if name in _SEALS:
        known = ("draw", "list", "show")
        return f"eseal seals {name}" if name in known else ""
    return f"eseal {name}" if name in TABLE else ""


def _near(name: str) -> str:
    """A file beside the missing one that is nearly named so."""
    path = Path(name)
    try:
        names = [entry.name for _, entry in zip(range(2_000), path.parent.iterdir(), strict=False)]
    except OSError:
        return ""
    found = difflib.get_close_matches(path.name, names, 1, 0.75)
    return str(path.with_name(found[0])) if found else ""
