"""What changed in a PDF after it was sealed: two document models compared, every difference classed.

The signed revision and the document as it is now are compared part by part, by value and never by object number.
What the standards allow (ISO 32000-2 12.8.2, EN 319 142-1 5.4) is named as such; what is not proven is UNKNOWN.
"""

from __future__ import annotations

from pyhanko.pdf_utils.reader import PdfFileReader

from eseal.documents.model import Change
from eseal.documents.pdf.changes.rules import Later, Lock, LockAction, Rules

__all__ = ["Later", "Lock", "LockAction", "Rules", "compare", "read_rules"]


def read_rules(before: PdfFileReader, field: str, later: tuple[Later, ...] = ()) -> Rules:
    """The rules that the signed revision `before` itself states for the seal in `field`.

    Certification level (/Perms /DocMDP, and /P of signature locks, the strictest counts) and field locks of every
    signature that stands in `before` (ISO 32000-2 12.8.2.2, 12.8.2.4, table 236). Never raises for a bad document:
    what cannot be read counts as the strictest.
    """
    raise NotImplementedError


def compare(before: PdfFileReader, after: PdfFileReader, rules: Rules) -> tuple[Change, ...]:
    """Every difference between the signed revision `before` and the document as it is now, classed by `rules`.

    `before` reads the bytes up to the end of the signed revision, `after` the whole file. Empty: nothing changed.
    Never raises for a bad document: what cannot be compared is a Change that is UNKNOWN.
    """
    raise NotImplementedError
