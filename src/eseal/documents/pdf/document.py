"""A PDF that was opened within limits: its findings, its signatures, what changed after them, its validation data."""

from __future__ import annotations

from collections.abc import Sequence

from pyhanko.pdf_utils import generic

from eseal.documents.model import Broken, Change, Coverage, Found, Kind
from eseal.documents.pdf.changes import Later, compare, read_rules
from eseal.documents.pdf.changes.graph import View, raw_entry
from eseal.documents.pdf.digests import Digests
from eseal.documents.pdf.fields import PageNumbers, SignatureField, has_xfa, signature_fields
from eseal.documents.pdf.framing import info, passed, unknown
from eseal.documents.pdf.reader import RAISED, Opened, guarded, open_reader
from eseal.documents.pdf.scan import Scan, scan
from eseal.documents.pdf.signatures import Context, read, unreached
from eseal.errors import DocumentError
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate, ValidationData
from eseal.report.model import Check, CheckVerdict

_DSS_STREAMS = 5_000


class PdfDocument:
    """One PDF (implements `documents.model.Document`). Not safe for several threads at once."""

    def __init__(self, scanned: Scan, opened: Opened) -> None:
        self._scan = scanned
        self._digests = Digests(scanned.data)
        self._opened = opened
        self._view = View(opened.reader)
        self._revisions: dict[int, Opened] = {}
        self._signatures: tuple[Found | Broken, ...] | None = None
        self._fields: tuple[SignatureField, ...] | None = None

    @property
    def format(self) -> str:
        """Always "pdf"."""
        return "pdf"

    @property
    def data(self) -> bytes:
        """The file."""
        return self._scan.data

    @property
    def scan(self) -> Scan:
        """Our own scan: revisions, sections, offsets."""
        return self._scan

    @property
    def encrypted(self) -> bool:
        """Encrypted, and opened with the empty user password."""
        return self._opened.decrypted

    @property
    def xfa(self) -> bool:
        """Its form is an XFA form, which shows what the PDF itself does not."""
        return has_xfa(self._view)

    @property
    def certification(self) -> int | None:
        """DocMDP level of the signature that certifies the document, None where none does."""
        levels = [s.certification for s in self.signatures() if isinstance(s, Found) and s.certification]
        return min(levels, default=None)

    def findings(self) -> tuple[Check, ...]:
        """Repairs made while reading, hybrid references, encryption, XFA; "document" passed where all is plain."""
        found: list[Check] = []
        signatures = self.signatures()
        if self._scan.repaired:
            found.append(info("PDF_NOTE_REPAIRED", startxref=self._scan.startxref))
        if self._scan.hybrid:
            found.append(info("PDF_NOTE_HYBRID"))
        if not self._opened.strict:
            found.append(info("PDF_NOTE_TOLERANT"))
        if self._opened.decrypted:
            found.append(info("PDF_NOTE_ENCRYPTED"))
        if self.xfa:
            found.append(unknown("document", "PDF_XFA"))
        size = len(self._scan.data)
        covered = any(isinstance(s, Found) and s.coverage is Coverage.ENTIRE_FILE for s in signatures)
        if self._scan.blank_end(self._scan.end) < size and not covered:
            found.append(unknown("document", "PDF_TAIL", start=self._scan.end, size=size))
        if all(c.id != "document" for c in found):
            found.append(passed("document", "PDF_DOCUMENT_OK", revisions=len(self._scan.revisions), size=size))
        return tuple(found)

    def signatures(self) -> Sequence[Found | Broken]:
        """All signatures, oldest first. Raises DocumentError PDF_LIMIT_... where there are too many fields."""
        if self._signatures is None:
            fields = self._signature_fields()
            context = Context(self._scan, self._view, PageNumbers(self._view), self._fields_at, self._digests)
            found = guarded(lambda: read(context, fields), "signatures")
            if len(found) < self._scan.limits.signatures:
                found += unreached(context, fields)
            self._signatures = found
        return self._signatures

    def digest(self, algorithm: str) -> bytes:
        """Digest of the whole file; what signatures cover of it is not hashed again. Raises KeyError."""
        return self._digests.whole(algorithm)

    def changes_after(self, found: Found) -> tuple[Change, ...]:
        """What was changed after `found`; empty where it covers the whole file."""
        if found.coverage is Coverage.ENTIRE_FILE:
            return ()
        if found.coverage is not Coverage.ENTIRE_REVISION:
            return (Change(CheckVerdict.UNKNOWN, "PDF_CHANGES_NOT_COMPARED"),)
        try:
            before = self._revision(found.covered_end)
            later = tuple(
                Later(s.name, s.covered_end, isinstance(s, Found) and s.kind is Kind.TIMESTAMP)
                for s in self.signatures()
                if s.covered_end > found.covered_end
            )
            rules = read_rules(before.reader, found.name, later)
            return compare(before.reader, self._opened.reader, rules)
        except (DocumentError, *RAISED):
            # The signed revision cannot be read as a document of its own, so nothing can be said of what followed.
            return (Change(CheckVerdict.UNKNOWN, "PDF_CHANGES_NOT_COMPARED"),)

    def validation_data(self, end: int | None = None) -> ValidationData:
        """Certificates, CRLs and OCSP responses in the DSS (ISO 32000-2 12.8.4.3), VRI included, without doubles."""
        try:
            view = self._view if end is None or end >= self._scan.end else View(self._revision(end).reader)
            return _dss(view, self._scan.limits)
        except (DocumentError, *RAISED):
            # Missing data is found missing by the judge; unreadable data is no better.
            return ValidationData()

    def _signature_fields(self) -> tuple[SignatureField, ...]:
        if self._fields is None:
            self._fields = guarded(lambda: signature_fields(self._view, self._scan.limits), "fields")
            if self._opened.strict and any(f.dictionary is None for f in self._fields):
                # A signature that strict mode cannot read: better a tolerant reading that says so than none. What
                # readers would understand differently is looked for by `ambiguity`, in either mode.
                self._opened = open_reader(self._scan, strict=False, short=self._opened.short)
                self._view = View(self._opened.reader)
                self._fields = guarded(lambda: signature_fields(self._view, self._scan.limits), "fields")
        return self._fields

    def _fields_at(self, end: int) -> tuple[SignatureField, ...]:
        if end >= self._scan.end:
            return self._signature_fields()
        try:
            view = View(self._revision(end).reader)
            return guarded(lambda: signature_fields(view, self._scan.limits), "fields")
        except DocumentError:
            # No signed revision that can be read: nothing in it names the signature.
            return ()

    def _revision(self, end: int) -> Opened:
        if end not in self._revisions:
            self._revisions[end] = open_reader(self._scan, end, strict=self._opened.strict, short=self._opened.short)
        return self._revisions[end]


