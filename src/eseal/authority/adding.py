"""A further seal of an authority, decided and checked; nothing is written yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from eseal import testpki
from eseal.authority import making, separation
from eseal.authority.making import KEYS, TEST_CA, KeySource
from eseal.config import AuthorityConfig, IssuerEntry, KeyEntry
from eseal.errors import UsageError
from eseal.keys import check_fit
from eseal.keys.files import read_key_file
from eseal.seals.artwork import Artwork
from eseal.seals.register import Body, Seal, SealKind


@dataclass(frozen=True, slots=True)
class Added:
    """What is to be written."""

    seal: Seal
    """The seal."""
    config: AuthorityConfig
    """The `eseal.toml` that names it and its key."""
    secrets: Mapping[str, bytes] = field(repr=False)
    """Files of the keys folder by name."""


def plan(
    config: AuthorityConfig,
    folder: Path,
    *,
    name: str,
    picture: Artwork,
    issuer: str | None,
    kind: SealKind,
    key: KeySource | None,
    supersedes: str,
    at: datetime,
) -> Added:
    """A seal for the issuer with the code `issuer` (None: the first), over `key` or, in a test authority, a new one.

    Raises UsageError (AUTHORITY_ISSUER_UNKNOWN, AUTHORITY_KEY_NEEDED, SEAL_INVALID), KeyAccessError, PolicyError.
    """
    owner = _issuer(config, issuer)
    seal, entry, secrets = (
        _by_key(config, owner, name, picture, kind, key, at)
        if key is not None
        else _by_test_ca(config, folder, owner, name, picture, kind, at)
    )
    issuers = tuple(replace(i, seals=(*i.seals, seal.id)) if i == owner else i for i in config.issuers)
    keys = (*config.keys, entry)
    return Added(replace(seal, supersedes=supersedes), replace(config, issuers=issuers, keys=keys), secrets)


def _by_key(
    config: AuthorityConfig,
    owner: IssuerEntry,
    name: str,
    picture: Artwork,
    kind: SealKind,
    key: KeySource,
    at: datetime,
) -> tuple[Seal, KeyEntry, Mapping[str, bytes]]:
    signer = key.open()
    separation.check_signing(signer.certificate, signer.chain, test=config.test)
    check_fit(signer.certificate, at)
    body = Body(owner.code, owner.name)
    seal = making.make_seal(name, body, signer.certificate, picture, maker=config.name, kind=kind)
    return seal, *key.entry(signer, (seal.id,))


def _by_test_ca(
    config: AuthorityConfig, folder: Path, owner: IssuerEntry, name: str, picture: Artwork, kind: SealKind, at: datetime
) -> tuple[Seal, KeyEntry, Mapping[str, bytes]]:
    if not config.test:
        raise UsageError("AUTHORITY_KEY_NEEDED")
    issuing = testpki.load(read_key_file(folder / KEYS / TEST_CA))
    credential = testpki.issue_seal(issuing, name, body=owner.name, at=at)
    marked, maker = f"{testpki.MARK} {name}", f"{testpki.MARK} {config.name}"
    body = Body(owner.code, owner.name)
    seal = making.make_seal(marked, body, credential.certificate, picture, maker=maker, kind=kind)
    entry = making.key_entry(credential, (seal.id,))
    return seal, entry, {f"{entry.id}.pem": making.key_file(credential)}


def _issuer(config: AuthorityConfig, code: str | None) -> IssuerEntry:
    found = next((i for i in config.issuers if code in (None, i.code)), None)
    if found is None:
        known = ", ".join(i.code for i in config.issuers)
        raise UsageError("AUTHORITY_ISSUER_UNKNOWN", issuer=code, known=known)
    return found
