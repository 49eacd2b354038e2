"""The judge as a whole: usage, times, timestamps, purposes, algorithms, look-ups online."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from eseal import messages
from eseal.crypto.algorithm_policy import Use, UseOf
from eseal.crypto.algorithms import KeyFacts
from eseal.crypto.timestamp_token import examine_token
from eseal.errors import ServiceError, UsageError
from eseal.judging.judge import judge
from eseal.judging.policy import Policy
from eseal.judging.timestamps import TimestampJudgement, judge_timestamp
from eseal.model import Certificate, Digest, Proof, RevocationMode, ValidationData
from eseal.report.checks import fold
from eseal.report.model import Answer, Check, CheckVerdict, SubIndication, TimeSource
from eseal.trust.store import Anchor, Purpose, TrustStore

Q = Any
DAY = timedelta(days=1)
OK = CheckVerdict.PASSED


def genuine(checks: tuple[Check, ...]) -> Answer:
    """The answer that the report would give, the signing certificate taken as identified."""
    answers, _, _ = fold((Check("signing-certificate", OK, "X"), *checks))
    return answers.genuine


def proof(when: datetime, source: str = "evidence-record") -> Proof:
    return Proof(when, source, Digest("sha256", b""))


def test_a_good_seal_is_genuine(good: Q) -> None:
    judgement = good.ask()
    assert genuine(judgement.checks) is Answer.YES
    assert (judgement.best_time, judgement.time_source) == (good.at, TimeSource.NOW)
    assert judgement.signer.name == "Seal"


def test_no_certificate_is_never_genuine(good: Q) -> None:
    examined = replace(good.examined(), certificate=None)
    judgement = judge(examined, trust=TrustStore.from_certificates([good.root.cert]), at=good.at, data=ValidationData())
    assert genuine(judgement.checks) is Answer.UNKNOWN
    assert judgement.signer is None


def test_an_unreadable_certificate_is_a_finding(good: Q) -> None:
    examined = replace(good.examined(), certificate=Certificate(b"\x30\x03\x02\x01\x01"))
    judgement = judge(examined, trust=TrustStore.from_certificates([good.root.cert]), at=good.at, data=ValidationData())
    assert genuine(judgement.checks) is Answer.UNKNOWN


def test_a_naive_time_is_refused(good: Q) -> None:
    good.at = datetime(2026, 1, 1)
    with pytest.raises(UsageError, match="time"):
        good.ask()


EKU = ExtendedKeyUsageOID
DOCUMENT, ADOBE, MICROSOFT = "1.3.6.1.5.5.7.3.36", "1.2.840.113583.1.1.5", "1.3.6.1.4.1.311.10.3.12"


@pytest.mark.parametrize(
    "more, code",
    [
        ({}, "USAGE_FIT"),
        ({"key_usage": None}, "USAGE_FIT"),
        ({"key_usage": ("content_commitment",)}, "USAGE_FIT"),
        ({"key_usage": ("key_encipherment",)}, "USAGE_KEY"),
        ({"key_usage": ("crl_sign",)}, "USAGE_KEY"),
        ({"extended": (EKU.ANY_EXTENDED_KEY_USAGE.dotted_string,)}, "USAGE_FIT"),
        ({"extended": (EKU.EMAIL_PROTECTION.dotted_string,)}, "USAGE_FIT"),
        ({"extended": (DOCUMENT,)}, "USAGE_FIT"),
        ({"extended": (ADOBE,)}, "USAGE_FIT"),
        ({"extended": (MICROSOFT,)}, "USAGE_FIT"),
        ({"extended": (EKU.SERVER_AUTH.dotted_string, DOCUMENT)}, "USAGE_FIT"),
        ({"extended": (EKU.SERVER_AUTH.dotted_string,)}, "USAGE_EXTENDED"),
        ({"extended": (EKU.SERVER_AUTH.dotted_string, EKU.CLIENT_AUTH.dotted_string)}, "USAGE_EXTENDED"),
        ({"extended": (EKU.CODE_SIGNING.dotted_string,)}, "USAGE_EXTENDED"),
        ({"extended": (EKU.TIME_STAMPING.dotted_string,)}, "USAGE_EXTENDED"),
        ({"extended": (EKU.OCSP_SIGNING.dotted_string,)}, "USAGE_EXTENDED"),
        ({"extended": ("1.2.3.4",)}, "USAGE_EXTENDED"),
    ],
)
def test_certificate_usage(good: Q, ask_one: Any, more: dict[str, Any], code: str) -> None:
    good.leaf = good.lab.issue("Seal", good.inter, **more)
    judgement = good.ask()
    assert ask_one(judgement.checks, "certificate-usage").code == code
    assert genuine(judgement.checks) is (Answer.YES if code == "USAGE_FIT" else Answer.NO)


def test_a_ca_as_signer_is_noted(good: Q) -> None:
    good.leaf = good.lab.issue("CA", good.root, ca=True, key_usage=("digital_signature", "key_cert_sign"))
    assert "USAGE_IS_CA" in {c.code for c in good.ask().checks}


@pytest.mark.parametrize(
    "proven, at, verdict, code, sub",
    [
        (None, 0, "passed", "VALIDITY_INSIDE", None),
        (None, 40, "unknown", "VALIDITY_EXPIRED_NO_PROOF", None),
        (None, -40, "failed", "VALIDITY_NOT_YET", SubIndication.NOT_YET_VALID),
        (0, 40, "passed", "VALIDITY_INSIDE", None),
        (35, 40, "failed", "VALIDITY_EXPIRED", None),
        (-35, 40, "failed", "VALIDITY_NOT_YET", SubIndication.NOT_YET_VALID),
        (45, 40, "unknown", "VALIDITY_EXPIRED_NO_PROOF", None),  # a proof from after the judgement proves nothing
    ],
)
def test_validity(good: Q, ask_one: Any, proven: int | None, at: int, verdict: str, code: str, sub: Any) -> None:
    """Days are counted from the middle of a validity of 60 days."""
    middle = good.at
    good.leaf = good.lab.issue("Seal", good.inter, start=middle - 30 * DAY, end=middle + 30 * DAY)
    good.at = middle + at * DAY
    good.claimed = middle
    if proven is not None:
        good.more["proofs"] = [proof(middle + proven * DAY)]
    found = ask_one(good.ask().checks, "validity")
    assert (found.verdict.value, found.code, found.sub_indication) == (verdict, code, sub)


def test_the_earliest_proof_counts(good: Q) -> None:
    times = [good.at - 3 * DAY, good.at - 9 * DAY, good.at - 5 * DAY]
    good.more["proofs"] = [proof(t, s) for t, s in zip(times, ["log", "timestamp", "log"], strict=True)]
    judgement = good.ask()
    assert (judgement.best_time, judgement.time_source) == (times[1], TimeSource.TIMESTAMP)


def test_a_claimed_time_after_the_proof_is_told(good: Q) -> None:
    good.claimed = good.at - DAY
    good.more["proofs"] = [proof(good.at - 2 * DAY)]
    assert "CLAIMED_TIME_AFTER_PROOF" in {c.code for c in good.ask().checks}


# Anchors: purpose and period.


def test_an_anchor_vouches_only_for_its_purpose(good: Q, ask_one: Any) -> None:
    for purpose, code in (
        (Purpose.SEAL, "PATH_TRUSTED"),
        (Purpose.TIMESTAMP, "PATH_ANCHOR_OTHER_PURPOSE"),
        (Purpose.SEAL_MAKER, "PATH_ANCHOR_OTHER_PURPOSE"),
    ):
        good.trust = TrustStore.from_certificates([good.root.cert], purposes=[purpose])
        assert ask_one(good.ask().checks, "path").code == code


@pytest.mark.parametrize(
    "proven, code", [(None, "PATH_ANCHOR_PERIOD"), (20, "PATH_TRUSTED"), (5, "PATH_ANCHOR_PERIOD")]
)
def test_a_closed_root_vouches_for_what_is_proven_older(good: Q, ask_one: Any, proven: int | None, code: str) -> None:
    good.trust = TrustStore((Anchor(good.root.cert, valid_until=good.at - 10 * DAY),))
    if proven is not None:
        good.more["proofs"] = [proof(good.at - proven * DAY)]
    found = ask_one(good.ask().checks, "path")
    assert found.code == code
    if code != "PATH_TRUSTED":
        assert found.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND_NO_POE


def test_an_expired_root_may_be_kept_by_an_explicit_period(good: Q, ask_one: Any) -> None:
    root = good.lab.issue("Root", ca=True, end=good.at - DAY)
    good.trust = TrustStore.from_certificates([root.cert])
    assert ask_one(good.ask().checks, "path").code == "PATH_ANCHOR_PERIOD"
    good.trust = TrustStore((Anchor(root.cert, valid_until=good.at + DAY),))
    assert ask_one(good.ask().checks, "path").code == "PATH_TRUSTED"


# Algorithms.


@pytest.mark.parametrize(
    "proven, verdict, sub",
    [
        (None, "failed", SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE),
        (datetime(2021, 1, 1, tzinfo=UTC), "failed", None),
    ],
)
def test_weak_algorithms_are_judged_by_date(good: Q, ask_one: Any, proven: Any, verdict: str, sub: Any) -> None:
    good.uses = (Use(UseOf.DOCUMENT, "sha1"),)
    if proven:
        good.more["proofs"] = [proof(proven)]
    judgement = good.ask()
    found = ask_one(judgement.checks, "algorithms")
    assert (found.verdict.value, found.sub_indication) == (verdict, sub)
    assert genuine(judgement.checks) is not Answer.YES


def test_an_old_digest_is_right_where_it_is_proven_old(good: Q, ask_one: Any) -> None:
    early = datetime(2010, 1, 1, tzinfo=UTC)
    lab = good.lab
    root = lab.issue("Old root", ca=True, start=early)
    good.leaf = lab.issue("Old seal", root, start=early)
    good.leaf = lab.weaken(good.leaf, root)
    good.anchors, good.certificates = [root], []
    good.crls = [lab.crl(root, this=early, next_=early + 900 * DAY)]
    good.uses = (Use(UseOf.DOCUMENT, "sha1"), Use(UseOf.SIGNATURE, "sha1", KeyFacts("rsa", 2048)))
    good.more["proofs"] = [proof(datetime(2011, 1, 1, tzinfo=UTC))]
    assert genuine(good.ask().checks) is Answer.YES
    good.more["proofs"] = [proof(datetime(2012, 1, 2, tzinfo=UTC))]
    judgement = good.ask()
    assert ask_one(judgement.checks, "algorithms").verdict == "failed"


def test_a_weak_certificate_in_the_path_counts(good: Q, ask_one: Any) -> None:
    good.leaf = good.lab.weaken(good.leaf, good.inter)
    assert ask_one(good.ask().checks, "algorithms").verdict == "failed"


# Timestamps.


@dataclass
class Stamped:
    """A seal with one signature timestamp whose authority hangs below a root of its own."""

    q: Q
    root: Any
    tsa: Any
    when: datetime
    crl: bytes = b""
    token: dict[str, Any] = field(default_factory=dict)
    purposes: tuple[Purpose, ...] = (Purpose.TIMESTAMP,)
    over: bytes | None = None

    def ask(self) -> Any:
        q = self.q
        over = q.value if self.over is None else self.over
        q.timestamps = [q.lab.token(self.tsa, over, self.when, **self.token)]
        q.trust = TrustStore.from_certificates([q.root.cert], purposes=[Purpose.SEAL])
        q.trust += TrustStore.from_certificates([self.root.cert], purposes=self.purposes)
        q.crls = [*q.crls[:2], *([self.crl] if self.crl else [])]
        return q.ask()


@pytest.fixture
def stamped(good: Q) -> Stamped:
    root = good.lab.issue("TSA root", ca=True)
    tsa = good.lab.tsa(root)
    return Stamped(good, root, tsa, good.at - 20 * DAY, good.lab.crl(root))


def test_a_trusted_timestamp_is_the_best_time(stamped: Stamped, ask_one: Any) -> None:
    judgement = stamped.ask()
    assert (judgement.best_time, judgement.time_source) == (stamped.when, TimeSource.TIMESTAMP)
    assert judgement.has_trusted_timestamp
    assert judgement.complete_revocation
    assert ask_one(judgement.checks, "signature-timestamp").code == "SIGNATURE_TIMESTAMP_TRUSTED"
    assert genuine(judgement.checks) is Answer.YES


def expire(s: Stamped) -> None:
    s.q.leaf = s.q.lab.issue("Seal", s.q.inter, end=s.q.at - 10 * DAY)
    s.q.crls[1] = s.q.lab.crl(s.q.inter, this=s.when + DAY, next_=s.when + 2 * DAY)


def test_a_timestamp_rescues_an_expired_certificate(stamped: Stamped) -> None:
    expire(stamped)
    assert genuine(stamped.ask().checks) is Answer.YES


def copied(s: Stamped) -> None:
    s.over = b"another signature value"


def forged(s: Stamped) -> None:
    s.token["sign_with"] = s.q.lab.key("attacker")


def seal_root_only(s: Stamped) -> None:
    s.purposes = (Purpose.SEAL,)


def no_usage(s: Stamped) -> None:
    s.tsa = s.q.lab.tsa(s.root, extended=())


def usage_not_critical(s: Stamped) -> None:
    s.tsa = s.q.lab.tsa(s.root, extended_critical=False)


def usage_not_alone(s: Stamped) -> None:
    both = (EKU.TIME_STAMPING.dotted_string, EKU.EMAIL_PROTECTION.dotted_string)
    s.tsa = s.q.lab.tsa(s.root, extended=both)


def wrong_key_usage(s: Stamped) -> None:
    s.tsa = s.q.lab.tsa(s.root, key_usage=("key_encipherment",))


def tsa_expired(s: Stamped) -> None:
    s.tsa = s.q.lab.tsa(s.root, end=s.q.at - DAY)


def outside(s: Stamped) -> None:
    s.tsa = s.q.lab.tsa(s.root, start=s.q.at - 10 * DAY)


def from_the_future(s: Stamped) -> None:
    s.when = s.q.at + DAY


def no_revocation_data(s: Stamped) -> None:
    s.crl = b""


def tsa_revoked(reason: x509.ReasonFlags | None, ago: int) -> Callable[[Stamped], None]:
    def change(s: Stamped) -> None:
        s.crl = s.q.lab.crl(s.root, {s.tsa.x509.serial_number: (s.q.at - ago * DAY, reason)})

    return change


Reason = x509.ReasonFlags


@pytest.mark.parametrize(
    "change, verdict, reason",
    [
        (copied, "failed", "TST_IMPRINT_WRONG"),
        (forged, "failed", ""),
        (seal_root_only, "info", "PATH_ANCHOR_OTHER_PURPOSE"),
        (no_usage, "info", "TST_USAGE_MISSING"),
        (usage_not_critical, "info", "TST_USAGE_NOT_CRITICAL"),
        (usage_not_alone, "info", "TST_USAGE_NOT_ALONE"),
        (wrong_key_usage, "info", "USAGE_KEY"),
        (tsa_expired, "info", "VALIDITY_EXPIRED_NO_PROOF"),
        (outside, "info", "TIMESTAMP_OUTSIDE_VALIDITY"),
        (from_the_future, "info", "TIMESTAMP_FROM_FUTURE"),
        (no_revocation_data, "info", "REVOCATION_MISSING"),
        (tsa_revoked(Reason.key_compromise, 5), "info", "REVOCATION_REVOKED_NO_PROOF"),
        (tsa_revoked(None, 5), "info", "REVOCATION_REVOKED_NO_PROOF"),
        (tsa_revoked(Reason.superseded, 30), "info", "REVOCATION_REVOKED_NO_PROOF"),
        (tsa_revoked(Reason.superseded, 5), "passed", ""),
        (tsa_revoked(Reason.cessation_of_operation, 5), "passed", ""),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_timestamps_that_are_not_what_they_seem(
    stamped: Stamped, ask_one: Any, change: Callable[[Stamped], None], verdict: str, reason: str
) -> None:
    change(stamped)
    judgement = stamped.ask()
    # A timestamp that does not fit its signature puts the integrity of the file in doubt, not only the time.
    found = ask_one(judgement.checks, "timestamp-integrity" if verdict == "failed" else "signature-timestamp")
    assert found.verdict == verdict
    assert judgement.has_trusted_timestamp is (verdict == "passed")
    assert (judgement.time_source is TimeSource.TIMESTAMP) is (verdict == "passed")
    if reason:
        assert reason in {c.code for c in judgement.checks if c.id == "note"}
    # Not believed: the seal stands as without it. Broken: somebody tampered, and the seal is in doubt.
    if verdict != "failed":
        assert genuine(judgement.checks) is Answer.YES
    for lang in ("en", "zh"):
        for check in judgement.checks:
            assert messages.text(check.code, lang, check.params) != check.code


@pytest.mark.parametrize("change", [copied, forged, seal_root_only, no_usage, tsa_expired, from_the_future])
def test_and_none_of_them_rescues_an_expired_certificate(stamped: Stamped, change: Callable[[Stamped], None]) -> None:
    expire(stamped)
    change(stamped)
    judgement = stamped.ask()
    assert genuine(judgement.checks) is Answer.UNKNOWN
    assert "VALIDITY_EXPIRED_NO_PROOF" in {c.code for c in judgement.checks}


def test_a_later_proof_keeps_an_expired_timestamp_alive(stamped: Stamped) -> None:
    """The chain of an archive: each timestamp is judged at the time that the next one proves."""
    expire(stamped)
    tsa_expired(stamped)
    stamped.crl = stamped.q.lab.crl(stamped.root, this=stamped.q.at - 5 * DAY, next_=stamped.q.at - 4 * DAY)
    stamped.q.more["proofs"] = [proof(stamped.q.at - 5 * DAY, "timestamp")]
    judgement = stamped.ask()
    assert judgement.best_time == stamped.when
    assert genuine(judgement.checks) is Answer.YES


def test_a_timestamp_later_than_what_covers_it_is_out_of_order(stamped: Stamped, ask_one: Any) -> None:
    stamped.q.more["proofs"] = [proof(stamped.when - DAY, "timestamp")]
    judgement = stamped.ask()
    order = [c for c in judgement.checks if c.code == "BEST_TIME_ORDER"]
    assert [c.sub_indication for c in order] == [SubIndication.TIMESTAMP_ORDER_FAILURE]
    assert genuine(judgement.checks) is Answer.UNKNOWN
    assert judgement.best_time == stamped.when - DAY


def ask_token(s: Stamped, token: bytes, imprint: bytes, **more: Any) -> TimestampJudgement:
    def imprint_of(name: str) -> bytes:
        state = hashes.Hash({"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}[name])
        state.update(imprint)
        return state.finalize()

    trust = TrustStore.from_certificates([s.root.cert], purposes=[Purpose.TIMESTAMP])
    data = ValidationData((), (s.crl,), ())
    return judge_timestamp(examine_token(token, imprint_of), trust=trust, at=s.q.at, data=data, **more)


def test_a_document_timestamp(stamped: Stamped) -> None:
    token = stamped.q.lab.token(stamped.tsa, b"document", stamped.when)
    judged = ask_token(stamped, token, b"document")
    assert (judged.trusted, judged.time, judged.broken) == (True, stamped.when, False)
    assert judged.signer is not None
    assert judged.signer.name == "TSA"
    other = ask_token(stamped, token, b"another document")
    assert (other.trusted, other.broken) == (False, True)
    garbage = ask_token(stamped, b"\x30\x00", b"document")
    assert not garbage.trusted


def test_no_flipped_byte_of_a_token_is_trusted(stamped: Stamped) -> None:
    token = stamped.q.lab.token(stamped.tsa, b"document", stamped.when)
    trusted = []
    for at in range(0, len(token), 7):
        changed = token[:at] + bytes([token[at] ^ 0x01]) + token[at + 1 :]
        judged = ask_token(stamped, changed, b"document", policy=Policy(revocation=RevocationMode.IGNORE))
        if judged.trusted and judged.time != stamped.when:
            trusted.append(at)
    assert trusted == []


# Online.


@dataclass
class Net:
    """A fetcher that answers from a table and remembers what it was asked."""

    answers: dict[str, bytes]
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        self.asked.append(url)
        if url not in self.answers:
            raise ServiceError("NET_STATUS", url=url, status=404)
        return self.answers[url]


def online(q: Q, **answers: bytes) -> Net:
    """The same chain with addresses in its certificates and nothing in the document."""

    def access(*pairs: tuple[Any, str]) -> Any:
        described = [x509.AccessDescription(k, x509.UniformResourceIdentifier(u)) for k, u in pairs]
        return x509.AuthorityInformationAccess(described), False

    def points(url: str) -> Any:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
        return x509.CRLDistributionPoints([point]), False

    aia = AuthorityInformationAccessOID
    q.inter = q.lab.issue("Issuing", q.root, ca=True, length=0, extensions=[points("http://a.example/root.crl")])
    q.leaf = q.lab.issue(
        "Seal",
        q.inter,
        extensions=[
            access((aia.CA_ISSUERS, "http://a.example/ca.cer"), (aia.OCSP, "http://a.example/ocsp")),
            points("http://a.example/ca.crl"),
        ],
    )
    q.certificates, q.crls = [], []
    net = Net({"http://a.example/" + k.replace("_", "."): v for k, v in answers.items()})
    q.more["fetcher"] = net
    return net


def test_what_is_missing_is_fetched(good: Q) -> None:
    net = online(good)
    net.answers |= {
        "http://a.example/ca.cer": good.inter.cert.der,
        "http://a.example/ocsp": good.lab.ocsp(good.leaf, good.inter),
        "http://a.example/root.crl": good.lab.crl(good.root),
    }
    judgement = good.ask()
    assert genuine(judgement.checks) is Answer.YES
    assert net.asked == ["http://a.example/ca.cer", "http://a.example/ocsp", "http://a.example/root.crl"]
    assert not judgement.complete_revocation


def test_a_crl_is_asked_for_where_ocsp_fails(good: Q) -> None:
    net = online(good)
    net.answers |= {
        "http://a.example/ca.cer": good.inter.cert.to_pem(),
        "http://a.example/ca.crl": good.lab.crl(good.inter),
        "http://a.example/root.crl": good.lab.crl(good.root),
    }
    assert genuine(good.ask().checks) is Answer.YES


def test_offline_asks_nothing_and_failures_are_evidence(good: Q, ask_one: Any) -> None:
    net = online(good)
    judgement = good.ask()
    assert ask_one(judgement.checks, "path").evidence == {"request http://a.example/ca.cer": "NET_STATUS"}
    assert net.asked == ["http://a.example/ca.cer"]
    net.asked.clear()
    good.more["fetcher"] = None
    assert ask_one(good.ask().checks, "path").code == "PATH_ISSUER_NOT_FOUND"
    assert net.asked == []


def test_nothing_is_asked_where_all_is_at_hand_or_ignored(good: Q) -> None:
    net = Net({})
    good.more["fetcher"] = net
    assert genuine(good.ask().checks) is Answer.YES
    online_net = online(good)
    good.certificates = [good.inter]
    good.policy = Policy(revocation=RevocationMode.IGNORE)
    assert genuine(good.ask().checks) is Answer.YES
    good.crls = [good.lab.crl(good.inter)]  # the document brings a part: still nothing is asked
    assert genuine(good.ask().checks) is Answer.YES
    assert net.asked == online_net.asked == []


def test_what_a_stranger_serves_is_material_and_no_trust(good: Q, ask_one: Any) -> None:
    net = online(good)
    fake = good.lab.issue("Issuing", ca=True, key="stranger")
    net.answers["http://a.example/ca.cer"] = fake.cert.der
    judgement = good.ask()
    assert ask_one(judgement.checks, "path").verdict == "unknown"
    net.answers["http://a.example/ca.cer"] = b"<html>not found</html>"
    assert ask_one(good.ask().checks, "path").verdict == "unknown"


def test_requests_are_bounded(good: Q) -> None:
    net = online(good)
    good.certificates = [good.inter]
    good.policy = Policy(fetches=1)
    good.ask()
    assert len(net.asked) == 1
