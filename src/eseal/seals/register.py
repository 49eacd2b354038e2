"""The seal as a value: picture, identity, permitted signers, validity; and its stored form."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from eseal.errors import PolicyError, UsageError
from eseal.model import Certificate, aware, rfc3339
from eseal.seals.artwork import Artwork
from eseal.seals.stored import artwork_from_json, artwork_to_json, record, unreadable, version

VERSION = 1
"""Version of the stored form of a seal."""
LARGEST_BYTES = 200_000_000
"""Largest stored seal read, in bytes."""
_ID = re.compile(r"[0-9a-f]{32}\Z")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")
_CODE = re.compile(r"[0-9A-Za-z._-]{1,64}\Z")
_FIELDS = ("id", "name", "kind", "issuer", "maker", "permitted", "valid_from", "valid_until", "supersedes", "picture")


class SealKind(StrEnum):
    """What a seal is used for."""

    OFFICIAL = "official"
    """法定名称章: the body's formal seal."""
    CONTRACT = "contract"
    """合同专用章."""
    FINANCE = "finance"
    """财务专用章."""
    INVOICE = "invoice"
    """发票专用章."""
    BUSINESS = "business"
    """业务专用章: any other purpose of a body."""
    PERSONAL = "personal"
    """A person's seal or signature."""


@dataclass(frozen=True, slots=True)
class Body:
    """The body whose seal it is (发证机关)."""

    code: str
    """Short code used in the authority, such as a unified social credit code: letters, digits, ".", "_", "-"."""
    name: str
    """Legal name."""


@dataclass(frozen=True, slots=True)
class Seal:
    """An electronic seal. Never edited: a changed one is new and supersedes it. Raises UsageError SEAL_INVALID."""

    id: str
    """128 random bits in lower-case hex (`new_id`)."""
    name: str
    """What people call it."""
    kind: SealKind
    """What it is for."""
    issuer: Body
    """Whose seal it is."""
    maker: str
    """Who made it."""
    permitted: tuple[str, ...]
    """SHA-256 over the DER of each certificate that may use it, lower-case hex; empty: nobody may."""
    valid_from: datetime
    """First moment of validity, aware, kept in UTC."""
    valid_until: datetime
    """Last moment of validity, aware, kept in UTC."""
    picture: Artwork = field(repr=False)
    """What is shown."""
    supersedes: str = ""
    """Id of the seal that this one replaces, or empty."""
    version: int = VERSION
    """Version of the stored form."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "valid_from", aware(self.valid_from, "valid_from"))
        object.__setattr__(self, "valid_until", aware(self.valid_until, "valid_until"))
        object.__setattr__(self, "permitted", tuple(dict.fromkeys(self.permitted)))
        wrong = {
            "id": not _ID.match(self.id),
            "name": not _title(self.name),
            "issuer": not (_CODE.match(self.issuer.code) and _title(self.issuer.name)),
            "maker": not _title(self.maker),
            "permitted": not all(_FINGERPRINT.match(one) for one in self.permitted),
            "valid_until": self.valid_until <= self.valid_from,
            "supersedes": bool(self.supersedes) and not _ID.match(self.supersedes),
            "version": self.version != VERSION,
        }
        for name, bad in wrong.items():
            if bad:
                raise UsageError("SEAL_INVALID", field=name)

    def permits(self, certificate: Certificate) -> bool:
        """Whether this certificate may use the seal."""
        return certificate.fingerprint in self.permitted

    def check(self, signer: Certificate, at: datetime) -> None:
        """Refuse use by another signer or out of validity.

        Raises PolicyError: SEAL_NOT_YET_VALID, SEAL_EXPIRED, SEAL_SIGNER_NOT_PERMITTED.
        """
        when = aware(at, "at")
        if when < self.valid_from:
            raise PolicyError("SEAL_NOT_YET_VALID", name=self.name, since=rfc3339(self.valid_from))
        if when > self.valid_until:
            raise PolicyError("SEAL_EXPIRED", name=self.name, until=rfc3339(self.valid_until))
        if not self.permits(signer):
            raise PolicyError("SEAL_SIGNER_NOT_PERMITTED", name=self.name, fingerprint=signer.fingerprint)

    def to_bytes(self) -> bytes:
        """The stored form: JSON in UTF-8, the same bytes for the same seal."""
        value = {
            "version": self.version,
            "id": self.id,
            "name": self.name,
            "kind": self.kind.value,
            "issuer": {"code": self.issuer.code, "name": self.issuer.name},
            "maker": self.maker,
            "permitted": list(self.permitted),
            "valid_from": rfc3339(self.valid_from),
            "valid_until": rfc3339(self.valid_until),
            "supersedes": self.supersedes,
            "picture": artwork_to_json(self.picture),
        }
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Seal:
        """Read the stored form strictly. Raises UsageError: SEAL_UNREADABLE, SEAL_VERSION_NEWER, SEAL_INVALID."""
        value = _load(data)
        # A newer form may have other fields: its version is looked at before them.
        if type(value) is dict:
            version(value.get("version"), VERSION, "seal")
        fields = record(value, "seal", "version", *_FIELDS)
        issuer = record(fields["issuer"], "issuer", "code", "name")
        texts = [fields[name] for name in ("id", "name", "kind", "maker", "supersedes")]
        if not all(type(text) is str for text in (*texts, *issuer.values())):
            raise unreadable("text")
        if type(fields["permitted"]) is not list or not all(type(one) is str for one in fields["permitted"]):
            raise unreadable("permitted")
        if fields["kind"] not in list(SealKind):
            raise unreadable("kind")
        return cls(
            id=fields["id"],
            name=fields["name"],
            kind=SealKind(fields["kind"]),
            issuer=Body(issuer["code"], issuer["name"]),
            maker=fields["maker"],
            permitted=tuple(fields["permitted"]),
            valid_from=_moment(fields["valid_from"], "valid_from"),
            valid_until=_moment(fields["valid_until"], "valid_until"),
            picture=artwork_from_json(fields["picture"]),
            supersedes=fields["supersedes"],
        )


def new_id() -> str:
    """A random id: 128 bits in lower-case hex."""
    return secrets.token_hex(16)


def permitted(certificates: Iterable[Certificate]) -> tuple[str, ...]:
    """The value of `Seal.permitted` for these certificates."""
    return tuple(certificate.fingerprint for certificate in certificates)


def _title(text: str) -> bool:
    return 0 < len(text.strip()) <= 200 and text.isprintable()


def _moment(value: Any, where: str) -> datetime:
    if type(value) is not str or not value.endswith("Z"):
        raise unreadable(where)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise unreadable(where) from None


def _load(data: bytes) -> Any:
    if len(data) > LARGEST_BYTES:
        raise unreadable("size")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise unreadable("JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refused(text: str) -> float:
    raise ValueError(text)
