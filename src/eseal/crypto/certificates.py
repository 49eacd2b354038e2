"""Reads certificates: names, validity, key, usages. A value over DER in, plain values out, cached by the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from asn1crypto import keys, x509

from eseal.crypto import asn1
from eseal.crypto.algorithms import SM2_OIDS, KeyFacts
from eseal.errors import UsageError
from eseal.model import Certificate, KeyInfo

_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
_SUBJECT_KEY_IDENTIFIER, _AUTHORITY_KEY_IDENTIFIER = "2.5.29.14", "2.5.29.35"
_READ = {
    _BASIC_CONSTRAINTS,
    _KEY_USAGE,
    _EXTENDED_KEY_USAGE,
    _SUBJECT_KEY_IDENTIFIER,
    _AUTHORITY_KEY_IDENTIFIER,
}
KEY_USAGES = (
    "digital_signature",
    "non_repudiation",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
"""Bits of KeyUsage in order (RFC 5280 4.2.1.3)."""


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
    """Names of RFC 5280 4.2.1.12 in snake case, else dotted OIDs; None where the extension is absent."""
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


def is_marked_test(certificate: Certificate) -> bool:
    """Whether its name says TEST: nobody answers for such a key. Raises UsageError CERTIFICATE_UNREADABLE."""
    own = facts(certificate)
    units = [p.removeprefix("OU=") for p in own.subject.split(",") if p.startswith("OU=")]
    return any(name == "TEST" or name.startswith("TEST ") for name in (own.common_name, *units))


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
    """Read a certificate. Raises UsageError CERTIFICATE_UNREADABLE.

    Only what is asked for is read, with the bounded reader: a schema library takes ten times as long, and turns down
    certificates for what nobody asked.
    """
    try:
        return _facts(certificate)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise UsageError("CERTIFICATE_UNREADABLE") from error


def _facts(certificate: Certificate) -> CertificateFacts:
    to_be_signed, _, _ = asn1.whole(certificate.der).expect(asn1.SEQUENCE).children()
    fields = to_be_signed.expect(asn1.SEQUENCE).children()
    if fields[0].tag == asn1.context(0):
        fields.pop(0)
    serial, _, issuer, validity, subject, spki = fields[:6]
    not_before, not_after = (asn1.time(t) for t in validity.expect(asn1.SEQUENCE).children())
    found = _extensions(fields[6:])
    key_usage = _key_usage(found[_KEY_USAGE]) if _KEY_USAGE in found else None
    extended = None
    if _EXTENDED_KEY_USAGE in found:
        purposes = found[_EXTENDED_KEY_USAGE].expect(asn1.SEQUENCE).children()
        extended = frozenset(_purpose(asn1.oid(p)) for p in purposes)
    issuer_key = None
    if _AUTHORITY_KEY_IDENTIFIER in found:
        parts = found[_AUTHORITY_KEY_IDENTIFIER].expect(asn1.SEQUENCE).children()
        issuer_key = next((p.content for p in parts if p.tag == asn1.context(0, constructed=False)), None)
    own_key = None
    if _SUBJECT_KEY_IDENTIFIER in found:
        own_key = found[_SUBJECT_KEY_IDENTIFIER].expect(asn1.OCTET_STRING).content
    text, common = _name(subject.expect(asn1.SEQUENCE).raw)
    return CertificateFacts(
        subject=text,
        issuer=_name(issuer.expect(asn1.SEQUENCE).raw)[0],
        common_name=common or text,
        serial=asn1.integer(serial),
        not_before=not_before,
        not_after=not_after,
        key=KeyInfo(spki.expect(asn1.SEQUENCE).raw),
        key_facts=key_facts(keys.PublicKeyInfo.load(spki.raw)),
        key_usage=key_usage,
        extended_key_usage=extended,
        is_ca=_BASIC_CONSTRAINTS in found and _is_ca(found[_BASIC_CONSTRAINTS]),
        self_issued=subject.raw == issuer.raw,
        subject_der=subject.raw,
        issuer_der=issuer.raw,
        key_identifier=own_key,
        authority_key_identifier=issuer_key,
    )


def _extensions(fields: list[asn1.Element]) -> dict[str, asn1.Element]:
    """Those that are read here, by OID; one that stands twice is refused (RFC 5280 4.2)."""
    found: dict[str, asn1.Element] = {}
    for field in fields:
        if field.tag != asn1.context(3):
            continue
        for extension in field.children()[0].expect(asn1.SEQUENCE).children():
            parts = extension.expect(asn1.SEQUENCE).children()
            oid = asn1.oid(parts[0])
            if oid in found:
                raise asn1.Asn1Error(f"extension {oid} twice")
            if oid in _READ:
                found[oid] = asn1.whole(parts[-1].expect(asn1.OCTET_STRING).content)
    return found


def _key_usage(element: asn1.Element) -> frozenset[str]:
    content = element.expect(asn1.BIT_STRING).content
    bits = [octet >> (7 - n) & 1 for octet in content[1:3] for n in range(8)]
    return frozenset(name for name, bit in zip(KEY_USAGES, bits, strict=False) if bit)


def _is_ca(element: asn1.Element) -> bool:
    parts = element.expect(asn1.SEQUENCE).children()
    return bool(parts) and parts[0].tag == 0x01 and parts[0].content != b"\0"


# A table of our own: that of asn1crypto is one for the whole process, and libraries that are loaded rename its rows.
_PURPOSES = {
    "2.5.29.37.0": "any_extended_key_usage",
    "1.3.6.1.5.5.7.3.1": "server_auth",
    "1.3.6.1.5.5.7.3.2": "client_auth",
    "1.3.6.1.5.5.7.3.3": "code_signing",
    "1.3.6.1.5.5.7.3.4": "email_protection",
    "1.3.6.1.5.5.7.3.8": "time_stamping",
    "1.3.6.1.5.5.7.3.9": "ocsp_signing",
    "1.3.6.1.5.5.7.3.36": "document_signing",
    "1.2.840.113583.1.1.5": "adobe_authentic_documents_trust",
    "1.3.6.1.4.1.311.10.3.12": "microsoft_document_signing",
}

SEALING_USAGES = frozenset(
    {
        "any_extended_key_usage",
        "document_signing",
        "email_protection",
        "adobe_authentic_documents_trust",
        "microsoft_document_signing",
    }
)
"""Extended key usages that allow sealing: any, documentSigning (RFC 9336), emailProtection, Adobe's, Microsoft's."""


def _purpose(oid: str) -> str:
    return _PURPOSES.get(oid, oid)


def subject_text(der: bytes) -> str:
    """A Name in DER after RFC 4514; its bytes in hex where it cannot be read."""
    try:
        return _name(der)[0]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
        return "#" + der[:64].hex()


@lru_cache(maxsize=4096)
def _name(der: bytes) -> tuple[str, str]:
    name = x509.Name.load(der)
    return name_text(name), _common_name(name)


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
