"""`eseal seals`: what an authority holds, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eseal import files
from eseal.authority import Authority
from eseal.cli import base, options, output, values
from eseal.cli.authority import open_authority
from eseal.cli.draw import picture_bytes
from eseal.cli.settings import Settings, t
from eseal.model import aware, rfc3339
from eseal.report.escape import terminal
from eseal.report.explain import shown_time
from eseal.report.json import SCHEMA
from eseal.report.text import width
from eseal.seals.register import Seal
from eseal.seals.status import SealChange, StatusEntry

seals = base.Group(
    "seals",
    code="CLI_SEALS",
    table={
        "draw": "eseal.cli.draw:draw_seal",
        "make": "eseal.cli.seal_making:make_seal",
        "list": "eseal.cli.seals:list_seals",
        "show": "eseal.cli.seals:show_seal",
        "suspend": "eseal.cli.seal_status:suspend",
        "resume": "eseal.cli.seal_status:resume",
        "revoke": "eseal.cli.seal_status:revoke",
    },
)
CHANGE_WORDS = {
    SealChange.SUSPENDED: "CLI_SEAL_STATE_SUSPENDED",
    SealChange.RESUMED: "CLI_SEAL_STATE_RESUMED",
    SealChange.REVOKED: "CLI_SEAL_STATE_REVOKED",
}
"""Catalogue codes of the words for each change."""


@click.command("list", cls=base.Command, code="CLI_SEALS_LIST")
@options.authority
@options.formats("text", "json")
@options.issuing
def list_seals(authority: Path | None, settings: Settings) -> int:
    """List the seals of an authority."""
    office = open_authority(authority)
    found = list(office.seals)
    if settings.json:
        output.result_json({"schema": SCHEMA, "seals": [seal_values(office, s) for s in found]}, indent=2)
        return base.PASSED
    rows = [
        (s.id[:12], terminal(s.name), s.kind.value, terminal(s.issuer.name), _day(s), _state_word(office, s))
        for s in found
    ]
    widths = [max((width(row[i]) for row in rows), default=0) for i in range(6)]
    for row in rows:
        output.result("  ".join(c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True)).rstrip())
    return base.PASSED


@click.command("show", cls=base.Command, code="CLI_SEALS_SHOW")
@click.argument("seal_ref", metavar="SEAL")
@options.authority
@options.formats("text", "json")
@options.output
@options.force
@options.tz
@options.issuing
def show_seal(
    seal_ref: str, authority: Path | None, output: Path | None, force: bool, tz: str | None, settings: Settings
) -> int:
    """Show one seal with its history; with -o write its picture."""
    zone = values.zone(tz)
    office = open_authority(authority)
    seal = office.find(seal_ref)
    if output is not None:
        files.write(output, picture_bytes(seal.picture, output, 300), force=force)
    _show(office, seal, zone, settings)
    return base.PASSED


def _show(office: Authority, seal: Seal, zone: Any, settings: Settings) -> None:
    value = seal_values(office, seal)
    history = office.history(seal).entries
    if settings.json:
        value["history"] = [entry_values(entry) for entry in history]
        output.result_json({"schema": SCHEMA, "seal": value}, indent=2)
        return
    for name, text in value.items():
        shown = ", ".join(text) if isinstance(text, list) else str(text)
        output.result(f"{name:13} {terminal(shown)}".rstrip())
    for entry in history:
        parts = (shown_time(entry.recorded, zone), _act(entry, zone), entry.actor, entry.reason)
        output.result(f"{'history':13} " + "  ".join(terminal(part) for part in parts))


def _act(entry: StatusEntry, zone: Any) -> str:
    word = t(CHANGE_WORDS[entry.change])
    if entry.effective == entry.recorded:
        return word
    return t("CLI_SEAL_STATE_FROM", state=word, time=shown_time(entry.effective, zone))


def _state(office: Authority, seal: Seal) -> str:
    return office.history(seal).state_at(aware(office.clock(), "clock")).value


def _state_word(office: Authority, seal: Seal) -> str:
    after = office.successor(seal)
    if after is not None and _state(office, seal) == "active":
        return t("CLI_SEAL_STATE_SUPERSEDED", id=after.id[:12])
    return t(f"CLI_SEAL_STATE_{_state(office, seal).upper()}")


def _day(seal: Seal) -> str:
    return f"{seal.valid_from.date()} - {seal.valid_until.date()}"


def seal_values(office: Authority, seal: Seal) -> dict[str, Any]:
    """What is shown of a seal."""
    after = office.successor(seal)
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
        "state": _state(office, seal),
        "supersedes": seal.supersedes,
        "superseded_by": after.id if after is not None else "",
        "size_mm": f"{seal.picture.width_mm:g} x {seal.picture.height_mm:g}",
    }


def entry_values(entry: StatusEntry) -> dict[str, str]:
    """What is shown of one act."""
    return {
        "change": entry.change.value,
        "recorded": rfc3339(entry.recorded),
        "effective": rfc3339(entry.effective),
        "actor": entry.actor,
        "reason": entry.reason,
    }
