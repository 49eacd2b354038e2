"""Writes DER (X.690) by hand: what is made again for every signature, without a schema library in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

SEQUENCE, SET, OCTET_STRING, INTEGER, NULL, BOOLEAN, OID, GENERALIZED_TIME = 0x30, 0x31, 4, 2, 5, 1, 6, 0x18


def tlv(tag: int, *parts: bytes) -> bytes:
    """Tag, definite length, the parts joined."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of encoded parts."""
    return tlv(SEQUENCE, *parts)


def set_of(parts: Iterable[bytes]) -> bytes:
    """SET OF, in the order that DER demands (X.690 11.6)."""
    return tlv(SET, *sorted(parts))


def integer(value: int) -> bytes:
    """INTEGER, shortest form."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def octets(value: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(OCTET_STRING, value)


def boolean(value: bool) -> bytes:
    """BOOLEAN."""
    return tlv(BOOLEAN, b"\xff" if value else b"\0")


def null() -> bytes:
    """NULL."""
    return tlv(NULL)


@cache
def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        out += bytes(reversed(groups))
    return tlv(OID, bytes(out))


def explicit(number: int, *parts: bytes) -> bytes:
    """Context tag [number], constructed: EXPLICIT, or IMPLICIT over the content of something constructed."""
    return tlv(0xA0 | number, *parts)


def generalized_time(when: datetime) -> bytes:
    """GeneralizedTime in UTC to the second (X.690 11.7: no fraction where it would be zero)."""
    return tlv(GENERALIZED_TIME, when.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").rjust(15, "0").encode())
