"""Asks a person before something that cannot simply be taken back; a script says yes beforehand."""

from __future__ import annotations

import sys

import click

from eseal.cli.settings import t
from eseal.errors import UsageError


def confirm(code: str, *, yes: bool, no_input: bool, **params: object) -> None:
    """Go on only where somebody agrees. Raises UsageError CLI_CONFIRM_NEEDED, CLI_NOT_CONFIRMED."""
    if yes:
        return
    if no_input or not terminal():
        raise UsageError("CLI_CONFIRM_NEEDED")
    if not click.confirm(t(code, **params), default=False, err=True):
        raise UsageError("CLI_NOT_CONFIRMED")


def terminal() -> bool:
    """Whether somebody sits there who can read a question and answer it."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
