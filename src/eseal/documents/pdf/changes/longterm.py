"""What long-term updates may write: DSS, extensions, version, metadata, trailer (EN 319 142-1 5.4)."""

from __future__ import annotations

import re

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes.graph import (
    View,
    entries,
    is_leaf,
    is_name,
    items,
    raw_entry,
    string_bytes,
    string_text,
)
from eseal.documents.pdf.changes.job import FAILED, PASSED, UNKNOWN, Job
from eseal.documents.pdf.changes.table import INFO_FREE

_LISTS = {"/Certs": "/Cert", "/OCSPs": "/OCSP", "/CRLs": "/CRL"}
_STREAM_KEYS = frozenset(("/Length", "/Filter", "/DecodeParms", "/Type", "/DL"))
_DER = 0x30


def is_evidence(view: View, raw: object) -> bool:
    """Whether `raw` is a stream that holds one DER value and nothing else, as a certificate, CRL or response is."""
    stream = view.get(raw)
    if not isinstance(stream, generic.StreamObject):
        return False
    if any(name not in _STREAM_KEYS for name, _ in entries(stream)):
        return False
    data = view.decoded(stream)
    return data is not None and _one_value(data)


def _one_value(data: bytes) -> bool:
    """Whether `data` is one DER SEQUENCE from its first byte to its last (X.690 8.1.3); an end of line may follow."""
    if len(data) < 2 or data[0] != _DER:
        return False
    size, start = data[1], 2
    if size > 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[2:start], "big")
    return size != 0x80 and start + size <= len(data) and not data[start + size :].strip(b"\r\n")


def dss(job: Job, old: object, new: object) -> None:
    """The document security store: it may grow, or be written anew; every part must be evidence and nothing else."""
    if (old is None and new is None) or job.comparer.same(old, new):
        return
    if new is None:
        # EN 319 142-1 5.4.2.2 has later stores build on earlier ones; what the seal relied on is gone.
        job.add(UNKNOWN, "CHANGE_DSS_REMOVED", "/DSS")
        return
    store = job.after.get(new)
    if not isinstance(store, generic.DictionaryObject) or isinstance(store, generic.StreamObject):
        job.add(UNKNOWN, "CHANGE_DSS_UNCLEAR", "/DSS")
        return
    for name, value in entries(store):
        if not _dss_part(job, name, value):
            earlier = raw_entry(job.before.dictionary(old), name)
            if earlier is None or not job.comparer.same(earlier, value):
                job.add(UNKNOWN, "CHANGE_DSS_UNCLEAR", f"/DSS {name}")
                return
    job.add(PASSED, "CHANGE_LONG_TERM", "/DSS")


def _dss_part(job: Job, name: str, value: object) -> bool:
    view = job.after
    if name == "/Type":
        return is_name(view.get(value))
    if name in _LISTS:
        return _evidence_list(view, value)
    if name == "/VRI":
        vri = view.get(value)
        return isinstance(vri, generic.DictionaryObject) and all(_vri(view, key, entry) for key, entry in entries(vri))
    return False


def _vri(view: View, key: str, raw: object) -> bool:
    entry = view.get(raw)
    if key == "/Type":
        return is_name(entry)
    if not isinstance(entry, generic.DictionaryObject) or isinstance(entry, generic.StreamObject):
        return False
    for name, value in entries(entry):
        if name in _LISTS.values() or name in _LISTS:
            if not _evidence_list(view, value):
                return False
        elif name == "/TS":
            if not is_evidence(view, value):
                return False
        elif name in ("/TU", "/Type"):
            if not is_leaf(view.get(value)):
                return False
        else:
            return False
    return True


def _evidence_list(view: View, raw: object) -> bool:
    value = view.get(raw)
    if isinstance(value, generic.StreamObject):
        # Some writers leave out the array around a single one.
        return is_evidence(view, raw)
    return isinstance(value, generic.ArrayObject) and all(
        view.get(item) is None or is_evidence(view, item) for item in items(value)
    )


