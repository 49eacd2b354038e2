"""The doctor: each thing is broken on purpose, and its finding expected, with its mend."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eseal import testpki
from eseal.authority import Authority, trusting
from eseal.authority.doctor import IDS, Finding, State, examine, house
from eseal.authority.keys import held_keys
from eseal.authority.making import KeySource, official_seal
from eseal.config import AuthorityConfig, KeyEntry, TimestamperEntry
from eseal.config.authority import FILE
from eseal.crypto.certificates import facts
from eseal.errors import ServiceError
from eseal.messages import catalogue, hint, text
from eseal.seals.register import Seal
from eseal.timestamps import LocalTimestamper
from support.softhsm import PIN, SoftHsm

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
PICTURE = official_seal("x")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor") / "office"
    Authority.create(folder, name="x", at=AT, clock=lambda: AT, picture=PICTURE, actor="maker")
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "office")
    return tmp_path / "office"


def look(folder: Path, at: datetime = AT, **more: Any) -> tuple[Finding, ...]:
    found = examine(folder, clock=lambda: at, **more)
    for finding in found:
        assert finding.id in IDS
        for lang in ("en", "zh"):
            assert finding.code in catalogue(lang), finding.code
            said = text(finding.code, lang, finding.params) + hint(finding.code, lang, finding.params)
            assert "{" not in said, said
    order = [IDS.index(f.id) for f in found]
    assert order == sorted(order) or found[0].id == "configuration"
    return found


def states(found: tuple[Finding, ...], *but: State) -> set[tuple[str, str, str]]:
    return {(f.id, f.state.value, f.code) for f in found if f.state not in (but or (State.OK,))}


def the(found: tuple[Finding, ...], id: str, code: str) -> Finding:
    return next(f for f in found if f.id == id and f.code == code)


def test_a_new_authority_is_well(folder: Path) -> None:
    found = look(folder)
    assert states(found) == set()
    assert {f.id for f in found} == set(IDS)
    assert the(found, "level", "DOCTOR_LEVEL").params == {"level": "B-LTA"}
    before = {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    assert states(look(folder, offline=True)) == set(), "it asks nobody"
    assert {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()} == before, "nothing is changed"


@pytest.mark.parametrize(("part", "mode"), [("", 0o777), (FILE, 0o666), ("seals", 0o775), ("keys", 0o770)])
def test_what_others_can_write(folder: Path, part: str, mode: int) -> None:
    path = folder / part
    path.chmod(mode)
    found = look(folder)
    assert found[0].code == "CONFIG_WRITABLE"
    mend(found[0])
    after = look(folder)
    assert after[0].state is State.OK, "the mend mends"


def mend(finding: Finding) -> None:
    assert finding.mend
    subprocess.run(finding.mend, shell=True, check=True)


def test_keys_that_others_can_read(folder: Path) -> None:
    for path in (folder / "keys").iterdir():
        path.chmod(0o640)
    (folder / "keys").chmod(0o755)
    found = look(folder)
    codes = {(f.id, f.code) for f in found if f.state in (State.BAD, State.WARNING)}
    assert {("permissions", "DOCTOR_KEY_READABLE"), ("permissions", "DOCTOR_KEYS_OPEN")} <= codes
    assert ("key", "KEY_FILE_PERMISSIONS") in codes
    for finding in found:
        if finding.mend and finding.state in (State.BAD, State.WARNING):
            mend(finding)
    assert states(look(folder)) == set()


def test_an_authority_that_cannot_be_opened(folder: Path, tmp_path: Path) -> None:
    (folder / FILE).write_text("version = 1\n[authority]\nnam = 1\n")
    assert [(f.id, f.state.value) for f in look(folder)] == [("configuration", "bad"), ("level", "skipped")]
    assert look(tmp_path / "nowhere")[0].code == "CONFIG_NOT_FOUND"


def change(folder: Path, **fields: Any) -> None:
    config = AuthorityConfig.read(folder / FILE)
    (folder / FILE).write_bytes(replace(config, **fields).to_bytes())
    (folder / FILE).chmod(0o644)


def test_keys_that_are_gone_wrong_or_swapped(folder: Path) -> None:
    config = AuthorityConfig.read(folder / FILE)
    seal, stamper = (folder / "keys" / f"{k.id}.pem" for k in config.keys)
    first, second = seal.read_bytes(), stamper.read_bytes()
    seal.unlink()
    found = look(folder)
    assert ("key", "bad", "KEY_FILE_NOT_FOUND") in states(found)
    assert ("level", "warning", "DOCTOR_LEVEL_SHORT") in states(found)
    seal.write_bytes(first[: first.index(b"-----BEGIN CERT")] + second[second.index(b"-----BEGIN CERT") :])
    seal.chmod(0o600)
    assert ("key", "bad", "KEY_CERTIFICATE_MISMATCH") in states(look(folder))
    seal.write_bytes(second)
    assert ("seal", "bad", "DOCTOR_SEAL_NOT_PERMITTED") in states(look(folder))
    assert ("certificate", "bad", "CERTIFICATE_NOT_FOR_SEALING") in states(look(folder))
    change(folder, keys=tuple(replace(k, seals=()) for k in config.keys))
    assert ("seal", "bad", "AUTHORITY_SEAL_WITHOUT_KEY") in states(look(folder))


def test_a_token_is_never_tried(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = AuthorityConfig.read(folder / FILE)
    (folder / "pin").write_text("1234")
    (folder / "pin").chmod(0o600)
    (folder / "seal.pem").write_bytes((folder / "keys" / f"{config.keys[0].id}.pem").read_bytes())
    token = KeyEntry(
        id=config.keys[0].id,
        uri="pkcs11:token=office;object=seal",
        certificate="seal.pem",
        password_file="pin",
        module="/usr/lib/none.so",
        seals=config.keys[0].seals,
    )
    change(folder, keys=(token, config.keys[1]))
    opened: list[str] = []
    real = Authority.key
    monkeypatch.setattr(Authority, "key", lambda self, id: opened.append(id) or real(self, id))  # type: ignore[func-returns-value]
    found = look(folder, password=lambda uri: b"1234")
    assert ("key", "skipped", "DOCTOR_KEY_NOT_OPENED") in states(found)
    assert token.id not in opened
    assert "--ask" in the(found, "key", "DOCTOR_KEY_NOT_OPENED").mend
    assert any(f.id == "seal" and f.state is State.OK for f in found), "its certificate is in a file"
    opened.clear()
    assert any(f.id == "key" and f.state is State.BAD for f in look(folder, ask=True))
    assert opened.count(token.id) == 1, "tried once"
    assert (
        the(look(folder), "extras", "DOCTOR_EXTRA_OK").params == {"extra": "pkcs11"}
        if house.find_spec("pkcs11")
        else True
    )
    monkeypatch.setattr(house, "find_spec", lambda name: None)
    assert ("extras", "bad", "KEY_EXTRA_MISSING") in states(look(folder))
    assert "eseal[pkcs11]" in the(look(folder), "extras", "KEY_EXTRA_MISSING").mend


def test_an_encrypted_key(folder: Path, openssl: None) -> None:
    config = AuthorityConfig.read(folder / FILE)
    path = folder / "keys" / f"{config.keys[0].id}.pem"
    plain = path.read_bytes()
    made = subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-passout", "pass:hunter2"], input=plain, capture_output=True, check=True
    )
    path.write_bytes(made.stdout + plain[plain.index(b"-----BEGIN CERT") :])
    found = look(folder)
    assert ("key", "skipped", "DOCTOR_KEY_ENCRYPTED") in states(found)
    asked: list[str] = []
    found = look(folder, ask=True, password=lambda uri: asked.append(uri) or b"hunter2")  # type: ignore[func-returns-value]
    assert states(found) == set()
    assert len(asked) == 1
    found = look(folder, ask=True, password=lambda uri: asked.append(uri) or b"wrong")  # type: ignore[func-returns-value]
    assert ("key", "bad", "KEY_PASSWORD_WRONG") in states(found)
    assert len(asked) == 2, "a wrong one is not tried again"
    assert "hunter2" not in repr(found) and "wrong" not in repr([f.params for f in found])


@pytest.mark.parametrize(
    ("left", "code", "state"),
    [
        (timedelta(days=100), None, None),
        (timedelta(days=80), "DOCTOR_CERTIFICATE_ENDS_SOON", "warning"),
        (timedelta(days=20), "DOCTOR_CERTIFICATE_ENDS_VERY_SOON", "warning"),
        (timedelta(days=-1), "CERTIFICATE_EXPIRED", "bad"),
        (testpki.VALID + DAY, "CERTIFICATE_NOT_YET_VALID", "bad"),
    ],
)
def test_certificates_that_end(folder: Path, left: timedelta, code: str | None, state: str | None) -> None:
    found = look(folder, AT + testpki.VALID - left)
    told = {(f.state.value, f.code) for f in found if f.id == "certificate" and f.state is not State.OK}
    assert told == ({(state, code)} if code else set())
    seal = {f.code for f in found if f.id == "seal" and f.state is not State.OK}
    if state == "bad":
        assert seal == {"DOCTOR_SEAL_INVALID"}
    if state == "warning":
        assert seal == {"DOCTOR_SEAL_ENDS"}


def test_seals_that_may_not_be_used(folder: Path) -> None:
    office = Authority.open(folder, clock=lambda: AT)
    office.suspend_seal(office.seals[0], reason="lost", actor="clerk")
    assert ("seal", "warning", "SEAL_SUSPENDED") in states(look(folder, AT + DAY))
    status = folder / "seal-status.jsonl"
    status.unlink()
    assert any(f.id == "seal-status" and f.state is State.BAD for f in look(folder, AT + DAY))


def test_a_register_that_lost_its_last_entries(folder: Path) -> None:
    def codes(found: tuple[Finding, ...]) -> set[str]:
        return {f.code for f in found if f.id == "seal-status"}

    status = folder / "seal-status.jsonl"
    before = status.read_bytes()
    office = Authority.open(folder, clock=lambda: AT)
    office.suspend_seal(office.seals[0], reason="lost", actor="clerk")
    suspended = status.read_bytes()
    assert "DOCTOR_SEALS_OK" in codes(look(folder, AT + DAY))
    # Every line of it is whole, and what stands in it follows from what stands before.
    status.write_bytes(before)
    (found,) = (f for f in look(folder, AT + DAY) if f.id == "seal-status")
    assert (found.state, found.code) == (State.BAD, "DOCTOR_REGISTER_BEHIND")
    assert (found.params["action"], found.params["actor"]) == ("suspend-seal", "clerk")
    # An act that broke off behind the journal, and was done again.
    office = Authority.open(folder, clock=lambda: AT + DAY)
    office.suspend_seal(office.seals[0], reason="lost", actor="clerk")
    assert "DOCTOR_SEALS_OK" in codes(look(folder, AT + DAY))
    Authority.open(folder, clock=lambda: AT + 2 * DAY).resume_seal(office.seals[0], reason="found", actor="clerk")
    assert "DOCTOR_SEALS_OK" in codes(look(folder, AT + 2 * DAY))
    status.write_bytes(suspended)
    assert "DOCTOR_REGISTER_BEHIND" in codes(look(folder, AT + 2 * DAY))


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("pkcs11:token=a;object=b?pin-value=hunter2", "KEY_PASSWORD_IN_URI"),
        ("csc:https://user:hunter2@host/csc/v2", "KEY_PASSWORD_IN_URI"),
        ("csc:https://host/csc/v2?token=hunter2", "KEY_REMOTE_URI"),
        ("http://user:hunter2@host/", "KEY_PASSWORD_IN_URI"),
    ],
)
def test_a_secret_that_somebody_wrote_into_eseal_toml_is_told_and_not_shown(folder: Path, uri: str, code: str) -> None:
    config = AuthorityConfig.read(folder / FILE)
    first, *others = config.keys
    (folder / FILE).write_bytes(replace(config, keys=(replace(first, uri=uri), *others)).to_bytes())
    for ask in (False, True):
        found = look(folder, ask=ask)
        assert ("key", "bad", code) in states(found)
        assert "hunter2" not in repr(found)
    held = held_keys(Authority.open(folder))[0]
    assert held.where == f"{uri.partition(':')[0]}:..."
    assert "hunter2" not in repr(held)


def test_a_seal_file_that_was_changed(folder: Path) -> None:
    (path,) = (folder / "seals").iterdir()
    seal = Seal.from_bytes(path.read_bytes())
    path.write_bytes(replace(seal, permitted=("0" * 64,)).to_bytes())
    assert ("seal", "bad", "DOCTOR_SEAL_NOT_PERMITTED") in states(look(folder))
    path.write_bytes(b"{}")
    assert any(f.id == "seal-status" and f.state is State.BAD for f in look(folder))


def test_the_journal(folder: Path) -> None:
    path = folder / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert ("journal", "warning", "DOCTOR_JOURNAL_DAMAGED") in states(look(folder))
    path.write_bytes(whole + whole[:20] + b"\n" + whole)
    assert ("journal", "warning", "DOCTOR_JOURNAL_DAMAGED") in states(look(folder)), "what a crash left is no fault"
    path.write_bytes(whole + b'{"version": 1}\n' + whole)
    assert ("journal", "bad", "DOCTOR_JOURNAL_DAMAGED") in states(look(folder))
    path.write_bytes(whole)
    path.chmod(0o622)
    found = look(folder)
    assert any(f.id == "permissions" and f.state is State.BAD for f in found)


def test_the_clock(folder: Path) -> None:
    assert ("clock", "bad", "DOCTOR_CLOCK_BEFORE_PROGRAM") in states(look(folder, AT - YEAR))
    assert ("clock", "bad", "DOCTOR_CLOCK_BEFORE_AUTHORITY") in states(look(folder, AT - DAY))
    office = Authority.open(folder, clock=lambda: AT + 2 * DAY)
    office.record("seal", "clerk")
    assert ("clock", "bad", "DOCTOR_CLOCK_BEFORE_JOURNAL") in states(look(folder, AT + DAY))
    assert states(look(folder, AT + 2 * DAY)) == set()


def test_disk_fonts_and_pdfium(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder)
    for free, state in ((500_000_000, "warning"), (50_000_000, "bad")):
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
            assert ("disk", state, "DOCTOR_DISK_FULL") in states(look(folder))
    with monkeypatch.context() as patch:
        patch.setattr(house, "official_seal", raising(FileNotFoundError(2, "no font")))
        assert ("fonts", "bad", "DOCTOR_FONTS_MISSING") in states(look(folder))
    with monkeypatch.context() as patch:
        patch.setattr(house, "to_png", raising(RuntimeError("libpdfium")))
        assert ("pdfium", "bad", "DOCTOR_PDFIUM_FAILED") in states(look(folder))


def raising(error: Exception) -> Callable[..., object]:
    def called(*_: object, **__: object) -> object:
        raise error

    return called


def test_anchors(folder: Path) -> None:
    office = Authority.open(folder, clock=lambda: AT)
    root = testpki.issue(None, "Other", body="B", at=AT, until=AT + 20 * DAY, ca=1)
    trusting.add_anchors(office, [root.certificate])
    found = look(folder)
    assert ("anchors", "warning", "DOCTOR_ANCHOR_ENDS") in states(found)
    assert ("anchors", "warning", "DOCTOR_ANCHOR_EXPIRED") in states(look(folder, AT + 21 * DAY))
    trusting.remove_anchor(office, root.certificate.fingerprint)
    (folder / "trust" / "anchors" / "planted.pem").write_bytes(root.certificate.to_pem())
    assert ("anchors", "warning", "DOCTOR_ANCHOR_UNLISTED") in states(look(folder))
    (own,) = office.trust.anchors
    trusting.close_anchor(office, own.certificate.fingerprint)
    found = look(folder, AT + DAY)
    assert ("anchors", "bad", "DOCTOR_ANCHORS_ALL_ENDED") in states(found)
    trusting.remove_anchor(office, own.certificate.fingerprint)
    found = look(folder)
    assert ("anchors", "bad", "DOCTOR_NO_ANCHOR") in states(found)
    assert ("timestamper", "bad", "PATH_NO_ANCHORS") in states(found)
    assert any(f.id == "revocation" and f.state is State.BAD and "trust add" in f.mend for f in found)
    assert the(found, "level", "DOCTOR_LEVEL_UNPROVEN").params == {"level": "B-B"}


# A production authority, whose lists nobody renews.


@pytest.fixture(scope="module")
def pki() -> testpki.TestPki:
    """A CA that is not marked TEST, with lists for eight days."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testpki, "MARK", "Real")
        patch.setattr(testpki, "WARNING", "for real")
        return testpki.make("Office", AT, lists=8 * DAY)


