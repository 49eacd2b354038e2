"""Public keys as strangers write them; the ones that must not be used; signatures under certificates."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, core
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from eseal.crypto import asn1
from eseal.crypto.algorithms import BadSignature, KeyFacts, UnknownAlgorithm
from eseal.crypto.certificate_parts import certificate_parts
from eseal.crypto.public_keys import UnfitKey, public_key, verify_certificate_signature, verify_value
from eseal.crypto.signature_algorithms import (
    RSA,
    AlgorithmIdentifier,
    SignatureScheme,
    algorithm_name,
    scheme_of,
)
from eseal.model import Certificate, KeyInfo

V15 = SignatureScheme(RSA, "rsa", "sha256")
PSS_32 = SignatureScheme("1.2.840.113549.1.1.10", "rsa", "sha256", 32, "sha256")


def rsa_spki(modulus: bytes, exponent: int, *, oid: str = RSA, parameters: bytes = b"\x05\x00") -> KeyInfo:
    numbers = asn1.encode(asn1.INTEGER, modulus) + core.Integer(exponent).dump()
    algorithm = asn1.encode(asn1.SEQUENCE, core.ObjectIdentifier(oid).dump(), parameters)
    bits = asn1.encode(asn1.BIT_STRING, b"\0" + asn1.encode(asn1.SEQUENCE, numbers))
    return KeyInfo(asn1.encode(asn1.SEQUENCE, algorithm, bits))


def modulus_of(key: Any) -> bytes:
    n = key.public_key().public_numbers().n
    return n.to_bytes(n.bit_length() // 8, "big")


def test_a_negative_modulus_is_the_unsigned_number(forge: Any) -> None:
    key = forge.keys["rsa"][0]
    raw = modulus_of(key)
    assert raw[0] & 0x80
    loaded = public_key(rsa_spki(raw, 65537))
    assert loaded.facts == KeyFacts("rsa", 2048)
    verify_value(loaded, V15, b"message", key.sign(b"message", padding.PKCS1v15(), hashes.SHA256()))
    with pytest.raises(BadSignature):
        verify_value(loaded, V15, b"other", key.sign(b"message", padding.PKCS1v15(), hashes.SHA256()))


@pytest.mark.parametrize("exponent", [1, -3, 0, 2, 4])
def test_exponents_that_make_no_key(forge: Any, exponent: int) -> None:
    # With exponent 1 every padded digest is its own signature.
    with pytest.raises(UnfitKey):
        public_key(rsa_spki(b"\0" + modulus_of(forge.keys["rsa"][0]), exponent))


def test_odd_exponents_are_used() -> None:
    key = rsa.generate_private_key(3, 1024)
    loaded = public_key(rsa_spki(b"\0" + modulus_of(key), 3))
    assert loaded.facts == KeyFacts("rsa", 1024)
    verify_value(loaded, V15, b"m", key.sign(b"m", padding.PKCS1v15(), hashes.SHA256()))


def test_a_huge_modulus_is_unknown_and_not_computed() -> None:
    with pytest.raises(UnknownAlgorithm):
        public_key(rsa_spki(b"\x7f" + b"\xff" * 4000, 65537))


def test_a_key_for_pss_alone(forge: Any) -> None:
    key = forge.keys["rsa"][0]
    v15 = key.sign(b"m", padding.PKCS1v15(), hashes.SHA256())
    pss = key.sign(b"m", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    params = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
            "salt_length": 32,
        }
    ).dump()
    modulus = b"\0" + modulus_of(key)
    free = public_key(rsa_spki(modulus, 65537, oid="1.2.840.113549.1.1.10", parameters=b""))
    bound = public_key(rsa_spki(modulus, 65537, oid="1.2.840.113549.1.1.10", parameters=params))
    for loaded in (free, bound):
        verify_value(loaded, PSS_32, b"m", pss)
        with pytest.raises(UnfitKey):
            verify_value(loaded, V15, b"m", v15)
    short = key.sign(b"m", padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256())
    scheme = SignatureScheme(PSS_32.oid, "rsa", "sha256", 20, "sha256")
    verify_value(free, scheme, b"m", short)
    with pytest.raises(UnfitKey):
        verify_value(bound, scheme, b"m", short)
    verify_value(public_key(rsa_spki(modulus, 65537)), PSS_32, b"m", pss)


OPENSSL = "openssl"


@pytest.mark.usefixtures("openssl")
def test_explicit_curve_parameters_are_refused_by_name(tmp_path: Path) -> None:
    """Whoever chooses the generator can sign for any public point (CVE-2020-0601)."""

    def run(*arguments: str) -> bytes:
        return subprocess.run([OPENSSL, *arguments], cwd=tmp_path, capture_output=True, check=True).stdout

    run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit", "-out", "k.pem")
    spki = run("ec", "-in", "k.pem", "-pubout", "-outform", "DER", "-param_enc", "explicit")
    with pytest.raises(UnknownAlgorithm, match="explicit"):
        public_key(KeyInfo(spki))


def test_sm2_is_unknown_by_name() -> None:
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
    spki = asn1.encode(asn1.SEQUENCE, algorithm, asn1.encode(asn1.BIT_STRING, b"\0\4" + bytes(64)))
    with pytest.raises(UnknownAlgorithm, match="SM2"):
        public_key(KeyInfo(spki))


def test_a_point_off_the_curve_is_no_key() -> None:
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    spki = asn1.encode(asn1.SEQUENCE, algorithm, asn1.encode(asn1.BIT_STRING, b"\0\4" + b"\1" * 64))
    with pytest.raises(UnfitKey):
        public_key(KeyInfo(spki))


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"\x04\x01x", b"\x30\x04\x30\x00\x03\x00", bytes(50)])
def test_garbage_is_no_key(der: bytes) -> None:
    with pytest.raises(UnfitKey):
        public_key(KeyInfo(der))


def test_plain_ecdsa_has_a_fixed_size(forge: Any) -> None:
    key = public_key(certificate_parts(Certificate(forge.keys["ec"][1])).key)
    scheme = SignatureScheme("0.4.0.127.0.7.1.1.4.1.3", "ec", "sha256", plain=True)
    for value in (b"", bytes(64), bytes(63), bytes(65)):
        with pytest.raises(BadSignature):
            verify_value(key, scheme, b"m", value)


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519", "ed448", "dsa"])
def test_signature_under_a_certificate(forge: Any, kind: str) -> None:
    key, der = forge.keys[kind]
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    verify_certificate_signature(Certificate(der), KeyInfo(spki))
    other = certificate_parts(Certificate(forge.keys["ec-other"][1])).key
    with pytest.raises(BadSignature):
        verify_certificate_signature(Certificate(der), other)
    at = der.index(kind.encode())
    with pytest.raises(BadSignature):
        verify_certificate_signature(Certificate(der[:at] + b"X" + der[at + 1 :]), KeyInfo(spki))


def test_two_algorithms_in_one_certificate_are_refused(forge: Any) -> None:
    der = forge.keys["ec"][1]
    inner = bytes.fromhex("06082a8648ce3d040302")
    assert der.count(inner) == 2
    at = der.index(inner)
    changed = Certificate(der[:at] + inner[:-1] + b"\3" + der[at + len(inner) :])
    with pytest.raises(BadSignature, match="differ"):
        verify_certificate_signature(changed, certificate_parts(changed).key)


def test_names_of_algorithms() -> None:
    assert algorithm_name("1.2.156.10197.1.501") == "SM2 with SM3 (1.2.156.10197.1.501)"
    assert algorithm_name("1.2.3.4") == "1.2.3.4"
    assert scheme_of(AlgorithmIdentifier(RSA, b""), "sha384").name == "rsa-pkcs1v15-sha384"
    with pytest.raises(UnknownAlgorithm):
        scheme_of(AlgorithmIdentifier(RSA, b""))


@pytest.mark.parametrize(
    "parameters",
    [
        "300aa0023000a203020114",
        "3006a2030201ff00",
        "3005a303020102",
        "3005a4030201ff",
        "300aa203020114a203020114",
        "3007a205020300ffff",
        "0401",
    ],
)
def test_odd_pss_parameters(parameters: str) -> None:
    with pytest.raises((asn1.Asn1Error, UnknownAlgorithm)):
        scheme_of(AlgorithmIdentifier(PSS_32.oid, bytes.fromhex(parameters)))
