"""`eseal extend`: longer proofs for sealed files, whoever sealed them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from eseal import files, sealing
from eseal.authority import Authority
from eseal.cli import base, inputs, options, outcomes, output, requests
from eseal.cli.authority import open_authority
from eseal.cli.progress import Progress
from eseal.cli.settings import Settings, t
from eseal.cli.targets import targets_of
from eseal.config import TimestamperEntry
from eseal.errors import DocumentError, Error, UsageError
from eseal.judging.collecting import Kept
from eseal.model import Timestamper, rfc3339
from eseal.net import HttpFetcher
from eseal.report.escape import terminal
from eseal.report.explain import shown_time
from eseal.report.json import SCHEMA
from eseal.sealing import Extended
from eseal.timestamps import FallbackTimestamper, HttpTimestamper
from eseal.trust.store import TrustStore

Extend = Callable[[bytes, Path | None], Extended]
"""Extends a document, and writes it where a file is named."""


@click.command(cls=base.Command, code="CLI_EXTEND")
@click.argument("inputs_", metavar="INPUT...", nargs=-1, required=True)
@options.output_needed
@options.longer
@options.authority
@options.trust
@options.tsas
@options.offline
@options.force
@options.formats("text", "json", "jsonl")
@options.issuing
def extend(
    inputs_: tuple[str, ...],
    output: Path,
    longer: str,
    authority: Path | None,
    trust: tuple[str, ...],
    tsas: tuple[str, ...],
    offline: bool,
    force: bool,
    settings: Settings,
) -> int:
    """Extend every input."""
    if len(inputs_) > 1 and settings.format == "json":
        raise UsageError("CLI_ONE_INPUT", format=settings.format)
    level = sealing.read_level(longer)
    targets = targets_of(inputs_, output)
    for target in targets:
        if target is not None:
            files.refuse_existing(target, force=force)
    roots = TrustStore.from_specs(trust)
    if authority is not None:
        run = _by_authority(open_authority(authority), level, roots, tsas, offline=offline, force=force)
    else:
        run = _alone(level, roots, tsas, offline=offline, force=force)
    if len(inputs_) > 1:
        return _many(inputs_, targets, run, settings)
    return _single(inputs_[0], targets[0], run, settings)


def _single(name: str, target: Path | None, run: Extend, settings: Settings) -> int:
    try:
        _one(name, target, run, settings)
    except DocumentError as error:
        if error.code != "EXTEND_NO_SIGNATURE":
            raise
        output.failure(error, settings)
        return base.NO_SIGNATURE
    return base.PASSED


def _by_authority(
    office: Authority, level: str, roots: TrustStore, tsas: Sequence[str], *, offline: bool, force: bool
) -> Extend:
    if tsas:
        office = replace(office, config=replace(office.config, timestamper=TimestamperEntry(urls=tuple(tsas))))

    def run(data: bytes, out: Path | None) -> Extended:
        return office.extend(data, level, trust=roots, offline=offline, out=out, force=force)

    return run


def _alone(level: str, roots: TrustStore, tsas: Sequence[str], *, offline: bool, force: bool) -> Extend:
    # An address that the user names may be one inside this network; one that stands in a certificate may not.
    asked: list[Timestamper] = [
        HttpTimestamper(url, HttpFetcher(allow_private=True), clock=requests.now) for url in tsas
    ]
    services = sealing.Services(
        FallbackTimestamper(asked) if asked else None,
        roots if roots.anchors else None,
        None if offline else HttpFetcher(),
        Kept(),
    )

    def run(data: bytes, out: Path | None) -> Extended:
        made = sealing.extend(data, level, services=services, at=datetime.now(UTC))
        if out is not None:
            files.write(out, made.parts, force=force)
        return made

    return run


def _many(names: Sequence[str], targets: Sequence[Path | None], run: Extend, settings: Settings) -> int:
    failed = 0
    with Progress(len(targets), settings) as progress:
        for name, target in zip(names, targets, strict=True):
            try:
                _one(name, target, run, settings)
                progress.advance(failed=False)
            except Error as error:
                # One bad file does not keep the others from being extended; the exit code says that some failed.
                failed += 1
                output.failure(error, settings, file=name)
                progress.advance(failed=True)
    code = base.BATCH if failed else base.PASSED
    done = len(targets) - failed
    if settings.format == "jsonl":
        counts = {"extended": done, "failed": failed}
        output.result_json({"schema": SCHEMA, "summary": {"files": len(targets), "exit_code": code, "counts": counts}})
    else:
        output.note(t("CLI_EXTEND_SUMMARY", done=done, failed=failed), settings)
    return code


def _one(name: str, target: Path | None, run: Extend, settings: Settings) -> None:
    made = run(inputs.read(name), target)
    digest = outcomes.give(target, made.parts, settings)
    notes = outcomes.warn(made.notes, settings)
    place = str(target) if target is not None else inputs.STDIN
    if settings.json and target is not None:
        value = {
            "file": name,
            "output": place,
            "level": f"B-{made.level}",
            "field": made.field or None,
            "time": rfc3339(made.time) if made.time is not None else None,
            "digest": digest,
            "added": len(made.appended),
            "until": rfc3339(made.until) if made.until is not None else None,
            "notes": notes,
        }
        output.result_json({"schema": SCHEMA, "extended": value}, indent=2 if settings.format == "json" else None)
        return
    when = shown_time(made.time, None) if made.time is not None else ""
    parts = (terminal(place), f"PAdES B-{made.level}", terminal(made.field), when)
    line = "  ".join(part for part in parts if part)
    output.result(line) if target is not None else output.note(line, settings)
