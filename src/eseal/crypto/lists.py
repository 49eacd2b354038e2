"""What a CRL or OCSP response says of itself: whose it is, when it was made, until when it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eseal.crypto.certificates import subject_text
from eseal.crypto.crl import read_crl
from eseal.crypto.ocsp import read_ocsp


@dataclass(frozen=True, slots=True)
class ListFacts:
    """A CRL or OCSP response in short; its signature is not checked."""

    issuer: str
    """Issuer of the CRL or name of the responder (RFC 4514); "key " and hex for a responder named by its key."""
    this_update: datetime
    """When it was right, aware; of several answers in one response the earliest."""
    next_update: datetime | None
    """When newer information comes at the latest, aware; of several the earliest."""


def list_facts(kind: str, der: bytes) -> ListFacts:
    """Read a "CRL" or an "OCSP" response. Raises Asn1Error."""
    if kind == "CRL":
        crl = read_crl(der)
        return ListFacts(subject_text(crl.issuer), crl.this_update, crl.next_update)
    ocsp = read_ocsp(der)
    name = ocsp.responder_name
    who = subject_text(name) if name is not None else f"key {(ocsp.responder_key_hash or b'').hex()}"
    starts = [r.this_update for r in ocsp.responses] or [ocsp.produced_at]
    ends = [r.next_update for r in ocsp.responses if r.next_update is not None]
    return ListFacts(who, min(starts), min(ends, default=None))
