"""Whether a signature value is right, before anything is done with it."""

from __future__ import annotations

from eseal.crypto import asn1
from eseal.crypto.algorithms import Scheme
from eseal.crypto.certificates import facts
from eseal.crypto.cms_build import signature_identifier
from eseal.crypto.public_keys import public_key, verify_value
from eseal.crypto.signature_algorithms import AlgorithmIdentifier, scheme_of
from eseal.model import Certificate, KeyInfo


def check_value(holder: Certificate | KeyInfo, scheme: Scheme, message: bytes, value: bytes) -> None:
    """Check that `value` is the holder's over `message` by `scheme`. Raises BadSignature or UnknownAlgorithm."""
    info = facts(holder).key if isinstance(holder, Certificate) else holder
    named = scheme_of(AlgorithmIdentifier.read(asn1.whole(signature_identifier(scheme))))
    verify_value(public_key(info), named, message, value)
