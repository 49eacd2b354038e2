"""Makes an authority's folder, whole or not at all, and what is added to it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from eseal import files, testpki
from eseal.authority import journal, status
from eseal.config import AuthorityConfig, IssuerEntry, KeyEntry, TimestamperEntry
from eseal.config.authority import FILE as CONFIG_FILE
from eseal.crypto.certificates import facts
from eseal.keys import check_fit, open_signer
from eseal.keys import secrets as passwords
from eseal.model import Certificate, Signer
from eseal.seals.artwork import Artwork
from eseal.seals.drawing import draw
from eseal.seals.register import Body, Seal, SealKind, new_id, permitted
from eseal.seals.specification import preset
from eseal.trust.folder import ANCHORS_FILE, FOLDERS, AnchorEntry, entries_text
from eseal.trust.store import TrustStore

KEYS, SEALS = "keys", "seals"
TEST_CA = "test-ca.pem"
"""In the keys folder: the issuing CA of a test authority, for further seals."""
PRESET = "round-42"
"""The seal that is drawn for a new authority."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """A key that is there already."""

    uri: str
    """As `eseal.keys.open_signer` takes it; a relative path counts from the current folder."""
    certificate: str | Path | None = None
    """File with its certificate and chain, where the key's file does not hold them."""
    password_file: str | Path | None = None
    """File with its password."""
    scheme: str | None = None
    """Signature scheme; None for the key's own default."""

    def open(self) -> Signer:
        """Open it. Raises as `open_signer`."""
        password = passwords.from_file(self.password_file) if self.password_file else None
        return open_signer(self.uri, cert=self.certificate, password=password, scheme=self.scheme)

    def entry(self, seals: tuple[str, ...]) -> KeyEntry:
        """The entry for `eseal.toml`, its paths absolute."""
        scheme, colon, path = self.uri.rpartition(":") if ":" in self.uri else ("file", ":", self.uri)
        known = scheme in ("file", "pem", "p12", "pkcs12") and not path.startswith("//")
        return KeyEntry(
            id=new_id(),
            uri=f"{scheme}{colon}{Path(path).absolute()}" if known else self.uri,
            certificate=str(Path(self.certificate).absolute()) if self.certificate else "",
            scheme=self.scheme or "",
            password_file=str(Path(self.password_file).absolute()) if self.password_file else "",
            seals=seals,
        )


def official_seal(name: str) -> Artwork:
    """The picture of a new authority's seal: round, red, the name on the arc, a star. Raises UsageError SEAL_..."""
    return draw(preset(PRESET, name))


