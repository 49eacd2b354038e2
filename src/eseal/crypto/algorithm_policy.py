"""Are the algorithms strong enough at the time that is proven? (EN 319 102-1 5.2.8; dates of TS 119 312 and SOG-IS)"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from eseal.crypto.algorithms import DIGESTS, KeyFacts, UnknownAlgorithm, key_acceptable_until
from eseal.crypto.certificates import facts
from eseal.crypto.public_keys import certificate_scheme
from eseal.crypto.signature_algorithms import SignatureScheme, algorithm_name
from eseal.errors import UsageError
from eseal.model import Certificate, aware
from eseal.report.model import Check, CheckVerdict

_KNOWN_KEYS = ("rsa", "ec", "dsa", "ed25519", "ed448")
# The curves that the table of TS 119 312 and SOG-IS names, and those of the same strength that pyca computes.
_KNOWN_CURVES_MIN_BITS = 160


class UseOf(StrEnum):
    """What an algorithm was used for."""

    DOCUMENT = "document"
    """Digest of the covered bytes."""
    SIGNATURE = "signature"
    """The signature value of the seal."""
    CERTIFICATE = "certificate"
    """The signature of an issuer under a certificate."""
    TIMESTAMP = "timestamp"
    """Imprint or signature of a timestamp token."""
    REVOCATION = "revocation"
    """The signature under a CRL or an OCSP response."""


@dataclass(frozen=True, slots=True)
class Use:
    """One algorithm in one place."""

    what: UseOf
    """The place."""
    digest: str | None = None
    """Name of the digest, or the name or OID of what is not known; None where none is in play."""
    key: KeyFacts | None = None
    """The key that signed; None where none is in play."""
    subject: str = ""
    """Whose it is: name of the certificate or of the timestamper (hostile until escaped)."""


def signature_uses(what: UseOf, scheme: SignatureScheme, key: KeyFacts | None, subject: str = "") -> tuple[Use, ...]:
    """The uses behind one signature value: its digest and key, and for PSS the digest of the mask."""
    uses = [Use(what, scheme.digest, key, subject)]
    if scheme.mgf_digest and scheme.mgf_digest != scheme.digest:
        uses.append(Use(what, scheme.mgf_digest, None, subject))
    return tuple(uses)


def path_uses(path: Sequence[Certificate], *, anchored: bool = True) -> tuple[Use, ...]:
    """The uses in a path, signer's certificate first.

    The signature under an anchor is not relied on, so the last certificate counts with its key alone where `anchored`.
    Never raises: what cannot be read is a use of something unknown.
    """
    uses: list[Use] = []
    for index, certificate in enumerate(path):
        last = index == len(path) - 1
        try:
            subject = facts(certificate).common_name
            issuer_key = None if last else facts(path[index + 1]).key_facts
            if not (last and anchored):
                uses.extend(signature_uses(UseOf.CERTIFICATE, certificate_scheme(certificate), issuer_key, subject))
            elif index == 0:
                uses.append(Use(UseOf.CERTIFICATE, None, facts(certificate).key_facts, subject))
        except UnknownAlgorithm as error:
            uses.append(Use(UseOf.CERTIFICATE, str(error)))
        except UsageError:
            uses.append(Use(UseOf.CERTIFICATE, "unreadable certificate"))
    return tuple(uses)


@dataclass(frozen=True, slots=True)
class Weakness:
    """One algorithm that is not strong enough at the time asked."""

    use: Use
    """Where."""
    algorithm: str
    """Name, such as "sha1" or "RSA 1024"."""
    until: datetime
    """From this time on it is not believed."""


def weaknesses(uses: Iterable[Use], at: datetime) -> tuple[tuple[Weakness, ...], tuple[str, ...]]:
    """What is too weak at `at`, and the names of what is not known. Raises UsageError TIME_NAIVE."""
    at = aware(at, "at")
    weak: list[Weakness] = []
    unknown: list[str] = []
    for use in uses:
        if use.digest is not None:
            spec = DIGESTS.get(use.digest)
            if spec is None:
                unknown.append(algorithm_name(use.digest))
            elif spec.until is not None and at >= spec.until:
                weak.append(Weakness(use, spec.name, spec.until))
        if use.key is not None:
            known = use.key.key_type in _KNOWN_KEYS and use.key.bits > 0
            if not known or (use.key.key_type == "ec" and use.key.bits < _KNOWN_CURVES_MIN_BITS):
                unknown.append(_key_name(use.key))
                continue
            until = key_acceptable_until(use.key)
            if until is not None and at >= until:
                weak.append(Weakness(use, _key_name(use.key), until))
    return tuple(dict.fromkeys(weak)), tuple(dict.fromkeys(unknown))


def _key_name(key: KeyFacts) -> str:
    if key.key_type == "ec":
        return f"EC {key.curve}" if key.curve else f"EC {key.bits}"
    if key.key_type in ("rsa", "dsa"):
        return f"{key.key_type.upper()} {key.bits}"
    return algorithm_name(key.key_type)


def judge_algorithms(uses: Sequence[Use], at: datetime) -> Check:
    """The "algorithms" check over all `uses` at `at`, the earliest time at which they are proven to have existed.

    FAILED names what is too weak at that time, UNKNOWN what is not in the table; no uses at all is UNKNOWN.
    Raises UsageError TIME_NAIVE.
    """
    weak, unknown = weaknesses(uses, at)
    when = aware(at, "at").date().isoformat()
    if weak:
        names = ", ".join(dict.fromkeys(w.algorithm for w in weak))
        evidence = {
            f"{w.use.what}{': ' + w.use.subject if w.use.subject else ''}": f"{w.algorithm} until {w.until.date()}"
            for w in weak
        }
        return Check("algorithms", CheckVerdict.FAILED, "ALGORITHMS_WEAK", {"algorithms": names, "at": when}, evidence)
    if unknown or not uses:
        names = ", ".join(unknown) or "?"
        return Check("algorithms", CheckVerdict.UNKNOWN, "ALGORITHMS_UNKNOWN", {"algorithms": names})
    names = ", ".join(dict.fromkeys(n for use in uses for n in _names(use)))
    return Check("algorithms", CheckVerdict.PASSED, "ALGORITHMS_ACCEPTABLE", {"algorithms": names, "at": when})


def _names(use: Use) -> list[str]:
    return [n for n in (use.digest, _key_name(use.key) if use.key else None) if n]
