"""Signatures as foreign signers write them: digests, encodings, keys. What is right is untouched, its twin is not."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

from eseal.crypto import asn1
from support.foreign import BORN, PKI, Cms, Foreign, cms, judged, token

SHA = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "sha512_256": "2.16.840.1.101.3.4.2.6",
}
HASHES: dict[str, Any] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha512_256": hashes.SHA512_256(),
}
NULL = b"\x05\x00"


def tlv(tag: int, *parts: bytes, form: str = "der") -> bytes:
    """One element: in DER, of indefinite length, or with more octets of length than it needs (X.690 8.1.3)."""
    content = b"".join(parts)
    if form == "indefinite" and tag & 0x20:
        return bytes((tag, 0x80)) + content + b"\0\0"
    if form == "long":
        return bytes((tag, 0x84)) + len(content).to_bytes(4) + content
    return asn1.encode(tag, content)


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for number in (40 * first + second, *rest):
        groups = [number & 127]
        while number := number >> 7:
            groups.append(number & 127 | 128)
        out += bytes(reversed(groups))
    return tlv(6, bytes(out))


def name_of(certificate: bytes) -> tuple[bytes, bytes]:
    """Issuer and serial number of a certificate, as they stand in it."""
    fields = asn1.whole(certificate).children()[0].children()
    return fields[3].raw, fields[1].raw


def built(
    certificate: bytes,
    value: Any,
    algorithm: str,
    *,
    digest: str = "sha256",
    digest_oid: str | None = None,
    form: str = "der",
    signed_form: str = "der",
    split: bool = False,
    attributes: bool = True,
    chain: bytes = PKI["rsa2048"].issuing.certificate.der,
) -> Cms:
    """A CMS by hand: `value` gives the signature over a message."""

    def sign(covered: bytes) -> bytes:
        def one(tag: int, *parts: bytes) -> bytes:
            return tlv(tag, *parts, form=form)

        issuer, serial = name_of(certificate)
        hashed = one(0x30, oid(digest_oid or SHA[digest]), NULL)
        told = hashlib.new(digest, covered).digest()
        members = [
            tlv(0x30, oid("1.2.840.113549.1.9.3"), tlv(0x31, oid("1.2.840.113549.1.7.1"))),
            tlv(0x30, oid("1.2.840.113549.1.9.4"), tlv(0x31, tlv(4, told))),
        ]
        made = value(tlv(0x31, *sorted(members)) if attributes else covered)
        octets = tlv(0x24, tlv(4, made[:9]), tlv(4, made[9:]), form=form) if split else one(4, made)
        name = tlv(0x30, *(c.raw for c in asn1.whole(issuer).children()), form=form)
        told_by = [one(2, b"\x01"), one(0x30, name, serial), hashed]
        told_by += [tlv(0xA0, *sorted(members), form=signed_form)] if attributes else []
        signer = one(0x30, *told_by, one(0x30, oid(algorithm)), octets)
        body = one(2, b"\x01") + one(0x31, hashed) + one(0x30, oid("1.2.840.113549.1.7.1"))
        body += one(0xA0, certificate, chain) + one(0x31, signer)
        return one(0x30, oid("1.2.840.113549.1.7.2"), one(0xA0, one(0x30, body)))

    return sign


def certified(key: Any, change: Any = lambda spki: spki) -> bytes:
    """A certificate of the issuing authority; `change` writes its SubjectPublicKeyInfo in another way."""
    issuing = PKI["rsa2048"].issuing
    by = serialization.load_pem_private_key(issuing.key_pem, None)
    assert isinstance(by, rsa.RSAPrivateKey)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Odd")]))
        .issuer_name(x509.load_der_x509_certificate(issuing.certificate.der).subject)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(BORN)
        .not_valid_after(BORN + timedelta(days=300))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .sign(by, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    told, algorithm, _ = asn1.whole(certificate).children()
    fields = [f.raw for f in told.children()]
    fields[6] = change(fields[6])
    body = tlv(0x30, *fields)
    value = by.sign(body, padding.PKCS1v15(), hashes.SHA256())
    return tlv(0x30, body, algorithm.raw, tlv(3, b"\0" + value))


def rsa_key(modulus: Any = lambda n: n, exponent: Any = lambda e: e) -> Any:
    """Writes the two numbers of an RSA key in another way."""

    def change(spki: bytes) -> bytes:
        algorithm, bits = asn1.whole(spki).children()
        n, e = asn1.whole(bits.content[1:]).children()
        numbers = tlv(0x30, tlv(2, modulus(n.content)), tlv(2, exponent(e.content)))
        return tlv(0x30, algorithm.raw, tlv(3, b"\0" + numbers))

    return change


def by_rsa(key: rsa.RSAPrivateKey, digest: str = "sha256") -> Any:
    return lambda message: key.sign(message, padding.PKCS1v15(), HASHES[digest])


RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_SHA256, RSA_PLAIN = "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"


def right(make: Cms) -> None:
    """Untouched as it is; not so with another byte in what is signed."""
    data = Foreign().sign(make).data
    assert judged(data) == ("yes", [])
    at = data.index(b"/Title (Notice)") + 9
    assert judged(data[:at] + b"M" + data[at + 1 :])[0] == "no"


# Keys

ODD_KEYS = {
    "the modulus without its zero octet": rsa_key(modulus=lambda n: n[1:]),
    "the modulus with more zero octets": rsa_key(modulus=lambda n: b"\0\0\0" + n),
    "the exponent with zero octets": rsa_key(exponent=lambda e: b"\0\0" + e),
}


@pytest.mark.parametrize("how", ODD_KEYS)
def test_rsa_keys_as_strangers_write_them(how):
    right(built(certified(RSA_KEY, ODD_KEYS[how]), by_rsa(RSA_KEY), RSA_SHA256))


def numbers(exponent: int) -> rsa.RSAPrivateKey:
    """A key with any exponent, over primes of a usual one."""
    for _ in range(50):
        old = rsa.generate_private_key(65537, 2048).private_numbers()
        order = (old.p - 1) * (old.q - 1)
        try:
            d = pow(exponent, -1, order)
        except ValueError:
            continue
        n = rsa.RSAPublicNumbers(exponent, old.p * old.q)
        dp, dq, qi = rsa.rsa_crt_dmp1(d, old.p), rsa.rsa_crt_dmq1(d, old.q), rsa.rsa_crt_iqmp(old.p, old.q)
        return rsa.RSAPrivateNumbers(old.p, old.q, d, dp, dq, qi, n).private_key()
    raise AssertionError("no key")


@pytest.mark.parametrize("exponent", [3, 17, 0x8000001D, (1 << 61) + 15])
def test_exponents_of_every_size(exponent):
    key = numbers(exponent)
    right(built(certified(key), by_rsa(key), RSA_SHA256))


def test_a_key_that_signs_anything_signs_nothing():
    """With exponent 1 the padded digest is its own signature; the certificate is genuine all the same."""
    certificate = certified(RSA_KEY, rsa_key(exponent=lambda e: b"\x01"))

    def value(message: bytes) -> bytes:
        info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(message).digest()
        return b"\0\x01" + b"\xff" * (253 - len(info)) + b"\0" + info

    assert judged(Foreign().sign(built(certificate, value, RSA_SHA256)).data)[0] in ("no", "unknown")


def test_plain_ecdsa():
    """BSI TR-03111 5.2.1: r and s side by side, under OIDs of their own."""

    def plain(message: bytes) -> bytes:
        r, s = utils.decode_dss_signature(EC_KEY.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    certificate = certified(EC_KEY)
    right(built(certificate, plain, "0.4.0.127.0.7.1.1.4.1.3"))
    # The digestAlgorithm may be given as the signature's own OID.
    right(built(certificate, plain, "0.4.0.127.0.7.1.1.4.1.3", digest_oid="0.4.0.127.0.7.1.1.4.1.3"))
    for value, algorithm in (
        (lambda m: plain(m)[:-1], "0.4.0.127.0.7.1.1.4.1.3"),
        (lambda m: b"\0" + plain(m), "0.4.0.127.0.7.1.1.4.1.3"),
        (lambda m: plain(m)[32:] + plain(m)[:32], "0.4.0.127.0.7.1.1.4.1.3"),
        (lambda m: bytes(64), "0.4.0.127.0.7.1.1.4.1.3"),
        (plain, "1.2.840.10045.4.3.2"),
        (plain, "0.4.0.127.0.7.1.1.4.1.5"),
    ):
        assert judged(Foreign().sign(built(certificate, value, algorithm)).data)[0] in ("no", "unknown")


# Digests


@pytest.mark.parametrize(
    ("digest", "algorithm", "digest_oid"),
    [
        ("sha256", RSA_PLAIN, None),
        ("sha384", "1.2.840.113549.1.1.12", None),
        ("sha512_256", "1.2.840.113549.1.1.16", None),
        ("sha512_256", RSA_PLAIN, None),
        ("sha256", RSA_PLAIN, RSA_SHA256),
        ("sha512", "1.2.840.113549.1.1.13", "1.2.840.113549.1.1.13"),
        # The value states SHA-384, as the digestAlgorithm does; only the identifier beside it names less.
        ("sha384", RSA_SHA256, None),
    ],
)
def test_digests_as_strangers_name_them(digest, algorithm, digest_oid):
    right(built(certified(RSA_KEY), by_rsa(RSA_KEY, digest), algorithm, digest=digest, digest_oid=digest_oid))


@pytest.mark.parametrize(
    ("digest", "value", "algorithm", "digest_oid"),
    [
        ("sha256", "sha256", "2.16.840.1.101.3.4.3.14", None),
        ("sha256", "sha256", "1.2.840.113549.1.1.13", None),
        ("sha384", "sha256", RSA_SHA256, None),
        ("sha256", "sha384", "1.2.840.113549.1.1.12", None),
        ("sha512_256", "sha512_256", RSA_SHA256, None),
        ("sha256", "sha256", RSA_SHA256, SHA["sha512_256"]),
        ("sha256", "sha256", RSA_SHA256, "1.2.840.113549.1.1.16"),
        ("sha256", "sha256", RSA_SHA256, "1.2.840.113549.2.5"),
        ("sha256", "sha256", "1.2.840.113549.1.1.10", None),
    ],
)
def test_digests_that_contradict_each_other(digest, value, algorithm, digest_oid):
    made = built(certified(RSA_KEY), by_rsa(RSA_KEY, value), algorithm, digest=digest, digest_oid=digest_oid)
    assert judged(Foreign().sign(made).data)[0] in ("no", "unknown")


# Encodings


@pytest.mark.parametrize("form", ["der", "indefinite", "long"])
@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("attributes", [True, False])
def test_ber(form, split, attributes):
    right(built(certified(RSA_KEY), by_rsa(RSA_KEY), RSA_SHA256, form=form, split=split, attributes=attributes))


@pytest.mark.parametrize("signed_form", ["indefinite", "long"])
def test_attributes_in_ber_are_signed_in_der(signed_form):
    """RFC 5652 5.4: the DER of the attributes is what is signed, however they stand there."""
    right(built(certified(RSA_KEY), by_rsa(RSA_KEY), RSA_SHA256, form="indefinite", signed_form=signed_form))


@pytest.mark.parametrize("padding_octets", [b"", b"\0", b"\0" * 100, b"\0" * 1500])
def test_zeros_behind_the_structure(padding_octets):
    make = built(certified(RSA_KEY), by_rsa(RSA_KEY), RSA_SHA256, form="indefinite")
    right(lambda covered: make(covered) + padding_octets)


@pytest.mark.parametrize(
    "behind", [b"\0\0x", b"\xff" * 9, b" " * 20, b"\0" * 50 + b"\x30\x00", b"AAAA" * 9 + b"\0" * 99]
)
def test_anything_else_behind_the_structure_stays_a_doubt(behind):
    """No digest covers it, so nobody can tell who wrote it: two files with one seal."""
    for form in ("der", "indefinite"):
        make = built(certified(RSA_KEY), by_rsa(RSA_KEY), RSA_SHA256, form=form)
        data = Foreign().sign(lambda covered, make=make: make(covered) + behind).data
        assert judged(data)[0] == "unknown"


# OpenSSL


OPENSSL = {
    "with attributes": ["-md", "sha256"],
    "key identifier": ["-keyid"],
    "no attributes": ["-noattr"],
    "CAdES": ["-cades"],
    "SHA3-256": ["-md", "sha3-256"],
    "SHA-512/256": ["-md", "sha512-256"],
    "PSS": ["-keyopt", "rsa_padding_mode:pss"],
    "PSS, short salt": ["-md", "sha384", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"],
}


@pytest.mark.parametrize("how", OPENSSL)
def test_openssl(openssl, tmp_path: Path, how):
    credential = PKI["rsa2048"].seal
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    key.write_bytes(credential.key_pem)
    encoded = [base64.encodebytes(c.der) for c in (credential.certificate, *credential.chain)]
    pems = [b"-----BEGIN CERTIFICATE-----\n" + e + b"-----END CERTIFICATE-----\n" for e in encoded]
    (tmp_path / "signer.pem").write_bytes(pems[0])
    chain.write_bytes(b"".join(pems[1:]))
    command = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-signer", str(tmp_path / "signer.pem")]
    command += ["-inkey", str(key), "-certfile", str(chain), *OPENSSL[how]]
    right(lambda covered: subprocess.run(command, input=covered, capture_output=True, check=True).stdout)


# Timestamps


@pytest.mark.parametrize("of_type", [b"/Type /DocTimeStamp ", b"/Type /Sig ", b""])
@pytest.mark.parametrize("style", ["merged", "split", "group", "bare"])
def test_a_timestamp_is_known_by_its_encoding(of_type, style):
    """Older writers call it a signature, or nothing; table 255 makes /Type optional."""
    made = Foreign(form=True).sign(cms())
    made.sign(token, b"T1", sub_filter=b"/ETSI.RFC3161", of_type=of_type, style=style)
    assert judged(made.data) == ("yes", [])


@pytest.mark.parametrize(
    ("make", "sub_filter", "of_type"),
    [
        (cms(), b"/ETSI.RFC3161", b"/Type /DocTimeStamp "),
        (cms(), b"/ETSI.RFC3161", b""),
        (token, b"/adbe.pkcs7.detached", b"/Type /Sig "),
        (token, b"/ETSI.CAdES.detached", b""),
        (cms(), b"/adbe.pkcs7.detached", b"/Type /DocTimeStamp "),
        (token, b"/ETSI.RFC3161", b"/Type /Other "),
        (lambda covered: token(covered + b"x"), b"/ETSI.RFC3161", b"/Type /DocTimeStamp "),
        (lambda covered: token(covered)[:-9] + bytes(9), b"/ETSI.RFC3161", b"/Type /DocTimeStamp "),
    ],
    ids=["signature", "signature-untyped", "token", "token-untyped", "misnamed", "other-type", "other-bytes", "broken"],
)
def test_a_timestamp_and_a_signature_are_not_each_other(make, sub_filter, of_type):
    made = Foreign().sign(cms())
    made.sign(make, b"T1", sub_filter=sub_filter, of_type=of_type)
    assert judged(made.data)[0] in ("no", "unknown")
