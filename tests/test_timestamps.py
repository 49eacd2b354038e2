"""Tokens that OpenSSL verifies, and answers that are wrong, foreign, refused or garbage."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, core, tsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eseal import testpki, timestamps
from eseal.crypto import algorithms, asn1, der
from eseal.crypto.certificates import facts
from eseal.errors import Error, KeyAccessError, ServiceError, UsageError
from eseal.messages import catalogue
from eseal.model import Digest
from eseal.timestamps import FallbackTimestamper, HttpTimestamper, LocalTimestamper

AT = datetime(2026, 11, 24, 12, 0, 7, 999_999, tzinfo=UTC)
DATA = b"what is stamped"
DIGEST = Digest("sha256", hashlib.sha256(DATA).digest())


@pytest.fixture(scope="module")
def pki() -> testpki.TestPki:
    return testpki.make("Office", AT)


@pytest.fixture(scope="module")
def local(pki: testpki.TestPki) -> LocalTimestamper:
    return LocalTimestamper(pki.timestamper.signer(), clock=lambda: AT)


@pytest.fixture(scope="module")
def answer(local: LocalTimestamper) -> bytes:
    return local.respond(timestamps.request(DIGEST, 5))


class Served:
    """A fetcher that answers from memory and keeps what it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple[str, bytes, str | None, int]] = []

    def fetch(self, url: str, *, body: bytes | None = None, content_type: str | None = None, limit: int) -> bytes:
        assert body is not None
        self.asked.append((url, body, content_type, limit))
        return self.answer(body) if callable(self.answer) else self.answer  # type: ignore[return-value]


def failed(code: str, timestamper: HttpTimestamper | FallbackTimestamper) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        timestamper.timestamp(DIGEST)
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang)
    return caught.value


def openssl_ts(folder: Path, pki: testpki.TestPki, *arguments: str | Path) -> bool:
    (folder / "root.pem").write_bytes(pki.root.to_pem())
    (folder / "chain.pem").write_bytes(pki.timestamper.chain_pem())
    command = ["openssl", "ts", "-verify", *arguments, "-CAfile", folder / "root.pem"]
    done = subprocess.run(
        [*command, "-untrusted", folder / "chain.pem", "-attime", str(int(AT.timestamp()))],
        capture_output=True,
        text=True,
    )
    return done.returncode == 0 and "Verification: OK" in done.stdout


@pytest.mark.parametrize("algorithm", [a for a in testpki.ALGORITHMS if a not in ("rsa3072", "rsa-pss")])
def test_openssl_verifies_tokens_and_answers(tmp_path: Path, algorithm: str) -> None:
    pki = testpki.make("杭州市示范局", AT, algorithm)
    timestamper = LocalTimestamper(pki.timestamper.signer(), clock=lambda: AT)
    data, token, query, answer = (tmp_path / n for n in ("data", "token", "query", "answer"))
    data.write_bytes(DATA)
    token.write_bytes(timestamper.timestamp(DIGEST))
    assert openssl_ts(tmp_path, pki, "-data", data, "-in", token, "-token_in")
    for options in (["-cert"], [], ["-no_nonce", "-cert"], ["-sha512", "-cert"]):
        command = ["openssl", "ts", "-query", "-data", data, "-out", query, *options]
        subprocess.run(command, check=True, capture_output=True)
        answer.write_bytes(timestamper.respond(query.read_bytes()))
        assert openssl_ts(tmp_path, pki, "-queryfile", query, "-in", answer)
    data.write_bytes(DATA + b"!")
    assert not openssl_ts(tmp_path, pki, "-data", data, "-in", token, "-token_in")


def test_what_a_token_holds(local: LocalTimestamper, pki: testpki.TestPki) -> None:
    token = local.timestamp(DIGEST)
    read = timestamps.read_token(token)
    assert (read.der, read.imprint, read.nonce) == (token, DIGEST, None)
    assert read.time == AT.replace(microsecond=0)
    assert read.policy == timestamps.local.TEST_POLICY
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    assert {c.dump() for c in signed["certificates"]} == {
        pki.timestamper.certificate.der,
        pki.issuing.certificate.der,
    }
    info = tsp.TSTInfo.load(bytes(signed["encap_content_info"]["content"]), strict=True)
    assert info["accuracy"]["seconds"].native == 1
    assert info["tsa"].chosen.dump().endswith(facts(pki.timestamper.certificate).subject_der)
    signer = signed["signer_infos"][0]
    kinds = [a["type"].native for a in signer["signed_attrs"]]
    assert sorted(kinds) == ["content_type", "message_digest", "signing_certificate_v2"]
    attribute = next(a for a in signer["signed_attrs"] if a["type"].native == "signing_certificate_v2")
    identifier = attribute["values"][0]["certs"][0]
    assert identifier["cert_hash"].native == hashlib.sha256(pki.timestamper.certificate.der).digest()
    assert identifier["issuer_serial"]["serial_number"].native == facts(pki.timestamper.certificate).serial
    assert asn1.to_der(asn1.whole(token)) == token, "it is DER"
    other = cms.ContentInfo.load(local.timestamp(DIGEST))["content"]["encap_content_info"]["content"]
    assert tsp.TSTInfo.load(bytes(other))["serial_number"].native != info["serial_number"].native


