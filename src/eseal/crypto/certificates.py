"""Reads certificates: names, validity, key, usages. A value over DER in, plain values out, cached by the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from asn1crypto import x509

from eseal.crypto.algorithms import SM2_OIDS, KeyFacts
from eseal.errors import UsageError
from eseal.model import Certificate, KeyInfo


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself."""

    subject: str
    """Subject, RFC 4514, most specific first."""
    issuer: str
    """Issuer, RFC 4514."""
    common_name: str
    """First common name, or the whole subject."""
    serial: int
    """Serial number."""
    not_before: datetime
    """Aware, UTC."""
    not_after: datetime
    """Aware, UTC."""
    key: KeyInfo
    """SubjectPublicKeyInfo."""
    key_facts: KeyFacts
    """Kind and size of the key."""
    key_usage: frozenset[str] | None
    """RFC 5280 names in snake case, None where the extension is absent."""
    extended_key_usage: frozenset[str] | None
    """asn1crypto's names or dotted OIDs; None where the extension is absent."""
    is_ca: bool
    """basicConstraints cA."""
    self_issued: bool
    """Subject and issuer are the same bytes."""
    subject_der: bytes
    """DER of the subject name."""
    issuer_der: bytes
    """DER of the issuer name."""
    key_identifier: bytes | None
    """subjectKeyIdentifier."""
    authority_key_identifier: bytes | None
    """keyIdentifier of authorityKeyIdentifier."""


def parse(certificate: Certificate) -> x509.Certificate:
    """asn1crypto's view, fully parsed. Raises UsageError CERTIFICATE_UNREADABLE."""
    try:
        cert = x509.Certificate.load(certificate.der, strict=True)
        cert.native  # noqa: B018 - forces the lazy parser, so that errors appear here and not in a caller
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise UsageError("CERTIFICATE_UNREADABLE") from error
    return cert


@lru_cache(maxsize=4096)
def facts(certificate: Certificate) -> CertificateFacts:
    """Read a certificate. Raises UsageError CERTIFICATE_UNREADABLE."""
    cert = parse(certificate)
    tbs = cert["tbs_certificate"]
    key_usage = cert.key_usage_value.native if cert.key_usage_value else None
    extended = cert.extended_key_usage_value.native if cert.extended_key_usage_value else None
    subject = name_text(cert.subject)
    akid = cert.authority_key_identifier_value
    return CertificateFacts(
        subject=subject,
        issuer=name_text(cert.issuer),
        common_name=_common_name(cert.subject) or subject,
        serial=cert.serial_number,
        not_before=tbs["validity"]["not_before"].native.astimezone(UTC),
        not_after=tbs["validity"]["not_after"].native.astimezone(UTC),
        key=KeyInfo(cert.public_key.dump()),
        key_facts=key_facts(cert.public_key),
        key_usage=frozenset(key_usage) if key_usage is not None else None,
        extended_key_usage=frozenset(extended) if extended is not None else None,
        is_ca=bool(cert.ca),
        self_issued=cert.subject.dump() == cert.issuer.dump(),
        subject_der=cert.subject.dump(),
        issuer_der=cert.issuer.dump(),
        key_identifier=cert.key_identifier,
        authority_key_identifier=akid["key_identifier"].native if akid else None,
    )


def key_facts(spki: Any) -> KeyFacts:
    """Kind and size of an asn1crypto PublicKeyInfo; never raises for odd keys."""
    oid = spki["algorithm"]["algorithm"].dotted
    if oid in ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"):
        # A modulus with its top bit set and no leading zero byte reads as negative; the bytes are the number.
        raw = spki["public_key"].parsed["modulus"].contents
        return KeyFacts("rsa", int.from_bytes(raw, "big").bit_length())
    if oid == "1.2.840.10045.2.1":
        parameters = spki["algorithm"]["parameters"]
        if parameters.name != "named":
            return KeyFacts("ec", 0, "explicit")
        curve = parameters.chosen.dotted
        if curve in SM2_OIDS:
            return KeyFacts("sm2", 256, "sm2")
        names = {"1.2.840.10045.3.1.7": ("secp256r1", 256), "1.3.132.0.34": ("secp384r1", 384)}
        names |= {"1.3.132.0.35": ("secp521r1", 521), "1.3.132.0.33": ("secp224r1", 224)}
        names |= {
            "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
            "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
            "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
            "1.2.840.10045.3.1.1": ("secp192r1", 192),
        }
        name, bits = names.get(curve, (curve, 0))
        return KeyFacts("ec", bits, name)
    if oid == "1.3.101.112":
        return KeyFacts("ed25519", 256)
    if oid == "1.3.101.113":
        return KeyFacts("ed448", 456)
    if oid in SM2_OIDS:
        return KeyFacts("sm2", 256, "sm2")
    if oid == "1.2.840.10040.4.1":
        return KeyFacts("dsa", 0)
    return KeyFacts(oid, 0)


_SHORT = {
    "common_name": "CN",
    "organization_name": "O",
    "organizational_unit_name": "OU",
    "country_name": "C",
    "locality_name": "L",
    "state_or_province_name": "ST",
    "serial_number": "serialNumber",
    "email_address": "emailAddress",
    "organization_identifier": "organizationIdentifier",
}


def name_text(name: x509.Name) -> str:
    """A distinguished name after RFC 4514; values that do not decode are shown in hex, never raised."""
    parts = []
    for rdn in reversed(list(name.chosen)):
        values = []
        for item in rdn:
            try:
                label = item["type"].native
                label = _SHORT.get(label, label)
                value = str(item["value"].native)
            except (ValueError, TypeError, KeyError):
                label, value = item["type"].dotted, "#" + item["value"].dump().hex()
            values.append(f"{label}={_escape(value)}")
        parts.append("+".join(values))
    return ",".join(parts)


def _escape(value: str) -> str:
    out = "".join("\\" + c if c in ',+"\\<>;=' else c for c in value)
    if out[:1] in ("#", " "):
        out = "\\" + out
    return out[:-1] + "\\ " if out.endswith(" ") and not out.endswith("\\ ") else out


def _common_name(name: x509.Name) -> str:
    for rdn in name.chosen:
        for item in rdn:
            if item["type"].dotted == "2.5.4.3":
                try:
                    return str(item["value"].native)
                except (ValueError, TypeError):
                    return ""
    return ""
