"""Builds CMS and timestamp tokens by hand with asn1crypto and pyca, so that one thing at a time can be wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONTENT = b"%PDF-1.7 the covered bytes of a document"
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
OIDS = {
    "rsa": "1.2.840.113549.1.1.1",
    "rsa-sha1": "1.2.840.113549.1.1.5",
    "rsa-sha256": "1.2.840.113549.1.1.11",
    "rsa-sha384": "1.2.840.113549.1.1.12",
    "rsa-sha512": "1.2.840.113549.1.1.13",
    "rsa-sha3_256": "2.16.840.1.101.3.4.3.14",
    "ecdsa-sha256": "1.2.840.10045.4.3.2",
    "ecdsa-sha384": "1.2.840.10045.4.3.3",
    "ecdsa-sha3_256": "2.16.840.1.101.3.4.3.10",
    "ecdsa-plain-sha256": "0.4.0.127.0.7.1.1.4.1.3",
    "dsa-sha256": "2.16.840.1.101.3.4.3.2",
    "ed25519": "1.3.101.112",
    "ed448": "1.3.101.113",
    "pss": "1.2.840.113549.1.1.10",
}
DIGESTS = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "sha3_256": "2.16.840.1.101.3.4.2.8",
    "shake256": "2.16.840.1.101.3.4.2.12",
}
HASHES = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha3_256": hashes.SHA3_256,
}


def digest(name: str, data: bytes) -> bytes:
    return hashlib.shake_256(data).digest(64) if name == "shake256" else hashlib.new(name, data).digest()


def key_of(kind: str) -> Any:
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, 2048)
    if kind.startswith("ec"):
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "brainpool":
        return ec.generate_private_key(ec.BrainpoolP256R1())
    if kind == "dsa":
        return dsa.generate_private_key(1024)
    return ed448.Ed448PrivateKey.generate() if kind == "ed448" else ed25519.Ed25519PrivateKey.generate()


def certify(
    key: Any,
    name: str = "Seal",
    *,
    serial: int = 4711,
    usage: list[x509.ObjectIdentifier] | None = None,
    critical: bool = True,
) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuer")]))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=365))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
    pure = isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return builder.sign(key, None if pure else hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Recipe:
    """How to make one CMS; a test changes what should be wrong."""

    key: Any
    certificate: bytes
    digest: str = "sha256"
    signed_with: str | None = None
    """Digest under the signature where it is another one."""
    oid: str = "ecdsa-sha256"
    parameters: Any = None
    pss: tuple[int, str] | None = None
    content: bytes = CONTENT
    inside: bytes | None = None
    content_type: str = "1.2.840.113549.1.7.1"
    attribute_type: str | None = None
    digest_oid: str | None = None
    attributes: bool = True
    time: datetime | None = NOW
    reference: int | None = 2
    referred: bytes | None = None
    reference_serial: int | None = None
    with_issuer: bool = True
    protect: tuple[str, str] | None = None
    drop: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    two_values: tuple[str, ...] = ()
    more_certificates: tuple[bytes, ...] = ()
    certificates: bool = True
    by_key: bool = False
    sid_serial: int | None = None
    signers: int = 1
    unsigned: tuple[tuple[str, bytes], ...] = ()
    extra_signed: tuple[tuple[str, bytes], ...] = ()
    sign_as_found: bool = False
    content_timestamp: bytes | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> Recipe:
        return replace(self, **changes)

    def sign(self, message: bytes, *, prehashed: bool = False) -> bytes:
        name = self.signed_with or self.digest
        if isinstance(self.key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
            return self.key.sign(message)
        algorithm: Any = HASHES[name]()
        used: Any = utils.Prehashed(algorithm) if prehashed else algorithm
        if isinstance(self.key, rsa.RSAPrivateKey):
            pad: Any = padding.PKCS1v15()
            if self.pss:
                pad = padding.PSS(mgf=padding.MGF1(HASHES[self.pss[1]]()), salt_length=self.pss[0])
            return self.key.sign(message, pad, used)
        if isinstance(self.key, dsa.DSAPrivateKey):
            return self.key.sign(message, used)
        value = self.key.sign(message, ec.ECDSA(used))
        if self.oid.startswith("ecdsa-plain"):
            r, s = utils.decode_dss_signature(value)
            value = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return value

    def _attribute(self, oid: str, *values: bytes) -> bytes:
        kind = core.ObjectIdentifier(oid).dump()
        return _tlv(0x30, kind + _tlv(0x31, b"".join(sorted(values))))

    def _signed(self, content: bytes) -> list[bytes]:
        cert = asn1_x509.Certificate.load(self.certificate)
        made: dict[str, list[bytes]] = {
            "1.2.840.113549.1.9.3": [core.ObjectIdentifier(self.attribute_type or self.content_type).dump()],
            "1.2.840.113549.1.9.4": [core.OctetString(digest(self.digest, content)).dump()],
        }
        if self.time:
            made["1.2.840.113549.1.9.5"] = [core.UTCTime(self.time).dump()]
        referred = self.referred or self.certificate
        issuer_serial = {
            "issuer": [asn1_x509.GeneralName("directory_name", cert.issuer)],
            "serial_number": self.reference_serial or cert.serial_number,
        }
        extra = {"issuer_serial": issuer_serial} if self.with_issuer else {}
        if self.reference == 2:
            value = tsp.SigningCertificateV2({"certs": [{"cert_hash": digest("sha256", referred), **extra}]})
            made["1.2.840.113549.1.9.16.2.47"] = [value.dump()]
        elif self.reference == 1:
            old = tsp.SigningCertificate({"certs": [{"cert_hash": digest("sha1", referred), **extra}]})
            made["1.2.840.113549.1.9.16.2.12"] = [old.dump()]
        if self.protect:
            signature = algos.SignedDigestAlgorithm({"algorithm": OIDS[self.protect[1]]}).dump()
            body = algos.DigestAlgorithm({"algorithm": DIGESTS[self.protect[0]]}).dump() + b"\xa1" + signature[1:]
            made["1.2.840.113549.1.9.52"] = [_tlv(0x30, body)]
        for oid, raw in self.extra_signed:
            made[oid] = [raw]
        found = []
        for oid, values in made.items():
            if oid in self.drop:
                continue
            found.append(self._attribute(oid, *(values * 2 if oid in self.two_values else values)))
            if oid in self.twice:
                found.append(found[-1])
        return found

    def signer(self) -> bytes:
        cert = asn1_x509.Certificate.load(self.certificate)
        covered = self.inside if self.inside is not None else self.content
        parts = [core.Integer(1).dump()]
        if self.by_key:
            parts.append(_tlv(0x80, cert.key_identifier))
        else:
            serial = core.Integer(self.sid_serial or cert.serial_number).dump()
            parts.append(_tlv(0x30, cert.issuer.dump() + serial))
        parts.append(algos.DigestAlgorithm({"algorithm": self.digest_oid or DIGESTS[self.digest]}).dump())
        if self.attributes:
            members = self._signed(covered)
            if self.sign_as_found:
                members = sorted(members, reverse=True)
                value = self.sign(_tlv(0x31, b"".join(members)))
            else:
                value = self.sign(_tlv(0x31, b"".join(sorted(members))))
                members = sorted(members)
            parts.append(_tlv(0xA0, b"".join(members)))
        else:
            value = self.sign(digest(self.signed_with or self.digest, covered), prehashed=True)
        algorithm: dict[str, Any] = {"algorithm": OIDS.get(self.oid, self.oid)}
        if self.parameters is not None:
            algorithm["parameters"] = self.parameters
        parts.append(algos.SignedDigestAlgorithm(algorithm).dump())
        parts.append(core.OctetString(value).dump())
        if self.unsigned:
            parts.append(_tlv(0xA1, b"".join(sorted(self._attribute(o, v) for o, v in self.unsigned))))
        return _tlv(0x30, b"".join(parts))

    def build(self) -> bytes:
        content = core.ObjectIdentifier(self.content_type).dump()
        if self.inside is not None:
            content += _tlv(0xA0, core.OctetString(self.inside).dump())
        certificates = (self.certificate, *self.more_certificates) if self.certificates else self.more_certificates
        body = core.Integer(1).dump()
        body += _tlv(0x31, algos.DigestAlgorithm({"algorithm": DIGESTS[self.digest]}).dump())
        body += _tlv(0x30, content)
        if certificates:
            body += _tlv(0xA0, b"".join(certificates))
        body += _tlv(0x31, self.signer() * self.signers)
        signed = core.ObjectIdentifier("1.2.840.113549.1.7.2").dump() + _tlv(0xA0, _tlv(0x30, body))
        built = _tlv(0x30, signed)
        assert cms.ContentInfo.load(built)["content_type"].native == "signed_data"
        return built


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


@dataclass(frozen=True)
class Forge:
    """Keys with certificates, and the recipes over them."""

    keys: dict[str, tuple[Any, bytes]] = field(repr=False)
    content: bytes = CONTENT
    now: datetime = NOW
    oids: dict[str, str] = field(default_factory=lambda: dict(OIDS))

    def __call__(self, kind: str = "ec", **changes: Any) -> Recipe:
        key, certificate = self.keys[kind]
        return Recipe(key, certificate, **changes)

    def digest_of(self, name: str) -> bytes:
        return digest(name, self.content)

    tlv = staticmethod(_tlv)
    certify = staticmethod(certify)
    digest = staticmethod(digest)

    def token(self, stamped: bytes, *, kind: str = "tsa", imprint: str = "sha256", **changes: Any) -> bytes:
        info = {
            "version": "v1",
            "policy": "1.2.3.4",
            "message_imprint": {
                "hash_algorithm": {"algorithm": DIGESTS[imprint]},
                "hashed_message": digest(imprint, stamped),
            },
            "serial_number": 99,
            "gen_time": NOW,
            "accuracy": {"seconds": 1, "millis": 500},
            "nonce": 12345,
        } | changes.pop("info", {})
        body = changes.pop("raw_info", None) or tsp.TSTInfo(info).dump()
        recipe = self(kind, inside=body, content_type="1.2.840.113549.1.9.16.1.4", time=None)
        return recipe.but(**changes).build()


@pytest.fixture(scope="session")
def forge() -> Forge:
    keys: dict[str, tuple[Any, bytes]] = {}
    for kind in ("rsa", "ec", "ec-other", "brainpool", "dsa", "ed25519", "ed448"):
        key = key_of(kind)
        keys[kind] = (key, certify(key, kind))
    stamping = ExtendedKeyUsageOID.TIME_STAMPING
    tsa = key_of("ec")
    keys["tsa"] = (tsa, certify(tsa, "TSA", usage=[stamping]))
    keys["tsa-lax"] = (tsa, certify(tsa, "TSA", usage=[stamping], critical=False))
    keys["tsa-more"] = (tsa, certify(tsa, "TSA", usage=[stamping, ExtendedKeyUsageOID.EMAIL_PROTECTION]))
    keys["tsa-none"] = (tsa, certify(tsa, "TSA"))
    return Forge(keys)
