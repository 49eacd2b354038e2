"""Programs that nobody here wrote, and when a test may do without one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def need(*programs: str) -> None:
    """A judge that is not here is a named skip, and a failure where CI=true."""
    missing = [p for p in programs if not (shutil.which(p) or Path(p).exists())]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"judges that CI must have are missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"judge not installed: {', '.join(missing)}")


def run(*command: str | Path, ok: tuple[int, ...] = (0,), input: str | None = None, timeout: int = 120) -> str:
    """Output of a program, both streams; any other exit code fails the test."""
    given = [str(c) for c in command]
    done = subprocess.run(given, input=input, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode in ok, (command, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr
