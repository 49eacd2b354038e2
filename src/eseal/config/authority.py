"""`eseal.toml`: who the authority is, its issuers, keys by URI, timestamper, trust folder and defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eseal.config import reading
from eseal.config.reading import Table
from eseal.config.settings import SETTINGS, Layer, SettingValue, take_settings
from eseal.errors import UsageError
from eseal.model import rfc3339

FILE = "eseal.toml"
"""Name of the file in the authority's folder."""

_ID, _ID_SHOWN = re.compile(r"[0-9a-f]{32}"), "32 x 0-9 a-f"
_CODE, _CODE_SHOWN = re.compile(r"[0-9A-Za-z._-]{1,64}"), "0-9 A-Z a-z . _ -"
_FILE_URI = re.compile(r"(file:|pem:|p12:|pkcs12:)?(.*)", re.S)


@dataclass(frozen=True, slots=True)
class IssuerEntry:
    """A body that issues."""

    code: str
    """Letters, digits, ".", "_" and "-"; unique in the authority."""
    name: str
    """Legal name."""
    seals: tuple[str, ...] = ()
    """Ids of its seals, the default one first."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key and what it is for."""

    id: str
    """128 random bits in lower-case hex."""
    uri: str
    """Where the key is, as `eseal.keys.open_signer` takes it; a relative path counts from the authority's folder."""
    certificate: str = ""
    """File with its certificate and chain; empty where the key's file holds them."""
    scheme: str = ""
    """Signature scheme; empty for the key's own default."""
    password_file: str = ""
    """File with the password of the key's file, or the PIN; empty for none."""
    seals: tuple[str, ...] = ()
    """Ids of the seals that are used with it."""
    module: str = ""
    """PKCS#11 module of a key in a token, an absolute path; empty for other keys."""
    token_file: str = ""
    """File with the access token of a key with a remote service; empty for none."""


@dataclass(frozen=True, slots=True)
class TimestamperEntry:
    """Where timestamps come from: addresses in their order, or a key of the authority's own."""

    urls: tuple[str, ...] = ()
    """RFC 3161 services, the preferred one first."""
    key: str = ""
    """Id of the key of an embedded timestamper; empty for none."""
    policy: str = ""
    """Dotted OID of the policy asked for or stated; empty for the default."""


@dataclass(frozen=True, slots=True)
class AuthorityConfig:
    """What `eseal.toml` says."""

    id: str
    """128 random bits in lower-case hex."""
    name: str
    """Name of the installation."""
    created: datetime
    """Aware, UTC."""
    issuers: tuple[IssuerEntry, ...]
    """At least one; the first is the default."""
    keys: tuple[KeyEntry, ...] = ()
    """All keys."""
    timestamper: TimestamperEntry = field(default_factory=TimestamperEntry)
    """Empty: no timestamps."""
    trust: str = "trust"
    """Folder of the trust store, counted from the authority's folder."""
    test: bool = False
    """True where the keys are test keys that nobody answers for."""
    defaults: Mapping[str, SettingValue] = field(default_factory=dict)
    """Settings that hold where neither flag nor environment says otherwise."""

    def layer(self, path: str) -> Layer:
        """The defaults as a layer of settings."""
        return Layer("authority", path, self.defaults)

    def key_for(self, seal: str) -> KeyEntry | None:
        """The key that the seal with this id is used with."""
        return next((k for k in self.keys if seal in k.seals), None)

    @classmethod
    def read(cls, path: Path) -> AuthorityConfig:
        """Read `eseal.toml`. Raises UsageError CONFIG_...; a file that others own or can write is refused."""
        return cls.from_tables(reading.load(path, required=True) or {}, str(path))

    @classmethod
    def parse(cls, data: bytes, place: str = FILE) -> AuthorityConfig:
        """Read the bytes of an `eseal.toml`. Raises UsageError CONFIG_..."""
        return cls.from_tables(reading.parse(data, place), place)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], place: str) -> AuthorityConfig:
        """Check and take what the tables say. Raises UsageError CONFIG_..."""
        top = Table(tables, place)
        top.take("version", int)
        about, stamps, trust, defaults = (top.table(n) for n in ("authority", "timestamper", "trust", "defaults"))
        found = cls(
            id=_matching(about, "id", _ID, _ID_SHOWN),
            name=about.take("name", str),
            created=_moment(about),
            test=about.take("test", bool, False),
            issuers=tuple(_issuer(t) for t in top.tables("issuers")),
            keys=tuple(_key(t) for t in top.tables("keys")),
            timestamper=TimestamperEntry(
                stamps.texts("urls"), stamps.take("key", str, ""), stamps.take("policy", str, "")
            ),
            trust=trust.take("folder", str, "trust"),
            defaults=take_settings(defaults, [s for s in SETTINGS.values() if s.everywhere]),
        )
        for table in (about, stamps, trust, defaults, top):
            table.done()
        _check_references(found, top)
        return found

    def to_bytes(self) -> bytes:
        """The file's content; `parse` gives the same value back."""
        lines = [
            "# An authority of eseal. Relative paths count from this folder. Only its owner may write this file.",
            f"version = {reading.VERSION}",
            *_written("[authority]", id=self.id, name=self.name, created=self.created, test=self.test),
        ]
        for issuer in self.issuers:
            lines += _written("[[issuers]]", code=issuer.code, name=issuer.name, seals=issuer.seals)
        for key in self.keys:
            names = ("certificate", "scheme", "password_file", "module", "token_file")
            given = {name: getattr(key, name) for name in names if getattr(key, name)}
            lines += _written("[[keys]]", id=key.id, uri=key.uri, **given, seals=key.seals)
        stamps = {"urls": self.timestamper.urls, "key": self.timestamper.key, "policy": self.timestamper.policy}
        lines += _written("[timestamper]", **{name: value for name, value in stamps.items() if value})
        lines += _written("[trust]", folder=self.trust)
        lines += _written("[defaults]", **self.defaults)
        return ("\n".join(lines) + "\n").encode()


