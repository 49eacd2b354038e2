"""Every kind of key file opens and signs; every wrong one is refused with its own code and without its secret."""

from __future__ import annotations

import io
import pickle
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eseal import keys, testpki
from eseal.crypto import algorithms
from eseal.crypto.certificates import facts
from eseal.errors import Error, KeyAccessError, UsageError
from eseal.keys import secrets
from eseal.keys.files import FileSigner, chain_of
from eseal.messages import catalogue

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
PASSWORD = b"correct horse"
FORMATS = {
    "pkcs8": serialization.PrivateFormat.PKCS8,
    "traditional": serialization.PrivateFormat.TraditionalOpenSSL,
}


@pytest.fixture(scope="module")
def pkis() -> dict[str, testpki.TestPki]:
    return {algorithm: testpki.make("Office", AT, algorithm) for algorithm in testpki.ALGORITHMS}


@pytest.fixture(scope="module")
def pki(pkis: dict[str, testpki.TestPki]) -> testpki.TestPki:
    return pkis["p256"]


def store(path: Path, *parts: bytes, mode: int = 0o600) -> str:
    path.write_bytes(b"".join(parts))
    path.chmod(mode)
    return str(path)


def private(credential: testpki.Credential) -> object:
    return serialization.load_pem_private_key(credential.key_pem, None)


def pem(key: object, form: str = "pkcs8", password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, FORMATS[form], encryption)  # type: ignore[attr-defined]


