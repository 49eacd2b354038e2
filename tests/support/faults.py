"""Faults of the operating system: one chosen call fails, all others work."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

CALLS = ("open", "write", "fsync", "link", "rename", "replace", "unlink", "mkdir", "chmod", "fchmod")
"""Calls that write."""


@contextmanager
def faulty(failing: tuple[str, int] | None) -> Iterator[Counter[str]]:
    """Let the n-th call of a name fail, such as ("fsync", 2), or none; gives how often each was called."""
    seen: Counter[str] = Counter()

    def wrapped(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            seen[name] += 1
            if (name, seen[name]) == failing:
                raise OSError(5, "fault")
            return real(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        yield seen
