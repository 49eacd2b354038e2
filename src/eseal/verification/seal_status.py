"""The seal itself, judged at the best signature time: may this certificate use it, was it valid, active, revoked?

The claimed time decides nothing: where nothing proves an earlier time, the seal is judged as it is now, and one that
was revoked since is never passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from eseal.judging.times import iso
from eseal.report.checks import effect, gravest
from eseal.report.model import Check, CheckVerdict, SubIndication
from eseal.seals.registered import RegisteredSeal, SealRegister
from eseal.seals.status import SealChange, StatusEntry

PASSED, FAILED, UNKNOWN, INFO = CheckVerdict.PASSED, CheckVerdict.FAILED, CheckVerdict.UNKNOWN, CheckVerdict.INFO


@dataclass(frozen=True, slots=True)
class SealJudgement:
    """What a register says of one signature."""

    checks: tuple[Check, ...]
    """seal-signer, seal-status."""
    seal: Mapping[str, str] | None = None
    """Id and name of the seal; None where the register does not tell which it is."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time at which a seal is judged."""

    best: datetime
    """Earliest time at which the signature is proven to have existed, else the time of the judgement; aware."""
    proven: bool
    """Whether anything proves it."""
    at: datetime
    """Time of the judgement, aware: what was recorded later is not known yet."""
    skew: timedelta
    """How far the clock that recorded the entries may go ahead."""


def judge_seal(register: SealRegister, signer: str, claimed: str, when: Moment) -> SealJudgement:
    """Judge the seal of a signature by the certificate with the SHA-256 `signer`.

    `claimed` is the id of the seal that the signed document names; empty where it names none. Then every seal that the
    certificate may use could be meant: where they do not agree, nothing is known.
    """
    permitting = register.permitting(signer)
    named = register.get(claimed) if claimed else None
    if named is not None:
        return _one(named, signer, when)
    if claimed and permitting:
        # A certificate of this house, and a seal that it does not know.
        return SealJudgement((Check("seal-signer", UNKNOWN, "SEAL_NAMED_UNKNOWN", {"seal": claimed}),))
    if not permitting:
        return SealJudgement((Check("seal-signer", INFO, "SEAL_NOT_LISTED"),))
    found = [_one(seal, signer, when) for seal in permitting]
    outcomes = {gravest(effect(c) for c in one.checks if c.verdict is not INFO) for one in found}
    if len(found) == 1:
        return found[0]
    if len(outcomes) == 1:
        return SealJudgement(found[0].checks)
    names = {"seals": ", ".join(seal.name for seal in permitting[:5])}
    return SealJudgement((Check("seal-status", UNKNOWN, "SEAL_STATUS_AMBIGUOUS", names),))


def _one(seal: RegisteredSeal, signer: str, when: Moment) -> SealJudgement:
    shown = {"id": seal.id, "name": seal.name}
    params, evidence = {"name": seal.name}, {"seal": seal.id}
    if signer not in seal.permitted:
        return SealJudgement((Check("seal-signer", FAILED, "SEAL_SIGNER_OTHER", params, evidence),), shown)
    checks = [
        Check("seal-signer", PASSED, "SEAL_SIGNER_PERMITTED", params, evidence),
        _validity(seal, when) or _state(seal, when),
        *_later(seal, when),
    ]
    return SealJudgement(tuple(checks), shown)


def _validity(seal: RegisteredSeal, when: Moment) -> Check | None:
    params = {
        "name": seal.name,
        "start": iso(seal.valid_from),
        "end": iso(seal.valid_until),
        "time": iso(when.best),
    }
    if when.best < seal.valid_from:
        sub = SubIndication.NOT_YET_VALID
        return Check("seal-status", FAILED, "SEAL_STATUS_NOT_YET", params, sub_indication=sub)
    if when.best <= seal.valid_until:
        return None
    if when.proven:
        return Check("seal-status", FAILED, "SEAL_STATUS_EXPIRED", params, sub_indication=SubIndication.EXPIRED)
    sub = SubIndication.OUT_OF_BOUNDS_NO_POE
    return Check("seal-status", UNKNOWN, "SEAL_STATUS_EXPIRED_NO_PROOF", params, sub_indication=sub)


def _state(seal: RegisteredSeal, when: Moment) -> Check:
    entry = seal.history.standing_at(when.best, when.at + when.skew) if when.proven else _now(seal, when)
    params, evidence = {"name": seal.name, "time": iso(when.best)}, {"seal": seal.id}
    if entry is None:
        return Check("seal-status", PASSED, "SEAL_STATUS_ACTIVE", params, evidence)
    params["since"] = iso(entry.effective)
    evidence["recorded"] = iso(entry.recorded)
    if entry.change is SealChange.SUSPENDED:
        return Check("seal-status", UNKNOWN, "SEAL_STATUS_SUSPENDED", params, evidence)
    if when.proven:
        return Check("seal-status", FAILED, "SEAL_STATUS_REVOKED", params, evidence)
    sub = SubIndication.REVOKED_NO_POE
    return Check("seal-status", UNKNOWN, "SEAL_STATUS_REVOKED_NO_PROOF", params, evidence, sub_indication=sub)


def _now(seal: RegisteredSeal, when: Moment) -> StatusEntry | None:
    """The entry by which the seal is revoked or suspended at the judgement, or within the clock's uncertainty of it."""
    limit = when.at + when.skew
    found = (seal.history.standing_at(limit, limit), seal.history.standing_at(when.at, limit))
    return next((entry for entry in found if entry is not None), None)


def _later(seal: RegisteredSeal, when: Moment) -> list[Check]:
    """What happened to the seal after the signature: said for the reader, since it touches no earlier signature."""
    now = _now(seal, when)
    if not when.proven or now is None or now.effective <= when.best:
        return []
    code = f"SEAL_{now.change.name}_LATER"
    return [Check("seal-status", INFO, code, {"name": seal.name, "since": iso(now.effective)}, {"seal": seal.id})]
