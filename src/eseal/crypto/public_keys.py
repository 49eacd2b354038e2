"""Public keys from SubjectPublicKeyInfo, as strangers write them, and the check of a signature value with one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from eseal.crypto import algorithms, asn1
from eseal.crypto.algorithms import BadSignature, KeyFacts, UnknownAlgorithm
from eseal.crypto.signature_algorithms import (
    PSS,
    RSA,
    AlgorithmIdentifier,
    SignatureScheme,
    algorithm_name,
    scheme_of,
)
from eseal.model import Certificate, KeyInfo

_EC = "1.2.840.10045.2.1"
_DSA = "1.2.840.10040.4.1"
_EDWARDS = {"1.3.101.112": "ed25519", "1.3.101.113": "ed448"}
_MAX_RSA_BITS = 16_384


class UnfitKey(BadSignature):
    """The key and the signature algorithm do not belong together, or the key is no key at all."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that can be used. Internal to `crypto`: `key` is pyca's."""

    facts: KeyFacts
    """Kind and size."""
    key: Any
    """The pyca key."""
    pss: SignatureScheme | None = None
    """Parameters to which an id-RSASSA-PSS key is bound (RFC 4055 3.1)."""
    pss_only: bool = False
    """True for a key whose own OID is id-RSASSA-PSS."""


@lru_cache(maxsize=1024)
def public_key(info: KeyInfo) -> PublicKey:
    """Read a SubjectPublicKeyInfo. Raises UnknownAlgorithm by name, UnfitKey for a key that is none."""
    try:
        algorithm, bits = asn1.whole(info.der).expect(asn1.SEQUENCE).children()
        identifier = AlgorithmIdentifier.read(algorithm)
        value = bits.expect(asn1.BIT_STRING).content
        if value[:1] != b"\0":
            raise asn1.Asn1Error("unused bits in a key")
        if identifier.oid in (RSA, PSS):
            return _rsa(identifier, value[1:])
        if identifier.oid == _EC:
            return _ec(identifier, info.der)
        if identifier.oid in _EDWARDS:
            kind = _EDWARDS[identifier.oid]
            return PublicKey(KeyFacts(kind, 256 if kind == "ed25519" else 456), algorithms.load_public_key(info.der))
        if identifier.oid == _DSA:
            key = algorithms.load_public_key(info.der)
            return PublicKey(KeyFacts("dsa", key.key_size), key)
    except asn1.Asn1Error as error:
        raise UnfitKey(str(error)) from error
    except ValueError as error:
        # Unpacking a SEQUENCE of another length.
        raise UnfitKey("SubjectPublicKeyInfo") from error
    raise UnknownAlgorithm(algorithm_name(identifier.oid))


def _rsa(identifier: AlgorithmIdentifier, value: bytes) -> PublicKey:
    modulus_part, exponent_part = asn1.whole(value).expect(asn1.SEQUENCE).children()[:2]
    # Some issuers leave out the zero octet before a modulus with its top bit set: the octets are the number.
    modulus = int.from_bytes(modulus_part.expect(asn1.INTEGER).content, "big")
    exponent = asn1.integer(exponent_part)
    # With exponent 1 every padded digest is its own signature; an even one belongs to no RSA key.
    if exponent < 3 or exponent % 2 == 0 or modulus % 2 == 0 or exponent >= modulus:
        raise UnfitKey(f"RSA exponent {exponent}")
    if modulus.bit_length() > _MAX_RSA_BITS:
        raise UnknownAlgorithm(f"RSA {modulus.bit_length()}")
    try:
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise UnfitKey(str(error)) from error
    facts = KeyFacts("rsa", modulus.bit_length())
    if identifier.oid == RSA:
        return PublicKey(facts, key)
    bound = scheme_of(identifier) if identifier.parameters not in (b"", b"\x05\x00") else None
    return PublicKey(facts, key, bound, pss_only=True)


