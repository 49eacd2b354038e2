"""`eseal trust` as somebody types it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eseal import testpki
from eseal.authority import Authority

Run = Callable[..., Any]
NOW = datetime.now(UTC)
YEAR = timedelta(days=365)
ROOT = testpki.issue(None, "Added root", body="B", at=NOW, until=NOW + YEAR * 9, ca=1)
CA = testpki.issue(ROOT, "CA", body="B", at=NOW, until=NOW + YEAR * 5, ca=0)
LEAF = testpki.issue(None, "Lone leaf", body="B", at=NOW, until=NOW + YEAR)


@pytest.fixture
def mine(office: Path, tmp_path: Path) -> Path:
    """A copy of the authority that may be changed, with files to add beside it."""
    shutil.copytree(office, tmp_path / "mine")
    files = {"root.pem": ROOT.certificate.to_pem() + CA.certificate.to_pem(), "leaf.pem": LEAF.certificate.to_pem()}
    for name, data in files.items():
        (tmp_path / "work" / name).write_bytes(data)
    return tmp_path / "mine"


def test_an_anchor_from_the_first_look_to_the_last(run: Run, mine: Path) -> None:
    options = ("--authority", mine)
    ran = run("trust", "add", "root.pem", *options)
    assert (ran.code, "--yes" in ran.err) == (2, True)
    assert ROOT.certificate.fingerprint[:4] in ran.err, "the fingerprint is shown before anything is asked"
    wrong = run("trust", "add", "root.pem", "--fingerprint", "00" * 32, *options)
    assert (wrong.code, ROOT.certificate.fingerprint in wrong.err) == (2, True)
    assert len(Authority.open(mine).trust.anchors) == 1
    colons = ":".join(ROOT.certificate.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    more = ("--purpose", "timestamp", "--until", "2030-01-01T00:00:00+08:00", "--name", "other")
    ran = run("trust", "add", "root.pem", "--fingerprint", colons, *more, "--format", "json", *options)
    assert ran.code == 0, ran.err
    assert [a["fingerprint"] for a in ran.json["added"]["anchors"]] == [ROOT.certificate.fingerprint]
    assert [a["fingerprint"] for a in ran.json["added"]["intermediates"]] == [CA.certificate.fingerprint]
    listed = run("trust", "list", "--format", "json", *options).json["trust"]
    (new,) = (i for i in listed if i["name"] == "other")
    assert (new["kind"], new["state"], new["purposes"], new["until"]) == (
        "anchor",
        "ok",
        ["timestamp"],
        "2029-12-31T16:00:00Z",
    )
    assert {i["kind"] for i in listed} == {"anchor", "intermediate", "CRL", "OCSP"}
    shown = run("trust", "show", "other", *options)
    assert " ".join([ROOT.certificate.fingerprint[i : i + 4] for i in range(0, 64, 4)]) in shown.out
    assert run("trust", "close", "other", *options).code == 2
    assert run("trust", "close", "other", "--yes", *options).code == 0
    assert run("trust", "show", "other", "--format", "json", *options).json["trust"][0]["until"] < "2029"
    assert run("trust", "remove", ROOT.certificate.fingerprint[:12], "--yes", *options).code == 0
    assert run("trust", "show", "other", *options).code == 2
    assert "other" not in run("trust", "list", *options).out


def test_what_is_refused(run: Run, mine: Path) -> None:
    ran = run("trust", "add", "leaf.pem", "--yes", "--authority", mine)
    assert (ran.code, "itself" in ran.err) == (8, True)
    ran = run("trust", "add", "root.pem", "--intermediate", "--purpose", "seal", "--authority", mine)
    assert ran.code == 2
    ran = run("trust", "add", "root.pem", "--intermediate", "--authority", mine)
    assert ran.code == 0
    assert len(Authority.open(mine).trust.anchors) == 1
    assert ROOT.certificate in Authority.open(mine).trust.data.certificates
    assert run("trust", "add", "none.pem", "--authority", mine).code == 5
    assert run("trust", "list").code == 2


def test_lists_from_a_folder(run: Run, mine: Path, tmp_path: Path) -> None:
    issuing = testpki.load((mine / "keys" / "test-ca.pem").read_bytes())
    drop = tmp_path / "drop"
    drop.mkdir()
    newer = testpki.crl(issuing, at=NOW + timedelta(hours=1, minutes=2), until=NOW + YEAR)
    (drop / "new.crl").write_bytes(newer)
    assert "would" in run("trust", "update", drop, "--dry-run", "--authority", mine).out
    ran = run("trust", "update", drop, "--format", "json", "--authority", mine)
    assert ran.code == 0
    assert [p["state"] for p in ran.json["update"]["pieces"]] == ["taken"]
    assert newer in Authority.open(mine).trust.data.crls
    (drop / "evil\x1b[2J.crl").write_bytes(b"junk")
    (drop / "root.pem").write_bytes(ROOT.certificate.to_pem())
    ran = run("trust", "update", drop, "--authority", mine)
    assert ran.code == 8
    assert "\x1b" not in ran.out + ran.err
    assert "trust add root.pem" in ran.err
    assert len(Authority.open(mine).trust.anchors) == 1
    zh = run("--lang", "zh", "trust", "update", drop, "--authority", mine)
    assert "拒绝 1" in zh.out


def test_verify_with_a_trust_folder_and_its_lists_offline(run: Run, mine: Path, sealed: Path) -> None:
    assert run("verify", sealed, "--trust", mine / "trust", "--offline").code == 0
    for file in [*(mine / "trust" / "crls").iterdir(), *(mine / "trust" / "ocsp").iterdir()]:
        file.unlink()
    plain = json.loads(run("verify", sealed, "--trust", mine / "trust", "--offline", "--format", "json").out)
    ran = run("verify", sealed, "--trust", mine / "trust", "--offline")
    assert ran.code == (0 if plain["signatures"][0]["level"] in ("B-LT", "B-LTA") else 3)
    (mine / "trust" / "stray.pem").write_bytes(ROOT.certificate.to_pem())
    assert "stray.pem" in run("verify", sealed, "--trust", mine / "trust", "--offline").err


def test_a_plain_folder_of_roots_and_lists_offline(run: Run, mine: Path, sealed: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for part in ("anchors", "intermediates", "crls"):
        for file in (mine / "trust" / part).iterdir():
            shutil.copy(file, flat / file.name)
    ran = run("verify", sealed, "--trust", flat, "--offline", "--format", "json")
    assert ran.code == 0, ran.out


@pytest.mark.parametrize(("answer", "code", "anchors"), [("y\n", 0, 2), ("n\n", 2, 1), ("\n", 2, 1)])
def test_a_person_is_asked(
    run: Run, mine: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, anchors: int
) -> None:
    monkeypatch.setattr("eseal.cli.confirm.terminal", lambda: True)
    ran = run("trust", "add", "root.pem", "--authority", mine, input=answer)
    assert (ran.code, "fingerprints" in ran.err) == (code, True)
    assert len(Authority.open(mine).trust.anchors) == anchors
    assert run("trust", "add", "root.pem", "--no-input", "--authority", mine, input="y\n").code == 2
