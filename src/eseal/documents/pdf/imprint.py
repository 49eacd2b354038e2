"""Draws a seal's further impressions into pages, in the revision that its signature covers.

ISO 32000-2 12.7.5.5 wants one widget for a signature field, so all impressions but the first are page content. The old
content is put between q and Q, with what it leaves open closed and what it closes too often left out, so that nothing
in it can move, clip, colour or hide what is drawn behind it. An object that another page may share is never changed:
pages get contents and resources of their own. The picture is one form XObject, however often it shows.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from eseal.crypto.algorithms import hasher
from eseal.documents.pdf.content import balance
from eseal.documents.pdf.entering import Changes, ref_bytes
from eseal.documents.pdf.impressions import Impression
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Dict, Ref
from eseal.documents.pdf.placement import POINTS_PER_MM, Matrix, Rect, covering, upright
from eseal.documents.pdf.source import Page, Part, Source
from eseal.documents.pdf.syntax import edited, number
from eseal.documents.straddling import Strip
from eseal.errors import DocumentError, UsageError

_BEFORE = b"q\n"
RESOURCE = re.compile(r"Seal[0-9a-f]{24}")
"""What a drawn picture is called among a page's resources."""
_RESOURCES_OF_PAGE = ("Contents", "Resources")


def resource_name(source: Source) -> str:
    """A resource name that old content cannot have foreseen: it would show the picture wherever it likes."""
    state = hasher("sha256")
    for part in source.parts:
        state.update(part)
    return "Seal" + bytes(state.digest())[:12].hex()


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is expected of one page."""

    page: Ref
    """The page."""
    contents: tuple[Ref, ...]
    """Its content streams."""
    before: bytes
    """The first of them."""
    behind: bytes
    """The last of them."""
    name: str
    """Resource name of the picture."""
    picture: Ref
    """The picture."""


class Imprint:
    """Draws one picture into any number of pages."""

    def __init__(self, update: Update, picture: Ref, size: tuple[float, float]) -> None:
        """`size` is the picture's in points."""
        self.source: Source = update.source
        self.update = update
        self.picture = picture
        self.size = size
        self.name = resource_name(update.source)
        self._before: Ref | None = None
        # Resources that several pages share become one new object, which they share again.
        self._resources: dict[Ref, bytes] = {}

    def draw(self, shown: Sequence[Impression], changes: Changes) -> tuple[Drawn, ...]:
        """Draw every impression; what changes in the pages' dictionaries is put into `changes`.

        Raises DocumentError SEAL_PAGE_CONTENT, SEAL_DOCUMENT_BROKEN, PDF_... where a page's old content cannot be
        wrapped, and UsageError PLACE_UNDER_ANNOTATION.
        """
        pages: dict[Ref, list[Impression]] = {}
        for one in shown:
            if one.place.page.part.ref is None:
                raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Page")
            kind = covering(self.source, one.place.page, one.place.rect)
            if kind is not None:
                raise UsageError("PLACE_UNDER_ANNOTATION", page=one.number, kind=kind)
            pages.setdefault(one.place.page.part.ref, []).append(one)
        return tuple(self._page(ref, ones, changes.setdefault(ref, {})) for ref, ones in pages.items())

    def _page(self, ref: Ref, shown: list[Impression], entries: dict[str, bytes]) -> Drawn:
        page = shown[0].place.page
        for key in _RESOURCES_OF_PAGE:
            if page.part.value.count(key) > 1:
                raise DocumentError("SEAL_DOCUMENT_BROKEN", what=f"/Page /{key}")
        old, closing = self._old_content(page, shown[0].number)
        behind = b"\n" + closing + b" Q\n" + b"".join(self._operators(one) for one in shown)
        if self._before is None:
            self._before = self._stream(_BEFORE)
        contents = (self._before, *old, self._stream(behind))
        entries["Contents"] = b"[" + b" ".join(map(ref_bytes, contents)) + b"]"
        entries["Resources"] = self._with_picture(page)
        return Drawn(ref, contents, _BEFORE, behind, self.name, self.picture)

    def _operators(self, one: Impression) -> bytes:
        box, clip = (0.0, 0.0, *self.size), b""
        if one.strip is not None:
            box = strip_box(one.strip, self.size)
            clip = _reals(box[0], box[1], box[2] - box[0], box[3] - box[1]) + b" re W n "
        matrix = fitting(box, one.place.rect, one.place.rotate)
        # 14.8.2.2: what is drawn belongs to no element of the structure.
        return b"/Artifact BMC q " + _reals(*matrix) + b" cm " + clip + b"/%b Do Q EMC\n" % self.name.encode()

    def _old_content(self, page: Page, number: int) -> tuple[list[Ref], bytes]:
        """The page's streams without surplus Q operators, and the operators that close what they leave open."""
        refs: list[Ref] = []
        texts: list[bytes] = []
        for item in self._items(page):
            text = self.source.stream(item) if isinstance(item, Ref) else None
            if text is None:
                # 7.3.10: null, or nothing at all, is no content.
                if self.source.resolve(item) is None:
                    continue
                raise DocumentError("SEAL_PAGE_CONTENT", what="/Contents", offset=0, page=number)
            assert isinstance(item, Ref)
            refs.append(item)
            texts.append(text)
        try:
            state = balance(b"\n".join(texts))
        except DocumentError as error:
            raise DocumentError(error.code, **error.params, page=str(number)) from error
        start = 0
        for index, text in enumerate(texts):
            inside = [at - start for at in state.surplus if start <= at < start + len(text)]
            start += len(text) + 1
            if inside:
                clean = bytearray(text)
                for at in inside:
                    clean[at] = 0x20
                refs[index] = self._stream(bytes(clean))
        return refs, state.closing

    def _items(self, page: Page) -> list[object]:
        """The references of /Contents (7.7.3.3): a stream, an array of streams, or nothing."""
        value = page.part.value.get("Contents")
        target = self.source.resolve(value)
        if isinstance(target, list):
            return list(target)
        return [] if target is None else [value]

    def _with_picture(self, page: Page) -> bytes:
        """The value of /Resources with the picture in it."""
        holder = page.part if page.part.value.get("Resources") is not None else page.above
        old = self.source.part(holder, "Resources") if holder is not None else None
        if old is None:
            return b"<< /XObject " + self._pictures(None) + b" >>"
        if not isinstance(old.value, Dict) or old.value.count("XObject") > 1:
            raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Resources")
        shared = old.ref or (holder.ref if holder is not None and holder is not page.part else None)
        if shared is not None and shared in self._resources:
            return self._resources[shared]
        pictures = self.source.part(old, "XObject")
        made = edited(old.text, old.value, {"XObject": self._pictures(pictures)})
        if shared is None:
            return made
        self._resources[shared] = ref_bytes(self.update.add(made))
        return self._resources[shared]

    def _pictures(self, old: Part | None) -> bytes:
        entry = {self.name: ref_bytes(self.picture)}
        if old is None:
            return b"<< /%b %b >>" % (self.name.encode(), entry[self.name])
        if not isinstance(old.value, Dict) or old.value.count(self.name):
            raise DocumentError("SEAL_DOCUMENT_BROKEN", what="/Resources /XObject")
        return edited(old.text, old.value, entry)

    def _stream(self, content: bytes) -> Ref:
        packed = zlib.compress(content, 9)
        if len(packed) + 20 < len(content):
            return self.update.add(_stream(packed, b"/Filter /FlateDecode "))
        return self.update.add(_stream(content, b""))


