"""What the command line prints: results on stdout, messages on stderr, colour only where a terminal wants it."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import click

from eseal.cli.settings import Settings
from eseal.errors import Error
from eseal.report.escape import terminal
from eseal.report.json import dumps, error_dict

_LINE = 2_000


def prepare() -> None:
    """Let no character that the terminal's encoding lacks, and no stream that is closed, end a command half-way."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file that is opened would get the number, and what is printed with it.
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="backslashreplace")


def stdout() -> TextIO:
    """Standard output. Raises Error CLI_OUTPUT_FAILED where it is closed: a result that nobody gets is no success."""
    if sys.stdout is None:
        raise Error("CLI_OUTPUT_FAILED", reason=os.strerror(errno.EBADF))
    return sys.stdout


def colours(stream: TextIO) -> bool:
    """True where `stream` is a terminal that shows colours and nobody said no (no-color.org, TERM, CI)."""
    environ = os.environ
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" or environ.get("CI"):
        return False
    return stream.isatty()


def result(text: str, *, tone: str | None = None) -> None:
    """Print one result and flush it, so that whoever reads the pipe has it now. `tone` colours its first line."""
    stream = stdout()
    if tone and colours(stream):
        first, _, rest = text.partition("\n")
        text = click.style(first, fg=tone, bold=True) + (f"\n{rest}" if rest else "")
    click.echo(text, stream, color=True if tone else None)
    stream.flush()


def result_json(value: Mapping[str, Any], *, indent: int | None = None) -> None:
    """Print one JSON value and flush it."""
    stream = stdout()
    click.echo(dumps(value, indent=indent), stream)
    stream.flush()


def note(text: str, settings: Settings) -> None:
    """Say something on stderr, unless only results are wanted."""
    if settings.verbosity >= 0:
        _say(text)


def failure(error: Error, settings: Settings, file: str | None = None) -> None:
    """Say what failed, why, and what to do: on stderr, and for programs as an object on stdout."""
    if settings.json and sys.stdout is not None:
        named = {"file": file} if file is not None else {}
        value = error_dict(error, settings.lang)
        click.echo(dumps({"schema": value["schema"], **named, "error": value["error"]}, indent=_indent(settings)))
    head = click.style("eseal:", fg="red", bold=True) if colours(sys.stderr) else "eseal:"
    place = f" {terminal(file)}:" if file is not None else ""
    # Each by itself: a line break from outside is shown as one, and begins no line.
    first, *reasons = (safe(sentence).strip() for sentence in error.sentences(settings.lang))
    _say(f"{head}{place} {first}")
    for reason in reasons:
        _say(f"  - {reason}")
    hint = error.hint(settings.lang)
    if hint:
        _say(f"  {safe(hint)}")


def _say(text: str) -> None:
    try:
        click.echo(text, err=True, color=colours(sys.stderr))
    except OSError:
        # Where not even this can be written, the exit code tells.
        drop(2)


def drop(stream: int = 1) -> None:
    """Give up standard output (1) or error (2); what is still buffered would raise again, and change the exit code,
    while the interpreter ends.
    """
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, stream)
    os.close(handle)


def _indent(settings: Settings) -> int | None:
    return 2 if settings.format == "json" else None


def safe(text: str) -> str:
    """A sentence of ours with strings from outside in it, for a terminal."""
    return terminal(text, _LINE)
