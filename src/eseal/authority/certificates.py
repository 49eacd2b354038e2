"""The certificates that an authority keeps beside its keys: known without a password, a token or a request."""

from __future__ import annotations

from pathlib import Path

from eseal.config import KeyEntry
from eseal.config.authority import located
from eseal.errors import Error
from eseal.keys.files import read_certificate_file
from eseal.keys.matching import leaf_first
from eseal.model import Certificate


def certificates_of(entry: KeyEntry, folder: Path) -> tuple[Certificate, ...]:
    """The entry's certificate and those above it, from its file, or from the key's own where that is PEM.

    Nothing is opened; empty where they cannot be read without.
    """
    place = folder / entry.certificate if entry.certificate else Path(located(entry.uri, folder).partition(":")[2])
    try:
        return leaf_first(read_certificate_file(place))
    except Error:
        return ()
