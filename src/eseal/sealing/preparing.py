"""The first half of sealing: everything that needs no key (steps 1 to 5 of the recipe in `eseal.sealing`).

The result can be stored and completed elsewhere and later: by another process, a device, a service that sees a digest.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eseal.crypto.algorithms import hasher
from eseal.crypto.cms_build import template
from eseal.documents.pdf.claim import Claim
from eseal.documents.pdf.laid import Laid, laid_again
from eseal.documents.pdf.pdfa import size_risks
from eseal.documents.pdf.pending import Pending
from eseal.documents.pdf.seed import Offer
from eseal.documents.pdf.write import Draft, Statement, draft, open_source
from eseal.errors import UsageError
from eseal.keys.fitness import check_fit
from eseal.model import Certificate, Digest, Note, Placement
from eseal.sealing.conforming import check_kept, claimed
from eseal.sealing.levels import LEVELS, choose_level
from eseal.sealing.placing import settle
from eseal.sealing.request import Request, Services
from eseal.sealing.tokens import ROOM, first_size

VERSION = 1
"""Version of the stored form."""
FOREIGN_ROOM = 16_384
"""Room for a whole CMS that is made elsewhere, in bytes, where nothing is said."""
TOKEN_ROOM = 8_192
"""Room for a timestamp whose service is not known yet, in bytes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A seal that is decided and laid out; the size of its CMS is still open."""

    draft: Draft
    """The document with the seal's objects."""
    level: str
    """Level that is to be reached."""
    best: bool
    """Whether nobody asked for that level: it is the highest that looks possible."""
    notes: tuple[Note, ...] = ()
    """Warnings so far."""
    rest: tuple[Placement, ...] = ()
    """Places that are to become signatures of their own, behind this one."""
    claim: Claim | None = None
    """Which part of PDF/A the document claims."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A seal that waits for its signature. It holds no secret and can be stored beside its document (`to_bytes`)."""

    pending: Pending
    """The document around the empty signature."""
    level: str
    """Level that is to be reached when it is completed."""
    best: bool
    """Whether a lower level will do where that one cannot be reached."""
    at: datetime
    """Claimed time, aware."""
    seal_id: str = ""
    """Id of the seal; empty without one."""
    page: int | None = None
    """Page on which it shows first."""
    notes: tuple[Note, ...] = ()
    """Warnings so far."""
    digests: tuple[str, ...] | None = None
    """Digest algorithms of which the field demands one (ISO 32000-2 table 237); None: any."""
    _laid: Laid | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def to_sign(self) -> bytes:
        """The message to sign: DER of the signed attributes (RFC 5652 5.4). A device that takes a digest hashes it."""
        return self.pending.to_sign

    @property
    def digest_to_sign(self) -> Digest:
        """Digest of `to_sign`: all that a signing service needs to see (for keys that sign digests)."""
        state = hasher(self.pending.digest.algorithm)
        state.update(self.to_sign)
        return Digest(self.pending.digest.algorithm, bytes(state.digest()))

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that a whole CMS made elsewhere is made over: the file without the value of /Contents."""
        return self.pending.original + self.pending.head + self.pending.tail

    @property
    def unsigned(self) -> bytes:
        """The file as it will be, with an empty signature: for showing, never for giving out."""
        return self.pending.original + self.pending.appended(b"")

    def laid(self) -> Laid:
        """What is expected of the finished file; read anew where this comes from its stored form."""
        if self._laid is not None:
            return self._laid
        return laid_again(self.pending.original, self.pending.field)

    def to_bytes(self) -> bytes:
        """The stored form, without the document: one JSON object with a version."""
        value = {
            "eseal-prepared": VERSION,
            "pending": self.pending.stored(),
            "level": self.level,
            "best": self.best,
            "at": self.at.isoformat(),
            "seal": self.seal_id,
            "page": self.page,
            "notes": [[note.code, dict(note.params)] for note in self.notes],
            "digests": self.digests,
        }
        return json.dumps(value | {"sha256": checksum(value)}).encode()

    @classmethod
    def from_bytes(cls, stored: bytes, original: bytes) -> Prepared:
        """Read the stored form beside the document that it was made for.

        Raises UsageError SEAL_PENDING_UNREADABLE, SEAL_PENDING_VERSION, SEAL_PENDING_OTHER_INPUT.
        """
        try:
            found = json.loads(stored)
            version = found["eseal-prepared"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise UsageError("SEAL_PENDING_UNREADABLE") from None
        if version != VERSION:
            raise UsageError("SEAL_PENDING_VERSION", version=version, known=VERSION)
        if found.pop("sha256", None) != checksum(found):
            raise UsageError("SEAL_PENDING_UNREADABLE")
        try:
            pending = Pending.from_stored(found["pending"], original)
            level, best, seal, page = found["level"], found["best"], found["seal"], found["page"]
            at = datetime.fromisoformat(found["at"])
            notes = tuple(Note(str(code), {str(k): str(v) for k, v in p.items()}) for code, p in found["notes"])
            digests = None if found["digests"] is None else tuple(map(str, found["digests"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError("SEAL_PENDING_UNREADABLE") from None
        known = level in LEVELS and isinstance(best, bool) and isinstance(seal, str)
        if not known or not (page is None or type(page) is int) or at.tzinfo is None:
            raise UsageError("SEAL_PENDING_UNREADABLE")
        return cls(pending, level, best, at, seal, page, notes, digests)


def checksum(value: Mapping[str, Any]) -> str:
    """SHA-256 over a stored form: what was damaged is refused, also where no signature would tell, as in the chain."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def lay_out(
    data: bytes,
    certificate: Certificate,
    request: Request,
    services: Services,
    *,
    chain: tuple[Certificate, ...] = (),
    later: bool = False,
) -> Layout:
    """Steps 1 to 5: open, check certificate, level and seal, find the place, lay the objects out. Nothing is signed.

    `chain` are the certificate's issuers, as far as they are known: a field may ask for one. Where the seal is
    completed `later`, the timestamper may be named only then. Raises DocumentError (PDF_..., SEAL_DOCUMENT_...),
    PolicyError (certificate, seal, certified documents, rules of the field, level) and UsageError (PLACE_...,
    SEAL_FIELD_..., SEAL_CERTIFY_...).
    """
    # 1
    source = open_source(bytes(data), request.limits)
    # 2
    check_fit(certificate, request.at)
    level = choose_level(request.level, services, later=later)
    # 3
    if request.seal is not None:
        request.seal.check(certificate, request.at)
    # 4, 5
    said = (request.reason, request.location, request.name)
    statement = Statement(request.at, *said, seal=_seal_id(request))
    settled = settle(source, request, later=later)
    claim, said_of = claimed(source, keep=request.keep_pdfa)
    made = draft(
        source,
        statement,
        artwork=request.picture,
        shown=settled.shown,
        field=request.field,
        offer=_offer(certificate, chain, request, services, level),
        spare=claim is not None and claim.part == 1,
    )
    broken = check_kept(claim, made.risks(claim), keep=request.keep_pdfa) if claim is not None else ()
    best = request.level is None and not made.demands.level
    return Layout(made, level, best, (*made.demands.notes, *said_of, *broken), settled.rest, claim)


