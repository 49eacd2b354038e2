"""Histories of seals: what was said stays said, a revocation is final, and nothing left out makes a state better."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eseal.errors import PolicyError, UsageError
from eseal.seals.status import SealChange, SealHistory, SealState, StatusEntry, StatusLog

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEAL, OTHER, OFFICE = "a" * 32, "b" * 32, "c" * 32
SUSPENDED, RESUMED, REVOKED = SealChange
GRAVITY = [SealState.ACTIVE, SealState.SUSPENDED, SealState.REVOKED]


def day(number: float) -> datetime:
    return AT + timedelta(days=number)


def entry(change: SealChange, recorded: float, effective: float | None = None, seal: str = SEAL) -> StatusEntry:
    return StatusEntry(seal, change, day(recorded), day(recorded if effective is None else effective), "clerk", "lost")


def history(*entries: StatusEntry) -> SealHistory:
    found = SealHistory()
    for one in entries:
        found = found.adding(one)
    return found


def states(found: SealHistory, *days: float) -> list[str]:
    return [found.state_at(day(d)).value for d in days]


def refused(code: str, before: SealHistory, more: StatusEntry) -> None:
    with pytest.raises(PolicyError) as caught:
        before.adding(more)
    assert caught.value.code == code
    assert "{" not in caught.value.message("zh") + caught.value.hint("zh")


def test_without_entries_a_seal_is_active() -> None:
    assert states(SealHistory(), -1, 0, 9) == ["active"] * 3
    assert SealHistory().standing_at(AT) is None


def test_a_suspension_lasts_until_it_is_resumed_and_what_was_before_stays() -> None:
    found = history(entry(SUSPENDED, 1), entry(RESUMED, 5))
    assert states(found, 0.9, 1, 4.9, 5, 9) == ["active", "suspended", "suspended", "active", "active"]
    again = history(*found.entries, entry(SUSPENDED, 7))
    assert states(again, 3, 6, 7, 99) == ["suspended", "active", "suspended", "suspended"]
    assert again.standing_at(day(99)) == again.entries[-1]


def test_an_entry_may_take_effect_earlier_or_later_than_it_is_recorded() -> None:
    back = history(entry(SUSPENDED, 10, 4), entry(REVOKED, 11, 2))
    assert states(back, 1.9, 2, 4, 12) == ["active", "revoked", "revoked", "revoked"]
    ahead = history(entry(REVOKED, 1, 8))
    assert states(ahead, 1, 7.9, 8) == ["active", "active", "revoked"]
    called_off = history(entry(SUSPENDED, 1, 8), entry(RESUMED, 2, 8))
    assert states(called_off, 2, 8, 20) == ["active"] * 3


def test_what_was_known_then() -> None:
    found = history(entry(SUSPENDED, 10, 4), entry(RESUMED, 12))
    assert found.state_at(day(5), known_at=day(9)) is SealState.ACTIVE
    assert found.state_at(day(5), known_at=day(10)) is SealState.SUSPENDED
    assert found.state_at(day(12), known_at=day(11)) is SealState.SUSPENDED
    assert found.state_at(day(12), known_at=day(12)) is SealState.ACTIVE


def test_clear_refusals() -> None:
    suspended, revoked = history(entry(SUSPENDED, 1)), history(entry(SUSPENDED, 1), entry(REVOKED, 2))
    refused("SEAL_ALREADY_SUSPENDED", suspended, entry(SUSPENDED, 2))
    refused("SEAL_NOT_SUSPENDED", SealHistory(), entry(RESUMED, 2))
    refused("SEAL_NOT_SUSPENDED", history(*suspended.entries, entry(RESUMED, 2)), entry(RESUMED, 3))
    refused("SEAL_RESUMED_BEFORE", suspended, entry(RESUMED, 3, 2))
    refused("SEAL_RESUMED_BEFORE", history(entry(SUSPENDED, 1, 9)), entry(RESUMED, 2, 8))
    refused("SEAL_STATUS_CLOCK", suspended, entry(REVOKED, 0.5))
    for change in SealChange:
        refused("SEAL_ALREADY_REVOKED", revoked, entry(change, 3))
    refused("SEAL_ALREADY_REVOKED", revoked, entry(REVOKED, 3, 2))
    earlier = history(*revoked.entries, entry(REVOKED, 3, 1.5))
    assert states(earlier, 1.4, 1.6, 2.5) == ["suspended", "revoked", "revoked"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seal": "A" * 32}, "seal"),
        ({"seal": "a" * 31}, "seal"),
        ({"reason": "a\nb"}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"actor": "x" * 201}, "actor"),
        ({"actor": "a\u202eb"}, "actor"),
    ],
)
def test_an_entry_is_checked(changes: dict[str, str], field: str) -> None:
    whole = {"seal": SEAL, "change": REVOKED, "recorded": AT, "effective": AT, "actor": "a", "reason": "b", **changes}
    with pytest.raises(UsageError) as caught:
        StatusEntry(**whole)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.params["field"]) == ("SEAL_STATUS_INVALID", field)


def test_times_are_aware() -> None:
    naive = AT.replace(tzinfo=None)
    for job in (
        lambda: StatusEntry(SEAL, REVOKED, naive, AT),
        lambda: SealHistory().state_at(naive),
        lambda: SealHistory().state_at(AT, known_at=naive),
    ):
        with pytest.raises(UsageError) as caught:
            job()
        assert caught.value.code == "TIME_NAIVE"


def test_what_verifiers_get_names_nobody() -> None:
    found = history(entry(SUSPENDED, 1), entry(REVOKED, 2)).public()
    assert {(e.actor, e.reason) for e in found.entries} == {("", "")}
    assert states(found, 0, 1, 2) == ["active", "suspended", "revoked"]


# Any history

DAYS = st.integers(0, 12)


@st.composite
def histories(draw: st.DrawFn) -> SealHistory:
    found, now = SealHistory(), 0
    for _ in range(draw(st.integers(0, 6))):
        now += draw(st.integers(0, 3))
        if draw(st.integers(0, 5)) == 0:
            change, effective = REVOKED, draw(st.integers(-3, 15))
        elif found.open_suspension is not None:
            change, effective = RESUMED, now + draw(st.integers(0, 6))
        else:
            change, effective = SUSPENDED, draw(st.integers(-3, 15))
        try:
            found = found.adding(entry(change, now, effective))
        except PolicyError:
            continue
    return found


def naive_state(entries: tuple[StatusEntry, ...], time: datetime) -> SealState:
    """The rules, transcribed: a revocation in force wins, then any suspension whose span holds the time."""
    if any(e.change is REVOKED and e.effective <= time for e in entries):
        return SealState.REVOKED
    inside = False
    for number, one in enumerate(entries):
        end = next((e.effective for e in entries[number:] if e.change is RESUMED), None)
        inside |= one.change is SUSPENDED and one.effective <= time and (end is None or time < end)
    return SealState.SUSPENDED if inside else SealState.ACTIVE


@settings(max_examples=300, deadline=None)
@given(histories(), st.integers(-4, 16), st.integers(-1, 20))
def test_the_state_is_what_the_rules_say(found: SealHistory, time: int, known: int) -> None:
    assert found.state_at(day(time)) is naive_state(found.entries, day(time))
    heard = tuple(e for e in found.entries if e.recorded <= day(known))
    assert found.state_at(day(time), day(known)) is naive_state(heard, day(time))


@settings(max_examples=300, deadline=None)
@given(histories(), st.integers(-4, 16), st.data())
def test_no_resumption_changes_the_past_and_no_entry_makes_it_better(
    found: SealHistory, time: int, data: st.DataObject
) -> None:
    """At any time up to a record, what is recorded later never makes the state better."""
    assume(found.entries)
    cut = data.draw(st.integers(0, len(found.entries) - 1))
    before, recorded = SealHistory(found.entries[:cut]), found.entries[cut].recorded
    if day(time) < recorded:
        assert GRAVITY.index(found.state_at(day(time))) >= GRAVITY.index(before.state_at(day(time)))


@settings(max_examples=300, deadline=None)
@given(histories(), st.integers(-4, 16))
def test_leaving_out_a_resumption_never_makes_a_state_better(found: SealHistory, time: int) -> None:
    for left_out in (e for e in found.entries if e.change is RESUMED):
        rest = SealHistory(tuple(e for e in found.entries if e is not left_out))
        assert GRAVITY.index(rest.state_at(day(time))) >= GRAVITY.index(found.state_at(day(time)))


@settings(max_examples=200, deadline=None)
@given(histories(), st.integers(-4, 16), st.integers(0, 9))
def test_once_revoked_always_revoked(found: SealHistory, time: int, later: int) -> None:
    if found.state_at(day(time)) is SealState.REVOKED:
        assert found.state_at(day(time + later)) is SealState.REVOKED
    if found.revoked is not None:
        refused("SEAL_ALREADY_REVOKED", found, entry(RESUMED, 30))


# The stored form


def log_of(found: SealHistory) -> StatusLog:
    log = StatusLog.start(OFFICE)
    for one in found.entries:
        log = log.adding(one)
    return log


def damaged(data: bytes, office: str = OFFICE) -> None:
    with pytest.raises(UsageError) as caught:
        StatusLog.parse(data, office)
    assert caught.value.code == "SEAL_STATUS_DAMAGED"


THREE = log_of(history(entry(SUSPENDED, 1), entry(RESUMED, 2), entry(REVOKED, 3))).adding(entry(REVOKED, 4, seal=OTHER))


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_stored_form_comes_back_and_only_grows(found: SealHistory) -> None:
    log = StatusLog.start(OFFICE)
    for one in found.entries:
        longer = log.adding(one)
        assert longer.data.startswith(log.data)
        assert longer.data.count(b"\n") == log.data.count(b"\n") + 1
        log = longer
    read = StatusLog.parse(log.data, OFFICE)
    assert read == log
    assert read.history(SEAL) == found
    assert read.history(OTHER) == SealHistory()


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(0, 4), min_size=1, max_size=4))
def test_no_line_can_be_left_out_from_between(dropped: set[int]) -> None:
    """Only a shorter history, as an older copy of the file would be, can still be read."""
    lines = THREE.data.splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines) if number not in dropped]
    data = b"".join(kept)
    if kept and THREE.data.startswith(data):
        assert StatusLog.parse(data, OFFICE).data == data
    else:
        damaged(data)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(THREE.data) - 1), st.integers(0, 7))
def test_no_bit_can_be_changed_before_the_last_line_nor_cut_off_within_one(place: int, bit: int) -> None:
    changed = bytearray(THREE.data)
    changed[place] ^= 1 << bit
    last = THREE.data.rfind(b"\n", 0, -1) + 1
    try:
        read = StatusLog.parse(bytes(changed), OFFICE)
    except UsageError as error:
        assert error.code in ("SEAL_STATUS_DAMAGED", "SEAL_STATUS_NEWER")
    else:
        assert place >= last
        assert read.history(SEAL) == THREE.history(SEAL)
    if THREE.data[place - 1 : place] != b"\n":
        damaged(THREE.data[:place])


def test_lines_cannot_be_swapped_doubled_or_taken_from_another_authority() -> None:
    first, *lines = THREE.data.splitlines(keepends=True)
    damaged(b"".join([first, lines[1], lines[0], *lines[2:]]))
    damaged(b"".join([first, lines[0], lines[0], *lines[1:]]))
    damaged(THREE.data, "d" * 32)
    damaged(b"")
    damaged(THREE.data + b"\n")
    damaged(THREE.data + b"{}\n")


def test_a_chain_that_breaks_the_rules_is_refused() -> None:
    """Whoever can write digests cannot undo a revocation by an entry that this program would not have made."""
    log = StatusLog.start(OFFICE).adding(entry(REVOKED, 3))
    forged = StatusLog(log.data, {}).adding(entry(SUSPENDED, 4)).data
    damaged(forged)


def test_a_newer_form_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        StatusLog.parse(json.dumps({"version": 2}).encode() + b"\n", OFFICE)
    assert caught.value.code == "SEAL_STATUS_NEWER"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(data: bytes) -> None:
    damaged(data)
    damaged(StatusLog.start(OFFICE).data + data + b"\n")
