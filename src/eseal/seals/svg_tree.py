"""Reads XML safely into a small tree: no document type, no entities, bounded in size, number and depth."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from eseal.errors import UsageError

SVG = "http://www.w3.org/2000/svg"
LARGEST_BYTES = 5_000_000
"""Largest SVG file taken, in bytes."""
MOST_ELEMENTS = 50_000
"""Most elements in one file."""
DEEPEST = 64
"""Deepest nesting of elements."""


@dataclass(slots=True)
class Element:
    """One element of SVG's own namespace, or of none."""

    name: str
    """Local name."""
    attributes: dict[str, str]
    """Attributes without a namespace."""
    children: list[Element] = field(default_factory=list)
    """Child elements of SVG, in order; foreign ones (metadata of editors) are left out."""


def parse(data: bytes) -> Element:
    """The root element. Raises UsageError SEAL_SVG_UNREADABLE, SEAL_SVG_ELEMENT, SEAL_PICTURE_TOO_LARGE."""
    if len(data) > LARGEST_BYTES:
        raise UsageError("SEAL_PICTURE_TOO_LARGE", what=f"{len(data) / 1e6:.1f} MB", most=f"{LARGEST_BYTES / 1e6:g} MB")
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UsageError("SEAL_SVG_UNREADABLE", reason=str(error)) from error
    if builder.root is None or builder.root.name != "svg":
        raise UsageError("SEAL_SVG_UNREADABLE", reason="svg")
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._stack: list[Element | None] = []
        self._count = 0

    def doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        # A plain doctype of old drawing programs declares nothing; an internal subset could declare entities.
        if internal:
            raise UsageError("SEAL_SVG_ELEMENT", what="<!DOCTYPE [...]>")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._stack) >= DEEPEST:
            raise UsageError("SEAL_PICTURE_TOO_LARGE", what=f"{self._count} elements", most=f"{MOST_ELEMENTS}")
        space, _, local = name.rpartition(" ")
        parent = self._stack[-1] if self._stack else None
        if space not in ("", SVG) or (self._stack and parent is None):
            self._stack.append(None)
            return
        element = Element(local, {key: value for key, value in attributes.items() if " " not in key})
        if parent is not None:
            parent.children.append(element)
        elif self.root is None:
            self.root = element
        self._stack.append(element)

    def end(self, name: str) -> None:
        self._stack.pop()
