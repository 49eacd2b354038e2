"""What a pool and its children say to each other: a packed job and one descriptor there, JSON back.

A message is its length and its bytes. Only the pool's own process packs jobs, so only a child unpacks them; what a
child answers is JSON, read strictly, since hostile bytes went through it.
"""

from __future__ import annotations

import socket
import struct
import time

HEADER = struct.Struct("!Q")
"""Length of what follows, in bytes."""
READY = b"\x01"
"""The first byte that a child sends: it has started and takes jobs."""
ANSWER_BYTES = 256_000_000
"""Longest answer that a pool takes; far above the report of any document within the limits."""


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
