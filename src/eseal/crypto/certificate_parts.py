"""The few fields of a certificate that finding and checking a signature needs, read without a full parse."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.asn1 import Asn1Error, Element, context
from eseal.model import Certificate, KeyInfo

_SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
_EXTENDED_KEY_USAGE = "2.5.29.37"


@dataclass(frozen=True, slots=True)
class CertificateParts:
    """Fields as found (RFC 5280 4.1)."""

    serial: bytes
    """Content of the serial number's INTEGER."""
    issuer: bytes = field(repr=False)
    """Issuer's name as found."""
    key: KeyInfo = field(repr=False)
    """SubjectPublicKeyInfo as found."""
    key_identifier: bytes | None = None
    """subjectKeyIdentifier."""
    extended_key_usage: tuple[str, ...] | None = None
    """OIDs of extKeyUsage, None where the extension is absent."""
    extended_key_usage_critical: bool = False
    """Whether that extension is critical."""


@lru_cache(maxsize=1024)
def certificate_parts(certificate: Certificate) -> CertificateParts:
    """Read the fields. Raises Asn1Error."""
    to_be_signed = asn1.whole(certificate.der).expect(asn1.SEQUENCE).children()[:1]
    fields = to_be_signed[0].expect(asn1.SEQUENCE).children() if to_be_signed else []
    if fields and fields[0].tag == context(0):
        fields = fields[1:]
    if len(fields) < 6:
        raise Asn1Error("certificate")
    identifier: bytes | None = None
    usages: tuple[str, ...] | None = None
    critical = False
    for oid, is_critical, value in _extensions(fields[6:]):
        if oid == _SUBJECT_KEY_IDENTIFIER:
            identifier = asn1.whole(value).expect(asn1.OCTET_STRING).content
        elif oid == _EXTENDED_KEY_USAGE:
            usages = tuple(asn1.oid(e) for e in asn1.whole(value).expect(asn1.SEQUENCE).children())
            critical = is_critical
    return CertificateParts(
        serial=fields[0].expect(asn1.INTEGER).content,
        issuer=fields[2].expect(asn1.SEQUENCE).raw,
        key=KeyInfo(fields[5].expect(asn1.SEQUENCE).raw),
        key_identifier=identifier,
        extended_key_usage=usages,
        extended_key_usage_critical=critical,
    )


def _extensions(fields: list[Element]) -> list[tuple[str, bool, bytes]]:
    found: list[tuple[str, bool, bytes]] = []
    seen: set[str] = set()
    for part in fields:
        if part.tag != context(3):
            continue
        for extension in (e for inner in part.children() for e in inner.expect(asn1.SEQUENCE).children()):
            pieces = extension.expect(asn1.SEQUENCE).children()
            if not 2 <= len(pieces) <= 3:
                raise Asn1Error("extension")
            critical = len(pieces) == 3 and pieces[1].content != b"\0"
            oid = asn1.oid(pieces[0])
            if oid in seen:
                raise Asn1Error("extension given twice")
            seen.add(oid)
            found.append((oid, critical, asn1.octets(pieces[-1])))
    return found
