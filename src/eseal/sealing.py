"""Seals a document: the one write pipeline. Bytes, values and a time in; the sealed document out, read back already.

Recipe (the numbers repeat at the steps; EN 319 142-1 6.3, ISO 32000-2 12.8):
 1 open the document by its first bytes, within limits; refuse what cannot be sealed as it is
 2 the certificate is fit for sealing at the time; its scheme fits its key; the level can be reached
 3 the seal is within its validity and permits this certificate
 4 the place is on the page and on no other field
 5 the seal's picture, its field and the signature dictionary are laid out; the slot is as large as the CMS can get
 6 the signer signs; at level T the signature is timestamped
 7 the section is put together: what is written is the input and this section
 8 read back: opened again, the signature intact, everything covered, the input a prefix
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from eseal.crypto.algorithms import hasher
from eseal.crypto.cms_build import CmsTemplate, template
from eseal.crypto.signed_data import examine
from eseal.crypto.timestamp_token import ExaminedToken, examine_token
from eseal.documents import open_document
from eseal.documents.model import Coverage, Found
from eseal.documents.pdf.pending import Pending, SlotTooSmall
from eseal.documents.pdf.readback import read_back
from eseal.documents.pdf.write import Draft, Statement, draft, open_source
from eseal.errors import DocumentError, KeyAccessError, PolicyError, ServiceError, UsageError, VerificationFailed
from eseal.keys.fitness import check_fit
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate, Digest, Placement, Signer, Timestamper, aware
from eseal.report.model import CheckVerdict
from eseal.seals.artwork import Artwork
from eseal.seals.register import Seal

LEVELS = ("B", "T")
"""PAdES baseline levels that can be asked for."""
_LATER_LEVELS = ("LT", "LTA")
THOROUGH_ENTRIES = 2_000
"""Cross-reference entries up to which the verifier's own reader opens the result too; it costs time for every one."""
THOROUGH_BYTES = 8_000_000
"""Bytes up to which it does: it needs the file in one piece."""
_TOKEN_ROOM = 256
"""By how many bytes a token may outgrow the one before: serial number, fractions of a second, an ECDSA value."""
_REDONE = 2
_KEPT = 64
# Size of the largest token by the timestamper's name: a first guess that a wrong one only makes slower.
_token_sizes: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed document. It is two pieces, so that a large one is not held twice."""

    original: bytes = field(repr=False)
    """The input, untouched."""
    appended: bytes = field(repr=False)
    """What stands behind it."""
    level: str
    """"B" or "T"."""
    field: str
    """Name of the signature field."""
    time: datetime
    """Time of the timestamp at level T, else the claimed one; aware, UTC."""
    seal_id: str = ""
    """Id of the seal that was used; empty without one."""
    page: int | None = None
    """Page asked for, 1-based or from the end; None where it was left to us or nothing shows."""

    @property
    def data(self) -> bytes:
        """The whole file in one piece: a copy; write `parts` where it is large."""
        return self.original + self.appended

    @property
    def parts(self) -> tuple[bytes, bytes]:
        """The file in two pieces, to be written one after the other."""
        return self.original, self.appended


def seal(
    data: bytes,
    signer: Signer,
    *,
    at: datetime,
    seal: Seal | None = None,
    artwork: Artwork | None = None,
    placement: Placement | None = None,
    level: str | None = None,
    timestamper: Timestamper | None = None,
    reason: str | None = None,
    location: str | None = None,
    name: str | None = None,
    field: str | None = None,
    limits: Limits = DEFAULT,
) -> Sealed:
    """Seal a PDF at the claimed time `at` and read the result back.

    `seal` gives the picture and says who may use it; `artwork` is a picture without a seal, or another picture of it.
    `level` is "B" or "T", by default "T" where there is a `timestamper`. `field` names an
    empty signature field or the new one.

    Raises DocumentError (PDF_..., SEAL_DOCUMENT_...), PolicyError (certificate, seal, certified documents, level),
    UsageError (PLACE_..., SEAL_FIELD_...), KeyAccessError and ServiceError from signer and timestamper, and
    VerificationFailed SEAL_READ_BACK, after which nothing must be kept of the result.
    """
    # The time keeps its offset, which /M shows; only a naive one is refused.
    aware(at, "at")
    # 1
    source = open_source(bytes(data), limits)
    # 2
    check_fit(signer.certificate, at)
    shape = template(signer.certificate, tuple(signer.chain), signer.scheme)
    reached = choose_level(level, timestamper)
    # 3
    if seal is not None:
        seal.check(signer.certificate, at)
        artwork = seal.picture if artwork is None else artwork
    # 4, 5
    laid_out = draft(source, Statement(at, reason, location, name), artwork=artwork, placement=placement, field=field)
    # 6, 7
    appended, token = _sign(laid_out, signer, shape, timestamper if reached == "T" else None)
    # 8
    stamped = check_written(laid_out, appended, signer.certificate, stamped=token is not None)
    return Sealed(
        original=source.scan.data,
        appended=appended,
        level=reached,
        field=laid_out.field,
        time=aware(stamped or at),
        seal_id=seal.id if seal is not None else "",
        page=placement.page if placement is not None else None,
    )


def rehearse(
    data: bytes,
    certificate: Certificate,
    *,
    at: datetime,
    seal: Seal | None = None,
    artwork: Artwork | None = None,
    placement: Placement | None = None,
    level: str | None = None,
    timestamper: Timestamper | None = None,
    field: str | None = None,
    limits: Limits = DEFAULT,
) -> tuple[str, str]:
    """Do what `seal` does before it signs (steps 1 to 5): the level and the field's name that it would come to.

    Nothing is signed or timestamped. Raises as `seal` does up to there.
    """
    aware(at, "at")
    source = open_source(bytes(data), limits)
    check_fit(certificate, at)
    reached = choose_level(level, timestamper)
    if seal is not None:
        seal.check(certificate, at)
        artwork = seal.picture if artwork is None else artwork
    return reached, draft(source, Statement(at), artwork=artwork, placement=placement, field=field).field


def choose_level(level: str | None, timestamper: Timestamper | None) -> str:
    """The level that will be reached. Raises PolicyError SEAL_LEVEL_NEEDS_TIMESTAMPER, SEAL_LEVEL_UNSUPPORTED."""
    if level is None:
        return "T" if timestamper is not None else "B"
    asked = level.upper().removeprefix("B-")
    if asked in _LATER_LEVELS:
        raise PolicyError("SEAL_LEVEL_UNSUPPORTED", level=asked, known=", ".join(LEVELS))
    if asked not in LEVELS:
        raise UsageError("SEAL_LEVEL_UNKNOWN", level=level, known=", ".join(LEVELS))
    if asked == "T" and timestamper is None:
        raise PolicyError("SEAL_LEVEL_NEEDS_TIMESTAMPER", level=asked)
    return asked


def check_written(laid_out: Draft, appended: bytes, certificate: Certificate, *, stamped: bool) -> datetime | None:
    """Read back input and `appended`; the timestamp's time. Raises VerificationFailed SEAL_READ_BACK."""
    written = read_back(laid_out, appended)
    _check_by_verifier(laid_out, appended)
    examined = examine(written.cms, written.digest)
    for check in examined.checks:
        if check.verdict not in (CheckVerdict.PASSED, CheckVerdict.INFO):
            raise VerificationFailed("SEAL_READ_BACK", reason=check.code)
    if not examined.intact or examined.certificate != certificate:
        raise VerificationFailed("SEAL_READ_BACK", reason="signing-certificate")
    if len(examined.signature_timestamps) != int(stamped):
        raise VerificationFailed("SEAL_READ_BACK", reason="signature-timestamp")
    if not stamped:
        return None
    return _check_token(examined.signature_timestamps[0], examined.signature_value).time


