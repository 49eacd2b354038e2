"""`eseal seals suspend|resume|revoke`: one entry in the register, for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from eseal.authority import Authority
from eseal.cli import base, options, output, values
from eseal.cli.authority import open_authority
from eseal.cli.seals import CHANGE_WORDS, entry_values
from eseal.cli.settings import Settings, t
from eseal.report.escape import terminal
from eseal.report.explain import shown_time
from eseal.report.json import SCHEMA
from eseal.seals.status import StatusEntry

_OPTIONS = (
    click.argument("seal_ref", metavar="SEAL"),
    options.option("--reason", required=True, metavar="TEXT", help="CLI_OPT_STATUS_REASON"),
    options.option("--effective", metavar="TIME", help="CLI_OPT_EFFECTIVE"),
    options.option("--actor", metavar="NAME", help="CLI_OPT_ACTOR"),
    options.authority,
    options.formats("text", "json"),
    options.tz,
    options.issuing,
)


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for add in reversed(_OPTIONS):
        function = add(function)
    return function


@click.command("suspend", cls=base.Command, code="CLI_SEALS_SUSPEND")
@_with_options
def suspend(settings: Settings, **given: Any) -> int:
    """Suspend a seal until it is resumed."""
    return _do(Authority.suspend_seal, settings, **given)


@click.command("resume", cls=base.Command, code="CLI_SEALS_RESUME")
@_with_options
def resume(settings: Settings, **given: Any) -> int:
    """End the suspension of a seal."""
    return _do(Authority.resume_seal, settings, **given)


@click.command("revoke", cls=base.Command, code="CLI_SEALS_REVOKE")
@_with_options
def revoke(settings: Settings, **given: Any) -> int:
    """Revoke a seal for good."""
    return _do(Authority.revoke_seal, settings, **given)


def _do(
    act: Callable[..., StatusEntry],
    settings: Settings,
    *,
    seal_ref: str,
    reason: str,
    effective: str | None,
    actor: str | None,
    authority: Path | None,
    tz: str | None,
) -> int:
    zone, when = values.zone(tz), values.time(effective, "--effective")
    office = open_authority(authority)
    seal = office.find(seal_ref)
    entry = act(office, seal, reason=reason, effective=when, actor=actor)
    if settings.json:
        value = {"id": seal.id, "name": seal.name, **entry_values(entry)}
        output.result_json({"schema": SCHEMA, "seal_status": value}, indent=2)
    elif settings.verbosity >= 0:
        parts = (seal.id[:12], seal.name, t(CHANGE_WORDS[entry.change]), shown_time(entry.effective, zone))
        output.result("  ".join(terminal(part) for part in parts))
    return base.PASSED
