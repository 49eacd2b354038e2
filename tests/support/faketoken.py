"""A PKCS#11 module as python-pkcs11 shows one, over keys in memory: it fails when and how a test wants it to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pkcs11
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from pkcs11 import Attribute, Mechanism, ObjectClass, TokenFlag

from eseal.keys.pkcs11.module import Module

_SHA = {n: getattr(hashes, f"SHA{n}")() for n in (256, 384, 512)}
ALL = frozenset({Mechanism.RSA_PKCS, Mechanism.RSA_PKCS_PSS, Mechanism.ECDSA})


class FakeKey(pkcs11.SignMixin):
    """A private key of the fake token, as one session sees it."""

    def __init__(self, session: FakeSession, token: FakeToken) -> None:
        self._session = session
        self._token = token

    @property
    def session(self) -> Any:
        return self._session

    def __getitem__(self, name: Any) -> Any:
        token, numbers = self._token, self._token.key.public_key().public_numbers()
        if name == Attribute.ALWAYS_AUTHENTICATE:
            return token.always
        if name == Attribute.KEY_TYPE:
            return token.kind
        if name == Attribute.LABEL:
            return "seal"
        if name == Attribute.ID:
            return b"\x01"
        if name == Attribute.MODULUS and isinstance(token.key, rsa.RSAPrivateKey) and not token.hidden:
            return numbers.n.to_bytes(512, "big").lstrip(b"\0")
        if name == Attribute.PUBLIC_EXPONENT and isinstance(token.key, rsa.RSAPrivateKey) and not token.hidden:
            return numbers.e.to_bytes(3, "big")
        raise pkcs11.AttributeTypeInvalid

    def sign(self, data: Any, **how: Any) -> bytes:
        return self._token.sign(data, **how)


class FakeCertificate:
    """A certificate of the fake token."""

    def __init__(self, der: bytes) -> None:
        self._der = der

    def __getitem__(self, name: Any) -> Any:
        return {Attribute.VALUE: self._der}[name]


@dataclass
class FakeSession:
    """A session; the token counts them."""

    token: FakeToken

    def get_objects(self, wanted: Any) -> Iterator[Any]:
        self.token.check()
        if wanted[Attribute.CLASS] == ObjectClass.PRIVATE_KEY:
            label, key_id = wanted.get(Attribute.LABEL, "seal"), wanted.get(Attribute.ID, b"\x01")
            for _ in range(self.token.keys if (label, key_id) == ("seal", b"\x01") else 0):
                yield FakeKey(self, self.token) if self.token.may_sign else FakeCertificate(b"")
        if wanted[Attribute.CLASS] == ObjectClass.CERTIFICATE:
            yield from (FakeCertificate(c) for c in self.token.certificates)


@dataclass
class FakeToken:
    """The token and all that a test decides of it."""

    key: Any
    certificates: list[bytes] = field(default_factory=list)
    pin: str = "1234"
    wrong_before_lock: int = 3
    hidden: bool = False
    """The public key is not shown."""
    always: bool = False
    """CKA_ALWAYS_AUTHENTICATE."""
    may_sign: bool = True
    kind: Any = None
    """CKA_KEY_TYPE; None: not shown."""
    keys: int = 1
    most_sessions: int = 100
    mechanisms: frozenset[Any] = ALL
    fails: type[Exception] | None = None
    """What every call raises from now on."""
    spoiled: bool = False
    """Signatures are wrong."""
    tried: list[str] = field(default_factory=list)
    """Every PIN that reached the token."""
    sessions: int = 0
    signed: int = 0
    label: str = "fake"
    serial: bytes = b"01"
    manufacturer_id: str = "eseal tests"
    model: str = "fake"
    extra: int = 0
    """Flags beside those that all have."""

    @property
    def slot(self) -> Any:
        return FakeSlot(self)

    @property
    def flags(self) -> TokenFlag:
        known = TokenFlag.LOGIN_REQUIRED | TokenFlag.TOKEN_INITIALIZED | self.extra
        left = self.wrong_before_lock - len([p for p in self.tried if p != self.pin])
        if left <= 0:
            return known | TokenFlag.USER_PIN_LOCKED
        return known | TokenFlag.USER_PIN_FINAL_TRY if left == 1 else known

    def check(self) -> None:
        if self.fails is not None:
            raise self.fails

    def open(self, user_pin: Any = None) -> FakeSession:
        self.check()
        if self.sessions >= self.most_sessions:
            raise pkcs11.SessionCount
        if user_pin is not None:
            self.login(user_pin)
        self.sessions += 1
        return FakeSession(self)

    def login(self, pin: Any) -> None:
        shown = "keypad" if pin is pkcs11.PROTECTED_AUTH else pin
        self.tried.append(self.pin if shown == "keypad" else shown)
        if shown not in (self.pin, "keypad"):
            raise pkcs11.PinIncorrect

    def sign(
        self, data: bytes, *, mechanism: Any, buffer_size: int, mechanism_param: Any = None, pin: Any = None
    ) -> bytes:
        self.check()
        assert mechanism in self.mechanisms
        assert (pin is not None) == self.always
        if pin is not None:
            self.login(pin)
        self.signed += 1
        if self.spoiled:
            return b"\x01" * 64 if isinstance(self.key, ec.EllipticCurvePrivateKey) else b"\x01" * 256
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            how = utils.Prehashed(_SHA[256]) if mechanism == Mechanism.ECDSA else _SHA[256]
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(how)))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if mechanism == Mechanism.RSA_PKCS:
            digest = next(d for d in _SHA.values() if len(data) == 19 + d.digest_size)
            return bytes(self.key.sign(data[19:], padding.PKCS1v15(), utils.Prehashed(digest)))
        if mechanism == Mechanism.SHA256_RSA_PKCS:
            return bytes(self.key.sign(data, padding.PKCS1v15(), _SHA[256]))
        raise AssertionError(mechanism)


@dataclass
class FakeSlot:
    """The slot that the token is in."""

    token: FakeToken
    slot_id: int = 7
    slot_description: str = "slot"
    manufacturer_id: str = "eseal tests"

    def get_token(self) -> FakeToken:
        return self.token

    def get_mechanisms(self) -> frozenset[Any]:
        return self.token.mechanisms


@dataclass
class FakeLib:
    """The module."""

    tokens: list[FakeToken]
    manufacturer_id: str = "eseal tests"
    library_description: str = "fake"
    library_version: tuple[int, int] = (1, 0)

    def get_slots(self, token_present: bool = False) -> list[FakeSlot]:
        return [FakeSlot(t) for t in self.tokens]


_numbers = itertools.count()


def module(*tokens: FakeToken) -> Module:
    """A loaded module, under a path that no other test has."""
    return Module(f"fake {next(_numbers)}", FakeLib(list(tokens)), threads=True)
