"""How the command line speaks: language, format, how much.

Known before the arguments are parsed, so that an error in them is told in the right language and form.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import click

from eseal import messages

FORMATS = ("text", "json", "jsonl", "html")


@dataclass(frozen=True, slots=True)
class Settings:
    """What every command is told."""

    lang: str = "en"
    """Language of the sentences."""
    asked: str | None = None
    """Language that a flag names, wherever it stands."""
    format: str = "text"
    """"text", "json", "jsonl" or "html"."""
    verbosity: int = 0
    """Below 0: only results; above: more."""

    @property
    def json(self) -> bool:
        """True where a program reads the output."""
        return self.format in ("json", "jsonl")


def early(args: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Settings as far as they can be seen in raw arguments and the environment."""
    asked = _value(args, "--lang")
    settings = Settings(lang=language(asked, environ), asked=asked if asked in messages.languages() else None)
    form = _value(args, "--format")
    return replace(settings, format=form) if form in FORMATS else settings


def language(asked: str | None, environ: Mapping[str, str]) -> str:
    """`asked`, else ESEAL_LANG, else the locale's, else English."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    for wanted in (asked, environ.get("ESEAL_LANG"), locale):
        short = (wanted or "").replace("-", "_").split("_")[0].split(".")[0].lower()
        if short in messages.languages():
            return short
    return messages.FALLBACK


def _value(args: Sequence[str], name: str) -> str | None:
    found = None
    for here, after in zip(args, [*args, ""][1:], strict=True):
        if here == "--":
            break
        if here == name:
            found = after
        elif here.startswith(name + "="):
            found = here.split("=", 1)[1]
    return found


def current() -> Settings:
    """Settings of the command that runs."""
    context = click.get_current_context(silent=True)
    found = context.find_object(Settings) if context is not None else None
    return found or early((), os.environ)


def t(code: str, **params: object) -> str:
    """The sentence of `code` in the language of the command that runs."""
    return messages.text(code, current().lang, {k: str(v) for k, v in params.items()})
