"""`eseal init`: an authority with test keys and a timestamper of its own, or one over a real key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eseal.authority import Authority
from eseal.authority.making import KeySource
from eseal.cli import base, options, output
from eseal.cli.inputs import STDIN
from eseal.cli.password import answers, asking, given
from eseal.cli.settings import Settings, t
from eseal.errors import UsageError
from eseal.keys.opening import is_token
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA


@click.command(cls=base.Command, code="CLI_INIT")
@click.argument("folder", metavar="DIR", type=options.path)
@options.option("--name", required=True, metavar="NAME", help="CLI_OPT_NAME")
@options.signer
@options.cert
@options.key_scheme
@options.tsas
@options.anchors
@options.password_file
@options.token_file
@options.no_input
@options.formats("text", "json")
@options.alone
def init(
    folder: Path,
    name: str,
    signer: str | None,
    cert: Path | None,
    scheme: str | None,
    tsas: tuple[str, ...],
    anchors: tuple[str, ...],
    password_file: str | None,
    token_file: str | None,
    no_input: bool,
    settings: Settings,
) -> int:
    """Make an authority in an empty or new folder."""
    if signer is None:
        for value, option in ((cert, "--cert"), (anchors, "--trust"), (scheme, "--scheme")):
            if value:
                raise UsageError("CLI_INIT_WITHOUT_SIGNER", option=option)
        authority = Authority.create(folder, name=name, timestampers=tsas)
    else:
        stored = password_file if password_file not in (None, STDIN) else None
        source: dict[str, Any] = {
            "certificate": cert,
            "scheme": scheme,
            "token_file": token_file,
            "module": options.pkcs11_module() if is_token(signer) else None,
            "ask": answers(no_input),
        }

        def made(password: bytes | None) -> Authority:
            # A file is noted in eseal.toml, so that the authority seals unattended; what was typed is not kept.
            secret = {"password_file": stored} if stored else {"password": password}
            key = KeySource(signer, **source, **secret)
            return Authority.create(folder, name=name, key=key, timestampers=tsas, trust=anchors)

        authority = asking(given(password_file), no_input, made)
    return _say(folder, authority, settings)


def _say(folder: Path, authority: Authority, settings: Settings) -> int:
    seals = [seal.name for seal in authority.seals]
    if settings.json:
        value = {"folder": str(folder), "name": authority.name, "test": authority.is_test, "seals": seals}
        output.result_json({"schema": SCHEMA, "authority": value}, indent=2)
        return base.PASSED
    if settings.verbosity >= 0:
        shown = terminal(str(folder))
        output.result(f"{shown}  {terminal(authority.name)}  {terminal(', '.join(seals))}")
        if authority.is_test:
            output.note(t("CLI_INIT_TEST"), settings)
        elif not authority.config.timestamper.urls:
            output.note(t("CLI_INIT_NO_TSA"), settings)
        if not authority.trust.anchors:
            output.note(t("CLI_INIT_NO_TRUST", folder=shown), settings)
        output.note(t("CLI_INIT_NEXT" if authority.is_test else "CLI_INIT_NEXT_REAL", folder=shown), settings)
    return base.PASSED
