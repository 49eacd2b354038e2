"""Reads back what was written, before anybody gets it (step 8 of the recipe in `eseal.sealing`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from eseal.crypto.algorithms import hasher
from eseal.crypto.examined import Examined
from eseal.crypto.signed_data import examine
from eseal.crypto.timestamp_token import ExaminedToken, examine_token
from eseal.documents import open_document
from eseal.documents.model import Coverage, Document, Found
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.readback import read_back
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.store import read_store
from eseal.errors import DocumentError, VerificationFailed
from eseal.model import Certificate, ValidationData
from eseal.report.model import CheckVerdict

THOROUGH_ENTRIES = 2_000
"""Cross-reference entries up to which the verifier's own reader opens the result too; it costs time for every one."""
THOROUGH_BYTES = 8_000_000
"""Bytes up to which it does: it needs the file in one piece."""
_HARMLESS = (CheckVerdict.PASSED, CheckVerdict.INFO)


@dataclass(frozen=True, slots=True)
class Written:
    """A seal as the finished file carries it."""

    examined: Examined
    """Its CMS."""
    tokens: tuple[ExaminedToken, ...]
    """The timestamps over the signature."""
    seal: str
    """Id of the seal that the signature names; empty where it names none."""
    source: Source = field(repr=False)
    """The file, as it was read back."""


def check_written(expected: Laid, appended: bytes, certificate: Certificate) -> Written:
    """Read back file and `appended`. Raises VerificationFailed SEAL_READ_BACK."""
    written = read_back(expected, appended)
    examined = examine(written.cms, written.digest)
    for check in examined.checks:
        if check.verdict not in _HARMLESS:
            raise VerificationFailed("SEAL_READ_BACK", reason=check.code)
    if not examined.intact or examined.certificate != certificate:
        raise VerificationFailed("SEAL_READ_BACK", reason="signing-certificate")
    tokens = tuple(check_token(token, examined) for token in examined.signature_timestamps)
    return Written(examined, tokens, written.seal, written.source)


def check_by_verifier(expected: Laid, appended: bytes, *names: str, open_end: bool = False) -> Document | None:
    """Open the result as `verify` will: an input that is odd in a way that our writer forgives is not sealed.

    `names` are the signatures that were made, in their order; the last covers the whole file, unless `open_end` says
    that something follows it. None where the file is too large. Raises VerificationFailed SEAL_READ_BACK,
    DocumentError SEAL_DOCUMENT_BROKEN.
    """
    scan = expected.source.scan
    entries = sum(len(section.entries) for section in scan.sections)
    if entries > THOROUGH_ENTRIES or expected.source.size > THOROUGH_BYTES:
        return None
    try:
        document = open_document(scan.data + appended, scan.limits)
        signatures = document.signatures()
    except DocumentError as error:
        raise DocumentError("SEAL_DOCUMENT_BROKEN", what=error.message()) from error
    for name in names:
        mine = [s for s in signatures if s.name == name]
        last = name == names[-1] and not open_end
        coverage = Coverage.ENTIRE_FILE if last else Coverage.ENTIRE_REVISION
        if len(mine) != 1 or not isinstance(mine[0], Found) or mine[0].coverage is not coverage:
            raise VerificationFailed("SEAL_READ_BACK", reason="coverage")
        found = [(c.verdict, c.code) for c in mine[0].findings]
        found += [(c.verdict, c.code) for c in document.changes_after(mine[0])]
        for verdict, code in found:
            if verdict not in _HARMLESS:
                raise VerificationFailed("SEAL_READ_BACK", reason=code)
    return document


def check_data(source: Source, data: ValidationData) -> None:
    """Whether the file carries all of `data`. Raises VerificationFailed SEAL_READ_BACK."""
    if read_store(source).lacks(data):
        raise VerificationFailed("SEAL_READ_BACK", reason="/DSS")


def imprint_of(signature: bytes) -> Callable[[str], bytes]:
    """The digest of a signature value by any algorithm: what its timestamps are made over (RFC 3161 appendix A)."""

    def imprint(name: str) -> bytes:
        state = hasher(name)
        state.update(signature)
        return bytes(state.digest())

    return imprint


def check_token(token: bytes, examined: Examined) -> ExaminedToken:
    """A signature timestamp whose mathematics hold. Raises VerificationFailed SEAL_READ_BACK."""
    found = examine_token(token, imprint_of(examined.signature_value))
    if not found.intact:
        wrong = next((c.code for c in found.checks if c.verdict is not CheckVerdict.PASSED), "signature-timestamp")
        raise VerificationFailed("SEAL_READ_BACK", reason=wrong)
    return found
