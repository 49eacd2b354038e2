"""The report as one HTML page that needs nothing beside it: no script, no address, one style that its CSP names.

Everything that is put between tags goes through `escape.html`; the rest is written here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo

from eseal import messages
from eseal.report import escape
from eseal.report.explain import explanation, is_test, sentence
from eseal.report.html_style import STYLE
from eseal.report.model import Answer, Check, CheckVerdict, Report, SignatureReport, Verdict
from eseal.report.text import answer_rows, context_rows, count_line, list_lines, signature_rows, title

_TONE = {
    Verdict.PASSED: "good",
    Verdict.FAILED: "bad",
    Verdict.INDETERMINATE: "open",
    Verdict.NO_SIGNATURE: "open",
    Verdict.UNREADABLE: "open",
}
_ANSWER_TONE = {
    Answer.YES: "good",
    Answer.PERMITTED: "good",
    Answer.NO: "bad",
    Answer.UNKNOWN: "open",
    Answer.NOT_APPLICABLE: "none",
}
_CHECK_TONE = {
    CheckVerdict.PASSED: "good",
    CheckVerdict.PERMITTED: "good",
    CheckVerdict.FAILED: "bad",
    CheckVerdict.UNKNOWN: "open",
    CheckVerdict.INFO: "none",
}
# Signs beside the colours, since colours alone are not seen by everybody nor printed by every printer.
_SIGN = {"good": "✓", "bad": "✕", "open": "?", "none": "·"}
_MOST = 500


def policy() -> str:
    """The Content-Security-Policy of the page; a server may send it as a header too."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def render(report: Report, lang: str = "en", tz: tzinfo | None = UTC) -> str:
    """The whole report as an HTML page in `lang`, times in `tz`."""
    return "\n".join(_page(report, lang, tz)) + "\n"


def _page(report: Report, lang: str, tz: tzinfo | None) -> Iterator[str]:
    name = escape.html(report.file) if report.file is not None else escape.html(report.digest)
    heading = _t("TITLE_REPORT", lang)
    yield "<!DOCTYPE html>"
    yield f'<html lang="{_language(lang)}">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'
    yield '<meta name="referrer" content="no-referrer">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_t('WORD_' + report.verdict.name, lang)} – {name}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<main>"
    yield f'<header><p class="kind">{heading}</p><p class="file"><bdi>{name}</bdi></p></header>'
    yield from _verdict(report, lang, tz)
    yield from _answers(report, lang)
    if report.checks:
        yield f"<section><h2>{_t('LABEL_FILE', lang)}</h2>{''.join(_checks(report.checks, lang))}</section>"
    for number, signature in enumerate(report.signatures[:_MOST], 1):
        yield from _signature(signature, number, len(report.signatures), lang, tz)
    if len(report.signatures) > _MOST:
        yield f"<p>{_t('MORE', lang, count=str(len(report.signatures) - _MOST))}</p>"
    if report.lists:
        yield f"<section><h2>{_t('TITLE_LISTS', lang, count=str(len(report.lists)))}</h2><ul>"
        for line in list_lines(report, lang, tz):
            yield f"<li><bdi>{escape.html(line)}</bdi></li>"
        yield "</ul></section>"
    yield "<footer>"
    yield from _list(context_rows(report, lang, tz))
    yield "</footer>"
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _verdict(report: Report, lang: str, tz: tzinfo | None) -> Iterator[str]:
    found = explanation(report, lang, tz)
    tone = _TONE[report.verdict]
    if is_test(report):
        yield f'<p class="test">{_t("VERDICT_TEST", lang)}</p>'
    yield f'<section class="verdict {tone}">'
    yield f'<p class="word"><span class="sign">{_SIGN[tone]}</span>{_t("WORD_" + report.verdict.name, lang)}</p>'
    yield f"<h1>{escape.html(found.sentence)}</h1>"
    yield f"<p>{escape.html(found.reason)}</p>"
    if found.action:
        yield f"<p><strong>{_t('LABEL_ACTION', lang)}{_t('COLON', lang)}</strong>{escape.html(found.action)}</p>"
    yield "</section>"


def _answers(report: Report, lang: str) -> Iterator[str]:
    answers = (report.answers.untouched, report.answers.genuine, report.answers.in_force)
    yield '<section class="answers">'
    for (question, text), answer in zip(answer_rows(report, lang), answers, strict=True):
        tone = _ANSWER_TONE[answer]
        yield (
            f'<div class="{tone}"><p>{escape.html(question)}</p>'
            f'<p class="answer"><span class="sign">{_SIGN[tone]}</span>{escape.html(text)}</p></div>'
        )
    yield "</section>"


def _signature(signature: SignatureReport, number: int, count: int, lang: str, tz: tzinfo | None) -> Iterator[str]:
    yield "<section>"
    yield f"<h2>{escape.html(title(signature, number, count, lang))}</h2>"
    yield from _list(signature_rows(signature, lang, tz))
    if signature.changes:
        yield f"<h3>{_t('TITLE_CHANGES', lang, count=str(len(signature.changes)))}</h3>"
        yield "<ul>"
        for change in signature.changes[:_MOST]:
            text, where = sentence(change.get("code", ""), lang, change), change.get("where", "")
            place = f" <bdi>({escape.html(where)})</bdi>" if where and where not in text else ""
            tone = _CHECK_TONE.get(_outcome(change.get("verdict", "")), "open")
            yield f'<li class="{tone}"><span class="sign">{_SIGN[tone]}</span>{escape.html(text)}{place}</li>'
        yield "</ul>"
    yield f"<h3>{escape.html(count_line(signature.checks, lang))}</h3>"
    yield from _checks(signature.checks, lang)
    yield "</section>"


def _checks(checks: Iterable[Check], lang: str) -> Iterator[str]:
    yield "<table><tbody>"
    for check in checks:
        tone = _CHECK_TONE[check.verdict]
        name = _t("CHECK_" + check.id.upper().replace("-", "_"), lang)
        outcome = _t("OUTCOME_" + check.verdict.name, lang)
        yield (
            f'<tr class="{tone}"><td class="sign" title="{outcome}">{_SIGN[tone]}</td><th scope="row">{name}</th>'
            f"<td><bdi>{escape.html(sentence(check.code, lang, check.params))}</bdi></td></tr>"
        )
    yield "</tbody></table>"


def _list(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield "<dl>"
    for label, text in rows:
        if text:
            yield f"<div><dt>{escape.html(label)}</dt><dd><bdi>{escape.html(text)}</bdi></dd></div>"
    yield "</dl>"


def _outcome(verdict: str) -> CheckVerdict:
    return CheckVerdict(verdict) if verdict in set(CheckVerdict) else CheckVerdict.UNKNOWN


def _language(lang: str) -> str:
    return "zh-Hans" if lang.startswith("zh") else escape.html(lang)


def _t(code: str, lang: str, **params: str) -> str:
    return escape.html(messages.text(code, lang, params))
