"""What a seal's proof rests on: anchors, lists, timestampers, revocation data; and the level that follows from them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from eseal.authority.doctor.findings import Finding, State, bad, command, failed, ok, quoted, skipped, warning
from eseal.authority.doctor.keys import Keys
from eseal.authority.office import Authority
from eseal.authority.trusting import trust_folder
from eseal.config.authority import FILE
from eseal.crypto.algorithms import hasher
from eseal.crypto.certificates import facts
from eseal.crypto.extensions import read_extensions
from eseal.crypto.timestamp_token import examine_token
from eseal.errors import Error, UsageError
from eseal.judging.inquiry import FAILED, UNKNOWN, Inquiry, Outcome
from eseal.judging.policy import Policy
from eseal.judging.revocation import Finding as Status
from eseal.judging.revocation import Status as Answer
from eseal.judging.timestamps import judge_timestamp
from eseal.model import Certificate, Digest, Timestamper, ValidationData, aware, rfc3339
from eseal.net import Fetcher, HttpFetcher
from eseal.timestamps import HttpTimestamper, LocalTimestamper
from eseal.timestamps.local import TEST_POLICY
from eseal.trust import view
from eseal.trust.store import Purpose, TrustStore

SOON = timedelta(days=1)
"""How long before its end a list is said to end soon, where nothing can be asked online."""
_NEAR, _FAR = timedelta(seconds=30), timedelta(minutes=5)
_USAGES = {Purpose.SEAL: Policy().allowed_usages, Purpose.TIMESTAMP: frozenset({"time_stamping"})}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What one timestamper came to."""

    finding: Finding
    """How it stands."""
    clock: Finding | None = None
    """What its time says of this computer's clock; None where it gave none."""
    certificate: Certificate | None = None
    """Its certificate, where it answered."""
    certificates: tuple[Certificate, ...] = ()
    """What came with the answer."""
    good: bool = False
    """Whether it answered rightly and is trusted."""


def anchors(authority: Authority, at: datetime) -> Iterator[Finding]:
    """Somebody is trusted, and for how long; lists that are past their time."""
    folder = authority.folder
    try:
        found = view.items(trust_folder(authority), at)
        _ = authority.trust
    except Error as error:
        yield failed("anchors", error)
        return
    add = command("trust", "add", "ROOT.pem", folder=folder)
    trusted = [i for i in found if i.kind == "anchor" and i.state is not view.State.UNLISTED]
    if not trusted:
        yield bad("anchors", "DOCTOR_NO_ANCHOR", add)
    states = {
        view.State.EXPIRED: "DOCTOR_ANCHOR_EXPIRED",
        view.State.SOON: "DOCTOR_ANCHOR_ENDS",
        view.State.NOT_YET: "DOCTOR_ANCHOR_NOT_YET",
        view.State.UNLISTED: "DOCTOR_ANCHOR_UNLISTED",
    }
    for item in found:
        end = rfc3339(item.end) if item.end is not None else "-"
        if item.kind == "anchor" and item.state in states:
            yield warning("anchors", states[item.state], add, name=item.name, file=item.file, end=end)
    if trusted and all(i.state in (view.State.EXPIRED, view.State.CLOSED) for i in trusted):
        yield bad("anchors", "DOCTOR_ANCHORS_ALL_ENDED", add)
    elif trusted:
        yield ok("anchors", "DOCTOR_ANCHORS_OK", count=len(trusted))
    stale = [i for i in found if i.kind in ("CRL", "OCSP") and i.state is view.State.EXPIRED]
    for item in stale[:20]:
        end = rfc3339(item.end) if item.end is not None else "-"
        mend = command("trust", "update", "FOLDER", folder=folder)
        yield warning("lists", "DOCTOR_LIST_STALE", mend, kind=item.kind, issuer=item.name, end=end, file=item.file)
    lists = sum(i.kind in ("CRL", "OCSP") for i in found)
    if not stale:
        yield ok("lists", "DOCTOR_LISTS_OK", count=lists)


