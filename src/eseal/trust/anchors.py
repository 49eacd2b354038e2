"""Anchors: trusted certificates, each with what it may vouch for and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from eseal.crypto.certificates import facts
from eseal.model import Certificate, aware


class Purpose(StrEnum):
    """What an anchor may vouch for."""

    SEAL = "seal"
    """Signatures over documents."""
    TIMESTAMP = "timestamp"
    """Timestamp authorities."""
    SEAL_MAKER = "seal-maker"
    """Makers of seal data (GB/T 38540)."""


DEFAULT_PURPOSES = frozenset({Purpose.SEAL, Purpose.TIMESTAMP})
"""What an anchor vouches for where the caller names no purpose."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted certificate: its name and key vouch for what it issued (RFC 5280 6.1.1 d)."""

    certificate: Certificate
    """The certificate; mostly a self-signed root, but any CA that the verifier chose."""
    purposes: frozenset[Purpose] = DEFAULT_PURPOSES
    """What it may vouch for."""
    valid_from: datetime | None = None
    """It vouches for nothing that is proven only before this time; aware, None: no bound."""
    valid_until: datetime | None = None
    """It vouches only for what is proven to have existed before this time (a closed root); aware, None: no bound."""
    name: str = ""
    """For messages; the common name where empty."""

    def __post_init__(self) -> None:
        for what in ("valid_from", "valid_until"):
            when = getattr(self, what)
            if when is not None:
                object.__setattr__(self, what, aware(when, what))

    @property
    def label(self) -> str:
        """`name`, or the common name of the certificate."""
        return self.name or facts(self.certificate).common_name

    def vouches_at(self, when: datetime) -> bool:
        """True where `when` lies in the anchor's own period (both ends included)."""
        return not (
            (self.valid_from is not None and when < self.valid_from)
            or (self.valid_until is not None and when > self.valid_until)
        )
