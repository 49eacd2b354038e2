"""Every kind of key, place and level, one to three seals, certified or not, sealed at once or extended: valid, trusted
and whole for programs that nobody here wrote, of the level that was asked for, and seen where it was to be seen.

The everyday run holds every pair of such values at least once, the long one every three.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eseal import TrustStore, verify
from eseal.model import OnPages
from eseal.report.model import Answer
from eseal.sealing import Request
from support.covering import combinations, covering
from support.looks import difference, look, part, without
from support.matrix import FILES, KINDS, PARAMETERS, STEPS, TOKENS, Case, Office, allowed, document

STRENGTHS = {"pairs": 2, "threes": 3}


class Made:
    """Sealed documents in a folder: file -> how."""

    def __init__(self, folder: Path, name: str) -> None:
        self.root, self.issuing = folder / "trust" / "root.pem", folder / "trust" / "issuing.pem"
        self.trust = TrustStore.from_pem(self.root)
        self.known = TrustStore.from_pem(folder / "trust")
        cases = map(Case.of, covering(PARAMETERS, allowed, STRENGTHS[name]))
        self.cases = {file: case for case in cases if (file := folder / f"{case.name}.pdf").exists()}


@pytest.fixture(scope="module", params=["pairs", pytest.param("threes", marks=pytest.mark.long)])
def made(request, tmp_path_factory):
    """All documents, made once for all workers.

    A program that is missing leaves out the kinds of key that need it, and no others.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"matrix-{request.param}"
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = tmp_path_factory.mktemp("matrix")
            seal_all(request, Office(part).with_files(*FILES, "second", "third"), request.param)
            part.rename(folder)
    return Made(folder, request.param)


def seal_all(request, office, name):
    with contextlib.suppress(pytest.skip.Exception):
        office.with_token(request.getfixturevalue("softhsm"))
    with contextlib.suppress(pytest.skip.Exception):
        request.getfixturevalue("openssl")
        office.with_steps()
    with office.with_remote():
        for case in map(Case.of, covering(PARAMETERS, allowed, STRENGTHS[name])):
            if case.kind in office.makers:
                (office.folder / f"{case.name}.pdf").write_bytes(office.make(case))


@pytest.fixture
def office(tmp_path):
    """An office of its own for one test."""
    return Office(tmp_path).with_files("p256", "second")


