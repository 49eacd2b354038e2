"""A certificate authority for trying out: root, issuing CA, seal and timestamper certificates, CRLs and OCSP.

Everything is made offline in memory, valid from `at`, and named TEST, so that nothing sealed with it can be taken for
the real thing. Nobody answers for these keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eseal.crypto.certificates import KEY_USAGES, facts, parse
from eseal.errors import UsageError
from eseal.keys.files import FileSigner
from eseal.model import Certificate, Signer, ValidationData, aware

ALGORITHMS = ("p256", "p384", "p521", "rsa2048", "rsa3072", "rsa-pss", "ed25519")
"""What `make` takes: the kind of every key; "rsa-pss" is RSA 2048 that seals and certifies with RSASSA-PSS."""

VALID = timedelta(days=3652)
"""Validity of certificates: ten years."""
LISTS = timedelta(days=7)
"""Validity of the CRLs and OCSP responses of an authority's folder, which renews them."""
ROOT_VALID = timedelta(days=7305)
"""Validity of the root: twenty years."""
EARLY = timedelta(hours=1)
"""How long before `at` all of it begins, so that a second machine whose clock is behind accepts it at once."""

MARK = "TEST"
"""Begins every common name."""
WARNING = "TEST ONLY - not for real documents"
"""Organizational unit of every name."""

_TEXT_LIMIT = 64  # X.520 upper bounds of commonName and organizationName; the library counts bytes of UTF-8


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate, its private key and the chain above it."""

    certificate: Certificate
    """The certificate."""
    key_pem: bytes = field(repr=False)
    """The private key: PKCS#8 in PEM, not encrypted. Whoever stores it sees to its permissions."""
    chain: tuple[Certificate, ...] = ()
    """Issuers, nearest first, without the root."""
    algorithm: str = "p256"
    """One of `ALGORITHMS`."""

    def chain_pem(self) -> bytes:
        """The certificate and its chain in PEM."""
        return b"".join(c.to_pem() for c in (self.certificate, *self.chain))

    def signer(self, scheme: str | None = None) -> Signer:
        """A signer over this key; "rsa-pss" keys use RSASSA-PSS unless `scheme` says otherwise."""
        default = "rsa-pss-sha256" if self.algorithm == "rsa-pss" else None
        return FileSigner.load(
            self.key_pem, certificates=(self.certificate, *self.chain), scheme=scheme or default, path=MARK
        )


@dataclass(frozen=True, slots=True)
class TestPki:
    """What `make` makes."""

    __test__: ClassVar[bool] = False  # its name is no sign for pytest

    root_ca: Credential
    """The self-signed root with its key."""
    issuing: Credential
    """The issuing CA."""
    seal: Credential
    """For the first seal."""
    timestamper: Credential
    """For the embedded timestamper (extended key usage timeStamping, critical; RFC 3161 2.3)."""
    crls: tuple[bytes, ...]
    """DER of the root's and the issuing CA's CRL, both empty."""
    ocsps: tuple[bytes, ...]
    """DER of an OCSP response "good" for the issuing CA, the seal and the timestamper."""

    @property
    def root(self) -> Certificate:
        """The root's certificate: the anchor."""
        return self.root_ca.certificate

    @property
    def data(self) -> ValidationData:
        """Intermediates, CRLs and OCSP responses, as a trust store takes them."""
        return ValidationData((self.issuing.certificate,), self.crls, self.ocsps)


@dataclass(frozen=True, slots=True)
class Lists:
    """CRLs and OCSP responses of one moment."""

    crls: tuple[bytes, ...]
    """DER of the root's and the issuing CA's CRL, both empty."""
    ocsps: tuple[bytes, ...]
    """DER of an OCSP response "good" for the issuing CA and for each other certificate, in their order."""


