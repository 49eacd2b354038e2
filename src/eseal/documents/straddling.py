"""How a seal over the edges of the pages (骑缝章) is cut: which pages share a picture, and which strip each one shows.

The pages lie one on the other, the first on top, pulled apart a little towards the sealed edge: on the right edge page
1 shows the leftmost strip, on the left edge the rightmost, on the lower edge the uppermost.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from eseal.errors import UsageError
from eseal.model import SIDES, Straddle

NARROWEST_MM = 3.0
"""Narrowest strip where nobody says how many pages share a picture."""
SMALLEST_MM = 0.5
"""Narrowest strip that is made at all."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A part of a picture, in millimetres from its left and top edge."""

    left: float
    """Left edge."""
    top: float
    """Top edge."""
    right: float
    """Right edge."""
    bottom: float
    """Bottom edge."""


def groups(pages: tuple[int, ...], across: float, group: int) -> list[tuple[int, ...]]:
    """Pages that share a picture which is `across` mm wide (on the lower edge: high), `group` at most (0: by width).

    A page left over joins the last group. Raises UsageError PLACE_STRADDLE_SINGLE, PLACE_STRADDLE_GROUP.
    """
    if len(pages) < 2:
        raise UsageError("PLACE_STRADDLE_SINGLE")
    most = int(across / SMALLEST_MM) - 1
    if group < 0 or group == 1 or group > most:
        raise UsageError("PLACE_STRADDLE_GROUP", group=group, most=most)
    size = group or max(2, int(across / NARROWEST_MM))
    cut = [pages[i : i + size] for i in range(0, len(pages), size)]
    if len(cut[-1]) == 1:
        cut[-2:] = [cut[-2] + cut[-1]]
    return cut


def strips(side: str, count: int, width: float, height: float) -> list[Strip]:
    """The strips of a picture of `width` x `height` mm, for `count` pages in their order; they tile it exactly."""
    across = height if side == "bottom" else width
    cuts = [across * i / count for i in range(count)] + [across]
    pairs = list(pairwise(cuts))
    if side == "bottom":
        return [Strip(0.0, start, width, end) for start, end in pairs]
    if side == "left":
        pairs.reverse()
    return [Strip(start, 0.0, end, height) for start, end in pairs]


def side(straddle: Straddle) -> str:
    """The edge. Raises UsageError PLACE_STRADDLE_SIDE."""
    if straddle.side not in SIDES:
        raise UsageError("PLACE_STRADDLE_SIDE", side=straddle.side, known=", ".join(SIDES))
    return straddle.side


def corner(side: str, strip: Strip, page: tuple[float, float], offset: float) -> tuple[float, float]:
    """Where a strip stands on a page of `page` (width, height) mm: its left and top, `offset` mm along the edge."""
    width, height = page
    if side == "bottom":
        return offset, height - (strip.bottom - strip.top)
    return (0.0 if side == "left" else width - (strip.right - strip.left)), offset
