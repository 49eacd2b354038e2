"""What a drawn seal is described by, in millimetres, and the usual kinds of seal as presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from eseal.errors import UsageError
from eseal.seals.artwork import Artwork, Colour

LARGEST_SEAL_MM = 120.0
"""Longest side of a drawn seal; the largest known in use measures 60 mm."""
LONGEST_TEXT = 200
"""Most characters in one text of a seal."""


class SealShape(StrEnum):
    """Outline of a seal."""

    ROUND = "round"
    """A circle; an official or company seal."""
    OVAL = "oval"
    """An ellipse, such as an invoice seal."""
    RECTANGLE = "rectangle"
    """A box with lines of text: owner, time, purpose."""
    SQUARE = "square"
    """A frame that its characters fill, in columns or rows; a finance seal, or a person's."""


class Centre(StrEnum):
    """What stands in the middle."""

    STAR = "star"
    """A five-pointed star."""
    EMBLEM = "emblem"
    """The owner's own picture."""
    BLANK = "blank"
    """Nothing, or a line of text."""


class Writing(StrEnum):
    """How the characters of a square seal run."""

    COLUMNS = "columns"
    """In columns from right to left, each from the top."""
    ROWS = "rows"
    """In rows from the top, each from left to right."""


class Relief(StrEnum):
    """What of a square seal takes the ink."""

    RAISED = "raised"
    """阳文 (朱文): the characters and the frame are printed."""
    CUT = "cut"
    """阴文 (白文): all but the characters is printed; they stay white."""


class Ink(StrEnum):
    """Colour of a seal."""

    RED = "red"
    """Official and company seals."""
    BLUE = "blue"
    """Received and business stamps."""
    BLACK = "black"
    """For print in one colour."""

    @property
    def colour(self) -> Colour:
        """The colour in sRGB."""
        return _INKS[self]


_INKS = {Ink.RED: Colour(0xE0, 0x10, 0x18), Ink.BLUE: Colour(0x10, 0x38, 0xA8), Ink.BLACK: Colour(0, 0, 0)}


