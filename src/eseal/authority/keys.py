"""What keys an authority has, as far as it can be told without a password, a token or a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eseal.authority.certificates import certificates_of
from eseal.authority.office import Authority
from eseal.crypto.certificates import facts
from eseal.errors import UsageError
from eseal.keys.opening import refusal, shown_uri
from eseal.model import Certificate

_KINDS = {"pkcs11": "token", "csc": "remote"}


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key of an authority."""

    id: str
    """Its id in `eseal.toml`."""
    kind: str
    """"file", "token" or "remote"."""
    use: str
    """"seal", "timestamp", or "none" where nothing uses it."""
    where: str
    """Its URI; one that is refused, since it might hold a secret, is cut short."""
    seals: tuple[str, ...]
    """Ids of the seals that are used with it."""
    certificate: Certificate | None
    """Its certificate; None where that cannot be read without the key."""
    refused: UsageError | None = None
    """Why no key is opened by this URI; None where one may be."""

    @property
    def subject(self) -> str | None:
        """Subject of the certificate."""
        return facts(self.certificate).subject if self.certificate is not None else None

    @property
    def issuer(self) -> str | None:
        """Issuer of the certificate."""
        return facts(self.certificate).issuer if self.certificate is not None else None

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the certificate, hex."""
        return self.certificate.fingerprint if self.certificate is not None else None

    @property
    def algorithm(self) -> str | None:
        """Kind of the key, such as "RSA 2048" or "EC secp256r1"."""
        if self.certificate is None:
            return None
        known = facts(self.certificate).key_facts
        return f"{known.key_type.upper()} {known.curve or known.bits}"

    @property
    def valid_from(self) -> datetime | None:
        """Begin of the certificate's validity, aware."""
        return facts(self.certificate).not_before if self.certificate is not None else None

    @property
    def valid_until(self) -> datetime | None:
        """End of the certificate's validity, aware."""
        return facts(self.certificate).not_after if self.certificate is not None else None


def held_keys(authority: Authority) -> tuple[HeldKey, ...]:
    """The keys of an authority, in the order of `eseal.toml`. Nothing is opened, and nobody asked for a password."""
    stamper = authority.config.timestamper.key
    return tuple(
        HeldKey(
            id=entry.id,
            kind=_KINDS.get(entry.uri.partition(":")[0].lower(), "file"),
            use="timestamp" if entry.id == stamper else "seal" if entry.seals else "none",
            where=shown_uri(entry.uri),
            refused=refusal(entry.uri),
            seals=entry.seals,
            certificate=next(iter(certificates_of(entry, authority.folder)), None),
        )
        for entry in authority.config.keys
    )
