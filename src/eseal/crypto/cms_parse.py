"""Takes a CMS SignedData (RFC 5652 5, PKCS #7 1.5 9) apart into its raw pieces; judges nothing but the structure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.asn1 import Asn1Error, Element, context
from eseal.crypto.signature_algorithms import AlgorithmIdentifier
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
GM_SIGNED_DATA = "1.2.156.10197.6.1.4.2.2"
_OCSP_RESPONSE = "1.3.6.1.5.5.7.16.2"
_OCSP_BASIC = bytes.fromhex("06092b0601050507300101")
_MAX_CERTIFICATE_DEPTH = 40
_MAX_NAME_DEPTH = 12
# Certificates are kept in caches of thousands, so their size bounds the memory of a long-lived worker.
_MAX_CERTIFICATE_BYTES = 65_536


class CmsError(Exception):
    """The structure is not one that can be judged: a catalogue code and its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = {k: str(v) for k, v in params.items()}


@dataclass(frozen=True, slots=True)
class SignerIdentifier:
    """Which certificate a SignerInfo names: issuer and serial number, or a key identifier."""

    issuer: bytes = b""
    """Name in DER, empty where a key identifier is given."""
    serial: bytes = b""
    """Content of the serial number's INTEGER."""
    key_identifier: bytes | None = None
    """subjectKeyIdentifier."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute."""

    oid: str
    """Its type."""
    values: tuple[Element, ...] = field(repr=False)
    """Its values as found."""
    element: Element = field(repr=False)
    """The whole attribute as found."""


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """The one SignerInfo (RFC 5652 5.3)."""

    identifier: SignerIdentifier
    """Which certificate signed."""
    digest_algorithm: AlgorithmIdentifier
    """digestAlgorithm."""
    signed: Element | None = field(repr=False)
    """signedAttrs as found, None where absent."""
    signed_attributes: tuple[Attribute, ...]
    """The same, taken apart."""
    signature_algorithm: AlgorithmIdentifier
    """signatureAlgorithm."""
    signature: bytes = field(repr=False)
    """The signature value."""
    unsigned_attributes: tuple[Attribute, ...]
    """unsignedAttrs; empty where they cannot be read, see `unsigned_readable`."""
    unsigned_readable: bool
    """False where unsignedAttrs are there and malformed: they are not signed, so the signature itself still counts."""


@dataclass(frozen=True, slots=True)
class SignedData:
    """A SignedData with exactly one SignerInfo."""

    content_type: str
    """eContentType."""
    content: bytes | None
    """eContent, None where it is detached."""
    certificates: tuple[Certificate, ...]
    """X.509 certificates, without doubles, in order."""
    crls: tuple[bytes, ...]
    """DER of CertificateList."""
    ocsps: tuple[bytes, ...]
    """DER of OCSPResponse."""
    signer: SignerInfo
    """The signer."""
    trailing: bytes
    """What follows behind the ContentInfo."""
    skipped: int
    """Entries beside the certificates that are none or that cannot be read within bounds."""


