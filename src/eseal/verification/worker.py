"""The worker process: takes sealed snapshots and options over a socket, answers with reports as JSON.

Run as `python -m eseal.verification.worker FD`. It limits its own memory and processor time before it reads anything,
and ends when the other side does.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import resource
import socket
import struct
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eseal import verification
from eseal.judging.policy import Policy
from eseal.limits import Limits
from eseal.model import Proof
from eseal.net import Fetcher
from eseal.report.json import to_dict
from eseal.trust.store import TrustStore

HEADER = struct.Struct("!Q")


@dataclass(frozen=True, slots=True)
class Options:
    """What a job is judged by; sent from the pool to its own child, never from outside."""

    trust: TrustStore
    """What may vouch."""
    at: datetime
    """Time of the judgement, aware."""
    policy: Policy
    """Policy with the revocation mode."""
    limits: Limits
    """Bounds on the document."""
    proofs: tuple[Proof, ...] = ()
    """Proofs of existence that the caller holds."""
    fetcher: Fetcher | None = None
    """Client for revocation data; None makes no request at all."""


def pack(options: Options) -> bytes:
    """Options for the wire between a pool and its child."""
    return pickle.dumps(options)


def receive(sock: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes; empty at the end of the stream."""
    parts: list[bytes] = []
    while size:
        part = sock.recv(min(size, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _limit(memory: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    bound = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu(seconds: float) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _job(fd: int, options: Options) -> bytes:
    with os.fdopen(fd, "rb") as file:
        data = file.read()
    report = verification.verify(
        data,
        options.trust,
        options.at,
        policy=options.policy,
        limits=options.limits,
        proofs=options.proofs,
        fetcher=options.fetcher,
    )
    return json.dumps(to_dict(report), ensure_ascii=False).encode()


def serve(sock: socket.socket) -> None:
    """Answer jobs until the other side closes. A job is a header, packed options and one descriptor."""
    limited = False
    while True:
        message, fds, _, _ = socket.recv_fds(sock, HEADER.size, 1)
        if len(message) < HEADER.size or not fds:
            return
        # The options come from the process that started this one over a private socket, never from a document.
        options: Options = pickle.loads(receive(sock, HEADER.unpack(message)[0]))  # noqa: S301
        if not limited:
            _limit(options.limits.memory_bytes)
            limited = True
        _allow_cpu(options.limits.seconds)
        try:
            answer = _job(fds[0], options)
        except MemoryError:
            answer = b'{"killed": "memory"}'
        sock.sendall(HEADER.pack(len(answer)) + answer)
        del answer
        gc.collect()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
