"""Looks at pages: texts on them, and pictures of them, through a process that a hostile document cannot harm."""

from __future__ import annotations

import atexit
import base64
import contextlib
import json
import math
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eseal.documents.pdf.impressions import MOST, Finder, Hit
from eseal.documents.pdf.keywords import LONGEST, squeezed
from eseal.documents.pdf.placement import Sheet
from eseal.documents.pdf.source import Source
from eseal.errors import DocumentError, UsageError
from eseal.limits import Limits
from eseal.model import Keyword
from eseal.processes.child import Lost, program
from eseal.processes.pool import Pool
from eseal.processes.snapshot import snapshot

_PROGRAM = program("eseal.documents.pdf.pdfium")
_PAGE_SECONDS, _LONGEST = 0.1, 6
_PNG = b"\x89PNG\r\n\x1a\n"
_lock = threading.Lock()
# One child for all documents with the same bounds: a batch must not pay for a new process with every file.
_pools: dict[tuple[int, int], Pool] = {}


def finder(source: Source, limits: Limits) -> Finder:
    """Finds texts in the document `source`, in the shared process."""

    def find(keyword: Keyword, pages: Sequence[tuple[int, Sheet]]) -> Sequence[Hit]:
        return _find(source, limits, keyword, pages)

    return find


def pictures(data: bytes, pages: Sequence[int], dpi: float, limits: Limits) -> list[bytes]:
    """PNGs of the pages with these numbers. Raises DocumentError WORKER_..., VIEWER_FAILED."""
    found = _ask(data, limits, {"job": "draw", "pages": list(pages), "dpi": dpi})
    with _reading():
        made = [base64.b64decode(text) for text in found["pictures"]]
        if len(made) != len(pages) or not all(png.startswith(_PNG) for png in made):
            raise ValueError("PNG")
    return made


def _find(source: Source, limits: Limits, keyword: Keyword, pages: Sequence[tuple[int, Sheet]]) -> Sequence[Hit]:
    key, which = squeezed(keyword.text), keyword.which
    if not key:
        raise UsageError("KEYWORD_EMPTY")
    if len(key) > LONGEST:
        raise UsageError("KEYWORD_LONG", most=LONGEST)
    if which == 0:
        raise UsageError("KEYWORD_NTH", nth=which)
    packed = [[number, [s.box, s.rotate, s.per_mm]] for number, s in pages]
    job = {"job": "find", "text": keyword.text, "which": which, "pages": packed}
    found = _ask(source.scan.data, limits, job)
    ours, asked = sum(1 for _ in source.pages()), {number for number, _ in pages}
    with _reading():
        theirs, text = int(found["pages"]), bool(found["text"])
        hits = [Hit(page, *map(_box, boxes)) for page, *boxes in found["hits"]]
        if not all(hit.page in asked for hit in hits):
            raise ValueError("page")
    if theirs != ours:
        raise DocumentError("KEYWORD_PAGES_DIFFER", ours=ours, theirs=theirs)
    searched = spans([number for number, _ in pages])
    if not hits and not text:
        raise UsageError("KEYWORD_NO_TEXT", text=keyword.text, pages=searched)
    if not hits:
        raise UsageError("KEYWORD_NOT_FOUND", text=keyword.text, pages=searched)
    if len(hits) > MOST:
        raise UsageError("PLACE_TOO_MANY", most=MOST)
    if which is None:
        return hits
    if abs(which) > len(hits):
        raise UsageError("KEYWORD_NOT_SO_OFTEN", text=keyword.text, nth=which, count=len(hits), pages=searched)
    return [hits[which - 1 if which > 0 else which]]


def spans(numbers: Sequence[int]) -> str:
    """Page numbers in ascending order as people write them: "1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _box(values: Sequence[Any]) -> tuple[float, float, float, float]:
    left, top, right, bottom = map(float, values)
    if not all(map(math.isfinite, (left, top, right, bottom))):
        raise ValueError("box")
    return left, top, right, bottom


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """The child read hostile bytes: an answer that is none is refused, never gone by."""
    try:
        yield
    except (ValueError, TypeError, KeyError, OverflowError):
        raise DocumentError("WORKER_ERROR", kind="answer") from None


def _ask(data: bytes, limits: Limits, job: dict[str, Any]) -> Mapping[str, Any]:
    # Looking at many pages takes longer in good documents too.
    seconds = min(limits.seconds + _PAGE_SECONDS * len(job["pages"]), _LONGEST * limits.seconds)
    with snapshot(data, limits) as (fd, _):
        try:
            packed = json.dumps(job | {"seconds": seconds}).encode()
            found: Mapping[str, Any] = _pool(limits).ask(fd, packed, seconds, dict)
        except Lost as lost:
            bounds = {"seconds": f"{seconds:g}", "megabytes": str(limits.memory_bytes >> 20)}
            raise DocumentError(lost.code, **bounds, **lost.params) from lost
    if "unreadable" in found:
        raise DocumentError("VIEWER_FAILED", reason=str(found["unreadable"])[:100])
    return found


def _pool(limits: Limits) -> Pool:
    with _lock:
        key = (os.getpid(), limits.memory_bytes)
        if key not in _pools:
            _pools[key] = Pool(lambda: _PROGRAM, 1, limits.memory_bytes)
        return _pools[key]


def close() -> None:
    """End the shared processes; the next job starts a new one."""
    with _lock:
        ours = {key: pool for key, pool in _pools.items() if key[0] == os.getpid()}
        _pools.clear()
    for pool in ours.values():
        with contextlib.suppress(OSError):
            pool.close()


atexit.register(close)
