"""Looks an authority over: every key, certificate, seal, list, service and file that sealing rests on.

Nothing is changed, nothing is sealed, no PIN is tried unless that was allowed; each timestamper gets one real request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from eseal.authority.doctor import house, proofs
from eseal.authority.doctor.findings import IDS, Finding, State, failed, ok, skipped
from eseal.authority.doctor.keys import Keys, seals
from eseal.authority.office import Authority, PasswordSource
from eseal.errors import Error
from eseal.keys.remote import Ask
from eseal.model import aware
from eseal.net import Fetcher

__all__ = ["IDS", "Finding", "State", "examine"]


def _now() -> datetime:
    return datetime.now(UTC)


def examine(
    folder: str | Path,
    *,
    clock: Callable[[], datetime] = _now,
    offline: bool = False,
    fetcher: Fetcher | None = None,
    ask: bool = False,
    password: PasswordSource | None = None,
    answers: Ask | None = None,
) -> tuple[Finding, ...]:
    """What is right and wrong about the authority in `folder`, in the order of `IDS`. Never raises for a bad one.

    `offline` makes no request. `ask` allows to open keys that need a password or a PIN, once each: `password` is
    asked for it (and `answers` for what a remote service wants); without it, such keys are skipped. `fetcher` reaches
    timestampers and revocation data (default: a client that may reach this network too).
    """
    place = Path(folder).absolute()
    try:
        authority = Authority.open(place, clock=clock, fetcher=fetcher)
    except Error as error:
        open_to_others = (f for f in house.permissions(place) if f.state is not State.OK)
        return (failed("configuration", error), *open_to_others, skipped("level", "DOCTOR_NOT_OPENED"))
    authority = replace(authority, ask=answers if ask else None)
    order = {id: number for number, id in enumerate(IDS)}
    return tuple(sorted(_all(authority, offline, ask, password), key=lambda f: order[f.id]))


def _all(authority: Authority, offline: bool, ask: bool, password: PasswordSource | None) -> Iterator[Finding]:
    at = aware(authority.clock(), "clock")
    yield ok("configuration", "DOCTOR_CONFIGURATION_OK", name=authority.name)
    yield from house.permissions(authority.folder)
    told, newest = house.records(authority.folder)
    yield from told
    yield house.clock(at, authority.config, newest)
    yield house.disk(authority.folder)
    yield from house.extras(authority.config)
    yield from house.pictures(authority)
    keys = Keys(authority, ask=ask, password=password)
    yield from keys.findings
    yield from keys.validity(at)
    yield from seals(authority, keys, at)
    yield from proofs.anchors(authority, at)
    stamps = list(proofs.stamps(authority, keys, offline=offline))
    for stamp in stamps:
        yield stamp.finding
        if stamp.clock is not None:
            yield stamp.clock
    found, complete = proofs.chains(authority, keys, stamps, at, offline=offline)
    yield from found
    yield proofs.level(authority, keys, stamps, complete=complete, offline=offline)
