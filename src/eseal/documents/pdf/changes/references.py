"""Which object refers to which, found by scanning instead of parsing: most of a large document need not be read.

Only objects that no later revision redefines are scanned. A reference that is no reference may be found (harmless:
something is compared that need not be); one that is there is never missed: what the scan does not understand at once
is parsed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.xref import ObjStreamRef

from eseal.documents.pdf.changes.graph import UNREADABLE, Key, View, entries, items

_W = rb"[\x00\t\n\x0c\r ]"
_HEADER = re.compile(_W + rb"*\d{1,10}" + _W + rb"+\d{1,5}" + _W + rb"+obj" + _W + rb"*")
_TOKEN = re.compile(
    rb"\((?:[^()\\]|\\[\s\S])*\)|(?P<string>\()|(?P<open><<|\[)|(?P<close>>>|\])"
    rb"|<[0-9A-Fa-f\x00\t\n\x0c\r ]*>|%[^\r\n]*"
    rb"|/Parent" + _W + rb"*(?P<pn>\d{1,10})" + _W + rb"+(?P<pg>\d{1,5})" + _W + rb"+R"
    rb"|/(?P<key>Kids|Annots)(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
    rb"|(?<![0-9])(?P<n>\d{1,10})" + _W + rb"+(?P<g>\d{1,5})" + _W + rb"+R"
    rb"|(?P<escape>#)|(?P<odd>[<>)])"
)
_STRING = re.compile(rb"[()]|\\[\s\S]")
_REFERENCE = re.compile(rb"(?<![0-9])(\d{1,10})" + _W + rb"+(\d{1,5})" + _W + rb"+R")
_FACTOR = 4
# Bytes of an object that is not plain which are searched for references.
_ODD = 100_000


@dataclass(frozen=True, slots=True)
class Info:
    """What the scan found in one object."""

    refs: frozenset[Key]
    """Every object that it refers to."""
    parent: Key | None
    """Its one /Parent; None where it has none, or more than one."""
    kids: bool
    """Whether it may have /Kids."""
    annots: bool
    """Whether it may have /Annots."""


class References:
    """The references of every object outside `changed`, scanned when first asked for."""

    def __init__(self, view: View, changed: frozenset[Key]) -> None:
        self._view = view
        self._infos: dict[Key, Info] = {}
        stream = view.reader.stream
        # Not getbuffer(): that would copy the whole file.
        self._data = stream.getvalue() if isinstance(stream, io.BytesIO) else b""
        self._budget = _FACTOR * len(self._data) + 1_000_000
        packed: dict[int, list[Key]] = {}
        for key, place in _places(view).items():
            if key in changed or place is None:
                continue
            if isinstance(place, ObjStreamRef):
                packed.setdefault(place.obj_stream_id, []).append(key)
            elif isinstance(place, int):
                self._infos[key] = self._loose(key, place)
        for container, keys in packed.items():
            self._container(container, keys)

    def info(self, key: Key) -> Info | None:
        """What `key` refers to; None for objects that were redefined or do not exist."""
        return self._infos.get(key)

    def all(self) -> Iterable[tuple[Key, Info]]:
        """Every object that was scanned, with what it refers to."""
        return self._infos.items()

    def _loose(self, key: Key, place: int) -> Info:
        header = _HEADER.match(self._data, place)
        info = self._scan(self._data, header.end()) if header else None
        if info is not None:
            return info
        value = self._view.load(key)
        info = self._parsed(key)
        if value is not UNREADABLE and not isinstance(value, generic.StreamObject):
            return info
        # What cannot be parsed, and the entries of a stream that the parser keeps to itself, still refer to objects.
        end = self._data.find(b"endobj", place)
        text = self._data[place : min(end if end >= 0 else len(self._data), place + _ODD)]
        refs = {(int(m[1]), int(m[2])) for m in _REFERENCE.finditer(text)}
        return replace(info, refs=info.refs | refs)

    def _container(self, number: int, keys: list[Key]) -> None:
        stream = self._view.load((number, 0))
        data = self._view.decoded(stream) if isinstance(stream, generic.StreamObject) else None
        offsets: dict[int, int] = {}
        if data is not None and isinstance(stream, generic.StreamObject):
            first = self._view.entry(stream, "/First")
            words = data[:first].split() if isinstance(first, int) else []
            for name, offset in zip(words[::2], words[1::2], strict=False):
                if name.isdigit() and offset.isdigit() and isinstance(first, int):
                    offsets.setdefault(int(name), first + int(offset))
        for key in keys:
            place = offsets.get(key[0])
            info = self._scan(data, place) if data is not None and place is not None else None
            info = info or self._parsed(key)
            # What stands in an object stream depends on the stream too.
            self._infos[key] = replace(info, refs=info.refs | {(number, 0)})

    def _scan(self, data: bytes, position: int) -> Info | None:
        """Scan one array or dictionary; None for everything else, and for what is not plain."""
        if not data.startswith((b"<<", b"["), position):
            return None
        refs: set[Key] = set()
        parents: set[Key] = set()
        kids = annots = False
        depth = 0
        start = position
        while self._budget > 0:
            match = _TOKEN.search(data, position)
            if match is None:
                return None
            position = match.end()
            kind = match.lastgroup
            if kind is None:
                continue
            if kind == "open":
                depth += 1
            elif kind == "close":
                depth -= 1
                if not depth:
                    self._budget -= position - start
                    return Info(frozenset(refs), parents.pop() if len(parents) == 1 else None, kids, annots)
            elif kind == "g":
                refs.add((int(match["n"]), int(match["g"])))
            elif kind == "pg":
                refs.add((int(match["pn"]), int(match["pg"])))
                parents.add((int(match["pn"]), int(match["pg"])))
            elif kind == "key":
                kids, annots = kids or match["key"] == b"Kids", annots or match["key"] == b"Annots"
            elif kind == "escape":
                kids = annots = True
            elif kind == "string":
                end = _string_end(data, position)
                if end is None:
                    return None
                position = end
            else:
                return None
            if position - start > self._budget:
                self._budget = 0
        return None

    def _parsed(self, key: Key) -> Info:
        refs: set[Key] = set()
        work = [self._view.load(key)]
        while work:
            value = work.pop()
            if isinstance(value, generic.IndirectObject):
                refs.add((value.idnum, value.generation))
            elif isinstance(value, generic.DictionaryObject):
                work.extend(v for _, v in entries(value))
            elif isinstance(value, generic.ArrayObject):
                work.extend(items(value))
        return Info(frozenset(refs), None, True, True)


def _string_end(data: bytes, position: int) -> int | None:
    depth = 1
    for match in _STRING.finditer(data, position):
        part = match.group()
        depth += (part == b"(") - (part == b")")
        if not depth:
            return match.end()
    return None


def _places(view: View) -> dict[Key, object]:
    """Where each object stands in the newest revision."""
    xrefs = view.reader.xrefs
    keys: dict[Key, generic.Reference] = {}
    for number in range(view.reader.total_revisions):
        for ref in xrefs.explicit_refs_in_revision(number):
            keys[(ref.idnum, ref.generation)] = ref
    return {key: xrefs[ref] for key, ref in keys.items() if key[1] >= 0}
