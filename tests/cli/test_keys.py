"""`eseal keys`, `eseal init` over a real key, and sealing with tokens and services."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

from eseal import testpki
from eseal.authority import Authority
from eseal.authority.making import KeySource
from eseal.cli import keys as command
from eseal.cli import password
from eseal.errors import Error
from eseal.keys.pkcs11 import signer as signing
from eseal.model import Certificate
from eseal.report.json import schema
from support import judges
from support.cscserver import PIN as REMOTE_PIN
from support.cscserver import TOKEN, Service
from support.faketoken import FakeToken, module
from support.realpki import RealPki, new_key
from support.softhsm import PIN, SoftHsm, configure, copied

Run = Callable[..., Any]
VALIDATOR = jsonschema.Draft202012Validator(schema())


@pytest.fixture(scope="module")
def pki() -> RealPki:
    return RealPki(datetime.now(UTC))


def secret(path: Path, text: str) -> Path:
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def names(folder: str | Path = ".") -> list[str]:
    return sorted(entry.name for entry in Path(folder).iterdir())


# Requests


@pytest.mark.parametrize("algorithm", [None, "p384", "rsa2048", "ed25519"])
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_request_with_a_new_key(run: Run, openssl: None, algorithm: str | None, encrypted: bool) -> None:
    options = ["--algorithm", algorithm] if algorithm else []
    options += ["--password-file", secret(Path("pass"), "long enough")] if encrypted else []
    ran = run(
        "keys", "request", "--new-key", "seal.key", "--cn", "杭州市示范局", "--country", "CN",
        "--organization", "示范局", "--organization-id", "91330100MA00000000", "-o",
        "seal.csr", *options, "--lang", "en",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert stat.S_IMODE(Path("seal.key").stat().st_mode) == 0o600
    assert (b"ENCRYPTED" in Path("seal.key").read_bytes()) == encrypted
    load_pem_private_key(Path("seal.key").read_bytes(), b"long enough" if encrypted else None)
    said = judges.run(
        "openssl", "req", "-verify", "-text", "-in", "seal.csr", "-nameopt", "utf8,esc_ctrl,sep_comma_plus"
    )
    assert "verify OK" in said
    assert "CN=杭州市示范局" in said
    assert "Digital Signature, Non Repudiation" in said
    assert "PRIVATE" not in ran.out + ran.err


def test_an_existing_key_is_never_replaced(run: Run) -> None:
    secret(Path("seal.key"), "mine")
    arguments = ["keys", "request", "--new-key", "seal.key", "--cn", "A", "-o", "seal.csr", "--force"]
    assert run(*arguments).code == 2
    assert Path("seal.key").read_text() == "mine\n"
    assert not Path("seal.csr").exists()
    Path("seal.csr").write_text("old")
    assert run("keys", "request", "--new-key", "b.key", "--cn", "A", "-o", "seal.csr").code == 2
    assert not Path("b.key").exists()
    assert run("keys", "request", "--new-key", "b.key", "--cn", "A", "-o", "seal.csr", "--force").code == 0


@pytest.mark.parametrize("broken", ["key", "request"])
def test_a_request_is_written_whole_with_its_key_or_not_at_all(
    run: Run, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    write = command.files.write

    def failing(path: Path, data: bytes, **how: Any) -> None:
        if (broken == "key") == (b"PRIVATE" in data):
            raise Error("FILE_WRITE_FAILED", path=path, reason="No space left on device")
        write(path, data, **how)

    monkeypatch.setattr(command.files, "write", failing)
    ran = run("keys", "request", "--new-key", "seal.key", "--cn", "A", "-o", "seal.csr")
    assert ran.code == 2
    assert names() == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), "CLI_REQUEST_ONE_KEY"),
        (("--new-key", "a", "--signer", "b"), "CLI_REQUEST_ONE_KEY"),
        (("--signer", "b", "--algorithm", "p256"), "CLI_REQUEST_ALGORITHM"),
        (("--new-key", "a", "--country", "China"), "REQUEST_SUBJECT"),
        (("--new-key", "a", "--country", "cn"), "REQUEST_SUBJECT"),
        (("--new-key", "a", "--unit", "x" * 65), "REQUEST_SUBJECT"),
        (("--new-key", "a", "--serial-number", "编号"), "REQUEST_SUBJECT"),
        (("--new-key", "a", "--locality", "a\tb"), "REQUEST_SUBJECT"),
        (("--signer", "csc:https://host/csc/v2"), "KEY_REMOTE_WITHOUT_REQUEST"),
    ],
)
def test_requests_that_cannot_be_made(run: Run, options: tuple[str, ...], code: str) -> None:
    ran = run("keys", "request", "--cn", "A", "-o", "seal.csr", *options, "--format", "json")
    assert ran.code == 2
    assert ran.json["error"]["code"] == code
    assert names() == []


def test_a_request_over_a_key_that_is_there(run: Run, tmp_path: Path, openssl: None, softhsm: SoftHsm) -> None:
    configure(tmp_path / "home", softhsm.module)
    assert run("keys", "request", "--new-key", "seal.key", "--cn", "A", "-o", "one.csr").code == 0
    ran = run("keys", "request", "--signer", "seal.key", "--cn", "A", "-o", "two.csr", "--format", "json")
    assert ran.code == 0, ran.err
    VALIDATOR.validate(ran.json)
    assert ran.json["request"] == {"output": "two.csr", "key": None, "scheme": "ecdsa-sha256", "common_name": "A"}
    given = secret(Path("pin"), PIN.decode())
    arguments = ["keys", "request", "--signer", softhsm.uri("rsa"), "--cn", "A", "-o", "three.csr"]
    assert run(*arguments, "--no-input").code == 6, "a PIN is needed"
    ran = run(*arguments, "--password-file", given)
    assert ran.code == 0, ran.err
    for file in ("one.csr", "two.csr", "three.csr"):
        assert "verify OK" in judges.run("openssl", "req", "-verify", "-noout", "-in", file)


# Authorities


def no_test_key(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"PRIVATE KEY" not in content, path
            for certificate in Certificate.load_all(content) if b"BEGIN CERTIFICATE" in content else ():
                assert b"TEST" not in certificate.der


def test_an_authority_over_a_key_in_a_file(run: Run, page: Path, pki: RealPki, tmp_path: Path) -> None:
    key, chain, root = pki.store(tmp_path)
    ran = run("init", "office", "--name", "甲局", "--signer", key, "--cert", chain, "--trust", root, "--lang", "en")
    assert ran.code == 0, ran.err
    assert "eseal doctor --authority office" in ran.err
    assert "TEST" not in ran.out + ran.err
    assert "--tsa" in ran.err, "no timestamper: said"
    no_test_key(Path("office"))
    chain.unlink()  # the authority has its own copy
    assert run("seal", page, "-o", "out.pdf", "--authority", "office", "--level", "B").code == 0
    ran = run("verify", "out.pdf", "--authority", "office", "--revocation", "ignore", "--offline", "--lang", "en")
    assert ran.code == 0, ran.out
    assert run("init", "other", "--name", "甲局", "--key", key, "--trust", root).code == 6, "no certificate"
    assert not Path("other").exists()


def test_an_authority_over_pkcs12_whose_password_is_asked_for(
    run: Run, page: Path, pki: RealPki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    chain = [x509.load_der_x509_certificate(c.der) for c in (pki.certify(key.public_key()), pki.issuing)]
    encryption = BestAvailableEncryption(b"long enough")
    Path("seal.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"k", key, chain[0], chain[1:], encryption))
    Path("seal.p12").chmod(0o600)
    arguments = ["init", "office", "--name", "甲局", "--signer", "p12:seal.p12"]
    assert run(*arguments, "--no-input").code == 6
    monkeypatch.setattr(password, "_terminal", lambda: True)
    ran = run(*arguments, input="long enough\n")
    assert ran.code == 0, ran.err
    assert "long enough" not in "".join(p.read_text() for p in Path("office").rglob("*") if p.is_file())
    ran = run("seal", page, "-o", "out.pdf", "--authority", "office", "--level", "B", input="long enough\n")
    assert ran.code == 0, ran.err
    ran = run("keys", "list", "--authority", "office", "--format", "json")
    VALIDATOR.validate(ran.json)
    assert ran.json["test"] is False
    (held,) = ran.json["keys"]
    assert (held["kind"], held["use"], held["algorithm"], held["expired"]) == ("file", "seal", "EC secp256r1", False)
    assert held["subject"].startswith("CN=Seal of the Office")


def test_an_authority_over_a_token(run: Run, page: Path, tmp_path: Path, softhsm: SoftHsm) -> None:
    configure(tmp_path / "home", softhsm.module)
    root = tmp_path / "root.pem"
    root.write_bytes(softhsm.pki.root.to_pem())
    pin = secret(tmp_path / "pin", PIN.decode())
    for name in ("rsa", "ec"):
        office, out = f"office-{name}", f"{name}.pdf"
        arguments = ["init", office, "--name", "甲局", "--signer", softhsm.uri(name), "--trust", root]
        ran = run(*arguments, "--password-file", pin)
        assert ran.code == 0, ran.err
        no_test_key(Path(office))
        config = (Path(office) / "eseal.toml").read_text()
        assert PIN.decode() not in config
        assert f'module = "{softhsm.module}"' in config
        ran = run("seal", page, "-o", out, "--authority", office, "--level", "B")
        assert ran.code == 0, ran.err
        ran = run("verify", out, "--authority", office, "--revocation", "ignore", "--offline")
        assert ran.code == 0, ran.out
        shown = run("keys", "list", "--authority", office, "--lang", "en").out
        assert "token" in shown
        assert "Seal" in shown
    ran = run(
        "seals", "make", "财务处", "--key", softhsm.uri("rsa"), "--password-file", pin, "--authority", "office-ec"
    )
    assert ran.code == 0, ran.err
    given = ("--authority", "office-ec", "--password-file", pin, "--level", "B")
    assert run("seal", page, "-o", "second.pdf", "--seal", "财务处", *given).code == 0
    configure(tmp_path / "home", "/nowhere/module.so")
    assert run("seal", page, "-o", "again.pdf", "--authority", "office-ec", "--level", "B").code == 0, "its own module"
    assert run("init", "x", "--name", "甲局", "--signer", softhsm.uri("ec"), "--password-file", pin).code == 6


def test_the_pin_is_asked_for_and_never_kept(
    run: Run, page: Path, tmp_path: Path, softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path / "home", softhsm.module)
    monkeypatch.setattr(password, "_terminal", lambda: True)
    ran = run("init", "office", "--name", "甲局", "--signer", softhsm.uri("ec"), input=PIN.decode() + "\n")
    assert ran.code == 0, ran.err
    assert "PIN" in ran.err + ran.out
    everything = "".join(p.read_text(errors="replace") for p in Path("office").rglob("*") if p.is_file())
    assert PIN.decode() not in everything + ran.out + ran.err
    ran = run("seal", page, "-o", "out.pdf", "--authority", "office", "--level", "B", input=PIN.decode() + "\n")
    assert ran.code == 0, ran.err
    assert run("seal", page, "-o", "no.pdf", "--authority", "office", "--level", "B", "--no-input").code == 6


def test_test_and_production_stay_apart(run: Run, page: Path, pki: RealPki, tmp_path: Path, office: Path) -> None:
    key, chain, root = pki.store(tmp_path)
    trial = testpki.make("甲局", datetime.now(UTC))
    for name, content in (("t.pem", trial.seal.key_pem + trial.seal.chain_pem()), ("t-root.pem", trial.root.to_pem())):
        secret(Path(name), content.decode())
    for arguments in (
        ("--signer", "t.pem"),
        ("--signer", key, "--cert", chain, "--trust", "t-root.pem"),
        ("--signer", key, "--cert", chain, "--trust", root, "--trust", "timestamp:t-root.pem"),
    ):
        ran = run("init", "new", "--name", "甲局", *arguments, "--format", "json")
        assert ran.code == 8
        assert ran.json["error"]["code"] == "AUTHORITY_TEST_CERTIFICATE"
        assert not Path("new").exists()
    for option in (("--cert", chain), ("--trust", root), ("--scheme", "ecdsa-sha256")):
        ran = run("init", "new", "--name", "甲局", *option, "--format", "json")
        assert (ran.code, ran.json["error"]["code"]) == (2, "CLI_INIT_WITHOUT_SIGNER")
    assert run("init", "real", "--name", "甲局", "--signer", key, "--cert", chain).code == 0
    for folder, was, says in (("real", "false", "true"), ("trial", "true", "false")):
        if folder == "trial":
            assert run("init", "trial", "--name", "甲局").code == 0
        config = Path(folder) / "eseal.toml"
        config.write_text(config.read_text().replace(f"test = {was}", f"test = {says}"))
        ran = run("seal", page, "-o", "out.pdf", "--authority", folder, "--format", "json")
        assert ran.code == 8
        assert ran.json["error"]["code"] == ("AUTHORITY_WAS_PRODUCTION" if folder == "real" else "AUTHORITY_WAS_TEST")


def test_expired_and_unreadable_certificates_are_listed(run: Run, tmp_path: Path) -> None:
    old = RealPki(datetime.now(UTC) - timedelta(days=900))
    key, chain, _ = old.store(tmp_path)
    at = datetime.now(UTC) - timedelta(days=600)
    made = Authority.create("office", name="甲局", key=KeySource(str(key), chain), at=at)
    ran = run("keys", "list", "--authority", "office", "--lang", "en")
    assert "(expired)" in ran.out
    (made.folder / made.config.keys[0].certificate).unlink()
    assert "no certificate to read" in run("keys", "list", "--authority", "office", "--lang", "en").out


# Sealing


def test_many_files_log_in_once(run: Run, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pki, key = RealPki(datetime.now(UTC)), new_key()
    token = FakeToken(key, [pki.certify(key.public_key()).der, pki.issuing.der])
    loaded = module(token)
    monkeypatch.setattr(signing, "load", lambda path: loaded)
    files = [f"{n}.pdf" for n in range(6)]
    for name in files:
        Path(name).write_bytes(page.read_bytes())
    Path("out").mkdir()
    environ = {"ESEAL_PASSWORD": "1234"}
    ran = run("seal", *files, "-o", "out", "--key", "pkcs11:token=fake;object=seal", env=environ)
    assert ran.code == 0, ran.err
    assert token.tried == ["1234"]
    assert token.signed >= 6
    assert names("out") == files


def test_a_wrong_pin_ends_the_batch_before_it_begins(run: Run, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pki, key = RealPki(datetime.now(UTC)), new_key()
    token = FakeToken(key, [pki.certify(key.public_key()).der])
    loaded = module(token)
    monkeypatch.setattr(signing, "load", lambda path: loaded)
    Path("out").mkdir()
    Path("a.pdf").write_bytes(page.read_bytes())
    for _ in range(3):
        ran = run("seal", page, "a.pdf", "-o", "out", "--key", "pkcs11:token=fake", env={"ESEAL_PASSWORD": "9876"})
        assert ran.code == 6
        assert "9876" not in ran.out + ran.err
    assert token.tried == ["9876"]
    assert names("out") == []


def opened_pipe(path: Path, process: subprocess.Popen[str]) -> BinaryIO:
    """The pipe, as soon as the process reads it; a process that ended before that fails the test."""
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO, error
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
                pytest.fail("".join(process.communicate()))
            continue
        os.set_blocking(handle, True)
        return os.fdopen(handle, "wb")


@pytest.mark.parametrize("means", ["key", "authority"])
def test_a_token_pulled_out_in_mid_batch(page: Path, tmp_path: Path, softhsm: SoftHsm, means: str) -> None:
    """A real module in a process of its own: the second document waits in a pipe until the token is gone."""
    hsm = copied(softhsm, tmp_path)
    home, out, pin = tmp_path / "home", tmp_path / "out", secret(tmp_path / "pin", PIN.decode())
    configure(home, hsm.module)
    out.mkdir()
    options: list[object] = ["--key", hsm.uri("ec")]
    if means == "authority":
        made = ["init", tmp_path / "office", "--name", "甲局", "--signer", hsm.uri("ec"), "--password-file", pin]
        done = hsm.eseal(*made, home=home)
        assert done.returncode == 0, done.stderr
        options = ["--authority", tmp_path / "office", "--level", "B"]
    for name in ("1.pdf", "3.pdf", "4.pdf"):
        (tmp_path / name).write_bytes(page.read_bytes())
    os.mkfifo(tmp_path / "2.pdf")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ESEAL_", "XDG_"))}
    environ |= {"HOME": str(home), "SOFTHSM2_CONF": str(hsm.config)}
    process = subprocess.Popen(
        [sys.executable, "-m", "eseal.cli", "seal", *(tmp_path / f"{n}.pdf" for n in (1, 2, 3, 4)), "-o", out,
         "--password-file", pin, "--format", "jsonl", "--lang", "en", *map(str, options)],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with opened_pipe(tmp_path / "2.pdf", process) as pipe:
        hsm.place("office").rename(tmp_path / "pulled-out")
        pipe.write(page.read_bytes())
    shown, said = process.communicate(timeout=60)
    lines = [json.loads(line) for line in shown.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
    assert process.returncode == 9, said
    assert lines[0]["sealed"]["file"].endswith("1.pdf")
    assert lines[1]["error"]["code"] == "KEY_TOKEN_GONE"
    assert lines[1]["file"].endswith("2.pdf")
    assert lines[-1]["summary"]["counts"] == {"sealed": 1, "failed": 1, "not_tried": 2}
    assert names(out) == ["1.pdf"], "nothing half-written"
    assert "not tried: 2" in said
    assert PIN.decode() not in shown + said


def test_a_module_never_comes_from_the_environment(run: Run, page: Path, softhsm: SoftHsm) -> None:
    ran = run("seal", page, "-o", "out.pdf", "--key", softhsm.uri("ec"), env={"ESEAL_PASSWORD": PIN.decode()})
    assert ran.code == 2, "no module is set"
    ran = run("seal", page, "-o", "out.pdf", "--key", softhsm.uri("ec"), env={"ESEAL_PKCS11_MODULE": softhsm.module})
    assert ran.code == 2
    assert softhsm.module not in ran.err
    query = softhsm.uri("ec") + f"?module-path={softhsm.module}"
    ran = run("seal", page, "-o", "out.pdf", "--key", query, env={"ESEAL_PASSWORD": PIN.decode()})
    assert ran.code == 2
    assert softhsm.module not in ran.err
    assert not Path("out.pdf").exists()


def test_sealing_with_a_service(run: Run, page: Path, pki: RealPki, tmp_path: Path) -> None:
    key = new_key()
    root = tmp_path / "root.pem"
    root.write_bytes(pki.root.to_pem())
    token, pin = secret(tmp_path / "token", TOKEN), secret(tmp_path / "pin", REMOTE_PIN)
    with Service(key, [pki.certify(key.public_key()).der, pki.issuing.der]).running() as service:
        uri = f"csc:{service.base}?credential=seal-1"
        ran = run("seal", page, "-o", "a.pdf", "--key", uri, env={"ESEAL_TOKEN": TOKEN, "ESEAL_PASSWORD": REMOTE_PIN})
        assert ran.code == 0, ran.err
        ran = run("seal", page, "-o", "b.pdf", "--key", uri, "--token-file", token, "--password-file", pin)
        assert ran.code == 0, ran.err
        ran = run("seal", page, "-o", "c.pdf", "--key", uri, "--password-file", pin, "--no-input")
        assert ran.code == 6
        ran = run("init", "office", "--name", "甲局", "--signer", uri, "--token-file", token, "--password-file", pin,
                  "--trust", root)  # fmt: skip
        assert ran.code == 0, ran.err
        ran = run("seal", page, "-o", "d.pdf", "--authority", "office", "--level", "B")
        assert ran.code == 0, ran.err
        assert run("keys", "list", "--authority", "office", "--format", "json").json["keys"][0]["kind"] == "remote"
        for file in ("a.pdf", "b.pdf", "d.pdf"):
            ran = run("verify", file, "--trust", root, "--revocation", "ignore", "--offline")
            assert ran.code == 0, ran.out
        assert not any(b"%PDF" in body for body in service.bodies)
        text = (Path("office") / "eseal.toml").read_text()
        assert TOKEN not in text
        assert REMOTE_PIN not in text
