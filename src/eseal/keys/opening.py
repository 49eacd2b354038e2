"""`open_signer` and `open_key`: what a key's URI means, and which door opens it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from eseal.errors import KeyAccessError, UsageError
from eseal.keys import files
from eseal.keys.files import FileKey, FileSigner
from eseal.keys.pkcs11 import SESSIONS, TokenUri, open_token_key, open_token_signer
from eseal.keys.remote import Ask, RemoteUri, open_remote_signer
from eseal.model import KeyInfo, Signer

FILE_SCHEMES = ("file:", "pem:", "p12:", "pkcs12:")
"""Keys in files; a path with none of them before it is read as `file:`."""
SCHEMES = (*FILE_SCHEMES, "pkcs11:", "csc:")
"""The kinds of key URI that work."""

# Two letters at least, so that the drive of a Windows path is no scheme.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.S)
_SECRET = re.compile(r"(?:^|[?;&,:])\s*(?:pin|pin-value|password|passwd|passphrase|pass|pwd|secret)\s*=", re.I)
_USER_INFO = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://[^/?#@]*:[^/?#@]+@")


class BareKey(Protocol):
    """A private key that need not have a certificate: what a request to a CA is signed with."""

    @property
    def public_key(self) -> KeyInfo:
        """The public key."""
        ...

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES` that signatures are made with."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; the signature in the form that X.509 carries."""
        ...


def open_signer(
    uri: str,
    *,
    cert: str | Path | None = None,
    password: bytes | None = None,
    scheme: str | None = None,
    module: str | Path | None = None,
    token: bytes | None = None,
    ask: Ask | None = None,
    sessions: int = SESSIONS,
) -> Signer:
    """Open the key that `uri` names, once, together with its certificate and the chain above it.

    `uri` is a path, or a path behind `file:` (PEM or PKCS#12, told apart by content), `pem:`, `p12:` or `pkcs12:`; a
    key in a token (`pkcs11:token=...;object=...`, RFC 7512), or with a remote service (`csc:https://...`).
    `cert` is a file with the certificate and its issuers in any order (PEM, or one in DER), where the key's place
    does not hold them; the certificate is the one whose public key is the key's. `password` opens an encrypted
    file, is the PIN of a token, or of a remote credential. `scheme` is a row of `crypto.algorithms.SCHEMES`; without
    it the key decides.

    `module` is the PKCS#11 module of a token, an absolute path. It is code that this process runs: take it from the
    operator's own configuration, never from whoever asks for a signature. `sessions` bounds how many threads a token
    serves at a time. `token` is the OAuth 2.0 access token for a remote service; `ask` is asked for what the service
    wants beside it.

    Raises UsageError (KEY_URI_UNKNOWN, KEY_PASSWORD_IN_URI, KEY_SCHEME_..., KEY_TOKEN_URI_..., KEY_MODULE_...,
    KEY_EXTRA_MISSING), KeyAccessError (KEY_..., CERTIFICATE_...), and ServiceError from a remote service. Validity and
    usages are not looked at: `check_fit` does, at a time.
    """
    kind, rest = _split(uri)
    certificates = files.read_certificate_file(Path(cert)) if cert is not None else ()
    if kind == "pkcs11":
        return open_token_signer(
            TokenUri.parse(uri),
            certificates=certificates,
            pin=password,
            scheme=scheme,
            module=Path(module) if module is not None else None,
            sessions=sessions,
        )
    if kind == "csc":
        return open_remote_signer(
            RemoteUri.parse(uri), certificates=certificates, token=token, pin=password, scheme=scheme, ask=ask
        )
    path = Path(rest)
    data = _read(kind, path)
    return FileSigner.load(data, certificates=certificates, password=password, scheme=scheme, path=str(path))


def open_key(
    uri: str,
    *,
    password: bytes | None = None,
    scheme: str | None = None,
    module: str | Path | None = None,
    sessions: int = 1,
) -> BareKey:
    """Open a key that need not have a certificate yet: a file or a token. Raises as `open_signer`."""
    kind, rest = _split(uri)
    if kind == "pkcs11":
        place = Path(module) if module is not None else None
        return open_token_key(TokenUri.parse(uri), pin=password, scheme=scheme, module=place, sessions=sessions)
    if kind == "csc":
        raise UsageError("KEY_REMOTE_WITHOUT_REQUEST")
    path = Path(rest)
    return FileKey.load(_read(kind, path), password=password, scheme=scheme, path=str(path))


def refusal(uri: str) -> UsageError | None:
    """Why `open_signer` refuses a URI as it stands; None where it does not. Nothing is opened."""
    try:
        kind, _ = _split(uri)
        if kind == "pkcs11":
            TokenUri.parse(uri)
        elif kind == "csc":
            RemoteUri.parse(uri)
    except UsageError as error:
        return error
    return None


def shown_uri(uri: str) -> str:
    """The URI for lists and reports; its kind alone where it is refused, since it might hold a secret."""
    if refusal(uri) is None:
        return uri
    found = _SCHEME.fullmatch(uri)
    return f"{found[1]}:..." if found else "..."


def is_token(uri: str) -> bool:
    """Whether the URI names a key in a token."""
    return uri[:7].lower() == "pkcs11:"


def _read(kind: str, path: Path) -> bytes:
    data = files.read_key_file(path)
    if kind == "pem" and files.looks_like_pkcs12(data):
        raise KeyAccessError("KEY_FILE_NOT_PEM", path=path)
    if kind == "pkcs12" and not files.looks_like_pkcs12(data):
        raise KeyAccessError("KEY_FILE_NOT_PKCS12", path=path)
    return data


def _split(uri: str) -> tuple[str, str]:
    """Kind and rest of a URI. Raises UsageError KEY_PASSWORD_IN_URI, KEY_URI_UNKNOWN."""
    # Neither the URI nor its tail goes into a message before it is known to hold no secret.
    if _SECRET.search(uri) or _USER_INFO.match(uri):
        raise UsageError("KEY_PASSWORD_IN_URI")
    found = _SCHEME.fullmatch(uri)
    if not found:
        if not uri:
            raise UsageError("KEY_URI_UNKNOWN", scheme="", known=" ".join(SCHEMES))
        return "file", uri
    scheme, rest = found[1].lower(), found[2]
    if f"{scheme}:" not in SCHEMES or not rest:
        raise UsageError("KEY_URI_UNKNOWN", scheme=f"{scheme}:", known=" ".join(SCHEMES))
    if f"{scheme}:" not in FILE_SCHEMES:
        return scheme, rest
    if rest.startswith("//"):
        # RFC 8089 form with an empty host; a path that begins with two slashes means the same to POSIX.
        rest = rest.removeprefix("//localhost") if rest.startswith("//localhost/") else rest[2:]
        if not rest.startswith("/"):
            raise UsageError("KEY_URI_UNKNOWN", scheme=f"{scheme}://", known=" ".join(SCHEMES))
    return {"p12": "pkcs12"}.get(scheme, scheme), rest
