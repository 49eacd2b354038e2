"""A register of seals as a verifier needs it: whose certificates use which seal, from when to when, and its state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from eseal.seals.register import Seal
from eseal.seals.status import SealHistory


@dataclass(frozen=True, slots=True)
class RegisteredSeal:
    """What is public of one seal: no picture, no key, no actor."""

    id: str
    """128 random bits in lower-case hex."""
    name: str
    """What people call it."""
    permitted: frozenset[str]
    """SHA-256 over the DER of each certificate that may use it, lower-case hex."""
    valid_from: datetime
    """First moment of validity, aware, UTC."""
    valid_until: datetime
    """Last moment of validity, aware, UTC."""
    history: SealHistory = field(default_factory=SealHistory)
    """What the issuer said of it since."""

    @classmethod
    def of(cls, seal: Seal, history: SealHistory) -> RegisteredSeal:
        """The public part of a seal."""
        return cls(seal.id, seal.name, frozenset(seal.permitted), seal.valid_from, seal.valid_until, history.public())


@dataclass(frozen=True, slots=True)
class SealRegister:
    """The seals of an authority."""

    seals: tuple[RegisteredSeal, ...] = ()
    """All of them, whatever their state."""

    def permitting(self, fingerprint: str) -> tuple[RegisteredSeal, ...]:
        """The seals that the certificate with this SHA-256 may use."""
        return tuple(seal for seal in self.seals if fingerprint in seal.permitted)

    def get(self, seal: str) -> RegisteredSeal | None:
        """The seal with this id."""
        return next((one for one in self.seals if one.id == seal), None)
