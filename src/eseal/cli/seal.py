"""`eseal seal`: seal files with an authority's seal, or with a key of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import click

from eseal import files, sealing
from eseal.authority import Authority
from eseal.cli import base, inputs, options, outcomes, output, previews, requests
from eseal.cli.authority import open_authority
from eseal.cli.password import answers, asking, given, token
from eseal.cli.progress import Progress
from eseal.cli.settings import Settings, t
from eseal.cli.targets import targets_of
from eseal.config import TimestamperEntry
from eseal.errors import Error, KeyAccessError, UsageError
from eseal.judging.collecting import Kept
from eseal.keys import open_signer
from eseal.model import Signer
from eseal.net import HttpFetcher
from eseal.report.json import SCHEMA
from eseal.sealing import Sealed
from eseal.seals.register import Seal
from eseal.timestamps import HttpTimestamper
from eseal.trust.store import TrustStore


@dataclass(frozen=True, slots=True)
class _How:
    """What is the same for every file of one call."""

    request: sealing.Request
    """All but the seal; the time is that of the call."""
    dry_run: bool
    force: bool

    def now(self, seal: Seal | None = None) -> sealing.Request:
        """The request with `seal`, at this moment."""
        return replace(self.request, seal=seal, at=requests.now())


class _Means(Protocol):
    """With what documents are sealed: an authority's seal, or a key alone."""

    @property
    def name(self) -> str | None:
        """Name of the seal."""
        ...

    def seal(self, data: bytes, how: _How, out: Path | None) -> Sealed:
        """Seal, and write to `out` if there is one."""
        ...

    def rehearse(self, data: bytes, how: _How) -> tuple[str, str]:
        """Level and field that it would come to; signs nothing."""
        ...


@dataclass(frozen=True, slots=True)
class _Office:
    authority: Authority
    chosen: Seal

    @property
    def name(self) -> str | None:
        return self.chosen.name

    def seal(self, data: bytes, how: _How, out: Path | None) -> Sealed:
        return self.authority.seal_as(data, how.now(self.chosen), out=out, force=how.force)

    def rehearse(self, data: bytes, how: _How) -> tuple[str, str]:
        signer = self.authority.signer(self.chosen)
        services = self.authority.services(how.request.level)
        return sealing.rehearse(data, signer.certificate, how.now(self.chosen), services, chain=tuple(signer.chain))


@dataclass(frozen=True, slots=True)
class _Key:
    signer: Signer
    services: sealing.Services
    name: str | None = None

    def seal(self, data: bytes, how: _How, out: Path | None) -> Sealed:
        sealed = sealing.seal_as(data, self.signer, how.now(), self.services)
        if out is not None:
            files.write(out, sealed.parts, force=how.force)
        return sealed

    def rehearse(self, data: bytes, how: _How) -> tuple[str, str]:
        chain = tuple(self.signer.chain)
        return sealing.rehearse(data, self.signer.certificate, how.now(), self.services, chain=chain)


@click.command(cls=base.Command, code="CLI_SEAL")
@click.argument("inputs_", metavar="INPUT...", nargs=-1, required=True)
@options.output_sealed
@options.preview
@options.seal
@options.authority
@options.key
@options.cert
@options.password_file
@options.token_file
@options.tsa
@options.roots
@options.dry_run
@options.force
@options.no_input
@options.formats("text", "json", "jsonl")
@options.issuing
@requests.asked
def seal(
    inputs_: tuple[str, ...],
    output: Path | None,
    preview: Path | None,
    seal_ref: str | None,
    authority: Path | None,
    key: str | None,
    cert: Path | None,
    password_file: str | None,
    token_file: str | None,
    tsa: str | None,
    roots: tuple[str, ...],
    dry_run: bool,
    force: bool,
    no_input: bool,
    request: sealing.Request,
    settings: Settings,
) -> int:
    """Seal every input."""
    if len(inputs_) > 1 and settings.format == "json":
        raise UsageError("CLI_ONE_INPUT", format=settings.format)
    if preview is not None:
        return _preview(inputs_, output, preview, request, seal_ref, authority, key, force, settings)
    if output is None:
        raise UsageError("CLI_MISSING", what="-o", command="eseal seal")
    how = _How(request, dry_run, force)
    targets = targets_of(inputs_, output)
    for target in targets:
        if target is not None:
            files.refuse_existing(target, force=force)
    means = _means(seal_ref, authority, key, cert, tsa, roots, lambda: given(password_file), token_file, no_input)
    if len(inputs_) == 1:
        _one(inputs_[0], targets[0], means, how, settings)
        return base.PASSED
    return _many(inputs_, targets, means, how, settings)


