"""Makes the fonts in src/eseal/seals/fonts again, byte for byte, from the two npm packages named below.

Needs npm and fontTools. `npm pack` asks whatever registry npm is set up with.

    python scripts/make_fonts.py [SCRATCH_FOLDER]
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).resolve().parent.parent / "src" / "eseal" / "seals" / "fonts"
SONG = ("@expo-google-fonts/noto-serif-sc@0.4.3", "600SemiBold/NotoSerifSC_600SemiBold.ttf", "song.ttf")
LATIN = ("@expo-google-fonts/noto-serif@0.4.2", "600SemiBold/NotoSerif_600SemiBold.ttf", "latin.ttf")


def gb2312() -> set[int]:
    """Every character of GB 2312-1980, and the zero (U+3007), dots, dashes and full-width forms that names use."""
    found = {0xB7, 0x2014, 0x2022, 0x3007, *range(0xFF01, 0xFF5F), *range(0x3000, 0x3018)}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def latin() -> set[int]:
    """Latin with its extensions, Greek, Cyrillic, punctuation, currency. No combining marks: text is composed (NFC)."""
    blocks = [(0x20, 0x24F), (0x370, 0x52F), (0x1E00, 0x1FFF), (0x2010, 0x205E), (0x20A0, 0x20BF), (0x2100, 0x2122)]
    return {code for first, last in blocks for code in range(first, last + 1)}


def unpack(package: str, member: str, scratch: Path) -> Path:
    """Fetch a package with npm and take one font out of it."""
    done = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(scratch), package],
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(scratch / done.stdout.strip().splitlines()[-1]) as archive:
        archive.extract(f"package/{member}", scratch, filter="data")
    return scratch / "package" / member


def make(source: Path, codes: set[int], target: Path) -> None:
    """Keep the outlines of `codes` and nothing else: no hinting, no layout tables."""
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "DSIG", "STAT", "VORG", "vhea", "vmtx", "meta", "gasp"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.glyph_names = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    font = TTFont(source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.save(target)
    print(f"{target.name}: {len(font.getBestCmap())} characters, {target.stat().st_size} bytes")


def main() -> None:
    """Make both fonts."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        for (package, member, name), codes in ((SONG, gb2312()), (LATIN, latin())):
            make(unpack(package, member, scratch), codes, TARGET / name)


if __name__ == "__main__":
    main()