class Service:
    """A timestamper behind an address; `wrong` makes it lie."""

    def __init__(self, pki: testpki.TestPki, clock: Callable[[], datetime], wrong: Callable[[bytes], bytes]) -> None:
        self.stamper = LocalTimestamper(pki.timestamper.signer(), clock=clock)
        self.wrong = wrong
        self.asked: list[str] = []

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        self.asked.append(url)
        if "dead" in url:
            raise ServiceError("NET_STATUS", url=url, status=503)
        return self.wrong(self.stamper.respond(body or b""))


def right(answer: bytes) -> bytes:
    return answer


@pytest.fixture
def real(pki: testpki.TestPki, tmp_path: Path) -> Path:
    (tmp_path / "key.pem").write_bytes(pki.seal.key_pem + pki.seal.chain_pem())
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "root.pem").write_bytes(pki.root.to_pem())
    Authority.create(
        tmp_path / "real",
        name="x",
        at=AT,
        clock=lambda: AT,
        picture=PICTURE,
        key=KeySource(str(tmp_path / "key.pem")),
        timestampers=["http://one.example/"],
        trust=[str(tmp_path / "root.pem")],
    )
    for number, der in enumerate(pki.crls):
        (tmp_path / "real" / "trust" / "crls" / f"{number}.crl").write_bytes(der)
    return tmp_path / "real"


