"""`eseal seals`: what an authority holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eseal import files
from eseal.cli import base, options, output
from eseal.cli.authority import open_authority
from eseal.cli.draw import picture_bytes
from eseal.cli.settings import Settings
from eseal.model import rfc3339
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA
from eseal.report.text import width
from eseal.seals.register import Seal

seals = base.Group(
    "seals",
    code="CLI_SEALS",
    table={
        "draw": "eseal.cli.draw:draw_seal",
        "list": "eseal.cli.seals:list_seals",
        "show": "eseal.cli.seals:show_seal",
    },
)


@click.command("list", cls=base.Command, code="CLI_SEALS_LIST")
@options.authority
@options.formats("text", "json")
@options.issuing
def list_seals(authority: Path | None, settings: Settings) -> int:
    """List the seals of an authority."""
    found = list(open_authority(authority).seals)
    if settings.json:
        output.result_json({"schema": SCHEMA, "seals": [_values(s) for s in found]}, indent=2)
        return base.PASSED
    rows = [(s.id[:12], terminal(s.name), s.kind.value, terminal(s.issuer.name), _day(s)) for s in found]
    widths = [max((width(row[i]) for row in rows), default=0) for i in range(5)]
    for row in rows:
        output.result("  ".join(c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True)).rstrip())
    return base.PASSED


@click.command("show", cls=base.Command, code="CLI_SEALS_SHOW")
@click.argument("seal_ref", metavar="SEAL")
@options.authority
@options.formats("text", "json")
@options.output
@options.force
@options.issuing
def show_seal(seal_ref: str, authority: Path | None, output: Path | None, force: bool, settings: Settings) -> int:
    """Show one seal; with -o write its picture."""
    seal = open_authority(authority).find(seal_ref)
    if output is not None:
        files.write(output, picture_bytes(seal.picture, output, 300), force=force)
    _show(seal, settings)
    return base.PASSED


def _show(seal: Seal, settings: Settings) -> None:
    value = _values(seal)
    if settings.json:
        output.result_json({"schema": SCHEMA, "seal": value}, indent=2)
        return
    for name, text in value.items():
        shown = ", ".join(text) if isinstance(text, list) else str(text)
        output.result(f"{name:12} {terminal(shown)}".rstrip())


def _day(seal: Seal) -> str:
    return f"{seal.valid_from.date()} - {seal.valid_until.date()}"


def _values(seal: Seal) -> dict[str, Any]:
    return {
        "id": seal.id,
        "name": seal.name,
        "kind": seal.kind.value,
        "issuer": seal.issuer.name,
        "issuer_code": seal.issuer.code,
        "maker": seal.maker,
        "permitted": list(seal.permitted),
        "valid_from": rfc3339(seal.valid_from),
        "valid_until": rfc3339(seal.valid_until),
        "supersedes": seal.supersedes,
        "size_mm": f"{seal.picture.width_mm:g} x {seal.picture.height_mm:g}",
    }
