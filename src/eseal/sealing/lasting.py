"""What is appended behind sealed documents so that they can be judged later: validation data, document timestamps.

Nothing is judged here: `judging.collecting` says what is needed, `documents.pdf.longterm` how it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from eseal.crypto.timestamp_token import ExaminedToken, examine_token
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.longterm import DIGEST, lay_out
from eseal.documents.pdf.pending import SlotTooSmall
from eseal.documents.pdf.readback import read_back, reopen
from eseal.errors import ServiceError, VerificationFailed
from eseal.judging.policy import Policy
from eseal.model import Timestamper, ValidationData, rfc3339
from eseal.report.model import CheckVerdict
from eseal.sealing.tokens import ROOM, remember, remembered
from eseal.sealing.written import check_data

TOKEN_ROOM = 8_192
"""Room for a timestamp of a service that was never asked, in bytes."""
_TRIES = 4

NOTHING = ValidationData()

Gather = Callable[[ExaminedToken], ValidationData]
"""What a third party needs to judge a document timestamp. Raises NotLongTerm."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Validation data to be added."""

    data: ValidationData = NOTHING
    """All of it."""
    of_each: Mapping[str, ValidationData] = field(default_factory=dict)
    """What each signature needs, by `documents.pdf.store.vri_key`."""


@dataclass(frozen=True, slots=True)
class Added:
    """A section that was written and read back."""

    appended: bytes = field(repr=False)
    """The section."""
    field: str = ""
    """Name of the document timestamp's field; empty without one."""
    token: ExaminedToken | None = None
    """The document timestamp."""


def add_data(laid: Laid, evidence: Evidence) -> Added:
    """Validation data behind `laid.source`. Raises VerificationFailed SEAL_READ_BACK."""
    made = lay_out(laid, evidence.data, evidence.of_each, timestamp=False)
    appended = made.unsigned()
    check_data(reopen(made.laid, appended), evidence.data)
    return Added(appended)


def add_timestamp(
    laid: Laid, evidence: Evidence, timestamper: Timestamper, gather: Gather | None, *, after: datetime | None
) -> Added:
    """Validation data and a document timestamp over everything (EN 319 142-1 5.5), in one section.

    `gather` says what the judge of the new timestamp will need; where some of it is missing, the section is made again
    with it, under a new timestamp. `after` is what the newest timestamp in the document states (EN 319 102-1 5.5.4:
    an older one over it would put it in doubt). Raises NotLongTerm, ServiceError, VerificationFailed SEAL_READ_BACK.
    """
    room = (remembered(timestamper.name) or TOKEN_ROOM) + ROOM
    for _ in range(_TRIES):
        made = lay_out(laid, evidence.data, evidence.of_each, timestamp=True)
        pending = made.pending(room)
        token = timestamper.timestamp(pending.digest)
        remember(timestamper.name, len(token))
        room = len(token) + ROOM
        stamp = examine_token(token, pending.digest_of)
        if not stamp.intact:
            raise ServiceError("SEAL_TIMESTAMP_BROKEN", service=timestamper.name, reason=_wrong(stamp))
        if after is not None and stamp.time is not None and stamp.time + Policy().clock_skew < after:
            times = {"time": rfc3339(stamp.time, "seconds"), "later": rfc3339(after, "seconds")}
            raise ServiceError("SEAL_TIMESTAMP_EARLY", service=timestamper.name, **times)
        more = gather(stamp) if gather is not None else NOTHING
        if evidence.data + more != evidence.data:
            evidence = Evidence(evidence.data + more, evidence.of_each)
            continue
        try:
            appended = pending.appended(token)
        except SlotTooSmall:
            continue
        written = read_back(made.laid, appended)
        if (written.cms, written.digest(DIGEST)) != (token, pending.digest.value):
            raise VerificationFailed("SEAL_READ_BACK", reason="timestamp")
        check_data(written.source, evidence.data)
        return Added(appended, made.laid.field, stamp)
    raise ServiceError("SEAL_TIMESTAMP_GROWS", service=timestamper.name)


def _wrong(stamp: ExaminedToken) -> str:
    return next((c.code for c in stamp.checks if c.verdict is not CheckVerdict.PASSED), "-")
