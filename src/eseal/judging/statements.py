"""What CRLs and OCSP responses say of one certificate, and whether whoever says it may (RFC 5280 6.3, RFC 6960 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from eseal.crypto import asn1
from eseal.crypto.algorithm_policy import Use, UseOf, signature_uses
from eseal.crypto.algorithms import UnknownAlgorithm
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificates import facts
from eseal.crypto.crl import Crl, Revocation, read_crl
from eseal.crypto.extensions import read_extensions
from eseal.crypto.names import name_key
from eseal.crypto.ocsp import Ocsp, OcspStatus, SingleResponse, read_ocsp
from eseal.crypto.signatures import check_issued, check_signed, signed_scheme
from eseal.errors import UsageError
from eseal.judging.path_rules import HANDLED
from eseal.judging.paths import Pool
from eseal.model import Certificate, ValidationData

OCSP_SIGNING = "ocsp_signing"
MOST = 1000
"""Most CRLs, and most OCSP responses, that are taken from one document."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One authentic statement about the status of a certificate."""

    kind: str
    """"CRL" or "OCSP"."""
    status: OcspStatus
    """What it says."""
    revocation: Revocation | None
    """Since when and why, where revoked."""
    this_update: datetime
    """When it was right, aware."""
    next_update: datetime | None
    """Until when it counts as fresh, aware."""
    keeps_expired: datetime | None
    """It still speaks of certificates that expired after this time; None: of unexpired ones alone."""
    in_document: bool
    """Whether the document brought it."""
    der: bytes = field(repr=False)
    """The CRL or OCSP response that says it."""
    signer: Certificate
    """Who signed it: the issuer, a responder, or another certificate of the issuer's name."""
    uses: tuple[Use, ...] = field(default=(), compare=False)
    """Algorithms that it rests on."""


