"""What is collected is what a third party needs: with it and the root alone another judge comes to the same answer."""

from __future__ import annotations

import asyncio
import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from pyhanko_certvalidator import CertificateValidator, ValidationContext

from eseal.crypto.timestamp_token import examine_token
from eseal.errors import ServiceError
from eseal.judging.collecting import Kept, NotLongTerm, collect, collect_token
from eseal.judging.judge import judge
from eseal.messages import catalogue
from eseal.model import Digest, Proof, ValidationData, rfc3339
from eseal.report.model import CheckVerdict
from eseal.trust.store import Purpose, TrustStore

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOTHING = ValidationData()
Q = Any


@dataclass
class Net:
    """A fetcher that answers from a table and remembers what it was asked."""

    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        self.asked.append(url)
        if url not in self.answers:
            raise ServiceError("NET_STATUS", url=url, status=404)
        return self.answers[url]


@pytest.fixture
def good(good: Q) -> Q:
    """The same chain today: pyca dates an OCSP response by the clock, and pyHanko holds that against the time."""
    good.at = datetime.now(UTC).replace(microsecond=0)
    good.crls = [crl(good, good.root), crl(good, good.inter)]
    return good


def crl(q: Q, by: Any, revoked: Any = None, **more: Any) -> bytes:
    return bytes(q.lab.crl(by, revoked, **{"this": q.at - DAY, "next_": q.at + 30 * DAY, **more}))


def answer(q: Q, of: Any, issuer: Any, by: Any = None, **more: Any) -> bytes:
    return bytes(q.lab.ocsp(of, issuer, by, **{"this": q.at - DAY, "next_": q.at + 30 * DAY, **more}))


def gathered(q: Q, **more: Any) -> ValidationData:
    """Collected with the document's data and the trust store of the question."""
    trust = q.trust or TrustStore.from_certificates([h.cert for h in q.anchors])
    data = ValidationData((), tuple(q.crls), tuple(q.ocsps))
    return collect(q.examined(), **{"trust": trust, "at": q.at, "data": data, **q.more, **more})


def third_party(q: Q, collected: ValidationData, *roots: Any) -> None:
    """Judged with the roots alone and what was collected, by eseal and by pyHanko's validator: nothing is missing."""
    at, trust = q.at, TrustStore.from_certificates([r.cert for r in roots])
    bare = replace(q.examined(), certificates=(q.leaf.cert,))
    judgement = judge(bare, trust=trust, at=at, data=collected, proofs=q.more.get("proofs", ()))
    bad = [c.code for c in judgement.checks if c.verdict in (CheckVerdict.FAILED, CheckVerdict.UNKNOWN)]
    assert not bad and judgement.complete_revocation
    if not all(r.x509.issuer == r.x509.subject for r in roots):
        return  # pyHanko looks for no CRL by an anchor that is no root
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(r.cert.der) for r in roots],
        other_certs=[asn1_x509.Certificate.load(c.der) for c in collected.certificates],
        crls=[asn1_crl.CertificateList.load(c) for c in collected.crls],
        ocsps=[asn1_ocsp.OCSPResponse.load(o) for o in collected.ocsps],
        moment=at,
        allow_fetching=False,
        revocation_mode="require",
        best_signature_time=at,
    )
    validator = CertificateValidator(asn1_x509.Certificate.load(q.leaf.cert.der), validation_context=context)
    asyncio.run(validator.async_validate_usage(set()))


def refused(code: str, job: Callable[[], object], *reasons: str, names: str = "Seal") -> NotLongTerm:
    with pytest.raises(NotLongTerm) as caught:
        job()
    error = caught.value
    assert error.code == code, error.message()
    assert names in error.params["certificate"]
    said = [c for c, _ in error.reasons]
    assert [r for r in reasons if r not in said] == [], said
    for lang in ("en", "zh"):
        assert code in catalogue(lang) and {*said} <= {*catalogue(lang)}
        assert "{" not in error.message(lang) + error.hint(lang)
    assert pickle.loads(pickle.dumps(error)).code == code
    return error


