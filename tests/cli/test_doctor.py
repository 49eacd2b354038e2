"""`eseal doctor` as somebody types it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from eseal.authority.doctor import IDS, Finding, State
from eseal.cli.doctor import exit_code
from eseal.messages import catalogue
from eseal.report.json import schema

Run = Callable[..., Any]


@pytest.fixture
def mine(office: Path, tmp_path: Path) -> Path:
    shutil.copytree(office, tmp_path / "mine")
    return tmp_path / "mine"


def test_all_is_well(run: Run, mine: Path) -> None:
    ran = run("doctor", "--authority", mine)
    assert ran.code == 0, ran.out
    assert "B-LTA" in ran.out
    assert run("doctor", "--authority", mine, "-q").out.count("\n") == 1
    zh = run("--lang", "zh", "doctor", "--authority", mine, "--offline")
    assert (zh.code, "时间戳" in zh.out) == (0, True)
    value = run("doctor", "--authority", mine, "--format", "json").json
    jsonschema.Draft202012Validator(schema()).validate(value)
    assert {f["id"] for f in value["doctor"]["findings"]} == set(IDS)
    assert value["doctor"]["exit_code"] == 0


def test_what_is_wrong_is_told_with_its_mend(run: Run, mine: Path) -> None:
    for key in (mine / "keys").iterdir():
        key.chmod(0o644)
    ran = run("doctor", "--authority", mine)
    assert ran.code == 6
    assert f"chmod 600 {mine / 'keys'}" in ran.out
    value = run("doctor", "--authority", mine, "--format", "json").json["doctor"]
    assert value["exit_code"] == 6
    assert all(f["mend"] for f in value["findings"] if f["id"] == "permissions")


def test_an_authority_that_no_other_command_opens(run: Run, mine: Path) -> None:
    (mine / "eseal.toml").write_text("version = 1\nnonsense = true\n")
    ran = run("doctor", "--authority", mine, "--format", "json")
    assert ran.code == 2
    assert ran.json["doctor"]["findings"][0]["id"] == "configuration"
    assert run("doctor").code == 2
    assert run("doctor", "--authority", mine / "nowhere").code == 2


def test_the_gravest_counts() -> None:
    def bad(*ids: str) -> tuple[Finding, ...]:
        return tuple(Finding(i, State.BAD, "X") for i in ids)

    assert exit_code((Finding("key", State.WARNING, "X"), Finding("level", State.SKIPPED, "X"))) == 0
    assert exit_code(bad("disk")) == 2
    assert exit_code(bad("disk", "timestamper")) == 7
    assert exit_code(bad("timestamper", "seal", "disk")) == 8
    assert exit_code(bad("seal", "certificate", "revocation")) == 6


def test_every_id_has_a_name() -> None:
    for lang in ("en", "zh"):
        for name in IDS:
            assert f"DOCTOR_ID_{name.upper().replace('-', '_')}" in catalogue(lang)
