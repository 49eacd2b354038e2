"""Anchors are added, closed and removed by one commit each; what could be no anchor is refused."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

import eseal
from eseal import testpki
from eseal.authority import Authority, trusting
from eseal.authority.making import KeySource, official_seal
from eseal.authority.updating import update
from eseal.crypto.certificates import facts
from eseal.errors import Error, UsageError
from eseal.messages import catalogue
from eseal.model import Certificate
from eseal.seals.artwork import Artwork
from eseal.trust.folder import AnchorEntry, entries_text
from eseal.trust.store import Purpose, read_folder
from support.faults import faulty
from support.pdfs import simple_pdf

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
ROOT = testpki.issue(None, "Added root", body="B", at=AT, until=AT + YEAR * 9, ca=1)
SECOND = testpki.issue(None, "Second root", body="B", at=AT, until=AT + YEAR * 9, ca=1)
CA = testpki.issue(ROOT, "CA", body="B", at=AT, until=AT + YEAR * 5, ca=0)
LEAF = testpki.issue(CA, "Leaf", body="B", at=AT, until=AT + YEAR)


def clock() -> datetime:
    return AT


@pytest.fixture(scope="module")
def picture() -> Artwork:
    return official_seal("x")


@pytest.fixture
def office(tmp_path: Path, picture: Artwork) -> Authority:
    return Authority.create(tmp_path / "office", name="x", at=AT, actor="maker", clock=clock, picture=picture)


def refused(code: str, job: Callable[..., object], *arguments: object, **options: object) -> Error:
    with pytest.raises(Error) as caught:
        job(*arguments, **options)
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    return caught.value


def anchors(office: Authority) -> list[Certificate]:
    return [a.certificate for a in read_folder(trusting.trust_folder(office)).anchors]


def test_an_anchor_is_added_closed_and_removed(office: Authority) -> None:
    before = anchors(office)
    certificate = ROOT.certificate
    (added,) = trusting.add_anchors(
        office, [certificate], purposes=[Purpose.SEAL], name="new", intermediates=[CA.certificate], actor="clerk"
    )
    store = read_folder(trusting.trust_folder(office))
    assert added in store.anchors
    assert anchors(office) == [*before, certificate]
    assert CA.certificate in store.data.certificates
    refused("TRUST_ANCHOR_KNOWN", trusting.add_anchors, office, [certificate])
    closed = trusting.close_anchor(office, "new", AT + YEAR, actor="clerk")
    assert closed.valid_until == AT + YEAR
    assert closed in read_folder(trusting.trust_folder(office)).anchors
    assert trusting.close_anchor(office, certificate.fingerprint[:8]).valid_until == AT
    trusting.remove_anchor(office, "new", actor="clerk")
    assert anchors(office) == before
    assert not [f for f in (trusting.trust_folder(office) / "anchors").iterdir() if "new" in f.name]
    recorded = [(e.action, e.actor, e.digest) for e in office.journal()][1:]
    digest = f"sha256:{certificate.fingerprint}"
    assert [r for r in recorded if r[2] == digest] == [
        ("trust-add", "clerk", digest),
        ("trust-close", "clerk", digest),
        ("trust-close", recorded[3][1], digest),
        ("trust-remove", "clerk", digest),
    ]
    assert [r[0] for r in recorded if r[2] != digest] == ["trust-add-intermediate"]


def test_a_closed_anchor_vouches_for_what_is_older_alone(office: Authority) -> None:
    sealed, plain = office.seal(simple_pdf()).data, office.seal(simple_pdf(), level="B").data
    day, folder = timedelta(days=1), trusting.trust_folder(office)
    (own,) = anchors(office)
    # The same root for seals and for timestamps, so that one can be closed without the other.
    for name in ("seals.pem", "stamps.pem"):
        (folder / "anchors" / name).write_bytes(own.to_pem())
    said = [
        AnchorEntry("seals.pem", frozenset({Purpose.SEAL})),
        AnchorEntry("stamps.pem", frozenset({Purpose.TIMESTAMP})),
    ]
    (folder / "anchors.toml").write_bytes(entries_text(said))

    def passed(data: bytes, at: datetime) -> bool:
        return eseal.verify(data, trust=read_folder(folder), at=at).passed

    assert passed(sealed, AT + day) and passed(plain, AT + day)
    trusting.close_anchor(office, "seals.pem", AT + day)
    assert passed(sealed, AT + 2 * day), "a timestamp proves it older"
    assert not passed(plain, AT + 2 * day)
    trusting.remove_anchor(office, "seals.pem")
    assert not passed(sealed, AT + day)


def test_what_can_be_no_anchor(office: Authority) -> None:
    lone = testpki.issue(None, "Lone", body="B", at=AT, until=AT + YEAR)
    before = anchors(office)
    for certificate, code in (
        (LEAF.certificate, "TRUST_ANCHOR_NOT_CA"),
        (lone.certificate, "TRUST_ANCHOR_SELF_SIGNED_LEAF"),
    ):
        refused(code, trusting.add_anchors, office, [ROOT.certificate, certificate])
    refused("TRUST_PERIOD_EMPTY", trusting.add_anchors, office, [ROOT.certificate], valid_until=AT - YEAR)
    refused("TRUST_NAME_FOR_ONE", trusting.add_anchors, office, [ROOT.certificate, SECOND.certificate], name="x")
    refused("NAME_UNUSABLE", trusting.add_anchors, office, [ROOT.certificate], name="a\nb")
    refused("TIME_NAIVE", trusting.add_anchors, office, [ROOT.certificate], valid_until=datetime(2030, 1, 1))
    refused("TRUST_INTERMEDIATE_NOT_CA", trusting.add_intermediates, office, [CA.certificate, LEAF.certificate])
    refused("TRUST_REF_UNKNOWN", trusting.remove_anchor, office, "Added root")
    assert anchors(office) == before
    refused("TRUST_ANCHOR_TEST", trusting.check_anchor, ROOT.certificate, AT, test=False)


def test_what_whoever_adds_it_should_know() -> None:
    def codes(certificate: Certificate, at: datetime = AT, **bounds: datetime) -> set[str]:
        return {n.code for n in trusting.check_anchor(certificate, at, test=True, **bounds)}

    assert codes(ROOT.certificate) == set()
    assert codes(ROOT.certificate, AT + YEAR * 9 - timedelta(days=9)) == {"TRUST_ANCHOR_EXPIRES_SOON"}
    assert codes(ROOT.certificate, AT + YEAR * 10) == {"TRUST_ANCHOR_EXPIRED"}
    assert codes(ROOT.certificate, AT - YEAR) == {"TRUST_ANCHOR_NOT_YET_VALID"}
    assert codes(ROOT.certificate, valid_until=AT + YEAR * 10) == {"TRUST_ANCHOR_BEYOND_VALIDITY"}
    assert codes(CA.certificate) == {"TRUST_ANCHOR_NOT_ROOT"}
    assert codes(weak_root()) == {"TRUST_ANCHOR_WEAK"}


def weak_root() -> Certificate:
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Weak")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(AT).not_valid_after(AT + YEAR)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Certificate(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def test_what_a_file_offers() -> None:
    bundle = LEAF.certificate.to_pem() + CA.certificate.to_pem() + ROOT.certificate.to_pem()
    found = trusting.offered(bundle)
    assert (found.anchors, found.intermediates, found.others) == (
        (ROOT.certificate,),
        (CA.certificate,),
        (LEAF.certificate,),
    )
    refused("TRUST_ADD_LISTS", trusting.offered, testpki.crl(ROOT, at=AT, until=AT + YEAR), "x")
    refused("TRUST_FILE_UNREADABLE", trusting.offered, b"junk", "x")


def test_bundles_are_changed_by_hand(office: Authority) -> None:
    folder = trusting.trust_folder(office)
    (folder / "anchors" / "two.pem").write_bytes(ROOT.certificate.to_pem() + SECOND.certificate.to_pem())
    with (folder / "anchors.toml").open("a") as listing:
        listing.write('\n[[anchors]]\nfile = "two.pem"\n')
    refused("TRUST_ANCHOR_BUNDLE", trusting.close_anchor, office, ROOT.certificate.fingerprint)
    refused("TRUST_REF_AMBIGUOUS", trusting.remove_anchor, office, "two.pem")


def test_a_production_authority_takes_no_test_certificate(
    tmp_path: Path, picture: Artwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(testpki, "MARK", "Real")
        patch.setattr(testpki, "WARNING", "for real")
        pki = testpki.make("Office", AT)
        other = testpki.issue(None, "Other", body="B", at=AT, until=AT + YEAR, ca=1).certificate
    (tmp_path / "key").write_bytes(pki.seal.key_pem + pki.seal.chain_pem())
    (tmp_path / "key").chmod(0o600)
    key = KeySource(str(tmp_path / "key"))
    office = Authority.create(tmp_path / "office", name="x", at=AT, key=key, clock=clock, picture=picture)
    trusting.add_anchors(office, [pki.root, other])
    refused("TRUST_ANCHOR_TEST", trusting.add_anchors, office, [ROOT.certificate])
    refused("TRUST_ANCHOR_TEST", trusting.add_intermediates, office, [CA.certificate])
    marked = testpki.issue(pki.root_ca, "CA", body="B", at=AT, until=AT + YEAR, ca=0).certificate
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "ca.pem").write_bytes(marked.to_pem())
    assert [p.code for p in update(office, tmp_path / "drop")] == ["TRUST_ANCHOR_TEST"]
    assert {a.certificate for a in Authority.open(office.folder, clock=clock).trust.anchors} == {pki.root, other}


@pytest.mark.parametrize("job", ["add", "close", "remove"])
def test_a_fault_anywhere_leaves_the_old_trust_or_the_new(
    office: Authority, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trusting.trust_folder(office)
    trusting.add_anchors(office, [SECOND.certificate])
    jobs: dict[str, Callable[[], object]] = {
        "add": lambda: trusting.add_anchors(office, [ROOT.certificate]),
        "close": lambda: trusting.close_anchor(office, SECOND.certificate.fingerprint),
        "remove": lambda: trusting.remove_anchor(office, SECOND.certificate.fingerprint),
    }
    kept = {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()}

    def reset() -> None:
        for file in [f for f in folder.rglob("*") if f.is_file()]:
            file.unlink()
        for file, data in kept.items():
            file.write_bytes(data)

    def attempt(failing: tuple[str, int] | None) -> tuple[bool, Counter[str]]:
        with faulty(failing) as seen:
            try:
                jobs[job]()
            except (Error, OSError):
                return False, seen
        return True, seen

    before = read_folder(folder).anchors
    done, calls = attempt(None)
    after = read_folder(folder).anchors
    assert done and before != after
    for name, count in calls.items():
        for number in range(1, count + 1):
            reset()
            done, _ = attempt((name, number))
            now = read_folder(folder).anchors
            assert now in (before, after), (name, number)
            assert not done or now == after, (name, number)
            if now == before:
                assert {f for f in folder.rglob("*") if f.is_file()} == set(kept), (name, number)


def test_two_changes_at_once_both_stay(office: Authority) -> None:
    wait = threading.Barrier(2)

    def add(certificate: Certificate) -> None:
        wait.wait()
        trusting.add_anchors(office, [certificate])

    threads = [threading.Thread(target=add, args=(c.certificate,)) for c in (ROOT, SECOND)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {ROOT.certificate, SECOND.certificate} <= set(anchors(office))


def test_nothing_is_trusted_unrecorded(office: Authority) -> None:
    journal = office.folder / "journal.jsonl"
    journal.unlink()
    journal.mkdir()
    before = anchors(office)
    refused("JOURNAL_NOT_WRITTEN", trusting.add_anchors, office, [ROOT.certificate])
    refused("JOURNAL_NOT_WRITTEN", trusting.add_intermediates, office, [CA.certificate])
    refused("JOURNAL_NOT_WRITTEN", trusting.remove_anchor, office, before[0].fingerprint)
    assert anchors(office) == before
    names = [f.name for f in (trusting.trust_folder(office) / "anchors").iterdir()]
    assert len(names) == 1


def test_what_others_can_write_is_not_changed(office: Authority) -> None:
    folder = trusting.trust_folder(office)
    (folder / "anchors").chmod(0o775)
    refused("CONFIG_WRITABLE", read_folder, folder)
    with pytest.raises(UsageError):
        trusting.close_anchor(replace(office), anchors(office)[0].fingerprint)


def test_an_anchor_or_a_seal_that_others_can_write_is_not_believed(office: Authority) -> None:
    folder, seal = trusting.trust_folder(office), office.folder / "seals" / f"{office.seals[0].id}.json"
    (anchor,) = (folder / "anchors").iterdir()
    for listed in (True, False):
        if not listed:
            (folder / "anchors.toml").unlink()
        anchor.chmod(0o646)
        refused("CONFIG_WRITABLE", lambda: Authority.open(office.folder, clock=clock).trust)
        assert read_folder(folder, owned=False).anchors
        anchor.chmod(0o644)
        assert Authority.open(office.folder, clock=clock).trust.anchors
    seal.chmod(0o664)
    refused("CONFIG_WRITABLE", lambda: Authority.open(office.folder, clock=clock).seals)


def test_an_old_folder_without_a_list_keeps_its_anchors(office: Authority) -> None:
    folder = trusting.trust_folder(office)
    (folder / "anchors.toml").unlink()
    before = anchors(office)
    trusting.add_anchors(office, [ROOT.certificate])
    assert set(anchors(office)) == {*before, ROOT.certificate}
    line = (office.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(line)["action"] == "trust-add"
    assert facts(ROOT.certificate).common_name == "TEST Added root"
