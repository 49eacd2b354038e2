"""A timestamper of one's own: makes real RFC 3161 tokens with a key at hand, and answers requests for a server."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime

from asn1crypto import tsp

from eseal.crypto import algorithms, der
from eseal.crypto.certificates import facts
from eseal.errors import KeyAccessError, ServiceError, UsageError
from eseal.model import Certificate, Digest, Signer, aware
from eseal.timestamps.protocol import MALFORMED, imprint

TEST_POLICY = "2.25.239301420812361744527360287364058711553"
"""A policy under the arc of UUIDs (X.667): promises nothing."""

ACCEPTED = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")
"""Digests that tokens are made over; a retired one would make the token worthless."""

_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_BAD_ALGORITHM, _BAD_REQUEST, _BAD_FORMAT, _TIME, _POLICY, _EXTENSION = 0, 2, 5, 14, 15, 16


class LocalTimestamper:
    """Makes tokens with `signer` at the time that `clock` tells. Everything that stays the same is encoded once."""

    __slots__ = ("_certificates", "_clock", "_policy", "_scheme", "_serial", "_sid", "_signer", "_signing_cert", "_tsa")

    def __init__(
        self,
        signer: Signer,
        *,
        clock: Callable[[], datetime],
        policy: str = TEST_POLICY,
        serial: Callable[[], int] = lambda: secrets.randbits(127) | 1 << 127,
    ) -> None:
        """`clock` gives aware times; `serial` a number never given before (128 random bits).

        Raises KeyAccessError CERTIFICATE_NOT_FOR_TIMESTAMPS: RFC 3161 2.3 demands the extended key usage
        timeStamping, alone.
        """
        known = facts(signer.certificate)
        if known.extended_key_usage != frozenset({"time_stamping"}):
            raise KeyAccessError("CERTIFICATE_NOT_FOR_TIMESTAMPS", subject=known.subject)
        self._signer = signer
        self._clock = clock
        self._policy = policy
        self._serial = serial
        self._scheme = algorithms.SCHEMES[signer.scheme]
        self._sid = der.sequence(known.issuer_der, der.integer(known.serial))
        self._tsa = der.explicit(0, der.explicit(4, known.subject_der))
        self._signing_cert = _signing_certificate(signer.certificate)
        pool = sorted({c.der for c in (signer.certificate, *signer.chain)})
        self._certificates = der.explicit(0, *pool)

    @property
    def name(self) -> str:
        """Subject of the certificate."""
        return facts(self._signer.certificate).subject

    def timestamp(self, digest: Digest) -> bytes:
        """A token over `digest`. Raises UsageError TIMESTAMP_DIGEST for a digest that is retired or of a wrong size."""
        if digest.algorithm not in ACCEPTED or len(digest.value) != algorithms.DIGESTS[digest.algorithm].size:
            raise UsageError("TIMESTAMP_DIGEST", algorithm=digest.algorithm, size=len(digest.value))
        return self._token(imprint(digest), None, certificates=True)

    def respond(self, query: bytes) -> bytes:
        """Answer the DER of a TimeStampReq with the DER of a TimeStampResp; a bad one with a rejection, never raising.

        Only what the signer or the clock raises (KeyAccessError, ServiceError) becomes `timeNotAvailable` as well.
        """
        try:
            parsed = tsp.TimeStampReq.load(query, strict=True)
            if parsed["version"].native != "v1":
                return _rejection(_BAD_REQUEST, "version")
            requested = parsed["message_imprint"]
            digest = algorithms.DIGEST_BY_OID.get(requested["hash_algorithm"]["algorithm"].dotted)
            value = requested["hashed_message"].native
            policy = parsed["req_policy"].dotted if parsed["req_policy"].native is not None else None
            nonce = parsed["nonce"].native
            wants_certificates = bool(parsed["cert_req"].native)
            has_extensions = bool(parsed["extensions"].native)
            # Given back as it came, since its parameters are part of what the caller compares.
            original = requested.dump()
        except MALFORMED:
            return _rejection(_BAD_FORMAT, "not a request")
        if digest is None or digest.name not in ACCEPTED:
            return _rejection(_BAD_ALGORITHM, "digest not accepted")
        if len(value) != digest.size:
            return _rejection(_BAD_FORMAT, "size of the digest")
        if policy not in (None, self._policy):
            return _rejection(_POLICY, "policy not known")
        if has_extensions:
            return _rejection(_EXTENSION, "extensions")
        try:
            token = self._token(original, nonce, certificates=wants_certificates)
        except (KeyAccessError, ServiceError):
            return _rejection(_TIME, "cannot sign")
        return der.sequence(der.sequence(der.integer(0)), token)

    def _token(self, message_imprint: bytes, nonce: int | None, *, certificates: bool) -> bytes:
        info = der.sequence(
            der.integer(1),
            der.oid(self._policy),
            message_imprint,
            der.integer(self._serial()),
            der.generalized_time(aware(self._clock(), "clock")),
            # genTime is cut to the second, so the true time is less than one second later.
            der.sequence(der.integer(1)),
            der.integer(nonce) if nonce is not None else b"",
            self._tsa,
        )
        digest = algorithms.hasher(self._scheme.digest)
        digest.update(info)
        attributes = sorted(
            (
                _attribute(_CONTENT_TYPE, der.oid(_TST_INFO)),
                _attribute(_MESSAGE_DIGEST, der.octets(digest.digest())),
                self._signing_cert,
            )
        )
        digest_algorithm = der.sequence(der.oid(algorithms.DIGESTS[self._scheme.digest].oid))
        # RFC 5652 5.4: signed as SET OF, carried under an implicit [0].
        signature = self._signer.sign(der.tlv(der.SET, *attributes))
        signer_info = der.sequence(
            der.integer(1),
            self._sid,
            digest_algorithm,
            der.explicit(0, *attributes),
            _signature_algorithm(self._scheme),
            der.octets(signature),
        )
        signed = der.sequence(
            der.integer(3),
            der.set_of([digest_algorithm]),
            der.sequence(der.oid(_TST_INFO), der.explicit(0, der.octets(info))),
            self._certificates if certificates else b"",
            der.set_of([signer_info]),
        )
        return der.sequence(der.oid(_SIGNED_DATA), der.explicit(0, signed))


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of([value]))


def _signing_certificate(certificate: Certificate) -> bytes:
    """signing-certificate-v2 with SHA-256 by default and the issuer's serial (RFC 5035 3)."""
    known = facts(certificate)
    issuer_serial = der.sequence(der.sequence(der.explicit(4, known.issuer_der)), der.integer(known.serial))
    identifier = der.sequence(der.octets(hashlib.sha256(certificate.der).digest()), issuer_serial)
    return _attribute(_SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(identifier)))


def _signature_algorithm(scheme: algorithms.Scheme) -> bytes:
    if scheme.pss:
        digest = der.sequence(der.oid(algorithms.DIGESTS[scheme.digest].oid))
        mask = der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)
        salt = der.integer(algorithms.DIGESTS[scheme.digest].size)
        return der.sequence(
            der.oid(scheme.oid), der.sequence(der.explicit(0, digest), der.explicit(1, mask), der.explicit(2, salt))
        )
    # RFC 4055 5: NULL beside RSA; RFC 5758 3.2 and RFC 8410 3: nothing beside ECDSA and Ed25519.
    return der.sequence(der.oid(scheme.oid), der.null() if scheme.key_type == "rsa" else b"")


def _rejection(failure: int, text: str) -> bytes:
    bits = bytearray(failure // 8 + 1)
    bits[failure // 8] = 0x80 >> failure % 8
    unused = 7 - failure % 8
    return der.sequence(
        der.sequence(
            der.integer(2), der.sequence(der.tlv(0x0C, text.encode())), der.tlv(0x03, bytes((unused,)), bytes(bits))
        )
    )
