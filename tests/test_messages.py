"""The catalogue: every language says the same, and every code that the source uses stands in it."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import eseal
from eseal import errors, messages
from eseal.report.checks import CHECKS
from eseal.report.model import Answer, CheckVerdict, Level, SubIndication, TimeSource, Verdict

SOURCE = Path(eseal.__file__).parent
LANGUAGES = sorted(p.name for p in (SOURCE / "messages").iterdir() if p.is_dir() and p.name != "__pycache__")
AREAS = sorted({p.name for p in (SOURCE / "messages").glob("*/*.toml")})
ERRORS = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.Error)}


def entries(lang: str, area: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((SOURCE / "messages" / lang / area).read_text(encoding="utf-8"))


def placeholders(entry: dict[str, str]) -> set[str]:
    return {n for text in entry.values() for _, n, _, _ in string.Formatter().parse(text) if n is not None}


def test_there_are_languages_and_areas() -> None:
    assert {"en", "zh"} <= set(LANGUAGES)
    assert len(AREAS) >= 5
    assert set(messages.languages()) == set(LANGUAGES)


@pytest.mark.parametrize("area", AREAS)
def test_all_languages_have_the_same_codes_parts_and_placeholders(area: str) -> None:
    english = entries("en", area)
    for lang in LANGUAGES:
        other = entries(lang, area)
        assert set(other) == set(english)
        for code in english:
            assert set(other[code]) == set(english[code]), code
            assert placeholders(other[code]) == placeholders(english[code]), code


def test_no_code_stands_in_two_areas() -> None:
    codes = [code for area in AREAS for code in entries("en", area)]
    assert sorted(codes) == sorted(set(codes))


def test_an_entry_is_a_message_and_perhaps_a_hint() -> None:
    for lang in LANGUAGES:
        for area in AREAS:
            for code, entry in entries(lang, area).items():
                assert set(entry) <= {"message", "hint"}, code
                assert "message" in entry, code
                assert code == code.upper() and code.replace("_", "").isalnum(), code


def used_codes() -> Iterator[tuple[str, str]]:
    """Codes given to errors, checks and changes as plain strings, with the place."""
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            position = 0 if name in ERRORS else 2 if name == "Check" else 1 if name == "Change" else None
            given = node.args[position] if position is not None and len(node.args) > position else None
            named = [k.value for k in node.keywords if k.arg == "code" and position is not None]
            for value in [given, *named]:
                branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                for branch in branches:
                    if isinstance(branch, ast.Constant) and isinstance(branch.value, str):
                        yield branch.value, f"{file.relative_to(SOURCE)}:{node.lineno}"


def test_every_code_that_the_source_uses_is_in_the_catalogue() -> None:
    used = list(used_codes())
    assert len(used) > 50
    missing = [f"{where} {code}" for code, where in used if code not in messages.catalogue("en")]
    assert not missing


@pytest.mark.parametrize(
    "code",
    [
        *(f"SUB_{s.value}" for s in SubIndication),
        *(f"WORD_{v.name}" for v in Verdict),
        *(f"LEVEL_{v.name}" for v in Level),
        *(f"TIME_{v.name}" for v in TimeSource),
        *(f"OUTCOME_{v.name}" for v in CheckVerdict),
        *(f"ANSWER_{q}_{a.name}" for q in ("UNTOUCHED", "GENUINE", "IN_FORCE") for a in Answer),
        *(f"CHECK_{c.upper().replace('-', '_')}" for c in CHECKS),
    ],
)
def test_every_value_of_the_report_has_words(code: str) -> None:
    assert code in messages.catalogue("en")


def test_every_sub_indication_has_a_next_step() -> None:
    assert all(messages.hint(f"SUB_{s.value}", lang) for s in SubIndication for lang in LANGUAGES)


def test_an_unknown_code_shows_as_itself_and_is_no_template() -> None:
    assert messages.text("NO_SUCH_{x", "en", {"x": "1"}) == "NO_SUCH_{x"
    assert messages.hint("NO_SUCH", "en") == ""


def test_an_unknown_language_falls_back() -> None:
    for lang in ("xx", "../en", ""):
        assert messages.text("TIME_NOW", lang) == messages.text("TIME_NOW", "en")
    assert messages.text("TIME_NOW", "zh-CN") == messages.text("TIME_NOW", "zh") != messages.text("TIME_NOW", "en")
