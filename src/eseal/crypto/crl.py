"""Takes a CRL apart (RFC 5280 5). Millions of entries cost nothing: one serial number is looked for in the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.asn1 import Asn1Error, Element
from eseal.crypto.extensions import GeneralName, general_names, split_extensions

DELTA, IDP, NUMBER = "2.5.29.27", "2.5.29.28", "2.5.29.20"
EXPIRED_CERTS = "2.5.29.60"
_REASON, _INVALIDITY, _ENTRY_ISSUER = "2.5.29.21", "2.5.29.24", "2.5.29.29"

CACHED_BYTES = 65_536
"""Largest CRL that is kept, read, for the next document."""

REASONS = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
"""CRLReason (RFC 5280 5.3.1)."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a certificate is revoked, since when, and why."""

    time: datetime
    """Time of revocation, aware."""
    reason: str | None = None
    """Name of the CRLReason; None where none is given."""
    invalid_since: datetime | None = None
    """invalidityDate: when the key is known or suspected to have been lost."""

    @property
    def since(self) -> datetime:
        """From when on the certificate is not believed: the earlier of both times."""
        return min(self.time, self.invalid_since or self.time)


@dataclass(frozen=True, slots=True)
class Scope:
    """issuingDistributionPoint (RFC 5280 5.2.5)."""

    names: tuple[GeneralName, ...] = ()
    """fullName of the distribution point."""
    users_only: bool = False
    """onlyContainsUserCerts."""
    cas_only: bool = False
    """onlyContainsCACerts."""
    usable: bool = True
    """False for attribute certificates, some reasons alone, an indirect CRL or a relative name."""


@dataclass(frozen=True, slots=True)
class Crl:
    """A CRL, its signature not checked."""

    issuer: bytes = field(repr=False)
    """DER of the issuer's name."""
    this_update: datetime
    """When it was issued."""
    next_update: datetime | None
    """When the next comes at the latest."""
    scope: Scope
    """What it speaks of."""
    delta: bool
    """Whether it is a delta CRL."""
    unknown_critical: tuple[str, ...]
    """OIDs of critical extensions that are not processed here."""
    expired_since: datetime | None
    """expiredCertsOnCRL (ITU-T X.509): entries stay for certificates that expired after this time."""
    entries: Element | None = field(repr=False)
    """revokedCertificates."""
    signed: bytes = field(repr=False)
    """The signed bytes."""
    algorithm: Element = field(repr=False)
    """signatureAlgorithm."""
    signature: Element = field(repr=False)
    """BIT STRING of the signature."""

    def find(self, serial: int) -> Revocation | None:
        """The entry for `serial`; None where it is not on the list. Raises Asn1Error for an entry not understood."""
        if self.entries is None:
            return None
        size = serial.bit_length() // 8 + 1
        if serial < 0:
            size = (serial + 1).bit_length() // 8 + 1
        number = asn1.encode(asn1.INTEGER, serial.to_bytes(size, "big", signed=True))
        data, at = self.entries.data, self.entries.body
        while True:
            at = data.find(number, at, self.entries.end)
            if at < 0:
                return None
            # The bytes may also stand inside another entry: only the walk from the start tells.
            found = self._entry_at(at)
            if found is not None:
                return _revocation(found)
            at += 1

    def count(self) -> int:
        """How many certificates are on the list. Raises Asn1Error."""
        if self.entries is None:
            return 0
        data, at, end, found = self.entries.data, self.entries.body, self.entries.end, 0
        while at < end:
            at, found = asn1.read(data, at, end).stop, found + 1
        return found

    def _entry_at(self, wanted: int) -> Element | None:
        assert self.entries is not None  # find() asked
        data, at, end = self.entries.data, self.entries.body, self.entries.end
        while at < end:
            entry = asn1.read(data, at, end)
            if entry.body == wanted:
                return entry.expect(asn1.SEQUENCE)
            if entry.start > wanted:
                return None
            at = entry.stop
        return None


def read_crl(der: bytes) -> Crl:
    """Read a CertificateList. Raises Asn1Error."""
    # Large ones are read anew, which costs little, rather than held in memory by a worker that lives long.
    return _cached(der) if len(der) <= CACHED_BYTES else _parse(der)


@lru_cache(maxsize=256)
def _cached(der: bytes) -> Crl:
    return _parse(der)


def _parse(der: bytes) -> Crl:
    try:
        tbs, algorithm, signature = asn1.whole(der).expect(asn1.SEQUENCE).children()
        return _read(tbs.expect(asn1.SEQUENCE), algorithm, signature)
    except (ValueError, IndexError) as error:
        raise Asn1Error(f"CRL: {error}") from error


def _read(tbs: Element, algorithm: Element, signature: Element) -> Crl:
    fields = tbs.children()
    if fields[0].tag == asn1.INTEGER:
        fields.pop(0)
    if fields.pop(0).raw != algorithm.raw:
        raise Asn1Error("two signature algorithms")
    issuer = fields.pop(0).expect(asn1.SEQUENCE).raw
    this_update = asn1.time(fields.pop(0))
    next_update = None
    if fields and fields[0].tag in (asn1.UTC_TIME, asn1.GENERALIZED_TIME):
        next_update = asn1.time(fields.pop(0))
    entries = fields.pop(0) if fields and fields[0].tag == asn1.SEQUENCE else None
    scope, delta, expired_since = Scope(), False, None
    unknown: list[str] = []
    if fields:
        for oid, critical, value in split_extensions(fields.pop(0).expect(asn1.context(0)).children()[0]):
            if oid == IDP:
                scope = _scope(value)
            elif oid == DELTA:
                delta = True
            elif oid == EXPIRED_CERTS:
                expired_since = asn1.time(value)
            elif critical and oid != NUMBER:
                unknown.append(oid)
    if fields:
        raise Asn1Error("fields behind the extensions")
    return Crl(
        issuer=issuer,
        this_update=this_update,
        next_update=next_update,
        scope=scope,
        delta=delta,
        unknown_critical=tuple(unknown),
        expired_since=expired_since,
        entries=entries,
        signed=tbs.raw,
        algorithm=algorithm,
        signature=signature,
    )


def _scope(element: Element) -> Scope:
    names: tuple[GeneralName, ...] = ()
    users = cas = False
    usable = True
    for part in element.expect(asn1.SEQUENCE).children():
        number = part.tag & 0x1F
        if number == 0:
            inner = part.children()[0]
            if inner.tag == asn1.context(0):
                names = general_names(inner)
            else:
                usable = False
        elif number == 1:
            users = part.content != b"\0"
        elif number == 2:
            cas = part.content != b"\0"
        elif number == 3 or part.content != b"\0":
            usable = False
    return Scope(names, users, cas, usable)


def _revocation(entry: Element) -> Revocation:
    parts = entry.children()
    when = asn1.time(parts[1])
    reason, invalid = None, None
    if len(parts) > 2:
        for oid, critical, value in split_extensions(parts[2]):
            if oid == _REASON:
                reason = REASONS.get(int.from_bytes(value.content, "big"), "unknown")
            elif oid == _INVALIDITY:
                invalid = asn1.time(value)
            elif critical:
                # certificateIssuer among them: the entry may speak of another CA's certificate.
                raise Asn1Error(f"critical extension {oid} of an entry")
    return Revocation(when, reason, invalid)
