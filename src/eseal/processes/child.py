"""One child process: started anew and never forked, asked one job at a time, killed at its time limit."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import eseal
from eseal.errors import Error
from eseal.processes.protocol import ANSWER_BYTES, HEADER, READY, left, receive

_START_SECONDS = 60.0


class Lost(Exception):
    """The child gives no answer. `code` (WORKER_TIME, WORKER_DIED, WORKER_MEMORY, WORKER_ERROR) says why."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def program(module: str) -> str:
    """The text that runs `main` of `module` in a child."""
    # The folder of this very package comes last on the path: where the caller found it, the child must.
    return f"import sys; sys.path.append(sys.argv.pop(1)); from {module} import main; main()"


@dataclass(slots=True)
class Child:
    """A process that answers jobs."""

    process: subprocess.Popen[bytes]
    """The process."""
    sock: socket.socket
    """Our end of the line to it."""
    jobs: int = 0
    """How many jobs it was given."""

    @classmethod
    def start(cls, text: str, memory: int) -> Child:
        """A child that runs `text` and is ready; it may add `memory` bytes. Raises Error WORKER_NOT_STARTED."""
        try:
            with tempfile.TemporaryFile() as said:
                child = cls._spawn(text, memory, said)
                try:
                    if receive(child.sock, len(READY), time.monotonic() + _START_SECONDS) == READY:
                        return child
                except BaseException:  # interrupted too: no child is left behind; raised on
                    child.kill()
                    raise
                child.kill()
                raise Error("WORKER_NOT_STARTED", reason=_last_line(said) or f"exit {child.process.returncode}")
        except (OSError, AttributeError) as error:
            # AttributeError where the platform has no way to hand on a descriptor.
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            raise Error("WORKER_NOT_STARTED", reason=reason) from error

    @classmethod
    def _spawn(cls, text: str, memory: int, said: IO[bytes]) -> Child:
        if not sys.executable:
            raise Error("WORKER_NOT_STARTED", reason="sys.executable")
        home = str(Path(eseal.__file__).resolve().parent.parent)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                    [sys.executable, "-P", "-c", text, home, str(theirs.fileno()), str(memory)],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    start_new_session=True,
                    cwd=Path(home).anchor,
                    env=_environment(os.environ),
                )
            except BaseException:  # the caller gets no child, so nobody else would close it; raised on
                ours.close()
                raise
        return cls(process, ours)

    def ask(self, fd: int, packed: bytes, seconds: float) -> Mapping[str, Any]:
        """What the child answers within `seconds`. Raises Lost."""
        end = time.monotonic() + seconds
        self.jobs += 1
        try:
            self.sock.settimeout(left(end))
            socket.send_fds(self.sock, [HEADER.pack(len(packed))], [fd])
            self.sock.sendall(packed)
            header = receive(self.sock, HEADER.size, end)
            size = HEADER.unpack(header)[0] if header else 0
            answer = receive(self.sock, size, end) if size <= ANSWER_BYTES else b""
        except TimeoutError:
            raise Lost("WORKER_TIME") from None
        except OSError:
            answer = b""
        if not answer:
            raise Lost("WORKER_TIME" if self._out_of_time() else "WORKER_DIED")
        try:
            # An answer is made by the child's own code over hostile bytes: read strictly, never trusted to be whole.
            found = json.loads(answer)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Lost("WORKER_ERROR", kind="JSON")
        if found.get("killed") == "memory":
            raise Lost("WORKER_MEMORY")
        if "killed" in found:
            raise Lost("WORKER_ERROR", kind=str(found.get("kind"))[:100])
        return found

    def _out_of_time(self) -> bool:
        """Whether the system ended the process for the processor time that it used."""
        try:
            return -self.process.wait(1) == signal.SIGXCPU
        except subprocess.TimeoutExpired:
            return False

    def kill(self) -> None:
        """End it."""
        self.sock.close()
        self.process.kill()
        self.process.wait()


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a child is told: no password or other setting of ours, and no path that counts from the current folder."""
    told = {name: value for name, value in environ.items() if not name.upper().startswith("ESEAL_")}
    if "PYTHONPATH" in told:
        told["PYTHONPATH"] = os.pathsep.join(p for p in told["PYTHONPATH"].split(os.pathsep) if Path(p).is_absolute())
    return told


def _last_line(said: IO[bytes]) -> str:
    said.seek(max(0, said.seek(0, os.SEEK_END) - 2_000))
    lines = said.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
