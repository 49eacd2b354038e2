"""Takes OCSP responses apart and writes requests (RFC 6960 4.1, 4.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.algorithms import DIGEST_BY_OID, hasher
from eseal.crypto.asn1 import Asn1Error, Element
from eseal.crypto.certificates import facts
from eseal.crypto.crl import REASONS, Revocation
from eseal.crypto.names import name_key
from eseal.model import Certificate

_BASIC = "1.3.6.1.5.5.7.48.1.1"
_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"
_PROCESSED = {"1.3.6.1.5.5.7.48.1.2", _ARCHIVE_CUTOFF, "1.3.6.1.5.5.7.48.1.9"}
MAX_RESPONSES = 1000
"""Most single responses in one answer."""


class OcspStatus(StrEnum):
    """CertStatus."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SingleResponse:
    """What is said of one certificate."""

    digest: str
    """Name of the digest in the CertID."""
    issuer_name_hash: bytes
    """Digest of the issuer's name."""
    issuer_key_hash: bytes
    """Digest of the issuer's key bits."""
    serial: int
    """Serial number."""
    status: OcspStatus
    """The answer."""
    revocation: Revocation | None
    """Since when and why, where revoked."""
    this_update: datetime
    """When the status was known to be right."""
    next_update: datetime | None
    """When newer information comes; None: at any time."""
    archive_cutoff: datetime | None
    """Answers cover certificates that expired after this time."""

    def is_about(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Whether it speaks of `certificate` as issued by `issuer`."""
        own, above = facts(certificate), facts(issuer)
        if self.serial != own.serial:
            return False
        try:
            name, key = hasher(self.digest), hasher(self.digest)
        except KeyError:
            return False
        name.update(own.issuer_der)
        key.update(key_bits(issuer))
        hashes = (name.digest(), key.digest())
        if hashes == (self.issuer_name_hash, self.issuer_key_hash):
            return True
        other = hasher(self.digest)
        other.update(above.subject_der)
        return (other.digest(), hashes[1]) == (self.issuer_name_hash, self.issuer_key_hash)

    def names_issuer(self, issuer: Certificate) -> bool:
        """Whether it speaks of a certificate that `issuer` issued."""
        try:
            name, key = hasher(self.digest), hasher(self.digest)
        except KeyError:
            return False
        name.update(facts(issuer).subject_der)
        key.update(key_bits(issuer))
        return (name.digest(), key.digest()) == (self.issuer_name_hash, self.issuer_key_hash)


@dataclass(frozen=True, slots=True)
class Ocsp:
    """A basic OCSP response, its signature not checked."""

    responder_name: bytes | None
    """DER of the responder's name, or None where it is named by its key."""
    responder_key_hash: bytes | None
    """SHA-1 of the responder's key bits, or None where it is named by name."""
    produced_at: datetime
    """When it was signed."""
    responses: tuple[SingleResponse, ...]
    """The answers."""
    certificates: tuple[Certificate, ...]
    """Certificates carried: the responder's among them."""
    usable: bool
    """False where a critical extension is not processed here."""
    signed: bytes = field(repr=False)
    """The signed bytes."""
    algorithm: Element = field(repr=False)
    """signatureAlgorithm."""
    signature: Element = field(repr=False)
    """BIT STRING of the signature."""

    def is_by(self, certificate: Certificate) -> bool:
        """Whether the responder calls itself by the name or key of `certificate`."""
        if self.responder_name is not None:
            return name_key(self.responder_name) == name_key(facts(certificate).subject_der)
        state = hasher("sha1")
        state.update(key_bits(certificate))
        return bool(state.digest() == self.responder_key_hash)


def key_bits(certificate: Certificate) -> bytes:
    """The bits of the public key without tag, length and count of unused bits (RFC 6960 4.1.1). Raises Asn1Error."""
    bits = asn1.whole(facts(certificate).key.der).children()[1].expect(asn1.BIT_STRING)
    return bits.content[1:]


@lru_cache(maxsize=1024)
def read_ocsp(der: bytes) -> Ocsp:
    """Read an OCSPResponse that is successful and basic. Raises Asn1Error for every other."""
    try:
        parts = asn1.whole(der).expect(asn1.SEQUENCE).children()
        if parts[0].content != b"\0":
            raise Asn1Error("the responder gave an error instead of an answer")
        kind, value = parts[1].expect(asn1.context(0)).children()[0].expect(asn1.SEQUENCE).children()
        if asn1.oid(kind) != _BASIC:
            raise Asn1Error("not a basic response")
        basic = asn1.whole(value.expect(asn1.OCTET_STRING).content).expect(asn1.SEQUENCE).children()
        certificates: tuple[Certificate, ...] = ()
        if len(basic) > 3:
            carried = basic[3].expect(asn1.context(0)).children()[0].expect(asn1.SEQUENCE).children()
            certificates = tuple(Certificate(c.raw) for c in carried[:20])
        return _data(basic[0].expect(asn1.SEQUENCE), basic[1], basic[2], certificates)
    except (ValueError, IndexError) as error:
        raise Asn1Error(f"OCSP: {error}") from error


def _data(tbs: Element, algorithm: Element, signature: Element, certificates: tuple[Certificate, ...]) -> Ocsp:
    fields = tbs.children()
    if fields[0].tag == asn1.context(0):
        fields.pop(0)
    responder = fields.pop(0)
    name = responder.children()[0].raw if responder.tag == asn1.context(1) else None
    key = None
    if name is None:
        key = responder.expect(asn1.context(2)).children()[0].expect(asn1.OCTET_STRING).content
    produced = asn1.time(fields.pop(0))
    singles = fields.pop(0).expect(asn1.SEQUENCE).children()
    if len(singles) > MAX_RESPONSES:
        raise Asn1Error("too many responses")
    usable = True
    if fields:
        for oid, critical, _ in _extensions(fields[0].expect(asn1.context(1))):
            usable = usable and (not critical or oid in _PROCESSED)
    responses = []
    for single in singles:
        response, fine = _single(single)
        if fine:
            responses.append(response)
    return Ocsp(name, key, produced, tuple(responses), certificates, usable, tbs.raw, algorithm, signature)


def _extensions(outer: Element) -> list[tuple[str, bool, Element | None]]:
    found: list[tuple[str, bool, Element | None]] = []
    for extension in outer.children()[0].expect(asn1.SEQUENCE).children():
        parts = extension.expect(asn1.SEQUENCE).children()
        critical = len(parts) == 3 and parts[1].content != b"\0"
        try:
            value = asn1.whole(parts[-1].expect(asn1.OCTET_STRING).content)
        except Asn1Error:
            value = None  # a nonce is raw bytes in old responders
        found.append((asn1.oid(parts[0]), critical, value))
    return found


def _single(single: Element) -> tuple[SingleResponse, bool]:
    fields = single.expect(asn1.SEQUENCE).children()
    algorithm, name_hash, key_hash, serial = fields.pop(0).expect(asn1.SEQUENCE).children()
    status, revocation = _status(fields.pop(0))
    this_update = asn1.time(fields.pop(0))
    next_update = cutoff = None
    fine = True
    if fields and fields[0].tag == asn1.context(0):
        next_update = asn1.time(fields.pop(0).children()[0])
    if fields:
        for oid, critical, value in _extensions(fields[0].expect(asn1.context(1))):
            if oid == _ARCHIVE_CUTOFF and value is not None:
                cutoff = asn1.time(value)
            fine = fine and (not critical or oid in _PROCESSED)
    digest_oid = asn1.oid(algorithm.children()[0])
    response = SingleResponse(
        digest=DIGEST_BY_OID[digest_oid].name if digest_oid in DIGEST_BY_OID else digest_oid,
        issuer_name_hash=name_hash.expect(asn1.OCTET_STRING).content,
        issuer_key_hash=key_hash.expect(asn1.OCTET_STRING).content,
        serial=asn1.integer(serial),
        status=status,
        revocation=revocation,
        this_update=this_update,
        next_update=next_update,
        archive_cutoff=cutoff,
    )
    return response, fine


def _status(element: Element) -> tuple[OcspStatus, Revocation | None]:
    number = element.tag & 0x1F
    if number == 0:
        return OcspStatus.GOOD, None
    if number == 1:
        parts = element.children()
        reason = None
        if len(parts) > 1:
            reason = REASONS.get(int.from_bytes(parts[1].children()[0].content, "big"), "unknown")
        return OcspStatus.REVOKED, Revocation(asn1.time(parts[0]), reason)
    return OcspStatus.UNKNOWN, None


def request(certificate: Certificate, issuer: Certificate) -> bytes:
    """DER of an OCSPRequest for one certificate, with SHA-1 in its CertID, which every responder knows.

    SHA-1 names the certificate here and protects nothing (RFC 5019 2.1.1).
    """
    name, key = hasher("sha1"), hasher("sha1")
    name.update(facts(certificate).issuer_der)
    key.update(key_bits(issuer))
    serial = facts(certificate).serial
    size = (serial if serial >= 0 else serial + 1).bit_length() // 8 + 1
    algorithm = asn1.encode(asn1.SEQUENCE, asn1.encode(asn1.OID, b"\x2b\x0e\x03\x02\x1a"), b"\x05\x00")
    cert_id = asn1.encode(
        asn1.SEQUENCE,
        algorithm,
        asn1.encode(asn1.OCTET_STRING, name.digest()),
        asn1.encode(asn1.OCTET_STRING, key.digest()),
        asn1.encode(asn1.INTEGER, serial.to_bytes(size, "big", signed=True)),
    )
    wrapped = cert_id
    for _ in range(4):  # Request, requestList, TBSRequest, OCSPRequest
        wrapped = asn1.encode(asn1.SEQUENCE, wrapped)
    return wrapped