def test_a_pss_signer_makes_a_token_that_checks(pki: testpki.TestPki) -> None:
    credential = testpki.issue(
        pki.issuing, "Pss", body="Office", at=AT, until=AT + timedelta(days=1), algorithm="rsa-pss",
        extended=("1.3.6.1.5.5.7.3.8",), extended_critical=True,
    )  # fmt: skip
    token = LocalTimestamper(credential.signer(), clock=lambda: AT).timestamp(DIGEST)
    signer = cms.ContentInfo.load(token, strict=True)["content"]["signer_infos"][0]
    parameters = signer["signature_algorithm"]["parameters"].native
    assert (parameters["salt_length"], parameters["hash_algorithm"]["algorithm"]) == (32, "sha256")
    algorithms.verify(
        algorithms.load_public_key(facts(credential.certificate).key.der), "rsa", "sha256",
        signer["signed_attrs"].untag().dump(), signer["signature"].native, pss_salt=32,
    )  # fmt: skip


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "none"])
def test_retired_digests_get_no_token(local: LocalTimestamper, algorithm: str) -> None:
    size = algorithms.DIGESTS[algorithm].size if algorithm in algorithms.DIGESTS else 32
    with pytest.raises(UsageError) as caught:
        local.timestamp(Digest(algorithm, bytes(size)))
    assert caught.value.code == "TIMESTAMP_DIGEST"
    with pytest.raises(UsageError):
        local.timestamp(Digest("sha256", bytes(31)))


def test_only_a_timestampers_certificate_stamps(pki: testpki.TestPki) -> None:
    with pytest.raises(KeyAccessError) as caught:
        LocalTimestamper(pki.seal.signer(), clock=lambda: AT)
    assert caught.value.code == "CERTIFICATE_NOT_FOR_TIMESTAMPS"
    assert caught.value.message("zh") != caught.value.message("en")


def test_a_naive_clock_is_refused(pki: testpki.TestPki) -> None:
    timestamper = LocalTimestamper(pki.timestamper.signer(), clock=lambda: AT.replace(tzinfo=None))
    with pytest.raises(UsageError) as caught:
        timestamper.timestamp(DIGEST)
    assert caught.value.code == "TIME_NAIVE"


def test_over_http(local: LocalTimestamper) -> None:
    served = Served(local.respond)
    timestamper = HttpTimestamper("http://tsa.example/", served)
    token = timestamper.timestamp(DIGEST)
    (url, body, content_type, limit), *_ = served.asked
    assert (url, content_type, timestamper.name) == ("http://tsa.example/", "application/timestamp-query", url)
    assert limit >= len(token)
    query = tsp.TimeStampReq.load(body, strict=True)
    assert query["cert_req"].native is True
    assert query["message_imprint"]["hashed_message"].native == DIGEST.value
    read = timestamps.read_token(token)
    assert read.nonce == query["nonce"].native
    timestamper.timestamp(DIGEST)
    assert tsp.TimeStampReq.load(served.asked[1][1])["nonce"].native != read.nonce


def test_answers_that_are_not_to_this_request(local: LocalTimestamper) -> None:
    other = Digest("sha256", bytes(32))
    wrong = Served(lambda body: local.respond(timestamps.request(other, tsp.TimeStampReq.load(body)["nonce"].native)))
    failed("TIMESTAMP_WRONG_IMPRINT", HttpTimestamper("http://a", wrong))
    same_value = Digest("sha3_256", DIGEST.value)
    failed(
        "TIMESTAMP_WRONG_IMPRINT",
        HttpTimestamper(
            "http://a", Served(lambda _: local.respond(timestamps.request(same_value, 5))), nonce=lambda: 5
        ),
    )
    replayed = Served(local.respond(timestamps.request(DIGEST, 5)))
    failed("TIMESTAMP_WRONG_NONCE", HttpTimestamper("http://a", replayed))
    without_nonce = der.sequence(der.sequence(der.integer(0)), local.timestamp(DIGEST))
    failed("TIMESTAMP_WRONG_NONCE", HttpTimestamper("http://a", Served(without_nonce)))
    without_certificate = der.sequence(
        der.integer(1), timestamps.protocol.imprint(DIGEST), der.integer(5), der.boolean(False)
    )
    served = Served(local.respond(without_certificate))
    failed("TIMESTAMP_WITHOUT_CERTIFICATE", HttpTimestamper("http://a", served, nonce=lambda: 5))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda q: b"\x30\x80" + q, "badDataFormat"),
        (lambda q: q + b"\0", "badDataFormat"),
        (lambda _: timestamps.request(Digest("sha1", bytes(20)), 1), "badAlg"),
        (lambda _: timestamps.request(DIGEST, 1, policy="1.2.3"), "unacceptedPolicy"),
        (lambda q: q.replace(DIGEST.value, DIGEST.value[:-1]).replace(b"\x04\x20", b"\x04\x1f"), "badDataFormat"),
        (lambda q: q.replace(b"\x02\x01\x01", b"\x02\x01\x02", 1), "bad"),
    ],
)
def test_refusals_say_why(local: LocalTimestamper, change: object, words: str) -> None:
    served = Served(lambda body: local.respond(change(body)))  # type: ignore[operator]
    error = failed("TIMESTAMP_REFUSED", HttpTimestamper("http://tsa.example/", served))
    assert words in error.message()
    assert "http://tsa.example/" in error.message("zh")


