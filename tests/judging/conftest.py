"""A small certificate authority for tests: good and wrong certificates, CRLs, OCSP answers and timestamp tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eseal.crypto.algorithm_policy import Use, UseOf
from eseal.crypto.algorithms import KeyFacts
from eseal.crypto.examined import Examined
from eseal.judging.judge import Judgement, judge
from eseal.judging.policy import Policy
from eseal.model import Certificate, ValidationData
from eseal.report.model import Check
from eseal.trust.store import TrustStore
from support.realpki import USAGES

AT = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2036, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SHA256 = hashes.SHA256()


@dataclass
class Holder:
    """A certificate with its key."""

    x509: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def cert(self) -> Certificate:
        return Certificate(self.x509.public_bytes(serialization.Encoding.DER))


def name(common: str, **more: str) -> x509.Name:
    oids = {"o": NameOID.ORGANIZATION_NAME, "ou": NameOID.ORGANIZATIONAL_UNIT_NAME, "email": NameOID.EMAIL_ADDRESS}
    parts = [x509.NameAttribute(oids[k], v) for k, v in more.items()]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{u: u in names for u in USAGES})


@dataclass
class Lab:
    """Makes certificates; keys are made once for a name, so that the same name is the same key."""

    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)

    def key(self, label: str) -> ec.EllipticCurvePrivateKey:
        if label not in self.keys:
            self.keys[label] = ec.generate_private_key(ec.SECP256R1())
        return self.keys[label]

    def issue(
        self,
        common: str | x509.Name,
        by: Holder | None = None,
        *,
        ca: bool = False,
        length: int | None = None,
        key: str | None = None,
        start: datetime = START,
        end: datetime = END,
        key_usage: Iterable[str] | None = ("digital_signature",),
        extended: Iterable[str] = (),
        extended_critical: bool = False,
        basic: bool = True,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
        sign_with: ec.EllipticCurvePrivateKey | None = None,
        identifiers: bool = True,
        serial: int | None = None,
    ) -> Holder:
        subject = name(common) if isinstance(common, str) else common
        own = self.key(key or subject.rfc4514_string())
        above = by.x509.subject if by else subject
        signing = sign_with or (by.key if by else own)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(above)
            .public_key(own.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )
        if basic:
            builder = builder.add_extension(x509.BasicConstraints(ca, length), critical=True)
        usages = ("key_cert_sign", "crl_sign") if ca and key_usage == ("digital_signature",) else key_usage
        if usages is not None:
            builder = builder.add_extension(usage(*usages), critical=True)
        if extended:
            oids = [x509.ObjectIdentifier(o) for o in extended]
            builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=extended_critical)
        if identifiers:
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False)
            issuer_key = by.key.public_key() if by else own.public_key()
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), False)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return Holder(builder.sign(signing, SHA256), own)

    def weaken(self, holder: Holder, by: Holder) -> Holder:
        """The same certificate signed anew with SHA-1, which pyca no longer does for certificates."""
        parsed = asn1_x509.Certificate.load(holder.cert.der)
        algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha1_ecdsa"})
        tbs = parsed["tbs_certificate"].copy()
        tbs["signature"] = algorithm
        value = by.key.sign(tbs.dump(force=True), ec.ECDSA(hashes.SHA1()))
        made = asn1_x509.Certificate(
            {"tbs_certificate": tbs, "signature_algorithm": algorithm, "signature_value": value}
        )
        return Holder(x509.load_der_x509_certificate(made.dump()), holder.key)

    def crl(
        self,
        by: Holder,
        revoked: Mapping[int, tuple[datetime, x509.ReasonFlags | None] | datetime] | None = None,
        *,
        this: datetime = AT - DAY,
        next_: datetime | None = AT + 30 * DAY,
        sign_with: ec.EllipticCurvePrivateKey | None = None,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
        invalid: datetime | None = None,
    ) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(by.x509.subject).last_update(this)
        builder = builder.next_update(next_ or this + 3650 * DAY)
        for serial, what in (revoked or {}).items():
            when, reason = what if isinstance(what, tuple) else (what, None)
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            if reason:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            if invalid:
                entry = entry.add_extension(x509.InvalidityDate(invalid), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        made = builder.sign(sign_with or by.key, SHA256)
        return made.public_bytes(serialization.Encoding.DER)

    def ocsp(
        self,
        of: Holder,
        issuer: Holder,
        by: Holder | None = None,
        *,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        this: datetime = AT - DAY,
        next_: datetime | None = AT + 30 * DAY,
        revoked: datetime | None = None,
        reason: x509.ReasonFlags | None = None,
        digest: hashes.HashAlgorithm | None = None,
        by_key: bool = False,
        sign_with: ec.EllipticCurvePrivateKey | None = None,
    ) -> bytes:
        responder = by or issuer
        encoding = ocsp.OCSPResponderEncoding.HASH if by_key else ocsp.OCSPResponderEncoding.NAME
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(of.x509, issuer.x509, digest or SHA256, status, this, next_, revoked, reason)
            .responder_id(encoding, responder.x509)
        )
        if by:
            builder = builder.certificates([by.x509])
        made = builder.sign(sign_with or responder.key, SHA256)
        return made.public_bytes(serialization.Encoding.DER)

    def token(
        self,
        tsa: Holder,
        imprint: bytes,
        when: datetime,
        chain: Iterable[Holder] = (),
        sign_with: ec.EllipticCurvePrivateKey | None = None,
    ) -> bytes:
        """An RFC 3161 token over the SHA-256 of `imprint`, made with asn1crypto alone."""
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4",
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha256"},
                    "hashed_message": hashlib.sha256(imprint).digest(),
                },
                "serial_number": 7,
                "gen_time": when,
            }
        ).dump()
        der = tsa.cert.der
        parsed = asn1_x509.Certificate.load(der)
        reference = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(der).digest()}]})
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
                cms.CMSAttribute({"type": "signing_certificate_v2", "values": [reference]}),
            ]
        )
        value = (sign_with or tsa.key).sign(attributes.dump(), ec.ECDSA(SHA256))
        carried = [cms.CertificateChoices({"certificate": parsed})]
        carried += [cms.CertificateChoices({"certificate": asn1_x509.Certificate.load(h.cert.der)}) for h in chain]
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
                "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
                "certificates": carried,
                "signer_infos": [
                    {
                        "version": "v1",
                        "sid": {
                            "issuer_and_serial_number": {
                                "issuer": parsed.issuer,
                                "serial_number": parsed.serial_number,
                            }
                        },
                        "digest_algorithm": {"algorithm": "sha256"},
                        "signed_attrs": attributes,
                        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                        "signature": value,
                    }
                ],
            }
        )
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())

    def tsa(self, by: Holder, **more: Any) -> Holder:
        more = {"extended": (ExtendedKeyUsageOID.TIME_STAMPING.dotted_string,), "extended_critical": True, **more}
        return self.issue("TSA", by, **more)


@dataclass
class Question:
    """Everything that `judge` is asked with; the defaults are a good signature."""

    lab: Lab
    root: Holder
    inter: Holder
    leaf: Holder
    certificates: list[Holder] = field(default_factory=list)
    anchors: list[Holder] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    ocsps: list[bytes] = field(default_factory=list)
    timestamps: list[bytes] = field(default_factory=list)
    trust: TrustStore | None = None
    policy: Policy = field(default_factory=Policy)
    at: datetime = AT
    more: dict[str, Any] = field(default_factory=dict)
    value: bytes = b"a signature value"
    claimed: datetime | None = None
    uses: tuple[Use, ...] = (Use(UseOf.DOCUMENT, "sha256"), Use(UseOf.SIGNATURE, "sha256", KeyFacts("ec", 256, "p")))

    def examined(self) -> Examined:
        carried = tuple(h.cert for h in (self.leaf, *self.certificates))
        return Examined(
            checks=(),
            certificate=self.leaf.cert,
            certificates=carried,
            signature_value=self.value,
            signature_timestamps=tuple(self.timestamps),
            claimed_time=self.claimed,
            algorithms=self.uses,
        )

    def ask(self) -> Judgement:
        trust = self.trust
        if trust is None:
            trust = TrustStore.from_certificates([h.cert for h in self.anchors])
        data = ValidationData((), tuple(self.crls), tuple(self.ocsps))
        return judge(self.examined(), trust=trust, at=self.at, data=data, policy=self.policy, **self.more)


def one(judgement_checks: Iterable[Check], check_id: str) -> Check:
    """The gravest check of one id."""
    order = ["failed", "unknown", "passed", "info"]
    found = sorted((c for c in judgement_checks if c.id == check_id), key=lambda c: order.index(c.verdict))
    assert found, f"no check {check_id}"
    return found[0]


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab()


@pytest.fixture
def ask_one() -> Any:
    return one


@pytest.fixture
def good(lab: Lab) -> Question:
    """Root, issuing CA, leaf; complete revocation data from yesterday; everything in order."""
    root = lab.issue("Root", ca=True)
    inter = lab.issue("Issuing", root, ca=True, length=0)
    leaf = lab.issue("Seal", inter)
    return Question(
        lab,
        root,
        inter,
        leaf,
        certificates=[inter],
        anchors=[root],
        crls=[lab.crl(root), lab.crl(inter)],
    )