def _ec(identifier: AlgorithmIdentifier, der: bytes) -> PublicKey:
    if identifier.parameters[:1] != bytes((asn1.OID,)):
        # RFC 5480 2.1.1: named curves alone. A curve of the signer's own choosing signs anything (CVE-2020-0601).
        raise UnknownAlgorithm("ECDSA, explicit curve parameters")
    curve = asn1.oid(asn1.whole(identifier.parameters))
    if curve in algorithms.SM2_OIDS:
        raise UnknownAlgorithm(algorithm_name(curve))
    try:
        key = algorithms.load_public_key(der)
    except UnknownAlgorithm:
        if curve not in _PYCA_CURVES:
            raise UnknownAlgorithm(f"ECDSA, curve {curve}") from None
        raise UnfitKey("point not on the curve") from None
    return PublicKey(KeyFacts("ec", key.curve.key_size, key.curve.name), key)


_PYCA_CURVES = {
    "1.2.840.10045.3.1.1",
    "1.2.840.10045.3.1.7",
    "1.3.132.0.10",
    "1.3.132.0.33",
    "1.3.132.0.34",
    "1.3.132.0.35",
    "1.3.36.3.3.2.8.1.1.7",
    "1.3.36.3.3.2.8.1.1.11",
    "1.3.36.3.3.2.8.1.1.13",
}


def verify_value(
    key: PublicKey, scheme: SignatureScheme, message: bytes, signature: bytes, *, prehashed: bool = False
) -> None:
    """Check one signature value. Raises BadSignature (UnfitKey where key and scheme differ) or UnknownAlgorithm."""
    if key.facts.key_type != scheme.key_type:
        raise UnfitKey(f"{scheme.name} with a key for {key.facts.key_type}")
    if key.pss_only and scheme.pss_salt is None:
        raise UnfitKey("PKCS #1 v1.5 with a key for RSASSA-PSS alone")
    if key.pss is not None and scheme.pss_salt is not None:
        bound = key.pss
        same = (bound.digest, bound.mgf_digest) == (scheme.digest, scheme.mgf_digest)
        if not same or scheme.pss_salt < (bound.pss_salt or 0):
            raise UnfitKey("RSASSA-PSS parameters of the key")
    if scheme.plain:
        signature = _plain_to_der(key.key, signature)
    if prehashed and scheme.key_type in ("ed25519", "ed448"):
        # RFC 8419 3.1: the pure forms sign the message itself, which only its digest cannot stand for.
        raise UnknownAlgorithm(f"{scheme.name} without signed attributes")
    algorithms.verify(
        key.key,
        scheme.key_type,
        scheme.digest,
        message,
        signature,
        pss_salt=scheme.pss_salt,
        mgf_digest=scheme.mgf_digest,
        prehashed=prehashed,
    )


def _plain_to_der(key: ec.EllipticCurvePublicKey, signature: bytes) -> bytes:
    """r and s side by side, each as long as the order of the group (BSI TR-03111 5.2.1), as ECDSA-Sig-Value."""
    size = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise BadSignature(f"{len(signature)} octets instead of {2 * size}")
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))


def verify_certificate_signature(certificate: Certificate, issuer_key: KeyInfo) -> None:
    """Check that `issuer_key` signed `certificate` (RFC 5280 4.1.1). Raises BadSignature or UnknownAlgorithm.

    The algorithm inside and outside the signed part must be the same (RFC 5280 4.1.1.2).
    """
    try:
        to_be_signed, algorithm, bits = asn1.whole(certificate.der).expect(asn1.SEQUENCE).children()
        fields = to_be_signed.expect(asn1.SEQUENCE).children()
        inner = fields[2] if fields[0].tag == asn1.context(0) else fields[1]
        if inner.raw != algorithm.raw:
            raise BadSignature("signature algorithms differ")
        signature = bits.expect(asn1.BIT_STRING).content
        if signature[:1] != b"\0":
            raise BadSignature("unused bits")
        scheme = scheme_of(AlgorithmIdentifier.read(algorithm))
        verify_value(public_key(issuer_key), scheme, to_be_signed.raw, signature[1:])
    except (ValueError, IndexError) as error:
        raise BadSignature(str(error)) from error


@lru_cache(maxsize=4096)
def certificate_scheme(certificate: Certificate) -> SignatureScheme:
    """The scheme under a certificate's own signature. Raises UnknownAlgorithm, also for what cannot be read."""
    try:
        children = asn1.whole(certificate.der).children()
        return scheme_of(AlgorithmIdentifier.read(children[1]))
    except (asn1.Asn1Error, IndexError) as error:
        raise UnknownAlgorithm("unreadable certificate") from error
