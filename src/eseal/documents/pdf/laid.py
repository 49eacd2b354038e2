"""What is expected of a document that is being sealed, once its objects are laid out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from eseal.crypto import algorithms
from eseal.documents.pdf.form import read_form
from eseal.documents.pdf.imprint import Drawn
from eseal.documents.pdf.placement import Place
from eseal.documents.pdf.scan import scan
from eseal.documents.pdf.source import Source
from eseal.limits import DEFAULT, Limits


@dataclass(frozen=True, slots=True)
class Laid:
    """The document before, and what the seal adds to it."""

    source: Source
    """The document as it was."""
    field: str
    """Name of the signature field."""
    names: frozenset[str]
    """Names of the fields that were there before."""
    place: Place | None
    """Where the field shows; None where it does not, or where that is not known any more."""
    _hashed: dict[str, Any] = dataclasses.field(repr=False, default_factory=dict, compare=False)
    drawn: tuple[Drawn, ...] = ()
    """What is drawn into pages beside the field."""

    def hashed(self, digest: str) -> Any:
        """A hash object over the document as it was, copied from one that is computed once."""
        if digest not in self._hashed:
            state = algorithms.hasher(digest)
            for part in self.source.parts:
                state.update(part)
            self._hashed[digest] = state
        return self._hashed[digest].copy()

    def before(self, source: Source) -> Laid:
        """Where one more section is to follow on what `source` holds now; what is hashed is not hashed again."""
        hashed = {}
        for name in self._hashed:
            hashed[name] = self.hashed(name)
            for part in source.parts[len(self.source.parts) :]:
                hashed[name].update(part)
        return Laid(source, "", frozenset(), None, hashed)


def laid_again(data: bytes, name: str, limits: Limits = DEFAULT) -> Laid:
    """The same from the document alone, for a seal that was stored: where it shows is not known any more.

    Raises DocumentError PDF_...
    """
    source = Source(scan(data, limits))
    return Laid(source, name, read_form(source).names, None)
