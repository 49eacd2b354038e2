"""Sets of pages: what people write is what is chosen, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.documents.page_sets import page_numbers
from eseal.errors import UsageError


@pytest.mark.parametrize(
    ("text", "pages", "numbers"),
    [
        ("all", 3, (1, 2, 3)),
        ("first", 3, (1,)),
        ("last", 3, (3,)),
        ("odd", 5, (1, 3, 5)),
        ("even", 5, (2, 4)),
        ("1-3,5,-1", 9, (1, 2, 3, 5, 9)),
        ("-3--1", 9, (7, 8, 9)),
        ("3, 1 , 3", 9, (1, 3)),
        ("first,last", 9, (1, 9)),
        ("2--2", 4, (2, 3)),
    ],
)
def test_what_is_written_is_chosen(text, pages, numbers):
    assert page_numbers(text, pages) == numbers


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "PAGES_UNREADABLE", ""),
        ("1,,2", "PAGES_UNREADABLE", "1,,2"),
        ("pages", "PAGES_UNREADABLE", "pages"),
        ("ALL", "PAGES_UNREADABLE", "ALL"),
        ("1-", "PAGES_UNREADABLE", "1-"),
        ("1-2-3", "PAGES_UNREADABLE", "1-2-3"),
        ("+1", "PAGES_UNREADABLE", "+1"),
        ("1.0", "PAGES_UNREADABLE", "1.0"),
        ("\uff11", "PAGES_UNREADABLE", "\uff11"),
        ("1234567890", "PAGES_UNREADABLE", "1234567890"),
        ("0", "PLACE_NO_SUCH_PAGE", "7 pages"),
        ("8", "PLACE_NO_SUCH_PAGE", "7 pages"),
        ("-8", "PLACE_NO_SUCH_PAGE", "7 pages"),
        ("5-9", "PLACE_NO_SUCH_PAGE", "7 pages"),
        ("5-2", "PAGES_BACKWARDS", "7 pages"),
        ("-1-1", "PAGES_BACKWARDS", "7 pages"),
    ],
)
def test_all_else_is_refused_and_says_how_many_pages_there_are(text, code, said):
    with pytest.raises(UsageError) as caught:
        page_numbers(text, 7)
    assert caught.value.code == code and said in caught.value.message()


def test_a_set_without_a_page_is_refused():
    with pytest.raises(UsageError) as caught:
        page_numbers("even", 1)
    assert caught.value.code == "PAGES_EMPTY"


@given(st.integers(1, 40), st.data())
def test_any_list_of_ranges_means_their_union(pages, data):
    def side(number):
        return st.sampled_from([str(number), str(number - pages - 1)])

    parts, wanted = [], set()
    for first, last in data.draw(st.lists(st.tuples(*[st.integers(1, pages)] * 2).map(sorted), min_size=1, max_size=6)):
        wanted |= set(range(first, last + 1))
        one = data.draw(side(first))
        parts.append(one if first == last else f"{one}-{data.draw(side(last))}")
    assert page_numbers(",".join(parts), pages) == tuple(sorted(wanted))


@given(st.text("0123456789-, alodfirstevn", max_size=12), st.integers(1, 9))
def test_any_text_gives_pages_of_the_document_or_a_plain_error(text, pages):
    try:
        found = page_numbers(text, pages)
    except UsageError as error:
        assert error.code in ("PAGES_UNREADABLE", "PLACE_NO_SUCH_PAGE", "PAGES_BACKWARDS", "PAGES_EMPTY")
    else:
        assert found and set(found) <= set(range(1, pages + 1)) and list(found) == sorted(set(found))
