"""Which certificate belongs to a key, the chain above it, and the scheme that the key signs with; all keys share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from asn1crypto import keys as asn1_keys
from cryptography.hazmat.primitives import serialization

from eseal.crypto import algorithms
from eseal.crypto.algorithms import KeyFacts, Scheme
from eseal.crypto.certificates import facts, key_facts
from eseal.errors import KeyAccessError, UsageError
from eseal.model import Certificate, KeyInfo

RSA_BITS = (2048, 4096)
"""Smallest and largest RSA modulus that eseal seals with, in bits."""
CURVES = {"secp256r1": 256, "secp384r1": 384, "secp521r1": 521}
"""Curves that eseal seals with, and their size in bits."""


def scheme_row(name: str | None) -> Scheme | None:
    """The row called `name`; None for None. Raises UsageError KEY_SCHEME_UNKNOWN."""
    if name is None:
        return None
    row = algorithms.SCHEMES.get(name)
    if row is None:
        raise UsageError("KEY_SCHEME_UNKNOWN", scheme=name, known=", ".join(algorithms.SCHEMES))
    return row


def choose_scheme(row: Scheme | None, key: KeyInfo) -> Scheme:
    """`row` where the key can sign with it, or the key's own default. Raises UsageError KEY_SCHEME_MISMATCH."""
    known = facts_of(key)
    pss_only = known.key_type == "rsa" and _is_pss_key(key)
    if row is None:
        name = "rsa-pss-sha256" if pss_only else algorithms.default_scheme(known.key_type, known.bits)
        return algorithms.SCHEMES[name]
    # RFC 4055 1.2: a key marked id-RSASSA-PSS is used for nothing else.
    if row.key_type != known.key_type or (pss_only and not row.pss):
        rows = (s for s in algorithms.SCHEMES.values() if s.key_type == known.key_type)
        fitting = [s.name for s in rows if s.pss or not pss_only]
        raise UsageError("KEY_SCHEME_MISMATCH", scheme=row.name, known=", ".join(fitting))
    return row


def facts_of(key: KeyInfo) -> KeyFacts:
    """Kind and size of a key."""
    return key_facts(asn1_keys.PublicKeyInfo.load(key.der))


def check_kind(key: KeyInfo, path: object) -> None:
    """Refuse a kind that eseal does not seal with. Raises KeyAccessError KEY_KIND_UNSUPPORTED, KEY_SIZE_UNSUPPORTED."""
    known = facts_of(key)
    if known.key_type == "rsa":
        if not RSA_BITS[0] <= known.bits <= RSA_BITS[1]:
            raise KeyAccessError(
                "KEY_SIZE_UNSUPPORTED", path=path, bits=known.bits, least=RSA_BITS[0], most=RSA_BITS[1]
            )
        return
    if known.key_type == "ed25519" or (known.key_type == "ec" and known.curve in CURVES):
        return
    kind = f"EC {known.curve}" if known.key_type == "ec" else known.key_type
    raise KeyAccessError("KEY_KIND_UNSUPPORTED", path=path, kind=kind)


def canonical(public_key: Any) -> bytes:
    """DER of SubjectPublicKeyInfo as the library writes it: one form for comparison."""
    return bytes(public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def same_key(certificate: Certificate, spki: bytes) -> bool:
    """Whether the certificate's key is the one in `spki`, which is in `canonical` form."""
    try:
        # Loaded and written again, because one key has several encodings (compressed points, id-RSASSA-PSS).
        return canonical(algorithms.load_public_key(facts(certificate).key.der)) == spki
    except algorithms.UnknownAlgorithm:
        return False


def certificate_for(spki: bytes, candidates: tuple[Certificate, ...], path: object) -> Certificate:
    """The first candidate with this key. Raises KeyAccessError CERTIFICATE_MISSING, KEY_CERTIFICATE_MISMATCH."""
    if not candidates:
        raise KeyAccessError("CERTIFICATE_MISSING", path=path)
    found = next((c for c in candidates if same_key(c, spki)), None)
    if found is None:
        raise mismatch(candidates, path)
    return found


def mismatch(candidates: tuple[Certificate, ...], path: object) -> KeyAccessError:
    """The error for certificates of which none belongs to the key."""
    subject = facts(candidates[0]).subject
    return KeyAccessError("KEY_CERTIFICATE_MISMATCH", path=path, subject=subject, count=len(candidates))


def leaf_first(found: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """The certificate in a file that is no CA's (else its first), and those above it; a file has them in any order."""
    leaf = next((c for c in found if not facts(c).is_ca), found[0])
    return (leaf, *chain_of(leaf, found))


def chain_of(certificate: Certificate, pool: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Issuers of `certificate` found in `pool`, nearest first, without a self-issued one at the end.

    Names and key identifiers decide (RFC 5280 6.1 finds the path; signatures are the verifier's business).
    """
    rest = [c for c in dict.fromkeys(pool) if c != certificate and not facts(c).self_issued]
    chain: list[Certificate] = []
    current = facts(certificate)
    while not current.self_issued:
        issuers = [c for c in rest if facts(c).subject_der == current.issuer_der]
        wanted = current.authority_key_identifier
        exact = [c for c in issuers if wanted and facts(c).key_identifier == wanted]
        loose = [c for c in issuers if not wanted or facts(c).key_identifier is None]
        if not (exact or loose):
            break
        found = (exact or loose)[0]
        rest.remove(found)
        chain.append(found)
        current = facts(found)
    return tuple(chain)


def _is_pss_key(key: KeyInfo) -> bool:
    return bool(asn1_keys.PublicKeyInfo.load(key.der)["algorithm"]["algorithm"].native == "rsassa_pss")
