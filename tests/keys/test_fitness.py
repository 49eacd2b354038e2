"""Certificates that no verifier would accept for a seal are refused before anything is written."""

from __future__ import annotations

import datetime as dt
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from eseal import testpki
from eseal.crypto.certificates import facts
from eseal.errors import Error, KeyAccessError, PolicyError, UsageError
from eseal.keys import check_fit
from eseal.messages import catalogue
from eseal.model import Certificate

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOCUMENT_SIGNING, EMAIL, ANY = "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4", "2.5.29.37.0"
ADOBE, MICROSOFT = "1.2.840.113583.1.1.5", "1.3.6.1.4.1.311.10.3.12"
TLS, TIME_STAMPING, CODE = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.3"


def certificate(*extended: str, usage: tuple[str, ...] = ("digital_signature",)) -> Certificate:
    until = AT + timedelta(days=10)
    made = testpki.issue(None, "Leaf", body="Office", at=AT, until=until, usage=usage, extended=extended)
    return made.certificate


def refused(code: str, value: Certificate, at: datetime = AT, kind: type[Error] = KeyAccessError) -> None:
    with pytest.raises(kind) as caught:
        check_fit(value, at)
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang)


@pytest.mark.parametrize(
    "extended",
    [(), (DOCUMENT_SIGNING,), (EMAIL,), (ANY,), (ADOBE,), (MICROSOFT,), (TLS, EMAIL), (DOCUMENT_SIGNING, EMAIL)],
)
def test_usages_for_sealing(extended: tuple[str, ...]) -> None:
    assert check_fit(certificate(*extended), AT) == ()


@pytest.mark.parametrize("extended", [(TLS,), (TIME_STAMPING,), (CODE, TLS), ("1.2.3.4",)])
def test_usages_for_something_else(extended: tuple[str, ...]) -> None:
    refused("CERTIFICATE_NOT_FOR_SEALING", certificate(*extended))


def test_key_usage() -> None:
    assert check_fit(certificate(usage=("content_commitment",)), AT) == ()
    refused("CERTIFICATE_NOT_FOR_SEALING", certificate(usage=("key_encipherment",)))
    refused("CERTIFICATE_NOT_FOR_SEALING", testpki.make("Office", AT).issuing.certificate)


def test_validity_to_the_second() -> None:
    value = certificate()
    end, begin = AT + timedelta(days=10), AT - testpki.EARLY
    check_fit(value, end)
    check_fit(value, begin)
    refused("CERTIFICATE_EXPIRED", value, end + timedelta(seconds=1))
    refused("CERTIFICATE_NOT_YET_VALID", value, begin - timedelta(seconds=1))
    assert check_fit(value, end.astimezone(dt.timezone(timedelta(hours=8)))) == ()
    with pytest.raises(UsageError):
        check_fit(value, end.replace(tzinfo=None))


def own(key: object, digest: hashes.HashAlgorithm) -> Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "own")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=1))
        .sign(key, digest)  # type: ignore[arg-type]
    )
    return Certificate(made.public_bytes(serialization.Encoding.DER))


def test_weak_and_unknown_keys() -> None:
    refused("KEY_TOO_WEAK", own(rsa.generate_private_key(65537, 1024), hashes.SHA256()), kind=PolicyError)
    refused("KEY_TOO_WEAK", own(ec.generate_private_key(ec.SECP192R1()), hashes.SHA256()), kind=PolicyError)


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_a_retired_digest_in_the_certificate_is_a_note(tmp_path: Path, digest: str) -> None:
    command = f"openssl req -x509 -newkey rsa:2048 -{digest} -nodes -subj /CN=TEST -days 10 -keyout"
    made = subprocess.run([*command.split(), str(tmp_path / "k")], check=True, capture_output=True).stdout
    value = Certificate.load_all(made)[0]
    at = facts(value).not_before + timedelta(hours=1)
    assert check_fit(value, at) == (() if digest == "sha256" else ("CERTIFICATE_SIGNED_WITH_RETIRED_DIGEST",))
    assert "CERTIFICATE_SIGNED_WITH_RETIRED_DIGEST" in catalogue("zh")


@pytest.mark.parametrize("algorithm", [a for a in testpki.ALGORITHMS if a != "rsa3072"])
def test_what_the_test_authority_issues_is_fit(algorithm: str) -> None:
    pki = testpki.make("Office", AT, algorithm)
    assert check_fit(pki.seal.certificate, AT) == ()
    refused("CERTIFICATE_NOT_FOR_SEALING", pki.timestamper.certificate)
