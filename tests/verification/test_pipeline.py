"""The whole read pipeline on documents sealed here: what is said of good, changed, foreign, old and broken ones."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal import TrustStore, testpki, verify
from eseal.errors import UsageError
from eseal.judging.policy import Policy
from eseal.model import Digest, Proof, RevocationMode
from eseal.report.model import Answer, Indication, Level, SubIndication, TimeSource, Verdict
from eseal.sealing import seal
from eseal.seals.drawing import draw, preset
from eseal.timestamps import LocalTimestamper
from eseal.trust.store import Purpose
from support.pdfs import simple_pdf

BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEALED = BORN + timedelta(days=2)
NOW = BORN + timedelta(days=30)
PLAIN = simple_pdf()
PKI = testpki.make("杭州市示范局", BORN)
OTHER = testpki.make("冒名局", BORN)
ARTWORK = draw(preset("round-42", owner="杭州市示范局"))


def trust_of(pki, *, seal_only=False):
    purposes = [Purpose.SEAL] if seal_only else None
    return TrustStore.from_certificates(
        [pki.root], purposes=purposes, intermediates=pki.data.certificates, crls=pki.crls, ocsps=pki.ocsps
    )


TRUST = trust_of(PKI)


def stamper(pki=PKI, at=SEALED):
    return LocalTimestamper(pki.timestamper.signer(), clock=lambda: at)


def sealed_by(pki, *, level="B", data=PLAIN, at=SEALED, stamp_at=SEALED):
    return seal(
        data,
        pki.seal.signer(),
        artwork=ARTWORK,
        level=level,
        timestamper=stamper(pki, stamp_at) if level == "T" else None,
        at=at,
    ).data


B = sealed_by(PKI)
T = sealed_by(PKI, level="T")
CONTENTS = re.search(rb"/Contents *<([0-9A-Fa-f]{1000,})>", T).span(1)


def test_a_seal_of_our_own_passes():
    report = verify(B, TRUST, NOW)
    assert report.passed and report.verdict is Verdict.PASSED
    assert report.answers.untouched is Answer.YES
    assert report.answers.genuine is Answer.YES
    assert report.answers.in_force is Answer.NOT_APPLICABLE
    (one,) = report.signatures
    assert (one.indication, one.sub_indication, one.level) == (Indication.TOTAL_PASSED, None, Level.B_B)
    assert one.coverage == "entire-file" and one.page == 1
    assert one.signer is not None and one.signer.name == "TEST 杭州市示范局" and one.signer.test
    assert one.claimed_time == SEALED
    # The signer's own word is no proof: without a timestamp the signature exists when it is judged.
    assert (one.best_time, one.time_source) == (NOW, TimeSource.NOW)


def test_a_timestamp_proves_the_time():
    (one,) = verify(T, TRUST, NOW).signatures
    assert one.level is Level.B_T
    assert (one.best_time, one.time_source) == (SEALED, TimeSource.TIMESTAMP)


def test_no_trust_is_not_passed():
    for trust in (TrustStore(), trust_of(OTHER)):
        report = verify(B, trust, NOW)
        assert report.verdict is Verdict.INDETERMINATE
        assert report.answers.untouched is Answer.YES and report.answers.genuine is Answer.UNKNOWN
        assert report.signatures[0].sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


def test_a_timestamp_root_never_vouches_for_a_seal_nor_the_other_way_round():
    only_time = TrustStore.from_certificates([PKI.root], purposes=[Purpose.TIMESTAMP], crls=PKI.crls, ocsps=PKI.ocsps)
    assert verify(T, only_time, NOW).answers.genuine is Answer.UNKNOWN
    (one,) = verify(T, trust_of(PKI, seal_only=True), NOW).signatures
    assert one.time_source is TimeSource.NOW and one.level is Level.B_B


def test_a_document_without_signature_is_not_passed():
    report = verify(PLAIN, TRUST, NOW)
    assert report.verdict is Verdict.NO_SIGNATURE and not report.passed
    assert report.answers.untouched is Answer.UNKNOWN and report.answers.genuine is Answer.UNKNOWN


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", B[:400], B[: len(B) // 2], b"\0" * 5000])
def test_what_cannot_be_read_is_not_passed(data):
    report = verify(data, TRUST, NOW)
    assert report.verdict in (Verdict.UNREADABLE, Verdict.INDETERMINATE, Verdict.FAILED, Verdict.NO_SIGNATURE)
    assert not report.passed


def test_a_naive_time_is_refused():
    with pytest.raises(UsageError) as caught:
        verify(B, TRUST, datetime(2026, 11, 24))
    assert caught.value.code == "TIME_NAIVE"


def test_missing_revocation_data_is_unknown_unless_the_policy_says_otherwise():
    bare = TrustStore.from_certificates([PKI.root])
    report = verify(B, bare, NOW)
    assert report.verdict is Verdict.INDETERMINATE and report.signatures[0].sub_indication is SubIndication.TRY_LATER
    for mode in (RevocationMode.IF_AVAILABLE, RevocationMode.IGNORE):
        report = verify(B, bare, NOW, policy=Policy(revocation=mode))
        assert report.passed and report.revocation == mode.value


def test_the_verdict_is_the_and_over_all_seals():
    both = sealed_by(OTHER, data=B)
    mixed = verify(both, TRUST, NOW)
    assert mixed.verdict is Verdict.INDETERMINATE
    assert [s.indication for s in mixed.signatures] == [Indication.TOTAL_PASSED, Indication.INDETERMINATE]
    assert verify(both, TRUST + trust_of(OTHER), NOW).passed


def test_a_second_seal_of_the_same_house_leaves_the_first_untouched():
    report = verify(sealed_by(PKI, level="T", data=T), TRUST, NOW)
    assert report.passed
    assert [s.answers.untouched for s in report.signatures] == [Answer.YES, Answer.YES]


AFTER = BORN + testpki.VALID + timedelta(days=1)


def test_an_expired_certificate_needs_a_trusted_time():
    """A claimed time never rescues it: B-B is indeterminate (NO_POE), however early the claim."""
    (one,) = verify(B, TRUST, AFTER, policy=Policy(revocation=RevocationMode.IGNORE)).signatures
    assert one.indication is Indication.INDETERMINATE
    assert one.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
    assert not verify(B, TRUST, AFTER).passed


def test_a_backdated_seal_is_not_rescued_by_its_claim():
    backdated = sealed_by(PKI, at=BORN + timedelta(minutes=1))
    assert verify(backdated, TRUST, AFTER, policy=Policy(revocation=RevocationMode.IGNORE)).verdict is (
        Verdict.INDETERMINATE
    )


def test_judged_before_it_could_exist():
    report = verify(B, TRUST, BORN - timedelta(days=10))
    assert not report.passed


def test_bytes_appended_after_the_seal_are_never_passed():
    for junk in (b"x", b"\n%", b"\n9 0 obj\n<< >>\nendobj\n", B):
        report = verify(B + junk, TRUST, NOW)
        assert not report.passed, junk
        assert report.answers.untouched in (Answer.NO, Answer.UNKNOWN)


SLOT = re.search(rb"/Contents\s*(<[0-9A-Fa-f]+>)", T)
assert SLOT is not None


@given(st.data())
def test_any_flipped_bit_in_the_signed_ranges_is_never_passed(data):
    place = data.draw(st.integers(0, SLOT.start(1) - 1) | st.integers(SLOT.end(1), len(T) - 1))
    changed = bytearray(T)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    report = verify(bytes(changed), TRUST, NOW)
    assert not report.passed
    assert report.answers.untouched in (Answer.NO, Answer.UNKNOWN)


@given(st.data())
def test_a_flipped_bit_outside_the_signed_ranges_alters_nothing_of_what_was_signed(data):
    """A copy of a certificate or the timestamp may be spoilt; that costs proof, it never lends any."""
    place = data.draw(st.integers(SLOT.start(1), SLOT.end(1) - 1))
    changed = bytearray(T)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    report = verify(bytes(changed), TRUST, NOW)
    if report.passed:
        (one,) = report.signatures
        assert one.signer == verify(T, TRUST, NOW).signatures[0].signer
        assert (one.level, one.best_time) in ((Level.B_T, SEALED), (Level.B_B, NOW), (Level.NONE, NOW))


@given(st.data())
def test_any_cut_or_doubled_piece_is_never_passed(data):
    start = data.draw(st.integers(0, len(T) - 2))
    end = data.draw(st.integers(start + 1, min(len(T), start + 3000)))
    for changed in (T[:start] + T[end:], T[:end] + T[start:]):
        report = verify(changed, TRUST, NOW)
        assert not report.passed or changed == T


def test_the_report_says_what_it_was_judged_by():
    report = verify(B, TRUST, NOW, file="通知.pdf")
    assert report.trust == (PKI.root.fingerprint,)
    assert report.at == NOW and report.file == "通知.pdf" and report.format == "pdf" and report.size == len(B)
    assert report.software.startswith("eseal ")


def test_a_proof_counts_only_over_these_bytes():
    """A caller's proof rescues an expired certificate where it is over the file or the signed revision."""
    ignore = Policy(revocation=RevocationMode.IGNORE)
    for covered, passed in ((B, True), (B + b"x", False), (PLAIN, False)):
        proof = Proof(SEALED + timedelta(days=1), "log", Digest("sha256", hashlib.sha256(covered).digest()))
        report = verify(B, TRUST, AFTER, proofs=[proof], policy=ignore)
        assert report.passed is passed
        if passed:
            assert report.signatures[0].time_source is TimeSource.PROOF


def test_revocation_data_of_the_verifier_makes_no_long_term_level():
    (one,) = verify(T, TRUST, NOW).signatures
    assert one.level is Level.B_T
