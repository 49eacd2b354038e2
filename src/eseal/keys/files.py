"""Keys in files: PEM (PKCS#8, traditional, encrypted) and PKCS#12. Parsed once; the key stays inside the signer."""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from eseal.crypto import algorithms
from eseal.crypto.algorithms import Scheme
from eseal.crypto.certificates import facts
from eseal.errors import KeyAccessError, UsageError
from eseal.keys.matching import (
    CURVES,
    RSA_BITS,
    canonical,
    certificate_for,
    chain_of,
    choose_scheme,
    scheme_row,
)
from eseal.model import Certificate, KeyInfo

FILE_BYTES = 1_000_000
"""Largest key or certificate file that is read."""

_KEY_BLOCK = re.compile(
    rb"-----BEGIN ((?:ENCRYPTED |RSA |EC |DSA |OPENSSH )?PRIVATE KEY)-----.*?-----END \1-----", re.S
)


def read_key_file(path: Path) -> bytes:
    """Read a file with a private key. Raises KeyAccessError; KEY_FILE_PERMISSIONS where others can read or write it."""
    return _read(path, private=True)


def read_certificate_file(path: Path) -> tuple[Certificate, ...]:
    """Read certificates, PEM or DER. Raises KeyAccessError (CERTIFICATE_FILE_UNREADABLE and the file's errors)."""
    data = _read(path, private=False)
    try:
        return _readable(Certificate.load_all(data))
    except UsageError:
        raise KeyAccessError("CERTIFICATE_FILE_UNREADABLE", path=path) from None


def looks_like_pkcs12(data: bytes) -> bool:
    """Whether `data` is DER of a PFX (RFC 7292 4); no password is needed to tell."""
    try:
        return bool(asn1_pkcs12.Pfx.load(data)["version"].native == "v3")
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return False


def _read(path: Path, *, private: bool) -> bytes:
    try:
        # Opened once and examined by descriptor, so that the file judged is the file read; not blocking on a FIFO.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise KeyAccessError("KEY_FILE_NOT_FOUND", path=path) from None
    except (OSError, ValueError) as error:
        raise KeyAccessError("KEY_FILE_UNREADABLE", path=path, reason=_reason(error)) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise KeyAccessError("KEY_FILE_NOT_REGULAR", path=path)
        if private and os.name == "posix" and status.st_mode & 0o066:
            raise KeyAccessError("KEY_FILE_PERMISSIONS", path=path, mode=f"{stat.S_IMODE(status.st_mode):04o}")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise KeyAccessError("KEY_FILE_UNREADABLE", path=path, reason=_reason(error)) from None
    finally:
        os.close(handle)
    if len(data) > FILE_BYTES:
        raise KeyAccessError("KEY_FILE_TOO_LARGE", path=path, limit=FILE_BYTES)
    return data


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