def _preview(
    names: Sequence[str],
    out: Path | None,
    picture: Path,
    request: sealing.Request,
    seal_ref: str | None,
    folder: Path | None,
    key: str | None,
    force: bool,
    settings: Settings,
) -> int:
    """Make pictures alone; no key is opened."""
    if out is not None:
        raise UsageError("CLI_PREVIEW_SEALED", output=out)
    if len(names) > 1:
        raise UsageError("CLI_PREVIEW_ONE", count=len(names))
    previews.check_name(picture)
    if key is None:
        request = replace(request, seal=open_authority(folder).find(seal_ref))
    elif seal_ref is not None:
        raise UsageError("CLI_SEAL_WITH_KEY")
    made = sealing.preview(inputs.read(names[0]), request, dpi=previews.DPI)
    previews.say(names[0], previews.write(picture, made, force=force), settings)
    return base.PASSED


def _many(names: Sequence[str], targets: Sequence[Path | None], means: _Means, how: _How, settings: Settings) -> int:
    sealed = failed = 0
    with Progress(len(targets), settings) as progress:
        for name, target in zip(names, targets, strict=True):
            try:
                _one(name, target, means, how, settings)
                sealed += 1
                progress.advance(failed=False)
            except Error as error:
                # One bad file does not keep the others from being sealed; the exit code says that some failed.
                failed += 1
                output.failure(error, settings, file=name)
                progress.advance(failed=True)
                if isinstance(error, KeyAccessError):
                    # All files share the key: a token that is gone, or refused a PIN, is not asked again.
                    break
    left = len(targets) - sealed - failed
    if left:
        output.note(t("CLI_SEAL_STOPPED", left=left), settings)
    code = base.PASSED if not failed else base.BATCH if sealed or not left else base.KEY
    if settings.format == "jsonl":
        counts = {"sealed": sealed, "failed": failed, **({"not_tried": left} if left else {})}
        output.result_json({"schema": SCHEMA, "summary": {"files": len(targets), "exit_code": code, "counts": counts}})
    else:
        output.note(t("CLI_SEAL_SUMMARY", sealed=sealed, failed=failed), settings)
    return code


def _one(name: str, target: Path | None, means: _Means, how: _How, settings: Settings) -> None:
    data = inputs.read(name)
    if how.dry_run:
        level, field = means.rehearse(data, how)
        outcomes.say(name, target, outcomes.Outcome(level, field, requests.now(), None), means.name, settings)
        return
    sealed = means.seal(data, how, target)
    outcomes.deliver(name, target, sealed, means.name, settings)


def _means(
    seal_ref: str | None,
    folder: Path | None,
    key: str | None,
    cert: Path | None,
    tsa: str | None,
    roots: Sequence[str],
    secret: Callable[[], bytes | None],
    token_file: str | None,
    no_input: bool,
) -> _Means:
    if key is not None:
        if seal_ref is not None:
            raise UsageError("CLI_SEAL_WITH_KEY")
        # An address that the user names may be one inside this network.
        client = HttpFetcher(allow_private=True)
        timestamper = HttpTimestamper(tsa, client, clock=requests.now) if tsa else None
        trust = TrustStore.from_specs(tuple(roots)) if roots else None
        module, access, ask = options.pkcs11_module(), token(token_file), answers(no_input)
        signer = asking(
            secret(),
            no_input,
            lambda p: open_signer(key, cert=cert, password=p, module=module, token=access, ask=ask),
        )
        return _Key(signer, sealing.Services(timestamper, trust, client, kept=Kept()))
    if cert is not None:
        raise UsageError("CLI_CERT_WITHOUT_KEY")
    if roots:
        raise UsageError("CLI_TRUST_WITHOUT_KEY")
    office = open_authority(folder)
    if tsa:
        office = replace(office, config=replace(office.config, timestamper=TimestamperEntry(urls=(tsa,))))
    chosen = office.find(seal_ref)

    def opened(password: bytes | None) -> Authority:
        able = replace(office, password=lambda _: password, ask=answers(no_input))
        # Opened now, so that a key that cannot be used is told once, before any file.
        able.signer(chosen)
        return able

    return _Office(asking(secret(), no_input, opened), chosen)