def take_apart(cms: bytes, limits: Limits = DEFAULT) -> SignedData:
    """Take one SignedData apart. Raises CmsError with a code of the catalogue, Asn1Error where bytes are malformed."""
    if len(cms) > limits.cms_bytes:
        raise CmsError("CMS_TOO_LARGE", size=len(cms), limit=limits.cms_bytes)
    outer = asn1.read(cms)
    parts = outer.expect(asn1.SEQUENCE).children()
    if not parts:
        raise Asn1Error("empty ContentInfo")
    kind = asn1.oid(parts[0])
    if kind == GM_SIGNED_DATA:
        raise CmsError("CMS_TYPE_UNKNOWN", type=f"GM/T 0010 SignedData ({kind})")
    if kind != SIGNED_DATA:
        raise CmsError("CMS_TYPE_UNKNOWN", type=kind)
    if len(parts) != 2:
        raise Asn1Error("ContentInfo")
    (signed_data,) = _exactly(parts[1].expect(context(0)), 1)
    fields = signed_data.expect(asn1.SEQUENCE).children()
    if len(fields) < 4:
        raise Asn1Error("SignedData")
    # The version and the list of digest algorithms bind nothing (RFC 5652 5.1): they are read and not believed.
    asn1.integer(fields[0])
    fields[1].expect(asn1.SET)
    content_type, content = _content(fields[2].expect(asn1.SEQUENCE))
    certificates: list[Certificate] = []
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    skipped = 0
    rest = fields[3:]
    if rest and rest[0].tag == context(0):
        certificates, skipped = _certificates(rest.pop(0), limits)
    if rest and rest[0].tag == context(1):
        crls, ocsps, odd = _revocation(rest.pop(0))
        skipped += odd
    if len(rest) != 1:
        raise Asn1Error("SignedData")
    signers = rest[0].expect(asn1.SET).children()
    if len(signers) != 1:
        raise CmsError("CMS_SIGNER_COUNT", count=len(signers))
    return SignedData(
        content_type=content_type,
        content=content,
        certificates=tuple(dict.fromkeys(certificates)),
        crls=tuple(dict.fromkeys(crls)),
        ocsps=tuple(dict.fromkeys(ocsps)),
        signer=_signer(signers[0]),
        trailing=cms[outer.stop :],
        skipped=skipped,
    )


def _exactly(element: Element, count: int) -> list[Element]:
    children = element.children()
    if len(children) != count:
        raise Asn1Error(f"{len(children)} elements instead of {count} at {element.start}")
    return children


def _content(element: Element) -> tuple[str, bytes | None]:
    parts = element.children()
    if not 1 <= len(parts) <= 2:
        raise Asn1Error("EncapsulatedContentInfo")
    content_type = asn1.oid(parts[0])
    if len(parts) == 1:
        return content_type, None
    (value,) = _exactly(parts[1].expect(context(0)), 1)
    if value.tag & ~0x20 != asn1.OCTET_STRING:
        # PKCS #7 1.5 allowed any type; what a digest then covers is not agreed on (RFC 5652 5.2.1).
        raise CmsError("CMS_CONTENT_NOT_OCTETS")
    return content_type, asn1.octets(value)


def _certificates(element: Element, limits: Limits) -> tuple[list[Certificate], int]:
    found: list[Certificate] = []
    skipped = 0
    for child in element.children():
        if len(found) >= limits.certificates:
            raise CmsError("CMS_TOO_MANY_CERTIFICATES", limit=limits.certificates)
        if child.tag != asn1.SEQUENCE or not bounded(child.raw):
            skipped += 1
            continue
        found.append(Certificate(child.raw))
    return found, skipped


def bounded(der: bytes) -> bool:
    """Whether a certificate stays within the size, depth and number of elements that a recursive parser may get."""
    return len(der) <= _MAX_CERTIFICATE_BYTES and _bounded(der)


@lru_cache(maxsize=512)
def _bounded(der: bytes) -> bool:
    try:
        asn1.check_bounds(der, depth=_MAX_CERTIFICATE_DEPTH, most=20_000)
    except Asn1Error:
        return False
    return True


def _revocation(element: Element) -> tuple[list[bytes], list[bytes], int]:
    """RevocationInfoChoices (RFC 5652 10.2.1); an OCSP response stands in otherRevInfo (RFC 5940 2.1)."""
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    odd = 0
    for child in element.children():
        if child.tag == asn1.SEQUENCE:
            crls.append(child.raw)
            continue
        parts = child.children() if child.tag == context(1) else []
        if len(parts) == 2 and parts[0].tag == asn1.OID and asn1.oid(parts[0]) == _OCSP_RESPONSE:
            ocsps.append(parts[1].raw)
        else:
            odd += 1
    return crls, ocsps, odd


