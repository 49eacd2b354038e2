"""Two object graphs side by side: safe access to their objects, and equality by value with cycles in mind.

pyHanko objects go in and never out of this package.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

Key = tuple[int, int]
"""Object number and generation."""

_HOPS = 32


class Unreadable:
    """Stands for an object whose bytes cannot be parsed."""


UNREADABLE = Unreadable()


class View:
    """One revision of a document, read without ever raising."""

    def __init__(self, reader: PdfFileReader, revision: int | None = None) -> None:
        self.reader = reader
        self.revision = revision
        self._objects: dict[Key, object] = {}

    def load(self, key: Key) -> object:
        """The object `key`; None for null and for a dangling reference (ISO 32000-2 7.3.10)."""
        if key not in self._objects:
            self._objects[key] = self._read(key)
        return self._objects[key]

    def _read(self, key: Key) -> object:
        try:
            ref = generic.Reference(key[0], key[1], self.reader)
            newest = self.reader.total_revisions - 1
            if self.reader.xrefs.get_historical_ref(ref, newest if self.revision is None else self.revision) is None:
                return None
            return plain(self.reader.get_object(ref, self.revision))
        # pyHanko raises nearly anything on malformed objects (zlib.error, AssertionError, RecursionError ...);
        # whatever it is, the object cannot be compared, and that is what the caller has to know.
        except Exception:
            return UNREADABLE

    def resolve(self, raw: object) -> tuple[Key | None, object]:
        """Follow references from `raw`: the last reference (None where direct) and the object behind it."""
        raw = plain(raw)
        key: Key | None = None
        for _ in range(_HOPS):
            if not isinstance(raw, generic.IndirectObject):
                return key, raw
            key = (raw.idnum, raw.generation)
            raw = self.load(key)
        return key, UNREADABLE

    def get(self, raw: object) -> object:
        """The object behind `raw`, references followed."""
        return self.resolve(raw)[1]

    def dictionary(self, raw: object) -> generic.DictionaryObject:
        """The dictionary behind `raw`; an empty one where there is none."""
        value = self.get(raw)
        return value if isinstance(value, generic.DictionaryObject) else empty()

    def dictionary_at(self, key: Key) -> generic.DictionaryObject:
        """The dictionary that `key` refers to; an empty one where there is none."""
        value = self.load(key)
        return value if isinstance(value, generic.DictionaryObject) else empty()

    def array(self, raw: object) -> list[object]:
        """The raw items of the array behind `raw`; empty where there is none."""
        value = self.get(raw)
        return list(items(value)) if isinstance(value, generic.ArrayObject) else []

    def entry(self, holder: generic.DictionaryObject, name: str) -> object:
        """The value of `name` in `holder`, references followed; None where absent."""
        return self.get(raw_entry(holder, name))

    @property
    def root(self) -> generic.DictionaryObject:
        """The catalog; empty where it cannot be read."""
        return self.dictionary(self.trailer("/Root"))

    @property
    def root_key(self) -> Key | None:
        """The reference to the catalog."""
        return self.resolve(self.trailer("/Root"))[0]

    def trailer(self, name: str) -> object:
        """The raw value of a key in the newest trailer."""
        try:
            return plain(self.reader.trailer.raw_get(name))
        except KeyError:
            return None

    def decoded(self, stream: generic.StreamObject) -> bytes | None:
        """The decoded data of `stream` within the reader's bounds; None where it cannot be decoded."""
        try:
            return bytes(stream.data)
        # Filters raise anything on malformed data; not decodable is the answer.
        except Exception:
            return None


def reference(view: View, key: Key) -> generic.IndirectObject:
    """A raw reference to `key`."""
    return generic.IndirectObject(key[0], key[1], view.reader)


def empty() -> generic.DictionaryObject:
    """A dictionary without entries."""
    return generic.DictionaryObject()


