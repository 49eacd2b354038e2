"""`eseal seals`: drawing every preset, making seals, and their register from the first act to the verdict."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from eseal.authority import Authority
from eseal.authority.making import KeySource
from eseal.seals.drawing import PRESETS
from support.realpki import RealPki, new_key, pem

Run = Callable[..., Any]
NAME = "杭州市示范局"


@pytest.fixture
def own(office: Path, tmp_path: Path) -> Path:
    """An authority that the test may change."""
    return Path(shutil.copytree(office, tmp_path / "own"))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_draws_its_size(run: Run, preset: str) -> None:
    more = ["--middle", "91330100MA2B12345X"] if preset.startswith("invoice") else []
    assert run("seals", "draw", "--owner", "示范公司", "--preset", preset, *more, "-o", "a.png").code == 0
    image = Image.open(io.BytesIO(Path("a.png").read_bytes()))
    size = preset.split("-")[-1]
    width, height = (float(v) for v in (size.split("x") if "x" in size else (size, size)))
    assert image.size == (pytest.approx(width / 25.4 * 300, abs=1), pytest.approx(height / 25.4 * 300, abs=1))
    assert "A" in image.mode


def test_the_parts_of_a_drawing(run: Run) -> None:
    name = ("seals", "draw", "--owner", "王小明", "--preset", "name-18", "--suffix", "印")
    pictures = set()
    for more in ([], ["--relief", "cut"], ["--writing", "rows"], ["--columns", "1"], ["--ink", "black"]):
        assert run(*name, *more, "-o", "a.svg", "--force").code == 0
        pictures.add(Path("a.svg").read_text())
    assert len(pictures) == 5
    both = ("seals", "draw", "--owner", "示范公司", "--preset", "contract-58", "--second", "Example Ltd.")
    assert run(*both, "-o", "b.svg").code == 0
    for arguments, code in (
        ([*both, "--code", "33"], "SEAL_PART_NOT_POSSIBLE"),
        ([*name, "--columns", "5"], "SEAL_NO_ROOM"),
        (["seals", "draw", "--owner", "示范公司", "--preset", "invoice-40x30"], "SEAL_PART_MISSING"),
        (["seals", "draw", "--owner", "ئۇيغۇر"], "SEAL_SCRIPT_SHAPED"),
    ):
        ran = run(*arguments, "-o", "c.png", "--lang", "zh")
        assert ran.code == 2
        assert not Path("c.png").exists()
        assert code not in ran.err, "a sentence, not a code"


def test_a_seal_is_made_used_suspended_resumed_and_revoked(run: Run, own: Path, page: Path) -> None:
    office = ("--authority", own)
    made = run("seals", "make", "合同专用章", "--preset", "contract-58", *office, "--format", "json").json["seal"]
    assert (made["kind"], made["state"], made["size_mm"]) == ("contract", "active", "58 x 58")
    seal = ("--seal", "合同专用章", *office)
    assert run("seal", page, "-o", "before.pdf", *seal).code == 0
    assert run("seal", page, "-o", "claimed.pdf", "--level", "B", *seal).code == 0

    ran = run("seals", "suspend", "合同专用章", "--reason", "mislaid", "--actor", "李四", *office)
    assert ran.code == 0
    assert ran.out.startswith(made["id"][:12])
    ran = run("seal", page, "-o", "no.pdf", *seal)
    assert ran.code == 8
    assert not Path("no.pdf").exists()
    assert run("seal", page, "-o", "no.pdf", "--dry-run", *seal).code == 8
    assert run("seals", "suspend", "合同专用章", "--reason", "x", *office).code == 8
    assert run("seals", "resume", "合同专用章", "--reason", "found", *office).code == 0
    assert run("seals", "resume", "合同专用章", "--reason", "x", *office).code == 8
    assert run("seal", page, "-o", "again.pdf", *seal).code == 0

    entry = run("seals", "revoke", "合同专用章", "--reason", "lost", *office, "--format", "json").json["seal_status"]
    assert (entry["change"], entry["reason"], entry["id"]) == ("revoked", "lost", made["id"])
    for again in ("resume", "suspend", "revoke"):
        assert run("seals", again, "合同专用章", "--reason", "x", *office).code == 8
    assert run("seal", page, "-o", "no.pdf", *seal).code == 8

    shown = run("seals", "show", "合同专用章", *office, "--format", "json").json["seal"]
    assert shown["state"] == "revoked"
    assert [(e["change"], e["reason"]) for e in shown["history"]] == [
        ("suspended", "mislaid"),
        ("resumed", "found"),
        ("revoked", "lost"),
    ]
    assert shown["history"][0]["actor"] == "李四"
    text = run("seals", "show", "合同专用章", "--lang", "zh", *office).out
    assert "李四" in text
    assert "mislaid" in text
    listed = run("seals", "list", "--lang", "en", *office).out.splitlines()
    assert [line.split()[-1] for line in listed] == ["active", "revoked"]

    # What is proven to be older stays good and says what became of the seal; what only claims it does not pass.
    ran = run("verify", "before.pdf", "--offline", *office)
    assert ran.code == 0
    assert "has been revoked since" in ran.out
    report = run("verify", "claimed.pdf", "--offline", *office, "--format", "json")
    assert report.code == 3
    assert report.json["sub_indication"] == "REVOKED_NO_POE"
    assert report.json["signatures"][0]["seal"] == {"id": made["id"], "name": "TEST 合同专用章"}
    # Without the authority's register nobody knows of it.
    (root,) = (own / "trust" / "anchors").glob("*.pem")
    plain = run("verify", "before.pdf", "--offline", "--trust", root, "--format", "json").json
    assert not any(c["id"] == "seal-status" for c in plain["signatures"][0]["checks"])


def test_a_revocation_from_an_earlier_time_takes_what_was_sealed_since(run: Run, own: Path, page: Path) -> None:
    office = ("--authority", own)
    assert run("seal", page, "-o", "a.pdf", *office).code == 0
    early = ("--effective", "2020-01-01T00:00:00+08:00")
    assert run("seals", "revoke", NAME, "--reason", "stolen", *early, *office).code == 0
    assert "2020-01-01" in run("seals", "show", NAME, "--tz", "+08:00", *office).out
    ran = run("verify", "a.pdf", "--offline", *office, "--format", "json")
    assert ran.code == 1
    assert ran.json["answers"]["genuine"] == "no"
    assert ran.json["sub_indication"] == "REVOKED"


def test_wrong_use_is_refused(run: Run, own: Path) -> None:
    office = ("--authority", own)
    for arguments, hint in (
        (["seals", "revoke", NAME], "--reason"),
        (["seals", "revoke", NAME, "--reason", " "], "--reason"),
        (["seals", "revoke", "none", "--reason", "x"], "id"),
        (["seals", "revoke", NAME, "--reason", "x", "--effective", "2026-11-24"], "2026-11-24T00:00:00"),
        (["seals", "make", "x", "--picture", "a.svg", "--preset", "name-18"], "--picture"),
        (["seals", "make", "x", "--size", "4x4"], "--picture"),
        (["seals", "make", "x", "--cert", "a.pem"], "--key"),
        (["seals", "make", "x", "--issuer", "none"], "none"),
    ):
        if "--picture" in arguments:
            run("seals", "draw", "--owner", "x", "-o", "a.svg")
        ran = run(*arguments, *office)
        assert ran.code == 2, arguments
        assert hint in ran.err, arguments
    assert [line for line in run("seals", "list", *office).out.splitlines() if " x " in line] == []


def test_a_made_seal_supersedes_another(run: Run, own: Path, page: Path) -> None:
    office = ("--authority", own)
    assert run("seals", "draw", "--owner", NAME, "--preset", "square-25", "-o", "new.svg").code == 0
    made = run(
        "seals", "make", NAME, "--picture", "new.svg", "--kind", "official", "--supersedes", NAME, *office,
        "--format", "json",
    ).json["seal"]  # fmt: skip
    assert (made["kind"], made["size_mm"]) == ("official", "25 x 25")
    old, new = run("seals", "list", *office, "--format", "json").json["seals"]
    assert (old["superseded_by"], new["supersedes"], new["id"]) == (new["id"], old["id"], made["id"])
    assert made["id"][:12] in run("seals", "list", *office).out.splitlines()[0]
    assert run("seal", page, "-o", "a.pdf", *office).code == 0
    assert run("seal", page, "-o", "b.pdf", "--seal", old["id"], *office).code == 8
    assert run("verify", "a.pdf", "--offline", *office).code == 0


def test_a_further_seal_of_a_real_authority_is_used_with_the_key_that_is_named(run: Run, page: Path) -> None:
    now = datetime.now(UTC)
    pki, key = RealPki(now), new_key()
    for name, data in (
        ("key.pem", pem(key, b"secret")),
        ("cert.pem", pki.certify(key.public_key()).to_pem() + pki.issuing.to_pem()),
        ("root.pem", pki.root.to_pem()),
        ("password", b"secret\n"),
    ):
        Path(name).write_bytes(data)
        Path(name).chmod(0o600)
    source = KeySource("key.pem", "cert.pem", "password")
    Authority.create("real", name=NAME, key=source, trust=["root.pem"])
    assert run("seals", "make", "财务专用章", "--preset", "finance-38", "--authority", "real").code == 2
    named = ("--key", "key.pem", "--cert", "cert.pem", "--password-file", "password")
    made = run(
        "seals", "make", "财务专用章", "--preset", "finance-38", *named, "--authority", "real", "--format", "json"
    ).json["seal"]
    assert (made["name"], made["kind"], made["issuer"]) == ("财务专用章", "finance", NAME)
    # The password is for this once: it is asked for again whenever the seal is used.
    assert b"secret" not in Path("real/eseal.toml").read_bytes()
    assert run("seal", page, "-o", "a.pdf", "--seal", "财务专用章", "--level", "B", "--authority", "real").code == 6
    ran = run(
        "seal", page, "-o", "a.pdf", "--seal", "财务专用章", "--level", "B", "--authority", "real",
        "--password-file", "password",
    )  # fmt: skip
    assert ran.code == 0, ran.err
