"""Digests over a file and over the parts of it that signatures cover."""

from __future__ import annotations

from typing import Any

from eseal.crypto.algorithms import hasher


class Digests:
    """Digests over a file and over parts of it; bytes that several of them begin with are hashed once."""

    def __init__(self, data: bytes) -> None:
        self._view = memoryview(data)
        self._made: dict[tuple[str, tuple[tuple[int, int], ...]], bytes] = {}
        self._begun: dict[tuple[str, int], Any] = {}

    def digest(self, algorithm: str, ranges: tuple[tuple[int, int], ...]) -> bytes:
        """Digest of `ranges` ((offset, length) pairs), made once for each. Raises KeyError."""
        key = algorithm, ranges
        if key not in self._made:
            state = self._prefix(algorithm, ranges[0][1]) if ranges and not ranges[0][0] else hasher(algorithm)
            for start, length in ranges[1:] if ranges and not ranges[0][0] else ranges:
                state.update(self._view[start : start + length])
            self._made[key] = state.digest()
        return self._made[key]

    def whole(self, algorithm: str) -> bytes:
        """Digest of the whole file. Raises KeyError."""
        size = len(self._view)
        ends = [end for name, end in self._begun if name == algorithm]
        start = max(ends, default=0)
        return self.digest(algorithm, ((0, start), (start, size - start)))

    def _prefix(self, algorithm: str, end: int) -> Any:
        known = max((e for name, e in self._begun if name == algorithm and e <= end), default=0)
        state = self._begun[algorithm, known].copy() if known else hasher(algorithm)
        state.update(self._view[known:end])
        self._begun[algorithm, end] = state
        return state.copy()
