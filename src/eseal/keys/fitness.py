"""Whether a certificate is fit for sealing at a time; asked before anything is written."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from eseal.crypto import algorithms
from eseal.crypto.certificates import SEALING_USAGES, CertificateFacts, facts, parse
from eseal.errors import KeyAccessError, PolicyError
from eseal.model import Certificate, aware, rfc3339

SEALING_KEY_USAGES = frozenset({"digital_signature", "non_repudiation"})
"""keyUsage bits of which one must be set where the extension is there (RFC 5280 4.2.1.3)."""


def check_fit(certificate: Certificate, at: datetime) -> tuple[str, ...]:
    """Refuse a certificate that no verifier would accept for a seal made at `at`.

    Returns codes of the catalogue for what is legal but will not be believed everywhere (a certificate signed with
    a retired digest). Raises KeyAccessError (CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID,
    CERTIFICATE_NOT_FOR_SEALING) and PolicyError (KEY_TOO_WEAK, KEY_ALGORITHM_UNKNOWN).
    """
    at = aware(at, "at")
    known = facts(certificate)
    if at > known.not_after:
        raise KeyAccessError("CERTIFICATE_EXPIRED", subject=known.subject, until=rfc3339(known.not_after))
    if at < known.not_before:
        raise KeyAccessError("CERTIFICATE_NOT_YET_VALID", subject=known.subject, since=rfc3339(known.not_before))
    _check_usage(known)
    if known.key_facts.key_type not in {s.key_type for s in algorithms.SCHEMES.values()}:
        raise PolicyError("KEY_ALGORITHM_UNKNOWN", subject=known.subject, kind=known.key_facts.key_type)
    end = algorithms.key_acceptable_until(known.key_facts)
    if end is not None and at >= end:
        raise PolicyError(
            "KEY_TOO_WEAK", subject=known.subject, kind=known.key_facts.key_type, bits=known.key_facts.bits
        )
    return _notes(certificate, at)


def _check_usage(known: CertificateFacts) -> None:
    if known.key_usage is not None and not known.key_usage & SEALING_KEY_USAGES:
        raise KeyAccessError("CERTIFICATE_NOT_FOR_SEALING", subject=known.subject, usage=_listed(known.key_usage))
    if known.extended_key_usage is not None and not known.extended_key_usage & SEALING_USAGES:
        raise KeyAccessError(
            "CERTIFICATE_NOT_FOR_SEALING", subject=known.subject, usage=_listed(known.extended_key_usage)
        )


def _listed(usages: frozenset[str]) -> str:
    return ", ".join(sorted(usages)) or "-"


@lru_cache(maxsize=256)
def _signed_with(certificate: Certificate) -> str:
    try:
        return str(parse(certificate)["signature_algorithm"].hash_algo)
    except ValueError:
        # Ed25519 and its like name no digest of their own.
        return ""


def _notes(certificate: Certificate, at: datetime) -> tuple[str, ...]:
    digest = _signed_with(certificate)
    end = algorithms.DIGESTS[digest].until if digest in algorithms.DIGESTS else None
    return ("CERTIFICATE_SIGNED_WITH_RETIRED_DIGEST",) if end is not None and at >= end else ()
