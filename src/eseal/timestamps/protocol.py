"""The request and the response of RFC 3161, and the few facts of a token that tie it to its request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import cms, core, tsp

from eseal.crypto import der
from eseal.crypto.algorithms import DIGEST_BY_OID, DIGESTS
from eseal.crypto.certificates import facts
from eseal.crypto.timestamp_token import examine_token, usage
from eseal.errors import ServiceError, UsageError
from eseal.model import Digest, aware, rfc3339
from eseal.report.model import CheckVerdict

# What asn1crypto raises for bytes that are not what they should be.
MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)

_STATUS = {2: "rejection", 3: "waiting", 4: "revocationWarning", 5: "revocationNotification"}
_FAILURES = {
    0: "badAlg",
    2: "badRequest",
    5: "badDataFormat",
    14: "timeNotAvailable",
    15: "unacceptedPolicy",
    16: "unacceptedExtension",
    17: "addInfoNotAvailable",
    25: "systemFailure",
}
"""PKIFailureInfo bits (RFC 3161 2.4.2)."""


CLOCKS = timedelta(minutes=30)
"""By how much a service's clock and ours may differ; more is a wrong zone or a wrong date on one of the two sides."""


class _Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp; the library's own has no way to leave the token out (RFC 3161 2.4.2)."""

    _fields = [  # noqa: RUF012 - how asn1crypto declares a schema
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class Token:
    """What a TimeStampToken says; its signature is not checked here."""

    der: bytes = field(repr=False)
    """The ContentInfo, byte for byte."""
    imprint: Digest
    """messageImprint; the algorithm is its dotted OID where it is not in the table."""
    time: datetime
    """genTime, aware, UTC."""
    nonce: int | None
    """nonce, None where there is none."""
    policy: str
    """Dotted OID of the policy."""
    has_certificates: bool
    """Whether certificates came with it."""


def request(digest: Digest, nonce: int, *, policy: str | None = None) -> bytes:
    """DER of a TimeStampReq that asks for the certificates too (RFC 3161 2.4.1).

    Raises UsageError TIMESTAMP_DIGEST for a digest that is not in the table or has another size.
    """
    known = DIGESTS.get(digest.algorithm)
    if known is None or len(digest.value) != known.size:
        raise UsageError("TIMESTAMP_DIGEST", algorithm=digest.algorithm, size=len(digest.value))
    return der.sequence(
        der.integer(1),
        imprint(digest),
        der.oid(policy) if policy else b"",
        der.integer(nonce),
        der.boolean(True),
    )


def imprint(digest: Digest) -> bytes:
    """DER of MessageImprint; SHA-2 without parameters (RFC 5754 2)."""
    return der.sequence(der.sequence(der.oid(DIGESTS[digest.algorithm].oid)), der.octets(digest.value))


def read_response(
    response: bytes, digest: Digest, nonce: int | None, *, service: str, at: datetime | None = None
) -> Token:
    """Take the token out of a TimeStampResp and hold it against the request, and against the time `at` where known.

    What is given out verifies with its own certificate; whom to trust is not asked. Raises ServiceError:
    TIMESTAMP_MALFORMED, TIMESTAMP_REFUSED (with the service's own words), TIMESTAMP_WRONG_IMPRINT,
    TIMESTAMP_WRONG_NONCE, TIMESTAMP_WITHOUT_CERTIFICATE, TIMESTAMP_WRONG_SIGNATURE, TIMESTAMP_CERTIFICATE_USAGE,
    TIMESTAMP_CERTIFICATE_EXPIRED, TIMESTAMP_WRONG_TIME.
    """
    try:
        parsed = _Response.load(response, strict=True)
        status = parsed["status"]
        number = int(core.Integer.load(status["status"].dump()).native)
        words = _words(number, status) if number > 1 else ""
        token_der = parsed["time_stamp_token"].dump() if number <= 1 else b""
    except MALFORMED:
        raise ServiceError("TIMESTAMP_MALFORMED", service=service) from None
    if number > 1:
        raise ServiceError("TIMESTAMP_REFUSED", service=service, reason=words)
    token = read_token(token_der, service=service)
    if token.imprint != digest:
        raise ServiceError("TIMESTAMP_WRONG_IMPRINT", service=service)
    # RFC 3161 2.4.2: the nonce comes back, and with the same value; without it an old answer could be played again.
    if token.nonce != nonce:
        raise ServiceError("TIMESTAMP_WRONG_NONCE", service=service)
    if not token.has_certificates:
        raise ServiceError("TIMESTAMP_WITHOUT_CERTIFICATE", service=service)
    _check_maker(token, digest, service)
    if at is not None and abs(token.time - aware(at, "at")) > CLOCKS:
        raise ServiceError("TIMESTAMP_WRONG_TIME", service=service, time=rfc3339(token.time), now=rfc3339(at))
    return token


def _check_maker(token: Token, digest: Digest, service: str) -> None:
    """Refuse what nobody could verify later: its signature, the usage and the validity of its certificate."""

    def imprint_of(name: str) -> bytes:
        return {digest.algorithm: digest.value}[name]

    examined = examine_token(token.der, imprint_of)
    certificate = examined.examined.certificate
    if certificate is None:
        raise ServiceError("TIMESTAMP_WITHOUT_CERTIFICATE", service=service)
    if not examined.intact:
        raise ServiceError("TIMESTAMP_WRONG_SIGNATURE", service=service)
    known = facts(certificate)
    if usage(certificate).verdict is not CheckVerdict.PASSED:
        raise ServiceError("TIMESTAMP_CERTIFICATE_USAGE", service=service, certificate=known.subject)
    if not known.not_before <= token.time <= known.not_after:
        raise ServiceError(
            "TIMESTAMP_CERTIFICATE_EXPIRED",
            service=service,
            certificate=known.subject,
            start=rfc3339(known.not_before),
            end=rfc3339(known.not_after),
            time=rfc3339(token.time),
        )


def read_token(token: bytes, *, service: str = "") -> Token:
    """Read a TimeStampToken. Raises ServiceError TIMESTAMP_MALFORMED."""
    try:
        content = cms.ContentInfo.load(token, strict=True)
        signed: Any = content["content"]
        encapsulated = signed["encap_content_info"]
        if (
            content["content_type"].native != "signed_data"
            or encapsulated["content_type"].native != "tst_info"
            or len(signed["signer_infos"]) != 1
        ):
            raise ValueError("not a token")
        info = tsp.TSTInfo.load(bytes(encapsulated["content"]), strict=True)
        oid = info["message_imprint"]["hash_algorithm"]["algorithm"].dotted
        certificates = signed["certificates"]
        return Token(
            token,
            Digest(
                DIGEST_BY_OID[oid].name if oid in DIGEST_BY_OID else oid,
                info["message_imprint"]["hashed_message"].native,
            ),
            info["gen_time"].native.astimezone(UTC),
            info["nonce"].native,
            info["policy"].dotted,
            certificates.native is not None and len(certificates) > 0,
        )
    except MALFORMED:
        raise ServiceError("TIMESTAMP_MALFORMED", service=service) from None


def _words(number: int, status: Any) -> str:
    """What a refusing service says: status, failure bits by name, its free text; at most 300 characters."""
    said = [_STATUS.get(number, str(number))]
    bits = status["fail_info"]
    if bits.native is not None:
        said += [name for bit, name in _FAILURES.items() if _bit(bits, bit)]
    if status["status_string"].native is not None:
        said += [str(text) for text in status["status_string"].native]
    return "; ".join(said)[:300]


def _bit(bits: Any, number: int) -> bool:
    # The content of a BIT STRING: one byte of padding length, then the bits, first the highest.
    raw = bits.contents[1:]
    return number // 8 < len(raw) and bool(raw[number // 8] & (0x80 >> number % 8))
