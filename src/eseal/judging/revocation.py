"""Was a certificate revoked at the time that is proven? (RFC 5280 6.3, RFC 6960, EN 319 102-1 5.2.5 and 5.2.6)

A statement counts where it was right at that time: made after it, or before it and still fresh then. A revocation is
believed however old the statement is. Nothing that was made after the time of the judgement is listened to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from eseal.crypto.algorithm_policy import Use
from eseal.crypto.certificates import facts
from eseal.crypto.crl import Revocation
from eseal.crypto.extensions import read_extensions
from eseal.crypto.ocsp import OcspStatus
from eseal.errors import UsageError
from eseal.judging.fetching import Lookups
from eseal.judging.paths import Path, Pool, find_paths
from eseal.judging.policy import Policy
from eseal.judging.statements import Listener, Material, Statement
from eseal.judging.times import iso
from eseal.model import Certificate, RevocationMode


class Status(StrEnum):
    """The answer."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The status of one certificate at one time."""

    status: Status
    """The answer."""
    code: str
    """Catalogue code that says why."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Its parameters."""
    revocation: Revocation | None = None
    """The revocation, also one that came later than the time asked."""
    in_document: bool = False
    """Whether the document itself brought the deciding statement."""
    uses: tuple[Use, ...] = ()
    """Algorithms that the deciding statement rests on."""
    statement: Statement | None = None
    """The deciding statement; where all are too old the newest. None where there is none or none is needed."""


@dataclass(slots=True)
class Revocations:
    """Answers for the certificates of one judgement."""

    material: Material
    """Revocation data at hand; what is fetched joins it."""
    pool: Pool
    """Certificates at hand."""
    lookups: Lookups
    """What may be asked online."""
    policy: Policy
    """Rules."""
    at: datetime
    """Time of the judgement, aware."""
    lasting: bool = False
    """Whether what decides must stand for others too: be fresh at `at`, or say how it was after the time asked. Set
    where data is gathered, never where a document is judged."""

    def of_path(self, path: Path, when: datetime) -> tuple[Finding, ...]:
        """A finding for every certificate below the anchor, end entity first."""
        if path.chain[-1] == path.anchor.certificate:
            return ()
        return tuple(self.of(c, path.issuer_of(i), path, when) for i, c in enumerate(path.chain))

    def are_carried(self, path: Path, when: datetime) -> bool:
        """Whether the document itself says how each certificate of the path was at `when`; nothing is asked."""
        if path.chain[-1] == path.anchor.certificate:
            return False
        findings = (self._known(c, path.issuer_of(i), path, when) for i, c in enumerate(path.chain))
        return all(f.in_document and f.status is not Status.UNKNOWN for f in findings)

    def of(self, certificate: Certificate, issuer: Certificate, path: Path, when: datetime) -> Finding:
        """The status of `certificate`, issued by `issuer`, at `when`."""
        finding = self._known(certificate, issuer, path, when)
        online = self.lookups.fetcher is not None and self.policy.revocation is not RevocationMode.IGNORE
        if online and self._wants_more(finding, when):
            self.material.add(ocsps=self.lookups.ocsp_of(certificate, issuer))
            finding = self._ask(certificate, issuer, path, when)
            if self._wants_more(finding, when):
                self.material.add(self.lookups.crls_of(certificate))
                finding = self._ask(certificate, issuer, path, when)
        return finding

    def _known(self, certificate: Certificate, issuer: Certificate, path: Path, when: datetime) -> Finding:
        if read_extensions(certificate).never_revoked:
            return Finding(Status.GOOD, "REVOCATION_NOT_NEEDED", _who(certificate), in_document=True)
        return self._ask(certificate, issuer, path, when)

    def _wants_more(self, finding: Finding, when: datetime) -> bool:
        if finding.status is Status.UNKNOWN or finding.statement is None or not self.lasting:
            return finding.status is Status.UNKNOWN
        return not _lasts(finding.statement, when, self.at, self.policy)

    def of_signer(self, statement: Statement, issuer: Certificate, path: Path, when: datetime) -> tuple[Path, ...]:
        """Paths of whoever signed `statement` about a certificate that `issuer` issued, best first.

        Empty where no path of its own is needed: it is the issuer, or another certificate of the issuer's key.
        """
        signer = statement.signer
        if facts(signer).key == facts(issuer).key:
            return ()
        return self._paths(signer, path, when)

    def _paths(self, certificate: Certificate, path: Path, when: datetime) -> tuple[Path, ...]:
        search = find_paths(
            certificate,
            anchors=(path.anchor,),
            pool=self.pool,
            when=when,
            policy=self.policy,
            usages=frozenset({"any_extended_key_usage"}),
        )
        return search.paths

    def _ask(
        self, certificate: Certificate, issuer: Certificate, path: Path, when: datetime, *, depth: int = 0
    ) -> Finding:
        def vouched(other: Certificate) -> bool:
            if depth:
                return False
            own = facts(other)
            return own.not_before <= when <= own.not_after and any(
                not p.problems
                and all(
                    self._ask(c, p.issuer_of(i), p, when, depth=1).status is Status.GOOD for i, c in enumerate(p.chain)
                )
                for p in self._paths(other, path, when)[:2]
            )

        def responder_revoked(responder: Certificate, its_issuer: Certificate) -> bool | None:
            if depth:
                return None
            answer = self._ask(responder, its_issuer, path, when, depth=depth + 1)
            if answer.status is Status.UNKNOWN and self.lookups.fetcher is not None:
                self.material.add(self.lookups.crls_of(responder))
                answer = self._ask(responder, its_issuer, path, when, depth=depth + 1)
            return {Status.GOOD: False, Status.REVOKED: True, Status.UNKNOWN: None}[answer.status]

        listener = Listener(self.material, self.pool, vouched, responder_revoked)
        try:
            statements = listener.statements(certificate, issuer)
        except UsageError:
            return Finding(Status.UNKNOWN, "REVOCATION_MISSING", _who(certificate))
        return decide(
            certificate,
            statements,
            when=when,
            at=self.at,
            policy=self.policy,
            refused=listener.refused,
            lasting=self.lasting,
        )


