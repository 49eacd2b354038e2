"""Looks at pages: texts on them, and pictures of them, through a process that a hostile document cannot harm."""

from __future__ import annotations

from collections.abc import Sequence

from eseal.documents.pdf.impressions import Finder, Hit
from eseal.documents.pdf.placement import Sheet
from eseal.documents.pdf.source import Source
from eseal.limits import Limits
from eseal.model import Keyword


def finder(source: Source, limits: Limits) -> Finder:
    """Finds texts in the document `source`, in the shared process."""

    def find(keyword: Keyword, pages: Sequence[tuple[int, Sheet]]) -> Sequence[Hit]:
        raise NotImplementedError

    return find
