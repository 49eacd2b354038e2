"""Which level a seal reaches, why no higher, and that nothing comes of one that was asked for and cannot be reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eseal import TrustStore, testpki, verify
from eseal.crypto.certificates import facts
from eseal.errors import PolicyError, ServiceError, UsageError
from eseal.judging.collecting import Kept, NotLongTerm
from eseal.messages import languages
from eseal.model import ValidationData
from eseal.report.model import Level, TimeSource, Verdict
from eseal.sealing import Request, Services, complete, prepare, seal, seal_as, tokens
from eseal.timestamps import FallbackTimestamper, LocalTimestamper
from eseal.trust.store import Anchor, Purpose
from support.pdfs import simple_pdf

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
DATA = simple_pdf(pages=2)
LEVELS = ("B", "T", "LT", "LTA")


@pytest.fixture(scope="module")
def pki():
    return testpki.make("Levels", AT)


@pytest.fixture(scope="module")
def other():
    """Another body with a timestamper of its own."""
    return testpki.make("Elsewhere", AT)


@pytest.fixture(scope="module")
def roots(pki):
    return TrustStore.from_certificates([pki.root])


@pytest.fixture
def services(pki, roots):
    tokens.forget()
    stamper = LocalTimestamper(pki.timestamper.signer(), clock=lambda: datetime.now(UTC))
    return Services(stamper, replace(roots, data=pki.data))


def sealed(pki, services, level=None, data=DATA):
    return seal_as(data, pki.seal.signer(), Request(at=AT, level=level), services)


class Failing:
    """A timestamper that stops answering, or answers with bytes that no token is."""

    def __init__(self, inner, good, *, answer=None):
        self.name, self.inner, self.good, self.answer, self.calls = "failing.test", inner, good, answer, 0

    def timestamp(self, digest):
        self.calls += 1
        if self.calls > self.good:
            if self.answer is not None:
                return self.answer
            raise ServiceError("NET_UNREACHABLE", url=self.name, reason="refused")
        return self.inner.timestamp(digest)


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_is_what_was_asked_for(pki, roots, services, level):
    made = sealed(pki, services, level)
    assert made.level == level and made.notes == () and made.fields == (made.field,)
    assert made.parts[0] is DATA
    assert AT < made.time <= datetime.now(UTC) if level != "B" else made.time == AT
    own, stamper = (facts(c.certificate).not_after for c in (pki.seal, pki.timestamper))
    assert made.until == (own if level in ("B", "T") else stamper)
    report = verify(made.data, roots, datetime.now(UTC))
    expected = {"B": Level.B_B, "T": Level.B_B, "LT": Level.B_LT, "LTA": Level.B_LTA}
    assert report.signatures[0].level is expected[level]
    assert (report.verdict is Verdict.PASSED) == (level in ("LT", "LTA"))
    if level in ("LT", "LTA"):
        assert report.signatures[0].time_source is TimeSource.TIMESTAMP
        assert report.signatures[0].best_time <= made.time


def test_by_default_the_highest(pki, services):
    assert sealed(pki, services).level == "LTA"
    assert sealed(pki, services).notes == ()
    for helpers, level, codes in (
        (replace(services, trust=None), "T", ["SEAL_NOTE_ENDS", "SEAL_NOTE_NO_TRUST"]),
        (replace(services, timestamper=None), "B", ["SEAL_NOTE_ENDS", "SEAL_NOTE_NO_TIMESTAMPER"]),
        (Services(), "B", ["SEAL_NOTE_ENDS", "SEAL_NOTE_NO_TIMESTAMPER"]),
    ):
        made = sealed(pki, helpers)
        assert (made.level, [n.code for n in made.notes]) == (level, codes)
        end = facts(pki.seal.certificate).not_after
        assert made.until == end and made.notes[0].params["until"] == f"{end:%Y-%m-%dT%H:%M:%SZ}"


def lacking(pki, services, what):
    """Services whose trust store has no data at all, none of the issuing CA, or no root."""
    trust = services.trust
    if what == "nothing":
        return replace(services, trust=replace(trust, data=ValidationData((pki.issuing.certificate,))))
    if what == "timestamper":
        left = ValidationData(pki.data.certificates, pki.crls[:1], pki.ocsps[:2])
        return replace(services, trust=replace(trust, data=left))
    return replace(services, trust=TrustStore((), pki.data))


@pytest.mark.parametrize(
    ("what", "code", "named"),
    [
        ("nothing", "LONG_TERM_NO_REVOCATION", "Issuing|Levels"),
        ("timestamper", "LONG_TERM_NO_REVOCATION", "Timestamper"),
        ("root", "LONG_TERM_NO_PATH", "Levels"),
    ],
)
@pytest.mark.parametrize("level", ["LT", "LTA", None])
def test_data_that_cannot_be_collected(pki, services, what, code, named, level):
    helpers = lacking(pki, services, what)
    if level is None:
        made = sealed(pki, helpers)
        assert made.level == "T"
        assert [n.code for n in made.notes][:2] == ["SEAL_NOTE_ENDS", code]
        said = made.notes[1].message()
        assert any(word in said for word in named.split("|")), said
        for lang in languages():
            assert all(n.message(lang) != n.code and "{" not in n.message(lang) for n in made.notes)
        return
    with pytest.raises(PolicyError) as caught:
        sealed(pki, helpers, level)
    assert isinstance(caught.value, NotLongTerm) and caught.value.code == code
    assert any(word in caught.value.message() for word in named.split("|"))


@pytest.mark.parametrize("level", ["LT", "LTA"])
def test_a_level_for_which_somebody_is_missing(pki, services, level):
    for helpers, code in (
        (replace(services, timestamper=None), "SEAL_LEVEL_NEEDS_TIMESTAMPER"),
        (replace(services, trust=None), "SEAL_LEVEL_NEEDS_TRUST"),
    ):
        with pytest.raises(PolicyError) as caught:
            sealed(pki, helpers, level)
        assert caught.value.code == code
    with pytest.raises(UsageError):
        sealed(pki, services, "LTE")


@pytest.mark.parametrize("level", ["LTA", None])
@pytest.mark.parametrize("answer", [None, b"\x30\x03\x02\x01\x05", b""])
def test_a_timestamper_that_fails_at_the_document_timestamp(pki, services, level, answer):
    # The first answer tells the size, the second stamps the signature.
    failing = Failing(services.timestamper, 2, answer=answer)
    with pytest.raises(ServiceError) as caught:
        sealed(pki, replace(services, timestamper=failing), level)
    assert caught.value.code == ("NET_UNREACHABLE" if answer is None else "SEAL_TIMESTAMP_BROKEN")
    assert failing.calls >= 3


def test_another_timestamper_at_the_document_timestamp_brings_its_own_data(pki, other, roots, services):
    """The first timestamper fails between the two timestamps; what the second one's judge needs comes in too."""
    tokens.forget()
    second = LocalTimestamper(other.timestamper.signer(), clock=lambda: datetime.now(UTC))
    first = Failing(services.timestamper, 2)
    both = TrustStore((*roots.anchors, Anchor(other.root, frozenset({Purpose.TIMESTAMP}))), pki.data + other.data)
    made = sealed(pki, Services(FallbackTimestamper((first, second)), both), "LTA")
    report = verify(made.data, TrustStore(both.anchors), datetime.now(UTC))
    assert (report.verdict, report.signatures[0].level) == (Verdict.PASSED, Level.B_LTA)
    assert made.until == facts(other.timestamper.certificate).not_after


