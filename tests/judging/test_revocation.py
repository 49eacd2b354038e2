"""Revocation: each vector says what is known of the certificate and what must follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from eseal import messages
from eseal.model import Digest, Proof, RevocationMode
from eseal.report.model import SubIndication
from eseal.trust.store import TrustStore

Q = Any
DAY = timedelta(days=1)
NO_POE, CA_NO_POE = SubIndication.REVOKED_NO_POE, SubIndication.REVOKED_CA_NO_POE
Reason = x509.ReasonFlags


@dataclass(frozen=True)
class Vector:
    name: str
    why: str
    change: Callable[[Q], None]
    verdict: str
    code: str
    sub: SubIndication | None = None


def serial(q: Q) -> int:
    return int(q.leaf.x509.serial_number)


def leaf_crl(q: Q, revoked: Any = None, **more: Any) -> None:
    """The issuing CA's CRL in place of the good one."""
    q.crls = [q.crls[0], q.lab.crl(q.inter, revoked, **more)]


def prove(q: Q, when: datetime) -> None:
    q.more["proofs"] = [Proof(when, "evidence-record", Digest("sha256", b""))]


def revoked(q: Q, when: datetime, reason: Reason | None = None, **more: Any) -> None:
    leaf_crl(q, {serial(q): (when, reason)}, **more)


def nothing(_q: Q) -> None:
    pass


def no_data(q: Q) -> None:
    q.crls = []


def leaf_data_missing(q: Q) -> None:
    q.crls = q.crls[:1]


def ca_data_missing(q: Q) -> None:
    q.crls = q.crls[1:]


def revoked_now(q: Q) -> None:
    revoked(q, q.at - 10 * DAY)


def revoked_before_proof(q: Q) -> None:
    prove(q, q.at - 5 * DAY)
    revoked(q, q.at - 10 * DAY)


def revoked_after_proof(q: Q) -> None:
    prove(q, q.at - 15 * DAY)
    revoked(q, q.at - 10 * DAY, Reason.key_compromise)


def lost_before_proof(q: Q) -> None:
    # Revoked after the proof, but the key is known to have been lost before it (invalidityDate).
    prove(q, q.at - 15 * DAY)
    revoked(q, q.at - 10 * DAY, Reason.key_compromise, invalid=q.at - 20 * DAY)


def claimed_before_revocation(q: Q) -> None:
    # The signer states a time before the revocation; nothing proves it.
    q.claimed = q.at - 100 * DAY
    revoked(q, q.at - 10 * DAY)


def ca_revoked(q: Q) -> None:
    q.crls[0] = q.lab.crl(q.root, {q.inter.x509.serial_number: q.at - 10 * DAY})


def ca_revoked_before_proof(q: Q) -> None:
    prove(q, q.at - 5 * DAY)
    ca_revoked(q)


def held(q: Q) -> None:
    prove(q, q.at - 5 * DAY)
    revoked(q, q.at - 10 * DAY, Reason.certificate_hold)


def held_later(q: Q) -> None:
    prove(q, q.at - 15 * DAY)
    revoked(q, q.at - 10 * DAY, Reason.certificate_hold)
    q.crls.append(q.lab.crl(q.inter, this=q.at - 15 * DAY, next_=q.at - 14 * DAY))


def held_and_freed(q: Q) -> None:
    prove(q, q.at - 5 * DAY)
    revoked(q, q.at - 20 * DAY, Reason.certificate_hold, this=q.at - 15 * DAY, next_=q.at - 14 * DAY)
    q.crls += [q.lab.crl(q.inter, this=q.at - 6 * DAY, next_=q.at)]


def held_and_perhaps_freed(q: Q) -> None:
    prove(q, q.at - 10 * DAY)
    revoked(q, q.at - 20 * DAY, Reason.certificate_hold, this=q.at - 15 * DAY, next_=q.at - 14 * DAY)
    q.crls += [q.lab.crl(q.inter, this=q.at - 6 * DAY, next_=q.at)]


def stale(q: Q) -> None:
    leaf_crl(q, this=q.at - 20 * DAY, next_=q.at - 10 * DAY)


