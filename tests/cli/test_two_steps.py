"""`eseal prepare` and `eseal complete`, with the signature made by OpenSSL between them."""

from __future__ import annotations

import base64
import hashlib
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from eseal.authority import Authority
from eseal.keys import open_signer
from eseal.report.json import schema
from support.judges import run as program
from support.services import running, stamping

VALIDATOR = jsonschema.Draft202012Validator(schema())


@pytest.fixture
def key(office: Path) -> Path:
    """The key of the authority's seal, which `complete` is not to open."""
    opened = Authority.open(office)
    entry = opened.config.key_for(opened.seals[0].id)
    assert entry is not None
    return office / entry.uri.removeprefix("pem:")


def test_the_whole_way(run: Any, office: Path, page: Path, key: Path, openssl: None) -> None:
    ran = run(
        "prepare",
        page,
        "-o",
        "p",
        "--authority",
        office,
        "--to-sign",
        "bytes",
        "--place",
        "1:20,20",
        "--format",
        "json",
    )
    assert ran.code == 0, ran.err
    VALIDATOR.validate(ran.json)
    said = ran.json["prepared"]
    assert stat.S_IMODE(Path("p").stat().st_mode) == 0o600
    assert base64.b64decode(said["to_sign"]) == Path("bytes").read_bytes()
    assert said["digest"] == hashlib.sha256(Path("bytes").read_bytes()).hexdigest()
    program("openssl", "dgst", "-sha256", "-sign", key, "-out", "value", "bytes")
    before = len(list(Authority.open(office).journal()))
    done = run("complete", "p", page, "-o", "out.pdf", "--signature", "value", "--authority", office)
    assert done.code == 0, done.err
    assert done.out.startswith("out.pdf  PAdES B-")
    entries = list(Authority.open(office).journal())
    assert len(entries) == before + 1
    assert entries[-1].digest == "sha256:" + hashlib.sha256(Path("out.pdf").read_bytes()).hexdigest()
    assert run("verify", "out.pdf", "--authority", office).code == 0


def test_without_an_authority_no_key_is_near(run: Any, office: Path, page: Path, key: Path, openssl: None) -> None:
    blocks = key.read_bytes().split(b"-----BEGIN CERTIFICATE-----")
    Path("cert.pem").write_bytes(b"".join(b"-----BEGIN CERTIFICATE-----" + b for b in blocks[1:]))
    assert b"PRIVATE" not in Path("cert.pem").read_bytes()
    assert run("prepare", page, "-o", "p", "--cert", "cert.pem", "--to-sign", "bytes", "--level", "B").code == 0
    program("openssl", "dgst", "-sha256", "-sign", key, "-out", "value", "bytes")
    assert run("complete", "p", page, "-o", "out.pdf", "--signature", "value").code == 0
    assert run("verify", "out.pdf", "--authority", office, "--revocation", "if-available").code == 0


def test_the_timestamper_may_be_named_at_the_end(run: Any, office: Path, page: Path, key: Path) -> None:
    opened = Authority.open(office)
    Path("cert.pem").write_bytes(b"".join(c.to_pem() for c in (opened.signer().certificate, *opened.signer().chain)))
    assert run("prepare", page, "-o", "t", "--cert", "cert.pem", "--level", "T", "--to-sign", "bytes").code == 0
    assert run("prepare", page, "-o", "b", "--cert", "cert.pem").code == 0
    Path("value").write_bytes(opened.signer().sign(Path("bytes").read_bytes()))
    (stamps,) = (k for k in opened.config.keys if not k.seals)
    with running() as services:
        signer = open_signer(str(office / stamps.uri.removeprefix("pem:")))
        url = services.route("/tsa", stamping(signer, datetime.now(UTC)))
        ran = run("complete", "t", page, "-o", "out.pdf", "--signature", "value", "--tsa", url)
        assert (ran.code, services.asked) == (0, ["/tsa"]), ran.err
        assert ran.out.startswith("out.pdf  PAdES B-T")
        # Nobody knew of a timestamper in the first step, so there is no room for one: said, not passed over.
        ran = run("complete", "b", page, "-o", "b.pdf", "--signature", "value", "--tsa", url)
        assert (ran.code, "--level T" in ran.err) == (2, True)
        # An authority's own timestamper gives way to the one that is named.
        assert run("prepare", page, "-o", "p", "--authority", office, "--to-sign", "bytes", "--force").code == 0
        Path("value").write_bytes(opened.signer().sign(Path("bytes").read_bytes()))
        ran = run("complete", "p", page, "-o", "p.pdf", "--signature", "value", "--authority", office, "--tsa", url)
        assert (ran.code, services.asked) == (0, ["/tsa"] * 3), ran.err


def test_the_first_step_opens_no_key(run: Any, office: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*args: object, **kwargs: object) -> None:
        raise AssertionError("a key was opened")

    monkeypatch.setattr("eseal.authority.office.open_signer", opened)
    assert run("prepare", page, "-o", "p", "--authority", office, "--level", "B").code == 0


def test_a_wrong_answer_writes_nothing_and_says_why(run: Any, office: Path, page: Path) -> None:
    assert run("prepare", page, "-o", "p", "--authority", office).code == 0
    Path("value").write_bytes(b"not a signature")
    for arguments, code, word in (
        (("--signature", "value", "--authority", office), 6, "signature"),
        (("--cms", "value", "--authority", office), 6, "CMS"),
        (("--authority", office), 2, "--signature"),
        (("--signature", "value"), 2, "--authority"),
        (("--signature", "missing", "--authority", office), 5, "missing"),
    ):
        ran = run("complete", "p", page, "-o", "out.pdf", *arguments)
        assert (ran.code, word in ran.err) == (code, True), (arguments, ran)
        assert not Path("out.pdf").exists()
    Path("other.pdf").write_bytes(page.read_bytes() + b"\n")
    assert run("complete", "p", "other.pdf", "-o", "out.pdf", "--signature", "value", "--authority", office).code == 2


def test_nothing_is_replaced_without_force(run: Any, office: Path, page: Path) -> None:
    Path("p").write_bytes(b"mine")
    assert run("prepare", page, "-o", "p", "--authority", office).code == 2
    assert Path("p").read_bytes() == b"mine"
    assert run("prepare", page, "-o", "p", "--authority", office, "--force").code == 0


def test_a_seal_that_ended_between_the_steps_is_refused(office: Path, page: Path) -> None:
    opened = Authority.open(office)
    from eseal.errors import PolicyError
    from eseal.sealing import Request

    prepared = opened.prepare(page.read_bytes(), Request(at=datetime.now(UTC), level="B"))
    value = opened.signer().sign(prepared.to_sign)
    later = Authority.open(office, clock=lambda: datetime.now(UTC) + timedelta(days=36_500))
    with pytest.raises(PolicyError) as caught:
        later.complete(prepared, value)
    assert caught.value.code == "SEAL_EXPIRED"
