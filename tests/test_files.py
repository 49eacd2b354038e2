"""Atomic writing: nothing replaced unasked, and whatever call fails, the file is the old one or the whole new one."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eseal import files
from eseal.errors import Error, UsageError

CALLS = ("open", "write", "fchmod", "fsync", "close", "link", "replace", "rename", "unlink", "stat", "mkdir", "chmod")
NEW = b"new content" * 1000


class Faults:
    """Counts calls of os functions, and lets the `failing` one fail, before or after it was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: tuple[str, int] | None = None, *, after: bool = False):
        self.seen: Counter[str] = Counter()
        self.order: list[tuple[str, int]] = []
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name), failing, after))

    def _wrapped(
        self, name: str, real: Callable[..., object], failing: tuple[str, int] | None, after: bool
    ) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self.seen[name] += 1
            now = (name, self.seen[name])
            self.order.append(now)
            if now == failing:
                # A descriptor is closed even where close reports an error, and an opened one would leak here.
                if name == "close" or (after and name != "open"):
                    real(*args, **kwargs)
                raise OSError(errno.EIO, "fault")
            return real(*args, **kwargs)

        return call


def names(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.iterdir())


def leftovers(folder: Path) -> list[str]:
    return [f for f in names(folder) if f.endswith(".part")]


def every_call(job: Callable[[Path], object], tmp_path: Path) -> list[tuple[str, int]]:
    with pytest.MonkeyPatch.context() as patch:
        faults = Faults(patch)
        job(tmp_path / "dry")
    return faults.order


def test_writes_and_refuses_to_replace(tmp_path: Path) -> None:
    target = tmp_path / "a"
    files.write(target, NEW)
    assert target.read_bytes() == NEW
    with pytest.raises(UsageError) as caught:
        files.write(target, b"other")
    assert caught.value.code == "FILE_EXISTS"
    assert target.read_bytes() == NEW
    files.write(target, [b"ot", b"", memoryview(b"her")], force=True)  # type: ignore[list-item]
    assert target.read_bytes() == b"other"
    assert names(tmp_path) == ["a"]


def test_a_file_that_appears_while_writing_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a"

    def parts() -> Iterator[bytes]:
        yield b"ours"
        target.write_bytes(b"theirs")

    with pytest.raises(UsageError) as caught:
        files.write(target, parts())
    assert caught.value.code == "FILE_EXISTS"
    assert target.read_bytes() == b"theirs"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("dangling", [False, True])
def test_a_symbolic_link_is_never_followed(tmp_path: Path, dangling: bool) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    if not dangling:
        victim.write_bytes(b"precious")
    link.symlink_to(victim)
    with pytest.raises(UsageError) as caught:
        files.write(link, NEW)
    assert caught.value.code == "FILE_EXISTS"
    files.write(link, NEW, force=True)
    assert not link.is_symlink()
    assert link.read_bytes() == NEW
    assert victim.exists() is not dangling
    assert dangling or victim.read_bytes() == b"precious"


def test_permissions(tmp_path: Path) -> None:
    secret, public = tmp_path / "secret", tmp_path / "public"
    files.write(secret, b"k", mode=0o600)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    files.write(secret, b"again", force=True)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600, "replacing must not open a file to others"
    old = os.umask(0o077)
    try:
        files.write(public, b"p", mode=0o644)
    finally:
        os.umask(old)
    assert stat.S_IMODE(public.stat().st_mode) == 0o644


def test_a_secret_is_never_readable_by_others_while_it_is_written(tmp_path: Path) -> None:
    seen = []

    def parts() -> Iterator[bytes]:
        yield b"half"
        seen.extend(stat.S_IMODE(f.stat().st_mode) for f in tmp_path.iterdir())
        yield b"half"

    files.write(tmp_path / "secret", parts(), mode=0o600)
    assert seen == [0o600]


@pytest.mark.parametrize(
    ("path", "code"),
    [("missing/a", "FOLDER_NOT_FOUND"), ("folder", "FILE_IS_FOLDER"), ("file/a", "FILE_WRITE_FAILED"), ("a\0b", None)],
)
def test_impossible_targets(tmp_path: Path, path: str, code: str | None) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Error) as caught:
        files.write(tmp_path / path, NEW, force=True)
    assert caught.value.code == (code or "FILE_WRITE_FAILED")
    assert names(tmp_path) == ["file", "folder"]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_every_fault_leaves_the_old_or_the_whole_new(tmp_path: Path, force: bool, after: bool) -> None:
    def job(path: Path) -> None:
        files.write(path, [NEW[:100], NEW[100:]], force=force, mode=0o600)

    calls = every_call(job, tmp_path)
    assert {"open", "write", "fsync", "close", "replace" if force else "link"} <= {name for name, _ in calls}
    for number, failing in enumerate(calls):
        folder = tmp_path / str(number)
        folder.mkdir()
        target = folder / "target"
        if force:
            target.write_bytes(b"old")
        with pytest.MonkeyPatch.context() as patch:
            Faults(patch, failing, after=after)
            try:
                job(target)
                failed = False
            except Error as error:
                failed = True
                assert error.code == "FILE_WRITE_FAILED", failing
        content = target.read_bytes() if target.exists() else None
        assert content in (NEW, b"old" if force else None), failing
        assert failed or content == NEW, failing
        if failing[0] != "unlink":
            assert not leftovers(folder), failing


