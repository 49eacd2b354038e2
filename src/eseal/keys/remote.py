"""Signs with a key that a remote service holds (`keys.csc`).

The digest is made here and nothing else is sent: the service never sees a document. What comes back is checked with
the certificate before it is used. Each signature is authorised by itself, for as many values as are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from eseal.crypto import algorithms, asn1, der
from eseal.crypto.algorithms import DIGESTS, BadSignature, Scheme, UnknownAlgorithm
from eseal.crypto.certificates import facts
from eseal.crypto.cms_build import signature_identifier
from eseal.errors import KeyAccessError, UsageError
from eseal.keys import matching
from eseal.keys.checking import check_value
from eseal.keys.csc import Client, CredentialInfo, Poster
from eseal.model import Certificate
from eseal.net import HttpFetcher

SECONDS = 60.0
"""Time for one exchange: a service may ask somebody's telephone first."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A key that may sign by every scheme of its kind is listed under the OID of the key.
_PLAIN = {"rsa": "1.2.840.113549.1.1.1", "ec": "1.2.840.10045.2.1"}


@dataclass(frozen=True, slots=True)
class Question:
    """What a remote service wants to be told before a signature."""

    one_time: bool
    """False for a PIN or password, true for what is good once."""
    label: str
    """The service's own words, empty where it has none; text from outside."""


Ask = Callable[[Question], bytes | None]
"""Gets a question, gives the answer, or None."""


@dataclass(frozen=True, slots=True)
class RemoteUri:
    """`csc:https://host/csc/v2?credential=ID`: a service and one of its credentials."""

    base: str
    """Address of the service."""
    credential: str
    """Id of the credential; empty: the only one that the token reaches."""

    @classmethod
    def parse(cls, uri: str) -> RemoteUri:
        """Read a URI. Raises UsageError KEY_REMOTE_URI, KEY_REMOTE_NOT_SAFE, KEY_PASSWORD_IN_URI."""
        scheme, _, address = uri.partition(":")
        try:
            parts = urlsplit(address)
            asked = parse_qs(parts.query, strict_parsing=True, keep_blank_values=True) if parts.query else {}
            host = parts.hostname
        except ValueError:
            raise UsageError("KEY_REMOTE_URI") from None
        if "@" in parts.netloc:
            raise UsageError("KEY_PASSWORD_IN_URI")
        names = asked.pop("credential", [""])
        if scheme.lower() != "csc" or not host or parts.fragment or asked or len(names) != 1 or not address.isascii():
            # What is not known may be a token in the wrong place: not shown.
            raise UsageError("KEY_REMOTE_URI")
        if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
            raise UsageError("KEY_REMOTE_NOT_SAFE", host=host)
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", names[0])

    def __str__(self) -> str:
        """For messages."""
        return f"csc:{self.base}?credential={self.credential}"


