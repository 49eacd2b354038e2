"""What a report means for the person who holds the document: one plain sentence, the reason, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from eseal import messages
from eseal.report.checks import CHECKS, effect
from eseal.report.escape import visible
from eseal.report.model import (
    Answer,
    Check,
    CheckVerdict,
    Indication,
    Report,
    SignatureReport,
    SubIndication,
    TimeSource,
    Verdict,
)

_NAME = 120
_UNKNOWN_ISSUER = (SubIndication.NO_CERTIFICATE_CHAIN_FOUND, SubIndication.NO_CERTIFICATE_CHAIN_FOUND_NO_POE)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Three short texts in one language. Strings from outside in them are made visible, not yet escaped for HTML."""

    warning: str
    """That certificates are TEST certificates; else empty."""
    sentence: str
    """The verdict in one plain sentence."""
    reason: str
    """Why."""
    action: str
    """What to do next."""

    @property
    def first(self) -> str:
        """Warning and sentence together, for where there is one line."""
        return self.warning + self.sentence


def explanation(report: Report, lang: str = "en", tz: tzinfo | None = UTC) -> Explanation:
    """Explain the verdict in `lang`, times in `tz` (None: the computer's own zone)."""
    if report.verdict is Verdict.PASSED:
        found = _passed(report, lang, tz)
    elif report.verdict is Verdict.NO_SIGNATURE:
        found = _plain("VERDICT_NO_SIGNATURE", "REASON_NO_SIGNATURE", lang)
    else:
        found = _not_passed(report, lang)
    return replace(found, warning=messages.text("VERDICT_TEST", lang)) if is_test(report) else found


def is_test(report: Report) -> bool:
    """True where any certificate is marked TEST."""
    return any(s.signer is not None and s.signer.test for s in report.signatures)


def shown_time(when: datetime, tz: tzinfo | None) -> str:
    """A time in the reader's zone, always with its offset."""
    try:
        local = when.astimezone(tz)
    except OverflowError:
        local = when
    # Not by position: the offset of a time long ago may have seconds.
    plain = local.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return f"{plain} {local.isoformat(sep=' ', timespec='seconds').removeprefix(plain)}"


def sentence(code: str, lang: str, params: Mapping[str, str]) -> str:
    """The sentence of `code` with parameters from outside made visible."""
    return messages.text(code, lang, {k: visible(str(v)) for k, v in params.items()})


def next_step(code: str, lang: str, params: Mapping[str, str]) -> str:
    """The hint of `code` with parameters from outside made visible; may be empty."""
    return messages.hint(code, lang, {k: visible(str(v)) for k, v in params.items()})


def decisive(report: Report) -> Check | None:
    """The check that decides a verdict which is not passed: the first of the gravest, in the order of the recipe."""
    wanted = Answer.NO if report.verdict is Verdict.FAILED else Answer.UNKNOWN
    order = list(CHECKS)
    bad = [
        (_weight(c, owner, report), order.index(c.id), c)
        for owner, c in _all(report)
        if c.id in CHECKS
        and CHECKS[c.id].answer
        and c.verdict in (CheckVerdict.FAILED, CheckVerdict.UNKNOWN)
        and effect(c) is wanted
    ]
    return min(bad, key=lambda item: item[:2])[2] if bad else None


def _weight(check: Check, owner: SignatureReport | None, report: Report) -> tuple[int, int, int]:
    spec = CHECKS[check.id]
    # What was touched is said before who sealed it: a seal over other bytes says nothing about these.
    kept_apart = 0 if spec.answer == "untouched" else 1
    # A timestamp that nobody vouches for takes nothing from a seal, so it explains a verdict last.
    of_seal = 0 if owner is None or owner.kind == "seal" else 1
    named = check.sub_indication or (spec.failed if check.verdict is CheckVerdict.FAILED else spec.unknown)
    same = 0 if named is report.sub_indication else 1
    return (kept_apart, of_seal, same)


def _all(report: Report) -> Iterator[tuple[SignatureReport | None, Check]]:
    for check in report.checks:
        yield None, check
    for signature in report.signatures:
        for check in signature.checks:
            yield signature, check


def _plain(verdict: str, reason: str, lang: str) -> Explanation:
    return Explanation("", messages.text(verdict, lang), messages.text(reason, lang), messages.hint(verdict, lang))


def _passed(report: Report, lang: str, tz: tzinfo | None) -> Explanation:
    seals = [s for s in report.signatures if s.kind == "seal"]
    code = "VERDICT_PASSED_PERMITTED" if report.answers.untouched is Answer.PERMITTED else "VERDICT_PASSED"
    if len(seals) > 1:
        code += "_MANY"
    signers = list(dict.fromkeys(s.signer.name[:_NAME] for s in seals if s.signer))
    params = {"count": str(len(seals)), "signer": messages.text("LIST_SEPARATOR", lang).join(signers[:3])}
    if len(signers) > 3:
        params["signer"] += "…"
    last = seals[-1] if seals else None
    if last is not None and last.best_time is not None and last.time_source is not TimeSource.NOW:
        reason = sentence("REASON_PASSED_PROVEN", lang, {"time": shown_time(last.best_time, tz)})
    else:
        reason = messages.text("REASON_PASSED_NOW", lang)
    if report.revocation == "ignore":
        reason += messages.text("SENTENCE_SPACE", lang) + messages.text("REASON_REVOCATION_IGNORED", lang)
    return Explanation("", sentence(code, lang, params), reason, messages.hint(code, lang))


def _not_passed(report: Report, lang: str) -> Explanation:
    code = verdict_code(report)
    check = decisive(report)
    sub = f"SUB_{report.sub_indication.value}" if report.sub_indication is not None else ""
    if check is not None:
        reason = sentence(check.code, lang, check.params)
        action = next_step(check.code, lang, check.params)
    else:
        reason, action = (messages.text(sub, lang) if sub else messages.text("REASON_NOT_ANSWERED", lang)), ""
    if code.startswith("VERDICT_ISSUER_UNKNOWN") and not report.trust:
        action = messages.text("ACTION_NO_TRUST", lang)
    if not action and sub:
        action = messages.hint(sub, lang)
    return Explanation("", messages.text(code, lang), reason, action or messages.hint(code, lang))


def verdict_code(report: Report) -> str:
    """Catalogue code of the sentence for a verdict that is not passed."""
    answers = report.answers
    if report.verdict is Verdict.UNREADABLE:
        return "VERDICT_UNREADABLE"
    if report.verdict is Verdict.FAILED:
        if answers.untouched is Answer.NO:
            return "VERDICT_FAILED_UNTOUCHED"
        return "VERDICT_FAILED_GENUINE" if answers.genuine is Answer.NO else "VERDICT_FAILED_IN_FORCE"
    if answers.untouched is Answer.UNKNOWN:
        return "VERDICT_UNKNOWN_UNTOUCHED"
    if answers.genuine is Answer.UNKNOWN:
        known = report.sub_indication not in _UNKNOWN_ISSUER
        permitted = "_PERMITTED" if answers.untouched is Answer.PERMITTED else ""
        return ("VERDICT_UNKNOWN_GENUINE" if known else "VERDICT_ISSUER_UNKNOWN") + permitted
    return "VERDICT_UNKNOWN_IN_FORCE"


def indication_text(indication: Indication, sub: SubIndication | None, lang: str) -> str:
    """Indication and sub-indication by their names in EN 319 102-1, and what the latter means."""
    if sub is None:
        return indication.value
    meaning = messages.text(f"SUB_{sub.value}", lang)
    return f"{indication.value} / {sub.value}{messages.text('COLON', lang)}{meaning}"
