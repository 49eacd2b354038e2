"""What a third party needs to judge a signature years later with nothing but the root: certificates, CRLs, OCSP.

The judge decides; here the certificates of its paths and the statements that it went by are put together, for the
signer, for every timestamp's authority and for whoever signed the statements (EN 319 142-1 5.4 and 6.3, B-LT).
Sources in order: document and token, trust store, network. What is stale is not taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from eseal import messages
from eseal.crypto.algorithms import hasher
from eseal.crypto.certificates import facts
from eseal.crypto.examined import Examined
from eseal.crypto.extensions import read_extensions
from eseal.crypto.timestamp_token import ExaminedToken, examine_token
from eseal.errors import PolicyError, ServiceError
from eseal.judging.inquiry import FAILED, UNKNOWN, Inquiry, Outcome
from eseal.judging.judge import judge_signature
from eseal.judging.paths import Path, find_paths
from eseal.judging.policy import Policy
from eseal.judging.revocation import Finding, Status
from eseal.judging.statements import Statement
from eseal.judging.timestamps import TimestampJudgement, judge_token
from eseal.model import Certificate, Proof, ValidationData, aware
from eseal.net import Fetcher
from eseal.report.model import Check
from eseal.trust.store import Anchor, Purpose, TrustStore

_DEPTH = 3
_KEPT = 256
_CLIMBS = 4
_KEPT_FOR = timedelta(days=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Reason = tuple[str, tuple[tuple[str, str], ...]]
"""A catalogue code and its parameters."""


class NotLongTerm(PolicyError):
    """Something is missing for a proof that lasts; `reasons` say what was tried, and what came of it.

    Codes: LONG_TERM_NO_SIGNER, LONG_TERM_NO_PATH, LONG_TERM_EXPIRED, LONG_TERM_REVOKED, LONG_TERM_STATUS_UNKNOWN,
    LONG_TERM_NO_REVOCATION, LONG_TERM_TIMESTAMP.
    """

    reasons: tuple[Reason, ...] = ()

    def sentences(self, lang: str = "en") -> tuple[str, ...]:
        """What is missing, and each reason."""
        # Sent between processes it keeps its parameters alone.
        said = [messages.text(code, lang, dict(params)) for code, params in self.reasons]
        said = said or [r for r in self.params.get("reasons", "").split("; ") if r]
        return (*super().sentences(lang), *said)


@dataclass(frozen=True, slots=True)
class _Key:
    certificate: Certificate
    purpose: Purpose
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    data: ValidationData
    begin: datetime
    """When the youngest certificate of the path became valid."""
    fresh: datetime
    """When the youngest list was made."""
    until: datetime

    def serves(self, when: datetime, at: datetime) -> bool:
        """For a certificate judged at `when`; a list that is fresh at `at` says how it was at every time before."""
        return self.begin <= when <= at and self.fresh <= at <= self.until


@dataclass(slots=True)
class Kept:
    """What was collected, for the next document of a batch: give one to every call.

    An entry serves until half of what was left of its shortest-lived list is over, and for a day at most: some lists
    hold for months, and a process that runs for months must hear of a revocation.
    """

    _entries: dict[_Key, _Entry] = field(default_factory=dict)

    def get(self, key: _Key, when: datetime, at: datetime) -> ValidationData | None:
        """What is kept for a certificate judged at `when`, where it is fresh enough at `at`."""
        entry = self._entries.get(key)
        return entry.data if entry is not None and entry.serves(when, at) else None

    def put(self, key: _Key, entry: _Entry) -> None:
        """Keep it; the oldest give way."""
        if len(self._entries) >= _KEPT:
            self._entries.clear()
        self._entries[key] = entry


def collect(
    examined: Examined,
    *,
    trust: TrustStore,
    at: datetime,
    fetcher: Fetcher | None = None,
    data: ValidationData | None = None,
    proofs: Sequence[Proof] = (),
    policy: Policy | None = None,
    kept: Kept | None = None,
) -> ValidationData:
    """Everything that the validation of a signature at level B-LT needs.

    For the signer, for the authority of each signature timestamp and for the signers of revocation data: the chain up
    to the root where it is known, and a fresh CRL or OCSP response for every certificate below the anchor. What the
    CMS or the document carry already is given too where it is needed: leave out what is written already.

    `data` is what the document brought, `at` is now, `proofs` prove the signature older (document timestamps), `kept`
    carries results to the next document of a batch. A broken timestamp counts for nothing; of several, one must be
    complete. Raises UsageError TIME_NAIVE, and `NotLongTerm` (a PolicyError), which names the certificate.
    """
    at = aware(at, "at")
    if kept is not None and not proofs:
        found = _from_kept(examined, kept, trust, at)
        if found is not None:
            return found
    inquiry = _open(trust, at, policy, examined.data + (data or ValidationData()), fetcher)
    judgement = judge_signature(examined, inquiry, proofs, Purpose.SEAL)
    if examined.certificate is None or judgement.outcome is None:
        raise NotLongTerm("LONG_TERM_NO_SIGNER")
    asked = _Asked(inquiry, examined.certificate, Purpose.SEAL, judgement.best_time, kept)
    total = asked.gather(judgement.outcome)
    failures = []
    stamps = [s for s in judgement.timestamps if s.token is not None and s.token.intact]
    for stamp in stamps:
        try:
            total += _of_timestamp(stamp, inquiry, kept)
        except NotLongTerm as error:
            failures.append(error)
    if failures and len(failures) == len(stamps):
        raise failures[0]
    return total


def collect_token(
    token: ExaminedToken,
    *,
    trust: TrustStore,
    at: datetime,
    fetcher: Fetcher | None = None,
    data: ValidationData | None = None,
    proofs: Sequence[Proof] = (),
    policy: Policy | None = None,
    kept: Kept | None = None,
) -> ValidationData:
    """The same for the authority of one timestamp token: a document timestamp, or one that was asked for to try.

    `proofs` prove the token older: the document timestamps that cover it. Raises UsageError TIME_NAIVE and
    `NotLongTerm`.
    """
    at = aware(at, "at")
    certificate, stated = token.examined.certificate, token.time
    if kept is not None and not proofs and certificate is not None and stated is not None and token.intact:
        found = kept.get(_Key(certificate, Purpose.TIMESTAMP, trust.anchors), min(stated, at), at)
        if found is not None:
            return found
    inquiry = _open(trust, at, policy, token.examined.data + (data or ValidationData()), fetcher)
    return _of_timestamp(judge_token(token, inquiry, proofs), inquiry, kept)


def _open(
    trust: TrustStore, at: datetime, policy: Policy | None, document: ValidationData, fetcher: Fetcher | None
) -> Inquiry:
    inquiry = Inquiry.open(trust, at, policy or Policy(), document, fetcher)
    inquiry.revocations.lasting = True
    return inquiry


def _from_kept(examined: Examined, kept: Kept, trust: TrustStore, at: datetime) -> ValidationData | None:
    """Everything out of `kept`, or None. The tokens' own mathematics are checked every time."""
    if examined.certificate is None:
        return None
    wanted, when = [], at
    for der in examined.signature_timestamps:
        token = examine_token(der, _imprint(examined.signature_value))
        if token.examined.certificate is None or token.time is None or not token.intact:
            return None
        wanted.append((_Key(token.examined.certificate, Purpose.TIMESTAMP, trust.anchors), min(token.time, at)))
        when = min(when, token.time)
        # A clock that is ahead by more than the judge forgives is the judge's business.
        if token.time > at + Policy().clock_skew:
            return None
    total = ValidationData()
    for key, time in ((_Key(examined.certificate, Purpose.SEAL, trust.anchors), when), *wanted):
        found = kept.get(key, time, at)
        if found is None:
            return None
        total += found
    return total


