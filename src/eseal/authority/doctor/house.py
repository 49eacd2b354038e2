"""The house: permissions, journal, clock, disk, extras, fonts, pictures. Nothing here opens a key."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from eseal.authority import journal
from eseal.authority.doctor.findings import Finding, bad, failed, ok, quoted, warning
from eseal.authority.making import KEYS, official_seal
from eseal.authority.office import Authority
from eseal.config import AuthorityConfig
from eseal.errors import Error, UsageError
from eseal.model import aware, rfc3339
from eseal.seals.render import to_png

LITTLE, TOO_LITTLE = 1_000_000_000, 100_000_000
"""Bytes free below which there is a warning, and below which sealing may stop half-way."""
SKEW = timedelta(minutes=5)
"""How far clocks may differ."""
BUILT = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
"""No clock is right that shows an earlier time than this program has."""
_EXTRAS = {"pkcs11": ("pkcs11", "pkcs11")}
"""Kind of key URI: the module that it needs, and the extra that brings it."""


def permissions(folder: Path) -> Iterator[Finding]:
    """Who may read keys and write what is trusted. Owner and writers of the rest `Authority.open` has checked."""
    if os.name != "posix":
        return
    found = False
    for path in (folder / KEYS, *sorted((folder / KEYS).glob("*"))):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        if mode & 0o077:
            found = True
            code = "DOCTOR_KEYS_OPEN" if path.is_dir() else "DOCTOR_KEY_READABLE"
            right = "700" if path.is_dir() else "600"
            state = warning if path.is_dir() and not mode & 0o022 else bad
            yield state("permissions", code, f"chmod {right} {quoted(path)}", path=path, mode=f"{mode:04o}")
    path = folder / journal.FILE
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
    if mode & 0o022:
        found = True
        yield bad("permissions", "CONFIG_WRITABLE", f"chmod go-w {quoted(path)}", path=path, mode=f"{mode:04o}")
    if not found:
        yield ok("permissions", "DOCTOR_PERMISSIONS_OK")


def records(folder: Path) -> tuple[tuple[Finding, ...], datetime | None]:
    """The journal: readable, whole, writable; and its newest time."""
    path = folder / journal.FILE
    whole, wrong, cut, newest = 0, [], True, None
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                time = _time_of(line)
                if time is None:
                    wrong.append(number)
                    # What a crash cut off begins as a line does, and does not end as one.
                    cut = cut and line.startswith(b"{") and not line.rstrip().endswith(b"}")
                else:
                    whole, newest = whole + 1, max(newest or time, time)
    except OSError as error:
        return (bad("journal", "JOURNAL_NOT_READ", path=path, reason=error.strerror or "?"),), None
    found = []
    if wrong:
        shown = ", ".join(map(str, wrong[:10]))
        found.append((warning if cut else bad)("journal", "DOCTOR_JOURNAL_DAMAGED", path=path, lines=shown))
    if not whole:
        found.append(bad("journal", "DOCTOR_JOURNAL_EMPTY", path=path))
    if not os.access(path, os.W_OK):
        found.append(bad("journal", "DOCTOR_JOURNAL_READ_ONLY", f"chmod u+w {quoted(path)}", path=path))
    return tuple(found) or (ok("journal", "DOCTOR_JOURNAL_OK", count=whole),), newest


def _time_of(line: bytes) -> datetime | None:
    """The time of a journal's line that is whole."""
    try:
        value = json.loads(line)
        _ = value["actor"], value["action"]
        return aware(datetime.fromisoformat(value["time"]))
    except (ValueError, KeyError, TypeError, UsageError):
        return None


def clock(now: datetime, config: AuthorityConfig, newest: datetime | None) -> Finding:
    """Whether the clock shows a time that can be: not before what is known to be past."""
    now = aware(now, "clock")
    known = [("DOCTOR_CLOCK_BEFORE_PROGRAM", BUILT), ("DOCTOR_CLOCK_BEFORE_AUTHORITY", config.created)]
    if newest is not None:
        known.append(("DOCTOR_CLOCK_BEFORE_JOURNAL", newest))
    for code, past in known:
        if now < past - SKEW:
            return bad(
                "clock", code, "timedatectl set-ntp true", now=rfc3339(now, "seconds"), past=rfc3339(past, "seconds")
            )
    return ok("clock", "DOCTOR_CLOCK_OK", now=rfc3339(now, "seconds"))


def disk(folder: Path) -> Finding:
    """Room to write."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return bad("disk", "FILE_WRITE_FAILED", path=folder, reason=error.strerror or "?")
    shown = f"{free / 1e9:.1f} GB"
    if free < LITTLE:
        return (bad if free < TOO_LITTLE else warning)(
            "disk", "DOCTOR_DISK_FULL", f"df -h {quoted(folder)}", free=shown
        )
    return ok("disk", "DOCTOR_DISK_OK", free=shown)


def extras(config: AuthorityConfig) -> Iterator[Finding]:
    """Optional parts that the configuration needs."""
    needed = {kind for key in config.keys if (kind := key.uri.partition(":")[0].lower()) in _EXTRAS}
    for kind in sorted(needed):
        module, extra = _EXTRAS[kind]
        if find_spec(module) is None:
            yield bad("extras", "KEY_EXTRA_MISSING", f"pip install 'eseal[{extra}]'", extra=extra)
        else:
            yield ok("extras", "DOCTOR_EXTRA_OK", extra=extra)
    if not needed:
        yield ok("extras", "DOCTOR_EXTRAS_NONE")


def pictures(authority: Authority) -> Iterator[Finding]:
    """Fonts are there and draw the name; pdfium makes a picture of a seal."""
    try:
        drawn = official_seal(authority.name)
        yield ok("fonts", "DOCTOR_FONTS_OK")
    except (Error, OSError) as error:
        drawn = None
        # A character that the packaged font lacks ends no authority: its seal may be a picture.
        yield failed("fonts", error) if isinstance(error, Error) else bad("fonts", "DOCTOR_FONTS_MISSING")
    try:
        picture = drawn if drawn is not None else authority.seals[0].picture
        to_png(picture, 72)
        yield ok("pdfium", "DOCTOR_PDFIUM_OK")
    except Error as error:
        yield failed("pdfium", error)
    # Wide on purpose: whatever the library that was built for another machine raises is the finding.
    except Exception as error:
        yield bad(
            "pdfium", "DOCTOR_PDFIUM_FAILED", "pip install --force-reinstall pypdfium2", reason=type(error).__name__
        )