def make_seal(name: str, body: Body, certificate: Certificate, picture: Artwork, *, maker: str, kind: SealKind) -> Seal:
    """A seal that `certificate` may use for as long as it is valid. Raises UsageError SEAL_INVALID."""
    known = facts(certificate)
    return Seal(
        id=new_id(),
        name=name,
        kind=kind,
        issuer=body,
        maker=maker,
        permitted=permitted([certificate]),
        valid_from=known.not_before,
        valid_until=known.not_after,
        picture=picture,
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """A new authority, decided and checked; nothing is written yet."""

    config: AuthorityConfig
    """Its `eseal.toml`."""
    seal: Seal
    """Its first seal."""
    secrets: Mapping[str, bytes] = field(repr=False)
    """Files of the keys folder by name, each with a private key."""
    trust: TrustStore
    """Its trust store."""


def plan_test(
    *, name: str, at: datetime, algorithm: str, code: str, picture: Artwork | None, timestampers: Sequence[str]
) -> Plan:
    """An authority with test keys. Raises UsageError: TEST_ALGORITHM_UNKNOWN, NAME_UNUSABLE, SEAL_..."""
    pki = testpki.make(name, at, algorithm)
    seal = _first_seal(f"{testpki.MARK} {name}", Body(code, name), pki.seal.certificate, picture)
    key = key_entry(pki.seal, (seal.id,))
    entries, stored = [key], {f"{key.id}.pem": key_file(pki.seal), TEST_CA: key_file(pki.issuing)}
    if not timestampers:
        stamper = key_entry(pki.timestamper, ())
        entries.append(stamper)
        stored[f"{stamper.id}.pem"] = key_file(pki.timestamper)
    stamps = TimestamperEntry(tuple(timestampers), "" if timestampers else entries[1].id)
    trust = TrustStore.from_certificates(
        [pki.root], intermediates=pki.data.certificates, crls=pki.data.crls, ocsps=pki.data.ocsps
    )
    return Plan(_config(name, at, seal, tuple(entries), stamps, test=True), seal, stored, trust)


def plan_real(
    *,
    name: str,
    at: datetime,
    key: KeySource,
    code: str,
    picture: Artwork | None,
    timestampers: Sequence[str],
    trust: Sequence[str],
) -> Plan:
    """An authority over a key that is there. Raises KeyAccessError and PolicyError where it is not fit for sealing."""
    signer = key.open()
    check_fit(signer.certificate, at)
    store = TrustStore.from_specs(trust) + TrustStore.from_certificates([], intermediates=signer.chain)
    seal = _first_seal(name, Body(code, name), signer.certificate, picture)
    stamps = TimestamperEntry(tuple(timestampers))
    return Plan(_config(name, at, seal, (key.entry((seal.id,)),), stamps, test=False), seal, {}, store)


def write(folder: Path, plan: Plan, recorded: journal.JournalEntry) -> None:
    """Write a plan to a new or empty folder, whole or not at all. Raises UsageError FOLDER_..., Error."""
    content = plan.config.to_bytes()
    AuthorityConfig.parse(content)  # nothing is written that could not be opened again
    with files.new_folder(folder, last=CONFIG_FILE) as inside:
        _folders(inside)
        for name, data in plan.secrets.items():
            files.write(inside / KEYS / name, data, mode=0o600)
        _write_trust(inside, plan.trust)
        files.write(inside / SEALS / f"{plan.seal.id}.json", plan.seal.to_bytes(), mode=0o644)
        status.start(inside, plan.config.id)
        files.write(inside / CONFIG_FILE, content, mode=0o644)
        journal.append(inside, recorded)


def _first_seal(name: str, body: Body, certificate: Certificate, picture: Artwork | None) -> Seal:
    shown = picture if picture is not None else official_seal(body.name)
    return make_seal(name, body, certificate, shown, maker=name, kind=SealKind.OFFICIAL)


def _config(
    name: str, at: datetime, seal: Seal, keys: tuple[KeyEntry, ...], stamps: TimestamperEntry, *, test: bool
) -> AuthorityConfig:
    return AuthorityConfig(
        id=new_id(),
        name=name,
        created=at.replace(microsecond=0),
        issuers=(IssuerEntry(seal.issuer.code, seal.issuer.name, (seal.id,)),),
        keys=keys,
        timestamper=stamps,
        test=test,
    )


def key_file(credential: testpki.Credential) -> bytes:
    """Private key, certificate and chain in one file."""
    return credential.key_pem + credential.chain_pem()


def _folders(inside: Path) -> None:
    for name in (KEYS, SEALS, "trust", *(f"trust/{n}" for n in FOLDERS)):
        (inside / name).mkdir()
        (inside / name).chmod(0o700 if name == KEYS else 0o755)


def key_entry(credential: testpki.Credential, seals: tuple[str, ...]) -> KeyEntry:
    """The entry of a key that stands in the keys folder."""
    name = new_id()
    scheme = "rsa-pss-sha256" if credential.algorithm == "rsa-pss" else ""
    return KeyEntry(id=name, uri=f"pem:{KEYS}/{name}.pem", scheme=scheme, seals=seals)


def _write_trust(inside: Path, store: TrustStore) -> None:
    trust = inside / "trust"
    entries = []
    for anchor in store.anchors:
        entry = AnchorEntry(
            f"{len(entries):02d}-{anchor.certificate.fingerprint[:16]}.pem",
            anchor.purposes,
            anchor.valid_from,
            anchor.valid_until,
            anchor.name,
        )
        files.write(trust / "anchors" / entry.file, anchor.certificate.to_pem(), mode=0o644)
        entries.append(entry)
    files.write(trust / ANCHORS_FILE, entries_text(entries), mode=0o644)
    for certificate in store.data.certificates:
        file = f"{certificate.fingerprint[:16]}.pem"
        files.write(trust / "intermediates" / file, certificate.to_pem(), mode=0o644)
    for part, suffix, items in (("crls", "crl", store.data.crls), ("ocsp", "ocsp", store.data.ocsps)):
        for number, der in enumerate(items):
            files.write(trust / part / f"{number:02d}.{suffix}", der, mode=0o644)
