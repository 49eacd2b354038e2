"""Verification in long-lived child processes with hard limits: a hostile document can cost a worker, nothing more."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType

from eseal.errors import DocumentError
from eseal.judging.policy import Policy
from eseal.limits import DEFAULT, Limits
from eseal.model import Proof, aware
from eseal.net import Fetcher
from eseal.report.json import from_dict
from eseal.report.model import Report
from eseal.trust.store import TrustStore
from eseal.verification.pipeline import now, unreadable
from eseal.verification.snapshot import snapshot
from eseal.verification.worker import HEADER, Options, pack, receive

_START_SECONDS = 30.0
_NETWORK_SECONDS = 60.0
# A worker that has judged so many documents is replaced, so that nothing it accumulates lives for ever.
_JOBS_PER_WORKER = 2_000


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    sock: socket.socket
    jobs: int = 0
    answered: bool = field(default=False)

    @classmethod
    def start(cls) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                [sys.executable, "-P", "-m", "eseal.verification.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return cls(process, ours)

    def ask(self, fd: int, options: Options) -> bytes | None:
        """The answer; None where the worker died. Raises TimeoutError."""
        seconds = options.limits.seconds + (_NETWORK_SECONDS if options.fetcher else 0)
        self.sock.settimeout(seconds if self.answered else seconds + _START_SECONDS)
        body = pack(options)
        self.jobs += 1
        try:
            socket.send_fds(self.sock, [HEADER.pack(len(body))], [fd])
            self.sock.sendall(body)
            header = receive(self.sock, HEADER.size)
            if not header:
                return None
            self.answered = True
            return receive(self.sock, HEADER.unpack(header)[0]) or None
        except TimeoutError:
            raise
        except OSError:
            return None

    def kill(self) -> None:
        self.sock.close()
        self.process.kill()
        self.process.wait()


class VerifierPool:
    """A pool of verifying processes, spawned and never forked; one broken document costs one worker.

    Use as a context manager. `verify` may be called from several threads; it blocks while all workers are busy.
    """

    def __init__(self, processes: int = 1, limits: Limits = DEFAULT) -> None:
        """Start lazily: a process is spawned when a job first needs it."""
        self.limits = limits
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(max(1, processes)):
            self._idle.put(None)
        self._size = max(1, processes)
        self._closed = threading.Event()

    def __enter__(self) -> VerifierPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. Waits for jobs under way."""
        if self._closed.is_set():
            return
        self._closed.set()
        for _ in range(self._size):
            worker = self._idle.get()
            if worker is not None:
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
    ) -> Report:
        """Judge one document in a worker; `source` is bytes, a path or an open descriptor, read once.

        Never raises for a bad document: a worker that runs out of time or memory or dies gives an `unreadable`
        report that says so. Raises OSError where the source cannot be read, UsageError for a naive time.
        """
        when = aware(at, "at") if at is not None else now()
        options = Options(trust, when, policy or Policy(), self.limits, proofs, fetcher)
        try:
            with snapshot(source, self.limits) as (fd, size):
                report = self._ask(fd, size, options, file)
        except DocumentError as error:
            return unreadable(error, b"", options.trust, options.at, options.policy, file)
        return report

    def _ask(self, fd: int, size: int, options: Options, file: str | None) -> Report:
        worker = self._idle.get()
        keep: _Worker | None = None
        try:
            worker = worker or _Worker.start()
            # A report is made by the worker's own code over hostile bytes: read strictly, never trusted to be whole.
            answer = worker.ask(fd, options)
            parsed = json.loads(answer) if answer else {"killed": "died"}
            if "killed" not in parsed:
                keep = worker
                return from_dict({**parsed, "file": file})
            reason = "WORKER_" + str(parsed["killed"]).upper()
        except TimeoutError:
            reason = "WORKER_TIME"
        finally:
            if worker is not None and (keep is None or worker.jobs >= _JOBS_PER_WORKER):
                worker.kill()
                keep = None
            self._idle.put(keep)
        error = DocumentError(
            reason, seconds=f"{options.limits.seconds:g}", megabytes=options.limits.memory_bytes >> 20
        )
        return unreadable(error, _digest(fd), options.trust, options.at, options.policy, file, size=size)


def _digest(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    state = hashlib.sha256()
    while chunk := os.read(fd, 1 << 20):
        state.update(chunk)
    return state.digest()
