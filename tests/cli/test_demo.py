"""The demonstration: whole, true, and with nothing left behind when it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eseal.cli.demo_forgery import change_byte, lay_over
from eseal.errors import Error

Run = Callable[..., Any]


def test_the_whole_story(run: Run) -> None:
    ran = run("demo", "there", "--lang", "zh")
    assert ran.code == 0
    told = [line.strip() for line in ran.out.splitlines()]
    heads = [line for line in told if line.startswith(("通过 ", "不通过 ", "无法确定 "))]
    assert heads[0].startswith("通过 [测试]") and heads[0].endswith("there/sealed.pdf")
    assert heads[1].startswith("不通过 [测试]") and heads[1].endswith("there/forged-byte.pdf")
    assert heads[2].endswith("there/forged-note.pdf") and not heads[2].startswith("通过")
    assert heads[3].startswith("无法确定 [测试]")
    for name in ("sealed.pdf", "report.html", "forged-byte.pdf", "forged-note.pdf", "seal.png", "office/eseal.toml"):
        assert (Path("there") / name).is_file()
    # What it shows is what anybody gets.
    assert run("verify", "there/sealed.pdf", "--authority", "there/office", "--offline").code == 0


def test_a_folder_that_is_used_is_refused(run: Run) -> None:
    Path("there").mkdir()
    Path("there/mine").write_text("mine")
    ran = run("demo", "there")
    assert ran.code == 2
    assert [p.name for p in Path().iterdir()] == ["there"]
    assert [p.name for p in Path("there").iterdir()] == ["mine"]


def test_a_name_that_cannot_be_drawn_leaves_nothing(run: Run) -> None:
    ran = run("demo", "there", "--name", "\U0002f8d7")
    assert ran.code == 2
    assert not list(Path().iterdir())


def test_the_forgeries_are_what_they_claim(sealed: Path) -> None:
    data = sealed.read_bytes()
    forged = change_byte(data)
    assert len(forged) == len(data)
    assert sum(a != b for a, b in zip(forged, data, strict=True)) == 1
    assert lay_over(data).startswith(data)
    with pytest.raises(Error):
        change_byte(b"%PDF")
    with pytest.raises(Error):
        lay_over(b"%PDF")
