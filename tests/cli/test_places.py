"""Places and previews on the command line."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from cli.conftest import Run
from eseal.cli import places
from eseal.cli.places import Asked
from eseal.documents import open_document
from eseal.errors import UsageError
from eseal.model import Keyword, OnPages, Placement, Straddle
from support.texts import text_pdf


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (Asked(), ()),
        (Asked(place=("-1:130,200",)), (Placement(-1, 130, 200),)),
        (Asked(place=("1:1,2", "odd:3,4")), (Placement(1, 1, 2), OnPages("odd", 3, 4))),
        (Asked(place=("1,2",), pages="1-3,5"), (OnPages("1-3,5", 1, 2),)),
        (Asked(place=("1,2",), pages="4"), (Placement(4, 1, 2),)),
        (Asked(keyword=("here",)), (Keyword("here"),)),
        (
            Asked(keyword=("a", "b"), nth="all", beside="left", shift="5,-2.5", pages="2-"),
            (Keyword("a", None, "2-", "left", 5, -2.5), Keyword("b", None, "2-", "left", 5, -2.5)),
        ),
        (Asked(keyword=("a",), nth="-1"), (Keyword("a", -1),)),
        (Asked(straddle="left", group=7, offset=0.0, pages="1-9"), (Straddle("left", "1-9", 7, 0.0),)),
        (Asked(place=("1:1,2",), straddle="right"), (Placement(1, 1, 2), Straddle())),
    ],
)
def test_what_is_asked_for_is_what_is_requested(asked, where) -> None:
    assert places.where(asked) == where


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Asked(nth="2"), "CLI_OPTION_ALONE"),
        (Asked(beside="left"), "CLI_OPTION_ALONE"),
        (Asked(shift="1,1", place=("1:1,1",)), "CLI_OPTION_ALONE"),
        (Asked(group=3), "CLI_OPTION_ALONE"),
        (Asked(offset=0.0, keyword=("a",)), "CLI_OPTION_ALONE"),
        (Asked(pages="all"), "CLI_OPTION_ALONE"),
        (Asked(place=("1,1",)), "CLI_PLACE_UNREADABLE"),
        (Asked(place=("1:1,1",), pages="all"), "CLI_PAGES_TWICE"),
        (Asked(keyword=("a",), nth="0"), "CLI_NTH_UNREADABLE"),
        (Asked(keyword=("a",), nth="every"), "CLI_NTH_UNREADABLE"),
        (Asked(keyword=("a",), shift="5"), "CLI_SHIFT_UNREADABLE"),
    ],
)
def test_combinations_that_mean_nothing_are_refused(asked, code) -> None:
    with pytest.raises(UsageError) as caught:
        places.where(asked)
    assert caught.value.code == code and caught.value.hint("zh")


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.pdf"
    path.write_bytes(text_pdf([[(72, 600, "甲方盖章处")], [(72, 600, "乙方盖章处")], []]))
    return path


def test_many_places_in_one_call(run: Run, made: Path, contract: Path) -> None:
    how = ("--authority", made / "office", "--level", "B")
    ran = run("seal", contract, "-o", "s.pdf", *how, "--keyword", "盖章处", "--nth", "all", "--straddle", "right", "-q")
    assert ran.code == 0, ran.err
    (signature,) = open_document(Path("s.pdf").read_bytes()).signatures()
    assert signature.name == "Seal1"
    ran = run("seal", "s.pdf", "-o", "t.pdf", *how, "--place", "20,20", "--pages", "2-3", "--field", "Second", "-q")
    assert ran.code == 0, ran.err
    assert [s.name for s in open_document(Path("t.pdf").read_bytes()).signatures()] == ["Seal1", "Second", "Seal2"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--keyword", "签名处"], 2, "签名处"),
        (["--keyword", "盖章处", "--nth", "7"], 2, "2 times"),
        (["--pages", "9", "--straddle", "right"], 2, "3 pages"),
        (["--pages", "1", "--straddle", "left"], 2, "only one page"),
        (["--straddle", "top"], 2, "right, left, bottom"),
        (["--place", "all:5000,1"], 2, "does not fit"),
    ],
)
def test_what_cannot_be_placed_says_so(run: Run, made: Path, contract: Path, options, code, said) -> None:
    ran = run("seal", contract, "-o", "s.pdf", "--authority", made / "office", *options)
    assert ran.code == code and said in ran.err and not Path("s.pdf").exists()


def test_a_straddle_seal_on_a_signed_document_is_refused_by_policy(run: Run, made: Path, contract: Path) -> None:
    how = ("--authority", made / "office", "--level", "B", "--straddle", "right")
    assert run("seal", contract, "-o", "s.pdf", *how).code == 0
    ran = run("seal", "s.pdf", "-o", "t.pdf", *how)
    assert ran.code == 8 and "signed already" in ran.err and not Path("t.pdf").exists()


def size(path: Path) -> tuple[int, int]:
    return Image.open(io.BytesIO(path.read_bytes())).size


def test_a_preview_makes_pictures_alone(run: Run, made: Path, contract: Path) -> None:
    how = ("seal", contract, "--authority", made / "office", "--preview", "page.png")
    ran = run(*how, "--place", "1:20,20")
    assert ran.code == 0 and ran.out == "page.png\n"
    assert size(Path("page.png")) == (1190, 1684)
    ran = run(*how, "--straddle", "left", "--format", "json")
    assert [p["page"] for p in ran.json["preview"]["pages"]] == [1, 2, 3]
    assert sorted(p.name for p in Path().iterdir()) == ["page-1.png", "page-2.png", "page-3.png", "page.png"]
    assert run(*how, "--place", "1:20,20").code == 2
    assert run(*how, "--place", "1:20,20", "--force").code == 0


def test_a_preview_needs_no_key(run: Run, made: Path, contract: Path, tmp_path: Path) -> None:
    office = tmp_path / "keyless"
    shutil.copytree(made / "office", office)
    for key in (office / "keys").iterdir():
        key.unlink()
    assert run("seal", contract, "--authority", office, "--preview", "p.png", "--no-input").code == 0
    assert run("seal", contract, "--authority", office, "-o", "s.pdf", "--no-input").code != 0
    Path("seal.png").write_bytes(Path("p.png").read_bytes())
    picture = ("--picture", "seal.png", "--size", "30x40")
    assert run("seal", contract, "--key", "no-such.p12", *picture, "--preview", "q.png", "--place", "1:1,1").code == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--preview", "p.png", "-o", "s.pdf"], "CLI_PREVIEW_SEALED"),
        (["--preview", "p.jpg"], "CLI_PREVIEW_KIND"),
        (["--preview", "p.png", "another.pdf"], "CLI_PREVIEW_ONE"),
        ([], "CLI_MISSING"),
    ],
)
def test_previews_that_cannot_be(run: Run, made: Path, contract: Path, options, code) -> None:
    ran = run("seal", contract, "--authority", made / "office", *options, "--format", "jsonl")
    assert ran.code == 2 and ran.json["error"]["code"] == code
    assert not list(Path().glob("*.p*"))


def test_a_pending_seal_shows_its_pages(run: Run, made: Path, contract: Path) -> None:
    how = ("prepare", contract, "--authority", made / "office", "-o", "s.pending", "--preview", "p.png")
    ran = run(*how, "--place", "all:20,20")
    assert ran.code == 0, ran.err
    assert sorted(p.name for p in Path().iterdir()) == ["p-1.png", "p-2.png", "p-3.png", "s.pending"]
