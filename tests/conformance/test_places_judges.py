"""Signatures over drawn impressions cover the whole file in the eyes of PDFBox and pyHanko; qpdf finds no fault.

pdfsig is no judge of coverage, so it is not asked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from eseal import testpki
from eseal.model import Keyword, OnPages, Placement, Straddle
from eseal.sealing import seal
from eseal.seals.drawing import draw, preset
from support.judges import need, run
from support.texts import text_pdf

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
PLAIN = b"/MediaBox [0 0 595 842]"
TURNED = b"/MediaBox [-20 0 595 842] /CropBox [0 10 595 842] /Rotate 90"
CASES = {
    "straddle": (Straddle(),),
    "straddle left, groups": (Straddle("left", group=2),),
    "straddle bottom, turned": (Straddle("bottom"),),
    "keyword": (Keyword("盖章处", which=None, beside="right"),),
    "all pages": (OnPages("all", 20, 200),),
    "everything": (Straddle(), OnPages("1,-1", 20, 200), Keyword("盖章处", dx=60), Placement(2, 90, 30)),
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """The root, and every case with one, two and three signatures: (case, count) -> file."""
    folder = tmp_path_factory.mktemp("places")
    pki = testpki.make("杭州市示范局", AT)
    root = folder / "root.pem"
    root.write_bytes(pki.root.to_pem())
    artwork = draw(preset("round-42", owner="杭州市示范局"))
    made = {}
    for case, where in CASES.items():
        turned = (
            b"/MediaBox [-20 0 595 842] /CropBox [0 10 595 842] /Rotate 90"
            if "turned" in case
            else b"/MediaBox [0 0 595 842]"
        )
        data = text_pdf([[(72, 500, "盖章处")]] * 4, page=turned)
        for count in (1, 2, 3):
            one = seal(data, pki.seal.signer(), artwork=artwork, placement=where, at=datetime.now(UTC))
            assert len(one.fields) == 1
            data = one.data
            where = (Placement(3, 10 + 45 * count, 110),)
            made[case, count] = folder / f"{len(made)}.pdf"
            made[case, count].write_bytes(data)
    several = seal(data, pki.seal.signer(), artwork=artwork, placement=OnPages("1-2", 100, 150), at=datetime.now(UTC))
    assert len(several.fields) == 2
    made["signatures of their own", 5] = folder / "own.pdf"
    made["signatures of their own", 5].write_bytes(several.data)
    return root, made


def test_pdfbox(sealed, pdfbox):
    root, made = sealed
    rows = pdfbox(root, *made.values())
    for (case, count), file in made.items():
        judged = rows[str(file)]
        assert [row[:2] for row in judged] == [("valid", "trusted")] * count, case
        assert max(row[2] for row in judged) == file.stat().st_size, case


def test_pyhanko(sealed, pyhanko_cli):
    root, made = sealed
    # A process each: those that hold all kinds.
    for case, count in (("keyword", 1), ("straddle", 3), ("everything", 3), ("signatures of their own", 5)):
        file = made[case, count]
        rows = pyhanko_cli([root], file)[file]
        assert [row[:3] for row in rows] == [(True, True, True)] * count, case
        assert rows[-1][3] == "ENTIRE_FILE" and {row[3] for row in rows[:-1]} <= {"ENTIRE_REVISION"}, case


def test_qpdf(sealed):
    need("qpdf")
    for file in sealed[1].values():
        assert "WARNING" not in run("qpdf", "--check", file), file


def test_mutool_sees_no_edits(sealed):
    need("mutool")
    said = run("mutool", "sign", "-v", sealed[1]["everything", 1], ok=(0, 1))
    assert "The document is unchanged since signing." in said, said


def test_changed_impressions_are_seen_by_all(sealed, pdfbox, pyhanko_cli, tmp_path):
    root, made = sealed
    data = made["straddle", 1].read_bytes()
    spoilt = tmp_path / "spoilt.pdf"
    spoilt.write_bytes(data.replace(b"/Artifact BMC q ", b"/Artifact BMC Q ", 1))
    assert spoilt.read_bytes() != data
    assert pdfbox(root, spoilt)[str(spoilt)][0][0] != "valid"
    assert [row[0] for row in pyhanko_cli([root], spoilt)[spoilt]] == [False]