def _dss(view: View, limits: Limits) -> ValidationData:
    dss = view.dictionary(raw_entry(view.root, "/DSS"))
    holders = [(dss, "/Certs", "/OCSPs", "/CRLs")]
    vri = view.dictionary(raw_entry(dss, "/VRI"))
    for name in list(vri)[: limits.signatures]:
        holders.append((view.dictionary(raw_entry(vri, name)), "/Cert", "/OCSP", "/CRL"))
    found: tuple[dict[bytes, None], ...] = ({}, {}, {})
    seen: set[object] = set()
    left = limits.inflated_bytes
    for holder, *keys in holders:
        for key, into in zip(keys, found, strict=True):
            for raw in view.array(raw_entry(holder, key)):
                reference, stream = view.resolve(raw)
                if reference in seen or not isinstance(stream, generic.StreamObject) or len(seen) >= _DSS_STREAMS:
                    continue
                seen.add(reference)
                content = view.decoded(stream)
                if content is None or len(into) >= limits.certificates:
                    continue
                left -= len(content)
                if left < 0:
                    raise DocumentError("PDF_LIMIT_INFLATED", where="DSS", limit=limits.inflated_bytes)
                into[content] = None
    certificates, ocsps, crls = found
    return ValidationData(tuple(Certificate(c) for c in certificates), tuple(crls), tuple(ocsps))


def open_pdf(data: bytes, limits: Limits = DEFAULT) -> PdfDocument:
    """Open a PDF: our own scan, then pyHanko's reader. Raises DocumentError PDF_... where it cannot be read."""
    scanned = scan(data, limits)
    return PdfDocument(scanned, open_reader(scanned))