@pytest.mark.parametrize("strength", STRENGTHS.values())
def test_every_combination_occurs(strength):
    cases = [set(case.items()) for case in covering(PARAMETERS, allowed, strength)]
    assert all(allowed(dict(case)) for case in cases)
    assert not [c for c in combinations(PARAMETERS, allowed, strength) if not any(c <= case for case in cases)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_key_is_left_out(made, request, kind):
    request.getfixturevalue("softhsm" if kind in TOKENS else "openssl" if kind in STEPS else "made")  # skips by name
    assert kind in {case.kind for case in made.cases.values()}


def test_pdfbox_and_bouncycastle(made, pdfbox):
    for name, rows in pdfbox(made.root, *made.cases).items():
        file, case = Path(name), made.cases[Path(name)]
        assert [row[:2] for row in rows] == [("valid", "trusted")] * (case.seals + case.timestamps), file
        assert (max(end for _, _, end, _ in rows) == file.stat().st_size) == (case.level != "LT"), file


def test_pyhanko(made, pyhanko_cli):
    for file, rows in pyhanko_cli([made.root], *made.cases).items():
        case = made.cases[file]
        assert all(row[:3] == (True, True, True) and row.bottom_line for row in rows), (file, rows)
        whole = ["ENTIRE_REVISION"] * (len(rows) - 1) + ["ENTIRE_REVISION" if case.level == "LT" else "ENTIRE_FILE"]
        assert [row.coverage for row in rows] == whole, file
        changed = [row.changed for row in rows if row.changed != "TIMESTAMP"]
        after = "LTA_UPDATES" if case.level in ("LT", "LTA") else "NONE"
        assert changed == ["FORM_FILLING"] * (case.seals - 1) + [after], file
        assert len(rows) - len(changed) == case.timestamps, file


def test_pyhanko_finds_the_level_with_the_root_alone(made, ades):
    asked = {file: case.level for file, case in made.cases.items()}
    for file, (seals, stamps) in ades(made.root, asked).items():
        case = made.cases[file]
        assert list(seals.values()) == ["OK"] * case.seals, (file, seals)
        assert list(stamps.values()) == [True] * case.timestamps, (file, stamps)


def test_pdfsig_and_nss(made, pdfsig):
    for file, case in made.cases.items():
        said = pdfsig(made.root, file)
        # Ed25519 is unknown to it.
        count = case.seals - (case.kind == "ed25519")
        assert said.count("Signature is Valid.") == count, (file, said)
        assert said.count("Certificate is Trusted.") == count, (file, said)
        assert ("Total document signed" in said) == (case.level != "LT"), (file, said)


def test_openssl_verifies_the_document_timestamps(made, ts_verify):
    for file, case in made.cases.items():
        assert ts_verify(made.root, made.issuing, file) == case.timestamps, file


def test_eseal(made):
    """LT and LTA with the root alone; B and T, which carry no revocation data, beside the authority's lists."""
    for file, case in made.cases.items():
        trust = made.trust if case.level in ("LT", "LTA") else made.known
        report = verify(file.read_bytes(), trust)
        seals = [s for s in report.signatures if s.kind == "seal"]
        assert report.passed and report.answers.untouched is Answer.YES, (file, report.explain())
        assert [s.level.value for s in seals] == [f"B-{case.level}"] * case.seals, file
        assert [s.certification for s in seals] == [case.certify or None] + [None] * (case.seals - 1), file


def test_every_page_shows_what_it_must_and_nothing_else(made):
    before = [look(document(), page) for page in (1, 2, 3)]
    for file, case in made.cases.items():
        data = file.read_bytes()
        shown = [one for spot in case.spots for one in spot.boxes]
        for page, old in enumerate(before, 1):
            boxes = [box for number, box in shown if number == page]
            new = look(data, page)
            assert difference(without(old, boxes), without(new, boxes)) == 0, (file, page)
            for box in boxes:
                assert difference(part(old, box), part(new, box)) > 100, (file, page, box)


def test_further_places_in_a_sealed_document_are_signatures(office, pdfbox, pyhanko_cli, ades):
    data = office.make(Case("p256", "straddle-left", "LTA", 1, 0, False))
    more = Request(at=datetime.now(UTC), artwork=office.artwork, where=(OnPages("all", 100, 120),), level="LTA")
    file = office.folder / "places.pdf"
    file.write_bytes(office.makers["second"](data, more).data)
    assert [row[:2] for row in pdfbox(office.root, file)[str(file)]] == [("valid", "trusted")] * 6
    assert [row.bottom_line for row in pyhanko_cli([office.root], file)[file]] == [True] * 6
    seals, stamps = ades(office.root, {file: "LTA"})[file]
    assert (list(seals.values()), list(stamps.values())) == (["OK"] * 4, [True] * 2)
    assert verify(file.read_bytes(), TrustStore.from_pem(office.root)).passed


def test_judges_see_a_changed_byte(office, pdfbox, pyhanko_cli, ades, pdfsig, ts_verify):
    file = office.folder / "changed.pdf"
    data = office.make(Case("p256", "free", "LTA", 1, 0, False))
    file.write_bytes(data.replace(b"(Notice No. 17)", b"(Notice No. 71)", 1))
    assert all(row[0].startswith("INVALID") for row in pdfbox(office.root, file)[str(file)])
    assert not any(row.intact for row in pyhanko_cli([office.root], file)[file])
    seals, stamps = ades(office.root, {file: "LTA"})[file]
    assert "OK" not in seals.values() and True not in stamps.values()
    assert "Signature is Valid." not in pdfsig(office.root, file)
    with pytest.raises(AssertionError, match="imprint"):
        ts_verify(office.root, office.issuing, file)
