"""Builds the detached CMS SignedData of a PAdES signature (RFC 5652, EN 319 142-1 6.3) as DER of a fixed shape.

All that depends on the signer alone is made once (`template`); a signature then costs two digests and a few joins.
The size is known before the signature is: every part is fixed but the signature value, whose largest size follows
from the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from eseal.crypto import asn1, der
from eseal.crypto.algorithms import DIGESTS, SCHEMES, KeyFacts, Scheme
from eseal.crypto.certificates import facts
from eseal.errors import PolicyError
from eseal.model import Certificate

ID_DATA = "1.2.840.113549.1.7.1"
ID_SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
SIGNATURE_TIMESTAMP = "1.2.840.113549.1.9.16.2.14"
_MGF1 = "1.2.840.113549.1.1.8"


def largest_signature(key: KeyFacts) -> int:
    """Most bytes that a signature value by `key` can have. Raises PolicyError SEAL_KEY_UNSUPPORTED.

    RSA: the size of the modulus (RFC 8017 8.1.1). Ed25519: 64 (RFC 8032 5.1.6). ECDSA: r and s are below the order,
    which is no longer than the field here, so each INTEGER has at most bits // 8 + 1 octets (RFC 3279 2.2.3).
    """
    if key.key_type == "rsa" and key.bits:
        return (key.bits + 7) // 8
    if key.key_type == "ed25519":
        return 64
    if key.key_type == "ec" and key.bits:
        number = der.tlv(0x02, bytes(key.bits // 8 + 1))
        return len(der.sequence(number, number))
    raise PolicyError("SEAL_KEY_UNSUPPORTED", key=key.key_type)


def digest_identifier(name: str) -> bytes:
    """AlgorithmIdentifier of a digest, without parameters (RFC 5754 2)."""
    return der.sequence(der.oid(DIGESTS[name].oid))


def signature_identifier(scheme: Scheme) -> bytes:
    """AlgorithmIdentifier of a signature: NULL for PKCS#1 v1.5 (RFC 5754 3.2), all parameters for PSS (RFC 4055)."""
    if scheme.pss:
        # RFC 4055 2.1 writes the digests of PSS with NULL, unlike RFC 5754; all known verifiers take this form.
        digest = der.sequence(der.oid(DIGESTS[scheme.digest].oid), der.null())
        mask = der.sequence(der.oid(_MGF1), digest)
        salt = der.integer(DIGESTS[scheme.digest].size)
        parameters = der.sequence(der.explicit(0, digest), der.explicit(1, mask), der.explicit(2, salt))
        return der.sequence(der.oid(scheme.oid), parameters)
    if scheme.key_type == "rsa":
        return der.sequence(der.oid(scheme.oid), der.null())
    return der.sequence(der.oid(scheme.oid))


def attribute(kind: str, value: bytes) -> bytes:
    """An Attribute with one value (RFC 5652 5.3)."""
    return der.sequence(der.oid(kind), der.set_of([value]))


@dataclass(frozen=True, slots=True)
class CmsTemplate:
    """What all signatures of one signer have in common."""

    scheme: Scheme
    """How it signs; its digest is that of the document too."""
    signature_bound: int
    """Most bytes that the signature value can have."""
    _attributes: tuple[bytes, ...] = field(repr=False)
    """Signed attributes but messageDigest."""
    _head: bytes = field(repr=False)
    """SignedData up to the certificates."""
    _signer: bytes = field(repr=False)
    """SignerInfo up to the signed attributes."""
    _algorithm: bytes = field(repr=False)
    """signatureAlgorithm."""

    def signed_attributes(self, digest: bytes) -> bytes:
        """DER of the SET OF signed attributes over a document's digest: the message that is signed (RFC 5652 5.4)."""
        if len(digest) != DIGESTS[self.scheme.digest].size:
            raise ValueError(f"digest of {len(digest)} bytes for {self.scheme.digest}")
        return der.set_of((*self._attributes, attribute(MESSAGE_DIGEST, der.octets(digest))))

    def assemble(self, signed_attributes: bytes, signature: bytes, timestamp: bytes | None = None) -> bytes:
        """DER of the ContentInfo; `timestamp` is a TimeStampToken over `signature` (RFC 3161 appendix A)."""
        # The attributes are signed as a SET OF and stored as [0] IMPLICIT: the same bytes but the first.
        parts = [self._signer, b"\xa0", signed_attributes[1:], self._algorithm, der.octets(signature)]
        if timestamp is not None:
            parts.append(der.tlv(0xA1, attribute(SIGNATURE_TIMESTAMP, timestamp)))
        signer_info = der.sequence(*parts)
        return der.sequence(
            der.oid(ID_SIGNED_DATA), der.explicit(0, der.sequence(self._head, der.set_of([signer_info])))
        )

    def largest(self, timestamp: int | None = None) -> int:
        """Most bytes that `assemble` can give, with a token of at most `timestamp` bytes.

        A proven bound: all other parts have their true size, and the length of DER grows with its content.
        """
        attributes = self.signed_attributes(bytes(DIGESTS[self.scheme.digest].size))
        token = None if timestamp is None else bytes(timestamp)
        return len(self.assemble(attributes, bytes(self.signature_bound), token))


