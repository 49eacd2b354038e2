"""--certify and --keep-pdfa, as a user has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eseal.documents.pdf.document import open_pdf
from support.pdfa import pdfa

Run = Callable[..., Any]


def test_certify(run: Run, office: Path, page: Path, tmp_path: Path) -> None:
    ran = run("seal", page, "-o", "certified.pdf", "--authority", office, "--certify", "2")
    assert ran.code == 0, ran.err
    certified = tmp_path / "work" / "certified.pdf"
    assert open_pdf(certified.read_bytes()).signatures()[0].certification == 2
    told = run("verify", certified, "--authority", office)
    assert told.code == 0 and "forms may be filled in and further seals added" in told.out
    again = run("seal", "certified.pdf", "-o", "again.pdf", "--authority", office, "--certify", "1")
    assert again.code == 8 and "certified already" in again.err and not (tmp_path / "work" / "again.pdf").exists()
    wrong = run("seal", page, "-o", "again.pdf", "--authority", office, "--certify", "4")
    assert wrong.code == 2 and "1, 2, 3" in wrong.err


def test_keep_pdfa(run: Run, office: Path, tmp_path: Path) -> None:
    (tmp_path / "work" / "kept.pdf").write_bytes(pdfa(2))
    reason = "r" * 40_000
    told = run("seal", "kept.pdf", "-o", "told.pdf", "--authority", office, "--reason", reason, "--format", "json")
    assert told.code == 0 and "PDFA_STRING" in [note["code"] for note in told.json["sealed"]["notes"]]
    refused = run("seal", "kept.pdf", "-o", "out.pdf", "--authority", office, "--reason", reason, "--keep-pdfa")
    assert refused.code == 8 and "ISO 19005-2 6.1.13: /Reason 40000" in refused.err
    assert not (tmp_path / "work" / "out.pdf").exists()
    kept = run("seal", "kept.pdf", "-o", "out.pdf", "--authority", office, "--keep-pdfa")
    assert kept.code == 0 and "PDF/A" not in kept.err
