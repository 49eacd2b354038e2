"""Values and protocols that all layers share. Certificates and keys are values over DER: no library's object here."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from eseal import messages
from eseal.errors import UsageError

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s*(.*?)-----END \1-----", re.S)


def aware(when: datetime, what: str = "time") -> datetime:
    """Return `when` in UTC; a naive time is refused (UsageError TIME_NAIVE), since nobody knows what it means.

    Raises UsageError TIME_OUT_OF_RANGE for one that lies in the year 0 or 10000 of UTC.
    """
    if when.tzinfo is None or when.utcoffset() is None:
        raise UsageError("TIME_NAIVE", what=what)
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise UsageError("TIME_OUT_OF_RANGE", what=what) from None


def rfc3339(when: datetime, timespec: str = "auto") -> str:
    """The stored form of an aware time: RFC 3339 in UTC. Raises UsageError TIME_NAIVE."""
    return aware(when).isoformat(timespec=timespec).replace("+00:00", "Z")


def pem_blocks(data: bytes, *labels: str) -> list[bytes]:
    """DER of every PEM block with one of `labels`. Raises UsageError PEM_MALFORMED for what is not base64."""
    found = []
    for label, body in _PEM.findall(data):
        if label.decode() in labels:
            try:
                found.append(base64.b64decode(b"".join(body.split()), validate=True))
            except ValueError:
                raise UsageError("PEM_MALFORMED", label=label.decode()) from None
    return found


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of some bytes."""

    algorithm: str
    """Name in `crypto.algorithms`, such as "sha256"."""
    value: bytes
    """The digest itself."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate as its DER bytes; `crypto.certificates` reads it."""

    der: bytes = field(repr=False)
    """DER of the certificate (RFC 5280 4.1), kept byte for byte."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the DER, lower-case hex."""
        return hashlib.sha256(self.der).hexdigest()

    @classmethod
    def load_all(cls, data: bytes) -> tuple[Certificate, ...]:
        """Certificates in PEM (any number) or one in DER. Raises UsageError CERTIFICATE_UNREADABLE."""
        blocks = pem_blocks(data, "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
        if not blocks and data[:1] == b"\x30":
            blocks = [data]
        if not blocks:
            raise UsageError("CERTIFICATE_UNREADABLE")
        return tuple(cls(b) for b in blocks)

    def to_pem(self) -> bytes:
        """The certificate in PEM (RFC 7468)."""
        text = base64.b64encode(self.der)
        lines = [text[i : i + 64] for i in range(0, len(text), 64)]
        return b"-----BEGIN CERTIFICATE-----\n" + b"\n".join(lines) + b"\n-----END CERTIFICATE-----\n"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A public key as the DER of its SubjectPublicKeyInfo."""

    der: bytes
    """DER of SubjectPublicKeyInfo (RFC 5280 4.1.2.7)."""


class Signer(Protocol):
    """Something that can sign: a file key, a token, a remote service.

    `sign` gets the message (for CMS the DER of the signed attributes, a few hundred bytes); a device that takes a
    digest hashes it itself. It is called once per signature, never retried here, and raises KeyAccessError or
    ServiceError. Implementations hold no lock over other signers and may be called from one thread at a time.
    """

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key."""
        ...

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Issuers that are known, nearest first, without the root where that is possible; may be empty."""
        ...

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES` that signatures are made with."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; the signature in the form that CMS carries (ECDSA: DER of ECDSA-Sig-Value)."""
        ...


class Timestamper(Protocol):
    """Something that gives RFC 3161 tokens."""

    @property
    def name(self) -> str:
        """For messages: the address, or the subject of an embedded one."""
        ...

    def timestamp(self, digest: Digest) -> bytes:
        """A TimeStampToken (DER of ContentInfo) over `digest`, checked for imprint and nonce. Raises ServiceError."""
        ...


class RevocationMode(StrEnum):
    """What a missing answer about revocation means."""

    REQUIRE = "require"
    """Missing data makes the answer unknown (the default)."""
    IF_AVAILABLE = "if-available"
    """Data that is there is used; missing data is a note."""
    IGNORE = "ignore"
    """Revocation is not looked at; the report says so."""


@dataclass(frozen=True, slots=True)
class ValidationData:
    """Certificates and revocation data that came with a document or a trust store; none of it is trusted by itself."""

    certificates: tuple[Certificate, ...] = ()
    """Certificates offered for building paths."""
    crls: tuple[bytes, ...] = ()
    """DER of CertificateList."""
    ocsps: tuple[bytes, ...] = ()
    """DER of OCSPResponse."""

    def __add__(self, other: ValidationData) -> ValidationData:
        """Both together, without doubles, in order."""
        return ValidationData(
            tuple(dict.fromkeys(self.certificates + other.certificates)),
            tuple(dict.fromkeys(self.crls + other.crls)),
            tuple(dict.fromkeys(self.ocsps + other.ocsps)),
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the caller should know though the work was done."""

    code: str
    """Catalogue code."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the sentence; hostile until escaped by the printer."""

    def message(self, lang: str = "en") -> str:
        """The sentence."""
        return messages.text(self.code, lang, self.params)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a seal's picture shows, as the page is seen on screen or paper."""

    page: int
    """Page number, 1 for the first; negative counts from the end (-1 is the last)."""
    x: float
    """Millimetres from the left edge of the page as shown to the left edge of the picture."""
    y: float
    """Millimetres from the top edge of the page as shown to the top edge of the picture."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence that bytes existed at a time."""

    time: datetime
    """The proven time, aware."""
    source: str
    """What proves it: "timestamp", "evidence-record", "log"."""
    digest: Digest
    """What is proven to have existed."""


@dataclass(frozen=True, slots=True)
class OnPages:
    """The same place on several pages."""

    pages: str
    """"all", "first", "last", "odd", "even", or numbers and ranges such as "1-3,5,-1" (-1 is the last page)."""
    x: float
    """Millimetres from the left edge of each page as shown."""
    y: float
    """Millimetres from the top edge of each page as shown."""


BESIDE = ("over", "left", "right", "above", "below", "start", "end")
"""How a picture can stand to a text: `Keyword.beside`."""
SIDES = ("right", "left", "bottom")
"""Edges over which a seal can lie: `Straddle.side`."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """Where a text stands on the pages; the order is that of the pages, then from top to bottom, left to right."""

    text: str
    """What is looked for; white space counts as nothing on both sides."""
    which: int | None = 1
    """1 the first place, 2 the second, -1 the last; None: all of them."""
    pages: str = "all"
    """Pages that are searched, as in `OnPages`."""
    beside: str = "over"
    """"over": the picture's middle on the text's middle; "left", "right", "above", "below": beside it; "start", "end":
    the picture's middle on the text's first or last character."""
    dx: float = 0.0
    """Millimetres by which the picture is moved to the right."""
    dy: float = 0.0
    """Millimetres by which the picture is moved down."""


@dataclass(frozen=True, slots=True)
class Straddle:
    """A seal over the edges of the pages laid one on the other (骑缝章): every page shows a strip of it."""

    side: str = "right"
    """"right", "left" or "bottom"."""
    pages: str = "all"
    """Pages that share the picture, as in `OnPages`."""
    group: int = 0
    """Most pages that share one picture; 0: as many as leave strips wide enough to be seen. A single page left over
    joins the group before it."""
    offset: float | None = None
    """Millimetres from the top edge (bottom: from the left edge) to the picture; None: in the middle."""


Where = Placement | OnPages | Keyword | Straddle
"""One way to say where a seal shows."""