def _signer(element: Element) -> SignerInfo:
    fields = element.expect(asn1.SEQUENCE).children()
    if len(fields) < 5:
        raise Asn1Error("SignerInfo")
    asn1.integer(fields[0])
    identifier = _identifier(fields[1])
    digest_algorithm = AlgorithmIdentifier.read(fields[2].expect(asn1.SEQUENCE))
    rest = fields[3:]
    signed = rest.pop(0) if rest[0].tag == context(0) else None
    if len(rest) < 2:
        raise Asn1Error("SignerInfo")
    signature_algorithm = AlgorithmIdentifier.read(rest.pop(0).expect(asn1.SEQUENCE))
    value = rest.pop(0)
    if value.tag & ~0x20 != asn1.OCTET_STRING:
        raise Asn1Error("signature value")
    unsigned: tuple[Attribute, ...] = ()
    readable = True
    if rest:
        unsigned_element = rest.pop(0).expect(context(1))
        try:
            unsigned = attributes(unsigned_element.children())
        except Asn1Error:
            readable = False
    if rest:
        raise Asn1Error("SignerInfo")
    return SignerInfo(
        identifier,
        digest_algorithm,
        signed,
        attributes(signed.children()) if signed else (),
        signature_algorithm,
        asn1.octets(value),
        unsigned,
        readable,
    )


def _identifier(element: Element) -> SignerIdentifier:
    if element.tag == asn1.SEQUENCE:
        issuer, serial = _exactly(element, 2)
        asn1.integer(serial)
        name = issuer.expect(asn1.SEQUENCE)
        # A certificate has its name in DER; some signers write it as they write everything else, in BER.
        is_der = asn1.check_bounds(name.raw, depth=_MAX_NAME_DEPTH, most=1000)
        return SignerIdentifier(name.raw if is_der else asn1.to_der(name, _MAX_NAME_DEPTH), serial.content)
    if element.tag & ~0x20 == context(0, constructed=False):
        return SignerIdentifier(key_identifier=asn1.octets(element))
    raise Asn1Error("signer identifier")


def attributes(members: Iterable[Element]) -> tuple[Attribute, ...]:
    """Attributes (RFC 5652 5.3) from the members of their SET. Raises Asn1Error."""
    found = []
    for member in members:
        kind, values = _exactly(member.expect(asn1.SEQUENCE), 2)
        found.append(Attribute(asn1.oid(kind), tuple(values.expect(asn1.SET).children()), member))
    return tuple(found)


def revocation_archival(value: Element) -> tuple[list[bytes], list[bytes]]:
    """CRLs and OCSP responses of Adobe's RevocationInfoArchival (ISO 32000-2 12.8.3.3.2). Raises Asn1Error."""
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    for part in value.expect(asn1.SEQUENCE).children():
        if part.tag in (context(0), context(1)):
            (members,) = _exactly(part, 1)
            (crls if part.tag == context(0) else ocsps).extend(m.raw for m in members.children())
    return crls, ocsps


def revocation_values(value: Element) -> tuple[list[bytes], list[bytes]]:
    """CRLs and OCSP responses of RevocationValues (EN 319 122-1 A.1.2), the basic ones wrapped. Raises Asn1Error."""
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    for part in value.expect(asn1.SEQUENCE).children():
        if part.tag in (context(0), context(1)):
            (members,) = _exactly(part, 1)
            if part.tag == context(0):
                crls.extend(m.raw for m in members.children())
            else:
                ocsps.extend(_wrap_basic(m.raw) for m in members.children())
    return crls, ocsps


def _wrap_basic(basic: bytes) -> bytes:
    """OCSPResponse with status successful around a BasicOCSPResponse (RFC 6960 4.2.1)."""
    response = asn1.encode(asn1.SEQUENCE, _OCSP_BASIC, asn1.encode(asn1.OCTET_STRING, basic))
    return asn1.encode(asn1.SEQUENCE, b"\x0a\x01\x00", asn1.encode(context(0), response))
