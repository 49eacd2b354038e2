"""What a seal is asked to be, by whose help it is made, and what comes of it: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from eseal.judging.collecting import Kept
from eseal.limits import DEFAULT, Limits
from eseal.model import Note as Note
from eseal.model import Timestamper, Where, aware
from eseal.net import Fetcher
from eseal.seals.artwork import Artwork
from eseal.seals.register import Seal
from eseal.trust.store import TrustStore


@dataclass(frozen=True, slots=True)
class Request:
    """How a document is to be sealed. Raises UsageError TIME_NAIVE."""

    at: datetime
    """Claimed time of sealing, aware; it keeps its offset, which /M shows."""
    seal: Seal | None = None
    """The seal: picture, permitted certificates, validity."""
    artwork: Artwork | None = None
    """A picture without a seal, or another picture of it."""
    where: tuple[Where, ...] = ()
    """Where the picture shows; empty: a free place on the last page."""
    level: str | None = None
    """"B", "T", "LT" or "LTA"; None: the highest that can be reached."""
    reason: str | None = None
    """Stated reason."""
    location: str | None = None
    """Stated place."""
    name: str | None = None
    """Stated name of the signer; readers take it from the certificate where it is left out."""
    field: str | None = None
    """Name of an empty signature field, or of the new one."""
    certify: int | None = None
    """DocMDP level 1, 2 or 3 (ISO 32000-2 table 257); None: an approval signature."""
    keep_pdfa: bool = False
    """Refuse what would break the PDF/A conformance that the document claims."""
    limits: Limits = DEFAULT
    """Bounds on the input."""

    def __post_init__(self) -> None:
        aware(self.at, "at")

    @property
    def picture(self) -> Artwork | None:
        """What is shown; None: the seal does not show."""
        if self.artwork is not None:
            return self.artwork
        return self.seal.picture if self.seal is not None else None


@dataclass(frozen=True, slots=True)
class Services:
    """Who helps with the proofs of a seal."""

    timestamper: Timestamper | None = None
    """Gives timestamps; None: level B is all that can be made."""
    trust: TrustStore | None = None
    """Anchors, intermediates and revocation data; None: no long-term data can be collected."""
    fetcher: Fetcher | None = None
    """Reaches the revocation services that certificates name; None: no network."""
    kept: Kept | None = None
    """Long-term data of the documents before, so that a batch collects it once; None: collected anew each time."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A document to which something was appended. It is two pieces, so that a large one is not held twice."""

    original: bytes = field(repr=False)
    """The input, untouched."""
    appended: bytes = field(repr=False)
    """What stands behind it; empty where nothing was missing."""

    @property
    def data(self) -> bytes:
        """The whole file in one piece: a copy; write `parts` where it is large."""
        return self.original + self.appended

    @property
    def parts(self) -> tuple[bytes, bytes]:
        """The file in two pieces, to be written one after the other."""
        return self.original, self.appended


@dataclass(frozen=True, slots=True)
class Sealed(Appended):
    """A sealed document."""

    level: str
    """"B", "T", "LT" or "LTA"."""
    field: str
    """Name of the signature field; the first of several."""
    time: datetime
    """Time of the signature's timestamp, at level B the claimed one; aware, UTC."""
    seal_id: str = ""
    """Id of the seal that was used; empty without one."""
    page: int | None = None
    """Page on which it shows first, 1-based or from the end as it was asked for; None where that was left open."""
    notes: tuple[Note, ...] = ()
    """Warnings: what was not reached and why."""
    fields: tuple[str, ...] = ()
    """Names of all signature fields that were made; more than one where further places had to be signatures."""
    until: datetime | None = None
    """Until when the document proves itself: the end of the certificate that the proof rests on (the signer's up to
    level T, then the timestamper's). Extended before, it holds longer."""
