"""What an intranet drops into a folder: only newer lists of issuers that the store knows are taken, never an anchor."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eseal import testpki
from eseal.authority import Authority, trusting, updating
from eseal.authority.making import official_seal
from eseal.authority.updating import Piece, State, update
from eseal.errors import Error, UsageError
from eseal.messages import catalogue
from eseal.model import Certificate
from eseal.seals.artwork import Artwork
from eseal.trust.store import TrustStore, read_folder
from support.faults import faulty

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
ROOT = testpki.issue(None, "Office root", body="B", at=AT - YEAR, until=AT + YEAR * 9, ca=1)
CA = testpki.issue(ROOT, "Office CA", body="B", at=AT - YEAR, until=AT + YEAR * 5, ca=0)
LEAF = testpki.issue(CA, "Leaf", body="B", at=AT - YEAR, until=AT + YEAR)
FOREIGN = testpki.issue(None, "Foreign", body="B", at=AT - YEAR, until=AT + YEAR * 9, ca=1)
NAMESAKE = testpki.issue(None, "Office root", body="B", at=AT - YEAR, until=AT + YEAR * 9, ca=1)
RESPONDER = testpki.issue(ROOT, "Responder", body="B", at=AT - YEAR, until=AT + YEAR, extended=("1.3.6.1.5.5.7.3.9",))
STRANGER = testpki.issue(FOREIGN, "Responder", body="B", at=AT - YEAR, until=AT + YEAR, extended=("1.3.6.1.5.5.7.3.9",))


def crl(by: testpki.Credential, days: float, last: float = 8, number: int = 1) -> bytes:
    when = AT - timedelta(days=days) + testpki.EARLY
    return testpki.crl(by, at=when, until=when + timedelta(days=last), number=number)


def ocsp(by: testpki.Credential, about: Certificate, days: float) -> bytes:
    when = AT - timedelta(days=days) + testpki.EARLY
    return testpki.ocsp_response(by, about, at=when, until=when + 8 * DAY)


def delegated(by: testpki.Credential, days: float = 1) -> bytes:
    own = x509.load_der_x509_certificate(by.certificate.der)
    builder = x509.ocsp.OCSPResponseBuilder().add_response(
        cert=x509.load_der_x509_certificate(CA.certificate.der),
        issuer=x509.load_der_x509_certificate(ROOT.certificate.der),
        algorithm=hashes.SHA1(),
        cert_status=x509.ocsp.OCSPCertStatus.GOOD,
        this_update=AT - days * DAY,
        next_update=AT + 8 * DAY,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(x509.ocsp.OCSPResponderEncoding.NAME, own).certificates([own])
    key = serialization.load_pem_private_key(by.key_pem, None)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def picture() -> Artwork:
    return official_seal("x")


@pytest.fixture
def office(tmp_path: Path, picture: Artwork) -> Authority:
    made = Authority.create(tmp_path / "office", name="x", at=AT, actor="maker", clock=lambda: AT, picture=picture)
    trusting.add_anchors(made, [ROOT.certificate])
    return made


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def came_to(office: Authority, drop: Path, **files: bytes) -> dict[str, str]:
    for old in drop.iterdir():
        old.unlink()
    for name, data in files.items():
        stem, _, ending = name.rpartition("_")
        (drop / f"{stem}.{ending}").write_bytes(data)
    return {p.file.split(".")[0]: said(p) for p in update(office, drop, actor="clerk")}


def said(piece: Piece) -> str:
    for lang in ("en", "zh"):
        assert piece.code in catalogue(lang)
        assert "{" not in Error(piece.code, **piece.params).message(lang) + Error(piece.code, **piece.params).hint(lang)
    return f"{piece.state.value} {piece.code.removeprefix('TRUST_UPDATE_')}"


def store(office: Authority) -> TrustStore:
    return read_folder(trusting.trust_folder(office))


def test_what_is_new_is_taken_and_recorded(office: Authority, drop: Path) -> None:
    before = store(office)
    lists = crl(ROOT, 1), crl(CA, 1)
    found = came_to(office, drop, inter_crt=CA.certificate.to_pem(), root_crl=lists[0], ca_crl=lists[1])
    assert found == {"inter": "taken TAKEN", "ca": "taken TAKEN_LIST", "root": "taken TAKEN_LIST"}
    after = store(office)
    assert after.anchors == before.anchors
    assert CA.certificate in after.data.certificates
    assert set(after.data.crls) == {*before.data.crls, *lists}
    acts = [(e.action, e.actor) for e in office.journal()][2:]
    assert acts == [("trust-update", "clerk")] * 3
    again = update(office, drop)
    assert {p.state for p in again} == {State.KNOWN}
    assert len(list(office.journal())) == 5, "nothing new, nothing recorded"


def test_only_newer_lists_replace_older_ones(office: Authority, drop: Path) -> None:
    first, second, third = crl(ROOT, 3), crl(ROOT, 2), crl(ROOT, 1)
    assert came_to(office, drop, a_crl=second) == {"a": "taken TAKEN_LIST"}
    assert came_to(office, drop, a_crl=first) == {"a": "known OLDER"}
    assert came_to(office, drop, a_crl=second) == {"a": "known KNOWN_LIST"}
    assert came_to(office, drop, a_crl=crl(ROOT, 2, number=2)) == {"a": "known OLDER"}, "of the same moment"
    assert came_to(office, drop, a_crl=first, b_crl=third) == {"b": "taken NEWER", "a": "known OLDER"}
    held = store(office).data.crls
    assert third in held and first not in held and second not in held
    assert came_to(office, drop, a_crl=crl(ROOT, 0.5, last=0.1)) == {"a": "taken TAKEN_STALE"}
    good, newer = ocsp(ROOT, CA.certificate, 2), ocsp(ROOT, CA.certificate, 1)
    assert came_to(office, drop, a_ocsp=good) == {"a": "taken TAKEN_LIST"}
    assert came_to(office, drop, a_ors=newer, b_ocsp=good) == {"a": "taken NEWER", "b": "known OLDER"}
    other = testpki.issue(ROOT, "Other CA", body="B", at=AT - YEAR, until=AT + YEAR, ca=0)
    assert came_to(office, drop, a_ocsp=ocsp(ROOT, other.certificate, 3)) == {"a": "taken TAKEN_LIST"}
    assert newer in store(office).data.ocsps


def test_a_newer_list_takes_the_place_of_one_by_another_name(office: Authority, drop: Path) -> None:
    crls = trusting.trust_folder(office) / "crls"
    (crls / "by-hand.crl").write_bytes(crl(ROOT, 3))
    pem = x509.load_der_x509_crl(crl(ROOT, 4)).public_bytes(serialization.Encoding.PEM)
    other = x509.load_der_x509_crl(crl(FOREIGN, 4)).public_bytes(serialization.Encoding.PEM)
    (crls / "bundle.crl").write_bytes(pem + other)
    assert came_to(office, drop, a_crl=crl(ROOT, 1)) == {"a": "taken NEWER"}
    assert not (crls / "by-hand.crl").exists()
    assert (crls / "bundle.crl").exists(), "another's list is in it"


def test_what_is_never_taken(office: Authority, drop: Path) -> None:
    broken = bytearray(crl(ROOT, 1))
    broken[-5] ^= 1
    delta = delta_crl(ROOT)
    before = store(office)
    found = came_to(
        office,
        drop,
        root_pem=FOREIGN.certificate.to_pem(),
        foreignca_crt=testpki.issue(FOREIGN, "C", body="B", at=AT, until=AT + YEAR, ca=0).certificate.to_pem(),
        leaf_cer=LEAF.certificate.der,
        foreign_crl=crl(FOREIGN, 1),
        namesake_crl=crl(NAMESAKE, 1),
        broken_crl=bytes(broken),
        cut_crl=crl(ROOT, 1)[:-9],
        future_crl=crl(ROOT, -2),
        delta_crl=delta,
        stranger_ocsp=delegated(STRANGER),
        nobody_ocsp=ocsp(FOREIGN, LEAF.certificate, 1),
        junk_der=b"\x30\x03\x02\x01\x01",
        text_pem=b"hello",
        readme_txt=b"hello",
    )
    assert found == {
        "root": "left ROOT",
        "foreignca": "refused FOREIGN",
        "leaf": "left NOT_CA",
        "foreign": "refused FOREIGN_LIST",
        "namesake": "refused NOT_AUTHENTIC",
        "broken": "refused NOT_AUTHENTIC",
        "cut": "refused BROKEN",
        "future": "refused FROM_FUTURE",
        "delta": "refused UNUSABLE",
        "stranger": "refused NOT_AUTHENTIC",
        "nobody": "refused FOREIGN_LIST",
        "junk": "refused BROKEN",
        "text": "refused BROKEN",
        "readme": "left OTHER_FILE",
    }
    assert store(office) == before
    assert came_to(office, drop, a_ocsp=delegated(RESPONDER)) == {"a": "taken TAKEN_LIST"}


def delta_crl(by: testpki.Credential) -> bytes:
    own = x509.load_der_x509_certificate(by.certificate.der)
    builder = x509.CertificateRevocationListBuilder().issuer_name(own.subject).last_update(AT).next_update(AT + DAY)
    builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    key = serialization.load_pem_private_key(by.key_pem, None)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)  # type: ignore[arg-type]


def test_an_anchors_folder_of_the_drop_makes_no_anchor(office: Authority, drop: Path) -> None:
    before = store(office).anchors
    for name in ("anchors", "intermediates", "crls", "deeper"):
        (drop / name).mkdir()
    (drop / "anchors" / "root.pem").write_bytes(FOREIGN.certificate.to_pem())
    (drop / "anchors.toml").write_text('version = 1\n[[anchors]]\nfile = "root.pem"\n')
    (drop / "intermediates" / "ca.pem").write_bytes(CA.certificate.to_pem())
    (drop / "crls" / "root.crl").write_bytes(crl(ROOT, 1))
    found = {p.file: said(p) for p in update(office, drop)}
    assert found == {
        "anchors/root.pem": "left ROOT",
        "intermediates/ca.pem": "taken TAKEN",
        "crls/root.crl": "taken TAKEN_LIST",
        "deeper": "left SUBFOLDER",
    }
    assert store(office).anchors == before


def test_a_dry_run_writes_nothing(office: Authority, drop: Path) -> None:
    (drop / "ca.pem").write_bytes(CA.certificate.to_pem())
    (drop / "ca.crl").write_bytes(crl(CA, 1))
    before, acts = store(office), len(list(office.journal()))
    assert [p.state for p in update(office, drop, dry_run=True)] == [State.TAKEN] * 2
    assert (store(office), len(list(office.journal()))) == (before, acts)


def test_odd_files_hold_nobody_up(office: Authority, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(drop / "pipe.crl")
    (drop / "gone.crl").symlink_to(drop / "none")
    (drop / "large.crl").write_bytes(bytes(2_000))
    monkeypatch.setattr(updating, "FILE_BYTES", 1_000)
    assert {p.file: said(p) for p in update(office, drop)} == dict.fromkeys(
        ("gone.crl", "large.crl", "pipe.crl"), "refused UNREADABLE"
    )
    monkeypatch.setattr(updating, "MOST_FILES", 2)
    with pytest.raises(UsageError) as caught:
        update(office, drop)
    assert caught.value.code == "TRUST_UPDATE_TOO_MUCH"
    with pytest.raises(UsageError) as caught:
        update(office, drop / "nowhere")
    assert caught.value.code == "FOLDER_NOT_FOUND"


def test_a_fault_anywhere_leaves_whole_lists(office: Authority, drop: Path) -> None:
    folder = trusting.trust_folder(office)
    was, becomes = (dict(zip("ab", (crl(ROOT, n), crl(CA, n)), strict=True)) for n in (3, 1))
    came_to(office, drop, ca_pem=CA.certificate.to_pem(), a_crl=was["a"], b_crl=was["b"])
    kept = {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    for name, data in becomes.items():
        (drop / f"{name}.crl").write_bytes(data)

    def attempt(failing: tuple[str, int] | None) -> Counter[str]:
        with faulty(failing) as seen, contextlib.suppress(Error, OSError):
            update(office, drop)
        return seen

    calls = attempt(None)
    assert set(becomes.values()) <= set(store(office).data.crls)
    for name, count in calls.items():
        for number in range(1, count + 1):
            for file in [f for f in folder.rglob("*") if f.is_file()]:
                file.unlink()
            for file, data in kept.items():
                file.write_bytes(data)
            attempt((name, number))
            now = set(store(office).data.crls)
            assert not list(folder.rglob(".*")), (name, number)
            for which in "ab":
                assert was[which] in now or becomes[which] in now, (name, number)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_list_replaces_nothing(office: Authority, drop: Path, data: st.DataObject) -> None:
    genuine = LIST
    where = data.draw(st.integers(0, len(genuine) - 1))
    flipped = bytearray(genuine)
    flipped[where] ^= 1 << data.draw(st.integers(0, 7))
    before = store(office).data
    (drop / "a.crl").write_bytes(bytes(flipped))
    assert all(p.state in (State.REFUSED, State.LEFT) for p in update(office, drop))
    assert store(office).data == before


LIST = crl(ROOT, 1)
