"""A bounded pool of equal things, such as sessions of a token: each is held by one thread at a time."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class PoolFull(Exception):
    """Raised by the maker: no more can be made now; those that are there must do."""


class Pool(Generic[T]):
    """Makes things as they are needed, at most `limit`, and lends each to one thread at a time.

    What `take` gives is ended with `give`, or with `lose` where it is not to be lent again.
    """

    __slots__ = ("_changed", "_free", "_limit", "_made", "_make", "_waiting")

    def __init__(self, make: Callable[[], T], limit: int) -> None:
        self._make = make
        self._limit = max(1, limit)
        self._made = 0
        self._waiting = 0
        # Its own operations are atomic, so that nobody takes a lock where something is free.
        self._free: deque[T] = deque()
        self._changed = threading.Condition()

    def take(self) -> T:
        """One that is free, or a new one; waits where all are out. Raises what the maker raises."""
        try:
            return self._free.pop()
        except IndexError:
            return self._wait()

    def give(self, lent: T) -> None:
        """Back, to be lent again."""
        self._free.append(lent)
        # Whoever waits counted itself before it looked for a free one: it saw this one, or is seen here.
        if self._waiting:
            with self._changed:
                self._changed.notify()

    def lose(self) -> None:
        """Not back: another may be made in its place."""
        with self._changed:
            self._made -= 1
            self._changed.notify()

    @contextlib.contextmanager
    def borrow(self) -> Iterator[T]:
        """`take`, and at the end `give`, or `lose` after an exception."""
        lent = self.take()
        try:
            yield lent
        except BaseException:  # whatever it was, the thing is in an unknown state; raised on
            self.lose()
            raise
        self.give(lent)

    def _wait(self) -> T:
        with self._changed:
            self._waiting += 1
            try:
                while self._made >= self._limit:
                    if self._free:
                        with contextlib.suppress(IndexError):
                            return self._free.pop()
                    self._changed.wait()
                self._made += 1
            finally:
                self._waiting -= 1
        # Made outside the lock: it may take a device some time, and the others go on.
        try:
            return self._make()
        except PoolFull:
            with self._changed:
                self._made -= 1
                if not self._made:
                    raise
                self._limit = self._made
            return self.take()
        except BaseException:  # nothing was made, so nothing may be counted, or others wait for ever; raised on
            self.lose()
            raise
