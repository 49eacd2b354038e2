"""The signed attributes of a CMS: what stands there at most once, what it says, and the bytes that are signed."""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509

from eseal.crypto import asn1
from eseal.crypto.algorithms import UnknownAlgorithm, hasher
from eseal.crypto.asn1 import Asn1Error, Element, context
from eseal.crypto.cms_parse import Attribute, SignerInfo
from eseal.crypto.signature_algorithms import AlgorithmIdentifier, digest_of_algorithm
from eseal.model import Certificate

CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
CONTENT_TIMESTAMP = "1.2.840.113549.1.9.16.2.20"
SIGNATURE_TIMESTAMP = "1.2.840.113549.1.9.16.2.14"
ARCHIVE_TIMESTAMPS = frozenset(
    {
        "1.2.840.113549.1.9.16.2.27",
        "1.2.840.113549.1.9.16.2.48",
        "0.4.0.1733.2.4",
        "1.2.840.113549.1.9.16.2.25",
        "1.2.840.113549.1.9.16.2.26",
    }
)
CERTIFICATE_VALUES = "1.2.840.113549.1.9.16.2.23"
REVOCATION_VALUES = "1.2.840.113549.1.9.16.2.24"
REVOCATION_ARCHIVAL = "1.2.840.113583.1.1.8"

# Every nested indefinite length is searched for its end anew, so the depth that is recoded bounds the time.
_RECODED_DEPTH = 16
_MAX_NAME = 4096

# RFC 5652 11.1 to 11.3, RFC 6211 2, RFC 5035 5.4: once, with one value each.
_SINGLE = (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    ALGORITHM_PROTECTION,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
)


@dataclass(frozen=True, slots=True)
class CertificateReference:
    """ESSCertID or ESSCertIDv2 (RFC 2634 5.4.1, RFC 5035 4): which certificate the signer meant."""

    version: int
    """1 or 2."""
    digest: str
    """Name of the digest."""
    value: bytes
    """Digest of the certificate."""
    issuer: bytes
    """DER of the issuer's name, empty where not given."""
    serial: bytes
    """Content of the serial number, empty where not given."""


@dataclass(frozen=True, slots=True)
class SignedAttributes:
    """What the signed attributes say."""

    oids: tuple[str, ...]
    """Types in the order found."""
    problems: tuple[str, ...]
    """Types that are missing, repeated or malformed, where that makes the signature worthless."""
    content_type: str | None
    """contentType."""
    message_digest: bytes | None
    """messageDigest."""
    signing_time: datetime | None
    """signingTime, aware; None where absent or unreadable."""
    protected: tuple[AlgorithmIdentifier, AlgorithmIdentifier] | None
    """Digest and signature algorithm of CMSAlgorithmProtection."""
    references: tuple[CertificateReference, ...]
    """The first reference of each signing-certificate attribute."""
    unknown_reference: str | None
    """Name of the digest of a reference that is not known here."""


def read(signer: SignerInfo) -> SignedAttributes:
    """Read the signed attributes of `signer`; never raises: what is wrong stands in `problems`."""
    counts = Counter(a.oid for a in signer.signed_attributes)
    problems = [oid for oid in (CONTENT_TYPE, MESSAGE_DIGEST) if not counts[oid]]
    single: dict[str, Element] = {}
    for attribute in signer.signed_attributes:
        if attribute.oid not in _SINGLE:
            continue
        if counts[attribute.oid] != 1 or len(attribute.values) != 1:
            problems.append(attribute.oid)
        else:
            single[attribute.oid] = attribute.values[0]
    content_type = message_digest = protected = when = None
    references: list[CertificateReference] = []
    unknown = None
    for oid, value in single.items():
        try:
            if oid == CONTENT_TYPE:
                content_type = asn1.oid(value)
            elif oid == MESSAGE_DIGEST:
                if value.tag & ~0x20 != asn1.OCTET_STRING:
                    raise Asn1Error("message digest")
                message_digest = asn1.octets(value)
            elif oid == SIGNING_TIME:
                when = asn1.time(value)
            elif oid == ALGORITHM_PROTECTION:
                protected = _protection(value)
            else:
                references.append(_reference(value, 2 if oid == SIGNING_CERTIFICATE_V2 else 1))
        except Asn1Error:
            # A claimed time that cannot be read claims nothing; everything else binds the signature.
            if oid != SIGNING_TIME:
                problems.append(oid)
        except UnknownAlgorithm as error:
            unknown = str(error)
    return SignedAttributes(
        tuple(a.oid for a in signer.signed_attributes),
        tuple(dict.fromkeys(problems)),
        content_type,
        message_digest,
        when,
        protected,
        tuple(references),
        unknown,
    )