def served(real: Path, pki: testpki.TestPki, at: datetime = AT, **more: Any) -> tuple[Finding, ...]:
    skew, wrong = more.pop("skew", timedelta(0)), more.pop("wrong", right)
    service = Service(pki, lambda: at + skew, wrong)
    found = look(real, at, fetcher=service, **more)
    assert len([u for u in service.asked if "dead" not in u]) <= 1, "one request each"
    return found


def test_a_production_authority_is_well(real: Path, pki: testpki.TestPki) -> None:
    found = served(real, pki)
    assert states(found) == set()
    assert the(found, "level", "DOCTOR_LEVEL").params == {"level": "B-LTA"}
    fresh = [f for f in found if f.code == "DOCTOR_REVOCATION_FRESH"]
    assert {f.params["next"] for f in fresh} == {"2026-12-02T12:00:00Z"}
    assert {f.params["certificate"] for f in fresh} == {
        facts(c).subject for c in (pki.seal.certificate, pki.issuing.certificate, pki.timestamper.certificate)
    }


def test_lists_that_end_or_have_ended(real: Path, pki: testpki.TestPki) -> None:
    found = served(real, pki, AT + 7.5 * DAY)
    assert states(found) == {("revocation", "warning", "DOCTOR_REVOCATION_ENDS")}
    found = served(real, pki, AT + 9 * DAY)
    assert {("lists", "warning", "DOCTOR_LIST_STALE"), ("revocation", "bad", "REVOCATION_STALE")} <= states(found)
    assert ("timestamper", "bad", "REVOCATION_STALE") in states(found), "its own trust does not believe it"
    assert "trust update" in the(found, "revocation", "REVOCATION_STALE").mend
    for file in (real / "trust" / "crls").iterdir():
        file.unlink()
    found = served(real, pki)
    assert ("revocation", "bad", "REVOCATION_MISSING") in states(found)
    assert any(f.id == "level" and f.state is State.WARNING for f in found)


