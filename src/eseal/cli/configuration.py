"""What holds for a command: flags, environment, the authority's file, the user's and the system's, in this order."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from eseal import config
from eseal.config import AuthorityConfig, Layer, Resolved
from eseal.config.authority import FILE
from eseal.config.settings import SYSTEM_FILE
from eseal.errors import UsageError


def resolved(
    flags: Mapping[str, object], environ: Mapping[str, str], *, here: bool, broken: bool = False
) -> dict[str, Resolved]:
    """Every setting with its origin. With `here` the current folder's authority counts where none is named.

    With `broken` an authority's file that cannot be used says nothing; whoever asks so examines it.

    Raises UsageError CONFIG_..., CLI_AUTHORITY_NOT_YOURS.
    """
    named = _layers(flags, environ)
    found = config.resolve(named)
    folder = found["authority"].value
    if folder is None and here and Path(FILE).exists():
        check_here()
        folder = "."
        found["authority"] = Resolved("authority", folder, "folder", str(Path(FILE).absolute()))
    if folder is None:
        return found
    path = Path(str(folder)) / FILE
    try:
        own = AuthorityConfig.read(path).layer(str(path))
    except UsageError:
        if broken:
            return found
        raise
    return {**config.resolve(_layers(flags, environ, own)), "authority": found["authority"]}


def _layers(
    flags: Mapping[str, object], environ: Mapping[str, str], authority: Layer | None = None
) -> tuple[Layer, ...]:
    return config.layers(
        flags=flags,
        environ=environ,
        authority=authority,
        user=config.user_file(environ),
        system=SYSTEM_FILE,
    )


def check_here() -> None:
    """Refuse an eseal.toml in the current folder that somebody else could have put there.

    It names keys, and later modules that are run: planted, it would act in the user's name. Raises UsageError
    CLI_AUTHORITY_NOT_YOURS.
    """
    if not hasattr(os, "geteuid"):
        return
    entry, folder = Path(FILE).lstat(), Path().stat()
    mine = stat.S_ISREG(entry.st_mode) and entry.st_uid == os.geteuid() and folder.st_uid in (0, os.geteuid())
    if not mine or (entry.st_mode | folder.st_mode) & (stat.S_IWGRP | stat.S_IWOTH):
        raise UsageError("CLI_AUTHORITY_NOT_YOURS", path=Path(FILE).absolute(), folder=Path().absolute())
