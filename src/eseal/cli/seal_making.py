"""`eseal seals make`: a further seal of an authority, drawn or from a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from eseal.authority import Authority
from eseal.authority.making import KeySource
from eseal.cli import base, draw, inputs, options, output, values
from eseal.cli.authority import open_authority
from eseal.cli.password import answers, asking, given
from eseal.cli.seals import seal_values
from eseal.cli.settings import Settings
from eseal.errors import UsageError
from eseal.keys.opening import is_token
from eseal.limits import Limits
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA
from eseal.seals.artwork import Artwork
from eseal.seals.picture import picture as read_picture
from eseal.seals.register import Seal, SealKind
from eseal.seals.specification import PRESETS

_PICTURE = Limits(file_bytes=64_000_000)
PRESET = "round-42"
"""What is drawn where nothing is said."""
_KINDS = {
    "contract": SealKind.CONTRACT,
    "finance": SealKind.FINANCE,
    "invoice": SealKind.INVOICE,
    "name": SealKind.PERSONAL,
}


@click.command("make", cls=base.Command, code="CLI_SEALS_MAKE")
@click.argument("name", metavar="NAME")
@options.option("--kind", type=click.Choice([k.value for k in SealKind]), help="CLI_OPT_KIND")
@options.option("--preset", type=click.Choice(list(PRESETS)), help="CLI_OPT_PRESET")
@options.option("--owner", metavar="TEXT", help="CLI_OPT_OWNER_MADE")
@draw.parts
@options.picture
@options.size
@options.option("--issuer", metavar="CODE", help="CLI_OPT_ISSUER")
@options.option("--supersedes", metavar="SEAL", help="CLI_OPT_SUPERSEDES")
@options.option("--key", metavar="URI", help="CLI_OPT_KEY_MADE")
@options.option("--cert", type=options.path, metavar="FILE", help="CLI_OPT_CERT")
@options.password_file
@options.token_file
@options.no_input
@options.option("--actor", metavar="NAME", help="CLI_OPT_ACTOR")
@options.authority
@options.formats("text", "json")
@options.issuing
def make_seal(
    name: str,
    kind: str | None,
    preset: str | None,
    owner: str | None,
    picture: Path | None,
    size: str | None,
    issuer: str | None,
    supersedes: str | None,
    key: str | None,
    cert: Path | None,
    password_file: str | None,
    token_file: str | None,
    no_input: bool,
    actor: str | None,
    authority: Path | None,
    settings: Settings,
    **parts: Any,
) -> int:
    """Add a seal to an authority."""
    if cert is not None and key is None:
        raise UsageError("CLI_CERT_WITHOUT_KEY")
    office = open_authority(authority)
    shown = _picture(picture, size) if picture is not None else None
    if shown is not None and (preset or owner or any(value is not None for value in parts.values())):
        raise UsageError("CLI_PICTURE_AND_PARTS")
    if shown is None:
        if size is not None:
            raise UsageError("CLI_SIZE_WITHOUT_PICTURE")
        shown = draw.drawn(preset or PRESET, owner or _body(office, issuer), parts)
    chosen = SealKind(kind) if kind else _KINDS.get((preset or "").split("-")[0], SealKind.BUSINESS)
    source = None
    if key is not None:
        module = options.pkcs11_module() if is_token(key) else None
        source = KeySource(key, cert, module=module, token_file=token_file, ask=answers(no_input))

    def made(password: bytes | None) -> tuple[Authority, Seal]:
        # Not kept: the key's password is asked for again whenever the seal is used.
        able = replace(source, password=password) if source is not None else None
        return office.add_seal(
            name, picture=shown, issuer=issuer, kind=chosen, key=able, supersedes=supersedes, actor=actor
        )

    after, seal = asking(given(password_file), no_input, made) if source is not None else made(None)
    if settings.json:
        output.result_json({"schema": SCHEMA, "seal": seal_values(after, seal)}, indent=2)
    elif settings.verbosity >= 0:
        size_mm = f"{seal.picture.width_mm:g} x {seal.picture.height_mm:g} mm"
        output.result("  ".join(terminal(part) for part in (seal.id[:12], seal.name, seal.kind.value, size_mm)))
    return base.PASSED


def _body(office: Authority, issuer: str | None) -> str:
    """The name of the issuer whose seal it will be; `add_seal` refuses a code that is not there."""
    return next((i.name for i in office.issuers if issuer in (None, i.code)), office.name)


def _picture(path: Path, size: str | None) -> Artwork:
    width, height = values.size(size) if size is not None else (None, None)
    return read_picture(inputs.read(str(path), _PICTURE), width_mm=width, height_mm=height)
