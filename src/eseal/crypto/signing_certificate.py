"""Which certificate made a signature: what the SignerInfo names and what the signer referred to must be one.

EN 319 102-1 5.2.3. Without the reference (ESS) another certificate of the same key could be put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from eseal.crypto.algorithms import UnknownAlgorithm
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificate_parts import certificate_parts
from eseal.crypto.cms_parse import SignerIdentifier
from eseal.crypto.signed_attributes import SignedAttributes, refers_to, same_name, same_serial
from eseal.model import Certificate
from eseal.report.model import Check, CheckVerdict, SubIndication

_ID = "signing-certificate"
# Comparing names whose bytes differ is slow, and a stranger may send hundreds with the same serial number.
_MOST_COMPARED = 16


def named(identifier: SignerIdentifier, certificates: Sequence[Certificate]) -> list[Certificate]:
    """The certificates that a SignerIdentifier names; byte for byte equal names first."""
    exact: list[Certificate] = []
    alike: list[Certificate] = []
    compared = 0
    for certificate in certificates:
        try:
            parts = certificate_parts(certificate)
        except Asn1Error:
            continue
        if identifier.key_identifier is not None:
            if parts.key_identifier == identifier.key_identifier:
                exact.append(certificate)
        elif same_serial(parts.serial, identifier.serial):
            if parts.issuer == identifier.issuer:
                exact.append(certificate)
            elif compared < _MOST_COMPARED:
                compared += 1
                if same_name(parts.issuer, identifier.issuer):
                    alike.append(certificate)
    return exact + alike


def identify(
    identifier: SignerIdentifier,
    certificates: Sequence[Certificate],
    attributes: SignedAttributes | None,
    *,
    reference_required: bool,
) -> tuple[Certificate | None, Check]:
    """The signing certificate and the check about it.

    The certificate is given even where the check fails, so that the signature value can still be looked at; None where
    nothing carried fits. `reference_required`: a timestamp token must refer to its certificate (RFC 3161 2.4.2).
    """
    candidates = named(identifier, certificates)
    references = attributes.references if attributes else ()
    if not candidates:
        return None, Check(_ID, CheckVerdict.UNKNOWN, "CMS_CERTIFICATE_ABSENT")
    if attributes is not None and attributes.unknown_reference:
        name = {"algorithm": attributes.unknown_reference}
        return candidates[0], Check(_ID, CheckVerdict.UNKNOWN, "CMS_REFERENCE_DIGEST_UNKNOWN", name)
    if not references:
        if reference_required:
            return candidates[0], Check(_ID, CheckVerdict.FAILED, "CMS_REFERENCE_MISSING")
        if len(candidates) > 1:
            return candidates[0], Check(
                _ID, CheckVerdict.UNKNOWN, "CMS_CERTIFICATE_AMBIGUOUS", {"count": str(len(candidates))}
            )
        return candidates[0], _passed("CMS_CERTIFICATE_NAMED", candidates[0])
    try:
        fitting = [c for c in candidates if all(refers_to(r, c) for r in references)]
    except UnknownAlgorithm as error:
        unknown = {"algorithm": str(error)}
        return candidates[0], Check(_ID, CheckVerdict.UNKNOWN, "CMS_REFERENCE_DIGEST_UNKNOWN", unknown)
    if not fitting:
        return candidates[0], Check(_ID, CheckVerdict.FAILED, "CMS_REFERENCE_OTHER")
    certificate = fitting[0]
    parts = certificate_parts(certificate)
    for reference in references:
        issuer_differs = reference.issuer and not same_name(reference.issuer, parts.issuer)
        if issuer_differs or (reference.serial and not same_serial(reference.serial, parts.serial)):
            # The digest fits, so it is the certificate that was meant; still the signer contradicts himself.
            return certificate, Check(
                _ID,
                CheckVerdict.UNKNOWN,
                "CMS_REFERENCE_ISSUER_DIFFERS",
                sub_indication=SubIndication.SIG_CONSTRAINTS_FAILURE,
            )
    return certificate, _passed("CMS_CERTIFICATE_REFERENCED", certificate)


def _passed(code: str, certificate: Certificate) -> Check:
    return Check(_ID, CheckVerdict.PASSED, code, evidence={"sha256": certificate.fingerprint})
