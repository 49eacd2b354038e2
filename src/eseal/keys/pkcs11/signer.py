"""Signs with a key in a token: the key never leaves it. The digest is made here, since every token takes one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eseal.crypto import algorithms, der
from eseal.crypto.algorithms import DIGESTS, BadSignature, Scheme, UnknownAlgorithm
from eseal.crypto.certificates import facts
from eseal.errors import Error, KeyAccessError
from eseal.keys import matching
from eseal.keys.checking import check_value
from eseal.keys.pkcs11.module import library, load
from eseal.keys.pkcs11.token import TokenAccess, failure, find
from eseal.keys.pkcs11.uri import TokenUri
from eseal.keys.pool import Pool, PoolFull
from eseal.model import Certificate, KeyInfo

SESSIONS = 8
"""Most sessions that one signer opens, so as many threads sign at a time."""
_OBJECTS = 200
"""Most certificates that are taken from a token."""
_RSA_ENCRYPTION, _EC_PUBLIC_KEY = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
_CHALLENGE = b"eseal: which certificate belongs to this key?"


_forks = 0
# Counted rather than asked for at every signature, which would be a call of the system each time.


def _forked() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a scheme is asked of a token."""

    mechanism: Any
    parameter: Any
    size: int
    prepare: Callable[[bytes], bytes]
    finish: Callable[[bytes], bytes]


