"""Timestamp, OCSP and CRL services on loopback that can do everything wrong, and a corporate CA that names them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from eseal import timestamps
from eseal.keys.files import FileSigner
from eseal.model import Certificate, Digest, Signer
from eseal.timestamps import LocalTimestamper

DAY = timedelta(days=1)
PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
Route = Callable[[bytes], bytes]


class Silent(Exception):
    """The service takes the request and never answers."""


class Hangs(Exception):
    """The service hangs up without an answer."""


class Status(Exception):
    """The service answers with this HTTP status."""


class Services:
    """A server on loopback; each path answers as its route says, and what was asked is kept."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[str] = []
        self._over = threading.Event()
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                services.asked.append(self.path)
                try:
                    self._give(200, services.routes[self.path](body))
                except Status as status:
                    self._give(status.args[0], b"")
                except Silent:
                    services._over.wait(20)
                except Hangs:
                    self.close_connection = True

            do_GET = do_POST

            def _give(self, status: int, answer: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def route(self, path: str, route: Route) -> str:
        """Serve a path; its address."""
        self.routes[path] = route
        return self.url(path)

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def running() -> Iterator[Services]:
    services = Services()
    try:
        yield services
    finally:
        services.close()


@dataclass
class Holder:
    """A certificate with its key."""

    x509: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def cert(self) -> Certificate:
        return Certificate(self.x509.public_bytes(serialization.Encoding.DER))


@dataclass
class Corporate:
    """Root, issuing CA, seal and timestamper; their certificates name the services of `url` for revocation."""

    at: datetime
    url: Callable[[str], str]
    ocsp_address: bool = True
    crl_address: bool = True
    root: Holder = field(init=False)
    issuing: Holder = field(init=False)
    seal: Holder = field(init=False)
    tsa: Holder = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.issue("Root", None, ca=True)
        self.issuing = self.issue("Issuing", self.root, ca=True, addresses=("root",))
        self.seal = self.issue("Seal", self.issuing, addresses=("seal", "ca"))
        self.tsa = self.stamper()

    def stamper(self, **more: Any) -> Holder:
        extended = (ExtendedKeyUsageOID.TIME_STAMPING,)
        return self.issue("TSA", self.issuing, **{"extended": extended, "addresses": ("ca",), **more})

    def issue(
        self,
        name: str,
        by: Holder | None,
        *,
        ca: bool = False,
        extended: tuple[Any, ...] = (),
        critical: bool = True,
        end: datetime | None = None,
        addresses: tuple[str, ...] = (),
        twin: Holder | None = None,
    ) -> Holder:
        """A certificate; that of a `twin` has the same key, name and number, and is another one."""
        key = twin.key if twin else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        granted = ("key_cert_sign", "crl_sign") if ca else ("digital_signature", "content_commitment")
        flags = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        flags += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by.x509.subject if by else subject)
            .public_key(key.public_key())
            .serial_number(twin.x509.serial_number if twin else x509.random_serial_number())
            .not_valid_before(self.at - 30 * DAY)
            .not_valid_after(end or self.at + 700 * DAY)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(x509.KeyUsage(**{f: f in granted for f in flags}), critical=True)
        )
        if extended:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(extended)), critical=critical)
        if "seal" in addresses and self.ocsp_address:
            where = x509.UniformResourceIdentifier(self.url("/ocsp"))
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        lists = [a for a in addresses if a in ("ca", "root")]
        if lists and self.crl_address:
            where = x509.UniformResourceIdentifier(self.url(f"/{lists[0]}.crl"))
            point = x509.DistributionPoint([where], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return Holder(builder.sign(by.key if by else key, hashes.SHA256()), key)

    def signer(self, holder: Holder) -> Signer:
        return FileSigner.load(holder.key.private_bytes(*PEM), certificates=(holder.cert, self.issuing.cert), path="x")

    def crl(self, by: Holder, revoked: tuple[Holder, ...] = (), **times: datetime) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(by.x509.subject)
        builder = builder.last_update(times.get("this", self.at - DAY)).next_update(times.get("next", self.at + DAY))
        for holder in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(holder.x509.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(self.at - DAY).build())
        return builder.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def ocsp(self, of: Holder, status: str = "GOOD", by: Holder | None = None, **times: datetime) -> bytes:
        revoked = self.at - DAY if status == "REVOKED" else None
        signer = by or self.issuing
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                of.x509,
                self.issuing.x509,
                hashes.SHA1(),
                ocsp.OCSPCertStatus[status],
                times.get("this", self.at),
                times.get("next", self.at + DAY),
                revoked,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.NAME, signer.x509)
        )
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def stamping(signer: Signer, at: datetime) -> Route:
    """A timestamp service that is right."""
    return LocalTimestamper(signer, clock=lambda: at).respond


def altered(right: Route, change: Callable[[tsp.TimeStampReq], None]) -> Route:
    """A timestamp service that answers another request than the one it got."""

    def route(body: bytes) -> bytes:
        query = tsp.TimeStampReq.load(body, strict=True)
        change(query)
        return right(query.dump(force=True))

    return route


def replayed(right: Route) -> Route:
    """A timestamp service that answers every request with the same old token over the same digest."""

    def route(body: bytes) -> bytes:
        query = tsp.TimeStampReq.load(body, strict=True)
        value = query["message_imprint"]["hashed_message"].native
        return right(timestamps.request(Digest("sha256", value), 7))

    return route


@dataclass
class TwoFaced:
    """A signer that shows a certificate fit for timestamps first, and signs with one that is not."""

    shown: list[Certificate]
    signer: Signer

    @property
    def certificate(self) -> Certificate:
        return self.shown.pop() if self.shown else self.signer.certificate

    @property
    def chain(self) -> tuple[Certificate, ...]:
        return self.signer.chain

    @property
    def scheme(self) -> str:
        return self.signer.scheme

    def sign(self, message: bytes) -> bytes:
        return self.signer.sign(message)
