"""`eseal config`: what holds here, and where it comes from."""

from __future__ import annotations

from pathlib import Path

import click

from eseal.cli import base, options, output
from eseal.cli.settings import Settings
from eseal.config import Resolved
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA
from eseal.report.text import width

config = base.Group("config", code="CLI_CONFIG", table={"show": "eseal.cli.config:show"})


@click.command("show", cls=base.Command, code="CLI_CONFIG_SHOW")
@options.option("--origin", is_flag=True, help="CLI_OPT_ORIGIN")
@options.authority
@options.formats("text", "json")
@options.issuing
def show(origin: bool, authority: Path | None, settings: Settings) -> int:
    """Show every setting as it holds."""
    found: dict[str, Resolved] = click.get_current_context().meta[options.RESOLVED]
    if settings.json:
        values = {
            name: {
                "value": list(r.value) if isinstance(r.value, tuple) else r.value,
                "origin": r.origin,
                "place": r.place,
            }
            for name, r in found.items()
        }
        output.result_json({"schema": SCHEMA, "settings": values}, indent=2)
        return base.PASSED
    widest = max(width(f"{name} = {_shown(r)}") for name, r in found.items())
    for name, r in found.items():
        line = f"{name} = {_shown(r)}"
        where = f"{r.origin} {terminal(r.place)}".rstrip()
        output.result(line + (" " * (widest - width(line) + 2) + "# " + where if origin else ""))
    return base.PASSED


def _shown(found: Resolved) -> str:
    if isinstance(found.value, tuple):
        return "[" + ", ".join(terminal(v) for v in found.value) + "]"
    if isinstance(found.value, bool):
        return "true" if found.value else "false"
    return terminal(found.value) if found.value is not None else "-"
