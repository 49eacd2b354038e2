"""The PAdES baseline level that a signature meets, whoever made it (EN 319 142-1 table 1)."""

from __future__ import annotations

from collections.abc import Sequence

from eseal.crypto.examined import Examined
from eseal.documents.model import Document
from eseal.judging.judge import Judgement
from eseal.report.model import Level


def pades_level(
    examined: Examined, judgement: Judgement, document: Document, stamp_ends: Sequence[int], carried: bool
) -> Level:
    """The highest level whose every demand is met.

    `stamp_ends` are the ends of the revisions of those trusted document timestamps that cover this signature,
    `carried` says that the document carries revocation data for the whole of its path.
    """
    if not examined.is_pades_b:
        return Level.NONE
    if not (judgement.has_trusted_timestamp or stamp_ends):
        return Level.B_B
    if not carried:
        return Level.B_T
    # 5.5: an archive timestamp covers the validation data; one that only covers the signature gives B-T.
    covered = document.validation_data(max(stamp_ends)) if stamp_ends else None
    return Level.B_LTA if covered is not None and (covered.crls or covered.ocsps) else Level.B_LT
