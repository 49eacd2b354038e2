"""A further seal under faults: `eseal.toml` never names a file that is not there."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from eseal.authority import Authority
from eseal.authority.making import official_seal
from eseal.errors import Error
from support.faults import faulty

AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
PICTURE = official_seal("x")


def clock() -> datetime:
    return AT


def test_a_fault_anywhere_leaves_the_old_seals_or_the_new(tmp_path: Path) -> None:
    folder, kept = tmp_path / "office", tmp_path / "kept"
    Authority.create(folder, name="Office", at=AT, picture=PICTURE, clock=clock)
    shutil.copytree(folder, kept)
    untouched = {f.relative_to(kept) for f in kept.rglob("*") if f.is_file()}

    def attempt(failing: tuple[str, int] | None) -> tuple[bool, Counter[str]]:
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        office = Authority.open(folder, clock=clock)
        with faulty(failing) as seen:
            try:
                office.add_seal("Second", picture=PICTURE)
            except (Error, OSError):
                return False, seen
        return True, seen

    done, calls = attempt(None)
    assert done
    outcomes: Counter[tuple[bool, int]] = Counter()
    for name, count in calls.items():
        for number in range(1, count + 1):
            done, _ = attempt((name, number))
            now = Authority.open(folder, clock=clock)
            outcomes[done, len(now.seals)] += 1
            for seal in now.seals:
                assert now.signer(seal).certificate.fingerprint in seal.permitted, (name, number)
            if len(now.seals) == 1:
                assert {f.relative_to(folder) for f in folder.rglob("*") if f.is_file()} == untouched, (name, number)
            assert not done or len(now.seals) == 2, (name, number)
    assert outcomes[False, 1] and outcomes[False, 2], "faults before the commit point, and behind it"
