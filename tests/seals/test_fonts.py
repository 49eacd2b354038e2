"""The packaged fonts hold what they promise, and their licence lies beside them."""

from __future__ import annotations

import io
import re
import unicodedata
from importlib import resources
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import eseal.seals
from eseal import messages
from eseal.errors import UsageError
from eseal.seals import typeface

FOLDER = resources.files("eseal.seals") / "fonts"


def test_every_character_of_gb2312_has_an_outline() -> None:
    found = 0
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                char = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            (glyph,) = typeface.packaged().glyphs(char)
            assert glyph.contours, char
            assert glyph.wide
            found += 1
    assert found == 6763


@pytest.mark.parametrize(
    ("first", "last"), [(0x20, 0x7E), (0xA1, 0x17F), (0x391, 0x3C9), (0x400, 0x45F), (0x1E00, 0x1EF9), (0xFF01, 0xFF5E)]
)
def test_other_scripts_are_there(first: int, last: int) -> None:
    for code in range(first, last + 1):
        char = chr(code)
        if unicodedata.category(char)[0] in "LNP" and unicodedata.normalize("NFC", char) == char:
            assert typeface.packaged().glyphs(char)[0].contours, hex(code)


def test_marks_that_two_scripts_share_follow_the_text() -> None:
    wide = typeface.packaged().glyphs("“杭州”")[0]
    narrow = typeface.packaged().glyphs("“Łódź”")[0]
    assert wide.advance == 1.0
    assert narrow.advance < 0.6


def test_fonts_are_small_without_hinting_and_under_an_open_licence() -> None:
    sizes = 0
    for name in ("song.ttf", "latin.ttf"):
        data = (FOLDER / name).read_bytes()
        sizes += len(data)
        font = TTFont(io.BytesIO(data))
        assert not {"fpgm", "prep", "cvt ", "GSUB", "GPOS"} & set(font.keys())
        assert "SIL Open Font License" in font["name"].getDebugName(13)
        assert font["name"].getDebugName(0) in (FOLDER / "OFL.txt").read_text(encoding="utf-8")
    assert sizes < 3_500_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "OFL.txt").read_text(encoding="utf-8")


def test_a_character_that_does_not_show_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        typeface.packaged().glyphs("a\u202eb")
    assert caught.value.params == {"char": "RIGHT-TO-LEFT OVERRIDE", "codepoint": "U+202E"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_code_raised_here_has_its_sentence(lang: str) -> None:
    folder = Path(next(iter(eseal.seals.__path__)))
    source = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py")))
    codes = set(re.findall(r'"(SEAL_[A-Z_]+)"', source))
    assert len(codes) > 20
    for code in codes:
        assert messages.catalogue(lang)[code]["message"]
    calls = re.findall(r'Error\(\s*"(SEAL_[A-Z_]+)"((?:[^()]|\([^()]*\))*)\)', source)
    for code, arguments in calls:
        entry = messages.catalogue(lang)[code]
        wanted = set(re.findall(r"\{(\w+)\}", entry["message"] + entry.get("hint", "")))
        assert wanted <= set(re.findall(r"(\w+)=", arguments)), code
