"""The lists of a test authority: short-lived, renewed by itself, by one process or many, and never for a real one."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import eseal
from eseal import files, testpki
from eseal.authority import Authority, trusting
from eseal.authority.lists import Keeper
from eseal.cli import main
from eseal.crypto.certificates import facts
from eseal.crypto.crl import read_crl
from eseal.crypto.ocsp import read_ocsp
from eseal.errors import Error
from eseal.messages import catalogue
from eseal.report.model import Verdict
from support.pdfs import simple_pdf

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
PDF = simple_pdf()
DAY = timedelta(days=1)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made(tmp_path: Path, clock: Clock) -> Authority:
    return Authority.create(tmp_path / "office", name="Lists", at=AT, clock=clock)


def periods(authority: Authority) -> set[tuple[datetime, datetime | None]]:
    data = authority.trust.data
    found = {(c.this_update, c.next_update) for c in map(read_crl, data.crls)}
    return found | {(r.this_update, r.next_update) for o in data.ocsps for r in read_ocsp(o).responses}


def stored(authority: Authority) -> dict[str, bytes]:
    folder = authority.folder / "trust"
    return {str(f.relative_to(folder)): f.read_bytes() for n in ("crls", "ocsp") for f in (folder / n).iterdir()}


def again(authority: Authority, clock: Clock) -> Authority:
    return Authority.open(authority.folder, clock=clock)


def test_they_hold_for_a_week(made: Authority) -> None:
    assert periods(made) == {(AT - testpki.EARLY, AT + testpki.LISTS)}
    assert (len(made.trust.data.crls), len(made.trust.data.ocsps)) == (2, 3)


def test_the_keys_that_renew_them_are_secret(made: Authority) -> None:
    for name in ("test-ca.pem", "test-root.pem"):
        assert stat.S_IMODE((made.folder / "keys" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("days", [0, 1, 3])
def test_before_half_their_life_nothing_is_written(made: Authority, clock: Clock, days: int) -> None:
    before = stored(made)
    clock.now = AT + days * DAY
    assert made.trust == again(made, clock).trust
    assert stored(made) == before


@pytest.mark.parametrize("days", [4, 6, 8, 400, 3600])
def test_after_half_their_life_they_are_renewed_in_place(made: Authority, clock: Clock, days: int) -> None:
    before = stored(made)
    clock.now = AT + days * DAY
    # The authority that is open already, and one that is opened now, which writes nothing more.
    assert periods(made) == {(clock.now - testpki.EARLY, clock.now + testpki.LISTS)}
    assert made.trust_notes == ()
    after = stored(made)
    assert after.keys() == before.keys() and not set(after.values()) & set(before.values())
    assert again(made, clock).trust.data.crls == made.trust.data.crls
    assert stored(made) == after


def test_an_authority_can_be_used_long_after_it_was_made(made: Authority, clock: Clock) -> None:
    clock.now = AT + 400 * DAY
    sealed = made.seal(PDF)
    assert eseal.verify(sealed.data, made.trust, clock.now).passed


def test_seals_that_were_added_get_answers_of_their_own(made: Authority, clock: Clock) -> None:
    made, seal = made.add_seal("Second", picture=made.seals[0].picture)
    assert len(made.trust.data.ocsps) == 3, "its CRL speaks for it until then"
    assert eseal.verify(made.seal(PDF, seal=seal).data, made.trust, clock.now).passed
    clock.now = AT + 5 * DAY
    assert len(made.trust.data.ocsps) == 4
    assert eseal.verify(made.seal(PDF, seal=seal).data, made.trust, clock.now).passed


def test_lists_of_others_in_the_folder_stay(made: Authority, clock: Clock) -> None:
    other = testpki.make("Other", AT)
    (made.folder / "trust" / "crls" / "other.crl").write_bytes(other.crls[0])
    clock.now = AT + 5 * DAY
    data = again(made, clock).trust.data
    assert other.crls[0] in data.crls and len(data.crls) == 3
    assert again(made, clock).trust.data == data
    assert (made.folder / "trust" / "crls" / "other.crl").read_bytes() == other.crls[0]


def test_lists_that_are_gone_are_made_anew(made: Authority, clock: Clock) -> None:
    for file in (made.folder / "trust" / "crls").iterdir():
        file.unlink()
    assert len(again(made, clock).trust.data.crls) == 2
    assert len(list((made.folder / "trust" / "crls").iterdir())) == 2


def test_a_clock_that_was_wrong_leaves_no_lists_from_the_future(made: Authority, clock: Clock) -> None:
    clock.now = AT + 3000 * DAY
    assert made.trust
    clock.now = AT + DAY
    assert periods(again(made, clock)) == {(clock.now - testpki.EARLY, clock.now + testpki.LISTS)}


def test_many_at_once_renew_to_something_whole(made: Authority, clock: Clock) -> None:
    clock.now = AT + 5 * DAY
    with ThreadPoolExecutor(8) as pool:
        trusts = list(pool.map(lambda _: again(made, clock).trust, range(16)))
    sealed = made.seal(PDF)
    for trust in (*trusts, again(made, clock).trust):
        assert eseal.verify(sealed.data, trust, clock.now).passed
    assert not list((made.folder / "trust").rglob(".*"))


def test_a_folder_that_cannot_be_written_has_them_in_memory(
    made: Authority, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed, before = made.seal(PDF), stored(made)

    def fails(path: object, *_: object, **__: object) -> None:
        raise Error("FILE_WRITE_FAILED", path=path, reason="read-only file system")

    monkeypatch.setattr(files, "write", fails)
    clock.now = AT + 9 * DAY
    opened = again(made, clock)
    assert eseal.verify(sealed.data, opened.trust, clock.now).passed
    (note,) = opened.trust_notes
    assert note.code == "LISTS_NOT_STORED" and "read-only" in note.message("en")
    assert note.code in catalogue("zh") and "{" not in note.message("zh")
    assert stored(made) == before
    assert periods(opened) == {(clock.now - testpki.EARLY, clock.now + testpki.LISTS)}


@pytest.mark.parametrize("failing", range(1, 6))
def test_a_fault_at_any_file_leaves_lists_that_serve(
    made: Authority, clock: Clock, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    sealed, real, calls = made.seal(PDF), files.write, []

    def write(path: Path, *arguments: object, **options: object) -> None:
        calls.append(path)
        if len(calls) == failing:
            raise Error("FILE_WRITE_FAILED", path=path, reason="disk full")
        real(path, *arguments, **options)  # type: ignore[arg-type]

    clock.now = AT + 5 * DAY
    with monkeypatch.context() as patch:
        patch.setattr(files, "write", write)
        opened = again(made, clock)
        assert eseal.verify(sealed.data, opened.trust, clock.now).passed
        assert [n.code for n in opened.trust_notes] == ["LISTS_NOT_STORED"]
    assert len(calls) == failing
    later = again(made, clock)
    assert eseal.verify(sealed.data, later.trust, clock.now).passed and later.trust_notes == ()


def test_whoever_cannot_read_the_keys_verifies_with_what_is_there(made: Authority, clock: Clock) -> None:
    sealed = made.seal(PDF)
    (made.folder / "keys" / "test-root.pem").chmod(0o644)  # refused, as every key that others can read
    clock.now = AT + 5 * DAY
    opened = again(made, clock)
    assert [n.code for n in opened.trust_notes] == ["LISTS_NOT_RENEWED"]
    assert eseal.verify(sealed.data, opened.trust, clock.now).passed
    clock.now = AT + 8 * DAY
    report = eseal.verify(sealed.data, again(made, clock).trust, clock.now)
    assert report.verdict is Verdict.INDETERMINATE, "stale lists say nothing"


def test_after_the_authority_has_expired_nothing_is_renewed(made: Authority, clock: Clock) -> None:
    clock.now = AT + testpki.VALID + DAY
    before = stored(made)
    assert [n.code for n in made.trust_notes] == ["LISTS_TEST_AUTHORITY_EXPIRED"]
    assert stored(made) == before


def test_old_test_authorities_with_lists_for_ten_years_still_open(made: Authority, clock: Clock) -> None:
    pki = testpki.make("Old", AT)
    (made.folder / "keys" / "test-root.pem").unlink()
    for part, suffix, lists in (("crls", "crl", pki.crls), ("ocsp", "ocsp", pki.ocsps)):
        for file in (made.folder / "trust" / part).iterdir():
            file.unlink()
        for number, der in enumerate(lists):
            (made.folder / "trust" / part / f"{number:02d}.{suffix}").write_bytes(der)
    before = stored(made)
    clock.now = AT + 1000 * DAY
    opened = again(made, clock)
    assert set(opened.trust.data.crls) == set(pki.crls) and opened.trust_notes == ()
    assert stored(made) == before


def test_nothing_is_made_for_a_real_authority(made: Authority, clock: Clock) -> None:
    before = stored(made)
    clock.now = AT + 100 * DAY
    held = Keeper(made.folder, replace(made.config, test=False)).at(clock.now)
    assert set(held.trust.data.crls) == {v for k, v in before.items() if k.endswith(".crl")} and held.notes == ()
    assert stored(made) == before


def test_the_command_line_says_that_lists_could_not_be_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    born = datetime.now(UTC) - 5 * DAY
    made = Authority.create(tmp_path / "office", name="Lists", at=born, clock=lambda: born)
    document = tmp_path / "sealed.pdf"
    made.seal(PDF, out=document)
    real = files.write

    def write(path: Path, *arguments: object, **options: object) -> None:
        if "trust" in Path(path).parts:
            raise Error("FILE_WRITE_FAILED", path=path, reason="read-only file system")
        real(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "write", write)
    done = CliRunner().invoke(main, ["verify", str(document), "--authority", str(made.folder), "--offline"])
    assert done.exit_code == 0, done.output
    assert "renewed in memory alone" in done.stderr


def test_what_comes_into_the_trust_folder_counts_at_once(made: Authority) -> None:
    """A process that seals for months hears of a revocation, and of an anchor that is trusted no longer."""
    assert made.trust is made.trust, "read once"
    root, issuing = (testpki.load((made.folder / "keys" / n).read_bytes()) for n in ("test-root.pem", "test-ca.pem"))
    before = made.services().kept
    revoking = testpki.crl(issuing, at=AT, until=AT + DAY, revoked={facts(made.signer().certificate).serial: AT - DAY})
    (made.folder / "trust" / "crls" / "new.crl").write_bytes(revoking)
    assert revoking in made.trust.data.crls
    assert made.services().kept is not before
    with pytest.raises(Error) as caught:
        made.seal(PDF, level="LTA")
    assert caught.value.code == "LONG_TERM_REVOKED"
    trusting.remove_anchor(Authority.open(made.folder), root.certificate.fingerprint)
    assert made.trust.anchors == ()