@pytest.mark.parametrize("rival", [False, True])
def test_file_systems_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rival: bool) -> None:
    target = tmp_path / "a"

    def no_link(*_: object, **__: object) -> None:
        if rival:
            target.write_bytes(b"theirs")
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_link)
    if rival:
        with pytest.raises(UsageError):
            files.write(target, NEW)
    else:
        files.write(target, NEW)
    assert target.read_bytes() == (b"theirs" if rival else NEW)
    assert names(tmp_path) == ["a"]


def test_without_links_a_failed_replace_frees_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(os, "link", fail)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(Error):
        files.write(tmp_path / "a", NEW)
    assert names(tmp_path) == []


def fill(path: Path) -> None:
    with files.new_folder(path, last="a-last") as folder:
        (folder / "sub").mkdir()
        files.write(folder / "sub" / "a", b"a", mode=0o600)
        files.write(folder / "a-last", b"it counts", mode=0o644)


def test_a_folder_is_made_whole(tmp_path: Path) -> None:
    fill(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    fill(tmp_path / "empty")
    for name in ("new", "empty"):
        assert (tmp_path / name / "sub" / "a").read_bytes() == b"a"
        with pytest.raises(UsageError) as caught:
            fill(tmp_path / name)
        assert caught.value.code == "FOLDER_NOT_EMPTY"
    assert names(tmp_path) == ["empty", "new"]
    with pytest.raises(UsageError) as caught:
        fill(tmp_path / "missing" / "new")
    assert caught.value.code == "FOLDER_NOT_FOUND"


def test_a_folder_that_is_filled_meanwhile_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "new"
    with pytest.raises(UsageError) as caught, files.new_folder(target, last="a") as folder:
        (folder / "a").write_bytes(b"ours")
        target.mkdir()
        (target / "b").write_bytes(b"theirs")
    assert caught.value.code == "FOLDER_NOT_EMPTY"
    assert names(tmp_path) == ["new"]
    assert names(target) == ["b"]


def test_an_exception_inside_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyError), files.new_folder(tmp_path / "new", last="a") as folder:
        (folder / "a").write_bytes(b"half")
        raise KeyError
    assert names(tmp_path) == []


def test_an_empty_folder_stays_the_same_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    here.chmod(0o777)
    monkeypatch.chdir(here)
    number = here.stat().st_ino
    fill(Path())
    assert here.stat().st_ino == number, "whoever is in the folder is still in it"
    assert names(Path()) == ["a-last", "sub"]
    assert stat.S_IMODE(here.stat().st_mode) == 0o755


def test_an_empty_folder_that_is_filled_meanwhile_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught, files.new_folder(tmp_path, last="a") as folder:
        (folder / "a").write_bytes(b"ours")
        (tmp_path / "b").write_bytes(b"theirs")
    assert caught.value.code == "FOLDER_NOT_EMPTY"
    assert names(tmp_path) == ["b"]


@pytest.mark.parametrize("existed", [False, True])
def test_every_fault_leaves_no_half_made_folder(tmp_path: Path, existed: bool) -> None:
    if existed:
        (tmp_path / "dry").mkdir()
    calls = every_call(fill, tmp_path)
    for number, failing in enumerate(calls):
        base = tmp_path / str(number)
        base.mkdir()
        if existed:
            (base / "new").mkdir()
        with pytest.MonkeyPatch.context() as patch:
            Faults(patch, failing)
            try:
                fill(base / "new")
                failed = False
            except (Error, OSError):  # OSError: from the filling itself
                failed = True
        counts = (base / "new" / "a-last").exists()
        assert counts == (base / "new" / "sub" / "a").exists(), failing
        assert existed or counts == (base / "new").exists(), failing
        assert failed or counts, failing
        if failing[0] not in ("unlink", "stat", "rmdir"):  # clean-up itself needs these
            assert not leftovers(base), failing
            if existed:
                assert not leftovers(base / "new"), failing


@pytest.mark.parametrize("force", [True, False])
def test_a_device_or_pipe_is_never_replaced(tmp_path: Path, force: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for special in (pipe, Path("/dev/null")):
        before = special.lstat().st_mode
        with pytest.raises(UsageError) as caught:
            files.write(special, b"data", force=force)
        assert caught.value.code == "FILE_NOT_REGULAR"
        assert special.lstat().st_mode == before


def test_a_link_to_a_device_is_never_replaced(tmp_path: Path) -> None:
    link = tmp_path / "stdout"
    link.symlink_to(os.devnull)
    with pytest.raises(UsageError) as caught:
        files.write(link, b"x", force=True)
    assert caught.value.code == "FILE_NOT_REGULAR"
    assert link.readlink() == Path(os.devnull)
