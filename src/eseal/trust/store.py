"""Whom the verifier trusts, as a value: anchors with a purpose and a period, and the material for paths to them.

Only an anchor vouches. Intermediates, CRLs and OCSP responses are material, whoever brings them: a root that a
document carries is never trusted, and a timestamp root never vouches for a seal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from asn1crypto import ocsp

from eseal.config import reading
from eseal.crypto import certificates
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificates import facts
from eseal.crypto.crl import read_crl
from eseal.crypto.signatures import check_issued
from eseal.errors import UsageError
from eseal.model import Certificate, ValidationData, aware, pem_blocks
from eseal.trust.anchors import DEFAULT_PURPOSES, Anchor, Purpose
from eseal.trust.folder import FOLDERS, anchor_files, is_trust_folder, material_files

__all__ = [
    "DEFAULT_PURPOSES",
    "FILE_BYTES",
    "TRUST_SUFFIXES",
    "Anchor",
    "Purpose",
    "TrustStore",
    "material",
    "read_folder",
]

FILE_BYTES = 64_000_000
"""Largest file of certificates or revocation data that is read."""

TRUST_SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der", ".crl", ".ocsp", ".ors"})
"""Endings of the files that are looked at in a folder."""


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Anchors and the material to build paths to them; empty by default, so that nothing is trusted by accident."""

    anchors: tuple[Anchor, ...] = ()
    """Certificates that vouch."""
    data: ValidationData = field(default_factory=ValidationData)
    """Intermediates, CRLs and OCSP responses; vouch for nothing by themselves."""

    def for_purpose(self, purpose: Purpose) -> tuple[Anchor, ...]:
        """The anchors that may vouch for `purpose`, whatever the time."""
        return tuple(a for a in self.anchors if purpose in a.purposes)

    def __add__(self, other: TrustStore) -> TrustStore:
        """Both together, without doubles, in order."""
        return TrustStore(tuple(dict.fromkeys(self.anchors + other.anchors)), self.data + other.data)

    def digests(self) -> tuple[str, ...]:
        """SHA-256 of every anchor, hex, without doubles, in order."""
        return tuple(dict.fromkeys(a.certificate.fingerprint for a in self.anchors))

    @classmethod
    def from_certificates(
        cls,
        anchors: Iterable[Certificate],
        *,
        purposes: Iterable[Purpose] | None = None,
        intermediates: Iterable[Certificate] = (),
        crls: Iterable[bytes] = (),
        ocsps: Iterable[bytes] = (),
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> TrustStore:
        """Trust exactly `anchors`. Raises UsageError CERTIFICATE_UNREADABLE or TIME_NAIVE."""
        chosen = frozenset(purposes) if purposes is not None else DEFAULT_PURPOSES
        made = []
        for certificate in anchors:
            facts(certificate)
            made.append(Anchor(certificate, chosen, valid_from, valid_until))
        return cls(tuple(dict.fromkeys(made)), ValidationData(tuple(intermediates), tuple(crls), tuple(ocsps)))

    @classmethod
    def parse(
        cls,
        *texts: bytes,
        purposes: Iterable[Purpose] | None = None,
        explicit: bool = True,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> TrustStore:
        """Certificates, CRLs and OCSP responses in PEM (any number in one text) or DER.

        Self-signed certificates become anchors, others intermediates. Where `explicit` (the caller named this very
        text) and a text holds no self-signed certificate, its topmost ones, those that none of its others issued,
        become anchors. Raises UsageError CERTIFICATE_UNREADABLE, PEM_MALFORMED or TRUST_NOTHING_FOUND.
        """
        store = cls()
        for text in texts:
            found, crls, ocsps = _contents(text)
            if not (found or crls or ocsps):
                raise UsageError("TRUST_NOTHING_FOUND", source="<bytes>")
            anchors = [c for c in found if _self_signed(c)]
            if explicit and not anchors:
                anchors = _topmost(found)
            store += cls.from_certificates(
                anchors,
                purposes=purposes,
                intermediates=[c for c in found if c not in anchors],
                crls=crls,
                ocsps=ocsps,
                valid_from=valid_from,
                valid_until=valid_until,
            )
        return store

    @classmethod
    def from_pem(
        cls,
        *paths: str | Path,
        purposes: Iterable[Purpose] | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> TrustStore:
        """Read files (PEM or DER, bundles too) and folders of them.

        In a folder only files named *.pem, *.crt, *.cer, *.der, *.crl, *.ocsp or *.ors count, and only self-signed
        certificates become anchors. Of its subfolders `intermediates/`, `crls/` and `ocsp/` are read as material. A
        folder with `anchors/` or `anchors.toml` is a trust folder (`trust.folder`): its list says what the anchors
        are, of which `purposes` and the period given here leave only what both allow.

        Raises UsageError TRUST_FILE_UNREADABLE, TRUST_NOTHING_FOUND, TRUST_SUBFOLDERS_NOT_READ (nothing but
        subfolders of other names), TRUST_FOLDER_MIXED (certificates beside `anchors/`), and for a trust folder
        CONFIG_...
        """
        store = cls()
        for path in map(Path, paths):
            if path.is_dir() and is_trust_folder(path):
                beside = next(iter(_files(path)), None)
                if beside is not None:
                    raise UsageError("TRUST_FOLDER_MIXED", source=path, file=beside[0].name)
                found = read_folder(path, owned=False, purposes=purposes)
                part = cls(tuple(_within(a, valid_from, valid_until) for a in found.anchors), found.data)
            else:
                part = cls._from_files(path, purposes, valid_from, valid_until)
                for file in material_files(path):
                    part += material(file)
            if part == cls():
                raise _nothing_found(path)
            store += part
        return store

    @classmethod
    def _from_files(
        cls, path: Path, purposes: Iterable[Purpose] | None, valid_from: datetime | None, valid_until: datetime | None
    ) -> TrustStore:
        chosen = frozenset(purposes) if purposes is not None else DEFAULT_PURPOSES
        part = cls()
        for file, explicit in _files(path):
            text = _read(file)
            if not explicit and b"-----BEGIN" in text and not _has_material(text):
                continue  # a key or a request beside the certificates
            try:
                part += cls.parse(
                    text, purposes=chosen, explicit=explicit, valid_from=valid_from, valid_until=valid_until
                )
            except UsageError as error:
                if error.code == "TIME_NAIVE":
                    raise
                code = "TRUST_NOTHING_FOUND" if error.code == "TRUST_NOTHING_FOUND" else "TRUST_FILE_UNREADABLE"
                raise UsageError(code, source=str(file)) from error
        return part

    @classmethod
    def from_specs(cls, specs: Sequence[str]) -> TrustStore:
        """Read "FILE", "seal:FILE", "timestamp:FILE" or "seal-maker:FILE" (folders too).

        Raises UsageError TRUST_SPEC_EMPTY, and as `from_pem`.
        """
        store = cls()
        for spec in specs:
            prefix, colon, rest = spec.partition(":")
            named = bool(colon) and prefix in set(Purpose)
            path = rest if named else spec
            if not path:
                # An empty path is the current folder, and nothing is trusted for lying there.
                raise UsageError("TRUST_SPEC_EMPTY", spec=spec)
            store += cls.from_pem(path, purposes=[Purpose(prefix)] if named else None)
        return store


def read_folder(folder: Path, *, owned: bool = True, purposes: Iterable[Purpose] | None = None) -> TrustStore:
    """Read a trust folder; one that is not there is empty.

    With `owned` a folder, a list or an anchor's file that others own or can write is refused. With `purposes` an anchor
    keeps of its own purposes only these; one that keeps none vouches for nothing. Raises UsageError CONFIG_... and
    TRUST_...
    """
    store = TrustStore()
    if not folder.is_dir():
        return store
    if owned:
        for part in (folder, *(folder / name for name in FOLDERS)):
            if part.is_dir():
                reading.check_owner(part.stat(), part)
    for file, entry in anchor_files(folder, owned=owned):
        if owned:
            reading.check_owner(file.stat(), file)
        found = TrustStore.from_pem(file)
        anchors = (entry.applied(a) for a in found.anchors)
        store += TrustStore(tuple(anchors), found.data)
    for file in material_files(folder):
        store += material(file)
    return store if purposes is None else _confined(store, frozenset(purposes))


def material(file: Path) -> TrustStore:
    """What a file of material holds: no anchor, even where a certificate is self-signed. Raises UsageError TRUST_..."""
    found = TrustStore.from_pem(file)
    demoted = ValidationData(certificates=tuple(a.certificate for a in found.anchors))
    return TrustStore(data=demoted + found.data)


def _confined(store: TrustStore, purposes: frozenset[Purpose]) -> TrustStore:
    kept = [
        Anchor(a.certificate, a.purposes & purposes, a.valid_from, a.valid_until, a.name)
        for a in store.anchors
        if a.purposes & purposes
    ]
    return TrustStore(tuple(kept), store.data)


def _within(anchor: Anchor, start: datetime | None, end: datetime | None) -> Anchor:
    """The anchor in the part of its period that lies within another one."""
    starts = [t for t in (anchor.valid_from, aware(start, "valid_from") if start else None) if t is not None]
    ends = [t for t in (anchor.valid_until, aware(end, "valid_until") if end else None) if t is not None]
    first, last = max(starts, default=None), min(ends, default=None)
    return Anchor(anchor.certificate, anchor.purposes, first, last, anchor.name)


def _nothing_found(path: Path) -> UsageError:
    names = sorted(f.name for f in path.iterdir() if f.is_dir()) if path.is_dir() else []
    if names:
        return UsageError("TRUST_SUBFOLDERS_NOT_READ", source=path, folders=", ".join(names[:5]))
    return UsageError("TRUST_NOTHING_FOUND", source=str(path))


def _files(path: Path) -> Iterator[tuple[Path, bool]]:
    if not path.is_dir():
        yield path, True
        return
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        raise UsageError("TRUST_FILE_UNREADABLE", source=str(path)) from error
    for file in entries:
        if file.suffix.lower() in TRUST_SUFFIXES and file.is_file():
            yield file, False


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            text = stream.read(FILE_BYTES + 1)
    except OSError as error:
        raise UsageError("TRUST_FILE_UNREADABLE", source=str(file)) from error
    if len(text) > FILE_BYTES:
        raise UsageError("TRUST_FILE_UNREADABLE", source=str(file))
    return text


def _has_material(text: bytes) -> bool:
    return bool(pem_blocks(text, "CERTIFICATE", "X509 CERTIFICATE", "X509 CRL", "OCSP RESPONSE"))


def _contents(text: bytes) -> tuple[list[Certificate], list[bytes], list[bytes]]:
    if text[:1] != b"\x30":
        found = [Certificate(der) for der in pem_blocks(text, "CERTIFICATE", "X509 CERTIFICATE")]
        for certificate in found:
            facts(certificate)
        return found, pem_blocks(text, "X509 CRL"), pem_blocks(text, "OCSP RESPONSE")
    if _is_crl(text):
        return [], [text], []
    if _is_ocsp(text):
        return [], [], [text]
    certificate = Certificate(text)
    certificates.parse(certificate)
    return [certificate], [], []


def _is_crl(der: bytes) -> bool:
    # By the reader that does not look at the entries: some lists have millions.
    try:
        read_crl(der)
    except Asn1Error:
        return False
    return True


def _is_ocsp(der: bytes) -> bool:
    try:
        ocsp.OCSPResponse.load(der, strict=True).native  # noqa: B018 - forces the lazy parser
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return False
    return True


def _self_signed(certificate: Certificate) -> bool:
    own = facts(certificate)
    # A key roll-over certificate is self-issued but signed by another key: its signature tells. A signature that
    # cannot be computed here (an algorithm to come) is taken by its name, since the caller put it among the roots.
    return own.self_issued and check_issued(certificate, own.key) is not False


def _topmost(found: Sequence[Certificate]) -> list[Certificate]:
    subjects = {facts(c).subject_der for c in found}
    return [c for c in found if facts(c).issuer_der not in subjects or facts(c).self_issued]
