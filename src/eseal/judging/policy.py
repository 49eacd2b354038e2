"""What the judge demands: one frozen value, whose name stands in the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from eseal.crypto.certificates import SEALING_USAGES
from eseal.model import RevocationMode


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules that a caller may set. The defaults are the strict ones."""

    name: str = "default"
    """Stands in the report."""
    revocation: RevocationMode = RevocationMode.REQUIRE
    """What a missing answer about revocation means."""
    allowed_usages: frozenset[str] = SEALING_USAGES
    """Extended key usages, as `crypto.certificates` names them, of which a sealing certificate needs one where it has
    the extension."""
    path_length: int = 10
    """Most certificates between the anchor and the end of a path."""
    paths: int = 50
    """Most candidate paths tried for one certificate."""
    clock_skew: timedelta = timedelta(minutes=5)
    """How far a timestamp or revocation data may lie after the time of the judgement."""
    freshness: timedelta = timedelta(days=1)
    """How old revocation data without a next update may be at the time that is judged."""
    fetches: int = 20
    """Most requests made for one signature."""
    fetch_bytes: int = 20_000_000
    """Most bytes of one CRL that is fetched; certificates and OCSP answers are held to a megabyte."""
