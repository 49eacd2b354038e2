"""`eseal prepare` and `eseal complete`: a seal whose signature is made elsewhere."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import click

from eseal import files, sealing
from eseal.cli import base, inputs, options, outcomes, output, previews, requests
from eseal.cli.authority import open_authority
from eseal.cli.password import asking, given
from eseal.cli.settings import Settings, t
from eseal.config import TimestamperEntry
from eseal.crypto.certificates import facts
from eseal.errors import UsageError
from eseal.keys.files import read_certificate_file
from eseal.keys.matching import choose_scheme, leaf_first, scheme_row
from eseal.limits import Limits
from eseal.model import Certificate, pem_blocks, rfc3339
from eseal.net import HttpFetcher
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA
from eseal.sealing import Prepared, Services
from eseal.timestamps import HttpTimestamper

_ANSWER = Limits(file_bytes=1_000_000)
_STORED = Limits(file_bytes=256_000_000)


@click.command("prepare", cls=base.Command, code="CLI_PREPARE")
@click.argument("input_", metavar="INPUT")
@options.output_pending
@options.seal
@options.authority
@options.cert_elsewhere
@options.scheme
@options.room
@options.to_sign
@options.content
@options.preview_too
@options.password_file
@options.force
@options.no_input
@options.formats("text", "json")
@options.issuing
@requests.asked
def prepare(
    input_: str,
    output: Path,
    seal_ref: str | None,
    authority: Path | None,
    cert: Path | None,
    scheme: str | None,
    room: int | None,
    to_sign: Path | None,
    content: Path | None,
    preview: Path | None,
    password_file: str | None,
    force: bool,
    no_input: bool,
    request: sealing.Request,
    settings: Settings,
) -> int:
    """The first half."""
    if preview is not None:
        previews.check_name(preview)
    for target in (output, to_sign, content):
        if target is not None:
            files.refuse_existing(target, force=force)
    certificates = _certificates(cert) if cert is not None else ()
    data = inputs.read(input_)
    seal = None
    if authority is None and certificates and seal_ref is None:
        named = choose_scheme(scheme_row(scheme), facts(certificates[0]).key).name
        made = sealing.prepare(data, certificates[0], request, scheme=named, chain=certificates[1:], room=room)
    else:
        office = open_authority(authority)
        seal = office.find(seal_ref)
        asked = replace(request, seal=seal)
        made = asking(
            given(password_file),
            no_input,
            lambda password: replace(office, password=lambda _: password).prepare(
                data, asked, certificates=certificates, scheme=scheme, room=room
            ),
        )
    # The pending seal last: where it is, the others are.
    if preview is not None:
        previews.write(preview, sealing.preview_prepared(made, dpi=previews.DPI), force=force)
    if to_sign is not None:
        files.write(to_sign, made.to_sign, force=force)
    if content is not None:
        files.write(content, made.signed_bytes, force=force)
    files.write(output, made.to_bytes(), force=force, mode=0o600)
    _say(input_, output, made, seal.name if seal is not None else None, settings)
    return base.PASSED


@click.command("complete", cls=base.Command, code="CLI_COMPLETE")
@click.argument("pending", metavar="PENDING", type=options.path)
@click.argument("input_", metavar="INPUT")
@options.output_needed
@options.signature
@options.cms
@options.authority
@options.tsa
@options.force
@options.formats("text", "json")
@options.issuing
def complete(
    pending: Path,
    input_: str,
    output: Path,
    signature: Path | None,
    cms: Path | None,
    authority: Path | None,
    tsa: str | None,
    force: bool,
    settings: Settings,
) -> int:
    """The second half."""
    if (signature is None) == (cms is None):
        raise UsageError("CLI_COMPLETE_WITH_ONE")
    target = None if str(output) == inputs.STDIN else output
    if target is not None:
        files.refuse_existing(target, force=force)
    prepared = Prepared.from_bytes(inputs.read(str(pending), _STORED), inputs.read(input_))
    if tsa and prepared.best and prepared.level == "B":
        # Nobody asked for level B: without a timestamper in the first step there is no room for a timestamp.
        raise UsageError("CLI_COMPLETE_LEVEL_B")
    value = inputs.read(str(signature), _ANSWER) if signature is not None else None
    whole = _cms(inputs.read(str(cms), _ANSWER)) if cms is not None else None
    if prepared.seal_id:
        if authority is None:
            raise UsageError("CLI_COMPLETE_NEEDS_AUTHORITY")
        office = open_authority(authority)
        if tsa:
            office = replace(office, config=replace(office.config, timestamper=TimestamperEntry(urls=(tsa,))))
        sealed = office.complete(prepared, value, cms=whole, out=target, force=force)
        name: str | None = office.find(prepared.seal_id).name
    else:
        # An address that the user names may be one inside this network.
        stamps = HttpTimestamper(tsa, HttpFetcher(allow_private=True), clock=requests.now) if tsa else None
        sealed, name = sealing.complete(prepared, value, cms=whole, services=Services(stamps)), None
        if target is not None:
            files.write(target, sealed.parts, force=force)
    outcomes.deliver(input_, target, sealed, name, settings)
    return base.PASSED


def _certificates(path: Path) -> tuple[Certificate, ...]:
    """The signing certificate and those above it. Raises UsageError CLI_CERT_NONE."""
    found = leaf_first(read_certificate_file(path))
    if facts(found[0]).is_ca:
        raise UsageError("CLI_CERT_NONE", path=path)
    return found


def _cms(data: bytes) -> bytes:
    blocks = pem_blocks(data, "CMS", "PKCS7", "PKCS #7 SIGNED DATA")
    return blocks[0] if blocks else data


def _say(name: str, target: Path, made: Prepared, seal: str | None, settings: Settings) -> None:
    digest = made.digest_to_sign
    if settings.json:
        value = {
            "file": name,
            "output": str(target),
            "level": f"B-{made.level}",
            "seal": seal,
            "field": made.pending.field,
            "time": rfc3339(made.at),
            "scheme": made.pending.scheme,
            "digest_algorithm": digest.algorithm,
            "digest": digest.value.hex(),
            "to_sign": base64.b64encode(made.to_sign).decode(),
        }
        output.result_json({"schema": SCHEMA, "prepared": value}, indent=2)
        return
    if settings.verbosity >= 0:
        parts = (terminal(str(target)), f"PAdES B-{made.level}", terminal(seal or made.pending.field))
        output.result("  ".join(parts))
        note = t(
            "CLI_PREPARED_NEXT",
            algorithm=digest.algorithm,
            digest=digest.value.hex(),
            size=len(made.to_sign),
            scheme=made.pending.scheme,
            pending=terminal(str(target)),
            file=terminal(name),
        )
        output.note(note, settings)
