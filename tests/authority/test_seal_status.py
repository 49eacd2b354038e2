"""The register of an authority: every act recorded whole or not at all, and obeyed at the next seal."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eseal import sealing
from eseal.authority import Authority, journal
from eseal.authority.status import FILE
from eseal.errors import Error, PolicyError
from eseal.messages import catalogue
from eseal.seals.drawing import draw, preset
from eseal.seals.register import SealKind
from eseal.seals.status import SealState, StatusLog
from support.pdfs import simple_pdf

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAME = "杭州市示范局"
PDF = simple_pdf()
PICTURE = draw(preset("contract-42", NAME))


def day(number: float) -> datetime:
    return AT + timedelta(days=number)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with two seals; tests change copies of it."""
    folder = tmp_path_factory.mktemp("pattern") / "office"
    made = Authority.create(folder, name=NAME, at=AT, picture=PICTURE, clock=lambda: AT)
    made.add_seal("合同专用章", picture=PICTURE, kind=SealKind.CONTRACT)
    return folder


@pytest.fixture
def office(pattern: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pattern, tmp_path / "office"))


def opened(folder: Path, at: datetime = AT) -> Authority:
    return Authority.open(folder, clock=lambda: at)


def refused(code: str, job: Callable[..., object], *arguments: object, **options: object) -> Error:
    with pytest.raises(Error) as caught:
        job(*arguments, **options)
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    return caught.value


def sealed(folder: Path, now: datetime, **options: Any) -> sealing.Sealed:
    return opened(folder, now).seal(PDF, level="B", **options)


def test_a_new_authority_has_an_empty_register(office: Path) -> None:
    authority = opened(office)
    assert [authority.history(seal).entries for seal in authority.seals] == [(), ()]
    register = authority.register
    assert [s.id for s in register.seals] == [s.id for s in authority.seals]
    assert register.seals[0].permitted == frozenset(authority.seals[0].permitted)
    first = json.loads((office / FILE).read_text(encoding="utf-8").splitlines()[0])
    assert first == {"version": 1, "authority": authority.config.id}


def test_a_suspended_seal_is_refused_until_it_is_resumed(office: Path) -> None:
    sealed(office, day(0.1), seal="合同专用章")
    entry = opened(office, day(1)).suspend_seal("合同专用章", reason=" key mislaid ", actor="李四")
    assert (entry.recorded, entry.effective, entry.actor, entry.reason) == (day(1), day(1), "李四", "key mislaid")
    error = refused("SEAL_SUSPENDED", sealed, office, day(2), seal="合同专用章")
    assert isinstance(error, PolicyError)
    refused("SEAL_SUSPENDED", opened(office, day(2)).signer, "合同专用章")
    assert sealed(office, day(2)).seal_id == opened(office).seals[0].id, "the other seal is not concerned"
    opened(office, day(3)).resume_seal("合同专用章", reason="found")
    sealed(office, day(3), seal="合同专用章")
    # A claimed time within the suspension does not help.
    refused("SEAL_SUSPENDED", sealed, office, day(4), seal="合同专用章", at=day(2))


def test_a_time_claimed_in_whole_seconds_is_now_within_its_second(office: Path) -> None:
    opened(office, day(1) - timedelta(hours=1)).suspend_seal(NAME, reason="mislaid")
    opened(office, day(1) + timedelta(milliseconds=300)).resume_seal(NAME, reason="found")
    sealed(office, day(1) + timedelta(milliseconds=700), at=day(1))
    refused("SEAL_SUSPENDED", sealed, office, day(1) + timedelta(seconds=1, milliseconds=1), at=day(1))


def test_a_revoked_seal_is_refused_for_ever_whatever_time_is_claimed(office: Path) -> None:
    opened(office, day(1)).revoke_seal(NAME, reason="lost", effective=day(0.5))
    for claimed in (None, day(0.2), day(30)):
        refused("SEAL_REVOKED", sealed, office, day(30), at=claimed)
    refused("SEAL_ALREADY_REVOKED", opened(office, day(2)).resume_seal, NAME, reason="x")
    assert opened(office).history(NAME).state_at(day(99)) is SealState.REVOKED


def test_an_open_authority_obeys_what_another_one_records(office: Path) -> None:
    working = opened(office, day(2))
    working.seal(PDF, level="B")
    opened(office, day(1)).suspend_seal(NAME, reason="lost")
    refused("SEAL_SUSPENDED", working.seal, PDF, level="B")


