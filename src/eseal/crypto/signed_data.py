"""Examines a CMS signature: structure, digest, signature value, signing certificate. Mathematics alone, no trust.

Recipe (EN 319 102-1 5.2.3 and 5.2.7; RFC 5652 5.4 and 5.6; the numbers repeat at the steps):
 1 take it apart: exactly one signer, content detached or inside as the format demands
 2 read the signed attributes: what must be there once is there once, and contradicts nothing
 3 compare the digest of the covered bytes with messageDigest
 4 find the certificate that the signer named and referred to
 5 check the signature value with that certificate's key over the DER of the signed attributes
The certificate is looked for before the structure is judged, since an RSA value itself states its digest (`settled`).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from eseal.crypto import asn1, signed_attributes
from eseal.crypto.algorithm_policy import Use, UseOf, signature_uses
from eseal.crypto.algorithms import BadSignature, KeyFacts, UnknownAlgorithm, hasher
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificate_parts import certificate_parts
from eseal.crypto.cms_parse import (
    DATA,
    TST_INFO,
    Attribute,
    CmsError,
    SignedData,
    bounded,
    revocation_archival,
    revocation_values,
    take_apart,
)
from eseal.crypto.examined import Examined
from eseal.crypto.public_keys import PublicKey, UnfitKey, public_key, verify_value
from eseal.crypto.signature_algorithms import (
    AlgorithmIdentifier,
    SignatureScheme,
    algorithm_name,
    digest_of_algorithm,
    scheme_of,
)
from eseal.crypto.signed_attributes import (
    ARCHIVE_TIMESTAMPS,
    CERTIFICATE_VALUES,
    CONTENT_TIMESTAMP,
    REVOCATION_ARCHIVAL,
    REVOCATION_VALUES,
    SIGNATURE_TIMESTAMP,
    SIGNING_TIME,
    SignedAttributes,
)
from eseal.crypto.signing_certificate import identify
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate
from eseal.report.model import Check, CheckVerdict

__all__ = ["Examined", "examine"]

Purpose = Literal["seal", "timestamp"]
DigestOf = Callable[[str], bytes]


def examine(
    cms: bytes,
    digest_of: DigestOf,
    *,
    limits: Limits = DEFAULT,
    purpose: Purpose = "seal",
    encapsulated: bool = False,
) -> Examined:
    """Examine one CMS; never raises for bad bytes, every finding is a check.

    `digest_of` gives the digest of the covered bytes by its name in `crypto.algorithms`; it may raise KeyError for one
    that it cannot compute. `purpose` "timestamp" takes a token: its TSTInfo is inside, digested here, and `digest_of`
    is not called. `encapsulated` takes adbe.pkcs7.sha1: the SHA-1 of the covered bytes is the content (ISO 32000-1
    12.8.3.3.1).
    """
    try:
        parts = take_apart(cms, limits)
        return _Examination(parts, digest_of, purpose == "timestamp", encapsulated, cms[1:2] == b"\x80").run()
    except CmsError as error:
        return Examined((Check("cms-structure", CheckVerdict.UNKNOWN, error.code, error.params),))
    except Asn1Error as error:
        evidence = {"detail": str(error)}
        return Examined((Check("cms-structure", CheckVerdict.UNKNOWN, "CMS_MALFORMED", evidence=evidence),))
    except (
        Exception
    ) as error:  # One signature that trips an unforeseen fault must not hide the others; it never passes.
        evidence = {"detail": f"{type(error).__name__}: {error}"[:200]}
        return Examined((Check("cms-structure", CheckVerdict.UNKNOWN, "CMS_UNEXPECTED", evidence=evidence),))


@dataclass(slots=True)
class _Examination:
    """One run of the recipe; internal, lives as long as one call."""

    parts: SignedData
    digest_of: DigestOf
    timestamp: bool
    encapsulated: bool
    indefinite: bool
    checks: list[Check] = field(default_factory=list)
    notes: list[Check] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    ocsps: list[bytes] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    tokens: dict[str, list[bytes]] = field(default_factory=dict)

    def run(self) -> Examined:
        parts, signer = self.parts, self.parts.signer
        # 1
        digest, digest_name = _digest(signer.digest_algorithm)
        scheme, scheme_problem = _scheme(signer.signature_algorithm, digest)
        # 2
        attributes = signed_attributes.read(signer) if signer.signed is not None else None
        self.carried()
        # 4
        certificate, certificate_check = identify(
            signer.identifier, self.certificates, attributes, reference_required=self.timestamp
        )
        scheme = self.settled(scheme, digest, certificate)
        self.structure(digest, scheme)
        self.attributes(attributes)
        # 3
        self.digest(digest, digest_name, scheme, attributes)
        # 5
        key = self.signature(scheme, scheme_problem, certificate, digest)
        self.checks.append(certificate_check)
        if certificate is None:
            self.gaps.append("PADES_CERTIFICATE_ABSENT")
        return Examined(
            checks=(*self.checks, *self.notes),
            certificate=certificate,
            certificates=tuple(dict.fromkeys(self.certificates)),
            crls=tuple(dict.fromkeys(self.crls)),
            ocsps=tuple(dict.fromkeys(self.ocsps)),
            digest_algorithm=digest or digest_name,
            scheme=scheme,
            key_facts=key,
            claimed_time=_claimed(attributes),
            content_type=parts.content_type,
            content=parts.content,
            message_digest=attributes.message_digest if attributes else None,
            signature_value=signer.signature,
            signature_timestamps=tuple(self.tokens.get(SIGNATURE_TIMESTAMP, ())),
            content_timestamps=tuple(self.tokens.get(CONTENT_TIMESTAMP, ())),
            archive_timestamps=tuple(
                t for oid, found in self.tokens.items() if oid in ARCHIVE_TIMESTAMPS for t in found
            ),
            signed_attributes=attributes.oids if attributes else (),
            unsigned_attributes=tuple(dict.fromkeys(a.oid for a in signer.unsigned_attributes)),
            reference_version=max((r.version for r in attributes.references), default=None) if attributes else None,
            pades_gaps=tuple(dict.fromkeys(self.gaps)),
            algorithms=tuple(dict.fromkeys(self.uses)),
        )

    def add(self, check: str, verdict: CheckVerdict, code: str, **params: str) -> None:
        self.checks.append(Check(check, verdict, code, params))

    def note(self, code: str, **params: str) -> None:
        self.notes.append(Check("note", CheckVerdict.INFO, code, params))

    def settled(
        self, scheme: SignatureScheme | None, digest: str | None, certificate: Certificate | None
    ) -> SignatureScheme | None:
        """The scheme that the signature value itself states, where signatureAlgorithm names a weaker one of its family.

        RFC 8933 3.1: one digest for content and attributes. An RSASSA-PKCS1-v1_5 value carries the name of its digest
        under the signature (RFC 8017 9.2), and nothing signs the identifier beside it. So the value is believed where
        it says what digestAlgorithm says, and only where that is stronger: nobody who relies on the identifier gets
        less than it promised. The values of ECDSA and RSASSA-PSS do not name their digest.
        """
        if scheme is None or digest is None or certificate is None or self.parts.signer.signed is None:
            return scheme
        ranked = digest in _SHA and scheme.digest in _SHA and _SHA.index(digest) > _SHA.index(scheme.digest)
        if not ranked or scheme.key_type != "rsa" or scheme.pss_salt is not None:
            return scheme
        stated = SignatureScheme(scheme.oid, scheme.key_type, digest)
        der, found = signed_attributes.signed_bytes(self.parts.signer)
        for message in (der,) if found is None else (der, found):
            try:
                key = public_key(certificate_parts(certificate).key)
                verify_value(key, stated, message, self.parts.signer.signature)
            except (BadSignature, UnknownAlgorithm, KeyError):
                continue
            self.note("CMS_NOTE_DIGEST_MISNAMED", named=scheme.digest, digest=digest)
            self.gaps.append("PADES_DIGEST_MISNAMED")
            return stated
        return scheme

    def structure(self, digest: str | None, scheme: SignatureScheme | None) -> None:
        """Step 1: content in its place, one digest, nothing behind."""
        parts = self.parts
        problems: list[tuple[str, dict[str, str]]] = []
        inside = self.timestamp or self.encapsulated
        if parts.content is not None and not inside:
            # ISO 32000-2 12.8.3.3.1: no data shall be encapsulated; a reader might show or digest that instead.
            problems.append(("CMS_CONTENT_INSIDE", {}))
            self.gaps.append("PADES_CONTENT_INSIDE")
        if parts.content is None and inside:
            problems.append(("CMS_CONTENT_MISSING", {}))
        if parts.trailing.strip(b"\0"):
            problems.append(("CMS_TRAILING_BYTES", {"count": str(len(parts.trailing))}))
        edwards = scheme is not None and scheme.key_type in ("ed25519", "ed448")
        if scheme is not None and digest is not None and scheme.digest != digest:
            # RFC 5652 5.4 uses one digest for content and attributes. RFC 8419 2.3 names the digest beside the pure
            # Edwards forms, which sign no digest, so another one there is odd and not wrong.
            if edwards:
                self.note("CMS_NOTE_DIGEST_UNUSUAL", scheme=scheme.name, digest=digest)
            else:
                problems.append(("CMS_DIGESTS_DISAGREE", {"one": digest, "other": scheme.digest}))
        if self.indefinite:
            # ISO 32000-2 12.8.3.3.1 asks for DER; as nothing signed is touched, it is said and costs no level.
            self.note("CMS_NOTE_NOT_DER")
        if parts.skipped:
            self.note("CMS_NOTE_SKIPPED", count=str(parts.skipped))
        if not problems:
            self.add("cms-structure", CheckVerdict.PASSED, "CMS_WELL_FORMED")
        for code, params in problems:
            self.add("cms-structure", CheckVerdict.UNKNOWN, code, **params)

    def attributes(self, found: SignedAttributes | None) -> None:
        """Step 2."""
        parts, signer = self.parts, self.parts.signer
        wanted = TST_INFO if self.timestamp else DATA
        if found is None:
            self.gaps.append("PADES_NO_SIGNED_ATTRIBUTES")
            if parts.content_type != DATA or self.timestamp:
                # RFC 5652 5.3: they must be there for any content that is not id-data.
                self.add("signed-attributes", CheckVerdict.FAILED, "CMS_ATTRIBUTES_ABSENT")
            else:
                self.note("CMS_NOTE_NO_ATTRIBUTES")
            return
        if found.problems:
            names = ", ".join(_ATTRIBUTE_NAMES.get(p, p) for p in found.problems)
            self.add("signed-attributes", CheckVerdict.FAILED, "CMS_ATTRIBUTE_WRONG", attributes=names)
            self.gaps.append("PADES_ATTRIBUTE_WRONG")
        elif found.content_type != wanted or parts.content_type != wanted:
            self.add(
                "signed-attributes",
                CheckVerdict.FAILED,
                "CMS_CONTENT_TYPE_WRONG",
                found=f"{found.content_type}, {parts.content_type}",
                wanted=wanted,
            )
            self.gaps.append("PADES_CONTENT_TYPE")
        elif found.protected is not None and not (
            found.protected[0].same_as(signer.digest_algorithm)
            and found.protected[1].same_as(signer.signature_algorithm)
        ):
            # RFC 6211 3: the algorithms were changed after signing.
            self.add("signed-attributes", CheckVerdict.FAILED, "CMS_ALGORITHMS_REPLACED")
        else:
            self.add("signed-attributes", CheckVerdict.PASSED, "CMS_ATTRIBUTES_SOUND")
        if not found.references:
            self.gaps.append("PADES_NO_CERTIFICATE_REFERENCE")
        if SIGNING_TIME in found.oids and found.signing_time is None:
            self.note("CMS_NOTE_TIME_UNREADABLE")

    def carried(self) -> None:
        """Timestamps, certificates and revocation data that attributes carry; what is malformed there is a note."""
        parts, signer = self.parts, self.parts.signer
        self.certificates.extend(parts.certificates)
        self.crls.extend(parts.crls)
        self.ocsps.extend(parts.ocsps)
        if not signer.unsigned_readable:
            self.note("CMS_NOTE_UNSIGNED_UNREADABLE")
        for attribute in signer.signed_attributes:
            self._take(attribute, {CONTENT_TIMESTAMP, REVOCATION_ARCHIVAL})
        for attribute in signer.unsigned_attributes:
            self._take(attribute, {SIGNATURE_TIMESTAMP, CERTIFICATE_VALUES, REVOCATION_VALUES, REVOCATION_ARCHIVAL})

    def _take(self, attribute: Attribute, wanted: set[str]) -> None:
        oid = attribute.oid
        if oid not in wanted and oid not in ARCHIVE_TIMESTAMPS:
            return
        try:
            for value in attribute.values:
                if oid == CERTIFICATE_VALUES:
                    raw = (c.raw for c in value.expect(asn1.SEQUENCE).children())
                    self.certificates.extend(Certificate(der) for der in raw if bounded(der))
                elif oid in (REVOCATION_VALUES, REVOCATION_ARCHIVAL):
                    read = revocation_values if oid == REVOCATION_VALUES else revocation_archival
                    crls, ocsps = read(value)
                    self.crls.extend(crls)
                    self.ocsps.extend(ocsps)
                else:
                    self.tokens.setdefault(oid, []).append(value.raw)
        except Asn1Error:
            self.note("CMS_NOTE_ATTRIBUTE_UNREADABLE", oid=oid)

    def digest(
        self, digest: str | None, name: str, scheme: SignatureScheme | None, attributes: SignedAttributes | None
    ) -> None:
        """Step 3."""
        content = self.parts.content
        if self.encapsulated and not self._sha1_content(content):
            return
        if attributes is None:
            # RFC 5652 5.4: the signature itself is made over the content.
            verdict = CheckVerdict.PASSED if scheme is not None else CheckVerdict.UNKNOWN
            self.add("digest", verdict, "CMS_DIGEST_IN_SIGNATURE")
            return
        if digest is None:
            self.add("digest", CheckVerdict.UNKNOWN, "CMS_DIGEST_UNKNOWN", algorithm=name)
            return
        if attributes.message_digest is None:
            self.add("digest", CheckVerdict.UNKNOWN, "CMS_DIGEST_MISSING")
            return
        what = UseOf.TIMESTAMP if self.timestamp else UseOf.DOCUMENT
        self.uses.append(Use(what, digest))
        try:
            if self.timestamp or self.encapsulated:
                if content is None:
                    self.add("digest", CheckVerdict.UNKNOWN, "CMS_CONTENT_MISSING")
                    return
                computed = _hash(digest, content)
            else:
                computed = self.digest_of(digest)
        except KeyError:
            self.add("digest", CheckVerdict.UNKNOWN, "CMS_DIGEST_UNKNOWN", algorithm=digest)
            return
        same = hmac.compare_digest(computed, attributes.message_digest)
        evidence = {"algorithm": digest, "signed": attributes.message_digest.hex()[:256], "computed": computed.hex()}
        verdict = CheckVerdict.PASSED if same else CheckVerdict.FAILED
        code = "CMS_DIGEST_MATCHES" if same else "CMS_DIGEST_WRONG"
        self.checks.append(Check("digest", verdict, code, {"algorithm": digest}, evidence))

    def _sha1_content(self, content: bytes | None) -> bool:
        """Whether the content is the SHA-1 of the covered bytes (ISO 32000-1 12.8.3.3.1); adds the check if not."""
        self.uses.append(Use(UseOf.DOCUMENT, "sha1"))
        if content is None:
            self.add("digest", CheckVerdict.UNKNOWN, "CMS_CONTENT_MISSING")
            return False
        computed = self.digest_of("sha1")
        if not hmac.compare_digest(computed, content):
            evidence = {"algorithm": "sha1", "signed": content.hex()[:256], "computed": computed.hex()}
            self.checks.append(
                Check("digest", CheckVerdict.FAILED, "CMS_DIGEST_WRONG", {"algorithm": "sha1"}, evidence)
            )
            return False
        return True

    def signature(
        self,
        scheme: SignatureScheme | None,
        problem: Check | None,
        certificate: Certificate | None,
        digest: str | None,
    ) -> KeyFacts | None:
        """Step 5; gives what is known of the key."""
        if certificate is None:
            self.add("signature-value", CheckVerdict.UNKNOWN, "CMS_SIGNATURE_NO_CERTIFICATE")
            return None
        try:
            key = public_key(certificate_parts(certificate).key)
        except UnknownAlgorithm as error:
            self.add("signature-value", CheckVerdict.UNKNOWN, "CMS_SIGNATURE_ALGORITHM_UNKNOWN", algorithm=str(error))
            return None
        except UnfitKey as error:
            self.add("signature-value", CheckVerdict.FAILED, "CMS_SIGNATURE_KEY_UNFIT", detail=str(error))
            return None
        if problem is not None or scheme is None:
            self.checks.extend([problem] if problem else [])
            return key.facts
        self.uses.extend(signature_uses(UseOf.TIMESTAMP if self.timestamp else UseOf.SIGNATURE, scheme, key.facts))
        try:
            self._verify(key, scheme)
        except UnfitKey as error:
            self.add("signature-value", CheckVerdict.FAILED, "CMS_SIGNATURE_KEY_UNFIT", detail=str(error))
        except BadSignature:
            other = self._other_digest(key, scheme, digest)
            if other is None:
                self.add("signature-value", CheckVerdict.FAILED, "CMS_SIGNATURE_WRONG", scheme=scheme.name)
            else:
                self.add(
                    "signature-value",
                    CheckVerdict.UNKNOWN,
                    "CMS_SIGNATURE_OTHER_SCHEME",
                    named=scheme.name,
                    scheme=other.name,
                )
        except (UnknownAlgorithm, KeyError) as error:
            name = str(error) if isinstance(error, UnknownAlgorithm) else scheme.name
            self.add("signature-value", CheckVerdict.UNKNOWN, "CMS_SIGNATURE_ALGORITHM_UNKNOWN", algorithm=name)
        else:
            self.add("signature-value", CheckVerdict.PASSED, "CMS_SIGNATURE_MATCHES", scheme=scheme.name)
        return key.facts

    def _other_digest(self, key: PublicKey, scheme: SignatureScheme, digest: str | None) -> SignatureScheme | None:
        """The scheme with the digestAlgorithm's digest, where that one fits a value whose own identifier does not.

        Then nothing was changed after signing, yet the signer contradicts himself (RFC 5754 3): no pass, no failure.
        """
        if digest is None or digest == scheme.digest or scheme.pss_salt is not None:
            return None
        other = SignatureScheme(scheme.oid, scheme.key_type, digest, plain=scheme.plain)
        try:
            self._verify(key, other)
        except (BadSignature, UnknownAlgorithm, KeyError):
            return None
        return other

    def _verify(self, key: PublicKey, scheme: SignatureScheme) -> None:
        """Check the signature value. Raises BadSignature, UnknownAlgorithm, or KeyError of a digest."""
        signer = self.parts.signer
        if signer.signed is None:
            if self.timestamp or self.encapsulated:
                verify_value(key, scheme, self.parts.content or b"", signer.signature)
            else:
                self.uses.append(Use(UseOf.DOCUMENT, scheme.digest))
                verify_value(key, scheme, self.digest_of(scheme.digest), signer.signature, prehashed=True)
            return
        der, found = signed_attributes.signed_bytes(signer)
        if found is not None:
            self.note("CMS_NOTE_ATTRIBUTES_NOT_DER")
            self.gaps.append("PADES_NOT_DER")
        try:
            verify_value(key, scheme, der, signer.signature)
        except UnfitKey:
            raise
        except BadSignature:
            # Some signers sign their attributes in the order in which they wrote them. Both encodings say the same.
            if found is None:
                raise
            verify_value(key, scheme, found, signer.signature)


# FIPS 180-4, the weakest first. Digests of other families have no place in this order.
_SHA = ("sha1", "sha224", "sha256", "sha384", "sha512")

_ATTRIBUTE_NAMES = {
    signed_attributes.CONTENT_TYPE: "content-type",
    signed_attributes.MESSAGE_DIGEST: "message-digest",
    signed_attributes.SIGNING_TIME: "signing-time",
    signed_attributes.ALGORITHM_PROTECTION: "cms-algorithm-protection",
    signed_attributes.SIGNING_CERTIFICATE: "signing-certificate",
    signed_attributes.SIGNING_CERTIFICATE_V2: "signing-certificate-v2",
}


def _claimed(attributes: SignedAttributes | None) -> datetime | None:
    return attributes.signing_time if attributes else None


def _digest(identifier: AlgorithmIdentifier) -> tuple[str | None, str]:
    """Name of the digest, None where not known; and how to call it."""
    try:
        name = digest_of_algorithm(identifier)
    except UnknownAlgorithm as error:
        return None, str(error)
    return name, name


def _scheme(identifier: AlgorithmIdentifier, digest: str | None) -> tuple[SignatureScheme | None, Check | None]:
    try:
        return scheme_of(identifier, digest), None
    except UnknownAlgorithm as error:
        name = {"algorithm": str(error)}
    except Asn1Error:
        name = {"algorithm": algorithm_name(identifier.oid)}
    return None, Check("signature-value", CheckVerdict.UNKNOWN, "CMS_SIGNATURE_ALGORITHM_UNKNOWN", name)


def _hash(digest: str, content: bytes) -> bytes:
    state = hasher(digest)
    state.update(content)
    return bytes(state.digest())
