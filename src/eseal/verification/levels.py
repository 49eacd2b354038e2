"""The PAdES baseline level that a signature meets, whoever made it (EN 319 142-1 table 1)."""

from __future__ import annotations

from collections.abc import Sequence

from eseal.crypto.signed_data import Examined
from eseal.documents.model import Document, Found
from eseal.judging.judge import Judgement
from eseal.report.model import Level


def pades_level(
    found: Found,
    examined: Examined,
    judgement: Judgement,
    document: Document,
    stamp_ends: Sequence[int],
    stamped: bool,
) -> Level:
    """The highest level whose every demand is met.

    `stamp_ends` are the ends of the trusted document timestamps' revisions, `stamped` says that one of them covers
    this signature.
    """
    if not examined.is_pades_b:
        return Level.NONE
    if not (judgement.has_trusted_timestamp or stamped):
        return Level.B_B
    if not judgement.complete_revocation:
        return Level.B_T
    # 5.5: an archive timestamp covers the validation data; one that only covers the signature gives B-T.
    stored = document.validation_data(max(stamp_ends)) if stamp_ends else None
    if stamped and stored is not None and (stored.crls or stored.ocsps):
        return Level.B_LTA
    return Level.B_LT