def _offer(
    certificate: Certificate, chain: tuple[Certificate, ...], request: Request, services: Services, level: str
) -> Offer:
    """What a field can ask of this seal."""
    return Offer(
        certificate=certificate,
        chain=chain,
        level=level,
        reason=request.reason,
        certify=request.certify,
        appearance=request.seal.name if request.seal is not None else "",
        timestamper=services.timestamper.name if services.timestamper is not None else "",
    )


def _seal_id(request: Request) -> str:
    return request.seal.id if request.seal is not None else ""


def close(
    layout: Layout,
    request: Request,
    certificate: Certificate,
    chain: tuple[Certificate, ...],
    scheme: str,
    *,
    token: int | None,
    room: int | None = None,
) -> Prepared:
    """Leave room for the CMS: exactly as much as this signer's can need with a token of `token` bytes, or `room`."""
    shape = template(certificate, chain, scheme)
    slot = room if room is not None else shape.largest(token)
    demands = layout.draft.demands
    notes = (*layout.notes, *demands.check_digest(shape.scheme.digest))
    if layout.claim is not None:
        notes += check_kept(layout.claim, size_risks(layout.claim, slot), keep=request.keep_pdfa)
    pending = layout.draft.pending(certificate, chain, scheme, slot=slot)
    return Prepared(
        pending=pending,
        level=layout.level,
        best=layout.best,
        at=request.at,
        seal_id=_seal_id(request),
        page=layout.draft.page,
        notes=notes,
        digests=demands.digests if demands.digest_needed else None,
        _laid=layout.draft.laid,
    )


def prepare(
    data: bytes,
    certificate: Certificate,
    request: Request,
    *,
    scheme: str,
    chain: tuple[Certificate, ...] = (),
    services: Services | None = None,
    room: int | None = None,
) -> Prepared:
    """Prepare a seal for a key that is elsewhere.

    `certificate` and `scheme` (a row of `crypto.algorithms.SCHEMES`) are those of the key. `room` is how many bytes a
    whole CMS made elsewhere may take; without it there is room for the CMS that is built here, and for a timestamp
    where the level wants one. Raises as `lay_out`, and ServiceError from the timestamper, whose answer is measured.
    """
    helpers = services if services is not None else Services()
    layout = lay_out(data, certificate, request, helpers, chain=chain, later=True)
    token = None
    if layout.level != "B":
        known = first_size(helpers.timestamper, certificate) if helpers.timestamper is not None else TOKEN_ROOM
        # There is no second try once the signature is made elsewhere.
        token = max(known + 4 * ROOM, TOKEN_ROOM)
    return close(layout, request, certificate, chain, scheme, token=token, room=room)
