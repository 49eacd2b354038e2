"""A remote signing service on loopback that speaks the CSC API 2.0, honestly or otherwise."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

TOKEN, PIN, OTP = "access-token-of-the-office", "2468", "971531"
_SHA = {"2.16.840.1.101.3.4.2.1": hashes.SHA256(), "2.16.840.1.101.3.4.2.3": hashes.SHA512()}
_PSS, _RSA, _EC = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"


class Refusal(Exception):
    """An error answer: status, error code, description."""


@dataclass
class Service:
    """What the service has and how it behaves; `asked` is everything that it was ever sent."""

    key: Any
    certificates: list[bytes]
    mode: str = "explicit"
    objects: list[dict[str, str]] = field(
        default_factory=lambda: [{"type": "Password", "id": "PIN", "format": "N", "label": "Signing PIN"}]
    )
    scal: str = "2"
    multisign: int = 5
    status: str = "enabled"
    specs: str = "2.0.0.2"
    algorithms: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=lambda: ["seal-1"])
    raw_ecdsa: bool = False
    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    """By method: what is answered instead."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    base: str = ""
    _sads: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, method: str, asked: dict[str, Any]) -> Any:
        """The honest answer."""
        if method == "info":
            names = ["credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash"]
            return {"specs": self.specs, "name": "Tests", "authType": ["oauth2code"], "methods": names}
        if method == "credentials/list":
            return {"credentialIDs": self.credentials}
        if asked.get("credentialID") not in self.credentials:
            raise Refusal(400, "invalid_request", "Invalid parameter credentialID")
        return getattr(self, "_" + method.split("/")[1])(asked)

    def _info(self, asked: dict[str, Any]) -> Any:
        assert asked["certificates"] == "chain"
        plain = _RSA if isinstance(self.key, rsa.RSAPrivateKey) else _EC
        return {
            "key": {"status": self.status, "algo": self.algorithms or [plain], "len": 256},
            "cert": {"status": "valid", "certificates": [base64.b64encode(c).decode() for c in self.certificates]},
            "auth": {"mode": self.mode, "objects": self.objects},
            "SCAL": self.scal,
            "multisign": self.multisign,
        }

    def _authorize(self, asked: dict[str, Any]) -> Any:
        given = {item["id"]: item["value"] for item in asked.get("authData", [])}
        for item in self.objects if self.mode == "explicit" else []:
            if given.get(item["id"]) != (PIN if item["type"] == "Password" else OTP):
                raise Refusal(400, "invalid_pin", f"The value {given.get(item['id'])} is wrong")
        if not 0 < asked["numSignatures"] <= self.multisign:
            raise Refusal(400, "invalid_request", "numSignatures")
        if self.scal == "2" and len(asked["hashes"]) != asked["numSignatures"]:
            raise Refusal(400, "invalid_request", "hashes")
        sad = f"sad-{len(self._sads)}"
        self._sads[sad] = asked.get("hashes") or ["*"] * asked["numSignatures"]
        return {"SAD": sad, "expiresIn": 300}

    def _signHash(self, asked: dict[str, Any]) -> Any:
        if self.mode != "oauth2code":
            allowed = self._sads.pop(asked.get("SAD", ""), None)
            if allowed is None or (self.scal == "2" and allowed != asked["hashes"]):
                raise Refusal(400, "invalid_request", "The SAD is invalid or has expired")
        values = [self._sign(base64.b64decode(h), asked) for h in asked["hashes"]]
        return {"signatures": [base64.b64encode(v).decode() for v in values]}

    def _sign(self, digest: bytes, asked: dict[str, Any]) -> bytes:
        algorithm = _SHA[asked["hashAlgorithmOID"]]
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            value = self.key.sign(digest, ec.ECDSA(utils.Prehashed(algorithm)))
            if not self.raw_ecdsa:
                return bytes(value)
            r, s = utils.decode_dss_signature(value)
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        pad: Any = padding.PKCS1v15()
        if asked["signAlgo"] == _PSS:
            assert asked["signAlgoParams"]
            pad = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)
        return bytes(self.key.sign(digest, pad, utils.Prehashed(algorithm)))

    @contextmanager
    def running(self) -> Iterator[Service]:
        """Serve on a free port of loopback."""
        service, released = self, threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.bodies.append(body)
                method, asked = self.path.removeprefix("/csc/v2/"), json.loads(body)
                service.asked.append((method, asked))
                status, answer = 200, None
                try:
                    if self.headers["Authorization"] != f"Bearer {TOKEN}" and method != "info":
                        raise Refusal(401, "invalid_token", "")
                    other = service.answers.get(method)
                    answer = other(asked) if other else service.answer(method, asked)
                except Refusal as refusal:
                    status, error, words = refusal.args
                    answer = {"error": error, "error_description": words}
                if answer is None:
                    # Slow: nothing comes until the test is over.
                    released.wait(20)
                    return
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.base = f"http://127.0.0.1:{server.server_port}/csc/v2"
        try:
            yield self
        finally:
            released.set()
            server.shutdown()
            server.server_close()