def stale_but_fresh_at_proof(q: Q) -> None:
    prove(q, q.at - 15 * DAY)
    q.crls = [q.lab.crl(c, this=q.at - 20 * DAY, next_=q.at - 10 * DAY) for c in (q.root, q.inter)]


def stale_but_revoked(q: Q) -> None:
    # An old list that says revoked is as good as a new one.
    revoked(q, q.at - 30 * DAY, this=q.at - 20 * DAY, next_=q.at - 10 * DAY)


def revoked_once_and_gone(q: Q) -> None:
    # Revoked on the old list, missing from the new one: a revocation is final.
    revoked(q, q.at - 30 * DAY, this=q.at - 20 * DAY, next_=q.at - 10 * DAY)
    q.crls.append(q.lab.crl(q.inter))


def from_the_future(q: Q) -> None:
    leaf_crl(q, this=q.at + 2 * DAY, next_=q.at + 20 * DAY)


def wrong_signature(q: Q) -> None:
    leaf_crl(q, sign_with=q.lab.key("attacker"))


def other_issuers_crl(q: Q) -> None:
    # The root says nothing about what the issuing CA issued, though it signs correctly.
    leaf_crl(q)
    q.crls = [q.crls[0], q.lab.crl(q.root)]


def crl_by_unfit_key(q: Q) -> None:
    q.inter = q.lab.issue("Issuing", q.root, ca=True, length=0, key_usage=("key_cert_sign",))
    q.certificates = [q.inter]


def crl_by_own_key(q: Q) -> None:
    # The CA signs its lists with a key of their own, certified by the same root under its own name.
    lists = q.lab.issue("Issuing", q.root, key="lists", key_usage=("crl_sign",))
    q.certificates.append(lists)
    q.crls = [q.crls[0], q.lab.crl(q.inter, sign_with=lists.key)]


def crl_by_namesake(q: Q) -> None:
    # An attacker's certificate with the CA's name: no path to the anchor.
    fake = q.lab.issue("Issuing", ca=True, key="namesake")
    q.certificates.append(fake)
    leaf_crl(q, sign_with=fake.key)


def scope(
    users: bool = False, cas: bool = False, indirect: bool = False, reasons: bool = False, url: str | None = None
):
    names = [x509.UniformResourceIdentifier(url)] if url else None
    some = frozenset({Reason.key_compromise}) if reasons else None
    return x509.IssuingDistributionPoint(names, None, users, cas, some, indirect, False), True


def for_cas_only(q: Q) -> None:
    leaf_crl(q, extensions=[scope(cas=True)])


def for_users_only(q: Q) -> None:
    leaf_crl(q, extensions=[scope(users=True)])


def users_crl_about_ca(q: Q) -> None:
    q.crls[0] = q.lab.crl(q.root, extensions=[scope(users=True)])


def indirect(q: Q) -> None:
    leaf_crl(q, extensions=[scope(indirect=True)])


def some_reasons(q: Q) -> None:
    leaf_crl(q, extensions=[scope(reasons=True)])


def other_point(q: Q) -> None:
    leaf_crl(q, extensions=[scope(url="http://crl.example/shard2")])


def with_point(q: Q, url: str) -> None:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    q.leaf = q.lab.issue("Seal", q.inter, extensions=[(x509.CRLDistributionPoints([point]), False)])


def right_point(q: Q) -> None:
    with_point(q, "http://crl.example/shard2")
    other_point(q)


def wrong_point(q: Q) -> None:
    with_point(q, "http://crl.example/shard1")
    other_point(q)


def delta(q: Q) -> None:
    leaf_crl(q, extensions=[(x509.DeltaCRLIndicator(1), True)])


def critical(q: Q) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    leaf_crl(q, extensions=[(strange, True)])


def expired_leaf_and_later_crl(q: Q) -> None:
    # Proven while valid; the only list was made after expiry, when entries may have been dropped.
    q.leaf = q.lab.issue("Seal", q.inter, end=q.at - 10 * DAY)
    prove(q, q.at - 20 * DAY)


def expired_leaf_and_list_that_keeps(q: Q) -> None:
    expired_leaf_and_later_crl(q)
    keeps = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), b"\x18\x0f20200101000000Z")
    leaf_crl(q, extensions=[(keeps, False)])


