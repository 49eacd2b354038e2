"""Every bound on input: bytes, objects, depth, decompressed size, time, memory. One value, passed down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one document and on the process that reads it."""

    file_bytes: int = 512_000_000
    """Largest document accepted, in bytes."""
    objects: int = 1_000_000
    """Most indirect objects, over all revisions, that cross-reference sections may name."""
    revisions: int = 1_000
    """Most cross-reference sections in the chain."""
    nesting: int = 200
    """Deepest nesting of arrays and dictionaries inside one object."""
    stream_bytes: int = 256_000_000
    """Most bytes that one structural stream (cross-reference, object stream) may inflate to."""
    inflated_bytes: int = 512_000_000
    """Most bytes that all structural streams together may inflate to."""
    signatures: int = 500
    """Most signature fields with a value that are judged."""
    fields: int = 100_000
    """Most form fields walked, hidden ones included."""
    cms_bytes: int = 16_000_000
    """Largest CMS in one signature, in bytes."""
    certificates: int = 500
    """Most certificates taken from one document."""
    seconds: float = 10.0
    """Time for one document in a worker; past it the worker is killed."""
    memory_bytes: int = 1 << 30
    """Address space that a worker may add to its own start-up size, in bytes."""


DEFAULT = Limits()
"""The bounds used where a caller gives none."""
