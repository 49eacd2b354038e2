"""A sealed copy of the bytes to judge: read once, unchangeable afterwards, handed to workers without another copy."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eseal.errors import DocumentError
from eseal.limits import Limits

_CHUNK = 1 << 20


@contextmanager
def snapshot(source: Path | bytes | int, limits: Limits) -> Iterator[tuple[int, int]]:
    """Copy `source` (a path, bytes, or an open descriptor) to an unchangeable file; yield its descriptor and size.

    Raises DocumentError DOCUMENT_TOO_LARGE before more than `limits.file_bytes` are copied, and OSError where the
    source cannot be read.
    """
    with contextlib.ExitStack() as stack:
        out, sealed = _anonymous(stack)
        if isinstance(source, bytes):
            size = _copy_bytes(source, out, limits)
        elif isinstance(source, int):
            size = _copy_descriptor(source, out, limits)
        else:
            fd = os.open(source, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
            try:
                size = _copy_descriptor(fd, out, limits)
            finally:
                os.close(fd)
        _seal(out)
        os.lseek(sealed, 0, os.SEEK_SET)
        yield sealed, size


def _anonymous(stack: contextlib.ExitStack) -> tuple[int, int]:
    """A file without a name: the descriptor to write, and the one to hand on."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("eseal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        stack.callback(os.close, fd)
        return fd, fd
    out, name = tempfile.mkstemp(prefix="eseal-")
    stack.callback(os.close, out)
    try:
        # Where files have no seals, what is handed on is a descriptor that cannot write.
        reading = os.open(name, os.O_RDONLY)
        stack.callback(os.close, reading)
    finally:
        Path(name).unlink()
    return out, reading


def _seal(fd: int) -> None:
    try:
        import fcntl

        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    except (ImportError, AttributeError, OSError):
        # Without file seals the copy is still ours alone: it has no name, and no worker gets to write to it.
        return


def _copy_bytes(data: bytes, out: int, limits: Limits) -> int:
    if len(data) > limits.file_bytes:
        raise DocumentError("DOCUMENT_TOO_LARGE", size=len(data), limit=limits.file_bytes)
    _write(out, data)
    return len(data)


def _copy_descriptor(fd: int, out: int, limits: Limits) -> int:
    size = 0
    while chunk := os.read(fd, _CHUNK):
        size += len(chunk)
        if size > limits.file_bytes:
            raise DocumentError("DOCUMENT_TOO_LARGE", size=f"> {limits.file_bytes}", limit=limits.file_bytes)
        _write(out, chunk)
    return size


def _write(out: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(out, view[:_CHUNK]) :]
