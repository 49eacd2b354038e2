"""Building block "coverage": folds what was added or changed after a signature into one check."""

from __future__ import annotations

from collections.abc import Mapping

from eseal.documents.model import Coverage, Document, Found
from eseal.report.model import Check, CheckVerdict

_GRAVITY = (CheckVerdict.INFO, CheckVerdict.PASSED, CheckVerdict.PERMITTED, CheckVerdict.UNKNOWN, CheckVerdict.FAILED)
_CODES = {
    CheckVerdict.PASSED: "CHANGES_LONG_TERM",
    CheckVerdict.PERMITTED: "CHANGES_PERMITTED",
    CheckVerdict.UNKNOWN: "CHANGES_UNCLASSED",
    CheckVerdict.FAILED: "CHANGES_FOUND",
}


def judge_changes(document: Document, found: Found) -> tuple[Check, tuple[Mapping[str, str], ...]]:
    """The check `changes` for one signature, and the list of changes for the report."""
    if found.coverage is Coverage.ENTIRE_FILE:
        return Check("changes", CheckVerdict.PASSED, "CHANGES_NONE"), ()
    if found.coverage is not Coverage.ENTIRE_REVISION:
        return Check("changes", CheckVerdict.UNKNOWN, "CHANGES_NOT_COMPARED"), ()
    changes = document.changes_after(found)
    worst = max((c.verdict for c in changes), key=_GRAVITY.index, default=CheckVerdict.PASSED)
    listed = tuple({"verdict": c.verdict.value, "code": c.code, "where": c.where} for c in changes)
    if worst is CheckVerdict.INFO or not changes:
        return Check("changes", CheckVerdict.PASSED, "CHANGES_NONE_VISIBLE"), listed
    grave = [c for c in changes if c.verdict is worst]
    params = {"count": str(len(grave)), "where": grave[0].where, "first": grave[0].code}
    return Check("changes", worst, _CODES[worst], params), listed
