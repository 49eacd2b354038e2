"""What pyHanko seals, up to B-LTA, encrypted, with locks and certifications, comes out untouched."""

from __future__ import annotations

import logging
from io import BytesIO

import pytest
from asn1crypto import crl, keys, pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.stamp import TextStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from support.foreign import NOW, PKI, Foreign, judged

PADES = SigSeedSubFilter.PADES
STAMP = TextStampStyle(stamp_text="Signed by %(signer)s")
MODES = ("table", "stream", "objstm", "hybrid")


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)


def _certificate(certificate):
    return x509.Certificate.load(certificate.der)


def _key(credential):
    return keys.PrivateKeyInfo.load(pem.unarmor(credential.key_pem)[2])


def signer(kind="p256"):
    pki = PKI[kind]
    store = SimpleCertificateStore()
    store.register(_certificate(pki.issuing.certificate))
    return signers.SimpleSigner(
        signing_cert=_certificate(pki.seal.certificate), signing_key=_key(pki.seal), cert_registry=store
    )


def stamper():
    pki = PKI["rsa2048"]  # pyHanko's own timestamper knows RSA alone
    chain = [_certificate(pki.issuing.certificate)]
    return timestamps.DummyTimeStamper(
        _certificate(pki.timestamper.certificate), _key(pki.timestamper), chain, fixed_dt=NOW
    )


def context():
    return ValidationContext(
        trust_roots=[_certificate(pki.root) for pki in PKI.values()],
        other_certs=[_certificate(pki.issuing.certificate) for pki in PKI.values()],
        crls=[crl.CertificateList.load(c) for pki in PKI.values() for c in pki.crls],
        moment=NOW,
        allow_fetching=False,
    )


def sign(data, name, *, kind="p256", box=None, spec=None, timestamper=None, **options):
    writer = IncrementalPdfFileWriter(BytesIO(data), strict=False)
    if writer.prev.encrypted:
        writer.encrypt(b"")
    place = spec or (SigFieldSpec(name, box=box) if box else None)
    metadata = signers.PdfSignatureMetadata(field_name=name, md_algorithm="sha256", **options)
    work = signers.PdfSigner(
        metadata, signer(kind), timestamper=timestamper, stamp_style=STAMP if box else None, new_field_spec=place
    )
    return work.sign_pdf(writer).getvalue()


def reserve(data, *names):
    writer = IncrementalPdfFileWriter(BytesIO(data), strict=False)
    for name in names:
        fields.append_signature_field(writer, SigFieldSpec(name, box=(300, 300, 450, 350)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def encrypted(data):
    writer = copy_into_new_writer(PdfFileReader(BytesIO(data)))
    writer.encrypt(owner_pass="owner", user_pass="")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tagged", [False, True])
def test_archived_and_archived_again(mode, tagged):
    data = sign(
        Foreign(mode, tagged=tagged, form=not tagged).data,
        "First",
        timestamper=stamper(),
        subfilter=PADES,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=context(),
        box=(50, 50, 200, 120) if tagged else None,
    )
    assert judged(data) == ("yes", [])
    again = sign(data, "Second", kind="rsa2048", subfilter=PADES, box=(300, 50, 450, 120))
    assert judged(again) == ("yes", [])


def test_the_older_way_of_carrying_revocation_data():
    data = sign(Foreign().data, "First", embed_validation_info=True, validation_context=context())
    assert judged(data) == ("yes", [])


@pytest.mark.parametrize("level", [MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE])
def test_certified_then_approved_in_a_reserved_field(level):
    data = sign(
        reserve(Foreign(form=True).data, "Next"), "First", certify=True, docmdp_permissions=level, subfilter=PADES
    )
    assert judged(data) == ("yes", [])
    if level is not MDPPerm.NO_CHANGES:
        assert judged(sign(data, "Next", kind="rsa2048")) == ("yes", [])


@pytest.mark.parametrize(
    ("action", "names"),
    [(FieldMDPAction.INCLUDE, ["name"]), (FieldMDPAction.EXCLUDE, ["x"]), (FieldMDPAction.ALL, None)],
)
def test_locked_fields(action, names):
    spec = SigFieldSpec(
        "Locks", field_mdp_spec=FieldMDPSpec(action, fields=names), doc_mdp_update_value=MDPPerm.FILL_FORMS
    )
    data = sign(sign(Foreign(form=True).data, "Locks", spec=spec), "Later", kind="rsa2048")
    assert judged(data) == ("yes", [])


def test_two_seals_and_an_integrity_code_in_an_encrypted_file():
    data = sign(sign(encrypted(Foreign(form=True).data), "First"), "Second", kind="rsa2048", subfilter=PADES)
    assert judged(data) == ("yes", [])


def test_a_value_changed_in_an_encrypted_file_is_seen():
    data = sign(encrypted(Foreign().data), "First")
    writer = IncrementalPdfFileWriter(BytesIO(data))
    writer.encrypt(b"")
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.update_container(page)
    out = BytesIO()
    writer.write(out)
    assert judged(out.getvalue())[0] == "no"
