"""Whether a key signed an X.509 structure: certificate, CRL, OCSP response. Three answers: yes, no, cannot be told."""

from __future__ import annotations

from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.algorithms import BadSignature, UnknownAlgorithm
from eseal.crypto.public_keys import public_key, verify_certificate_signature, verify_value
from eseal.crypto.signature_algorithms import AlgorithmIdentifier, SignatureScheme, scheme_of
from eseal.model import Certificate, KeyInfo

CACHED_BYTES = 65_536
"""Largest structure whose outcome is kept for the next document."""


@lru_cache(maxsize=4096)
def check_issued(certificate: Certificate, key: KeyInfo) -> bool | None:
    """Whether `key` signed `certificate` (RFC 5280 4.1.1); None where the algorithm cannot be computed here."""
    try:
        verify_certificate_signature(certificate, key)
    except BadSignature:
        return False
    except UnknownAlgorithm:
        return None
    return True


def signed_scheme(algorithm: asn1.Element) -> SignatureScheme:
    """The scheme that a signatureAlgorithm names. Raises UnknownAlgorithm, Asn1Error."""
    return scheme_of(AlgorithmIdentifier.read(algorithm))


def check_signed(to_be_signed: bytes, algorithm: asn1.Element, signature: asn1.Element, key: KeyInfo) -> bool | None:
    """Whether `key` signed the bytes `to_be_signed` of a CRL or OCSP response; None where it cannot be computed.

    `signature` is the BIT STRING around the value.
    """
    small = len(to_be_signed) <= CACHED_BYTES
    return (_check_cached if small else _check)(to_be_signed, algorithm.raw, signature.raw, key)


@lru_cache(maxsize=1024)
def _check_cached(to_be_signed: bytes, algorithm: bytes, signature: bytes, key: KeyInfo) -> bool | None:
    return _check(to_be_signed, algorithm, signature, key)


def _check(to_be_signed: bytes, algorithm: bytes, signature: bytes, key: KeyInfo) -> bool | None:
    try:
        value = asn1.whole(signature).expect(asn1.BIT_STRING).content
        if value[:1] != b"\0":
            return False
        verify_value(public_key(key), signed_scheme(asn1.whole(algorithm)), to_be_signed, value[1:])
    except (BadSignature, asn1.Asn1Error):
        return False
    except UnknownAlgorithm:
        return None
    return True