def _protection(value: Element) -> tuple[AlgorithmIdentifier, AlgorithmIdentifier]:
    """CMSAlgorithmProtection (RFC 6211 2) with a signature algorithm."""
    parts = value.expect(asn1.SEQUENCE).children()
    if len(parts) != 2:
        raise Asn1Error("algorithm protection")
    return AlgorithmIdentifier.read(parts[0].expect(asn1.SEQUENCE)), AlgorithmIdentifier.read(
        parts[1].expect(context(1))
    )


def _reference(value: Element, version: int) -> CertificateReference:
    """The first reference: the signing certificate's own (RFC 5035 5.4)."""
    parts = value.expect(asn1.SEQUENCE).children()
    if not 1 <= len(parts) <= 2:
        raise Asn1Error("signing certificate")
    certificates = parts[0].expect(asn1.SEQUENCE).children()
    if not certificates:
        raise Asn1Error("signing certificate")
    fields = certificates[0].expect(asn1.SEQUENCE).children()
    digest = "sha1" if version == 1 else "sha256"
    if version == 2 and fields and fields[0].tag == asn1.SEQUENCE:
        digest = digest_of_algorithm(AlgorithmIdentifier.read(fields.pop(0)))
    if not 1 <= len(fields) <= 2:
        raise Asn1Error("certificate reference")
    issuer = serial = b""
    if len(fields) == 2:
        issuer_serial = fields[1].expect(asn1.SEQUENCE).children()
        if len(issuer_serial) < 2:
            raise Asn1Error("issuer and serial number")
        asn1.integer(issuer_serial[1])
        serial = issuer_serial[1].content
        members = issuer_serial[0].expect(asn1.SEQUENCE).children()
        # RFC 5035 4: one directoryName and nothing else.
        if len(members) == 1 and members[0].tag == context(4):
            issuer = members[0].content
    return CertificateReference(version, digest, fields[0].expect(asn1.OCTET_STRING).content, issuer, serial)


def signed_bytes(signer: SignerInfo) -> tuple[bytes, bytes | None]:
    """The DER of the signed attributes that the signature covers, and the encoding as found where that differs.

    RFC 5652 5.4: an explicit SET OF in DER, whatever stands in the SignerInfo. Raises Asn1Error.
    """
    if signer.signed is None:
        raise Asn1Error("no signed attributes")
    members = []
    for attribute in signer.signed_attributes:
        if len(attribute.values) > 1 or not _is_der(attribute):
            members.append(_to_der(attribute))
        else:
            members.append(attribute.element.raw)
    der = asn1.encode(asn1.SET, *sorted(members))
    found = signer.signed.retagged(asn1.SET)
    return der, (found if found != der else None)


def _is_der(attribute: Attribute) -> bool:
    return asn1.check_bounds(attribute.element.raw)


def _to_der(attribute: Attribute) -> bytes:
    kind = attribute.element.children()[0]
    values = sorted(asn1.to_der(v, _RECODED_DEPTH) for v in attribute.values)
    return asn1.encode(asn1.SEQUENCE, asn1.to_der(kind), asn1.encode(asn1.SET, *values))


def refers_to(reference: CertificateReference, certificate: Certificate) -> bool:
    """Whether the digest of `reference` is the digest of `certificate`. Raises UnknownAlgorithm."""
    return hmac.compare_digest(reference.value, _fingerprint(reference.digest, certificate.der))


def _fingerprint(digest: str, der: bytes) -> bytes:
    try:
        state = hasher(digest)
    except KeyError:
        raise UnknownAlgorithm(digest) from None
    state.update(der)
    return bytes(state.digest())


def same_name(one: bytes, other: bytes) -> bool:
    """Whether two names are the same (RFC 5280 7.1), also where their strings have different types."""
    if one == other:
        return True
    if len(one) > _MAX_NAME or len(other) > _MAX_NAME:
        return False
    try:
        asn1.check_bounds(one, depth=12, most=1000)
        asn1.check_bounds(other, depth=12, most=1000)
        return bool(x509.Name.load(one) == x509.Name.load(other))
    except (ValueError, TypeError, KeyError, AttributeError, LookupError):
        # asn1crypto prepares strings (stringprep) and decodes them lazily; a name it cannot read equals nothing.
        return False


def same_serial(one: bytes, other: bytes) -> bool:
    """Whether two serial numbers are the same number; padding octets of a careless encoder do not count."""
    return int.from_bytes(one, "big", signed=True) == int.from_bytes(other, "big", signed=True)
