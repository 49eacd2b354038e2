"""Pictures of pages as they will be once they are sealed: nothing is signed, and no key is needed."""

from __future__ import annotations

from dataclasses import replace

from eseal.documents.pdf.form import read_form
from eseal.documents.pdf.imprint import RESOURCE
from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.placement import has_area
from eseal.documents.pdf.seed import Offer
from eseal.documents.pdf.source import Page, Source
from eseal.documents.pdf.write import Statement, draft, open_source
from eseal.errors import UsageError
from eseal.keys.fitness import check_fit
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate, Placement
from eseal.sealing.looking import pictures
from eseal.sealing.placing import settle
from eseal.sealing.preparing import Prepared
from eseal.sealing.request import Request

MOST = 20
"""Most pages that are pictured where nobody says how many."""


def preview(
    data: bytes, request: Request, certificate: Certificate | None = None, *, dpi: float = 96, most: int = MOST
) -> list[tuple[int, bytes]]:
    """Pages on which the seal will show, as PNGs of `dpi` dots to the inch, the first `most` of them.

    With `certificate` it is checked as for sealing; without one all is checked that needs none. Raises as `seal` does
    before it signs, UsageError PREVIEW_NOTHING, PREVIEW_RESOLUTION and DocumentError WORKER_..., VIEWER_FAILED.
    """
    _check(dpi)
    if certificate is not None:
        check_fit(certificate, request.at)
        if request.seal is not None:
            request.seal.check(certificate, request.at)
    unsigned, pages, rest = _step(data, request)
    for place in rest:
        unsigned, more, _ = _step(unsigned, replace(request, where=(place,), field=None))
        pages |= more
    return _pictured(unsigned, pages, dpi, most, request.limits)


def preview_prepared(prepared: Prepared, *, dpi: float = 96, most: int = MOST) -> list[tuple[int, bytes]]:
    """The same for a seal that waits for its signature."""
    _check(dpi)
    unsigned = prepared.unsigned
    pages = _pages(open_source(unsigned), prepared.pending.field)
    return _pictured(unsigned, pages, dpi, most, DEFAULT)


def _check(dpi: float) -> None:
    if not 18 <= dpi <= 600:
        raise UsageError("PREVIEW_RESOLUTION", dpi=f"{dpi:g}")


def _step(data: bytes, request: Request) -> tuple[bytes, set[int], tuple[Placement, ...]]:
    """The document with one more empty signature, the pages on which that shows, and places left for others."""
    source = open_source(data, request.limits)
    settled = settle(source, request, later=False)
    statement = Statement(request.at, request.reason, request.location, request.name)
    offer = Offer(reason=request.reason, certify=request.certify)
    made = draft(source, statement, artwork=request.picture, shown=settled.shown, field=request.field, offer=offer)
    unsigned = made.unsigned()
    return unsigned, _pages(open_source(unsigned, request.limits), made.field), settled.rest


def _pages(source: Source, field: str) -> set[int]:
    """Numbers of the pages on which the newest section shows something of the signature field `field`."""
    widgets: set[Ref] = set()
    for signature in read_form(source).signatures:
        if signature.name == field:
            kids = [part.ref for part in source.items(source.part(signature.part, "Kids"))]
            for ref in (signature.part.ref, *kids):
                part = source.object(ref) if ref is not None else None
                if ref is not None and part is not None and has_area(source, part):
                    widgets.add(ref)
    newest = source.scan.sections[0]
    found = set()
    for number, page in enumerate(source.pages(), 1):
        ref = page.part.ref
        drawn = ref is not None and newest.find(ref.num) is not None and _is_drawn(source, page)
        if drawn or not widgets.isdisjoint(i for i in source.array(page.part.value.get("Annots")) if type(i) is Ref):
            found.add(number)
    return found


def _is_drawn(source: Source, page: Page) -> bool:
    resources = source.dictionary(page.part, "Resources")
    pictures = source.dictionary(resources, "XObject") if resources is not None else None
    return pictures is not None and any(RESOURCE.fullmatch(entry.key) for entry in pictures.value.entries)


def _pictured(data: bytes, pages: set[int], dpi: float, most: int, limits: Limits) -> list[tuple[int, bytes]]:
    if not pages:
        raise UsageError("PREVIEW_NOTHING")
    chosen = sorted(pages)[:most]
    return list(zip(chosen, pictures(data, chosen, dpi, limits), strict=True))
