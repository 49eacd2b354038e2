"""Shared by the tests of seals."""

from __future__ import annotations

import io
from importlib import resources

import pytest
from fontTools import subset
from fontTools.ttLib import TTFont


@pytest.fixture(scope="session")
def own_font() -> bytes:
    """A font with three characters alone, their outlines shifted so that it can be told from the packaged one."""
    data = (resources.files("eseal.seals") / "fonts" / "song.ttf").read_bytes()
    font = TTFont(io.BytesIO(data))
    subsetter = subset.Subsetter()
    subsetter.populate(text="示范局")
    subsetter.subset(font)
    glyphs = font["glyf"]
    for name in font.getGlyphOrder():
        glyph = glyphs[name]
        if glyph.numberOfContours > 0:
            glyph.coordinates.translate((0, 150))
            glyph.recalcBounds(glyphs)
    font["cmap"].tables = [t for t in font["cmap"].tables if t.isUnicode()]
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
