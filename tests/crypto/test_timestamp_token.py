"""Timestamp tokens: right ones of others, wrong ones by hand; broken is another thing than not trusted."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.signed_data import examine
from eseal.crypto.timestamp_token import ExaminedToken, examine_token, read_info
from eseal.model import Certificate
from eseal.report.model import CheckVerdict

STAMPED = b"the octets of a signature value"


def bad(found: ExaminedToken) -> set[tuple[str, str, str]]:
    return {
        (c.id, c.verdict.value, c.code)
        for c in found.checks
        if c.verdict in (CheckVerdict.FAILED, CheckVerdict.UNKNOWN)
    }


def imprint(forge: Any, stamped: bytes = STAMPED) -> Any:
    return lambda name: forge.digest(name, stamped)


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha512", "sha3_256"])
def test_right(forge: Any, name: str) -> None:
    found = examine_token(forge.token(STAMPED, imprint=name), imprint(forge))
    assert not bad(found), found.checks
    assert found.intact and not found.broken and found.imprint_matches
    assert found.info is not None
    assert found.time == forge.now and found.info.serial == 99 and found.info.policy == "1.2.3.4"
    assert found.info.accuracy == timedelta(seconds=1.5) and found.info.nonce == 12345
    assert name in {u.digest for u in found.algorithms}


def test_over_other_bytes_is_broken(forge: Any) -> None:
    found = examine_token(forge.token(STAMPED), imprint(forge, b"other"))
    assert bad(found) == {("digest", "failed", "TST_IMPRINT_WRONG")}
    assert found.broken and not found.intact


WRONG: dict[str, tuple[dict[str, Any], tuple[str, str, str], bool]] = {
    "no reference to the certificate (RFC 3161 2.4.2, RFC 5816 2.2)": (
        {"reference": None}, ("signing-certificate", "failed", "CMS_REFERENCE_MISSING"), False),
    "no signed attributes (RFC 5652 5.3)": (
        {"attributes": False}, ("signed-attributes", "failed", "CMS_ATTRIBUTES_ABSENT"), True),
    "a document's content type": (
        {"content_type": "1.2.840.113549.1.7.1"}, ("signed-attributes", "failed", "CMS_CONTENT_TYPE_WRONG"), True),
    "usage not critical (RFC 3161 2.3)": (
        {"kind": "tsa-lax"}, ("certificate-usage", "failed", "TST_USAGE_NOT_CRITICAL"), False),
    "usage for other things too": (
        {"kind": "tsa-more"}, ("certificate-usage", "failed", "TST_USAGE_NOT_ALONE"), False),
    "no usage at all": ({"kind": "tsa-none"}, ("certificate-usage", "failed", "TST_USAGE_MISSING"), False),
    "version 2": ({"info": {"version": "v2"}}, ("cms-structure", "unknown", "TST_INFO_MALFORMED"), False),
    "content is no TSTInfo": ({"raw_info": b"hello"}, ("cms-structure", "unknown", "TST_INFO_MALFORMED"), False),
    "critical extension that nobody knows": (
        {"info": {"extensions": [{"extn_id": "1.2.3", "critical": True, "extn_value": b"x"}]}},
        ("cms-structure", "unknown", "TST_INFO_MALFORMED"), False),
    "imprint with SM3": (
        {"info": {"message_imprint": {"hash_algorithm": {"algorithm": "1.2.156.10197.1.401"}, "hashed_message": b"x"}}},
        ("digest", "unknown", "TST_IMPRINT_UNKNOWN"), False),
    "imprint cut short": (
        {"info": {"message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"x"}}},
        ("digest", "failed", "TST_IMPRINT_WRONG"), True),
    "two signers": ({"signers": 2}, ("cms-structure", "unknown", "CMS_SIGNER_COUNT"), False),
    "certificate exchanged": (
        {"referred": b"another"}, ("signing-certificate", "failed", "CMS_REFERENCE_OTHER"), False),
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_wrong(forge: Any, why: str) -> None:
    changes, expected, broken = WRONG[why]
    found = examine_token(forge.token(STAMPED, **changes), imprint(forge))
    assert expected in bad(found), found.checks
    assert found.broken is broken
    if expected[0] not in ("certificate-usage", "signing-certificate"):
        assert not found.intact


def test_a_changed_statement_breaks_the_digest(forge: Any) -> None:
    token = forge.token(STAMPED)
    at = token.index(b"20260601120000Z")
    found = examine_token(token[:at] + b"20250601120000Z" + token[at + 15 :], imprint(forge))
    assert found.time == datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert ("digest", "failed", "CMS_DIGEST_WRONG") in bad(found)
    assert found.broken and not found.intact


def test_a_token_is_no_seal_and_a_seal_is_no_token(forge: Any) -> None:
    token = forge.token(forge.content)
    assert not examine(token, forge.digest_of).intact
    assert not examine_token(forge().build(), forge.digest_of).intact


def test_an_imprint_that_cannot_be_computed(forge: Any) -> None:
    def none(name: str) -> bytes:
        raise KeyError(name)

    found = examine_token(forge.token(STAMPED), none)
    assert found.imprint_matches is None and not found.intact and not found.broken


def test_fields_in_another_order_are_refused(forge: Any) -> None:
    head = bytes.fromhex("020101") + bytes.fromhex("06032a0304")
    imprinted = forge.tlv(0x30, forge.tlv(0x30, bytes.fromhex("0609608648016503040201")) + forge.tlv(0x04, bytes(32)))
    stated = head + imprinted + b"\x02\x01\x05" + forge.tlv(0x18, b"20260601120000.25Z")
    accuracy, nonce = b"\x30\x03\x02\x01\x01", b"\x02\x01\x07"
    info = read_info(forge.tlv(0x30, stated + accuracy + b"\x01\x01\xff" + nonce))
    assert info.time == datetime(2026, 6, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    assert info.ordering and info.nonce == 7 and info.accuracy == timedelta(seconds=1)
    for rest in (nonce + accuracy, nonce + nonce, accuracy + accuracy, b"\x04\x00"):
        with pytest.raises(Asn1Error):
            read_info(forge.tlv(0x30, stated + rest))


def test_every_byte_changed(forge: Any) -> None:
    token = forge.token(STAMPED)
    right = examine_token(token, imprint(forge))
    for at in range(len(token)):
        found = examine_token(token[:at] + bytes((token[at] ^ 0x04,)) + token[at + 1 :], imprint(forge))
        assert "CMS_UNEXPECTED" not in {c.code for c in found.checks}
        if not bad(found):
            assert found.info == right.info and found.examined.certificate == right.examined.certificate, at


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_statement(forge: Any, data: st.DataObject) -> None:
    """Whatever stands where the TSTInfo should be, signed or not, is answered."""
    raw = data.draw(st.binary(min_size=1, max_size=80))
    found = examine_token(forge.token(STAMPED, raw_info=raw), imprint(forge))
    assert not found.intact


OPENSSL = "openssl"
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
clock_precision_digits = 3
"""


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("ess", ["sha1", "sha256", "sha512"])
def test_made_by_openssl(forge: Any, tmp_path: Path, ess: str) -> None:
    key, der = forge.keys["tsa"]
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "tsa.pem").write_bytes(Certificate(der).to_pem())
    (tmp_path / "stamped").write_bytes(STAMPED)
    (tmp_path / "serial").write_text("0A")
    (tmp_path / "tsa.cnf").write_text(CONFIG.format(ess=ess))

    def run(*arguments: str) -> None:
        subprocess.run([OPENSSL, "ts", *arguments], cwd=tmp_path, capture_output=True, check=True)

    run("-query", "-data", "stamped", "-sha512", "-cert", "-out", "query")
    reply = ["-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "query", "-signer", "tsa.pem"]
    run(*reply, "-inkey", "key.pem", "-token_out", "-out", "token")
    token = (tmp_path / "token").read_bytes()
    found = examine_token(token, imprint(forge))
    assert not bad(found), found.checks
    assert found.intact and found.info is not None and found.info.ordering
    assert found.info.accuracy == timedelta(seconds=1, milliseconds=500, microseconds=100)
    assert found.examined.reference_version == (1 if ess == "sha1" else 2)
    assert found.time is not None and abs(datetime.now(UTC) - found.time) < timedelta(hours=1)
    assert examine_token(token, imprint(forge, b"other")).broken