@dataclass(frozen=True, slots=True)
class SealSpec:
    """A seal to draw. All lengths in millimetres. `preset` fills in the usual figures."""

    owner: str
    """Legal name of the body or person: the upper arc, the first line of a rectangle, or what fills a square, where a
    space begins a new column."""
    shape: SealShape = SealShape.ROUND
    """Outline."""
    width_mm: float = 40.0
    """Outer width, border included."""
    height_mm: float = 40.0
    """Outer height; equal to the width for round seals."""
    centre: Centre = Centre.STAR
    """What stands in the middle of round and oval seals."""
    emblem: Artwork | None = None
    """The picture for Centre.EMBLEM, kept in its own colours and proportions."""
    line: str = ""
    """Straight lower line: a purpose such as 合同专用章, or a department under the star; a square's last column."""
    middle: str = ""
    """Straight line through a blank centre, such as a tax number on an invoice seal."""
    time: str = ""
    """Second line of a rectangle, such as a date."""
    serial: str = ""
    """Small straight line under the lower line, such as (1) on an invoice seal."""
    code: str = ""
    """Code number along the lower inner edge, read from inside."""
    second: str = ""
    """The owner's name in a second language: along the lower inner edge, in place of a code."""
    suffix: str = ""
    """What follows the name in a square seal: 印 or 之印."""
    writing: Writing = Writing.COLUMNS
    """How the characters of a square run."""
    columns: int = 0
    """Columns (or rows) that the name fills in a square; 0: what gives the best characters."""
    relief: Relief = Relief.RAISED
    """What of a square takes the ink."""
    ink: Ink = Ink.RED
    """Colour of all that is drawn; an emblem keeps its own."""
    border_mm: float = 1.2
    """Width of the border; 0 for none."""
    inner_border_mm: float = 0.0
    """Width of a second border inside the first; 0 for none."""
    inner_border_gap_mm: float = 0.7
    """Space between the two borders."""
    emblem_mm: float = 13.0
    """Diameter of the circle that the star's points or the emblem's corners lie on."""
    arc_text_mm: float = 6.5
    """Height of the characters on the upper arc."""
    arc_gap_mm: float = 0.9
    """Space between the innermost border and the characters."""
    arc_usual_deg: float = 250.0
    """Angle that the upper arc spans when it is full."""
    arc_largest_deg: float = 270.0
    """Angle that it may grow to for a long name."""
    line_text_mm: float = 6.0
    """Height of the characters of the lower line."""
    line_top_mm: float = 4.6
    """Top of the lower line below the centre; moved down where the star or emblem reaches further."""
    line_width_mm: float = 25.0
    """Widest that the lower line may be."""
    middle_text_mm: float = 3.7
    """Height of the characters of the middle line."""
    middle_width_mm: float = 26.0
    """Widest that the middle line may be."""
    serial_text_mm: float = 2.2
    """Height of the serial line."""
    serial_top_mm: float = 10.0
    """Top of the serial line below the centre."""
    code_text_mm: float = 1.2
    """Height of the figures of the code."""
    second_text_mm: float = 3.0
    """Height of the name in a second language."""
    corner_mm: float = 0.0
    """Radius of the corners of a square."""

    def __post_init__(self) -> None:
        sizes = {f: getattr(self, f) for f in _LENGTHS}
        for name, value in sizes.items():
            if type(value) not in (int, float) or not 0 <= value <= LARGEST_SEAL_MM:
                raise UsageError("SEAL_SIZE_INVALID", field=name, value=value, most=f"{LARGEST_SEAL_MM:g}")
        if min(self.width_mm, self.height_mm) < 8:
            raise UsageError(
                "SEAL_SIZE_INVALID",
                field="width_mm, height_mm",
                value=f"{min(self.width_mm, self.height_mm):g}",
                most=f"{LARGEST_SEAL_MM:g}",
            )
        if self.shape is SealShape.ROUND and self.width_mm != self.height_mm:
            raise UsageError("SEAL_NOT_ROUND", width=f"{self.width_mm:g}", height=f"{self.height_mm:g}")
        if not 30 <= self.arc_usual_deg <= self.arc_largest_deg <= 340:
            raise UsageError("SEAL_ARC_INVALID", usual=f"{self.arc_usual_deg:g}", largest=f"{self.arc_largest_deg:g}")
        if not self.owner.strip():
            raise UsageError("SEAL_OWNER_MISSING")
        for name in _TEXTS:
            if len(getattr(self, name)) > LONGEST_TEXT:
                raise UsageError(
                    "SEAL_TEXT_TOO_LONG",
                    part=name,
                    text=getattr(self, name)[:20] + "…",
                    most=LONGEST_TEXT,
                    count=len(getattr(self, name)),
                )
        if (self.centre is Centre.EMBLEM) != (self.emblem is not None):
            raise UsageError("SEAL_EMBLEM_MISMATCH")
        if self.middle and self.centre is not Centre.BLANK:
            raise UsageError("SEAL_PART_NOT_POSSIBLE", part="middle")
        for name in _FOREIGN[self.shape]:
            if getattr(self, name):
                raise UsageError("SEAL_PART_NOT_POSSIBLE", part=name)
        if self.second and self.code:
            raise UsageError("SEAL_PART_NOT_POSSIBLE", part="code")
        if self.shape is not SealShape.SQUARE and self.relief is Relief.CUT:
            raise UsageError("SEAL_PART_NOT_POSSIBLE", part="relief")
        if type(self.columns) is not int or not 0 <= self.columns <= 8:
            raise UsageError("SEAL_SIZE_INVALID", field="columns", value=self.columns, most=8)


_TEXTS = ("owner", "line", "middle", "time", "serial", "code", "second", "suffix")
_AROUND = ("time", "suffix")
_FOREIGN = {
    SealShape.ROUND: _AROUND,
    SealShape.OVAL: _AROUND,
    SealShape.RECTANGLE: ("middle", "code", "serial", "second", "suffix"),
    SealShape.SQUARE: ("middle", "code", "serial", "second", "time"),
}
_LENGTHS = tuple(name for name in SealSpec.__slots__ if name.endswith("_mm"))


def _figures(**values: Any) -> Mapping[str, Any]:
    return MappingProxyType(values)


def _square(side: float, **values: Any) -> Mapping[str, Any]:
    return _figures(shape=SealShape.SQUARE, width_mm=side, height_mm=side, centre=Centre.BLANK, **values)


def _round(diameter: float, **values: Any) -> Mapping[str, Any]:
    return _figures(shape=SealShape.ROUND, width_mm=diameter, height_mm=diameter, **values)


