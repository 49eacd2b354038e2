"""Passwords of keys: each way to give one works to the end, is asked once, and shows nowhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eseal.authority import Authority
from eseal.authority.making import KeySource
from eseal.cli import password
from support.realpki import RealPki, new_key, pem

Run = Callable[..., Any]
SECRET = "correct 马 battery"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority whose key is encrypted and which names no file with the password."""
    folder = tmp_path_factory.mktemp("locked")
    pki, key = RealPki(datetime.now(UTC)), new_key()
    chain = pki.certify(key.public_key()).to_pem() + pki.issuing.to_pem()
    for name, data in (("key.pem", pem(key, SECRET.encode()) + chain), ("password", SECRET.encode() + b"\n")):
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600)
    Authority.create(folder / "office", name="甲局", key=KeySource(str(folder / "key.pem"), None, folder / "password"))
    config = folder / "office" / "eseal.toml"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("password_file")))
    return folder


@pytest.mark.parametrize("way", ["stdin", "file", "environment", "question"])
@pytest.mark.parametrize("means", ["authority", "key"])
def test_every_way_to_give_a_password(
    run: Run, page: Path, locked: Path, monkeypatch: pytest.MonkeyPatch, way: str, means: str
) -> None:
    options = ["--authority", locked / "office"] if means == "authority" else ["--key", locked / "key.pem"]
    given, typed, env = [], None, {}
    if way == "stdin":
        given, typed = ["--password-file", "-"], SECRET + "\n"
    elif way == "file":
        given = ["--password-file", locked / "password"]
    elif way == "environment":
        env = {"ESEAL_PASSWORD": SECRET}
    else:
        monkeypatch.setattr(password, "_terminal", lambda: True)
        typed = SECRET + "\n"
    ran = run("seal", page, "-o", "out.pdf", *options, *given, input=typed, env=env)
    assert ran.code == 0, ran.err
    assert Path("out.pdf").read_bytes().startswith(b"%PDF")
    assert SECRET not in ran.out + ran.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_message_shows_a_password(run: Run, page: Path, locked: Path, form: str) -> None:
    wrong = {"ESEAL_PASSWORD": "hunter22"}
    ran = run("seal", page, "-o", "out.pdf", "--key", locked / "key.pem", "--format", form, env=wrong)
    assert ran.code == 6
    assert "hunter22" not in ran.out + ran.err
    ran = run("config", "show", "--origin", "--format", form, env=wrong)
    assert "hunter22" not in ran.out + ran.err


def test_a_report_never_replaces_the_document_it_is_about(run: Run, sealed: Path) -> None:
    Path("a.pdf").write_bytes(sealed.read_bytes())
    Path("b.pdf").symlink_to("a.pdf")
    for out in ("a.pdf", "./a.pdf", "b.pdf"):
        ran = run("verify", "a.pdf", "-o", out, "--force", "--offline", "--lang", "en")
        assert ran.code == 2
        assert "would replace it" in ran.err
    assert Path("a.pdf").read_bytes() == sealed.read_bytes()


@pytest.mark.parametrize("place", ["1:" + "9" * 5000 + ",3", "9" * 5000 + ":1,3", "1:1," + "9" * 400, "1:1.5.5,3"])
def test_a_place_is_a_number_of_a_page(run: Run, page: Path, office: Path, place: str) -> None:
    ran = run("seal", page, "-o", "out.pdf", "--authority", office, "--place", place, "--lang", "en")
    assert ran.code == 2
    assert not Path("out.pdf").exists()
