"""A trust folder as people look at it: every anchor, intermediate, CRL and OCSP response with its state at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificates import facts, subject_text
from eseal.crypto.crl import read_crl
from eseal.crypto.lists import list_facts
from eseal.crypto.ocsp import read_ocsp
from eseal.errors import UsageError
from eseal.model import Certificate, aware, rfc3339
from eseal.trust.folder import anchor_files, material_files, unlisted
from eseal.trust.store import Anchor, TrustStore, material

SOON = timedelta(days=90)
"""How long before its end a certificate is said to end soon."""


class State(StrEnum):
    """How an item stands."""

    OK = "ok"
    SOON = "soon"
    """It ends within 90 days; of a list less than a quarter of its time is left."""
    EXPIRED = "expired"
    """Past its end: of the certificate, or the next update of a list."""
    NOT_YET = "not-yet"
    """Before its beginning."""
    CLOSED = "closed"
    """An anchor that vouches only for what is proven to be older."""
    UNLISTED = "unlisted"
    """In a file among the anchors that `anchors.toml` does not name: it vouches for nothing."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a trust folder. Its texts are hostile until escaped."""

    kind: str
    """"anchor", "intermediate", "CRL" or "OCSP"."""
    state: State
    """How it stands."""
    name: str
    """Name of an anchor; common name of a certificate; issuer of a list."""
    file: str
    """Its file, counted from the trust folder."""
    digest: str
    """SHA-256 of its DER, hex: the fingerprint of a certificate."""
    start: datetime | None
    """From when it holds: the period of an anchor, validity of a certificate, thisUpdate of a list."""
    end: datetime | None
    """Until when; None: no end is stated."""
    der: bytes
    """Its DER."""
    purposes: tuple[str, ...] = ()
    """What an anchor vouches for."""


def items(folder: Path, at: datetime) -> tuple[Item, ...]:
    """Everything in a trust folder: anchors, intermediates, lists. Raises UsageError CONFIG_... and TRUST_..."""
    at = aware(at, "at")
    certificates = (*_anchors(folder, at), *_intermediates(folder, at))
    known = [Certificate(item.der) for item in certificates]
    lists = [
        _of_list(str(file.relative_to(folder)), kind, der, at, known)
        for file, data in _material(folder)
        for kind, ders in (("CRL", data.data.crls), ("OCSP", data.data.ocsps))
        for der in ders
    ]
    return (*certificates, *lists)


def find(found: Sequence[Item], reference: str) -> Item:
    """The item with this digest (8 digits of its beginning at least), name or file.

    Raises UsageError TRUST_REF_UNKNOWN, TRUST_REF_AMBIGUOUS.
    """
    wanted = plain_fingerprint(reference)
    hits = [i for i in found if len(wanted) >= 8 and i.digest.startswith(wanted)]
    hits = hits or [i for i in found if reference and reference in (i.name, i.file, Path(i.file).name)]
    hits = list({(h.kind, h.digest): h for h in hits}.values())
    if not hits:
        raise UsageError("TRUST_REF_UNKNOWN", reference=reference)
    if len(hits) > 1:
        shown = ", ".join(f"{h.kind} {h.digest[:16]}" for h in hits[:10])
        raise UsageError("TRUST_REF_AMBIGUOUS", reference=reference, ids=shown)
    return hits[0]


def plain_fingerprint(text: str) -> str:
    """A fingerprint as people copy it, with colons or spaces, as lower-case hex; empty where it is none."""
    plain = text.strip().lower().removeprefix("sha256:").replace(":", "").replace(" ", "")
    return plain if plain and set(plain) <= set("0123456789abcdef") else ""


def _anchors(folder: Path, at: datetime) -> Iterator[Item]:
    for file, entry in anchor_files(folder):
        for found in TrustStore.from_pem(file).anchors:
            anchor, own = entry.applied(found), facts(found.certificate)
            closed = anchor.valid_until is not None and at > anchor.valid_until
            start, end = anchor.valid_from or own.not_before, anchor.valid_until or own.not_after
            state = State.CLOSED if closed else _state(at, start, end, SOON)
            yield _of_anchor(folder, file, anchor, state, start, end)
    for file in unlisted(folder):
        for found in TrustStore.from_pem(file).anchors:
            own = facts(found.certificate)
            powerless = Anchor(found.certificate, frozenset())
            yield _of_anchor(folder, file, powerless, State.UNLISTED, own.not_before, own.not_after)