def p12(credential: testpki.Credential, password: bytes | None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    certificates = [x509.load_der_x509_certificate(c.der) for c in (credential.certificate, *credential.chain)]
    key = private(credential)
    return pkcs12.serialize_key_and_certificates(b"k", key, certificates[0], certificates[1:], encryption)  # type: ignore[arg-type]


def check_signs(signer: keys.Signer) -> None:
    row = algorithms.SCHEMES[signer.scheme]
    key = algorithms.load_public_key(facts(signer.certificate).key.der)
    salt = algorithms.DIGESTS[row.digest].size if row.pss else None
    signature = signer.sign(b"message")
    algorithms.verify(key, row.key_type, row.digest, b"message", signature, pss_salt=salt)
    with pytest.raises(algorithms.BadSignature):
        algorithms.verify(key, row.key_type, row.digest, b"other", signature, pss_salt=salt)


def refused(code: str, uri: str, kind: type[Error] = KeyAccessError, **options: object) -> Error:
    with pytest.raises(kind) as caught:
        keys.open_signer(uri, **options)  # type: ignore[arg-type]
    error = caught.value
    assert error.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in error.message(lang) + error.hint(lang)
    return error


@pytest.mark.parametrize("algorithm", testpki.ALGORITHMS)
@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
@pytest.mark.parametrize("password", [None, PASSWORD])
def test_every_key_in_pem(
    tmp_path: Path, pkis: dict[str, testpki.TestPki], algorithm: str, form: str, password: bytes | None
) -> None:
    if algorithm == "ed25519" and form == "traditional":
        form = "pkcs8"  # RFC 8410 has no other form
    seal = pkis[algorithm].seal
    uri = store(tmp_path / "k", seal.chain_pem(), pem(private(seal), form, password))
    for prefix in ("", "file:", "pem:", "PEM:") if algorithm == "p256" else ("",):
        signer = keys.open_signer(prefix + uri, password=password)
        assert signer.certificate == seal.certificate
        assert signer.chain == (pkis[algorithm].issuing.certificate,)
    check_signs(signer)


@pytest.mark.parametrize("algorithm", testpki.ALGORITHMS)
@pytest.mark.parametrize("password", [b"", PASSWORD])
def test_every_key_in_pkcs12(
    tmp_path: Path, pkis: dict[str, testpki.TestPki], algorithm: str, password: bytes | None
) -> None:
    seal = pkis[algorithm].seal
    uri = store(tmp_path / "k", p12(seal, password))
    for prefix in ("", "file:", "p12:", "pkcs12:") if algorithm == "p256" else ("",):
        signer = keys.open_signer(prefix + uri, password=password)
        assert (signer.certificate, signer.chain) == (seal.certificate, (pkis[algorithm].issuing.certificate,))
    check_signs(signer)


def test_what_openssl_writes(tmp_path: Path, pki: testpki.TestPki) -> None:
    key = store(tmp_path / "key.pem", pki.seal.key_pem)
    chain = store(tmp_path / "chain.pem", pki.seal.chain_pem())
    out = tmp_path / "o.p12"
    command = ["openssl", "pkcs12", "-export", "-inkey", key, "-in", chain, "-out", str(out), "-passout", "pass:abc"]
    for legacy in ([], ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"]):
        subprocess.run(command + legacy, check=True, capture_output=True)
        out.chmod(0o600)
        check_signs(keys.open_signer(str(out), password=b"abc"))
        refused("KEY_PASSWORD_WRONG", str(out), password=b"abd")


@pytest.mark.parametrize("order", [1, -1])
def test_certificates_in_a_file_of_their_own_in_any_order(tmp_path: Path, pki: testpki.TestPki, order: int) -> None:
    certificates = [pki.seal.certificate, pki.issuing.certificate, pki.root, pki.timestamper.certificate][::order]
    cert = tmp_path / "c.pem"
    cert.write_bytes(b"some words\n" + b"\n".join(c.to_pem() for c in certificates))
    signer = keys.open_signer(store(tmp_path / "k", pki.seal.key_pem), cert=cert)
    assert signer.certificate == pki.seal.certificate
    assert signer.chain == (pki.issuing.certificate,), "nearest first, without the root"
    cert.write_bytes(pki.seal.certificate.der)
    assert keys.open_signer(str(tmp_path / "k"), cert=str(cert)).chain == ()


def test_the_chain_follows_key_identifiers_and_ends(pki: testpki.TestPki) -> None:
    other = testpki.make("Office", AT)  # same names, other keys
    pool = (other.issuing.certificate, other.root, pki.root, pki.issuing.certificate)
    assert chain_of(pki.seal.certificate, pool) == (pki.issuing.certificate,)
    assert chain_of(pki.seal.certificate, (other.issuing.certificate,)) == ()
    assert chain_of(pki.root, pool) == ()


def test_schemes(tmp_path: Path, pkis: dict[str, testpki.TestPki]) -> None:
    seal = pkis["rsa2048"].seal
    uri = store(tmp_path / "k", seal.key_pem, seal.chain_pem())
    assert keys.open_signer(uri).scheme == "rsa-pkcs1v15-sha256"
    for name, row in algorithms.SCHEMES.items():
        if row.key_type == "rsa":
            signer = keys.open_signer(uri, scheme=name)
            assert signer.scheme == name
            check_signs(signer)
        else:
            refused("KEY_SCHEME_MISMATCH", uri, UsageError, scheme=name)
    refused("KEY_SCHEME_UNKNOWN", uri, UsageError, scheme="rsa-md5")
    curve = {"p256": "ecdsa-sha256", "p384": "ecdsa-sha384", "p521": "ecdsa-sha512", "ed25519": "ed25519"}
    for algorithm, scheme in curve.items():
        assert pkis[algorithm].seal.signer().scheme == scheme


def test_a_key_marked_for_pss_is_used_for_nothing_else(tmp_path: Path) -> None:
    key, cert = tmp_path / "k.pem", tmp_path / "c.pem"
    command = "openssl req -x509 -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -nodes -subj /CN=TEST -days 10"
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    key.chmod(0o600)
    signer = keys.open_signer(str(key), cert=cert)
    assert signer.scheme == "rsa-pss-sha256"
    check_signs(signer)
    refused("KEY_SCHEME_MISMATCH", str(key), UsageError, cert=cert, scheme="rsa-pkcs1v15-sha256")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o666])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, pki: testpki.TestPki, mode: int) -> None:
    uri = store(tmp_path / "k", pki.seal.key_pem, pki.seal.chain_pem(), mode=mode)
    error = refused("KEY_FILE_PERMISSIONS", uri)
    assert f"chmod 600 {uri}" in error.hint()
    assert f"{mode:04o}" in error.message()
    (tmp_path / "k").chmod(0o400)
    assert keys.open_signer(uri).certificate == pki.seal.certificate


