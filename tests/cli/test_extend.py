"""`eseal extend`, and levels on the command line: exit codes, warnings, JSON, nothing half-written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import jsonschema
import pytest

from cli.conftest import Run
from eseal.authority import Authority
from eseal.report.json import schema

VALIDATOR = jsonschema.Draft202012Validator(schema())


@pytest.fixture
def stamped(run: Run, page: Path, office: Path) -> Path:
    assert run("seal", page, "-o", "stamped.pdf", "--authority", office, "--level", "T").code == 0
    return Path("stamped.pdf")


def level_of(run: Run, file: Path | str, office: Path) -> str:
    ran = run("verify", file, "--authority", office, "--offline", "--format", "json")
    assert ran.code == 0, ran.out
    return str(ran.json["signatures"][0]["level"])


@pytest.mark.parametrize("level", ["LT", "LTA", "b-lta"])
def test_seal_and_extend_reach_the_level(run: Run, page: Path, stamped: Path, office: Path, level: str) -> None:
    wanted = "B-" + level.upper().removeprefix("B-")
    sealed = run("seal", page, "-o", "a.pdf", "--authority", office, "--level", level)
    extended = run("extend", stamped, "-o", "b.pdf", "--authority", office, "--level", level)
    assert (sealed.code, extended.code) == (0, 0)
    assert (sealed.err, extended.err) == ("", "")
    assert sealed.out.startswith(f"a.pdf  PAdES {wanted}  ") and extended.out.startswith(f"b.pdf  PAdES {wanted}")
    assert Path("b.pdf").read_bytes().startswith(stamped.read_bytes())
    assert level_of(run, "a.pdf", office) == level_of(run, "b.pdf", office) == wanted


def test_json(run: Run, stamped: Path, office: Path) -> None:
    ran = run("extend", stamped, "-o", "b.pdf", "--authority", office, "--format", "json")
    VALIDATOR.validate(ran.json)
    value = ran.json["extended"]
    assert (value["level"], value["field"], value["output"], value["notes"]) == ("B-LTA", "Timestamp1", "b.pdf", [])
    assert value["added"] == Path("b.pdf").stat().st_size - stamped.stat().st_size > 0
    assert value["until"] > value["time"]
    again = run("extend", "b.pdf", "-o", "c.pdf", "--authority", office, "--level", "LT", "--format", "jsonl")
    VALIDATOR.validate(again.json)
    assert again.json["extended"]["added"] == 0
    assert again.json["extended"]["notes"][0]["code"] == "EXTEND_NOTE_NOTHING"
    assert Path("c.pdf").read_bytes() == Path("b.pdf").read_bytes()
    entry = list(Authority.open(office).journal())[-1]
    assert (entry.action, entry.level, entry.digest) == ("extend", "LT", again.json["extended"]["digest"])


def test_a_lower_level_is_warned_of(run: Run, page: Path, tmp_path: Path, office: Path) -> None:
    key, cert = key_files(tmp_path)
    ran = run("seal", page, "-o", "a.pdf", "--key", key, "--cert", cert, "--format", "json")
    assert ran.code == 0
    VALIDATOR.validate(ran.json)
    notes = ran.json["sealed"]["notes"]
    assert [n["code"] for n in notes] == ["SEAL_NOTE_ENDS", "SEAL_NOTE_NO_TIMESTAMPER"]
    assert ran.json["sealed"]["until"] in notes[0]["message"]
    assert notes[0]["message"] in ran.err and notes[1]["message"] in ran.err
    told = run("seal", page, "-o", "b.pdf", "--key", key, "--cert", cert, "--lang", "zh")
    assert "B 级" in told.err and told.out.startswith("b.pdf  PAdES B-B")
    silent = run("seal", page, "-o", "c.pdf", "--key", key, "--cert", cert, "-q")
    assert (silent.code, silent.err) == (0, "")
    asked = run("seal", page, "-o", "d.pdf", "--key", key, "--cert", cert, "--level", "B")
    assert asked.err == ""


@pytest.fixture
def bare(office: Path, tmp_path: Path) -> Path:
    """The root of the authority alone: no revocation data."""
    target = tmp_path / "root.pem"
    trust = Authority.open(office).trust
    target.write_bytes(b"".join(a.certificate.to_pem() for a in trust.anchors))
    return target


def test_exit_codes(run: Run, page: Path, stamped: Path, office: Path, bare: Path, tmp_path: Path) -> None:
    broken = Path("broken.pdf")
    data = bytearray(stamped.read_bytes())
    data[data.index(b"/MediaBox") + 12] ^= 1
    broken.write_bytes(data)
    Path("text.pdf").write_text("no PDF")
    cases: list[tuple[int, str, tuple[object, ...]]] = [
        (2, "gold", (stamped, "--authority", office, "--level", "gold")),
        (2, "B", (stamped, "--authority", office, "--level", "B")),
        (4, "no seal", (page, "--authority", office)),
        (5, "", ("text.pdf", "--authority", office)),
        (5, "nothing.pdf", ("nothing.pdf", "--authority", office)),
        (7, "127.0.0.1", (stamped, "--authority", office, "--tsa", "http://127.0.0.1:1/")),
        (8, "Seal1", (broken, "--authority", office)),
        (8, "Seal1", (stamped, "--trust", bare, "--offline", "--level", "LT")),
        (8, "timestamp", (stamped, "--trust", bare, "--offline", "--level", "T")),
        (8, "trust", (stamped, "--level", "LT", "--offline")),
    ]
    for code, word, arguments in cases:
        ran = run("extend", *arguments, "-o", "out.pdf")
        assert ran.code == code, (arguments, ran.err)
        assert word in ran.err and len(ran.err.splitlines()) <= 12, ran.err
        assert not Path("out.pdf").exists()
        assert not list(Path().glob(".*.part"))
        machine = run("extend", *arguments, "-o", "out.pdf", "--format", "json")
        assert machine.code == code
        VALIDATOR.validate(machine.json)
        assert machine.json["error"]["code"]


def test_the_certificate_and_what_was_tried_are_named(run: Run, stamped: Path, bare: Path) -> None:
    said = run("extend", stamped, "-o", "out.pdf", "--trust", bare, "--offline", "--level", "LT").err
    assert "TEST" in said and "\n  - " in said
    assert "LONG_TERM" not in said and "U+000A" not in said


def test_every_timestamper_that_failed_has_a_line(run: Run, stamped: Path, office: Path) -> None:
    dead = [f"http://127.0.0.1:1/{name}" for name in ("one", "two")]
    said = run("extend", stamped, "-o", "x.pdf", "--authority", office, "--tsa", dead[0], "--tsa", dead[1]).err
    lines = [line for line in said.splitlines() if line.startswith("  - ")]
    assert [url in line for url, line in zip(dead, lines, strict=True)] == [True, True]


def test_nothing_is_replaced_unasked(run: Run, stamped: Path, office: Path) -> None:
    before = stamped.read_bytes()
    assert run("extend", stamped, "-o", stamped, "--authority", office).code == 2
    assert stamped.read_bytes() == before
    assert run("extend", stamped, "-o", stamped, "--authority", office, "--force").code == 0
    assert stamped.read_bytes().startswith(before) and len(stamped.read_bytes()) > len(before)
    assert level_of(run, stamped, office) == "B-LTA"


def test_standard_streams(run: Run, stamped: Path, office: Path) -> None:
    ran = run("extend", "-", "-o", "-", "--authority", office, input=stamped.read_bytes())
    assert ran.code == 0 and ran.raw.startswith(stamped.read_bytes())
    assert "PAdES B-LTA" in ran.err


def test_many_files(run: Run, page: Path, stamped: Path, office: Path) -> None:
    Path("out").mkdir()
    again = Path("again.pdf")
    again.write_bytes(stamped.read_bytes())
    ran = run("extend", stamped, page, again, "-o", "out", "--authority", office, "--format", "jsonl")
    assert ran.code == 9
    for line in ran.lines:
        VALIDATOR.validate(line)
    assert [next(k for k in line if k not in ("schema", "file")) for line in ran.lines] == [
        "extended",
        "error",
        "extended",
        "summary",
    ]
    assert ran.lines[-1]["summary"]["counts"] == {"extended": 2, "failed": 1}
    assert sorted(p.name for p in Path("out").iterdir()) == ["again.pdf", "stamped.pdf"]


@pytest.mark.parametrize("command", ["seal", "extend"])
def test_a_full_disk_leaves_nothing(
    run: Run, page: Path, stamped: Path, office: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def full(handle: int, data: bytes) -> int:
        if len(data) > 10_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data)

    monkeypatch.setattr(os, "write", full)
    source = page if command == "seal" else stamped
    ran = run(command, source, "-o", "out.pdf", "--authority", office, "--level", "LTA")
    monkeypatch.undo()
    assert ran.code == 2 and "No space left" in ran.err
    assert not Path("out.pdf").exists() and not list(Path().glob(".*.part"))


def key_files(folder: Path) -> tuple[Path, Path]:
    from datetime import UTC, datetime

    from eseal import testpki

    seal = testpki.make("Own", datetime.now(UTC)).seal
    key, cert = folder / "own.key", folder / "own.pem"
    key.write_bytes(seal.key_pem)
    key.chmod(0o600)
    cert.write_bytes(seal.chain_pem())
    return key, cert
