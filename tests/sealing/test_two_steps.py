"""A seal in two steps: prepared without a key, stored, signed by somebody else, completed after a restart."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request as Query
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal import testpki
from eseal.authority.making import make_seal, official_seal
from eseal.crypto.cms_build import with_timestamp
from eseal.crypto.signed_data import examine
from eseal.errors import Error, KeyAccessError, PolicyError, ServiceError, UsageError, VerificationFailed
from eseal.judging.policy import Policy
from eseal.limits import DEFAULT
from eseal.model import RevocationMode
from eseal.report.model import Answer
from eseal.sealing import FOREIGN_ROOM, Prepared, Request, Services, complete, prepare, seal
from eseal.sealing.preparing import checksum
from eseal.seals.register import Body, SealKind
from eseal.timestamps import LocalTimestamper
from eseal.trust.store import TrustStore
from eseal.verification import verify
from support.judges import run
from support.pdfs import simple_pdf

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
DATA = simple_pdf(pages=2)
REQUEST = Request(at=AT, reason="two steps")
OFFLINE = Policy(revocation=RevocationMode.IGNORE)


@pytest.fixture(scope="module")
def pki():
    return testpki.make("Two Steps", AT, "rsa2048")


@pytest.fixture(scope="module")
def curve():
    return testpki.make("Two Steps Too", AT, "p256")


@pytest.fixture(scope="module")
def services(pki):
    return Services(LocalTimestamper(pki.timestamper.signer(), clock=lambda: datetime.now(UTC)))


@pytest.fixture
def key_file(pki, tmp_path):
    path = tmp_path / "key.pem"
    path.touch(mode=0o600)
    path.write_bytes(pki.seal.key_pem + pki.seal.chain_pem())
    return path


def made(pki, *, level="B", room=None, certificate=None, scheme="rsa-pkcs1v15-sha256"):
    request = Request(at=AT, level=level)
    owner = certificate or pki.seal
    return prepare(DATA, owner.certificate, request, scheme=scheme, chain=owner.chain, room=room)


def passes(data, pki):
    report = verify(data, TrustStore.from_certificates([pki.root]), policy=OFFLINE)
    return report.passed, str(report.signatures[0].level)


def test_one_call_is_the_two_steps(pki):
    signer = pki.seal.signer()
    prepared = prepare(DATA, signer.certificate, REQUEST, scheme=signer.scheme, chain=tuple(signer.chain))
    two = complete(prepared, signer.sign(prepared.to_sign))
    assert two.data == seal(DATA, signer, at=AT, reason="two steps", level="B").data


def test_openssl_signs_in_another_process_after_a_restart(pki, key_file, openssl, tmp_path):
    # A process that prepares, stores and ends; another that reads what is stored and completes.
    (tmp_path / "in.pdf").write_bytes(DATA)
    (tmp_path / "cert.pem").write_bytes(pki.seal.chain_pem())
    before = """
import sys
from datetime import datetime
from pathlib import Path
from eseal.model import Certificate
from eseal.sealing import Request, prepare
folder = Path(sys.argv[1])
leaf, *chain = Certificate.load_all((folder / "cert.pem").read_bytes())
request = Request(at=datetime.fromisoformat(sys.argv[2]), level="B")
made = prepare((folder / "in.pdf").read_bytes(), leaf, request, scheme="rsa-pkcs1v15-sha256", chain=tuple(chain))
(folder / "pending.json").write_bytes(made.to_bytes())
(folder / "to-sign.bin").write_bytes(made.to_sign)
"""
    after = """
