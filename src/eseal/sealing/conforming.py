"""What sealing would break of PDF/A, said before anything is signed (ISO 19005)."""

from __future__ import annotations

from collections.abc import Sequence

from eseal.documents.pdf.claim import Claim, read_claim
from eseal.documents.pdf.source import Source
from eseal.errors import DocumentError, PolicyError
from eseal.model import Note


def claimed(source: Source, *, keep: bool) -> tuple[Claim | None, tuple[Note, ...]]:
    """What the document claims, and what is to be said of it.

    Where the claim is to be kept, metadata that cannot be read are refused: DocumentError PDFA_METADATA.
    """
    try:
        found = read_claim(source)
    except DocumentError:
        if keep:
            raise
        return None, ()
    return found, (Note("PDFA_NOT_CLAIMED"),) if keep and found is None else ()


def check_kept(claim: Claim, broken: Sequence[Note], *, keep: bool) -> tuple[Note, ...]:
    """The findings as warnings; PolicyError PDFA_WOULD_BREAK with all of them where the claim is to be kept."""
    if keep and broken:
        listed = "; ".join(f"{note.params['clause']}: {note.params['what']}" for note in broken)
        raise PolicyError("PDFA_WOULD_BREAK", claim=claim.name, findings=listed)
    return tuple(broken)
