"""`eseal verify`: judge files in workers, print a report for each, exit with the gravest."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

import click

from eseal import files, messages
from eseal.cli import base, inputs, options, outcomes, output, values
from eseal.cli.authority import register_for_verifying, trust_for_verifying
from eseal.cli.progress import Progress
from eseal.cli.settings import Settings
from eseal.errors import DocumentError, UsageError
from eseal.judging.policy import Policy
from eseal.model import RevocationMode
from eseal.net import Fetcher, HttpFetcher
from eseal.report import html
from eseal.report.json import SCHEMA, dumps, to_dict
from eseal.report.model import Report, Verdict
from eseal.report.text import headline, render
from eseal.seals.registered import SealRegister
from eseal.trust.store import TrustStore
from eseal.verification.pipeline import now, unreadable
from eseal.verification.workers import VerifierPool

EXIT = {
    Verdict.PASSED: base.PASSED,
    Verdict.FAILED: base.FAILED,
    Verdict.INDETERMINATE: base.INDETERMINATE,
    Verdict.NO_SIGNATURE: base.NO_SIGNATURE,
    Verdict.UNREADABLE: base.UNREADABLE,
}
"""Exit code of each verdict."""
_GRAVITY = (base.FAILED, base.UNREADABLE, base.NO_SIGNATURE, base.INDETERMINATE, base.PASSED)
_TONE = {Verdict.PASSED: "green", Verdict.FAILED: "red"}
# More workers than this wait for the disk, and each takes its own memory.
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class _Job:
    trust: TrustStore
    at: datetime
    policy: Policy
    fetcher: Fetcher | None
    seals: SealRegister | None


@click.command(cls=base.Command, code="CLI_VERIFY")
@click.argument("inputs_", metavar="INPUT...", nargs=-1, required=True)
@options.trust
@options.authority
@options.at
@options.offline
@options.revocation
@options.formats("text", "json", "jsonl", "html")
@options.tz
@options.output
@options.force
@options.common
def verify(
    inputs_: tuple[str, ...],
    trust: tuple[str, ...],
    authority: Path | None,
    at: str | None,
    offline: bool,
    revocation: str,
    tz: str | None,
    output: Path | None,
    force: bool,
    settings: Settings,
) -> int:
    """Judge every input; the exit code is the gravest."""
    zone = values.zone(tz)
    if len(inputs_) > 1 and settings.format in ("json", "html"):
        raise UsageError("CLI_ONE_INPUT", format=settings.format)
    if output is not None:
        files.refuse_existing(output, force=force)
        if any(inputs.is_same(name, output) for name in inputs_):
            # Not even by force: the document would be gone.
            raise UsageError("CLI_OUTPUT_IS_INPUT", path=output)
    whom, notes = trust_for_verifying(trust, authority)
    outcomes.warn(notes, settings)
    job = _Job(
        whom,
        values.time(at) or now(),
        Policy(revocation=RevocationMode(revocation)),
        None if offline else HttpFetcher(),
        register_for_verifying(authority),
    )
    verdicts: Counter[Verdict] = Counter()
    if output is not None:
        lines = _written(inputs_, job, settings, zone, verdicts)
        files.write(output, (line.encode() for line in lines), force=force)
        _say_written(output, verdicts, settings)
    else:
        _print(inputs_, job, settings, zone, verdicts)
    return gravest(EXIT[v] for v in verdicts)


def gravest(codes: Iterator[int]) -> int:
    """The gravest of 1, 5, 4, 3, 0."""
    return min(codes, key=_GRAVITY.index, default=base.PASSED)


def _print(
    names: Sequence[str], job: _Job, settings: Settings, zone: tzinfo | None, verdicts: Counter[Verdict]
) -> None:
    for number, report in enumerate(_reports(names, job, settings, verdicts)):
        text = form(report, settings, zone).removesuffix("\n")
        if number and settings.format == "text" and settings.verbosity >= 0:
            text = "\n" + text
        tone = _TONE.get(report.verdict, "yellow") if settings.format == "text" else None
        output.result(text, tone=None if text.startswith("\n") else tone)
    end = _end(verdicts, settings)
    if end:
        output.result(end)


def _written(
    names: Sequence[str], job: _Job, settings: Settings, zone: tzinfo | None, verdicts: Counter[Verdict]
) -> Iterator[str]:
    for report in _reports(names, job, settings, verdicts):
        yield form(report, settings, zone).removesuffix("\n") + "\n"
    end = _end(verdicts, settings)
    if end:
        yield end + "\n"


def form(report: Report, settings: Settings, zone: tzinfo | None) -> str:
    """The report in the form that was asked for."""
    if settings.format == "html":
        return html.render(report, settings.lang, zone)
    if settings.json:
        return dumps(to_dict(report, settings.lang), indent=2 if settings.format == "json" else None)
    if settings.verbosity < 0:
        return headline(report, settings.lang)
    return render(report, settings.lang, zone, verbose=settings.verbosity > 0)


def _end(verdicts: Counter[Verdict], settings: Settings) -> str:
    total = sum(verdicts.values())
    if settings.format == "jsonl":
        counts = {v.value: verdicts[v] for v in Verdict}
        code = gravest(EXIT[v] for v in verdicts)
        return dumps({"schema": SCHEMA, "summary": {"files": total, "exit_code": code, "counts": counts}})
    if settings.format == "text" and total > 1 and settings.verbosity >= 0:
        parts = [f"{messages.text('WORD_' + v.name, settings.lang)} {verdicts[v]}" for v in Verdict if verdicts[v]]
        joined = messages.text("LIST_SEPARATOR", settings.lang).join(parts)
        return "\n" + messages.text("CLI_VERIFY_SUMMARY", settings.lang, {"count": str(total), "parts": joined})
    return ""


def _say_written(path: Path, verdicts: Counter[Verdict], settings: Settings) -> None:
    words = [messages.text("WORD_" + v.name, settings.lang) for v in verdicts]
    joined = messages.text("LIST_SEPARATOR", settings.lang).join(words)
    text = messages.text("CLI_REPORT_WRITTEN", settings.lang, {"path": str(path), "verdict": joined})
    output.note(output.safe(text), settings)


def _reports(names: Sequence[str], job: _Job, settings: Settings, verdicts: Counter[Verdict]) -> Iterator[Report]:
    """The reports, in the order of the inputs, each as soon as it is there."""
    if len(names) == 1:
        # In this thread, so that an interrupt ends a wait for standard input at once.
        with VerifierPool() as pool:
            report = _one(pool, names[0], job)
        verdicts[report.verdict] += 1
        yield report
        return
    workers = min(len(names), os.cpu_count() or 1, _MOST_WORKERS)
    with (
        Progress(len(names), settings) as progress,
        VerifierPool(processes=workers) as pool,
        ThreadPoolExecutor(workers, "eseal-verify") as threads,
    ):
        waiting: deque[Future[Report]] = deque()
        rest = iter(names)
        try:
            # A few jobs ahead keep the workers busy; more would only hold snapshots in memory.
            for name in rest:
                waiting.append(threads.submit(_one, pool, name, job))
                if len(waiting) > 2 * workers:
                    yield _done(waiting.popleft().result(), verdicts, progress)
            while waiting:
                yield _done(waiting.popleft().result(), verdicts, progress)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _done(report: Report, verdicts: Counter[Verdict], progress: Progress) -> Report:
    verdicts[report.verdict] += 1
    progress.advance(failed=report.verdict is not Verdict.PASSED)
    return report


def _one(pool: VerifierPool, name: str, job: _Job) -> Report:
    try:
        source = inputs.source(name)
        return pool.verify(
            source, job.trust, job.at, policy=job.policy, fetcher=job.fetcher, file=name, seals=job.seals
        )
    except DocumentError as error:
        return unreadable(error, b"", job.trust, job.at, job.policy, name)
    except (OSError, ValueError) as error:
        # An input that cannot be read is an answer about that input, and hides no other.
        return unreadable(inputs.unreadable(error, name), b"", job.trust, job.at, job.policy, name)


__all__ = ["EXIT", "form", "gravest", "verify"]