def expired_leaf_and_list_of_then(q: Q) -> None:
    expired_leaf_and_later_crl(q)
    q.crls.append(q.lab.crl(q.inter, this=q.at - 15 * DAY, next_=q.at - 14 * DAY))


def ocsp_only(q: Q, **more: Any) -> None:
    q.crls = q.crls[:1]
    q.ocsps = [q.lab.ocsp(q.leaf, q.inter, **more)]


def responder(q: Q, by: Any = None, no_check: bool = True, **more: Any) -> Any:
    extensions = [(x509.OCSPNoCheck(), False)] if no_check else []
    more = {"extended": (ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string,), "extensions": extensions, **more}
    return q.lab.issue("Responder", by or q.inter, **more)


def ocsp_revoked(q: Q) -> None:
    ocsp_only(q, status=ocsp.OCSPCertStatus.REVOKED, revoked=(q.at - 10 * DAY).replace(tzinfo=None))


def ocsp_against_crl(q: Q) -> None:
    # Both fresh, one says revoked: revoked.
    revoked_now(q)
    q.ocsps = [q.lab.ocsp(q.leaf, q.inter)]


def ocsp_no_next(q: Q, age: timedelta) -> None:
    ocsp_only(q, next_=None, this=q.at - age)


def ocsp_other_serial(q: Q) -> None:
    q.crls = q.crls[:1]
    other = q.lab.issue("Other seal", q.inter)
    q.ocsps = [q.lab.ocsp(other, q.inter)]


def ocsp_other_issuer(q: Q) -> None:
    # The right serial number, but of another CA's certificate.
    q.crls = q.crls[:1]
    other_ca = q.lab.issue("Other CA", q.root, ca=True)
    other = q.lab.issue("Seal", other_ca, serial=serial(q))
    q.ocsps = [q.lab.ocsp(other, other_ca, by=responder(q, other_ca))]


def ocsp_stranger(q: Q) -> None:
    stranger = q.lab.issue("Responder", ca=True, key="stranger")
    ocsp_only(q, by=stranger)


def ocsp_forged(q: Q) -> None:
    # thisUpdate is moved to a later year in the signed bytes.
    ocsp_only(q)
    whole = q.ocsps[0]
    at = whole.index(b"\x80\x00\x18\x0f")
    q.ocsps = [whole[: at + 4] + b"2027" + whole[at + 8 :]]


def ocsp_other_usage(q: Q) -> None:
    ocsp_only(q, by=responder(q, extended=(ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string,)))


def ocsp_namesakes_delegate(q: Q) -> None:
    # Authorised by an attacker's CA of the same name.
    fake = q.lab.issue("Issuing", ca=True, key="namesake")
    ocsp_only(q, by=responder(q, fake))


def ocsp_same_key_other_name(q: Q) -> None:
    # The CA's key under another name is another issuer.
    other = q.lab.issue("Issuing for others", q.root, ca=True, key="CN=Issuing")
    assert other.x509.public_key() == q.inter.x509.public_key()
    ocsp_only(q, by=responder(q, other))


def ocsp_by_root_delegate(q: Q) -> None:
    # RFC 6960 4.2.2.2: the delegate must come from the very CA that issued the certificate.
    ocsp_only(q, by=responder(q, q.root))


def ocsp_delegate_revoked(q: Q) -> None:
    delegate = responder(q, no_check=False)
    ocsp_only(q, by=delegate)
    # An old list suffices to know that; it is too old to say that the leaf is good.
    q.crls.append(
        q.lab.crl(q.inter, {delegate.x509.serial_number: q.at - 10 * DAY}, this=q.at - 9 * DAY, next_=q.at - 8 * DAY)
    )


def ocsp_delegate_unchecked(q: Q) -> None:
    ocsp_only(q, by=responder(q, no_check=False))


def ocsp_delegate_good(q: Q) -> None:
    delegate = responder(q, no_check=False)
    ocsp_only(q, by=delegate)
    q.ocsps.append(q.lab.ocsp(delegate, q.inter))


