"""`eseal doctor`: looks an authority over, prints each finding with its mend, exits with the gravest."""

from __future__ import annotations

from pathlib import Path

import click

from eseal.authority.doctor import Finding, State, examine
from eseal.cli import base, options, output, password
from eseal.cli.settings import Settings, t
from eseal.errors import UsageError
from eseal.report.explain import next_step, sentence
from eseal.report.json import SCHEMA
from eseal.report.text import width

_MARKS = {State.OK: "+", State.WARNING: "~", State.BAD: "!", State.SKIPPED: "-"}
_EXIT = {
    "key": base.KEY,
    "certificate": base.KEY,
    "seal": base.POLICY,
    "seal-status": base.POLICY,
    "anchors": base.POLICY,
    "timestamper": base.SERVICE,
    "revocation": base.SERVICE,
}
_GRAVITY = (base.KEY, base.POLICY, base.SERVICE, base.USAGE, base.PASSED)


@click.command(cls=base.Command, code="CLI_DOCTOR")
@options.option("--ask", is_flag=True, help="CLI_OPT_ASK")
@options.password_file
@options.no_input
@options.offline
@options.authority
@options.formats("text", "json")
@options.examining
def doctor(
    ask: bool,
    password_file: str | None,
    no_input: bool,
    offline: bool,
    authority: Path | None,
    settings: Settings,
) -> int:
    """Look an authority over."""
    if authority is None:
        raise UsageError("CLI_NO_AUTHORITY")
    found = examine(
        authority,
        offline=offline,
        ask=ask,
        password=password.source(password_file, no_input) if ask else None,
        answers=password.answers(no_input) if ask else None,
    )
    code = exit_code(found)
    if settings.json:
        value = {"exit_code": code, "findings": [_values(f, settings) for f in found]}
        output.result_json({"schema": SCHEMA, "doctor": value}, indent=2)
        return code
    shown = [f for f in found if settings.verbosity >= 0 or f.state in (State.WARNING, State.BAD)]
    widest = max((width(t(_name(f))) for f in shown), default=0)
    for finding in shown:
        _print(finding, widest, settings)
    counts = {state.value: sum(f.state is state for f in found) for state in State}
    output.result(t("CLI_DOCTOR_SUMMARY", **counts))
    return code


def exit_code(found: tuple[Finding, ...]) -> int:
    """0 where nothing is bad, else the gravest of 6 (keys), 8 (rules), 7 (services) and 2 (the rest)."""
    codes = (_EXIT.get(f.id, base.USAGE) for f in found if f.state is State.BAD)
    return min(codes, key=_GRAVITY.index, default=base.PASSED)


def _print(finding: Finding, widest: int, settings: Settings) -> None:
    name = t(_name(finding))
    line = output.safe(sentence(finding.code, settings.lang, finding.params))
    output.result(f"{_MARKS[finding.state]} {name}{' ' * (widest - width(name))}  {line}")
    if finding.state is State.OK:
        return
    hint = next_step(finding.code, settings.lang, finding.params)
    indent = " " * (widest + 4)
    if hint:
        output.result(indent + output.safe(hint))
    if finding.mend and finding.mend not in hint:
        output.result(indent + t("CLI_DOCTOR_MEND", command=output.safe(finding.mend)))


def _name(finding: Finding) -> str:
    return f"DOCTOR_ID_{finding.id.upper().replace('-', '_')}"


def _values(finding: Finding, settings: Settings) -> dict[str, object]:
    return {
        "id": finding.id,
        "state": finding.state.value,
        "code": finding.code,
        "message": sentence(finding.code, settings.lang, finding.params),
        "hint": next_step(finding.code, settings.lang, finding.params) if finding.state is not State.OK else "",
        "mend": finding.mend,
        "params": dict(finding.params),
    }
