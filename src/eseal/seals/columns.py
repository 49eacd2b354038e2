"""Square seals: characters that fill a frame, in columns from right to left, or in rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from eseal.errors import UsageError
from eseal.seals import lettering
from eseal.seals.geometry import Box
from eseal.seals.lettering import WIDE_CELL, Cell, Lettering, Text
from eseal.seals.typeface import Typeface

GAP = 0.028
"""Space between characters, as a part of the shorter side of the seal."""
IDEAL = 0.85
"""Width to height of a character's cell that is sought for."""
NARROWEST, WIDEST = 0.48, 1.6
"""Width to height of Chinese characters beyond which they do not fill their cell any more."""
SMALLEST_MM = 1.8
"""Least side of a cell; smaller characters would not print."""
MOST_COLUMNS = 8
"""Most columns or rows."""
TURNED = set("（）()〈〉《》【】〔〕—-－–…～")
"""Punctuation that lies on its side in a column."""
FULL = WIDE_CELL[1] - WIDE_CELL[0]
"""Width of an ordinary character's cell in em."""
PUNCTUATION = 0.45
"""Height of the cell of a punctuation mark in a column, as a part of a character's."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The room for the characters, and how they run."""

    x: float
    """Left edge in millimetres."""
    y: float
    """Top edge in millimetres."""
    width: float
    """Width in millimetres."""
    height: float
    """Height in millimetres."""
    gap: float
    """Space between characters in millimetres."""
    rows: bool
    """True: rows from the top, each from left to right; False: columns from the right, each from the top."""

    @property
    def across(self) -> float:
        """Room for the columns side by side, or for the rows one below the other."""
        return self.height if self.rows else self.width

    @property
    def along(self) -> float:
        """Room for the characters of one column or row."""
        return self.width if self.rows else self.height


def fill(name: str, suffix: str, purpose: str, frame: Frame, face: Typeface, columns: int = 0) -> list[Lettering]:
    """Set `name` (a space begins a new column), `suffix` (印, 之印) and `purpose` (a column of its own) into the frame.

    `columns` is the number of columns of the name; 0: what gives the best characters. One Lettering a column or row.
    Raises UsageError SEAL_GLYPH_MISSING, SEAL_TEXT_TOO_LONG, SEAL_NO_ROOM.
    """
    words = name.split()
    texts = [lettering.text(word, face) for word in words]
    last = [lettering.text(purpose, face)] if purpose else []
    if not any(text.chinese for text in (*texts, *last)) and not suffix:
        return _alphabetic(words, purpose, frame, face)
    tail = lettering.text(suffix, face).cells if suffix else ()
    if len(texts) > 1:
        lines = [text.cells for text in texts]
        lines[-1] = (*lines[-1], *tail)
    else:
        cells = (*texts[0].cells, *tail)
        lines = _best(cells, len(tail), [text.cells for text in last], frame, columns)
    lines += [text.cells for text in last]
    band = Text((), face.face.bottom, face.face.top, True, "")
    return list(_placed(lines, band, frame))


def _alphabetic(words: Sequence[str], purpose: str, frame: Frame, face: Typeface) -> list[Lettering]:
    rows = [*words, *([purpose] if purpose else [])]
    height = (frame.height - frame.gap * (len(rows) - 1)) / len(rows)
    if height < SMALLEST_MM:
        raise UsageError("SEAL_NO_ROOM", part="owner")
    # Letters that fill a square one by one would be as high as a house.
    size = min(height, frame.width / 3)
    top, found = frame.y + (frame.height - len(rows) * size - frame.gap * (len(rows) - 1)) / 2, []
    for row in rows:
        content = lettering.text(row, face)
        middle = frame.x + frame.width / 2
        found.append(lettering.on_line(content, middle, top, size, frame.width, lettering.ALPHABETIC_LINE, "owner"))
        top += size + frame.gap
    return found


def _best(
    cells: tuple[Cell, ...], suffix: int, others: Sequence[tuple[Cell, ...]], frame: Frame, columns: int
) -> list[tuple[Cell, ...]]:
    """The name in as many columns as give the best characters beside the `others`."""
    most = min(len(cells), MOST_COLUMNS)
    choices = [columns] if columns else range(1, most + 1)
    if columns > most:
        raise UsageError("SEAL_NO_ROOM", part="columns")
    divided = [_divided(cells, suffix, count) for count in choices]
    return min(divided, key=lambda lines: _cost([*lines, *others], frame))


