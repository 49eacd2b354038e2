"""Programs that nobody here wrote, as judges of what eseal makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
        for line in run("java", "-cp", f"{path}:{out}", "Judge", root, *files).splitlines():
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


@pytest.fixture
def pyhanko_cli():
    """pyHanko's own validator, in a process of its own."""

    def judge(roots: list[Path], file: Path) -> list[tuple[bool, bool, bool, str]]:
        out = run(sys.executable, Path(__file__).parent / "judges" / "pyhanko_judge.py", file, *roots)
        rows = []
        for line in out.splitlines():
            parts = line.split("\t")
            if parts[0] == "ROW":
                rows.append((parts[1] == "True", parts[2] == "True", parts[3] == "True", parts[4]))
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
        done = subprocess.run(
            [sys.executable, str(script), str(root)],
            input=asked,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[Path, tuple[dict[str, str], dict[str, bool]]] = {file: ({}, {}) for file in files}
        for line in done.stdout.splitlines():
            kind, file, field, result = line.split("\t")
            if kind == "SEAL":
                found[Path(file)][0][field] = result
            else:
                found[Path(file)][1][field] = result == "True"
        return found

    return judge
