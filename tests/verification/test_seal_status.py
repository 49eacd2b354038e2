"""A seal is judged at the best signature time: by its register, at moved times, and never by what the signer claims."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal import TrustStore, testpki, verify
from eseal.crypto.signed_data import examine
from eseal.documents import open_document
from eseal.errors import PolicyError
from eseal.limits import DEFAULT
from eseal.model import Digest, Proof
from eseal.report.json import from_dict, schema, to_dict
from eseal.report.model import Answer, CheckVerdict, Report, SubIndication, Verdict
from eseal.report.text import render
from eseal.sealing import seal
from eseal.seals.drawing import draw, preset
from eseal.seals.register import Body, Seal, SealKind, new_id, permitted
from eseal.seals.registered import RegisteredSeal, SealRegister
from eseal.seals.status import SealChange, SealHistory, StatusEntry
from eseal.timestamps import LocalTimestamper
from eseal.verification.workers import VerifierPool
from support.pdfs import simple_pdf

BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEALED = BORN + timedelta(days=10)
NOW = BORN + timedelta(days=30)
PKI, OTHER = testpki.make("杭州市示范局", BORN), testpki.make("邻县示范局", BORN)
ARTWORK = draw(preset("name-18", "王小明"))
SUSPENDED, RESUMED, REVOKED = SealChange


def a_seal(**changes: object) -> Seal:
    fields: dict[str, object] = {
        "id": new_id(),
        "name": "合同专用章",
        "kind": SealKind.CONTRACT,
        "issuer": Body("1", "杭州市示范局"),
        "maker": "m",
        "permitted": permitted([PKI.seal.certificate]),
        "valid_from": BORN,
        "valid_until": BORN + timedelta(days=3000),
        "picture": ARTWORK,
    }
    return Seal(**{**fields, **changes})  # type: ignore[arg-type]


SEAL = a_seal()


def day(number: float) -> datetime:
    return BORN + timedelta(days=number)


def sealed_by(seal_: Seal | None, level: str = "T", at: datetime = SEALED, pki: testpki.TestPki = PKI) -> bytes:
    stamper = LocalTimestamper(pki.timestamper.signer(), clock=lambda: at) if level == "T" else None
    kind = {"seal": seal_} if seal_ is not None else {"artwork": ARTWORK}
    return seal(simple_pdf(), pki.seal.signer(), at=at, level=level, timestamper=stamper, **kind).data  # type: ignore[arg-type]


def trust_of(*pkis: testpki.TestPki) -> TrustStore:
    store = TrustStore()
    for pki in pkis:
        store += TrustStore.from_certificates(
            [pki.root], intermediates=pki.data.certificates, crls=pki.crls, ocsps=pki.ocsps
        )
    return store


TRUST = trust_of(PKI, OTHER)
T, B = sealed_by(SEAL), sealed_by(SEAL, "B")


def register(
    *entries: tuple[SealChange, float, float], seal_: Seal = SEAL, others: tuple[Seal, ...] = ()
) -> SealRegister:
    """Entries as change, day of the record, day from which on it holds."""
    found = SealHistory()
    for change, recorded, effective in entries:
        found = found.adding(StatusEntry(seal_.id, change, day(recorded), day(effective), "clerk", "lost"))
    return SealRegister(tuple(RegisteredSeal.of(s, found if s is seal_ else SealHistory()) for s in (seal_, *others)))


def judged(data: bytes, seals: SealRegister | None, at: datetime = NOW, **options: object) -> Report:
    return verify(data, TRUST, at, seals=seals, **options)  # type: ignore[arg-type]


def said(report: Report) -> dict[str, CheckVerdict]:
    return {c.code: c.verdict for c in report.signatures[0].checks if c.id in ("seal-status", "seal-signer")}


def expect(report: Report, verdict: Verdict, genuine: Answer, sub: SubIndication | None, *codes: str) -> None:
    assert report.verdict is verdict
    assert (report.answers.untouched, report.answers.genuine) == (Answer.YES, genuine)
    assert report.signatures[0].sub_indication is sub
    assert set(codes) <= set(said(report))
    for lang in ("en", "zh"):
        assert "{" not in render(report, lang, UTC, verbose=True)


PASS = (Verdict.PASSED, Answer.YES, None)


def test_without_a_register_nothing_is_asked() -> None:
    report = judged(T, None)
    assert report.passed
    assert said(report) == {}
    assert report.signatures[0].seal is None


def test_an_active_seal_passes_and_is_named() -> None:
    for data in (T, B):
        report = judged(data, register())
        expect(report, *PASS, "SEAL_SIGNER_PERMITTED", "SEAL_STATUS_ACTIVE")
        assert report.signatures[0].seal == {"id": SEAL.id, "name": "合同专用章"}
        assert "合同专用章" in render(report, "zh", UTC)


def test_revoked_before_the_proven_time_is_not_genuine() -> None:
    report = judged(T, register((REVOKED, 5, 5)))
    expect(report, Verdict.FAILED, Answer.NO, SubIndication.REVOKED, "SEAL_STATUS_REVOKED")
    # It became known only later that the seal was lost before.
    report = judged(T, register((REVOKED, 20, 9)))
    expect(report, Verdict.FAILED, Answer.NO, SubIndication.REVOKED, "SEAL_STATUS_REVOKED")


def test_revoked_after_the_proven_time_passes_and_says_since_when() -> None:
    report = judged(T, register((REVOKED, 20, 20)))
    expect(report, *PASS, "SEAL_STATUS_ACTIVE", "SEAL_REVOKED_LATER")
    assert said(report)["SEAL_REVOKED_LATER"] is CheckVerdict.INFO
    assert "2026-03-21T12:00:00Z" in render(report, "en", UTC)


def test_a_claimed_time_does_not_rescue_what_was_revoked_since() -> None:
    report = judged(B, register((REVOKED, 20, 20)))
    expect(report, Verdict.INDETERMINATE, Answer.UNKNOWN, SubIndication.REVOKED_NO_POE, "SEAL_STATUS_REVOKED_NO_PROOF")
    assert judged(B, register((REVOKED, 20, 20)), at=day(15)).passed, "judged before it was revoked"
    proof = Proof(day(12), "log", Digest("sha256", hashlib.sha256(B).digest()))
    expect(judged(B, register((REVOKED, 20, 20)), proofs=[proof]), *PASS, "SEAL_REVOKED_LATER")
    expect(judged(B, register((REVOKED, 20, 11)), proofs=[proof]), Verdict.FAILED, Answer.NO, SubIndication.REVOKED)


def test_suspended_at_the_proven_time_is_unknown_even_after_it_was_resumed() -> None:
    for entries in ([(SUSPENDED, 5, 5)], [(SUSPENDED, 5, 5), (RESUMED, 20, 20)], [(SUSPENDED, 20, 5)]):
        report = judged(T, register(*entries))
        expect(report, Verdict.INDETERMINATE, Answer.UNKNOWN, SubIndication.TRY_LATER, "SEAL_STATUS_SUSPENDED")


def test_suspended_before_or_after_the_proven_time_passes() -> None:
    assert judged(T, register((SUSPENDED, 1, 1), (RESUMED, 9, 9))).passed
    expect(judged(T, register((SUSPENDED, 20, 20))), *PASS, "SEAL_SUSPENDED_LATER")
    assert "SEAL_SUSPENDED_LATER" not in said(judged(T, register((SUSPENDED, 20, 20), (RESUMED, 25, 25))))
    expect(judged(B, register((SUSPENDED, 20, 20))), Verdict.INDETERMINATE, Answer.UNKNOWN, SubIndication.TRY_LATER)


def test_what_is_recorded_later_is_not_known_at_the_time_of_the_judgement() -> None:
    seals = register((REVOKED, 20, 5))
    assert judged(T, seals, at=day(19)).passed
    assert judged(T, seals, at=day(20)).verdict is Verdict.FAILED


def test_a_clock_that_goes_behind_the_registers_hides_no_revocation() -> None:
    just = register((REVOKED, 20, 20))
    for behind, passed in ((0, False), (4, False), (6, True)):
        at = day(20) - timedelta(minutes=behind)
        assert judged(B, just, at=at).passed is passed
        assert ("SEAL_REVOKED_LATER" in said(judged(T, just, at=at))) is not passed


def test_the_validity_of_the_seal_at_the_best_time() -> None:
    short = a_seal(valid_until=day(12))
    data = {level: sealed_by(short, level) for level in ("B", "T")}
    expect(judged(data["T"], register(seal_=short)), *PASS, "SEAL_STATUS_ACTIVE")
    assert judged(data["B"], register(seal_=short), at=day(11)).passed
    expect(
        judged(data["B"], register(seal_=short)),
        Verdict.INDETERMINATE,
        Answer.UNKNOWN,
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        "SEAL_STATUS_EXPIRED_NO_PROOF",
    )
    # The same key, used by somebody who does not ask the seal.
    past = replace(short, valid_until=day(8))
    expect(
        judged(data["T"], register(seal_=past)), Verdict.FAILED, Answer.NO, SubIndication.EXPIRED, "SEAL_STATUS_EXPIRED"
    )
    late = replace(short, valid_from=day(11), valid_until=day(99))
    expect(
        judged(data["T"], register(seal_=late)),
        Verdict.FAILED,
        Answer.NO,
        SubIndication.NOT_YET_VALID,
        "SEAL_STATUS_NOT_YET",
    )


def test_a_signer_of_another_house_is_no_concern_of_the_register() -> None:
    foreign = sealed_by(None, pki=OTHER)
    report = judged(foreign, register((REVOKED, 1, 1)))
    expect(report, *PASS, "SEAL_NOT_LISTED")
    assert said(report)["SEAL_NOT_LISTED"] is CheckVerdict.INFO


def test_a_signer_whom_the_named_seal_does_not_permit_is_not_genuine() -> None:
    """However trusted the certificate: it names the seal of another house."""
    own = replace(SEAL, permitted=permitted([OTHER.seal.certificate]))
    stolen = sealed_by(own, pki=OTHER)
    expect(
        judged(stolen, register()),
        Verdict.FAILED,
        Answer.NO,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "SEAL_SIGNER_OTHER",
    )


def test_a_seal_of_the_house_that_the_register_does_not_know_is_unknown() -> None:
    expect(
        judged(sealed_by(a_seal()), register()),
        Verdict.INDETERMINATE,
        Answer.UNKNOWN,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "SEAL_NAMED_UNKNOWN",
    )


def test_one_key_with_several_seals_is_judged_by_the_one_that_the_document_names() -> None:
    second = a_seal(name="财务专用章")
    seals = register((REVOKED, 5, 5), others=(second,))
    assert judged(sealed_by(second), seals).passed
    assert judged(T, seals).verdict is Verdict.FAILED


def test_where_the_document_names_no_seal_all_that_it_could_be_must_agree() -> None:
    unnamed, second = sealed_by(None), a_seal(name="财务专用章")
    assert judged(unnamed, register()).passed
    assert judged(unnamed, register((REVOKED, 5, 5))).verdict is Verdict.FAILED
    assert judged(unnamed, register(others=(second,))).passed
    expect(
        judged(unnamed, register((REVOKED, 5, 5), others=(second,))),
        Verdict.INDETERMINATE,
        Answer.UNKNOWN,
        SubIndication.TRY_LATER,
        "SEAL_STATUS_AMBIGUOUS",
    )


def test_the_seal_is_named_in_what_is_signed() -> None:
    assert re.search(rb"/XXESealId */" + SEAL.id.encode(), T)
    assert [s.seal for s in open_document(T, DEFAULT).signatures()] == [SEAL.id]  # type: ignore[union-attr]
    changed = T.replace(SEAL.id.encode(), new_id().encode())
    report = judged(changed, register())
    assert (report.verdict, report.answers.untouched) == (Verdict.FAILED, Answer.NO)
    assert report.answers.genuine is Answer.UNKNOWN


def test_a_worker_judges_by_the_register_too() -> None:
    seals = register((REVOKED, 5, 5))
    with VerifierPool() as pool:
        report = pool.verify(T, TRUST, NOW, seals=seals)
        assert report == replace(judged(T, seals), file=report.file)
        assert pool.verify(T, TRUST, NOW).passed
    value = to_dict(report)
    jsonschema.Draft202012Validator(schema()).validate(value)
    assert from_dict(value) == report


def test_what_was_changed_says_nothing_of_the_seal() -> None:
    examined = open_document(T, DEFAULT).signatures()[0]
    assert examine(examined.cms, examined.digest).intact  # type: ignore[union-attr]
    changed = bytearray(T)
    changed[20] ^= 1
    report = judged(bytes(changed), register((REVOKED, 5, 5)))
    assert report.answers.genuine is not Answer.YES
    assert not report.passed


@st.composite
def entries(draw: st.DrawFn) -> list[tuple[SealChange, float, float]]:
    found, history, now = [], SealHistory(), 0
    for _ in range(draw(st.integers(0, 4))):
        now += draw(st.integers(0, 12))
        made = (draw(st.sampled_from(SealChange)), now, draw(st.integers(0, 40)))
        try:
            history = history.adding(StatusEntry(SEAL.id, made[0], day(made[1]), day(made[2])))
        except PolicyError:
            continue
        found.append(made)
    return found


ORDER = [Answer.YES, Answer.UNKNOWN, Answer.NO]


@settings(max_examples=40, deadline=None)
@given(entries(), st.sampled_from([15, 20, 30]), st.booleans())
def test_no_register_makes_an_answer_better_and_none_that_is_bad_passes(
    made: list[tuple[SealChange, float, float]], at: int, proven: bool
) -> None:
    seals, when = register(*made), day(at)
    report = judged(T if proven else B, seals, at=when)
    plain = judged(T if proven else B, None, at=when)
    assert ORDER.index(report.answers.genuine) >= ORDER.index(plain.answers.genuine)
    history, ahead = seals.seals[0].history, when + timedelta(minutes=5)
    # Entries count in days here, so the skew of the clock decides nothing.
    state = history.state_at(SEALED if proven else when, known_at=ahead)
    assert report.passed == (state.value == "active")
    assert (report.verdict is Verdict.FAILED) == (state.value == "revoked" and proven)
