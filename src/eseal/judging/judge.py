"""The judge of a CMS signature whatever the format: who signed, may he, was it valid at the time that is proven?

Recipe (EN 319 102-1 5.3 to 5.6; the numbers repeat at the steps):
 1 what proves that the signature existed, and when: signature timestamps, proofs; nothing else does
 2 may the certificate seal at all
 3 path, validity and revocation at the earliest proven time, or now where nothing is proven
 4 were all algorithms strong enough at that time
A claimed time decides nothing: it is only shown where it contradicts what is proven.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eseal.crypto.algorithm_policy import judge_algorithms
from eseal.crypto.algorithms import hasher
from eseal.crypto.certificates import facts
from eseal.crypto.examined import Examined
from eseal.crypto.timestamp_token import examine_token
from eseal.errors import UsageError
from eseal.judging.inquiry import FAILED, INFO, PASSED, UNKNOWN, Inquiry, Outcome, signer_view
from eseal.judging.policy import Policy
from eseal.judging.revocation import Status
from eseal.judging.times import iso
from eseal.judging.timestamps import TimestampJudgement, control_time, judge_token
from eseal.model import Certificate, Proof, ValidationData, aware
from eseal.net import Fetcher
from eseal.report.model import Check, CheckVerdict, SignerView, SubIndication, TimeSource
from eseal.trust.store import Purpose, TrustStore

_TIMESTAMPS = 20


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of the genuineness of one signature."""

    checks: tuple[Check, ...]
    """signature-timestamp, best-time, certificate-usage, path, validity, revocation, algorithms, notes."""
    signer: SignerView | None
    """The signing certificate; None where it is not identified or unreadable."""
    best_time: datetime
    """Earliest time at which the signature is proven to have existed; the time of the judgement without proof."""
    time_source: TimeSource
    """What proves it."""
    has_trusted_timestamp: bool
    """Whether a signature timestamp inside the CMS is trusted."""
    complete_revocation: bool
    """Whether the document itself brings the revocation data for the whole path and its signature timestamps."""
    chain: tuple[Certificate, ...]
    """The path, signer first, anchor last; the signer alone where there is none, empty without a signer."""
    outcome: Outcome | None = None
    """Path and revocation findings of the signer; None without a readable signer."""
    timestamps: tuple[TimestampJudgement, ...] = ()
    """The signature timestamps, judged, in their order."""

    @property
    def outcomes(self) -> tuple[Outcome | None, ...]:
        """What was found of the signer, and of the authority of each signature timestamp."""
        return (self.outcome, *(s.outcome for s in self.timestamps))


def judge(
    examined: Examined,
    *,
    trust: TrustStore,
    at: datetime,
    data: ValidationData,
    proofs: Sequence[Proof] = (),
    policy: Policy | None = None,
    fetcher: Fetcher | None = None,
    purpose: Purpose = Purpose.SEAL,
) -> Judgement:
    """Judge one examined signature at the earliest time that is proven for it, else at `at`.

    `data` is what the document brought (what `trust` brings is added here); the caller vouches that every one of
    `proofs` is over this signature. Never raises for bad bytes; raises UsageError TIME_NAIVE.
    """
    at, policy = aware(at, "at"), policy or Policy()
    return judge_signature(examined, Inquiry.open(trust, at, policy, examined.data + data, fetcher), proofs, purpose)


def judge_signature(examined: Examined, inquiry: Inquiry, proofs: Sequence[Proof], purpose: Purpose) -> Judgement:
    """`judge` with the material already gathered."""
    at, policy = inquiry.at, inquiry.policy
    # 1
    stamps = _timestamps(examined, inquiry, proofs)
    best, source, checks = _best_time(examined, stamps, proofs, at, policy)
    proven = source is not TimeSource.NOW
    trusted = any(s.trusted for s in stamps)
    certificate = examined.certificate
    if certificate is None:
        checks.append(_algorithms(examined, None, best, proven=proven))
        return Judgement(tuple(checks), None, best, source, trusted, False, (), None, tuple(stamps))
    try:
        # 2
        checks += _usage(certificate, policy)
        # 3
        outcome = inquiry.ask(certificate, purpose, best, proven=proven, usages=policy.allowed_usages)
    except UsageError:
        checks.append(Check("path", UNKNOWN, "PATH_CERTIFICATE_UNREADABLE"))
        return Judgement(tuple(checks), None, best, source, trusted, False, (certificate,), None, tuple(stamps))
    checks += outcome.checks
    # 4
    checks.append(_algorithms(examined, outcome, best, proven=proven))
    chain = outcome.path.with_anchor if outcome.path else (certificate,)
    return Judgement(
        checks=tuple(checks),
        signer=signer_view(certificate, outcome.path),
        best_time=best,
        time_source=source,
        has_trusted_timestamp=trusted,
        complete_revocation=_is_complete(outcome, stamps),
        chain=chain,
        outcome=outcome,
        timestamps=tuple(stamps),
    )