def test_a_revoked_certificate(real: Path, pki: testpki.TestPki) -> None:
    serial = facts(pki.seal.certificate).serial
    revoked = testpki.crl(pki.issuing, at=AT, until=AT + 8 * DAY, revoked={serial: AT - DAY})
    (real / "trust" / "crls" / "1.crl").write_bytes(revoked)
    found = served(real, pki)
    assert ("revocation", "bad", "DOCTOR_REVOKED") in states(found)
    assert the(found, "revocation", "DOCTOR_REVOKED").params["reason"] == "-"


def test_timestampers_that_are_dead_lying_or_slow_of_clock(real: Path, pki: testpki.TestPki) -> None:
    assert states(served(real, pki, skew=timedelta(seconds=20))) == set()
    assert ("clock", "warning", "DOCTOR_CLOCK_DIFFERS") in states(served(real, pki, skew=timedelta(minutes=-2)))
    found = served(real, pki, skew=timedelta(minutes=-40))
    assert int(the(found, "clock", "DOCTOR_CLOCK_DIFFERS").params["seconds"]) == pytest.approx(2400, abs=5)
    assert ("clock", "bad", "DOCTOR_CLOCK_DIFFERS") in states(found)
    codes = {f.code for f in served(real, pki, wrong=lambda a: a[:-40] + bytes(40)) if f.id == "timestamper"}
    assert codes <= {"DOCTOR_TIMESTAMPER_BROKEN", "TIMESTAMP_MALFORMED", "TIMESTAMP_WRONG_SIGNATURE"} and codes
    assert ("timestamper", "bad", "TIMESTAMP_MALFORMED") in states(served(real, pki, wrong=lambda a: b"<html>"))
    change(real, timestamper=TimestamperEntry(("http://dead.example/", "http://one.example/")))
    found = served(real, pki)
    assert ("timestamper", "bad", "NET_STATUS") in states(found)
    assert any(f.id == "timestamper" and f.state is State.OK for f in found), "the second is asked too"
    assert the(found, "level", "DOCTOR_LEVEL").params == {"level": "B-LTA"}
    change(real, timestamper=TimestamperEntry())
    found = served(real, pki)
    assert ("timestamper", "warning", "DOCTOR_NO_TIMESTAMPER") in states(found)
    assert ("level", "warning", "DOCTOR_LEVEL_UNPROVEN") in states(found)


