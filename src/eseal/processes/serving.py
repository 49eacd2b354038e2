"""The child's side: takes sealed snapshots and jobs over a socket, answers with JSON.

It limits its own memory and processor time before it reads anything, and ends when the other side does.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from eseal.processes.protocol import HEADER, READY, receive

Work = Callable[[Callable[[], bytes], bytes], bytes]
"""Gets a function that reads the whole snapshot, and the packed job; gives JSON."""


def main(work: Work) -> None:
    """Serve the socket whose descriptor is the first argument; the second is the memory to use, in bytes."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    _limit(int(sys.argv[2]))
    _serve(sock, work)


def allow_cpu(seconds: float) -> None:
    """Let this process use `seconds` of processor time from now on; past them the system ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime + seconds) + 2
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _limit(memory: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)
    # Neither a dump of the memory nor anything else that hostile bytes might have written: sockets do not count.
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)


def _lower(kind: int, bound: int) -> None:
    """Set a limit for good; one that is lower already stays."""
    hard = resource.getrlimit(kind)[1]
    bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
    resource.setrlimit(kind, (bound, bound))


def _answer(fd: int, packed: bytes, work: Work) -> tuple[bytes, bool]:
    """The answer, and whether this process is fit for another job."""

    def read() -> bytes:
        with os.fdopen(fd, "rb") as file:
            return file.read()

    try:
        return work(read, packed), True
    except MemoryError:
        return b'{"killed": "memory"}', False
    # Wide on purpose: whatever a document provokes is told as the reason, and this process is given up. Libraries
    # written in Rust raise panics that are no Exception.
    except BaseException as error:
        return json.dumps({"killed": "error", "kind": type(error).__name__}).encode(), False


def _serve(sock: socket.socket, work: Work) -> None:
    """Answer jobs until the other side closes. A job is a header, one descriptor and packed options."""
    # What was imported stays: only what a job leaves is looked for between jobs.
    gc.freeze()
    sock.sendall(READY)
    while True:
        message, fds, _, _ = socket.recv_fds(sock, HEADER.size, 1)
        if len(message) < HEADER.size or not fds:
            return
        answer, fit = _answer(fds[0], receive(sock, HEADER.unpack(message)[0]), work)
        sock.sendall(HEADER.pack(len(answer)) + answer)
        if not fit:
            return
        del answer
        gc.collect()
