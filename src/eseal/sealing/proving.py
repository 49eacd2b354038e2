"""What a seal's level asks for beyond its signature, added behind it; or why it could not be, in notes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from eseal.crypto.certificates import facts
from eseal.crypto.timestamp_token import ExaminedToken
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.store import vri_key
from eseal.judging.collecting import NotLongTerm, collect, collect_token
from eseal.model import Note, ValidationData, aware, rfc3339
from eseal.sealing.lasting import Evidence, add_data, add_timestamp
from eseal.sealing.levels import check_services, is_lasting
from eseal.sealing.request import Sealed, Services
from eseal.sealing.written import Written


@dataclass(frozen=True, slots=True)
class Proven:
    """A seal with its proofs."""

    sealed: Sealed
    """The document."""
    fields: tuple[str, ...]
    """Names of the signatures that were made, in their order: the seal, then a document timestamp."""


def prove(sealed: Sealed, written: Written, laid: Laid, contents: bytes, level: str, services: Services) -> Proven:
    """Bring a seal, just written at B or T, to `level`; as high as it goes where `level` is "" (nobody asked).

    `laid` is what was before it, `contents` its whole /Contents. Raises NotLongTerm and PolicyError
    SEAL_LEVEL_NEEDS_... where a level was asked for, ServiceError from the timestamper.
    """
    if level and not is_lasting(level):
        return Proven(sealed, sealed.fields)
    missing = _missing(sealed, services)
    if not level and missing:
        return Proven(_ending(sealed, missing), sealed.fields)
    check_services(level or "LTA", services)
    try:
        return _lengthen(sealed, written, laid, contents, level or "LTA", services)
    except NotLongTerm as error:
        if level:
            raise
        return Proven(_ending(sealed, *_notes(error)), sealed.fields)


def _lengthen(sealed: Sealed, written: Written, laid: Laid, contents: bytes, level: str, services: Services) -> Proven:
    trust, stamper = services.trust, services.timestamper
    assert trust is not None and stamper is not None  # checked before
    now = max((aware(t.time) for t in written.tokens if t.time is not None), default=sealed.time)
    data = collect(written.examined, trust=trust, at=now, fetcher=services.fetcher, kept=services.kept)
    evidence = Evidence(data, {vri_key(contents): data})
    behind = laid.before(written.source)
    if level == "LT":
        added = add_data(behind, evidence)
        stamps = list(written.tokens)
    else:

        def gather(token: ExaminedToken) -> ValidationData:
            at = max(now, aware(token.time)) if token.time is not None else now
            return collect_token(token, trust=trust, at=at, fetcher=services.fetcher, data=data, kept=services.kept)

        added = add_timestamp(behind, evidence, stamper, gather)
        stamps = [added.token] if added.token is not None else []
    ends = [facts(s.examined.certificate).not_after for s in stamps if s.examined.certificate is not None]
    longer = replace(sealed, appended=sealed.appended + added.appended, level=level, until=max(ends, default=None))
    return Proven(longer, (*sealed.fields, added.field) if added.field else sealed.fields)


def _missing(sealed: Sealed, services: Services) -> Note | None:
    if sealed.level == "B":
        return Note("SEAL_NOTE_NO_TIMESTAMPER")
    return Note("SEAL_NOTE_NO_TRUST") if services.trust is None else None


def _ending(sealed: Sealed, *why: Note) -> Sealed:
    until = rfc3339(sealed.until, "seconds") if sealed.until is not None else "-"
    ends = Note("SEAL_NOTE_ENDS", {"level": sealed.level, "until": until})
    return replace(sealed, notes=(*sealed.notes, ends, *why))


def _notes(error: NotLongTerm) -> list[Note]:
    return [Note(error.code, error.params), *(Note(code, dict(params)) for code, params in error.reasons)]