def token_over(q: Q, tsa: Any, when: datetime, *chain: Any) -> bytes:
    return bytes(q.lab.token(tsa, q.value, when, chain))


# Hierarchies.


def test_chain_and_lists_of_the_signer(good: Q) -> None:
    found = gathered(good)
    assert set(found.certificates) == {h.cert for h in (good.leaf, good.inter, good.root)}
    assert set(found.crls) == set(good.crls) and found.ocsps == ()
    third_party(good, found, good.root)


def test_only_what_is_needed_is_given(good: Q) -> None:
    other = good.lab.issue("Other root", ca=True)
    good.crls += [crl(good, other), crl(good, good.inter, this=good.at - 9 * DAY)]
    trust = TrustStore.from_certificates(
        [good.root.cert, other.cert], crls=[crl(good, good.inter, this=good.at - 20 * DAY)]
    )
    found = gathered(good, trust=trust)
    assert len(found.crls) == 2 and other.cert not in found.certificates
    third_party(good, found, good.root)


def test_a_store_of_lists_serves_as_well_as_the_document(good: Q) -> None:
    trust = TrustStore.from_certificates([good.root.cert], crls=good.crls)
    good.crls = []
    third_party(good, gathered(good, trust=trust), good.root)


def test_the_freshest_of_several_is_taken(good: Q) -> None:
    fresh = crl(good, good.inter, this=good.at - HOUR)
    good.crls.append(fresh)
    found = gathered(good)
    assert fresh in found.crls and len(found.crls) == 2


def test_a_small_answer_is_taken_before_a_large_list(good: Q) -> None:
    large = crl(good, good.inter, dict.fromkeys(range(1, 4000), good.at - DAY), this=good.at - HOUR)
    good.leaf = good.lab.issue("Seal", good.inter, extensions=[access(OCSP)])
    small = answer(good, good.leaf, good.inter, this=good.at - 2 * HOUR)
    good.crls, good.ocsps = [good.crls[0], large], [small]
    found = gathered(good)
    assert len(large) > 65_536 and found.ocsps == (small,) and large not in found.crls
    third_party(good, found, good.root)


def test_what_was_stated_after_the_signature_is_taken_first(good: Q) -> None:
    """EN 319 102-1 5.2.5.4: only a later statement says how it was when the signature was made."""
    good.more["proofs"] = [Proof(good.at - 5 * HOUR, "timestamp", Digest("sha256", b""))]
    before = answer(good, good.leaf, good.inter, this=good.at - 6 * HOUR)
    after = crl(good, good.inter, dict.fromkeys(range(1, 4000), good.at - DAY), this=good.at - HOUR)
    good.crls, good.ocsps = [good.crls[0], after], [before]
    assert after in gathered(good).crls


def test_an_intermediate_as_anchor_is_led_up_to_the_root(good: Q) -> None:
    """The verifier trusts the issuing CA; others have the root alone, and need the issuing CA's own status."""
    top = good.lab.issue("Policy", good.root, ca=True)
    good.inter = good.lab.issue("Issuing", top, ca=True, length=0)
    good.leaf = good.lab.issue("Seal", good.inter)
    lists = [crl(good, h) for h in (good.root, top, good.inter)]
    trust = TrustStore.from_certificates([good.inter.cert], intermediates=[good.root.cert, top.cert], crls=lists)
    good.certificates, good.crls = [], []
    found = gathered(good, trust=trust)
    third_party(good, found, good.root)
    third_party(good, found, good.inter)


def test_what_lies_above_the_anchor_may_be_missing(good: Q) -> None:
    trust = TrustStore.from_certificates([good.inter.cert], crls=[good.crls[1]])
    good.certificates, good.crls = [], []
    found = gathered(good, trust=trust)
    third_party(good, found, good.inter)
    assert good.root.cert not in found.certificates