def located(uri: str, folder: Path) -> str:
    """A key's URI with its relative path counted from `folder`."""
    scheme, path = _FILE_URI.fullmatch(uri).groups()  # type: ignore[union-attr]
    if (not scheme and re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", path)) or path.startswith("//"):
        return uri  # another kind of key: its address means something to its own door alone
    # With a scheme even where there was none, since the folder's own path may hold a colon.
    return f"{scheme or 'file:'}{folder / path}"


def _issuer(table: Table) -> IssuerEntry:
    entry = IssuerEntry(_matching(table, "code", _CODE, _CODE_SHOWN), table.take("name", str), table.texts("seals"))
    table.done()
    return entry


def _key(table: Table) -> KeyEntry:
    entry = KeyEntry(
        id=_matching(table, "id", _ID, _ID_SHOWN),
        uri=table.take("uri", str),
        certificate=table.take("certificate", str, ""),
        scheme=table.take("scheme", str, ""),
        password_file=table.take("password_file", str, ""),
        module=table.take("module", str, ""),
        token_file=table.take("token_file", str, ""),
        seals=table.texts("seals"),
    )
    table.done()
    return entry


def _matching(table: Table, key: str, pattern: re.Pattern[str], shown: str) -> str:
    value = table.take(key, str)
    if not pattern.fullmatch(value):
        raise table.wrong(key, shown)
    return str(value)


def _moment(table: Table) -> datetime:
    value: datetime = table.take("created", datetime)
    if value.tzinfo is None:
        raise table.wrong("created", "2026-01-31T12:00:00Z")
    return value.astimezone(UTC)


def _check_references(found: AuthorityConfig, top: Table) -> None:
    """What is named elsewhere in the file must be there, and once."""
    if not found.issuers:
        raise UsageError("CONFIG_KEY_MISSING", path=top.place, key="issuers")
    seals = [seal for issuer in found.issuers for seal in issuer.seals]
    used = [seal for key in found.keys for seal in key.seals]
    for names, where in (
        ([i.code for i in found.issuers], "issuers.code"),
        ([k.id for k in found.keys], "keys.id"),
        (seals, "issuers.seals"),
        (used, "keys.seals"),
    ):
        for name in names:
            if names.count(name) > 1:
                raise UsageError("CONFIG_TWICE", path=top.place, key=where, value=name)
    for name, known, where in (
        *((seal, seals, "keys.seals") for seal in used),
        *((key, [k.id for k in found.keys], "timestamper.key") for key in (found.timestamper.key,) if key),
    ):
        if name not in known:
            raise UsageError("CONFIG_REFERENCE", path=top.place, key=where, value=name)


def _written(header: str, **values: object) -> list[str]:
    return ["", header, *(f"{name} = {_toml(value)}" for name, value in values.items() if value is not None)]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    # JSON's escapes are TOML's; DEL alone may stand raw in the one and not in the other.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
