"""Where a password comes from: a file, standard input, ESEAL_PASSWORD, or a question on a terminal; never a flag."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from eseal.cli.inputs import STDIN
from eseal.cli.settings import t
from eseal.errors import KeyAccessError
from eseal.keys import secrets

T = TypeVar("T")
VARIABLE = "ESEAL_PASSWORD"
_ASK = ("KEY_PASSWORD_MISSING",)


def given(file: str | None) -> bytes | None:
    """The password that was given, None where there is none. Raises KeyAccessError."""
    if file == STDIN:
        return secrets.from_stream(sys.stdin.buffer if sys.stdin is not None else io.BytesIO())
    if file is not None:
        return secrets.from_file(file)
    return secrets.from_environment(VARIABLE, os.environ)


def asking(found: bytes | None, no_input: bool, use: Callable[[bytes | None], T]) -> T:
    """Use the password that was given; where one is needed and a person sits at a terminal, ask."""
    try:
        return use(found)
    except KeyAccessError as error:
        if found is not None or error.code not in _ASK or no_input or not _terminal():
            raise
    answer: str = click.prompt(t("CLI_ASK_PASSWORD"), hide_input=True, err=True)
    # What the terminal could not decode goes back as it was.
    return use(answer.encode("utf-8", "surrogateescape"))


def _terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
