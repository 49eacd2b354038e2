"""What the pool and its workers say to each other: packed options and one descriptor there, JSON back.

A message is its length and its bytes. Only the pool's own process packs options, so only a worker unpacks them; what a
worker answers is JSON, read strictly, since hostile bytes went through it.
"""

from __future__ import annotations

import pickle
import socket
import struct
import time
from dataclasses import dataclass
from datetime import datetime

from eseal.judging.policy import Policy
from eseal.limits import Limits
from eseal.model import Proof
from eseal.net import Fetcher
from eseal.seals.registered import SealRegister
from eseal.trust.store import TrustStore

HEADER = struct.Struct("!Q")
"""Length of what follows, in bytes."""
READY = b"\x01"
"""The first byte that a worker sends: it has started and takes jobs."""
ANSWER_BYTES = 256_000_000
"""Longest answer that a pool takes; far above the report of any document within the limits."""


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
    seals: SealRegister | None = None
    """Register by which seals are judged."""


def pack(options: Options) -> bytes:
    """Options for the wire between a pool and its child. Raises TypeError for a fetcher that cannot be sent."""
    try:
        return pickle.dumps(options)
    except (pickle.PicklingError, AttributeError) as error:
        raise TypeError(str(error)) from error


def unpack(data: bytes) -> Options:
    """What `pack` packed. The data comes from the process that started this one, never from a document."""
    options: Options = pickle.loads(data)  # noqa: S301
    return options


def receive(sock: socket.socket, size: int, end: float | None = None) -> bytes:
    """Exactly `size` bytes; empty at the end of the stream. Raises TimeoutError at `end` of the monotonic clock."""
    parts: list[bytes] = []
    while size:
        if end is not None:
            sock.settimeout(left(end))
        part = sock.recv(min(size, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def left(end: float) -> float:
    """Seconds until `end` of the monotonic clock. Raises TimeoutError where there are none."""
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
