"""Documents extended for thirty years, judged by pyHanko's AdES validation (EN 319 102-1 5.6.3) with the roots alone.

Every eight years another authority makes the timestamp; the certificates of the seal and of all earlier timestamps have
expired long before. pyHanko's own clock for past validation is set to the time of the judgement.
"""

from __future__ import annotations

import asyncio
import io
import logging
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pyhanko_certvalidator.ltv.ades_past
import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from eseal import TrustStore, verify
from eseal.sealing import Services, seal
from eseal.sealing.extending import extend
from eseal.timestamps import LocalTimestamper
from support.pdfs import simple_pdf
from support.services import Corporate, Holder

SEALED = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY, YEAR = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=365)


class Generation(Corporate):
    """An authority whose CAs outlive its end entities, which name an OCSP responder."""

    def issue(self, name: str, by: Holder | None, *, ca: bool = False, **more: Any) -> Holder:
        more |= {"end": self.at + (60 if ca else 10) * YEAR, "addresses": () if ca else ("seal",)}
        return super().issue(f"{name} {self.at.year}", by, ca=ca, **more)


@cache
def born(year: int) -> Generation:
    return Generation(SEALED + year * YEAR, lambda path: f"http://services.example{path}")


def roots(years: list[int]) -> TrustStore:
    return TrustStore.from_certificates([born(y).root.cert for y in years])


def services(year: int, at: datetime, years: list[int]) -> Services:
    """The timestamper of one generation, and the lists of that day of all whose certificates are still valid."""
    crls, ocsps = [], []
    for made in (born(y) for y in years):
        crls += [made.crl(h, this=at - HOUR, next=at + 7 * DAY) for h in (made.root, made.issuing)]
        if at < made.at + 10 * YEAR:
            ocsps += [made.ocsp(h, this=at, next=at + 7 * DAY) for h in (made.seal, made.tsa)]
    stamper = LocalTimestamper(born(year).signer(born(year).tsa), clock=lambda: at + MINUTE)
    return Services(stamper, roots(years) + TrustStore.from_certificates([], crls=crls, ocsps=ocsps))


@cache
def document(*steps: tuple[int, int]) -> bytes:
    """Sealed at LTA, and extended in each year by the timestamper of a generation."""
    if not steps:
        helpers = services(0, SEALED, [0])
        trust, stamper = helpers.trust, helpers.timestamper
        signer = born(0).signer(born(0).seal)
        return seal(simple_pdf(), signer, at=SEALED, level="LTA", timestamper=stamper, trust=trust).data
    year, generation = steps[-1]
    at = SEALED + year * YEAR
    known = sorted({0, *(g for _, g in steps)})
    helpers = services(generation, at, known)
    return extend(document(*steps[:-1]), "LTA", services=helpers, at=at + MINUTE).data


def by_pyhanko(data: bytes, years: list[int], at: datetime, monkeypatch: pytest.MonkeyPatch) -> Any:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return at

    monkeypatch.setattr(pyhanko_certvalidator.ltv.ades_past, "datetime", Clock)
    trusted = [x509.Certificate.load(born(y).root.cert.der) for y in years]
    policy = CertValidationPolicySpec(
        SimpleTrustManager.build(trust_roots=trusted), CertRevTrustPolicy(REQUIRE_REVINFO)
    )
    gathering = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY)
    spec = PdfSignatureValidationSpec(SignatureValidationSpec(policy, gathering))
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_regular_signatures
    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=True)
    return asyncio.run(ades_lta_validation(signature, spec, timing_info=timing)).ades_subindic


PASSED = AdESPassed.OK
LONG = ((8, 8), (16, 16), (24, 24), (30, 24))


@pytest.mark.parametrize(
    ("steps", "years", "expected"),
    [
        ((), 0, PASSED),
        ((), 12, AdESIndeterminate.NO_POE),
        (LONG[:1], 8, PASSED),
        (LONG, 30, PASSED),
        ((), 30, AdESIndeterminate.NO_POE),
    ],
)
def test_judged_years_later(
    steps: tuple[tuple[int, int], ...], years: int, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.disable(logging.CRITICAL)
    try:
        data, known = document(*steps), sorted({0, *(g for _, g in steps)})
        at = SEALED + years * YEAR + DAY
        assert by_pyhanko(data, known, at, monkeypatch) is expected
        assert verify(data, roots(known), at).passed is (expected is PASSED)
    finally:
        logging.disable(logging.NOTSET)
