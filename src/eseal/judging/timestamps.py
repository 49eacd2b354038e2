"""Is an RFC 3161 token to be believed? Its mathematics come examined; here it is the authority behind it (5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eseal.crypto.algorithm_policy import judge_algorithms
from eseal.crypto.certificates import facts
from eseal.crypto.timestamp_token import ExaminedToken
from eseal.errors import UsageError
from eseal.judging.inquiry import FAILED, INFO, PASSED, UNKNOWN, Inquiry, Outcome, signer_view
from eseal.judging.policy import Policy
from eseal.judging.revocation import Status
from eseal.judging.times import iso
from eseal.model import Certificate, Proof, ValidationData, aware
from eseal.net import Fetcher
from eseal.report.model import Check, SignerView
from eseal.trust.store import Purpose, TrustStore

_USAGES = frozenset({"time_stamping"})


@dataclass(frozen=True, slots=True)
class TimestampJudgement:
    """The judgement of one token."""

    checks: tuple[Check, ...]
    """The checks of the token itself, then path, validity, revocation, algorithms of its authority."""
    time: datetime
    """The stated time, aware; the time of the judgement where none can be read. Counts only where `trusted`."""
    trusted: bool
    """True only where every check passed."""
    signer: SignerView | None
    """The authority; None where it cannot be identified."""
    broken: bool = False
    """Whether it is wrong for certain: made over other bytes, or its own signature does not hold."""
    complete_revocation: bool = False
    """Whether the document brings the revocation data for the whole path."""
    outcome: Outcome | None = None
    """Path and revocation findings of its authority; None where its certificate is missing or unreadable."""
    when: datetime | None = None
    """The time at which its authority was judged."""
    token: ExaminedToken | None = None
    """The token itself."""


def judge_timestamp(
    token: ExaminedToken,
    *,
    trust: TrustStore,
    at: datetime,
    data: ValidationData,
    proofs: Sequence[Proof] = (),
    policy: Policy | None = None,
    fetcher: Fetcher | None = None,
) -> TimestampJudgement:
    """Judge a token at the earliest time that `proofs` prove for it, else at `at`.

    The caller vouches that every proof is over this very token; `data` is what the document brought. Raises UsageError
    TIME_NAIVE.
    """
    at, policy = aware(at, "at"), policy or Policy()
    inquiry = Inquiry.open(trust, at, policy, token.examined.data + data, fetcher)
    return judge_token(token, inquiry, proofs)


def judge_token(token: ExaminedToken, inquiry: Inquiry, proofs: Sequence[Proof]) -> TimestampJudgement:
    """`judge_timestamp` with the material already gathered."""
    at, policy = inquiry.at, inquiry.policy
    certificate, stated = token.examined.certificate, token.time
    if certificate is None or stated is None:
        return TimestampJudgement(token.checks, at, False, None, token.broken, token=token)
    when, proven = control_time(proofs, at, policy)
    try:
        outcome = inquiry.ask(certificate, Purpose.TIMESTAMP, when, proven=proven, usages=_USAGES, forgiven=stated)
        usage = _key_usage(certificate)
        checks = [*token.checks, *usage, *outcome.checks, *_stated(certificate, stated, when, policy)]
    except UsageError:
        unreadable = Check("path", UNKNOWN, "PATH_CERTIFICATE_UNREADABLE")
        return TimestampJudgement((*token.checks, unreadable), stated, False, None, token.broken, token=token)
    checks.append(judge_algorithms((*token.algorithms, *outcome.uses), when))
    trusted = token.intact and all(c.verdict in (PASSED, INFO) for c in checks)
    complete = bool(outcome.findings) and all(
        f.in_document and f.status is not Status.UNKNOWN for f in outcome.findings
    )
    if not complete and outcome.path is not None:
        # A level says what the document was given at its time; today its lists may be stale, and fresh ones needed.
        complete = inquiry.revocations.are_carried(outcome.path, stated)
    view = signer_view(certificate, outcome.path)
    return TimestampJudgement(tuple(checks), stated, trusted, view, token.broken, complete, outcome, when, token)


def control_time(proofs: Sequence[Proof], at: datetime, policy: Policy) -> tuple[datetime, bool]:
    """The earliest time that `proofs` prove, and whether one does; a proof from after the judgement proves nothing."""
    times = [aware(p.time, "proof") for p in proofs if aware(p.time, "proof") <= at + policy.clock_skew]
    return (min(*times, at), True) if times else (at, False)


def _key_usage(certificate: Certificate) -> list[Check]:
    usage = facts(certificate).key_usage
    if usage is None or usage & {"digital_signature", "non_repudiation"}:
        return []
    return [Check("certificate-usage", FAILED, "USAGE_KEY", {"certificate": facts(certificate).subject})]


def _stated(certificate: Certificate, stated: datetime, when: datetime, policy: Policy) -> list[Check]:
    """The stated time against what is known: not after the time at which the token is proven to have existed."""
    own = facts(certificate)
    params = {"time": iso(stated), "when": iso(when)}
    if stated > when + policy.clock_skew:
        return [Check("best-time", UNKNOWN, "TIMESTAMP_FROM_FUTURE", params)]
    if not own.not_before <= stated <= own.not_after:
        params |= {"certificate": own.subject}
        return [Check("validity", FAILED, "TIMESTAMP_OUTSIDE_VALIDITY", params)]
    return []
