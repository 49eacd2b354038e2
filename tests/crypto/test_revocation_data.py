"""CRLs, OCSP responses, extensions and names against pyca as a second reader, and against damaged bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.crl import read_crl
from eseal.crypto.extensions import read_extensions
from eseal.crypto.names import emails_in, is_below, name_key
from eseal.crypto.ocsp import OcspStatus, read_ocsp, request
from eseal.crypto.signatures import check_issued, check_signed
from eseal.errors import UsageError
from eseal.model import Certificate, KeyInfo

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = ec.generate_private_key(ec.SECP256R1())
DER = serialization.Encoding.DER
SPKI = KeyInfo(KEY.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo))
URL = x509.UniformResourceIdentifier


def certificate(serial: int = 77, *extensions: tuple[x509.ExtensionType, bool]) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(serial)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEY, hashes.SHA256())


def value(cert: x509.Certificate) -> Certificate:
    return Certificate(cert.public_bytes(DER))


def crl(serials: list[int]) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(certificate().subject)
    builder = builder.last_update(NOW).next_update(NOW + DAY).add_extension(x509.CRLNumber(5), False)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY)
        builder = builder.add_revoked_certificate(
            entry.add_extension(x509.CRLReason(x509.ReasonFlags.superseded), False).build()
        )
    return builder.sign(KEY, hashes.SHA256()).public_bytes(DER)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 2**40), max_size=12, unique=True), st.integers(1, 2**40))
def test_a_list_is_read_as_pyca_reads_it(serials: list[int], other: int) -> None:
    der = crl(serials)
    ours, theirs = read_crl(der), x509.load_der_x509_crl(der)
    assert (ours.this_update, ours.next_update) == (theirs.last_update_utc, theirs.next_update_utc)
    for serial in [*serials, other]:
        found = ours.find(serial)
        assert (found is not None) is (theirs.get_revoked_certificate_by_serial_number(serial) is not None)
        if found is not None:
            assert (found.time, found.reason) == (NOW - DAY, "superseded")
    assert check_signed(ours.signed, ours.algorithm, ours.signature, SPKI) is True


LIST = crl([1, 2, 3])
LEAF = certificate(
    78,
    (x509.BasicConstraints(True, 3), True),
    (x509.CRLDistributionPoints([x509.DistributionPoint([URL("http://a.example/c")], None, None, None)]), False),
    (
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(AuthorityInformationAccessOID.OCSP, URL("http://a.example/o")),
                x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, URL("ldap://a.example/i")),
            ]
        ),
        False,
    ),
    (x509.NameConstraints([x509.RFC822Name("a.example")], [x509.DNSName("b.example")]), True),
    (x509.PolicyConstraints(1, 2), True),
    (x509.InhibitAnyPolicy(4), True),
    (x509.OCSPNoCheck(), False),
)
ANSWER = (
    ocsp.OCSPResponseBuilder()
    .add_response(LEAF, certificate(), hashes.SHA256(), ocsp.OCSPCertStatus.REVOKED, NOW, NOW + DAY, NOW - DAY,
                  x509.ReasonFlags.key_compromise)
    .responder_id(ocsp.OCSPResponderEncoding.HASH, certificate())
    .certificates([certificate()])
    .sign(KEY, hashes.SHA256())
    .public_bytes(DER)
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_an_error_or_another_value_never_a_crash(data: st.DataObject) -> None:
    kind, der = data.draw(st.sampled_from([("crl", LIST), ("ocsp", ANSWER), ("cert", LEAF.public_bytes(DER))]))
    at = data.draw(st.integers(0, len(der) - 1))
    mutated = der[:at] + bytes([data.draw(st.integers(0, 255))]) + der[at + data.draw(st.integers(0, 3)) :]
    try:
        if kind == "crl":
            read = read_crl(mutated)
            if read.signed != read_crl(LIST).signed:
                assert check_signed(read.signed, read.algorithm, read.signature, SPKI) is not True
            read.find(2)
        elif kind == "ocsp":
            answer = read_ocsp(mutated)
            if answer.signed != read_ocsp(ANSWER).signed:
                assert check_signed(answer.signed, answer.algorithm, answer.signature, SPKI) is not True
        else:
            read_extensions(Certificate(mutated))
            if mutated != der:
                check_issued(Certificate(mutated), SPKI)
    except (Asn1Error, UsageError):
        pass


@given(st.binary(max_size=200))
def test_garbage_is_an_error(data: bytes) -> None:
    for read in (read_crl, read_ocsp):
        with pytest.raises(Asn1Error):
            read(data)
    with pytest.raises(UsageError):
        read_extensions(Certificate(data))


def test_an_answer_is_read_as_pyca_reads_it() -> None:
    ours = read_ocsp(ANSWER)
    theirs = ocsp.load_der_ocsp_response(ANSWER)
    single = ours.responses[0]
    assert ours.produced_at == theirs.produced_at_utc
    assert (single.status, single.serial) == (OcspStatus.REVOKED, theirs.serial_number)
    assert (single.issuer_name_hash, single.issuer_key_hash) == (theirs.issuer_name_hash, theirs.issuer_key_hash)
    assert single.revocation is not None
    assert (single.revocation.time, single.revocation.reason) == (theirs.revocation_time_utc, "keyCompromise")
    assert (single.this_update, single.next_update) == (theirs.this_update_utc, theirs.next_update_utc)
    assert single.is_about(value(LEAF), value(certificate()))
    assert not single.is_about(value(certificate(79)), value(certificate()))
    assert ours.is_by(value(certificate()))


def test_a_request_is_what_pyca_writes() -> None:
    builder = ocsp.OCSPRequestBuilder().add_certificate(LEAF, certificate(), hashes.SHA1())
    assert request(value(LEAF), value(certificate())) == builder.build().public_bytes(DER)


def test_a_responder_that_gives_an_error_gives_no_answer() -> None:
    failed = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(DER)
    with pytest.raises(Asn1Error):
        read_ocsp(failed)


def test_extensions() -> None:
    more = read_extensions(value(LEAF))
    assert (more.version, more.is_ca, more.path_length) == (3, True, 3)
    assert (more.crl_urls, more.ocsp_urls, more.issuer_urls) == (("http://a.example/c",), ("http://a.example/o",), ())
    assert (more.require_explicit, more.inhibit_mapping, more.inhibit_any) == (1, 2, 4)
    assert more.ocsp_no_check
    assert more.name_constraints is not None
    assert [n.value for n in more.name_constraints.permitted] == [b"a.example"]
    assert [n.value for n in more.name_constraints.excluded] == [b"b.example"]
    assert more.critical == {"2.5.29.19", "2.5.29.30", "2.5.29.36", "2.5.29.54"}


def test_an_extension_given_twice_is_refused() -> None:
    der = bytearray(LEAF.public_bytes(DER))
    first, second = (bytes.fromhex("0603551d24"), bytes.fromhex("0603551d36"))
    at = der.index(second)
    der[at : at + 5] = first
    with pytest.raises(UsageError):
        read_extensions(Certificate(bytes(der)))


def name(*parts: tuple[x509.ObjectIdentifier, str]) -> bytes:
    return x509.Name([x509.NameAttribute(o, v) for o, v in parts]).public_bytes()


ORG, CN = NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME


def test_names_are_compared_by_what_they_say() -> None:
    printable = asn1_x509.Name.build({"organization_name": "An  Office"}, use_printable=True).dump()
    assert name_key(printable) == name_key(name((ORG, "an office ")))
    assert name_key(name((ORG, "a"))) != name_key(name((CN, "a")))
    assert name_key(name((ORG, "a"), (CN, "b"))) != name_key(name((CN, "b"), (ORG, "a")))
    assert name_key(b"garbage") == name_key(b"garbage") != name_key(b"other")


def test_subtrees() -> None:
    base = name((ORG, "Office"))
    assert is_below(name((ORG, "office"), (CN, "x")), base)
    assert is_below(base, base)
    assert not is_below(name((CN, "x"), (ORG, "Office")), base)
    assert not is_below(name((ORG, "Office of others")), base)
    assert is_below(base, b"\x30\x00")
    assert emails_in(name((NameOID.EMAIL_ADDRESS, "A@x.example"))) == ("a@x.example",)
