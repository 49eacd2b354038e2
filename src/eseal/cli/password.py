"""Where secrets come from: a file, standard input, the environment, or a question on a terminal; never a flag."""

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
from eseal.keys.remote import Ask
from eseal.report.escape import terminal

T = TypeVar("T")
VARIABLE, TOKEN_VARIABLE = "ESEAL_PASSWORD", "ESEAL_TOKEN"
_ASK = {"KEY_PASSWORD_MISSING": "CLI_ASK_PASSWORD", "KEY_PIN_MISSING": "CLI_ASK_PIN"}


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
        question = t(_ASK[error.code])
    # Asked once: a wrong PIN is one step nearer to a locked token.
    return use(_prompt(question))


def token(file: str | None) -> bytes | None:
    """The access token for a remote service, None where there is none. Raises KeyAccessError."""
    if file is not None:
        return secrets.token_from_file(file)
    return secrets.from_environment(TOKEN_VARIABLE, os.environ, secrets.TOKEN_BYTES)


def answers(no_input: bool) -> Ask | None:
    """Asks a person what a remote service wants to know; None where nobody is there."""
    if no_input or not _terminal():
        return None
    return lambda asked: _prompt(terminal(asked.label) or t("CLI_ASK_CODE" if asked.one_time else "CLI_ASK_PIN"))


def _prompt(question: str) -> bytes:
    answer: str = click.prompt(question, hide_input=True, err=True)
    # What the terminal could not decode goes back as it was.
    return answer.encode("utf-8", "surrogateescape")


def _terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def source(file: str | None, no_input: bool) -> Callable[[str], bytes | None]:
    """Gives what was given, for every key that needs a password or PIN; else asks a person for each, once."""
    found = given(file)

    def asked(uri: str) -> bytes | None:
        if found is not None or no_input or not _terminal():
            return found
        code = "CLI_ASK_PIN" if uri.startswith(("pkcs11:", "csc:")) else "CLI_ASK_PASSWORD"
        return _prompt(f"{terminal(uri)}: {t(code)}")

    return asked