def plain(raw: object) -> object:
    """`raw` with the encryption proxy taken off and null made None."""
    if isinstance(raw, generic.DecryptedObjectProxy):
        proxy = raw
        try:
            raw = proxy.decrypted
        # What is not encrypted, or badly, raises anything from the cipher. Some strings stand as they are in an
        # encrypted file (ISO 32000-2 7.6.2: those of the encryption dictionary); any other is compared as written.
        except Exception:
            raw = proxy.raw_object
    return None if isinstance(raw, generic.NullObject) else raw


def raw_entry(holder: generic.DictionaryObject, name: str) -> object:
    """The raw value of `name` in `holder`; None where absent or null."""
    if name not in holder:
        return None
    if name == "/Contents" and "/ByteRange" in holder:
        # ISO 32000-2 7.6.2: /Contents of a signature is never encrypted.
        return plain(holder.raw_get(name, generic.EncryptedObjAccess.RAW))
    return plain(holder.raw_get(name, generic.EncryptedObjAccess.PROXY))


def entries(holder: generic.DictionaryObject) -> Iterator[tuple[str, object]]:
    """Keys and raw values of `holder`; null entries are left out, since they equal absent ones (7.3.7)."""
    for name in holder:
        value = raw_entry(holder, name)
        if value is not None:
            yield str(name), value


def items(array: generic.ArrayObject) -> Iterator[object]:
    """Raw items of `array`."""
    for value in list.__iter__(array):
        yield plain(value)


def string_bytes(value: object) -> bytes | None:
    """The bytes of a PDF string; None for anything else."""
    if isinstance(value, generic.TextStringObject | generic.ByteStringObject):
        return bytes(value.original_bytes)
    return None


def string_text(value: object) -> str | None:
    """The characters of a PDF string; None for anything else."""
    if isinstance(value, generic.TextStringObject):
        return str(value)
    if isinstance(value, generic.ByteStringObject):
        # Bytes that PDFDocEncoding does not define, such as a line end: all others are those of Latin-1 (7.9.2.2).
        return bytes(value).decode("latin-1")
    return None


Area = tuple[float, float, float, float]
"""Left, bottom, right, top."""


def area(view: View, raw: object) -> Area | None:
    """A rectangle (7.9.5) with its corners in order; None where it is none."""
    numbers = [view.get(v) for v in view.array(raw)]
    if len(numbers) != 4 or not all(isinstance(v, int | generic.FloatObject) for v in numbers):
        return None
    a, b, c, d = (float(v) for v in numbers)  # type: ignore[arg-type]
    return min(a, c), min(b, d), max(a, c), max(b, d)


def is_name(value: object, *names: str) -> bool:
    """Whether `value` is a PDF name, and one of `names` where those are given."""
    return isinstance(value, generic.NameObject) and (not names or str(value) in names)


def is_leaf(value: object) -> bool:
    """Whether `value` is neither a container nor a reference."""
    return not isinstance(value, list | dict | generic.IndirectObject | Unreadable)


def changed_objects(before: PdfFileReader, after: PdfFileReader) -> frozenset[Key]:
    """Every object that a section of `after` (re)defines or frees and that `before` finds elsewhere or not at all."""
    shared = _shared_sections(before, after)
    keys: set[Key] = set()
    for number in range(shared, after.total_revisions):
        keys |= _defined(after, number)
    for number in range(shared, before.total_revisions):
        keys |= _defined(before, number)
    return frozenset(key for key in keys if _place(before, key) != _place(after, key) or _place(after, key) is None)


def _shared_sections(before: PdfFileReader, after: PdfFileReader) -> int:
    count = 0
    for number in range(min(before.total_revisions, after.total_revisions)):
        old, new = before.xrefs.get_xref_container_info(number), after.xrefs.get_xref_container_info(number)
        if (old.start_location, old.end_location) != (new.start_location, new.end_location):
            break
        count += 1
    return count


def _defined(reader: PdfFileReader, number: int) -> set[Key]:
    return {(ref.idnum, ref.generation) for ref in reader.xrefs.explicit_refs_in_revision(number)}


def _place(reader: PdfFileReader, key: Key) -> object:
    if key[1] < 0:
        return None
    return reader.xrefs[generic.Reference(key[0], key[1], reader)]
