"""Where a text stands among the characters of a page, however it was written there.

White space and control characters count as nothing, compatibility forms (full width, ligatures, radicals) as the plain
characters. Characters are read in the order of the content and in the order of their lines, since one word may be
painted in many runs and in any order.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eseal.documents.pdf.impressions import Hit

Box = tuple[float, float, float, float]
LONGEST = 200
"""Most characters of a text that is looked for."""
_NOTHING = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
# A gap that ends a line, in heights of a character; and how far apart the lines of upright writing may be.
_GAP, _BELOW = 4.0, 1.6
_CELL_MM = 5.0


@dataclass(frozen=True, slots=True)
class Char:
    """A character on a page."""

    text: str
    """What it says, squeezed; not empty."""
    line: Box
    """Its room in the line, as high as its font: left, top, right, bottom in mm as shown."""
    index: int
    """Where it stands in the content."""


def squeezed(text: str) -> str:
    """`text` as it is compared: compatibility forms decomposed, without white space and control characters."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if unicodedata.category(c) not in _NOTHING)


def possible(chars: Sequence[Char], key: str) -> bool:
    """Whether `key` can stand among characters of which all that it does not hold are left out."""
    return any(True for order in (chars, _by_lines(chars, math.inf)) for _ in _occurrences(order, key))


def matches(page: int, chars: Sequence[Char], key: str, box: Callable[[Char], Box]) -> list[Hit]:
    """All places of `key`, which is squeezed, from top to bottom and left to right; `box` tells what one paints."""
    seen: set[tuple[int, ...]] = set()
    cells: dict[tuple[int, int], list[Hit]] = {}
    found: list[Hit] = []
    for order in (chars, _by_lines(chars, _GAP)):
        for start, end in _occurrences(order, key):
            indexes = tuple(c.index for c in order[start:end])
            if indexes in seen:
                continue
            seen.add(indexes)
            hit = _hit(page, order[start:end], box)
            x, y = (int(v // _CELL_MM) for v in _middle(hit.first))
            # Written twice, a little apart, to look bold.
            near = (cells.get((x + i, y + j), ()) for i in (-1, 0, 1) for j in (-1, 0, 1))
            if not any(_same(hit, other) for cell in near for other in cell):
                cells.setdefault((x, y), []).append(hit)
                found.append(hit)
    return _sorted(found)


def _occurrences(chars: Sequence[Char], key: str) -> Iterable[tuple[int, int]]:
    text = "".join(c.text for c in chars)
    starts: dict[int, int] = {}
    at = 0
    for index, char in enumerate(chars):
        starts[at] = index
        at += len(char.text)
    starts[at] = len(chars)
    at = text.find(key)
    while at >= 0:
        end = at + len(key)
        # Not in the middle of a character, nor before an accent that belongs to the last one.
        if at in starts and end in starts and not (end < len(text) and unicodedata.combining(text[end])):
            yield starts[at], starts[end]
            at = text.find(key, end)
        else:
            at = text.find(key, at + 1)


def _hit(page: int, chars: Sequence[Char], box: Callable[[Char], Box]) -> Hit:
    parts: list[list[Char]] = [[chars[0]]]
    for before, char in pairwise(chars):
        if _follows(before.line, char.line):
            parts[-1].append(char)
        else:
            parts.append([char])
    longest = max(parts, key=len)
    return Hit(page, _around(map(box, longest)), box(chars[0]), box(chars[-1]))


def _follows(one: Box, other: Box) -> bool:
    """Whether a character stands behind another one in its line, or close below it as in upright writing."""
    if _share(one[1], one[3], other[1], other[3]) > 0.3:
        return True
    return _share(one[0], one[2], other[0], other[2]) > 0.5 and abs(_middle(one)[1] - _middle(other)[1]) < _BELOW * max(
        one[3] - one[1], other[3] - other[1]
    )


def _by_lines(chars: Sequence[Char], gap: float) -> list[Char]:
    """Characters from top to bottom and left to right; a gap of so many heights ends a line: columns stay apart."""
    lines: list[list[Char]] = []
    for char in sorted(chars, key=lambda c: _middle(c.line)[1]):
        # Lines come in order, so only the last few can be meant.
        for line in reversed(lines[-6:]):
            if _share(line[0].line[1], line[0].line[3], char.line[1], char.line[3]) > 0.5:
                line.append(char)
                break
        else:
            lines.append([char])
    pieces: list[list[Char]] = []
    for line in lines:
        line.sort(key=lambda c: c.line[0])
        pieces.append([line[0]])
        for before, char in pairwise(line):
            if char.line[0] - before.line[2] > gap * (char.line[3] - char.line[1]):
                pieces.append([])
            pieces[-1].append(char)
    # What no text can hold keeps pieces apart.
    end = Char("\0", (0.0, 0.0, 0.0, 0.0), -1)
    return [char for piece in pieces for char in (*piece, end)]


def _sorted(hits: list[Hit]) -> list[Hit]:
    """From top to bottom; those whose middles lie within one line from left to right."""
    rows: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda h: _middle(h.box)[1]):
        if rows and _middle(hit.box)[1] < rows[-1][0].box[3]:
            rows[-1].append(hit)
        else:
            rows.append([hit])
    return [hit for row in rows for hit in sorted(row, key=lambda h: h.box[0])]


def _same(one: Hit, other: Hit) -> bool:
    return all(_near(a, b) for a, b in ((one.first, other.first), (one.last, other.last)))


def _near(one: Box, other: Box) -> bool:
    return _share(one[0], one[2], other[0], other[2]) > 0.5 and _share(one[1], one[3], other[1], other[3]) > 0.5


def _share(a0: float, a1: float, b0: float, b1: float) -> float:
    """How much of the shorter of two spans lies in the other."""
    shorter = min(a1 - a0, b1 - b0)
    common = min(a1, b1) - max(a0, b0)
    return common / shorter if shorter > 0 else float(common >= 0)


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _around(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
