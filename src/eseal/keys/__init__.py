"""Keys behind URIs: files now; tokens and services come as further schemes of the same `open_signer`."""

from __future__ import annotations

import re
from pathlib import Path

from eseal.errors import KeyAccessError, UsageError
from eseal.keys import files
from eseal.keys.files import FileSigner
from eseal.keys.fitness import check_fit
from eseal.model import Signer

__all__ = ["SCHEMES", "FileSigner", "check_fit", "open_signer"]

SCHEMES = ("file:", "pem:", "p12:", "pkcs12:")
"""The kinds of key URI that work; a path with none of them before it is read as `file:`."""

# Two letters at least, so that the drive of a Windows path is no scheme.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.S)
_SECRET = re.compile(r"(?:^|[?;&,:])\s*(?:pin|pin-value|password|passwd|passphrase|pass|pwd|secret)\s*=", re.I)
_USER_INFO = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://[^/?#@]*:[^/?#@]+@")


def open_signer(
    uri: str,
    *,
    cert: str | Path | None = None,
    password: bytes | None = None,
    scheme: str | None = None,
) -> Signer:
    """Open the key that `uri` names, once, together with its certificate and the chain above it.

    `uri` is a path, or a path behind `file:` (PEM or PKCS#12, told apart by content), `pem:`, `p12:` or `pkcs12:`.
    `cert` is a file with the certificate and its issuers in any order (PEM, or one in DER), where the key's file
    does not hold them; the certificate is the one whose public key is the key's. `password` opens an encrypted
    file. `scheme` is a row of `crypto.algorithms.SCHEMES`; without it the key decides.

    Raises UsageError (KEY_URI_UNKNOWN, KEY_PASSWORD_IN_URI, KEY_SCHEME_UNKNOWN, KEY_SCHEME_MISMATCH) and
    KeyAccessError (KEY_..., CERTIFICATE_...). Validity and usages are not looked at: `check_fit` does, at a time.
    """
    # Neither the URI nor its tail goes into a message before it is known to hold no secret.
    if _SECRET.search(uri) or _USER_INFO.match(uri):
        raise UsageError("KEY_PASSWORD_IN_URI")
    kind, path = _split(uri)
    data = files.read_key_file(path)
    if kind == "pem" and files.looks_like_pkcs12(data):
        raise KeyAccessError("KEY_FILE_NOT_PEM", path=path)
    if kind == "pkcs12" and not files.looks_like_pkcs12(data):
        raise KeyAccessError("KEY_FILE_NOT_PKCS12", path=path)
    certificates = files.read_certificate_file(Path(cert)) if cert is not None else ()
    return FileSigner.load(data, certificates=certificates, password=password, scheme=scheme, path=str(path))


def _split(uri: str) -> tuple[str, Path]:
    found = _SCHEME.fullmatch(uri)
    if not found:
        if not uri:
            raise UsageError("KEY_URI_UNKNOWN", scheme="", known=" ".join(SCHEMES))
        return "file", Path(uri)
    scheme, path = found[1].lower(), found[2]
    if f"{scheme}:" not in SCHEMES or not path:
        raise UsageError("KEY_URI_UNKNOWN", scheme=f"{scheme}:", known=" ".join(SCHEMES))
    if path.startswith("//"):
        # RFC 8089 form with an empty host; a path that begins with two slashes means the same to POSIX.
        path = path.removeprefix("//localhost") if path.startswith("//localhost/") else path[2:]
        if not path.startswith("/"):
            raise UsageError("KEY_URI_UNKNOWN", scheme=f"{scheme}://", known=" ".join(SCHEMES))
    return {"p12": "pkcs12"}.get(scheme, scheme), Path(path)