def test_the_root_above_an_anchor_is_fetched(good: Q) -> None:
    good.inter = good.lab.issue(
        "Issuing",
        good.root,
        ca=True,
        extensions=[issuers("http://a.example/root.cer"), points("http://a.example/r.crl")],
    )
    good.leaf = good.lab.issue("Seal", good.inter)
    net = Net({"http://a.example/root.cer": good.root.cert.der, "http://a.example/r.crl": crl(good, good.root)})
    trust = TrustStore.from_certificates([good.inter.cert], crls=[crl(good, good.inter)])
    good.certificates, good.crls = [], []
    third_party(good, gathered(good, trust=trust, fetcher=net), good.root)


def test_the_anchor_needs_no_list_of_its_own(good: Q) -> None:
    good.leaf = good.lab.issue("Seal", good.root)
    good.certificates, good.crls = [], [crl(good, good.root)]
    found = gathered(good)
    assert len(found.crls) == 1
    third_party(good, found, good.root)


def test_a_signer_who_is_the_anchor_needs_nothing(good: Q) -> None:
    good.anchors, good.crls = [good.leaf], []
    found = gathered(good)
    assert found.certificates[0] == good.leaf.cert and not (found.crls or found.ocsps)


# Whoever signs the lists.


def responder(q: Q, *, no_check: bool) -> Any:
    more = [(x509.OCSPNoCheck(), False)] if no_check else []
    extended = (ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string,)
    return q.lab.issue(f"Responder {no_check}", q.inter, extended=extended, extensions=[*more, access(OCSP)])


def test_a_delegated_responder_comes_along(good: Q) -> None:
    good.leaf, by = good.lab.issue("Seal", good.inter, extensions=[access(OCSP)]), responder(good, no_check=True)
    good.crls, good.ocsps = [good.crls[0]], [answer(good, good.leaf, good.inter, by)]
    found = gathered(good)
    assert by.cert in found.certificates and len(found.crls) == 1
    third_party(good, found, good.root)


@pytest.mark.parametrize("kind", ["CRL", "OCSP"])
def test_a_responder_that_can_be_revoked_brings_its_own_status(good: Q, kind: str) -> None:
    good.leaf, by = good.lab.issue("Seal", good.inter, extensions=[access(OCSP)]), responder(good, no_check=False)
    good.ocsps = [answer(good, good.leaf, good.inter, by, this=good.at - HOUR)]
    if kind == "OCSP":
        good.crls = [good.crls[0]]
        good.ocsps.append(answer(good, by, good.inter))
    found = gathered(good)
    assert by.cert in found.certificates
    assert (len(found.crls), len(found.ocsps)) == ((2, 1) if kind == "CRL" else (1, 2))
    third_party(good, found, good.root)


def test_a_responder_whose_status_nobody_states_is_no_answer(good: Q) -> None:
    good.crls, good.ocsps = [good.crls[0]], [answer(good, good.leaf, good.inter, responder(good, no_check=False))]
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good), "REVOCATION_OCSP_RESPONDER_UNCHECKED")


def test_the_list_of_a_responder_is_fetched(good: Q) -> None:
    extended = (ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string,)
    by = good.lab.issue("Responder", good.inter, extended=extended, extensions=[points("http://a.example/ca.crl")])
    good.crls, good.ocsps = [good.crls[0]], [answer(good, good.leaf, good.inter, by, this=good.at - HOUR)]
    net = Net({"http://a.example/ca.crl": crl(good, good.inter)})
    third_party(good, gathered(good, fetcher=net), good.root)


def test_a_list_that_another_key_of_the_issuer_signed(good: Q) -> None:
    """RFC 5280 6.3.3 f: a certificate of the same name for lists alone; its own status comes along."""
    lists = good.lab.issue("Issuing", good.root, key="lists", key_usage=("crl_sign",))
    good.certificates = [good.inter, lists]
    good.crls = [good.crls[0], crl(good, good.inter, sign_with=lists.key)]
    found = gathered(good)
    assert lists.cert in found.certificates
    trust = TrustStore.from_certificates([good.root.cert])
    bare = replace(good.examined(), certificates=(good.leaf.cert,))
    assert judge(bare, trust=trust, at=good.at, data=found).complete_revocation