def stamps(authority: Authority, keys: Keys, *, offline: bool) -> Iterator[Stamp]:
    """Ask each timestamper once; an embedded one makes a token here."""
    entry = authority.config.timestamper
    if not entry.urls and not entry.key:
        mend = f"${{EDITOR:-vi}} {quoted(authority.folder / FILE)}"
        yield Stamp(warning("timestamper", "DOCTOR_NO_TIMESTAMPER", mend))
    for url in entry.urls:
        if offline:
            yield Stamp(skipped("timestamper", "DOCTOR_TIMESTAMPER_NOT_ASKED", service=url))
        else:
            client = authority.fetcher or HttpFetcher(allow_private=True)
            yield _asked(authority, HttpTimestamper(url, client, policy=entry.policy or None), offline=offline)
    if entry.key:
        if entry.key not in keys.signers:
            again = command("doctor", "--ask", folder=authority.folder)
            yield Stamp(skipped("timestamper", "DOCTOR_TIMESTAMPER_KEY", again))
        else:
            own = LocalTimestamper(keys.signers[entry.key], clock=authority.clock, policy=entry.policy or TEST_POLICY)
            # It tells this computer's own time.
            yield replace(_asked(authority, own, offline=offline), clock=None)


def _asked(authority: Authority, one: Timestamper, *, offline: bool) -> Stamp:
    name = one.name
    value = secrets.token_bytes(32)
    before = aware(authority.clock(), "clock")
    try:
        der = one.timestamp(Digest("sha256", value))
    except Error as error:
        return Stamp(failed("timestamper", error))
    after = aware(authority.clock(), "clock")
    token = examine_token(der, lambda digest: value if digest == "sha256" else hasher(digest).digest())
    if token.time is None or not token.intact:
        return Stamp(bad("timestamper", "DOCTOR_TIMESTAMPER_BROKEN", service=name))
    clock = _compared(token.time, before, after, name)
    certificates = token.examined.certificates
    try:
        trust = authority.trust
    except Error:
        trust = TrustStore()
    judged = judge_timestamp(
        token,
        trust=trust,
        at=max(after, token.time),
        data=ValidationData(),
        fetcher=fetcher(authority, offline=offline),
    )
    if not judged.trusted:
        reason = next(c for c in judged.checks if c.verdict in (FAILED, UNKNOWN))
        mend = command("trust", "add", "ROOT.pem", "--purpose", "timestamp", folder=authority.folder)
        told = bad("timestamper", reason.code, mend if reason.id == "path" else "", **(dict(reason.params)))
        return Stamp(told, clock, token.examined.certificate, certificates)
    told = ok("timestamper", "DOCTOR_TIMESTAMPER_OK", service=name)
    return Stamp(told, clock, token.examined.certificate, certificates, good=True)


def _compared(stated: datetime, before: datetime, after: datetime, name: str) -> Finding:
    """The time of a token against the clock just before and just after; a token's time may be cut to the second."""
    second = timedelta(seconds=1)
    gap = max(before - second - stated, stated - after, timedelta(0))
    params = {"service": name, "seconds": str(int(gap.total_seconds()))}
    if gap > _FAR:
        return bad("clock", "DOCTOR_CLOCK_DIFFERS", "timedatectl set-ntp true", **params)
    if gap > _NEAR:
        return warning("clock", "DOCTOR_CLOCK_DIFFERS", "timedatectl set-ntp true", **params)
    return ok("clock", "DOCTOR_CLOCK_AGREES", **params)


def fetcher(authority: Authority, *, offline: bool) -> Fetcher | None:
    """Who may ask for revocation data."""
    return None if offline else authority.fetcher or HttpFetcher(allow_private=True)


