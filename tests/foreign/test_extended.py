"""What pyHanko sealed at B-B and B-T, certified or not, is extended; eseal and pyHanko's own validation agree."""

from __future__ import annotations

import io
import logging

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from eseal import TrustStore, verify
from eseal.report.model import Level, Verdict
from eseal.sealing import Services, extend
from eseal.timestamps import LocalTimestamper
from foreign.test_pyhanko_files import MODES, PADES, sign, stamper
from support.foreign import NOW, PKI, Foreign, judged

# pyHanko cannot tell two authorities of one name with keys of different kinds apart.
BODY = PKI["rsa2048"]
CLOCK = LocalTimestamper(BODY.timestamper.signer(), clock=lambda: NOW)
ROOTS = TrustStore.from_certificates([BODY.root])
SERVICES = Services(CLOCK, TrustStore(ROOTS.anchors, BODY.data))
ROOT = x509.Certificate.load(BODY.root.der)


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)


def longer(data, level="LTA"):
    return extend(data, level, services=SERVICES, at=NOW).data


def accepted(data):
    """What pyHanko says of every signature with the roots and what the file carries: sound, permitted, trusted."""
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    dss = DocumentSecurityStore.read_dss(reader)
    found = []
    for signature in reader.embedded_signatures:
        context = dss.as_validation_context(
            {
                "trust_roots": [x509.Certificate.load(BODY.root.der)],
                "allow_fetching": False,
                "moment": NOW,
                "revocation_mode": "require",
            }
        )
        if signature.sig_object_type == "/DocTimeStamp":
            status = validate_pdf_timestamp(signature, validation_context=context)
            found.append(status.intact and status.valid and status.trusted)
        else:
            status = validate_pdf_signature(signature, signer_validation_context=context, ts_validation_context=context)
            assert status.docmdp_ok
            found.append(status.bottom_line)
    return found


@pytest.mark.parametrize(
    ("mode", "stamped", "certified"),
    [
        *((mode, stamped, None) for mode in MODES for stamped in (False, True)),
        ("table", True, MDPPerm.NO_CHANGES),
        ("objstm", False, MDPPerm.NO_CHANGES),
        ("stream", True, MDPPerm.FILL_FORMS),
    ],
)
def test_sealed_by_pyhanko(mode, stamped, certified):
    options = {"certify": True, "docmdp_permissions": certified} if certified else {}
    # pyHanko's stamper gives tokens of the time at which everything is judged.
    timestamper = stamper() if stamped else None
    data = sign(
        Foreign(mode, form=True).data, "First", kind="rsa2048", subfilter=PADES, timestamper=timestamper, **options
    )
    once = longer(data)
    twice = longer(once)
    for made in (once, twice):
        assert judged(made) == ("yes", [])
        report = verify(made, ROOTS, NOW)
        assert (report.verdict, report.signatures[0].level) == (Verdict.PASSED, Level.B_LTA)
        assert accepted(made) == [True] * (len(report.signatures))


def test_two_seals_of_pyhanko_and_its_own_store():
    data = sign(Foreign(form=True).data, "First", kind="rsa2048", subfilter=PADES, timestamper=stamper())
    data = sign(longer(data, "LT"), "Second", kind="rsa2048", subfilter=PADES, timestamper=stamper())
    made = longer(data)
    assert judged(made) == ("yes", [])
    assert [s.level for s in verify(made, ROOTS, NOW).signatures if s.kind == "seal"] == [Level.B_LTA] * 2
    assert accepted(made) == [True] * 3
