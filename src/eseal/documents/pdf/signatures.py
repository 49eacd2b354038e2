"""The signatures of a PDF, each taken apart on its own: Found or Broken, never an exception for the whole file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from pyhanko.pdf_utils import generic

from eseal.documents.model import Broken, Coverage, Found, Kind
from eseal.documents.pdf import lexer
from eseal.documents.pdf.ambiguity import ambiguous, doubled_keys
from eseal.documents.pdf.changes.graph import View, raw_entry, string_bytes
from eseal.documents.pdf.digests import Digests
from eseal.documents.pdf.fields import (
    PageNumbers,
    SignatureField,
    certification,
    permission_signature,
    shown_page,
    text,
)
from eseal.documents.pdf.framing import (
    Frame,
    Unframed,
    failed,
    find_dictionary,
    frame,
    passed,
    unknown,
)
from eseal.documents.pdf.lexer import Dict, LexError
from eseal.documents.pdf.reader import RAISED
from eseal.documents.pdf.scan import Scan
from eseal.documents.pdf.syntax import SEAL_ENTRY
from eseal.documents.pdf.tiling import unaccounted
from eseal.model import Certificate, ValidationData
from eseal.report.model import Check

SUB_FILTERS = {
    "adbe.pkcs7.detached": Kind.SEAL,
    "ETSI.CAdES.detached": Kind.SEAL,
    "adbe.pkcs7.sha1": Kind.SEAL,
    "adbe.x509.rsa_sha1": Kind.SEAL,
    "ETSI.RFC3161": Kind.TIMESTAMP,
}
"""Encodings that are understood (ISO 32000-2 table 260, EN 319 142-1 5.3, 5.4.3)."""

_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)(?:00'?(?:00'?)?)?|([+-])(\d\d)(?:'?(\d\d)?'?)?)?\s*$"
)
_SHOWN_OBJECTS = 5


@dataclass(frozen=True, slots=True)
class Context:
    """What taking one signature apart needs."""

    scan: Scan
    """The scan of the whole file."""
    view: View
    """The document as it is now."""
    pages: PageNumbers
    """Page numbers of the document as it is now."""
    fields_at: Callable[[int], Sequence[SignatureField]]
    """Signature fields of the revision that ends at an offset. Raises DocumentError."""
    digests: Digests
    """Digests over the whole file and its parts."""


def read(context: Context, fields: Sequence[SignatureField]) -> tuple[Found | Broken, ...]:
    """Take apart every signature that `fields` name, oldest first."""
    groups: dict[object, list[SignatureField]] = {}
    for found in fields:
        # One signature is one dictionary, however many fields name it.
        groups.setdefault(found.value or ("in", found.key, found.name), []).append(found)
    results: list[tuple[int, int, Found | Broken]] = []
    for position, group in enumerate(groups.values()):
        one = _one(context, group)
        results.append((one.covered_end, position, one))
    results.sort(key=lambda r: (r[0] == 0, r[0], r[1]))
    return tuple(replace(one, index=i) for i, (_, _, one) in enumerate(results))


def _one(context: Context, group: list[SignatureField]) -> Found | Broken:
    first = group[0]
    try:
        return _found(context, group)
    except Unframed as broken:
        return Broken(0, first.name, (broken.check,), placeholder=broken.placeholder, covered_end=broken.end)
    except RAISED:
        # Whatever pyHanko stumbles over in one signature must not hide the others.
        where = first.holder[0] if first.holder else ""
        return Broken(0, first.name, (unknown("field-structure", "PDF_SIGNATURE_UNREADABLE", where=where),))


def _found(context: Context, group: list[SignatureField]) -> Found:
    first = group[0]
    if first.dictionary is None or first.holder is None:
        raise Unframed(unknown("field-structure", "PDF_SIGNATURE_NO_DICTIONARY"))
    offset, raw = find_dictionary(context.scan, first.holder[0], first.value is None)
    sub_filter, kind, findings = _encoding(raw)
    framed = frame(context.scan, offset, raw)
    findings += _structure(context, group, framed, raw)
    if not findings:
        findings.append(passed("field-structure", "PDF_FIELD_OK", object=first.holder[0], offset=offset))
    coverage, covered = cover(context.scan, framed)
    view, holder = context.view, first.dictionary
    return Found(
        index=0,
        name=first.name,
        kind=kind,
        sub_filter=sub_filter,
        cms=framed.cms,
        digest=lambda algorithm: context.digests.digest(algorithm, framed.ranges),
        coverage=coverage,
        covered_end=framed.end,
        findings=(*findings, *framed.checks, *covered),
        ranges=framed.ranges,
        claimed_time=pdf_date(text(view, holder, "/M")),
        reason=text(view, holder, "/Reason"),
        location=text(view, holder, "/Location"),
        certification=certification(view, holder),
        page=shown_page(view, first.widgets, context.pages),
        data=_certificates(view, holder),
        seal=_seal_id(raw),
    )


def _seal_id(raw: Dict) -> str:
    """The seal that `eseal seal` names, as the signed bytes have it."""
    value = raw.get(SEAL_ENTRY)
    return value[:64] if isinstance(value, str) else ""


def _encoding(raw: Dict) -> tuple[str, Kind, list[Check]]:
    sub_filter = raw.get("SubFilter")
    if not isinstance(sub_filter, str):
        raise Unframed(unknown("field-structure", "PDF_SUBFILTER_MISSING"))
    if sub_filter not in SUB_FILTERS:
        raise Unframed(unknown("field-structure", "PDF_SUBFILTER_UNKNOWN", name=sub_filter))
    kind = SUB_FILTERS[sub_filter]
    findings: list[Check] = []
    of_type = raw.get("Type", "Sig")
    # Table 255: /Type is optional, and older timestamps say /Sig or nothing. A signature that calls itself a
    # timestamp is neither.
    if of_type not in ("Sig", "DocTimeStamp") or (of_type == "DocTimeStamp" and kind is not Kind.TIMESTAMP):
        findings.append(unknown("field-structure", "PDF_SIGNATURE_TYPE", name=of_type))
    if doubled_keys(raw):
        key = next((e.key for e in raw.entries if raw.count(e.key) > 1), "")
        findings.append(unknown("field-structure", "PDF_SIGNATURE_DOUBLED", key="/" + key, object=""))
    return str(sub_filter), kind, findings


def _structure(context: Context, group: list[SignatureField], framed: Frame, raw: Dict) -> list[Check]:
    scan, first = context.scan, group[0]
    findings: list[Check] = []
    if not first.typed:
        findings.append(unknown("field-structure", "PDF_FIELD_TYPE"))
    holder = first.holder
    assert holder is not None
    # The revision that is signed must itself hold this signature, or it was moved into another history.
    moved = scan.offset(holder[0], framed.end) != framed.offset
    if moved and framed.end < len(scan.data) and scan.revision_ending(framed.end) is not None:
        findings.append(failed("field-structure", "PDF_SIGNATURE_NOT_IN_REVISION", object=holder[0]))
    if len(group) > 1:
        findings += _shared(context, group, framed)
    return findings


def _shared(context: Context, group: list[SignatureField], framed: Frame) -> list[Check]:
    """Several fields name one signature: as signed, or made so later to show the seal where it never was.

    ISO 32000-2 12.7.5.5 lets /V of a signature field be the signature dictionary and does not forbid that two fields
    share it, so what the signer signed stands; a field that joined after the signature was not signed by it.
    """
    names = ", ".join(f.name for f in group)
    before = {(f.key, f.name) for f in context.fields_at(framed.end) if f.value == group[0].value}
    if {(f.key, f.name) for f in group} <= before:
        return []
    return [failed("field-structure", "PDF_SIGNATURE_SHARED", names=names)]


def cover(scan: Scan, framed: Frame) -> tuple[Coverage, list[Check]]:
    """How much of the file is covered, and whether what lies behind is understood."""
    end, size = framed.end, len(scan.data)
    evidence = {"covered_end": end, "file_size": size}
    if any(c.id == "byte-range" and c.code != "PDF_BYTE_RANGE_OK" for c in framed.checks):
        return Coverage.PARTIAL, [failed("coverage", "PDF_COVERAGE_PARTIAL", end=end)]
    if end == size or (scan.blank_end(end) == size and scan.end <= end <= scan.line_end(scan.end)):
        return Coverage.ENTIRE_FILE, [passed("coverage", "PDF_COVERAGE_FILE", **evidence)]
    revision = scan.revision_ending(end)
    if revision is None:
        return Coverage.PARTIAL, [failed("coverage", "PDF_COVERAGE_PARTIAL", end=end)]
    findings: list[Check] = []
    if revision.index in scan.overreaching:
        findings.append(failed("coverage", "PDF_COVERAGE_OVERREACH", revision=revision.index + 1))
    for span in unaccounted(scan, end)[:_SHOWN_OBJECTS]:
        where = f"{span.start}-{span.end}"
        if span.objects:
            listed = ", ".join(f"{n} {g}" for n, g in span.objects[:_SHOWN_OBJECTS])
            findings.append(failed("coverage", "PDF_HIDDEN_OBJECTS", where=where, objects=listed))
        else:
            findings.append(unknown("coverage", "PDF_UNKNOWN_BYTES", where=where))
    if scan.repaired:
        # Readers that take offsets by the letter rebuild such a file, and may then show what no section lists.
        findings.append(unknown("coverage", "PDF_COVERAGE_REPAIRED"))
    doubtful = ambiguous(scan, end)
    if doubtful:
        listed = ", ".join(str(n) if n else "trailer" for n in doubtful[:_SHOWN_OBJECTS])
        findings.append(unknown("coverage", "PDF_AMBIGUOUS_OBJECTS", objects=listed))
    if not findings:
        findings.append(passed("coverage", "PDF_COVERAGE_REVISION", revision=revision.index + 1, **evidence))
    return Coverage.ENTIRE_REVISION, findings


def pdf_date(value: str | None) -> datetime | None:
    """The time in a PDF date (ISO 32000-2 7.9.4), in UTC; without a zone it is UTC. None where it is no date."""
    match = _DATE.match(value.strip("\0 ")) if value else None
    if not match:
        return None
    year, month, day, hour, minute, second = (int(g) if g else None for g in match.groups()[:6])
    zone = timedelta(0)
    if match[8]:
        zone = timedelta(hours=int(match[9]), minutes=int(match[10] or 0)) * (-1 if match[8] == "-" else 1)
    try:
        found = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=timezone(zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _certificates(view: View, holder: object) -> ValidationData:
    """/Cert of adbe.x509.rsa_sha1: one byte string or an array of them (table 255)."""
    if not isinstance(holder, generic.DictionaryObject):
        return ValidationData()
    raw = raw_entry(holder, "/Cert")
    values = [view.get(v) for v in view.array(raw)] or [view.get(raw)]
    found = [string_bytes(v) for v in values[:100]]
    return ValidationData(tuple(Certificate(c) for c in found if c))


def unreached(context: Context, fields: Sequence[SignatureField]) -> tuple[Broken, ...]:
    """Signature dictionaries that are in force but that no field of the form names."""
    scan = context.scan
    known = {f.holder[0] for f in fields if f.holder is not None}
    usage = permission_signature(context.view, "/UR3")
    if usage is not None:
        known.add(usage[0])
    found = []
    for num, value in _with_byte_range(scan):
        if num not in known and value.get("ByteRange") is not None and value.get("Contents") is not None:
            known.add(num)
            found.append(Broken(0, "", (unknown("field-structure", "PDF_SIGNATURE_WITHOUT_FIELD", object=num),)))
    return tuple(found)


def _with_byte_range(scan: Scan) -> Iterator[tuple[int, Dict]]:
    """Objects in force (number, dictionary) whose bytes hold a /ByteRange; each is read once."""
    at = scan.data.find(b"/ByteRange")
    for _ in range(2 * scan.limits.signatures):
        if at < 0:
            return
        start = scan.header_before(at)
        at += 10
        try:
            found = lexer.read_object(scan.data, start, scan.limits.nesting) if start is not None else None
        except LexError as error:
            found, at = None, max(at, error.pos)
        if found is not None and found.end > at:
            at = found.end
            if isinstance(found.value, Dict) and scan.offset(found.num) == start:
                yield found.num, found.value
        at = scan.data.find(b"/ByteRange", at)


__all__ = ["SUB_FILTERS", "Context", "cover", "pdf_date", "read", "unreached"]