VECTORS = [
    Vector("good", "fresh lists of both CAs", nothing, "passed", "REVOCATION_ALL_GOOD"),
    Vector("no-data", "nothing at hand", no_data, "unknown", "REVOCATION_MISSING"),
    Vector("leaf-missing", "nothing about the leaf", leaf_data_missing, "unknown", "REVOCATION_MISSING"),
    Vector("ca-missing", "nothing about the issuing CA", ca_data_missing, "unknown", "REVOCATION_MISSING"),
    Vector("revoked", "no proof of an earlier time", revoked_now, "unknown", "REVOCATION_REVOKED_NO_PROOF", NO_POE),
    Vector("revoked-before", "revoked before the proof", revoked_before_proof, "failed", "REVOCATION_REVOKED"),
    Vector("revoked-after", "proven before", revoked_after_proof, "passed", "REVOCATION_ALL_GOOD"),
    Vector("invalidity", "the key was lost before", lost_before_proof, "failed", "REVOCATION_REVOKED"),
    Vector("claimed", "a stated time rescues nothing", claimed_before_revocation, "unknown",
           "REVOCATION_REVOKED_NO_PROOF", NO_POE),
    Vector("ca-revoked", "the issuing CA is revoked", ca_revoked, "unknown", "REVOCATION_REVOKED_NO_PROOF", CA_NO_POE),
    Vector("ca-before", "and was before the proof", ca_revoked_before_proof, "failed", "REVOCATION_REVOKED"),
    Vector("hold", "on hold at the proven time", held, "failed", "REVOCATION_HOLD"),
    Vector("hold-later", "put on hold afterwards", held_later, "passed", "REVOCATION_ALL_GOOD"),
    Vector("hold-freed", "freed before the proven time", held_and_freed, "passed", "REVOCATION_ALL_GOOD"),
    Vector("hold-unclear", "freed before or after", held_and_perhaps_freed, "unknown", "REVOCATION_HOLD_UNCLEAR"),
    Vector("stale", "next update is past", stale, "unknown", "REVOCATION_STALE"),
    Vector("fresh-then", "fresh at the proven time", stale_but_fresh_at_proof, "passed", "REVOCATION_ALL_GOOD"),
    Vector("stale-revoked", "a revocation never ages", stale_but_revoked, "unknown", "REVOCATION_REVOKED_NO_PROOF"),
    Vector("gone", "gone from the newer list", revoked_once_and_gone, "unknown", "REVOCATION_REVOKED_NO_PROOF"),
    Vector("future", "dated after the judgement", from_the_future, "unknown", "REVOCATION_FROM_FUTURE"),
    Vector("wrong-signature", "another key", wrong_signature, "unknown", "REVOCATION_CRL_NOT_AUTHENTIC"),
    Vector("other-ca", "another CA's list", other_issuers_crl, "unknown", "REVOCATION_MISSING"),
    Vector("no-crl-sign", "key usage forbids lists", crl_by_unfit_key, "unknown", "REVOCATION_CRL_NOT_AUTHENTIC"),
    Vector("namesake", "a CA of the same name", crl_by_namesake, "unknown", "REVOCATION_CRL_NOT_AUTHENTIC"),
    Vector("cas-only", "of CAs alone", for_cas_only, "unknown", "REVOCATION_CRL_OTHER_SCOPE"),
    Vector("users-only", "of end entities alone", for_users_only, "passed", "REVOCATION_ALL_GOOD"),
    Vector("users-about-ca", "of end entities, asked of a CA", users_crl_about_ca, "unknown",
           "REVOCATION_CRL_OTHER_SCOPE"),
    Vector("indirect", "an indirect list", indirect, "unknown", "REVOCATION_CRL_UNUSABLE"),
    Vector("some-reasons", "some reasons alone", some_reasons, "unknown", "REVOCATION_CRL_UNUSABLE"),
    Vector("other-point", "a part that the certificate does not name", other_point, "unknown",
           "REVOCATION_CRL_OTHER_SCOPE"),
    Vector("right-point", "the part that it names", right_point, "passed", "REVOCATION_ALL_GOOD"),
    Vector("wrong-point", "another part", wrong_point, "unknown", "REVOCATION_CRL_OTHER_SCOPE"),
    Vector("delta", "a delta list", delta, "unknown", "REVOCATION_CRL_UNUSABLE"),
    Vector("critical", "an unknown critical extension", critical, "unknown", "REVOCATION_CRL_UNUSABLE"),
    Vector("expired", "the list no longer speaks of it", expired_leaf_and_later_crl, "unknown",
           "REVOCATION_AFTER_EXPIRY"),
    Vector("expired-kept", "expiredCertsOnCRL", expired_leaf_and_list_that_keeps, "passed", "REVOCATION_ALL_GOOD"),
    Vector("expired-then", "and a list from before expiry", expired_leaf_and_list_of_then, "passed",
           "REVOCATION_ALL_GOOD"),
    Vector("ocsp", "by the issuer", ocsp_only, "passed", "REVOCATION_ALL_GOOD"),
    Vector("ocsp-sha1", "certificate named by SHA-1", lambda q: ocsp_only(q, digest=hashes.SHA1()), "passed",
           "REVOCATION_ALL_GOOD"),
    Vector("ocsp-key", "responder named by its key", lambda q: ocsp_only(q, by_key=True), "passed",
           "REVOCATION_ALL_GOOD"),
    Vector("ocsp-delegate", "an authorised responder", lambda q: ocsp_only(q, by=responder(q)), "passed",
           "REVOCATION_ALL_GOOD"),
    Vector("ocsp-no-eku", "without OCSPSigning", lambda q: ocsp_only(q, by=responder(q, extended=())), "unknown",
           "REVOCATION_OCSP_NOT_AUTHORISED"),
    Vector("ocsp-other-eku", "for other uses", ocsp_other_usage, "unknown", "REVOCATION_OCSP_NOT_AUTHORISED"),
    Vector("ocsp-namesake", "of a CA of the same name", ocsp_namesakes_delegate, "unknown",
           "REVOCATION_OCSP_NOT_AUTHORISED"),
    Vector("ocsp-other-name", "of the same key, another name", ocsp_same_key_other_name, "unknown",
           "REVOCATION_OCSP_NOT_AUTHORISED"),
    Vector("ocsp-expired", "a responder out of date",
           lambda q: ocsp_only(q, by=responder(q, end=datetime(2021, 1, 1, tzinfo=UTC))), "unknown",
           "REVOCATION_OCSP_NOT_AUTHORISED"),
    Vector("ocsp-stranger", "a self-made responder", ocsp_stranger, "unknown", "REVOCATION_OCSP_NOT_AUTHORISED"),
    Vector("ocsp-root-delegate", "a delegate of another CA", ocsp_by_root_delegate, "unknown",
           "REVOCATION_OCSP_NOT_AUTHORISED"),
    Vector("ocsp-forged", "wrong signature", ocsp_forged, "unknown",
           "REVOCATION_OCSP_NOT_AUTHENTIC"),
    Vector("ocsp-unchecked", "nobody says it is not revoked", ocsp_delegate_unchecked, "unknown",
           "REVOCATION_OCSP_RESPONDER_UNCHECKED"),
    Vector("ocsp-checked", "the issuer says so", ocsp_delegate_good, "passed", "REVOCATION_ALL_GOOD"),
    Vector("ocsp-revoked-delegate", "a revoked responder", ocsp_delegate_revoked, "unknown", "REVOCATION_STALE"),
    Vector("ocsp-revoked", "says revoked", ocsp_revoked, "unknown", "REVOCATION_REVOKED_NO_PROOF", NO_POE),
    Vector("ocsp-unknown", "says unknown", lambda q: ocsp_only(q, status=ocsp.OCSPCertStatus.UNKNOWN), "unknown",
           "REVOCATION_STATUS_UNKNOWN"),
    Vector("ocsp-against-crl", "they contradict", ocsp_against_crl, "unknown", "REVOCATION_REVOKED_NO_PROOF"),
    Vector("ocsp-stale", "next update is past",
           lambda q: ocsp_only(q, this=q.at - 20 * DAY, next_=q.at - 10 * DAY), "unknown", "REVOCATION_STALE"),
    Vector("ocsp-no-next", "no next update, an hour old", lambda q: ocsp_no_next(q, timedelta(hours=1)), "passed",
           "REVOCATION_ALL_GOOD"),
    Vector("ocsp-no-next-old", "no next update, two days old", lambda q: ocsp_no_next(q, 2 * DAY), "unknown",
           "REVOCATION_STALE"),
    Vector("ocsp-serial", "about another certificate", ocsp_other_serial, "unknown", "REVOCATION_MISSING"),
    Vector("ocsp-issuer", "same serial of another CA", ocsp_other_issuer, "unknown", "REVOCATION_MISSING"),
]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.name)
def test_vector(vector: Vector, good: Q, ask_one: Any) -> None:
    vector.change(good)
    judgement = good.ask()
    assert ask_one(judgement.checks, "path").verdict == "passed"
    found = ask_one(judgement.checks, "revocation")
    assert (found.verdict.value, found.code) == (vector.verdict, vector.code), vector.why
    if vector.sub is not None:
        assert found.sub_indication is vector.sub
    for lang in ("en", "zh"):
        text = messages.text(found.code, lang, found.params)
        assert text != found.code
        assert "{" not in text


