"""Texts are found however they were painted, counted as people count them, and never in the middle of a character."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.pdf.keywords import Char, matches, possible, squeezed


def line(text, x=0.0, y=0.0, size=4.0, start=0):
    """Characters of `text`, each `size` wide and high; spaces move on."""
    out = []
    for offset, one in enumerate(text):
        plain = squeezed(one)
        if plain:
            left = x + offset * size
            out.append(Char(plain, (left, y, left + size, y + size), start + offset))
    return out


def find(chars, key):
    return [tuple(round(v, 3) for v in hit.box) for hit in matches(1, chars, squeezed(key), lambda c: c.line)]


@pytest.mark.parametrize("key", ["盖章处", " 盖 章　处\n", "盖\u200b章\ufeff处"])
def test_white_space_is_nothing_on_both_sides(key):
    assert find(line("甲方 盖  章 处 ："), key) == [(12, 0, 36, 4)]


def test_runs_in_any_order():
    chars = line("处", 8, start=0) + line("盖", 0, start=1) + line("章", 4, start=2)
    assert find(chars, "盖章处") == [(0, 0, 12, 4)]


def test_over_the_end_of_a_line_the_longest_part_counts():
    chars = line("请在此盖", 100) + line("章处签字", 0, 6, start=4)
    (hit,) = matches(1, chars, "盖章处", lambda c: c.line)
    assert hit.box == (0, 6, 8, 10) and hit.first == (112, 0, 116, 4) and hit.last == (4, 6, 8, 10)


def test_upright_writing_is_one_part():
    chars = line("盖", 10, 0) + line("章", 10, 5, start=1) + line("处", 10, 10, start=2)
    assert find(chars, "盖章处") == [(10, 0, 14, 14)]


def test_columns_are_no_line():
    # Painted row by row, each column on its own: nothing joins what stands far apart.
    chars = line("某盖", 0) + line("甲", 50, start=2) + line("章", 50, 6, start=3)
    assert find(chars, "盖章") == []


@pytest.mark.parametrize(
    ("shown", "key"),
    [("ＮＯ．１７", "NO.17"), ("ﬁle", "file"), ("⼀般", "一般"), ("é", "e\u0301"), ("\u212b", "Å"), ("각", "각")],
)
def test_compatible_characters_are_the_same(shown, key):
    assert len(find(line(shown), key)) == 1 and len(find(line(key), shown)) == 1


@pytest.mark.parametrize(
    ("shown", "key"), [("ﬁle", "f"), ("é", "e"), ("각", "가"), ("Notice", "notice"), ("e\u0301", "e")]
)
def test_a_part_of_a_character_is_none(shown, key):
    assert find(line(shown), key) == []


def test_bold_by_writing_twice_is_one_place():
    assert len(find(line("盖章处") + line("盖章处", 0.1, start=3), "盖章处")) == 1
    assert len(find(line("盖章处") + line("盖章处", 0, 5, start=3), "盖章处")) == 2


def test_places_do_not_overlap_and_come_from_top_to_bottom_left_to_right():
    chars = line("ABABA", 50, 10) + line("ABA", 0, 10.5, start=5) + line("ABA", 90, 0, start=8)
    assert find(chars, "ABA") == [(90, 0, 102, 4), (0, 10.5, 12, 14.5), (50, 10, 62, 14)]


@given(st.lists(st.sampled_from("甲盖章处A "), min_size=1, max_size=30), st.randoms())
def test_a_line_is_found_whatever_the_order_of_its_runs(text, order: random.Random):
    chars = line("".join(text))
    shuffled = list(chars)
    order.shuffle(shuffled)
    shuffled = [Char(c.text, c.line, index) for index, c in enumerate(shuffled)]
    wanted = "".join(text).replace(" ", "").count("盖章")
    assert len(find(chars, "盖章")) == wanted
    assert len(find(shuffled, "盖章")) >= wanted
    key = "盖章"
    assert not find(shuffled, key) or possible([c for c in shuffled if c.text in key], key)
