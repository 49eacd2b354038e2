"""Where a seal shows: every place of a request, and which of them one signature can cover (ISO 32000-2 12.7.5.5)."""

from __future__ import annotations

from dataclasses import dataclass

from eseal.documents.pdf.form import read_form
from eseal.documents.pdf.impressions import Impression, impressions
from eseal.documents.pdf.source import Source
from eseal.errors import PolicyError, UsageError
from eseal.model import Placement, Straddle
from eseal.sealing.looking import finder
from eseal.sealing.request import Request

MOST_SIGNATURES = 20
"""Most signatures that one seal becomes where the document is signed already."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Places that are decided."""

    shown: tuple[Impression, ...] = ()
    """Those of the signature: its field's, and what is drawn into pages. Empty: a free place, if anything shows."""
    rest: tuple[Placement, ...] = ()
    """Those that become signatures of their own, since drawing would break an earlier signature."""


def settle(source: Source, request: Request, *, later: bool) -> Settled:
    """Find all places of `request`. A seal that is completed `later` is one signature.

    Raises UsageError PLACE_..., PAGES_..., KEYWORD_..., PolicyError PLACE_STRADDLE_SEALED, PLACE_SEVERAL_LATER,
    PLACE_SEVERAL_SIGNED, DocumentError VIEWER_...
    """
    if not request.where:
        return Settled()
    picture = request.picture
    if picture is None:
        raise UsageError("PLACE_WITHOUT_PICTURE")
    if any(isinstance(one, Straddle) for one in request.where) and _is_signed(source):
        raise PolicyError("PLACE_STRADDLE_SEALED")
    found = impressions(source, request.where, picture.width_mm, picture.height_mm, finder(source, request.limits))
    if len(found) == 1 and request.field is None:
        return Settled(found)
    first = 0 if any(s.name == request.field for s in read_form(source).signatures) else 1
    if not found[first:] or not _is_signed(source):
        return Settled(found)
    count = len(found) + 1 - first
    if later:
        raise PolicyError("PLACE_SEVERAL_LATER", count=count)
    if count > MOST_SIGNATURES:
        raise PolicyError("PLACE_SEVERAL_SIGNED", count=count, most=MOST_SIGNATURES)
    return Settled(found[:first], tuple(one.at for one in found[first:]))


def _is_signed(source: Source) -> bool:
    """Whether anything is signed, document timestamps and certifications included."""
    return any(one.value is not None for one in read_form(source).signatures)
