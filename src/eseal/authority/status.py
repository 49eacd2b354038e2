"""The file in which an authority keeps the status of its seals: it only ever grows, and is written whole or not at all.

The one commit point of an entry is the rename of a finished, synced copy with one more line: after a crash the file is
the one before or the one after, never half an entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from eseal import files
from eseal.authority import journal
from eseal.config import reading
from eseal.errors import PolicyError, UsageError
from eseal.model import aware, rfc3339
from eseal.seals.register import Seal
from eseal.seals.status import LARGEST_BYTES, SealChange, SealHistory, SealState, StatusEntry, StatusLog

FILE = "seal-status.jsonl"
"""Name of the file in the authority's folder."""
ACTIONS = {
    SealChange.SUSPENDED: "suspend-seal",
    SealChange.RESUMED: "resume-seal",
    SealChange.REVOKED: "revoke-seal",
}
"""What the journal calls each change."""


def start(folder: Path, authority: str) -> None:
    """Write the file of a new authority. Raises Error FILE_WRITE_FAILED."""
    files.write(folder / FILE, StatusLog.start(authority).data, mode=0o644)


@dataclass(slots=True)
class StatusFile:
    """The file of one authority: looked at for every use, and parsed where it is not the one that was parsed before."""

    folder: Path
    """The authority's folder."""
    authority: str
    """Id of the authority."""
    _parsed: tuple[tuple[int, ...], StatusLog] | None = None

    def read(self) -> StatusLog:
        """What is recorded now. A file that is not there is refused: it would make every revoked seal good again.

        Raises UsageError SEAL_STATUS_MISSING, SEAL_STATUS_DAMAGED, SEAL_STATUS_NEWER, CONFIG_WRITABLE and
        CONFIG_NOT_YOURS.
        """
        path = self.folder / FILE
        try:
            found = path.stat()
        except FileNotFoundError:
            raise UsageError("SEAL_STATUS_MISSING", path=path) from None
        reading.check_owner(found, path)
        # Every entry comes with a new file.
        identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        if self._parsed is None or self._parsed[0] != identity:
            self._parsed = identity, StatusLog.parse(files.read(path, LARGEST_BYTES), self.authority)
        return self._parsed[1]


def entry_for(
    seal: Seal, history: SealHistory, change: SealChange, *, reason: str, effective: datetime | None, now: datetime,
    actor: str,
) -> StatusEntry:  # fmt: skip
    """The entry for an act that is done `now`. Raises UsageError SEAL_STATUS_REASON, SEAL_STATUS_INVALID."""
    reason = reason.strip()
    if not reason:
        raise UsageError("SEAL_STATUS_REASON", change=change.value)
    if effective is None:
        opened = history.open_suspension
        # A suspension that is still to come is called off by a resumption at the same moment.
        effective = max(now, opened.effective) if change is SealChange.RESUMED and opened is not None else now
    return StatusEntry(seal.id, change, now, aware(effective, "effective"), actor, reason)


def append(file: StatusFile, entry: StatusEntry) -> None:
    """Record an entry, first in the journal, then in the file; the caller holds the authority's lock.

    Raises PolicyError as `SealHistory.adding`, before anything is written; Error JOURNAL_NOT_WRITTEN and
    FILE_WRITE_FAILED, after which the state is as before unless only the folder could not be synced.
    """
    log = file.read().adding(entry)
    told = journal.JournalEntry(entry.recorded, entry.actor, ACTIONS[entry.change], seal=entry.seal)
    journal.append(file.folder, replace(told, reason=entry.reason, effective=entry.effective))
    files.write(file.folder / FILE, log.data, force=True, mode=0o644)


def missing(history: SealHistory, seal: str, told: Iterable[journal.JournalEntry]) -> journal.JournalEntry | None:
    """The newest act on a seal that the journal tells of and the file does not hold, nor the same act done later.

    Lines that are cut off behind a whole one leave a file that is whole: the journal alone knows better.
    """
    done = {
        change: max((e.recorded for e in history.entries if e.change is change), default=None) for change in ACTIONS
    }
    found = None
    for entry in told:
        change = next((c for c, action in ACTIONS.items() if action == entry.action), None)
        if entry.seal != seal or change is None:
            continue
        last = done[change]
        if last is None or last < entry.time:
            found = entry
    return found


def refuse_unusable(seal: Seal, history: SealHistory, *moments: datetime) -> None:
    """Refuse a seal that is not active at all of `moments`. Raises PolicyError SEAL_SUSPENDED, SEAL_REVOKED."""
    for moment in moments:
        entry = history.standing_at(moment)
        if entry is not None:
            code = "SEAL_SUSPENDED" if history.state_at(moment) is SealState.SUSPENDED else "SEAL_REVOKED"
            raise PolicyError(code, name=seal.name, since=rfc3339(entry.effective, "seconds"))