# Certificates that are never revoked.

NO_REV_AVAIL = (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.56"), b"\x05\x00"), False)
ASSURED = (x509.UnrecognizedExtension(x509.ObjectIdentifier("0.4.0.194121.2.1"), b"\x05\x00"), False)


@pytest.mark.parametrize("extension", [NO_REV_AVAIL, ASSURED], ids=["RFC 9608", "EN 319 412-1"])
def test_short_lived_certificates_need_none(good: Q, extension: Any) -> None:
    good.leaf = good.lab.issue("Seal", good.inter, extensions=[extension])
    good.crls = [good.crls[0]]
    found = gathered(good)
    assert len(found.crls) == 1 and found.ocsps == ()
    judgement = judge(good.examined(), trust=TrustStore.from_certificates([good.root.cert]), at=good.at, data=found)
    assert judgement.complete_revocation
    assert not [c.code for c in judgement.checks if c.verdict in (CheckVerdict.FAILED, CheckVerdict.UNKNOWN)]


@pytest.mark.parametrize("case", ["CA", "CRL", "OCSP"])
def test_no_rev_avail_where_it_must_not_stand_is_not_believed(good: Q, case: str) -> None:
    """RFC 9608 2: not on a CA, and not beside an address of revocation data."""
    beside = {"CRL": points("http://a.example/c"), "OCSP": access("http://a.example/o")}
    if case == "CA":
        good.inter = good.lab.issue("Issuing", good.root, ca=True, extensions=[NO_REV_AVAIL])
        good.certificates, good.crls = [good.inter], [good.crls[1]]
        good.leaf = good.lab.issue("Seal", good.inter)
    else:
        good.leaf = good.lab.issue("Seal", good.inter, extensions=[NO_REV_AVAIL, beside[case]])
        good.crls = [good.crls[0]]
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good), names="Issuing" if case == "CA" else "Seal")


# Timestamps.


def test_the_timestamp_authority_under_a_root_of_its_own(good: Q) -> None:
    clock_root = good.lab.issue("Time root", ca=True)
    tsa = good.lab.tsa(clock_root)
    good.timestamps = [token_over(good, tsa, good.at - HOUR)]
    good.crls.append(crl(good, clock_root))
    trust = TrustStore.from_certificates([good.root.cert], purposes=[Purpose.SEAL]) + TrustStore.from_certificates(
        [clock_root.cert], purposes=[Purpose.TIMESTAMP]
    )
    found = gathered(good, trust=trust)
    assert {tsa.cert, clock_root.cert} <= set(found.certificates) and len(found.crls) == 3
    third_party(good, found, good.root, clock_root)


def test_a_timestamp_without_revocation_data_is_named(good: Q) -> None:
    tsa_ca = good.lab.issue("Time CA", good.root, ca=True)
    tsa = good.lab.tsa(tsa_ca)
    good.timestamps = [token_over(good, tsa, good.at - HOUR, tsa_ca)]
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good), "REVOCATION_MISSING", names="TSA")


def test_one_good_timestamp_of_two_is_enough(good: Q) -> None:
    stranger = good.lab.issue("Stranger", ca=True)
    bad, tsa = good.lab.tsa(stranger), good.lab.tsa(good.inter)
    good.timestamps = [token_over(good, bad, good.at - HOUR), token_over(good, tsa, good.at - HOUR)]
    found = gathered(good)
    assert tsa.cert in found.certificates and bad.cert not in found.certificates
    good.timestamps = good.timestamps[:1]
    refused("LONG_TERM_NO_PATH", lambda: gathered(good), names="TSA")