def _check_by_verifier(laid_out: Draft, appended: bytes) -> None:
    """Open the result as `verify` will: an input that is odd in a way that our writer forgives is not sealed."""
    scan = laid_out.source.scan
    entries = sum(len(section.entries) for section in scan.sections)
    if entries > THOROUGH_ENTRIES or laid_out.source.size > THOROUGH_BYTES:
        return
    try:
        signatures = open_document(scan.data + appended, scan.limits).signatures()
    except DocumentError as error:
        raise DocumentError("SEAL_DOCUMENT_BROKEN", what=error.message()) from error
    mine = [s for s in signatures if s.name == laid_out.field]
    if len(mine) != 1 or not isinstance(mine[0], Found) or mine[0].coverage is not Coverage.ENTIRE_FILE:
        raise VerificationFailed("SEAL_READ_BACK", reason="coverage")
    for check in mine[0].findings:
        if check.verdict not in (CheckVerdict.PASSED, CheckVerdict.INFO):
            raise VerificationFailed("SEAL_READ_BACK", reason=check.code)


def _check_token(token: bytes, signature: bytes) -> ExaminedToken:
    def imprint(name: str) -> bytes:
        state = hasher(name)
        state.update(signature)
        return bytes(state.digest())

    examined = examine_token(token, imprint)
    if not examined.intact:
        wrong = next((c.code for c in examined.checks if c.verdict is not CheckVerdict.PASSED), "signature-timestamp")
        raise VerificationFailed("SEAL_READ_BACK", reason=wrong)
    return examined


def _sign(
    laid_out: Draft, signer: Signer, shape: CmsTemplate, timestamper: Timestamper | None
) -> tuple[bytes, bytes | None]:
    room = _first_token_size(timestamper, signer) + _TOKEN_ROOM if timestamper is not None else None
    for _ in range(1 + _REDONE):
        pending = laid_out.pending(signer.certificate, tuple(signer.chain), signer.scheme, slot=shape.largest(room))
        signature = _signature(signer, pending, shape)
        token = None
        if timestamper is not None:
            token = timestamper.timestamp(Digest("sha256", hashlib.sha256(signature).digest()))
            _remember(timestamper.name, len(token))
        try:
            return pending.appended(pending.cms(signature, token)), token
        except SlotTooSmall:
            # Only a token can outgrow its room: the signature was measured above.
            room = len(token or b"") + _TOKEN_ROOM
    raise ServiceError("SEAL_TIMESTAMP_GROWS", service=timestamper.name if timestamper is not None else "")


def _signature(signer: Signer, pending: Pending, shape: CmsTemplate) -> bytes:
    signature = signer.sign(pending.to_sign)
    if not 0 < len(signature) <= shape.signature_bound:
        raise KeyAccessError("SEAL_SIGNATURE_SIZE", size=len(signature), bound=shape.signature_bound)
    return signature


def _first_token_size(timestamper: Timestamper, signer: Signer) -> int:
    """Size of a token of this service: remembered, or learnt from a first one, which gives nothing away."""
    known = _token_sizes.get(timestamper.name)
    if known is None:
        digest = hashlib.sha256(signer.certificate.der).digest()
        known = len(timestamper.timestamp(Digest("sha256", digest)))
        _remember(timestamper.name, known)
    return known


def _remember(name: str, size: int) -> None:
    if len(_token_sizes) >= _KEPT:
        _token_sizes.clear()
    _token_sizes[name] = max(size, _token_sizes.get(name, 0))