def is_drawn(source: Source, drawn: Drawn) -> bool:
    """Whether a page shows what was drawn into it, in the document as it is read back."""
    page = source.object(drawn.page)
    if page is None or not isinstance(page.value, Dict):
        return False
    resources = source.dictionary(page, "Resources")
    pictures = source.dictionary(resources, "XObject") if resources is not None else None
    return (
        page.value.get("Contents") == list(drawn.contents)
        and source.stream(drawn.contents[0]) == drawn.before
        and source.stream(drawn.contents[-1]) == drawn.behind
        and pictures is not None
        and pictures.value.count(drawn.name) == 1
        and pictures.value.get(drawn.name) == drawn.picture
        and source.stream(drawn.picture) is not None
    )


def strip_box(strip: Strip, size: tuple[float, float]) -> Rect:
    """A strip in the space of the picture, whose size is in points: left, bottom, right, top."""
    left, top, right, bottom = (v * POINTS_PER_MM for v in (strip.left, strip.top, strip.right, strip.bottom))
    return left, max(size[1] - bottom, 0.0), min(right, size[0]), size[1] - top


def fitting(box: Rect, rect: Rect, rotate: int) -> Matrix:
    """The matrix that brings `box` of the picture onto `rect` of a page turned by `rotate`, upright as shown."""
    width, height = box[2] - box[0], box[3] - box[1]
    a, b, c, d, e, f = upright(rotate, width, height)
    across, down = (height, width) if rotate in (90, 270) else (width, height)
    sx, sy = (rect[2] - rect[0]) / across, (rect[3] - rect[1]) / down
    # First the box to the origin, then upright, then to the size of the rectangle, then to its place.
    e, f = e - a * box[0] - c * box[1], f - b * box[0] - d * box[1]
    return a * sx, b * sy, c * sx, d * sy, e * sx + rect[0], f * sy + rect[1]


def _reals(*values: float) -> bytes:
    return b" ".join(number(v, 6) for v in values)


def _stream(body: bytes, extra: bytes) -> bytes:
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (extra, len(body), body)