class TokenKey:
    """A private key in a token, logged in to; several threads may sign with it at a time.

    The first failure of the token ends it: every later call raises the same error, and nothing is tried again.
    """

    __slots__ = ("_access", "_dead", "_how", "_manner", "_owner", "_pin", "_pool", "_public_key", "_scheme", "_uri")

    def __init__(self, access: TokenAccess, uri: TokenUri, pin: str | None, sessions: int) -> None:
        self._access = access
        self._uri = uri
        self._owner = _forks
        self._dead: Error | None = None
        self._pool: Pool[Any] = Pool(self._session_key, sessions if access.module.threads else 1)
        with self._pool.borrow() as key:
            try:
                # Kept only for a key that asks for it at every signature.
                self._pin = pin if _attribute(key, "ALWAYS_AUTHENTICATE") else None
                self._public_key = _public_key(key)
            except library().PKCS11Error as error:
                raise failure(error, access.label) from None
        self._scheme: Scheme | None = None
        self._manner: _Manner | None = None
        self._how: dict[str, Any] = {}

    def use(self, scheme: Scheme, key: KeyInfo) -> None:
        """Decide how it signs. Raises KeyAccessError: KEY_KIND_..., KEY_SIZE_UNSUPPORTED, KEY_TOKEN_MECHANISM."""
        matching.check_kind(key, self._uri)
        try:
            self._manner = _manner(scheme, matching.facts_of(key).bits, self._access.slot.get_mechanisms())
        except library().PKCS11Error as error:
            raise failure(error, self._access.label) from None
        if self._manner is None:
            raise KeyAccessError("KEY_TOKEN_MECHANISM", token=self._access.label, scheme=scheme.name)
        self._how = {"mechanism": self._manner.mechanism, "buffer_size": self._manner.size}
        self._how |= {"mechanism_param": self._manner.parameter} if self._manner.parameter is not None else {}
        self._how |= {"pin": self._pin} if self._pin is not None else {}
        self._scheme = scheme

    @property
    def public_key(self) -> KeyInfo:
        """The public key. Raises KeyAccessError KEY_TOKEN_NO_PUBLIC_KEY where the token does not show it."""
        if self._public_key is None:
            raise KeyAccessError("KEY_TOKEN_NO_PUBLIC_KEY", key=self._uri)
        return self._public_key

    @property
    def shown(self) -> KeyInfo | None:
        """The public key, None where the token does not show it."""
        return self._public_key

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES`."""
        return self._scheme.name if self._scheme is not None else ""

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; the form is what CMS carries. Raises KeyAccessError KEY_TOKEN_..., KEY_PIN_..."""
        if self._dead is not None:
            raise type(self._dead)(self._dead.code, **self._dead.params)
        if self._owner != _forks:
            # A module's state does not survive a fork (PKCS#11 2.40 usage guide 2.5.2).
            raise KeyAccessError("KEY_TOKEN_FORKED")
        manner = self._manner
        assert manner is not None
        data = manner.prepare(message)
        pkcs11 = library()
        try:
            key = self._pool.take()
            try:
                value = key.sign(data, **self._how)
            except BaseException:  # interrupted too: what is half-way through a signature is lent to nobody; raised on
                self._pool.lose()
                raise
            self._pool.give(key)
            return manner.finish(value)
        except pkcs11.PKCS11Error as error:
            raise self._die(error) from None
        except KeyAccessError as error:
            self._dead = error
            raise
        except ValueError:
            self._dead = KeyAccessError("KEY_TOKEN_FAILED", token=self._access.label, reason="SignatureLenRange")
            raise self._dead from None

    def certificates(self) -> tuple[Certificate, ...]:
        """The X.509 certificates that the token holds; one that cannot be read is left out."""
        pkcs11 = library()
        kinds = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
        kinds[pkcs11.Attribute.CERTIFICATE_TYPE] = pkcs11.CertificateType.X_509
        found = []
        with self._pool.borrow() as key:
            try:
                for item in key.session.get_objects(kinds):
                    found.append(Certificate(bytes(item[pkcs11.Attribute.VALUE])))
                    if len(found) > _OBJECTS:
                        raise KeyAccessError("KEY_TOKEN_TOO_MANY", token=self._access.label, limit=_OBJECTS)
            except pkcs11.PKCS11Error as error:
                raise failure(error, self._access.label) from None
        return tuple(c for c in found if _readable(c))

    def __repr__(self) -> str:
        return f"<TokenKey {self._uri} {self.scheme}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a token's key is not pickled")

    def _die(self, error: Exception) -> Error:
        if type(error).__name__ == "PinIncorrect":
            self._dead = self._access.refuse(self._pin)
        else:
            self._dead = failure(error, self._access.label)
        self._access.forget()
        return self._dead

    def _session_key(self) -> Any:
        """A new session and the key in it. Raises PoolFull where the token has no more sessions."""
        pkcs11 = library()
        try:
            session = self._access.session()
        except pkcs11.SessionCount:
            raise PoolFull from None
        wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        if self._uri.label is not None:
            wanted[pkcs11.Attribute.LABEL] = self._uri.label
        if self._uri.id is not None:
            wanted[pkcs11.Attribute.ID] = self._uri.id
        found = list(session.get_objects(wanted))
        if not found:
            raise KeyAccessError("KEY_TOKEN_NO_KEY", token=self._access.label, wanted=self._uri)
        if len(found) > 1:
            listed = "; ".join(_shown(key) for key in found[:20])
            raise KeyAccessError("KEY_TOKEN_SEVERAL_KEYS", token=self._access.label, wanted=self._uri, found=listed)
        if not isinstance(found[0], pkcs11.SignMixin):
            raise KeyAccessError("KEY_TOKEN_NOT_FOR_SIGNING", token=self._access.label, wanted=self._uri)
        kind = _attribute(found[0], "KEY_TYPE")
        if kind not in (None, pkcs11.KeyType.RSA, pkcs11.KeyType.EC):
            raise KeyAccessError("KEY_KIND_UNSUPPORTED", path=self._uri, kind=getattr(kind, "name", kind))
        return found[0]


class TokenSigner:
    """A signer over a key in a token and the certificate that belongs to it; see `TokenKey`."""

    __slots__ = ("_certificate", "_chain", "_key")

    def __init__(self, key: TokenKey, certificate: Certificate, chain: tuple[Certificate, ...]) -> None:
        self._key = key
        self._certificate = certificate
        self._chain = chain

    @property
    def certificate(self) -> Certificate:
        """The certificate whose public key is this key's."""
        return self._certificate

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Issuers that were in the file or on the token, nearest first, without the root."""
        return self._chain

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES`."""
        return self._key.scheme

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; the form is what CMS carries. Raises KeyAccessError KEY_TOKEN_..., KEY_PIN_..."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<TokenSigner {facts(self._certificate).common_name!r} {self.scheme}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a token's key is not pickled")


def open_token_key(
    uri: TokenUri, *, pin: bytes | None, scheme: str | None, module: Path | None, sessions: int
) -> TokenKey:
    """Log in and open a key that need not have a certificate. Raises UsageError and KeyAccessError."""
    row = matching.scheme_row(scheme)
    key = _opened(uri, pin, module, sessions)
    key.use(matching.choose_scheme(row, key.public_key), key.public_key)
    return key


def open_token_signer(
    uri: TokenUri,
    *,
    certificates: tuple[Certificate, ...],
    pin: bytes | None,
    scheme: str | None,
    module: Path | None,
    sessions: int,
) -> TokenSigner:
    """Log in and open a key with its certificate: from `certificates` first, then from the token.

    Of several on the token for the same key the one that was issued last is taken. Raises UsageError and
    KeyAccessError.
    """
    row = matching.scheme_row(scheme)
    key = _opened(uri, pin, module, sessions)
    stored = sorted(key.certificates(), key=lambda c: facts(c).not_before, reverse=True)
    candidates = tuple(dict.fromkeys((*certificates, *stored)))
    if key.shown is not None:
        matching.check_kind(key.shown, uri)
        spki = matching.canonical(algorithms.load_public_key(key.shown.der))
        certificate = matching.certificate_for(spki, candidates, uri)
    else:
        certificate = _proven(key, row, candidates, uri)
    info = facts(certificate).key
    key.use(matching.choose_scheme(row, info), info)
    return TokenSigner(key, certificate, matching.chain_of(certificate, candidates))


def _opened(uri: TokenUri, pin: bytes | None, module: Path | None, sessions: int) -> TokenKey:
    try:
        text = None if pin is None else pin.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyAccessError("KEY_PIN_UNUSABLE") from None
    access = find(load(module), uri)
    access.login(text)
    try:
        return TokenKey(access, uri, text, sessions)
    except library().PKCS11Error as error:
        raise failure(error, access.label) from None


def _proven(key: TokenKey, row: Scheme | None, candidates: tuple[Certificate, ...], uri: TokenUri) -> Certificate:
    """The certificate that a signature of the key belongs to, where the token does not show the public key."""
    if not candidates:
        raise KeyAccessError("CERTIFICATE_MISSING", path=uri)
    for certificate in candidates:
        info = facts(certificate).key
        if matching.facts_of(info).key_type not in ("rsa", "ec"):
            continue
        try:
            chosen = matching.choose_scheme(row, info)
            key.use(chosen, info)
            check_value(certificate, chosen, _CHALLENGE, key.sign(_CHALLENGE))
        except (BadSignature, UnknownAlgorithm):
            continue
        return certificate
    raise matching.mismatch(candidates, uri)


def _manner(scheme: Scheme, bits: int, mechanisms: set[Any]) -> _Manner | None:
    """How to ask for `scheme`: with the digest made here where the token takes one, else with the message."""
    pkcs11 = library()
    kinds, digest = pkcs11.Mechanism, scheme.digest.upper()
    size = (bits + 7) // 8
    state: Callable[[bytes], Any] = getattr(hashlib, scheme.digest)

    def hashed(message: bytes) -> bytes:
        return bytes(state(message).digest())

    def same(value: bytes) -> bytes:
        return value

    prefix = (der.oid(DIGESTS[scheme.digest].oid), der.null())
    if scheme.key_type == "ec":
        ways = [
            _Manner(kinds.ECDSA, None, 2 * size, hashed, lambda value: _ecdsa_value(value, size)),
            _Manner(kinds[f"ECDSA_{digest}"], None, 2 * size, same, lambda value: _ecdsa_value(value, size)),
        ]
    elif scheme.pss:
        parameter = (kinds[digest], pkcs11.MGF[digest], DIGESTS[scheme.digest].size)
        ways = [
            _Manner(kinds.RSA_PKCS_PSS, parameter, size, hashed, same),
            _Manner(kinds[f"{digest}_RSA_PKCS_PSS"], parameter, size, same, same),
        ]
    elif scheme.key_type == "rsa":
        ways = [
            # RFC 8017 9.2: EMSA-PKCS1-v1_5 is over the DigestInfo.
            _Manner(
                kinds.RSA_PKCS, None, size, lambda m: der.sequence(der.sequence(*prefix), der.octets(hashed(m))), same
            ),
            _Manner(kinds[f"{digest}_RSA_PKCS"], None, size, same, same),
        ]
    else:
        return None
    return next((way for way in ways if way.mechanism in mechanisms), None)


def _ecdsa_value(value: bytes, size: int) -> bytes:
    """ECDSA-Sig-Value (RFC 3279 2.2.3) of r and s side by side (PKCS#11 2.40 mechanisms 2.3.1)."""
    if len(value) != 2 * size:
        raise ValueError(f"{len(value)} octets")
    return der.sequence(_integer(value[:size]), _integer(value[size:]))


def _integer(octets: bytes) -> bytes:
    """INTEGER of an unsigned number in big-endian octets: shortest, and never with the sign bit (X.690 8.3)."""
    shortest = octets.lstrip(b"\0")
    return der.tlv(der.INTEGER, b"\0" + shortest if not shortest or shortest[0] & 0x80 else shortest)


def _attribute(item: Any, name: str) -> Any:
    """An attribute's value, None where the object has none such or does not show it."""
    pkcs11 = library()
    try:
        return item[pkcs11.Attribute[name]]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive, pkcs11.FunctionFailed):
        return None


