"""Standard streams that are closed or full, empty paths, and times at the ends of the calendar."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eseal.errors import UsageError
from eseal.trust.store import TrustStore

Run = Callable[..., Any]
ESEAL = [sys.executable, "-c", "from eseal.cli import main; main()"]


def shell(redirect: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    program = ["sh", "-c", f'exec "$@" {redirect}', "sh", *ESEAL, *map(str, arguments)]
    return subprocess.run(program, capture_output=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "html"])
def test_a_verdict_that_cannot_be_printed_is_no_verdict(sealed: Path, form: str) -> None:
    ran = shell(">/dev/full", "verify", sealed, "--offline", "--format", form, "--lang", "en")
    assert ran.returncode == 2
    assert b"output cannot be written" in ran.stderr
    assert b"Traceback" not in ran.stderr and b"defect" not in ran.stderr


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-"])
def test_a_sealed_document_that_goes_nowhere_is_no_success(page: Path, office: Path, redirect: str) -> None:
    ran = shell(redirect, "seal", page, "-o", "-", "--authority", office, "--lang", "en")
    assert ran.returncode == 2
    assert b"output cannot be written" in ran.stderr


def test_closed_output_is_told_and_closed_messages_change_nothing(sealed: Path) -> None:
    assert shell(">&-", "verify", sealed, "--offline", "-q").returncode == 2
    assert shell("2>&-", "verify", sealed, "--offline", "-q").returncode == 3
    assert shell("2>/dev/full", "verify", sealed, "--offline", "--no-such").returncode == 2
    assert shell("<&-", "verify", sealed, "--offline", "-q").returncode == 3


def test_closed_input_is_an_input_that_cannot_be_read(office: Path, tmp_path: Path) -> None:
    ran = shell("<&-", "verify", "-", "--offline", "-q", "--lang", "en")
    assert (ran.returncode, ran.stdout) == (5, b"UNREADABLE  -\n")
    ran = shell("<&-", "seal", "-", "-o", tmp_path / "out.pdf", "--authority", office)
    assert ran.returncode == 5
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize("option", [("--trust", ""), ("--trust", "seal:"), ("--authority", ""), ("-o", "")])
def test_an_empty_path_is_never_the_current_folder(
    run: Run, sealed: Path, made: Path, monkeypatch: pytest.MonkeyPatch, option: tuple[str, str]
) -> None:
    # A root in this folder must not vouch because a variable was not set.
    monkeypatch.chdir(made / "office" / "trust" / "anchors")
    ran = run("verify", sealed, "--offline", *option)
    assert ran.code == 2


def test_an_empty_spec_is_refused_by_the_library_too(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made / "office" / "trust" / "anchors")
    with pytest.raises(UsageError) as caught:
        TrustStore.from_specs([""])
    assert caught.value.code == "TRUST_SPEC_EMPTY"


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+14:00"])
def test_times_at_the_ends_of_the_calendar_are_refused(run: Run, sealed: Path, at: str) -> None:
    ran = run("verify", sealed, "--offline", "--at", at, "--tz", "+08:00", "--lang", "en")
    assert ran.code == 2
    assert "lies outside of the years" in ran.err


def test_offsets_of_long_ago_have_seconds_and_are_shown_whole(run: Run, sealed: Path, office: Path) -> None:
    ran = run("verify", sealed, "--authority", office, "--at", "1900-01-01T00:00:00Z", "--tz", "Asia/Shanghai", "-v")
    assert ran.code == 1
    assert "1900-01-01 08:05:43 +08:05:43" in ran.out


@pytest.mark.parametrize("zone", ["+08:60", "+15:00", "UTC+8:75", "+99"])
def test_an_offset_that_does_not_exist_is_refused(run: Run, sealed: Path, zone: str) -> None:
    assert run("verify", sealed, "--offline", "--tz", zone).code == 2
