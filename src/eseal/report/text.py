"""The report as text for a terminal: the verdict first, then the reason, then what to do, then what was checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, tzinfo

from eseal import messages
from eseal.report.escape import terminal
from eseal.report.explain import explanation, indication_text, is_test, sentence, shown_time
from eseal.report.model import Check, CheckVerdict, Report, SignatureReport, SignerView, TimeSource

_MARKS = {
    CheckVerdict.PASSED: "+",
    CheckVerdict.PERMITTED: "~",
    CheckVerdict.FAILED: "!",
    CheckVerdict.UNKNOWN: "?",
    CheckVerdict.INFO: "i",
}
_LINE = 2_000
# A file can hold hundreds of signatures and changes: a screen cannot.
_MOST = 50


def explain(report: Report, lang: str = "en", tz: tzinfo | None = UTC) -> str:
    """One plain sentence, the reason, what to do: three lines at most."""
    found = explanation(report, lang, tz)
    return "\n".join(terminal(line, _LINE) for line in (found.first, found.reason, found.action) if line)


def headline(report: Report, lang: str = "en") -> str:
    """One line: the verdict and the file."""
    name = terminal(report.file) if report.file is not None else report.digest
    test = " " + messages.text("MARK_TEST", lang) if is_test(report) else ""
    return f"{messages.text('WORD_' + report.verdict.name, lang)}{test}  {name}"


def render(report: Report, lang: str = "en", tz: tzinfo | None = UTC, *, verbose: bool = False) -> str:
    """The whole report as text, times in `tz` (None: the computer's own zone).

    With `verbose` every check with its evidence, else those that did not pass and a count.

    Every string from outside is escaped for a terminal. The text ends with a line feed.
    """
    return "\n".join(_lines(report, lang, tz, verbose)) + "\n"


def _lines(report: Report, lang: str, tz: tzinfo | None, verbose: bool) -> Iterator[str]:
    found = explanation(report, lang, tz)
    yield headline(report, lang)
    yield from _rows(
        "  ",
        [
            ("", found.first),
            (_label("REASON", lang), found.reason),
            (_label("ACTION", lang), found.action),
        ],
    )
    yield ""
    yield from _rows("  ", list(answer_rows(report, lang)))
    shown = [c for c in report.checks if verbose or c.verdict is not CheckVerdict.PASSED]
    for check in shown:
        yield from _check(check, lang, verbose, "  ")
    for number, signature in enumerate(report.signatures[:_MOST], 1):
        yield ""
        yield from _signature(signature, number, len(report.signatures), lang, tz, verbose)
    if len(report.signatures) > _MOST:
        yield "  " + messages.text("MORE", lang, {"count": str(len(report.signatures) - _MOST)})
    if verbose and report.lists:
        yield ""
        yield messages.text("TITLE_LISTS", lang, {"count": str(len(report.lists))})
        for line in list_lines(report, lang, tz):
            yield "  " + terminal(line, _LINE)
    if verbose:
        yield ""
        yield from _rows("  ", list(_context(report, lang, tz)))


def answer_rows(report: Report, lang: str) -> Iterator[tuple[str, str]]:
    """The three answers, each a question and its answer."""
    answers = report.answers
    for name, answer in (
        ("UNTOUCHED", answers.untouched),
        ("GENUINE", answers.genuine),
        ("IN_FORCE", answers.in_force),
    ):
        yield _label(name, lang), messages.text(f"ANSWER_{name}_{answer.name}", lang)


def signature_rows(signature: SignatureReport, lang: str, tz: tzinfo | None) -> Iterator[tuple[str, str]]:
    """What is known of one signature, as label and text; hostile until escaped."""
    if signature.seal:
        yield _label("SEAL", lang), signature.seal.get("name", "") or signature.seal.get("id", "")
        if signature.seal.get("maker"):
            yield _label("MAKER", lang), signature.seal["maker"]
    yield from _signer_rows(signature.signer, lang, tz)
    if signature.kind == "seal":
        yield _label("LEVEL", lang), messages.text("LEVEL_" + signature.level.name, lang)
    if signature.certification in (1, 2, 3):
        yield _label("CERTIFIED", lang), messages.text(f"CERTIFIED_{signature.certification}", lang)
    yield from _time_rows(signature, lang, tz)
    yield _label("COVERAGE", lang), messages.text(_coverage_code(signature.coverage), lang)
    if signature.page is not None:
        yield _label("PAGE", lang), str(signature.page)
    if signature.reason:
        yield _label("STATED_REASON", lang), signature.reason
    if signature.location:
        yield _label("STATED_LOCATION", lang), signature.location
    yield _label("INDICATION", lang), indication_text(signature.indication, signature.sub_indication, lang)


def _signer_rows(signer: SignerView | None, lang: str, tz: tzinfo | None) -> Iterator[tuple[str, str]]:
    if signer is None:
        yield _label("SIGNER", lang), messages.text("SIGNER_NONE", lang)
        return
    test = messages.text("TEST_CERTIFICATE", lang) + "  " if signer.test else ""
    yield _label("SIGNER", lang), test + signer.name
    yield _label("SUBJECT", lang), signer.subject
    yield _label("ISSUER", lang), signer.issuer
    yield (
        _label("VALIDITY", lang),
        f"{shown_time(signer.not_before, tz)} - {shown_time(signer.not_after, tz)}",
    )


def _time_rows(signature: SignatureReport, lang: str, tz: tzinfo | None) -> Iterator[tuple[str, str]]:
    if signature.best_time is not None and signature.time_source is not TimeSource.NOW:
        source = messages.text("TIME_" + signature.time_source.name, lang)
        yield _label("BEST_TIME", lang), f"{shown_time(signature.best_time, tz)}  {source}"
    elif signature.kind == "seal":
        yield _label("BEST_TIME", lang), messages.text("TIME_NOW", lang)
    if signature.claimed_time is not None:
        claimed = messages.text("TIME_CLAIMED", lang)
        yield _label("CLAIMED_TIME", lang), f"{shown_time(signature.claimed_time, tz)}  {claimed}"


def title(signature: SignatureReport, number: int, count: int, lang: str) -> str:
    """The heading of one signature; hostile until escaped."""
    code = "TITLE_SEAL" if signature.kind == "seal" else "TITLE_TIMESTAMP"
    return sentence(code, lang, {"number": str(number), "count": str(count), "name": signature.name})


def count_line(checks: tuple[Check, ...], lang: str) -> str:
    """How many checks passed, of how many that were asked."""
    asked = [c for c in checks if c.verdict is not CheckVerdict.INFO]
    passed = sum(c.verdict is CheckVerdict.PASSED for c in asked)
    return messages.text("CHECK_COUNT", lang, {"passed": str(passed), "count": str(len(asked))})


def list_lines(report: Report, lang: str, tz: tzinfo | None) -> Iterator[str]:
    """One line for each CRL and OCSP response, with its age at the time of the judgement; hostile until escaped."""
    for one in report.lists[:_MOST]:
        end = shown_time(one.next_update, tz) if one.next_update is not None else messages.text("LIST_NO_END", lang)
        known = f"LIST_SOURCE_{one.source.upper()}" if one.source in ("document", "trust", "network") else ""
        params = {
            "kind": one.kind,
            "issuer": one.issuer,
            "time": shown_time(one.this_update, tz),
            "age": _age(one.age(report.at), lang),
            "next": end,
            "source": messages.text(known, lang) if known else one.source,
        }
        notes = [c for true, c in ((one.stale(report.at), "LIST_STALE"), (not one.used, "LIST_NOT_USED")) if true]
        yield messages.text("LIST_SEPARATOR", lang).join(
            [sentence("LIST_LINE", lang, params), *(messages.text(c, lang) for c in notes)]
        )
    if len(report.lists) > _MOST:
        yield messages.text("MORE", lang, {"count": str(len(report.lists) - _MOST)})


def _age(seconds: int, lang: str) -> str:
    size = abs(seconds)
    units = (("AGE_DAYS", 86_400), ("AGE_HOURS", 3_600), ("AGE_MINUTES", 60))
    code, unit = next((u for u in units if size >= 2 * u[1]), units[-1])
    text = messages.text(code, lang, {"count": str(size // unit)})
    return f"-{text}" if seconds < 0 else text


def _signature(
    signature: SignatureReport, number: int, count: int, lang: str, tz: tzinfo | None, verbose: bool
) -> Iterator[str]:
    yield terminal(title(signature, number, count, lang), _LINE)
    yield from _rows("  ", list(signature_rows(signature, lang, tz)))
    yield "  " + count_line(signature.checks, lang)
    for check in signature.checks:
        # What became of the seal afterwards is worth a line, though it touches no answer.
        told = check.id == "seal-status" and check.verdict is CheckVerdict.INFO
        if verbose or told or check.verdict not in (CheckVerdict.PASSED, CheckVerdict.INFO):
            yield from _check(check, lang, verbose, "    ")
    if signature.changes:
        yield "  " + messages.text("TITLE_CHANGES", lang, {"count": str(len(signature.changes))})
        for change in signature.changes[:_MOST]:
            text = sentence(change.get("code", ""), lang, change)
            where = change.get("where", "")
            place = f" ({where})" if where and where not in text else ""
            yield f"    {_mark(change.get('verdict', ''))} " + terminal(text + place, _LINE)
        if len(signature.changes) > _MOST:
            yield "    " + messages.text("MORE", lang, {"count": str(len(signature.changes) - _MOST)})


def _check(check: Check, lang: str, verbose: bool, indent: str) -> Iterator[str]:
    name = messages.text("CHECK_" + check.id.upper().replace("-", "_"), lang)
    text = sentence(check.code, lang, check.params)
    colon = messages.text("COLON", lang)
    yield f"{indent}{_MARKS[check.verdict]} {name}{colon}" + terminal(text, _LINE)
    if verbose:
        for key in sorted(check.evidence):
            yield f"{indent}    {terminal(key)}: {terminal(check.evidence[key])}"


def _context(report: Report, lang: str, tz: tzinfo | None) -> Iterator[tuple[str, str]]:
    yield _label("DIGEST", lang), report.digest
    yield _label("AT", lang), shown_time(report.at, tz)
    yield _label("REVOCATION", lang), messages.text("REVOCATION_" + report.revocation.upper().replace("-", "_"), lang)
    yield _label("TRUST", lang), messages.text("TRUST_COUNT", lang, {"count": str(len(report.trust))})
    yield _label("POLICY", lang), report.policy
    yield _label("SOFTWARE", lang), report.software


def context_rows(report: Report, lang: str, tz: tzinfo | None) -> list[tuple[str, str]]:
    """What the judgement rests on: digest, time, trust, policy, software."""
    return list(_context(report, lang, tz))


def _rows(indent: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    widest = max((width(label) for label, _ in rows), default=0)
    for label, text in rows:
        if text:
            pad = " " * (widest - width(label) + 2) if label else ""
            yield f"{indent}{label}{pad}{terminal(text, _LINE)}"


def width(text: str) -> int:
    """Columns that `text` takes on a terminal: wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _mark(verdict: str) -> str:
    return _MARKS[CheckVerdict(verdict)] if verdict in set(CheckVerdict) else "?"


def _label(name: str, lang: str) -> str:
    return messages.text("LABEL_" + name, lang)


def _coverage_code(coverage: str) -> str:
    known = ("entire-file", "entire-revision", "partial")
    return "COVERAGE_" + (coverage if coverage in known else "unclear").upper().replace("-", "_")
