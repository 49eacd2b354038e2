"""Certified, locked and seeded seals, judged by programs that share no code with eseal."""

from __future__ import annotations

import io

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from eseal import verify
from eseal.report.model import Answer
from eseal.sealing import Services, extend, seal
from eseal.seals.drawing import draw, preset
from support.attacks import PKI, SEALED, TRUST, stamper, update
from support.fields import filled, form
from support.pdfa import pdfa
from support.pdfs import stream

SIGNER = PKI.seal.signer()
STAMPER = stamper(PKI.timestamper)
DRAWN = draw(preset("round-42", "杭州市示范局"))
LOCK = b"/Lock << /Type /SigFieldLock /Action /Include /Fields [(Sum)] /P %d >>"
SEED = b"/SV << /Ff 8 /Reasons [(Approved)] /MDP << /P 2 >> /Cert << /Ff 32 /KeyUsage [(1)] >> >>"
# pyHanko takes every appearance of a locked field for changed in every later revision, so these fields have none.
CASES = {
    **{f"certified-{p}": (form(looks=False), {"certify": p, "artwork": DRAWN}, p) for p in (1, 2, 3)},
    **{f"locked-{p}": (form(LOCK % p, looks=False), {"field": "Approval", "artwork": DRAWN}, p) for p in (1, 2, 3)},
    "seeded": (form(SEED, looks=False), {"field": "Approval", "reason": "Approved"}, 2),
}


def sealed(name, **more):
    data, how, _ = CASES[name]
    return seal(data, SIGNER, at=SEALED, **how, **more).data


def judged(data, index=0):
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(PKI.root.der)],
        moment=SEALED,
        crls=list(PKI.crls),
        ocsps=list(PKI.ocsps),
        allow_fetching=False,
    )
    embedded = PdfFileReader(io.BytesIO(data)).embedded_signatures[index]
    return embedded, validate_pdf_signature(embedded, context)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("level", ["B", "LTA"])
def test_pyhanko_finds_the_level_and_all_in_order(name, level):
    embedded, status = judged(sealed(name, level=level, timestamper=STAMPER, trust=TRUST))
    assert status.bottom_line and status.docmdp_ok and status.seed_value_ok
    assert embedded.docmdp_level.value == CASES[name][2]


@pytest.mark.parametrize("name", CASES)
def test_pyhanko_finds_what_was_changed_against_the_rules(name):
    level = CASES[name][2]
    for number, closed in ((7, level == 1), (8, level == 1 or name.startswith("locked"))):
        _, status = judged(update(sealed(name, level="B"), filled(number, b"999", looks=False), info=None))
        assert status.docmdp_ok is not closed, (name, number)


@pytest.mark.parametrize("how", [{"artwork": DRAWN}, {}, {"artwork": DRAWN, "field": "Here"}])
@pytest.mark.parametrize("certify", [1, 2])
def test_pdfa_1_that_is_certified_bears_document_timestamps(how, certify):
    """ISO 19005-1 wants an appearance on their fields, and pyHanko takes a new one for a form that was filled in."""
    field = b"/FT /Sig /T (Here) /F 4 /Rect [100 100 200 200] /P 3 0 R /AP << /N 12 0 R >> >>"
    look = stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] ")
    form = {
        "catalog": b"/AcroForm << /Fields [11 0 R] >> ",
        "page": b"/Annots [11 0 R] ",
        "more": {11: b"<< /Type /Annot /Subtype /Widget " + field, 12: look},
    }
    plain = pdfa(1, **(form if "field" in how else {}))
    services = Services(STAMPER, TRUST)
    once = seal(plain, SIGNER, at=SEALED, level="LTA", certify=certify, timestamper=STAMPER, trust=TRUST, **how).data
    for data in (once, extend(once, "LTA", services=services, at=SEALED).data):
        _, status = judged(data)
        assert status.bottom_line and status.modification_level is ModificationLevel.LTA_UPDATES
        assert verify(data, TRUST, SEALED).answers.untouched is Answer.YES


def test_pdfbox_and_pdfsig(pdfbox, pdfsig, tmp_path):
    root = tmp_path / "root.pem"
    root.write_bytes(PKI.root.to_pem())
    files = []
    for name in CASES:
        files.append(tmp_path / f"{name}.pdf")
        files[-1].write_bytes(sealed(name, level="B"))
        assert "Signature is Valid." in pdfsig(root, files[-1])
    rows = pdfbox(root, *files)
    for file in files:
        assert rows[str(file)] == [("valid", rows[str(file)][0][1], file.stat().st_size, file.stat().st_size)]
