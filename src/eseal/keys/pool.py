"""A bounded pool of equal things, such as sessions of a token: each is held by one thread at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class PoolFull(Exception):
    """Raised by the maker: no more can be made now; those that are there must do."""


class Pool(Generic[T]):
    """Makes things as they are needed, at most `limit`, and lends each to one thread at a time."""

    __slots__ = ("_free", "_limit", "_made", "_make", "_returned")

    def __init__(self, make: Callable[[], T], limit: int) -> None:
        self._make = make
        self._limit = max(1, limit)
        self._made = 0
        self._free: list[T] = []
        self._returned = threading.Condition()

    @contextlib.contextmanager
    def borrow(self) -> Iterator[T]:
        """Lend one; waits where all are out. One in whose use an exception was raised is not lent again."""
        lent = self._take()
        try:
            yield lent
        except BaseException:
            with self._returned:
                self._made -= 1
                self._returned.notify()
            raise
        with self._returned:
            self._free.append(lent)
            self._returned.notify()

    def _take(self) -> T:
        with self._returned:
            while True:
                if self._free:
                    return self._free.pop()
                if self._made < self._limit:
                    self._made += 1
                    break
                self._returned.wait()
        # Made outside the lock: it may take a device some time, and the others go on.
        try:
            return self._make()
        except PoolFull:
            with self._returned:
                self._made -= 1
                if not self._made:
                    raise
                self._limit = self._made
            return self._take()
        except BaseException:
            with self._returned:
                self._made -= 1
                self._returned.notify()
            raise
