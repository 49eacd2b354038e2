"""Keys open and match, certificates last, seals may be used. A PIN is never tried unless somebody allowed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from eseal.authority.doctor.findings import Finding, State, bad, command, failed, ok, skipped, warning
from eseal.authority.keys import HeldKey, held_keys
from eseal.authority.office import Authority, PasswordSource
from eseal.authority.status import ACTIONS, missing
from eseal.crypto.algorithms import key_acceptable_until
from eseal.crypto.certificates import facts
from eseal.errors import Error, KeyAccessError, PolicyError, UsageError
from eseal.keys import check_fit
from eseal.model import Certificate, Signer, rfc3339
from eseal.seals.register import Seal

SOON, VERY_SOON = timedelta(days=90), timedelta(days=30)
"""How long before its end there is a warning, and a pressing one."""
_MISSING = ("KEY_PASSWORD_MISSING", "KEY_PIN_MISSING")
_ALGORITHM_ENDS = timedelta(days=730)


class Keys:
    """The keys of an authority, each opened at most once."""

    def __init__(self, authority: Authority, *, ask: bool, password: PasswordSource | None = None) -> None:
        self._authority = authority
        self._password = password if ask else None
        self._held = held_keys(authority)
        self.signers: dict[str, Signer] = {}
        """The keys that could be opened, by id."""
        self.findings: list[Finding] = [self._open(key, ask=ask) for key in self._held]
        """What became of each."""

    def certificate(self, key: str) -> Certificate | None:
        """The certificate of a key, also of one that was not opened where that is in a file of its own."""
        if key in self.signers:
            return self.signers[key].certificate
        return next((k.certificate for k in self._held if k.id == key), None)

    def chain(self, key: str) -> tuple[Certificate, ...]:
        """The issuers that come with a key."""
        return self.signers[key].chain if key in self.signers else ()

    def validity(self, at: datetime) -> Iterator[Finding]:
        """How long each certificate and key lasts."""
        for key in self._held:
            certificate = self.certificate(key.id)
            if certificate is None:
                yield skipped("certificate", "DOCTOR_CERTIFICATE_UNKNOWN", key=key.where)
                continue
            yield from _certificate(certificate, at, seals=key.use != "timestamp", folder=self._authority.folder)
            for issuer in self.chain(key.id):
                yield from (f for f in _lasting(issuer, at, self._authority.folder) if f.state is not State.OK)

    def _open(self, key: HeldKey, *, ask: bool) -> Finding:
        if key.refused is not None:
            return failed("key", key.refused)
        if key.kind != "file" and not ask:
            # A PIN that is tried wrongly three times locks a token; nobody said that it may be tried.
            again = command("doctor", "--ask", folder=self._authority.folder)
            return skipped("key", "DOCTOR_KEY_NOT_OPENED", again, key=key.where)
        try:
            self.signers[key.id] = self._signer(key)
        except Error as error:
            if error.code in _MISSING and not ask:
                again = command("doctor", "--ask", folder=self._authority.folder)
                return skipped("key", "DOCTOR_KEY_ENCRYPTED", again, key=key.where)
            return failed("key", error)
        return ok("key", "DOCTOR_KEY_OK", key=key.where, use=key.use)

    def _signer(self, key: HeldKey) -> Signer:
        """The key; what it needs is asked for once, and only where it needs something."""
        try:
            return self._authority.key(key.id)
        except KeyAccessError as error:
            if error.code not in _MISSING or self._password is None:
                raise
        return replace(self._authority, password=self._password).key(key.id)


def seals(authority: Authority, keys: Keys, at: datetime) -> Iterator[Finding]:
    """Every seal can be read, has a key that it permits, and may be used now."""
    try:
        register = authority.register
        found = authority.seals
    except Error as error:
        yield failed("seal-status", error)
        return
    try:
        told = [entry for entry in authority.journal() if entry.action in ACTIONS.values()]
    except Error:  # another finding tells of it
        told = []
    acts = [(seal, missing(authority.history(seal), seal.id, told)) for seal in found]
    for seal, act in acts:
        if act is not None:
            params = {"seal": seal.name, "action": act.action, "time": rfc3339(act.time, "seconds"), "actor": act.actor}
            yield bad("seal-status", "DOCTOR_REGISTER_BEHIND", **params)
    if not any(act for _, act in acts):
        yield ok("seal-status", "DOCTOR_SEALS_OK", count=len(register.seals))
    for seal in found:
        yield from _seal(authority, keys, seal, at)


def _seal(authority: Authority, keys: Keys, seal: Seal, at: datetime) -> Iterator[Finding]:
    entry = authority.config.key_for(seal.id)
    if entry is None:
        yield failed("seal", UsageError("AUTHORITY_SEAL_WITHOUT_KEY", seal=seal.name))
        return
    certificate = keys.certificate(entry.id)
    if certificate is not None and not seal.permits(certificate):
        yield bad("seal", "DOCTOR_SEAL_NOT_PERMITTED", seal=seal.name, certificate=facts(certificate).subject)
        return
    params = {"seal": seal.name, "start": rfc3339(seal.valid_from), "end": rfc3339(seal.valid_until)}
    if not seal.valid_from <= at <= seal.valid_until:
        yield bad("seal", "DOCTOR_SEAL_INVALID", **params)
        return
    try:
        authority.check_usable(seal)
    except PolicyError as error:
        # Somebody meant it so.
        yield failed("seal", error, State.WARNING)
        return
    if seal.valid_until - at < SOON:
        yield warning("seal", "DOCTOR_SEAL_ENDS", **params)
    else:
        yield ok("seal", "DOCTOR_SEAL_OK", **params)


def _certificate(certificate: Certificate, at: datetime, *, seals: bool, folder: Path) -> Iterator[Finding]:
    yield from _lasting(certificate, at, folder)
    own = facts(certificate)
    if seals and own.not_before <= at <= own.not_after:
        try:
            for code in check_fit(certificate, at):
                yield warning("certificate", code, subject=own.subject)
        except Error as error:
            yield failed("certificate", error)
    until = key_acceptable_until(own.key_facts)
    if until is not None and at < until < at + _ALGORITHM_ENDS:
        yield warning("certificate", "DOCTOR_KEY_SIZE_ENDS", subject=own.subject, until=until.date())


def _lasting(certificate: Certificate, at: datetime, folder: Path) -> Iterator[Finding]:
    own = facts(certificate)
    params = {"subject": own.subject, "until": rfc3339(own.not_after), "days": str((own.not_after - at).days)}
    renew = command("keys", "request", folder=folder)
    if at > own.not_after:
        yield bad("certificate", "CERTIFICATE_EXPIRED", renew, **params)
    elif at < own.not_before:
        yield bad("certificate", "CERTIFICATE_NOT_YET_VALID", subject=own.subject, since=rfc3339(own.not_before))
    elif own.not_after - at < VERY_SOON:
        yield warning("certificate", "DOCTOR_CERTIFICATE_ENDS_VERY_SOON", renew, **params)
    elif own.not_after - at < SOON:
        yield warning("certificate", "DOCTOR_CERTIFICATE_ENDS_SOON", renew, **params)
    else:
        yield ok("certificate", "DOCTOR_CERTIFICATE_OK", **params)