class RemoteSigner:
    """A signer over a credential of a service. A refusal ends it: no PIN is sent a second time by itself."""

    __slots__ = (
        "_algorithm",
        "_ask",
        "_certificate",
        "_chain",
        "_client",
        "_dead",
        "_info",
        "_name",
        "_pin",
        "_scheme",
    )

    def __init__(
        self,
        client: Client,
        name: str,
        info: CredentialInfo,
        certificate: Certificate,
        chain: tuple[Certificate, ...],
        scheme: Scheme,
        algorithm: str,
        *,
        pin: bytes | None,
        ask: Ask | None,
    ) -> None:
        self._client = client
        self._name = name
        self._info = info
        self._certificate = certificate
        self._chain = chain
        self._scheme = scheme
        self._algorithm = algorithm
        self._pin = pin
        self._ask = ask
        self._dead: KeyAccessError | None = None

    @property
    def certificate(self) -> Certificate:
        """The certificate of the credential."""
        return self._certificate

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Issuers that the service or the file named, nearest first, without the root."""
        return self._chain

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES`."""
        return self._scheme.name

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; only its digest is sent. Raises KeyAccessError KEY_REMOTE_..., ServiceError."""
        return self.sign_all([message])[0]

    def sign_all(self, messages: Sequence[bytes]) -> tuple[bytes, ...]:
        """Sign several messages under as few authorisations as the credential allows; as `sign` otherwise."""
        if self._dead is not None:
            raise KeyAccessError(self._dead.code, **self._dead.params)
        step = self._info.multisign
        try:
            parts = [self._sign(messages[n : n + step]) for n in range(0, len(messages), step)]
        except KeyAccessError as error:
            self._dead = error
            raise
        return tuple(value for part in parts for value in part)

    def _sign(self, messages: Sequence[bytes]) -> tuple[bytes, ...]:
        digest = DIGESTS[self._scheme.digest].oid
        hashes = [_hashed(self._scheme, message) for message in messages]
        sad = None
        # In the mode oauth2code the access token itself is the authorisation.
        if self._info.mode != "oauth2code":
            bound = hashes if self._info.sole_control else ()
            sad = self._client.authorise(self._name, len(hashes), bound, digest, self._answers())
        parameters = b""
        if self._scheme.pss:
            parameters = asn1.whole(signature_identifier(self._scheme)).children()[1].raw
        values = self._client.sign(self._name, sad, hashes, digest, self._algorithm, parameters)
        return tuple(self._checked(m, v) for m, v in zip(messages, values, strict=True))

    def _answers(self) -> dict[str, str]:
        found = {}
        for item in self._info.objects if self._info.mode == "explicit" else ():
            answer = None if item.one_time else self._pin
            if answer is None and self._ask is not None:
                answer = self._ask(Question(item.one_time, item.label))
            if answer is None:
                code = "KEY_REMOTE_CODE_MISSING" if item.one_time else "KEY_PIN_MISSING"
                raise KeyAccessError(code, token=self._client.base)
            try:
                found[item.id] = answer.decode("utf-8")
            except UnicodeDecodeError:
                raise KeyAccessError("KEY_PIN_UNUSABLE") from None
        return found

    def _checked(self, message: bytes, value: bytes) -> bytes:
        forms = [value]
        if self._scheme.key_type == "ec":
            # Some services give r and s side by side (IEEE P1363) where CMS has them in DER.
            half = len(value) // 2
            r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
            forms.append(der.sequence(der.integer(r), der.integer(s)))
        for form in forms:
            try:
                check_value(self._certificate, self._scheme, message, form)
            except (BadSignature, UnknownAlgorithm):
                continue
            return form
        raise KeyAccessError("KEY_REMOTE_WRONG_SIGNATURE", service=self._client.base, credential=self._name)

    def __repr__(self) -> str:
        return f"<RemoteSigner {self._client.base} {self._name!r} {self.scheme}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a remote key is not pickled")


def open_remote_signer(
    uri: RemoteUri,
    *,
    certificates: tuple[Certificate, ...],
    token: bytes | None,
    pin: bytes | None,
    scheme: str | None,
    ask: Ask | None = None,
    poster: Poster | None = None,
) -> RemoteSigner:
    """Ask the service for the credential and its certificate. Nothing is signed yet.

    `certificates` are looked at before those of the service. Raises KeyAccessError (KEY_REMOTE_..., KEY_PIN_MISSING,
    CERTIFICATE_MISSING, KEY_CERTIFICATE_MISMATCH), UsageError KEY_SCHEME_... and ServiceError.
    """
    row = matching.scheme_row(scheme)
    # The operator named the address, so it may be one inside this network.
    client = Client(uri.base, token, poster or HttpFetcher(seconds=SECONDS, allow_private=True))
    version, methods = client.info()
    if not version.startswith("2.") or "signatures/signHash" not in methods:
        raise KeyAccessError("KEY_REMOTE_VERSION", service=uri.base, version=version[:20])
    name = uri.credential or _only(client)
    info = client.credential(name)
    if not info.enabled:
        raise KeyAccessError("KEY_REMOTE_DISABLED", service=uri.base, credential=name)
    if info.mode not in ("implicit", "explicit", "oauth2code"):
        raise KeyAccessError("KEY_REMOTE_MODE", service=uri.base, mode=info.mode[:40])
    if info.mode == "explicit" and pin is None and ask is None and any(not o.one_time for o in info.objects):
        raise KeyAccessError("KEY_PIN_MISSING", token=uri.base)
    certificate, candidates = _certificate(uri, info, certificates)
    chosen, algorithm = _scheme(row, certificate, info, uri)
    chain = matching.chain_of(certificate, candidates)
    return RemoteSigner(client, name, info, certificate, chain, chosen, algorithm, pin=pin, ask=ask)


def _only(client: Client) -> str:
    names = client.credentials()
    if len(names) != 1:
        shown = ", ".join(names[:20]) or "-"
        raise KeyAccessError("KEY_REMOTE_CREDENTIAL", service=client.base, count=len(names), credentials=shown)
    return names[0]


def _certificate(
    uri: RemoteUri, info: CredentialInfo, given: tuple[Certificate, ...]
) -> tuple[Certificate, tuple[Certificate, ...]]:
    candidates = tuple(dict.fromkeys((*given, *info.certificates)))
    if not candidates:
        raise KeyAccessError("CERTIFICATE_MISSING", path=uri)
    try:
        for certificate in candidates:
            facts(certificate)
        if not info.certificates:
            return candidates[0], candidates
        spki = matching.canonical(algorithms.load_public_key(facts(info.certificates[0]).key.der))
    except (UsageError, UnknownAlgorithm):
        raise KeyAccessError("KEY_REMOTE_CERTIFICATE", service=uri.base) from None
    return matching.certificate_for(spki, given or candidates, uri), candidates


def _scheme(row: Scheme | None, certificate: Certificate, info: CredentialInfo, uri: RemoteUri) -> tuple[Scheme, str]:
    """The scheme and the OID to ask for it by, among what the service says that the key can do."""
    key = facts(certificate).key
    matching.check_kind(key, uri)
    default = matching.choose_scheme(row, key)
    others = [s for s in algorithms.SCHEMES.values() if s.key_type == default.key_type] if row is None else []
    # Ed25519 signs the message itself, which the service is not to see.
    for candidate in (default, *others) if default.key_type in _PLAIN else ():
        for oid in (candidate.oid, _PLAIN.get(candidate.key_type, "")):
            if oid in info.algorithms:
                return candidate, oid
    raise KeyAccessError("KEY_REMOTE_SCHEME", service=uri.base, scheme=default.name)


def _hashed(scheme: Scheme, message: bytes) -> bytes:
    state = algorithms.hasher(scheme.digest)
    state.update(message)
    return bytes(state.digest())