def _divided(cells: tuple[Cell, ...], suffix: int, count: int) -> list[tuple[Cell, ...]]:
    """`cells` in `count` columns as equal as can be.

    A surname stands alone before a given name of two, and a suffix alone where that leaves the columns equal; else the
    last column is the shorter one, as in the names of bodies.
    """
    total = len(cells)
    if count == 2 and suffix and abs(total - 2 * suffix) <= 1:
        sizes = [total - suffix, suffix]
    else:
        small, more = divmod(total, count)
        sizes = [small + 1] * more + [small] * (count - more)
        if total == 3 or suffix:
            sizes.reverse()
    ends = [0, *accumulate(sizes)]
    return [cells[start:end] for start, end in pairwise(ends)]


def _cost(lines: Sequence[tuple[Cell, ...]], frame: Frame) -> float:
    """How far the cells are from the ideal, and the columns from each other."""
    width = _share(frame.across, len(lines), frame.gap)
    total, sizes = 0.0, []
    for line in lines:
        size = _share(frame.along, _units(line, frame), frame.gap)
        aspect = size / width if frame.rows else width / size
        total += len(line) * math.log(aspect / IDEAL) ** 2
        sizes.append(len(line))
    return total / sum(sizes) + 0.15 * (max(sizes) - min(sizes)) ** 2


def _share(room: float, parts: float, gap: float) -> float:
    return max((room - gap * (parts - 1)) / parts, 0.01)


def _units(line: Sequence[Cell], frame: Frame) -> float:
    return sum(_unit(cell, frame) for cell in line)


def _unit(cell: Cell, frame: Frame) -> float:
    return 1.0 if frame.rows or cell.glyph.char.isalnum() else PUNCTUATION


def _placed(lines: Sequence[tuple[Cell, ...]], pattern: Text, frame: Frame) -> Iterator[Lettering]:
    across = _share(frame.across, len(lines), frame.gap)
    for number, line in enumerate(lines):
        along = _share(frame.along, _units(line, frame), frame.gap)
        width, height = (along, across) if frame.rows else (across, along)
        if min(width, height) < SMALLEST_MM:
            most = int(frame.along / (SMALLEST_MM + frame.gap))
            text = "".join(cell.glyph.char for cell in line)
            raise UsageError("SEAL_TEXT_TOO_LONG", text=text, part="owner", count=len(line), most=most)
        content = _content(line, pattern)
        band, widest = content.top - content.bottom, max(FULL, *(cell.width for cell in line))
        height = min(height, width / NARROWEST, frame.height)
        ratio = min(width, height * WIDEST) / (widest * height / band)
        boxes, position = [], 0.0
        for cell in line:
            unit = _unit(cell, frame)
            step = along * unit + frame.gap * (unit - 1)
            middle = position + step / 2
            position += step + frame.gap
            if not cell.glyph.contours:
                continue
            if frame.rows:
                x, y = frame.x + middle, frame.y + number * (across + frame.gap) + across / 2
            else:
                x = frame.x + frame.width - number * (across + frame.gap) - across / 2
                y = frame.y + middle
            if not frame.rows and cell.glyph.char in TURNED:
                # On its side: its height lies across the column, its width along it.
                size = min(height, across, step * band / (cell.width * ratio))
                boxes.append(Box(x, y, cell.width * size / band * ratio, size, math.pi / 2))
            else:
                boxes.append(Box(x, y, cell.width * height / band * ratio, height, 0.0))
        yield Lettering(content, tuple(boxes), ratio, height, 0.0)


def _content(line: Sequence[Cell], pattern: Text) -> Text:
    """One column as a text: all stand in the band of Chinese characters, which letters among them may widen."""
    letters = [cell.glyph.box for cell in line if not cell.glyph.wide and cell.glyph.contours]
    bottom = min([pattern.bottom, *(box[1] for box in letters)])
    top = max([pattern.top, *(box[3] for box in letters)])
    return Text(tuple(line), bottom, top, True, "".join(cell.glyph.char for cell in line))