def test_wrong_files_have_codes_of_their_own(tmp_path: Path, pki: testpki.TestPki) -> None:
    seal, folder = pki.seal, tmp_path
    key = private(seal)
    plain = store(folder / "plain", seal.key_pem, seal.chain_pem())
    bundle = store(folder / "p12", p12(seal, PASSWORD))
    encrypted = store(folder / "enc", pem(key, password=PASSWORD), seal.chain_pem())
    old = store(folder / "old", pem(key, "traditional", PASSWORD), seal.chain_pem())
    certificates = x509.load_der_x509_certificate(seal.certificate.der)
    trusted = pkcs12.serialize_java_truststore(
        [pkcs12.PKCS12Certificate(certificates, b"c")], serialization.BestAvailableEncryption(PASSWORD)
    )
    refused("KEY_FILE_NOT_FOUND", str(folder / "missing"))
    refused("KEY_FILE_NOT_FOUND", plain, cert=folder / "missing")
    refused("KEY_FILE_NOT_REGULAR", str(folder))
    refused("KEY_FILE_UNREADABLE", plain + "/below")
    refused("KEY_FILE_UNREADABLE", "a\0b")
    refused("KEY_FILE_TOO_LARGE", store(folder / "large", bytes(keys.files.FILE_BYTES + 1)))
    refused("KEY_FILE_NOT_A_KEY", store(folder / "text", b"hello"))
    refused("KEY_FILE_NOT_A_KEY", store(folder / "none"))
    refused("KEY_FILE_NOT_A_KEY", store(folder / "der", seal.certificate.der))
    refused("KEY_FILE_WITHOUT_KEY", store(folder / "cert", seal.chain_pem()))
    refused("KEY_FILE_WITHOUT_KEY", store(folder / "jks", trusted), password=PASSWORD)
    refused("KEY_FILE_SEVERAL_KEYS", store(folder / "two", seal.key_pem, pki.issuing.key_pem, seal.chain_pem()))
    refused("KEY_FILE_NOT_PEM", "pem:" + bundle)
    refused("KEY_FILE_NOT_PKCS12", "p12:" + plain)
    refused("KEY_PASSWORD_MISSING", bundle)
    refused("KEY_PASSWORD_MISSING", encrypted)
    refused("KEY_PASSWORD_MISSING", old)
    refused("CERTIFICATE_MISSING", store(folder / "alone", seal.key_pem))
    refused("KEY_CERTIFICATE_MISMATCH", store(folder / "mixed", seal.key_pem, pki.issuing.chain_pem()))
    refused("KEY_CERTIFICATE_MISMATCH", str(folder / "alone"), cert=store(folder / "ca", pki.issuing.chain_pem()))
    refused("CERTIFICATE_FILE_UNREADABLE", plain, cert=store(folder / "notcert", b"-----BEGIN nothing"))
    broken = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    refused("CERTIFICATE_FILE_UNREADABLE", plain, cert=store(folder / "broken", broken))
    refused("CERTIFICATE_FILE_UNREADABLE", store(folder / "with", seal.key_pem, broken))
    damaged = b"-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n"
    refused("KEY_FILE_DAMAGED", store(folder / "damaged", damaged))
    # A password for a key that needs none does no harm.
    assert keys.open_signer(plain, password=PASSWORD).certificate == seal.certificate


@pytest.mark.parametrize("form", ["pkcs8", "traditional", "p12"])
def test_no_error_shows_the_password(tmp_path: Path, pki: testpki.TestPki, form: str) -> None:
    seal = pki.seal
    data = p12(seal, PASSWORD) if form == "p12" else pem(private(seal), form, PASSWORD) + seal.chain_pem()
    error = refused("KEY_PASSWORD_WRONG", store(tmp_path / "k", data), password=b"hunter2-wrong")
    shown = [repr(error), str(error), repr(error.params), repr(error.args), error.hint()]
    assert error.__cause__ is None
    assert not any("hunter2" in text for text in shown)


