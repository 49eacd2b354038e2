"""Test and production never share a folder, a key, a root or a journal, whatever is changed by hand afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eseal import testpki
from eseal.authority import Authority, journal
from eseal.authority.keys import held_keys
from eseal.authority.making import KeySource, official_seal
from eseal.authority.separation import marked_test
from eseal.config.authority import FILE
from eseal.errors import Error, PolicyError
from eseal.messages import catalogue
from eseal.sealing import Request
from support.pdfs import simple_pdf
from support.realpki import RealPki

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAME = "杭州市示范局"


def clock() -> datetime:
    return AT


@pytest.fixture
def pki() -> RealPki:
    return RealPki(AT)


@pytest.fixture
def source(pki: RealPki, tmp_path: Path) -> KeySource:
    key, chain, _ = pki.store(tmp_path)
    return KeySource(str(key), chain)


@pytest.fixture
def real(source: KeySource, pki: RealPki, tmp_path: Path) -> Authority:
    root = str(tmp_path / "real-root.pem")
    return Authority.create(tmp_path / "real", name=NAME, at=AT, key=source, trust=[root], clock=clock)


@pytest.fixture
def trial(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "trial", name=NAME, at=AT, clock=clock)


def refused(code: str, call: Callable[[], object]) -> Error:
    with pytest.raises(Error) as caught:
        call()
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    return caught.value


def edit(authority: Authority, old: str, new: str) -> None:
    path = authority.folder / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_certificates_that_are_marked(pki: RealPki) -> None:
    trial = testpki.make(NAME, AT)
    for certificate in (trial.root, trial.issuing.certificate, trial.seal.certificate, trial.timestamper.certificate):
        assert marked_test(certificate)
    leaf = pki.certify(pki._keys["root"].public_key())
    assert not any(map(marked_test, (pki.root, pki.issuing, leaf)))
    # A real name is none because it holds the word somewhere, a foreign test CA is one by its name.
    assert not marked_test(RealPki(AT, "Testing Laboratory TESTS").root)
    assert marked_test(RealPki(AT, "TEST Laboratory").root)
    assert marked_test(RealPki(AT, "TEST Laboratory").certify(pki._keys["root"].public_key(), "Seal"))


def test_the_journal_says_what_was_made(real: Authority, trial: Authority) -> None:
    for made, kind in ((real, "production"), (trial, "test")):
        begun = next(made.journal())
        assert (begun.action, begun.kind, begun.authority) == ("create", kind, made.config.id)
        made.seal(simple_pdf(), level="B")
        assert [e.kind for e in made.journal()] == [kind, ""], "said once"
        assert Authority.open(made.folder).is_test == (kind == "test")
    assert real.config.id != trial.config.id


def test_a_flipped_flag_is_noticed(real: Authority, trial: Authority) -> None:
    edit(real, "test = false", "test = true")
    assert isinstance(refused("AUTHORITY_WAS_PRODUCTION", lambda: Authority.open(real.folder)), PolicyError)
    edit(trial, "test = true", "test = false")
    refused("AUTHORITY_WAS_TEST", lambda: Authority.open(trial.folder))
    edit(trial, "test = false\n", "")
    refused("AUTHORITY_WAS_TEST", lambda: Authority.open(trial.folder))


def test_a_journal_belongs_to_one_authority(real: Authority, trial: Authority) -> None:
    path = real.folder / journal.FILE
    kept = path.read_bytes()
    shutil.copy(trial.folder / journal.FILE, path)
    refused("AUTHORITY_JOURNAL_FOREIGN", lambda: Authority.open(real.folder))
    for content in (b"", b"\n", kept.replace(b'"create"', b'"seal"'), kept[10:]):
        path.write_bytes(content)
        refused("AUTHORITY_JOURNAL_MISSING", lambda: Authority.open(real.folder))
    path.unlink()
    refused("AUTHORITY_JOURNAL_MISSING", lambda: Authority.open(real.folder))
    path.write_bytes(kept)
    assert Authority.open(real.folder)


def test_a_journal_from_before_this_was_recorded_still_opens(trial: Authority) -> None:
    path = trial.folder / journal.FILE
    value = json.loads(path.read_text())
    del value["kind"], value["authority"]
    path.write_text(json.dumps(value) + "\n")
    assert Authority.open(trial.folder).is_test
    edit(trial, "test = true", "test = false")
    flipped = Authority.open(trial.folder, clock=clock)
    refused("AUTHORITY_TEST_CERTIFICATE", flipped.signer)
    refused("AUTHORITY_TEST_CERTIFICATE", lambda: flipped.trust)
    # Nor in two steps, which open no key and, at level B, ask nobody for trust.
    request = Request(at=AT, level="B")
    refused("AUTHORITY_TEST_CERTIFICATE", lambda: flipped.prepare(simple_pdf(), request))
    signer = trial.signer()
    named = (signer.certificate, *signer.chain)
    refused("AUTHORITY_TEST_CERTIFICATE", lambda: flipped.prepare(simple_pdf(), request, certificates=named))
    prepared = trial.prepare(simple_pdf(), request)
    value = signer.sign(prepared.to_sign)
    refused("AUTHORITY_TEST_CERTIFICATE", lambda: flipped.complete(prepared, value))
    assert trial.complete(prepared, value).level == "B"


def test_no_test_certificate_makes_or_joins_a_real_authority(
    real: Authority, trial: Authority, source: KeySource, tmp_path: Path
) -> None:
    key = next((trial.folder / "keys").glob(f"{trial.config.keys[0].id}*"))
    marked = KeySource(str(key))
    refused("AUTHORITY_TEST_CERTIFICATE", lambda: Authority.create(tmp_path / "x", name=NAME, at=AT, key=marked))
    root = str(trial.folder / "trust" / "anchors")
    for spec in (root, f"timestamp:{root}"):
        make = lambda spec=spec: Authority.create(tmp_path / "x", name=NAME, at=AT, key=source, trust=[spec])  # noqa: E731
        refused("AUTHORITY_TEST_CERTIFICATE", make)
    assert not (tmp_path / "x").exists()
    before = sorted(p for p in real.folder.rglob("*"))
    picture = official_seal("x")
    refused("AUTHORITY_TEST_CERTIFICATE", lambda: real.add_seal("x", picture=picture, key=marked))
    assert sorted(p for p in real.folder.rglob("*")) == before
    # By hand, past every command: noticed when it is used.
    swapped = next(p for p in (real.folder / "trust" / "anchors").iterdir() if p.suffix == ".pem")
    swapped.write_bytes(next(p for p in Path(root).iterdir() if p.suffix == ".pem").read_bytes())
    refused("AUTHORITY_TEST_CERTIFICATE", lambda: Authority.open(real.folder, clock=clock).trust)


def test_no_real_certificate_joins_a_test_authority(trial: Authority, source: KeySource) -> None:
    before = sorted(p for p in trial.folder.rglob("*"))
    refused("AUTHORITY_REAL_CERTIFICATE", lambda: trial.add_seal("x", picture=official_seal("x"), key=source))
    assert sorted(p for p in trial.folder.rglob("*")) == before
    entry = trial.config.keys[0]
    edit(trial, f'uri = "{entry.uri}"', f'uri = "{source.uri}"\ncertificate = "{source.certificate}"')
    refused("AUTHORITY_REAL_CERTIFICATE", Authority.open(trial.folder, clock=clock).signer)


def test_a_key_of_a_further_seal_keeps_its_certificate_too(real: Authority, pki: RealPki, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    key, chain, _ = pki.store(folder, "rsa2048")
    after, seal = real.add_seal("财务处", picture=official_seal("x"), key=KeySource(str(key), chain))
    chain.unlink()
    first, second = held_keys(after)
    assert (first.algorithm, second.algorithm) == ("EC secp256r1", "RSA 2048")
    assert second.seals == (seal.id,)
    assert after.seal(simple_pdf(), seal="财务处", level="B").seal_id == seal.id
    for path in real.folder.rglob("*"):
        assert not path.is_file() or b"PRIVATE KEY" not in path.read_bytes()


def test_keys_are_listed_without_opening_any(trial: Authority, real: Authority) -> None:
    assert [(k.kind, k.use) for k in held_keys(trial)] == [("file", "seal"), ("file", "timestamp")]
    (held,) = held_keys(real)
    assert held.subject == "CN=Seal of the Office,O=Example Trust Services"
    assert held.valid_until is not None
    assert held.valid_until > AT + timedelta(days=600)
    (real.folder / real.config.keys[0].certificate).write_bytes(b"nothing")
    assert held_keys(Authority.open(real.folder))[0].certificate is None
