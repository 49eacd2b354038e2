"""How a trust folder is laid out: `anchors/` vouch, `intermediates/`, `crls/` and `ocsp/` hold material that does not.

`anchors.toml` beside them is the one list of anchors, with purposes and periods: where it is there, a file in
`anchors/` that it does not name vouches for nothing. Without it every file in `anchors/` vouches for seals and
timestamps.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eseal.config import reading
from eseal.config.reading import Table
from eseal.errors import UsageError
from eseal.model import aware, rfc3339
from eseal.trust.anchors import DEFAULT_PURPOSES, Anchor, Purpose

ANCHORS, ANCHORS_FILE = "anchors", "anchors.toml"
"""The folder of anchors, and the list that says which of its files are anchors."""
MATERIAL = ("intermediates", "crls", "ocsp")
"""Folders of what vouches for nothing."""
FOLDERS = (ANCHORS, *MATERIAL)
"""All folders of a trust folder."""


@dataclass(frozen=True, slots=True)
class AnchorEntry:
    """What `anchors.toml` says of one file."""

    file: str
    """Name of the file in `anchors/`."""
    purposes: frozenset[Purpose] = DEFAULT_PURPOSES
    """What its certificates may vouch for."""
    valid_from: datetime | None = None
    """Start of the period in which they vouch; None: no bound."""
    valid_until: datetime | None = None
    """End of the period in which they vouch; None: no bound."""
    name: str = ""
    """For messages; the common name where empty."""

    def applied(self, anchor: Anchor) -> Anchor:
        """The anchor as this entry has it."""
        return Anchor(anchor.certificate, self.purposes, self.valid_from, self.valid_until, self.name)


def anchor_files(folder: Path, *, owned: bool = True) -> tuple[tuple[Path, AnchorEntry], ...]:
    """The files that hold anchors, each with what is said of it. Raises UsageError CONFIG_..., TRUST_..."""
    there = {f.name: f for f in files_in(folder / ANCHORS)}
    said = read_entries(folder, owned=owned)
    if said is None:
        return tuple((file, AnchorEntry(name)) for name, file in there.items())
    for name in said:
        if name not in there:
            raise UsageError("CONFIG_REFERENCE", path=folder / ANCHORS_FILE, key="anchors.file", value=name)
    return tuple((there[name], entry) for name, entry in sorted(said.items()))


def unlisted(folder: Path) -> tuple[Path, ...]:
    """Files in `anchors/` that `anchors.toml` does not name, so that they vouch for nothing. Raises UsageError."""
    said = read_entries(folder)
    return () if said is None else tuple(f for f in files_in(folder / ANCHORS) if f.name not in said)


def material_files(folder: Path) -> tuple[Path, ...]:
    """The files of intermediates, CRLs and OCSP responses. Raises UsageError TRUST_FILE_UNREADABLE."""
    return tuple(file for name in MATERIAL for file in files_in(folder / name))


def files_in(folder: Path) -> tuple[Path, ...]:
    """The files in a folder by name, hidden ones and subfolders left out. Raises UsageError TRUST_FILE_UNREADABLE."""
    try:
        return tuple(sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith(".")))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError:
        raise UsageError("TRUST_FILE_UNREADABLE", source=folder) from None


def read_entries(folder: Path, *, owned: bool = True) -> Mapping[str, AnchorEntry] | None:
    """What `anchors.toml` says, by file; None where there is none. Raises UsageError CONFIG_..."""
    path = folder / ANCHORS_FILE
    tables = reading.load(path, required=False, owned=owned)
    if tables is None:
        return None
    top = Table(tables, str(path))
    top.take("version", int)
    found: dict[str, AnchorEntry] = {}
    for table in top.tables("anchors"):
        entry = _entry(table)
        if entry.file in found:
            raise UsageError("CONFIG_TWICE", path=path, key="anchors.file", value=entry.file)
        found[entry.file] = entry
    top.done()
    return found


def entries_text(entries: Iterable[AnchorEntry]) -> bytes:
    """The content of an `anchors.toml`; `read_entries` gives the same entries back."""
    lines = ["# The anchors of this trust folder. `eseal trust` writes this file anew.", f"version = {reading.VERSION}"]
    for entry in sorted(entries, key=lambda e: e.file):
        lines += ["", "[[anchors]]", f"file = {_quoted(entry.file)}"]
        lines.append("purposes = [" + ", ".join(_quoted(p) for p in Purpose if p in entry.purposes) + "]")
        for key, when in (("valid_from", entry.valid_from), ("valid_until", entry.valid_until)):
            if when is not None:
                lines.append(f"{key} = {rfc3339(when)}")
        if entry.name:
            lines.append(f"name = {_quoted(entry.name)}")
    return ("\n".join(lines) + "\n").encode()


def is_trust_folder(path: Path) -> bool:
    """Whether a folder is laid out as a trust folder: it says which certificates are anchors."""
    return (path / ANCHORS).is_dir() or (path / ANCHORS_FILE).is_file()


def _entry(table: Table) -> AnchorEntry:
    file: str = table.take("file", str)
    listed, purposes = table.has("purposes"), table.texts("purposes")
    if not set(purposes) <= set(Purpose) or (listed and not purposes):
        raise table.wrong("purposes", ", ".join(Purpose))
    entry = AnchorEntry(
        file,
        frozenset(Purpose(p) for p in purposes) if listed else DEFAULT_PURPOSES,
        _moment(table, "valid_from"),
        _moment(table, "valid_until"),
        table.take("name", str, ""),
    )
    table.done()
    return entry


def _moment(table: Table, key: str) -> datetime | None:
    value: datetime | None = table.take(key, datetime, None)
    if value is not None and value.tzinfo is None:
        raise table.wrong(key, "2026-01-31T12:00:00Z")
    return aware(value, key) if value is not None else None


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's; DEL alone may stand raw in the one and not in the other.
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
