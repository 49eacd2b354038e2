"""The one read pipeline: bytes, trust and a time in, a report out. Each building block of EN 319 102-1 is one call.

Recipe (the numbers repeat at the steps):
 1 format: open within limits; what cannot be read is `unreadable`, what has no signature is `no-signature`
 2 mathematics: every CMS taken apart; digest and signature value over the bytes that it covers
 3 times: document timestamps, newest first; each trusted one proves what stands before it
 4 trust: certificate, path, revocation and algorithms of each seal at its best signature time; with a register of
   seals, whether the seal itself was valid and neither suspended nor revoked at that time
 5 coverage: what was added or changed after each signature
 6 level: the PAdES baseline level that is met
 7 fold: checks to answers, answers to a verdict, the gravest of all seals
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from eseal import __version__
from eseal.crypto.algorithms import DIGESTS, hasher
from eseal.documents import open_document
from eseal.documents.model import Broken, Document, Found, Kind
from eseal.errors import DocumentError, UsageError
from eseal.judging.judge import Judgement, judge
from eseal.judging.lists import lists_of
from eseal.judging.policy import Policy
from eseal.judging.timestamps import TimestampJudgement, judge_timestamp
from eseal.limits import DEFAULT, Limits
from eseal.model import Digest, Proof, ValidationData, aware
from eseal.net import CachingFetcher, Fetcher
from eseal.report.checks import effect, fold, gravest, verdict
from eseal.report.model import (
    Answer,
    Answers,
    Check,
    CheckVerdict,
    Indication,
    Report,
    SignatureReport,
    SubIndication,
    TimeSource,
    Verdict,
)
from eseal.seals.registered import SealRegister
from eseal.trust.store import TrustStore
from eseal.verification.changes import judge_changes
from eseal.verification.levels import pades_level
from eseal.verification.mathematics import Case, examine_found
from eseal.verification.seal_status import Moment, SealJudgement, judge_seal

SOFTWARE = f"eseal {__version__}"


def now() -> datetime:
    """The clock, at the one place where the read pipeline asks for it."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class _Run:
    """What every step of one judgement needs."""

    data: bytes
    document: Document
    stored: ValidationData
    trust: TrustStore
    at: datetime
    policy: Policy
    fetcher: Fetcher | None
    proofs: tuple[Proof, ...]
    seals: SealRegister | None

    def proofs_for(self, found: Found, proven: Sequence[tuple[int, Proof]]) -> list[Proof]:
        """The caller's proofs that are over this signature, and document timestamps that cover it, value included."""
        given = [p for p in self.proofs if self._is_over(p.digest, found)]
        return given + [proof for end, proof in proven if end > found.covered_end]

    def _is_over(self, digest: Digest, found: Found) -> bool:
        """A proof of the whole file, or of the revision that the signature closed, is a proof of the signature."""
        for end in {len(self.data), found.covered_end}:
            state = hasher(digest.algorithm)
            state.update(memoryview(self.data)[:end])
            if hmac.compare_digest(state.digest(), digest.value):
                return True
        return False


def moment(at: datetime | None) -> datetime:
    """The time of a judgement, in UTC. Raises UsageError TIME_NAIVE, and TIME_OUT_OF_RANGE where no skew is left."""
    when = aware(at, "at") if at is not None else now()
    if not 1900 <= when.year <= 9000:
        raise UsageError("TIME_OUT_OF_RANGE", what="at")
    return when


def verify(
    data: bytes,
    trust: TrustStore,
    at: datetime | None = None,
    *,
    proofs: Sequence[Proof] = (),
    fetcher: Fetcher | None = None,
    policy: Policy | None = None,
    limits: Limits = DEFAULT,
    file: str | None = None,
    seals: SealRegister | None = None,
) -> Report:
    """Judge a document of any known format; never raises for a bad document.

    `data` is the document, `trust` whom to believe, `at` the time of the judgement (aware; now where None), `proofs`
    what the caller can prove of the document's age (over the whole file, or over the revision that a signature
    closed), `fetcher` a client for missing revocation data (None makes no request at all), `file` a name for the
    report, `seals` an authority's register: a seal in it is judged at the best signature time.
    Raises UsageError for a time that cannot be reckoned with (TIME_NAIVE, TIME_OUT_OF_RANGE) and a proof by an unknown
    digest (PROOF_DIGEST_UNKNOWN).
    """
    at = moment(at)
    policy = policy or Policy()
    given = usable(proofs)
    # 1 format
    try:
        document = open_document(data, limits)
        signatures = document.signatures()
        findings = document.findings()
        stored = document.validation_data()
    except DocumentError as error:
        return unreadable(error, hashlib.sha256(data).digest(), trust, at, policy, file, size=len(data))
    # Each address is asked once for all signatures of a document.
    client = CachingFetcher(fetcher) if fetcher is not None else None
    run = _Run(data, document, stored, trust, at, policy, client, given, seals)
    # 2 mathematics
    cases = {s.index: examine_found(s, limits) for s in signatures if isinstance(s, Found)}
    # 3 times
    stamps, proven = _document_timestamps(run, cases.values())
    # 4 trust, 5 coverage, 6 level
    reports = []
    outcomes = [s.outcome for s in stamps.values()]
    for signature in signatures:
        if isinstance(signature, Broken):
            reports.append(_broken(signature))
        elif signature.index in stamps:
            reports.append(_timestamp(run, cases[signature.index], stamps[signature.index]))
        else:
            report, judgement = _seal(run, cases[signature.index], proven)
            reports.append(report)
            outcomes += judgement.outcomes
    reports = _pictures(reports)
    # 7 fold
    answers, indication, sub = _whole(reports, findings)
    return Report(
        verdict=verdict(answers) if signatures else Verdict.NO_SIGNATURE,
        answers=answers,
        indication=indication,
        sub_indication=sub,
        signatures=tuple(reports),
        checks=findings,
        at=at,
        digest="sha256:" + document.digest("sha256").hex(),
        trust=trust.digests(),
        policy=policy.name,
        revocation=policy.revocation.value,
        software=SOFTWARE,
        file=file,
        format=document.format,
        size=len(data),
        lists=lists_of(outcomes, trust, at, policy),
    )


