"""`eseal trust add|close|remove`: what changes whom an authority trusts. Looking and updating: `cli.trust_lists`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import tzinfo
from pathlib import Path

import click

from eseal import files
from eseal.authority import trusting
from eseal.cli import base, options, output, values
from eseal.cli.authority import open_authority
from eseal.cli.confirm import confirm
from eseal.cli.settings import Settings, t
from eseal.crypto.certificates import facts
from eseal.errors import UsageError
from eseal.model import Certificate, aware
from eseal.report.explain import sentence, shown_time
from eseal.report.json import SCHEMA
from eseal.report.model import Check
from eseal.trust.store import DEFAULT_PURPOSES, FILE_BYTES, Purpose
from eseal.trust.view import plain_fingerprint

trust = base.Group(
    "trust",
    code="CLI_TRUST",
    table={
        "add": "eseal.cli.trust:add",
        "list": "eseal.cli.trust_lists:list_trust",
        "show": "eseal.cli.trust_lists:show",
        "update": "eseal.cli.trust_lists:update",
        "close": "eseal.cli.trust:close",
        "remove": "eseal.cli.trust:remove",
    },
)


@click.command("add", cls=base.Command, code="CLI_TRUST_ADD")
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@options.purpose
@options.trust_from
@options.trust_until
@options.option("--name", metavar="NAME", default="", help="CLI_OPT_TRUST_NAME")
@options.option("--intermediate", is_flag=True, help="CLI_OPT_INTERMEDIATE")
@options.option("--fingerprint", multiple=True, metavar="SHA256", help="CLI_OPT_FINGERPRINT")
@options.yes
@options.no_input
@options.authority
@options.formats("text", "json")
@options.tz
@options.issuing
def add(
    names: tuple[str, ...],
    purpose: tuple[str, ...],
    from_: str | None,
    until: str | None,
    name: str,
    intermediate: bool,
    fingerprint: tuple[str, ...],
    yes: bool,
    no_input: bool,
    authority: Path | None,
    tz: str | None,
    settings: Settings,
) -> int:
    """Add anchors, or intermediates."""
    zone, start, end = values.zone(tz), values.time(from_, "--from"), values.time(until, "--until")
    opened = open_authority(authority)
    found = [trusting.offered(files.read(file, FILE_BYTES), file) for file in names]
    if intermediate:
        if purpose or from_ or until or name:
            raise UsageError("TRUST_INTERMEDIATE_OPTIONS")
        offered = [c for f in found for c in (*f.anchors, *f.intermediates, *f.others)]
        _say_added((), trusting.add_intermediates(opened, offered), settings)
        return base.PASSED
    anchors = tuple(dict.fromkeys(c for f in found for c in f.anchors))
    between = tuple(dict.fromkeys(c for f in found for c in f.intermediates if c not in anchors))
    chosen = frozenset(map(Purpose, purpose)) or DEFAULT_PURPOSES
    at = aware(opened.clock(), "clock")
    for certificate in anchors:
        # What is refused is refused before anybody is asked.
        notes = trusting.check_anchor(certificate, at, valid_from=start, valid_until=end, test=opened.is_test)
        _introduce(certificate, chosen, notes, zone, settings)
    _confirm(anchors, fingerprint, yes=yes, no_input=no_input)
    trusting.add_anchors(
        opened, anchors, purposes=chosen, valid_from=start, valid_until=end, name=name, intermediates=between
    )
    _say_added(anchors, between, settings)
    return base.PASSED


@click.command("close", cls=base.Command, code="CLI_TRUST_CLOSE")
@click.argument("reference", metavar="REF")
@options.trust_until
@options.yes
@options.no_input
@options.authority
@options.tz
@options.issuing
def close(
    reference: str,
    until: str | None,
    yes: bool,
    no_input: bool,
    authority: Path | None,
    tz: str | None,
    settings: Settings,
) -> int:
    """Let an anchor vouch only for what is older."""
    zone, when = values.zone(tz), values.time(until, "--until")
    opened = open_authority(authority)
    when = when or aware(opened.clock(), "clock").replace(microsecond=0)
    _, anchor = trusting.find_anchor(trusting.trust_folder(opened), reference)
    shown = output.safe(anchor.label)
    confirm("CLI_TRUST_CLOSE_ASK", yes=yes, no_input=no_input, name=shown, time=shown_time(when, zone))
    trusting.close_anchor(opened, reference, when)
    output.result(t("CLI_TRUST_CLOSED", name=shown, time=shown_time(when, zone)))
    return base.PASSED


@click.command("remove", cls=base.Command, code="CLI_TRUST_REMOVE")
@click.argument("reference", metavar="REF")
@options.yes
@options.no_input
@options.authority
@options.issuing
def remove(reference: str, yes: bool, no_input: bool, authority: Path | None, settings: Settings) -> int:
    """Trust an anchor no longer."""
    opened = open_authority(authority)
    _, anchor = trusting.find_anchor(trusting.trust_folder(opened), reference)
    shown = output.safe(anchor.label)
    confirm("CLI_TRUST_REMOVE_ASK", yes=yes, no_input=no_input, name=shown)
    trusting.remove_anchor(opened, reference)
    output.result(t("CLI_TRUST_REMOVED", name=shown))
    return base.PASSED


def spaced(digest: str) -> str:
    """A digest in groups that two people can compare on the telephone."""
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def _introduce(
    certificate: Certificate,
    purposes: Collection[Purpose],
    notes: Sequence[Check],
    zone: tzinfo | None,
    settings: Settings,
) -> None:
    own = facts(certificate)
    lines = [
        own.subject,
        f"  {shown_time(own.not_before, zone)} - {shown_time(own.not_after, zone)}",
        "  " + t("CLI_TRUST_VOUCHES", purposes=", ".join(p.value for p in Purpose if p in purposes)),
        f"  SHA-256  {spaced(certificate.fingerprint)}",
        *(f"  ! {sentence(n.code, settings.lang, n.params)}" for n in notes),
    ]
    for line in lines:
        output.note(output.safe(line), settings)


def _confirm(anchors: Sequence[Certificate], given: Sequence[str], *, yes: bool, no_input: bool) -> None:
    """Somebody has compared the fingerprints: on a terminal, or beforehand by --fingerprint for every anchor."""
    if given:
        expected = {plain_fingerprint(one) for one in given}
        for certificate in anchors:
            if certificate.fingerprint not in expected:
                raise UsageError(
                    "TRUST_FINGERPRINT_OTHER", certificate=facts(certificate).subject, found=certificate.fingerprint
                )
        return
    confirm("CLI_TRUST_ADD_ASK", yes=yes, no_input=no_input, count=len(anchors))


def _say_added(anchors: Sequence[Certificate], between: Sequence[Certificate], settings: Settings) -> None:
    if settings.json:
        value = {
            kind: [{"subject": facts(c).subject, "fingerprint": c.fingerprint} for c in found]
            for kind, found in (("anchors", anchors), ("intermediates", between))
        }
        output.result_json({"schema": SCHEMA, "added": value}, indent=2)
        return
    for code, found in (("CLI_TRUST_ADDED", anchors), ("CLI_TRUST_ADDED_INTERMEDIATE", between)):
        for certificate in found:
            name = output.safe(facts(certificate).common_name)
            output.result(t(code, name=name, fingerprint=certificate.fingerprint[:16]))
    if not anchors and not between:
        output.result(t("CLI_TRUST_NOTHING_NEW"))
