"""Examines adbe.x509.rsa_sha1: a bare PKCS #1 signature with its certificate beside it (ISO 32000-1 12.8.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eseal.crypto import asn1
from eseal.crypto.algorithm_policy import Use, UseOf, signature_uses
from eseal.crypto.algorithms import DIGESTS, BadSignature, UnknownAlgorithm
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificate_parts import certificate_parts
from eseal.crypto.examined import Examined
from eseal.crypto.public_keys import PublicKey, UnfitKey, public_key, verify_value
from eseal.crypto.signature_algorithms import RSA, SignatureScheme
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate
from eseal.report.model import Check, CheckVerdict

# ISO 32000-1 table 257 names SHA-1 and, by version, the others. The padding says which; it is found by trying.
_DIGESTS = ("sha1", "sha256", "sha384", "sha512")


def examine_pkcs1(
    contents: bytes,
    certificates: Sequence[Certificate],
    digest_of: Callable[[str], bytes],
    *,
    limits: Limits = DEFAULT,
) -> Examined:
    """Examine one bare RSA signature; never raises for bad bytes.

    `contents` is /Contents (an OCTET STRING around the value), `certificates` are those of /Cert, the signer's first.
    Nothing signed names the certificate: what fits the value is the signer's.
    """
    try:
        if len(contents) > limits.cms_bytes:
            raise Asn1Error("too large")
        element = asn1.read(contents).expect(asn1.OCTET_STRING)
        if contents[element.stop :].strip(b"\0"):
            raise Asn1Error("bytes behind the signature value")
        key = public_key(certificate_parts(certificates[0]).key) if certificates else None
    except Asn1Error as error:
        return Examined((_structure(CheckVerdict.UNKNOWN, "CMS_MALFORMED", str(error)),))
    except UnfitKey as error:
        unfit = Check("signature-value", CheckVerdict.FAILED, "CMS_SIGNATURE_KEY_UNFIT", {"detail": str(error)})
        return Examined((_structure(CheckVerdict.PASSED, "CMS_WELL_FORMED"), unfit))
    except UnknownAlgorithm as error:
        name = {"algorithm": str(error)}
        unknown = Check("signature-value", CheckVerdict.UNKNOWN, "CMS_SIGNATURE_ALGORITHM_UNKNOWN", name)
        return Examined((_structure(CheckVerdict.PASSED, "CMS_WELL_FORMED"), unknown))
    structure = _structure(CheckVerdict.PASSED, "CMS_WELL_FORMED")
    if key is None:
        absent = Check("signing-certificate", CheckVerdict.UNKNOWN, "CMS_CERTIFICATE_ABSENT")
        no_value = Check("signature-value", CheckVerdict.UNKNOWN, "CMS_SIGNATURE_NO_CERTIFICATE")
        return Examined((structure, no_value, absent), pades_gaps=("PADES_NO_SIGNED_ATTRIBUTES",))
    scheme = _fitting(key, element.content, digest_of)
    if scheme is None:
        wrong = Check("signature-value", CheckVerdict.FAILED, "CMS_SIGNATURE_WRONG", {"scheme": "rsa-pkcs1v15"})
        checks: tuple[Check, ...] = (structure, wrong)
    else:
        checks = (
            structure,
            Check("digest", CheckVerdict.PASSED, "CMS_DIGEST_IN_SIGNATURE"),
            Check("signature-value", CheckVerdict.PASSED, "CMS_SIGNATURE_MATCHES", {"scheme": scheme.name}),
            Check(
                "signing-certificate",
                CheckVerdict.PASSED,
                "CMS_CERTIFICATE_NAMED",
                evidence={"sha256": certificates[0].fingerprint},
            ),
        )
    uses = (Use(UseOf.DOCUMENT, scheme.digest), *signature_uses(UseOf.SIGNATURE, scheme, key.facts)) if scheme else ()
    return Examined(
        checks=checks,
        certificate=certificates[0],
        certificates=tuple(dict.fromkeys(certificates)),
        digest_algorithm=scheme.digest if scheme else None,
        scheme=scheme,
        key_facts=key.facts,
        signature_value=element.content,
        pades_gaps=("PADES_NO_SIGNED_ATTRIBUTES",),
        algorithms=uses,
    )


def _fitting(key: PublicKey, value: bytes, digest_of: Callable[[str], bytes]) -> SignatureScheme | None:
    for digest in _DIGESTS:
        scheme = SignatureScheme(RSA, "rsa", DIGESTS[digest].name)
        try:
            verify_value(key, scheme, digest_of(digest), value, prehashed=True)
        except (BadSignature, UnknownAlgorithm, KeyError):
            continue
        return scheme
    return None


def _structure(verdict: CheckVerdict, code: str, detail: str = "") -> Check:
    return Check("cms-structure", verdict, code, evidence={"detail": detail} if detail else {})