def test_a_timestamper_that_nobody_vouches_for(real: Path, pki: testpki.TestPki) -> None:
    said = real / "trust" / "anchors.toml"
    said.write_text(said.read_text().replace('["seal", "timestamp"]', '["seal"]'))
    found = served(real, pki)
    told = next(f for f in found if f.id == "timestamper")
    assert (told.state, "--purpose timestamp" in told.mend) == (State.BAD, True)
    assert ("level", "warning", "DOCTOR_LEVEL_UNPROVEN") in states(found)


def test_offline_asks_nobody(real: Path, pki: testpki.TestPki) -> None:
    class Nobody:
        def fetch(self, url: str, **_: object) -> bytes:
            raise AssertionError(url)

    found = look(real, fetcher=Nobody(), offline=True)
    assert states(found) == {
        ("timestamper", "skipped", "DOCTOR_TIMESTAMPER_NOT_ASKED"),
        ("level", "skipped", "DOCTOR_LEVEL_UNKNOWN"),
    }


def test_a_real_token_is_opened_only_where_that_was_allowed(tmp_path: Path, softhsm: SoftHsm) -> None:
    (tmp_path / "seal.pem").write_bytes(softhsm.certificates["ec"].to_pem() + softhsm.pki.issuing.to_pem())
    (tmp_path / "root.pem").write_bytes(softhsm.pki.root.to_pem())
    (tmp_path / "pin").write_bytes(PIN)
    (tmp_path / "pin").chmod(0o600)
    certificate, pin = tmp_path / "seal.pem", tmp_path / "pin"
    key = KeySource(softhsm.uri("ec"), certificate, pin, module=softhsm.module)
    office = Authority.create(tmp_path / "o", name="x", key=key, picture=PICTURE, trust=[str(tmp_path / "root.pem")])
    keys = {(f.state.value, f.code) for f in examine(office.folder, offline=True) if f.id == "key"}
    assert keys == {("skipped", "DOCTOR_KEY_NOT_OPENED")}
    keys = {(f.state.value, f.code) for f in examine(office.folder, offline=True, ask=True) if f.id == "key"}
    assert keys == {("ok", "DOCTOR_KEY_OK")}
    (tmp_path / "pin").write_bytes(b"0000-0000")
    found = [f for f in examine(office.folder, offline=True, ask=True) if f.id == "key"]
    assert [(f.state, f.code) for f in found] == [(State.BAD, "KEY_PIN_WRONG")]
    assert "0000" not in repr(found)
