"""Makes an authority's folder, whole or not at all, and what is added to it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from eseal import files, testpki
from eseal.authority import journal, separation, status
from eseal.config import AuthorityConfig, IssuerEntry, KeyEntry, TimestamperEntry
from eseal.config.authority import FILE as CONFIG_FILE
from eseal.crypto.certificates import facts
from eseal.keys import check_fit, open_signer
from eseal.keys import secrets as passwords
from eseal.keys.remote import Ask
from eseal.model import Certificate, Signer, ValidationData
from eseal.seals.artwork import Artwork
from eseal.seals.drawing import draw
from eseal.seals.register import Body, Seal, SealKind, new_id, permitted
from eseal.seals.specification import preset
from eseal.trust.folder import ANCHORS_FILE, FOLDERS, AnchorEntry, entries_text
from eseal.trust.store import TrustStore

KEYS, SEALS = "keys", "seals"
TEST_CA, TEST_ROOT = "test-ca.pem", "test-root.pem"
"""In the keys folder: the issuing CA of a test authority, for further seals, and its root; both for their lists."""
TEST_LISTS = "test-"
"""Begins the names of the CRLs and OCSP responses that a test authority makes itself."""
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
    """File with its password or PIN; the authority reads it whenever it opens the key."""
    scheme: str | None = None
    """Signature scheme; None for the key's own default."""
    password: bytes | None = field(default=None, repr=False)
    """Its password or PIN for this once, where no file holds it; it is not kept."""
    module: str | Path | None = None
    """PKCS#11 module of a key in a token, as the user's own configuration names it."""
    token_file: str | Path | None = None
    """File with the access token of a key with a remote service."""
    ask: Ask | None = field(default=None, repr=False)
    """Asked for what a remote service wants to know."""

    def open(self) -> Signer:
        """Open it. Raises as `open_signer`."""
        password = passwords.from_file(self.password_file) if self.password_file else self.password
        token = passwords.token_from_file(self.token_file) if self.token_file else None
        return open_signer(
            self.uri,
            cert=self.certificate,
            password=password,
            scheme=self.scheme,
            module=self.module,
            token=token,
            ask=self.ask,
        )

    def entry(self, signer: Signer, seals: tuple[str, ...]) -> tuple[KeyEntry, dict[str, bytes]]:
        """The entry for `eseal.toml`, its paths absolute, and the file of the keys folder that it names.

        The certificate and its chain are kept, so that they can be read without the key's password or token.
        """
        scheme, colon, path = self.uri.rpartition(":") if ":" in self.uri else ("file", ":", self.uri)
        known = scheme in ("file", "pem", "p12", "pkcs12") and not path.startswith("//")
        name = new_id()
        kept = f"{name}-certificates.pem"
        entry = KeyEntry(
            id=name,
            uri=f"{scheme}{colon}{Path(path).absolute()}" if known else self.uri,
            certificate=f"{KEYS}/{kept}",
            scheme=self.scheme or "",
            password_file=_absolute(self.password_file),
            module=_absolute(self.module),
            token_file=_absolute(self.token_file),
            seals=seals,
        )
        return entry, {kept: b"".join(c.to_pem() for c in (signer.certificate, *signer.chain))}


def _absolute(path: str | Path | None) -> str:
    return str(Path(path).absolute()) if path else ""


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
    """Files of the keys folder by name: private keys, and certificates of keys that are elsewhere."""
    trust: TrustStore
    """Its trust store."""


def plan_test(
    *, name: str, at: datetime, algorithm: str, code: str, picture: Artwork | None, timestampers: Sequence[str]
) -> Plan:
    """An authority with test keys. Raises UsageError: TEST_ALGORITHM_UNKNOWN, NAME_UNUSABLE, SEAL_..."""
    pki = testpki.make(name, at, algorithm, lists=testpki.LISTS)
    seal = _first_seal(f"{testpki.MARK} {name}", Body(code, name), pki.seal.certificate, picture)
    key = key_entry(pki.seal, (seal.id,))
    entries, stored = [key], {f"{key.id}.pem": key_file(pki.seal)}
    stored |= {TEST_CA: key_file(pki.issuing), TEST_ROOT: key_file(pki.root_ca)}
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
    """An authority over a key that is there: nothing in it is made for trying out.

    Raises KeyAccessError and PolicyError where the key is not fit for sealing, or a certificate is marked TEST.
    """
    # First, so that no PIN is asked for in vain.
    anchors = TrustStore.from_specs(trust)
    separation.check_trust(anchors, test=False)
    signer = key.open()
    separation.check_signing(signer.certificate, signer.chain, test=False)
    check_fit(signer.certificate, at)
    store = anchors + TrustStore.from_certificates([], intermediates=signer.chain)
    seal = _first_seal(name, Body(code, name), signer.certificate, picture)
    entry, stored = key.entry(signer, (seal.id,))
    stamps = TimestamperEntry(tuple(timestampers))
    return Plan(_config(name, at, seal, (entry,), stamps, test=False), seal, stored, store)


def write(folder: Path, plan: Plan, recorded: journal.JournalEntry) -> None:
    """Write a plan to a new or empty folder, whole or not at all. Raises UsageError FOLDER_..., Error."""
    content = plan.config.to_bytes()
    AuthorityConfig.parse(content)  # nothing is written that could not be opened again
    with files.new_folder(folder, last=CONFIG_FILE) as inside:
        _folders(inside)
        for name, data in plan.secrets.items():
            files.write(inside / KEYS / name, data, mode=0o600)
        _write_trust(inside, plan.trust, test=plan.config.test)
        files.write(inside / SEALS / f"{plan.seal.id}.json", plan.seal.to_bytes(), mode=0o644)
        status.start(inside, plan.config.id)
        files.write(inside / CONFIG_FILE, content, mode=0o644)
        bound = replace(recorded, authority=plan.config.id, kind=separation.kind_of(plan.config))
        journal.append(inside, bound)


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


def list_files(data: ValidationData, *, test: bool) -> dict[str, bytes]:
    """Content of the CRL and OCSP files of a trust folder, by path; those of a test authority are known by name."""
    mark = TEST_LISTS if test else ""
    crls = {f"crls/{mark}{n:02d}.crl": der for n, der in enumerate(data.crls)}
    return crls | {f"ocsp/{mark}{n:02d}.ocsp": der for n, der in enumerate(data.ocsps)}


def _write_trust(inside: Path, store: TrustStore, *, test: bool) -> None:
    trust = inside / "trust"
    entries: list[AnchorEntry] = []
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
    for name, der in list_files(store.data, test=test).items():
        files.write(trust / name, der, mode=0o644)
