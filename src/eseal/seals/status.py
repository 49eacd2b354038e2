"""What the issuer says of its seals: entries that are only ever added, and the state at any time that follows.

The stored form is lines of JSON. Each names the digest of the line before it, so that no entry can be changed, moved or
left out from between others; the first names the authority.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from eseal.errors import PolicyError, UsageError
from eseal.model import aware, rfc3339

VERSION = 1
"""Version of a line's form."""
LARGEST_BYTES = 64_000_000
"""Largest stored form read, in bytes; some 200,000 entries."""
LONGEST_REASON = 500
"""Most characters of a reason."""
_ID = re.compile(r"[0-9a-f]{32}\Z")
_FIELDS = {"version", "previous", "seal", "change", "recorded", "effective", "actor", "reason"}


class SealState(StrEnum):
    """What a seal is at a time."""

    ACTIVE = "active"
    """It may be used, within its validity."""
    SUSPENDED = "suspended"
    """It must not be used until it is resumed."""
    REVOKED = "revoked"
    """It must not be used any more; nothing undoes that."""


class SealChange(StrEnum):
    """What an entry does to a seal."""

    SUSPENDED = "suspended"
    """From the effective time on it is suspended."""
    RESUMED = "resumed"
    """From the effective time on it is active again; the time before stays suspended."""
    REVOKED = "revoked"
    """From the effective time on it is revoked, for good."""


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One act of the issuer. Never edited. Raises UsageError SEAL_STATUS_INVALID."""

    seal: str
    """Id of the seal."""
    change: SealChange
    """What was done."""
    recorded: datetime
    """When it was written down, aware, UTC."""
    effective: datetime
    """From when on it holds, aware, UTC."""
    actor: str = ""
    """Who did it; empty in what is given to verifiers."""
    reason: str = ""
    """Why; empty in what is given to verifiers."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "recorded", aware(self.recorded, "recorded"))
        object.__setattr__(self, "effective", aware(self.effective, "effective"))
        if not _ID.match(self.seal):
            raise UsageError("SEAL_STATUS_INVALID", field="seal")
        for name, most in (("actor", 200), ("reason", LONGEST_REASON)):
            text = getattr(self, name)
            if not text.isprintable() or len(text) > most:
                raise UsageError("SEAL_STATUS_INVALID", field=name)


@dataclass(frozen=True, slots=True)
class SealHistory:
    """All entries of one seal, in the order in which they were recorded; `adding` keeps the rules."""

    entries: tuple[StatusEntry, ...] = ()
    """Oldest record first."""

    def state_at(self, time: datetime, known_at: datetime | None = None) -> SealState:
        """The state at `time`, as far as it was recorded up to `known_at` (all where None). Raises TIME_NAIVE."""
        entry = self.standing_at(time, known_at)
        return SealState.ACTIVE if entry is None else SealState(entry.change.value)

    def standing_at(self, time: datetime, known_at: datetime | None = None) -> StatusEntry | None:
        """The entry by which the seal is revoked or suspended at `time`; None where it is active."""
        time = aware(time)
        known = self.entries
        if known_at is not None:
            limit = aware(known_at, "known_at")
            known = tuple(e for e in known if e.recorded <= limit)
        revoked = [e for e in known if e.change is SealChange.REVOKED and e.effective <= time]
        if revoked:
            return min(revoked, key=lambda e: e.effective)
        opened: StatusEntry | None = None
        standing: StatusEntry | None = None
        for entry in known:
            if entry.change is SealChange.SUSPENDED:
                # `adding` lets none be opened twice; of two, were there any, the earlier one counts.
                opened = entry if opened is None else min(opened, entry, key=lambda e: e.effective)
            elif entry.change is SealChange.RESUMED and opened is not None:
                if opened.effective <= time < entry.effective:
                    standing = opened
                opened = None
        if opened is not None and opened.effective <= time:
            standing = opened
        return standing

    @property
    def revoked(self) -> StatusEntry | None:
        """The revocation that takes effect first, be it in the future; None without any."""
        found = [e for e in self.entries if e.change is SealChange.REVOKED]
        return min(found, key=lambda e: e.effective, default=None)

    @property
    def open_suspension(self) -> StatusEntry | None:
        """The suspension that no later entry ended; None without any."""
        others = [e for e in self.entries if e.change is not SealChange.REVOKED]
        return others[-1] if others and others[-1].change is SealChange.SUSPENDED else None

    def adding(self, entry: StatusEntry) -> SealHistory:
        """The history with one more entry.

        Raises PolicyError: SEAL_ALREADY_REVOKED (revoked again not earlier, or anything else after a revocation),
        SEAL_ALREADY_SUSPENDED, SEAL_NOT_SUSPENDED, SEAL_RESUMED_BEFORE (a resumption that would change the past),
        SEAL_STATUS_CLOCK (recorded before the entry before it).
        """
        last = self.entries[-1] if self.entries else None
        if last is not None and entry.recorded < last.recorded:
            raise PolicyError("SEAL_STATUS_CLOCK", last=rfc3339(last.recorded), now=rfc3339(entry.recorded))
        revoked, opened = self.revoked, self.open_suspension
        if revoked is not None and not (
            # It became known that the key was lost earlier: this only takes away.
            entry.change is SealChange.REVOKED and entry.effective < revoked.effective
        ):
            raise PolicyError("SEAL_ALREADY_REVOKED", since=rfc3339(revoked.effective, "seconds"))
        if entry.change is SealChange.SUSPENDED and opened is not None:
            raise PolicyError("SEAL_ALREADY_SUSPENDED", since=rfc3339(opened.effective, "seconds"))
        if entry.change is SealChange.RESUMED:
            if opened is None:
                raise PolicyError("SEAL_NOT_SUSPENDED")
            earliest = max(entry.recorded, opened.effective)
            if entry.effective < earliest:
                raise PolicyError("SEAL_RESUMED_BEFORE", earliest=rfc3339(earliest))
        return SealHistory((*self.entries, entry))

    def public(self) -> SealHistory:
        """The same without actors and reasons: what a verifier needs."""
        return SealHistory(tuple(StatusEntry(e.seal, e.change, e.recorded, e.effective) for e in self.entries))


