"""Certifications, locks and seed values: what a seal sets for those after it, and what a field may ask of it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigCertKeyUsage, SigSeedValueSpec

from eseal import verify
from eseal.crypto.cms_build import template
from eseal.documents.pdf.document import open_pdf
from eseal.documents.pdf.form import level_in_force, read_form
from eseal.documents.pdf.write import open_source
from eseal.errors import DocumentError, Error, PolicyError, UsageError
from eseal.model import Placement
from eseal.report.model import Verdict
from eseal.sealing import Request, complete, prepare, rehearse, seal
from eseal.sealing.request import Services
from eseal.seals.artwork import Artwork, Colour, Contour, Shape
from eseal.seals.register import Body, Seal, SealKind
from support.attacks import BORN, DOCUMENT, EVIL, NOW, PKI, SEALED, TRUST, sign, stamp_cms, stamper, update
from support.fields import filled, form
from support.pdfs import simple_pdf

SIGNER = PKI.seal.signer()
STAMPER = stamper(PKI.timestamper)
BOX = Artwork(20, 10, (Shape((Contour((0, 0), (((20, 0),), ((20, 10),), ((0, 10),))),), Colour(255, 0, 0)),))


def made(data, **how):
    return seal(data, SIGNER, at=SEALED, **how)


def code(data, error=PolicyError, **how):
    with pytest.raises(error) as caught:
        made(data, **how)
    assert caught.value.message() != caught.value.code != caught.value.hint()
    return caught.value


def codes(sealed):
    return [note.code for note in sealed.notes if note.code.startswith(("SEAL_SEED", "PDFA"))]


def signature(data, index=0):
    return PdfFileReader(io.BytesIO(data)).embedded_signatures[index]


# Certification (12.8.2.2)


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("how", [{}, {"artwork": BOX, "placement": Placement(1, 20, 20)}])
def test_a_certification_says_so_in_signature_and_catalog(level, how):
    sealed = made(simple_pdf(), certify=level, **how)
    found = signature(sealed.data)
    assert found.docmdp_level.value == level
    root = PdfFileReader(io.BytesIO(sealed.data)).root
    assert root["/Perms"].raw_get("/DocMDP").idnum == found.sig_field.raw_get("/V").idnum
    ours = open_pdf(sealed.data).signatures()[0]
    assert ours.certification == level
    assert verify(sealed.data, TRUST, NOW).passed
    # ISO 19005-2 6.1.12.
    assert b"/DigestMethod" not in sealed.appended and b"/DigestValue" not in sealed.appended


@pytest.mark.parametrize("level", [0, 4, -1, True, 2.0, "1"])
def test_only_three_levels(level):
    assert code(simple_pdf(), UsageError, certify=level).code == "SEAL_CERTIFY_LEVEL"


def test_a_certification_is_the_first_signature_and_the_only_one():
    assert code(made(simple_pdf()).data, certify=2).code == "SEAL_CERTIFY_NOT_FIRST"
    assert code(made(simple_pdf(), certify=2).data, certify=2).code == "SEAL_CERTIFY_TWICE"
    stamped = sign(DOCUMENT, stamp_cms(PKI.timestamper), timestamp=True)
    assert code(stamped, certify=1).code == "SEAL_CERTIFY_NOT_FIRST"


@pytest.mark.parametrize("level", [1, 2, 3])
def test_further_seals_as_the_certification_allows(level):
    certified = made(form(), certify=level).data
    if level == 1:
        for how in ({}, {"field": "Approval"}):
            assert code(certified, **how).code == "SEAL_DOCUMENT_CERTIFIED"
        return
    for how in ({}, {"field": "Approval", "artwork": BOX}):
        again = made(certified, **how).data
        assert verify(again, TRUST, NOW).verdict is Verdict.PASSED
        assert [signature(again, i).docmdp_level for i in (0, 1)][1] is None
    assert code(certified, artwork=BOX).code == "SEAL_DOCUMENT_CERTIFIED_VISIBLE"


@pytest.mark.parametrize("level", ["T", "LT", "LTA"])
def test_long_term_data_may_follow_the_strictest_certification(level):
    data = form(b"/Lock 11 0 R", more={11: b"<< /Type /SigFieldLock /Action /All /P 1 >>"})
    for document, how in ((simple_pdf(), {"certify": 1}), (data, {"field": "Approval"})):
        sealed = made(document, level=level, timestamper=STAMPER, trust=TRUST, **how)
        assert sealed.level == level
        report = verify(sealed.data, TRUST, NOW)
        assert report.passed and report.signatures[0].level == f"B-{level}"


def test_other_permissions_stay(make_page):
    for catalog, more in (
        (b"/Perms << /UR3 6 0 R >>", {6: b"<< /Type /Sig >>"}),
        (b"/Perms 6 0 R", {6: b"<< /UR3 7 0 R >>", 7: b"<< /Type /Sig >>"}),
    ):
        data = make_page(page=b"/MediaBox [0 0 595 842]", catalog=catalog, more=more)
        root = PdfFileReader(io.BytesIO(made(data, certify=3).data)).root
        assert set(root["/Perms"]) == {"/UR3", "/DocMDP"}


def test_a_certification_in_two_steps_survives_storage():
    request = Request(at=SEALED, certify=2, level="B")
    prepared = prepare(simple_pdf(), SIGNER.certificate, request, scheme=SIGNER.scheme, chain=tuple(SIGNER.chain))
    again = type(prepared).from_bytes(prepared.to_bytes(), simple_pdf())
    assert again.notes == prepared.notes and again.digests is None
    sealed = complete(again, SIGNER.sign(again.to_sign))
    assert open_pdf(sealed.data).signatures()[0].certification == 2


# Locks (12.7.5.5, table 236)

LOCKS = [
    (b"/Action /All", {"Name", "Sum"}),
    (b"/Action /Include /Fields [(Sum)]", {"Sum"}),
    (b"/Action /Include /Fields [<FEFF00530075006D>]", {"Sum"}),
    (b"/Action /Exclude /Fields [(Sum)]", {"Name"}),
]


@pytest.mark.parametrize(("lock", "closed"), LOCKS)
def test_a_lock_becomes_a_field_rule_of_the_signature(lock, closed):
    data = form(b"/Lock 11 0 R", more={11: b"<< /Type /SigFieldLock " + lock + b" >>"})
    sealed = made(data, field="Approval").data
    found = signature(sealed)
    assert {name for name in ("Name", "Sum") if found.fieldmdp.is_locked(name)} == closed
    assert found.docmdp_level is None
    assert verify(sealed, TRUST, NOW).verdict is Verdict.PASSED
    if closed == {"Sum"}:
        # Other fields take seals still.
        assert verify(made(sealed).data, TRUST, NOW).verdict is Verdict.PASSED
    else:
        assert code(sealed).code == "SEAL_FIELD_LOCKED"


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_lock_with_a_permission_restricts_the_document(level):
    lock = b"<< /Type /SigFieldLock /Action /Include /Fields [(Sum)] /P %d >>" % level
    for rules, more in ((b"/Lock " + lock, {}), (b"/Lock 11 0 R", {11: lock})):
        sealed = made(form(rules, more=more), field="Approval").data
        assert signature(sealed).docmdp_level.value == level
        assert verify(sealed, TRUST, NOW).verdict is Verdict.PASSED
        source = open_source(sealed)
        assert level_in_force(source, read_form(source)) == level
        if level == 1:
            assert code(sealed).code == "SEAL_DOCUMENT_CERTIFIED"
        else:
            assert code(sealed, artwork=BOX).code == "SEAL_DOCUMENT_CERTIFIED_VISIBLE"
            assert verify(made(sealed).data, TRUST, NOW).verdict is Verdict.PASSED


def test_a_certification_in_a_field_with_a_lock_has_both():
    sealed = made(form(b"/Lock << /Action /Include /Fields [(Sum)] >>"), field="Approval", certify=2).data
    found = signature(sealed)
    assert found.docmdp_level.value == 2 and found.fieldmdp.is_locked("Sum") and not found.fieldmdp.is_locked("Name")


@pytest.mark.parametrize(
    ("lock", "what"),
    [
        (b"(no dictionary)", "/Lock"),
        (b"<< /Action /All /Action /Include >>", "/Lock"),
        (b"<< /Fields [(Sum)] >>", "/Action"),
        (b"<< /Action /Some /Fields [(Sum)] >>", "/Action"),
        (b"<< /Action /Include >>", "/Fields"),
        (b"<< /Action /Exclude /Fields [/Sum] >>", "/Fields"),
        (b"<< /Action /All /P 4 >>", "/P"),
        (b"<< /Action /All /P true >>", "/P"),
    ],
)
def test_a_lock_that_cannot_be_understood_is_not_signed(lock, what):
    found = code(form(b"/Lock " + lock), field="Approval")
    assert (found.code, found.params["what"]) == ("SEAL_LOCK_UNREADABLE", what)


# Seed values (table 237)

FILTER, SUB_FILTER, V, REASONS, ATTESTATION, REVOCATION, DIGEST, LOCK, APPEARANCE = (1 << n for n in range(9))


def seeded(entries, **more):
    return form(b"/SV 11 0 R", more={11: b"<< /Type /SV " + entries + b" >>", **more.pop("more", {})}, **more)


SEEDS = [
    # entries with %d for /Ff, bit, how it is met, how it is not, code of the refusal
    (b"/Filter /Adobe.PPKLite", FILTER, {}, None, ""),
    (b"/Filter /Other.Handler", FILTER, None, {}, "SEAL_SEED_FILTER"),
    (b"/SubFilter [/adbe.pkcs7.detached /ETSI.CAdES.detached]", SUB_FILTER, {}, None, ""),
    (b"/SubFilter [/adbe.pkcs7.detached]", SUB_FILTER, None, {}, "SEAL_SEED_SUBFILTER"),
    (b"/SubFilter []", SUB_FILTER, None, {}, "SEAL_SEED_SUBFILTER"),
    (b"/V 2", V, {}, None, ""),
    (b"/V 3.5", V, None, {}, "SEAL_SEED_VERSION"),
    (b"/DigestMethod [/SHA384 /SHA256]", DIGEST, {}, None, ""),
    (b"/DigestMethod [(SHA-256)]", DIGEST, {}, None, ""),
    (b"/DigestMethod [/SHA512 /RIPEMD160]", DIGEST, None, {}, "SEAL_SEED_DIGEST"),
    (b"/Reasons [(I agree) (Done)]", REASONS, {"reason": "Done"}, {"reason": "done"}, "SEAL_SEED_REASON"),
    (b"/Reasons [<FEFF540C610F>]", REASONS, {"reason": "同意"}, {}, "SEAL_SEED_REASON"),
    (b"/Reasons [(.)]", REASONS, {}, {"reason": "."}, "SEAL_SEED_NO_REASON"),
    (b"/Reasons []", REASONS, {}, {"reason": "Done"}, "SEAL_SEED_NO_REASON"),
    (b"/AddRevInfo true", REVOCATION, {"level": "LT"}, {"level": "T"}, "SEAL_SEED_REVOCATION"),
    (b"/AddRevInfo false", REVOCATION, {"level": "T"}, None, ""),
    (b"/LegalAttestation [(Nothing hidden)]", ATTESTATION, None, {}, "SEAL_SEED_ATTESTATION"),
    (b"/AppearanceFilter (Round)", APPEARANCE, None, {}, "SEAL_SEED_APPEARANCE"),
]


@pytest.mark.parametrize(("entries", "bit", "good", "bad", "refusal"), SEEDS)
def test_required_is_met_or_refused_and_optional_is_told(entries, bit, good, bad, refusal):
    services = {"timestamper": STAMPER, "trust": TRUST}
    required, optional = seeded(entries + b" /Ff %d" % bit), seeded(entries)
    if good is not None:
        for data in (required, optional):
            sealed = made(data, field="Approval", **({"level": "B"} | services | good))
            assert codes(sealed) == []
            assert verify(sealed.data, TRUST, NOW).verdict is Verdict.PASSED
    if bad is not None:
        how = {"level": "B"} | services | bad
        found = code(required, field="Approval", **how)
        assert (found.code, found.params["field"]) == (refusal, "Approval")
        assert codes(made(optional, field="Approval", **how)) == ["SEAL_SEED_OPTIONAL"]


def test_a_required_list_of_reasons_that_is_missing_permits_none():
    data = seeded(b"/Ff %d" % REASONS)
    assert code(data, field="Approval", reason="Done").code == "SEAL_SEED_NO_REASON"
    assert codes(made(data, field="Approval")) == []


def test_the_kind_of_signature_that_a_field_asks_for():
    approval, certification = seeded(b"/MDP << /P 0 >>"), seeded(b"/MDP << /P 2 >>")
    assert open_pdf(made(approval, field="Approval").data).signatures()[0].certification is None
    assert code(approval, field="Approval", certify=1).code == "SEAL_SEED_APPROVAL"
    for how, notes in (({}, ["SEAL_SEED_CERTIFIES"]), ({"certify": 2}, [])):
        sealed = made(certification, field="Approval", **how)
        assert open_pdf(sealed.data).signatures()[0].certification == 2 and codes(sealed) == notes
    assert code(certification, field="Approval", certify=3).code == "SEAL_SEED_CERTIFY"
    # No bit makes this entry optional, and a certification cannot be had any more.
    assert code(made(certification).data, field="Approval").code == "SEAL_CERTIFY_NOT_FIRST"


class Deaf:
    """A timestamper that must not be asked."""

    name = "http://tsa.example/own"

    def timestamp(self, digest):
        raise AssertionError("asked")


def test_a_timestamp_is_made_by_the_operators_own_service_or_the_seal_refused():
    url = b"/TimeStamp << /URL (http://tsa.example/theirs) /Ff %d >>"
    assert code(seeded(url % 1), field="Approval", level="B").code == "SEAL_SEED_TIMESTAMP"
    assert codes(made(seeded(url % 0), field="Approval", level="B", timestamper=Deaf())) == ["SEAL_SEED_OPTIONAL"]
    sealed = made(seeded(url % 1), field="Approval", level="T", timestamper=STAMPER)
    # The address is only the document's word: told, not followed.
    assert sealed.level == "T" and codes(sealed) == ["SEAL_SEED_OPTIONAL"]
    assert code(seeded(url % 3), field="Approval").code == "SEAL_SEED_UNKNOWN"


def test_a_document_that_is_to_be_closed_is_closed():
    data = seeded(b"/LockDocument /true /Ff %d" % LOCK)
    for document in (data, data.replace(b"/SV 11", b"/Lock << /Action /Include /Fields [(Sum)] >> /SV 11")):
        document = document if document is data else form(
            b"/Lock << /Action /Include /Fields [(Sum)] >> /SV 11 0 R",
            more={11: b"<< /LockDocument /true /Ff %d >>" % LOCK},
        )  # fmt: skip
        sealed = made(document, field="Approval").data
        assert signature(sealed).docmdp_level.value == 1
        assert verify(sealed, TRUST, NOW).verdict is Verdict.PASSED
        assert code(sealed).code == "SEAL_DOCUMENT_CERTIFIED"
    # A certification of level 1 does it too, and then the lock stays as it is.
    assert b"/SigFieldLock" not in made(data, field="Approval", certify=1).appended
    assert code(made(data).data, field="Approval").code == "SEAL_SEED_LOCK"
    assert codes(made(seeded(b"/LockDocument /true"), field="Approval")) == ["SEAL_SEED_OPTIONAL"]
    for free in (b"/LockDocument /auto /Ff 128", b"/LockDocument /false"):
        sealed = made(seeded(free), field="Approval")
        assert codes(sealed) == [] and signature(sealed.data).docmdp_level is None


def test_a_document_that_is_to_stay_open_is_not_closed():
    data = seeded(b"/LockDocument /false /Ff %d" % LOCK)
    assert codes(made(data, field="Approval", certify=2)) == []
    assert code(data, field="Approval", certify=1).code == "SEAL_SEED_OPEN"
    closed = form(b"/Lock << /Action /All /P 1 >> /SV 11 0 R", more={11: b"<< /LockDocument /false /Ff %d >>" % LOCK})
    assert code(closed, field="Approval").code == "SEAL_SEED_OPEN"


def test_the_appearance_is_the_seal_of_that_name():
    drawn = Seal(
        id="00" * 16,
        name="Round",
        kind=SealKind.OFFICIAL,
        issuer=Body("code", "Registry"),
        maker="Maker",
        permitted=(SIGNER.certificate.fingerprint,),
        valid_from=BORN,
        valid_until=NOW,
        picture=BOX,
    )
    data = seeded(b"/AppearanceFilter (Round) /Ff %d" % APPEARANCE)
    assert codes(made(data, field="Approval", seal=drawn)) == []
    other = replace(drawn, name="Square")
    assert code(data, field="Approval", seal=other).params["given"] == "Square"


def test_an_attestation_that_the_document_makes_is_enough():
    data = seeded(
        b"/LegalAttestation [(Nothing hidden)] /Ff %d" % ATTESTATION,
        catalog=b"/Legal << /Attestation (Nothing hidden) >>",
    )
    assert codes(made(data, field="Approval")) == []


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        (b"/Ff 512", "SEAL_SEED_UNKNOWN"),
        (b"/Ff -1", "SEAL_SEED_UNKNOWN"),
        (b"/Ff 1.5", "SEAL_SEED_UNREADABLE"),
        (b"/Filter (Adobe.PPKLite)", "SEAL_SEED_UNREADABLE"),
        (b"/SubFilter /ETSI.CAdES.detached", "SEAL_SEED_UNREADABLE"),
        (b"/SubFilter [(ETSI.CAdES.detached)]", "SEAL_SEED_UNREADABLE"),
        (b"/Reasons (Done)", "SEAL_SEED_UNREADABLE"),
        (b"/Reasons [(Done) 4]", "SEAL_SEED_UNREADABLE"),
        (b"/Reasons [(Done)] /Reasons [(.)] /Ff 8", "SEAL_SEED_UNREADABLE"),
        (b"/V (3)", "SEAL_SEED_UNREADABLE"),
        (b"/MDP 1", "SEAL_SEED_UNREADABLE"),
        (b"/MDP << /P 4 >>", "SEAL_SEED_UNREADABLE"),
        (b"/MDP << /P 1 /P 0 >>", "SEAL_SEED_UNREADABLE"),
        (b"/TimeStamp (http://tsa.example/)", "SEAL_SEED_UNREADABLE"),
        (b"/AddRevInfo 1", "SEAL_SEED_UNREADABLE"),
        (b"/LockDocument true", "SEAL_SEED_UNREADABLE"),
        (b"/LockDocument /yes", "SEAL_SEED_UNREADABLE"),
        (b"/AppearanceFilter /Round", "SEAL_SEED_UNREADABLE"),
        (b"/Cert (x)", "SEAL_SEED_UNREADABLE"),
        (b"/Cert << /Subject 1 >>", "SEAL_SEED_UNREADABLE"),
        (b"/Cert << /Ff 256 >>", "SEAL_SEED_UNKNOWN"),
        (b"/Cert << /SubjectDN [(CN)] >>", "SEAL_SEED_UNREADABLE"),
        (b"/Cert << /SubjectDN [<< /CN /Registry >>] >>", "SEAL_SEED_UNREADABLE"),
    ],
)
def test_what_cannot_be_understood_is_refused_required_or_not(entries, wanted):
    assert code(seeded(entries), field="Approval").code == wanted


# The certificate (table 238)


def hexed(certificate):
    return b"<" + certificate.der.hex().encode() + b">"


OWN, OTHER = hexed(SIGNER.certificate), hexed(EVIL.seal.certificate)
CERTIFICATES = [
    (b"/Subject [" + OTHER + b" " + OWN + b"]", 1, True),
    (b"/Subject [" + OTHER + b"]", 1, False),
    (b"/Subject []", 1, False),
    (b"/Issuer [" + hexed(PKI.issuing.certificate) + b"]", 2, True),
    (b"/Issuer [" + hexed(PKI.root) + b"]", 2, True),
    # The same names, other keys; a certificate that issued nothing; bytes that are none.
    (b"/Issuer [" + hexed(EVIL.root) + b" " + hexed(EVIL.issuing.certificate) + b"]", 2, False),
    (b"/Issuer [" + OWN + b" (x)]", 2, False),
    (b"/OID [(2.5.29.32.0)]", 4, False),
    (b"/SubjectDN [<< /O (Registry) >> << /CN (TEST Registry) >>]", 8, True),
    (b"/SubjectDN [<< /2.5.4.10 (Registry) >>]", 8, True),
    (b"/SubjectDN [<< /O (Registry) >> << /CN (Other) >>]", 8, False),
    (b"/SubjectDN [<< /C (CN) >>]", 8, False),
    (b"/KeyUsage [(000000000) (1X)]", 32, True),
    (b"/KeyUsage [(X1XXX00XX)]", 32, True),
    (b"/KeyUsage [(XXXXX1)]", 32, False),
    (b"/KeyUsage [(0)]", 32, False),
    (b"/KeyUsage [(ZZZ)]", 32, False),
    (b"/URL (https://enrol.example/)", 64, True),
    (b"/URL (https://sign.example/) /URLType /ASSP", 64, False),
]


@pytest.mark.parametrize(("entries", "bit", "met"), CERTIFICATES)
def test_the_certificate_that_a_field_asks_for(entries, bit, met):
    required = seeded(b"/Cert << /Type /SVCert " + entries + b" /Ff %d >>" % bit)
    optional = seeded(b"/Cert << /Type /SVCert " + entries + b" >>")
    if met:
        assert codes(made(required, field="Approval")) == codes(made(optional, field="Approval")) == []
        return
    found = code(required, field="Approval")
    assert found.code == "SEAL_SEED_CERTIFICATE" and found.params["rule"].encode().split(b"/")[-1] in entries
    assert codes(made(optional, field="Approval")) == ["SEAL_SEED_OPTIONAL"]


def test_a_signature_policy_is_never_made_up():
    found = code(seeded(b"/Cert << /SignaturePolicyOID (1.2.3) >>"), field="Approval")
    assert found.params["rule"] == "/Cert /SignaturePolicyOID"


def test_a_rehearsal_knows_the_issuers_too():
    data = seeded(b"/Cert << /Ff 2 /Issuer [" + hexed(PKI.root) + b"] >>")
    request = Request(at=SEALED, field="Approval", level="B")
    known = rehearse(data, SIGNER.certificate, request, Services(), chain=tuple(SIGNER.chain))
    assert known == ("B", "Approval")


def test_a_cms_from_elsewhere_keeps_to_the_digests_of_the_field():
    data = seeded(b"/DigestMethod [/SHA256] /Ff %d" % DIGEST)
    request = Request(at=SEALED, field="Approval", level="B")
    with pytest.raises(PolicyError) as caught:
        prepare(data, SIGNER.certificate, request, scheme="ecdsa-sha512")
    assert caught.value.code == "SEAL_SEED_DIGEST"
    prepared = prepare(data, SIGNER.certificate, request, scheme="ecdsa-sha256", chain=tuple(SIGNER.chain), room=9000)
    prepared = type(prepared).from_bytes(prepared.to_bytes(), data)
    other = PKI.seal.signer("ecdsa-sha512")
    shape = template(other.certificate, tuple(other.chain), other.scheme)
    attributes = shape.signed_attributes(prepared.pending.digest_of("sha512"))
    with pytest.raises(PolicyError) as caught:
        complete(prepared, cms=shape.assemble(attributes, other.sign(attributes)))
    assert caught.value.code == "SEAL_SEED_DIGEST"


def test_pyhanko_reads_the_seed_values_as_written_here():
    """The same bits and entries: otherwise both sides would agree on nothing."""
    entries = b"/Ff 8 /Reasons [(Done)] /Cert << /Ff 32 /KeyUsage [(1XXXXXXXX)] >>"
    field = PdfFileReader(io.BytesIO(seeded(entries))).root["/AcroForm"]["/Fields"][0]
    spec = SigSeedValueSpec.from_pdf_object(field["/SV"])
    assert spec.reasons == ["Done"] and isinstance(spec.cert.key_usage[0], SigCertKeyUsage)
    sealed = made(seeded(entries), field="Approval", reason="Done")
    assert signature(sealed.data).seed_value_spec.reasons == ["Done"]


def test_the_rules_of_other_fields_do_not_bind_a_new_one():
    data = seeded(b"/Ff 511 /Filter /Other /SubFilter [/x]")
    assert made(data).field == "Seal1"


def test_what_was_open_may_still_be_filled_in_afterwards():
    data = form(b"/Lock << /Action /Include /Fields [(Sum)] >>")
    sealed = made(data, field="Approval").data
    report = verify(update(sealed, filled(7, b"new"), info=None), TRUST, NOW)
    assert report.answers.untouched.value == "permitted", report.explain()


# Whatever a document says

WORDS = [b"/" + w for w in (b"Filter", b"SubFilter", b"V", b"Reasons", b"LegalAttestation", b"AddRevInfo", b"Cert")]
WORDS += [b"/DigestMethod", b"/LockDocument", b"/AppearanceFilter", b"/MDP", b"/TimeStamp", b"/Ff", b"/Type", b"/Odd"]
CERT = [b"/" + w for w in (b"Subject", b"Issuer", b"OID", b"SubjectDN", b"KeyUsage", b"URL", b"URLType", b"Ff")]
VALUES = [b"1", b"-2", b"511", b"9999999999", b"1.5", b"true", b"false", b"null", b"(x)", b"<00ff>", b"/SHA256", b"(.)"]
VALUES += [b"[]", b"[(x)]", b"[/ETSI.CAdES.detached]", b"[null]", b"<< /P 1 >>", b"<< /Ff 1 /URL (x) >>", b"9 0 R"]
VALUES += [
    b"6 0 R",
    b"99 0 R",
    b"[[[(x)]]]",
    b"<< /P << /P 1 >> >>",
    b"[<3082>]",
    b"[<< /CN (x) >>]",
    b"(\xff\xfe\x00)",
]


def dictionary(keys, values):
    pairs = st.lists(st.tuples(st.sampled_from(keys), values), max_size=6)
    return pairs.map(lambda found: b"<< " + b" ".join(k + b" " + v for k, v in found) + b" >>")


@given(
    seed=dictionary(WORDS, st.one_of(st.sampled_from(VALUES), dictionary(CERT, st.sampled_from(VALUES)))),
    lock=st.one_of(st.just(b""), dictionary([b"/Action", b"/Fields", b"/P"], st.sampled_from([*VALUES, b"/All"]))),
    certify=st.sampled_from([None, 1, 2, 3]),
)
@settings(max_examples=150, deadline=None)
def test_any_rules_of_a_field_end_in_a_seal_that_stands_or_a_refusal(seed, lock, certify):
    data = form(b"/SV 11 0 R" + (b" /Lock " + lock if lock else b""), more={11: seed})
    try:
        sealed = made(data, field="Approval", certify=certify, level="B")
    except Error as error:
        assert isinstance(error, PolicyError | DocumentError), error.code
        assert error.message() != error.code
    else:
        assert verify(sealed.data, TRUST, NOW).passed