@lru_cache(maxsize=256)
def template(certificate: Certificate, chain: tuple[Certificate, ...], scheme: str) -> CmsTemplate:
    """The template of a signer. Raises PolicyError SEAL_SCHEME_MISMATCH, SEAL_KEY_UNSUPPORTED, SEAL_SCHEME_UNKNOWN."""
    row = SCHEMES.get(scheme)
    if row is None:
        raise PolicyError("SEAL_SCHEME_UNKNOWN", scheme=scheme, known=", ".join(sorted(SCHEMES)))
    leaf = facts(certificate)
    if leaf.key_facts.key_type != row.key_type:
        raise PolicyError("SEAL_SCHEME_MISMATCH", scheme=scheme, key=leaf.key_facts.key_type)
    digest, algorithm = digest_identifier(row.digest), signature_identifier(row)
    return CmsTemplate(
        scheme=row,
        signature_bound=largest_signature(leaf.key_facts),
        _attributes=(
            attribute(CONTENT_TYPE, der.oid(ID_DATA)),
            attribute(SIGNING_CERTIFICATE_V2, signing_certificate(certificate)),
            # RFC 6211: an attacker cannot swap the algorithms. signingTime is left out: EN 319 142-1 6.3 puts the
            # claimed time into /M alone.
            attribute(ALGORITHM_PROTECTION, der.sequence(digest, b"\xa1" + algorithm[1:])),
        ),
        _head=b"".join(
            (
                der.integer(1),
                der.set_of([digest]),
                der.sequence(der.oid(ID_DATA)),
                _certificates((certificate, *chain)),
            )
        ),
        _signer=der.integer(1) + der.sequence(leaf.issuer_der, der.integer(leaf.serial)) + digest,
        _algorithm=algorithm,
    )


def with_timestamp(cms: bytes, token: bytes) -> bytes:
    """`cms`, made by whomever, with a TimeStampToken over its signature value as unsigned attribute (RFC 3161 app. A).

    Everything else keeps its bytes; only the lengths around it change. Raises PolicyError SEAL_CMS_STRUCTURE for what
    is not a SignedData with one SignerInfo.
    """
    try:
        kind, explicit = asn1.whole(cms).expect(asn1.SEQUENCE).children()
        (signed,) = explicit.expect(asn1.context(0)).children()
        parts = signed.expect(asn1.SEQUENCE).children()
        (signer,) = parts[-1].expect(asn1.SET).children()
        members = signer.expect(asn1.SEQUENCE).children()
        old = b""
        if members[-1].tag == asn1.context(1):
            old = b"".join(sorted(child.raw for child in members.pop().children()))
    except (asn1.Asn1Error, ValueError, IndexError):
        raise PolicyError("SEAL_CMS_STRUCTURE") from None
    stamped = der.tlv(asn1.context(1), old, attribute(SIGNATURE_TIMESTAMP, token))
    signer_info = der.sequence(*(m.raw for m in members), stamped)
    whole = der.sequence(*(p.raw for p in parts[:-1]), der.set_of([signer_info]))
    return der.sequence(kind.raw, der.explicit(0, whole))


def signing_certificate(certificate: Certificate) -> bytes:
    """SigningCertificateV2 over one certificate (RFC 5035 3): SHA-256, the default, is left out as DER demands."""
    return der.sequence(der.sequence(der.sequence(der.octets(hashlib.sha256(certificate.der).digest()))))


def _certificates(certificates: Sequence[Certificate]) -> bytes:
    # Sorted: ISO 32000-2 12.8.3.3.1 asks for DER, and there SET OF is sorted.
    return der.explicit(0, *sorted({c.der for c in certificates}))
