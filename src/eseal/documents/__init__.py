"""Documents: one package per format, all with the verbs of `documents.model`."""

from __future__ import annotations

from eseal.documents.model import Document
from eseal.errors import DocumentError
from eseal.limits import DEFAULT, Limits

# How far behind the start of a file its header may stand (ISO 32000-1 annex H, implementation note 13).
_MAGIC_WITHIN = 1024


def open_document(data: bytes, limits: Limits = DEFAULT) -> Document:
    """Open a document by its magic bytes, whatever its name says.

    Raises DocumentError: DOCUMENT_EMPTY, DOCUMENT_FORMAT_UNKNOWN, or what the format raises (PDF_...).
    """
    if not data:
        raise DocumentError("DOCUMENT_EMPTY")
    if b"%PDF-" in data[:_MAGIC_WITHIN]:
        from eseal.documents.pdf.document import open_pdf

        return open_pdf(data, limits)
    raise DocumentError("DOCUMENT_FORMAT_UNKNOWN")