def make(name: str, at: datetime, algorithm: str = "p256", *, lists: timedelta = VALID) -> TestPki:
    """Make a whole test authority for the body `name`, valid from `at`; CRLs and OCSP responses hold for `lists`.

    Raises UsageError: TIME_NAIVE, TEST_ALGORITHM_UNKNOWN, NAME_UNUSABLE (empty, or with control characters).
    """
    at = aware(at, "at")
    until = at + VALID
    root = issue(None, f"Root {name}", body=name, at=at, until=at + ROOT_VALID, algorithm=algorithm, ca=1)
    issuing = issue(root, f"Issuing {name}", body=name, at=at, until=until, algorithm=algorithm, ca=0)
    seal = issue_seal(issuing, name, body=name, at=at)
    timestamper = issue(
        issuing,
        f"Timestamper {name}",
        body=name,
        at=at,
        until=until,
        # OpenSSL's `ts` reads tokens as PKCS#7, which has no Ed25519 signatures.
        algorithm="p256" if algorithm == "ed25519" else "rsa2048" if algorithm == "rsa-pss" else algorithm,
        extended=(ExtendedKeyUsageOID.TIME_STAMPING.dotted_string,),
        extended_critical=True,
    )
    made = issue_lists(root, issuing, [seal.certificate, timestamper.certificate], at=at, lists=lists)
    return TestPki(root, issuing, seal, timestamper, made.crls, made.ocsps)


def issue_lists(
    root: Credential,
    issuing: Credential,
    certificates: Sequence[Certificate],
    *,
    at: datetime,
    lists: timedelta = LISTS,
) -> Lists:
    """CRLs of both CAs, and an OCSP response for the issuing CA and for each of `certificates`, which it issued.

    They hold for `lists`, but for no longer than the certificate of whoever signs them.
    """
    until = aware(at, "at") + lists
    ends = {c: min(until, facts(c.certificate).not_after) for c in (root, issuing)}
    # A number that only grows (RFC 5280 5.2.3), whoever renews the lists next.
    number = max(1, int(at.timestamp()))
    return Lists(
        crls=tuple(crl(c, at=at, until=ends[c], number=number) for c in (root, issuing)),
        ocsps=(
            ocsp_response(root, issuing.certificate, at=at, until=ends[root]),
            *(ocsp_response(issuing, c, at=at, until=ends[issuing]) for c in certificates),
        ),
    )


def load(data: bytes) -> Credential:
    """The credential in a PEM file of key, certificate and chain, as `make` made it. Raises KeyAccessError."""
    signer = FileSigner.load(data, path=MARK)
    known = facts(signer.certificate).key_facts
    kinds = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}
    algorithm = kinds.get(known.curve) or ("ed25519" if known.key_type == "ed25519" else f"rsa{known.bits}")
    if parse(signer.certificate)["signature_algorithm"]["algorithm"].native == "rsassa_pss":
        algorithm = "rsa-pss"
    key = serialization.load_pem_private_key(data, None)
    return Credential(signer.certificate, _key_pem(key), signer.chain, algorithm)


def issue_seal(issuing: Credential, name: str, *, body: str, at: datetime) -> Credential:
    """A certificate for a seal called `name` of the body `body`, valid from `at` for ten years at most."""
    return issue(
        issuing,
        name,
        body=body,
        at=at,
        until=min(aware(at, "at") + VALID, facts(issuing.certificate).not_after),
        algorithm=issuing.algorithm,
        # Readers that do not know documentSigning (RFC 9336) accept emailProtection beside it.
        extended=("1.3.6.1.5.5.7.3.36", ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string),
    )