def test_a_timestamper_whose_root_nobody_trusts(pki, other, services):
    stranger = LocalTimestamper(other.timestamper.signer(), clock=lambda: datetime.now(UTC))
    helpers = replace(services, timestamper=stranger)
    with pytest.raises(NotLongTerm) as caught:
        sealed(pki, helpers, "LTA")
    assert "Timestamper Elsewhere" in caught.value.message()
    made = sealed(pki, helpers)
    assert made.level == "T" and any("Timestamper Elsewhere" in n.message() for n in made.notes)


def test_a_batch_collects_once(pki, services):
    class Counting:
        """A fetcher that is never to be asked: the trust store has it all."""

        calls = 0

        def fetch(self, url, **_):
            self.calls += 1
            raise ServiceError("NET_UNREACHABLE", url=url, reason="no")

    kept = Kept()
    helpers = replace(services, kept=kept, fetcher=Counting())
    first, second = (sealed(pki, helpers, "LTA") for _ in range(2))
    assert first.level == second.level == "LTA"
    assert helpers.fetcher.calls == 0
    assert len(kept._entries) == 2


@pytest.mark.parametrize("count", [2, 3])
def test_several_seals_each_at_lta(pki, roots, services, count):
    data = DATA
    for _ in range(count):
        data = sealed(pki, services, "LTA", data).data
    report = verify(data, roots, datetime.now(UTC))
    assert report.verdict is Verdict.PASSED
    assert [s.level for s in report.signatures if s.kind == "seal"] == [Level.B_LTA] * count


@pytest.mark.parametrize("level", [*LEVELS, None])
def test_in_two_steps(pki, roots, services, level):
    signer = pki.seal.signer()
    prepared = prepare(
        DATA,
        signer.certificate,
        Request(at=AT, level=level),
        scheme=signer.scheme,
        chain=signer.chain,
        services=services,
    )
    stored = type(prepared).from_bytes(prepared.to_bytes(), DATA)
    made = complete(stored, signer.sign(stored.to_sign), services=services)
    assert made.level == (level or "LTA")
    if made.level in ("LT", "LTA"):
        assert verify(made.data, roots, datetime.now(UTC)).verdict is Verdict.PASSED
    if level in ("LT", "LTA"):
        with pytest.raises(PolicyError):
            complete(stored, signer.sign(stored.to_sign), services=replace(services, trust=None))


def test_several_places_that_must_be_signatures_of_their_own(pki, roots, services):
    from eseal.model import OnPages
    from eseal.seals.drawing import draw, preset

    once = sealed(pki, services, "B").data
    made = seal(
        once,
        pki.seal.signer(),
        at=AT,
        artwork=draw(preset("round-42", owner="示范局")),
        placement=OnPages("all", 20, 20),
        timestamper=services.timestamper,
        trust=services.trust,
    )
    assert made.level == "LTA" and len(made.fields) == 2
    levels = [s.level for s in verify(made.data, roots, datetime.now(UTC)).signatures if s.kind == "seal"]
    assert levels[1:] == [Level.B_LTA] * 2
