"""The hand-made CMS against asn1crypto, against OpenSSL, and its size against the bound that is claimed."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal import testpki
from eseal.crypto import cms_build
from eseal.crypto.algorithms import KeyFacts
from eseal.crypto.cms_build import largest_signature, template
from eseal.crypto.signed_data import examine
from eseal.errors import PolicyError
from support.judges import need

AT = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMES = {
    "p256": ("ecdsa-sha256", "ecdsa-sha384"),
    "p384": ("ecdsa-sha384",),
    "p521": ("ecdsa-sha512",),
    "rsa2048": ("rsa-pkcs1v15-sha256", "rsa-pkcs1v15-sha512", "rsa-pss-sha256", "rsa-pss-sha384"),
    "rsa-pss": ("rsa-pss-sha256",),
    "ed25519": ("ed25519",),
}
CASES = [(key, scheme) for key, schemes in SCHEMES.items() for scheme in schemes]


@pytest.fixture(scope="module")
def credentials():
    """One authority for every kind of key."""
    return {key: testpki.make("CMS", AT, key) for key in SCHEMES}


def signed(credentials, key, scheme, content=b"covered bytes"):
    signer = credentials[key].seal.signer(scheme)
    shape = template(signer.certificate, tuple(signer.chain), scheme)
    message = shape.signed_attributes(hashlib.new(shape.scheme.digest, content).digest())
    return shape, message, signer.sign(message)


@pytest.mark.parametrize(("key", "scheme"), CASES)
def test_parses_and_verifies(credentials, key, scheme):
    shape, message, signature = signed(credentials, key, scheme)
    made = shape.assemble(message, signature)
    info = cms.ContentInfo.load(made, strict=True)
    data = info["content"]
    assert info["content_type"].native == "signed_data"
    assert data["version"].native == "v1"
    assert data["encap_content_info"]["content_type"].native == "data"
    assert data["encap_content_info"]["content"].native is None
    assert len(data["certificates"]) == 1 + len(credentials[key].seal.chain)
    (signer,) = data["signer_infos"]
    # asn1crypto's own encoding of the same values is the same, so ours is DER; the attributes are sorted.
    assert info.dump(force=True) == made
    assert signer["signed_attrs"].untag().dump() == message
    attributes = {a["type"].dotted: a for a in signer["signed_attrs"]}
    # EN 319 142-1 6.3: no signing-time; exactly these.
    assert set(attributes) == {
        cms_build.CONTENT_TYPE,
        cms_build.MESSAGE_DIGEST,
        cms_build.SIGNING_CERTIFICATE_V2,
        cms_build.ALGORITHM_PROTECTION,
    }
    reference = attributes[cms_build.SIGNING_CERTIFICATE_V2]["values"][0]["certs"][0]
    assert reference["cert_hash"].native == hashlib.sha256(credentials[key].seal.certificate.der).digest()
    examined = examine(made, lambda name: hashlib.new(name, b"covered bytes").digest())
    assert examined.intact and examined.is_pades_b, examined.checks


@pytest.mark.parametrize(("key", "scheme"), [c for c in CASES if c[0] != "ed25519"])
def test_openssl_verifies(credentials, key, scheme, tmp_path):
    need("openssl")
    shape, message, signature = signed(credentials, key, scheme)
    for name, content in {
        "cms": shape.assemble(message, signature),
        "content": b"covered bytes",
        "other": b"covered Bytes",
        "root": credentials[key].root.to_pem(),
    }.items():
        (tmp_path / name).write_bytes(content)

    def judge(content):
        return subprocess.run(
            (
                f"openssl cms -verify -binary -inform DER -in cms -content {content} -CAfile root -purpose any "
                "-attime 1780000000 -out out"
            ).split(),
            cwd=tmp_path,
            capture_output=True,
            check=False,
        ).returncode

    assert judge("content") == 0
    assert judge("other") != 0


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name)
def test_bound_of_ecdsa_is_reached_by_the_largest_numbers_and_no_more(curve):
    order = {
        256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        384: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        521: int("01ff" + "ff" * 31 + "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16),
    }[curve.key_size]
    bound = largest_signature(KeyFacts("ec", curve.key_size))
    assert len(utils.encode_dss_signature(order - 1, order - 1)) == bound
    assert bound == {256: 72, 384: 104, 521: 139}[curve.key_size]


@given(st.integers(min_value=1), st.integers(min_value=1), st.integers(0, 9000), st.integers(0, 9000))
@settings(max_examples=60)
def test_no_signature_and_no_token_outgrows_the_slot(shape_of_p256, r, s, largest_token, token):
    # Any r and s below the order, any token up to the one that room was left for.
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    signature = utils.encode_dss_signature(r % order, s % order)
    message = shape_of_p256.signed_attributes(b"\0" * 32)
    bound = shape_of_p256.largest(largest_token)
    assert len(shape_of_p256.assemble(message, signature, bytes(min(token, largest_token)))) <= bound
    assert len(shape_of_p256.assemble(message, bytes(72), bytes(largest_token))) == bound


@pytest.fixture(scope="module")
def shape_of_p256(credentials):
    certificate = credentials["p256"].seal.certificate
    return template(certificate, tuple(credentials["p256"].seal.chain), "ecdsa-sha256")


def test_rsa_is_exact(credentials):
    shape, message, signature = signed(credentials, "rsa2048", "rsa-pkcs1v15-sha256")
    assert len(signature) == shape.signature_bound == 256
    assert len(shape.assemble(message, signature)) == shape.largest()


def test_timestamp_is_an_unsigned_attribute_that_changes_nothing_signed(credentials):
    shape, message, signature = signed(credentials, "p256", "ecdsa-sha256")
    # Any ContentInfo will do here; what a token must be is for others to judge.
    token = shape.assemble(message, signature)
    with_token = cms.ContentInfo.load(shape.assemble(message, signature, token), strict=True)
    (signer,) = with_token["content"]["signer_infos"]
    (attribute,) = signer["unsigned_attrs"]
    assert attribute["type"].dotted == cms_build.SIGNATURE_TIMESTAMP
    assert signer["signed_attrs"].untag().dump() == message
    assert signer["signature"].native == signature


def test_refuses_what_does_not_fit(credentials):
    certificate = credentials["p256"].seal.certificate
    with pytest.raises(PolicyError) as caught:
        template(certificate, (), "rsa-pkcs1v15-sha256")
    assert caught.value.code == "SEAL_SCHEME_MISMATCH"
    with pytest.raises(PolicyError) as caught:
        template(certificate, (), "md5")
    assert caught.value.code == "SEAL_SCHEME_UNKNOWN"
    with pytest.raises(PolicyError) as caught:
        largest_signature(KeyFacts("dsa", 2048))
    assert caught.value.code == "SEAL_KEY_UNSUPPORTED"
    with pytest.raises(ValueError, match="digest"):
        template(certificate, (), "ecdsa-sha256").signed_attributes(b"short")


def test_a_certificate_that_comes_twice_is_stored_once(credentials):
    seal = credentials["p256"].seal
    shape = template(seal.certificate, (seal.certificate, *seal.chain, *seal.chain), "ecdsa-sha256")
    message = shape.signed_attributes(bytes(32))
    data = cms.ContentInfo.load(shape.assemble(message, b"x"))["content"]
    assert len(data["certificates"]) == 1 + len(seal.chain)
