"""Finds a token, logs in to it once in a process, and turns what it answers into errors of ours.

That a user is logged in holds for the whole process (PKCS#11 2.40 usage guide 2.6.2), so it is kept here for all
signers on a token. A PIN that a token refused is never given to it again: every wrong one takes it nearer to locking.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from typing import Any

from eseal.errors import KeyAccessError
from eseal.keys.pkcs11.module import Module, library
from eseal.keys.pkcs11.uri import TokenUri

_GONE = (
    "DeviceError",
    "DeviceRemoved",
    "KeyHandleInvalid",
    "ObjectHandleInvalid",
    "SessionClosed",
    "SessionHandleInvalid",
    "SlotIDInvalid",
    "TokenNotPresent",
    "TokenNotRecognised",
    "UserNotLoggedIn",
)
"""What modules answer when the token was pulled out, or pulled out and put back: the login is gone with it."""
_PIN_REFUSED = ("PinIncorrect", "PinInvalid", "PinLenRange")

_mark = secrets.token_bytes(32)
_accesses: dict[tuple[str, int, bytes], TokenAccess] = {}
_refused: dict[tuple[str, bytes], set[bytes]] = {}
_lock = threading.Lock()


class TokenAccess:
    """One token in this process: whether it is logged in to, and which PINs it refused."""

    def __init__(self, module: Module, token: Any) -> None:
        self.module = module
        self.label: str = token.label
        self._token = token
        self._lock = threading.Lock()
        # Kept open, because the login ends with the last session.
        self._session: Any = None
        self._accepted = b""
        # By the token itself, so that it stays known when the token was pulled out and comes back.
        self._refused = _refused.setdefault((module.path, token.serial), set())

    @property
    def slot(self) -> Any:
        """The library's slot."""
        return self._token.slot

    def session(self) -> Any:
        """A new session; the login of the process holds in it."""
        return self._token.open()

    def login(self, pin: str | None) -> None:
        """Log in, once. Raises KeyAccessError KEY_PIN_... or KEY_TOKEN_..."""
        with self._lock:
            try:
                self._login(pin)
            except library().PKCS11Error as error:
                raise failure(error, self.label) from None

    def refuse(self, pin: str | None) -> KeyAccessError:
        """Remember that the token refused `pin`; the error that says so, and how the token stands now."""
        self._refused.add(_digest(pin or ""))
        flags, known = self._flags(), library().TokenFlag
        if flags & known.USER_PIN_LOCKED:
            return KeyAccessError("KEY_PIN_NOW_LOCKED", token=self.label)
        if flags & known.USER_PIN_FINAL_TRY:
            return KeyAccessError("KEY_PIN_WRONG_FINAL", token=self.label)
        return KeyAccessError("KEY_PIN_WRONG", token=self.label)

    def forget(self) -> None:
        """The token is gone: whoever opens it anew logs in anew."""
        with _lock:
            for key in [key for key, access in _accesses.items() if access is self]:
                del _accesses[key]

    def _login(self, pin: str | None) -> None:
        pkcs11 = library()
        flags = self._flags()
        if not flags & pkcs11.TokenFlag.LOGIN_REQUIRED:
            return
        given = None if pin is None else _digest(pin)
        if self._session is not None:
            # Another signer logged in; this one must know the PIN too.
            if given is not None and not hmac.compare_digest(given, self._accepted):
                raise KeyAccessError("KEY_PIN_WRONG", token=self.label)
            if given is None and self._accepted:
                raise KeyAccessError("KEY_PIN_MISSING", token=self.label)
            return
        if flags & pkcs11.TokenFlag.USER_PIN_LOCKED:
            raise KeyAccessError("KEY_PIN_LOCKED", token=self.label)
        if flags & pkcs11.TokenFlag.USER_PIN_FINAL_TRY:
            # A wrong one would lock the token, and nobody may be there to see it.
            raise KeyAccessError("KEY_PIN_FINAL_TRY", token=self.label)
        if given in self._refused:
            raise KeyAccessError("KEY_PIN_WRONG_AGAIN", token=self.label)
        if pin is None and not flags & pkcs11.TokenFlag.PROTECTED_AUTHENTICATION_PATH:
            raise KeyAccessError("KEY_PIN_MISSING", token=self.label)
        try:
            # Without a PIN the token has a keypad of its own, on which it is typed.
            self._session = self._token.open(user_pin=pkcs11.PROTECTED_AUTH if pin is None else pin)
        except pkcs11.UserAlreadyLoggedIn:
            # The program around eseal logged in itself.
            self._session = self._token.open()
        except pkcs11.PKCS11Error as error:
            if type(error).__name__ in _PIN_REFUSED:
                raise self.refuse(pin) from None
            raise
        self._accepted = given or b""

    def _flags(self) -> Any:
        # Read anew: the flags of a token object are those of when it was found.
        return self._token.slot.get_token().flags


