"""One catalogue of the sentences shown to people, keyed by code; a language is a folder of TOML files.

Each file `messages/<lang>/<area>.toml` holds tables `[CODE]` with `message` and, where there is a next step,
`hint`; `{name}` stands for a parameter. Parameters are put in as plain text: whoever prints a sentence escapes
the whole of it for its place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

FALLBACK = "en"


@cache
def catalogue(lang: str) -> Mapping[str, Mapping[str, str]]:
    """All entries of one language; empty where there is no such folder."""
    folder = resources.files(__name__) / lang
    entries: dict[str, Mapping[str, str]] = {}
    if not lang.isalpha() or not folder.is_dir():
        return entries
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            entries.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return entries


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    root = resources.files(__name__)
    return tuple(sorted(f.name for f in root.iterdir() if f.is_dir() and catalogue(f.name)))


def _entry(code: str, lang: str) -> Mapping[str, str]:
    return catalogue(lang.split("-")[0].split("_")[0].lower()).get(code) or catalogue(FALLBACK).get(code) or {}


class _Params(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def text(code: str, lang: str, params: Mapping[str, str] | None = None) -> str:
    """The sentence of `code`; the code itself where the catalogue has none, so that nothing is ever hidden."""
    template = _entry(code, lang).get("message")
    return code if template is None else _fill(template, params)


def hint(code: str, lang: str, params: Mapping[str, str] | None = None) -> str:
    """What to do next for `code`; empty where there is nothing to say."""
    return _fill(_entry(code, lang).get("hint", ""), params)


def _fill(template: str, params: Mapping[str, str] | None) -> str:
    return template.format_map(_Params(params or {}))
