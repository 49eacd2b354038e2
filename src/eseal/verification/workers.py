"""Verification in long-lived child processes with hard limits: a hostile document can cost a worker, nothing more."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType

from eseal.errors import DocumentError, UsageError
from eseal.judging.policy import Policy
from eseal.limits import DEFAULT, Limits
from eseal.model import Proof
from eseal.net import Fetcher
from eseal.processes.child import Lost, program
from eseal.processes.pool import Pool
from eseal.processes.snapshot import snapshot
from eseal.report.json import from_dict
from eseal.report.model import Report
from eseal.seals.registered import SealRegister
from eseal.trust.store import TrustStore
from eseal.verification.pipeline import moment, unreadable, usable
from eseal.verification.protocol import Options, pack

_NETWORK_SECONDS = 60.0
_PROGRAM = program("eseal.verification.worker")


class VerifierPool:
    """A pool of verifying processes, spawned and never forked; one broken document costs one worker.

    Use as a context manager. `verify` may be called from several threads; it blocks while all workers are busy.
    """

    def __init__(self, processes: int = 1, limits: Limits = DEFAULT) -> None:
        """Start lazily: a process is spawned when a job first needs it."""
        self.limits = limits
        # Looked up when a child starts, not here.
        self._pool = Pool(lambda: _PROGRAM, processes, limits.memory_bytes)

    def __enter__(self) -> VerifierPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. Waits for jobs under way; those that wait for a worker raise UsageError POOL_CLOSED."""
        self._pool.close()

    def verify(
        self,
        source: bytes | Path | int,
        trust: TrustStore,
        at: datetime | None = None,
        *,
        policy: Policy | None = None,
        proofs: tuple[Proof, ...] = (),
        fetcher: Fetcher | None = None,
        file: str | None = None,
        seals: SealRegister | None = None,
    ) -> Report:
        """Judge one document in a worker; `source` is bytes, a path or an open descriptor, read once.

        Never raises for a bad document: a worker that runs out of time or memory, fails or dies gives an `unreadable`
        report that says so. Raises OSError where the source cannot be read, UsageError (as `eseal.verify`; POOL_CLOSED;
        FETCHER_NOT_SENT for one that cannot be handed to another process), Error WORKER_NOT_STARTED.
        """
        when = moment(at)
        options = Options(trust, when, policy or Policy(), self.limits, usable(proofs), fetcher, seals)
        try:
            packed = pack(options)
        except TypeError as error:
            raise UsageError("FETCHER_NOT_SENT", reason=error) from error
        digest, size = b"", 0
        try:
            with snapshot(source, self.limits) as (fd, size):
                seconds = self.limits.seconds + (_NETWORK_SECONDS if fetcher is not None else 0)
                try:
                    report = self._pool.ask(fd, packed, seconds, from_dict)
                except Lost as lost:
                    digest = _digest(fd)
                    limits = {"seconds": f"{self.limits.seconds:g}", "megabytes": str(self.limits.memory_bytes >> 20)}
                    raise DocumentError(lost.code, **limits, **lost.params) from lost
        except DocumentError as error:
            return unreadable(error, digest, options.trust, options.at, options.policy, file, size=size)
        # What this side knows is not taken from the other.
        return replace(
            report,
            file=file,
            size=size,
            at=when,
            trust=trust.digests(),
            policy=options.policy.name,
            revocation=options.policy.revocation.value,
        )


def _digest(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    state = hashlib.sha256()
    while chunk := os.read(fd, 1 << 20):
        state.update(chunk)
    return state.digest()
