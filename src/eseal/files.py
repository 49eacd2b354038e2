"""Writes files whole or not at all, and never over another by accident.

The one commit point of a file is the link or rename of a finished, synced temporary file; of a folder the rename of a
finished one. Whatever fails before it leaves nothing behind; what fails after it leaves the whole.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from eseal.errors import DocumentError, Error, UsageError

_T = TypeVar("_T")

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
"""What file systems without hard links answer."""


def read(path: str | Path, limit: int) -> bytes:
    """The whole of a file of at most `limit` bytes.

    Raises DocumentError: INPUT_NOT_FOUND, INPUT_IS_FOLDER, INPUT_FORBIDDEN, INPUT_UNREADABLE, DOCUMENT_TOO_LARGE.
    """
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise DocumentError("INPUT_NOT_FOUND", file=path) from None
    except IsADirectoryError:
        raise DocumentError("INPUT_IS_FOLDER", file=path) from None
    except PermissionError:
        raise DocumentError("INPUT_FORBIDDEN", file=path) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise DocumentError("INPUT_UNREADABLE", file=path, reason=reason or type(error).__name__) from None
    if len(data) > limit:
        raise DocumentError("DOCUMENT_TOO_LARGE", size=f"> {limit}", limit=limit)
    return data


def write(path: str | Path, data: bytes | Iterable[bytes], *, force: bool = False, mode: int | None = None) -> None:
    """Write `data` (whole, or in parts) to `path`, durably, all or nothing.

    Without `force` an existing file, folder or symbolic link at `path` is never replaced, even if it appears while
    writing. With it the entry itself is replaced, so a symbolic link is not followed. `mode` are the permission bits;
    without it those of the file that is replaced, or what the process gives new files.

    Raises UsageError (FILE_EXISTS, FILE_IS_FOLDER, FILE_NOT_REGULAR, FOLDER_NOT_FOUND) and Error FILE_WRITE_FAILED;
    after that the file is as it was before, or (where only the folder could not be synced) wholly the new one.
    """
    target = Path(path)
    previous = refuse_existing(target, force=force)
    if mode is None and previous is not None and stat.S_ISREG(previous):
        mode = stat.S_IMODE(previous) & 0o777
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        _fill(temporary, (data,) if isinstance(data, bytes) else data, mode)
        if force:
            temporary.replace(target)
        else:
            _claim(temporary, target)
    except FileExistsError:
        raise UsageError("FILE_EXISTS", path=target) from None
    except FileNotFoundError:
        raise UsageError("FOLDER_NOT_FOUND", path=target.parent) from None
    except OSError as error:
        raise _failed(target, error) from error
    finally:
        # Gone already where it was renamed; a name that cannot be removed is no reason to call a whole file failed.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    _checked(target, lambda: _sync_folder(target.parent))


def refuse_existing(path: str | Path, *, force: bool = False) -> int | None:
    """Refuse early what `write` would refuse; type and permissions of what is there. Raises UsageError FILE_..."""
    previous = _mode_of(Path(path))
    if previous is not None:
        if stat.S_ISDIR(previous):
            raise UsageError("FILE_IS_FOLDER", path=path)
        if _is_special(Path(path), previous):
            # Replacing the entry of a device or pipe would take it away from everybody on the machine.
            raise UsageError("FILE_NOT_REGULAR", path=path)
        if not force:
            raise UsageError("FILE_EXISTS", path=path)
    return previous


@contextlib.contextmanager
def new_folder(path: str | Path, *, last: str, mode: int = 0o755) -> Iterator[Path]:
    """Give a temporary folder to fill; at the end its content stands in `path`, or nothing is left of it.

    `path` must not exist, or be an empty folder. A new one appears whole, in one step. An empty one stays (somebody
    may be in it, or it is a mount): the entries are moved in, `last` at the end, which makes it count; it keeps its
    permissions but for those of others to write. Raises UsageError (FOLDER_NOT_EMPTY, FOLDER_NOT_FOUND for the folder
    above) and Error FILE_WRITE_FAILED.
    """
    target = Path(path)
    existed = _refuse_used(target)
    parent = target if existed else target.absolute().parent
    if not parent.is_dir():
        raise UsageError("FOLDER_NOT_FOUND", path=parent)
    temporary = parent / f".{secrets.token_hex(8)}.part"
    _checked(target, lambda: temporary.mkdir(mode=0o700))
    try:
        yield temporary
        _checked(target, lambda: _sync_tree(temporary))
        if existed:
            _checked(target, lambda: _move_into(temporary, target, last))
        else:
            _checked(target, lambda: _name_folder(temporary, target, mode))
    finally:
        if temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)
    _checked(target, lambda: _sync_folder(parent))


def _sync_tree(top: Path) -> None:
    for folder, _, _ in os.walk(top):
        _sync_folder(Path(folder))


def _name_folder(temporary: Path, target: Path, mode: int) -> None:
    temporary.chmod(mode)
    try:
        # Refuses a folder that was made and filled in the meantime.
        temporary.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise UsageError("FOLDER_NOT_EMPTY", path=target) from None
        raise


def _move_into(temporary: Path, target: Path, last: str) -> None:
    if [entry.name for entry in target.iterdir()] != [temporary.name]:
        raise UsageError("FOLDER_NOT_EMPTY", path=target)
    target.chmod(stat.S_IMODE(target.stat().st_mode) & ~0o022)
    moved: list[Path] = []
    try:
        for entry in sorted(temporary.iterdir(), key=lambda e: e.name == last):
            # Noted before it is moved, so that a move that failed half-way is undone too.
            moved.append(target / entry.name)
            entry.rename(moved[-1])
    except OSError:
        for path in moved:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
        raise
    # Empty now; a fault here leaves a hidden empty folder and a whole result.
    with contextlib.suppress(OSError):
        temporary.rmdir()


def _refuse_used(target: Path) -> bool:
    """Whether there is an empty folder already. Raises UsageError FOLDER_NOT_EMPTY for anything else that is there."""
    kind = _mode_of(target)
    if kind is None:
        return False
    if not stat.S_ISDIR(kind) or _checked(target, lambda: any(target.iterdir())):
        raise UsageError("FOLDER_NOT_EMPTY", path=target)
    return True


def _mode_of(path: Path) -> int | None:
    """Type and permissions of the entry itself, None where there is none."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _failed(path, error) from error


