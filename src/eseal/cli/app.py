"""`eseal`: the outermost command and the table of the others, which are loaded when called."""

from __future__ import annotations

import click

from eseal import __version__
from eseal.cli import options
from eseal.cli.base import Main, Option
from eseal.cli.settings import Settings

TABLE = {
    "demo": "eseal.cli.demo:demo",
    "init": "eseal.cli.init:init",
    "seal": "eseal.cli.seal:seal",
    "prepare": "eseal.cli.two_steps:prepare",
    "complete": "eseal.cli.two_steps:complete",
    "extend": "eseal.cli.extend:extend",
    "verify": "eseal.cli.verify:verify",
    "seals": "eseal.cli.seals:seals",
    "keys": "eseal.cli.keys:keys",
    "trust": "eseal.cli.trust:trust",
    "doctor": "eseal.cli.doctor:doctor",
    "config": "eseal.cli.config:config",
}
"""Every command that works, in the order of use."""


@click.group("eseal", cls=Main, code="CLI_ESEAL", table=TABLE, invoke_without_command=True)
@click.version_option(
    __version__, prog_name="eseal", message="%(prog)s %(version)s", cls=Option, help="CLI_OPT_VERSION"
)
@options.common
def main(settings: Settings) -> None:
    """The outermost command."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


__all__ = ["TABLE", "main"]
