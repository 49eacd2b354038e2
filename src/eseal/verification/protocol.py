"""The job of a verifying process: packed by the pool that started it, never from outside."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import datetime

from eseal.judging.policy import Policy
from eseal.limits import Limits
from eseal.model import Proof
from eseal.net import Fetcher
from eseal.seals.registered import SealRegister
from eseal.trust.store import TrustStore


@dataclass(frozen=True, slots=True)
class Options:
    """What a job is judged by; sent from the pool to its own child, never from outside."""

    trust: TrustStore
    """What may vouch."""
    at: datetime
    """Time of the judgement, aware."""
    policy: Policy
    """Policy with the revocation mode."""
    limits: Limits
    """Bounds on the document."""
    proofs: tuple[Proof, ...] = ()
    """Proofs of existence that the caller holds."""
    fetcher: Fetcher | None = None
    """Client for revocation data; None makes no request at all."""
    seals: SealRegister | None = None
    """Register by which seals are judged."""


def pack(options: Options) -> bytes:
    """Options for the wire between a pool and its child. Raises TypeError for a fetcher that cannot be sent."""
    try:
        return pickle.dumps(options)
    except (pickle.PicklingError, AttributeError) as error:
        raise TypeError(str(error)) from error


def unpack(data: bytes) -> Options:
    """What `pack` packed. The data comes from the process that started this one, never from a document."""
    options: Options = pickle.loads(data)  # noqa: S301
    return options
