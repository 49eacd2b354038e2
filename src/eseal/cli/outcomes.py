"""What is said of a document that was sealed, completed or extended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eseal.cli import inputs, output
from eseal.cli.settings import Settings, t
from eseal.model import Note, rfc3339
from eseal.report.escape import terminal
from eseal.report.explain import shown_time
from eseal.report.json import SCHEMA
from eseal.sealing import Sealed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said of one document."""

    level: str
    """"B", "T", "LT" or "LTA"."""
    field: str
    """Name of the signature field."""
    time: datetime
    """Time of the seal, aware."""
    digest: str | None
    """"sha256:" and hex over the result; None where nothing was signed."""
    until: datetime | None = None
    """Until when the document proves itself, aware; None where nothing was signed."""
    notes: tuple[Note, ...] = ()
    """Warnings."""


def deliver(name: str, target: Path | None, sealed: Sealed, seal: str | None, settings: Settings) -> None:
    """Say what came of the input `name`; without a `target` the document goes to standard output first."""
    digest = give(target, sealed.parts, settings)
    outcome = Outcome(sealed.level, sealed.field, sealed.time, digest, sealed.until, sealed.notes)
    say(name, target, outcome, seal, settings)


def give(target: Path | None, parts: Sequence[bytes], settings: Settings) -> str:
    """Put the document on standard output where there is no `target`; "sha256:" and its digest, for JSON."""
    if target is None:
        stream = output.stdout().buffer
        stream.writelines(parts)
        stream.flush()
    digest = hashlib.sha256()
    for part in parts if settings.json else ():
        digest.update(part)
    return "sha256:" + digest.hexdigest()


def warn(notes: Sequence[Note], settings: Settings) -> list[dict[str, object]]:
    """Print notes as warnings on stderr; the same for JSON."""
    said = [(note, note.message(settings.lang)) for note in notes]
    reasons = False
    for note, message in said:
        output.note(output.safe(("  - " if reasons else "! ") + message), settings)
        # This one says what follows, and those behind it why.
        reasons = reasons or note.code == "SEAL_NOTE_ENDS"
    return [{"code": n.code, "message": message, "params": dict(n.params)} for n, message in said]


def say(name: str, target: Path | None, outcome: Outcome, seal: str | None, settings: Settings) -> None:
    """Print one line, or one JSON object; on stderr where the document itself went to standard output."""
    place = str(target) if target is not None else inputs.STDIN
    notes = warn(outcome.notes, settings)
    if settings.json and target is not None:
        value = {
            "file": name,
            "output": place,
            "level": f"B-{outcome.level}",
            "seal": seal,
            "field": outcome.field,
            "time": rfc3339(outcome.time),
            "digest": outcome.digest,
            "dry_run": outcome.digest is None,
            "until": rfc3339(outcome.until) if outcome.until is not None else None,
            "notes": notes,
        }
        indent = 2 if settings.format == "json" else None
        output.result_json({"schema": SCHEMA, "sealed": value}, indent=indent)
    elif settings.verbosity >= 0:
        parts = (
            t("CLI_SEAL_DRY_RUN") if outcome.digest is None else "",
            terminal(place),
            f"PAdES B-{outcome.level}",
            terminal(seal or outcome.field),
            shown_time(outcome.time, None),
        )
        line = "  ".join(part for part in parts if part)
        # The document itself is on standard output where there is no target.
        output.result(line) if target is not None else output.note(line, settings)
