"""Examines an RFC 3161 timestamp token: its own CMS, the imprint, the time it states. Mathematics alone, no trust."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eseal.crypto import asn1
from eseal.crypto.algorithm_policy import Use, UseOf
from eseal.crypto.algorithms import UnknownAlgorithm
from eseal.crypto.asn1 import Asn1Error, context
from eseal.crypto.certificate_parts import certificate_parts
from eseal.crypto.examined import Examined
from eseal.crypto.signature_algorithms import AlgorithmIdentifier, digest_of_algorithm
from eseal.crypto.signed_data import examine
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate
from eseal.report.model import Check, CheckVerdict

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"


@dataclass(frozen=True, slots=True)
class TstInfo:
    """TSTInfo (RFC 3161 2.4.2)."""

    time: datetime
    """genTime, aware, cut to microseconds."""
    policy: str
    """OID of the policy under which the token was made."""
    serial: int
    """Serial number, unique for one authority."""
    imprint_algorithm: AlgorithmIdentifier
    """Digest algorithm of the imprint."""
    imprint: bytes
    """Digest of what was stamped."""
    accuracy: timedelta | None = None
    """How far from the true time; None where not stated."""
    nonce: int | None = None
    """Number that the requester chose."""
    ordering: bool = False
    """Whether tokens of this authority are ordered by time whatever the accuracy."""


@dataclass(frozen=True, slots=True)
class ExaminedToken:
    """A token with its mathematics done; nothing here is trusted yet."""

    examined: Examined
    """Its own CMS."""
    checks: tuple[Check, ...]
    """All checks of the token: those of its CMS, "digest" also for the imprint, "certificate-usage"."""
    info: TstInfo | None = None
    """What it states; None where unreadable."""
    imprint_matches: bool | None = None
    """Whether it was made over the bytes in question; None where that cannot be computed."""
    imprint_digest: str | None = None
    """Name of the imprint's digest; None where not known."""
    algorithms: tuple[Use, ...] = field(default=())
    """Every algorithm that the token rests on."""

    @property
    def time(self) -> datetime | None:
        """The stated time, aware; None where unreadable."""
        return self.info.time if self.info else None

    @property
    def broken(self) -> bool:
        """Whether imprint, digest or signature is wrong for certain: another thing than not being trusted."""
        return self.imprint_matches is False or self.examined.broken

    @property
    def intact(self) -> bool:
        """Whether it was made over these bytes and its own mathematics hold."""
        return self.imprint_matches is True and self.examined.intact


def read_info(content: bytes) -> TstInfo:
    """Read a TSTInfo. Raises Asn1Error."""
    fields = asn1.whole(content).expect(asn1.SEQUENCE).children()
    if len(fields) < 5 or asn1.integer(fields[0]) != 1:
        raise Asn1Error("TSTInfo")
    imprint = fields[2].expect(asn1.SEQUENCE).children()
    if len(imprint) != 2:
        raise Asn1Error("message imprint")
    accuracy = nonce = None
    ordering = False
    # Optional fields stand in one order (RFC 3161 2.4.2); one out of place means another reader may read it otherwise.
    order = (asn1.SEQUENCE, 0x01, asn1.INTEGER, context(0), context(1))
    at = 0
    for element in fields[5:]:
        if element.tag not in order[at:]:
            raise Asn1Error(f"TSTInfo field {element.tag:#x}")
        at = order.index(element.tag) + 1
        if element.tag == asn1.SEQUENCE:
            accuracy = _accuracy(element)
        elif element.tag == asn1.INTEGER:
            nonce = asn1.integer(element)
        elif element.tag == 0x01:
            ordering = element.content != b"\0"
        elif element.tag == context(1):
            _refuse_critical(element)
    return TstInfo(
        time=asn1.time(fields[4].expect(asn1.GENERALIZED_TIME)),
        policy=asn1.oid(fields[1]),
        serial=asn1.integer(fields[3]),
        imprint_algorithm=AlgorithmIdentifier.read(imprint[0].expect(asn1.SEQUENCE)),
        imprint=imprint[1].expect(asn1.OCTET_STRING).content,
        accuracy=accuracy,
        nonce=nonce,
        ordering=ordering,
    )


