"""examine(): right signatures of every scheme, wrong ones with the reason why each must not pass."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eseal import messages
from eseal.crypto.algorithm_policy import UseOf
from eseal.crypto.signed_data import Examined, examine
from eseal.limits import Limits
from eseal.model import Certificate
from eseal.report.model import CheckVerdict

PASSED, FAILED, UNKNOWN, INFO = CheckVerdict.PASSED, CheckVerdict.FAILED, CheckVerdict.UNKNOWN, CheckVerdict.INFO
ALL = ("cms-structure", "signed-attributes", "digest", "signature-value", "signing-certificate")


def outcome(found: Examined) -> dict[str, str]:
    """Check id -> verdict, the gravest where an id stands twice; notes left out."""
    grave = [PASSED, UNKNOWN, FAILED]
    result: dict[str, CheckVerdict] = {}
    for check in found.checks:
        if check.verdict is not INFO:
            result[check.id] = max(check.verdict, result.get(check.id, PASSED), key=grave.index)
    return {k: v.value for k, v in result.items()}


def codes(found: Examined) -> set[str]:
    return {c.code for c in found.checks}


def all_passed(found: Examined) -> bool:
    return outcome(found) == dict.fromkeys(ALL, "passed")


def pss(digest: str = "sha256", mgf: str = "sha256", salt: int = 32, trailer: int = 1) -> Any:
    return algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": digest},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mgf}},
            "salt_length": salt,
            "trailer_field": trailer,
        }
    )


RIGHT = {
    "RSA, OID with digest": ("rsa", {"oid": "rsa-sha256"}),
    "RSA, rsaEncryption: the digestAlgorithm decides": ("rsa", {"oid": "rsa", "digest": "sha384"}),
    "RSA with SHA-1: right, though weak (the policy says so)": ("rsa", {"oid": "rsa-sha1", "digest": "sha1"}),
    "RSA with MD5: likewise": ("rsa", {"oid": "rsa", "digest": "md5"}),
    "RSA with SHA3-256": ("rsa", {"oid": "rsa-sha3_256", "digest": "sha3_256"}),
    "RSASSA-PSS": ("rsa", {"oid": "pss", "parameters": pss(), "pss": (32, "sha256")}),
    "RSASSA-PSS, other salt": ("rsa", {"oid": "pss", "parameters": pss(salt=20), "pss": (20, "sha256")}),
    "ECDSA": ("ec", {}),
    "ECDSA, SHA-384 on P-256": ("ec", {"oid": "ecdsa-sha384", "digest": "sha384"}),
    "ECDSA, Brainpool": ("brainpool", {}),
    "ECDSA with SHA3-256": ("ec", {"oid": "ecdsa-sha3_256", "digest": "sha3_256"}),
    "ECDSA plain (BSI TR-03111)": ("ec", {"oid": "ecdsa-plain-sha256"}),
    "DSA": ("dsa", {"oid": "dsa-sha256"}),
    "Ed25519 (RFC 8419)": ("ed25519", {"oid": "ed25519", "digest": "sha512"}),
    "Ed448 (RFC 8419)": ("ed448", {"oid": "ed448", "digest": "shake256"}),
    "signer named by key identifier": ("ec", {"by_key": True}),
    "ESS version 1": ("ec", {"reference": 1}),
    "ESS without issuer and serial number": ("ec", {"with_issuer": False}),
    "digestAlgorithm given as a signature's OID": ("rsa", {"oid": "rsa", "digest_oid": "1.2.840.113549.1.1.11"}),
    "algorithm protection (RFC 6211)": ("ec", {"protect": ("sha256", "ecdsa-sha256")}),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right(forge: Any, case: str) -> None:
    kind, changes = RIGHT[case]
    recipe = forge(kind, **changes)
    found = examine(recipe.build(), forge.digest_of)
    assert all_passed(found), found.checks
    assert found.certificate == Certificate(recipe.certificate)
    assert found.claimed_time == forge.now
    assert found.intact and not found.broken
    assert found.is_pades_b, found.pades_gaps
    assert {u.digest for u in found.algorithms} >= {recipe.digest if kind[:2] != "ed" else found.digest_algorithm}
    # The same signature over other bytes.
    other = examine(recipe.build(), lambda name: forge.digest(name, forge.content + b"x"))
    assert outcome(other) == dict.fromkeys(ALL, "passed") | {"digest": "failed"}
    assert other.broken and not other.intact


@pytest.mark.parametrize("case", RIGHT)
def test_one_flipped_bit_of_the_value(forge: Any, case: str) -> None:
    kind, changes = RIGHT[case]
    cms = forge(kind, **changes).build()
    value = examine(cms, forge.digest_of).signature_value
    at = cms.rindex(value) + len(value) - 3
    found = examine(cms[:at] + bytes((cms[at] ^ 1,)) + cms[at + 1 :], forge.digest_of)
    assert outcome(found)["signature-value"] == "failed"


# why -> (kind of key, what is changed, check, verdict, code)
WRONG: dict[str, tuple[str, dict[str, Any], str, str, str]] = {
    "two signers: PDF allows one (ISO 32000-2 12.8.3.3.1)": (
        "ec", {"signers": 2}, "cms-structure", "unknown", "CMS_SIGNER_COUNT"),
    "no signer at all": ("ec", {"signers": 0}, "cms-structure", "unknown", "CMS_SIGNER_COUNT"),
    "messageDigest missing (RFC 5652 11.2)": (
        "ec", {"drop": ("1.2.840.113549.1.9.4",)}, "signed-attributes", "failed", "CMS_ATTRIBUTE_WRONG"),
    "messageDigest twice: readers may take either": (
        "ec", {"twice": ("1.2.840.113549.1.9.4",)}, "signed-attributes", "failed", "CMS_ATTRIBUTE_WRONG"),
    "messageDigest with two values": (
        "ec", {"two_values": ("1.2.840.113549.1.9.4",)}, "signed-attributes", "failed", "CMS_ATTRIBUTE_WRONG"),
    "contentType missing (RFC 5652 11.1)": (
        "ec", {"drop": ("1.2.840.113549.1.9.3",)}, "signed-attributes", "failed", "CMS_ATTRIBUTE_WRONG"),
    "contentType twice": (
        "ec", {"twice": ("1.2.840.113549.1.9.3",)}, "signed-attributes", "failed", "CMS_ATTRIBUTE_WRONG"),
    "signing time twice (RFC 5652 11.3)": (
        "ec", {"twice": ("1.2.840.113549.1.9.5",)}, "signed-attributes", "failed", "CMS_ATTRIBUTE_WRONG"),
    "signing certificate twice (RFC 5035 3)": (
        "ec", {"twice": ("1.2.840.113549.1.9.16.2.47",)}, "signed-attributes", "failed", "CMS_ATTRIBUTE_WRONG"),
    "the attribute's type is not the content's": (
        "ec", {"attribute_type": "1.2.840.113549.1.9.16.1.4"}, "signed-attributes", "failed", "CMS_CONTENT_TYPE_WRONG"),
    "a timestamp's content type under a document": (
        "ec", {"content_type": "1.2.840.113549.1.9.16.1.4"}, "signed-attributes", "failed", "CMS_CONTENT_TYPE_WRONG"),
    "another content type without attributes (RFC 5652 5.3)": (
        "ec", {"content_type": "1.2.840.113549.1.9.16.1.4", "attributes": False}, "signed-attributes", "failed",
        "CMS_ATTRIBUTES_ABSENT"),
    "protected digest is another one (RFC 6211)": (
        "ec", {"protect": ("sha512", "ecdsa-sha256")}, "signed-attributes", "failed", "CMS_ALGORITHMS_REPLACED"),
    "protected signature algorithm is another one": (
        "ec", {"protect": ("sha256", "ecdsa-sha384")}, "signed-attributes", "failed", "CMS_ALGORITHMS_REPLACED"),
    "ESS refers to another certificate (substitution)": (
        "ec", {"referred": b"another certificate"}, "signing-certificate", "failed", "CMS_REFERENCE_OTHER"),
    "ESS version 1 refers to another certificate": (
        "ec", {"referred": b"another", "reference": 1}, "signing-certificate", "failed", "CMS_REFERENCE_OTHER"),
    "ESS names another serial number": (
        "ec", {"reference_serial": 4712}, "signing-certificate", "unknown", "CMS_REFERENCE_ISSUER_DIFFERS"),
    "no certificate carried": (
        "ec", {"certificates": False}, "signing-certificate", "unknown", "CMS_CERTIFICATE_ABSENT"),
    "signer names a certificate that is not there": (
        "ec", {"sid_serial": 1}, "signing-certificate", "unknown", "CMS_CERTIFICATE_ABSENT"),
    "no certificate: the value cannot be checked": (
        "ec", {"certificates": False}, "signature-value", "unknown", "CMS_SIGNATURE_NO_CERTIFICATE"),
    "content beside a detached signature": (
        "ec", {"inside": b"other content"}, "cms-structure", "unknown", "CMS_CONTENT_INSIDE"),
    "content beside a detached signature does not count as the document": (
        "ec", {"inside": b"other content"}, "digest", "failed", "CMS_DIGEST_WRONG"),
    "two digests": (
        "ec", {"oid": "ecdsa-sha384"}, "cms-structure", "unknown", "CMS_DIGESTS_DISAGREE"),
    "the value fits the other digest": (
        "ec", {"oid": "ecdsa-sha384"}, "signature-value", "unknown", "CMS_SIGNATURE_OTHER_SCHEME"),
    "two digests, the value made with the second": (
        "ec", {"oid": "ecdsa-sha384", "signed_with": "sha384"}, "cms-structure", "unknown", "CMS_DIGESTS_DISAGREE"),
    "RSA identifier with an EC key": (
        "ec", {"oid": "rsa-sha256"}, "signature-value", "failed", "CMS_SIGNATURE_KEY_UNFIT"),
    "ECDSA identifier with an RSA key": (
        "rsa", {"oid": "ecdsa-sha256"}, "signature-value", "failed", "CMS_SIGNATURE_KEY_UNFIT"),
    "PSS value under PKCS #1 v1.5": (
        "rsa", {"oid": "rsa-sha256", "pss": (32, "sha256")}, "signature-value", "failed", "CMS_SIGNATURE_WRONG"),
    "PKCS #1 v1.5 value under PSS": (
        "rsa", {"oid": "pss", "parameters": pss()}, "signature-value", "failed", "CMS_SIGNATURE_WRONG"),
    "PSS with another salt than stated": (
        "rsa", {"oid": "pss", "parameters": pss(salt=20), "pss": (32, "sha256")}, "signature-value", "failed",
        "CMS_SIGNATURE_WRONG"),
    "PSS hash is not the digest": (
        "rsa", {"oid": "pss", "parameters": pss("sha384"), "pss": (32, "sha256")}, "cms-structure", "unknown",
        "CMS_DIGESTS_DISAGREE"),
    "PSS without parameters means SHA-1 (RFC 4055 3.1)": (
        "rsa", {"oid": "pss", "pss": (32, "sha256")}, "cms-structure", "unknown", "CMS_DIGESTS_DISAGREE"),
    "SM2 with SM3: not known yet, by name": (
        "ec", {"oid": "1.2.156.10197.1.501"}, "signature-value", "unknown", "CMS_SIGNATURE_ALGORITHM_UNKNOWN"),
    "SM3: not known yet, by name": (
        "ec", {"digest_oid": "1.2.156.10197.1.401"}, "digest", "unknown", "CMS_DIGEST_UNKNOWN"),
    "an OID that nobody knows": (
        "ec", {"oid": "1.2.3.4.5"}, "signature-value", "unknown", "CMS_SIGNATURE_ALGORITHM_UNKNOWN"),
    "DER value under plain ECDSA": (
        "ec", {"oid": "0.4.0.127.0.7.1.1.4.1.3"}, "signature-value", "failed", "CMS_SIGNATURE_WRONG"),
    "Ed25519 without attributes signs the whole content, not a digest (RFC 8419 3.1)": (
        "ed25519", {"oid": "ed25519", "digest": "sha512", "attributes": False}, "signature-value", "unknown",
        "CMS_SIGNATURE_ALGORITHM_UNKNOWN"),
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_wrong(forge: Any, why: str) -> None:
    kind, changes, check, verdict, code = WRONG[why]
    found = examine(forge(kind, **changes).build(), forge.digest_of)
    assert (check, verdict, code) in {(c.id, c.verdict.value, c.code) for c in found.checks}, found.checks
    assert not all_passed(found)


@pytest.mark.parametrize(
    ("digest", "named"), [("sha384", "rsa-sha256"), ("sha512", "rsa-sha384"), ("sha256", "rsa-sha1")]
)
def test_the_digest_that_an_rsa_value_states_counts_over_a_weaker_name(forge: Any, digest: str, named: str) -> None:
    """RFC 8933 3.1, RFC 8017 9.2: one digest was used, and the value itself says which."""
    recipe = forge("rsa", digest=digest, oid=named)
    found = examine(recipe.build(), forge.digest_of)
    assert all_passed(found), found.checks
    assert "CMS_NOTE_DIGEST_MISNAMED" in codes(found) and found.pades_gaps == ("PADES_DIGEST_MISNAMED",)
    assert found.scheme is not None and found.scheme.digest == digest
    assert {u.digest for u in found.algorithms} == {digest}
    changed = examine(recipe.build(), lambda name: forge.digest(name, b"other"))
    assert outcome(changed)["digest"] == "failed"
    cms = recipe.build()
    at = len(cms) - 3
    broken = examine(cms[:at] + bytes((cms[at] ^ 1,)) + cms[at + 1 :], forge.digest_of)
    assert outcome(broken)["signature-value"] == "failed"


# why -> (kind of key, what is changed)
MISNAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "names more than the value has": ("rsa", {"digest": "sha256", "oid": "rsa-sha512"}),
    "names another family, which is neither weaker nor stronger": ("rsa", {"digest": "sha256", "oid": "rsa-sha3_256"}),
    "the value states a third digest": ("rsa", {"digest": "sha384", "oid": "rsa-sha256", "signed_with": "sha512"}),
    "two digests were used (RFC 8933 3.1)": ("rsa", {"digest": "sha384", "oid": "rsa-sha256", "signed_with": "sha256"}),
    "an ECDSA value names no digest": ("ec", {"digest": "sha384", "oid": "ecdsa-sha256"}),
    "a PSS value names no digest": (
        "rsa", {"digest": "sha384", "oid": "pss", "parameters": pss(), "pss": (32, "sha256")}),
    "MD5 is of no such family": ("rsa", {"digest": "sha256", "oid": "1.2.840.113549.1.1.4"}),
    "without attributes there is no digest beside the value": (
        "rsa", {"digest": "sha384", "oid": "rsa-sha256", "attributes": False}),
    "the signer signed for another identifier (RFC 6211)": (
        "rsa", {"digest": "sha384", "oid": "rsa-sha256", "protect": ("sha384", "rsa-sha384")}),
}  # fmt: skip


@pytest.mark.parametrize("why", MISNAMED)
def test_other_contradictions_do_not_pass(forge: Any, why: str) -> None:
    kind, changes = MISNAMED[why]
    found = examine(forge(kind, **changes).build(), forge.digest_of)
    assert not found.intact and not all_passed(found)


def test_names_stand_in_unknown_algorithms(forge: Any) -> None:
    found = examine(forge(oid="1.2.156.10197.1.501").build(), forge.digest_of)
    check = next(c for c in found.checks if c.id == "signature-value")
    assert "SM2 with SM3" in check.params["algorithm"]
    assert "SM2" in messages.text(check.code, "zh", check.params)


def test_unusual_digest_beside_ed448_is_a_note(forge: Any) -> None:
    found = examine(forge("ed448", oid="ed448", digest="sha512").build(), forge.digest_of)
    assert all_passed(found)
    assert "CMS_NOTE_DIGEST_UNUSUAL" in codes(found)


def test_without_attributes_the_value_covers_the_content(forge: Any) -> None:
    for kind, oid in (("ec", "ecdsa-sha256"), ("rsa", "rsa-sha256")):
        cms = forge(kind, oid=oid, attributes=False).build()
        found = examine(cms, forge.digest_of)
        assert outcome(found) == dict.fromkeys(ALL, "passed") | {"signed-attributes": None} or found.intact
        assert found.intact and "CMS_NOTE_NO_ATTRIBUTES" in codes(found)
        assert not found.is_pades_b
        changed = examine(cms, lambda name: forge.digest(name, b"other"))
        assert outcome(changed)["signature-value"] == "failed"


def test_without_a_reference_the_name_decides_and_pades_is_not_met(forge: Any) -> None:
    found = examine(forge(reference=None).build(), forge.digest_of)
    assert all_passed(found)
    assert found.pades_gaps == ("PADES_NO_CERTIFICATE_REFERENCE",)
    assert found.reference_version is None


def test_two_certificates_of_one_name_without_a_reference_are_ambiguous(forge: Any) -> None:
    twin = forge.certify(forge.keys["ec-other"][0], "twin")
    for more in ((twin,), (twin, twin)):
        found = examine(forge(reference=None, more_certificates=more).build(), forge.digest_of)
        assert outcome(found)["signing-certificate"] == "unknown"
    # With the reference there is nothing to choose, wherever the twin stands.
    recipe = forge()
    twins = recipe.but(certificates=False, more_certificates=(twin, recipe.certificate))
    found = examine(twins.build(), forge.digest_of)
    assert all_passed(found) and found.certificate == Certificate(recipe.certificate)


def test_attributes_signed_as_written_are_accepted_with_a_note(forge: Any) -> None:
    found = examine(forge(sign_as_found=True).build(), forge.digest_of)
    assert all_passed(found)
    assert "CMS_NOTE_ATTRIBUTES_NOT_DER" in codes(found) and not found.is_pades_b


def test_bytes_behind_the_structure(forge: Any) -> None:
    cms = forge().build()
    assert all_passed(examine(cms + bytes(50), forge.digest_of))
    assert outcome(examine(cms + b"\0\0x", forge.digest_of))["cms-structure"] == "unknown"


def test_sha1_inside_the_signature(forge: Any) -> None:
    """adbe.pkcs7.sha1: the content is the SHA-1 of the bytes (ISO 32000-1 12.8.3.3.1)."""
    cms = forge(inside=forge.digest("sha1", forge.content)).build()
    found = examine(cms, forge.digest_of, encapsulated=True)
    assert all_passed(found)
    assert ("sha1", UseOf.DOCUMENT) in {(u.digest, u.what) for u in found.algorithms}
    changed = examine(cms, lambda name: forge.digest(name, b"other"), encapsulated=True)
    assert outcome(changed)["digest"] == "failed"
    # The same without attributes: the value covers the twenty bytes.
    bare = forge(inside=forge.digest("sha1", forge.content), attributes=False).build()
    assert examine(bare, forge.digest_of, encapsulated=True).intact
    # Nothing inside.
    assert not examine(forge().build(), forge.digest_of, encapsulated=True).intact


def test_what_is_carried(forge: Any) -> None:
    crl, ocsp, basic = (forge.tlv(0x30, forge.tlv(0x04, n)) for n in (b"crl", b"ocsp", b"basic"))
    archival = forge.tlv(0x30, forge.tlv(0xA0, forge.tlv(0x30, crl)) + forge.tlv(0xA1, forge.tlv(0x30, ocsp)))
    values = forge.tlv(0x30, forge.tlv(0xA1, forge.tlv(0x30, basic)))
    token = forge.tlv(0x30, b"\x05\x00")
    other = forge.keys["rsa"][1]
    recipe = forge(
        extra_signed=(("1.2.840.113583.1.1.8", archival), ("1.2.840.113549.1.9.16.2.20", token)),
        unsigned=(
            ("1.2.840.113549.1.9.16.2.14", token),
            ("1.2.840.113549.1.9.16.2.24", values),
            ("1.2.840.113549.1.9.16.2.23", forge.tlv(0x30, other)),
            ("0.4.0.1733.2.4", token),
            ("1.2.3.9", token),
        ),
    )
    found = examine(recipe.build(), forge.digest_of)
    assert all_passed(found), found.checks
    assert found.crls == (crl,)
    assert found.ocsps[0] == ocsp and basic in found.ocsps[1] and len(found.ocsps) == 2
    assert found.signature_timestamps == found.content_timestamps == found.archive_timestamps == (token,)
    assert Certificate(other) in found.certificates
    assert "1.2.3.9" in found.unsigned_attributes
    assert found.data.crls == (crl,)


def test_malformed_unsigned_attributes_do_not_spoil_the_signature(forge: Any) -> None:
    cms = forge(unsigned=(("1.2.840.113583.1.1.8", b"\x04\x01x"),)).build()
    found = examine(cms, forge.digest_of)
    assert all_passed(found) and "CMS_NOTE_ATTRIBUTE_UNREADABLE" in codes(found)


def test_limits(forge: Any) -> None:
    cms = forge(more_certificates=(forge.keys["rsa"][1],)).build()
    assert codes(examine(cms, forge.digest_of, limits=Limits(cms_bytes=100))) == {"CMS_TOO_LARGE"}
    assert codes(examine(cms, forge.digest_of, limits=Limits(certificates=1))) == {"CMS_TOO_MANY_CERTIFICATES"}


def test_a_digest_that_cannot_be_computed_is_unknown(forge: Any) -> None:
    def none(name: str) -> bytes:
        raise KeyError(name)

    found = examine(forge().build(), none)
    assert outcome(found)["digest"] == "unknown"
    assert outcome(examine(forge(attributes=False).build(), none))["signature-value"] == "unknown"


def test_deep_certificates_are_left_out(forge: Any) -> None:
    deep = b"\x05\x00"
    for _ in range(60):
        deep = forge.tlv(0x30, deep)
    found = examine(forge(more_certificates=(deep,)).build(), forge.digest_of)
    assert all_passed(found) and "CMS_NOTE_SKIPPED" in codes(found)
    assert len(found.certificates) == 1


def test_bombs_are_bounded(forge: Any) -> None:
    huge = forge.tlv(0x30, forge.tlv(0x04, bytes(70_000)))
    found = examine(forge(more_certificates=(huge,)).build(), forge.digest_of)
    assert all_passed(found) and "CMS_NOTE_SKIPPED" in codes(found)
    many = b"\x05\x00" * 60_000
    assert codes(examine(forge(more_certificates=(many,)).build(), forge.digest_of)) == {"CMS_MALFORMED"}
    nested = b"\x30\x80" * 60 + b"\x05\x00" * 1000 + b"\0\0" * 60
    found = examine(forge(extra_signed=(("1.2.3", nested),)).build(), forge.digest_of)
    assert not found.intact and "CMS_UNEXPECTED" not in codes(found)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\0", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x89" + b"\xff" * 9),
        *(b"\x24\x80" * 5000, b"\x30\x80" * 100_000, b"\x30\x03\x02\x01\x01"),
        *(bytes(1000), b"\x1f" * 100, b"%PDF-1.7"),
    ],
    ids=lambda d: d[:8].hex() or "empty",
)
def test_garbage_is_named_and_never_raised(data: bytes) -> None:
    found = examine(data, lambda _: b"")
    assert not found.intact and found.certificate is None
    assert codes(found) <= {"CMS_MALFORMED", "CMS_TYPE_UNKNOWN"}


def meaning(found: Examined) -> tuple[Any, ...]:
    """What a reader takes from a signature."""
    scheme = found.scheme
    return (
        found.certificate,
        found.digest_algorithm,
        found.message_digest,
        scheme and (scheme.key_type, scheme.digest, scheme.pss_salt, scheme.mgf_digest),
        found.claimed_time,
        found.content_type,
        found.content,
        found.signed_attributes,
        found.signature_value,
    )


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_every_byte_changed(forge: Any, mask: int) -> None:
    """No single changed byte anywhere gives a signature that passes and says something else."""
    cms = forge(protect=("sha256", "ecdsa-sha256")).build()
    wanted = meaning(examine(cms, forge.digest_of))
    survivors = 0
    for at in range(len(cms)):
        found = examine(cms[:at] + bytes((cms[at] ^ mask,)) + cms[at + 1 :], forge.digest_of)
        assert "CMS_UNEXPECTED" not in codes(found), at
        if all_passed(found):
            assert meaning(found) == wanted, at
            survivors += 1
    # Only bytes that bind nothing survive: versions, the list of digests, NULL parameters.
    assert survivors <= 40


@pytest.mark.parametrize("kind,oid", [("rsa", "rsa-sha256"), ("ec", "ecdsa-sha256")])
def test_cut_off_anywhere(forge: Any, kind: str, oid: str) -> None:
    cms = forge(kind, oid=oid).build()
    for size in range(0, len(cms), 3):
        found = examine(cms[:size], forge.digest_of)
        assert codes(found) == {"CMS_MALFORMED"}, size


BUILT: dict[str, bytes] = {}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_many_changes_at_once(forge: Any, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(list(RIGHT)))
    kind, changes = RIGHT[case]
    cms = bytearray(BUILT.setdefault(case, forge(kind, **changes).build()))
    wanted = meaning(examine(bytes(cms), forge.digest_of))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(cms) - 1))
        action = data.draw(st.sampled_from(("set", "drop", "insert")))
        if action == "set":
            cms[at] = data.draw(st.integers(0, 255))
        elif action == "drop":
            del cms[at]
        else:
            cms.insert(at, data.draw(st.integers(0, 255)))
    found = examine(bytes(cms), forge.digest_of)
    assert "CMS_UNEXPECTED" not in codes(found), found.checks
    if all_passed(found):
        assert meaning(found) == wanted


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    assert not examine(data, lambda _: b"").intact


# --- made by others -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], [pkcs7.PKCS7Options.NoCapabilities], [pkcs7.PKCS7Options.NoAttributes]])
def test_made_by_pyca(forge: Any, options: list[Any]) -> None:
    for kind in ("rsa", "ec"):
        key, der = forge.keys[kind]
        builder = pkcs7.PKCS7SignatureBuilder().set_data(forge.content)
        builder = builder.add_signer(x509.load_der_x509_certificate(der), key, hashes.SHA384())
        flags = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, *options]
        cms = builder.sign(serialization.Encoding.DER, flags)
        found = examine(cms, forge.digest_of)
        assert found.intact, found.checks
        assert found.certificate == Certificate(der)
        assert not examine(cms, lambda name: forge.digest(name, b"other")).intact


OPENSSL = "openssl"


def openssl_cms(forge: Any, folder: Path, kind: str, *options: str) -> bytes:
    key, der = forge.keys[kind]
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "cert.pem").write_bytes(Certificate(der).to_pem())
    (folder / "data").write_bytes(forge.content)
    command = [OPENSSL, "cms", "-sign", "-binary", "-in", "data", "-signer", "cert.pem", "-inkey", "key.pem"]
    return subprocess.run([*command, "-outform", "DER", *options], cwd=folder, capture_output=True, check=True).stdout


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize(
    "options",
    [
        ("rsa", "-md", "sha256"),
        ("rsa", "-md", "sha512", "-cades"),
        ("rsa", "-md", "sha1", "-noattr"),
        ("rsa", "-md", "sha256", "-keyopt", "rsa_padding_mode:pss"),
        ("rsa", "-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:11"),
        ("rsa", "-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha384"),
        ("ec", "-md", "sha384", "-keyid"),
        ("ec", "-md", "sha512", "-cades"),
        ("ec", "-md", "sha256", "-noattr"),
        ("brainpool", "-md", "sha256"),
    ],
    ids=" ".join,
)
def test_made_by_openssl(forge: Any, tmp_path: Path, options: tuple[str, ...]) -> None:
    kind, *rest = options
    der = forge.keys[kind][1]
    made = openssl_cms(forge, tmp_path, kind, *rest)
    found = examine(made, forge.digest_of)
    assert found.intact, found.checks
    assert found.certificate == Certificate(der)
    assert not examine(made, lambda name: forge.digest(name, b"other")).intact
    if "-noattr" not in rest:
        assert found.claimed_time is not None and found.claimed_time > datetime(2020, 1, 1, tzinfo=UTC)
    assert ("-cades" in rest) == (found.reference_version == 2)


@pytest.mark.usefixtures("openssl")
def test_indefinite_lengths_and_content_inside(forge: Any, tmp_path: Path) -> None:
    """openssl streams BER with the content inside: the mathematics hold, and still a PDF signature is not like this."""
    made = openssl_cms(forge, tmp_path, "ec", "-stream", "-indef", "-nodetach")
    assert made[1] == 0x80
    found = examine(made, forge.digest_of)
    assert found.content == forge.content
    assert outcome(found) == dict.fromkeys(ALL, "passed") | {"cms-structure": "unknown"}
    assert codes(found) >= {"CMS_CONTENT_INSIDE", "CMS_NOTE_NOT_DER"}
    assert not found.intact and not found.broken


def test_every_code_has_a_sentence_in_both_languages() -> None:
    import re

    import eseal.crypto

    sources = Path(str(eseal.crypto.__file__)).parent.glob("*.py")
    used = {c for s in sources for c in re.findall(r'"((?:CMS|TST|PADES|ALGORITHMS)_[A-Z0-9_]+)"', s.read_text())}
    assert len(used) > 40
    for lang in ("en", "zh"):
        assert not [c for c in used if c not in messages.catalogue(lang)]
