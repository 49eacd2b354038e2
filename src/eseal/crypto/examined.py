"""What the examination of a CMS found: checks, and everything that a judge of trust needs. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from eseal.crypto.algorithm_policy import Use
from eseal.crypto.algorithms import KeyFacts
from eseal.crypto.signature_algorithms import SignatureScheme
from eseal.model import Certificate, ValidationData
from eseal.report.model import Check, CheckVerdict

_MATHEMATICS = ("cms-structure", "digest", "signature-value")


@dataclass(frozen=True, slots=True)
class Examined:
    """One CMS signature with its mathematics done; nothing here is trusted yet."""

    checks: tuple[Check, ...]
    """cms-structure, signed-attributes, digest, signature-value, signing-certificate, notes; in this order."""
    certificate: Certificate | None = None
    """The signing certificate that the SignerInfo names; None where it cannot be identified."""
    certificates: tuple[Certificate, ...] = ()
    """All certificates carried, the signing one among them."""
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    """DER of CertificateList, from the CMS and from Adobe's attribute (ISO 32000-2 12.8.3.3.2)."""
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)
    """DER of OCSPResponse, from the same places."""
    digest_algorithm: str | None = None
    """Name of the digest of the covered bytes; name and OID of one that is not known; None where unreadable."""
    scheme: SignatureScheme | None = None
    """How the signature value was made; None where not known."""
    key_facts: KeyFacts | None = None
    """Kind and size of the signing key; None where it cannot be read."""
    claimed_time: datetime | None = None
    """signing-time attribute, aware: a claim, no proof."""
    content_type: str | None = None
    """OID of the content."""
    content: bytes | None = field(default=None, repr=False)
    """Content inside the CMS (TSTInfo of a timestamp, digest of adbe.pkcs7.sha1)."""
    message_digest: bytes | None = None
    """messageDigest as signed."""
    signature_value: bytes = field(default=b"", repr=False)
    """The signature's octets: what a signature timestamp is made over (RFC 3161 appendix A)."""
    signature_timestamps: tuple[bytes, ...] = field(default=(), repr=False)
    """Tokens of the unsigned attribute signature-time-stamp."""
    content_timestamps: tuple[bytes, ...] = field(default=(), repr=False)
    """Tokens of the signed attribute content-time-stamp: made before the signature."""
    archive_timestamps: tuple[bytes, ...] = field(default=(), repr=False)
    """Tokens of CAdES archive and validation-data timestamps; PAdES does not use them."""
    signed_attributes: tuple[str, ...] = ()
    """OIDs of all signed attributes."""
    unsigned_attributes: tuple[str, ...] = ()
    """OIDs of all unsigned attributes."""
    reference_version: int | None = None
    """2 for signing-certificate-v2, 1 for signing-certificate, None without either."""
    pades_gaps: tuple[str, ...] = ()
    """Codes of what the CMS lacks for PAdES B-B (EN 319 142-1 6.3); what the PDF itself lacks is not looked at here."""
    algorithms: tuple[Use, ...] = ()
    """Every algorithm that the mathematics rest on."""

    @property
    def is_pades_b(self) -> bool:
        """Whether the CMS meets what PAdES B-B asks of a CMS."""
        return not self.pades_gaps

    @property
    def intact(self) -> bool:
        """Whether structure, digest and signature value all passed and nothing signed is wrong."""
        passed = {c.id for c in self.checks if c.verdict is CheckVerdict.PASSED}
        bad = any(
            c.verdict in (CheckVerdict.FAILED, CheckVerdict.UNKNOWN)
            for c in self.checks
            if c.id in (*_MATHEMATICS, "signed-attributes")
        )
        return not bad and passed.issuperset(_MATHEMATICS)

    @property
    def broken(self) -> bool:
        """Whether the mathematics are wrong for certain, as opposed to not understood."""
        return any(
            c.verdict is CheckVerdict.FAILED for c in self.checks if c.id in (*_MATHEMATICS, "signed-attributes")
        )

    @property
    def data(self) -> ValidationData:
        """Certificates and revocation data carried."""
        return ValidationData(self.certificates, self.crls, self.ocsps)