def _timestamps(examined: Examined, inquiry: Inquiry, proofs: Sequence[Proof]) -> list[TimestampJudgement]:
    def imprint(digest: str) -> bytes:
        state = hasher(digest)
        state.update(examined.signature_value)
        return bytes(state.digest())

    judged = []
    for der in examined.signature_timestamps[:_TIMESTAMPS]:
        token = examine_token(der, imprint)
        inquiry.pool.add(token.examined.certificates)
        inquiry.revocations.material.add(token.examined.crls, token.examined.ocsps, in_document=True)
        judged.append(judge_token(token, inquiry, proofs))
    return judged


def _best_time(
    examined: Examined, stamps: Sequence[TimestampJudgement], proofs: Sequence[Proof], at: datetime, policy: Policy
) -> tuple[datetime, TimeSource, list[Check]]:
    """EN 319 102-1 5.6.2.4: the earliest of all that is proven."""
    checks = [c for s in stamps for c in _timestamp_checks(s)]
    best, proven = control_time(proofs, at, policy)
    source = TimeSource.NOW
    if proven:
        first = min(proofs, key=lambda p: p.time)
        source = TimeSource.TIMESTAMP if first.source == "timestamp" else TimeSource.PROOF
    for stamp in stamps:
        if proven and _is_out_of_order(stamp):
            params = {"time": iso(stamp.time), "later": iso(best)}
            sub = SubIndication.TIMESTAMP_ORDER_FAILURE
            checks.append(Check("best-time", UNKNOWN, "BEST_TIME_ORDER", params, sub_indication=sub))
        if not stamp.trusted:
            continue
        if stamp.time < best or source is TimeSource.NOW:
            best, source = min(stamp.time, best), TimeSource.TIMESTAMP
    code = {TimeSource.NOW: "BEST_TIME_NOW", TimeSource.PROOF: "BEST_TIME_PROOF"}.get(source, "BEST_TIME_TIMESTAMP")
    verdict = INFO if source is TimeSource.NOW else PASSED
    checks.append(Check("best-time", verdict, code, {"time": iso(best)}))
    claimed = examined.claimed_time
    if claimed is not None and claimed > best + policy.clock_skew:
        params = {"claimed": iso(claimed), "time": iso(best)}
        checks.append(Check("note", INFO, "CLAIMED_TIME_AFTER_PROOF", params))
    return best, source, checks


def _is_out_of_order(stamp: TimestampJudgement) -> bool:
    """5.5.4: a token whose only fault is that a proof over it is older than the time it states."""
    bad = [c for c in stamp.checks if c.verdict in (FAILED, UNKNOWN)]
    return bool(bad) and all(c.code == "TIMESTAMP_FROM_FUTURE" for c in bad)


def _timestamp_checks(stamp: TimestampJudgement) -> list[Check]:
    name = stamp.signer.name if stamp.signer else "?"
    params = {"time": iso(stamp.time), "authority": name}
    evidence = {"authority": stamp.signer.fingerprint} if stamp.signer else {}
    if stamp.trusted:
        return [Check("signature-timestamp", PASSED, "SIGNATURE_TIMESTAMP_TRUSTED", params, evidence)]
    bad = [c for c in stamp.checks if c.verdict in (FAILED, UNKNOWN)]
    reasons = [Check("note", INFO, c.code, c.params, c.evidence) for c in bad[:3]]
    if stamp.broken:
        return [Check("timestamp-integrity", FAILED, "SIGNATURE_TIMESTAMP_BROKEN", params, evidence), *reasons]
    # A timestamp that is not believed proves nothing, but it takes nothing from the seal either (5.5.4).
    return [Check("signature-timestamp", INFO, "SIGNATURE_TIMESTAMP_NOT_TRUSTED", params, evidence), *reasons]


def _usage(certificate: Certificate, policy: Policy) -> list[Check]:
    own = facts(certificate)
    params = {"certificate": own.subject}
    if own.key_usage is not None and not own.key_usage & {"digital_signature", "non_repudiation"}:
        return [Check("certificate-usage", FAILED, "USAGE_KEY", params)]
    extended = own.extended_key_usage
    if extended is not None and not extended & policy.allowed_usages:
        params |= {"usages": ", ".join(sorted(extended))}
        return [Check("certificate-usage", FAILED, "USAGE_EXTENDED", params)]
    checks = [Check("certificate-usage", PASSED, "USAGE_FIT", params)]
    if own.is_ca:
        checks.append(Check("note", INFO, "USAGE_IS_CA", params))
    return checks


def _algorithms(examined: Examined, outcome: Outcome | None, best: datetime, *, proven: bool) -> Check:
    check = judge_algorithms((*examined.algorithms, *(outcome.uses if outcome else ())), best)
    if check.verdict is CheckVerdict.FAILED and not proven:
        return replace(check, sub_indication=SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE)
    return check


def _is_complete(outcome: Outcome, stamps: Sequence[TimestampJudgement]) -> bool:
    """EN 319 142-1 6.3, B-LT: the document brings everything that its validation needs."""
    own = bool(outcome.findings) and all(f.in_document and f.status is not Status.UNKNOWN for f in outcome.findings)
    return own and all(s.complete_revocation for s in stamps if s.trusted)