def usable(proofs: Sequence[Proof]) -> tuple[Proof, ...]:
    """The proofs of a caller. Raises UsageError for what no document is to blame for: TIME_NAIVE, PROOF_..."""
    for proof in proofs:
        aware(proof.time, "proof")
        if proof.digest.algorithm not in DIGESTS:
            raise UsageError("PROOF_DIGEST_UNKNOWN", digest=proof.digest.algorithm)
    return tuple(proofs)


def unreadable(
    error: DocumentError,
    digest: bytes,
    trust: TrustStore,
    at: datetime,
    policy: Policy,
    file: str | None,
    size: int = 0,
) -> Report:
    """The report of a document that could not be read, with the reason."""
    check = Check("document", CheckVerdict.UNKNOWN, error.code, error.params)
    return Report(
        verdict=Verdict.UNREADABLE,
        answers=Answers(Answer.UNKNOWN, Answer.UNKNOWN),
        indication=Indication.INDETERMINATE,
        sub_indication=SubIndication.FORMAT_FAILURE,
        signatures=(),
        checks=(check,),
        at=at,
        digest="sha256:" + digest.hex() if digest else "",
        trust=trust.digests(),
        policy=policy.name,
        revocation=policy.revocation.value,
        software=SOFTWARE,
        file=file,
        size=size,
    )


def _document_timestamps(
    run: _Run, cases: Iterable[Case]
) -> tuple[dict[int, TimestampJudgement], list[tuple[int, Proof]]]:
    """Judge them newest first: each is judged at the time that a newer one proves for it (EN 319 102-1 5.6.2.3)."""
    stamps: dict[int, TimestampJudgement] = {}
    proven: list[tuple[int, Proof]] = []
    for case in sorted(cases, key=lambda c: -c.found.covered_end):
        if case.token is None:
            continue
        stamp = judge_timestamp(
            case.token,
            trust=run.trust,
            at=run.at,
            data=run.stored,
            proofs=run.proofs_for(case.found, proven),
            policy=run.policy,
            fetcher=run.fetcher,
        )
        stamps[case.found.index] = stamp
        if stamp.trusted and _sound(case):
            digest = Digest("sha256", case.found.digest("sha256"))
            proven.append((case.found.covered_end, Proof(stamp.time, "timestamp", digest)))
    return stamps, proven


def _sound(case: Case) -> bool:
    """A proof carries nothing unless its bytes are known for certain: every structural check was made and passed."""
    made = {c.id for c in case.found.findings if c.verdict is CheckVerdict.PASSED}
    whole = all(c.verdict in (CheckVerdict.PASSED, CheckVerdict.INFO) for c in case.found.findings)
    return whole and made >= {"byte-range", "coverage"}


def _seal(run: _Run, case: Case, proven: Sequence[tuple[int, Proof]]) -> tuple[SignatureReport, Judgement]:
    found, examined = case.found, case.examined
    covering = run.proofs_for(found, proven)
    data = run.stored + found.data
    judgement = judge(
        examined, trust=run.trust, at=run.at, data=data, proofs=covering, policy=run.policy, fetcher=run.fetcher
    )
    of_seal = _registered(run, case, judgement)
    change, changes = judge_changes(run.document, found)
    checks = (*found.findings, *examined.checks, *judgement.checks, *of_seal.checks, change)
    answers, indication, sub = fold(checks)
    carried = judgement.complete_revocation
    if not carried and data.ocsps + data.crls + examined.ocsps + examined.crls and run.trust.data != ValidationData():
        # Level LT asks what the document itself carries, whichever copy this verifier happened to take.
        carried = judge(
            examined, trust=TrustStore(run.trust.anchors), at=run.at, data=data, proofs=covering, policy=run.policy
        ).complete_revocation
    stamp_ends = [end for end, _ in proven if end > found.covered_end]
    report = SignatureReport(
        name=found.name,
        kind=Kind.SEAL.value,
        answers=answers,
        indication=indication,
        sub_indication=sub,
        checks=checks,
        level=pades_level(examined, judgement, run.document, stamp_ends, carried),
        signer=judgement.signer,
        seal=of_seal.seal,
        claimed_time=found.claimed_time or examined.claimed_time,
        best_time=judgement.best_time,
        time_source=judgement.time_source,
        coverage=found.coverage.value,
        page=found.page,
        reason=found.reason,
        location=found.location,
        changes=changes,
        certification=found.certification,
    )
    return report, judgement