def test_a_timestamp_over_something_else_counts_for_nothing(good: Q) -> None:
    tsa = good.lab.tsa(good.inter)
    good.timestamps = [good.lab.token(tsa, b"another signature", good.at - HOUR)]
    assert tsa.cert not in gathered(good).certificates


def test_a_document_timestamp(good: Q) -> None:
    tsa = good.lab.tsa(good.inter)
    token = examine_token(
        good.lab.token(tsa, b"document", good.at - HOUR), lambda _: hashlib.sha256(b"document").digest()
    )
    trust = TrustStore.from_certificates([good.root.cert], crls=good.crls, intermediates=[good.inter.cert])
    kept = Kept()
    found = collect_token(token, trust=trust, at=good.at, kept=kept)
    assert set(found.certificates) == {tsa.cert, good.inter.cert, good.root.cert} and len(found.crls) == 2
    assert collect_token(token, trust=replace(trust, data=NOTHING), at=good.at, kept=kept) == found
    refused(
        "LONG_TERM_TIMESTAMP",
        lambda: collect_token(examine_token(b"no token", lambda _: b""), trust=trust, at=good.at),
        names="?",
    )
    wrong = examine_token(good.lab.token(tsa, b"document", good.at - HOUR), lambda _: b"\0" * 32)
    refused(
        "LONG_TERM_TIMESTAMP", lambda: collect_token(wrong, trust=trust, at=good.at), "TST_IMPRINT_WRONG", names="TSA"
    )


# Refusals.


def test_no_path(good: Q) -> None:
    good.certificates = []
    refused("LONG_TERM_NO_PATH", lambda: gathered(good), "PATH_ISSUER_NOT_FOUND")
    good.anchors = []
    refused("LONG_TERM_NO_PATH", lambda: gathered(good), "PATH_NO_ANCHORS")


def test_no_signer(good: Q) -> None:
    with pytest.raises(NotLongTerm) as caught:
        collect(replace(good.examined(), certificate=None), trust=TrustStore(), at=good.at)
    assert caught.value.code == "LONG_TERM_NO_SIGNER"


STALE = "REVOCATION_STALE"


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"this": -9 * DAY, "next_": -DAY}, STALE),
        ({"this": -9 * DAY, "next_": -timedelta(seconds=1)}, STALE),
        ({"this": HOUR, "next_": 9 * DAY}, "REVOCATION_FROM_FUTURE"),
    ],
    ids=["expired", "expired-a-second-ago", "from-the-future"],
)
@pytest.mark.parametrize("kind", ["CRL", "OCSP"])
@pytest.mark.parametrize("source", ["document", "store"])
def test_stale_data_is_refused(good: Q, times: dict[str, timedelta], reason: str, kind: str, source: str) -> None:
    dates = {k: good.at + v for k, v in times.items()}
    crls = [good.crls[0], *([crl(good, good.inter, **dates)] if kind == "CRL" else [])]
    ocsps = [answer(good, good.leaf, good.inter, **dates)] if kind == "OCSP" else []
    if source == "document":
        good.crls, good.ocsps = crls, ocsps
        refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good), reason)
        return
    good.crls, good.ocsps = [], []
    trust = TrustStore.from_certificates([good.root.cert], crls=crls, ocsps=ocsps)
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good, trust=trust), reason)


def test_old_data_of_the_store_is_refused_even_where_it_was_fresh_when_it_was_sealed(good: Q) -> None:
    good.more["proofs"] = [Proof(good.at - 10 * DAY, "timestamp", Digest("sha256", b""))]
    old = crl(good, good.inter, this=good.at - 11 * DAY, next_=good.at - 9 * DAY)
    good.crls = [good.crls[0]]
    trust = TrustStore.from_certificates([good.root.cert], crls=[old])
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good, trust=trust), STALE)
    # What the document brought at its time stays with it; a fresh list is taken in its place where there is one.
    good.crls = [good.crls[0], old]
    assert old in gathered(good).crls
    fresh = crl(good, good.inter, this=good.at - HOUR)
    trust = TrustStore.from_certificates([good.root.cert], crls=[fresh])
    found = gathered(good, trust=trust)
    assert fresh in found.crls and old not in found.crls