def test_a_revocation_to_come_does_not_hinder_before(office: Path) -> None:
    opened(office, day(1)).revoke_seal(NAME, reason="end of the year", effective=day(30))
    sealed(office, day(29))
    refused("SEAL_REVOKED", sealed, office, day(30))


def test_two_steps_obey_in_both(office: Path) -> None:
    request = sealing.Request(at=day(1), level="B")
    prepared = opened(office, day(1)).prepare(PDF, request)
    signature = opened(office, day(1)).signer().sign(prepared.to_sign)
    opened(office, day(2)).suspend_seal(NAME, reason="lost")
    refused("SEAL_SUSPENDED", opened(office, day(3)).complete, prepared, signature)
    certificate = prepared.pending.certificate
    refused("SEAL_SUSPENDED", opened(office, day(3)).prepare, PDF, replace(request, at=day(3)))
    refused(
        "SEAL_SUSPENDED",
        opened(office, day(3)).prepare,
        PDF,
        replace(request, at=day(3)),
        certificates=[certificate],
    )


def test_acts_that_make_no_sense_are_refused_and_leave_no_trace(office: Path) -> None:
    authority = opened(office, day(1))
    before = {name: (office / name).read_bytes() for name in (FILE, journal.FILE)}
    refused("SEAL_NOT_SUSPENDED", authority.resume_seal, NAME, reason="x")
    refused("SEAL_STATUS_REASON", authority.suspend_seal, NAME, reason="  ")
    refused("SEAL_STATUS_INVALID", authority.suspend_seal, NAME, reason="a\nb")
    refused("TIME_NAIVE", authority.suspend_seal, NAME, reason="x", effective=AT.replace(tzinfo=None))
    refused("AUTHORITY_SEAL_UNKNOWN", authority.revoke_seal, "none", reason="x")
    refused("NAME_UNUSABLE", authority.revoke_seal, NAME, reason="x", actor="a\nb")
    assert {name: (office / name).read_bytes() for name in before} == before
    authority.suspend_seal(NAME, reason="x")
    refused("SEAL_ALREADY_SUSPENDED", authority.suspend_seal, NAME, reason="x")
    refused("SEAL_STATUS_CLOCK", opened(office, day(0.5)).revoke_seal, NAME, reason="x")
    refused("SEAL_RESUMED_BEFORE", opened(office, day(3)).resume_seal, NAME, reason="x", effective=day(2))
    assert len(authority.history(NAME).entries) == 1


def test_the_journal_tells_who_did_what_and_why(office: Path) -> None:
    opened(office, day(1)).suspend_seal(NAME, reason="钥匙丢失", effective=day(0.5), actor="李四")
    entry = list(opened(office).journal())[-1]
    assert (entry.action, entry.actor, entry.reason) == ("suspend-seal", "李四", "钥匙丢失")
    assert (entry.time, entry.effective, entry.seal) == (day(1), day(0.5), opened(office).seals[0].id)


def test_what_verifiers_get_names_nobody(office: Path) -> None:
    opened(office, day(1)).revoke_seal(NAME, reason="secret reason", actor="李四")
    shown = repr(opened(office).register)
    assert "李四" not in shown
    assert "secret reason" not in shown
    assert opened(office).register.seals[0].history.state_at(day(1)) is SealState.REVOKED


def test_a_register_that_was_touched_is_not_used(office: Path, tmp_path: Path) -> None:
    path = office / FILE
    opened(office, day(1)).revoke_seal(NAME, reason="lost")
    whole = path.read_bytes()
    uses: tuple[Callable[[], object], ...] = (
        lambda: opened(office, day(2)).register,
        lambda: sealed(office, day(2)),
        lambda: opened(office, day(2)).suspend_seal("合同专用章", reason="x"),
    )
    first = whole[: whole.index(b"\n") + 1]
    other = StatusLog.start("f" * 32).data
    for data, code in (
        (whole.replace(b"revoked", b"resumed"), "SEAL_STATUS_DAMAGED"),
        (whole[:-1], "SEAL_STATUS_DAMAGED"),
        (whole[len(first) :], "SEAL_STATUS_DAMAGED"),
        (other, "SEAL_STATUS_DAMAGED"),
        (b"", "SEAL_STATUS_DAMAGED"),
        (first.replace(b":1", b":2"), "SEAL_STATUS_NEWER"),
    ):
        path.write_bytes(data)
        for use in uses:
            refused(code, use)
    path.unlink()
    for use in uses:
        refused("SEAL_STATUS_MISSING", use)
    path.write_bytes(whole)
    path.chmod(0o664)
    for use in uses:
        refused("CONFIG_WRITABLE", use)


