"""PDFBox preflight on PDF/A-1b documents before and after they are sealed in every way that eseal has."""

from __future__ import annotations

from pathlib import Path

import pytest

from eseal.model import OnPages, Placement
from eseal.sealing import seal
from eseal.seals.artwork import Artwork, Bitmap, Colour
from eseal.seals.drawing import draw, preset
from support.attacks import PKI, SEALED, TRUST, stamper
from support.judges import need, run
from support.pdfa import pdfa
from support.pdfs import stream

JARS = ("preflight", "xmpbox", "pdfbox2", "fontbox2", "commons-logging", "jaxb-api", "javax.activation")
SIGNER = PKI.seal.signer()
STAMPER = stamper(PKI.timestamper)
DRAWN = draw(preset("round-42", "杭州市示范局", code="3301000123456"))
BITS = bytes((0b10100000, 0b01000000)) * 8
PICTURE = Artwork(
    20, 10, (Bitmap(1, 1, 9, 8, 9, 8, bytes(216), BITS), Bitmap(10, 1, 9, 8, 9, 8, None, BITS, Colour(255, 0, 0)))
)
FIELD = (
    b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Here) /F 4 /Rect [100 100 200 200] /P 3 0 R /AP << /N 12 0 R >> "
)
EMPTY = stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] ")
WAYS = {
    "unseen": {},
    "drawn": {"artwork": DRAWN},
    "picture": {"artwork": PICTURE},
    "impressions": {"artwork": DRAWN, "placement": (Placement(1, 20, 20), OnPages("all", 120, 20))},
    "certified": {"artwork": DRAWN, "certify": 1},
    "T": {"artwork": DRAWN, "level": "T", "timestamper": STAMPER},
    "LT": {"artwork": DRAWN, "level": "LT", "timestamper": STAMPER, "trust": TRUST},
    "LTA": {"artwork": DRAWN, "level": "LTA", "timestamper": STAMPER, "trust": TRUST, "certify": 1},
}


@pytest.fixture(scope="module")
def preflight(tmp_path_factory):
    """What preflight finds wrong: file -> lines of code and details."""
    jars = [f"/usr/share/java/{jar}.jar" for jar in JARS]
    need("javac", "java", *jars)
    out, path = tmp_path_factory.mktemp("preflight"), ":".join(jars)
    run("javac", "-nowarn", "-cp", path, "-d", out, Path(__file__).parent / "judges" / "Preflight.java")

    def judge(*files):
        said = {str(file): [] for file in files}
        for line in run("java", "-cp", f"{path}:{out}", "Preflight", *files).splitlines():
            parts = line.split("\t")
            if parts[0] in said:
                said[parts[0]].append(" ".join(parts[1:]).strip())
        return said

    return judge


def test_a_sealed_pdfa_1b_is_still_one(preflight, tmp_path):
    files = []

    def keep(name, data):
        files.append(tmp_path / f"{name}.pdf")
        files[-1].write_bytes(data)
        return data

    form = {"catalog": b"/AcroForm << /Fields [11 0 R] >> ", "page": b"/Annots [11 0 R] "}
    for intent in (True, False):
        plain = keep(f"plain-{intent}", pdfa(1, intent=intent))
        for name, how in WAYS.items():
            once = seal(plain, SIGNER, at=SEALED, keep_pdfa=True, **how).data
            keep(f"{name}-{intent}", once)
            if "certify" not in how:
                keep(f"{name}-{intent}-again", seal(once, SIGNER, at=SEALED, artwork=DRAWN, keep_pdfa=True).data)
        lock = b"/Lock << /Action /All /P 1 >> "
        fields = pdfa(1, intent=intent, more={11: FIELD + lock + b">>", 12: EMPTY}, **form)
        keep(f"field-{intent}", seal(fields, SIGNER, at=SEALED, field="Here", artwork=DRAWN, keep_pdfa=True).data)
    broken = pdfa(1, more={11: FIELD.replace(b"/F 4", b"/F 2") + b">>", 12: EMPTY}, **form)
    keep("broken", broken)
    said = preflight(*files)
    # A judge that finds nothing anywhere would prove nothing.
    assert said.pop(str(files[-1])) != ["ok"]
    assert said == {str(file): ["ok"] for file in files[:-1]}
