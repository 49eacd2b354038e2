"""What a seal's level asks for beyond its signature, added behind it; or why it could not be, in notes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from eseal.crypto.certificates import facts
from eseal.crypto.timestamp_token import ExaminedToken
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.store import vri_key
from eseal.errors import VerificationFailed
from eseal.judging.collecting import NotLongTerm, collect, collect_token
from eseal.model import Note, ValidationData, aware, rfc3339
from eseal.sealing.lasting import Added, Evidence, add_data, add_timestamp
from eseal.sealing.levels import check_services, is_lasting
from eseal.sealing.request import Sealed, Services
from eseal.sealing.written import Written, check_by_verifier


@dataclass(frozen=True, slots=True)
class Base:
    """A seal that was written and read back, at B or T."""

    sealed: Sealed
    """The document."""
    written: Written
    """The seal, as the document carries it."""
    laid: Laid
    """What was before it."""
    contents: bytes
    """The whole of its /Contents."""


def prove(base: Base, level: str, services: Services) -> Sealed:
    """Bring a seal to `level`, or as high as it goes where `level` is "" (nobody asked), and read the whole back.

    Raises NotLongTerm and PolicyError SEAL_LEVEL_NEEDS_... where a level was asked for, ServiceError from the
    timestamper, VerificationFailed SEAL_READ_BACK.
    """
    if level and not is_lasting(level):
        return _left_at(base)
    missing = _missing(base.sealed, services)
    if missing is not None and not level:
        return _left_at(base, missing)
    check_services(level or "LTA", services)
    try:
        longer, added = _lengthen(base, level or "LTA", services)
    except NotLongTerm as error:
        if level:
            raise
        return _left_at(base, *_notes(error))
    try:
        names = (base.sealed.field, *((added.field,) if added.field else ()))
        check_by_verifier(base.laid, longer.appended, *names, open_end=not added.field)
    except VerificationFailed as error:
        # The document has something odd that only the comparison of two revisions brings to light.
        if level:
            raise
        return _left_at(base, Note("SEAL_NOTE_ODD", {"reason": error.params.get("reason", "-")}))
    return longer


def _lengthen(base: Base, level: str, services: Services) -> tuple[Sealed, Added]:
    trust, stamper, tokens = services.trust, services.timestamper, base.written.tokens
    assert trust is not None and stamper is not None  # checked before
    now = max((aware(t.time) for t in tokens if t.time is not None), default=base.sealed.time)
    data = collect(base.written.examined, trust=trust, at=now, fetcher=services.fetcher, kept=services.kept)
    evidence = Evidence(data, {vri_key(base.contents): data})
    behind = base.laid.before(base.written.source)
    if level == "LT":
        added = add_data(behind, evidence)
    else:

        def gather(token: ExaminedToken) -> ValidationData:
            at = max(now, aware(token.time)) if token.time is not None else now
            return collect_token(token, trust=trust, at=at, fetcher=services.fetcher, data=data, kept=services.kept)

        added = add_timestamp(behind, evidence, stamper, gather, after=now if tokens else None)
    stamps = (added.token,) if added.token is not None else tokens
    ends = [facts(s.examined.certificate).not_after for s in stamps if s.examined.certificate is not None]
    appended = base.sealed.appended + added.appended
    return replace(base.sealed, appended=appended, level=level, until=max(ends, default=None)), added


def _left_at(base: Base, *why: Note) -> Sealed:
    check_by_verifier(base.laid, base.sealed.appended, base.sealed.field)
    return _ending(base.sealed, *why) if why else base.sealed


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
