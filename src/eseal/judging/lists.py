"""The CRLs and OCSP responses behind a judgement, for the report: whose, how old, and who brought them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificates import facts
from eseal.crypto.lists import list_facts
from eseal.judging.inquiry import Outcome
from eseal.judging.policy import Policy
from eseal.judging.revocation import Status
from eseal.judging.statements import MOST
from eseal.model import RevocationMode
from eseal.report.model import ListView
from eseal.trust.store import TrustStore


def lists_of(
    outcomes: Iterable[Outcome | None], trust: TrustStore, at: datetime, policy: Policy
) -> tuple[ListView, ...]:
    """What the findings of `outcomes` went by, then what the trust store holds that is past its next update at `at`.

    Without doubles. A list that was only too old to decide stands among them as not used, and so do all where
    revocation is ignored.
    """
    ignored = policy.revocation is RevocationMode.IGNORE
    found: dict[str, ListView] = {}
    for view in (*_heard(outcomes, trust, ignored), *_stale(trust, at)):
        known = found.get(view.digest)
        if known is None or (view.used and not known.used):
            found[view.digest] = view
    return tuple(sorted(found.values(), key=lambda v: not v.used))


def _heard(outcomes: Iterable[Outcome | None], trust: TrustStore, ignored: bool) -> Iterator[ListView]:
    for finding in (f for o in outcomes if o is not None for f in o.findings):
        statement = finding.statement
        if statement is None:
            continue
        held = statement.der in (trust.data.crls if statement.kind == "CRL" else trust.data.ocsps)
        yield ListView(
            kind=statement.kind,
            issuer=facts(statement.signer).subject,
            this_update=statement.this_update,
            next_update=statement.next_update,
            source="document" if statement.in_document else "trust" if held else "network",
            used=finding.status is not Status.UNKNOWN and not ignored,
            digest=hashlib.sha256(statement.der).hexdigest(),
        )


def _stale(trust: TrustStore, at: datetime) -> Iterator[ListView]:
    for kind, ders in (("CRL", trust.data.crls), ("OCSP", trust.data.ocsps)):
        for der in ders[:MOST]:
            try:
                own = list_facts(kind, der)
            except Asn1Error:
                continue
            if own.next_update is not None and own.next_update < at:
                digest = hashlib.sha256(der).hexdigest()
                yield ListView(kind, own.issuer, own.this_update, own.next_update, "trust", False, digest)
