"""Distinguished names: when two are the same, and when one stands below another (RFC 5280 7.1, 4.2.1.10)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.asn1 import Asn1Error

_ENCODINGS = {0x0C: "utf-8", 0x13: "latin-1", 0x16: "latin-1", 0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}
_EMAIL = "1.2.840.113549.1.9.1"

NameKey = tuple[frozenset[tuple[str, str | bytes]], ...]
"""A name in a form that can be compared: one set of (type, value) for each relative name, most general first."""


@lru_cache(maxsize=8192)
def name_key(der: bytes) -> NameKey:
    """The comparable form of a Name. Strings are compared without regard to encoding, case and spaces.

    A name that cannot be read is the same only as its own bytes.
    """
    try:
        return tuple(
            frozenset(_attribute(a) for a in rdn.expect(asn1.SET).children())
            for rdn in asn1.whole(der).expect(asn1.SEQUENCE).children()
        )
    except Asn1Error:
        return (frozenset({("", der)}),)


def _attribute(element: asn1.Element) -> tuple[str, str | bytes]:
    parts = element.expect(asn1.SEQUENCE).children()
    if len(parts) != 2:
        raise Asn1Error("attribute")
    kind, value = asn1.oid(parts[0]), parts[1]
    encoding = _ENCODINGS.get(value.tag)
    if encoding is None:
        return kind, value.raw
    try:
        text = value.content.decode(encoding)
    except UnicodeDecodeError:
        return kind, value.raw
    return kind, " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_below(name: bytes, base: bytes) -> bool:
    """Whether the Name `name` begins with all relative names of `base` (RFC 5280 4.2.1.10)."""
    top = name_key(base)
    return name_key(name)[: len(top)] == top


def emails_in(name: bytes) -> tuple[str, ...]:
    """The emailAddress attributes of a Name."""
    return tuple(v for rdn in name_key(name) for kind, v in rdn if kind == _EMAIL and isinstance(v, str))
