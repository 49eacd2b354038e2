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
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from eseal.crypto import algorithms
from eseal.crypto.algorithms import Scheme
from eseal.crypto.certificates import facts
from eseal.errors import KeyAccessError, UsageError
from eseal.model import Certificate

FILE_BYTES = 1_000_000
"""Largest key or certificate file that is read."""
RSA_BITS = (2048, 4096)
"""Smallest and largest RSA modulus that eseal seals with, in bits."""

_CURVES = {"secp256r1": 256, "secp384r1": 384, "secp521r1": 521}
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


class FileSigner:
    """A signer over a private key in memory. Neither its repr nor any error shows the key or its password."""

    __slots__ = ("_certificate", "_chain", "_key", "_scheme")

    def __init__(self, key: Any, certificate: Certificate, chain: tuple[Certificate, ...], scheme: Scheme) -> None:
        self._key = key
        self._certificate = certificate
        self._chain = chain
        self._scheme = scheme

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
        row = _scheme_row(scheme)
        if b"-----BEGIN " in data:
            key, own = _load_pem(data, password, path)
        else:
            key, own = _load_pkcs12(data, password, path)
        spki = _public(key, path)
        candidates = tuple(dict.fromkeys((*certificates, *_readable(own))))
        if not candidates:
            raise KeyAccessError("CERTIFICATE_MISSING", path=path)
        certificate = next((c for c in candidates if _same_key(c, spki)), None)
        if certificate is None:
            raise KeyAccessError(
                "KEY_CERTIFICATE_MISMATCH", path=path, subject=facts(candidates[0]).subject, count=len(candidates)
            )
        return cls(key, certificate, chain_of(certificate, candidates), _choose(row, key, certificate))

    @property
    def certificate(self) -> Certificate:
        """The certificate whose public key is this key's."""
        return self._certificate

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Issuers that were in the files, nearest first, without the root."""
        return self._chain

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES`."""
        return self._scheme.name

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; the form is what CMS carries."""
        return algorithms.sign(self._key, self._scheme, message)

    def __repr__(self) -> str:
        return f"<FileSigner {facts(self._certificate).common_name!r} {self._scheme.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a private key is not pickled")


def chain_of(certificate: Certificate, pool: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Issuers of `certificate` found in `pool`, nearest first, without a self-issued one at the end.

    Names and key identifiers decide (RFC 5280 6.1 finds the path; signatures are the verifier's business).
    """
    rest = [c for c in dict.fromkeys(pool) if c != certificate and not facts(c).self_issued]
    chain: list[Certificate] = []
    current = facts(certificate)
    while not current.self_issued:
        issuers = [c for c in rest if facts(c).subject_der == current.issuer_der]
        wanted = current.authority_key_identifier
        exact = [c for c in issuers if wanted and facts(c).key_identifier == wanted]
        loose = [c for c in issuers if not wanted or facts(c).key_identifier is None]
        if not (exact or loose):
            break
        found = (exact or loose)[0]
        rest.remove(found)
        chain.append(found)
        current = facts(found)
    return tuple(chain)


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
        kind = "" if key.curve.name in _CURVES else f"EC {key.curve.name}"
    elif isinstance(key, dsa.DSAPrivateKey):
        kind = "DSA"
    elif not isinstance(key, ed25519.Ed25519PrivateKey):
        kind = type(key).__name__.lstrip("_").removesuffix("PrivateKey")
    if kind:
        raise KeyAccessError("KEY_KIND_UNSUPPORTED", path=path, kind=kind)
    return _der(key.public_key())


def _der(public_key: Any) -> bytes:
    return bytes(public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def _same_key(certificate: Certificate, spki: bytes) -> bool:
    try:
        # Loaded and written again, because one key has several encodings (compressed points, id-RSASSA-PSS).
        return _der(algorithms.load_public_key(facts(certificate).key.der)) == spki
    except algorithms.UnknownAlgorithm:
        return False


def _scheme_row(name: str | None) -> Scheme | None:
    if name is None:
        return None
    row = algorithms.SCHEMES.get(name)
    if row is None:
        raise UsageError("KEY_SCHEME_UNKNOWN", scheme=name, known=", ".join(algorithms.SCHEMES))
    return row


def _choose(row: Scheme | None, key: Any, certificate: Certificate) -> Scheme:
    known = facts(certificate).key_facts
    pss_only = known.key_type == "rsa" and _is_pss_key(facts(certificate).key.der)
    if row is None:
        name = "rsa-pss-sha256" if pss_only else algorithms.default_scheme(known.key_type, known.bits)
        return algorithms.SCHEMES[name]
    # RFC 4055 1.2: a key marked id-RSASSA-PSS is used for nothing else.
    if row.key_type != known.key_type or (pss_only and not row.pss):
        rows = (s for s in algorithms.SCHEMES.values() if s.key_type == known.key_type)
        fitting = [s.name for s in rows if s.pss or not pss_only]
        raise UsageError("KEY_SCHEME_MISMATCH", scheme=row.name, known=", ".join(fitting))
    return row


def _is_pss_key(spki: bytes) -> bool:
    return bool(asn1_x509.PublicKeyInfo.load(spki)["algorithm"]["algorithm"].native == "rsassa_pss")
