"""The table of checks: which answer each touches, which clause it follows, what its failure is called; and the fold.

Fail closed: an answer is yes only if every check that it requires was made and passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eseal.report.model import Answer, Answers, Check, CheckVerdict, Indication, SubIndication, Verdict

S = SubIndication


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One row of the table."""

    answer: str | None
    """"untouched", "genuine", "in_force", or None for information."""
    clause: str
    """The clause that asks the question."""
    failed: SubIndication | None
    """Sub-indication where it failed."""
    unknown: SubIndication | None
    """Sub-indication where it could not be answered."""
    required: bool = False
    """True where the answer cannot be yes without it."""
    definite: bool = True
    """False where a failure only makes the answer unknown."""


CHECKS: dict[str, CheckSpec] = {
    "document": CheckSpec("untouched", "ISO 32000-2 7.5", S.FORMAT_FAILURE, S.FORMAT_FAILURE),
    "field-structure": CheckSpec("untouched", "ISO 32000-2 12.7.5.5", S.FORMAT_FAILURE, S.FORMAT_FAILURE),
    "byte-range": CheckSpec("untouched", "ISO 32000-2 12.8.1", S.FORMAT_FAILURE, S.FORMAT_FAILURE, required=True),
    "contents": CheckSpec("untouched", "EN 319 142-1 5.3", S.FORMAT_FAILURE, S.FORMAT_FAILURE),
    "cms-structure": CheckSpec("untouched", "RFC 5652 5", S.FORMAT_FAILURE, S.FORMAT_FAILURE, required=True),
    "signed-attributes": CheckSpec("untouched", "RFC 5652 5.3", S.SIG_CONSTRAINTS_FAILURE, S.SIG_CONSTRAINTS_FAILURE),
    "digest": CheckSpec("untouched", "EN 319 102-1 5.2.7", S.HASH_FAILURE, S.FORMAT_FAILURE, required=True),
    "signature-value": CheckSpec(
        "untouched", "EN 319 102-1 5.2.7", S.SIG_CRYPTO_FAILURE, S.CRYPTO_CONSTRAINTS_FAILURE, required=True
    ),
    # A timestamp lies outside the signed bytes; one that does not fit was put there or changed by another hand.
    "timestamp-integrity": CheckSpec(
        "untouched", "RFC 3161 2.4.2", S.SIG_CONSTRAINTS_FAILURE, S.SIG_CONSTRAINTS_FAILURE, definite=False
    ),
    "coverage": CheckSpec("untouched", "ISO 32000-2 12.8.1", S.FORMAT_FAILURE, S.FORMAT_FAILURE, required=True),
    "changes": CheckSpec("untouched", "ISO 32000-2 12.8.2.2", S.FORMAT_FAILURE, S.FORMAT_FAILURE, required=True),
    "signing-certificate": CheckSpec(
        "genuine",
        "EN 319 102-1 5.2.3",
        S.SIG_CONSTRAINTS_FAILURE,
        S.NO_SIGNING_CERTIFICATE_FOUND,
        required=True,
    ),
    "certificate-usage": CheckSpec(
        "genuine",
        "RFC 5280 4.2.1.3, 4.2.1.12",
        S.CHAIN_CONSTRAINTS_FAILURE,
        S.CHAIN_CONSTRAINTS_FAILURE,
        required=True,
    ),
    "path": CheckSpec(
        "genuine", "RFC 5280 6.1", S.CHAIN_CONSTRAINTS_FAILURE, S.NO_CERTIFICATE_CHAIN_FOUND, required=True
    ),
    "validity": CheckSpec("genuine", "EN 319 102-1 5.2.6", S.EXPIRED, S.OUT_OF_BOUNDS_NO_POE, required=True),
    "revocation": CheckSpec("genuine", "EN 319 102-1 5.2.5", S.REVOKED, S.TRY_LATER, required=True),
    "algorithms": CheckSpec(
        "genuine",
        "EN 319 102-1 5.2.8; TS 119 312",
        S.CRYPTO_CONSTRAINTS_FAILURE,
        S.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
        required=True,
        definite=False,
    ),
    "signature-timestamp": CheckSpec(
        "genuine", "EN 319 102-1 5.4", S.SIG_CONSTRAINTS_FAILURE, S.NO_POE, definite=False
    ),
    "best-time": CheckSpec("genuine", "EN 319 102-1 5.6.2", S.TIMESTAMP_ORDER_FAILURE, S.NO_POE, definite=False),
    "seal-data": CheckSpec("genuine", "GB/T 38540 6.3", S.SIG_CONSTRAINTS_FAILURE, S.SIG_CONSTRAINTS_FAILURE),
    "seal-signer": CheckSpec("genuine", "GB/T 38540 7.3", S.SIG_CONSTRAINTS_FAILURE, S.SIG_CONSTRAINTS_FAILURE),
    # Asked where the verifier has a register of seals: at the best signature time, as a certificate's revocation is.
    "seal-status": CheckSpec("genuine", "GB/T 38540 7.3; EN 319 102-1 5.2.5", S.REVOKED, S.TRY_LATER),
    "status": CheckSpec("in_force", "", None, None),
    "note": CheckSpec(None, "", None, None),
}
"""Every check id that may stand in a report, in the order of the recipe."""

