"""The options that say where a seal shows: --place, --pages, --keyword and --straddle with what belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eseal.cli import options, values
from eseal.errors import UsageError
from eseal.model import Keyword, Straddle, Where

OPTIONS: tuple[Callable[[Any], Any], ...] = (
    options.field,
    options.offset,
    options.group,
    options.straddle,
    options.shift,
    options.beside,
    options.nth,
    options.keyword,
    options.pages,
    options.place,
)
"""In the order in which they are added: the last is shown first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was given on the command line."""

    place: tuple[str, ...] = ()
    """[SET:]X,Y."""
    pages: str | None = None
    """SET."""
    keyword: tuple[str, ...] = ()
    """TEXT."""
    nth: str | None = None
    """N, -N or all."""
    beside: str | None = None
    """As `Keyword.beside`."""
    shift: str | None = None
    """DX,DY."""
    straddle: str | None = None
    """As `Straddle.side`."""
    group: int | None = None
    """As `Straddle.group`."""
    offset: float | None = None
    """As `Straddle.offset`."""


def where(asked: Asked) -> tuple[Where, ...]:
    """All places, in the order of `Asked`. Raises UsageError CLI_..._UNREADABLE, CLI_OPTION_ALONE, CLI_PAGES_TWICE."""
    for name, needs, alone in (
        ("nth", "--keyword", not asked.keyword),
        ("beside", "--keyword", not asked.keyword),
        ("shift", "--keyword", not asked.keyword),
        ("group", "--straddle", asked.straddle is None),
        ("offset", "--straddle", asked.straddle is None),
    ):
        if alone and getattr(asked, name) is not None:
            raise UsageError("CLI_OPTION_ALONE", option=f"--{name}", needs=needs)
    if asked.pages is not None and not (asked.place or asked.keyword or asked.straddle):
        raise UsageError("CLI_OPTION_ALONE", option="--pages", needs="--place, --keyword, --straddle")
    found: list[Where] = [values.place(text, asked.pages) for text in asked.place]
    pages = asked.pages if asked.pages is not None else "all"
    dx, dy = values.shift(asked.shift) if asked.shift is not None else (0.0, 0.0)
    which = values.nth(asked.nth)
    found += [Keyword(text, which, pages, asked.beside or "over", dx, dy) for text in asked.keyword]
    if asked.straddle is not None:
        found.append(Straddle(asked.straddle, pages, asked.group or 0, asked.offset))
    return tuple(found)
