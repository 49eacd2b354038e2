"""Sealing in one call: prepare, sign, complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from eseal.crypto.cms_build import with_timestamp
from eseal.documents.pdf.pending import SlotTooSmall
from eseal.errors import ServiceError
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate, Note, Placement, Signer, Timestamper, Where
from eseal.net import Fetcher
from eseal.sealing.completing import check_size, finish, timestamp
from eseal.sealing.levels import LEVELS, is_lasting
from eseal.sealing.preparing import close, lay_out
from eseal.sealing.request import Request, Sealed, Services
from eseal.sealing.tokens import ROOM, first_size
from eseal.seals.artwork import Artwork
from eseal.seals.register import Seal
from eseal.trust.store import TrustStore

_REDONE = 2


def places(placement: Where | Sequence[Where] | None) -> tuple[Where, ...]:
    """One place, several or none, as a request takes them."""
    if placement is None:
        return ()
    return tuple(placement) if isinstance(placement, Sequence) else (placement,)


def seal(
    data: bytes,
    signer: Signer,
    *,
    at: datetime,
    seal: Seal | None = None,
    artwork: Artwork | None = None,
    placement: Where | Sequence[Where] | None = None,
    level: str | None = None,
    timestamper: Timestamper | None = None,
    trust: TrustStore | None = None,
    fetcher: Fetcher | None = None,
    reason: str | None = None,
    location: str | None = None,
    name: str | None = None,
    field: str | None = None,
    certify: int | None = None,
    keep_pdfa: bool = False,
    limits: Limits = DEFAULT,
) -> Sealed:
    """Seal a PDF at the claimed time `at` and read the result back. Arguments as in `Request` and `Services`.

    `seal` gives the picture and says who may use it; `artwork` is a picture without a seal, or another picture of it.
    `level` is "B", "T", "LT" or "LTA", by default the highest that can be reached; `placement` is one way to say where
    the picture shows, or several.

    Raises DocumentError (PDF_..., SEAL_DOCUMENT_...), PolicyError (certificate, seal, certified documents, level),
    UsageError (PLACE_..., SEAL_FIELD_...), KeyAccessError and ServiceError from signer and timestamper, and
    VerificationFailed SEAL_READ_BACK, after which nothing must be kept of the result.
    """
    request = Request(
        at=at,
        seal=seal,
        artwork=artwork,
        where=places(placement),
        level=level,
        reason=reason,
        location=location,
        name=name,
        field=field,
        certify=certify,
        keep_pdfa=keep_pdfa,
        limits=limits,
    )
    return seal_as(data, signer, request, Services(timestamper, trust, fetcher))


def seal_as(data: bytes, signer: Signer, request: Request, services: Services) -> Sealed:
    """Seal as `request` says. Raises as `seal`."""
    first, rest = _seal_once(data, signer, request, services)
    sealed = [first]
    for number, place in enumerate(rest, 1):
        # A document that is signed keeps its pages as they are: every further place is a signature of its own.
        again = replace(request, where=(place,), field=None, certify=None)
        sealed.append(_seal_once(sealed[-1].data, signer, again, services, more=number < len(rest))[0])
    return first if len(sealed) == 1 else _joined(sealed)


def _joined(sealed: Sequence[Sealed]) -> Sealed:
    """What came of several signatures, as one result; the last one's proofs cover those before it too."""
    first, last = sealed[0], sealed[-1]
    lowest = min((one.level for one in sealed), key=LEVELS.index)
    lasting = is_lasting(lowest)
    notes: list[Note] = []
    for note in (n for one in sealed for n in one.notes):
        if note not in notes:
            notes.append(note)
    return replace(
        first,
        appended=b"".join(one.appended for one in sealed),
        level=last.level if lasting else lowest,
        until=last.until if lasting else min((one.until for one in sealed if one.until is not None), default=None),
        notes=tuple(notes),
        fields=tuple(name for one in sealed for name in one.fields),
    )


def _seal_once(
    data: bytes, signer: Signer, request: Request, services: Services, *, more: bool = False
) -> tuple[Sealed, tuple[Placement, ...]]:
    """One signature, and the places that are left for others."""
    # 1 to 4, and 5 but for the size of the slot
    layout = lay_out(data, signer.certificate, request, services, chain=tuple(signer.chain))
    if (more or layout.rest) and layout.level == "LTA" and not layout.best:
        # The document timestamp behind the last one covers all.
        layout = replace(layout, level="LT")
    stamped = layout.level != "B"
    stamps = services.timestamper if stamped else None
    token = first_size(stamps, signer.certificate) + ROOM if stamps is not None else None
    for _ in range(1 + _REDONE):
        prepared = close(layout, request, signer.certificate, tuple(signer.chain), signer.scheme, token=token)
        # 6
        signature = signer.sign(prepared.to_sign)
        check_size(prepared, signature)
        cms = prepared.pending.cms(signature)
        if stamped:
            given = timestamp(signature, layout.level, stamps)
            cms = with_timestamp(cms, given)
            token = len(given) + ROOM
        try:
            # 7, 8
            return finish(prepared, cms, services), layout.rest
        except SlotTooSmall:
            # Only a token can outgrow its room: the signature was measured above.
            continue
    raise ServiceError("SEAL_TIMESTAMP_GROWS", service=stamps.name if stamps is not None else "")


def rehearse(
    data: bytes,
    certificate: Certificate,
    request: Request,
    services: Services,
    *,
    chain: tuple[Certificate, ...] = (),
) -> tuple[str, str]:
    """Do what `seal` does before it signs (steps 1 to 5): the level and the field's name that it would come to.

    Nothing is signed or timestamped. Raises as `seal` does up to there.
    """
    layout = lay_out(data, certificate, request, services, chain=chain)
    return layout.level, layout.draft.field
