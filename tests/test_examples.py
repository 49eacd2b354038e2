"""The examples run as they stand, in processes of their own."""

from __future__ import annotations

import json
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
from support.pdfs import simple_pdf

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name: str, *arguments: str | Path) -> str:
    command = [sys.executable, EXAMPLES / name, *arguments]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
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