def decide(
    certificate: Certificate,
    statements: Sequence[Statement],
    *,
    when: datetime,
    at: datetime,
    policy: Policy,
    refused: Sequence[str] = (),
    lasting: bool = False,
) -> Finding:
    """What authentic `statements` come to at `when`, judged at `at`; `refused` says why other data did not count.

    Where `lasting`, a statement that was fresh at `when` but is stale at `at` counts only if the document brought it.
    """
    heard = [s for s in statements if s.this_update <= at + policy.clock_skew]
    revoked = [s for s in heard if s.revocation is not None and not _is_hold(s)]
    first = min(revoked, key=lambda s: s.revocation.since if s.revocation else at, default=None)
    if first is not None and first.revocation is not None and first.revocation.since <= when:
        return _revoked(certificate, first)
    hold, clear = _hold(heard, when)
    if hold is not None:
        return _revoked(certificate, hold)
    if not clear:
        return Finding(Status.UNKNOWN, "REVOCATION_HOLD_UNCLEAR", _who(certificate) | {"when": iso(when)})
    conclusive = [s for s in heard if _is_conclusive(s, certificate, when, policy)]
    if lasting:
        conclusive = [s for s in conclusive if s.in_document or _lasts(s, when, at, policy)]
    if conclusive:
        # What the document brought is named first: it is what stays with it.
        best = max(conclusive, key=lambda s: (s.in_document, s.this_update))
        if lasting:
            best = max(conclusive, key=lambda s: _worth(s, certificate, when, at, policy))
        params = _who(certificate) | {"kind": best.kind, "time": iso(best.this_update)}
        later = first.revocation if first else None
        if later is not None:
            params |= {"revoked": iso(later.time), "reason": later.reason or "-"}
            return Finding(Status.GOOD, "REVOCATION_LATER", params, later, best.in_document, best.uses, best)
        return Finding(Status.GOOD, "REVOCATION_GOOD", params, None, best.in_document, best.uses, best)
    return _undecided(certificate, statements, heard, at if lasting else when, refused)


_LARGE = 65_536


def _lasts(statement: Statement, when: datetime, at: datetime, policy: Policy) -> bool:
    """Whether it is fresh at `at`, or stated after the time asked, when it stays right for ever."""
    if statement.this_update >= when:
        return True
    if statement.next_update is not None:
        return at <= statement.next_update
    return at - statement.this_update <= policy.freshness


