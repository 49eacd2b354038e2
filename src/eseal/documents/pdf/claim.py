"""Which part of PDF/A a document claims in its metadata (ISO 19005-1 6.7.11), read without trusting it."""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.source import Source
from eseal.errors import DocumentError

_ID = "http://www.aiim.org/pdfa/ns/id/"
_MOST_BYTES = 4_000_000
_MOST_DEPTH = 64
_MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """What a document says it conforms to."""

    part: int
    """Part of ISO 19005."""
    conformance: str
    """"A", "B", "U", "E", "F" or empty."""

    @property
    def name(self) -> str:
        """As people write it: PDF/A-2b."""
        return f"PDF/A-{self.part}{self.conformance.lower()}"


def read_claim(source: Source) -> Claim | None:
    """What the document claims; None where it claims nothing. Raises DocumentError PDFA_METADATA."""
    ref = source.root.value.get("Metadata")
    packet = source.stream(ref) if isinstance(ref, Ref) else None
    if packet is None:
        return None
    if len(packet) > _MOST_BYTES:
        raise DocumentError("PDFA_METADATA", why=f"{len(packet)} bytes")
    found = _Properties().read(packet)
    part = found.get("part", "").strip()
    if not part:
        return None
    if part not in ("1", "2", "3", "4"):
        raise DocumentError("PDFA_METADATA", why=f"pdfaid:part {part[:20]}")
    return Claim(int(part), found.get("conformance", "").strip().upper()[:1])


class _Properties:
    """The pdfaid properties of an XMP packet, as elements or attributes; nothing else is kept."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.depth = 0
        self.key: str | None = None

    def read(self, packet: bytes) -> dict[str, str]:
        """Raises DocumentError PDFA_METADATA: not XML, or XML that means more than it shows."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        # Entities can grow without bound or reach for other files, and XMP has no use for a document type.
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(packet, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise DocumentError("PDFA_METADATA", why=str(error)[:_MOST_TEXT]) from error
        return self.found

    def _refuse(self, *_: object) -> None:
        raise ValueError("DOCTYPE")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise ValueError("depth")
        for key, value in attributes.items():
            if key.startswith(_ID + " "):
                self._keep(key.removeprefix(_ID + " "), value)
        self.key = name.removeprefix(_ID + " ") if name.startswith(_ID + " ") else None
        if self.key is not None:
            self._keep(self.key, "")

    def _keep(self, key: str, value: str) -> None:
        if self.found.get(key):
            # Two answers: which of them counts is a matter of the reader.
            raise ValueError(f"pdfaid:{key} twice")
        self.found[key] = value[:_MOST_TEXT]

    def _text(self, text: str) -> None:
        if self.key is not None:
            self.found[self.key] = (self.found[self.key] + text)[:_MOST_TEXT]

    def _end(self, _: str) -> None:
        self.depth -= 1
        self.key = None
