"""Verification in long-lived child processes with hard limits: a hostile document can cost a worker, nothing more."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import eseal
from eseal.errors import DocumentError, Error, UsageError
from eseal.judging.policy import Policy
from eseal.limits import DEFAULT, Limits
from eseal.model import Proof
from eseal.net import Fetcher
from eseal.report.json import from_dict
from eseal.report.model import Report
from eseal.seals.registered import SealRegister
from eseal.trust.store import TrustStore
from eseal.verification.pipeline import moment, unreadable, usable
from eseal.verification.protocol import ANSWER_BYTES, HEADER, READY, Options, left, pack, receive
from eseal.verification.snapshot import snapshot

_START_SECONDS = 60.0
_NETWORK_SECONDS = 60.0
# A worker that has judged so many documents is replaced, so that nothing it accumulates lives for ever.
_JOBS_PER_WORKER = 2_000
# The folder of this very package comes last on the path: where the caller found it, the worker must.
_PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from eseal.verification.worker import main; main()"


class _Lost(Exception):
    """The worker gives no answer. `code` says why."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    sock: socket.socket
    jobs: int = 0

    @classmethod
    def start(cls, memory: int) -> _Worker:
        """A worker that is ready. Raises Error WORKER_NOT_STARTED."""
        try:
            with tempfile.TemporaryFile() as said:
                worker = cls._spawn(memory, said)
                try:
                    if receive(worker.sock, len(READY), time.monotonic() + _START_SECONDS) == READY:
                        return worker
                except BaseException:
                    worker.kill()
                    raise
                worker.kill()
                raise Error("WORKER_NOT_STARTED", reason=_last_line(said) or f"exit {worker.process.returncode}")
        except (OSError, AttributeError) as error:
            # AttributeError where the platform has no way to hand on a descriptor.
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            raise Error("WORKER_NOT_STARTED", reason=reason) from error

    @classmethod
    def _spawn(cls, memory: int, said: IO[bytes]) -> _Worker:
        if not sys.executable:
            raise Error("WORKER_NOT_STARTED", reason="sys.executable")
        home = str(Path(eseal.__file__).resolve().parent.parent)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                    [sys.executable, "-P", "-c", _PROGRAM, home, str(theirs.fileno()), str(memory)],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    start_new_session=True,
                    cwd=Path(home).anchor,
                    env=_environment(os.environ),
                )
            except BaseException:
                ours.close()
                raise
        return cls(process, ours)

    def ask(self, fd: int, packed: bytes, seconds: float) -> Mapping[str, Any]:
        """What the worker answers within `seconds`. Raises _Lost."""
        end = time.monotonic() + seconds
        self.jobs += 1
        try:
            self.sock.settimeout(left(end))
            socket.send_fds(self.sock, [HEADER.pack(len(packed))], [fd])
            self.sock.sendall(packed)
            header = receive(self.sock, HEADER.size, end)
            size = HEADER.unpack(header)[0] if header else 0
            answer = receive(self.sock, size, end) if size <= ANSWER_BYTES else b""
        except TimeoutError:
            raise _Lost("WORKER_TIME") from None
        except OSError:
            answer = b""
        if not answer:
            raise _Lost("WORKER_TIME" if self._out_of_time() else "WORKER_DIED")
        try:
            # A report is made by the worker's own code over hostile bytes: read strictly, never trusted to be whole.
            found = json.loads(answer)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise _Lost("WORKER_ERROR", kind="JSON")
        if found.get("killed") == "memory":
            raise _Lost("WORKER_MEMORY")
        if "killed" in found:
            raise _Lost("WORKER_ERROR", kind=str(found.get("kind"))[:100])
        return found

    def _out_of_time(self) -> bool:
        """Whether the system ended the process for the processor time that it used."""
        try:
            return -self.process.wait(1) == signal.SIGXCPU
        except subprocess.TimeoutExpired:
            return False

    def kill(self) -> None:
        self.sock.close()
        self.process.kill()
        self.process.wait()


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a worker is told: no password or other setting of ours, and no path that counts from the current folder."""
    told = {name: value for name, value in environ.items() if not name.upper().startswith("ESEAL_")}
    if "PYTHONPATH" in told:
        told["PYTHONPATH"] = os.pathsep.join(p for p in told["PYTHONPATH"].split(os.pathsep) if Path(p).is_absolute())
    return told


def _last_line(said: IO[bytes]) -> str:
    said.seek(max(0, said.seek(0, os.SEEK_END) - 2_000))
    lines = said.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


class VerifierPool:
    """A pool of verifying processes, spawned and never forked; one broken document costs one worker.

    Use as a context manager. `verify` may be called from several threads; it blocks while all workers are busy.
    """

    def __init__(self, processes: int = 1, limits: Limits = DEFAULT) -> None:
        """Start lazily: a process is spawned when a job first needs it."""
        self.limits = limits
        self._size = max(1, processes)
        self._turns = threading.Semaphore(self._size)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._closed = False

    def __enter__(self) -> VerifierPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. Waits for jobs under way; those that wait for a worker raise UsageError POOL_CLOSED."""
        with self._lock:
            self._closed = True
        for _ in range(self._size):
            self._turns.acquire()
        self._turns.release(self._size)
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

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
                try:
                    report = self._ask(fd, packed, fetcher is not None)
                except _Lost as lost:
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

    def _ask(self, fd: int, packed: bytes, network: bool) -> Report:
        """The report of the next worker that is free; the worker goes back only after a whole report."""
        with self._turns:
            with self._lock:
                if self._closed:
                    raise UsageError("POOL_CLOSED")
                worker = self._idle.pop() if self._idle else None
            worker = worker or _Worker.start(self.limits.memory_bytes)
            fit = False
            try:
                seconds = self.limits.seconds + (_NETWORK_SECONDS if network else 0)
                found = from_dict(worker.ask(fd, packed, seconds))
                fit = worker.jobs < _JOBS_PER_WORKER
                return found
            except UsageError as error:
                raise _Lost("WORKER_ERROR", kind=error.code) from error
            finally:
                if fit:
                    with self._lock:
                        self._idle.append(worker)
                else:
                    worker.kill()


def _digest(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    state = hashlib.sha256()
    while chunk := os.read(fd, 1 << 20):
        state.update(chunk)
    return state.digest()
