"""What PDFBox and BouncyCastle write, alone and on top of others, comes out as it should."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

from eseal import TrustStore
from eseal.sealing import Services, extend
from support.foreign import NOW, PKI, STAMPER, TRUST, Foreign, cms, judged
from support.judges import need, run

JARS = ("pdfbox2", "fontbox2", "bcprov", "bcpkix", "bcutil", "bcmail", "commons-logging")
MODES = ("table", "stream", "objstm", "hybrid")
SERVICES = Services(STAMPER, TrustStore(TRUST.anchors, PKI["p256"].data + PKI["rsa2048"].data))

CHAINS = {
    "form sign": "yes",
    "form sign touch": "yes",
    "form sign visible keep": "yes",
    "form sign keep sign touch": "yes",
    "form sign fill": "permitted",
    "form visible field": "yes",
    "form field visible": "yes",
    "form certify fill keep": "permitted",
    "form certify fill field": "permitted",
    "form visible sign visible": "yes",
    "encrypted sign sign keep": "yes",
    "table keep": "yes",
    "table visible keep": "yes",
    "table fill": "permitted",
    "stream sign keep": "yes",
    "stream fill sign": "permitted",
    "objstm visible touch": "yes",
    "hybrid sign visible": "yes",
}
"""Operations of the maker, one after the other, from a form of its own or from a file sealed by the hand writer."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Every chain of operations, made in one virtual machine."""
    jars = [f"/usr/share/java/{jar}.jar" for jar in JARS]
    need("javac", "java", *jars)
    folder = tmp_path_factory.mktemp("pdfbox")
    path = ":".join(jars)
    run("javac", "-nowarn", "-cp", path, "-d", folder, Path(__file__).parent / "makers" / "Maker.java")
    pki = PKI["rsa2048"]
    chain = [x509.load_der_x509_certificate(c.der) for c in (pki.seal.certificate, pki.issuing.certificate, pki.root)]
    key = load_pem_private_key(pki.seal.key_pem, None)
    store = pkcs12.serialize_key_and_certificates(b"seal", key, chain[0], chain[1:], BestAvailableEncryption(b"test"))
    (folder / "keys.p12").write_bytes(store)
    for mode in MODES:
        (folder / f"{mode}.pdf").write_bytes(Foreign(mode, tagged=True, form=True).sign(cms()).data)
    lines: dict[str, str] = {}
    for steps in map(str.split, CHAINS):
        for length, step in enumerate(steps, 1):
            before, after = (folder / ("-".join(steps[:n]) + ".pdf") for n in (length - 1, length))
            if step not in MODES:
                lines[str(after)] = f"{step}\t{before}\t{after}"
    command = ["java", "-Djava.awt.headless=true", "-cp", f"{path}:{folder}", "Maker", str(folder / "keys.p12")]
    wanted = "\n".join(lines.values())
    done = subprocess.run(command, input=wanted, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(("chained", "untouched"), CHAINS.items())
def test_pdfbox(made, chained, untouched):
    assert judged((made / ("-".join(chained.split()) + ".pdf")).read_bytes()) == (untouched, [])


@pytest.mark.parametrize("chained", [c for c in CHAINS if not c.startswith("encrypted")])
def test_pdfbox_extended(made, chained):
    """A longer proof changes nothing of what is said of a document."""
    data = (made / ("-".join(chained.split()) + ".pdf")).read_bytes()
    longer = extend(data, "LTA", services=SERVICES, at=NOW).data
    assert judged(longer) == (CHAINS[chained], [])
