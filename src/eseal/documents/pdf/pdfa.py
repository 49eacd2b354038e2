"""What a seal would break of PDF/A (ISO 19005): its objects are judged before anything is signed.

Only what is appended is looked at: new objects, and changed entries of old ones. Whether the document itself keeps
what it claims is the business of a validator.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from eseal.documents.pdf import lexer
from eseal.documents.pdf.claim import Claim
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Dict, Name, Ref, Text
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.syntax import decode_hex
from eseal.model import Note

LONGEST_STRING = {1: 65_535, 2: 32_767, 3: 32_767}
"""Bytes of a string (ISO 19005-1 6.1.12, 19005-2 6.1.13); part 4 sets no bound."""
_LONGEST_NAME = 127
_LARGEST_REAL = 32_767.0
_LARGEST_INTEGER = 2_147_483_647
_MOST_OBJECTS = 8_388_607
_INVISIBLE, _HIDDEN, _PRINT, _NO_VIEW, _TOGGLE = 1, 2, 4, 32, 256
_COLOURS = {b"g": "Gray", b"G": "Gray", b"rg": "RGB", b"RG": "RGB", b"k": "CMYK", b"K": "CMYK"}
_OPERATOR = re.compile(rb"(?<![^\s\]])(rg|RG|g|G|k|K)(?=\s|\Z)")
_COMPONENTS = {1: "Gray", 3: "RGB", 4: "CMYK"}


def risks(update: Update, claim: Claim, signature: bytes = b"") -> tuple[Note, ...]:
    """What the objects of `update` would break of `claim`; `signature` are entries of the signature dictionary."""
    found: list[Note] = []
    for note in _Judge(update, claim, signature).judge():
        if note not in found:
            found.append(note)
    return tuple(found)


def size_risks(claim: Claim, slot: int) -> tuple[Note, ...]:
    """What /Contents with room for a CMS of `slot` bytes would break: it is a string like any other."""
    most = LONGEST_STRING.get(claim.part)
    if most is None or slot <= most:
        return ()
    return (_note(claim, "PDFA_STRING", {1: "6.1.12"}.get(claim.part, "6.1.13"), f"/Contents {slot}"),)


def _note(claim: Claim, code: str, clause: str, what: str) -> Note:
    return Note(code, {"claim": claim.name, "clause": f"ISO 19005-{claim.part} {clause}", "what": what})


class _Judge:
    def __init__(self, update: Update, claim: Claim, signature: bytes) -> None:
        self.update, self.claim, self.source = update, claim, update.source
        self.part = claim.part
        self.signature = signature
        self.nesting = update.source.scan.limits.nesting
        self.intent = _intent(update.source)

    def judge(self) -> Iterator[Note]:
        """Every rule over every object."""
        if self.part == 1 and self.source.sections[0].stream is not None:
            yield self._note("PDFA_XREF_STREAM", "6.1.4", "/XRef")
        if self.part < 4 and self.update.size > _MOST_OBJECTS:
            yield self._note("PDFA_LIMIT", self._clause("6.1.12", "6.1.13"), f"/Size {self.update.size}")
        yield from self._values(lexer.parse(b"<<" + self.signature + b">>", 0, self.nesting)[0], b"<<" + self.signature)
        for ref, body in self.update.objects.items():
            value, _, end = lexer.parse(body, 0, self.nesting)
            old = self.source.object(ref)
            fresh = value if old is None else _fresh(value, body, old.value, old.text)
            yield from self._values(fresh, body)
            if isinstance(fresh, Dict):
                yield from self._dictionary(fresh, value)
                if old is None and body[end:].lstrip().startswith(b"stream"):
                    yield from self._stream(value, body, end)

    def _note(self, code: str, clause: str, what: str) -> Note:
        return _note(self.claim, code, clause, what)

    def _clause(self, first: str, later: str) -> str:
        return first if self.part == 1 else later

    def _values(self, value: Any, text: bytes) -> Iterator[Note]:
        """Limits of simple values, and dictionaries inside (6.1.12; 6.1.13 in parts 2 and 3)."""
        clause = self._clause("6.1.12", "6.1.13")
        stack = [(value, "")]
        while stack and self.part < 4:
            item, key = stack.pop()
            if isinstance(item, Dict):
                stack += [(e.value, str(e.key)) for e in item.entries]
                for entry in item.entries:
                    length = _length(entry.value, text[entry.start : entry.end])
                    if length > LONGEST_STRING[self.part]:
                        yield self._note("PDFA_STRING", clause, f"/{entry.key} {length}")
                    if len(entry.key) > _LONGEST_NAME:
                        yield self._note("PDFA_LIMIT", clause, f"/{entry.key[:40]}...")
            elif isinstance(item, list):
                stack += [(i, key) for i in item]
            elif isinstance(item, Name):
                if len(item) > _LONGEST_NAME:
                    yield self._note("PDFA_LIMIT", clause, f"/{key}")
            elif isinstance(item, float | int) and not isinstance(item, bool):
                real = isinstance(item, float) and self.part == 1 and abs(item) > _LARGEST_REAL
                if real or abs(item) > _LARGEST_INTEGER:
                    yield self._note("PDFA_LIMIT", clause, f"/{key} {item}")

    def _dictionary(self, fresh: Dict, whole: Any) -> Iterator[Note]:
        for inner in _dictionaries(fresh):
            yield from self._transparency(inner)
            yield from self._font(inner)
            if inner.get("EF") is not None or inner.get("EmbeddedFiles") is not None:
                yield self._note("PDFA_ATTACHMENT", self._clause("6.1.11", "6.8"), "/EmbeddedFiles")
            if inner.get("NeedAppearances") is True or inner.get("XFA") is not None:
                yield self._note("PDFA_FORM", self._clause("6.9", "6.4.1"), "/AcroForm")
            for key in ("A", "AA"):
                widget = self.source.resolve(whole.get("Subtype")) == "Widget" or whole.get("FT") is not None
                if inner is fresh and widget and inner.get(key) is not None:
                    yield self._note("PDFA_ACTION", self._clause("6.6.2", "6.4.1"), f"/{key}")
        subtype = self.source.resolve(whole.get("Subtype"))
        if subtype == "Widget":
            yield from self._widget(fresh, whole)
        yield from self._permission(fresh)

    def _transparency(self, inner: Dict) -> Iterator[Note]:
        """6.4 of part 1 forbids all of it; later parts allow it."""
        if self.part != 1:
            return
        group = self.source.resolve(inner.get("Group"))
        if isinstance(group, Dict) and self.source.resolve(group.get("S")) == "Transparency":
            yield self._note("PDFA_TRANSPARENCY", "6.4", "/Group")
        if self.source.resolve(inner.get("SMask")) not in (None, "None"):
            yield self._note("PDFA_TRANSPARENCY", "6.4", "/SMask")
        state = inner.get("Type") in (None, "ExtGState", "Annot")
        for key in ("CA", "ca") if state else ():
            if self.source.resolve(inner.get(key)) not in (None, 1, 1.0):
                yield self._note("PDFA_TRANSPARENCY", "6.4", f"/{key}")
        if self.source.resolve(inner.get("BM")) not in (None, "Normal", "Compatible"):
            yield self._note("PDFA_TRANSPARENCY", "6.4", "/BM")

    def _font(self, inner: Dict) -> Iterator[Note]:
        """A font program must be in the file (6.3.4; 6.2.11.4 in parts 2 and 3)."""
        if inner.get("Type") != "Font" or inner.get("Subtype") in ("Type0", "Type3"):
            return
        descriptor = self._pending(inner.get("FontDescriptor"))
        files = ("FontFile", "FontFile2", "FontFile3")
        if not isinstance(descriptor, Dict) or all(descriptor.get(f) is None for f in files):
            yield self._note("PDFA_FONT", self._clause("6.3.4", "6.2.11.4.1"), f"/{inner.get('BaseFont')}")

    def _pending(self, value: Any) -> Any:
        """`value`, or what it is to refer to."""
        part = self.update.pending(value) if isinstance(value, Ref) else None
        return part.value if part is not None else value

    def _widget(self, fresh: Dict, whole: Dict) -> Iterator[Note]:
        """Annotations are shown and printed, and look one way only (6.5.3; 6.3.2 and 6.3.3 in later parts)."""
        clause = self._clause("6.5.3", "6.3.2")
        flags = self._pending(whole.get("F"))
        number = flags if isinstance(flags, int) else 0
        unseen = _INVISIBLE | _HIDDEN | _NO_VIEW | (_TOGGLE if self.part > 1 else 0)
        if fresh.get("F") is not None and (not number & _PRINT or number & unseen):
            yield self._note("PDFA_ANNOTATION", clause, f"/F {number}")
        look = self._pending(fresh.get("AP"))
        if look is None and fresh is whole and (self.part == 1 or not self._empty(whole)):
            yield self._note("PDFA_ANNOTATION", self._clause("6.9", "6.3.3"), "/AP")
        elif isinstance(look, Dict):
            form = self._pending(look.get("N"))
            if {str(e.key) for e in look.entries} != {"N"} or not isinstance(form, Dict) or form.get("BBox") is None:
                yield self._note("PDFA_ANNOTATION", self._clause("6.5.3", "6.3.3"), "/AP")
        if self.part == 1 and self.intent != "RGB" and any(fresh.get(key) is not None for key in ("C", "IC")):
            yield self._note("PDFA_COLOUR", "6.5.3", "/C")

    def _empty(self, widget: Dict) -> bool:
        """Whether it has no area: later parts ask for no appearance then (ISO 19005-2 6.3.3)."""
        rect = [self._pending(v) for v in self.source.array(widget.get("Rect"))]
        return len(rect) == 4 and rect[0] == rect[2] and rect[1] == rect[3]

    def _permission(self, fresh: Dict) -> Iterator[Note]:
        """/Perms and what a certification refers to (ISO 19005-2 6.1.12)."""
        permissions = self._pending(fresh.get("Perms"))
        if self.part in (2, 3) and isinstance(permissions, Dict):
            odd = [str(e.key) for e in permissions.entries if e.key not in ("UR3", "DocMDP")]
            if odd:
                yield self._note("PDFA_LIMIT", "6.1.12", f"/Perms /{odd[0]}")

    def _stream(self, head: Dict, body: bytes, end: int) -> Iterator[Note]:
        filters = head.get("Filter")
        named = filters if isinstance(filters, list) else [filters]
        for bad, code in (("LZWDecode", "6.1.10"), ("JPXDecode", "6.1.4.1"), ("Crypt", "6.1.6.2")):
            if bad in named and (bad != "JPXDecode" or self.part == 1):
                yield self._note("PDFA_FILTER", code, f"/{bad}")
        if any(head.get(key) is not None for key in ("F", "FFilter", "FDecodeParms")):
            yield self._note("PDFA_FILTER", self._clause("6.1.7", "6.1.7.1"), "/F")
        if head.get("Subtype") == "Image" and head.get("Interpolate") is True:
            yield self._note("PDFA_IMAGE", self._clause("6.2.4", "6.2.8"), "/Interpolate")
        for key in ("Alternates", "OPI", "PS", "Ref"):
            if head.get(key) is not None:
                yield self._note("PDFA_IMAGE", self._clause("6.2.4", "6.2.8"), f"/{key}")
        if head.get("Subtype") == "Form":
            yield from self._colours(head, body, end)

    def _colours(self, form: Dict, body: bytes, end: int) -> Iterator[Note]:
        """A device's colours need a profile: the document's for its kind, or a default space (6.2.3.3; 6.2.4.3)."""
        start = body.index(b"stream", end) + 6
        start += 2 if body.startswith(b"\r\n", start) else 1
        used = set(_devices(body[start : body.rindex(b"endstream")], form.get("Filter") == "FlateDecode"))
        resources = self._pending(form.get("Resources"))
        resources = resources if isinstance(resources, Dict) else Dict()
        for entry in _entries(self._pending(resources.get("XObject"))):
            image = self._pending(entry)
            space = self._pending(image.get("ColorSpace")) if isinstance(image, Dict) else None
            if isinstance(space, Name) and space.startswith("Device"):
                used.add(space.removeprefix("Device"))
        spaces = self._pending(resources.get("ColorSpace"))
        for device in sorted(used):
            default = spaces.get("Default" + device) if isinstance(spaces, Dict) else None
            held = self.intent == device or (device == "Gray" and self.intent is not None)
            if default is None and not held:
                yield self._note("PDFA_COLOUR", self._clause("6.2.3.3", "6.2.4.3"), f"/Device{device}")


@lru_cache(maxsize=16)
def _devices(content: bytes, deflated: bool) -> frozenset[str]:
    """The devices whose colours a content stream of ours sets; kept, since one seal goes on many documents."""
    plain = zlib.decompressobj().decompress(content) if deflated else content
    return frozenset(_COLOURS[m[1]] for m in _OPERATOR.finditer(plain))


def _intent(source: Source) -> str | None:
    """The colours of the document's PDF/A output intent (6.2.2): "Gray", "RGB", "CMYK"; None without one."""
    for intent in source.items(source.part(source.root, "OutputIntents")):
        if isinstance(intent.value, Dict) and source.resolve(intent.value.get("S")) == "GTS_PDFA1":
            profile = source.dictionary(intent, "DestOutputProfile")
            if profile is not None:
                return _COMPONENTS.get(source.resolve(profile.value.get("N")))
    return None


def _fresh(value: Any, text: bytes, old: Any, old_text: bytes) -> Any:
    """`value`, of a changed dictionary only the entries that are new or other than before, and so within it."""
    if not isinstance(value, Dict) or not isinstance(old, Dict):
        return value
    before = {e.key: e for e in old.entries}
    kept = []
    for entry in value.entries:
        was = before.get(entry.key)
        if was is None:
            kept.append(entry)
        elif old_text[was.start : was.end] != text[entry.start : entry.end]:
            kept.append(replace(entry, value=_fresh(entry.value, text, was.value, old_text)))
    return Dict(kept, value.start, value.end)


def _dictionaries(value: Any) -> Iterator[Dict]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Dict):
            yield item
            stack += [e.value for e in item.entries]
        elif isinstance(item, list):
            stack += item


def _entries(value: Any) -> list[Any]:
    return [e.value for e in value.entries] if isinstance(value, Dict) else []


def _length(value: Any, source: bytes) -> int:
    """Bytes of a string; 0 for anything else."""
    if not isinstance(value, Text):
        return 0
    return len(decode_hex(source)) if value.hexadecimal else len(value.value)
