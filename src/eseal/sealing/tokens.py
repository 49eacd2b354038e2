"""How much room a timestamp needs: the slot of a signature is as large as it must be, and no larger."""

from __future__ import annotations

import hashlib

from eseal.model import Certificate, Digest, Timestamper

ROOM = 256
"""By how many bytes a token may outgrow the one before: serial number, fractions of a second, an ECDSA value."""
_KEPT = 64
# Size of the largest token by the timestamper's name: a first guess that a wrong one only makes slower.
_sizes: dict[str, int] = {}


def first_size(timestamper: Timestamper, certificate: Certificate) -> int:
    """Size of a token of this service: remembered, or learnt from a first one, which gives nothing away."""
    known = _sizes.get(timestamper.name)
    if known is None:
        digest = hashlib.sha256(certificate.der).digest()
        known = len(timestamper.timestamp(Digest("sha256", digest)))
        remember(timestamper.name, known)
    return known


def remembered(name: str) -> int | None:
    """Size of the largest token of the service `name`; None where it was never asked."""
    return _sizes.get(name)


def remember(name: str, size: int) -> None:
    """Keep the size of a token of the service `name`."""
    if len(_sizes) >= _KEPT:
        _sizes.clear()
    _sizes[name] = max(size, _sizes.get(name, 0))


def forget() -> None:
    """Forget all sizes."""
    _sizes.clear()
