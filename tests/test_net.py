"""The HTTP client against servers of its own on loopback: limits, redirects, and where it must not go."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from eseal.errors import ServiceError
from eseal.net import CachingFetcher, HttpFetcher, RestingFetcher, is_public

Handler = Callable[[socket.socket], None]


def read_request(conn: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(4096)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body += conn.recv(4096)
    return head + b"\r\n\r\n" + body


class Server:
    """Answers each connection with `handler` and keeps the requests that it read."""

    def __init__(self, handler: Callable[[Server, socket.socket, bytes], None], tls: ssl.SSLContext | None = None):
        self.requests: list[bytes] = []
        self._handler = handler
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.stop = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self.stop.is_set():
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            with conn:
                try:
                    wire = self._tls.wrap_socket(conn, server_side=True) if self._tls else conn
                    request = read_request(wire)
                    self.requests.append(request)
                    self._handler(self, wire, request)
                    wire.close()
                except OSError:
                    pass

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def close(self) -> None:
        self.stop.set()
        self._listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(handler: Callable[[Server, socket.socket, bytes], None], tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(handler, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def plain(body: bytes, status: str = "200 OK", extra: str = "") -> Callable[[Server, socket.socket, bytes], None]:
    def handler(_server: Server, conn: socket.socket, _request: bytes) -> None:
        conn.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body)

    return handler


LOCAL = HttpFetcher(allow_private=True, seconds=5)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ServiceError) as caught:
        call()
    assert caught.value.message("en") != caught.value.code
    assert caught.value.message("zh") != caught.value.message("en")
    return caught.value.code


def test_get(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"crl"))
    assert LOCAL.fetch(server.url("/a?b=c"), limit=10) == b"crl"
    assert server.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")


def test_post(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"ok"))
    assert LOCAL.fetch(server.url(), body=b"query", content_type="application/ocsp-request", limit=10) == b"ok"
    assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")
    assert b"Content-Type: application/ocsp-request\r\nContent-Length: 5\r\n\r\nquery" in server.requests[0]


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "401 Unauthorized", "500 Error", "302 Found"])
def test_a_service_that_tells_its_failures_in_the_body(serve: Callable[..., Server], status: str) -> None:
    elsewhere = serve(plain(b"elsewhere"))
    server = serve(plain(b'{"error": "x"}', status, f"Location: {elsewhere.url()}\r\n"))
    answer = LOCAL.post(server.url("/a"), b"{}", content_type="application/json", bearer=b"abc.def", limit=100)
    assert (answer.status, answer.body) == (int(status[:3]), b'{"error": "x"}')
    (request,) = server.requests
    assert request.startswith(b"POST /a HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer abc.def\r\n" in request
    assert request.endswith(b"\r\n\r\n{}")
    assert not elsewhere.requests, "an access token never follows a redirect"


def test_the_body_of_a_failure_is_bounded_too(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"x" * 101, "400 Bad Request"))
    assert code_of(lambda: LOCAL.post(server.url(), b"", content_type="a/b", limit=100)) == "NET_TOO_LARGE"
    assert (
        code_of(lambda: HttpFetcher().post(server.url(), b"", content_type="a/b", limit=1)) == "NET_ADDRESS_FORBIDDEN"
    )


def test_chunked(serve: Callable[..., Server]) -> None:
    def handler(_s: Server, conn: socket.socket, _r: bytes) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    server = serve(handler)
    assert LOCAL.fetch(server.url(), limit=5) == b"abcde"
    assert code_of(lambda: LOCAL.fetch(server.url(), limit=4)) == "NET_TOO_LARGE"


def test_size_limit_is_kept_whether_or_not_the_length_is_announced(serve: Callable[..., Server]) -> None:
    def endless(server: Server, conn: socket.socket, _r: bytes) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not server.stop.is_set():
            conn.sendall(b"x" * 65536)

    assert LOCAL.fetch(serve(plain(b"x" * 100)).url(), limit=100) == b"x" * 100
    assert code_of(lambda: LOCAL.fetch(serve(plain(b"x" * 101)).url(), limit=100)) == "NET_TOO_LARGE"
    assert code_of(lambda: LOCAL.fetch(serve(endless).url(), limit=100_000)) == "NET_TOO_LARGE"


def test_a_body_that_breaks_off_is_no_answer(serve: Callable[..., Server]) -> None:
    def handler(_s: Server, conn: socket.socket, _r: bytes) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    assert code_of(lambda: LOCAL.fetch(serve(handler).url(), limit=100)) == "NET_PROTOCOL"


@pytest.mark.parametrize("where", ["header", "body"])
def test_a_server_that_drips_cannot_hold_the_caller(serve: Callable[..., Server], where: str) -> None:
    def drip(server: Server, conn: socket.socket, _r: bytes) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\nX: " if where == "header" else b"HTTP/1.1 200 OK\r\n\r\n")
        while not server.stop.wait(0.02):  # each byte comes well within any time limit of a single read
            conn.sendall(b"x")

    fetcher = HttpFetcher(allow_private=True, seconds=0.4)
    assert code_of(lambda: fetcher.fetch(serve(drip).url(), limit=10**6)) == "NET_TIMEOUT"


def test_a_name_server_that_hangs_cannot_hold_the_caller() -> None:
    never = threading.Event()

    def resolver(_host: str, _port: int) -> list[str]:
        never.wait(30)
        return ["127.0.0.1"]

    fetcher = HttpFetcher(seconds=0.1, resolver=resolver)
    assert code_of(lambda: fetcher.fetch("http://slow.example/", limit=10)) == "NET_TIMEOUT"
    never.set()


def test_other_answers(serve: Callable[..., Server]) -> None:
    assert code_of(lambda: LOCAL.fetch(serve(plain(b"", "404 Not Found")).url(), limit=10)) == "NET_STATUS"
    assert code_of(lambda: LOCAL.fetch(serve(plain(b"", "204 No Content")).url(), limit=10)) == "NET_STATUS"

    def garbage(_s: Server, conn: socket.socket, _r: bytes) -> None:
        conn.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

    assert code_of(lambda: LOCAL.fetch(serve(garbage).url(), limit=10)) == "NET_PROTOCOL"
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    assert code_of(lambda: LOCAL.fetch(f"http://127.0.0.1:{port}/", limit=10)) == "NET_UNREACHABLE"


def chain(hops: int, status: str) -> Callable[[Server, socket.socket, bytes], None]:
    def handler(_server: Server, conn: socket.socket, request: bytes) -> None:
        done = int(request.split(b" ")[1].rsplit(b"/", 1)[1] or b"0")
        if done == hops:
            plain(b"end")(_server, conn, request)
        else:
            plain(b"", status, f"Location: /{done + 1}\r\n")(_server, conn, request)

    return handler


def test_redirects(serve: Callable[..., Server]) -> None:
    assert LOCAL.fetch(serve(chain(3, "302 Found")).url("/0"), limit=10) == b"end"
    assert code_of(lambda: LOCAL.fetch(serve(chain(4, "302 Found")).url("/0"), limit=10)) == "NET_REDIRECTS"
    assert LOCAL.fetch(serve(chain(2, "307 Temporary Redirect")).url("/0"), body=b"q", limit=10) == b"end"
    assert code_of(lambda: LOCAL.fetch(serve(chain(2, "302 Found")).url("/0"), body=b"q", limit=10)) == "NET_STATUS"


def test_a_redirect_is_checked_like_a_first_address(serve: Callable[..., Server]) -> None:
    secret = serve(plain(b"secret"))
    lure = serve(plain(b"", "302 Found", f"Location: {secret.url('/', 'inside.example')}\r\n"))
    # Only the lure is "public" for this test, as a real one would be.
    public = HttpFetcher(
        seconds=5,
        allow_private=True,
        resolver=lambda host, _p: ["127.0.0.1"] if host == "outside.example" else ["224.0.0.1"],
    )
    assert code_of(lambda: public.fetch(lure.url("/", "outside.example"), limit=10)) == "NET_ADDRESS_FORBIDDEN"
    assert secret.requests == []
    to_file = serve(plain(b"", "302 Found", "Location: file:///etc/passwd\r\n"))
    assert code_of(lambda: LOCAL.fetch(to_file.url(), limit=10)) == "NET_SCHEME"


@pytest.mark.parametrize(
    "url, code",
    [
        ("file:///etc/passwd", "NET_SCHEME"),
        ("ldap://ldap.example/cn=ca", "NET_SCHEME"),
        ("ftp://example.org/a", "NET_SCHEME"),
        ("http:///nothing", "NET_URL"),
        ("http://user:hunter2@example.org/", "NET_URL"),
        ("http://user:hunter2@example.org:99999/", "NET_URL"),
        ("http://user:hunter2@example.org/a b", "NET_URL"),
        ("ftp://user:hunter2@example.org/", "NET_SCHEME"),
        ("http://example.org:99999/", "NET_URL"),
        ("http://example.org/a b", "NET_URL"),
        ("http://example.org/\r\nX: y", "NET_URL"),
        ("ht\ttp://example.org/", "NET_URL"),
        ("http://中国.example/", "NET_URL"),
    ],
)
def test_addresses_that_are_none(url: str, code: str) -> None:
    def resolver(_host: str, _port: int) -> list[str]:
        raise AssertionError("must not be asked")

    with pytest.raises(ServiceError) as caught:
        HttpFetcher(resolver=resolver).fetch(url, limit=10)
    assert caught.value.code == code
    assert "hunter2" not in repr(caught.value.params)


SPECIAL = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:c0a8:101::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not-an-address",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2400:3200::1",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", SPECIAL)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)
    fetcher = HttpFetcher(resolver=lambda _h, _p: [address])
    assert code_of(lambda: fetcher.fetch("http://name.example/", limit=10)) == "NET_ADDRESS_FORBIDDEN"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)
    # The standard library knows the same registry: a cross-check of the table.
    if "." in address:
        assert ipaddress.ip_address(address).is_global


def test_one_forbidden_address_refuses_the_name(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"secret"))
    fetcher = HttpFetcher(resolver=lambda _h, _p: ["93.184.215.14", "127.0.0.1"])
    assert code_of(lambda: fetcher.fetch(server.url("/", "mixed.example"), limit=10)) == "NET_ADDRESS_FORBIDDEN"
    assert server.requests == []


def test_literal_and_odd_spellings_of_loopback_are_refused(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"secret"))
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"):
        code = code_of(lambda host=host: HttpFetcher(seconds=5).fetch(server.url("/", host), limit=10))  # type: ignore[misc]
        assert code in ("NET_ADDRESS_FORBIDDEN", "NET_UNREACHABLE"), host
    assert server.requests == []


def test_the_name_is_asked_once_and_the_checked_address_is_used(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"ok"))
    answers = [["127.0.0.1"], ["224.0.0.1"]]
    fetcher = HttpFetcher(seconds=5, allow_private=True, resolver=lambda _h, _p: answers.pop(0))
    assert fetcher.fetch(server.url("/", "rebind.example"), limit=10) == b"ok"
    assert len(answers) == 1


def test_the_environments_proxy_is_not_used(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(plain(b"from the proxy"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url())
    assert LOCAL.fetch(serve(plain(b"direct")).url(), limit=100) == b"direct"
    assert proxy.requests == []


def test_an_address_is_asked_once(serve: Callable[..., Server]) -> None:
    server, missing = serve(plain(b"answer")), serve(plain(b"", "404 Not Found"))
    cache = CachingFetcher(LOCAL)
    for body in (None, None, b"one", b"one", b"two"):
        assert cache.fetch(server.url(), body=body, limit=10) == b"answer"
    assert len(server.requests) == 3
    assert [code_of(lambda: cache.fetch(missing.url(), limit=10)) for _ in range(2)] == ["NET_STATUS"] * 2
    assert len(missing.requests) == 1
    assert code_of(lambda: cache.fetch(server.url(), limit=3)) == "NET_TOO_LARGE"


def test_a_silent_address_is_left_alone_for_a_while() -> None:
    asked: list[str] = []
    now = [0.0]

    class Dying:
        code = "NET_TIMEOUT"

        def fetch(self, url: str, *, body: object = None, content_type: object = None, limit: int) -> bytes:
            asked.append(url)
            raise ServiceError(self.code, url=url, seconds=10)

    dying = Dying()
    resting = RestingFetcher(dying, rest=30, clock=lambda: now[0])
    for query in ("", "?1", "?2"):
        with pytest.raises(ServiceError) as caught:
            resting.fetch("http://dead.example/c" + query, limit=10)
        assert (caught.value.code, caught.value.params["url"]) == ("NET_TIMEOUT", "http://dead.example/c" + query)
    assert asked == ["http://dead.example/c"]
    code_of(lambda: resting.fetch("http://other.example/", limit=10))
    now[0] = 31
    code_of(lambda: resting.fetch("http://dead.example/c", limit=10))
    assert asked[1:] == ["http://other.example/", "http://dead.example/c"]
    # One that answers, though not as it should, is asked about everything else.
    dying.code = "NET_STATUS"
    for path in ("/a", "/a"):
        code_of(lambda path=path: resting.fetch("http://missing.example" + path, limit=10))
    assert len(asked) == 5


def tls_server(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + cert.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    client = ssl.create_default_context(cafile=str(pem))
    return server, client


def test_tls_checks_the_name_and_the_root(serve: Callable[..., Server], tmp_path: Path) -> None:
    server_side, client_side = tls_server(tmp_path, "tsa.example")
    server = serve(plain(b"ok"), server_side)
    local = {"seconds": 5, "allow_private": True, "resolver": lambda _h, _p: ["127.0.0.1"]}
    good = HttpFetcher(tls=client_side, **local)  # type: ignore[arg-type]
    assert good.fetch(server.url("/", "tsa.example", "https"), limit=10) == b"ok"
    assert code_of(lambda: good.fetch(server.url("/", "other.example", "https"), limit=10)) == "NET_TLS"
    unknown_root = HttpFetcher(**local)  # type: ignore[arg-type]
    assert code_of(lambda: unknown_root.fetch(server.url("/", "tsa.example", "https"), limit=10)) == "NET_TLS"


def test_https_never_falls_back_to_http(serve: Callable[..., Server], tmp_path: Path) -> None:
    server_side, client_side = tls_server(tmp_path, "tsa.example")
    plain_server = serve(plain(b"ok"))
    target = f"Location: {plain_server.url('/', 'tsa.example')}\r\n"
    server = serve(plain(b"", "302 Found", target), server_side)
    fetcher = HttpFetcher(seconds=5, allow_private=True, resolver=lambda _h, _p: ["127.0.0.1"], tls=client_side)
    assert code_of(lambda: fetcher.fetch(server.url("/", "tsa.example", "https"), limit=10)) == "NET_SCHEME"
    assert plain_server.requests == []
