"""What the nearest peer does wrong in the plain job: each mistake is tried, and the message is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pypdfium2
import pytest

from eseal import testpki
from eseal.cli.demo_forgery import change_byte, lay_over
from eseal.report.json import schema

Run = Callable[..., Any]


def key_files(folder: Path, algorithm: str = "p256", name: str = "X") -> tuple[Path, Path]:
    """A key and its certificate with chain, in files as they should be."""
    pki = testpki.make(name, datetime.now(UTC), algorithm)
    key, cert = folder / f"{name}.key", folder / f"{name}.crt"
    key.write_bytes(pki.seal.key_pem)
    key.chmod(0o600)
    cert.write_bytes(pki.seal.chain_pem())
    return key, cert


def test_garbled_chinese_text_in_the_seal(run: Run) -> None:
    """A character that the face lacks is an error that names it; Chinese that it has is drawn."""
    ran = run("seals", "draw", "--owner", "杭州\U0002f8d7局", "-o", "seal.svg")
    assert ran.code == 2
    assert "U+" in ran.err and "eseal:" in ran.err
    assert not Path("seal.svg").exists()
    assert run("seals", "draw", "--owner", "杭州市示范局", "-o", "a.svg").code == 0
    assert run("seals", "draw", "--owner", "杭州市示泛局", "-o", "b.svg").code == 0
    # Boxes or question marks in place of characters would make the two alike.
    assert Path("a.svg").read_text() != Path("b.svg").read_text()


def test_a_key_that_does_not_match_the_certificate(run: Run, page: Path, tmp_path: Path) -> None:
    key, _ = key_files(tmp_path, name="A")
    _, cert = key_files(tmp_path, name="B")
    ran = run("seal", page, "-o", "out.pdf", "--key", key, "--cert", cert)
    assert ran.code == 6
    assert "certificate" in ran.err and str(key) in ran.err
    assert not Path("out.pdf").exists()


def test_a_level_that_is_not_possible(run: Run, page: Path, office: Path, tmp_path: Path) -> None:
    key, cert = key_files(tmp_path)
    later = run("seal", page, "-o", "out.pdf", "--key", key, "--cert", cert, "--level", "LT", "--tsa", "http://x.test")
    assert later.code == 8
    assert "LT" in later.err
    unstamped = run("seal", page, "-o", "out.pdf", "--key", key, "--cert", cert, "--level", "T")
    assert unstamped.code == 8
    assert "timestamp" in unstamped.err
    assert not Path("out.pdf").exists()


def test_a_box_off_the_page_and_a_page_that_is_not_there(run: Run, page: Path, office: Path) -> None:
    off = run("seal", page, "-o", "out.pdf", "--authority", office, "--place", "1:500,500")
    gone = run("seal", page, "-o", "out.pdf", "--authority", office, "--place", "9:10,10")
    assert (off.code, gone.code) == (2, 2)
    assert off.err != gone.err
    assert "9" in gone.err
    assert not Path("out.pdf").exists()


def test_silent_overwrite(run: Run, page: Path, office: Path) -> None:
    Path("out.pdf").write_bytes(b"mine")
    ran = run("seal", page, "-o", "out.pdf", "--authority", office)
    assert ran.code == 2
    assert "out.pdf" in ran.err and "--force" in ran.err
    assert Path("out.pdf").read_bytes() == b"mine"
    assert run("seal", page, "-o", "out.pdf", "--authority", office, "--force").code == 0
    assert Path("out.pdf").read_bytes().startswith(page.read_bytes())


def test_an_unsigned_pdf_is_not_passed_in_silence(run: Run, page: Path, office: Path) -> None:
    ran = run("verify", page, "--authority", office)
    assert ran.code == 4
    assert ran.out.startswith("NO SEAL")
    assert "nothing vouches" in ran.out


@pytest.mark.parametrize("junk", [b"\n12 0 obj\n<</A 1>>\nendobj\n", b"%%EOF\nhello"])
def test_junk_appended_after_the_signature(run: Run, sealed: Path, office: Path, junk: bytes) -> None:
    Path("junk.pdf").write_bytes(sealed.read_bytes() + junk)
    ran = run("verify", "junk.pdf", "--authority", office)
    assert ran.code in (1, 3)
    assert not ran.out.startswith("PASSED")


def test_untrusted_root_and_tampering_are_told_apart(run: Run, sealed: Path, office: Path) -> None:
    Path("forged.pdf").write_bytes(change_byte(sealed.read_bytes()))
    tampered = run("verify", "forged.pdf", "--authority", office)
    unknown = run("verify", sealed)
    assert (tampered.code, unknown.code) == (1, 3)
    assert "not as it was sealed" in tampered.out
    assert "Issuer unknown" in unknown.out and "--trust" in unknown.out


def test_a_note_laid_over_the_page_is_named(run: Run, sealed: Path, office: Path) -> None:
    Path("forged.pdf").write_bytes(lay_over(sealed.read_bytes()))
    ran = run("verify", "forged.pdf", "--authority", office)
    assert ran.code in (1, 3)
    assert "FreeText" in ran.out


def test_there_is_json_with_level_and_sub_indication(run: Run, sealed: Path) -> None:
    ran = run("verify", sealed, "--format", "json")
    jsonschema.Draft202012Validator(schema()).validate(ran.json)
    assert ran.json["sub_indication"] == "NO_CERTIFICATE_CHAIN_FOUND"
    assert ran.json["signatures"][0]["sub_indication"] == "NO_CERTIFICATE_CHAIN_FOUND"
    assert ran.json["signatures"][0]["level"].startswith("B-")
    assert ran.json["answers"] == {"untouched": "yes", "genuine": "unknown", "in_force": "not-applicable"}


def test_two_commands_put_a_round_red_seal_on_a_pdf(run: Run, page: Path) -> None:
    """Not seven steps and six files."""
    assert run("init", "office", "--name", "杭州市示范局").code == 0
    ran = run("seal", page, "-o", "sealed.pdf", "--authority", "office")
    assert ran.code == 0
    assert ran.out.startswith("sealed.pdf  PAdES B-LTA  TEST 杭州市示范局  20")
    assert len(ran.out.splitlines()) == 1
    red = 0
    shown = pypdfium2.PdfDocument("sealed.pdf")
    shown.init_forms()
    image = shown[0].render(scale=1, may_draw_forms=True).to_pil().convert("RGB")
    before = pypdfium2.PdfDocument(str(page))[0].render(scale=1).to_pil().convert("RGB")
    new, old = image.tobytes(), before.tobytes()
    for i in range(0, len(new), 3):
        red += new[i : i + 3] != old[i : i + 3] and new[i] > 180 and max(new[i + 1 : i + 3]) < 90
    assert red > 300
    assert run("verify", "sealed.pdf", "--authority", "office").code == 0


def test_five_causes_have_five_messages(run: Run, page: Path, office: Path, tmp_path: Path) -> None:
    """The peer says "Generic processing error." to all of them."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
    from cryptography.x509 import load_der_x509_certificate

    pki = testpki.make("X", datetime.now(UTC))
    p12 = tmp_path / "key.p12"
    key = load_pem_private_key(pki.seal.key_pem, None)
    certificate = load_der_x509_certificate(pki.seal.certificate.der)
    p12.write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, BestAvailableEncryption(b"right"))  # type: ignore[arg-type]
    )
    p12.chmod(0o600)
    wrong, silent = ["--key", p12], ["--authority", office, "--tsa", "http://127.0.0.1:9/"]
    place = ["--authority", office, "--place"]
    rans = [
        run("seal", page, "-o", "a.pdf", *wrong, env={"ESEAL_PASSWORD": "wrong"}),
        run("seal", page, "-o", "a.pdf", *place, "9:10,10"),
        run("seal", page, "-o", "a.pdf", *silent),
        run("seals", "draw", "--owner", "x", "--font", page, "-o", "a.svg"),
        run("seal", page, "-o", "a.pdf", *place, "1:205,10"),
    ]
    assert [r.code for r in rans] == [6, 2, 7, 2, 2]
    assert len({r.err for r in rans}) == 5
    for ran in rans:
        assert "Traceback" not in ran.err
        assert 1 <= len(ran.err.splitlines()) <= 6
        assert ran.err.startswith("eseal: ")
    assert not Path("a.pdf").exists()
    assert run("seal", page, "-o", "a.pdf", *wrong, env={"ESEAL_PASSWORD": "right"}).code == 0
