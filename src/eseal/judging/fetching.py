"""Online look-ups of one judgement: bounded in number and bytes, each address asked once, failures kept as findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eseal.crypto import asn1, ocsp
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificates import facts
from eseal.crypto.extensions import read_extensions
from eseal.errors import ServiceError, UsageError
from eseal.judging.policy import Policy
from eseal.model import Certificate
from eseal.net import Fetcher

_SMALL = 1_000_000
"""Most bytes of an issuer's certificates or of an OCSP answer."""
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


@dataclass(slots=True)
class Lookups:
    """What may still be asked, and what was answered. One for a judgement; nothing is asked without a fetcher."""

    fetcher: Fetcher | None
    """The client; None: offline."""
    policy: Policy
    """Bounds."""
    failures: dict[str, str] = field(default_factory=dict)
    """Address and code of every failed request."""
    errors: dict[str, ServiceError] = field(default_factory=dict)
    """The error of every failed request by its address."""
    _answers: dict[tuple[str, bytes | None], bytes | None] = field(default_factory=dict)

    def issuers_of(self, certificate: Certificate) -> tuple[Certificate, ...]:
        """Certificates from the addresses that `certificate` names for its issuer (RFC 5280 4.2.2.1)."""
        found: list[Certificate] = []
        for url in _urls(certificate, "issuer")[:2]:
            answer = self._ask(url, None, None, _SMALL)
            if answer is not None:
                found += _certificates(answer)
        return tuple(found[:20])

    def ocsp_of(self, certificate: Certificate, issuer: Certificate) -> tuple[bytes, ...]:
        """Answers of the OCSP responders that `certificate` names."""
        found = []
        for url in _urls(certificate, "ocsp")[:2]:
            try:
                body = ocsp.request(certificate, issuer)
            except (Asn1Error, UsageError):
                break
            answer = self._ask(url, body, "application/ocsp-request", _SMALL)
            if answer is not None:
                found.append(answer)
        return tuple(found)

    def crls_of(self, certificate: Certificate) -> tuple[bytes, ...]:
        """CRLs from the distribution points that `certificate` names, in DER."""
        found = []
        for url in _urls(certificate, "crl")[:3]:
            answer = self._ask(url, None, None, self.policy.fetch_bytes)
            if answer is not None:
                found.append(answer)
        return tuple(found)

    def was_asked(self, url: str) -> bool:
        """Whether a request went to this address."""
        return any(asked == url for asked, _ in self._answers)

    def _ask(self, url: str, body: bytes | None, content_type: str | None, limit: int) -> bytes | None:
        key = (url, body)
        if key in self._answers:
            return self._answers[key]
        if self.fetcher is None or len(self._answers) >= self.policy.fetches:
            return None
        answer: bytes | None = None
        try:
            answer = self.fetcher.fetch(url, body=body, content_type=content_type, limit=limit)
        except ServiceError as error:
            self.failures[url] = error.code
            self.errors[url] = error
        self._answers[key] = answer
        return answer


def _urls(certificate: Certificate, kind: str) -> Sequence[str]:
    try:
        more = read_extensions(certificate)
    except UsageError:
        return ()
    return {"issuer": more.issuer_urls, "ocsp": more.ocsp_urls, "crl": more.crl_urls}[kind]


def _certificates(answer: bytes) -> list[Certificate]:
    """One certificate in DER or PEM, or a certs-only CMS (RFC 5280 4.2.2.1)."""
    try:
        if answer[:1] == b"\x30" and _SIGNED_DATA in answer[:30]:
            outer = asn1.whole(answer).children()[1].children()[0].children()
            carried = next((e for e in outer if e.tag == asn1.context(0)), None)
            found = [Certificate(c.raw) for c in carried.children()[:20]] if carried else []
        else:
            found = list(Certificate.load_all(answer))[:20]
        for certificate in found:
            facts(certificate)
    except (UsageError, Asn1Error, IndexError):
        return []
    return found