KINDS = {
    "EC secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "EC secp224r1": lambda: ec.generate_private_key(ec.SECP224R1()),
    "EC brainpoolP256r1": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "DSA": lambda: dsa.generate_private_key(1024),
    "X25519": x25519.X25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_keys_that_do_not_seal(tmp_path: Path, kind: str) -> None:
    error = refused("KEY_KIND_UNSUPPORTED", store(tmp_path / "k", pem(KINDS[kind]())))
    assert kind in error.message()


def test_sm2_and_openssh_are_named(tmp_path: Path) -> None:
    sm2 = subprocess.run(["openssl", "genpkey", "-algorithm", "SM2"], check=True, capture_output=True).stdout
    refused("KEY_KIND_UNSUPPORTED", store(tmp_path / "sm2", sm2))
    ssh = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    assert "OpenSSH" in refused("KEY_KIND_UNSUPPORTED", store(tmp_path / "ssh", ssh)).message()


def test_sizes_of_rsa(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 1024)
    error = refused("KEY_SIZE_UNSUPPORTED", store(tmp_path / "k", pem(key)))
    assert "1024" in error.message()


@pytest.mark.parametrize(
    "uri",
    ["pkcs12x:token=a", "https://host/key", "env:KEY", "", "file:", "pem:", "file://host/key"],
)
def test_unknown_schemes_name_what_works(uri: str) -> None:
    error = refused("KEY_URI_UNKNOWN", uri, UsageError)
    assert "pem:" in error.message()


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:token=a;object=b?pin-value=hunter2",
        "pkcs11:token=a;pin-value=hunter2",
        "p12:/k.p12?password=hunter2",
        "/k.p12?PASS=hunter2",
        "csc://user:hunter2@host/credential",
        "p12:/k.p12; pin = hunter2",
    ],
)
def test_a_secret_in_the_address_is_refused_and_not_repeated(uri: str) -> None:
    error = refused("KEY_PASSWORD_IN_URI", uri, UsageError)
    assert "hunter2" not in repr(error) + str(error) + repr(error.params) + error.hint()


def test_file_urls(tmp_path: Path, pki: testpki.TestPki) -> None:
    uri = store(tmp_path / "a:b.pem", pki.seal.key_pem, pki.seal.chain_pem())
    for form in (f"file://{uri}", f"file://localhost{uri}", f"pem:{uri}", uri):
        assert keys.open_signer(form).certificate == pki.seal.certificate


def test_the_signer_shows_and_pickles_no_key(pki: testpki.TestPki) -> None:
    signer = pki.seal.signer()
    assert repr(signer) == "<FileSigner 'TEST Office' ecdsa-sha256>"
    assert "PRIVATE" not in repr(pki)
    with pytest.raises(TypeError):
        pickle.dumps(signer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_give_errors_of_ours(data: st.DataObject, pki: testpki.TestPki) -> None:
    original = data.draw(
        st.sampled_from(
            [pki.seal.key_pem + pki.seal.chain_pem(), p12(pki.seal, None), pem(private(pki.seal), "traditional")]
        )
    )
    position = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[position] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        changed = changed[:position]
    try:
        signer = FileSigner.load(bytes(changed))
    except Error as error:
        assert error.code in catalogue("en")
    else:
        check_signs(signer)


def test_secrets_come_from_files_environment_and_streams(tmp_path: Path) -> None:
    good = store(tmp_path / "p", b"\xef\xbb\xbfhunter2\r\nsecond line\n")
    assert secrets.from_file(good) == b"hunter2"
    assert secrets.from_environment("P", {"P": "口令"}) == "口令".encode()
    assert secrets.from_environment("P", {"P": ""}) is secrets.from_environment("P", {}) is None
    assert secrets.from_stream(io.BytesIO(b" with space \nrest")) == b" with space "
    for bad in (b"", b"\n", b"x" * 2000, b"a\0b"):
        with pytest.raises(KeyAccessError) as caught:
            secrets.from_stream(io.BytesIO(bad))
        assert caught.value.code == "PASSWORD_UNUSABLE"
    with pytest.raises(KeyAccessError) as caught:
        secrets.from_file(store(tmp_path / "open", b"hunter2\n", mode=0o644))
    assert caught.value.code == "KEY_FILE_PERMISSIONS"
