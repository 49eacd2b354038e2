"""Whether a document is worth a longer proof: every signature in order, everything since then permitted."""

from __future__ import annotations

from collections.abc import Sequence

from eseal.crypto.timestamp_token import ExaminedToken, examine_token
from eseal.documents.model import Broken, Document, Found
from eseal.errors import DocumentError, PolicyError
from eseal.limits import Limits
from eseal.report.model import Check, CheckVerdict
from eseal.sealing.written import imprint_of
from eseal.verification.changes import judge_changes
from eseal.verification.mathematics import Case, examine_found

_BAD = (CheckVerdict.FAILED, CheckVerdict.UNKNOWN)


def sound_cases(document: Document, limits: Limits) -> list[Case]:
    """All signatures with their mathematics done, oldest first; trust is not looked at.

    Raises DocumentError EXTEND_NO_SIGNATURE, PolicyError EXTEND_BROKEN, EXTEND_ALTERED, EXTEND_DOCUMENT.
    """
    found = document.signatures()
    if not found:
        raise DocumentError("EXTEND_NO_SIGNATURE")
    cases = [_case(one, limits) for one in found]
    check_unaltered(document)
    return cases


def check_unaltered(document: Document) -> None:
    """Refuse a document that says more than its signatures cover or permit. Raises PolicyError EXTEND_..."""
    reason = _first_bad(document.findings())
    if reason:
        raise PolicyError("EXTEND_DOCUMENT", reason=reason)
    for one in document.signatures():
        if not isinstance(one, Found):
            continue
        change, _ = judge_changes(document, one)
        if change.verdict in _BAD:
            raise PolicyError("EXTEND_ALTERED", field=one.name, reason=change.params.get("first", change.code))


def _case(one: Found | Broken, limits: Limits) -> Case:
    if isinstance(one, Broken):
        raise PolicyError("EXTEND_BROKEN", field=one.name, reason=_first_bad(one.findings))
    case = examine_found(one, limits)
    checks = case.token.checks if case.token is not None else case.examined.checks
    reason = _first_bad((*one.findings, *checks))
    if reason or not case.examined.intact:
        raise PolicyError("EXTEND_BROKEN", field=one.name, reason=reason or "signature-value")
    for token in signature_timestamps(case):
        if token.broken:
            raise PolicyError("EXTEND_BROKEN", field=one.name, reason=_first_bad(token.checks))
    return case


def signature_timestamps(case: Case) -> list[ExaminedToken]:
    """The timestamps inside the CMS, with their mathematics done."""
    imprint = imprint_of(case.examined.signature_value)
    return [examine_token(der, imprint) for der in case.examined.signature_timestamps]


def _first_bad(checks: Sequence[Check]) -> str:
    return next((c.code for c in checks if c.verdict in _BAD), "")