import sys
from pathlib import Path
from eseal.sealing import Prepared, complete
folder = Path(sys.argv[1])
prepared = Prepared.from_bytes((folder / "pending.json").read_bytes(), (folder / "in.pdf").read_bytes())
(folder / "out.pdf").write_bytes(complete(prepared, (folder / "signature.bin").read_bytes()).data)
"""
    subprocess.run([sys.executable, "-c", before, str(tmp_path), AT.isoformat()], check=True)
    run("openssl", "dgst", "-sha256", "-sign", key_file, "-out", tmp_path / "signature.bin", tmp_path / "to-sign.bin")
    subprocess.run([sys.executable, "-c", after, str(tmp_path)], check=True)
    assert passes((tmp_path / "out.pdf").read_bytes(), pki) == (True, "B-B")


@pytest.fixture
def hash_service(key_file, openssl, tmp_path):
    """Signs digests with OpenSSL, over HTTP; keeps everything that it was sent."""
    seen: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(body)
            asked = json.loads(body)
            (tmp_path / "digest").write_bytes(bytes.fromhex(asked["digest"]))
            run(
                "openssl", "pkeyutl", "-sign", "-inkey", key_file, "-in", tmp_path / "digest",
                "-out", tmp_path / "value",                "-pkeyopt", f"digest:{asked['algorithm']}",
            )  # fmt: skip
            answer = (tmp_path / "value").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", seen
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("level", ["B", "T"])
def test_a_service_that_sees_a_digest_and_never_the_document(pki, services, hash_service, level):
    url, seen = hash_service
    prepared = made(pki, level=level)
    asked = prepared.digest_to_sign
    assert asked.value == hashlib.sha256(prepared.to_sign).digest()
    body = json.dumps({"algorithm": asked.algorithm, "digest": asked.value.hex()}).encode()
    with urlopen(Query(url, body)) as answer:
        value = answer.read()
    sealed = complete(prepared, value, services=services)
    assert passes(sealed.data, pki) == (True, f"B-{level}")
    assert [len(one) for one in seen] == [len(body)] and DATA[:40] not in seen[0]


@pytest.mark.parametrize("level", ["B", "T"])
def test_a_whole_cms_by_openssl(pki, services, key_file, openssl, tmp_path, level):
    prepared = Prepared.from_bytes(made(pki, level=level, room=FOREIGN_ROOM).to_bytes(), DATA)
    (tmp_path / "content").write_bytes(prepared.signed_bytes)
    (tmp_path / "issuer").write_bytes(pki.issuing.certificate.to_pem())
    run(
        "openssl", "cms", "-sign", "-cades", "-binary", "-nosmimecap", "-outform", "DER", "-md", "sha384",
        "-signer", key_file, "-inkey", key_file, "-certfile", tmp_path / "issuer",
        "-in", tmp_path / "content", "-out", tmp_path / "cms",
    )  # fmt: skip
    sealed = complete(prepared, cms=(tmp_path / "cms").read_bytes(), services=services)
    assert passes(sealed.data, pki) == (True, f"B-{level}")


def test_a_whole_cms_by_pyhanko(pki, tmp_path):
    script = """
