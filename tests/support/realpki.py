"""A certificate authority whose certificates are marked TEST nowhere: what a real one looks like to eseal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eseal.model import Certificate, ValidationData

USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
_DOCUMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")


def pem(key: Any, password: bytes | None = None) -> bytes:
    """PKCS#8 of a private key."""
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how))


def new_key(algorithm: str = "p256") -> Any:
    """A private key: "rsa" with its bits, "p256", "p384", "p521" or "ed25519"."""
    if algorithm.startswith("rsa"):
        return rsa.generate_private_key(65537, int(algorithm[3:]))
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}[algorithm])


@dataclass
class RealPki:
    """Root and issuing CA, valid from the day before `at`."""

    at: datetime
    name: str = "Example Trust Services"
    _keys: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._keys = {"root": new_key(), "issuing": new_key()}
        self._root = self._issue("Root", self._keys["root"].public_key(), None, ca=1)
        self._issuing = self._issue("Issuing", self._keys["issuing"].public_key(), "root", ca=0)

    @property
    def root(self) -> Certificate:
        """The anchor."""
        return self._value(self._root)

    @property
    def issuing(self) -> Certificate:
        """The issuing CA."""
        return self._value(self._issuing)

    def certify(self, public_key: Any, name: str = "Seal of the Office") -> Certificate:
        """A certificate for sealing."""
        return self._value(self._issue(name, public_key, "issuing"))

    def timestamper(self, public_key: Any) -> Certificate:
        """A certificate for timestamping alone."""
        return self._value(self._issue("Timestamper", public_key, "issuing", stamps=True))

    @property
    def data(self) -> ValidationData:
        """The issuing CA, and a CRL of either CA that holds for a month: nothing is revoked."""
        crls = tuple(self._crl(name, by) for name, by in ((self._root, "root"), (self._issuing, "issuing")))
        return ValidationData((self.issuing,), crls)

    def store(self, folder: Path, algorithm: str = "p256", password: bytes | None = None) -> tuple[Path, Path, Path]:
        """A new key, its certificate with the chain, and the root, as files of `folder`."""
        key = new_key(algorithm)
        leaf = self.certify(key.public_key())
        paths = folder / "real-key.pem", folder / "real-chain.pem", folder / "real-root.pem"
        contents = pem(key, password), leaf.to_pem() + self.issuing.to_pem(), self.root.to_pem()
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
            path.chmod(0o600)
        return paths

    def _issue(self, name: str, public_key: Any, by: str | None, *, ca: int | None = None, stamps: bool = False) -> Any:
        issuer = {"root": "Root", "issuing": "Issuing", None: name}[by]
        signing = self._keys[by] if by else self._keys["root"]
        granted = ("key_cert_sign", "crl_sign") if ca is not None else ("digital_signature", "content_commitment")
        usage = {name: name in granted for name in USAGES}
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name(name))
            .issuer_name(self._name(issuer))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(days=1))
            .not_valid_after(self.at + timedelta(days=700))
            .add_extension(x509.BasicConstraints(ca is not None, ca), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        )
        if ca is None:
            # NSS does not know documentSigning, and accepts emailProtection beside it.
            purposes = (
                [ExtendedKeyUsageOID.TIME_STAMPING] if stamps else [_DOCUMENTS, ExtendedKeyUsageOID.EMAIL_PROTECTION]
            )
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=stamps)
        return builder.sign(signing, hashes.SHA256())

    def _crl(self, issuer: Any, by: str) -> bytes:
        key = self._keys[by]
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(self.at - timedelta(hours=1))
            .next_update(self.at + timedelta(days=30))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _name(self, name: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.name),
                x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} {name}" if name in ("Root", "Issuing") else name),
            ]
        )

    @staticmethod
    def _value(certificate: Any) -> Certificate:
        return Certificate(certificate.public_bytes(serialization.Encoding.DER))