def issue(
    issuer: Credential | None,
    name: str,
    *,
    body: str,
    at: datetime,
    until: datetime,
    algorithm: str = "p256",
    usage: Sequence[str] = ("digital_signature", "content_commitment"),
    extended: Sequence[str] = (),
    extended_critical: bool = False,
    ca: int | None = None,
) -> Credential:
    """Make a key and a certificate "TEST `name`", signed by `issuer` or by itself.

    `usage` are RFC 5280 names of key usage as pyca writes them, `extended` dotted OIDs; `ca` is the path length of a
    CA certificate (its usage is certificates and CRLs), None for an end entity.
    """
    key = _generate(algorithm)
    subject = _name(name, body)
    signing_key = _private(issuer) if issuer else key
    issuer_cert = _x509(issuer.certificate) if issuer else None
    flags = {"key_cert_sign", "crl_sign"} if ca is not None else set(usage)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_cert.subject if issuer_cert else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_seconds(aware(at, "at") - EARLY))
        .not_valid_after(_seconds(aware(until, "until")))
        .add_extension(x509.BasicConstraints(ca=ca is not None, path_length=ca), critical=True)
        .add_extension(x509.KeyUsage(**{flag: flag in flags for flag in _USAGES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    if extended:
        usages = x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in extended])
        builder = builder.add_extension(usages, critical=extended_critical)
    by = issuer.algorithm if issuer else algorithm
    certificate = builder.sign(signing_key, _digest(by), rsa_padding=_padding(by))
    chain = (issuer.certificate, *issuer.chain) if issuer and not facts(issuer.certificate).self_issued else ()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Credential(_value(certificate), pem, chain, algorithm)


def crl(
    issuer: Credential, *, at: datetime, until: datetime, revoked: Mapping[int, datetime] | None = None, number: int = 1
) -> bytes:
    """DER of a CRL by `issuer`, from `at` to `until`; `revoked` maps serial numbers to the time of revocation."""
    key = _private(issuer)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_x509(issuer.certificate).subject)
        .last_update(_seconds(aware(at, "at") - EARLY))
        .next_update(_seconds(aware(until, "until")))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for serial, when in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_seconds(aware(when)))
        builder = builder.add_revoked_certificate(entry.build())
    made = builder.sign(key, _digest(issuer.algorithm), rsa_padding=_padding(issuer.algorithm))
    return made.public_bytes(serialization.Encoding.DER)


def ocsp_response(
    issuer: Credential, certificate: Certificate, *, at: datetime, until: datetime, revoked: datetime | None = None
) -> bytes:
    """DER of an OCSP response for `certificate`, signed by its issuer itself (RFC 6960 2.2): "good", or revoked."""
    by = _x509(issuer.certificate)
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=_x509(certificate),
            issuer=by,
            # certID only names the certificate; SHA-1 is what every reader looks it up by (RFC 5019 2.1.1).
            algorithm=hashes.SHA1(),  # noqa: S303
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=_seconds(aware(at, "at") - EARLY),
            next_update=_seconds(aware(until, "until")),
            revocation_time=_seconds(aware(revoked)) if revoked else None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, by)
    )
    return builder.sign(_private(issuer), _digest(issuer.algorithm)).public_bytes(serialization.Encoding.DER)


# As pyca calls them.
_USAGES = tuple({"non_repudiation": "content_commitment"}.get(name, name) for name in KEY_USAGES)


_CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}


def _key_pem(key: Any) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))


def _generate(algorithm: str) -> Any:
    if algorithm in ("rsa2048", "rsa3072", "rsa-pss"):
        return rsa.generate_private_key(65537, 3072 if algorithm == "rsa3072" else 2048)
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise UsageError("TEST_ALGORITHM_UNKNOWN", algorithm=algorithm, known=", ".join(ALGORITHMS))


def _digest(algorithm: str) -> Any:
    if algorithm == "ed25519":
        return None
    return {"p384": hashes.SHA384, "p521": hashes.SHA512}.get(algorithm, hashes.SHA256)()


def _padding(algorithm: str) -> padding.PSS | None:
    if algorithm != "rsa-pss":
        return None
    return padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)


def _name(name: str, body: str) -> x509.Name:
    for text in (name, body):
        if not text.strip() or not text.isprintable():
            raise UsageError("NAME_UNUSABLE", what="name")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _cut(body.strip())),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, WARNING),
            x509.NameAttribute(NameOID.COMMON_NAME, _cut(f"{MARK} {name.strip()}")),
        ]
    )


def _private(credential: Credential) -> Any:
    return serialization.load_pem_private_key(credential.key_pem, None)


def _x509(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


def _value(certificate: x509.Certificate) -> Certificate:
    return Certificate(certificate.public_bytes(serialization.Encoding.DER))


def _seconds(when: datetime) -> datetime:
    return when.replace(microsecond=0)


def _cut(text: str) -> str:
    """As much of `text` as a name may hold, in whole characters."""
    return text.encode()[:_TEXT_LIMIT].decode(errors="ignore")