import asyncio, sys
from pyhanko.sign import signers
key, leaf, issuer, digest = sys.argv[1:]
signer = signers.SimpleSigner.load(key, leaf, ca_chain_files=(issuer,))
cms = asyncio.run(signer.async_sign(bytes.fromhex(digest), "sha256", use_pades=True))
sys.stdout.buffer.write(cms.dump())
"""
    prepared = made(pki, room=FOREIGN_ROOM)
    parts = {"key": pki.seal.key_pem, "leaf": pki.seal.certificate.to_pem(), "issuer": pki.issuing.certificate.to_pem()}
    for name, content in parts.items():
        (tmp_path / name).write_bytes(content)
    arguments = [*(tmp_path / name for name in parts), prepared.pending.digest.value.hex()]
    done = subprocess.run([sys.executable, "-c", script, *arguments], check=True, capture_output=True)
    assert passes(complete(prepared, cms=done.stdout).data, pki) == (True, "B-B")


def test_a_timestamp_goes_into_a_foreign_cms_and_nothing_else_changes(pki, services):
    prepared = made(pki)
    cms = prepared.pending.cms(pki.seal.signer().sign(prepared.to_sign))
    token = services.timestamper.timestamp(prepared.digest_to_sign)
    once, twice = with_timestamp(cms, token), with_timestamp(with_timestamp(cms, token), token)
    for made_now, count in ((once, 1), (twice, 2)):
        examined = examine(made_now, prepared.pending.digest_of)
        assert len(examined.signature_timestamps) == count and examined.intact
    assert once == prepared.pending.cms(pki.seal.signer().sign(prepared.to_sign), token)


WRONG = {
    "of other bytes": lambda pki, curve, p: pki.seal.signer().sign(p.to_sign + b"x"),
    "of the document instead of the attributes": lambda pki, curve, p: pki.seal.signer().sign(p.signed_bytes),
    "by another key": lambda pki, curve, p: pki.timestamper.signer().sign(p.to_sign),
    "by another kind of key": lambda pki, curve, p: curve.seal.signer().sign(p.to_sign),
    "empty": lambda pki, curve, p: b"",
    "far too long": lambda pki, curve, p: bytes(4000),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_signature_that_does_not_belong_is_refused(pki, curve, how):
    prepared = made(pki)
    with pytest.raises(KeyAccessError) as caught:
        complete(prepared, WRONG[how](pki, curve, prepared))
    assert caught.value.code in ("SEAL_SIGNATURE_WRONG", "SEAL_SIGNATURE_SIZE")
    assert caught.value.hint()


def test_a_cms_that_does_not_belong_is_refused(pki, curve):
    prepared = made(pki, room=FOREIGN_ROOM)
    signer = curve.seal.signer()
    other = prepare(DATA, signer.certificate, Request(at=AT, reason="x"), scheme=signer.scheme)
    foreign = prepare(DATA, signer.certificate, REQUEST, scheme=signer.scheme, room=FOREIGN_ROOM)
    good = prepared.pending.cms(pki.seal.signer().sign(prepared.to_sign))
    of_other = other.pending.cms(signer.sign(other.to_sign))
    for cms, code in (
        (of_other, "SEAL_CMS_WRONG"),
        (good[:-1] + bytes([good[-1] ^ 1]), "SEAL_CMS_WRONG"),
        (b"", "SEAL_CMS_WRONG"),
        (b"\x30\x03\x02\x01\x01", "SEAL_CMS_WRONG"),
    ):
        with pytest.raises(KeyAccessError) as caught:
            complete(prepared, cms=cms)
        assert caught.value.code == code
    # Sound over this very document, but by another certificate than the one that was checked.
    swapped = complete(foreign, signer.sign(foreign.to_sign)).data[len(DATA) :]
    assert swapped
    with pytest.raises(KeyAccessError) as caught:
        complete(prepared, cms=_cms_over(prepared, signer))
    assert caught.value.code == "SEAL_CMS_OTHER_CERTIFICATE"


def _cms_over(prepared, signer):
    from eseal.crypto.cms_build import template

    shape = template(signer.certificate, tuple(signer.chain), signer.scheme)
    attributes = shape.signed_attributes(prepared.pending.digest_of("sha256"))
    return shape.assemble(attributes, signer.sign(attributes))


def test_the_timestamper_may_be_named_when_completing_and_must_be_there_then(pki, services):
    prepared = made(pki, level="T")
    value = pki.seal.signer().sign(prepared.to_sign)
    with pytest.raises(PolicyError) as caught:
        complete(prepared, value)
    assert caught.value.code == "SEAL_LEVEL_NEEDS_TIMESTAMPER"
    assert complete(prepared, value, services=services).level == "T"


def test_too_little_room_is_said_before_anything_is_written(pki):
    prepared = made(pki, room=200)
    with pytest.raises(ServiceError) as caught:
        complete(prepared, pki.seal.signer().sign(prepared.to_sign))
    assert caught.value.code == "SEAL_SLOT_SMALL"


def test_exactly_one_of_signature_and_cms(pki):
    prepared = made(pki)
    for arguments in ({}, {"signature": b"x", "cms": b"x"}):
        with pytest.raises(UsageError) as caught:
            complete(prepared, **arguments)
        assert caught.value.code == "SEAL_COMPLETE_WITH_ONE"


def test_the_stored_form_comes_back_the_same_and_only_beside_its_document(pki):
    prepared = made(pki, level="T")
    stored = prepared.to_bytes()
    assert Prepared.from_bytes(stored, DATA) == prepared
    assert DATA not in stored and b"PRIVATE" not in stored
    for changed, original, code in (
        (stored, DATA + b"\n", "SEAL_PENDING_OTHER_INPUT"),
        (stored.replace(b'"eseal-prepared": 1', b'"eseal-prepared": 2'), DATA, "SEAL_PENDING_VERSION"),
        (b"{}", DATA, "SEAL_PENDING_UNREADABLE"),
        (b"[" * 10_000, DATA, "SEAL_PENDING_UNREADABLE"),
    ):
        with pytest.raises(UsageError) as caught:
            Prepared.from_bytes(changed, original)
        assert caught.value.code == code


def test_a_stored_form_cannot_name_another_seal_than_its_document(pki):
    """Whether a seal may be used, and by whom, is asked of the seal that the stored form names."""
    body = Body("code", "Body")
    certificate, picture = pki.seal.certificate, official_seal("One")
    one, other = (
        make_seal(name, body, certificate, picture, maker="Maker", kind=SealKind.BUSINESS) for name in ("One", "Other")
    )
    signer = pki.seal.signer()
    prepared = prepare(DATA, signer.certificate, Request(at=AT, seal=one), scheme=signer.scheme)
    value = signer.sign(prepared.to_sign)
    stored = prepared.to_bytes()
    assert complete(Prepared.from_bytes(stored, DATA), value).seal_id == one.id
    for claimed in (other.id, ""):
        with pytest.raises(VerificationFailed) as caught:
            complete(Prepared.from_bytes(summed(json.loads(stored) | {"seal": claimed}), DATA), value)
        assert caught.value.code == "SEAL_READ_BACK"


def test_a_stored_form_with_impossible_values_is_refused(pki):
    stored = json.loads(made(pki).to_bytes())
    pending = stored["pending"]
    name, value = pending["digest"]
    for changed in (
        stored | {"level": "LTB"},
        *(stored | {"pending": pending | {"slot": slot}} for slot in (0, -1, 10**12, 10**30, float("inf"))),
        *(stored | {"pending": pending | {"digest": digest}} for digest in (["x", value], [name, "00" * 32])),
    ):
        with pytest.raises(UsageError) as caught:
            Prepared.from_bytes(summed(changed), DATA)
        assert caught.value.code == "SEAL_PENDING_UNREADABLE"


def test_a_stored_form_that_was_damaged_anywhere_is_refused(pki):
    """Nothing signs the chain: a document with a damaged one would be sealed, and trusted by nobody."""
    stored = json.loads(made(pki).to_bytes())
    leaf, issuer = stored["pending"]["certificates"]
    for changed in (
        stored | {"level": "T"},
        stored | {"digests": ["sha1"]},
        stored | {"sha256": None},
        stored | {"pending": stored["pending"] | {"certificates": [leaf, issuer.replace("A", "B", 1)]}},
        {key: value for key, value in stored.items() if key != "sha256"},
    ):
        with pytest.raises(UsageError) as caught:
            Prepared.from_bytes(json.dumps(changed).encode(), DATA)
        assert caught.value.code == "SEAL_PENDING_UNREADABLE"


def summed(changed: dict[str, object]) -> bytes:
    """A changed stored form as somebody writes it who means it."""
    rest = {key: value for key, value in changed.items() if key != "sha256"}
    return json.dumps(rest | {"sha256": checksum(rest)}).encode()


STORED: dict[str, object] = {}


@given(data=st.data())
def test_whatever_is_done_to_the_stored_form_nothing_unsound_comes_out(data):
    """A stored form is a claim: what is completed from a changed one is refused, or says what was signed."""
    if not STORED:
        pki = testpki.make("Stored", AT, "p256")
        prepared = made(pki, certificate=pki.seal, scheme="ecdsa-sha256")
        STORED.update(pki=pki, form=prepared.to_bytes(), value=pki.seal.signer().sign(prepared.to_sign))
    form = bytearray(STORED["form"])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(form) - 1))
        form[at] = data.draw(st.integers(32, 126))
    changed = bytes(form)
    if data.draw(st.booleans()):
        with contextlib.suppress(ValueError):
            changed = summed(json.loads(changed))
    try:
        sealed = complete(Prepared.from_bytes(changed, DATA), STORED["value"])
    except Error:
        return
    report = verify(sealed.data, TrustStore.from_certificates([STORED["pki"].root]), policy=OFFLINE)
    # The chain is signed by nobody here: whether it leads anywhere is the verifier's question.
    assert report.answers.untouched is Answer.YES
    assert len(sealed.data) <= DEFAULT.file_bytes


@pytest.mark.parametrize("whole", [False, True], ids=["signature", "cms"])
def test_a_certificate_that_ended_between_the_steps_is_refused(pki, whole):
    prepared = made(pki, level="T", room=FOREIGN_ROOM)
    value = pki.seal.signer().sign(prepared.to_sign)
    late = LocalTimestamper(pki.timestamper.signer(), clock=lambda: AT + testpki.VALID + timedelta(days=1))
    answer = {"cms": prepared.pending.cms(value)} if whole else {"signature": value}
    with pytest.raises(KeyAccessError) as caught:
        complete(prepared, **answer, services=Services(late))
    assert caught.value.code == "CERTIFICATE_EXPIRED"