# Heights, gaps and angles follow the layout norm for anti-forgery seals that trade lists agree with; the oval is the
# invoice seal of the State Administration of Taxation's notice 7 of 2011. Where the norm gives no figure (lower line
# from 40 mm on, everything at 58 mm) the one of the next smaller seal is scaled. For square seals there is none.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "round-30": _round(
            30.0, border_mm=1.0, emblem_mm=10.0, arc_text_mm=4.2, arc_gap_mm=0.6, arc_usual_deg=230.0,
            arc_largest_deg=240.0, line_text_mm=4.8, line_top_mm=3.6, line_width_mm=14.0,
        ),
        "round-38": _round(
            38.0, border_mm=1.0, emblem_mm=12.0, arc_text_mm=6.0, arc_gap_mm=0.8, line_text_mm=6.0, line_top_mm=4.4,
            line_width_mm=24.0,
        ),
        "round-40": _round(
            40.0, border_mm=1.2, emblem_mm=13.0, arc_text_mm=6.5, arc_gap_mm=0.8, line_text_mm=6.0, line_top_mm=4.6,
            line_width_mm=25.0,
        ),
        "round-42": _round(
            42.0, border_mm=1.2, emblem_mm=14.0, arc_text_mm=7.0, arc_gap_mm=1.0, line_text_mm=6.0, line_top_mm=4.8,
            line_width_mm=26.0,
        ),
        "round-45": _round(
            45.0, border_mm=1.5, emblem_mm=15.0, arc_text_mm=7.2, arc_gap_mm=1.2, line_text_mm=6.4, line_top_mm=5.2,
            line_width_mm=28.0,
        ),
        "oval-40x30": _figures(
            shape=SealShape.OVAL, width_mm=40.0, height_mm=30.0, centre=Centre.BLANK, border_mm=1.0, arc_text_mm=4.2,
            arc_gap_mm=0.5, arc_usual_deg=250.0, arc_largest_deg=260.0, line_text_mm=4.6, line_top_mm=4.2,
            line_width_mm=18.0, middle_text_mm=3.7, middle_width_mm=26.0, serial_text_mm=2.2, serial_top_mm=10.0,
        ),
        "rectangle-50x30": _figures(
            shape=SealShape.RECTANGLE, width_mm=50.0, height_mm=30.0, centre=Centre.BLANK, border_mm=1.0,
        ),
        "contract-42": _round(
            42.0, border_mm=1.2, emblem_mm=14.0, arc_text_mm=7.0, arc_gap_mm=1.0, line_text_mm=7.0, line_top_mm=7.6,
            line_width_mm=28.0, line="合同专用章",
        ),
        "contract-58": _round(
            58.0, border_mm=1.5, emblem_mm=19.0, arc_text_mm=9.4, arc_gap_mm=1.5, line_text_mm=9.8, line_top_mm=10.6,
            line_width_mm=38.0, second_text_mm=4.0, line="合同专用章",
        ),
        "finance-38": _round(
            38.0, border_mm=1.0, emblem_mm=12.0, arc_text_mm=6.0, arc_gap_mm=0.8, line_text_mm=6.4, line_top_mm=6.8,
            line_width_mm=24.0, line="财务专用章",
        ),
        "invoice-40x30": _figures(
            shape=SealShape.OVAL, width_mm=40.0, height_mm=30.0, centre=Centre.BLANK, border_mm=1.0, arc_text_mm=4.2,
            arc_gap_mm=0.5, arc_usual_deg=250.0, arc_largest_deg=260.0, line_text_mm=4.6, line_top_mm=4.2,
            line_width_mm=18.0, middle_text_mm=3.7, middle_width_mm=26.0, serial_text_mm=2.2, serial_top_mm=10.0,
            line="发票专用章",
        ),
        "finance-square-22": _square(22.0, border_mm=1.0, arc_gap_mm=0.7, line="财务专用章"),
        "finance-square-25": _square(25.0, border_mm=1.2, arc_gap_mm=0.8, line="财务专用章"),
        "square-25": _square(25.0, border_mm=1.2, arc_gap_mm=0.8),
        "square-30": _square(30.0, border_mm=1.4, arc_gap_mm=0.9),
        "name-18": _square(18.0, border_mm=0.9, arc_gap_mm=0.5, corner_mm=0.5),
        "name-20": _square(20.0, border_mm=1.0, arc_gap_mm=0.6, corner_mm=0.5),
    }
)  # fmt: skip
"""Figures of the usual seals by name; a diameter or width x height in millimetres is in the name."""


def preset(name: str, owner: str, **changes: Any) -> SealSpec:
    """A usual seal for `owner`; `changes` are further fields of SealSpec.

    Raises UsageError SEAL_PRESET_UNKNOWN, and SEAL_PART_MISSING for an invoice seal without its tax number (`middle`).
    """
    if name not in PRESETS:
        raise UsageError("SEAL_PRESET_UNKNOWN", name=name, known=", ".join(PRESETS))
    if name.startswith("invoice") and not changes.get("middle"):
        raise UsageError("SEAL_PART_MISSING", preset=name, part="middle")
    return replace(SealSpec(owner="-"), **{**PRESETS[name], "owner": owner, **changes})
