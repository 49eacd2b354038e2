"""Keeps two processes from changing one authority at the same time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from eseal.errors import Error


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the authority's folder for one change; another change waits. Raises Error FILE_WRITE_FAILED."""
    try:
        import fcntl
    except ImportError:  # not POSIX: two changes at once are told apart by nobody there
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise Error("FILE_WRITE_FAILED", path=folder, reason=error.strerror) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            raise Error("FILE_WRITE_FAILED", path=folder, reason=error.strerror) from error
        yield
    finally:
        os.close(handle)
