"""`eseal keys`: requests for certificates, and the keys of an authority."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from eseal import files
from eseal.authority.keys import HeldKey, held_keys
from eseal.cli import base, options, output
from eseal.cli.authority import open_authority
from eseal.cli.password import asking, given
from eseal.cli.settings import Settings, t
from eseal.errors import UsageError
from eseal.keys import BareKey, open_key
from eseal.keys.request import ALGORITHMS, Subject, generate, make_request, to_pem
from eseal.model import rfc3339
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA
from eseal.report.text import width

keys = base.Group(
    "keys",
    code="CLI_KEYS",
    table={"request": "eseal.cli.keys:request", "list": "eseal.cli.keys:list_keys"},
)

_USES = {"seal": "CLI_KEY_SEAL", "timestamp": "CLI_KEY_TIMESTAMP", "none": "CLI_KEY_NONE"}


@click.command("request", cls=base.Command, code="CLI_KEYS_REQUEST")
@options.option("--new-key", "new_key", type=options.path, metavar="FILE", help="CLI_OPT_NEW_KEY")
@options.option("--algorithm", type=click.Choice(ALGORITHMS), help="CLI_OPT_ALGORITHM")
@options.signer
@options.key_scheme
@options.option("--cn", required=True, metavar="NAME", help="CLI_OPT_CN")
@options.option("--organization", metavar="NAME", default="", help="CLI_OPT_ORGANIZATION")
@options.option("--organization-id", metavar="ID", default="", help="CLI_OPT_ORGANIZATION_ID")
@options.option("--unit", metavar="NAME", default="", help="CLI_OPT_UNIT")
@options.option("--country", metavar="CC", default="", help="CLI_OPT_COUNTRY")
@options.option("--state", metavar="NAME", default="", help="CLI_OPT_STATE")
@options.option("--locality", metavar="NAME", default="", help="CLI_OPT_LOCALITY")
@options.option("--serial-number", metavar="TEXT", default="", help="CLI_OPT_SUBJECT_SERIAL")
@options.password_file
@options.option("-o", "--output", type=options.path, required=True, metavar="FILE", help="CLI_OPT_OUTPUT_REQUEST")
@options.force
@options.no_input
@options.formats("text", "json")
@options.alone
def request(
    new_key: Path | None,
    algorithm: str | None,
    signer: str | None,
    scheme: str | None,
    cn: str,
    organization: str,
    organization_id: str,
    unit: str,
    country: str,
    state: str,
    locality: str,
    serial_number: str,
    password_file: str | None,
    output: Path,
    force: bool,
    no_input: bool,
    settings: Settings,
) -> int:
    """Write a request for a certificate."""
    if (new_key is None) == (signer is None):
        raise UsageError("CLI_REQUEST_ONE_KEY")
    if signer is not None and algorithm is not None:
        raise UsageError("CLI_REQUEST_ALGORITHM")
    subject = Subject(cn, organization, unit, country, state, locality, serial_number, organization_id)
    files.refuse_existing(output, force=force)
    if new_key is not None:
        # An existing key is never replaced, not even by --force: it may have a certificate.
        files.refuse_existing(new_key)
        stored, key = generate(algorithm or "p256", given(password_file))
        asked = to_pem(make_request(subject, key))
        _write_both(new_key, stored, output, asked, force=force)
    else:
        named, module = str(signer), options.pkcs11_module()
        key = asking(
            given(password_file), no_input, lambda p: open_key(named, password=p, scheme=scheme, module=module)
        )
        files.write(output, to_pem(make_request(subject, key)), force=force, mode=0o644)
    return _say_request(key, subject, output, new_key, settings)


def _write_both(new_key: Path, stored: bytes, target: Path, asked: bytes, *, force: bool) -> None:
    """The key first, since a request whose key is lost is worth nothing; where the request fails the key goes too."""
    with contextlib.ExitStack() as undo:
        files.write(new_key, stored, mode=0o600)
        undo.callback(new_key.unlink, missing_ok=True)
        files.write(target, asked, force=force, mode=0o644)
        undo.pop_all()


def _say_request(key: BareKey, subject: Subject, target: Path, new_key: Path | None, settings: Settings) -> int:
    if settings.json:
        value = {
            "output": str(target),
            "key": str(new_key) if new_key is not None else None,
            "scheme": key.scheme,
            "common_name": subject.common_name,
        }
        output.result_json({"schema": SCHEMA, "request": value}, indent=2)
        return base.PASSED
    if settings.verbosity >= 0:
        parts = (terminal(str(target)), terminal(subject.common_name), key.scheme)
        output.result("  ".join(parts))
        if new_key is not None:
            output.note(t("CLI_REQUEST_KEY", path=terminal(str(new_key))), settings)
        output.note(t("CLI_REQUEST_NEXT"), settings)
    return base.PASSED


@click.command("list", cls=base.Command, code="CLI_KEYS_LIST")
@options.authority
@options.formats("text", "json")
@options.issuing
def list_keys(authority: Path | None, settings: Settings) -> int:
    """List the keys of an authority with their certificates; no key is opened."""
    office = open_authority(authority)
    now = datetime.now(UTC)
    found = held_keys(office)
    if settings.json:
        value = {"test": office.is_test, "keys": [_values(k, now) for k in found]}
        output.result_json({"schema": SCHEMA, **value}, indent=2)
        return base.PASSED
    rows = [
        (
            k.id[:12],
            k.kind,
            t(f"CLI_KEY_{k.use.upper()}"),
            k.algorithm or "-",
            _until(k, now),
            terminal(k.subject or "-"),
        )
        for k in found
    ]
    widths = [max((width(row[n]) for row in rows), default=0) for n in range(6)]
    for row in rows:
        output.result("  ".join(c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True)).rstrip())
    return base.PASSED


def _until(key: HeldKey, now: datetime) -> str:
    if key.valid_until is None:
        return t("CLI_KEY_UNREADABLE")
    day = str(key.valid_until.date())
    return f"{day} {t('CLI_KEY_EXPIRED')}" if now > key.valid_until else day


def _values(key: HeldKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "kind": key.kind,
        "use": key.use,
        "where": key.where,
        "seals": list(key.seals),
        "algorithm": key.algorithm,
        "subject": key.subject,
        "issuer": key.issuer,
        "fingerprint": key.fingerprint,
        "valid_from": rfc3339(key.valid_from) if key.valid_from else None,
        "valid_until": rfc3339(key.valid_until) if key.valid_until else None,
        "expired": now > key.valid_until if key.valid_until else None,
    }