def test_revoked(good: Q) -> None:
    good.crls[1] = crl(good, good.inter, {good.leaf.x509.serial_number: good.at - DAY})
    error = refused("LONG_TERM_REVOKED", lambda: gathered(good))
    assert error.params["since"] == rfc3339(good.at - DAY)


def test_the_issuer_is_revoked(good: Q) -> None:
    good.crls[0] = crl(good, good.root, {good.inter.x509.serial_number: good.at - DAY})
    refused("LONG_TERM_REVOKED", lambda: gathered(good), names="Issuing")


def test_revoked_after_the_seal_is_proven_is_kept_as_it_is(good: Q) -> None:
    good.more["proofs"] = [Proof(good.at - 5 * DAY, "timestamp", Digest("sha256", b""))]
    good.crls[1] = crl(good, good.inter, {good.leaf.x509.serial_number: good.at - 2 * DAY})
    assert good.crls[1] in gathered(good).crls


def test_unknown_to_its_responder(good: Q) -> None:
    small = answer(good, good.leaf, good.inter, status=ocsp.OCSPCertStatus.UNKNOWN)
    good.crls, good.ocsps = [good.crls[0]], [small]
    refused("LONG_TERM_STATUS_UNKNOWN", lambda: gathered(good), "REVOCATION_STATUS_UNKNOWN", "LONG_TERM_NO_ADDRESS")


def test_expired_certificates_cannot_be_kept(good: Q) -> None:
    good.leaf = good.lab.issue("Seal", good.inter, end=good.at - DAY)
    refused("LONG_TERM_EXPIRED", lambda: gathered(good), "VALIDITY_EXPIRED_NO_PROOF")
    # Proven in time, but no list of today speaks of it any more (RFC 5280 3.3).
    good.more["proofs"] = [Proof(good.at - 5 * DAY, "timestamp", Digest("sha256", b""))]
    good.crls[1] = crl(good, good.inter, this=good.at - HOUR)
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good), "REVOCATION_AFTER_EXPIRY")


# Online.


def points(url: str) -> Any:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([point]), False


def access(url: str) -> Any:
    described = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
    return x509.AuthorityInformationAccess([described]), False


def issuers(url: str) -> Any:
    described = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url))
    return x509.AuthorityInformationAccess([described]), False


OCSP, CRL = "http://a.example/ocsp", "http://a.example/ca.crl"


def online(q: Q) -> Net:
    q.leaf = q.lab.issue("Seal", q.inter, extensions=[access(OCSP), points(CRL)])
    q.crls = [q.crls[0]]
    return Net()


def test_what_is_missing_is_fetched(good: Q) -> None:
    net = online(good)
    net.answers[OCSP] = answer(good, good.leaf, good.inter, this=good.at)
    third_party(good, gathered(good, fetcher=net), good.root)
    assert net.asked == [OCSP]


def test_a_list_is_fetched_where_the_responder_is_silent(good: Q) -> None:
    net = online(good)
    net.answers[CRL] = crl(good, good.inter)
    third_party(good, gathered(good, fetcher=net), good.root)
    assert net.asked == [OCSP, CRL]


def test_nothing_is_asked_where_all_is_at_hand(good: Q) -> None:
    net = online(good)
    good.crls.append(crl(good, good.inter))
    gathered(good, fetcher=net)
    assert net.asked == []


def test_something_fresh_is_asked_for_in_place_of_what_went_stale_in_the_document(good: Q) -> None:
    net = online(good)
    good.more["proofs"] = [Proof(good.at - 10 * DAY, "timestamp", Digest("sha256", b""))]
    old = crl(good, good.inter, this=good.at - 11 * DAY, next_=good.at - 9 * DAY)
    good.crls.append(old)
    assert old in gathered(good, fetcher=net).crls
    net.answers[OCSP] = answer(good, good.leaf, good.inter, this=good.at)
    assert gathered(good, fetcher=net).ocsps == (net.answers[OCSP],)


