"""Reads back what was written, before anybody gets it (step 8 of the recipe in `eseal.sealing`)."""

from __future__ import annotations

from eseal.crypto.algorithms import hasher
from eseal.crypto.examined import Examined
from eseal.crypto.signed_data import examine
from eseal.crypto.timestamp_token import ExaminedToken, examine_token
from eseal.documents import open_document
from eseal.documents.model import Coverage, Found
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.readback import read_back
from eseal.errors import DocumentError, VerificationFailed
from eseal.model import Certificate
from eseal.report.model import CheckVerdict

THOROUGH_ENTRIES = 2_000
"""Cross-reference entries up to which the verifier's own reader opens the result too; it costs time for every one."""
THOROUGH_BYTES = 8_000_000
"""Bytes up to which it does: it needs the file in one piece."""
_HARMLESS = (CheckVerdict.PASSED, CheckVerdict.INFO)


def check_written(expected: Laid, appended: bytes, certificate: Certificate) -> tuple[ExaminedToken, ...]:
    """Read back file and `appended`; the timestamps over the signature. Raises VerificationFailed SEAL_READ_BACK."""
    written = read_back(expected, appended)
    _check_by_verifier(expected, appended)
    examined = examine(written.cms, written.digest)
    for check in examined.checks:
        if check.verdict not in _HARMLESS:
            raise VerificationFailed("SEAL_READ_BACK", reason=check.code)
    if not examined.intact or examined.certificate != certificate:
        raise VerificationFailed("SEAL_READ_BACK", reason="signing-certificate")
    return tuple(check_token(token, examined) for token in examined.signature_timestamps)


def _check_by_verifier(expected: Laid, appended: bytes) -> None:
    """Open the result as `verify` will: an input that is odd in a way that our writer forgives is not sealed."""
    scan = expected.source.scan
    entries = sum(len(section.entries) for section in scan.sections)
    if entries > THOROUGH_ENTRIES or expected.source.size > THOROUGH_BYTES:
        return
    try:
        signatures = open_document(scan.data + appended, scan.limits).signatures()
    except DocumentError as error:
        raise DocumentError("SEAL_DOCUMENT_BROKEN", what=error.message()) from error
    mine = [s for s in signatures if s.name == expected.field]
    if len(mine) != 1 or not isinstance(mine[0], Found) or mine[0].coverage is not Coverage.ENTIRE_FILE:
        raise VerificationFailed("SEAL_READ_BACK", reason="coverage")
    for check in mine[0].findings:
        if check.verdict not in _HARMLESS:
            raise VerificationFailed("SEAL_READ_BACK", reason=check.code)


def check_token(token: bytes, examined: Examined) -> ExaminedToken:
    """A signature timestamp whose mathematics hold. Raises VerificationFailed SEAL_READ_BACK."""

    def imprint(name: str) -> bytes:
        state = hasher(name)
        state.update(examined.signature_value)
        return bytes(state.digest())

    found = examine_token(token, imprint)
    if not found.intact:
        wrong = next((c.code for c in found.checks if c.verdict is not CheckVerdict.PASSED), "signature-timestamp")
        raise VerificationFailed("SEAL_READ_BACK", reason=wrong)
    return found
