"""The authority's trust folder as a value.

`anchors/` holds certificates that vouch, `intermediates/`, `crls/` and `ocsp/` material that does not. By default an
anchor vouches for seals and timestamps; `anchors.toml` beside the folders gives a file other purposes or a period.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from eseal.config import reading
from eseal.config.reading import Table
from eseal.errors import UsageError
from eseal.model import ValidationData
from eseal.trust.store import DEFAULT_PURPOSES, Anchor, Purpose, TrustStore

ANCHORS_FILE = "anchors.toml"
"""Purposes and periods of the anchors."""
FOLDERS = ("anchors", "intermediates", "crls", "ocsp")
"""The folders of a trust store."""


def load(folder: Path) -> TrustStore:
    """Read the trust folder; one that others can write is refused. Raises UsageError CONFIG_... and TRUST_..."""
    store = TrustStore()
    if not folder.is_dir():
        return store
    for part in (folder, *(folder / name for name in FOLDERS)):
        if part.is_dir():
            reading.check_owner(part.stat(), part)
    said = _said(folder)
    for file in _files(folder / "anchors"):
        entry = said.pop(file.name, None)
        # Named one by one, so that a file without a self-signed certificate has its topmost one trusted.
        found = TrustStore.from_pem(file)
        store += TrustStore(tuple(entry(a) if entry else a for a in found.anchors), found.data)
    for name in said:
        raise UsageError("CONFIG_REFERENCE", path=folder / ANCHORS_FILE, key="anchors.file", value=name)
    for name in FOLDERS[1:]:
        for file in _files(folder / name):
            found = TrustStore.from_pem(file)
            # Material vouches for nothing, even where it is self-signed.
            demoted = ValidationData(certificates=tuple(a.certificate for a in found.anchors))
            store += TrustStore(data=demoted + found.data)
    return store


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))


class _Said:
    """What `anchors.toml` says of one file."""

    def __init__(self, table: Table) -> None:
        self.file: str = table.take("file", str)
        purposes = table.texts("purposes")
        if not set(purposes) <= set(Purpose):
            raise table.wrong("purposes", ", ".join(Purpose))
        self._purposes = frozenset(Purpose(p) for p in purposes) or DEFAULT_PURPOSES
        self._from, self._until = _moment(table, "valid_from"), _moment(table, "valid_until")
        self._name: str = table.take("name", str, "")
        table.done()

    def __call__(self, anchor: Anchor) -> Anchor:
        return Anchor(anchor.certificate, self._purposes, self._from, self._until, self._name)


def _moment(table: Table, key: str) -> datetime | None:
    value: datetime | None = table.take(key, datetime, None)
    if value is not None and value.tzinfo is None:
        raise table.wrong(key, "2026-01-31T12:00:00Z")
    return value


def _said(folder: Path) -> dict[str, Any]:
    path = folder / ANCHORS_FILE
    tables = reading.load(path, required=False)
    if tables is None:
        return {}
    top = Table(tables, str(path))
    top.take("version", int)
    found: dict[str, Any] = {}
    for table in top.tables("anchors"):
        entry = _Said(table)
        if entry.file in found:
            raise UsageError("CONFIG_TWICE", path=path, key="anchors.file", value=entry.file)
        found[entry.file] = entry
    top.done()
    return found
