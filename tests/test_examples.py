"""The examples run as they stand, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_der_x509_certificate
from PIL import Image, ImageChops, ImageStat

from eseal import testpki
from eseal.authority import Authority
from eseal.keys.files import FileSigner
from eseal.trust.store import TrustStore
from eseal.verification import verify
from support.pdfs import simple_pdf
from support.realpki import RealPki, new_key, pem
from support.services import running, stamping
from support.softhsm import PIN, SoftHsm
from support.texts import text_pdf

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name: str, *arguments: str | Path, code: int = 0) -> str:
    command = [sys.executable, EXAMPLES / name, *arguments]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ESEAL_", "XDG_"))} | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [str(c) for c in command], env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    names = [p.name for p in EXAMPLES.glob("*.py")]
    assert names
    assert [n for n in names if f'"{n}"' not in here] == []


def test_seal_and_verify(tmp_path: Path) -> None:
    (tmp_path / "in.pdf").write_bytes(simple_pdf())
    said = run("seal_and_verify.py", tmp_path / "in.pdf").splitlines()
    assert [line.split(" - ")[0] for line in said if " - " in line] == ["passed", "failed"]


def test_seal_pictures_are_those_of_the_documentation(tmp_path: Path) -> None:
    run("seal_pictures.py", tmp_path / "sheet.png")
    made, shown = (
        Image.open(path).convert("L")
        for path in (tmp_path / "sheet.png", EXAMPLES.parent / "docs" / "images" / "seals.png")
    )
    assert made.size == shown.size
    # Another version of the rasteriser may smooth edges in another way, no more.
    assert ImageStat.Stat(ImageChops.difference(made, shown)).mean[0] < 1


def test_pages_with_places_are_those_of_the_documentation(tmp_path: Path) -> None:
    made = [Path(line) for line in run("places.py", tmp_path).splitlines()]
    assert len(made) == 5
    for path in made:
        images = [Image.open(p).convert("L") for p in (path, EXAMPLES.parent / "docs" / "images" / path.name)]
        assert images[0].size == images[1].size
        assert ImageStat.Stat(ImageChops.difference(*images)).mean[0] < 1


@pytest.fixture(scope="module")
def pki() -> testpki.TestPki:
    return testpki.make("杭州市示范局", datetime.now(UTC))


def test_own_key_and_folder(pki: testpki.TestPki, tmp_path: Path) -> None:
    key = serialization.load_pem_private_key(pki.seal.key_pem, None)
    bundle = pkcs12.serialize_key_and_certificates(
        b"seal",
        key,
        load_der_x509_certificate(pki.seal.certificate.der),
        [load_der_x509_certificate(c.der) for c in pki.seal.chain],
        serialization.BestAvailableEncryption(b"a password"),
    )
    for name, data in (("seal.p12", bundle), ("password", b"a password\n"), ("root.pem", pki.root.to_pem())):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "pdfs").mkdir()
    (tmp_path / "plain.pdf").write_bytes(simple_pdf())
    sealed = tmp_path / "pdfs" / "sealed.pdf"
    said = run("own_key.py", tmp_path / "seal.p12", tmp_path / "password", tmp_path / "plain.pdf", sealed)
    assert said.split()[1:] == ["B", "Seal1"]
    (line,) = run("verify_folder.py", tmp_path / "pdfs", tmp_path / "root.pem").splitlines()
    report = json.loads(line)
    assert report["file"] == "sealed.pdf"
    assert report["answers"]["untouched"] == "yes"
    # The root alone brings no revocation data, and none is fetched: unknown is not passed.
    assert report["verdict"] == "indeterminate"


def test_two_steps(pki: testpki.TestPki, tmp_path: Path, openssl: None) -> None:
    (tmp_path / "in.pdf").write_bytes(simple_pdf())
    (tmp_path / "chain.pem").write_bytes(pki.seal.chain_pem())
    (tmp_path / "key.pem").write_bytes(pki.seal.key_pem)
    names = ("in.pdf", "out.pdf", "chain.pem", "key.pem")
    assert run("two_steps.py", *(tmp_path / name for name in names)).split()[1:] == ["B", "Seal1"]


def test_production(tmp_path: Path) -> None:
    at = datetime.now(UTC)
    real, stamps = RealPki(at), new_key()
    key, chain, root = real.store(tmp_path)
    roots = tmp_path / "roots"
    roots.mkdir()
    root.rename(roots / "root.pem")
    (roots / "issuing.pem").write_bytes(real.issuing.to_pem())
    for number, crl in enumerate(real.data.crls):
        (roots / f"{number}.crl").write_bytes(crl)
    certificates = (real.timestamper(stamps.public_key()), real.issuing)
    tsa = FileSigner.load(pem(stamps), certificates=certificates, path="tsa")
    (tmp_path / "in.pdf").write_bytes(
        text_pdf([[(100, 500, "盖章处"), (400, 500, "盖章处")], [], [(100, 300, "盖章处")]])
    )
    with running() as services:
        url = services.route("/tsa", stamping(tsa, at))
        said = run("production.py", key, chain, roots, url, tmp_path / "in.pdf", tmp_path / "out.pdf").splitlines()
    assert [line.split()[:3] for line in said] == [[str(tmp_path / "out.pdf"), "LTA", "Seal1"], ["passed"]], said


def test_extend_archive(tmp_path: Path) -> None:
    office = Authority.create(tmp_path / "office", name="杭州市示范局")
    archive = tmp_path / "archive" / "2026"
    archive.mkdir(parents=True)
    for level in ("B", "T", "LTA"):
        office.seal(simple_pdf(), level=level, out=archive / f"{level}.pdf")
    whole = (archive / "LTA.pdf").read_bytes()
    said = run("extend_archive.py", office.folder, tmp_path / "archive", "400").splitlines()
    assert [line.split()[:2] for line in said] == [["B.pdf", "LTA"], ["T.pdf", "LTA"]]
    assert (archive / "LTA.pdf").read_bytes() == whole
    roots = TrustStore(anchors=office.trust.anchors)
    assert {verify(p.read_bytes(), roots).verdict.value for p in archive.iterdir()} == {"passed"}
    # A year before the timestamper's certificate ends they are due again; what is no sealed document is named and left.
    (archive / "plain.pdf").write_bytes(simple_pdf())
    said = run("extend_archive.py", office.folder, tmp_path / "archive", "4000", code=1).splitlines()
    assert [line.split()[0] for line in said] == ["B.pdf", "LTA.pdf", "T.pdf", "plain.pdf"]
    assert (archive / "LTA.pdf").read_bytes().startswith(whole)
    assert (archive / "LTA.pdf").read_bytes() != whole
    assert (archive / "plain.pdf").read_bytes() == simple_pdf()


def test_token_threads(softhsm: SoftHsm, tmp_path: Path) -> None:
    names = [f"{n}.pdf" for n in range(6)]
    for name in names:
        (tmp_path / name).write_bytes(simple_pdf())
    (tmp_path / "out").mkdir()
    (tmp_path / "pin").write_bytes(PIN)
    (tmp_path / "chain.pem").write_bytes(softhsm.certificates["ec"].to_pem() + softhsm.pki.issuing.to_pem())
    how = (softhsm.module, softhsm.uri("ec"), tmp_path / "pin", tmp_path / "chain.pem", tmp_path / "out")
    assert run("token_threads.py", *how, *(tmp_path / name for name in names)).count(" B\n") == len(names)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == names
