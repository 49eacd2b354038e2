"""The options that say how a document is to be sealed, for every command that takes them: one `sealing.Request`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

from eseal import sealing
from eseal.cli import inputs, options, places, values
from eseal.errors import UsageError
from eseal.limits import Limits
from eseal.seals.artwork import Artwork
from eseal.seals.picture import picture as read_picture

_PICTURE = Limits(file_bytes=64_000_000)
_PLACES = tuple(f.name for f in fields(places.Asked))


def now() -> datetime:
    """The clock, with the offset of this computer, which the signature shows."""
    return datetime.now().astimezone().replace(microsecond=0)


def asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options and gives `request`, whose seal and time are still to come. Below `options.issuing`."""

    @wraps(function)
    def called(
        *args: Any,
        level: str | None,
        field: str | None,
        picture: Path | None,
        size: str | None,
        reason: str | None,
        location: str | None,
        certify: int | None,
        keep_pdfa: bool,
        **kwargs: Any,
    ) -> Any:
        given = places.Asked(**{name: kwargs.pop(name) for name in _PLACES})
        request = sealing.Request(
            at=now(),
            artwork=_artwork(picture, size),
            where=places.where(given),
            field=field,
            level=level,
            reason=reason,
            location=location,
            certify=certify,
            keep_pdfa=keep_pdfa,
        )
        return function(*args, request=request, **kwargs)

    for add in (
        options.keep_pdfa,
        options.certify,
        options.location,
        options.reason,
        options.size,
        options.picture,
        *places.OPTIONS,
        options.level,
    ):
        called = add(called)
    return called


def _artwork(picture: Path | None, size: str | None) -> Artwork | None:
    if picture is None:
        if size is not None:
            raise UsageError("CLI_SIZE_WITHOUT_PICTURE")
        return None
    width, height = values.size(size) if size is not None else (None, None)
    return read_picture(inputs.read(str(picture), _PICTURE), width_mm=width, height_mm=height)
