"""One frozen table of algorithms: key type, digest, OIDs, how to sign and verify, acceptable until when.

Dates follow ETSI TS 119 312 and SOG-IS; they decide whether an algorithm is believed at the *proven* time of a
signature, so a weak one can still be right in a document that is proven to be old.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa


def _year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DigestAlgorithm:
    """A digest."""

    name: str
    """Lower-case name, as in hashlib where it has one."""
    oid: str
    """Object identifier."""
    size: int
    """Bytes."""
    until: datetime | None
    """Not acceptable from this time on; None: no end is set."""


DIGESTS: dict[str, DigestAlgorithm] = {
    d.name: d
    for d in (
        DigestAlgorithm("md5", "1.2.840.113549.2.5", 16, _year(2004)),
        DigestAlgorithm("sha1", "1.3.14.3.2.26", 20, _year(2012)),
        DigestAlgorithm("ripemd160", "1.3.36.3.2.1", 20, _year(2012)),
        DigestAlgorithm("sha224", "2.16.840.1.101.3.4.2.4", 28, _year(2029)),
        DigestAlgorithm("sha256", "2.16.840.1.101.3.4.2.1", 32, None),
        DigestAlgorithm("sha384", "2.16.840.1.101.3.4.2.2", 48, None),
        DigestAlgorithm("sha512", "2.16.840.1.101.3.4.2.3", 64, None),
        DigestAlgorithm("sha512_224", "2.16.840.1.101.3.4.2.5", 28, _year(2029)),
        DigestAlgorithm("sha512_256", "2.16.840.1.101.3.4.2.6", 32, None),
        DigestAlgorithm("sha3_224", "2.16.840.1.101.3.4.2.7", 28, _year(2029)),
        DigestAlgorithm("sha3_256", "2.16.840.1.101.3.4.2.8", 32, None),
        DigestAlgorithm("sha3_384", "2.16.840.1.101.3.4.2.9", 48, None),
        DigestAlgorithm("sha3_512", "2.16.840.1.101.3.4.2.10", 64, None),
        DigestAlgorithm("shake256", "2.16.840.1.101.3.4.2.12", 64, None),
    )
}
"""Every digest known here, by name."""

DIGEST_BY_OID = {d.oid: d for d in DIGESTS.values()}

SM3_OID = "1.2.156.10197.1.401"
SM2_OIDS = {"1.2.156.10197.1.301", "1.2.156.10197.1.501", "1.2.156.10197.1.301.1"}


def hasher(name: str) -> Any:
    """A fresh hash object. Raises KeyError for a digest that is not in the table or not in this Python."""
    spec = DIGESTS[name]
    if name == "shake256":
        return _Shake()
    try:
        return hashlib.new(spec.name)
    except ValueError:
        raise KeyError(name) from None


class _Shake:
    """SHAKE256 with the fixed 512-bit output that CMS uses beside Ed448 (RFC 8419 2.3)."""

    def __init__(self) -> None:
        self._state = hashlib.shake_256()

    def update(self, data: bytes) -> None:
        self._state.update(data)

    def digest(self) -> bytes:
        return self._state.digest(64)

    def copy(self) -> _Shake:
        other = _Shake()
        other._state = self._state.copy()
        return other


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to sign: the row that a signer names and that a verifier finds from the identifiers in a CMS."""

    name: str
    """Name, such as "rsa-pss-sha256"."""
    key_type: str
    """"rsa", "ec", "ed25519", "ed448" or "sm2"."""
    digest: str
    """Name of the digest of content and attributes."""
    oid: str
    """signatureAlgorithm in CMS (RFC 3370, 5754, 4056, 8419)."""
    pss: bool = False
    """RSASSA-PSS with MGF1 of the same digest and a salt of the digest's size."""


SCHEMES: dict[str, Scheme] = {
    s.name: s
    for s in (
        *(
            Scheme(f"rsa-pkcs1v15-{d}", "rsa", d, oid)
            for d, oid in (
                ("sha256", "1.2.840.113549.1.1.11"),
                ("sha384", "1.2.840.113549.1.1.12"),
                ("sha512", "1.2.840.113549.1.1.13"),
            )
        ),
        *(Scheme(f"rsa-pss-{d}", "rsa", d, "1.2.840.113549.1.1.10", pss=True) for d in ("sha256", "sha384", "sha512")),
        *(
            Scheme(f"ecdsa-{d}", "ec", d, oid)
            for d, oid in (
                ("sha256", "1.2.840.10045.4.3.2"),
                ("sha384", "1.2.840.10045.4.3.3"),
                ("sha512", "1.2.840.10045.4.3.4"),
            )
        ),
        Scheme("ed25519", "ed25519", "sha512", "1.3.101.112"),
    )
}
"""Schemes that eseal signs with, by name."""


