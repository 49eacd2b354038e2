"""Fonts for seals: a character -> its outline and advance. The packaged Song face, or a font file of the caller's."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.pens.boundsPen import ControlBoundsPen
from fontTools.ttLib import TTFont

from eseal.errors import UsageError
from eseal.seals.artwork import Contour, Point, Segment

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SHAPED = (
    (0x0590, 0x08FF),  # Hebrew, Arabic (Uyghur, Kazakh), Syriac
    (0x0900, 0x109F),  # scripts of India, Thai, Lao, Tibetan, Myanmar
    (0x1780, 0x18AF),  # Khmer, Mongolian
    (0x1950, 0x1AAF),  # Tai Le, New Tai Lue, Tai Tham
    (0xA840, 0xA87F),  # Phags-pa
    (0xFB1D, 0xFDFF),
    (0xFE70, 0xFEFE),
)
"""Scripts whose letters change with their neighbours or run from the right; drawn one by one they would be wrong."""
LARGEST_FONT = 64_000_000
"""Largest font file taken, in bytes."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character's outline; lengths in em, y upward from the baseline."""

    char: str
    """The character."""
    contours: tuple[Contour, ...] = field(repr=False)
    """Outline, filled by the nonzero rule; empty for a space."""
    advance: float
    """Width of its cell."""
    box: tuple[float, float, float, float]
    """Left, bottom, right, top of the outline; all 0 for a space."""
    wide: bool
    """True for Chinese characters and full-width forms, which stand in square cells."""


@dataclass(frozen=True, slots=True)
class Face:
    """The square in which Chinese characters of a font stand; lengths in em."""

    bottom: float
    """Lowest ink of an ordinary character, below the baseline (negative)."""
    top: float
    """Highest ink of an ordinary character."""


class Typeface:
    """One or several fonts, asked in turn. Glyphs are cached; the object is otherwise without state."""

    def __init__(self, *fonts: bytes) -> None:
        """Read TTF or OTF files (the first font of a collection). Raises UsageError SEAL_FONT_UNREADABLE."""
        self._fonts = [_Font(data) for data in fonts]
        self._glyphs: dict[tuple[str, bool], Glyph] = {}
        self.face = self._face()
        """Where Chinese characters stand."""

    def glyphs(self, text: str) -> tuple[Glyph, ...]:
        """The glyphs of `text`, composed (NFC).

        Raises UsageError SEAL_SCRIPT_SHAPED for a script that cannot be drawn letter by letter, whatever the font, and
        SEAL_GLYPH_MISSING; each names the first character concerned.
        """
        text = unicodedata.normalize("NFC", text)
        for char in text:
            if any(first <= ord(char) <= last for first, last in _SHAPED) or unicodedata.combining(char):
                name = unicodedata.name(char, "?").split()[0].capitalize()
                raise UsageError("SEAL_SCRIPT_SHAPED", script=name, codepoint=f"U+{ord(char):04X}")
        # Quotation marks, dashes and dots are one code for two scripts: Chinese text takes the Chinese ones.
        chinese = any(is_wide(char) for char in text)
        return tuple(self._glyph(char, chinese) for char in text)

    def _glyph(self, char: str, chinese: bool) -> Glyph:
        key = (char, chinese)
        if key not in self._glyphs:
            # Controls and marks of direction are in many fonts, without an outline: nobody would see them in the seal.
            if unicodedata.category(char) in _UNSEEN:
                raise _missing(char)
            latin_first = char.isascii() or char.isalpha() or not chinese
            order = self._fonts if is_wide(char) or not latin_first else reversed(self._fonts)
            for font in order:
                if ord(char) in font.codes:
                    self._glyphs[key] = font.glyph(char)
                    break
            else:
                raise _missing(char)
        return self._glyphs[key]

    def _face(self) -> Face:
        for char in "国圆田":
            for font in self._fonts:
                if ord(char) in font.codes:
                    box = font.glyph(char).box
                    return Face(box[1], box[3])
        return Face(-0.085, 0.85)


def _missing(char: str) -> UsageError:
    return UsageError("SEAL_GLYPH_MISSING", char=visible(char), codepoint=f"U+{ord(char):04X}")


class _Font:
    def __init__(self, data: bytes) -> None:
        try:
            if len(data) > LARGEST_FONT:
                raise ValueError("too large")
            font = TTFont(io.BytesIO(data), lazy=True, fontNumber=0 if data[:4] == b"ttcf" else -1)
            self.codes: dict[int, str] = font.getBestCmap() or {}
            self._set: Any = font.getGlyphSet()
            self._em = float(font["head"].unitsPerEm)
            if not self._em > 0:
                raise ValueError("no em")
        # fontTools raises whatever its table readers stumble on (struct, assertion, key and own errors)
        except Exception as error:
            raise UsageError("SEAL_FONT_UNREADABLE") from error

    def glyph(self, char: str) -> Glyph:
        try:
            drawn = self._set[self.codes[ord(char)]]
            pen, bounds = _OutlinePen(self._set, 1 / self._em), ControlBoundsPen(self._set)
            drawn.draw(pen)
            drawn.draw(bounds)
            left, bottom, right, top = bounds.bounds or (0, 0, 0, 0)
            em = self._em
            box = (left / em, bottom / em, right / em, top / em)
            return Glyph(char, tuple(pen.contours), drawn.width / em, box, is_wide(char))
        # as above: a damaged glyph shows as any kind of error
        except Exception as error:
            raise UsageError("SEAL_FONT_UNREADABLE") from error


class _OutlinePen(BasePen):  # type: ignore[misc]  # fontTools is not typed
    """Collects closed contours, scaled to em; components are resolved by BasePen."""

    def __init__(self, glyph_set: Any, scale: float) -> None:
        super().__init__(glyph_set)
        self._scale = scale
        self._start: Point = (0.0, 0.0)
        self._segments: list[Segment] = []
        self.contours: list[Contour] = []

    def _at(self, point: tuple[float, float]) -> Point:
        return (point[0] * self._scale, point[1] * self._scale)

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self._start, self._segments = self._at(pt), []

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self._segments.append((self._at(pt),))

    def _qCurveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float]) -> None:
        self._segments.append((self._at(pt1), self._at(pt2)))

    def _curveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]) -> None:
        self._segments.append((self._at(pt1), self._at(pt2), self._at(pt3)))

    def _closePath(self) -> None:
        if self._segments:
            self.contours.append(Contour(self._start, tuple(self._segments)))

    _endPath = _closePath


def is_wide(char: str) -> bool:
    """Whether a character stands in a square cell (Unicode east Asian width wide or full)."""
    return unicodedata.east_asian_width(char) in "WF"


def visible(char: str) -> str:
    """The character itself, or its name where it would not show."""
    if char.isprintable() and not unicodedata.combining(char):
        return char
    return unicodedata.name(char, "?")


@cache
def packaged() -> Typeface:
    """Song style with Latin, Greek and Cyrillic that go with it."""
    folder = resources.files("eseal.seals") / "fonts"
    return Typeface((folder / "song.ttf").read_bytes(), (folder / "latin.ttf").read_bytes())


@lru_cache(maxsize=4)
def from_bytes(data: bytes) -> Typeface:
    """The caller's own font, alone: a mixture of faces would not look right."""
    return Typeface(data)
