"""Where the documents of a command go."""

from __future__ import annotations

from pathlib import Path

from eseal.cli import inputs
from eseal.errors import UsageError


def targets_of(names: tuple[str, ...], out: Path) -> list[Path | None]:
    """Where each input goes: a file, a folder, or standard output (None). Raises UsageError CLI_OUTPUT_..."""
    if str(out) == inputs.STDIN:
        if len(names) > 1:
            raise UsageError("CLI_OUTPUT_FOLDER", count=len(names), output=out)
        return [None]
    folder = out.is_dir()
    if len(names) == 1 and not folder:
        return [out]
    if not folder:
        raise UsageError("CLI_OUTPUT_FOLDER", count=len(names), output=out)
    found: dict[Path, str] = {}
    for name in names:
        target = out / ("stdin.pdf" if name == inputs.STDIN else Path(name).name)
        if target in found:
            raise UsageError("CLI_OUTPUT_TWICE", first=found[target], second=name, path=target)
        found[target] = name
    return list(found)