def default_scheme(key_type: str, bits: int) -> str:
    """The scheme used where the caller names none: strength of the digest follows the key."""
    if key_type == "rsa":
        return "rsa-pkcs1v15-sha256"
    if key_type == "ec":
        return {256: "ecdsa-sha256", 384: "ecdsa-sha384", 521: "ecdsa-sha512"}[bits]
    return key_type


def pyca_hash(name: str) -> hashes.HashAlgorithm:
    """The pyca object for a digest by its name here. Raises KeyError."""
    table: dict[str, type[hashes.HashAlgorithm]] = {
        "md5": hashes.MD5,
        "sha1": hashes.SHA1,
        "sha224": hashes.SHA224,
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
        "sha512_224": hashes.SHA512_224,
        "sha512_256": hashes.SHA512_256,
        "sha3_224": hashes.SHA3_224,
        "sha3_256": hashes.SHA3_256,
        "sha3_384": hashes.SHA3_384,
        "sha3_512": hashes.SHA3_512,
    }
    return table[name]()


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What kind of key a SubjectPublicKeyInfo holds."""

    key_type: str
    """"rsa", "ec", "ed25519", "ed448", "sm2" or the OID of what is not known."""
    bits: int
    """Modulus or curve size in bits; 0 where not known."""
    curve: str = ""
    """Name of the curve, for "ec"."""


RSA_MIN_BITS = ((2048, None), (1024, _year(2014)), (0, _year(2006)))
"""RSA sizes with the time from which a smaller one no longer counts."""


def key_acceptable_until(facts: KeyFacts) -> datetime | None:
    """Time from which the key's size is no longer believed; None where no end is set."""
    if facts.key_type in ("rsa", "dsa"):
        return next(until for bits, until in RSA_MIN_BITS if facts.bits >= bits)
    if facts.key_type == "ec" and facts.bits < 224:
        return _year(2014)
    return None


class UnknownAlgorithm(Exception):
    """An algorithm that is not in the table, or that this machine cannot compute: the answer is unknown, by name."""


class BadSignature(Exception):
    """The signature value is not the key's over these bytes."""


def sign(private_key: Any, scheme: Scheme, message: bytes) -> bytes:
    """Sign `message` with a pyca private key that fits `scheme`."""
    if scheme.key_type == "rsa":
        digest = pyca_hash(scheme.digest)
        pad: padding.AsymmetricPadding = padding.PKCS1v15()
        if scheme.pss:
            pad = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
        return bytes(private_key.sign(message, pad, digest))
    if scheme.key_type == "ec":
        return bytes(private_key.sign(message, ec.ECDSA(pyca_hash(scheme.digest))))
    return bytes(private_key.sign(message))


def verify(
    public_key: Any,
    key_type: str,
    digest: str,
    message: bytes,
    signature: bytes,
    *,
    pss_salt: int | None = None,
    mgf_digest: str | None = None,
    prehashed: bool = False,
) -> None:
    """Check a signature with a pyca public key. Raises BadSignature or UnknownAlgorithm.

    `pss_salt` is the salt length in bytes for RSASSA-PSS, None for PKCS#1 v1.5. With `prehashed` the message is
    the digest itself (a CMS without signed attributes over a large document).
    """
    from cryptography.hazmat.primitives.asymmetric import utils

    try:
        if isinstance(public_key, rsa.RSAPublicKey) and key_type == "rsa":
            algorithm: Any = pyca_hash(digest)
            pad: padding.AsymmetricPadding = padding.PKCS1v15()
            if pss_salt is not None:
                pad = padding.PSS(mgf=padding.MGF1(pyca_hash(mgf_digest or digest)), salt_length=pss_salt)
            public_key.verify(signature, message, pad, utils.Prehashed(algorithm) if prehashed else algorithm)
        elif isinstance(public_key, ec.EllipticCurvePublicKey) and key_type == "ec":
            algorithm = pyca_hash(digest)
            public_key.verify(signature, message, ec.ECDSA(utils.Prehashed(algorithm) if prehashed else algorithm))
        elif isinstance(public_key, dsa.DSAPublicKey) and key_type == "dsa":
            algorithm = pyca_hash(digest)
            public_key.verify(signature, message, utils.Prehashed(algorithm) if prehashed else algorithm)
        elif isinstance(public_key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey) and not prehashed:
            public_key.verify(signature, message)
        else:
            raise UnknownAlgorithm(key_type)
    except InvalidSignature:
        raise BadSignature(key_type) from None
    except (UnsupportedAlgorithm, KeyError) as error:
        raise UnknownAlgorithm(f"{key_type} {digest}") from error
    except ValueError as error:
        raise BadSignature(str(error)) from error


def load_public_key(spki: bytes) -> Any:
    """The pyca key of a SubjectPublicKeyInfo. Raises UnknownAlgorithm where pyca cannot read it."""
    try:
        return serialization.load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise UnknownAlgorithm(str(error)) from error
