"""adbe.x509.rsa_sha1: a bare RSA value with its certificate beside it."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from eseal.crypto.pkcs1 import examine_pkcs1
from eseal.model import Certificate
from eseal.report.model import CheckVerdict


@pytest.mark.parametrize(("digest", "algorithm"), [("sha1", hashes.SHA1()), ("sha256", hashes.SHA256())])
def test_right_and_wrong(forge: Any, digest: str, algorithm: hashes.HashAlgorithm) -> None:
    key, der = forge.keys["rsa"]
    value = forge.tlv(0x04, key.sign(forge.content, padding.PKCS1v15(), algorithm))
    certificates = (Certificate(der), Certificate(forge.keys["ec"][1]))
    found = examine_pkcs1(value + bytes(20), certificates, forge.digest_of)
    assert found.intact and not found.is_pades_b
    assert found.certificate == certificates[0] and found.digest_algorithm == digest
    assert {u.digest for u in found.algorithms} == {digest}
    assert examine_pkcs1(value, certificates, lambda name: forge.digest(name, b"other")).broken
    assert examine_pkcs1(value, certificates[::-1], forge.digest_of).broken
    # Nothing says which certificate is meant, so without one nothing is known.
    assert not examine_pkcs1(value, (), forge.digest_of).intact


@pytest.mark.parametrize("contents", [b"", b"\x04", b"\x30\x00", b"\x04\x01xjunk", bytes(40)])
def test_garbage(forge: Any, contents: bytes) -> None:
    found = examine_pkcs1(contents, (Certificate(forge.keys["rsa"][1]),), forge.digest_of)
    assert not found.intact
    assert any(c.verdict in (CheckVerdict.UNKNOWN, CheckVerdict.FAILED) for c in found.checks)


def test_a_certificate_that_is_none(forge: Any) -> None:
    found = examine_pkcs1(forge.tlv(0x04, b"x"), (Certificate(b"\x30\x00"),), forge.digest_of)
    assert not found.intact and not found.broken
