"""Remote signing by the CSC API 2.0 against a server on loopback: what is sent, and every way that it goes wrong."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eseal
from eseal import keys
from eseal.crypto.algorithms import SCHEMES
from eseal.errors import Error, KeyAccessError, ServiceError, UsageError
from eseal.judging.policy import Policy
from eseal.keys import csc
from eseal.keys.checking import check_value
from eseal.keys.csc import Client
from eseal.keys.remote import Question, RemoteSigner, RemoteUri, open_remote_signer
from eseal.messages import catalogue
from eseal.model import RevocationMode
from eseal.net import Answer, HttpFetcher
from support.cscserver import OTP, PIN, TOKEN, Refusal, Service
from support.pdfs import simple_pdf
from support.realpki import RealPki, new_key

AT = datetime.now(UTC)
OTP_OBJECT = {"type": "TOTP", "id": "OTP", "format": "N", "label": "Code on your telephone"}


@pytest.fixture(scope="module")
def pki() -> RealPki:
    return RealPki(AT)


@pytest.fixture(scope="module")
def rsa_key() -> Any:
    return new_key("rsa2048")


@pytest.fixture
def serve(pki: RealPki) -> Iterator[Callable[..., Service]]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(key: Any = None, **how: Any) -> Service:
            key = key or new_key()
            service = Service(key, [pki.certify(key.public_key()).der, pki.issuing.der], **how)
            return stack.enter_context(service.running())

        yield start


def opened(service: Service, *, token: str | None = TOKEN, pin: str | None = PIN, **options: Any) -> RemoteSigner:
    signer = keys.open_signer(
        f"csc:{service.base}?credential=seal-1",
        token=token.encode() if token else None,
        password=pin.encode() if pin else None,
        **options,
    )
    assert isinstance(signer, RemoteSigner)
    return signer


def refused(code: str, call: Callable[[], object], kind: type[Error] = Error) -> Error:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
    said = repr(caught.value.params)
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        said += caught.value.message(lang) + caught.value.hint(lang)
    for secret in (TOKEN, PIN, OTP, "1111"):
        assert secret not in said
    return caught.value


@pytest.mark.parametrize("scheme", [None, "rsa-pkcs1v15-sha512", "rsa-pss-sha256", "ec", "ec-raw"])
def test_what_a_service_signs_is_valid(
    serve: Callable[..., Service], pki: RealPki, rsa_key: Any, scheme: str | None
) -> None:
    curve = (scheme or "").startswith("ec")
    pss = ["1.2.840.113549.1.1.10", "1.2.840.113549.1.1.1"]
    service = serve(None if curve else rsa_key, raw_ecdsa=scheme == "ec-raw", algorithms=[] if curve else pss)
    signer = opened(service, scheme=None if curve else scheme)
    assert signer.chain == (pki.issuing,)
    sealed = eseal.seal(simple_pdf(), signer, at=AT).data
    trust = eseal.TrustStore.from_certificates([pki.root])
    policy = Policy(revocation=RevocationMode.IGNORE)
    report = eseal.verify(sealed, trust=trust, at=AT + timedelta(minutes=1), policy=policy)
    assert report.passed, report.explain("en")
    assert [method for method, _ in service.asked] == [
        "info", "credentials/info", "credentials/authorize", "signatures/signHash",
    ]  # fmt: skip


def test_the_service_sees_a_digest_and_nothing_else(serve: Callable[..., Service]) -> None:
    service = serve()
    message = b"the words of the document " * 40
    signer = opened(service)
    check_value(signer.certificate, SCHEMES[signer.scheme], message, signer.sign(message))
    digest = base64.b64encode(hashlib.sha256(message).digest()).decode()
    authorised, signed = service.asked[-2][1], service.asked[-1][1]
    assert (authorised["hashes"], signed["hashes"], authorised["numSignatures"]) == ([digest], [digest], 1)
    assert not any(b"words" in b or base64.b64encode(message)[:40] in b for b in service.bodies)
    shown = repr(signer) + repr(signer._client)
    assert PIN not in shown
    assert TOKEN not in shown
    with pytest.raises(TypeError):
        signer.__reduce__()


def test_several_hashes_under_one_authorisation(serve: Callable[..., Service]) -> None:
    service = serve(multisign=3)
    signer = opened(service)
    messages = [b"%d" % n for n in range(7)]
    for message, value in zip(messages, signer.sign_all(messages), strict=True):
        check_value(signer.certificate, SCHEMES[signer.scheme], message, value)
    counts = [a["numSignatures"] for m, a in service.asked if m == "credentials/authorize"]
    assert counts == [3, 3, 1]


@pytest.mark.parametrize("scal", ["1", "2"])
@pytest.mark.parametrize("mode", ["implicit", "oauth2code"])
def test_other_ways_to_allow_it(serve: Callable[..., Service], mode: str, scal: str) -> None:
    service = serve(mode=mode, scal=scal)
    assert opened(service, pin=None).sign(b"m")
    methods = [method for method, _ in service.asked]
    assert ("credentials/authorize" in methods) == (mode == "implicit")
    assert all("authData" not in asked for _, asked in service.asked)
    assert all("hashes" not in asked for m, asked in service.asked if m == "credentials/authorize" and scal == "1")


def test_one_time_codes_are_asked_for(serve: Callable[..., Service]) -> None:
    service = serve()
    service.objects.append(OTP_OBJECT)
    questions: list[Question] = []

    def ask(question: Question) -> bytes:
        questions.append(question)
        return OTP.encode()

    signer = opened(service, ask=ask)
    signer.sign(b"a")
    signer.sign(b"b")
    assert questions == [Question(True, "Code on your telephone")] * 2, "a code is good once; the PIN was given"
    refused("KEY_REMOTE_CODE_MISSING", lambda: opened(service).sign(b"m"))
    assert opened(service, pin=None, ask=lambda q: (OTP if q.one_time else PIN).encode()).sign(b"m")
    refused("KEY_PIN_MISSING", lambda: opened(service, pin=None))
    refused("KEY_PIN_MISSING", lambda: opened(service, pin=None, ask=lambda q: None).sign(b"m"))
    refused("KEY_PIN_UNUSABLE", lambda: opened(service, ask=lambda q: b"\xff").sign(b"m"))


def test_a_wrong_pin_is_sent_once(serve: Callable[..., Service]) -> None:
    service = serve()
    signer = opened(service, pin="1111")
    assert "invalid_pin" in refused("KEY_REMOTE_REFUSED", lambda: signer.sign(b"m"), KeyAccessError).message()
    sent = len(service.asked)
    refused("KEY_REMOTE_REFUSED", lambda: signer.sign(b"m"))
    assert len(service.asked) == sent


def test_an_access_token_that_is_not_accepted(serve: Callable[..., Service]) -> None:
    service = serve()
    for token in (None, "expired"):
        refused("KEY_REMOTE_UNAUTHORISED", lambda token=token: opened(service, token=token), KeyAccessError)
    for token in ("two words", "line\r\nX-Evil: 1", "ü"):
        refused("KEY_REMOTE_TOKEN_UNUSABLE", lambda token=token: opened(service, token=token), KeyAccessError)
    signer = opened(service)
    service.answers["credentials/authorize"] = lambda asked: _refuse(401, "invalid_token")
    refused("KEY_REMOTE_UNAUTHORISED", lambda: signer.sign(b"m"))


def _refuse(status: int, error: str, words: str = "") -> Any:
    raise Refusal(status, error, words)


def test_an_authorisation_that_expired(serve: Callable[..., Service]) -> None:
    service = serve()
    signer = opened(service)
    service.answers["signatures/signHash"] = lambda asked: _refuse(400, "invalid_request", "SAD expired")
    refused("KEY_REMOTE_SAD_REFUSED", lambda: signer.sign(b"m"), KeyAccessError)
    service.answers.clear()
    assert opened(service).sign(b"m")


@pytest.mark.parametrize("curve", [True, False])
def test_a_wrong_signature_is_never_used(serve: Callable[..., Service], rsa_key: Any, curve: bool) -> None:
    service = serve(None if curve else rsa_key)
    other = Service(new_key() if curve else new_key("rsa2048"), [], credentials=["seal-1"], mode="oauth2code")
    swapped = lambda asked: service._signHash(asked | {"hashes": asked["hashes"][::-1]})  # noqa: E731
    garbage = {"signatures": [base64.b64encode(b"\x30\x06\x02\x01\x01\x02\x01\x01").decode()]}
    for answer in (other._signHash, lambda asked: garbage, lambda asked: {"signatures": ["AA=="]}):
        signer = opened(service)
        service.answers["signatures/signHash"] = answer
        refused("KEY_REMOTE_WRONG_SIGNATURE", lambda signer=signer: signer.sign(b"m"), KeyAccessError)
        refused("KEY_REMOTE_WRONG_SIGNATURE", lambda signer=signer: signer.sign(b"m"))
    service.scal, service.answers["signatures/signHash"] = "1", swapped
    refused("KEY_REMOTE_WRONG_SIGNATURE", lambda: opened(service).sign_all([b"a", b"b"]))
    service.answers["signatures/signHash"] = lambda asked: service._signHash(asked | {"hashes": asked["hashes"][:1]})
    refused("KEY_REMOTE_MALFORMED", lambda: opened(service).sign_all([b"a", b"b"]))
    with pytest.raises(Error):
        eseal.seal(simple_pdf(), opened(service, scheme=None), at=AT - timedelta(days=900))


MALFORMED = [b"", b"no json", b"[]", b'"text"', b"{}", b"null", b"\xff\xfe", b"[" * 100_000, b'{"SAD": 7}']


@pytest.mark.parametrize("method", ["info", "credentials/info", "credentials/authorize", "signatures/signHash"])
@pytest.mark.parametrize("answer", MALFORMED, ids=range(len(MALFORMED)))
def test_answers_that_are_none(serve: Callable[..., Service], method: str, answer: bytes) -> None:
    service = serve()
    service.answers[method] = lambda asked: answer
    refused("KEY_REMOTE_MALFORMED", lambda: opened(service).sign(b"m"), ServiceError)


def test_services_that_fail(serve: Callable[..., Service]) -> None:
    service = serve()
    signer = opened(service)
    service.answers["credentials/authorize"] = lambda asked: b"{" + b" " * csc.ANSWER_BYTES
    refused("NET_TOO_LARGE", lambda: signer.sign(b"m"), ServiceError)
    service.answers["credentials/authorize"] = lambda asked: _refuse(500, 5)  # type: ignore[arg-type]
    refused("KEY_REMOTE_REFUSED", lambda: signer.sign(b"m"))
    service.answers["credentials/info"] = lambda asked: None
    quick = HttpFetcher(seconds=0.2, allow_private=True)
    uri = RemoteUri.parse(f"csc:{service.base}?credential=seal-1")
    asked: dict[str, Any] = {"certificates": (), "token": TOKEN.encode(), "pin": None, "scheme": None}
    refused("NET_TIMEOUT", lambda: open_remote_signer(uri, poster=quick, **asked), ServiceError)
    refused("NET_UNREACHABLE", lambda: keys.open_signer("csc:http://127.0.0.1:1/csc/v2"), ServiceError)


def test_a_redirect_is_not_followed(serve: Callable[..., Service]) -> None:
    class Redirecting:
        def post(self, url: str, body: bytes, **how: Any) -> Answer:
            return Answer(302, b"")

    uri = RemoteUri.parse("csc:https://host/csc/v2?credential=a")
    call = lambda: open_remote_signer(  # noqa: E731
        uri, certificates=(), token=None, pin=None, scheme=None, poster=Redirecting()
    )
    refused("NET_STATUS", call, ServiceError)


def test_credentials_that_cannot_be_used(serve: Callable[..., Service], pki: RealPki, tmp_path: Any) -> None:
    service = serve()
    for change, code in (
        ({"status": "disabled"}, "KEY_REMOTE_DISABLED"),
        ({"mode": "telepathy"}, "KEY_REMOTE_MODE"),
        ({"specs": "1.0.4.0"}, "KEY_REMOTE_VERSION"),
        ({"certificates": []}, "CERTIFICATE_MISSING"),
        ({"certificates": [b"none"]}, "KEY_REMOTE_CERTIFICATE"),
        ({"algorithms": ["1.2.3"]}, "KEY_REMOTE_SCHEME"),
        ({"credentials": ["other"]}, "KEY_REMOTE_REFUSED"),
    ):
        before = {name: getattr(service, name) for name in change}
        for name, value in change.items():
            setattr(service, name, value)
        refused(code, lambda: opened(service), KeyAccessError)
        for name, value in before.items():
            setattr(service, name, value)
    file = tmp_path / "other.pem"
    file.write_bytes(pki.certify(new_key().public_key()).to_pem())
    refused("KEY_CERTIFICATE_MISMATCH", lambda: opened(service, cert=file))


def test_the_only_credential_need_not_be_named(serve: Callable[..., Service]) -> None:
    service = serve()
    uri = f"csc:{service.base}"
    assert keys.open_signer(uri, token=TOKEN.encode(), password=PIN.encode()).sign(b"m")
    service.credentials = ["seal-1", "seal-2"]
    call = lambda: keys.open_signer(uri, token=TOKEN.encode(), password=PIN.encode())  # noqa: E731
    assert "seal-1, seal-2" in refused("KEY_REMOTE_CREDENTIAL", call).message()


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("csc:http://host.example/csc/v2?credential=a", "KEY_REMOTE_NOT_SAFE"),
        ("csc:ftp://host.example/csc/v2", "KEY_REMOTE_NOT_SAFE"),
        ("csc:https://host/csc/v2?credential=a&token=hunter2", "KEY_REMOTE_URI"),
        ("csc:https://host/csc/v2?access_token=hunter2", "KEY_REMOTE_URI"),
        ("csc:https://host/csc/v2?credential=a&pin=hunter2", "KEY_PASSWORD_IN_URI"),
        ("csc:https://user:hunter2@host/csc/v2", "KEY_PASSWORD_IN_URI"),
        ("csc:https://hunter2@host/csc/v2", "KEY_PASSWORD_IN_URI"),
        ("csc:https://host/csc/v2?credential=a&credential=hunter2", "KEY_REMOTE_URI"),
        ("csc:https://host/csc/v2#hunter2", "KEY_REMOTE_URI"),
        ("csc:hunter2", "KEY_REMOTE_URI"),
        ("csc:https://[hunter2/csc", "KEY_REMOTE_URI"),
    ],
)  # fmt: skip
def test_addresses_that_are_refused(uri: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        keys.open_signer(uri)
    assert caught.value.code == code
    assert "hunter2" not in repr(caught.value.params) + caught.value.message() + caught.value.hint("zh")


def test_a_request_is_not_made_with_a_service() -> None:
    with pytest.raises(UsageError) as caught:
        keys.open_key("csc:https://host/csc/v2")
    assert caught.value.code == "KEY_REMOTE_WITHOUT_REQUEST"


MEMBERS = ["key", "cert", "auth", "algo", "status", "mode", "objects", "certificates", "SCAL", "multisign", "specs"]
MEMBERS += ["methods", "SAD", "signatures", "credentialIDs", "id", "type", "error", "error_description"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
    max_leaves=20,
)


@given(JSON, st.sampled_from([200, 400, 500]))
def test_any_json_is_an_answer_or_an_error(value: Any, status: int) -> None:
    import json

    class Poster:
        def post(self, url: str, body: bytes, **how: Any) -> Answer:
            return Answer(status, json.dumps(value).encode())

    client = Client("https://host", None, Poster())
    for call in (
        client.info,
        client.credentials,
        lambda: client.credential("a"),
        lambda: client.authorise("a", 1, [b"h"], "1.2", {}),
        lambda: client.sign("a", None, [b"h"], "1.2", "1.3", b""),
    ):
        try:
            call()
        except (KeyAccessError, ServiceError):
            continue
        assert status == 200
