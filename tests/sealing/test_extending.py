"""Longer proofs: what is refused, what is named, and a document that is extended in time for thirty years."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal import TrustStore, testpki, verify
from eseal.errors import DocumentError, PolicyError, ServiceError, UsageError
from eseal.judging.collecting import NotLongTerm
from eseal.messages import languages
from eseal.model import ValidationData
from eseal.report.model import Level, SubIndication, TimeSource, Verdict
from eseal.sealing import Request, Services, extend, seal_as
from eseal.timestamps import LocalTimestamper
from support.pdfs import simple_pdf

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
DATA = simple_pdf()


class Office:
    """A body with everything, at a time that the test sets."""

    def __init__(self, name: str, at: datetime) -> None:
        self.pki, self.now = testpki.make(name, at), at
        self.stamper = LocalTimestamper(self.pki.timestamper.signer(), clock=lambda: self.now)
        self.roots = TrustStore.from_certificates([self.pki.root])
        self.trust = replace(self.roots, data=self.pki.data)
        self.services = Services(self.stamper, self.trust)

    def seal(self, data=DATA, level="B", **more):
        services = replace(self.services, **more)
        return seal_as(data, self.pki.seal.signer(), Request(at=self.now, level=level), services).data


@pytest.fixture(scope="module")
def office():
    return Office("Extending", AT)


@pytest.fixture(scope="module")
def stranger():
    """A body whom nobody here trusts."""
    return Office("Stranger", AT)


@pytest.fixture(scope="module")
def unextended(office):
    return {level: office.seal(level=level) for level in ("B", "T", "LT", "LTA")}


def levels(office, data, at=None):
    report = verify(data, office.roots, at or office.now)
    return report.verdict, [s.level for s in report.signatures if s.kind == "seal"]


@pytest.mark.parametrize("level", ["T", "LT", "LTA"])
@pytest.mark.parametrize("before", ["B", "T", "LT", "LTA"])
def test_from_every_level_to_every_other(office, unextended, before, level):
    order = ["B", "T", "LT", "LTA"]
    made = extend(unextended[before], level, services=office.services, at=AT)
    assert made.parts == (unextended[before], made.appended) and made.data == b"".join(made.parts)
    nothing = level != "LTA" and order.index(before) >= order.index(level)
    assert (made.appended == b"") == nothing
    assert [n.code for n in made.notes if n.code == "EXTEND_NOTE_NOTHING"] == ["EXTEND_NOTE_NOTHING"] * nothing
    untimed = [n for n in made.notes if n.code == "EXTEND_NOTE_DOCUMENT_TIMESTAMP"]
    assert len(untimed) == (before == "B")
    assert (made.field == "") == (made.time is None) == (made.until is None)
    verdict, found = levels(office, made.data)
    reached = max(before, level, key=order.index)
    if before == "B" and level == "LT":
        # Its timestamp is over the data already, which is more than was asked.
        assert made.level == reached == "LT" or made.level == "LTA"
        reached = "LTA"
    if reached in ("LT", "LTA"):
        assert (verdict, found) == (Verdict.PASSED, [Level(f"B-{reached}")])
    else:
        # Without revocation data nobody can trust even the timestamp.
        online = TrustStore(office.roots.anchors, office.pki.data)
        assert verify(made.data, online, AT).signatures[0].level is Level.B_T


def test_level_t_needs_no_trust(office, unextended):
    made = extend(unextended["B"], "t", services=Services(office.stamper), at=AT)
    assert made.level == "T" and made.field == "Timestamp1"
    report = verify(made.data, office.trust, AT)
    assert report.verdict is Verdict.PASSED
    assert report.signatures[0].time_source is TimeSource.TIMESTAMP


def test_several_seals_are_all_extended(office):
    data = office.seal(office.seal(office.seal(level="T"), "B"), "T")
    made = extend(data, "LTA", services=office.services, at=AT)
    assert levels(office, made.data) == (Verdict.PASSED, [Level.B_LTA] * 3)
    assert [n.params["field"] for n in made.notes] == ["Seal2"]


@pytest.mark.parametrize("order", ["first", "second"])
def test_the_seal_that_cannot_is_named(office, stranger, order):
    first, second = (stranger, office) if order == "first" else (office, stranger)
    data = second.seal(first.seal(level="T"), "T")
    with pytest.raises(NotLongTerm) as caught:
        extend(data, "LTA", services=office.services, at=AT)
    name = "Seal1" if order == "first" else "Seal2"
    assert caught.value.code == "EXTEND_SIGNATURE" and caught.value.params["field"] == name
    assert "Stranger" in caught.value.message()
    for lang in languages():
        assert "LONG_TERM" not in caught.value.message(lang)
    both = TrustStore((*office.roots.anchors, *stranger.roots.anchors), office.pki.data + stranger.pki.data)
    made = extend(data, "LTA", services=Services(office.stamper, both), at=AT)
    assert verify(made.data, TrustStore(both.anchors), AT).passed


def test_the_certificate_without_revocation_data_is_named(office, unextended):
    bare = replace(office.services, trust=replace(office.trust, data=ValidationData()))
    with pytest.raises(NotLongTerm) as caught:
        extend(unextended["T"], "LT", services=bare, at=AT)
    said = caught.value.message()
    assert "Seal1" in said and "Extending" in said
    assert any(code.startswith("LONG_TERM_NO_REVOCATION") for code, _ in caught.value.reasons)


def test_a_document_timestamp_that_nobody_trusts_is_told(office, stranger, unextended):
    data = extend(unextended["T"], "T", services=Services(stranger.stamper), at=AT).data
    assert data != unextended["T"]
    made = extend(data, "LTA", services=office.services, at=AT)
    assert made.notes[0].code == "EXTEND_NOTE_STAMP"
    assert levels(office, made.data) == (Verdict.PASSED, [Level.B_LTA])


def test_documents_with_nothing_but_a_timestamp(office, stranger):
    from support.foreign import Foreign

    data = Foreign().stamp().data
    with pytest.raises(NotLongTerm) as caught:
        extend(data, "LTA", services=office.services, at=AT)
    assert caught.value.params["field"] == "T1"


@pytest.mark.parametrize(
    ("level", "services", "code"),
    [
        ("B", {}, "SEAL_LEVEL_UNKNOWN"),
        ("gold", {}, "SEAL_LEVEL_UNKNOWN"),
        ("LT", {"trust": None}, "SEAL_LEVEL_NEEDS_TRUST"),
        ("LTA", {"timestamper": None}, "SEAL_LEVEL_NEEDS_TIMESTAMPER"),
        ("T", {"timestamper": None}, "SEAL_LEVEL_NEEDS_TIMESTAMPER"),
    ],
)
def test_what_cannot_be_done(office, unextended, level, services, code):
    with pytest.raises((UsageError, PolicyError)) as caught:
        extend(unextended["B"], level, services=replace(office.services, **services), at=AT)
    assert caught.value.code == code
    with pytest.raises(UsageError):
        extend(unextended["B"], "LTA", services=office.services, at=datetime(2026, 11, 24))


def test_lt_of_a_stamped_seal_needs_no_timestamper(office, unextended):
    made = extend(unextended["T"], "LT", services=replace(office.services, timestamper=None), at=AT)
    assert made.level == "LT" and made.appended


def test_what_is_not_sealed(office):
    with pytest.raises(DocumentError) as caught:
        extend(DATA, "LTA", services=office.services, at=AT)
    assert caught.value.code == "EXTEND_NO_SIGNATURE"


def broken(data, what):
    if what == "appended":
        return data + b"9 0 obj\n<< /Smuggled true >>\nendobj\n"
    if what == "update":
        page = re.search(rb"\n4 0 obj\n(.*?)\nendobj", data, re.S)
        start = int(data[data.rindex(b"startxref") :].split()[1])
        new = b"4 0 obj\n" + page[1].replace(b"/MediaBox", b"/Rotate 180 /MediaBox") + b"\nendobj\n"
        table = b"xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size 99 /Root 1 0 R /Prev %d >>\n" % (len(data), start)
        return data + new + table + b"startxref\n%d\n%%%%EOF\n" % (len(data) + len(new))
    # Behind the name of messageDigest, and behind that of the token's content.
    oids = {"cms": b"2a864886f70d010904", "timestamp": b"2a864886f70d0109100104"}
    where = {"page": b"/MediaBox", "range": b"/ByteRange [0"} | oids
    at = data.index(where[what]) + (60 if what in oids else 12)
    return data[:at] + (b"1" if data[at : at + 1] != b"1" else b"2") + data[at + 1 :]


@pytest.mark.parametrize("what", ["page", "range", "cms", "timestamp", "appended", "update"])
@pytest.mark.parametrize("level", ["T", "LT", "LTA"])
def test_what_is_not_in_order_is_refused(office, unextended, what, level):
    with pytest.raises(PolicyError) as caught:
        extend(broken(unextended["T"], what), level, services=office.services, at=AT)
    assert caught.value.code in ("EXTEND_BROKEN", "EXTEND_ALTERED", "EXTEND_DOCUMENT"), caught.value
    assert caught.value.hint()


def test_a_change_that_the_seal_does_not_permit_is_refused(office):
    from support.foreign import NOW, PKI, STAMPER, TRUST, Foreign, cms

    services = Services(STAMPER, TrustStore(TRUST.anchors, PKI["p256"].data))
    filled = Foreign(form=True).sign(cms()).fill()
    assert extend(filled.data, "LTA", services=services, at=NOW).level == "LTA"
    forbidden = Foreign(form=True).sign(cms(), certify=1).fill()
    with pytest.raises(PolicyError) as caught:
        extend(forbidden.data, "LTA", services=services, at=NOW)
    assert caught.value.code == "EXTEND_ALTERED"


@settings(max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
def test_no_flipped_bit_is_extended(office, unextended, share):
    """Whatever bit is flipped: refused, or one that says nothing, such as in a certificate that is there twice."""
    whole = unextended["LT"]
    place = int(share * len(whole) * 8)
    spoiled = bytearray(whole)
    spoiled[place // 8] ^= 1 << place % 8
    try:
        made = extend(bytes(spoiled), "LTA", services=office.services, at=AT)
    except (PolicyError, DocumentError):
        return
    assert verify(made.data, office.roots, AT).verdict is Verdict.PASSED
    assert verify(bytes(spoiled), office.trust, AT).verdict is Verdict.PASSED


class Dead:
    name = "dead.test"

    def timestamp(self, digest):
        raise ServiceError("NET_UNREACHABLE", url=self.name, reason="refused")


@pytest.mark.parametrize("level", ["T", "LTA"])
def test_a_dead_timestamper(office, unextended, level):
    with pytest.raises(ServiceError):
        extend(unextended["B"], level, services=replace(office.services, timestamper=Dead()), at=AT)


@pytest.mark.parametrize("minutes", [-10, -4, 0])
def test_a_timestamper_whose_clock_is_behind(office, unextended, minutes):
    late = LocalTimestamper(office.pki.timestamper.signer(), clock=lambda: AT + timedelta(minutes=minutes))
    helpers = replace(office.services, timestamper=late)
    if minutes == -10:
        with pytest.raises(ServiceError) as caught:
            extend(unextended["T"], "LTA", services=helpers, at=AT)
        assert caught.value.code == "SEAL_TIMESTAMP_EARLY"
        return
    made = extend(unextended["T"], "LTA", services=helpers, at=AT)
    assert levels(office, made.data) == (Verdict.PASSED, [Level.B_LTA])


# --- years later ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def century():
    """The same body with new keys and a new root every nine years: certificates hold ten, roots twenty."""
    return [Office(f"Body of {2026 + 9 * n}", AT + n * 9 * YEAR) for n in range(4)]


def trusting(offices):
    return TrustStore(tuple(a for o in offices for a in o.roots.anchors))


@pytest.fixture(scope="module")
def histories(century):
    """The document sealed in 2026 at each level; and the one at LTA extended in 2035, 2044 and 2053."""
    first = century[0]
    found = {level: first.seal(level=level) for level in ("B", "T", "LT", "LTA")}
    data = found["LTA"]
    for n, office in enumerate(century[1:], 1):
        known = TrustStore(
            tuple(a for o in century[: n + 1] for a in o.roots.anchors),
            sum((o.pki.data for o in century[: n + 1]), ValidationData()),
        )
        data = extend(data, "LTA", services=Services(office.stamper, known), at=office.now).data
        found[f"LTA {n}"] = data
    return found


@pytest.mark.parametrize(
    ("history", "years", "passes"),
    [
        ("B", 0, False),
        ("B", 12, False),
        ("T", 12, False),
        ("LT", 9, True),
        ("LT", 12, False),
        ("LTA", 9, True),
        ("LTA", 12, False),
        ("LTA 1", 9, True),
        ("LTA 1", 18, True),
        ("LTA 1", 21, False),
        ("LTA 2", 27, True),
        ("LTA 3", 30, True),
        ("LTA 3", 36, True),
        ("LTA 3", 50, False),
    ],
)
def test_years_later_with_the_roots_alone(century, histories, history, years, passes):
    """In 2056 everything but the last timestamp's certificate has expired."""
    report = verify(histories[history], trusting(century), AT + years * YEAR)
    assert (report.verdict is Verdict.PASSED) == passes, [
        (s.name, c.code) for s in report.signatures for c in s.checks if c.verdict in ("failed", "unknown")
    ]
    seal = report.signatures[0]
    assert report.answers.untouched.value == "yes"
    if passes and history.startswith("LTA"):
        assert seal.level is Level.B_LTA and seal.best_time <= AT + timedelta(minutes=1)
    if not passes:
        assert report.verdict is Verdict.INDETERMINATE
        assert seal.sub_indication in (
            SubIndication.TRY_LATER,
            SubIndication.OUT_OF_BOUNDS_NO_POE,
            SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
            SubIndication.NO_CERTIFICATE_CHAIN_FOUND_NO_POE,
            SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE,
        ), seal.sub_indication


def test_too_late(century, histories):
    """After the end of the last timestamp's certificate nothing can be proved any more."""
    late = century[2]
    known = TrustStore(trusting(century).anchors, sum((o.pki.data for o in century), ValidationData()))
    services = Services(late.stamper, known)
    with pytest.raises(NotLongTerm) as caught:
        extend(histories["LTA"], "LTA", services=services, at=late.now)
    assert "Timestamp1" in caught.value.message() and caught.value.params["field"] == "Seal1"
    codes = {code for code, _ in caught.value.reasons}
    assert "EXTEND_NOTE_STAMP" in codes and codes & {
        "LONG_TERM_EXPIRED",
        "LONG_TERM_NO_REVOCATION",
        "LONG_TERM_TIMESTAMP",
    }