_GRAVITY = [Answer.NOT_APPLICABLE, Answer.YES, Answer.PERMITTED, Answer.UNKNOWN, Answer.NO]


def gravest(answers: Iterable[Answer]) -> Answer:
    """The gravest of `answers`: no, then unknown, then permitted, then yes."""
    return max(answers, key=_GRAVITY.index, default=Answer.UNKNOWN)


def effect(check: Check) -> Answer:
    """What one check does to the answer that it touches. Only a change can be permitted: elsewhere it is no answer."""
    if check.verdict is CheckVerdict.FAILED:
        return Answer.NO if CHECKS[check.id].definite else Answer.UNKNOWN
    if check.verdict is CheckVerdict.PERMITTED and check.id == "changes":
        return Answer.PERMITTED
    return Answer.YES if check.verdict in (CheckVerdict.PASSED, CheckVerdict.INFO) else Answer.UNKNOWN


def fold(checks: Sequence[Check]) -> tuple[Answers, Indication, SubIndication | None]:
    """Fold the checks of one signature to its answers and indication (EN 319 102-1 5.1.3)."""
    answers = {}
    for name in ("untouched", "genuine"):
        answer = gravest(
            [effect(c) for c in checks if CHECKS[c.id].answer == name and c.verdict is not CheckVerdict.INFO]
        )
        made = {c.id for c in checks if c.verdict is not CheckVerdict.INFO}
        missing = [i for i, spec in CHECKS.items() if spec.answer == name and spec.required and i not in made]
        answers[name] = gravest([answer, Answer.UNKNOWN]) if missing else answer
    if answers["untouched"] is Answer.NO:
        # A signature over other bytes says nothing about who issued these.
        answers["genuine"] = Answer.UNKNOWN
    result = Answers(untouched=answers["untouched"], genuine=answers["genuine"])
    if result.untouched in (Answer.YES, Answer.PERMITTED) and result.genuine is Answer.YES:
        return result, Indication.TOTAL_PASSED, None
    failed = Answer.NO in (result.untouched, result.genuine)
    indication = Indication.TOTAL_FAILED if failed else Indication.INDETERMINATE
    return result, indication, _sub_indication(checks, result)


def _sub_indication(checks: Sequence[Check], answers: Answers) -> SubIndication | None:
    wanted = Answer.NO if Answer.NO in (answers.untouched, answers.genuine) else Answer.UNKNOWN
    # Failures first, then in the order of the recipe, since later checks rest on earlier ones.
    order = list(CHECKS)
    bad = [c for c in checks if CHECKS[c.id].answer and effect(c) is wanted]
    for check in sorted(bad, key=lambda c: (c.verdict is not CheckVerdict.FAILED, order.index(c.id))):
        spec = CHECKS[check.id]
        named = check.sub_indication or (spec.failed if check.verdict is CheckVerdict.FAILED else spec.unknown)
        if named:
            return named
    return SubIndication.SIGNED_DATA_NOT_FOUND if not bad else None


def verdict(answers: Answers) -> Verdict:
    """The whole in one word: passed needs all three; any `no` is failed; else indeterminate."""
    if Answer.NO in (answers.untouched, answers.genuine, answers.in_force):
        return Verdict.FAILED
    if (
        answers.untouched in (Answer.YES, Answer.PERMITTED)
        and answers.genuine is Answer.YES
        and answers.in_force in (Answer.YES, Answer.NOT_APPLICABLE)
    ):
        return Verdict.PASSED
    return Verdict.INDETERMINATE