def extensions(job: Job, old: object, new: object) -> None:
    """Developer extensions say what a file uses and nothing that shows (ISO 32000-2 7.12); they are plain values.

    Writers of long-term data set their own entry, and some drop or lower those of others.
    """
    if job.comparer.same(old, new):
        return
    before, after = job.before.dictionary(old), job.after.dictionary(new)
    for name in {n for n, _ in entries(before)} | {n for n, _ in entries(after)}:
        a, b = raw_entry(before, name), raw_entry(after, name)
        if name == "/Type" or job.comparer.same(a, b):
            continue
        if b is not None and not _extension(job.after, b):
            job.add(UNKNOWN, "CHANGE_EXTENSIONS_UNCLEAR", f"/Extensions {name}")
            return
    job.add(PASSED, "CHANGE_EXTENSIONS", "/Extensions")


def _extension(view: View, raw: object) -> bool:
    value = view.get(raw)
    if isinstance(value, generic.ArrayObject):
        return all(_extension(view, item) for item in items(value) if not isinstance(view.get(item), list))
    return (
        isinstance(value, generic.DictionaryObject)
        and not isinstance(value, generic.StreamObject)
        and "/BaseVersion" in value
        and "/ExtensionLevel" in value
        and all(is_leaf(view.get(v)) for _, v in entries(value))
    )


def version(job: Job, old: object, new: object) -> None:
    """The version that an update names (7.5.2, 7.7.2): no viewer shows the same pages otherwise for it.

    Updates raise it for what they add; programs that know none so high, or read the header alone, lower it again.
    """
    a, b = job.before.get(old), job.after.get(new)
    if a == b:
        return
    if is_name(b) and re.fullmatch(r"/[12]\.\d", str(b)):
        job.add(PASSED, "CHANGE_VERSION", str(b))
    else:
        job.add(UNKNOWN, "CHANGE_CATALOG_UNCLEAR", "/Version")


def metadata(job: Job, old: object, new: object, where: str) -> None:
    """XMP metadata is rewritten by every program that saves (14.3.2); it is a stream of XML and nothing else."""
    if job.comparer.same(old, new):
        return
    stream = job.after.get(new)
    allowed = _STREAM_KEYS | {"/Subtype"}
    if (
        isinstance(stream, generic.StreamObject)
        and is_name(job.after.entry(stream, "/Subtype"), "/XML")
        and all(name in allowed for name, _ in entries(stream))
    ):
        if titles(job.before, old) != titles(job.after, new):
            job.add(UNKNOWN, "CHANGE_TITLE", where)
        else:
            job.add(PASSED, "CHANGE_METADATA", where)
    else:
        job.add(UNKNOWN, "CHANGE_METADATA_UNCLEAR", where)


_TAG = re.compile(rb"<[^>]*+>|\s++")
_QUOTED = re.compile(rb"\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)')")
_MOST_TITLES = 50


def titles(view: View, raw: object) -> list[bytes]:
    """The titles in an XMP packet without mark-up: viewers show them in the window's title bar (12.2, 14.3.2)."""
    stream = view.get(raw)
    data = (view.decoded(stream) if isinstance(stream, generic.StreamObject) else None) or b""
    parts = data.replace(b"\0", b"").split(b"dc:title")[1:]
    if len(parts) > _MOST_TITLES:
        # No document has so many: all of it counts.
        return [data]
    found = []
    for part in parts:
        attribute = _QUOTED.match(part)
        # An element: from the end of its tag to the next "</" that "dc:title" follows, where the part ends.
        text = (attribute[1] or attribute[2] or b"") if attribute else part.partition(b">")[2].removesuffix(b"</")
        found.append(_TAG.sub(b"", text))
    # Behind the end tag of an element stands what belongs to no title.
    elements = [t for t, p in zip(found, parts, strict=True) if _QUOTED.match(p) or p.rstrip().endswith(b"</")]
    return [title for title in elements if title]


def permissions(job: Job, old: object, new: object) -> None:
    """/Perms may only stay as it is (12.8.6); a certification that comes after an approval is not classed."""
    if job.comparer.same(old, new):
        return
    before, after = job.before.dictionary(old), job.after.dictionary(new)
    for name in sorted({n for n, _ in entries(before)} | {n for n, _ in entries(after)}):
        a, b = raw_entry(before, name), raw_entry(after, name)
        if job.comparer.same(a, b):
            continue
        if a is not None:
            job.add(FAILED, "CHANGE_PERMISSIONS", f"/Perms {name}")
        elif name == "/DocMDP":
            job.add(UNKNOWN, "CHANGE_CERTIFICATION_ADDED", f"/Perms {name}")
        else:
            job.add(UNKNOWN, "CHANGE_PERMISSIONS_ADDED", f"/Perms {name}")


