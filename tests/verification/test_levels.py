"""PAdES levels of documents that another program made: pyHanko writes B-B to B-LTA, eseal names the level."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import crl, keys, ocsp, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from eseal import TrustStore, testpki, verify
from eseal.report.model import Level, TimeSource
from support.pdfs import simple_pdf

NOW = datetime.now(UTC).replace(microsecond=0)
PKI = testpki.make("杭州市示范局", NOW - timedelta(days=1), "rsa2048")
ROOT = TrustStore.from_certificates([PKI.root])


def certificate(value):
    return x509.Certificate.load(value.der)


def key(credential):
    return keys.PrivateKeyInfo.load(pem.unarmor(credential.key_pem)[2])


def store():
    made = SimpleCertificateStore()
    made.register_multiple([certificate(PKI.root), certificate(PKI.issuing.certificate)])
    return made


def made_by_pyhanko(level):
    metadata = signers.PdfSignatureMetadata(
        field_name="Sig",
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        embed_validation_info=level in ("B-LT", "B-LTA"),
        use_pades_lta=level == "B-LTA",
        validation_context=ValidationContext(
            trust_roots=[certificate(PKI.root)],
            other_certs=[certificate(PKI.issuing.certificate)],
            crls=[crl.CertificateList.load(c) for c in PKI.crls],
            ocsps=[ocsp.OCSPResponse.load(o) for o in PKI.ocsps],
            allow_fetching=False,
            revocation_mode="require" if level in ("B-LT", "B-LTA") else "soft-fail",
        ),
    )
    stamper = DummyTimeStamper(certificate(PKI.timestamper.certificate), key(PKI.timestamper), certs_to_embed=store())
    return signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(simple_pdf())),
        metadata,
        signers.SimpleSigner(certificate(PKI.seal.certificate), key(PKI.seal), store()),
        timestamper=None if level == "B-B" else stamper,
    ).getvalue()


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_the_level_is_that_which_was_made(level):
    held = TrustStore.from_certificates([PKI.root], crls=PKI.crls, ocsps=PKI.ocsps)
    # What the verifier holds itself makes no document's level higher; a timestamp of B-T needs it to be believed.
    for trust in (held,) if level == "B-T" else (ROOT, held):
        report = verify(made_by_pyhanko(level), trust, NOW + timedelta(hours=1))
        seal = report.signatures[0]
        assert seal.level is Level(level)
        assert (seal.time_source is TimeSource.TIMESTAMP) is (level != "B-B")
    assert report.passed


def test_long_term_documents_pass_with_the_root_alone_long_after():
    after = NOW - timedelta(days=1) + testpki.VALID + timedelta(days=30)
    lta, basic = made_by_pyhanko("B-LTA"), made_by_pyhanko("B-B")
    assert not verify(basic, ROOT, after).passed
    (seal, stamp) = verify(lta, ROOT, NOW + timedelta(days=400)).signatures
    assert seal.level is Level.B_LTA and seal.answers.genuine == "yes"
    assert stamp.kind == "timestamp" and stamp.answers.untouched == "yes"