def test_ignore_is_said_and_looks_at_nothing(good: Q, ask_one: Any) -> None:
    revoked_now(good)
    good.policy = replace(good.policy, revocation=RevocationMode.IGNORE)
    found = ask_one(good.ask().checks, "revocation")
    assert (found.verdict, found.code) == ("passed", "REVOCATION_IGNORED")


def test_if_available_takes_missing_data_but_no_revocation(good: Q, ask_one: Any) -> None:
    good.policy = replace(good.policy, revocation=RevocationMode.IF_AVAILABLE)
    no_data(good)
    judgement = good.ask()
    assert ask_one(judgement.checks, "revocation").code == "REVOCATION_TOLERATED"
    assert [c.code for c in judgement.checks if c.id == "note"] == ["REVOCATION_MISSING", "REVOCATION_MISSING"]
    good.crls = [good.lab.crl(good.root)]
    revoked_now(good)
    assert ask_one(good.ask().checks, "revocation").code == "REVOCATION_REVOKED_NO_PROOF"


def test_a_later_revocation_is_told(good: Q) -> None:
    revoked_after_proof(good)
    note = next(c for c in good.ask().checks if c.code == "REVOCATION_LATER")
    assert note.params["reason"] == "keyCompromise"


def test_complete_only_where_the_document_brings_it_all(good: Q) -> None:
    assert good.ask().complete_revocation
    good.trust = TrustStore.from_certificates([good.root.cert], crls=good.crls)
    good.crls = []
    judgement = good.ask()
    assert not [c for c in judgement.checks if c.verdict in ("failed", "unknown")]
    assert not judgement.complete_revocation