@dataclass(slots=True)
class Material:
    """All revocation data at hand, read once; what cannot be read is counted and left out."""

    crls: dict[object, list[tuple[Crl, bool, bytes]]] = field(default_factory=dict)
    """By issuer, with whether the document brought it, and its DER."""
    ocsps: dict[int, list[tuple[Ocsp, bool, bytes]]] = field(default_factory=dict)
    """By serial number of the certificate, with whether the document brought it, and its DER."""
    unreadable: int = 0
    """How many could not be read."""

    @classmethod
    def of(cls, document: ValidationData, other: ValidationData) -> Material:
        """From what the document brought and what the verifier has."""
        material = cls()
        material.add(other.crls, other.ocsps)
        # Bounded only where strangers choose; what the verifier has is never crowded out, so no revocation is lost.
        material.add(document.crls[:MOST], document.ocsps[:MOST], in_document=True)
        return material

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could say anything."""
        return not self.crls and not self.ocsps

    def add(self, crls: Iterable[bytes] = (), ocsps: Iterable[bytes] = (), *, in_document: bool = False) -> None:
        """Put more in."""
        for der in crls:
            try:
                crl = read_crl(der)
            except Asn1Error:
                self.unreadable += 1
                continue
            self.crls.setdefault(name_key(crl.issuer), []).append((crl, in_document, der))
        for der in ocsps:
            try:
                ocsp = read_ocsp(der)
            except Asn1Error:
                self.unreadable += 1
                continue
            for serial in {r.serial for r in ocsp.responses}:
                self.ocsps.setdefault(serial, []).append((ocsp, in_document, der))


@dataclass(slots=True)
class Listener:
    """Collects the authentic statements about a certificate, and why others do not count."""

    material: Material
    """The data."""
    pool: Pool
    """Where responders and other CRL signers may be found."""
    vouched: Callable[[Certificate], bool]
    """Whether another certificate of the issuer's name has a valid path to the same anchor (RFC 5280 6.3.3 f)."""
    responder_revoked: Callable[[Certificate, Certificate], bool | None]
    """Whether a responder (issued by the second) is revoked; None where nobody says."""
    refused: list[str] = field(default_factory=list)
    """Codes of why data about the certificate did not count."""

    def statements(self, certificate: Certificate, issuer: Certificate) -> list[Statement]:
        """Everything authentic that is said of `certificate`, issued by `issuer`."""
        self.refused.clear()
        return [*self._by_crl(certificate, issuer), *self._by_ocsp(certificate, issuer)]

    def _by_crl(self, certificate: Certificate, issuer: Certificate) -> Iterator[Statement]:
        own = facts(certificate)
        for crl, in_document, der in self.material.crls.get(name_key(own.issuer_der), []):
            problem = _scope_problem(crl, certificate)
            if problem:
                self.refused.append(problem)
                continue
            signer = self._crl_signer(crl, issuer)
            if signer is None:
                self.refused.append("REVOCATION_CRL_NOT_AUTHENTIC")
                continue
            try:
                entry = crl.find(own.serial)
            except (Asn1Error, IndexError):
                self.refused.append("REVOCATION_CRL_UNUSABLE")
                continue
            yield Statement(
                kind="CRL",
                status=OcspStatus.REVOKED if entry else OcspStatus.GOOD,
                revocation=entry,
                this_update=crl.this_update,
                next_update=crl.next_update,
                keeps_expired=crl.expired_since,
                in_document=in_document,
                der=der,
                signer=signer,
                uses=_uses(crl.algorithm, signer),
            )

    def _crl_signer(self, crl: Crl, issuer: Certificate) -> Certificate | None:
        """The issuer itself, or another certificate of its name: a CA may sign CRLs with a key of their own."""
        candidates = [issuer, *(c for c in self.pool.named(crl.issuer) if c != issuer)]
        for candidate in candidates[:10]:
            own = facts(candidate)
            if own.key_usage is not None and "crl_sign" not in own.key_usage:
                continue
            if name_key(own.subject_der) != name_key(crl.issuer):
                continue
            if not check_signed(crl.signed, crl.algorithm, crl.signature, own.key):
                continue
            if candidate == issuer or own.key == facts(issuer).key or self.vouched(candidate):
                return candidate
        return None

    def _by_ocsp(self, certificate: Certificate, issuer: Certificate) -> Iterator[Statement]:
        for ocsp, in_document, der in self.material.ocsps.get(facts(certificate).serial, []):
            singles = [r for r in ocsp.responses if r.is_about(certificate, issuer)]
            if not singles:
                continue
            if not ocsp.usable:
                self.refused.append("REVOCATION_OCSP_UNUSABLE")
                continue
            signer = self._responder(ocsp, issuer)
            if signer is None:
                continue
            yield from (_statement(single, ocsp, signer, in_document, der) for single in singles)

    def _responder(self, ocsp: Ocsp, issuer: Certificate) -> Certificate | None:
        """RFC 6960 4.2.2.2: the issuer, or whom the issuer itself authorised for this."""
        if ocsp.is_by(issuer) and check_signed(ocsp.signed, ocsp.algorithm, ocsp.signature, facts(issuer).key):
            return issuer
        named = self.pool.named(ocsp.responder_name) if ocsp.responder_name is not None else ()
        reason = "REVOCATION_OCSP_NOT_AUTHENTIC"
        for candidate in [*ocsp.certificates, *named][:20]:
            try:
                own, more = facts(candidate), read_extensions(candidate)
                if candidate == issuer or not ocsp.is_by(candidate):
                    continue
            except (UsageError, Asn1Error):
                continue
            if not check_signed(ocsp.signed, ocsp.algorithm, ocsp.signature, own.key):
                continue
            reason = "REVOCATION_OCSP_NOT_AUTHORISED"
            fit = (
                own.extended_key_usage is not None
                and OCSP_SIGNING in own.extended_key_usage
                and (own.key_usage is None or own.key_usage & {"digital_signature", "non_repudiation"})
                and name_key(own.issuer_der) == name_key(facts(issuer).subject_der)
                and own.not_before <= ocsp.produced_at <= own.not_after
                and not more.critical - HANDLED
                and check_issued(candidate, facts(issuer).key)
            )
            if not fit:
                continue
            if more.ocsp_no_check or more.never_revoked or self.responder_revoked(candidate, issuer) is False:
                return candidate
            reason = "REVOCATION_OCSP_RESPONDER_UNCHECKED"
        self.refused.append(reason)
        return None


def _scope_problem(crl: Crl, certificate: Certificate) -> str | None:
    if crl.delta or crl.unknown_critical or not crl.scope.usable:
        return "REVOCATION_CRL_UNUSABLE"
    if crl.next_update is not None and crl.next_update < crl.this_update:
        return "REVOCATION_CRL_UNUSABLE"
    is_ca = facts(certificate).is_ca
    if (crl.scope.users_only and is_ca) or (crl.scope.cas_only and not is_ca):
        return "REVOCATION_CRL_OTHER_SCOPE"
    if crl.scope.names:
        # RFC 5280 6.3.3 b 2 i: a CRL for one distribution point speaks only of certificates that name it.
        points = {n for p in read_extensions(certificate).distribution_points for n in p.names}
        if points.isdisjoint(crl.scope.names):
            return "REVOCATION_CRL_OTHER_SCOPE"
    return None


def _statement(single: SingleResponse, ocsp: Ocsp, signer: Certificate, in_document: bool, der: bytes) -> Statement:
    return Statement(
        kind="OCSP",
        status=single.status,
        revocation=single.revocation,
        this_update=single.this_update,
        next_update=single.next_update,
        keeps_expired=single.archive_cutoff,
        in_document=in_document,
        der=der,
        signer=signer,
        uses=_uses(ocsp.algorithm, signer),
    )


def _uses(algorithm: asn1.Element, signer: Certificate) -> tuple[Use, ...]:
    own = facts(signer)
    try:
        return signature_uses(UseOf.REVOCATION, signed_scheme(algorithm), own.key_facts, own.common_name)
    except (UnknownAlgorithm, Asn1Error):
        return (Use(UseOf.REVOCATION, "?", own.key_facts, own.common_name),)
