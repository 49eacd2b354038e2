"""Places new files that count only once a list names them, and takes them away again where it does not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from eseal import files


class Place(Protocol):
    """Writes one new file."""

    def __call__(self, path: Path, data: bytes, *, mode: int, force: bool = False) -> None:
        """Write `data` with the permissions `mode`. Raises as `files.write`."""
        ...


@contextlib.contextmanager
def placing(listing: Path, content: bytes) -> Iterator[Place]:
    """Give something to place files with; at the end `content` becomes `listing`, which is the commit point.

    What fails before it leaves none of the files. What fails behind it (a folder that cannot be synced) takes nothing
    back, or the list would name files that are not there. Raises as `files.write`.
    """
    placed: list[Path] = []

    def place(path: Path, data: bytes, *, mode: int, force: bool = False) -> None:
        if not force:
            files.refuse_existing(path)
        placed.append(path)
        files.write(path, data, force=force, mode=mode)

    try:
        yield place
        files.write(listing, content, force=True, mode=0o644)
    except BaseException:  # taken back whatever it was, then raised on
        if not _says(listing, content):
            for path in placed:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
        raise


def _says(listing: Path, content: bytes) -> bool:
    try:
        return listing.read_bytes() == content
    except FileNotFoundError:
        return False
    except OSError:
        # Not to be known: files that nothing names do no harm, names without a file do.
        return True
