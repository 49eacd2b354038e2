"""Text and HTML: the verdict first, three answers apart, every hostile string harmless, both languages whole."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest

from eseal.report import html, text
from eseal.report.explain import explanation
from eseal.report.html_style import STYLE
from eseal.report.model import (
    Answer,
    Answers,
    Check,
    CheckVerdict,
    Indication,
    Level,
    ListView,
    Report,
    SignatureReport,
    SignerView,
    SubIndication,
    TimeSource,
    Verdict,
)

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))
NASTY = "\x1b[31m<b onmouseover=x>\u202e\n'\"&</b></title><script>x</script>"
SIGNER = SignerView("杭州市示范局", "CN=杭州市示范局", "CN=Root", "01", "ab" * 32, AT, AT + timedelta(days=365))
PASSED = tuple(Check(i, CheckVerdict.PASSED, "CHANGES_NONE") for i in ("digest", "signature-value", "path"))
SEAL = SignatureReport(
    name="Signature1",
    kind="seal",
    answers=Answers(Answer.YES, Answer.YES),
    indication=Indication.TOTAL_PASSED,
    sub_indication=None,
    checks=PASSED,
    level=Level.B_T,
    signer=SIGNER,
    claimed_time=AT - timedelta(hours=2),
    best_time=AT - timedelta(hours=1),
    time_source=TimeSource.TIMESTAMP,
    coverage="entire-file",
    page=1,
)
REPORT = Report(
    verdict=Verdict.PASSED,
    answers=Answers(Answer.YES, Answer.YES),
    indication=Indication.TOTAL_PASSED,
    sub_indication=None,
    signatures=(SEAL,),
    checks=(),
    at=AT,
    digest="sha256:" + "0" * 64,
    trust=("cd" * 32,),
    policy="default",
    revocation="require",
    software="eseal",
    file="notice.pdf",
)


def judged(verdict: Verdict, answers: Answers, sub: SubIndication | None, *checks: Check, trust: bool = True) -> Report:
    indication = Indication.TOTAL_FAILED if verdict is Verdict.FAILED else Indication.INDETERMINATE
    seal = replace(SEAL, answers=answers, indication=indication, sub_indication=sub, checks=(*PASSED, *checks))
    return replace(
        REPORT,
        verdict=verdict,
        answers=answers,
        indication=indication,
        sub_indication=sub,
        signatures=(seal,),
        trust=REPORT.trust if trust else (),
    )


TAMPERED = judged(
    Verdict.FAILED,
    Answers(Answer.NO, Answer.UNKNOWN),
    SubIndication.HASH_FAILURE,
    Check("path", CheckVerdict.UNKNOWN, "SUB_NO_CERTIFICATE_CHAIN_FOUND"),
    Check("digest", CheckVerdict.FAILED, "CHANGES_FOUND", {"count": "1", "where": "page 1"}),
)
UNTRUSTED = judged(
    Verdict.INDETERMINATE,
    Answers(Answer.YES, Answer.UNKNOWN),
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    Check("path", CheckVerdict.UNKNOWN, "SUB_NO_CERTIFICATE_CHAIN_FOUND"),
    trust=False,
)
FILLED_IN = judged(
    Verdict.INDETERMINATE,
    Answers(Answer.PERMITTED, Answer.UNKNOWN),
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    Check("changes", CheckVerdict.PERMITTED, "CHANGES_PERMITTED", {"count": "1", "where": "name"}),
    Check("path", CheckVerdict.UNKNOWN, "SUB_NO_CERTIFICATE_CHAIN_FOUND"),
)
UNSIGNED = replace(
    REPORT,
    verdict=Verdict.NO_SIGNATURE,
    answers=Answers(Answer.UNKNOWN, Answer.UNKNOWN),
    indication=Indication.INDETERMINATE,
    sub_indication=SubIndication.SIGNED_DATA_NOT_FOUND,
    signatures=(),
)
UNREADABLE = replace(
    UNSIGNED,
    verdict=Verdict.UNREADABLE,
    checks=(Check("document", CheckVerdict.UNKNOWN, "WORKER_TIME", {"seconds": "10"}),),
)
ALL = {
    "passed": REPORT,
    "tampered": TAMPERED,
    "untrusted": UNTRUSTED,
    "filled in": FILLED_IN,
    "unsigned": UNSIGNED,
    "unreadable": UNREADABLE,
}


def hostile(report: Report) -> Report:
    """Every string that a document can choose is nasty."""
    check = Check("digest", CheckVerdict.FAILED, "CHANGES_FOUND", {"count": NASTY, "where": NASTY}, {NASTY: NASTY})
    signer = SignerView(NASTY, NASTY, NASTY, "01", "ab" * 32, AT, AT, test=True)
    seal = replace(
        SEAL,
        name=NASTY,
        signer=signer,
        seal={"id": "1", "name": NASTY, "maker": NASTY},
        reason=NASTY,
        location=NASTY,
        checks=(check,),
        changes=({"verdict": "failed", "code": "CHANGES_FOUND", "where": NASTY, "count": NASTY},),
    )
    lists = (ListView("CRL", NASTY, AT, None, "trust", True, "ab" * 32),)
    return replace(report, file=NASTY, signatures=(seal,), checks=(check,), lists=lists)


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ALL)
def test_every_form_of_every_verdict_is_whole(name: str, lang: str) -> None:
    report = ALL[name]
    for shown in (
        text.render(report, lang, CHINA),
        text.render(report, lang, CHINA, verbose=True),
        Page(html.render(report, lang, CHINA)).text.replace(STYLE, ""),
        text.explain(report, lang),
    ):
        # A code that the catalogue lacks, or a parameter that nobody filled in, would stand there as such.
        assert not re.search(r"\b[A-Z]+_[A-Z_]{4,}\b", re.sub(r"(TOTAL-\w+|INDETERMINATE) / \w+", "", shown))
        assert "{" not in shown
    why = explanation(report, lang)
    assert why.sentence and why.reason and why.action


def test_each_verdict_has_a_sentence_of_its_own() -> None:
    sentences = {name: explanation(report, "en").sentence for name, report in ALL.items()}
    assert len(set(sentences.values())) == len(ALL)
    assert "not as it was sealed" in sentences["tampered"]
    assert sentences["untrusted"].startswith("Issuer unknown")
    assert "--trust" in explanation(UNTRUSTED, "en").action


def test_a_document_that_was_filled_in_is_not_called_unchanged() -> None:
    for report in (FILLED_IN, replace(FILLED_IN, sub_indication=SubIndication.NO_POE)):
        assert "unchanged" not in explanation(report, "en").sentence
        assert "only as the seal allows" in explanation(report, "en").sentence


def test_what_was_touched_is_said_before_who_sealed_it() -> None:
    assert "page 1" in explanation(TAMPERED, "en").reason


def test_a_claimed_time_is_told_apart_from_a_proven_one() -> None:
    shown = text.render(REPORT, "en", CHINA)
    assert "2026-11-24 19:00:00 +08:00  (proven by a trusted timestamp)" in shown
    assert "2026-11-24 18:00:00 +08:00  (the signer's own claim, not proven)" in shown
    unproven = replace(REPORT, signatures=(replace(SEAL, time_source=TimeSource.NOW, best_time=AT),))
    assert "not proven: no trusted timestamp" in text.render(unproven, "en", CHINA)


def test_test_certificates_are_shown_loudly() -> None:
    seal = replace(SEAL, signer=replace(SIGNER, test=True))
    report = replace(REPORT, signatures=(seal,))
    assert "[TEST]" in text.render(report, "en").splitlines()[0]
    assert "TEST CERTIFICATES" in explanation(report, "en").first
    assert "测试证书" in text.render(report, "zh").splitlines()[1]
    assert 'class="test"' in html.render(report)
    assert 'class="test"' not in html.render(REPORT)


def test_checks_that_passed_are_counted_and_shown_only_when_asked() -> None:
    brief, full = text.render(TAMPERED, "en"), text.render(TAMPERED, "en", verbose=True)
    assert "3 of 5 checks passed" in brief
    assert brief.count("    + ") == 0
    assert full.count("    + ") == 3


def test_the_age_of_lists_is_shown() -> None:
    day = timedelta(days=1)
    lists = (
        ListView("CRL", "CN=Root", AT - 3 * day, AT + day, "document", True, "ab" * 32),
        ListView("OCSP", "CN=CA", AT - timedelta(hours=5), None, "network", True, "cd" * 32),
        ListView("CRL", "CN=Old", AT - 40 * day, AT - 33 * day, "trust", False, "ef" * 32),
        ListView("CRL", "CN=Tomorrow", AT + timedelta(minutes=3), AT + day, "trust", False, "01" * 32),
    )
    report = replace(REPORT, lists=lists)
    for shown in (text.render(report, "en", CHINA, verbose=True), Page(html.render(report, "en", CHINA)).text):
        assert "CRL of CN=Root: made 2026-11-21 20:00:00 +08:00, 3 d old, good until 2026-11-25" in shown
        assert "OCSP of CN=CA: made 2026-11-24 15:00:00 +08:00, 5 h old, good until no stated time; asked" in shown
        assert "40 d old" in shown and "newer information was due, not used" in shown
        assert "-3 min old" in shown
        assert shown.count("newer information was due") == 1
    assert "CN=Old" not in text.render(report, "en"), "only with -v"
    assert "3 天" in text.render(report, "zh", verbose=True)
    many = replace(REPORT, lists=lists * 20)
    assert "30 more" in text.render(many, "en", verbose=True)
    assert "Revocation data" not in text.render(REPORT, "en", verbose=True)


def test_what_a_certification_permits_is_said() -> None:
    said = {
        "en": ("nothing may change", "forms may be filled in and", "notes"),
        "zh": ("不允许任何更改", "允许填写表单、加盖其他印章", "添加批注"),
    }
    for lang, permitted in said.items():
        for level, words in enumerate(permitted, 1):
            report = replace(REPORT, signatures=(replace(SEAL, certification=level),))
            for shown in (text.render(report, lang), Page(html.render(report, lang)).text):
                assert words in shown
    assert "Certification" not in text.render(REPORT, "en") and "Certification" not in html.render(REPORT, "en")


def test_revocation_that_was_not_looked_at_is_said() -> None:
    assert "not looked at" in explanation(replace(REPORT, revocation="ignore"), "en").reason


@pytest.mark.parametrize("name", ALL)
def test_hostile_strings_do_not_leave_their_line_on_a_terminal(name: str) -> None:
    plain = text.render(hostile(ALL[name]), "en", verbose=True)
    harmless = text.render(hostile(ALL[name]), "en", verbose=True).replace("\n", "")
    assert all(c.isprintable() for c in harmless)
    assert len(plain.splitlines()) == plain.count("\n")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ALL)
def test_hostile_strings_make_no_tag_in_html(name: str, lang: str) -> None:
    page = Page(html.render(hostile(ALL[name]), lang))
    names = {tag for tag, _ in page.tags}
    assert names <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "p", "h1", "h2", "h3",
        "span", "strong", "bdi", "div", "dl", "dt", "dd", "ul", "li", "table", "tbody", "tr", "td", "th",
    }  # fmt: skip
    attributes = {key for _, found in page.tags for key in found}
    assert attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "title", "scope"}
    assert "\u202e" not in page.text and "\x1b" not in page.text


def test_the_page_allows_nothing_but_its_own_style() -> None:
    page = Page(html.render(REPORT))
    policies = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [html.policy()]
    assert html.policy().startswith("default-src 'none'; style-src 'sha256-")
    assert html.render(REPORT).count("<style>") == 1
    assert f"<style>{STYLE}</style>" in html.render(REPORT)
    assert "http://" not in html.render(REPORT) and "https://" not in html.render(REPORT)


def test_a_report_with_hundreds_of_signatures_is_cut_and_says_so() -> None:
    report = replace(REPORT, signatures=(SEAL,) * 600)
    assert "550 more" in text.render(report)
    assert "100 more" in html.render(report)


def test_the_report_explains_itself() -> None:
    assert REPORT.explain("zh").startswith("文档真实有效")
    assert '"verdict": "passed"' in REPORT.to_json()
