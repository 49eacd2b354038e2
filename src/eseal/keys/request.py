"""Requests for certificates (PKCS#10, RFC 2986), over a new key, a key in a file or token, or any signer."""

from __future__ import annotations

import base64
from dataclasses import dataclass, fields
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from eseal.crypto import der
from eseal.crypto.algorithms import SCHEMES, BadSignature, UnknownAlgorithm
from eseal.crypto.certificates import facts
from eseal.crypto.cms_build import signature_identifier
from eseal.errors import KeyAccessError, UsageError
from eseal.keys.checking import check_value
from eseal.keys.files import FileKey
from eseal.keys.opening import BareKey
from eseal.model import KeyInfo, Signer

ALGORITHMS = ("p256", "p384", "p521", "rsa2048", "rsa3072", "rsa4096", "ed25519")
"""Kinds of key that can be made."""

_CURVES: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
_UTF8, _PRINTABLE, _BITS = 0x0C, 0x13, 0x03
_PRINTABLE_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
# Object identifier, upper bound in characters (X.520), and whether the value is a PrintableString, in the usual order.
_ATTRIBUTES = {
    "country": ("2.5.4.6", 2, True),
    "state": ("2.5.4.8", 128, False),
    "locality": ("2.5.4.7", 128, False),
    "organization": ("2.5.4.10", 64, False),
    "organization_identifier": ("2.5.4.97", 64, False),
    "unit": ("2.5.4.11", 64, False),
    "common_name": ("2.5.4.3", 64, False),
    "serial_number": ("2.5.4.5", 64, True),
}
_EXTENSION_REQUEST, _KEY_USAGE, _EXTENDED_KEY_USAGE = "1.2.840.113549.1.9.14", "2.5.29.15", "2.5.29.37"
_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who the certificate is for; the CA decides what of it stands in the certificate."""

    common_name: str
    """Name of the seal or its holder."""
    organization: str = ""
    """Legal name of the body."""
    unit: str = ""
    """Organizational unit."""
    country: str = ""
    """Two capital letters (ISO 3166)."""
    state: str = ""
    """State or province."""
    locality: str = ""
    """City."""
    serial_number: str = ""
    """A number of the subject, in Latin letters and digits."""
    organization_identifier: str = ""
    """Number of the body in a register, such as a tax number (EN 319 412-1 5.1.4)."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value, (_, most, printable) = getattr(self, item.name), _ATTRIBUTES[item.name]
            wrong = not value.isprintable() or value != value.strip() or len(value) > most
            wrong |= printable and not _PRINTABLE_CHARACTERS.issuperset(value)
            if item.name == "country" and value:
                wrong |= not (len(value) == 2 and value.isascii() and value.isalpha() and value.isupper())
            if wrong or (item.name == "common_name" and not value):
                raise UsageError("REQUEST_SUBJECT", part=item.name, limit=most)

    def to_der(self) -> bytes:
        """DER of the Name (RFC 5280 4.1.2.6): one attribute in each RDN, the most general first."""
        parts = []
        for name, (oid, _, printable) in _ATTRIBUTES.items():
            value = getattr(self, name)
            if value:
                text = der.tlv(_PRINTABLE if printable else _UTF8, value.encode("utf-8"))
                parts.append(der.set_of([der.sequence(der.oid(oid), text)]))
        return der.sequence(*parts)


def make_request(subject: Subject, key: BareKey) -> bytes:
    """DER of a CertificationRequest, signed by `key` and checked with its public key.

    It asks for a certificate for signing documents (keyUsage, and documentSigning after RFC 9336). Raises what `key`
    raises, and KeyAccessError REQUEST_SIGNATURE where its signature is not by its public key.
    """
    scheme = SCHEMES[key.scheme]
    # digitalSignature and nonRepudiation: the two highest of eight bits.
    usage = der.sequence(der.oid(_KEY_USAGE), der.boolean(True), der.octets(der.tlv(_BITS, b"\x06\xc0")))
    purposes = der.sequence(der.oid(_DOCUMENT_SIGNING))
    extended = der.sequence(der.oid(_EXTENDED_KEY_USAGE), der.octets(purposes))
    wanted = der.sequence(der.oid(_EXTENSION_REQUEST), der.set_of([der.sequence(usage, extended)]))
    info = der.sequence(der.integer(0), subject.to_der(), key.public_key.der, der.explicit(0, wanted))
    signature = key.sign(info)
    try:
        check_value(key.public_key, scheme, info, signature)
    except (BadSignature, UnknownAlgorithm):
        raise KeyAccessError("REQUEST_SIGNATURE") from None
    return der.sequence(info, signature_identifier(scheme), der.tlv(_BITS, b"\0", signature))


def to_pem(request: bytes) -> bytes:
    """The PEM form of a request (RFC 7468 7)."""
    text = base64.b64encode(request)
    lines = [text[n : n + 64] for n in range(0, len(text), 64)]
    begin, end = b"-----BEGIN CERTIFICATE REQUEST-----\n", b"\n-----END CERTIFICATE REQUEST-----\n"
    return begin + b"\n".join(lines) + end


def generate(algorithm: str, password: bytes | None = None) -> tuple[bytes, BareKey]:
    """A new private key: PKCS#8 in PEM, encrypted where there is a password, and the key to sign its request with.

    Whoever stores it sees to its permissions. Raises UsageError REQUEST_ALGORITHM.
    """
    made: Any
    if algorithm in _CURVES:
        made = ec.generate_private_key(_CURVES[algorithm])
    elif algorithm.startswith("rsa") and algorithm in ALGORITHMS:
        made = rsa.generate_private_key(65537, int(algorithm[3:]))
    elif algorithm == "ed25519":
        made = ed25519.Ed25519PrivateKey.generate()
    else:
        raise UsageError("REQUEST_ALGORITHM", algorithm=algorithm, known=", ".join(ALGORITHMS))
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    stored = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    return stored, FileKey.load(stored, password=password)


class SignerKey:
    """A signer as the key of a request: for a certificate that follows the one it has."""

    __slots__ = ("_signer",)

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    @property
    def public_key(self) -> KeyInfo:
        """The public key, as its certificate has it."""
        return facts(self._signer.certificate).key

    @property
    def scheme(self) -> str:
        """Name of the row in `crypto.algorithms.SCHEMES`."""
        return self._signer.scheme

    def sign(self, message: bytes) -> bytes:
        """Sign `message`. Raises as the signer does."""
        return self._signer.sign(message)
