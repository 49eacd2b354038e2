"""The second half of sealing: a signature or a whole CMS made anywhere becomes a sealed document (steps 6 to 8)."""

from __future__ import annotations

import hashlib

from eseal.crypto.certificates import facts
from eseal.crypto.cms_build import with_timestamp
from eseal.crypto.examined import Examined
from eseal.crypto.signed_data import examine
from eseal.documents.pdf.pending import SlotTooSmall
from eseal.errors import KeyAccessError, PolicyError, ServiceError, UsageError, VerificationFailed
from eseal.keys.fitness import check_fit
from eseal.model import Digest, Timestamper, aware
from eseal.report.model import CheckVerdict
from eseal.sealing.preparing import Prepared
from eseal.sealing.proving import Base, prove
from eseal.sealing.request import Sealed, Services
from eseal.sealing.tokens import remember
from eseal.sealing.written import check_written


def complete(
    prepared: Prepared,
    signature: bytes | None = None,
    *,
    cms: bytes | None = None,
    services: Services | None = None,
) -> Sealed:
    """Finish a prepared seal with a signature over `to_sign`, or with a whole CMS over `signed_bytes`.

    Either is checked before anything is built on it: the value against the certificate, a CMS against the document, the
    certificate and what PAdES B-B asks (EN 319 142-1 6.3). At level T and above the signature is timestamped, unless
    the CMS brings a timestamp.

    Raises UsageError SEAL_COMPLETE_WITH_ONE; KeyAccessError SEAL_SIGNATURE_SIZE, SEAL_SIGNATURE_WRONG, SEAL_CMS_WRONG,
    SEAL_CMS_OTHER_CERTIFICATE, CERTIFICATE_EXPIRED (meanwhile); PolicyError SEAL_CMS_NOT_PADES, SEAL_LEVEL_NEEDS_...,
    LONG_TERM_...; ServiceError from the timestamper and SEAL_TIMESTAMP_GROWS; VerificationFailed SEAL_READ_BACK, after
    which nothing must be kept.
    """
    if (signature is None) == (cms is None):
        raise UsageError("SEAL_COMPLETE_WITH_ONE")
    helpers = services if services is not None else Services()
    if signature is not None:
        _check_signature(prepared, signature)
        whole, value, stamped = prepared.pending.cms(signature), signature, False
    else:
        assert cms is not None
        examined = _check_cms(prepared, cms)
        whole, value, stamped = cms, examined.signature_value, bool(examined.signature_timestamps)
    if prepared.level != "B" and not stamped:
        whole = with_timestamp(whole, timestamp(value, prepared.level, helpers.timestamper))
    try:
        return finish(prepared, whole, helpers)
    except SlotTooSmall as small:
        raise ServiceError("SEAL_SLOT_SMALL", needed=small.needed, room=small.slot) from None


def finish(prepared: Prepared, cms: bytes, services: Services) -> Sealed:
    """Put the CMS in, read the whole back, and add what the level asks for beyond it. Raises SlotTooSmall."""
    pending, laid = prepared.pending, prepared.laid()
    # 7
    appended = pending.appended(cms)
    # 8
    written = check_written(laid, appended, pending.certificate)
    if written.seal != prepared.seal_id:
        # Whether a seal may be used is asked of the one that is named here, so the document must name no other.
        raise VerificationFailed("SEAL_READ_BACK", reason="seal")
    time = min((aware(token.time) for token in written.tokens if token.time is not None), default=aware(prepared.at))
    # The claimed time was looked at when it was prepared; a proven one tells when it was really signed.
    check_fit(pending.certificate, time)
    sealed = Sealed(
        original=pending.original,
        appended=appended,
        level="T" if written.tokens else "B",
        field=pending.field,
        time=time,
        seal_id=prepared.seal_id,
        page=prepared.page,
        notes=prepared.notes,
        fields=(pending.field,),
        until=facts(pending.certificate).not_after,
    )
    base = Base(sealed, written, laid, cms + bytes(pending.slot - len(cms)))
    return prove(base, "" if prepared.best else prepared.level, services)


def timestamp(signature: bytes, level: str, timestamper: Timestamper | None) -> bytes:
    """A token over a signature value. Raises PolicyError SEAL_LEVEL_NEEDS_TIMESTAMPER, ServiceError."""
    if timestamper is None:
        raise PolicyError("SEAL_LEVEL_NEEDS_TIMESTAMPER", level=level)
    token = timestamper.timestamp(Digest("sha256", hashlib.sha256(signature).digest()))
    remember(timestamper.name, len(token))
    return token


def check_size(prepared: Prepared, signature: bytes) -> None:
    """Refuse a value that cannot be a signature of this key. Raises KeyAccessError SEAL_SIGNATURE_SIZE."""
    bound = prepared.pending.template.signature_bound
    if not 0 < len(signature) <= bound:
        raise KeyAccessError("SEAL_SIGNATURE_SIZE", size=len(signature), bound=bound)


def _check_signature(prepared: Prepared, signature: bytes) -> None:
    check_size(prepared, signature)
    examined = examine(prepared.pending.cms(signature), lambda _: prepared.pending.digest.value)
    if not examined.intact:
        raise KeyAccessError("SEAL_SIGNATURE_WRONG")


def _check_cms(prepared: Prepared, cms: bytes) -> Examined:
    pending = prepared.pending
    examined = examine(cms, pending.digest_of)
    for check in examined.checks:
        if check.verdict not in (CheckVerdict.PASSED, CheckVerdict.INFO):
            raise KeyAccessError("SEAL_CMS_WRONG", reason=check.code)
    if not examined.intact:
        raise KeyAccessError("SEAL_CMS_WRONG", reason="signature-value")
    if examined.certificate != pending.certificate:
        raise KeyAccessError("SEAL_CMS_OTHER_CERTIFICATE", fingerprint=pending.certificate.fingerprint)
    if prepared.digests is not None and (examined.digest_algorithm or "").replace("_", "") not in {
        name.lower().replace("-", "") for name in prepared.digests
    }:
        wanted, given = ", ".join(prepared.digests), examined.digest_algorithm
        raise PolicyError("SEAL_SEED_DIGEST", field=pending.field, wanted=wanted, given=given)
    if not examined.is_pades_b:
        raise PolicyError("SEAL_CMS_NOT_PADES", reason=", ".join(examined.pades_gaps))
    return examined
