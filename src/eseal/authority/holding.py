"""The seals that an authority holds: found by id or name, and their status, which is read anew at every use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from eseal import files, testpki
from eseal.authority import journal, status
from eseal.authority.locking import locked
from eseal.authority.making import SEALS
from eseal.authority.status import StatusFile
from eseal.config import AuthorityConfig, reading
from eseal.errors import PolicyError, UsageError
from eseal.model import aware
from eseal.seals.register import LARGEST_BYTES, Seal
from eseal.seals.registered import RegisteredSeal, SealRegister
from eseal.seals.status import SealChange, SealHistory, StatusEntry


class SealHolding:
    """The part of `Authority` that knows its seals; it adds no field of its own."""

    folder: Path
    config: AuthorityConfig
    clock: Callable[[], datetime]

    @cached_property
    def seals(self) -> tuple[Seal, ...]:
        """All seals, in the order of the issuers. Raises UsageError SEAL_..., DocumentError INPUT_..."""
        return tuple(self._read_seal(seal) for issuer in self.config.issuers for seal in issuer.seals)

    def find(self, seal: str | Seal | None = None) -> Seal:
        """The seal with this id, beginning of an id (8 characters at least) or name; without one the default.

        A name, and the default, mean the newest of seals that supersede each other. Raises UsageError
        AUTHORITY_SEAL_UNKNOWN or AUTHORITY_SEAL_AMBIGUOUS.
        """
        if seal is None and self.seals:
            return self._newest(self.seals[0])
        if isinstance(seal, Seal):
            seal = seal.id
        wanted = seal or ""
        found = [s for s in self.seals if s.id == wanted or (len(wanted) >= 8 and s.id.startswith(wanted))]
        named = [s for s in self.seals if wanted in (s.name, s.name.removeprefix(f"{testpki.MARK} "))]
        found = found or [s for s in named if self._newest(s) == s or self._newest(s) not in named]
        if not found:
            known = ", ".join(s.name for s in self.seals[:10])
            raise UsageError("AUTHORITY_SEAL_UNKNOWN", seal=wanted, known=known)
        if len(found) > 1:
            raise UsageError("AUTHORITY_SEAL_AMBIGUOUS", seal=wanted, ids=", ".join(s.id[:12] for s in found))
        return found[0]

    def successor(self, seal: Seal) -> Seal | None:
        """The seal that supersedes this one; None where it is the newest."""
        return next((s for s in self.seals if s.supersedes == seal.id), None)

    def _newest(self, seal: Seal) -> Seal:
        for _ in self.seals:  # bounded, should the files name each other in a circle
            after = self.successor(seal)
            if after is None:
                break
            seal = after
        return seal

    @cached_property
    def _status(self) -> StatusFile:
        return StatusFile(self.folder, self.config.id)

    @property
    def register(self) -> SealRegister:
        """What a verifier needs of its seals, read anew. Raises UsageError SEAL_STATUS_..., SEAL_..., CONFIG_..."""
        log = self._status.read()
        return SealRegister(tuple(RegisteredSeal.of(seal, log.history(seal.id)) for seal in self.seals))

    def history(self, seal: str | Seal | None = None) -> SealHistory:
        """What was recorded of a seal, read anew. Raises UsageError AUTHORITY_SEAL_..., SEAL_STATUS_..."""
        return self._status.read().history(self.find(seal).id)

    def check_usable(self, seal: str | Seal | None = None, at: datetime | None = None) -> Seal:
        """The seal, unless it must not be used now, or at the claimed time `at`.

        Raises PolicyError SEAL_SUSPENDED, SEAL_REVOKED, SEAL_SUPERSEDED, and as `history`.
        """
        chosen = self.find(seal)
        now = aware(self.clock(), "clock")
        claimed = aware(at, "at") if at is not None else now
        # Times are claimed in whole seconds: the second that has begun is now.
        moments = (now,) if timedelta() <= now - claimed < timedelta(seconds=1) else (now, claimed)
        status.refuse_unusable(chosen, self.history(chosen), *moments)
        after = self.successor(chosen)
        if after is not None:
            raise PolicyError("SEAL_SUPERSEDED", name=chosen.name, successor=after.name, id=after.id[:12])
        return chosen

    def suspend_seal(
        self, seal: str | Seal, *, reason: str, effective: datetime | None = None, actor: str | None = None
    ) -> StatusEntry:
        """Suspend a seal from `effective` (now) on, until it is resumed: it is refused at sealing.

        Raises PolicyError SEAL_ALREADY_SUSPENDED, SEAL_ALREADY_REVOKED, SEAL_STATUS_CLOCK; UsageError
        SEAL_STATUS_REASON, SEAL_STATUS_INVALID, AUTHORITY_SEAL_..., NAME_UNUSABLE; Error where it cannot be written.
        """
        return self._change(seal, SealChange.SUSPENDED, reason, effective, actor)

    def resume_seal(
        self, seal: str | Seal, *, reason: str, effective: datetime | None = None, actor: str | None = None
    ) -> StatusEntry:
        """End a suspension, at the earliest now. Raises as `suspend_seal`; SEAL_NOT_SUSPENDED, SEAL_RESUMED_BEFORE."""
        return self._change(seal, SealChange.RESUMED, reason, effective, actor)

    def revoke_seal(
        self, seal: str | Seal, *, reason: str, effective: datetime | None = None, actor: str | None = None
    ) -> StatusEntry:
        """Revoke a seal from `effective` (now) on, for good; again only with an earlier time. Raises as above."""
        return self._change(seal, SealChange.REVOKED, reason, effective, actor)

    def _change(
        self, seal: str | Seal, change: SealChange, reason: str, effective: datetime | None, actor: str | None
    ) -> StatusEntry:
        who, chosen = journal.actor_name(actor), self.find(seal)
        with locked(self.folder):
            now, history = aware(self.clock(), "clock"), self.history(chosen)
            entry = status.entry_for(chosen, history, change, reason=reason, effective=effective, now=now, actor=who)
            status.append(self._status, entry)
        return entry

    def _superseded(self, seal: str | Seal) -> str:
        """Id of the seal that a new one takes the place of. Raises PolicyError SEAL_SUPERSEDED_TWICE."""
        chosen = self.find(seal)
        after = self.successor(chosen)
        if after is not None:
            raise PolicyError("SEAL_SUPERSEDED_TWICE", name=chosen.name, successor=after.name)
        return chosen.id

    def _read_seal(self, seal: str) -> Seal:
        path = self.folder / SEALS / f"{seal}.json"
        data = files.read(path, LARGEST_BYTES)
        # It says who may use the seal.
        reading.check_owner(path.stat(), path)
        found = Seal.from_bytes(data)
        if found.id != seal:
            raise UsageError("AUTHORITY_SEAL_SWAPPED", seal=seal, found=found.id)
        return found
