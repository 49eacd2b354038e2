"""Documents of every level judged long after: one day, 60 days, 5, 12 and 30 years later, as one table.

The lists hold for a week, certificates for ten years, the root for twenty. "root": the verifier has the roots alone,
"fresh": the lists of that day too. A list that is made after a certificate has expired no longer speaks of it
(RFC 5280 3.3). Who judges later than the lists in the document reach needs fresh ones for the newest timestamp alone
(EN 319 102-1 5.5 and 5.6.2): nothing proves that its authority had not lost its key meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from eseal import TrustStore, testpki, verify
from eseal.crypto.certificates import facts
from eseal.judging.collecting import NotLongTerm
from eseal.report.model import Level, Report, SubIndication, TimeSource, Verdict
from eseal.sealing import Services, seal
from eseal.sealing.extending import extend
from eseal.timestamps import LocalTimestamper
from support.pdfs import simple_pdf

SEALED = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
YEAR = timedelta(days=365.25)
AGES = {"1 day": DAY, "60 days": 60 * DAY, "5 years": 5 * YEAR, "12 years": 12 * YEAR, "30 years": 30 * YEAR}

BORN = {0: timedelta(0), 8: 8 * YEAR, 16: 16 * YEAR, 24: 24 * YEAR}
"""When each of four test authorities was made; every one is a root of its own."""

PASSED, INDETERMINATE = Verdict.PASSED, Verdict.INDETERMINATE
TRY_LATER, EXPIRED, ROOT_EXPIRED = (
    SubIndication.TRY_LATER,
    SubIndication.OUT_OF_BOUNDS_NO_POE,
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND_NO_POE,
)


@cache
def pki(born: int) -> testpki.TestPki:
    return testpki.make(f"Office {born}", SEALED + BORN[born], lists=testpki.LISTS)


def roots(age: timedelta) -> TrustStore:
    """The roots that exist then; who trusted one never forgets it."""
    return TrustStore.from_certificates([pki(n).root for n, born in BORN.items() if born <= age])


def fresh(age: timedelta) -> TrustStore:
    """The roots, and lists made then by every authority, though its certificates may have expired."""
    at, lists = SEALED + age, []
    for number, born in BORN.items():
        if born <= age:
            lists += [testpki.crl(c, at=at, until=at + 7 * DAY) for c in (pki(number).root_ca, pki(number).issuing)]
    return roots(age) + TrustStore.from_certificates([], crls=lists)


def services(born: int, age: timedelta) -> Services:
    stamper = LocalTimestamper(pki(born).timestamper.signer(), clock=lambda: SEALED + age + MINUTE)
    return Services(stamper, fresh(age))


@cache
def sealed(level: str) -> bytes:
    helpers = services(0, timedelta(0))
    signer = pki(0).seal.signer()
    return seal(simple_pdf(), signer, at=SEALED, level=level, timestamper=helpers.timestamper, trust=helpers.trust).data


@cache
def extended(level: str, *steps: tuple[int, timedelta]) -> bytes:
    """Sealed at `level`, and extended to LTA at each age by the timestamper of one of the authorities."""
    data = sealed(level)
    for born, age in steps:
        data = extend(data, "LTA", services=services(born, age), at=SEALED + age + MINUTE).data
    return data


def judged(data: bytes, age: timedelta, trust: str) -> Report:
    return verify(data, (roots if trust == "root" else fresh)(age), SEALED + age + 2 * MINUTE)


# What passes, and what is the sub-indication of what does not.
TABLE = {
    ("B", "root"): [TRY_LATER, TRY_LATER, TRY_LATER, EXPIRED, ROOT_EXPIRED],
    ("B", "fresh"): [PASSED, PASSED, PASSED, EXPIRED, ROOT_EXPIRED],
    ("T", "root"): [TRY_LATER, TRY_LATER, TRY_LATER, EXPIRED, ROOT_EXPIRED],
    ("T", "fresh"): [PASSED, PASSED, PASSED, EXPIRED, ROOT_EXPIRED],
    ("LT", "root"): [PASSED, TRY_LATER, TRY_LATER, EXPIRED, ROOT_EXPIRED],
    ("LT", "fresh"): [PASSED, PASSED, PASSED, EXPIRED, ROOT_EXPIRED],
    ("LTA", "root"): [PASSED, TRY_LATER, TRY_LATER, EXPIRED, ROOT_EXPIRED],
    ("LTA", "fresh"): [PASSED, PASSED, PASSED, EXPIRED, ROOT_EXPIRED],
}
ROWS = [(level, trust, age, was) for (level, trust), row in TABLE.items() for age, was in zip(AGES, row, strict=True)]


def agrees(report: Report, expected: Verdict | SubIndication) -> None:
    found = [
        (s.name, s.level, [c.code for c in s.checks if c.verdict in ("failed", "unknown")]) for s in report.signatures
    ]
    if expected is PASSED:
        assert report.verdict is PASSED and report.sub_indication is None, found
    else:
        assert (report.verdict, report.sub_indication) == (INDETERMINATE, expected), found


@pytest.mark.parametrize(("level", "trust", "age", "expected"), ROWS)
def test_the_table(level: str, trust: str, age: str, expected: Verdict | SubIndication) -> None:
    report = judged(sealed(level), AGES[age], trust)
    agrees(report, expected)
    if expected is PASSED:
        assert report.signatures[0].level is Level(f"B-{level}")
        proven = TimeSource.NOW if level == "B" else TimeSource.TIMESTAMP
        assert report.signatures[0].time_source is proven


EVERY_EIGHT_YEARS = ((8, 8 * YEAR), (16, 16 * YEAR), (24, 24 * YEAR))
TODAY = (24, 30 * YEAR)
EXTENDED = [
    # Extended by newer authorities before the certificates of the older ones ended. Where the newest timestamp is not
    # believed, what it covers is judged as of today, and so on down to the seal (EN 319 102-1 5.6.3).
    ("every eight years", EVERY_EIGHT_YEARS, "30 years", "fresh", PASSED),
    ("every eight years", EVERY_EIGHT_YEARS, "30 years", "root", ROOT_EXPIRED),
    ("and today", (*EVERY_EIGHT_YEARS, TODAY), "30 years", "root", PASSED),
    ("and today", (*EVERY_EIGHT_YEARS, TODAY), "30 years", "fresh", PASSED),
    ("once", EVERY_EIGHT_YEARS[:1], "12 years", "fresh", PASSED),
    ("once and today", (EVERY_EIGHT_YEARS[0], (8, 12 * YEAR)), "12 years", "root", PASSED),
    ("once", EVERY_EIGHT_YEARS[:1], "12 years", "root", EXPIRED),
    ("once", EVERY_EIGHT_YEARS[:1], "30 years", "fresh", ROOT_EXPIRED),
    ("twice", EVERY_EIGHT_YEARS[:2], "30 years", "fresh", ROOT_EXPIRED),
]


@pytest.mark.parametrize("level", ["T", "LT", "LTA"])
@pytest.mark.parametrize(("name", "steps", "age", "trust", "expected"), EXTENDED)
def test_extended_in_time(
    level: str,
    name: str,
    steps: tuple[tuple[int, timedelta], ...],
    age: str,
    trust: str,
    expected: Verdict | SubIndication,
) -> None:
    report = judged(extended(level, *steps), AGES[age], trust)
    agrees(report, expected)
    if expected is PASSED:
        assert report.signatures[0].level is Level.B_LTA
        assert report.signatures[0].best_time == SEALED + MINUTE


@pytest.mark.parametrize("level", ["B", "T", "LT", "LTA"])
@pytest.mark.parametrize("age", ["12 years", "30 years"])
def test_extended_too_late_is_refused(level: str, age: str) -> None:
    with pytest.raises(NotLongTerm):
        extended(level, (8 if age == "12 years" else 24, AGES[age]))


def test_b_can_still_be_extended_while_its_certificates_are_valid() -> None:
    data = extended("B", (8, 8 * YEAR))
    report = judged(data, 12 * YEAR, "fresh")
    assert report.passed and report.signatures[0].best_time == SEALED + 8 * YEAR + MINUTE


def test_a_root_that_is_no_longer_trusted_ends_the_proof() -> None:
    """What carries the chain from 8 to 16 years is a timestamp of the authority made in year 8."""
    data = extended("LTA", *EVERY_EIGHT_YEARS, TODAY)
    age = 30 * YEAR
    without = TrustStore(tuple(a for a in fresh(age).anchors if a.certificate != pki(16).root), fresh(age).data)
    assert not verify(data, without, SEALED + age + 2 * MINUTE).passed


def test_revoked_after_the_proof_takes_nothing_revoked_before_it_everything() -> None:
    later = 60 * DAY
    serial = facts(pki(0).seal.certificate).serial
    at = SEALED + later
    for when, passes in ((SEALED + DAY, True), (SEALED - MINUTE, False)):
        lists = [
            testpki.crl(pki(0).root_ca, at=at, until=at + 7 * DAY),
            testpki.crl(pki(0).issuing, at=at, until=at + 7 * DAY, revoked={serial: when}),
        ]
        trust = TrustStore.from_certificates([pki(0).root], crls=lists)
        for level in ("T", "LT", "LTA"):
            report = verify(sealed(level), trust, at)
            assert report.passed is passes, (level, when)
        assert not verify(sealed("B"), trust, at).passed
