"""A PKCS#11 module is code: where it comes from is examined before it is loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eseal import keys
from eseal.errors import Error
from eseal.keys.pkcs11 import module
from support.softhsm import SoftHsm


def refused(code: str, call: Callable[[], object]) -> Error:
    with pytest.raises(Error) as caught:
        call()
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lib" / "module.so"
    path.parent.mkdir(mode=0o755)
    path.write_bytes(b"\x7fELF")
    path.chmod(0o644)
    return path


def test_a_file_that_only_root_and_the_user_can_change(file: Path) -> None:
    assert module.checked(file) == file.resolve()
    link = file.with_name("link.so")
    link.symlink_to(file)
    assert module.checked(link) == file.resolve(), "what is examined is what is loaded"


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o646, 0o777])
def test_a_file_that_others_can_change(file: Path, mode: int) -> None:
    file.chmod(mode)
    refused("KEY_MODULE_WRITABLE", lambda: module.checked(file))


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
def test_a_folder_that_others_can_change(file: Path, mode: int) -> None:
    file.parent.chmod(mode)
    assert str(file.parent) in refused("KEY_MODULE_WRITABLE", lambda: module.checked(file)).message()
    file.parent.chmod(mode | 0o1000)  # sticky: nobody can take another's file away
    assert module.checked(file)


def test_a_link_into_a_folder_that_others_can_change(file: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir(mode=0o755)
    (safe / "module.so").symlink_to(file)
    file.parent.chmod(0o777)
    refused("KEY_MODULE_WRITABLE", lambda: module.checked(safe / "module.so"))


def test_another_users_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = file.stat().st_uid
    monkeypatch.setattr(module.os, "geteuid", lambda: real + 1)
    if real == 0:
        assert module.checked(file), "root's own may be used by everybody"
    else:
        refused("KEY_MODULE_WRITABLE", lambda: module.checked(file))


def test_names_that_are_no_file(file: Path) -> None:
    refused("KEY_MODULE_NOT_ABSOLUTE", lambda: module.checked(Path("module.so")))
    refused("KEY_MODULE_NOT_FOUND", lambda: module.checked(file.with_name("none.so")))
    refused("KEY_MODULE_NOT_FOUND", lambda: module.checked(file.parent))
    refused("KEY_MODULE_NOT_NAMED", lambda: keys.open_signer("pkcs11:token=a", password=b"1"))


def test_a_file_that_is_no_module(file: Path) -> None:
    refused("KEY_MODULE_UNUSABLE", lambda: keys.open_signer("pkcs11:token=a", password=b"1", module=file))


def test_a_library_that_is_no_module() -> None:
    import _ctypes

    shared = Path(_ctypes.__file__)
    refused("KEY_MODULE_UNUSABLE", lambda: keys.open_signer("pkcs11:token=a", password=b"1", module=shared))


def test_without_the_extra(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    error = refused("KEY_EXTRA_MISSING", lambda: keys.open_signer("pkcs11:token=a", password=b"1", module=file))
    assert "eseal[pkcs11]" in error.hint()


def test_it_is_loaded_once_and_with_locks(softhsm: SoftHsm) -> None:
    loaded = module.load(Path(softhsm.module))
    assert loaded.threads
    assert module.load(Path(softhsm.module)) is loaded
    assert module._initialised(loaded.path), "somebody who comes later sees that it is in use"
