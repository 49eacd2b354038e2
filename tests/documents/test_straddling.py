"""Strips of a straddle seal tile the picture exactly, and every page of a group has one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.straddling import NARROWEST_MM, SMALLEST_MM, corner, groups, strips
from eseal.errors import UsageError
from eseal.model import SIDES

sizes = st.floats(5, 200, allow_nan=False)


@given(st.sampled_from(SIDES), st.integers(2, 60), sizes, sizes)
def test_strips_tile_the_picture_exactly(side, count, width, height):
    cut = strips(side, count, width, height)
    assert len(cut) == count
    if side == "bottom":
        assert all((s.left, s.right) == (0, width) for s in cut)
        edges = [(s.top, s.bottom) for s in cut]
        end = height
    else:
        assert all((s.top, s.bottom) == (0, height) for s in cut)
        # On the left edge the pages are pulled apart to the left: the first page shows the last strip.
        edges = [(s.left, s.right) for s in (cut if side == "right" else cut[::-1])]
        end = width
    assert edges[0][0] == 0 and edges[-1][1] == end
    assert all(one[1] == other[0] for one, other in pairwise(edges))
    assert all(b - a == pytest.approx(end / count) for a, b in edges)


@given(st.integers(2, 400), st.floats(5, 100), st.integers(0, 12))
def test_groups_hold_every_page_once_and_none_alone(count, across, group):
    pages = tuple(range(1, count + 1))
    try:
        cut = groups(pages, across, group)
    except UsageError as error:
        assert error.code == "PLACE_STRADDLE_GROUP" and (group == 1 or group > across / SMALLEST_MM - 2)
        return
    assert [page for part in cut for page in part] == list(pages)
    most = group or max(2, int(across / NARROWEST_MM))
    assert all(2 <= len(part) <= most for part in cut[:-1]) and 2 <= len(cut[-1]) <= most + 1
    if not group and across >= 2 * NARROWEST_MM:
        assert all(across / len(part) >= NARROWEST_MM * most / (most + 1) * 0.999 for part in cut)


def test_a_page_left_over_joins_the_last_group():
    assert groups(tuple(range(1, 8)), 40, 3) == [(1, 2, 3), (4, 5, 6, 7)]
    assert groups(tuple(range(1, 9)), 40, 3) == [(1, 2, 3), (4, 5, 6), (7, 8)]
    assert [len(g) for g in groups(tuple(range(1, 28)), 40, 0)] == [13, 14]


@pytest.mark.parametrize(
    ("pages", "group", "code"),
    [((4,), 0, "PLACE_STRADDLE_SINGLE"), ((), 0, "PLACE_STRADDLE_SINGLE"), ((1, 2), 1, "PLACE_STRADDLE_GROUP"),
     ((1, 2), -2, "PLACE_STRADDLE_GROUP"), ((1, 2), 80, "PLACE_STRADDLE_GROUP")],
)  # fmt: skip
def test_what_cannot_be_straddled_says_why(pages, group, code):
    with pytest.raises(UsageError) as caught:
        groups(pages, 40, group)
    assert caught.value.code == code


@given(st.integers(2, 12), st.floats(100, 500), st.floats(100, 500))
def test_strips_stand_as_ofd_readers_put_them(count, width, height):
    """The boundary of the full picture by GB/T 38540 practice: pageW - d(i+1), -d(n-1-i), pageH - d(i+1)."""
    size, step = 40.0, 40.0 / count
    for i, strip in enumerate(strips("right", count, size, size)):
        assert corner("right", strip, (width, height), 7)[0] - strip.left == pytest.approx(width - step * (i + 1))
    for i, strip in enumerate(strips("left", count, size, size)):
        assert corner("left", strip, (width, height), 7)[0] - strip.left == pytest.approx(-step * (count - 1 - i))
    for i, strip in enumerate(strips("bottom", count, size, size)):
        assert corner("bottom", strip, (width, height), 7)[1] - strip.top == pytest.approx(height - step * (i + 1))
