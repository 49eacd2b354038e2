"""What eseal seals is judged valid and trusted by programs that share no code with it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from eseal import testpki
from eseal.model import Placement
from eseal.sealing import seal
from eseal.seals.drawing import draw, preset
from eseal.timestamps import LocalTimestamper
from support.judges import need, run
from support.pdfs import simple_pdf

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
KEYS = ("rsa2048", "rsa3072", "rsa-pss", "p256", "p384", "p521", "ed25519")


@pytest.fixture(scope="module")
def authorities():
    return {key: testpki.make("杭州市示范局", AT, key) for key in KEYS}


@pytest.fixture(scope="module")
def sealed(authorities, tmp_path_factory):
    """Every kind of key, B-B and B-T, one and two seals: (key, level, seals) -> (root, sealed); and the file before."""
    folder = tmp_path_factory.mktemp("sealed")
    artwork = draw(preset("round-42", owner="杭州市示范局"))
    plain = simple_pdf()
    (folder / "plain.pdf").write_bytes(plain)
    made = {}
    for key, level, count in itertools.product(KEYS, ("B", "T"), (1, 2)):
        pki = authorities[key]
        stamper = LocalTimestamper(pki.timestamper.signer(), clock=lambda: datetime.now(UTC))
        # Two offices: pdfsig 22.12 answers "unknown issue" to a certificate that it meets for the second time.
        offices = (pki.seal, testpki.issue_seal(pki.issuing, "杭州市第二局", body="杭州市示范局", at=AT))
        data = plain
        for n in range(count):
            data = seal(
                data,
                offices[n].signer(),
                artwork=artwork,
                placement=Placement(1, 20 + 60 * n, 200),
                level=level,
                timestamper=stamper if level == "T" else None,
                at=datetime.now(UTC),
            ).data
        file = folder / f"{key}-{level}-{count}.pdf"
        file.write_bytes(data)
        root = folder / f"{key}.pem"
        root.write_bytes(pki.root.to_pem())
        made[key, level, count] = (root, file)
    return made, folder / "plain.pdf"


def test_pdfbox_and_bouncycastle(sealed, pdfbox):
    made, plain = sealed
    for key in KEYS:
        cases = [(case, files) for case, files in made.items() if case[0] == key]
        rows = pdfbox(cases[0][1][0], *(file for _, (_, file) in cases), plain)
        for (_, _, count), (_, file) in cases:
            judged = rows[str(file)]
            assert [(valid, trusted) for valid, trusted, _, _ in judged] == [("valid", "trusted")] * count, file
            assert max(end for _, _, end, _ in judged) == file.stat().st_size
        assert rows[str(plain)] == [("none", "-", 0, plain.stat().st_size)]


@pytest.mark.parametrize("key", [k for k in KEYS if k != "ed25519"])
def test_pdfsig_and_nss(sealed, pdfsig, key):
    made, _ = sealed
    for level, count in itertools.product("BT", (1, 2)):
        root, file = made[key, level, count]
        said = pdfsig(root, file)
        assert said.count("Signature is Valid.") == count, said
        assert said.count("Certificate is Trusted.") == count, said
        assert said.count("Total document signed") >= 1


@pytest.mark.parametrize("key", KEYS)
def test_pyhanko(sealed, pyhanko_cli, key):
    made, _ = sealed
    for level, count in itertools.product("BT", (1, 2)):
        root, file = made[key, level, count]
        (rows,) = pyhanko_cli([root], file).values()
        assert [row[:3] for row in rows] == [(True, True, True)] * count
        assert rows[-1][3] == "ENTIRE_FILE"


@pytest.mark.parametrize("key", ["rsa2048", "rsa3072", "p256", "p384", "p521"])
def test_mutool_sees_no_edits(sealed, key):
    need("mutool")
    _, file = sealed[0][key, "B", 1]
    said = run("mutool", "sign", "-v", file, ok=(0, 1))
    assert "The document is unchanged since signing." in said, said


def test_qpdf_says_nothing_worse_than_before(sealed):
    need("qpdf")
    made, plain = sealed

    def said(file):
        return [line for line in run("qpdf", "--check", file, ok=(0, 3)).splitlines() if "WARNING" in line]

    before = said(plain)
    for _, file in made.values():
        assert len(said(file)) <= len(before)
