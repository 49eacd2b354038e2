"""Whom an authority trusts, and how that changes: anchors are added, closed and removed, each by one commit.

The commit point of every change of anchors is the new `anchors.toml`: a file in `anchors/` that it does not name
vouches for nothing, so what fails before it leaves the trust as it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from eseal import files
from eseal.authority import journal
from eseal.authority.locking import locked
from eseal.authority.office import Authority
from eseal.authority.placing import placing
from eseal.authority.separation import marked_test
from eseal.crypto.algorithm_policy import path_uses, weaknesses
from eseal.crypto.certificates import facts
from eseal.errors import PolicyError, UsageError
from eseal.model import Certificate, aware, rfc3339
from eseal.report.model import Check, CheckVerdict
from eseal.trust.folder import ANCHORS, ANCHORS_FILE, AnchorEntry, anchor_files, entries_text, material_files
from eseal.trust.store import DEFAULT_PURPOSES, Anchor, Purpose, TrustStore, material
from eseal.trust.view import SOON, plain_fingerprint

__all__ = [
    "Offered",
    "add_anchors",
    "add_intermediates",
    "check_anchor",
    "close_anchor",
    "find_anchor",
    "offered",
    "remove_anchor",
    "trust_folder",
]


@dataclass(frozen=True, slots=True)
class Offered:
    """What the bytes of a file offer to a trust store."""

    anchors: tuple[Certificate, ...]
    """Those that would vouch: the self-signed ones, else the topmost."""
    intermediates: tuple[Certificate, ...]
    """The other certification authorities; they vouch for nothing."""
    others: tuple[Certificate, ...]
    """End entities, which have no place in a trust store."""


def offered(data: bytes, source: str | Path = "") -> Offered:
    """Take the certificates out of PEM or DER. Raises UsageError TRUST_FILE_UNREADABLE, TRUST_ADD_LISTS."""
    try:
        found = TrustStore.parse(data)
    except UsageError as error:
        raise UsageError("TRUST_FILE_UNREADABLE", source=source) from error
    if found.data.crls or found.data.ocsps:
        raise UsageError("TRUST_ADD_LISTS", source=source)
    rest = found.data.certificates
    return Offered(
        tuple(a.certificate for a in found.anchors),
        tuple(c for c in rest if facts(c).is_ca),
        tuple(c for c in rest if not facts(c).is_ca),
    )


def check_anchor(
    certificate: Certificate,
    at: datetime,
    *,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    test: bool = False,
) -> tuple[Check, ...]:
    """Refuse what can be no anchor; the notes name what whoever adds it should know.

    `test` says that the store is that of a test authority. Raises PolicyError: TRUST_ANCHOR_NOT_CA,
    TRUST_ANCHOR_SELF_SIGNED_LEAF, TRUST_ANCHOR_KEY_USAGE, TRUST_ANCHOR_TEST; UsageError TRUST_PERIOD_EMPTY.
    """
    at, own = aware(at, "at"), facts(certificate)
    params = {"certificate": own.subject}
    if not own.is_ca:
        # Whoever holds such a key could sign anything in the name on it, and nobody could revoke it.
        raise PolicyError("TRUST_ANCHOR_SELF_SIGNED_LEAF" if own.self_issued else "TRUST_ANCHOR_NOT_CA", **params)
    if own.key_usage is not None and "key_cert_sign" not in own.key_usage:
        raise PolicyError("TRUST_ANCHOR_KEY_USAGE", **params)
    if marked_test(certificate) and not test:
        raise PolicyError("TRUST_ANCHOR_TEST", **params)
    start, end = valid_from or own.not_before, valid_until or own.not_after
    if end < start:
        raise UsageError("TRUST_PERIOD_EMPTY", start=rfc3339(start), end=rfc3339(end))
    params |= {"start": rfc3339(start), "end": rfc3339(end), "not_after": rfc3339(own.not_after)}
    codes = [
        (at < own.not_before, "TRUST_ANCHOR_NOT_YET_VALID"),
        (at > own.not_after, "TRUST_ANCHOR_EXPIRED"),
        (own.not_after - SOON < at <= own.not_after, "TRUST_ANCHOR_EXPIRES_SOON"),
        (start < own.not_before or end > own.not_after, "TRUST_ANCHOR_BEYOND_VALIDITY"),
        (not own.self_issued, "TRUST_ANCHOR_NOT_ROOT"),
        (any(weaknesses(path_uses((certificate,)), at)), "TRUST_ANCHOR_WEAK"),
    ]
    return tuple(Check("note", CheckVerdict.INFO, code, params) for true, code in codes if true)


def add_anchors(
    authority: Authority,
    certificates: Sequence[Certificate],
    *,
    purposes: Iterable[Purpose] | None = None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    name: str = "",
    intermediates: Sequence[Certificate] = (),
    actor: str | None = None,
) -> tuple[Anchor, ...]:
    """Trust `certificates` from now on, all or none; `intermediates` join the material. The new anchors.

    Whoever calls has shown the fingerprints to somebody who answers for them. `purposes` are seals and timestamps
    unless given; `name` (for one certificate alone) is for messages. The journal names each before it counts.

    Raises what `check_anchor` raises, UsageError (TRUST_ANCHOR_KNOWN, TRUST_NAME_FOR_ONE, NAME_UNUSABLE, TIME_NAIVE)
    and Error (JOURNAL_NOT_WRITTEN, FILE_WRITE_FAILED).
    """
    who, chosen = journal.actor_name(actor), frozenset(purposes or ()) or DEFAULT_PURPOSES
    start, end = _bound(valid_from, "valid_from"), _bound(valid_until, "valid_until")
    if name:
        if len(certificates) != 1:
            raise UsageError("TRUST_NAME_FOR_ONE", count=len(certificates))
        if not name.strip() or not name.isprintable() or len(name) > 200:
            raise UsageError("NAME_UNUSABLE", what="name")
    at = aware(authority.clock(), "clock")
    for certificate in certificates:
        check_anchor(certificate, at, valid_from=start, valid_until=end, test=authority.is_test)
    folder = trust_folder(authority)
    wanted = tuple(dict.fromkeys(certificates))
    with locked(authority.folder):
        entries, known = _current(folder)
        for certificate in wanted:
            if certificate in known:
                raise UsageError("TRUST_ANCHOR_KNOWN", certificate=facts(certificate).subject)
        # Before the commit point: they vouch for nothing, and what fails after it would call a done thing failed.
        _add_material(authority, folder, intermediates, who)
        new = {f"{c.fingerprint}.pem": c for c in wanted}
        entries += [AnchorEntry(file, chosen, start, end, name.strip()) for file in new]
        with placing(folder / ANCHORS_FILE, entries_text(entries)) as place:
            for file, certificate in new.items():
                (folder / ANCHORS).mkdir(parents=True, exist_ok=True)
                # A file of this name that the list does not name was left behind by a crash.
                place(folder / ANCHORS / file, certificate.to_pem(), force=True, mode=0o644)
            _record(authority, who, "trust-add", new.values())
    return tuple(Anchor(c, chosen, start, end, name.strip()) for c in wanted)


def add_intermediates(
    authority: Authority, certificates: Sequence[Certificate], *, actor: str | None = None
) -> tuple[Certificate, ...]:
    """Put certification authorities into the material for paths; those that are new. They vouch for nothing.

    Raises PolicyError TRUST_INTERMEDIATE_NOT_CA, Error (JOURNAL_NOT_WRITTEN, FILE_WRITE_FAILED).
    """
    who = journal.actor_name(actor)
    for certificate in certificates:
        if not facts(certificate).is_ca:
            raise PolicyError("TRUST_INTERMEDIATE_NOT_CA", certificate=facts(certificate).subject)
        if marked_test(certificate) and not authority.is_test:
            raise PolicyError("TRUST_ANCHOR_TEST", certificate=facts(certificate).subject)
    with locked(authority.folder):
        return _add_material(authority, trust_folder(authority), certificates, who)


def close_anchor(
    authority: Authority, reference: str, until: datetime | None = None, *, actor: str | None = None
) -> Anchor:
    """Let an anchor vouch only for what is proven to have existed before `until` (now); as it is then.

    Raises UsageError (TRUST_REF_..., TRUST_ANCHOR_BUNDLE, TRUST_PERIOD_EMPTY), Error.
    """
    who = journal.actor_name(actor)
    when = aware(until, "until") if until is not None else aware(authority.clock(), "clock").replace(microsecond=0)
    folder = trust_folder(authority)
    with locked(authority.folder):
        entries, _ = _current(folder)
        entry, anchor = _alone(folder, reference)
        start = entry.valid_from or facts(anchor.certificate).not_before
        if when < start:
            raise UsageError("TRUST_PERIOD_EMPTY", start=rfc3339(start), end=rfc3339(when))
        closed = replace(entry, valid_until=when)
        _record(authority, who, "trust-close", [anchor.certificate])
        content = entries_text(closed if e == entry else e for e in entries)
        files.write(folder / ANCHORS_FILE, content, force=True, mode=0o644)
    return closed.applied(anchor)


def remove_anchor(authority: Authority, reference: str, *, actor: str | None = None) -> Anchor:
    """Trust an anchor no longer, not even for what is old. Raises as `close_anchor`."""
    who, folder = journal.actor_name(actor), trust_folder(authority)
    with locked(authority.folder):
        entries, _ = _current(folder)
        entry, anchor = _alone(folder, reference)
        _record(authority, who, "trust-remove", [anchor.certificate])
        content = entries_text(e for e in entries if e != entry)
        files.write(folder / ANCHORS_FILE, content, force=True, mode=0o644)
        # Not named any more, it vouches for nothing: a file that cannot be removed is no reason to call this failed.
        with contextlib.suppress(OSError):
            (folder / ANCHORS / entry.file).unlink(missing_ok=True)
    return anchor


def find_anchor(folder: Path, reference: str) -> tuple[AnchorEntry, Anchor]:
    """The anchor with this fingerprint (8 digits of its beginning at least), name or file.

    Raises UsageError TRUST_REF_UNKNOWN or TRUST_REF_AMBIGUOUS, and as `read_folder`.
    """
    wanted = plain_fingerprint(reference)
    found = [
        (entry, entry.applied(anchor))
        for file, entry in anchor_files(folder)
        for anchor in TrustStore.from_pem(file).anchors
    ]
    hits = [
        (e, a)
        for e, a in found
        if (len(wanted) >= 8 and a.certificate.fingerprint.startswith(wanted)) or reference in (a.label, e.file)
    ]
    if not hits:
        raise UsageError("TRUST_REF_UNKNOWN", reference=reference)
    if len(hits) > 1:
        raise UsageError(
            "TRUST_REF_AMBIGUOUS", reference=reference, ids=", ".join(a.certificate.fingerprint[:16] for _, a in hits)
        )
    return hits[0]


def trust_folder(authority: Authority) -> Path:
    """The folder of its trust store."""
    return authority.folder / authority.config.trust


def _alone(folder: Path, reference: str) -> tuple[AnchorEntry, Anchor]:
    entry, anchor = find_anchor(folder, reference)
    if len(TrustStore.from_pem(folder / ANCHORS / entry.file).anchors) > 1:
        raise UsageError("TRUST_ANCHOR_BUNDLE", file=entry.file)
    return entry, anchor


def _current(folder: Path) -> tuple[list[AnchorEntry], set[Certificate]]:
    listed = anchor_files(folder)
    known = {a.certificate for file, _ in listed for a in TrustStore.from_pem(file).anchors}
    return [entry for _, entry in listed], known


def _add_material(
    authority: Authority, folder: Path, certificates: Sequence[Certificate], who: str
) -> tuple[Certificate, ...]:
    known = {c for file in material_files(folder) for c in material(file).data.certificates}
    new = [c for c in dict.fromkeys(certificates) if c not in known]
    for certificate in new:
        _record(authority, who, "trust-add-intermediate", [certificate])
        path = folder / "intermediates" / f"{certificate.fingerprint}.pem"
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, certificate.to_pem(), force=True, mode=0o644)
    return tuple(new)


def _record(authority: Authority, who: str, action: str, certificates: Iterable[Certificate]) -> None:
    for certificate in certificates:
        entry = journal.JournalEntry(authority.clock(), who, action, digest=f"sha256:{certificate.fingerprint}")
        journal.append(authority.folder, entry)


def _bound(when: datetime | None, what: str) -> datetime | None:
    return aware(when, what) if when is not None else None
