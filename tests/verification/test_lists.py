"""The report names every CRL and OCSP response that it went by, with its age, and those that were too old."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

import eseal
from eseal import testpki
from eseal.authority import Authority
from eseal.authority.making import official_seal
from eseal.crypto.certificates import facts
from eseal.crypto.ocsp import OcspStatus
from eseal.judging.inquiry import Outcome
from eseal.judging.lists import lists_of
from eseal.judging.policy import Policy
from eseal.judging.revocation import Finding, Status
from eseal.judging.statements import Statement
from eseal.model import RevocationMode
from eseal.report.model import Report
from eseal.trust.store import TrustStore
from eseal.verification.workers import VerifierPool
from support.pdfs import simple_pdf

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("lists") / "office"
    return Authority.create(folder, name="x", at=AT, clock=lambda: AT, picture=official_seal("x"))


@pytest.fixture(scope="module")
def plain(office: Authority) -> bytes:
    return office.seal(simple_pdf(), level="B").data


def brief(report: Report) -> set[tuple[str, str, bool, bool]]:
    return {(one.kind, one.source, one.used, one.stale(report.at)) for one in report.lists}


def test_what_the_trust_store_holds(office: Authority, plain: bytes) -> None:
    report = eseal.verify(plain, trust=office.trust, at=AT + DAY)
    assert report.passed
    assert brief(report) <= {("CRL", "trust", True, False), ("OCSP", "trust", True, False)}
    assert len(report.lists) == 2, "one for the seal, one for its issuer"
    for one in report.lists:
        assert one.age(report.at) == int((DAY + testpki.EARLY).total_seconds())
        assert "TEST" in one.issuer
        held = office.trust.data.crls if one.kind == "CRL" else office.trust.data.ocsps
        assert one.digest in {hashlib.sha256(der).hexdigest() for der in held}
    with VerifierPool() as pool:
        assert pool.verify(plain, office.trust, AT + DAY).lists == report.lists


def test_stale_lists_are_named_though_they_decide_nothing(office: Authority, plain: bytes) -> None:
    late = AT + 60 * DAY
    report = eseal.verify(plain, trust=office.trust, at=late)
    assert not report.passed
    assert brief(report) == {("CRL", "trust", False, True), ("OCSP", "trust", False, True)}
    assert len(report.lists) == len({one.digest for one in report.lists})
    held = {hashlib.sha256(der).hexdigest() for der in office.trust.data.crls + office.trust.data.ocsps}
    assert {one.digest for one in report.lists} == held
    ignored = eseal.verify(plain, trust=office.trust, at=AT + DAY, policy=Policy(revocation=RevocationMode.IGNORE))
    assert not any(one.used for one in ignored.lists)


def test_what_the_document_brought(office: Authority) -> None:
    sealed = office.seal(simple_pdf(), level="LT").data
    roots = TrustStore(office.trust.anchors)
    report = eseal.verify(sealed, trust=roots, at=AT + DAY)
    assert report.passed, report.explain()
    assert {one.source for one in report.lists} == {"document"}
    assert all(one.used for one in report.lists)


def test_what_was_asked_for_stands_apart() -> None:
    pki = testpki.make("y", AT)
    crl, issuer = pki.crls[0], pki.root
    statement = Statement("CRL", OcspStatus.GOOD, None, AT, AT + DAY, None, False, crl, issuer)
    findings = (Finding(Status.GOOD, "REVOCATION_GOOD", statement=statement),)
    outcome = Outcome((), None, findings, ())
    for held, source in (((), "network"), ((crl,), "trust")):
        trust = TrustStore.from_certificates([pki.root], crls=held)
        (one,) = lists_of([None, outcome, outcome], trust, AT, Policy())
        assert (one.source, one.used, one.issuer) == (source, True, facts(issuer).subject)
