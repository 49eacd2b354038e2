"""Hostile strings in every place where they can be shown."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.report.escape import html, json_text, log, terminal, visible, whole

HOSTILE = {
    "escape sequence": ("\x1b[2J\x1b]0;x\x07", "⟨U+001B⟩[2J⟨U+001B⟩]0;x⟨U+0007⟩"),
    "C1 control": ("a\x9b31m", "a⟨U+009B⟩31m"),
    "new lines": ("a\nb\rc\x85d\u2028e\u2029f", "a⟨U+000A⟩b⟨U+000D⟩c⟨U+0085⟩d⟨U+2028⟩e⟨U+2029⟩f"),
    "right to left override": ("invoice\u202efdp.exe", "invoice⟨U+202E⟩fdp.exe"),
    "isolates": ("\u2066a\u2069", "⟨U+2066⟩a⟨U+2069⟩"),
    "zero width": ("pay\u200bpal\ufeff", "pay⟨U+200B⟩pal⟨U+FEFF⟩"),
    "soft hyphen": ("a\u00adb", "a⟨U+00AD⟩b"),
    "private use": ("\ue000\U000f0000", "⟨U+E000⟩⟨U+F0000⟩"),
    "tags": ("a\U000e0041", "a⟨U+E0041⟩"),
    "unassigned": ("\u0378", "⟨U+0378⟩"),
    "lone surrogate": ("\ud800", "⟨U+D800⟩"),
    "blank letters": ("\u3164\u2800", "⟨U+3164⟩⟨U+2800⟩"),
    "selector behind a letter": ("a\ufe0f", "a⟨U+FE0F⟩"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_seen_is_made_visible(name: str) -> None:
    given_, shown = HOSTILE[name]
    assert visible(given_) == shown
    assert terminal(given_) == shown


@pytest.mark.parametrize(
    "text", ["杭州市示范局（测试）", "Łódź Ωμέγα Ёлка", "葛\U000e0100城市", "e\u0301", "مصر", "a b\u3000c"]
)
def test_names_of_all_scripts_stay(text: str) -> None:
    assert visible(text) == text


def test_marks_do_not_pile_up() -> None:
    shown = visible("a" + "\u0301" * 50)
    assert shown.count("\u0301") == 4
    assert shown.count("⟨U+0301⟩") == 46


def test_the_length_is_bounded_and_the_rest_counted() -> None:
    assert terminal("a" * 1_000, 10) == "a" * 10 + "… (+990)"


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\"' onload=x", "a & b", "</title><img src=x>"])
def test_html_holds_no_markup(text: str) -> None:
    assert not set(html(text)) & set("<>\"'")


@given(st.text())
def test_a_log_line_is_one_line_of_json_that_says_the_same(text: str) -> None:
    line = log(text, 10_000)
    assert json.loads(line) == whole(text)
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co")]


@given(st.text())
def test_on_a_terminal_nothing_unseen_is_left(text: str) -> None:
    shown = terminal(text, 10_000)
    left = [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]
    assert not left
    shown.encode()


@given(st.dictionaries(st.text(), st.text()))
def test_json_text_keeps_the_value(value: dict[str, str]) -> None:
    assert json.loads(json_text(json.dumps(value, ensure_ascii=False))) == value
