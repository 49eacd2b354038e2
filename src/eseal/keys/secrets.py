"""Reads a password from where a caller may safely put it: a file, the environment, standard input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from eseal.errors import KeyAccessError
from eseal.keys.files import read_key_file

PASSWORD_BYTES = 1024
"""Longest password that is taken; more is a wrong file."""
TOKEN_BYTES = 16_384
"""Longest access token of a remote service that is taken."""


def from_file(path: str | Path) -> bytes:
    """The first line of a file that only its owner can read. Raises KeyAccessError (KEY_FILE_..., PASSWORD_...)."""
    return _first_line(read_key_file(Path(path)), str(path))


def token_from_file(path: str | Path) -> bytes:
    """An access token: the first line of a file that only its owner can read. Raises as `from_file`."""
    return _first_line(read_key_file(Path(path)), str(path), TOKEN_BYTES)


def from_environment(name: str, environ: Mapping[str, str], limit: int = PASSWORD_BYTES) -> bytes | None:
    """The value of the variable `name`; None where it is not set or empty. Raises KeyAccessError PASSWORD_UNUSABLE."""
    value = environ.get(name)
    # Bytes that are not UTF-8 arrive as surrogates and go back as they were.
    return _first_line(value.encode("utf-8", "surrogateescape"), name, limit) if value else None


def from_stream(stream: BinaryIO) -> bytes:
    """The first line of `stream`, such as standard input. Raises KeyAccessError PASSWORD_UNUSABLE."""
    return _first_line(stream.readline(PASSWORD_BYTES + 2), "-")


def _first_line(data: bytes, source: str, limit: int = PASSWORD_BYTES) -> bytes:
    line = data.split(b"\n", 1)[0].removesuffix(b"\r").removeprefix(b"\xef\xbb\xbf")
    if not line or len(line) > limit or b"\0" in line:
        raise KeyAccessError("PASSWORD_UNUSABLE", source=source, limit=limit)
    return line
