"""An authority is made whole or not at all, opens only when nobody else could have changed it, seals and records."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import eseal
from eseal import testpki
from eseal.authority import Authority, journal, office
from eseal.authority.making import KeySource, official_seal
from eseal.config import AuthorityConfig
from eseal.config.authority import FILE
from eseal.crypto.certificates import facts
from eseal.errors import DocumentError, Error, KeyAccessError, ServiceError, UsageError
from eseal.messages import catalogue
from eseal.model import Certificate
from eseal.seals.register import SealKind
from eseal.trust.store import Purpose
from support.faults import faulty
from support.judges import need
from support.pdfs import simple_pdf
from support.realpki import RealPki, new_key, pem

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAME = "杭州市示范局"
PDF = simple_pdf()


def clock() -> datetime:
    return AT


@pytest.fixture
def made(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "office", name=NAME, at=AT, actor="maker", clock=clock)


def refused(code: str, job: Callable[..., object], *arguments: object, **options: object) -> Error:
    with pytest.raises(Error) as caught:
        job(*arguments, **options)
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    return caught.value


def lines(authority: Authority) -> list[dict[str, str]]:
    text = (authority.folder / journal.FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_made(made: Authority) -> None:
    assert (made.name, made.is_test) == (NAME, True)
    (issuer,) = made.issuers
    assert (issuer.name, len(issuer.code)) == (NAME, 8)
    (seal,) = made.seals
    assert seal.name == seal.maker == f"TEST {NAME}"
    assert (seal.issuer.code, seal.issuer.name, seal.kind) == (issuer.code, NAME, SealKind.OFFICIAL)
    assert seal.picture == official_seal(NAME)
    assert (seal.picture.width_mm, seal.picture.height_mm) == (42, 42)
    assert seal.permits(made.signer().certificate)
    assert made.timestamper is not None
    assert made.timestamper.name.startswith("CN=TEST Timestamper")
    for purpose, count in ((Purpose.SEAL, 1), (Purpose.TIMESTAMP, 1), (Purpose.SEAL_MAKER, 0)):
        assert len(made.trust.for_purpose(purpose)) == count
    data = made.trust.data
    assert (len(data.certificates), len(data.crls), len(data.ocsps)) == (1, 2, 3)
    begun = {"version": 1, "time": "2026-11-24T12:00:00Z", "actor": "maker", "action": "create", "seal": seal.id}
    assert lines(made) == [begun | {"authority": made.config.id, "kind": "test"}]
    other = AuthorityConfig.read(made.folder / FILE)
    assert other == made.config


def test_permissions(made: Authority) -> None:
    secret = 0
    for path in [made.folder, *made.folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert not mode & 0o022, path
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes():
            assert mode == 0o600, path
            secret += 1
    assert secret == 4, "seal, timestamper, issuing CA, root"
    assert stat.S_IMODE((made.folder / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((made.folder / journal.FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("algorithm", ["p256", "ed25519", "rsa-pss"])
def test_it_seals_and_its_trust_verifies(tmp_path: Path, algorithm: str) -> None:
    made = Authority.create(tmp_path / "office", name=NAME, at=AT, algorithm=algorithm, clock=clock)
    sealed = made.seal(PDF)
    assert (sealed.level, sealed.seal_id, sealed.notes) == ("LTA", made.seals[0].id, ())
    report = eseal.verify(sealed.data, trust=made.trust, at=AT + timedelta(days=1))
    assert report.passed, report.explain("en")
    other = Authority.create(tmp_path / "other", name=NAME, at=AT, clock=clock)
    assert not eseal.verify(sealed.data, trust=other.trust, at=AT + timedelta(days=1)).passed


def test_files_are_sealed_to_files(made: Authority, tmp_path: Path) -> None:
    source, out = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(PDF)
    sealed = made.seal(source, out=out, level="B", actor="clerk", reason="approved", at=AT + timedelta(hours=1))
    assert out.read_bytes() == sealed.data
    assert sealed.level == "B"
    refused("FILE_EXISTS", made.seal, str(source), out=str(out))
    assert len(lines(made)) == 2, "refused before anything was signed"
    assert lines(made)[1] == {
        "version": 1,
        "time": "2026-11-24T12:00:00Z",
        "actor": "clerk",
        "action": "seal",
        "seal": made.seals[0].id,
        "digest": "sha256:" + hashlib.sha256(out.read_bytes()).hexdigest(),
        "level": "B",
    }
    made.seal(source, out=out, force=True)
    assert [entry.action for entry in made.journal()] == ["create", "seal", "seal"]
    assert list(made.journal())[1].time == AT
    refused("INPUT_NOT_FOUND", made.seal, tmp_path / "none.pdf")
    refused("INPUT_IS_FOLDER", made.seal, tmp_path)
    with pytest.raises(DocumentError):
        made.seal(b"no document")
    assert len(lines(made)) == 3


def test_seals_are_found(made: Authority) -> None:
    (seal,) = made.seals
    for reference in (None, seal, seal.id, seal.id[:8], seal.name, NAME):
        assert made.find(reference) == seal
    for reference in ("", seal.id[:7], "other", "f" * 32 if seal.id[0] != "f" else "0" * 32):
        assert seal.name in refused("AUTHORITY_SEAL_UNKNOWN", made.find, reference).message()


def test_further_seals(made: Authority) -> None:
    picture = official_seal("财务处")
    after, seal = made.add_seal("财务处", picture=picture, kind=SealKind.FINANCE, actor="clerk")
    assert [s.id for s in after.seals] == [made.seals[0].id, seal.id]
    assert after.signer(seal).certificate != after.signer().certificate
    assert seal.name == "TEST 财务处"
    sealed = after.seal(after.seal(PDF).data, seal="财务处")
    report = eseal.verify(sealed.data, trust=after.trust, at=AT + timedelta(days=1))
    assert report.passed, report.explain("en")
    assert [s.kind for s in report.signatures] == ["seal", "timestamp"] * 2
    assert [(e.action, e.actor) for e in after.journal()][1] == ("add-seal", "clerk")
    again, _ = after.add_seal("财务处", picture=picture)
    refused("AUTHORITY_SEAL_AMBIGUOUS", again.find, "财务处")
    refused("AUTHORITY_ISSUER_UNKNOWN", again.add_seal, "x", picture=picture, issuer="none")
    later = again.add_seal("第三", picture=picture, at=AT + timedelta(days=3000))[1]
    assert later.valid_until == AT + testpki.VALID


def test_a_test_ca_of_every_kind_issues_again() -> None:
    for algorithm in ("p256", "p384", "p521", "ed25519", "rsa-pss"):
        issuing = testpki.make(NAME, AT, algorithm).issuing
        loaded = testpki.load(issuing.key_pem + issuing.chain_pem())
        assert loaded == issuing
        assert testpki.issue_seal(loaded, "x", body=NAME, at=AT).signer().scheme == issuing.signer().scheme


@pytest.fixture
def real(tmp_path: Path) -> dict[str, str]:
    """Files of a certificate authority that is marked TEST nowhere."""
    need("openssl")
    pki, key, stamper = RealPki(AT), new_key(), new_key()
    certificate, stamping = pki.certify(key.public_key()), pki.timestamper(stamper.public_key())
    parts = {
        "key": pem(key),
        "cert": certificate.to_pem() + pki.issuing.to_pem(),
        "root": pki.root.to_pem(),
        "stamper": pem(stamper),
        "stamper-cert": stamping.to_pem() + pki.issuing.to_pem(),
    }
    for name, data in parts.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    encrypt = [
        "openssl",
        "pkcs8",
        "-topk8",
        "-in",
        tmp_path / "key",
        "-out",
        tmp_path / "enc",
        "-passout",
        "pass:hunter2",
    ]
    subprocess.run(encrypt, check=True, capture_output=True)
    (tmp_path / "enc").chmod(0o600)
    (tmp_path / "secret").write_bytes(b"hunter2\n")
    (tmp_path / "secret").chmod(0o600)
    return {name: str(tmp_path / name) for name in (*parts, "enc", "secret")}


def test_an_authority_over_a_key_of_its_own(
    tmp_path: Path, real: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = Authority.create(
        "office",
        name=NAME,
        at=AT,
        key=KeySource("enc", "cert", "secret"),
        trust=[f"seal:{real['root']}"],
        issuer_code="330100",
        clock=clock,
    )
    monkeypatch.chdir("/")
    made = Authority.open(tmp_path / "office", clock=clock)
    assert not made.is_test
    assert made.issuers[0].code == "330100"
    assert made.seals[0].name == NAME
    assert made.timestamper is None
    (kept,) = (made.folder / "keys").iterdir()
    assert b"PRIVATE" not in kept.read_bytes(), "the key stays where it is; its certificates are kept"
    assert [len(Certificate.load_all(kept.read_bytes())), made.config.keys[0].certificate] == [2, f"keys/{kept.name}"]
    assert not made.trust.for_purpose(Purpose.TIMESTAMP)
    sealed = made.seal(PDF)
    assert sealed.level == "B"
    text = (made.folder / FILE).read_text(encoding="utf-8")
    assert "hunter2" not in text
    refused("AUTHORITY_KEY_NEEDED", made.add_seal, "x", picture=official_seal("x"))
    after, seal = made.add_seal("x", picture=official_seal("x"), key=KeySource(real["key"], real["cert"]))
    assert after.signer(seal).certificate == after.signer().certificate
    assert after.seal(PDF, seal="x").seal_id == seal.id


def test_unfit_keys_make_no_authority(tmp_path: Path, real: dict[str, str]) -> None:
    for key, code in (
        (KeySource(real["stamper"], real["stamper-cert"]), "CERTIFICATE_NOT_FOR_SEALING"),
        (KeySource(real["key"], real["stamper-cert"]), "KEY_CERTIFICATE_MISMATCH"),
        (KeySource(real["enc"], real["cert"]), "KEY_PASSWORD_MISSING"),
    ):
        refused(code, Authority.create, tmp_path / "office", name=NAME, at=AT, key=key)
    early = KeySource(real["key"], real["cert"])
    refused("CERTIFICATE_NOT_YET_VALID", Authority.create, tmp_path / "o", name=NAME, at=AT - timedelta(9), key=early)
    refused("AUTHORITY_TRUST_WITHOUT_KEY", Authority.create, tmp_path / "o", name=NAME, at=AT, trust=[real["root"]])
    assert not (tmp_path / "office").exists()
    assert not (tmp_path / "o").exists()


def test_a_password_is_asked_for_where_no_file_is_named(tmp_path: Path, real: dict[str, str]) -> None:
    key = KeySource(real["enc"], real["cert"], real["secret"])
    made = Authority.create(tmp_path / "office", name=NAME, at=AT, key=key, clock=clock)
    config = (made.folder / FILE).read_text(encoding="utf-8")
    without = "\n".join(line for line in config.splitlines() if not line.startswith("password_file"))
    (made.folder / FILE).write_text(without, encoding="utf-8")
    refused("KEY_PASSWORD_MISSING", Authority.open(made.folder).signer)
    asked: list[str] = []
    opened = Authority.open(made.folder, password=lambda uri: asked.append(uri) or b"hunter2")  # type: ignore[func-returns-value]
    assert opened.signer().certificate == opened.signer().certificate
    assert asked == [f"file:{real['enc']}"], "asked once"


def test_timestampers_fall_back_in_their_order(tmp_path: Path) -> None:
    pki = testpki.make(NAME, AT)
    served = eseal.timestamps.LocalTimestamper(pki.timestamper.signer(), clock=clock)  # type: ignore[attr-defined]
    asked: list[str] = []

    class Fetcher:
        def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
            asked.append(url)
            if "one" in url:
                raise ServiceError("NET_STATUS", url=url, status=503)
            return served.respond(body or b"")

    urls = ("http://one.example/", "http://two.example/")
    made = Authority.create(tmp_path / "office", name=NAME, at=AT, timestampers=urls, clock=clock)
    assert len(made.config.keys) == 1, "no embedded timestamper beside others"
    opened = Authority.open(made.folder, clock=clock, fetcher=Fetcher())
    assert opened.seal(PDF).level == "T"
    assert set(asked) == set(urls)
    assert opened.seal(PDF, level="B").level == "B"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "right\u202eleft"])
def test_names_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    refused("NAME_UNUSABLE", Authority.create, tmp_path / "office", name=name, at=AT)
    made = Authority.create(tmp_path / "fine", name=NAME, at=AT)
    refused("NAME_UNUSABLE", made.seal, PDF, actor=name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fine"]


def test_the_user_is_the_actor_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal.getpass, "getuser", lambda: "somebody")
    made = Authority.create(tmp_path / "office", name=NAME, at=AT)
    assert next(iter(made.journal())).actor == "somebody"

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(journal.getpass, "getuser", nobody)
    made.seal(PDF, level="B")
    assert list(made.journal())[1].actor == f"uid {os.getuid()}"


def test_folders_in_use_are_refused(tmp_path: Path, made: Authority) -> None:
    before = sorted(p.name for p in made.folder.iterdir())
    refused("FOLDER_NOT_EMPTY", Authority.create, made.folder, name=NAME, at=AT)
    refused("FOLDER_NOT_FOUND", Authority.create, tmp_path / "a" / "b", name=NAME, at=AT)
    assert sorted(p.name for p in made.folder.iterdir()) == before
    (tmp_path / "empty").mkdir(mode=0o775)
    assert Authority.create(tmp_path / "empty", name=NAME, at=AT).name == NAME


@pytest.mark.parametrize(
    "part", ["", FILE, "keys", "seals", "trust", "trust/anchors", "trust/crls", "trust/anchors.toml"]
)
def test_what_others_can_write_is_not_used(made: Authority, part: str) -> None:
    path = made.folder / part
    path.chmod(path.stat().st_mode | 0o020)
    refused("CONFIG_WRITABLE", lambda: Authority.open(made.folder).trust)
    path.chmod(path.stat().st_mode & ~0o020)
    assert Authority.open(made.folder).trust == made.trust
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
        refused("CONFIG_NOT_YOURS", lambda: Authority.open(made.folder).trust)


def test_keys_and_seals_that_were_touched(made: Authority) -> None:
    key = next(p for p in (made.folder / "keys").iterdir() if p.stem == made.config.keys[0].id)
    key.chmod(0o640)
    refused("KEY_FILE_PERMISSIONS", Authority.open(made.folder).seal, PDF)
    key.chmod(0o600)
    after, second = made.add_seal("zwei", picture=official_seal("zwei"))
    stored = made.folder / "seals"
    (stored / f"{second.id}.json").write_bytes((stored / f"{made.seals[0].id}.json").read_bytes())
    refused("AUTHORITY_SEAL_SWAPPED", lambda: Authority.open(made.folder).seals)
    (stored / f"{second.id}.json").unlink()
    refused("INPUT_NOT_FOUND", lambda: Authority.open(made.folder).seals)
    text = (made.folder / FILE).read_text(encoding="utf-8")
    (stored / f"{second.id}.json").write_bytes(second.to_bytes())
    entry = after.config.keys[-1]
    (made.folder / FILE).write_text(text.replace(f'{entry.id}.pem"\nseals = ["{second.id}"]', f'{entry.id}.pem"'))
    refused("AUTHORITY_SEAL_WITHOUT_KEY", Authority.open(made.folder).signer, second)
    refused("CONFIG_NOT_FOUND", Authority.open, made.folder / "keys")


def test_anchors_have_purposes_and_periods(made: Authority) -> None:
    said = made.folder / "trust" / "anchors.toml"
    (file,) = (made.folder / "trust" / "anchors").iterdir()
    head = f'version = 1\n[[anchors]]\nfile = "{file.name}"\n'
    said.write_text(head + 'purposes = ["seal"]\nvalid_until = 2030-01-01T00:00:00Z\nname = "old root"\n')
    (anchor,) = Authority.open(made.folder).trust.anchors
    assert anchor.purposes == {Purpose.SEAL}
    assert anchor.valid_until == datetime(2030, 1, 1, tzinfo=UTC)
    assert anchor.label == "old root"
    for content, code in (
        (head.replace(file.name, "none.pem"), "CONFIG_REFERENCE"),
        (head + head.removeprefix("version = 1\n"), "CONFIG_TWICE"),
        (head + 'purposes = ["everything"]\n', "CONFIG_VALUE_WRONG"),
        (head + "valid_from = 2030-01-01T00:00:00\n", "CONFIG_VALUE_WRONG"),
        (head + 'purpose = ["seal"]\n', "CONFIG_KEY_UNKNOWN"),
    ):
        said.write_text(content)
        refused(code, lambda: Authority.open(made.folder).trust)
    said.unlink()
    assert len(Authority.open(made.folder).trust.for_purpose(Purpose.TIMESTAMP)) == 1
    (made.folder / "trust" / "intermediates" / "self.pem").write_bytes(testpki.make("x", AT).root.to_pem())
    store = Authority.open(made.folder).trust
    assert len(store.anchors) == 1, "a self-signed certificate among the intermediates vouches for nothing"
    assert len(store.data.certificates) == 2


def test_a_line_that_a_crash_cut_off_spoils_no_other(made: Authority) -> None:
    path = made.folder / journal.FILE
    path.write_bytes(path.read_bytes() + b'{"version": 1, "time": "2026')
    made.seal(PDF, level="B", actor="clerk")
    assert [(e.action, e.actor) for e in made.journal()] == [("create", "maker"), ("seal", "clerk")]


def test_nothing_leaves_unrecorded(made: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.pdf"
    (made.folder / journal.FILE).unlink()
    (made.folder / journal.FILE).mkdir()
    refused("JOURNAL_NOT_WRITTEN", made.seal, PDF, out=out)
    refused("JOURNAL_NOT_WRITTEN", made.add_seal, "x", picture=official_seal("x"))
    refused("JOURNAL_NOT_READ", lambda: list(made.journal()))
    assert not out.exists()
    assert len(list((made.folder / "seals").iterdir())) == 1, "a seal that was not recorded is taken back"
    assert len(list((made.folder / "keys").iterdir())) == 4


def test_a_fault_anywhere_leaves_no_half_made_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pki = testpki.make(NAME, AT)
    picture = official_seal(NAME)
    monkeypatch.setattr(testpki, "make", lambda *_, **__: pki)  # made once: only the writing is tried here

    def attempt(folder: Path, failing: tuple[str, int] | None) -> tuple[bool, Counter[str]]:
        with faulty(failing) as seen:
            try:
                Authority.create(folder, name=NAME, at=AT, picture=picture, clock=clock)
            except (Error, OSError):
                return False, seen
        return True, seen

    done, calls = attempt(tmp_path / "dry", None)
    assert done
    # The first and last of each call and every seventh between: test_files has the whole table for one file.
    for name, count in calls.items():
        for number in sorted({1, count, *range(1, count, 7)}):
            base = tmp_path / f"{name}{number}"
            base.mkdir()
            attempt(base / "office", (name, number))
            if (base / "office").exists():
                assert Authority.open(base / "office").signer() is not None, (name, number)
            assert not [p for p in base.iterdir() if p.name != "office"], (name, number)


def test_the_public_name_and_its_certificate(made: Authority) -> None:
    assert eseal.Authority is office.Authority
    assert facts(made.signer().certificate).common_name == f"TEST {NAME}"
    with pytest.raises(KeyAccessError):
        made.seal(PDF, at=AT + timedelta(days=4000))
    with pytest.raises(UsageError):
        made.seal(PDF, at=AT.replace(tzinfo=None))