def chains(
    authority: Authority, keys: Keys, found: list[Stamp], at: datetime, *, offline: bool
) -> tuple[tuple[Finding, ...], bool]:
    """Path and revocation data of every seal's key and every timestamper.

    And whether all of it is there and fresh for every seal and for one timestamper at least.
    """
    wanted: dict[Certificate, tuple[Purpose, tuple[Certificate, ...]]] = {}
    for key in authority.config.keys:
        certificate = keys.certificate(key.id)
        if key.seals and certificate is not None:
            wanted[certificate] = (Purpose.SEAL, keys.chain(key.id))
    for stamp in found:
        if stamp.certificate is not None:
            wanted[stamp.certificate] = (Purpose.TIMESTAMP, stamp.certificates)
    try:
        trust = authority.trust
    except Error as error:
        return (failed("revocation", error),), False
    findings: dict[tuple[str, str], Finding] = {}
    good: set[Certificate] = set()
    for certificate, (purpose, others) in wanted.items():
        data = ValidationData((certificate, *others))
        inquiry = Inquiry.open(trust, at, Policy(), data, fetcher(authority, offline=offline))
        inquiry.revocations.lasting = True
        try:
            outcome = inquiry.ask(certificate, purpose, at, proven=False, usages=_USAGES[purpose])
            told = list(_of_chain(authority.folder, certificate, purpose, outcome, at, offline=offline))
        except UsageError as error:
            # A service sends what certificates it likes.
            told, outcome = [failed("revocation", error)], None
        if outcome is not None and outcome.good:
            good.add(certificate)
        for one in told:
            findings.setdefault((one.code, one.params.get("certificate", "")), one)
    sealing = [c for c, (purpose, _) in wanted.items() if purpose is Purpose.SEAL]
    stamped = any(s.good and s.certificate in good for s in found)
    return tuple(findings.values()), bool(sealing) and stamped and good.issuperset(sealing)


def _of_chain(
    folder: Path, certificate: Certificate, purpose: Purpose, outcome: Outcome, at: datetime, *, offline: bool
) -> Iterator[Finding]:
    if outcome.path is None:
        mend = command("trust", "add", "ROOT.pem", "--purpose", purpose.value, folder=folder)
        reason = next((c for c in outcome.checks if c.id == "path"), None)
        params = dict(reason.params) if reason is not None else {}
        code = reason.code if reason is not None else "DOCTOR_NO_PATH"
        yield bad("revocation", code, mend, **(params | {"certificate": facts(certificate).subject}))
        return
    for problem in outcome.path.problems:
        yield bad("revocation", problem.code, "", **dict(problem.params))
    for one, status in zip(outcome.path.chain, outcome.findings, strict=False):
        yield _of_status(folder, one, status, at, offline=offline)


def _of_status(folder: Path, certificate: Certificate, status: Status, at: datetime, *, offline: bool) -> Finding:
    update = command("trust", "update", "FOLDER", folder=folder)
    params = dict(status.params) | {"certificate": facts(certificate).subject}
    if status.status is Answer.GOOD:
        end = status.statement.next_update if status.statement is not None else None
        params |= {"next": rfc3339(end) if end is not None else "-"}
        more = read_extensions(certificate)
        alone = offline or not (more.ocsp_urls or more.crl_urls)
        if alone and end is not None and end - at < SOON:
            return warning("revocation", "DOCTOR_REVOCATION_ENDS", update, **params)
        code = "DOCTOR_REVOCATION_FRESH" if status.statement is not None else status.code
        return ok("revocation", code, **params)
    if status.status is Answer.REVOKED:
        return bad("revocation", "DOCTOR_REVOKED", command("keys", "request", folder=folder), **params)
    more = read_extensions(certificate)
    addresses = ", ".join((*more.ocsp_urls, *more.crl_urls))
    if offline and addresses:
        return skipped("revocation", "DOCTOR_REVOCATION_NOT_ASKED", **(params | {"addresses": addresses}))
    return bad("revocation", status.code, update, **params)


def level(authority: Authority, keys: Keys, found: list[Stamp], *, complete: bool, offline: bool) -> Finding:
    """The highest level that this authority can reach now, as far as it was looked at."""
    stamped = any(s.good for s in found)
    unasked = any(s.finding.state is State.SKIPPED for s in found) or any(
        f.state is State.SKIPPED for f in keys.findings
    )
    if stamped and complete:
        return ok("level", "DOCTOR_LEVEL", level="B-LTA")
    if offline or unasked:
        return skipped("level", "DOCTOR_LEVEL_UNKNOWN", level="B-T" if stamped else "B-B")
    reached = "B-T" if stamped else "B-B"
    return warning("level", "DOCTOR_LEVEL_SHORT" if stamped else "DOCTOR_LEVEL_UNPROVEN", level=reached)