def _is_special(path: Path, mode: int) -> bool:
    """Whether this is neither a file nor a link to one; a link to nothing is a mere entry."""
    if stat.S_ISLNK(mode):
        # Such as /dev/stdout.
        try:
            mode = path.stat().st_mode
        except OSError:
            return False
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    return not stat.S_ISREG(mode)


def _fill(temporary: Path, parts: Iterable[bytes], mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(temporary, flags, 0o666 if mode is None else mode & 0o700)
    try:
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[os.write(handle, view) :]
        if mode is not None and os.name == "posix":
            # Set once the content is there and exactly, whatever the process's umask is.
            os.fchmod(handle, mode)
        os.fsync(handle)
    finally:
        os.close(handle)


def _claim(temporary: Path, target: Path) -> None:
    """Give the finished file its name if, and only if, nobody has that name. Raises FileExistsError."""
    if os.name != "posix":
        temporary.rename(target)  # Windows refuses an existing name
        return
    try:
        os.link(temporary, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim_without_links(temporary, target)


def _claim_without_links(temporary: Path, target: Path) -> None:
    # The name is taken by an empty file of ours, which the finished one then replaces.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        temporary.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            target.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network and FUSE file systems cannot sync a folder; the file itself is synced.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _checked(target: Path, step: Callable[[], _T]) -> _T:
    try:
        return step()
    except OSError as error:
        raise _failed(target, error) from error


def _failed(target: Path, error: Exception) -> Error:
    reason = error.strerror if isinstance(error, OSError) else None
    return Error("FILE_WRITE_FAILED", path=target, reason=reason or type(error).__name__)
