"""Documents that are whole but not genuine: foreign, cloned, misused, revoked, backdated, borrowed signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from eseal import TrustStore, testpki, verify
from eseal.judging.policy import Policy
from eseal.model import Certificate, Digest, RevocationMode
from eseal.report.model import Answer, Verdict
from eseal.testpki import Credential
from eseal.trust.store import Anchor, Purpose
from support.attacks import (
    BORN,
    DOCUMENT,
    EVIL,
    NOW,
    PKI,
    SEAL,
    SEALED,
    TRUST,
    Cms,
    latest,
    seal_cms,
    sealed,
    sign,
    stamp_cms,
    stamper,
    trust_of,
    update,
)
from support.pdfs import stream

IGNORE = Policy(revocation=RevocationMode.IGNORE)
UNTIL = BORN + timedelta(days=3000)


@dataclass(frozen=True)
class Case:
    """A document, whom to believe, when it is judged, and why it must not pass."""

    name: str
    why: str
    data: bytes
    trust: TrustStore = TRUST
    at: datetime = NOW
    policy: Policy | None = None


CASES: list[Case] = []


def case(name: str, why: str, data: bytes, **more: object) -> None:
    CASES.append(Case(name, why, data, **more))  # type: ignore[arg-type]


def issued(by: Credential | None, **options: object) -> Credential:
    values = {"body": "Registry", "at": BORN, "until": UNTIL, **options}
    return testpki.issue(by, "Registry", **values)  # type: ignore[arg-type]


def key_of(credential: Credential) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(credential.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def cloned(original: Certificate, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey) -> Certificate:
    """A certificate with everything of `original` but its key."""
    old = x509.load_der_x509_certificate(original.der)
    builder = x509.CertificateBuilder(
        old.issuer, old.subject, key.public_key(), old.serial_number, old.not_valid_before_utc, old.not_valid_after_utc
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return Certificate(builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


GOOD = PKI.seal.certificate


def built(
    signer: Callable[[bytes], bytes] | Credential = PKI.seal,
    *,
    named: Certificate = GOOD,
    vouched: Certificate | None = GOOD,
    carried: tuple[Certificate, ...] | None = None,
    digest: str = "sha256",
    algorithm: str = "sha256_ecdsa",
    content_type: str = "data",
    told: Callable[[bytes], bytes] = lambda d: d,
    attributes: bool = True,
    content: bytes | None = None,
    more: tuple[cms.CMSAttribute, ...] = (),
    unsigned: tuple[cms.CMSAttribute, ...] = (),
    signers: int = 1,
    named_digest: str | None = None,
) -> Cms:
    """A CMS with one thing wrong: `named` in the SignerInfo, `vouched` in the ESS attribute, `carried` inside."""
    signing = signer.signer().sign if isinstance(signer, Credential) else signer

    def make(digest_of: Callable[[str], bytes]) -> bytes:
        covered = told(digest_of(digest))
        ess = tsp.SigningCertificateV2(
            {"certs": [{"cert_hash": hashlib.sha256(vouched.der).digest()}]} if vouched else {"certs": []}
        )
        values = [
            cms.CMSAttribute({"type": "content_type", "values": [content_type]}),
            cms.CMSAttribute({"type": "message_digest", "values": [covered]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [ess]}),
            *more,
        ]
        signed = cms.CMSAttributes(sorted(values, key=lambda v: v.dump()))
        name = asn1_x509.Certificate.load(named.der)
        info = cms.SignerInfo(
            {
                "version": "v1",
                "sid": {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": name.issuer, "serial_number": name.serial_number}
                    )
                },
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": named_digest or digest}),
                "signed_attrs": signed if attributes else None,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
                "signature": signing(signed.dump() if attributes else covered),
                "unsigned_attrs": list(unsigned) or None,
            }
        )
        holder = {
            "version": "v1",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": named_digest or digest})],
            "encap_content_info": {"content_type": "data", "content": content},
            "certificates": [asn1_x509.Certificate.load(c.der) for c in (carried or (GOOD, PKI.issuing.certificate))],
            "signer_infos": [info] * signers,
        }
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(holder)}).dump()

    return make


# Foreign hands
NOBODY = "EN 319 102-1 5.2.6: no path to an anchor of the verifier"
case("own-authority", NOBODY, sign(DOCUMENT, seal_cms(EVIL.seal)))
case(
    "own-root-in-document",
    "a root that comes with the document is trusted by nobody",
    update(
        sign(DOCUMENT, seal_cms(EVIL.seal)),
        {
            1: latest(DOCUMENT, 1)[:-2] + b"/DSS << /Certs [90 0 R] /CRLs [91 0 R] >> >>",
            90: stream(EVIL.root.der),
            91: stream(EVIL.crls[0]),
        },
    ),
)
case(
    "own-certificate-carries-the-registry's",
    NOBODY,
    sign(
        DOCUMENT,
        built(
            EVIL.seal,
            named=EVIL.seal.certificate,
            vouched=EVIL.seal.certificate,
            carried=(EVIL.seal.certificate, PKI.issuing.certificate, PKI.root),
        ),
    ),
)
SELF_SIGNED = issued(None)
case("self-signed", NOBODY, sign(DOCUMENT, seal_cms(SELF_SIGNED)))
case("nobody-trusted", "an empty trust store trusts nobody, not the system's roots", sealed(), trust=TrustStore())
case("other-trusted", NOBODY, sealed(), trust=trust_of(EVIL))
THIEF = ec.generate_private_key(ec.SECP256R1())
CLONE = cloned(GOOD, THIEF, THIEF)
CLONE_OF_EVIL = cloned(GOOD, THIEF, key_of(EVIL.issuing))


def steal(message: bytes) -> bytes:
    return THIEF.sign(message, ec.ECDSA(hashes.SHA256()))


CLONED = "RFC 5280 4.1.2.2, RFC 5035: issuer and serial number name no certificate for good"
case("clone-carried", CLONED, sign(DOCUMENT, built(steal, vouched=CLONE, carried=(CLONE, PKI.issuing.certificate))))
case(
    "clone-from-own-authority",
    CLONED,
    sign(
        DOCUMENT,
        built(steal, vouched=CLONE_OF_EVIL, carried=(CLONE_OF_EVIL, EVIL.issuing.certificate, PKI.issuing.certificate)),
    ),
)
case("clone-signs-genuine-carried", CLONED, sign(DOCUMENT, built(steal)))
case(
    "clone-signs-genuine-vouched", CLONED, sign(DOCUMENT, built(steal, carried=(CLONE, GOOD, PKI.issuing.certificate)))
)
case("genuine-signs-clone-vouched", CLONED, sign(DOCUMENT, built(vouched=CLONE)))
case(
    "both-carried", CLONED, sign(DOCUMENT, built(steal, vouched=CLONE, carried=(GOOD, CLONE, PKI.issuing.certificate)))
)

# Misused certificates
USAGE = "RFC 5280 4.2.1.3, 4.2.1.12: the certificate was issued for something else"
case("timestamper-seals", USAGE, sign(DOCUMENT, seal_cms(PKI.timestamper)))
case("authority-seals", USAGE, sign(DOCUMENT, seal_cms(PKI.issuing)))
for usage, oid in (
    ("tls-server", "1.3.6.1.5.5.7.3.1"),
    ("tls-client", "1.3.6.1.5.5.7.3.2"),
    ("ocsp", "1.3.6.1.5.5.7.3.9"),
    ("code", "1.3.6.1.5.5.7.3.3"),
    ("unheard-of", "1.2.3.4.5"),
):
    case(
        f"certificate-for-{usage}", USAGE, sign(DOCUMENT, seal_cms(issued(PKI.issuing, extended=(oid,)))), policy=IGNORE
    )
case(
    "certificate-for-encryption",
    USAGE,
    sign(DOCUMENT, seal_cms(issued(PKI.issuing, usage=("key_encipherment",)))),
    policy=IGNORE,
)
BELOW_SEAL = issued(PKI.seal)
case(
    "issued-by-a-seal",
    "RFC 5280 4.2.1.9: who issues must be an authority",
    sign(DOCUMENT, seal_cms(BELOW_SEAL)),
    policy=IGNORE,
)
BELOW = issued(PKI.issuing, ca=0)
case(
    "authority-below-its-path-length",
    "RFC 5280 4.2.1.9: the issuing authority may have none below it",
    sign(DOCUMENT, seal_cms(issued(BELOW))),
    policy=IGNORE,
)
FUTURE = issued(PKI.issuing, at=NOW + timedelta(days=9))
case("not-yet-valid", "RFC 5280 4.1.2.5", sign(DOCUMENT, seal_cms(FUTURE)), policy=IGNORE)
OLD = issued(PKI.issuing, until=BORN + timedelta(days=5))
case("expired", "a claimed time never rescues an expired certificate", sign(DOCUMENT, seal_cms(OLD)), policy=IGNORE)
case(
    "expired-and-backdated",
    "a claimed time never rescues an expired certificate",
    sign(DOCUMENT, seal_cms(OLD), extra=b"/M (D:20260302120000Z) "),
    policy=IGNORE,
)


def token_by(credential: Credential, at: datetime = SEALED) -> Callable[[bytes], bytes]:
    return lambda value: stamper(credential, at).timestamp(Digest("sha256", hashlib.sha256(value).digest()))


BY_OLD = "EN 319 102-1 5.5: only a trusted timestamp over this very signature proves that it is older"
case("expired-with-own-timestamper", BY_OLD, sign(DOCUMENT, seal_cms(OLD, token_by(EVIL.timestamper))), policy=IGNORE)
case(
    "expired-with-late-timestamp",
    BY_OLD,
    sign(DOCUMENT, seal_cms(OLD, token_by(PKI.timestamper, BORN + timedelta(days=6)))),
    policy=IGNORE,
)
case(
    "expired-with-timestamp-of-other-value",
    BY_OLD,
    sign(DOCUMENT, seal_cms(OLD, lambda value: token_by(PKI.timestamper)(b"other"))),
    policy=IGNORE,
)
case(
    "expired-with-token-by-seal-key",
    BY_OLD,
    sign(DOCUMENT, seal_cms(OLD, lambda value: SEAL(lambda a: b"\0" * 32))),
    policy=IGNORE,
)
case(
    "expired-with-own-document-timestamp",
    BY_OLD,
    sign(sign(DOCUMENT, seal_cms(OLD)), stamp_cms(EVIL.timestamper), timestamp=True, name="stamp"),
    policy=IGNORE,
)
case(
    "expired-with-late-document-timestamp",
    BY_OLD,
    sign(sign(DOCUMENT, seal_cms(OLD)), stamp_cms(PKI.timestamper, NOW), timestamp=True, name="stamp"),
    policy=IGNORE,
)
case(
    "expired-with-document-timestamp-before-it",
    BY_OLD,
    sign(sign(DOCUMENT, stamp_cms(PKI.timestamper), timestamp=True, name="stamp"), seal_cms(OLD)),
    policy=IGNORE,
)
case(
    "expired-with-timestamp-of-other-document",
    BY_OLD,
    sign(
        sign(DOCUMENT, seal_cms(OLD)),
        lambda digest: stamper(PKI.timestamper).timestamp(Digest("sha256", hashlib.sha256(b"other").digest())),
        timestamp=True,
        name="stamp",
    ),
    policy=IGNORE,
)
ONLY_SEALS = trust_of(PKI, [Purpose.SEAL])
ONLY_TIME = trust_of(PKI, [Purpose.TIMESTAMP])
case(
    "timestamp-by-a-seal-root",
    "a root for seals vouches for no time",
    sign(DOCUMENT, seal_cms(OLD, token_by(PKI.timestamper))),
    trust=ONLY_SEALS,
    policy=IGNORE,
)
case("seal-by-a-timestamp-root", "a root for time vouches for no seal", sealed(), trust=ONLY_TIME)
case(
    "closed-root",
    "an anchor that was closed vouches only for what is proved older",
    sealed(),
    trust=TrustStore((Anchor(PKI.root, frozenset(Purpose), None, SEALED),), PKI.data),
)
case("judged-before-it-was-made", "RFC 5280 4.1.2.5", sealed(), at=BORN - timedelta(days=100), policy=IGNORE)
case("judged-after-all-expired", "RFC 5280 4.1.2.5", sealed(), at=BORN + timedelta(days=9000), policy=IGNORE)

# Revocation
SERIAL = x509.load_der_x509_certificate(GOOD.der).serial_number
REVOKED = BORN + timedelta(days=1)
CRL = testpki.crl(PKI.issuing, at=NOW - timedelta(days=1), until=UNTIL, revoked={SERIAL: REVOKED}, number=7)
OCSP = testpki.ocsp_response(PKI.issuing, GOOD, at=NOW - timedelta(days=1), until=UNTIL, revoked=REVOKED)


def trusting(crls: tuple[bytes, ...] = (), ocsps: tuple[bytes, ...] = ()) -> TrustStore:
    return TrustStore.from_certificates([PKI.root], intermediates=PKI.data.certificates, crls=crls, ocsps=ocsps)


GONE = "EN 319 102-1 5.2.5: revoked before any time that is proved"
BY_CRL = trusting((PKI.crls[0], CRL), (PKI.ocsps[0], PKI.ocsps[2]))
BY_OCSP = trusting((PKI.crls[0],), (PKI.ocsps[0], OCSP))
case("revoked-by-crl", GONE, sealed(), trust=BY_CRL)
case("revoked-by-ocsp", GONE, sealed(), trust=BY_OCSP)
case("revoked-and-backdated", GONE, sign(DOCUMENT, SEAL, extra=b"/M (D:20260301130000Z) "), trust=BY_CRL)
case("revoked-and-stamped-after", GONE, sign(DOCUMENT, seal_cms(PKI.seal, token_by(PKI.timestamper))), trust=BY_CRL)
case(
    "revoked-and-stamped-by-own",
    GONE,
    sign(DOCUMENT, seal_cms(PKI.seal, token_by(EVIL.timestamper, BORN))),
    trust=BY_CRL,
)
case(
    "revoked-with-older-good-answer-in-document",
    "the newest authentic statement counts",
    update(
        sealed(),
        {
            1: latest(DOCUMENT, 1)[:-2] + b"/DSS << /OCSPs [200 0 R] /CRLs [201 0 R] >> >>",
            200: stream(PKI.ocsps[1]),
            201: stream(PKI.crls[1]),
        },
    ),
    trust=BY_CRL,
)
case(
    "no-revocation-data",
    "RFC 5280 6.3: by default a missing answer is no answer",
    sealed(),
    trust=TrustStore.from_certificates([PKI.root], intermediates=PKI.data.certificates),
)
case(
    "revocation-data-by-namesake",
    "RFC 5280 6.3.3 (f): a list signed by another key of the same name",
    sealed(),
    trust=trusting((PKI.crls[0], EVIL.crls[1])),
)
case(
    "ocsp-by-namesake",
    "RFC 6960 4.2.2.2: signed by another key of the same name",
    sealed(),
    trust=trusting((PKI.crls[0],), (testpki.ocsp_response(EVIL.issuing, GOOD, at=BORN, until=UNTIL),)),
)
case(
    "revocation-data-in-document-by-namesake",
    "RFC 5280 6.3.3 (f)",
    update(sealed(), {1: latest(DOCUMENT, 1)[:-2] + b"/DSS << /CRLs [200 0 R] >> >>", 200: stream(EVIL.crls[1])}),
    trust=trusting((PKI.crls[0],)),
)
case(
    "stale-list",
    "EN 319 102-1 5.2.5: older than the seal and run out",
    sealed(),
    trust=trusting((PKI.crls[0], testpki.crl(PKI.issuing, at=BORN, until=BORN + timedelta(hours=2)))),
)

# The CMS
SHAPE = "RFC 5652 5, EN 319 122-1 5: the signature is not over this, or not in this way"
case("wrong-digest", SHAPE, sign(DOCUMENT, built(told=lambda d: d[::-1])))
case("digest-of-nothing", SHAPE, sign(DOCUMENT, built(told=lambda d: hashlib.sha256(b"").digest())))
case("cms-of-other-document", SHAPE, sign(DOCUMENT, built(told=lambda d: hashlib.sha256(DOCUMENT).digest())))
case("wrong-content-type", SHAPE, sign(DOCUMENT, built(content_type="signed_data")))
case("no-signed-attributes", SHAPE, sign(DOCUMENT, built(attributes=False)))
case("no-signing-certificate", SHAPE, sign(DOCUMENT, built(vouched=None)))
case(
    "content-of-its-own",
    "ISO 32000-2 12.8.3.3: detached, and with a content beside it",
    sign(DOCUMENT, built(content=b"x")),
)
case("two-signers", "ISO 32000-2 12.8.3.3.1: one SignerInfo", sign(DOCUMENT, built(signers=2)))
case("no-signers", "ISO 32000-2 12.8.3.3.1: one SignerInfo", sign(DOCUMENT, built(signers=0)))
case("foreign-signer-info", SHAPE, sign(DOCUMENT, built(EVIL.seal)))
case("garbage-value", SHAPE, sign(DOCUMENT, built(lambda m: b"\x30\x06\x02\x01\x01\x02\x01\x01")))
case(
    "zero-value",
    "FIPS 186-5 6.4.2: r and s are at least 1",
    sign(DOCUMENT, built(lambda m: b"\x30\x06\x02\x01\x00\x02\x01\x00")),
)
case("empty-value", SHAPE, sign(DOCUMENT, built(lambda m: b"")))
case("digest-names-disagree", "RFC 6211: algorithms swapped", sign(DOCUMENT, built(named_digest="sha512")))
case("algorithm-swapped", "RFC 6211: algorithms swapped", sign(DOCUMENT, built(algorithm="sha256_rsa")))
case(
    "weak-digest",
    "TS 119 312: SHA-1 is out of use",
    sign(
        DOCUMENT,
        built(lambda m: key_of(PKI.seal).sign(m, ec.ECDSA(hashes.SHA1())), digest="sha1", algorithm="sha1_ecdsa"),
    ),
)
case(
    "message-digest-twice",
    "RFC 5652 11.2: one value",
    sign(DOCUMENT, built(more=(cms.CMSAttribute({"type": "message_digest", "values": [b"\0" * 32]}),))),
)
case("not-a-cms", SHAPE, sign(DOCUMENT, lambda digest: b"\x30\x03\x02\x01\x01"))
case("certificate-instead-of-cms", SHAPE, sign(DOCUMENT, lambda digest: GOOD.der))
case("certificates-only", SHAPE, sign(DOCUMENT, built(signers=0, carried=(GOOD,))))
case("timestamp-as-seal", "RFC 3161: a token vouches for a time only", sign(DOCUMENT, stamp_cms(PKI.timestamper)))
case("seal-as-timestamp", "RFC 3161 2.4.2", sign(DOCUMENT, SEAL, timestamp=True))
case(
    "document-timestamp-alone",
    "a document timestamp is no seal",
    sign(DOCUMENT, stamp_cms(PKI.timestamper), timestamp=True),
)
case(
    "document-timestamp-alone-with-picture",
    "a document timestamp is no seal",
    sign(
        DOCUMENT,
        stamp_cms(PKI.timestamper),
        timestamp=True,
        rect=b"400 50 500 150",
        look=stream(b"1 0 0 RG 2 w 2 2 96 96 re S", b"/Type /XObject /Subtype /Form /BBox [0 0 100 100] "),
    ),
)
case("second-seal-foreign", "the verdict is the AND over all seals", sign(sealed(), seal_cms(EVIL.seal), name="more"))
case(
    "first-seal-foreign",
    "the verdict is the AND over all seals",
    sign(sign(DOCUMENT, seal_cms(EVIL.seal), name="more"), SEAL),
)
case(
    "second-seal-broken",
    "the verdict is the AND over all seals",
    sign(sealed(), built(told=lambda d: d[::-1]), name="more"),
)
case(
    "second-seal-placeholder", "the verdict is the AND over all seals", sign(sealed(), lambda digest: b"", name="more")
)
case(
    "second-seal-of-unknown-kind",
    "the verdict is the AND over all seals",
    sign(sealed(), SEAL, name="more", sub_filter=b"Some.Thing"),
)

WEAK_KEY = rsa.generate_private_key(65537, 1024)
WEAK = cloned(GOOD, WEAK_KEY, key_of(PKI.issuing))  # type: ignore[arg-type]
case(
    "short-key",
    "TS 119 312: RSA below 2048 bits",
    sign(
        DOCUMENT,
        built(
            lambda m: WEAK_KEY.sign(m, padding.PKCS1v15(), hashes.SHA256()),
            named=WEAK,
            vouched=WEAK,
            carried=(WEAK, PKI.issuing.certificate),
            algorithm="sha256_rsa",
        ),
    ),
    policy=IGNORE,
)


def test_there_are_cases():
    assert len(CASES) >= 75
    assert len({c.name for c in CASES}) == len(CASES)


@pytest.mark.parametrize("one", CASES, ids=lambda c: c.name)
def test_what_is_not_genuine_does_not_pass(one):
    report = verify(one.data, one.trust, one.at, policy=one.policy)
    assert not report.passed, one.why
    assert report.verdict in (Verdict.INDETERMINATE, Verdict.FAILED), one.why
    assert Answer.YES not in (report.answers.genuine,) or report.answers.untouched not in (Answer.YES, Answer.PERMITTED)


def test_the_same_makers_make_what_passes():
    """Every helper above can make a good document: what fails, fails for its own reason."""
    assert verify(sign(DOCUMENT, built()), TRUST, NOW).passed
    assert verify(sealed(), trusting(PKI.crls, PKI.ocsps), NOW).passed
    assert verify(sign(DOCUMENT, seal_cms(issued(PKI.issuing))), TRUST, NOW, policy=IGNORE).passed
    assert verify(sign(DOCUMENT, seal_cms(OLD, token_by(PKI.timestamper))), TRUST, NOW, policy=IGNORE).passed
    stamped = sign(sign(DOCUMENT, seal_cms(OLD)), stamp_cms(PKI.timestamper), timestamp=True, name="stamp")
    assert verify(stamped, TRUST, NOW, policy=IGNORE).passed
    early = sign(DOCUMENT, seal_cms(PKI.seal, token_by(PKI.timestamper, BORN + timedelta(hours=5))))
    assert verify(early, BY_CRL, NOW).passed
    assert verify(sign(sealed(), SEAL, name="more"), TRUST, NOW).passed