def test_extensions_are_refused(local: LocalTimestamper) -> None:
    query = tsp.TimeStampReq.load(timestamps.request(DIGEST, 5))
    query["extensions"] = [{"extn_id": "2.5.29.35", "critical": True, "extn_value": b"\x05\0"}]
    error = failed("TIMESTAMP_REFUSED", HttpTimestamper("http://a", Served(local.respond(query.dump(force=True)))))
    assert "unacceptedExtension" in error.message()


def test_a_policy_is_asked_for(local: LocalTimestamper) -> None:
    timestamper = HttpTimestamper("http://a", Served(local.respond), policy=timestamps.local.TEST_POLICY)
    assert timestamps.read_token(timestamper.timestamp(DIGEST)).policy == timestamps.local.TEST_POLICY


def test_fall_back_keeps_every_reason(local: LocalTimestamper) -> None:
    garbage = HttpTimestamper("http://one", Served(b"<html>"))
    rejecting = HttpTimestamper("http://two", Served(local.respond(b"")))
    good = HttpTimestamper("http://three", Served(local.respond))
    unused = Served(local.respond)
    token = FallbackTimestamper([garbage, rejecting, good, HttpTimestamper("http://four", unused)]).timestamp(DIGEST)
    assert timestamps.read_token(token).imprint == DIGEST
    assert unused.asked == []
    both = FallbackTimestamper([garbage, rejecting])
    assert both.name == "http://one, http://two"
    error = failed("TIMESTAMPERS_FAILED", both)
    assert "http://one: TIMESTAMP_MALFORMED; http://two: TIMESTAMP_REFUSED" in error.params["reasons"]
    assert "badDataFormat" in error.message("zh")
    assert "- http://two: TIMESTAMP_REFUSED" in pickle.loads(pickle.dumps(error)).message("zh")
    failed("TIMESTAMP_MALFORMED", FallbackTimestamper([garbage]))
    with pytest.raises(UsageError) as caught:
        FallbackTimestamper([])
    assert caught.value.code == "TIMESTAMPERS_EMPTY"


def test_a_key_that_fails_is_a_refusal_of_the_server(pki: testpki.TestPki) -> None:
    class Broken:
        certificate, chain, scheme = pki.timestamper.certificate, (), "ecdsa-sha256"

        def sign(self, message: bytes) -> bytes:
            raise KeyAccessError("KEY_FILE_DAMAGED", path="token")

    timestamper = LocalTimestamper(Broken(), clock=lambda: AT)
    error = failed("TIMESTAMP_REFUSED", HttpTimestamper("http://a", Served(timestamper.respond)))
    assert "timeNotAvailable" in error.message()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_answers_and_queries(data: st.DataObject, local: LocalTimestamper, answer: bytes) -> None:
    original = bytearray(data.draw(st.sampled_from([answer, timestamps.request(DIGEST, 5)])))
    for _ in range(data.draw(st.integers(1, 3))):
        original[data.draw(st.integers(0, len(original) - 1))] = data.draw(st.integers(0, 255))
    changed = bytes(original[: data.draw(st.integers(0, len(original)))])
    assert local.respond(changed)[:1] == b"\x30"
    try:
        token = timestamps.read_response(changed, DIGEST, 5, service="x")
    except Error as error:
        assert error.code.startswith("TIMESTAMP_")
    else:
        assert (token.imprint, token.nonce) == (DIGEST, 5)


@given(number=st.integers(-(1 << 200), 1 << 200), arcs=st.lists(st.integers(0, 1 << 130), max_size=4))
def test_the_der_writer_agrees_with_the_library(number: int, arcs: list[int]) -> None:
    assert der.integer(number) == core.Integer(number).dump()
    dotted = ".".join(map(str, (2, 25, *arcs)))
    assert core.ObjectIdentifier.load(der.oid(dotted), strict=True).dotted == dotted
    value = bytes(abs(number) % 70_000)
    assert der.octets(value) == core.OctetString(value).dump()
