"""The calls of the Cloud Signature Consortium's API 2.0 (CSC; ETSI TS 119 432), as values: one POST of JSON each."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from eseal.errors import KeyAccessError, ServiceError
from eseal.model import Certificate
from eseal.net import Answer

ANSWER_BYTES = 1_000_000
"""Largest answer that is read."""
_ITEMS = 1_000
_TOKEN_CHARACTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=")


class Poster(Protocol):
    """Something that makes one POST, as `net.HttpFetcher` does."""

    def post(self, url: str, body: bytes, *, content_type: str, bearer: bytes | None = None, limit: int) -> Answer:
        """See `net.HttpFetcher.post`."""
        ...


@dataclass(frozen=True, slots=True)
class AuthObject:
    """One thing that a credential wants to be told before it signs."""

    id: str
    """Under this name the answer is sent, such as "PIN" or "OTP"."""
    one_time: bool
    """False for a password or PIN, true for what is good once."""
    label: str = ""
    """The service's words for people; text from outside."""


@dataclass(frozen=True, slots=True)
class CredentialInfo:
    """A credential: a key at the service, its certificate, and how its use is allowed (credentials/info)."""

    enabled: bool
    """False where the service will not sign with it."""
    algorithms: tuple[str, ...]
    """Dotted OIDs of what the key signs with."""
    certificates: tuple[Certificate, ...]
    """The certificate and its chain, as the service has them."""
    mode: str
    """"implicit", "explicit" or "oauth2code"."""
    objects: tuple[AuthObject, ...] = ()
    """What an explicit authorisation is to hold."""
    sole_control: bool = False
    """SCAL2 (EN 419 241-1): an authorisation is bound to the hashes that are signed under it."""
    multisign: int = 1
    """Most signatures under one authorisation."""


@dataclass(frozen=True, slots=True)
class Client:
    """A service and the access token for it. It keeps no state.

    Every call raises KeyAccessError (KEY_REMOTE_UNAUTHORISED, KEY_REMOTE_REFUSED) or ServiceError (NET_...,
    KEY_REMOTE_MALFORMED).
    """

    base: str
    """Address of the service, with the version and without a slash at its end."""
    token: bytes | None = field(repr=False)
    """OAuth 2.0 access token; None for a service that wants none."""
    poster: Poster
    """Makes the requests."""

    def __post_init__(self) -> None:
        if self.token is not None and not (self.token and _TOKEN_CHARACTERS.issuperset(self.token)):
            # RFC 6750 2.1; anything else could add lines to the request.
            raise KeyAccessError("KEY_REMOTE_TOKEN_UNUSABLE")

    def info(self) -> tuple[str, tuple[str, ...]]:
        """Version of the API that the service speaks, and the names of its methods (info)."""
        with self._reading("info"):
            answer = self._call("info", {})
            return _text(answer["specs"]), tuple(_text(one) for one in _list(answer["methods"]))

    def credentials(self) -> tuple[str, ...]:
        """Ids of the credentials that the token reaches (credentials/list), the first hundred of them."""
        with self._reading("credentials/list"):
            answer = self._call("credentials/list", {"maxResults": 100})
            return tuple(_text(one) for one in _list(answer["credentialIDs"]))

    def credential(self, name: str) -> CredentialInfo:
        """One credential, with its certificate chain (credentials/info)."""
        asked = {"credentialID": name, "certificates": "chain", "certInfo": False, "authInfo": True}
        with self._reading("credentials/info"):
            answer = self._call("credentials/info", asked)
            key, auth = _dict(answer["key"]), _dict(answer["auth"])
            chain = _list(_dict(answer.get("cert", {})).get("certificates", []))
            multisign = answer.get("multisign", 1)
            if type(multisign) is not int:
                raise ValueError("multisign")
            return CredentialInfo(
                enabled=key["status"] == "enabled",
                algorithms=tuple(_text(one) for one in _list(key["algo"])),
                certificates=tuple(Certificate(_octets(one)) for one in chain),
                mode=_text(auth["mode"]),
                objects=tuple(_object(_dict(one)) for one in _list(auth.get("objects", []))),
                sole_control=answer.get("SCAL") == "2",
                multisign=max(1, multisign),
            )

    def authorise(self, name: str, count: int, hashes: Sequence[bytes], digest: str, answers: Mapping[str, str]) -> str:
        """Allow `count` signatures, and where there are `hashes` those alone; gives the SAD (credentials/authorize).

        `digest` is the OID of their algorithm; `answers` are what the credential's objects ask for, by their id.
        """
        asked: dict[str, Any] = {"credentialID": name, "numSignatures": count}
        if hashes:
            asked |= {"hashes": [_base64(h) for h in hashes], "hashAlgorithmOID": digest}
        if answers:
            asked["authData"] = [{"id": key, "value": value} for key, value in answers.items()]
        with self._reading("credentials/authorize"):
            return _text(self._call("credentials/authorize", asked)["SAD"])

    def sign(
        self, name: str, sad: str | None, hashes: Sequence[bytes], digest: str, algorithm: str, parameters: bytes
    ) -> tuple[bytes, ...]:
        """Signature values of the hashes, in their order, not checked yet (signatures/signHash).

        `digest` and `algorithm` are OIDs, `parameters` DER of the algorithm's parameters or empty; without `sad` the
        access token itself allows the signature.
        """
        asked: dict[str, Any] = {
            "credentialID": name,
            "hashes": [_base64(h) for h in hashes],
            "hashAlgorithmOID": digest,
            "signAlgo": algorithm,
        }
        if sad is not None:
            asked["SAD"] = sad
        if parameters:
            asked["signAlgoParams"] = _base64(parameters)
        with self._reading("signatures/signHash"):
            values = tuple(_octets(one) for one in _list(self._call("signatures/signHash", asked)["signatures"]))
            if len(values) != len(hashes):
                raise ValueError("signatures")
            return values

    def _call(self, method: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        url = f"{self.base}/{method}"
        body = json.dumps(asked).encode()
        answer = self.poster.post(url, body, content_type="application/json", bearer=self.token, limit=ANSWER_BYTES)
        if answer.status in (401, 403):
            raise KeyAccessError("KEY_REMOTE_UNAUTHORISED", service=self.base, status=answer.status)
        if answer.status == 200:
            return _dict(json.loads(answer.body))
        try:
            said = json.loads(answer.body)
            error, words = said["error"], said.get("error_description", "")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ServiceError("NET_STATUS", url=url, status=answer.status) from None
        # What a service says may quote what it was told, a PIN among it: its error code alone is shown.
        code = error if isinstance(error, str) and error.isascii() and error.replace("_", "").isalnum() else "-"
        expired = isinstance(words, str) and "SAD" in words
        raise KeyAccessError(
            "KEY_REMOTE_SAD_REFUSED" if expired else "KEY_REMOTE_REFUSED",
            service=self.base,
            method=method,
            error=code[:60],
        )

    @contextlib.contextmanager
    def _reading(self, method: str) -> Iterator[None]:
        """Whatever is not as the API has it is a malformed answer."""
        try:
            yield
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ServiceError("KEY_REMOTE_MALFORMED", service=self.base, method=method) from None


def _object(value: Mapping[str, Any]) -> AuthObject:
    kind = _text(value["type"])
    label = value.get("label", "")
    return AuthObject(_text(value["id"]), kind.lower() not in ("password", "pin"), _text(label) if label else "")


def _dict(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > _ITEMS:
        raise ValueError("array")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("text")
    return value


def _octets(value: Any) -> bytes:
    return base64.b64decode("".join(_text(value).split()), validate=True)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
