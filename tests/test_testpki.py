"""The test authority is accepted by OpenSSL: paths with CRLs, OCSP responses, extended usages, ten years long."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import crl as asn1_crl

from eseal import testpki
from eseal.crypto.certificates import facts
from eseal.errors import UsageError
from eseal.messages import catalogue
from eseal.model import Certificate

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAME = "杭州市示范局"


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode == 0 else f"FAILED {done.stdout}{done.stderr}"


def lay_out(folder: Path, pki: testpki.TestPki) -> None:
    parts = {"root": pki.root, "issuing": pki.issuing.certificate}
    parts |= {"seal": pki.seal.certificate, "timestamper": pki.timestamper.certificate}
    for name, certificate in parts.items():
        (folder / f"{name}.pem").write_bytes(certificate.to_pem())
    for number, crl in enumerate(pki.crls):
        (folder / "one").write_bytes(crl)
        openssl("crl", "-inform", "DER", "-in", folder / "one", "-out", folder / f"{number}.crl")
    (folder / "crls.pem").write_bytes(b"".join((folder / f"{n}.crl").read_bytes() for n in range(len(pki.crls))))


def verify(folder: Path, at: datetime, leaf: str = "seal") -> str:
    return openssl(
        "verify", "-crl_check_all", "-x509_strict", "-attime", str(int(at.timestamp())), "-CAfile", folder / "root.pem",
        "-untrusted", folder / "issuing.pem", "-CRLfile", folder / "crls.pem", folder / f"{leaf}.pem",
    )  # fmt: skip


@pytest.mark.parametrize("algorithm", [a for a in testpki.ALGORITHMS if a != "rsa3072"])
def test_openssl_accepts_paths_crls_and_ocsp_for_ten_years(tmp_path: Path, algorithm: str) -> None:
    pki = testpki.make(NAME, AT, algorithm)
    lay_out(tmp_path, pki)
    for leaf in ("seal", "timestamper"):
        for at in (AT, AT + testpki.VALID - timedelta(seconds=1)):
            assert "OK" in verify(tmp_path, at, leaf)
        assert "expired" in verify(tmp_path, AT + testpki.VALID + timedelta(seconds=1), leaf)
        assert "not yet valid" in verify(tmp_path, AT - testpki.EARLY - timedelta(seconds=1), leaf)
    issued = (("root", "issuing"), ("issuing", "seal"), ("issuing", "timestamper"))
    for response, (issuer, leaf) in zip(pki.ocsps, issued, strict=True):
        (tmp_path / "response").write_bytes(response)
        said = openssl(
            "ocsp", "-respin", tmp_path / "response", "-issuer", tmp_path / f"{issuer}.pem",
            "-cert", tmp_path / f"{leaf}.pem", "-CAfile", tmp_path / "root.pem", "-verify_other",
            tmp_path / "issuing.pem", "-no_nonce", "-attime", str(int(AT.timestamp())),
        )  # fmt: skip
        assert f"{leaf}.pem: good" in said
        assert "Response verify OK" in said
        assert "Next Update: Nov 23 12:00:00 2036" in said


def test_revoked_certificates_are_in_crl_and_ocsp(tmp_path: Path) -> None:
    pki = testpki.make(NAME, AT)
    until, serial = AT + timedelta(days=9), facts(pki.seal.certificate).serial
    revoked = testpki.crl(pki.issuing, at=AT, until=until, revoked={serial: AT - timedelta(days=1)}, number=7)
    lay_out(tmp_path, pki)
    (tmp_path / "one").write_bytes(revoked)
    openssl("crl", "-inform", "DER", "-in", tmp_path / "one", "-out", tmp_path / "1.crl")
    (tmp_path / "crls.pem").write_bytes((tmp_path / "0.crl").read_bytes() + (tmp_path / "1.crl").read_bytes())
    assert "certificate revoked" in verify(tmp_path, AT)
    assert "OK" in verify(tmp_path, AT, "timestamper")
    response = testpki.ocsp_response(pki.issuing, pki.seal.certificate, at=AT, until=until, revoked=AT)
    (tmp_path / "response").write_bytes(response)
    assert "Cert Status: revoked" in openssl("ocsp", "-respin", tmp_path / "response", "-resp_text", "-noverify")


@pytest.mark.parametrize("name", [NAME, "Office of Examples " * 5, "=,+\"<>;\\# '", "🏛 局", "中华人民共和国" * 40])
def test_names_are_marked_and_carry_the_body(name: str) -> None:
    pki = testpki.make(name, AT)
    certificates = (pki.root, pki.issuing.certificate, pki.seal.certificate, pki.timestamper.certificate)
    assert len({facts(c).subject for c in certificates}) == 4
    for certificate in certificates:
        known = facts(certificate)
        assert known.common_name.startswith("TEST ")
        assert len(known.common_name) <= 64
        assert "OU=TEST ONLY" in known.subject
        assert name.strip()[:10].strip() in known.subject.replace("\\", "") or "\\" in name
    assert pki.seal.chain == (pki.issuing.certificate,)
    assert facts(pki.timestamper.certificate).extended_key_usage == frozenset({"time_stamping"})
    assert "email_protection" in (facts(pki.seal.certificate).extended_key_usage or ())


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "right\u202eleft", "nul\0"])
def test_names_that_cannot_be_shown_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        testpki.make(name, AT)
    assert caught.value.code == "NAME_UNUSABLE"


def test_misuse() -> None:
    with pytest.raises(UsageError) as caught:
        testpki.make(NAME, AT, "rsa1024")
    assert caught.value.code == "TEST_ALGORITHM_UNKNOWN"
    assert "ed25519" in caught.value.message("zh")
    assert {"TEST_ALGORITHM_UNKNOWN", "NAME_UNUSABLE"} <= set(catalogue("zh"))
    with pytest.raises(UsageError) as caught:
        testpki.make(NAME, AT.replace(tzinfo=None))
    assert caught.value.code == "TIME_NAIVE"


def test_no_secret_in_a_repr_and_every_key_its_own() -> None:
    pki = testpki.make(NAME, AT)
    assert "PRIVATE" not in repr(pki)
    keys = {pki.issuing.key_pem, pki.seal.key_pem, pki.timestamper.key_pem}
    assert len(keys) == 3
    assert all(key.startswith(b"-----BEGIN PRIVATE KEY-----") for key in keys)
    assert pki.data.certificates == (pki.issuing.certificate,)


def test_a_further_seal_ends_with_its_issuer() -> None:
    pki = testpki.make(NAME, AT)
    later = testpki.issue_seal(pki.issuing, "Second", body=NAME, at=AT + timedelta(days=3000))
    assert facts(later.certificate).not_after == facts(pki.issuing.certificate).not_after
    assert later.signer().chain == (pki.issuing.certificate,)
    assert Certificate.load_all(later.chain_pem()) == (later.certificate, *later.chain)


def test_crls_are_empty_and_numbered() -> None:
    for der in testpki.make(NAME, AT).crls:
        parsed = asn1_crl.CertificateList.load(der, strict=True)
        assert parsed.crl_number_value.native == int(AT.timestamp())
        assert parsed["tbs_cert_list"]["revoked_certificates"].native in (None, [])
        assert parsed["tbs_cert_list"]["next_update"].native == AT + testpki.VALID
