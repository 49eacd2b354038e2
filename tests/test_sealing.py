"""The write pipeline: levels, timestamps of any size, who may seal when, nothing given out that does not hold."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from eseal import sealing, testpki
from eseal.crypto.algorithms import SCHEMES
from eseal.documents import open_document
from eseal.documents.model import Found
from eseal.errors import Error, KeyAccessError, PolicyError, ServiceError, UsageError, VerificationFailed
from eseal.messages import languages
from eseal.model import Placement
from eseal.report.model import CheckVerdict
from eseal.sealing import seal, tokens
from eseal.seals.artwork import Artwork, Colour, Contour, Shape
from eseal.seals.register import Body, Seal, SealKind, new_id
from eseal.timestamps import LocalTimestamper
from support.pdfs import simple_pdf

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
DATA = simple_pdf(pages=2)
PICTURE = Artwork(40, 40, (Shape((Contour((0, 0), (((40, 0),), ((20, 40),))),), Colour(200, 0, 0)),))


@pytest.fixture(scope="module")
def pkis():
    return {key: testpki.make("Sealing", AT, key) for key in ("p256", "p384", "p521", "rsa2048", "ed25519")}


@pytest.fixture(scope="module")
def pki(pkis):
    return pkis["p256"]


@pytest.fixture
def timestamper(pki):
    # Sizes of tokens are remembered by name; every test begins without memory.
    tokens.forget()
    return LocalTimestamper(pki.timestamper.signer(), clock=lambda: datetime.now(UTC))


def cms_of(made):
    (found,) = open_document(made.data).signatures()
    assert isinstance(found, Found)
    return found


@pytest.mark.parametrize(
    ("key", "scheme"),
    [
        ("p256", None),
        ("p384", None),
        ("p521", None),
        ("rsa2048", None),
        ("rsa2048", "rsa-pkcs1v15-sha512"),
        ("rsa2048", "rsa-pss-sha256"),
        ("ed25519", None),
    ],
)
@pytest.mark.parametrize("level", ["B", "T"])
def test_every_key_at_every_level(pkis, timestamper, key, scheme, level):
    signer = pkis[key].seal.signer(scheme)
    made = seal(DATA, signer, at=AT, level=level, timestamper=timestamper, artwork=PICTURE)
    assert (made.level, made.field) == (level, "Seal1")
    assert made.data == b"".join(made.parts) and made.parts[0] is DATA
    assert made.time == AT if level == "B" else AT < made.time <= datetime.now(UTC)
    slot = len(PdfFileReader(io.BytesIO(made.data)).embedded_signatures[0].pkcs7_content)
    # Tight: an ECDSA value may be a few bytes short, a token has its room; nothing else is left over.
    assert 0 <= slot - len(cms_of(made).cms) <= (10 if level == "B" else 300)


def test_level_follows_the_timestamper(pki, timestamper):
    signer = pki.seal.signer()
    assert seal(DATA, signer, at=AT).level == "B"
    assert seal(DATA, signer, at=AT, timestamper=timestamper).level == "T"
    assert seal(DATA, signer, at=AT, timestamper=timestamper, level="b-b").level == "B"


@pytest.mark.parametrize(
    ("level", "kind", "code"),
    [
        ("T", PolicyError, "SEAL_LEVEL_NEEDS_TIMESTAMPER"),
        ("LT", PolicyError, "SEAL_LEVEL_NEEDS_TIMESTAMPER"),
        ("B-LTA", PolicyError, "SEAL_LEVEL_NEEDS_TIMESTAMPER"),
        ("gold", UsageError, "SEAL_LEVEL_UNKNOWN"),
    ],
)
def test_levels_that_cannot_be_reached(pki, level, kind, code):
    with pytest.raises(kind) as caught:
        seal(DATA, pki.seal.signer(), at=AT, level=level)
    assert caught.value.code == code


@pytest.fixture(scope="module")
def fillers(pkis):
    return [c for key in ("p384", "p521") for c in (pkis[key].root, pkis[key].issuing.certificate)] + [
        pkis["rsa2048"].root,
        pkis["ed25519"].root,
        pkis["rsa2048"].issuing.certificate,
        pkis["ed25519"].issuing.certificate,
    ]


class Growing:
    """A timestamper whose tokens are larger each time: real ones, with certificates that nobody needs."""

    name = "growing.test"

    def __init__(self, inner, fillers, steps):
        self.inner, self.fillers, self.steps, self.calls = inner, fillers, list(steps), 0

    def timestamp(self, digest):
        from asn1crypto import cms, x509

        info = cms.ContentInfo.load(self.inner.timestamp(digest))
        more = self.steps[min(self.calls, len(self.steps) - 1)]
        self.calls += 1
        if not more:
            return info.dump()
        certificates = info["content"]["certificates"]
        for one in self.fillers[:more]:
            certificates.append(cms.CertificateChoices("certificate", x509.Certificate.load(one.der)))
        info["content"]["certificates"] = cms.CertificateSet(sorted(certificates, key=lambda c: c.dump()))
        return info.dump(force=True)


@pytest.mark.parametrize(("steps", "calls"), [([0, 0], 2), ([0, 2, 2], 3), ([0, 2, 4, 4], 4)])
def test_a_token_that_outgrows_its_room_is_sealed_again(pki, timestamper, fillers, steps, calls):
    growing = Growing(timestamper, fillers, steps)
    made = seal(DATA, pki.seal.signer(), at=AT, timestamper=growing)
    assert made.level == "T" and growing.calls == calls


def test_a_service_whose_tokens_only_grow_is_given_up(pki, timestamper, fillers):
    growing = Growing(timestamper, fillers, [0, 2, 4, 6, 8])
    with pytest.raises(ServiceError) as caught:
        seal(DATA, pki.seal.signer(), at=AT, timestamper=growing)
    assert caught.value.code == "SEAL_TIMESTAMP_GROWS" and growing.calls == 4


def test_the_size_of_a_token_is_asked_once(pki, timestamper, fillers):
    counted = Growing(timestamper, fillers, [0])
    for _ in range(3):
        seal(DATA, pki.seal.signer(), at=AT, timestamper=counted)
    assert counted.calls == 4


class Lying:
    """A signer that does other than its certificate says."""

    def __init__(self, inner, certificate=None, change=lambda s: s):
        self.certificate = certificate or inner.certificate
        self.chain, self.scheme, self.inner, self.change = inner.chain, inner.scheme, inner, change

    def sign(self, message):
        return self.change(self.inner.sign(message))


def test_a_key_that_is_not_the_certificates_never_leaves_a_document(pki):
    other = testpki.make("Other", AT, "p256").seal
    with pytest.raises(VerificationFailed) as caught:
        seal(DATA, Lying(pki.seal.signer(), other.certificate), at=AT)
    assert caught.value.code == "SEAL_READ_BACK"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda s: s[:-1] + bytes((s[-1] ^ 1,)), VerificationFailed),
        (lambda s: s + b"\0" * 80, KeyAccessError),
        (lambda s: b"", KeyAccessError),
    ],
)
def test_a_wrong_signature_value(pki, change, kind):
    with pytest.raises(kind):
        seal(DATA, Lying(pki.seal.signer(), change=change), at=AT)


def test_a_timestamp_over_something_else_is_noticed(pki, timestamper):
    class Stale:
        name = "stale.test"
        kept = None

        def timestamp(self, digest):
            self.kept = self.kept or timestamper.timestamp(digest)
            return self.kept

    with pytest.raises(VerificationFailed) as caught:
        seal(DATA, pki.seal.signer(), at=AT, timestamper=Stale())
    assert caught.value.code == "SEAL_READ_BACK"


def test_naive_times_and_certificates_out_of_date_are_refused(pki):
    signer = pki.seal.signer()
    with pytest.raises(UsageError):
        seal(DATA, signer, at=datetime(2026, 1, 1))
    with pytest.raises(KeyAccessError) as caught:
        seal(DATA, signer, at=AT + timedelta(days=20 * 366))
    assert caught.value.code == "CERTIFICATE_EXPIRED"
    with pytest.raises(KeyAccessError) as caught:
        seal(DATA, pki.timestamper.signer(), at=AT)
    assert caught.value.code == "CERTIFICATE_NOT_FOR_SEALING"
    assert all(s.scheme in SCHEMES for s in (signer,))


def register(pki, **changes):
    values = {
        "id": new_id(),
        "name": "Office",
        "kind": SealKind.OFFICIAL,
        "issuer": Body("1", "Office"),
        "maker": "Maker",
        "permitted": (pki.seal.certificate.fingerprint,),
        "valid_from": AT - timedelta(days=1),
        "valid_until": AT + timedelta(days=1),
        "picture": PICTURE,
    }
    return Seal(**(values | changes))


def test_a_seal_brings_its_picture_and_its_id(pki):
    office = register(pki)
    made = seal(DATA, pki.seal.signer(), at=AT, seal=office, placement=Placement(2, 10, 10))
    assert made.seal_id == office.id and made.page == 2
    assert b"/Subtype /Form" in made.appended and cms_of(made).page == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"permitted": ()}, "SEAL_SIGNER_NOT_PERMITTED"),
        ({"valid_until": AT - timedelta(hours=1)}, "SEAL_EXPIRED"),
        ({"valid_from": AT + timedelta(hours=1)}, "SEAL_NOT_YET_VALID"),
    ],
)
def test_a_seal_that_may_not_be_used(pki, changes, code):
    with pytest.raises(PolicyError) as caught:
        seal(DATA, pki.seal.signer(), at=AT, seal=register(pki, **changes))
    assert caught.value.code == code


def test_an_older_seal_stays_untouched_or_says_what_came_after(pki, timestamper):
    signer = pki.seal.signer()
    data = DATA
    for n in range(3):
        data = seal(data, signer, at=AT, artwork=PICTURE, placement=Placement(1, 10 + 50 * n, 10)).data
    document = open_document(data)
    signatures = document.signatures()
    assert [s.name for s in signatures] == ["Seal1", "Seal2", "Seal3"]
    for found in signatures:
        assert isinstance(found, Found)
        assert {c.verdict for c in document.changes_after(found)} <= {CheckVerdict.PASSED}


def test_large_input_is_not_copied(pki):
    big = DATA + b"\n% " + b"x" * 9_000_000 + b"\n"
    start = DATA.rindex(b"startxref")
    made = seal(big + DATA[start:], pki.seal.signer(), at=AT)
    assert len(made.appended) < 10_000
    assert made.parts[0] == big + DATA[start:]


def test_every_sentence_is_there_in_every_language():
    import re
    from importlib import resources
    from pathlib import Path

    import eseal.documents.pdf as pdf

    sources = [
        *Path(sealing.__file__).parent.glob("*.py"),
        Path(sealing.__file__).parent.parent / "crypto" / "cms_build.py",
    ]
    sources += [
        Path(str(resources.files(pdf))) / f"{name}.py"
        for name in ("form", "placement", "pending", "readback", "source", "write")
    ]
    codes = set()
    for source in sources:
        codes |= set(re.findall(r'\(\s*"((?:SEAL|PLACE)_[A-Z_]+)"', source.read_text(encoding="utf-8")))
    assert len(codes) > 20
    for code in codes:
        for lang in languages():
            assert Error(code).message(lang) != code, (code, lang)
            assert Error(code).hint(lang), (code, lang)
