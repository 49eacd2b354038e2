"""Tokens that fail: every way is an error that names the next step, a PIN is given once, a dead signer stays dead."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import example, given
from hypothesis import strategies as st
from pkcs11 import Mechanism, TokenFlag

from eseal import keys
from eseal.authority.making import KeySource
from eseal.crypto.algorithms import SCHEMES
from eseal.errors import Error
from eseal.keys.checking import check_value
from eseal.keys.pkcs11 import signer as signing
from eseal.keys.pool import Pool, PoolFull
from eseal.messages import catalogue
from support.faketoken import FakeToken, module
from support.realpki import RealPki, new_key

AT = datetime.now(UTC)
URI = "pkcs11:token=fake;object=seal"


@pytest.fixture(scope="module")
def pki() -> RealPki:
    return RealPki(AT)


@pytest.fixture(scope="module")
def rsa_key() -> Any:
    return new_key("rsa2048")


@pytest.fixture
def plugged(pki: RealPki, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeToken]:
    """Plugs a token in; its key is of the named kind or given."""

    def plug(key: Any = None, **how: Any) -> FakeToken:
        key = key or new_key()
        token = FakeToken(key, [pki.certify(key.public_key()).der, pki.issuing.der], **how)
        loaded = module(token)
        monkeypatch.setattr(signing, "load", lambda path: loaded)
        return token

    return plug


def opened(pin: bytes | None = b"1234", **options: Any) -> keys.Signer:
    return keys.open_signer(URI, password=pin, module="/module.so", **options)


def refused(code: str, call: Callable[[], object]) -> Error:
    with pytest.raises(Error) as caught:
        call()
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    shown = repr(caught.value.params) + str(caught.value) + caught.value.hint()
    assert "1234" not in shown
    assert "0000" not in shown
    return caught.value


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_it_signs(plugged: Callable[..., FakeToken], rsa_key: Any, kind: str, hidden: bool) -> None:
    token = plugged(rsa_key if kind == "rsa" else None, hidden=hidden)
    signer = opened()
    check_value(signer.certificate, SCHEMES[signer.scheme], b"m", signer.sign(b"m"))
    assert token.tried == ["1234"], "logged in once"
    opened().sign(b"m")
    assert token.tried == ["1234"], "and not again for a second signer"


def test_a_token_that_hashes_itself(plugged: Callable[..., FakeToken], rsa_key: Any) -> None:
    plugged(rsa_key, mechanisms=frozenset({Mechanism.SHA256_RSA_PKCS}))
    signer = opened()
    check_value(signer.certificate, SCHEMES[signer.scheme], b"m", signer.sign(b"m"))
    plugged(mechanisms=frozenset({Mechanism.ECDSA_SHA256}))
    signer = opened()
    check_value(signer.certificate, SCHEMES[signer.scheme], b"m", signer.sign(b"m"))
    plugged(rsa_key, mechanisms=frozenset({Mechanism.AES_CBC}))
    refused("KEY_TOKEN_MECHANISM", opened)


def test_the_key_must_be_the_certificates(plugged: Callable[..., FakeToken], pki: RealPki) -> None:
    for hidden in (False, True):
        token = plugged(hidden=hidden)
        token.certificates = [pki.certify(new_key().public_key()).der]
        refused("KEY_CERTIFICATE_MISMATCH", opened)
        token.certificates = []
        refused("CERTIFICATE_MISSING", opened)


def test_a_wrong_pin_reaches_the_token_once(plugged: Callable[..., FakeToken]) -> None:
    token = plugged(wrong_before_lock=4)
    refused("KEY_PIN_MISSING", lambda: opened(None))
    refused("KEY_PIN_WRONG", lambda: opened(b"0000"))
    for _ in range(5):
        refused("KEY_PIN_WRONG_AGAIN", lambda: opened(b"0000"))
    assert token.tried == ["0000"]
    refused("KEY_PIN_UNUSABLE", lambda: opened(b"\xff\xfe"))
    refused("KEY_PIN_WRONG", lambda: opened(b"0001"))
    refused("KEY_PIN_WRONG_FINAL", lambda: opened(b"0002"))
    # The next wrong one would lock it: not even the right one is risked.
    refused("KEY_PIN_FINAL_TRY", opened)
    assert token.tried == ["0000", "0001", "0002"]


def test_a_token_that_is_locked_is_not_asked(plugged: Callable[..., FakeToken]) -> None:
    token = plugged(wrong_before_lock=1)
    token.tried = ["x"]
    refused("KEY_PIN_LOCKED", opened)
    assert token.tried == ["x"]


def test_a_keypad_needs_no_pin(plugged: Callable[..., FakeToken]) -> None:
    token = plugged(extra=TokenFlag.PROTECTED_AUTHENTICATION_PATH)
    assert opened(None).sign(b"m")
    assert token.tried == ["1234"]


def test_a_key_that_asks_for_its_pin_each_time(plugged: Callable[..., FakeToken], rsa_key: Any) -> None:
    token = plugged(rsa_key, always=True)
    signer = opened()
    signer.sign(b"m")
    assert token.tried == ["1234", "1234"]
    token.pin = "9999"  # changed by somebody else meanwhile; the fake counts all before as wrong
    refused("KEY_PIN_NOW_LOCKED", lambda: signer.sign(b"m"))
    for _ in range(3):
        refused("KEY_PIN_NOW_LOCKED", lambda: signer.sign(b"m"))
    assert token.tried == ["1234", "1234", "1234"], "never again"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (pkcs11.DeviceRemoved, "KEY_TOKEN_GONE"),
        (pkcs11.TokenNotPresent, "KEY_TOKEN_GONE"),
        (pkcs11.SessionHandleInvalid, "KEY_TOKEN_GONE"),
        (pkcs11.SessionClosed, "KEY_TOKEN_GONE"),
        (pkcs11.ObjectHandleInvalid, "KEY_TOKEN_GONE"),
        (pkcs11.UserNotLoggedIn, "KEY_TOKEN_GONE"),
        (pkcs11.GeneralError, "KEY_TOKEN_FAILED"),
        (pkcs11.FunctionFailed, "KEY_TOKEN_FAILED"),
        (pkcs11.PinExpired, "KEY_PIN_UNSET"),
        (pkcs11.PinLocked, "KEY_PIN_LOCKED"),
    ],
)
def test_the_first_failure_ends_it(plugged: Callable[..., FakeToken], fault: type[Exception], code: str) -> None:
    token = plugged()
    signer = opened()
    signer.sign(b"m")
    token.fails = fault
    refused(code, lambda: signer.sign(b"m"))
    token.fails = None
    signed = token.signed
    refused(code, lambda: signer.sign(b"m"))
    assert token.signed == signed, "it is back, and yet nothing was tried again"
    assert opened().sign(b"m"), "whoever opens it anew may"
    assert token.tried == ["1234", "1234"], "and logs in anew"
    token.fails = fault
    with pytest.raises(Error):
        opened()


def test_objects_that_are_not_what_they_should_be(plugged: Callable[..., FakeToken]) -> None:
    token = plugged(keys=2)
    refused("KEY_TOKEN_SEVERAL_KEYS", opened)
    token.keys = 0
    refused("KEY_TOKEN_NO_KEY", opened)
    token.keys, token.may_sign = 1, False
    refused("KEY_TOKEN_NOT_FOR_SIGNING", opened)
    token.may_sign, token.kind = True, pkcs11.KeyType.EC_EDWARDS
    assert "EC_EDWARDS" in refused("KEY_KIND_UNSUPPORTED", opened).message()
    token.kind, token.certificates = pkcs11.KeyType.EC, [*token.certificates, b"\x30\x00", b"no certificate"]
    assert opened().sign(b"m"), "a certificate that cannot be read is left out"
    token.certificates *= 200
    refused("KEY_TOKEN_TOO_MANY", opened)


def test_a_hidden_key_writes_no_request(plugged: Callable[..., FakeToken]) -> None:
    plugged(hidden=True)
    refused("KEY_TOKEN_NO_PUBLIC_KEY", lambda: keys.open_key(URI, password=b"1234", module="/m.so"))


@example(bytes(32), bytes(31) + b"\x80")
@example(b"\x80" + bytes(31), b"\0" * 30 + b"\x7f\xff")
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_ecdsa_values_are_in_der(r: bytes, s: bytes) -> None:
    numbers = int.from_bytes(r, "big"), int.from_bytes(s, "big")
    assert signing._ecdsa_value(r + s, 32) == encode_dss_signature(*numbers)


def test_values_of_the_wrong_size_are_no_signatures(plugged: Callable[..., FakeToken]) -> None:
    token = plugged()
    signer = opened()
    token.sign = lambda data, **how: b"\x01" * 70  # type: ignore[method-assign]
    refused("KEY_TOKEN_FAILED", lambda: signer.sign(b"m"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_another_process_is_refused(plugged: Callable[..., FakeToken]) -> None:
    plugged()
    signer = opened()
    child = os.fork()
    if not child:
        try:
            signer.sign(b"m")
        except Error as error:
            os._exit(7 if error.code == "KEY_TOKEN_FORKED" else 8)
        finally:
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert signer.sign(b"m")


def test_sessions_grow_with_the_threads_and_no_further(plugged: Callable[..., FakeToken]) -> None:
    token = plugged(most_sessions=4)
    signer = opened(sessions=16)
    assert token.sessions == 2, "one for the login, one for the first thread"
    inside, ready = threading.Semaphore(0), threading.Event()
    plain = token.sign

    def slow(data: bytes, **how: Any) -> bytes:
        inside.release()
        assert ready.wait(10)
        return plain(data, **how)

    token.sign = slow  # type: ignore[method-assign]
    values: list[bytes] = []
    threads = [threading.Thread(target=lambda: values.append(signer.sign(b"m"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        assert inside.acquire(timeout=10)
    ready.set()
    for thread in threads:
        thread.join(10)
    assert len(values) == 8
    assert token.sessions == 4, "the token had no more, and nobody failed"


def test_nothing_shows_the_pin(plugged: Callable[..., FakeToken]) -> None:
    plugged(always=True)
    signer = opened()
    source = KeySource(URI, password=b"1234")
    assert "1234" not in repr(signer) + str(vars(type(signer))) + repr(source)
    with pytest.raises(TypeError):
        signer.__reduce__()


def test_a_pool_gives_up_what_failed_and_waits_for_what_is_out() -> None:
    made: list[int] = []

    def make() -> int:
        if len(made) >= 2:
            raise PoolFull
        made.append(len(made))
        return made[-1]

    pool: Pool[int] = Pool(make, 5)
    with pool.borrow() as first, pool.borrow() as second:
        assert {first, second} == {0, 1}
    with pool.borrow() as again:
        assert again in (0, 1)
    with pytest.raises(RuntimeError), pool.borrow():
        raise RuntimeError
    with pool.borrow() as left:
        assert left in (0, 1)
    empty: Pool[int] = Pool(make, 1)
    with pytest.raises(PoolFull), empty.borrow():
        pass