def _imprint(value: bytes) -> Callable[[str], bytes]:
    def digest(name: str) -> bytes:
        state = hasher(name)
        state.update(value)
        return bytes(state.digest())

    return digest


def _of_timestamp(stamp: TimestampJudgement, inquiry: Inquiry, kept: Kept | None) -> ValidationData:
    certificate = stamp.token.examined.certificate if stamp.token is not None else None
    if certificate is None or stamp.outcome is None or stamp.when is None:
        raise _failure("LONG_TERM_TIMESTAMP", "?", _reasons(stamp.checks))
    found = _Asked(inquiry, certificate, Purpose.TIMESTAMP, stamp.when, kept).gather(stamp.outcome)
    if not stamp.trusted:
        raise _failure("LONG_TERM_TIMESTAMP", facts(certificate).subject, _reasons(stamp.checks))
    return found


def _failure(code: str, certificate: str, reasons: Sequence[Reason], **more: str) -> NotLongTerm:
    error = NotLongTerm(code, certificate=certificate, reasons="; ".join(c for c, _ in reasons), **more)
    error.reasons = tuple(reasons)
    return error


def _reasons(checks: Sequence[Check]) -> list[Reason]:
    return [(c.code, tuple(c.params.items())) for c in checks if c.verdict in (FAILED, UNKNOWN)][:5]