def _digest(pin: str) -> bytes:
    """What is kept of a PIN: good for comparing in this process alone."""
    return hmac.new(_mark, pin.encode("utf-8"), hashlib.sha256).digest()


def find(module: Module, uri: TokenUri) -> TokenAccess:
    """The one token that `uri` means. Raises KeyAccessError KEY_TOKEN_NOT_FOUND or KEY_TOKEN_SEVERAL, with the list."""
    pkcs11 = library()
    present = []
    try:
        for slot in module.lib.get_slots(token_present=True):
            try:
                token = slot.get_token()
            except pkcs11.PKCS11Error:
                continue  # pulled out in this moment, or a token that cannot be read
            if token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED:
                present.append(token)
    except pkcs11.PKCS11Error as error:
        raise failure(error, "") from None
    found = [token for token in present if _matches(module.lib, token, uri)]
    if not found:
        listed = "; ".join(_shown(t) for t in present) or "-"
        raise KeyAccessError("KEY_TOKEN_NOT_FOUND", wanted=uri, present=listed)
    if len(found) > 1:
        raise KeyAccessError("KEY_TOKEN_SEVERAL", wanted=uri, found="; ".join(_shown(t) for t in found))
    key = (module.path, found[0].slot.slot_id, found[0].serial)
    with _lock:
        if key not in _accesses:
            _accesses[key] = TokenAccess(module, found[0])
        return _accesses[key]


def failure(error: Exception, token: str) -> KeyAccessError:
    """What an answer of the module means for the caller."""
    name = type(error).__name__
    if name in _GONE:
        return KeyAccessError("KEY_TOKEN_GONE", token=token, reason=name)
    if name == "PinLocked":
        return KeyAccessError("KEY_PIN_LOCKED", token=token)
    if name in ("PinExpired", "UserPinNotInitialized"):
        return KeyAccessError("KEY_PIN_UNSET", token=token, reason=name)
    return KeyAccessError("KEY_TOKEN_FAILED", token=token, reason=name)


def _matches(lib: Any, token: Any, uri: TokenUri) -> bool:
    slot = token.slot
    has = {
        "token": token.label,
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "serial": token.serial.decode("utf-8", "replace"),
        "slot-description": slot.slot_description,
        "slot-manufacturer": slot.manufacturer_id,
        "library-manufacturer": lib.manufacturer_id,
        "library-description": lib.library_description,
    }
    for name, wanted in uri.token:
        if name == "slot-id":
            agrees = int(wanted) == slot.slot_id
        elif name == "library-version":
            major, minor = lib.library_version
            # RFC 7512 2.3: the minor part is 0 where it is left out.
            agrees = (wanted if "." in wanted else f"{wanted}.0") == f"{major}.{minor}"
        else:
            agrees = has[name].strip() == wanted.strip()
        if not agrees:
            return False
    return True


def _shown(token: Any) -> str:
    serial = token.serial.decode("utf-8", "replace")
    return f"token={token.label.strip()};serial={serial};slot-id={token.slot.slot_id}"
