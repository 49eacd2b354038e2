"""Pictures of pages as they will be: one file for one page, numbered files for several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eseal import files
from eseal.cli import output
from eseal.cli.settings import Settings
from eseal.errors import UsageError
from eseal.report.escape import terminal
from eseal.report.json import SCHEMA

DPI = 144
"""Resolution of the pictures."""


def check_name(path: Path) -> None:
    """Refuse a name that promises another kind of file. Raises UsageError CLI_PREVIEW_KIND."""
    if path.suffix.lower() != ".png":
        raise UsageError("CLI_PREVIEW_KIND", path=path)


def write(path: Path, pictures: Sequence[tuple[int, bytes]], *, force: bool) -> list[tuple[int, Path]]:
    """Write PNGs; the page number joins the name where there are several. All names are free before any is used.

    Raises what `files.write` raises.
    """
    alone = len(pictures) == 1
    named = [(page, path if alone else path.with_stem(f"{path.stem}-{page}"), png) for page, png in pictures]
    for _, target, _ in named:
        files.refuse_existing(target, force=force)
    for _, target, png in named:
        files.write(target, png, force=force)
    return [(page, target) for page, target, _ in named]


def say(name: str, written: Sequence[tuple[int, Path]], settings: Settings) -> None:
    """Print the pictures' names, or one JSON object."""
    if settings.json:
        pages = [{"page": page, "picture": str(target)} for page, target in written]
        indent = 2 if settings.format == "json" else None
        output.result_json({"schema": SCHEMA, "preview": {"file": name, "pages": pages}}, indent=indent)
    elif settings.verbosity >= 0:
        for _, target in written:
            output.result(terminal(str(target)))