def test_each_address_says_what_became_of_it(good: Q) -> None:
    net = online(good)
    net.answers[CRL] = b"<html>"
    error = refused(
        "LONG_TERM_NO_REVOCATION", lambda: gathered(good, fetcher=net), "NET_STATUS", "LONG_TERM_ANSWER_UNUSABLE"
    )
    for lang in ("en", "zh"):
        assert OCSP in error.message(lang) and "404" in error.message(lang) and CRL in error.message(lang)
    error = refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good), "LONG_TERM_NOT_ASKED")
    assert OCSP in error.message() and CRL in error.message()


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("LONG_TERM_STATUS_UNKNOWN", {"status": ocsp.OCSPCertStatus.UNKNOWN}),
        ("LONG_TERM_NO_REVOCATION", {"this": -9 * DAY, "next_": -DAY}),
        ("LONG_TERM_REVOKED", {"status": ocsp.OCSPCertStatus.REVOKED, "revoked": -DAY}),
    ],
)
def test_answers_that_do_not_help(good: Q, code: str, given: dict[str, Any]) -> None:
    net = online(good)
    dated = {k: good.at + v if isinstance(v, timedelta) else v for k, v in given.items()}
    net.answers[OCSP] = answer(good, good.leaf, good.inter, **dated)
    refused(code, lambda: gathered(good, fetcher=net))


# Batches.


def test_a_batch_asks_once(good: Q) -> None:
    net, kept = online(good), Kept()
    net.answers[OCSP] = answer(good, good.leaf, good.inter, this=good.at, next_=good.at + DAY)
    first = gathered(good, fetcher=net, kept=kept)
    for hours in (0, 6, 11):
        assert gathered(good, fetcher=net, kept=kept, at=good.at + hours * HOUR) == first
    assert net.asked == [OCSP]
    gathered(good, fetcher=net, kept=kept, at=good.at + 13 * HOUR, data=replace(first, ocsps=()))
    assert net.asked == [OCSP, OCSP], "half of its life is over"


def test_a_list_that_holds_for_long_is_looked_at_again_after_a_day(good: Q) -> None:
    kept = Kept()
    gathered(good, kept=kept)
    revoking = [good.crls[0], crl(good, good.inter, {good.leaf.x509.serial_number: good.at}, this=good.at)]
    good.crls = revoking
    assert gathered(good, kept=kept, at=good.at + 23 * HOUR)
    refused("LONG_TERM_REVOKED", lambda: gathered(good, kept=kept, at=good.at + 25 * HOUR))


def test_kept_is_for_this_certificate_this_trust_and_no_earlier_time(good: Q) -> None:
    kept = Kept()
    found = gathered(good, kept=kept)
    assert gathered(good, kept=kept, data=NOTHING) == found
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good, kept=kept, data=NOTHING, at=good.at - 2 * DAY))
    refused("LONG_TERM_NO_PATH", lambda: gathered(good, kept=kept, trust=TrustStore()), "PATH_NO_ANCHORS")
    good.leaf = good.lab.issue("Seal two", good.inter)
    refused("LONG_TERM_NO_REVOCATION", lambda: gathered(good, kept=kept, data=NOTHING), names="Seal two")


def test_kept_takes_every_timestamp_into_account(good: Q) -> None:
    kept, tsa = Kept(), good.lab.tsa(good.inter)
    good.timestamps = [token_over(good, tsa, good.at)]
    found = gathered(good, kept=kept)
    assert tsa.cert in found.certificates
    assert set(gathered(good, kept=kept, data=NOTHING).certificates) == set(found.certificates)
    good.timestamps = [token_over(good, good.lab.tsa(good.lab.issue("Stranger", ca=True)), good.at)]
    refused("LONG_TERM_NO_PATH", lambda: gathered(good, kept=kept), names="TSA")