def test_the_cas_own_key_for_lists_counts_unless_revoked(good: Q, ask_one: Any) -> None:
    crl_by_own_key(good)
    assert ask_one(good.ask().checks, "revocation").code == "REVOCATION_ALL_GOOD"
    lists = good.certificates[-1]
    good.crls[0] = good.lab.crl(good.root, {lists.x509.serial_number: good.at - 10 * DAY})
    assert ask_one(good.ask().checks, "revocation").code == "REVOCATION_CRL_NOT_AUTHENTIC"


@pytest.mark.parametrize("count", [3, 3000])
def test_an_entry_is_found_wherever_it_stands(good: Q, ask_one: Any, count: int) -> None:
    others = {n + 1: good.at - 40 * DAY for n in range(count)}
    leaf_crl(good, {**others, serial(good): good.at - 10 * DAY, **{n + 10**6: good.at - 40 * DAY for n in range(3)}})
    assert ask_one(good.ask().checks, "revocation").code == "REVOCATION_REVOKED_NO_PROOF"


def test_bytes_that_look_like_the_entry_are_none(good: Q, ask_one: Any) -> None:
    # Another serial number whose bytes end in those of an INTEGER with the serial that is asked for.
    good.leaf = good.lab.issue("Seal", good.inter, serial=0x0102)
    leaf_crl(good, {0x7F02020102: good.at - 10 * DAY})
    assert ask_one(good.ask().checks, "revocation").code == "REVOCATION_ALL_GOOD"
