"""The trust store: what becomes an anchor, and what never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from eseal.errors import UsageError
from eseal.model import Certificate, ValidationData
from eseal.trust.store import DEFAULT_PURPOSES, Anchor, Purpose, TrustStore

START, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "other", "ca", "leaf")}
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


def issue(subject: str, issuer: str, key: str, by: str) -> Certificate:
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(KEYS[key].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(END)
        .sign(KEYS[by], hashes.SHA256())
    )
    return Certificate(made.public_bytes(DER))


ROOT = issue("Root", "Root", "root", "root")
OTHER = issue("Other", "Other", "other", "other")
CA = issue("CA", "Root", "ca", "root")
LEAF = issue("Leaf", "CA", "leaf", "ca")
ROLLOVER = issue("Root", "Root", "other", "root")  # self-issued, not self-signed
CRL = (
    x509.CertificateRevocationListBuilder()
    .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root")]))
    .last_update(START)
    .next_update(END)
    .sign(KEYS["root"], hashes.SHA256())
)


def anchors(store: TrustStore) -> list[Certificate]:
    return [a.certificate for a in store.anchors]


def test_nothing_is_trusted_by_default() -> None:
    assert TrustStore().anchors == ()
    assert TrustStore().digests() == ()


def test_a_bundle() -> None:
    text = b"comment\n" + LEAF.to_pem() + CA.to_pem() + ROOT.to_pem() + CRL.public_bytes(PEM)
    store = TrustStore.parse(text)
    assert anchors(store) == [ROOT]
    assert store.data == ValidationData((LEAF, CA), (CRL.public_bytes(DER),), ())
    assert store.digests() == (ROOT.fingerprint,)
    assert store.anchors[0].purposes == DEFAULT_PURPOSES == {Purpose.SEAL, Purpose.TIMESTAMP}


def test_a_rollover_certificate_is_no_root() -> None:
    store = TrustStore.parse(ROOT.to_pem() + ROLLOVER.to_pem())
    assert anchors(store) == [ROOT]
    assert store.data.certificates == (ROLLOVER,)


def test_an_explicit_text_without_root_is_trusted_at_its_top() -> None:
    assert anchors(TrustStore.parse(CA.to_pem())) == [CA]
    store = TrustStore.parse(LEAF.to_pem() + CA.to_pem())
    assert anchors(store) == [CA]
    assert store.data.certificates == (LEAF,)
    assert anchors(TrustStore.parse(CA.to_pem(), explicit=False)) == []


@pytest.mark.parametrize("data", [b"", b"nothing", b"-----BEGIN X-----\nAAAA\n-----END X-----"])
def test_texts_without_anything_are_refused(data: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        TrustStore.parse(data)
    assert caught.value.code == "TRUST_NOTHING_FOUND"


def test_der_of_every_kind() -> None:
    assert anchors(TrustStore.parse(ROOT.der)) == [ROOT]
    assert TrustStore.parse(CRL.public_bytes(DER)).data.crls == (CRL.public_bytes(DER),)
    with pytest.raises(UsageError):
        TrustStore.parse(b"\x30\x03\x02\x01\x01")
    with pytest.raises(UsageError):
        TrustStore.parse(ROOT.der + b"\0")


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(ROOT.to_pem())
    (tmp_path / "other.der").write_bytes(OTHER.der)
    (tmp_path / "ca.crt").write_bytes(CA.to_pem())
    (tmp_path / "list.crl").write_bytes(CRL.public_bytes(DER))
    key = KEYS["root"].private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "README.txt").write_text("not a certificate")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "leaf.pem").write_bytes(issue("Hidden", "Hidden", "leaf", "leaf").to_pem())
    store = TrustStore.from_pem(tmp_path)
    assert set(anchors(store)) == {ROOT, OTHER}
    assert store.data.certificates == (CA,)
    assert len(store.data.crls) == 1
    assert anchors(TrustStore.from_pem(tmp_path / "ca.crt", str(tmp_path / "root.pem"))) == [CA, ROOT]


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "empty").mkdir()
    for path, code in (
        ("bad.pem", "TRUST_FILE_UNREADABLE"),
        ("missing.pem", "TRUST_FILE_UNREADABLE"),
        ("empty", "TRUST_NOTHING_FOUND"),
        (".", "TRUST_FILE_UNREADABLE"),
    ):
        with pytest.raises(UsageError) as caught:
            TrustStore.from_pem(tmp_path / path)
        assert caught.value.code == code
        name = "bad.pem" if path == "." else path
        assert name in caught.value.message("en")
        assert name in caught.value.message("zh")


def test_specs(tmp_path: Path) -> None:
    for name, cert in (("a.pem", ROOT), ("b.pem", OTHER), ("c:d.pem", ROOT)):
        (tmp_path / name).write_bytes(cert.to_pem())
    store = TrustStore.from_specs([f"seal:{tmp_path}/a.pem", f"timestamp:{tmp_path}/b.pem"])
    assert [a.certificate for a in store.for_purpose(Purpose.SEAL)] == [ROOT]
    assert [a.certificate for a in store.for_purpose(Purpose.TIMESTAMP)] == [OTHER]
    assert store.for_purpose(Purpose.SEAL_MAKER) == ()
    both = TrustStore.from_specs([f"{tmp_path}/c:d.pem"])  # a colon in a name is no purpose
    assert both.anchors[0].purposes == DEFAULT_PURPOSES


def test_sums_keep_purposes_apart() -> None:
    seal = TrustStore.from_certificates([ROOT], purposes=[Purpose.SEAL])
    stamp = TrustStore.from_certificates([ROOT], purposes=[Purpose.TIMESTAMP], intermediates=[CA])
    both = seal + stamp + seal
    assert len(both.anchors) == 2
    assert both.digests() == (ROOT.fingerprint,)
    assert both.data.certificates == (CA,)


def test_the_period_of_an_anchor() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    closed = Anchor(ROOT, valid_from=now - timedelta(days=9), valid_until=now)
    assert closed.vouches_at(now)
    assert not closed.vouches_at(now + timedelta(seconds=1))
    assert not closed.vouches_at(now - timedelta(days=10))
    assert Anchor(ROOT).vouches_at(now)
    with pytest.raises(UsageError) as caught:
        Anchor(ROOT, valid_until=datetime(2026, 1, 1))
    assert caught.value.code == "TIME_NAIVE"


def test_unreadable_certificates_are_no_anchors() -> None:
    with pytest.raises(UsageError):
        TrustStore.from_certificates([Certificate(b"\x30\x00")])