def _of_anchor(folder: Path, file: Path, anchor: Anchor, state: State, start: datetime, end: datetime) -> Item:
    place, certificate = str(file.relative_to(folder)), anchor.certificate
    purposes = tuple(sorted(anchor.purposes))
    return Item("anchor", state, anchor.label, place, certificate.fingerprint, start, end, certificate.der, purposes)


def _intermediates(folder: Path, at: datetime) -> Iterator[Item]:
    # An anchor's file may hold its intermediates too.
    beside = [(file, TrustStore.from_pem(file)) for file, _ in anchor_files(folder)]
    for file, found in (*beside, *_material(folder)):
        for certificate in found.data.certificates:
            yield _of_intermediate(str(file.relative_to(folder)), certificate, at)


def _of_intermediate(place: str, certificate: Certificate, at: datetime) -> Item:
    own = facts(certificate)
    start, end = own.not_before, own.not_after
    state = _state(at, start, end, SOON)
    return Item("intermediate", state, own.common_name, place, certificate.fingerprint, start, end, certificate.der)


def _material(folder: Path) -> list[tuple[Path, TrustStore]]:
    return [(file, material(file)) for file in material_files(folder)]


def _of_list(place: str, kind: str, der: bytes, at: datetime, known: Sequence[Certificate]) -> Item:
    digest = hashlib.sha256(der).hexdigest()
    try:
        own = list_facts(kind, der)
        # A responder may name itself by its key alone.
        by = next((c for c in known if read_ocsp(der).is_by(c)), None) if kind == "OCSP" else None
    except Asn1Error:
        return Item(kind, State.UNREADABLE, "", place, digest, None, None, der)
    start, end = own.this_update, own.next_update
    left = (end - start) / 4 if end is not None else timedelta(0)
    name = facts(by).subject if by is not None else own.issuer
    return Item(kind, _state(at, start, end, left), name, place, digest, start, end, der)


def _state(at: datetime, start: datetime, end: datetime | None, soon: timedelta) -> State:
    if at < start:
        return State.NOT_YET
    if end is None or at <= end - soon:
        return State.OK
    return State.SOON if at <= end else State.EXPIRED


def details(item: Item) -> dict[str, str]:
    """What else an item says of itself, by field name; hostile until escaped."""
    try:
        return {"CRL": _crl_details, "OCSP": _ocsp_details}.get(item.kind, _certificate_details)(item.der)
    except (Asn1Error, UsageError):
        return {}


def _certificate_details(der: bytes) -> dict[str, str]:
    own = facts(Certificate(der))
    key = own.key_facts
    return {
        "subject": own.subject,
        "issuer": own.issuer,
        "serial": f"{own.serial:x}",
        "not_before": rfc3339(own.not_before),
        "not_after": rfc3339(own.not_after),
        "key": f"{key.key_type} {key.curve or key.bits}",
        "key_usage": ", ".join(sorted(own.key_usage or ())),
        "extended_key_usage": ", ".join(sorted(own.extended_key_usage or ())),
        "ca": "yes" if own.is_ca else "no",
    }


def _crl_details(der: bytes) -> dict[str, str]:
    crl = read_crl(der)
    scope = [n for n, true in (("users only", crl.scope.users_only), ("CAs only", crl.scope.cas_only)) if true]
    return {
        "issuer": subject_text(crl.issuer),
        "this_update": rfc3339(crl.this_update),
        "next_update": rfc3339(crl.next_update) if crl.next_update else "",
        "revoked": str(crl.count()),
        "scope": ", ".join([*scope, *(n.value.decode("latin-1") for n in crl.scope.names)]),
        "usable": "yes" if crl.scope.usable and not crl.delta and not crl.unknown_critical else "no",
    }


def _ocsp_details(der: bytes) -> dict[str, str]:
    ocsp = read_ocsp(der)
    return {
        "responder": list_facts("OCSP", der).issuer,
        "produced_at": rfc3339(ocsp.produced_at),
        "answers": ", ".join(f"{r.serial:x} {r.status.value} {rfc3339(r.this_update)}" for r in ocsp.responses[:20]),
        "usable": "yes" if ocsp.usable else "no",
    }
