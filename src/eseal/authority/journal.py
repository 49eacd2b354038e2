"""Who did what when: one JSON object a line, appended and synced before what it tells of leaves the house."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eseal.errors import Error, UsageError
from eseal.model import rfc3339

FILE = "journal.jsonl"
"""Name of the file in the authority's folder."""
VERSION = 1
"""Version of a line's form."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One act. It names no person but the actor, and nothing of a document but its digest."""

    time: datetime
    """When it was recorded; aware, UTC."""
    actor: str
    """Who did it: a name of the operating system, or what the calling program says."""
    action: str
    """What was done: "create", "seal", "add-seal", "suspend-seal" and so on."""
    seal: str = ""
    """Id of the seal, empty where none is meant."""
    digest: str = ""
    """"sha256:" and the hex digest of the sealed document, or of the certificate or list; empty where there is none."""
    level: str = ""
    """Level of the signature; empty where there is none."""
    reason: str = ""
    """Why; empty where nobody is asked."""
    effective: datetime | None = None
    """From when on it holds, where that is not `time`; aware, UTC."""
    authority: str = ""
    """Id of the authority; said once, where the journal begins."""
    kind: str = ""
    """"test" or "production"; said once, where the journal begins."""

    def line(self) -> bytes:
        """The stored form."""
        value = {
            "version": VERSION,
            "time": rfc3339(self.time),
            "actor": self.actor,
            "action": self.action,
            "seal": self.seal,
            "digest": self.digest,
            "level": self.level,
            "reason": self.reason,
            "effective": rfc3339(self.effective) if self.effective is not None else "",
            "authority": self.authority,
            "kind": self.kind,
        }
        return json.dumps({k: v for k, v in value.items() if v != ""}, ensure_ascii=False).encode() + b"\n"


def actor_name(actor: str | None) -> str:
    """`actor`, or the operating system's name of the user. Raises UsageError NAME_UNUSABLE."""
    if actor is None:
        try:
            actor = getpass.getuser()
        except (OSError, KeyError, ImportError):
            # A container's user may have a number and no name.
            actor = f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    if not actor.strip() or not actor.isprintable() or len(actor) > 200:
        raise UsageError("NAME_UNUSABLE", what="actor")
    return actor


def append(folder: Path, entry: JournalEntry) -> None:
    """Add a line, durably. Raises Error JOURNAL_NOT_WRITTEN; then the act must not be done."""
    path = folder / FILE
    line = entry.line()
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            size = os.fstat(handle).st_size
            # A line that a crash cut off is ended, so that it spoils no other.
            if size and _last(handle, size) != b"\n":
                line = b"\n" + line
            # One call: lines of several processes do not mix.
            if os.write(handle, line) != len(line):
                raise OSError("short write")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise Error("JOURNAL_NOT_WRITTEN", path=path, reason=error.strerror or str(error)) from error


def entries(folder: Path) -> Iterator[JournalEntry]:
    """All entries, oldest first; a line that was cut off is left out. Raises Error JOURNAL_NOT_READ."""
    try:
        with (folder / FILE).open("rb") as file:
            for line in file:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    yield _entry(line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Error("JOURNAL_NOT_READ", path=folder / FILE, reason=error.strerror or str(error)) from error


def _entry(line: bytes) -> JournalEntry:
    value = json.loads(line)
    texts = {name: str(value.get(name, "")) for name in ("seal", "digest", "level", "reason", "authority", "kind")}
    effective = datetime.fromisoformat(value["effective"]) if "effective" in value else None
    time, actor, action = datetime.fromisoformat(value["time"]), str(value["actor"]), str(value["action"])
    return JournalEntry(time, actor, action, **texts, effective=effective)


def _last(handle: int, size: int) -> bytes:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1)
