"""Programs that nobody here wrote, as judges of what eseal makes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from support.judges import need, run

JARS = ("pdfbox2", "fontbox2", "bcprov", "bcpkix", "bcutil", "bcmail", "commons-logging")


@pytest.fixture(scope="session")
def pdfbox(tmp_path_factory):
    """Judge files by PDFBox and BouncyCastle: rows of (index, valid, trusted, end of range, size)."""
    jars = [f"/usr/share/java/{jar}.jar" for jar in JARS]
    need("javac", "java", *jars)
    out = tmp_path_factory.mktemp("judge")
    path = ":".join(jars)
    run("javac", "-nowarn", "-cp", path, "-d", out, Path(__file__).parent / "judges" / "Judge.java")

    def judge(root: Path, *files: Path) -> dict[str, list[tuple[str, str, int, int]]]:
        rows: dict[str, list[tuple[str, str, int, int]]] = {str(f): [] for f in files}
        for line in run(
            "java", "-cp", f"{path}:{out}", "Judge", root, *files, timeout=60 + 2 * len(files)
        ).splitlines():
            parts = line.split("\t")
            if len(parts) == 6:
                rows[parts[0]].append((parts[2], parts[3], int(parts[4]), int(parts[5])))
        return rows

    return judge


@pytest.fixture
def pdfsig(tmp_path):
    """What pdfsig says, with one root trusted."""
    need("pdfsig", "certutil")

    def judge(root: Path, file: Path) -> str:
        store = tmp_path / f"nss-{root.stem}"
        if not store.exists():
            store.mkdir()
            run("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
            run("certutil", "-A", "-d", f"sql:{store}", "-n", "root", "-t", "C,C,C", "-i", root)
        return run("pdfsig", "-nssdir", store, file)

    return judge


class Row(NamedTuple):
    """What pyHanko says of one signature."""

    intact: bool
    valid: bool
    trusted: bool
    coverage: str
    bottom_line: bool
    changed: str


@pytest.fixture(scope="session")
def pyhanko_cli():
    """pyHanko's own validator, in a process of its own: by file, a row for each signature."""

    def judge(roots: list[Path], *files: Path) -> dict[Path, list[Row]]:
        script = Path(__file__).parent / "judges" / "pyhanko_judge.py"
        asked = "".join(f"{file}\n" for file in files)
        rows: dict[Path, list[Row]] = {file: [] for file in files}
        for line in run(sys.executable, script, *roots, input=asked, timeout=60 + 2 * len(files)).splitlines():
            parts = line.split("\t")
            if parts[0] == "ROW":
                intact, valid, trusted, coverage, bottom_line, changed = parts[2:]
                known = (intact == "True", valid == "True", trusted == "True")
                rows[Path(parts[1])].append(Row(*known, coverage, bottom_line == "True", changed))
        return rows

    return judge


@pytest.fixture(scope="session")
def ades():
    """pyHanko's AdES validation at a level, with one root and no network: by file, the seals' sub-indications by field
    and whether each document timestamp is good.
    """

    def judge(root: Path, files: dict[Path, str]) -> dict[Path, tuple[dict[str, str], dict[str, bool]]]:
        script = Path(__file__).parent / "judges" / "pyhanko_ades.py"
        asked = "".join(f"{level}\t{file}\n" for file, level in files.items())
        found: dict[Path, tuple[dict[str, str], dict[str, bool]]] = {file: ({}, {}) for file in files}
        for line in run(sys.executable, script, root, input=asked, timeout=60 + 2 * len(files)).splitlines():
            kind, file, field, result = line.split("\t")
            if kind == "SEAL":
                found[Path(file)][0][field] = result
            else:
                found[Path(file)][1][field] = result == "True"
        return found

    return judge


@pytest.fixture
def ts_verify(tmp_path):
    """openssl ts -verify over every document timestamp of a file; how many there are."""
    need("openssl")

    def judge(root: Path, issuing: Path, file: Path) -> int:
        stamps = document_timestamps(file.read_bytes())
        for token, covered in stamps:
            (tmp_path / "token").write_bytes(token)
            (tmp_path / "covered").write_bytes(covered)
            command = ["openssl", "ts", "-verify", "-data", tmp_path / "covered", "-in", tmp_path / "token"]
            said = run(*command, "-token_in", "-CAfile", root, "-untrusted", issuing)
            assert "Verification: OK" in said, (file, said)
        return len(stamps)

    return judge


def document_timestamps(data: bytes) -> list[tuple[bytes, bytes]]:
    """(token, covered bytes) of every document timestamp, read by hand."""
    found = []
    for match in re.finditer(rb"/DocTimeStamp .*?/ByteRange \[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data, re.S):
        a, b, c, d = map(int, match.groups())
        assert data[b : b + 1] == b"<" and data[c - 1 : c] == b">"
        raw = bytes.fromhex(data[b + 1 : c - 1].decode())
        size = 4 + int.from_bytes(raw[2:4], "big")
        found.append((raw[:size], data[a : a + b] + data[c : c + d]))
    return found
