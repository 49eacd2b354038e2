"""A seal that is prepared but not signed yet: what to sign, and how the finished file is put together."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any

from eseal.crypto.algorithms import DIGESTS, hasher
from eseal.crypto.cms_build import CmsTemplate, template
from eseal.errors import UsageError
from eseal.model import Certificate, Digest

_LARGEST_SLOT = 16_000_000
"""Most room for a CMS in a stored form, in bytes; a whole one made elsewhere takes some ten thousand."""


class SlotTooSmall(Exception):
    """The CMS is larger than the room that was left for it: prepare again with `needed`."""

    def __init__(self, needed: int, slot: int) -> None:
        super().__init__(needed, slot)
        self.needed = needed
        self.slot = slot


def filled(head: bytes, cms: bytes, slot: int, tail: bytes) -> bytes:
    """A section with `cms` as the value of /Contents, padded to `slot` bytes. Raises SlotTooSmall."""
    if len(cms) > slot:
        raise SlotTooSmall(len(cms), slot)
    return b"".join((head, b"<", cms.hex().encode(), b"00" * (slot - len(cms)), b">", tail))


@dataclass(frozen=True, slots=True)
class Pending:
    """A prepared seal. It needs no key and can be stored while a signature is made elsewhere."""

    original: bytes = dataclasses.field(repr=False)
    """The input, untouched."""
    head: bytes = dataclasses.field(repr=False)
    """What is appended, up to the "<" of /Contents."""
    tail: bytes = dataclasses.field(repr=False)
    """What is appended, from behind its ">"."""
    slot: int
    """Room for the CMS, in bytes."""
    field: str
    """Name of the signature field."""
    digest: Digest
    """Digest of the document without /Contents (ISO 32000-2 12.8.1)."""
    certificate: Certificate
    """The signing certificate."""
    chain: tuple[Certificate, ...]
    """Certificates that go along."""
    scheme: str
    """How the signature is made, a name in `crypto.algorithms.SCHEMES`."""

    @property
    def template(self) -> CmsTemplate:
        """The CMS of this signer."""
        return template(self.certificate, self.chain, self.scheme)

    @property
    def to_sign(self) -> bytes:
        """The message to sign: DER of the signed attributes (RFC 5652 5.4), not a digest."""
        return self.template.signed_attributes(self.digest.value)

    def digest_of(self, algorithm: str) -> bytes:
        """Digest of the document without /Contents by any algorithm of `crypto.algorithms`. Raises KeyError."""
        return self.digest.value if algorithm == self.digest.algorithm else self._computed(algorithm)

    def _computed(self, algorithm: str) -> bytes:
        state = hasher(algorithm)
        for part in (self.original, self.head, self.tail):
            state.update(part)
        return bytes(state.digest())

    def cms(self, signature: bytes, timestamp: bytes | None = None) -> bytes:
        """The CMS around `signature`, with a TimeStampToken over it where one is given."""
        return self.template.assemble(self.to_sign, signature, timestamp)

    def appended(self, cms: bytes) -> bytes:
        """What is to be written behind `original`. Raises SlotTooSmall."""
        return filled(self.head, cms, self.slot, self.tail)

    def stored(self) -> dict[str, Any]:
        """The stored form as JSON values, without the input."""
        return {
            "format": "pdf",
            "original": hashlib.sha256(self.original).hexdigest(),
            "head": _text(self.head),
            "tail": _text(self.tail),
            "slot": self.slot,
            "field": self.field,
            "digest": [self.digest.algorithm, self.digest.value.hex()],
            "to_sign": _text(self.to_sign),
            "certificates": [_text(c.der) for c in (self.certificate, *self.chain)],
            "scheme": self.scheme,
        }

    @classmethod
    def from_stored(cls, found: Any, original: bytes) -> Pending:
        """Read the stored form beside the input it was made for.

        Raises UsageError SEAL_PENDING_UNREADABLE, SEAL_PENDING_OTHER_INPUT.
        """
        try:
            certificates = tuple(Certificate(_bytes(c)) for c in found["certificates"])
            pending = cls(
                original=original,
                head=_bytes(found["head"]),
                tail=_bytes(found["tail"]),
                slot=int(found["slot"]),
                field=_string(found["field"]),
                digest=Digest(_string(found["digest"][0]), bytes.fromhex(found["digest"][1])),
                certificate=certificates[0],
                chain=certificates[1:],
                scheme=_string(found["scheme"]),
            )
            wanted = found["original"]
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            raise UsageError("SEAL_PENDING_UNREADABLE") from None
        if hashlib.sha256(original).hexdigest() != wanted:
            raise UsageError("SEAL_PENDING_OTHER_INPUT")
        known = pending.digest.algorithm in DIGESTS and 0 < pending.slot <= _LARGEST_SLOT
        if not known or pending._computed(pending.digest.algorithm) != pending.digest.value:
            raise UsageError("SEAL_PENDING_UNREADABLE")
        return pending


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _bytes(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value
