"""`eseal trust list|show|update`: what the trust store holds, how old it is, and newer lists from a folder."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Any

import click

from eseal.authority import trusting, updating
from eseal.cli import base, options, output, values
from eseal.cli.authority import open_authority
from eseal.cli.settings import Settings, t
from eseal.cli.trust import spaced
from eseal.model import rfc3339
from eseal.report.escape import terminal
from eseal.report.explain import next_step, sentence, shown_time
from eseal.report.json import SCHEMA
from eseal.report.text import width
from eseal.trust.view import Item, State, details, find, items

_MARKS = {
    updating.State.TAKEN: "+",
    updating.State.KNOWN: "=",
    updating.State.LEFT: "i",
    updating.State.REFUSED: "!",
}


@click.command("list", cls=base.Command, code="CLI_TRUST_LIST")
@options.authority
@options.formats("text", "json")
@options.tz
@options.issuing
def list_trust(authority: Path | None, tz: str | None, settings: Settings) -> int:
    """List everything in the trust store with its state."""
    zone, opened = values.zone(tz), open_authority(authority)
    found = items(trusting.trust_folder(opened), opened.clock())
    if settings.json:
        output.result_json({"schema": SCHEMA, "trust": [_values(i) for i in found]}, indent=2)
        return base.PASSED
    rows = [_row(item, zone) for item in found]
    widths = [max((width(row[n]) for row in rows), default=0) for n in range(6)]
    for row in rows:
        output.result("  ".join(c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True)).rstrip())
    if not any(i.kind == "anchor" and i.state is not State.UNLISTED for i in found):
        output.note(t("CLI_TRUST_NONE"), settings)
    return base.PASSED


@click.command("show", cls=base.Command, code="CLI_TRUST_SHOW")
@click.argument("reference", metavar="REF")
@options.authority
@options.formats("text", "json")
@options.tz
@options.issuing
def show(reference: str, authority: Path | None, tz: str | None, settings: Settings) -> int:
    """Show one anchor, intermediate or list in full."""
    zone, opened = values.zone(tz), open_authority(authority)
    item = find(items(trusting.trust_folder(opened), opened.clock()), reference)
    if settings.json:
        output.result_json({"schema": SCHEMA, "trust": [_values(item) | {"details": details(item)}]}, indent=2)
        return base.PASSED
    shown = {
        "kind": item.kind,
        "state": t(f"TRUST_STATE_{item.state.name}"),
        "name": item.name,
        "file": item.file,
        "sha256": spaced(item.digest),
        "purposes": ", ".join(item.purposes),
        "from": shown_time(item.start, zone) if item.start else "",
        "until": shown_time(item.end, zone) if item.end else "",
        **details(item),
    }
    for name, text in shown.items():
        if text:
            output.result(f"{name:18} {terminal(text)}")
    return base.PASSED


@click.command("update", cls=base.Command, code="CLI_TRUST_UPDATE")
@click.argument("folder", metavar="FOLDER", type=options.path)
@options.dry_run
@options.authority
@options.formats("text", "json")
@options.issuing
def update(folder: Path, dry_run: bool, authority: Path | None, settings: Settings) -> int:
    """Take intermediates and newer lists from a folder."""
    pieces = updating.update(open_authority(authority), folder, dry_run=dry_run)
    code = base.POLICY if any(p.state is updating.State.REFUSED for p in pieces) else base.PASSED
    if settings.json:
        shown = [_piece(p, settings) for p in pieces]
        value = {"dry_run": dry_run, "exit_code": code, "pieces": shown}
        output.result_json({"schema": SCHEMA, "update": value}, indent=2)
        return code
    for piece in pieces:
        if piece.state is updating.State.KNOWN and settings.verbosity < 1:
            continue
        if settings.verbosity >= 0:
            output.result(f"{_MARKS[piece.state]} {output.safe(sentence(piece.code, settings.lang, piece.params))}")
        hint = next_step(piece.code, settings.lang, piece.params)
        if hint and piece.state is not updating.State.KNOWN:
            output.note(f"    {output.safe(piece.params['file'])}: {output.safe(hint)}", settings)
    counts = {s.value: sum(p.state is s for p in pieces) for s in updating.State}
    output.result(t("CLI_TRUST_WOULD_UPDATE" if dry_run else "CLI_TRUST_UPDATED", **counts))
    return code


def _piece(piece: updating.Piece, settings: Settings) -> dict[str, Any]:
    return {
        "file": piece.file,
        "kind": piece.kind,
        "state": piece.state.value,
        "code": piece.code,
        "message": sentence(piece.code, settings.lang, piece.params),
        "hint": next_step(piece.code, settings.lang, piece.params),
        "params": dict(piece.params),
    }


def _row(item: Item, zone: tzinfo | None) -> tuple[str, ...]:
    until = shown_time(item.end, zone)[:16] if item.end is not None else "-"
    state = t(f"TRUST_STATE_{item.state.name}")
    return item.digest[:16], item.kind, state, until, ", ".join(item.purposes), terminal(item.name)


def _values(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "state": item.state.value,
        "name": item.name,
        "file": item.file,
        "sha256": item.digest,
        "purposes": list(item.purposes),
        "from": rfc3339(item.start) if item.start is not None else None,
        "until": rfc3339(item.end) if item.end is not None else None,
    }