def _accuracy(element: asn1.Element) -> timedelta:
    seconds = millis = micros = 0
    for part in element.children():
        value = int.from_bytes(part.content[:9], "big", signed=True)
        if part.tag == asn1.INTEGER:
            seconds = value
        elif part.tag == context(0, constructed=False):
            millis = value
        elif part.tag == context(1, constructed=False):
            micros = value
        else:
            raise Asn1Error("accuracy")
    if not (0 <= seconds <= 10**9 and 0 <= millis <= 999 and 0 <= micros <= 999):
        raise Asn1Error("accuracy")
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _refuse_critical(extensions: asn1.Element) -> None:
    for extension in extensions.children():
        parts = extension.expect(asn1.SEQUENCE).children()
        if len(parts) == 3 and parts[1].content != b"\0":
            # RFC 3161 2.4.2 with RFC 5280 4.2: who does not know a critical extension must not go by the token.
            raise Asn1Error(f"critical extension {asn1.oid(parts[0])}")


def examine_token(token: bytes, imprint_of: Callable[[str], bytes], *, limits: Limits = DEFAULT) -> ExaminedToken:
    """Examine one token; never raises for bad bytes.

    `imprint_of` gives the digest of what should be stamped (a signature value, or a document's covered bytes) by its
    name in `crypto.algorithms`; it may raise KeyError for one that it cannot compute.
    """
    examined = examine(token, imprint_of, limits=limits, purpose="timestamp")
    checks = list(examined.checks)
    if examined.content is None:
        return ExaminedToken(examined, tuple(checks), algorithms=examined.algorithms)
    try:
        info = read_info(examined.content)
    except Asn1Error as error:
        evidence = {"detail": str(error)}
        checks.append(Check("cms-structure", CheckVerdict.UNKNOWN, "TST_INFO_MALFORMED", evidence=evidence))
        return ExaminedToken(examined, tuple(checks), algorithms=examined.algorithms)
    imprint, matches, digest = _imprint(info, imprint_of)
    checks.append(imprint)
    if examined.certificate is not None:
        checks.append(usage(examined.certificate))
    uses = (*examined.algorithms, *((Use(UseOf.TIMESTAMP, digest),) if digest else ()))
    return ExaminedToken(examined, tuple(checks), info, matches, digest, tuple(dict.fromkeys(uses)))


def _imprint(info: TstInfo, imprint_of: Callable[[str], bytes]) -> tuple[Check, bool | None, str | None]:
    digest = None
    try:
        digest = digest_of_algorithm(info.imprint_algorithm)
        computed = imprint_of(digest)
    except (UnknownAlgorithm, KeyError) as error:
        name = {"algorithm": digest or str(error)}
        return Check("digest", CheckVerdict.UNKNOWN, "TST_IMPRINT_UNKNOWN", name), None, digest
    evidence = {"algorithm": digest, "stamped": info.imprint.hex()[:256], "computed": computed.hex()}
    if hmac.compare_digest(computed, info.imprint):
        return (
            Check("digest", CheckVerdict.PASSED, "TST_IMPRINT_MATCHES", {"algorithm": digest}, evidence),
            True,
            digest,
        )
    return Check("digest", CheckVerdict.FAILED, "TST_IMPRINT_WRONG", {"algorithm": digest}, evidence), False, digest


def usage(certificate: Certificate) -> Check:
    """Whether a certificate may sign timestamps: timeStamping as its only extended usage, critical (RFC 3161 2.3)."""
    try:
        parts = certificate_parts(certificate)
    except Asn1Error as error:
        evidence = {"detail": str(error)}
        return Check("certificate-usage", CheckVerdict.UNKNOWN, "TST_USAGE_UNREADABLE", evidence=evidence)
    usages = parts.extended_key_usage
    if usages is None or TIME_STAMPING not in usages:
        return Check("certificate-usage", CheckVerdict.FAILED, "TST_USAGE_MISSING")
    if set(usages) != {TIME_STAMPING}:
        return Check("certificate-usage", CheckVerdict.FAILED, "TST_USAGE_NOT_ALONE", {"usages": ", ".join(usages)})
    if not parts.extended_key_usage_critical:
        return Check("certificate-usage", CheckVerdict.FAILED, "TST_USAGE_NOT_CRITICAL")
    return Check("certificate-usage", CheckVerdict.PASSED, "TST_USAGE")