@dataclass(slots=True)
class _Asked:
    """One certificate that the judge was asked about, and what is gathered for it."""

    inquiry: Inquiry
    certificate: Certificate
    purpose: Purpose
    when: datetime
    kept: Kept | None
    certificates: list[Certificate] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def gather(self, outcome: Outcome) -> ValidationData:
        """The data of the path and of every finding. Raises NotLongTerm."""
        self._refuse(outcome)
        path = outcome.path
        assert path is not None  # without one the check of the path is bad, and refused
        self.certificates += path.with_anchor
        for index, finding in enumerate(outcome.findings):
            self._take(path.chain[index], path.issuer_of(index), path, finding, 0)
        self._above(path.anchor.certificate)
        data = ValidationData(
            tuple(dict.fromkeys(self.certificates)),
            tuple(dict.fromkeys(s.der for s in self.statements if s.kind == "CRL")),
            tuple(dict.fromkeys(s.der for s in self.statements if s.kind == "OCSP")),
        )
        self._keep(data, path.anchor)
        return data

    def _refuse(self, outcome: Outcome) -> None:
        bad = [c for c in outcome.checks if c.verdict in (FAILED, UNKNOWN)]
        name = facts(self.certificate).subject
        for check, code in (("path", "LONG_TERM_NO_PATH"), ("validity", "LONG_TERM_EXPIRED")):
            found = [c for c in bad if c.id == check]
            if found:
                tried = self._failed_requests() if check == "path" else []
                raise _failure(code, name, [*_reasons(found), *tried])
        if bad and outcome.path is not None:
            for index, finding in enumerate(outcome.findings):
                if finding.status is not Status.GOOD:
                    raise self._no_revocation(outcome.path.chain[index], finding)
        if bad or outcome.path is None:
            raise _failure("LONG_TERM_NO_REVOCATION", name, _reasons(bad))

    def _no_revocation(self, certificate: Certificate, finding: Finding) -> NotLongTerm:
        reason = (finding.code, tuple(finding.params.items()))
        name = facts(certificate).subject
        if finding.status is Status.REVOKED:
            return _failure("LONG_TERM_REVOKED", name, [reason], since=finding.params.get("revoked", "-"))
        code = "LONG_TERM_NO_REVOCATION"
        if finding.code == "REVOCATION_STATUS_UNKNOWN":
            code = "LONG_TERM_STATUS_UNKNOWN"
        return _failure(code, name, [reason, *self._tried(certificate)])

    def _tried(self, certificate: Certificate) -> list[Reason]:
        """What became of each address that the certificate names."""
        more, lookups = read_extensions(certificate), self.inquiry.lookups
        urls = (*more.ocsp_urls, *more.crl_urls)
        if not urls:
            return [("LONG_TERM_NO_ADDRESS", ())]
        if lookups.fetcher is None:
            return [("LONG_TERM_NOT_ASKED", (("addresses", ", ".join(urls)),))]
        found = []
        for url in urls:
            if url in lookups.errors:
                found.append(_of_error(lookups.errors[url]))
            else:
                code = "LONG_TERM_ANSWER_UNUSABLE" if lookups.was_asked(url) else "LONG_TERM_TOO_MANY_REQUESTS"
                found.append((code, (("url", url),)))
        return found

    def _failed_requests(self) -> list[Reason]:
        return [_of_error(error) for error in self.inquiry.lookups.errors.values()]

    def _take(self, certificate: Certificate, issuer: Certificate, path: Path, finding: Finding, depth: int) -> None:
        """The deciding statement, and what its signer needs in turn."""
        statement = finding.statement
        if statement is None or statement in self.statements:
            return
        self.statements.append(statement)
        paths = self.inquiry.revocations.of_signer(statement, issuer, path, self.when)
        if not paths:
            return
        # RFC 6960 4.2.2.2.1: such a responder is believed for its lifetime. The listener took it for no other reason.
        for candidate in paths[:2]:
            self.certificates += candidate.with_anchor
            if read_extensions(statement.signer).ocsp_no_check:
                return
            findings = self._findings(candidate)
            if depth < _DEPTH and all(f.status is Status.GOOD for f in findings):
                for index, other in enumerate(findings):
                    self._take(candidate.chain[index], candidate.issuer_of(index), candidate, other, depth + 1)
                return
        worst = next((f for f in self._findings(paths[0]) if f.status is not Status.GOOD), finding)
        raise self._no_revocation(statement.signer, worst)

    def _findings(self, path: Path) -> tuple[Finding, ...]:
        return self.inquiry.revocations.of_path(path, self.when)

    def _above(self, anchor: Certificate) -> None:
        """From an anchor that is no root up to the root, as far as is known: others may trust the root alone."""
        if facts(anchor).self_issued:
            return
        pool, usages = self.inquiry.pool, frozenset({"any_extended_key_usage"})
        for _ in range(_CLIMBS):
            roots = [Anchor(c) for c in (*pool.roots(), *(a.certificate for a in self.inquiry.trust.anchors))]
            roots = [r for r in roots if facts(r.certificate).self_issued]
            search = find_paths(
                anchor, anchors=roots, pool=pool, when=self.when, policy=self.inquiry.policy, usages=usages
            )
            if search.paths:
                path = search.paths[0]
                self.certificates += path.with_anchor
                for index, finding in enumerate(self._findings(path)):
                    # The verifier's own trust ends below: what is missing here is missed by others alone.
                    with contextlib.suppress(NotLongTerm):
                        if finding.status is Status.GOOD:
                            self._take(path.chain[index], path.issuer_of(index), path, finding, 0)
                return
            if not pool.add(c for top in search.tops[:3] for c in self.inquiry.lookups.issuers_of(top)):
                return

    def _keep(self, data: ValidationData, anchor: Anchor) -> None:
        if self.kept is None:
            return
        at, freshness = self.inquiry.at, self.inquiry.policy.freshness
        ends = [s.next_update or s.this_update + freshness for s in self.statements]
        ends += [facts(c).not_after for c in self.certificates]
        ends += [anchor.valid_until] if anchor.valid_until is not None else []
        begin = max(anchor.valid_from or _LONG_AGO, *(facts(c).not_before for c in self.certificates))
        fresh = max((s.this_update for s in self.statements), default=begin)
        until = at + min((min(ends) - at) / 2, _KEPT_FOR)
        if until > at:
            key = _Key(self.certificate, self.purpose, self.inquiry.trust.anchors)
            self.kept.put(key, _Entry(data, begin, fresh, until))


def _of_error(error: ServiceError) -> Reason:
    return error.code, tuple(error.params.items())