_TRAILER_FREE = frozenset(
    ("/Size", "/Prev", "/XRefStm", "/Type", "/Index", "/W", "/Length", "/Filter", "/DecodeParms", "/DL", "/Root")
)


def trailer(job: Job) -> None:
    """The trailer: its own bookkeeping is free, the rest must stand (7.5.5)."""
    old, new = job.before.reader.trailer.flatten(), job.after.reader.trailer.flatten()
    for name in sorted({str(n) for n in old} | {str(n) for n in new}):
        a, b = raw_entry(old, name), raw_entry(new, name)
        if name in _TRAILER_FREE:
            continue
        if name == "/Info":
            _info(job, a, b)
        elif name == "/ID":
            _identifier(job, a, b)
        elif name == "/Encrypt":
            if not job.comparer.same(a, b):
                job.add(FAILED, "CHANGE_ENCRYPTION", name)
        elif name == "/AuthCode" and job.after.reader.encrypted and _authentication(job, b):
            # ISO/TS 32004 6: the code over the whole file is made anew with every update.
            continue
        elif not job.comparer.same(a, b) and not _dropped(job, a, b):
            job.add(UNKNOWN, "CHANGE_TRAILER", name)


def _authentication(job: Job, raw: object) -> bool:
    """Whether `raw` is an integrity protection dictionary: plain values, or the signature that carries the code."""
    code = job.after.get(raw)
    if not isinstance(code, generic.DictionaryObject) or isinstance(code, generic.StreamObject):
        return False
    for name, value in entries(code):
        if name == "/SigObjRef":
            fine = "/ByteRange" in job.after.dictionary(value)
        elif name == "/ByteRange":
            fine = all(is_leaf(v) for v in job.after.array(value))
        else:
            fine = name in ("/MACLocation", "/MAC") and is_leaf(value)
        if not fine:
            return False
    return True


def _dropped(job: Job, old: object, new: object) -> bool:
    """Whether an entry of some writer's own is gone (7.5.6 wants it repeated), or left pointing at nothing."""
    if new is None:
        return True
    before, after = job.before.array(old), job.after.array(new)
    return (
        bool(before)
        and len(before) == len(after)
        and all(job.comparer.same(a, b) or job.after.get(b) is None for a, b in zip(before, after, strict=True))
    )


def _info(job: Job, old: object, new: object) -> None:
    if job.comparer.same(old, new):
        return
    before, after = job.before.dictionary(old), job.after.get(new)
    if new is None:
        return
    if not isinstance(after, generic.DictionaryObject) or isinstance(after, generic.StreamObject):
        job.add(UNKNOWN, "CHANGE_METADATA_UNCLEAR", "/Info")
        return
    for name in {n for n, _ in entries(before)} | {n for n, _ in entries(after)}:
        a, b = raw_entry(before, name), raw_entry(after, name)
        value = job.after.get(b)
        shown = string_text(job.before.get(a))
        if job.comparer.same(a, b) or (shown is not None and shown == string_text(value)):
            # One text may be written in several encodings (7.9.2.2).
            continue
        if value is not None and string_bytes(value) is None and not is_name(value):
            job.add(UNKNOWN, "CHANGE_METADATA_UNCLEAR", f"/Info {name}")
        elif name == "/Title" or (name not in INFO_FREE and job.before.get(a) is not None and value is not None):
            # What the document says of itself, not what a program says of the file.
            job.add(UNKNOWN, "CHANGE_TITLE", f"/Info {name}")
        else:
            job.add(PASSED, "CHANGE_METADATA", "/Info" if name in INFO_FREE else f"/Info {name}")


def _identifier(job: Job, old: object, new: object) -> None:
    """File identifiers (14.4) show nothing; only decryption depends on the first."""
    before, after = job.before.array(old), job.after.array(new)
    kept = bool(before) and bool(after) and job.comparer.same(before[0], after[0])
    plain = all(string_bytes(job.after.get(value)) is not None for value in after)
    if not plain or (job.after.reader.encrypted and not kept):
        job.add(UNKNOWN, "CHANGE_TRAILER", "/ID")
