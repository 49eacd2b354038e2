"""Loads a PKCS#11 module: a file that nobody else can write, made safe for threads before its first use."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

from eseal.errors import KeyAccessError, UsageError

_OK, _OS_LOCKING = 0, 2
_loaded: dict[str, Module] = {}
_lock = threading.Lock()


class Module:
    """A loaded module. One for each file in a process, as PKCS#11 has it."""

    __slots__ = ("lib", "path", "threads")

    def __init__(self, path: str, lib: Any, *, threads: bool) -> None:
        self.path = path
        self.lib = lib
        # False where somebody else in this process initialised it, perhaps without locks: then one session alone.
        self.threads = threads


def library() -> Any:
    """The package `pkcs11`. Raises UsageError KEY_EXTRA_MISSING."""
    try:
        import pkcs11
    except ImportError:
        raise UsageError("KEY_EXTRA_MISSING", extra="pkcs11") from None
    return pkcs11


def load(path: Path | None) -> Module:
    """Load and initialise the module at `path`, once in a process.

    Raises UsageError (KEY_MODULE_NOT_NAMED, KEY_MODULE_NOT_ABSOLUTE, KEY_EXTRA_MISSING) and KeyAccessError
    (KEY_MODULE_NOT_FOUND, KEY_MODULE_WRITABLE, KEY_MODULE_UNUSABLE).
    """
    if path is None:
        raise UsageError("KEY_MODULE_NOT_NAMED")
    real = str(checked(path))
    pkcs11 = library()
    with _lock:
        if real not in _loaded:
            try:
                foreign = _initialised(real)
                lib = pkcs11.lib(real)
                if not foreign:
                    _initialise_for_threads(real)
            except (pkcs11.PKCS11Error, OSError, AttributeError) as error:
                raise KeyAccessError("KEY_MODULE_UNUSABLE", path=real, reason=type(error).__name__) from None
            _loaded[real] = Module(real, lib, threads=not foreign)
        return _loaded[real]


def checked(path: Path) -> Path:
    """`path` without links, if it is a file that only root and this user can change, as are all folders above it.

    Raises UsageError KEY_MODULE_NOT_ABSOLUTE and KeyAccessError KEY_MODULE_NOT_FOUND or KEY_MODULE_WRITABLE.
    """
    if not path.is_absolute():
        # A bare name would be looked for where the environment says.
        raise UsageError("KEY_MODULE_NOT_ABSOLUTE", path=path)
    try:
        real = path.resolve(strict=True)
        status = real.stat()
    except (OSError, RuntimeError):
        raise KeyAccessError("KEY_MODULE_NOT_FOUND", path=path) from None
    if not stat.S_ISREG(status.st_mode):
        raise KeyAccessError("KEY_MODULE_NOT_FOUND", path=path)
    if os.name == "posix":
        for part in (real, *real.parents):
            known = part.stat()
            # In a sticky folder nobody can rename what is another's.
            kept = part != real and known.st_mode & stat.S_ISVTX
            if known.st_uid not in (0, os.geteuid()) or (known.st_mode & 0o022 and not kept):
                raise KeyAccessError("KEY_MODULE_WRITABLE", path=path, part=part)
    return real


class _Functions(ctypes.Structure):
    """The beginning of CK_FUNCTION_LIST (PKCS#11 2.40 base, 3.6)."""

    # The standard has the structures packed on Windows alone.
    _pack_ = 1 if sys.platform == "win32" else 0
    _fields_ = (
        ("version", ctypes.c_ubyte * 2),
        ("initialize", ctypes.c_void_p),
        ("finalize", ctypes.c_void_p),
        ("get_info", ctypes.c_void_p),
    )


class _InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _pack_ = 1 if sys.platform == "win32" else 0
    _fields_ = (
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


def _function(path: str, name: str) -> Any:
    shared = ctypes.CDLL(path)
    shared.C_GetFunctionList.restype = ctypes.c_ulong
    functions = ctypes.POINTER(_Functions)()
    if shared.C_GetFunctionList(ctypes.byref(functions)) != _OK:
        raise OSError("C_GetFunctionList")
    return ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(getattr(functions.contents, name))


def _initialised(path: str) -> bool:
    """Whether this process uses the module already: before C_Initialize no other call but this one answers."""
    info = ctypes.create_string_buffer(512)
    return bool(_function(path, "get_info")(ctypes.cast(info, ctypes.c_void_p)) == _OK)


def _initialise_for_threads(path: str) -> None:
    """Initialise again with CKF_OS_LOCKING_OK.

    python-pkcs11 passes no arguments, by which the standard understands that one thread alone will call: a module
    such as SoftHSM then works without locks, and two threads that sign spoil each other's memory.
    """
    arguments = _InitializeArguments(flags=_OS_LOCKING)
    _function(path, "finalize")(None)
    if _function(path, "initialize")(ctypes.cast(ctypes.pointer(arguments), ctypes.c_void_p)) != _OK:
        raise OSError("C_Initialize")