def _worth(
    statement: Statement, certificate: Certificate, when: datetime, at: datetime, policy: Policy
) -> tuple[object, ...]:
    """Which of several to give to others: one that lasts, that they look at, stated late, small, new."""
    return (
        _lasts(statement, when, at, policy),
        # Some validators look for OCSP responses only where the certificate names a responder.
        statement.kind == "CRL" or bool(read_extensions(certificate).ocsp_urls),
        statement.this_update >= when,
        len(statement.der) <= _LARGE,
        # Where both are there, some validators find POE for the one alone (pyHanko, past validation).
        statement.kind == "OCSP",
        statement.this_update,
    )


def _undecided(
    certificate: Certificate,
    statements: Sequence[Statement],
    heard: Sequence[Statement],
    when: datetime,
    refused: Sequence[str],
) -> Finding:
    params = _who(certificate) | {"when": iso(when)}
    known = [s for s in heard if s.status is not OcspStatus.UNKNOWN]
    if known:
        newest = max(known, key=lambda s: s.this_update)
        params |= {"kind": newest.kind, "time": iso(newest.this_update)}
        if newest.this_update > facts(certificate).not_after:
            return Finding(Status.UNKNOWN, "REVOCATION_AFTER_EXPIRY", params, statement=newest)
        params |= {"next": iso(newest.next_update) if newest.next_update else "-"}
        return Finding(Status.UNKNOWN, "REVOCATION_STALE", params, statement=newest)
    if heard:
        return Finding(Status.UNKNOWN, "REVOCATION_STATUS_UNKNOWN", params)
    if statements:
        return Finding(Status.UNKNOWN, "REVOCATION_FROM_FUTURE", params)
    return Finding(Status.UNKNOWN, refused[0] if refused else "REVOCATION_MISSING", params)


def _is_hold(statement: Statement) -> bool:
    return statement.revocation is not None and statement.revocation.reason in ("certificateHold", "removeFromCRL")


def _hold(heard: Sequence[Statement], when: datetime) -> tuple[Statement | None, bool]:
    """The statement by which the certificate was on hold at `when`, if any; and whether that can be told."""
    holds = [s for s in heard if _is_hold(s) and s.revocation is not None and s.revocation.since <= when]
    if not holds:
        return None, True
    latest = max(holds, key=lambda s: s.this_update)
    if latest.this_update >= when:
        return latest, True
    released = [s for s in heard if s.status is OcspStatus.GOOD and s.this_update > latest.this_update]
    if any(s.this_update <= when for s in released):
        return None, True
    # On hold before, free afterwards: nobody says which of both at the time itself. Never freed: still on hold.
    return (None, False) if released else (latest, True)


def _is_conclusive(statement: Statement, certificate: Certificate, when: datetime, policy: Policy) -> bool:
    if statement.status is OcspStatus.UNKNOWN or statement.revocation is not None:
        # A revocation that came later tells that there was none before, if it was stated after the time asked.
        return statement.revocation is not None and not _is_hold(statement) and statement.this_update >= when
    expiry = facts(certificate).not_after
    if statement.this_update > expiry and not (
        statement.keeps_expired is not None and statement.keeps_expired <= expiry
    ):
        # Entries may be dropped once a certificate has expired (RFC 5280 3.3): silence tells nothing any more.
        return False
    if statement.this_update >= when:
        return True
    if statement.next_update is not None:
        return when <= statement.next_update
    return when - statement.this_update <= policy.freshness


def _revoked(certificate: Certificate, statement: Statement) -> Finding:
    assert statement.revocation is not None  # a revoked statement has one
    revocation = statement.revocation
    params = _who(certificate) | {
        "kind": statement.kind,
        "revoked": iso(revocation.since),
        "reason": revocation.reason or "-",
    }
    code = "REVOCATION_HOLD" if _is_hold(statement) else "REVOCATION_REVOKED"
    return Finding(Status.REVOKED, code, params, revocation, statement.in_document, statement.uses, statement)


def _who(certificate: Certificate) -> dict[str, str]:
    return {"certificate": facts(certificate).subject}
