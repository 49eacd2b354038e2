"""Takes apart the CMS of one signature that a document answered with, and checks its mathematics; trust comes later."""

from __future__ import annotations

from dataclasses import dataclass

from eseal.crypto.examined import Examined
from eseal.crypto.pkcs1 import examine_pkcs1
from eseal.crypto.signed_data import examine
from eseal.crypto.timestamp_token import ExaminedToken, examine_token
from eseal.documents.model import Found, Kind
from eseal.limits import Limits


@dataclass(frozen=True, slots=True)
class Case:
    """One signature with its mathematics done."""

    found: Found
    """What the document says of it."""
    examined: Examined
    """Its CMS."""
    token: ExaminedToken | None
    """The token, where it is a document timestamp."""


def examine_found(found: Found, limits: Limits) -> Case:
    """Check digest and signature value by the encoding of the signature. Never raises for bad bytes."""
    if found.kind is Kind.TIMESTAMP:
        token = examine_token(found.cms, found.digest, limits=limits)
        return Case(found, token.examined, token)
    if found.sub_filter == "adbe.x509.rsa_sha1":
        return Case(found, examine_pkcs1(found.cms, found.data.certificates, found.digest, limits=limits), None)
    # ISO 32000-1 12.8.3.3: adbe.pkcs7.sha1 signs a SHA-1 digest that the CMS carries as its content.
    encapsulated = found.sub_filter == "adbe.pkcs7.sha1"
    return Case(found, examine(found.cms, found.digest, limits=limits, encapsulated=encapsulated), None)