def _registered(run: _Run, case: Case, judgement: Judgement) -> SealJudgement:
    """What the register says of the seal; nothing where there is no register or no signer."""
    certificate = case.examined.certificate
    if run.seals is None or certificate is None:
        return SealJudgement(())
    proven = judgement.time_source is not TimeSource.NOW
    when = Moment(judgement.best_time, proven, run.at, run.policy.clock_skew)
    return judge_seal(run.seals, certificate.fingerprint, case.found.seal, when)


def _timestamp(run: _Run, case: Case, stamp: TimestampJudgement) -> SignatureReport:
    found = case.found
    change, changes = judge_changes(run.document, found)
    checks = (*found.findings, *stamp.checks, change)
    answers, indication, sub = fold(checks)
    return SignatureReport(
        name=found.name,
        kind=Kind.TIMESTAMP.value,
        answers=answers,
        indication=indication,
        sub_indication=sub,
        checks=checks,
        signer=stamp.signer,
        best_time=stamp.time if stamp.trusted else None,
        time_source=TimeSource.TIMESTAMP if stamp.trusted else TimeSource.NOW,
        coverage=found.coverage.value,
        page=found.page,
        changes=changes,
    )


def _pictures(reports: Sequence[SignatureReport]) -> list[SignatureReport]:
    """Reports in which a timestamp that shows a picture, put there after a seal, stands for that picture.

    A timestamp service stamps any digest that it gets (RFC 3161 2.1), so nobody vouches for what its field shows: it
    may look like the seal of another body.
    """
    shown = {c["where"] for r in reports for c in r.changes if c["code"] == "CHANGE_TIMESTAMP_VISIBLE"}
    return [
        _with_check(r, Check("certificate-usage", CheckVerdict.UNKNOWN, "TIMESTAMP_SHOWS_PICTURE", {"name": r.name}))
        if r.kind == Kind.TIMESTAMP.value and r.name in shown
        else r
        for r in reports
    ]


def _with_check(report: SignatureReport, check: Check) -> SignatureReport:
    checks = (*report.checks, check)
    answers, indication, sub = fold(checks)
    return replace(report, checks=checks, answers=answers, indication=indication, sub_indication=sub)


def _broken(broken: Broken) -> SignatureReport:
    answers, indication, sub = fold(broken.findings)
    return SignatureReport(
        name=broken.name,
        kind=Kind.SEAL.value,
        answers=answers,
        indication=indication,
        sub_indication=sub,
        checks=broken.findings,
    )


def _whole(
    reports: Sequence[SignatureReport], findings: Sequence[Check]
) -> tuple[Answers, Indication, SubIndication | None]:
    """The document takes the gravest of all its seals; document timestamps say whether it is untouched, not by whom.

    A timestamp that nobody vouches for proves nothing, but takes nothing from a seal beside it either, unless it
    shows a picture that was not there when the document was sealed.
    """
    seals = [
        r for r in reports if r.kind == Kind.SEAL.value or any(c.code == "TIMESTAMP_SHOWS_PICTURE" for c in r.checks)
    ]
    touched = [_of_document(findings), *(r.answers.untouched for r in reports)]
    answers = Answers(
        untouched=gravest(touched) if reports else Answer.UNKNOWN,
        genuine=gravest(r.answers.genuine for r in seals),
    )
    if not reports:
        return answers, Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND
    if verdict(answers) is Verdict.PASSED:
        return answers, Indication.TOTAL_PASSED, None
    failed = Answer.NO in (answers.untouched, answers.genuine)
    indication = Indication.TOTAL_FAILED if failed else Indication.INDETERMINATE
    # The reason is that of a signature which stands as the whole does; the seals speak first.
    reasons = [r.sub_indication for r in (*seals, *reports) if r.indication is indication and r.sub_indication]
    return answers, indication, reasons[0] if reasons else SubIndication.FORMAT_FAILURE


def _of_document(findings: Sequence[Check]) -> Answer:
    """What the findings about the document as a whole say, whichever question they belong to."""
    return gravest([Answer.YES, *(effect(c) for c in findings)])