CALLS = ("open", "write", "fsync", "link", "rename", "replace", "fchmod", "close", "unlink")


class Dead(BaseException):
    """The machine stopped."""


@pytest.mark.parametrize("dead", [False, True], ids=["fault", "crash"])
def test_a_fault_at_any_call_leaves_the_register_before_or_after_the_act(
    office: Path, tmp_path: Path, dead: bool
) -> None:
    """Every call of the system that writes: an error of that one, or nothing at all after it."""
    opened(office, day(1)).suspend_seal(NAME, reason="first")
    before = (office / FILE).read_bytes()

    def attempt(folder: Path, failing: tuple[str, int] | None) -> tuple[bool, Counter[str]]:
        seen: Counter[str] = Counter()
        stopped = False

        def wrapped(name: str, real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                nonlocal stopped
                seen[name] += 1
                if stopped or (name, seen[name]) == failing:
                    if name == "close":
                        # What fails to close is closed all the same, and a process that ended holds no lock.
                        real(*arguments)
                    if dead:
                        stopped = True
                        raise Dead
                    raise OSError(5, "fault")
                return real(*arguments, **options)

            return call

        with pytest.MonkeyPatch.context() as patch:
            authority = opened(folder, day(2))
            for name in CALLS:
                patch.setattr(os, name, wrapped(name, getattr(os, name)))
            try:
                authority.revoke_seal(NAME, reason="second")
            except (Error, OSError, Dead):
                return False, seen
        return True, seen

    done, calls = attempt(Path(shutil.copytree(office, tmp_path / "dry")), None)
    assert done
    assert sum(calls.values()) > 10
    outcomes: Counter[str] = Counter()
    for name, count in calls.items():
        for number in range(1, count + 1):
            folder = Path(shutil.copytree(office, tmp_path / f"{name}{number}"))
            done, _ = attempt(folder, (name, number))
            data = (folder / FILE).read_bytes()
            history = opened(folder).history(NAME)
            assert data.startswith(before), "no entry is ever edited"
            assert len(history.entries) in (1, 2), (name, number)
            outcomes["after" if len(history.entries) == 2 else "before"] += 1
            # What was reported as done is done; what was not can simply be tried again.
            if done:
                assert history.state_at(day(3)) is SealState.REVOKED
            elif len(history.entries) == 1:
                opened(folder, day(4)).revoke_seal(NAME, reason="again")
                assert opened(folder).history(NAME).state_at(day(4)) is SealState.REVOKED
            list(opened(folder).journal())
            if not dead:
                assert not list(folder.glob(".*.part"))
    assert outcomes["before"] > 5
    assert outcomes["after"] > 1


def test_two_clerks_at_once_make_one_entry(office: Path) -> None:
    def act(number: int) -> str:
        try:
            opened(office, day(1)).suspend_seal(NAME, reason=f"clerk {number}")
        except PolicyError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(6) as threads:
        outcomes = Counter(threads.map(act, range(12)))
    assert outcomes == {"done": 1, "SEAL_ALREADY_SUSPENDED": 11}
    assert len(opened(office).history(NAME).entries) == 1


def test_a_superseded_seal_is_not_used_any_more_and_its_name_means_the_new_one(office: Path) -> None:
    old = opened(office).find("合同专用章")
    after, new = opened(office, day(1)).add_seal("合同专用章", picture=PICTURE, supersedes="合同专用章")
    assert new.supersedes == old.id
    assert after.find("合同专用章") == new
    assert after.successor(old) == new
    assert after.seal(PDF, seal="合同专用章", level="B").seal_id == new.id
    assert new.name in refused("SEAL_SUPERSEDED", after.seal, PDF, seal=old.id, level="B").message()
    refused("SEAL_SUPERSEDED_TWICE", after.add_seal, "x", picture=PICTURE, supersedes=old.id)
    # Documents under the old one are judged by its own history: to supersede is not to revoke.
    assert after.history(old).state_at(day(2)) is SealState.ACTIVE
    third, newest = after.add_seal(NAME, picture=PICTURE, supersedes=NAME)
    assert third.find() == newest
    assert third.seal(PDF, level="B").seal_id == newest.id