class _InMemory:
    """A private key in memory and how it signs; it is not pickled."""

    __slots__ = ("_key", "_scheme")

    def __init__(self, key: Any, scheme: Scheme) -> None:
        self._key = key
        self._scheme = scheme

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES`."""
        return self._scheme.name

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; the form is what CMS and X.509 carry."""
        return algorithms.sign(self._key, self._scheme, message)

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a private key is not pickled")


class FileSigner(_InMemory):
    """A signer over a private key in memory. Neither its repr nor any error shows the key or its password."""

    __slots__ = ("_certificate", "_chain")

    def __init__(self, key: Any, certificate: Certificate, chain: tuple[Certificate, ...], scheme: Scheme) -> None:
        super().__init__(key, scheme)
        self._certificate = certificate
        self._chain = chain

    @classmethod
    def load(
        cls,
        data: bytes,
        *,
        certificates: Iterable[Certificate] = (),
        password: bytes | None = None,
        scheme: str | None = None,
        path: str = "",
    ) -> FileSigner:
        """Take the key, its certificate and the chain from the bytes of a PEM or PKCS#12 file.

        `certificates` are looked at before those of the file; `path` is only for messages. Raises KeyAccessError
        and UsageError as `eseal.keys.open_signer` does.
        """
        row = scheme_row(scheme)
        key, own = _load(data, password, path)
        spki = _public(key, path)
        candidates = tuple(dict.fromkeys((*certificates, *_readable(own))))
        certificate = certificate_for(spki, candidates, path)
        # The certificate's own form of the key counts: id-RSASSA-PSS binds it to one scheme.
        return cls(key, certificate, chain_of(certificate, candidates), choose_scheme(row, facts(certificate).key))

    @property
    def certificate(self) -> Certificate:
        """The certificate whose public key is this key's."""
        return self._certificate

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Issuers that were in the files, nearest first, without the root."""
        return self._chain

    def __repr__(self) -> str:
        return f"<FileSigner {facts(self._certificate).common_name!r} {self._scheme.name}>"


class FileKey(_InMemory):
    """A private key in memory that has no certificate yet: for a request to a CA."""

    __slots__ = ("_public_key",)

    def __init__(self, key: Any, public_key: KeyInfo, scheme: Scheme) -> None:
        super().__init__(key, scheme)
        self._public_key = public_key

    @classmethod
    def load(cls, data: bytes, *, password: bytes | None = None, scheme: str | None = None, path: str = "") -> FileKey:
        """Take the key from the bytes of a PEM or PKCS#12 file. Raises KeyAccessError and UsageError."""
        row = scheme_row(scheme)
        key, _ = _load(data, password, path)
        public_key = KeyInfo(_public(key, path))
        return cls(key, public_key, choose_scheme(row, public_key))

    @property
    def public_key(self) -> KeyInfo:
        """The public key."""
        return self._public_key

    def __repr__(self) -> str:
        return f"<FileKey {self._scheme.name}>"


def _load(data: bytes, password: bytes | None, path: str) -> tuple[Any, tuple[Certificate, ...]]:
    load = _load_pem if b"-----BEGIN " in data else _load_pkcs12
    return load(data, password, path)


def _readable(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    found = tuple(certificates)
    for certificate in found:
        facts(certificate)
    return found


def _load_pem(data: bytes, password: bytes | None, path: str) -> tuple[Any, tuple[Certificate, ...]]:
    blocks = list(_KEY_BLOCK.finditer(data))
    if not blocks:
        # Told apart, because the mend differs: the certificate was given in the key's place, or nothing of use.
        code = "KEY_FILE_WITHOUT_KEY" if b"CERTIFICATE-----" in data else "KEY_FILE_NOT_A_KEY"
        raise KeyAccessError(code, path=path)
    if len(blocks) > 1:
        raise KeyAccessError("KEY_FILE_SEVERAL_KEYS", path=path, count=len(blocks))
    label, block = blocks[0][1], blocks[0][0]
    if label == b"OPENSSH PRIVATE KEY":
        raise KeyAccessError("KEY_KIND_UNSUPPORTED", path=path, kind="OpenSSH")
    encrypted = label == b"ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in block
    if encrypted and not password:
        raise KeyAccessError("KEY_PASSWORD_MISSING", path=path)
    try:
        key = serialization.load_pem_private_key(block, password if encrypted else None)
    except UnsupportedAlgorithm:
        code = "KEY_ENCRYPTION_UNSUPPORTED" if encrypted else "KEY_KIND_UNSUPPORTED"
        raise KeyAccessError(code, path=path, kind=_kind_of_pem(block)) from None
    except (ValueError, TypeError):
        # The library's text is left out: it may quote what it read.
        if encrypted:
            raise KeyAccessError("KEY_PASSWORD_WRONG", path=path) from None
        kind = _kind_of_pem(block)
        if kind:
            raise KeyAccessError("KEY_KIND_UNSUPPORTED", path=path, kind=kind) from None
        raise KeyAccessError("KEY_FILE_DAMAGED", path=path) from None
    try:
        certificates = Certificate.load_all(data) if b"CERTIFICATE-----" in data else ()
        return key, _readable(certificates)
    except UsageError:
        raise KeyAccessError("CERTIFICATE_FILE_UNREADABLE", path=path) from None


def _kind_of_pem(block: bytes) -> str:
    """Name of the key kind in an unencrypted PKCS#8 block, for the message; empty where that cannot be read."""
    body = b"".join(block.split(b"-----")[2].split())
    try:
        algorithm = asn1_keys.PrivateKeyInfo.load(base64.b64decode(body, validate=True))["private_key_algorithm"]
        parameters = algorithm["parameters"].native
        name = str(algorithm["algorithm"].native)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return ""
    return f"{name} {parameters}" if isinstance(parameters, str) else name


def _load_pkcs12(data: bytes, password: bytes | None, path: str) -> tuple[Any, tuple[Certificate, ...]]:
    if not looks_like_pkcs12(data):
        raise KeyAccessError("KEY_FILE_NOT_A_KEY", path=path)
    # A file without a password is written in two ways (RFC 7292 B.1): none at all, or an empty one.
    for attempt in (password,) if password else (None, b""):
        try:
            bundle = pkcs12.load_pkcs12(data, attempt)
            break
        except UnsupportedAlgorithm:
            raise KeyAccessError("KEY_ENCRYPTION_UNSUPPORTED", path=path) from None
        except (ValueError, TypeError):
            continue
    else:
        raise KeyAccessError("KEY_PASSWORD_WRONG" if password else "KEY_PASSWORD_MISSING", path=path)
    if bundle.key is None:
        raise KeyAccessError("KEY_FILE_WITHOUT_KEY", path=path)
    found = [entry.certificate for entry in (bundle.cert, *bundle.additional_certs) if entry is not None]
    return bundle.key, tuple(Certificate(c.public_bytes(serialization.Encoding.DER)) for c in found)


def _public(key: Any, path: str) -> bytes:
    """DER of the public key in one form for comparison. Raises KeyAccessError for what eseal does not seal with."""
    kind = ""
    if isinstance(key, rsa.RSAPrivateKey):
        if not RSA_BITS[0] <= key.key_size <= RSA_BITS[1]:
            raise KeyAccessError(
                "KEY_SIZE_UNSUPPORTED", path=path, bits=key.key_size, least=RSA_BITS[0], most=RSA_BITS[1]
            )
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        kind = "" if key.curve.name in CURVES else f"EC {key.curve.name}"
    elif isinstance(key, dsa.DSAPrivateKey):
        kind = "DSA"
    elif not isinstance(key, ed25519.Ed25519PrivateKey):
        kind = type(key).__name__.lstrip("_").removesuffix("PrivateKey")
    if kind:
        raise KeyAccessError("KEY_KIND_UNSUPPORTED", path=path, kind=kind)
    return canonical(key.public_key())
