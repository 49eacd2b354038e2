"""What every document format answers with, whatever the format. Nothing here knows trust."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from eseal.model import ValidationData
from eseal.report.model import Check, CheckVerdict


class Kind(StrEnum):
    """What a signature is for."""

    SEAL = "seal"
    """A signature over the document by a seal or a person."""
    TIMESTAMP = "timestamp"
    """A document timestamp (ISO 32000-2 12.8.5)."""


class Coverage(StrEnum):
    """How much of the file a signature covers."""

    ENTIRE_FILE = "entire-file"
    """Every byte but its own value."""
    ENTIRE_REVISION = "entire-revision"
    """Every byte of a revision; later revisions follow and are judged as changes."""
    PARTIAL = "partial"
    """Bytes of its own revision are left out: never untouched."""
    UNCLEAR = "unclear"
    """The ranges cannot be understood."""


@dataclass(frozen=True, slots=True)
class Found:
    """One signature that could be taken apart; its mathematics and trust are not judged yet."""

    index: int
    """Position in the document, 0 for the oldest revision's first."""
    name: str
    """Fully qualified field name, as in the document (hostile until escaped)."""
    kind: Kind
    """Seal or document timestamp."""
    sub_filter: str
    """Name of the encoding, such as "ETSI.CAdES.detached"."""
    cms: bytes = field(repr=False)
    """DER of the ContentInfo exactly as found, without the padding behind it."""
    digest: Callable[[str], bytes] = field(repr=False)
    """Digest of the covered bytes by an algorithm of `crypto.algorithms`; cached per algorithm."""
    coverage: Coverage
    """How much of the file is covered."""
    covered_end: int
    """Offset behind the last covered byte: the end of the signed revision."""
    findings: tuple[Check, ...]
    """Structural checks already made here (byte range, contents, field structure, coverage)."""
    ranges: tuple[tuple[int, int], ...] = ()
    """Covered (offset, length) pairs in bytes."""
    claimed_time: datetime | None = None
    """/M or its like: what the signer claims; aware, None where absent or unreadable."""
    reason: str | None = None
    """Stated reason."""
    location: str | None = None
    """Stated place."""
    certification: int | None = None
    """DocMDP level 1, 2 or 3 where this signature certifies the document."""
    page: int | None = None
    """Page (1-based) on which the signature shows, None for invisible ones."""
    data: ValidationData = field(default_factory=ValidationData)
    """Certificates carried beside the CMS (/Cert of adbe.x509.rsa_sha1)."""
    seal: str = ""
    """Id of the seal that the signed dictionary names (hostile until looked up); empty where it names none."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A signature that could not be taken apart: it is reported, it never passes, and it hides no other."""

    index: int
    """Position in the document."""
    name: str
    """Fully qualified field name, or "" where even that cannot be read."""
    findings: tuple[Check, ...]
    """Why it is broken; at least one check that is FAILED or UNKNOWN."""
    placeholder: bool = False
    """True where the field only reserves space and was never signed."""
    covered_end: int = 0
    """End of the last covered byte where it could be read, else 0."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the signed revision and the document as it is now."""

    verdict: CheckVerdict
    """PASSED: long-term data or another seal; PERMITTED: the seal allows it; UNKNOWN: cannot be classed; FAILED."""
    code: str
    """Catalogue code, such as "CHANGE_PAGE_CONTENT"."""
    where: str = ""
    """The place in the document's own words: page number, field name, path of keys."""


class Document(Protocol):
    """A document that was opened within limits."""

    @property
    def format(self) -> str:
        """Short name of the format: "pdf", "ofd", "asic"."""
        ...

    def findings(self) -> tuple[Check, ...]:
        """Checks of the document as a whole (repairs made while reading, hybrid references, signed without field)."""
        ...

    def signatures(self) -> Sequence[Found | Broken]:
        """All signatures, oldest first. One that is broken never hides the others."""
        ...

    def digest(self, algorithm: str) -> bytes:
        """Digest of the whole file by an algorithm of `crypto.algorithms`. Raises KeyError."""
        ...

    def changes_after(self, found: Found) -> tuple[Change, ...]:
        """What was changed after `found`, every difference classed; empty where it covers the whole file."""
        ...

    def validation_data(self, end: int | None = None) -> ValidationData:
        """Long-term data stored in the document (DSS), as it stood in the revision that ends at `end` (None: now)."""
        ...