@dataclass(frozen=True, slots=True)
class StatusLog:
    """All entries of an authority: its stored form, and the histories in it."""

    data: bytes
    """The stored form, whole lines."""
    histories: Mapping[str, SealHistory]
    """By id of the seal; a seal without entries is not in it."""

    @classmethod
    def start(cls, authority: str) -> StatusLog:
        """The log of a new authority, without entries."""
        return cls(_line({"version": VERSION, "authority": authority}), {})

    @classmethod
    def parse(cls, data: bytes, authority: str) -> StatusLog:
        """Read strictly: what is damaged, cut off in a line, reordered or of another authority is refused whole.

        Raises UsageError SEAL_STATUS_DAMAGED (with the line), SEAL_STATUS_NEWER.
        """
        if len(data) > LARGEST_BYTES or not data.endswith(b"\n"):
            raise _damaged(data.count(b"\n") + 1)
        lines = data.splitlines(keepends=True)
        first = _load(lines[0], 1)
        if set(first) != {"version", "authority"} or first["authority"] != authority:
            raise _damaged(1)
        histories: dict[str, SealHistory] = {}
        for number, (before, line) in enumerate(pairwise(lines), 2):
            entry = _entry(_load(line, number), before, number)
            try:
                histories[entry.seal] = histories.get(entry.seal, SealHistory()).adding(entry)
            except PolicyError:
                raise _damaged(number) from None
        return cls(data, histories)

    def history(self, seal: str) -> SealHistory:
        """The history of the seal with this id."""
        return self.histories.get(seal, SealHistory())

    def adding(self, entry: StatusEntry) -> StatusLog:
        """The log with one more line; what it held stays byte for byte. Raises as `SealHistory.adding`."""
        history = self.history(entry.seal).adding(entry)
        last = self.data[self.data.rfind(b"\n", 0, -1) + 1 :]
        value = {
            "version": VERSION,
            "previous": hashlib.sha256(last).hexdigest(),
            "seal": entry.seal,
            "change": entry.change.value,
            "recorded": rfc3339(entry.recorded),
            "effective": rfc3339(entry.effective),
            "actor": entry.actor,
            "reason": entry.reason,
        }
        return StatusLog(self.data + _line(value), {**self.histories, entry.seal: history})


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _damaged(line: int) -> UsageError:
    return UsageError("SEAL_STATUS_DAMAGED", line=line)


def _load(line: bytes, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"))
        again = _line(value)
    except (ValueError, RecursionError):
        raise _damaged(number) from None
    if type(value) is dict and type(value.get("version")) is int and value["version"] > VERSION:
        raise UsageError("SEAL_STATUS_NEWER", found=value["version"], known=VERSION)
    # One form alone: no name twice, no other spelling of the same entry.
    if type(value) is not dict or value.get("version") != VERSION or again != line:
        raise _damaged(number)
    return value


def _entry(value: Mapping[str, Any], before: bytes, number: int) -> StatusEntry:
    if set(value) != _FIELDS or not all(type(v) is str for k, v in value.items() if k != "version"):
        raise _damaged(number)
    if value["previous"] != hashlib.sha256(before).hexdigest():
        raise _damaged(number)
    try:
        return StatusEntry(
            seal=value["seal"],
            change=SealChange(value["change"]),
            recorded=_moment(value["recorded"]),
            effective=_moment(value["effective"]),
            actor=value["actor"],
            reason=value["reason"],
        )
    except (ValueError, OverflowError, UsageError):
        raise _damaged(number) from None


def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None or rfc3339(when) != text:
        raise ValueError(text)
    return when.astimezone(UTC)