def _public_key(key: Any) -> KeyInfo | None:
    """SubjectPublicKeyInfo of a private key: from itself (RSA), or from the public key beside it with the same id."""
    pkcs11 = library()
    holders = [key]
    key_id, label = _attribute(key, "ID"), _attribute(key, "LABEL")
    if key_id or label:
        wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY}
        wanted |= {pkcs11.Attribute.ID: key_id} if key_id else {pkcs11.Attribute.LABEL: label}
        beside = list(key.session.get_objects(wanted))
        holders += beside if len(beside) == 1 else []
    for holder in holders:
        modulus, exponent = _attribute(holder, "MODULUS"), _attribute(holder, "PUBLIC_EXPONENT")
        if modulus and exponent:
            return _rsa(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))
        parameters, point = _attribute(holder, "EC_PARAMS"), _attribute(holder, "EC_POINT")
        if parameters and point:
            return _ec(parameters, point)
    return None


def _rsa(modulus: int, exponent: int) -> KeyInfo:
    value = der.sequence(der.integer(modulus), der.integer(exponent))
    return KeyInfo(der.sequence(der.sequence(der.oid(_RSA_ENCRYPTION), der.null()), der.tlv(0x03, b"\0", value)))


def _ec(parameters: bytes, point: bytes) -> KeyInfo | None:
    # CKA_EC_POINT is an OCTET STRING around the point; some tokens give the bare point, which begins with 4.
    inner = point[2:] if point[1] < 0x80 else point[3:]
    raw = inner if point[0] == 0x04 and der.octets(inner) == point else point
    info = KeyInfo(der.sequence(der.sequence(der.oid(_EC_PUBLIC_KEY), parameters), der.tlv(0x03, b"\0", raw)))
    try:
        algorithms.load_public_key(info.der)
    except UnknownAlgorithm:
        return None
    return info


def _readable(certificate: Certificate) -> bool:
    try:
        facts(certificate)
    except Error:
        return False
    return True


def _shown(key: Any) -> str:
    key_id = bytes(_attribute(key, "ID") or b"")
    return f"object={_attribute(key, 'LABEL') or ''};id=" + "".join(f"%{octet:02X}" for octet in key_id)
