"""The stored seal: without loss, strict, versioned; and what it permits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.errors import Error, PolicyError, UsageError
from eseal.model import Certificate
from eseal.seals.artwork import Artwork, Bitmap, Colour, Contour, FillRule, Shape
from eseal.seals.drawing import draw, preset
from eseal.seals.register import Body, Seal, SealKind, new_id, permitted

SIGNER, OTHER = Certificate(b"one"), Certificate(b"two")
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
DOT = Artwork(1, 1, (Shape((Contour((0, 0), (((1, 0),), ((1, 1),))),), Colour(1, 2, 3)),))


def seal(**changes: Any) -> Seal:
    values: dict[str, Any] = {
        "id": "0123456789abcdef" * 2,
        "name": "杭州市示范局公章",
        "kind": SealKind.OFFICIAL,
        "issuer": Body("11330100MB0000000X", "杭州市示范局"),
        "maker": "示范印章制作单位",
        "permitted": permitted([SIGNER]),
        "valid_from": START,
        "valid_until": END,
        "picture": DOT,
    }
    return Seal(**{**values, **changes})


def test_a_drawn_seal_comes_back_the_same() -> None:
    made = seal(picture=draw(preset("round-42", "杭州市示范局", code="3301000123456")), supersedes=new_id())
    data = made.to_bytes()
    assert Seal.from_bytes(data) == made
    assert Seal.from_bytes(data).to_bytes() == data
    assert len(data) < 100_000


coordinates = st.floats(-500, 500, allow_nan=False) | st.integers(-500, 500)
positive = st.floats(0.01, 500)
point = st.tuples(coordinates, coordinates)
segment = st.one_of(st.tuples(point), st.tuples(point, point), st.tuples(point, point, point))
contour = st.builds(Contour, point, st.lists(segment, max_size=4).map(tuple))
colour = st.builds(Colour, *[st.integers(0, 255)] * 3)
shape = st.builds(Shape, st.lists(contour, max_size=3).map(tuple), colour, st.sampled_from(FillRule))


@st.composite
def bitmaps(drawn: st.DrawFn) -> Bitmap:
    columns, rows = drawn(st.integers(1, 20)), drawn(st.integers(1, 5))
    place = [drawn(coordinates), drawn(coordinates), drawn(positive), drawn(positive)]
    size = (columns + 7) // 8 * rows
    if drawn(st.booleans()):
        mask = drawn(st.none() | st.binary(min_size=size, max_size=size))
        return Bitmap(
            *place, columns, rows, drawn(st.binary(min_size=columns * rows * 3, max_size=columns * rows * 3)), mask
        )
    return Bitmap(*place, columns, rows, None, drawn(st.binary(min_size=size, max_size=size)), drawn(colour))


@settings(max_examples=100, deadline=None)
@given(
    picture=st.builds(Artwork, positive, positive, st.lists(shape | bitmaps(), max_size=3).map(tuple)),
    name=st.text(min_size=1, max_size=30).filter(lambda t: t.isprintable() and bool(t.strip())),
    kind=st.sampled_from(SealKind),
    since=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone(timedelta(hours=8)))),
    lasting=st.timedeltas(timedelta(microseconds=1), timedelta(days=10_000)),
)
def test_round_trip_without_loss(
    picture: Artwork, name: str, kind: SealKind, since: datetime, lasting: timedelta
) -> None:
    made = seal(picture=picture, name=name, kind=kind, valid_from=since, valid_until=since + lasting)
    again = Seal.from_bytes(made.to_bytes())
    assert again == made
    assert again.valid_from.tzinfo is UTC


def test_use_by_the_permitted_signer_within_validity() -> None:
    made = seal()
    for at in (START, END, datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=8)))):
        made.check(SIGNER, at)


@pytest.mark.parametrize(
    ("signer", "at", "code"),
    [
        (SIGNER, START - timedelta(microseconds=1), "SEAL_NOT_YET_VALID"),
        (SIGNER, END + timedelta(microseconds=1), "SEAL_EXPIRED"),
        (OTHER, START, "SEAL_SIGNER_NOT_PERMITTED"),
    ],
)
def test_other_use_is_refused(signer: Certificate, at: datetime, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        seal().check(signer, at)
    assert caught.value.code == code
    assert "杭州市示范局公章" in caught.value.message("zh")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(UsageError, match=r".") as caught:
        seal().check(SIGNER, datetime(2026, 6, 1))
    assert caught.value.code == "TIME_NAIVE"
    with pytest.raises(UsageError):
        seal(valid_from=datetime(2026, 1, 1))


def test_a_seal_that_names_nobody_permits_nobody() -> None:
    with pytest.raises(PolicyError):
        seal(permitted=()).check(SIGNER, START)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "abc"},
        {"id": "0123456789ABCDEF" * 2},
        {"name": " "},
        {"name": "a\nb"},
        {"name": "a\u202eb"},
        {"issuer": Body("a/b", "x")},
        {"issuer": Body("ab", "")},
        {"permitted": ("xyz",)},
        {"valid_until": START},
        {"supersedes": "no"},
        {"version": 2},
    ],
)
def test_values_that_make_no_seal_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        seal(**changes)
    assert caught.value.code == "SEAL_INVALID"
    assert caught.value.params["field"] == next(iter(changes))


def stored(**changes: Any) -> bytes:
    value = json.loads(seal().to_bytes())
    for key, change in changes.items():
        if change is None:
            del value[key]
        else:
            value[key] = change
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "SEAL_UNREADABLE"),
        (b"{", "SEAL_UNREADABLE"),
        (b"[1]", "SEAL_UNREADABLE"),
        (b"\xff", "SEAL_UNREADABLE"),
        (b"[" * 100_000, "SEAL_UNREADABLE"),
        (stored(maker=None), "SEAL_UNREADABLE"),
        (stored(extra=1), "SEAL_UNREADABLE"),
        (stored(version="1"), "SEAL_UNREADABLE"),
        (stored(version=True), "SEAL_UNREADABLE"),
        (stored(version=2, extra=1), "SEAL_VERSION_NEWER"),
        (stored(kind="royal"), "SEAL_UNREADABLE"),
        (stored(permitted="x"), "SEAL_UNREADABLE"),
        (stored(permitted=["x"]), "SEAL_INVALID"),
        (stored(valid_from="2026-01-01T00:00:00"), "SEAL_UNREADABLE"),
        (stored(valid_from="2026-01-01T00:00:00+08:00"), "SEAL_UNREADABLE"),
        (stored(valid_until=5), "SEAL_UNREADABLE"),
        (stored(picture={"version": 2, "width": 1, "height": 1, "layers": []}), "SEAL_VERSION_NEWER"),
        (stored(picture={"version": 1, "width": "1", "height": 1, "layers": []}), "SEAL_UNREADABLE"),
        (stored(picture={"version": 1, "width": 10**400, "height": 1, "layers": []}), "SEAL_UNREADABLE"),
        (stored(picture={"version": 1, "width": -1, "height": 1, "layers": []}), "SEAL_ARTWORK_INVALID"),
        (stored().replace(b'"maker"', b'"maker": "x", "maker"'), "SEAL_UNREADABLE"),
        (stored().replace(b'"width": 1', b'"width": NaN'), "SEAL_UNREADABLE"),
    ],
)  # fmt: skip
def test_stored_data_that_is_not_as_written_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        Seal.from_bytes(data)
    assert caught.value.code == code


def test_pixels_are_never_inflated_beyond_their_picture() -> None:
    picture = Artwork(1, 1, (Bitmap(0, 0, 1, 1, 2, 2, bytes(12), None),))
    value = json.loads(seal(picture=picture).to_bytes())
    large = json.loads(
        seal(picture=Artwork(1, 1, (Bitmap(0, 0, 1, 1, 900, 900, bytes(900 * 900 * 3), None),))).to_bytes()
    )
    value["picture"]["layers"][0]["pixels"] = large["picture"]["layers"][0]["pixels"]
    with pytest.raises(UsageError) as caught:
        Seal.from_bytes(json.dumps(value).encode())
    assert caught.value.code == "SEAL_UNREADABLE"


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 2000), value=st.integers(0, 255), keep=st.integers(1, 3000))
def test_damage_raises_nothing_but_our_errors(at: int, value: int, keep: int) -> None:
    data = bytearray(seal().to_bytes())
    data[at % len(data)] = value
    try:
        Seal.from_bytes(bytes(data[:keep]))
    except Error as error:
        assert error.code.startswith("SEAL_")


def test_a_seal_is_superseded_not_edited() -> None:
    old = seal()
    with pytest.raises(AttributeError):
        old.name = "x"  # type: ignore[misc]
    new = replace(old, id=new_id(), supersedes=old.id)
    assert Seal.from_bytes(new.to_bytes()).supersedes == old.id
    assert new.id != new_id()
