"""Checks the signature of signed X.509 structures: certificates, CRLs, OCSP responses (RFC 5280 4.1.1.2, 5.1.1.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from asn1crypto import algos, keys
from cryptography.hazmat.primitives.asymmetric import rsa

from eseal.crypto import algorithms
from eseal.crypto.algorithms import DIGEST_BY_OID, BadSignature, UnknownAlgorithm
from eseal.crypto.certificates import parse
from eseal.model import Certificate, KeyInfo

# signatureAlgorithm -> (key type, digest); RFC 3279, 4055, 5758, 8410, 9688 and NIST's for SHA-3.
_FIXED: dict[str, tuple[str, str]] = {
    "1.2.840.113549.1.1.4": ("rsa", "md5"),
    "1.2.840.113549.1.1.5": ("rsa", "sha1"),
    "1.3.14.3.2.29": ("rsa", "sha1"),
    "1.2.840.113549.1.1.14": ("rsa", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa", "sha512"),
    "2.16.840.1.101.3.4.3.13": ("rsa", "sha3_224"),
    "2.16.840.1.101.3.4.3.14": ("rsa", "sha3_256"),
    "2.16.840.1.101.3.4.3.15": ("rsa", "sha3_384"),
    "2.16.840.1.101.3.4.3.16": ("rsa", "sha3_512"),
    "1.2.840.10045.4.1": ("ec", "sha1"),
    "1.2.840.10045.4.3.1": ("ec", "sha224"),
    "1.2.840.10045.4.3.2": ("ec", "sha256"),
    "1.2.840.10045.4.3.3": ("ec", "sha384"),
    "1.2.840.10045.4.3.4": ("ec", "sha512"),
    "2.16.840.1.101.3.4.3.9": ("ec", "sha3_224"),
    "2.16.840.1.101.3.4.3.10": ("ec", "sha3_256"),
    "2.16.840.1.101.3.4.3.11": ("ec", "sha3_384"),
    "2.16.840.1.101.3.4.3.12": ("ec", "sha3_512"),
    "1.3.101.112": ("ed25519", "sha512"),
    "1.3.101.113": ("ed448", "shake256"),
}
_PSS = "1.2.840.113549.1.1.10"


@lru_cache(maxsize=1024)
def public_key(key: KeyInfo) -> Any:
    """The pyca key. An RSA modulus without its leading zero byte is read as the unsigned number it is.

    Raises UnknownAlgorithm.
    """
    try:
        return algorithms.load_public_key(key.der)
    except UnknownAlgorithm:
        try:
            spki = keys.PublicKeyInfo.load(key.der)
            if spki["algorithm"]["algorithm"].dotted not in ("1.2.840.113549.1.1.1", _PSS):
                raise
            modulus = int.from_bytes(spki["public_key"].parsed["modulus"].contents, "big")
            return rsa.RSAPublicNumbers(spki["public_key"].parsed["public_exponent"].native, modulus).public_key()
        except (ValueError, TypeError, KeyError) as error:
            raise UnknownAlgorithm(str(error)) from error


def digest_name(algorithm: algos.SignedDigestAlgorithm) -> str:
    """Name of the digest that a signatureAlgorithm names. Raises UnknownAlgorithm."""
    return _read(algorithm)[1]


def _read(algorithm: algos.SignedDigestAlgorithm) -> tuple[str, str, int | None, str | None]:
    oid = algorithm["algorithm"].dotted
    if oid in _FIXED:
        return (*_FIXED[oid], None, None)
    if oid != _PSS:
        raise UnknownAlgorithm(oid)
    try:
        parameters = algorithm["parameters"]
        digest = DIGEST_BY_OID[parameters["hash_algorithm"]["algorithm"].dotted].name
        generator = parameters["mask_gen_algorithm"]
        if generator["algorithm"].dotted != "1.2.840.113549.1.1.8" or parameters["trailer_field"].native not in (
            1,
            "trailer_field_bc",
        ):
            raise UnknownAlgorithm(oid)
        mgf = DIGEST_BY_OID[generator["parameters"]["algorithm"].dotted].name
        return "rsa", digest, int(parameters["salt_length"].native), mgf
    except (ValueError, TypeError, KeyError) as error:
        raise UnknownAlgorithm(oid) from error


def verify_signed(algorithm: algos.SignedDigestAlgorithm, key: KeyInfo, message: bytes, signature: bytes) -> None:
    """Check `signature` over `message` as `algorithm` says. Raises BadSignature or UnknownAlgorithm."""
    key_type, digest, salt, mgf = _read(algorithm)
    algorithms.verify(public_key(key), key_type, digest, message, signature, pss_salt=salt, mgf_digest=mgf)


@lru_cache(maxsize=4096)
def check_issued(certificate: Certificate, key: KeyInfo) -> bool | None:
    """Whether `key` signed `certificate`; None where the algorithm cannot be computed here.

    The two algorithm identifiers of a certificate must be the same (RFC 5280 4.1.1.2).
    Raises UsageError CERTIFICATE_UNREADABLE.
    """
    cert = parse(certificate)
    if cert["signature_algorithm"].dump() != cert["tbs_certificate"]["signature"].dump():
        return False
    try:
        verify_signed(cert["signature_algorithm"], key, cert["tbs_certificate"].dump(), cert["signature_value"].native)
    except BadSignature:
        return False
    except UnknownAlgorithm:
        return None
    return True


@lru_cache(maxsize=4096)
def issued_with(certificate: Certificate) -> str:
    """Name of the digest under the certificate's own signature; the OID where it is not known."""
    algorithm = parse(certificate)["signature_algorithm"]
    try:
        return digest_name(algorithm)
    except UnknownAlgorithm:
        return str(algorithm["algorithm"].dotted)
