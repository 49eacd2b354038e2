"""`eseal init`: an authority with test keys, one drawn seal and a timestamper of its own."""

from __future__ import annotations

from pathlib import Path

import click

from eseal.authority import Authority
from eseal.cli import base, options, output
from eseal.cli.settings import Settings, t
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA


@click.command(cls=base.Command, code="CLI_INIT")
@click.argument("folder", metavar="DIR", type=options.path)
@options.option("--name", required=True, metavar="NAME", help="CLI_OPT_NAME")
@options.formats("text", "json")
@options.common
def init(folder: Path, name: str, settings: Settings) -> int:
    """Make an authority in an empty or new folder."""
    authority = Authority.create(folder, name=name)
    seals = [seal.name for seal in authority.seals]
    if settings.json:
        value = {"folder": str(folder), "name": name, "test": True, "seals": seals}
        output.result_json({"schema": SCHEMA, "authority": value}, indent=2)
        return base.PASSED
    if settings.verbosity >= 0:
        shown = terminal(str(folder))
        output.result(f"{shown}  {terminal(name)}  {terminal(', '.join(seals))}")
        output.note(t("CLI_INIT_TEST"), settings)
        output.note(t("CLI_INIT_NEXT", folder=shown), settings)
    return base.PASSED
