"""The one HTTP client: for timestamps, OCSP, CRLs and issuers' certificates, whose addresses come from documents.

An address in a certificate is the attacker's choice, so a request must not reach what only this machine can reach
(server-side request forgery). Every resolved address is checked, the connection is made to the checked address itself
(a second look-up could answer otherwise), and every redirect starts anew. Proxies of the environment are not used:
behind one, nothing of this could be checked.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

from eseal.errors import ServiceError

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to addresses in text; raises OSError where there are none."""


class Fetcher(Protocol):
    """Something that makes one HTTP request."""

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        """GET `url`, or POST `body` where it is given; the body of a 200 answer of at most `limit` bytes.

        Raises ServiceError (NET_...) for everything else. Never retried here; the caller decides what a failure
        means.
        """
        ...


def _system_resolver(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


_FORBIDDEN_V4 = [
    ipaddress.IPv4Network(n)
    for n in (
        "0.0.0.0/8",  # this host, RFC 1122
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, RFC 3927; cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_FORBIDDEN_V6 = [
    ipaddress.IPv6Network(n)
    for n in (
        "2001::/23",  # IETF assignments with Teredo, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "3fff::/20",  # documentation, RFC 9637
    )
]
_6TO4 = ipaddress.IPv6Network("2002::/16")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """True for an address that anybody on the internet reaches: a white list for IPv6, all but special ones for IPv4.

    IPv4-mapped addresses are never public; 6to4 (RFC 3056) and NAT64 (RFC 6052) are what they carry.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _FORBIDDEN_V4)
    if ip.scope_id is not None:
        return False
    if ip in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    if ip in _6TO4:
        return is_public(str(ipaddress.IPv4Address((int(ip) >> 80) & 0xFFFFFFFF)))
    return ip in _GLOBAL_V6 and not any(ip in network for network in _FORBIDDEN_V6)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one exchange, whatever its status."""

    status: int
    """HTTP status."""
    body: bytes
    """The body, of any status."""


@dataclass(frozen=True, slots=True)
class HttpFetcher:
    """The Fetcher for real use. It keeps no connection and no state, so it may be shared between threads."""

    seconds: float = 10.0
    """Time for a whole exchange, redirects, name look-up and a slow body included, in seconds."""
    allow_private: bool = False
    """Let addresses inside this network be reached: for a service that the operator configured, never for addresses
    that documents name."""
    redirects: int = 3
    """Most redirects followed."""
    resolver: Resolver = _system_resolver
    """Finds the addresses of a name."""
    tls: ssl.SSLContext | None = None
    """How TLS servers are checked; None: the system's roots, host name verified."""

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        """See `Fetcher.fetch`."""
        deadline = _Deadline(self.seconds, url)
        current = url
        for _ in range(self.redirects + 1):
            parts = _split(current)
            answer, data = self._exchange(current, parts, _request(parts, body, content_type), limit, deadline)
            if answer.status not in (301, 302, 303, 307, 308):
                if answer.status != 200:
                    raise ServiceError("NET_STATUS", url=current, status=answer.status)
                return data
            # A POST is repeated only where the server says so in a way that keeps the method (RFC 9110 15.4).
            location = answer.getheader("Location")
            if not location or (body is not None and answer.status not in (307, 308)):
                raise ServiceError("NET_STATUS", url=current, status=answer.status)
            target = urljoin(current, location)
            if parts.scheme == "https" and _split(target).scheme != "https":
                raise ServiceError("NET_SCHEME", url=target)
            current = target
        raise ServiceError("NET_REDIRECTS", url=url, limit=self.redirects)

    def post(self, url: str, body: bytes, *, content_type: str, bearer: bytes | None = None, limit: int) -> Answer:
        """POST to a service that tells its failures in the body: no redirect is followed, any status is an answer.

        `bearer` is an access token (RFC 6750 2.1); it goes into no message. Raises ServiceError (NET_...).
        """
        parts = _split(url)
        request = _request(parts, body, content_type, bearer)
        answer, data = self._exchange(url, parts, request, limit, _Deadline(self.seconds, url), any_status=True)
        return Answer(answer.status, data)

    def _exchange(
        self,
        url: str,
        parts: SplitResult,
        request: bytes,
        limit: int,
        deadline: _Deadline,
        *,
        any_status: bool = False,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        host = str(parts.hostname)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        sock = self._connect(url, host, port, deadline)
        try:
            if parts.scheme == "https":
                context = self.tls or ssl.create_default_context()
                sock.settimeout(deadline.left())
                sock = context.wrap_socket(sock, server_hostname=host)
            _send(sock, request, deadline)
            wire: Any = _Wire(sock, deadline)
            answer = http.client.HTTPResponse(wire, method=request.split(b" ", 1)[0].decode())
            answer.begin()
            if answer.status != 200 and not any_status:
                return answer, b""
            if answer.length is not None and answer.length > limit:
                raise ServiceError("NET_TOO_LARGE", url=url, limit=limit)
            data = _body(answer, limit)
            if len(data) > limit:
                raise ServiceError("NET_TOO_LARGE", url=url, limit=limit)
            return answer, data
        except TimeoutError:
            raise ServiceError("NET_TIMEOUT", url=url, seconds=self.seconds) from None
        except ssl.SSLCertVerificationError as error:
            raise ServiceError("NET_TLS", url=url, reason=error.verify_message) from error
        except ssl.SSLError as error:
            raise ServiceError("NET_TLS", url=url, reason=error.reason or "TLS") from error
        except (http.client.HTTPException, ValueError) as error:
            raise ServiceError("NET_PROTOCOL", url=url) from error
        except OSError as error:
            raise ServiceError("NET_UNREACHABLE", url=url, reason=error.strerror or type(error).__name__) from error
        finally:
            sock.close()

    def _connect(self, url: str, host: str, port: int, deadline: _Deadline) -> socket.socket:
        addresses = self._resolve(url, host, port, deadline)
        # One forbidden address among public ones is how rebinding looks: the whole name is refused.
        for address in addresses:
            multicast = _is_multicast(address)
            if multicast or not (self.allow_private or is_public(address)):
                raise ServiceError("NET_ADDRESS_FORBIDDEN", url=url, address=address)
        problem: OSError | None = None
        for address in addresses:
            try:
                return socket.create_connection((address, port), timeout=deadline.left())
            except TimeoutError:
                raise ServiceError("NET_TIMEOUT", url=url, seconds=self.seconds) from None
            except OSError as error:
                problem = error
        reason = (problem.strerror or type(problem).__name__) if problem else "no address"
        raise ServiceError("NET_UNREACHABLE", url=url, reason=reason)

    def _resolve(self, url: str, host: str, port: int, deadline: _Deadline) -> Sequence[str]:
        # The system's look-up cannot be interrupted; it is left behind in a thread when the time is over.
        found: list[Sequence[str]] = []
        problems: list[OSError] = []

        def work() -> None:
            try:
                found.append(self.resolver(host, port))
            except (OSError, UnicodeError) as error:
                problems.append(error if isinstance(error, OSError) else OSError(str(error)))

        thread = threading.Thread(target=work, name="eseal-resolve", daemon=True)
        thread.start()
        thread.join(deadline.left())
        if found and found[0]:
            return found[0]
        if thread.is_alive():
            raise ServiceError("NET_TIMEOUT", url=url, seconds=self.seconds)
        reason = (problems[0].strerror or str(problems[0])) if problems else "no address"
        raise ServiceError("NET_UNREACHABLE", url=url, reason=reason)


@dataclass(slots=True)
class CachingFetcher:
    """Asks each address once and remembers answer or failure: for one run over documents of the same issuers.

    Answers are kept without regard to their age, so it must not live longer than one judgement of a batch. Not for
    several threads.
    """

    fetcher: Fetcher
    """Who asks."""
    _answers: dict[tuple[str, bytes | None], bytes | ServiceError] = field(default_factory=dict)

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        """See `Fetcher.fetch`; an answer that was taken under a larger limit is refused under a smaller one."""
        key = (url, body)
        if key not in self._answers:
            try:
                self._answers[key] = self.fetcher.fetch(url, body=body, content_type=content_type, limit=limit)
            except ServiceError as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, ServiceError):
            raise ServiceError(answer.code, **answer.params)
        if len(answer) > limit:
            raise ServiceError("NET_TOO_LARGE", url=url, limit=limit)
        return answer


@dataclass(slots=True)
class RestingFetcher:
    """Leaves an address alone for a while after it was silent: a dead service costs a batch one wait, not one each."""

    fetcher: Fetcher
    """Who asks."""
    rest: float = 30.0
    """Seconds for which an address that was silent or could not be reached is answered for."""
    clock: Callable[[], float] = time.monotonic
    """Seconds from any beginning, never running backwards."""
    _silent: dict[str, tuple[float, ServiceError]] = field(default_factory=dict)

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        """See `Fetcher.fetch`; while an address rests, the error that it last gave."""
        address = url.partition("?")[0]
        since, last = self._silent.get(address, (0.0, None))
        if last is not None and self.clock() - since < self.rest:
            raise ServiceError(last.code, **{**last.params, "url": url})
        self._silent.pop(address, None)
        try:
            return self.fetcher.fetch(url, body=body, content_type=content_type, limit=limit)
        except ServiceError as error:
            if error.code in _SILENT:
                if len(self._silent) >= _ADDRESSES:
                    self._silent.clear()
                self._silent[address] = (self.clock(), error)
            raise


_SILENT = ("NET_TIMEOUT", "NET_UNREACHABLE")
_ADDRESSES = 256


class _Deadline:
    """The end of one exchange on the monotonic clock."""

    def __init__(self, seconds: float, url: str) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds
        self._url = url

    def left(self) -> float:
        """Seconds left. Raises ServiceError NET_TIMEOUT where there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise ServiceError("NET_TIMEOUT", url=self._url, seconds=self._seconds)
        return left


class _Stream(io.RawIOBase):
    """Bytes of a socket, each read within the time left: a server that drips cannot hold the caller."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


class _Wire:
    """What HTTPResponse asks of a socket: `makefile` alone."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._stream = _Stream(sock, deadline)

    def makefile(self, *_args: object, **_named: object) -> io.BufferedReader:
        return io.BufferedReader(self._stream)


def _is_multicast(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_multicast
    except ValueError:
        return True


_USER = re.compile(r"//[^/?#]*@")


def _split(url: str) -> SplitResult:
    # A name and a password may stand before the host.
    shown = _USER.sub("//...@", url)
    # urlsplit drops tabs and line ends silently; what is not plain printable ASCII is refused before it.
    if not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise ServiceError("NET_URL", url=shown)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ServiceError("NET_URL", url=shown) from None
    if parts.scheme not in ("http", "https"):
        raise ServiceError("NET_SCHEME", url=shown)
    if not parts.hostname or "@" in parts.netloc or port == 0:
        raise ServiceError("NET_URL", url=shown)
    return parts


def _request(parts: SplitResult, body: bytes | None, content_type: str | None, bearer: bytes | None = None) -> bytes:
    if content_type is not None and not (content_type.isascii() and content_type.isprintable()):
        raise ServiceError("NET_URL", url=content_type)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"{'GET' if body is None else 'POST'} {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        "User-Agent: eseal",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if body is not None:
        lines += [f"Content-Type: {content_type or 'application/octet-stream'}", f"Content-Length: {len(body)}"]
    head = "\r\n".join([*lines, ""]).encode("ascii")
    if bearer is not None:
        head += b"Authorization: Bearer " + bearer + b"\r\n"
    return head + b"\r\n" + (body or b"")


def _send(sock: socket.socket, data: bytes, deadline: _Deadline) -> None:
    rest = memoryview(data)
    while rest:
        sock.settimeout(deadline.left())
        rest = rest[sock.send(rest) :]


def _body(answer: http.client.HTTPResponse, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= limit:
        piece = answer.read(min(65536, limit + 1 - size))
        if not piece:
            break
        parts.append(piece)
        size += len(piece)
    if answer.length and size <= limit:
        raise http.client.IncompleteRead(b"".join(parts))
    return b"".join(parts)
