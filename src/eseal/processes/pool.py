"""A pool of children: a job takes the next one that is free, and what kills a child costs that job alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from eseal.errors import UsageError
from eseal.processes.child import Child, Lost

T = TypeVar("T")
# A child that has done so many jobs is replaced, so that nothing it accumulates lives for ever.
_JOBS_PER_CHILD = 2_000


class Pool:
    """Children that run one program. `ask` may be called from several threads; it blocks while all are busy."""

    def __init__(self, program: Callable[[], str], size: int, memory: int) -> None:
        """Start lazily: a process is spawned when a job first needs it."""
        self._program = program
        self._memory = memory
        self._size = max(1, size)
        self._turns = threading.Semaphore(self._size)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._closed = False

    def ask(self, fd: int, packed: bytes, seconds: float, read: Callable[[Mapping[str, Any]], T]) -> T:
        """What `read` makes of the answer; the child is used again only after an answer that could be read.

        Raises Lost (also for a UsageError of `read`), UsageError POOL_CLOSED, Error WORKER_NOT_STARTED.
        """
        with self._turns:
            with self._lock:
                if self._closed:
                    raise UsageError("POOL_CLOSED")
                child = self._idle.pop() if self._idle else None
            child = child or Child.start(self._program(), self._memory)
            fit = False
            try:
                found = read(child.ask(fd, packed, seconds))
                fit = child.jobs < _JOBS_PER_CHILD
                return found
            except UsageError as error:
                raise Lost("WORKER_ERROR", kind=error.code) from error
            finally:
                if fit:
                    with self._lock:
                        self._idle.append(child)
                else:
                    child.kill()

    def close(self) -> None:
        """End all children. Waits for jobs under way; those that wait for a child raise UsageError POOL_CLOSED."""
        with self._lock:
            self._closed = True
        for _ in range(self._size):
            self._turns.acquire()
        self._turns.release(self._size)
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()
