"""Certificate paths: each vector says what is wrong and what must be said; `openssl verify` is the foreign oracle."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eseal.model import RevocationMode
from eseal.report.model import CheckVerdict, SubIndication
from support.judges import need

Q = Any


@dataclass(frozen=True)
class Vector:
    name: str
    why: str
    change: Callable[[Q], None]
    verdict: str
    code: str
    check: str = "path"
    sub: SubIndication | None = None
    openssl: bool | None = None
    """What `openssl verify` must say; None: the same as here (passed or not)."""
    note: str = ""
    """Why OpenSSL differs, where it does."""


def rebuild(q: Q, *, inter: dict[str, Any] | None = None, leaf: dict[str, Any] | None = None, **root: Any) -> None:
    q.root = q.lab.issue("Root", ca=True, **root)
    q.inter = q.lab.issue("Issuing", q.root, **{"ca": True, "length": 0, **(inter or {})})
    more = dict(leaf or {})
    q.leaf = q.lab.issue(more.pop("common", "Seal"), q.inter, **more)
    q.certificates, q.anchors = [q.inter], [q.root]


def nothing(_q: Q) -> None:
    pass


def no_intermediate(q: Q) -> None:
    q.certificates = []


def own_root(q: Q) -> None:
    # The document brings its own complete chain; the verifier trusts another root.
    q.certificates = [q.inter, q.root]
    q.anchors = [q.lab.issue("Another root", ca=True)]


def same_name_other_key(q: Q) -> None:
    # An attacker's root with the very name of the trusted one.
    fake = q.lab.issue("Root", ca=True, key="attacker")
    q.inter = q.lab.issue("Issuing", fake, ca=True, key="attacker CA")
    q.leaf = q.lab.issue("Seal", q.inter, key="attacker leaf")
    q.certificates = [q.inter, fake]


def cloned_leaf(q: Q) -> None:
    # Names, serial and identifiers of the real one, another key, signed by that key.
    q.leaf = q.lab.issue("Seal", q.inter, key="clone", sign_with=q.lab.key("clone"), serial=q.leaf.x509.serial_number)


def leaf_as_ca(q: Q) -> None:
    false_ca = q.leaf
    q.leaf = q.lab.issue("Forged seal", false_ca, key="forged")
    q.certificates = [q.inter, false_ca]


def no_basic_constraints(q: Q) -> None:
    rebuild(q, inter={"ca": False, "basic": False, "length": None, "key_usage": ("key_cert_sign",)})


def ca_without_cert_sign(q: Q) -> None:
    rebuild(q, inter={"key_usage": ("crl_sign", "digital_signature")})


def length_violated(q: Q) -> None:
    deep = q.lab.issue("Deep CA", q.inter, ca=True)
    q.leaf = q.lab.issue("Seal", deep)
    q.certificates = [q.inter, deep]


def length_of_the_anchor(q: Q) -> None:
    rebuild(q, length=0)


def length_not_counting_self_issued(q: Q) -> None:
    # A key roll-over certificate of the same CA does not count (RFC 5280 4.2.1.9).
    q.root = q.lab.issue("Root", ca=True)
    old = q.lab.issue("Rolling", q.root, ca=True, length=0, key="rolling old")
    new = q.lab.issue("Rolling", old, ca=True, key="rolling new")
    q.leaf = q.lab.issue("Seal", new)
    q.certificates, q.anchors = [old, new], [q.root]


def anchor_is_leaf(q: Q) -> None:
    # Whoever trusts an end entity does not trust what it "issues".
    false_ca = q.lab.issue("Trusted person")
    q.leaf = q.lab.issue("Forged seal", false_ca, key="forged 2")
    q.certificates, q.anchors = [], [false_ca]


def leaf_is_anchor(q: Q) -> None:
    q.leaf = q.lab.issue("Self-signed seal")
    q.certificates, q.anchors = [], [q.leaf]


def intermediate_is_anchor(q: Q) -> None:
    q.certificates, q.anchors = [], [q.inter]


def bare_root(q: Q) -> None:
    rebuild(q, basic=False, key_usage=None, identifiers=False)


def critical_unknown(q: Q) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    rebuild(q, inter={"extensions": [(strange, True)]})


def critical_unknown_leaf(q: Q) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    rebuild(q, leaf={"extensions": [(strange, True)]})


def plain_unknown(q: Q) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    rebuild(q, inter={"extensions": [(strange, False)]}, leaf={"extensions": [(strange, False)]})


def constrained(
    q: Q,
    permitted: list[x509.GeneralName] | None,
    excluded: list[x509.GeneralName] | None,
    subject: x509.Name,
    **more: Any,
) -> None:
    rebuild(
        q,
        inter={"extensions": [(x509.NameConstraints(permitted, excluded), True)]},
        leaf={"common": subject, **more},
    )


def organisation(value: str, common: str = "Seal", email: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, value), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if email:
        parts.append(x509.NameAttribute(NameOID.EMAIL_ADDRESS, email))
    return x509.Name(parts)


def directory(value: str) -> x509.DirectoryName:
    return x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, value)]))


def mail(*values: str) -> dict[str, Any]:
    return {"extensions": [(x509.SubjectAlternativeName([x509.RFC822Name(v) for v in values]), False)]}


def policy(*oids: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(o), None) for o in oids])


def explicit(q: Q, inter: list[str], leaf: list[str]) -> None:
    demand = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)
    rebuild(
        q,
        inter={"extensions": [(demand, True), (policy(*inter), False)]},
        leaf={"extensions": [(policy(*leaf), False)]} if leaf else {},
    )


def issuer_expired(q: Q) -> None:
    rebuild(q, inter={"end": q.at.replace(year=2025)})


def issuer_not_yet(q: Q) -> None:
    rebuild(q, inter={"start": q.at.replace(year=2027)})


def anchor_expired(q: Q) -> None:
    rebuild(q, end=q.at.replace(year=2025))


def cross_certificates(q: Q) -> None:
    # Two certificates for one CA key: one from a root that nobody trusts, one from the trusted root.
    other = q.lab.issue("Other root", ca=True)
    cross = q.lab.issue("Issuing", other, ca=True, length=0)
    q.certificates = [cross, q.inter, other]


def cross_certificates_one_expired(q: Q) -> None:
    expired = q.lab.issue("Issuing", q.root, ca=True, length=0, end=q.at.replace(year=2024))
    q.certificates = [expired, q.inter]


def loop(q: Q) -> None:
    # A and B certify each other, and nobody else does.
    a0 = q.lab.issue("A", ca=True)
    b = q.lab.issue("B", a0, ca=True)
    a = q.lab.issue("A", b, ca=True)
    q.leaf = q.lab.issue("Seal", a)
    q.certificates = [a, b]


def tls_ca(q: Q) -> None:
    rebuild(q, inter={"extended": (ExtendedKeyUsageOID.SERVER_AUTH.dotted_string,)})


def too_long(q: Q) -> None:
    above = q.root
    for n in range(12):
        above = q.lab.issue(f"CA {n}", above, ca=True)
        q.certificates.append(above)
    q.leaf = q.lab.issue("Seal", above)


def other_spelling(q: Q) -> None:
    # The issuer's name in another case, as some CAs write it (RFC 5280 7.1).
    root = q.root
    spelled = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ROOT ")])
    stand_in = type(root)(q.lab.issue(spelled, ca=True, key=root.x509.subject.rfc4514_string()).x509, root.key)
    q.inter = q.lab.issue("Issuing", stand_in, ca=True, length=0)
    q.leaf = q.lab.issue("Seal", q.inter)
    q.certificates = [q.inter]


NC = SubIndication.CHAIN_CONSTRAINTS_FAILURE
VECTORS = [
    Vector("good", "complete chain", nothing, "passed", "PATH_TRUSTED"),
    Vector("no-intermediate", "the issuing CA is missing", no_intermediate, "unknown", "PATH_ISSUER_NOT_FOUND",
           sub=SubIndication.NO_CERTIFICATE_CHAIN_FOUND),
    Vector("own-root", "the document's own root", own_root, "unknown", "PATH_ROOT_NOT_TRUSTED"),
    Vector("same-name", "a root of the same name", same_name_other_key, "unknown", "PATH_ROOT_NOT_TRUSTED"),
    Vector("cloned-leaf", "a copy with another key", cloned_leaf, "unknown", "PATH_SIGNATURE_WRONG"),
    Vector("leaf-as-ca", "an end entity issues", leaf_as_ca, "failed", "PATH_NOT_A_CA", sub=NC),
    Vector("no-basic", "no basicConstraints", no_basic_constraints, "failed", "PATH_NOT_A_CA"),
    Vector("no-cert-sign", "keyCertSign is missing", ca_without_cert_sign, "failed", "PATH_CA_KEY_USAGE"),
    Vector("path-length", "pathLen 0 with a CA below", length_violated, "failed", "PATH_LENGTH"),
    Vector("anchor-length", "pathLen of the anchor itself", length_of_the_anchor, "failed", "PATH_LENGTH"),
    Vector("self-issued", "roll-over does not count", length_not_counting_self_issued, "passed", "PATH_TRUSTED"),
    Vector("anchor-leaf", "an anchor that is no CA", anchor_is_leaf, "failed", "PATH_NOT_A_CA"),
    Vector("leaf-anchor", "the signer itself is trusted", leaf_is_anchor, "passed", "PATH_TRUSTED"),
    Vector("inter-anchor", "an issuing CA is the anchor", intermediate_is_anchor, "passed", "PATH_TRUSTED",
           openssl=False, note="without -partial_chain OpenSSL wants a self-signed root"),
    Vector("bare-root", "a version 3 root without any extension", bare_root, "failed", "PATH_NOT_A_CA"),
    Vector("critical-ca", "unknown critical extension", critical_unknown, "unknown", "PATH_CRITICAL_EXTENSION"),
    Vector("critical-leaf", "the same in the leaf", critical_unknown_leaf, "unknown", "PATH_CRITICAL_EXTENSION"),
    Vector("plain-unknown", "unknown, not critical", plain_unknown, "passed", "PATH_TRUSTED"),
    Vector("permitted", "inside the permitted names",
           lambda q: constrained(q, [directory("Good")], None, organisation("Good")), "passed", "PATH_TRUSTED"),
    Vector("permitted-case", "names are compared without case",
           lambda q: constrained(q, [directory("Good")], None, organisation("gOOD ")), "passed", "PATH_TRUSTED"),
    Vector("not-permitted", "outside the permitted names",
           lambda q: constrained(q, [directory("Good")], None, organisation("Evil")), "failed",
           "PATH_NAME_CONSTRAINTS", sub=NC),
    Vector("excluded", "an excluded name",
           lambda q: constrained(q, None, [directory("Evil")], organisation("Evil")), "failed",
           "PATH_NAME_CONSTRAINTS"),
    Vector("not-excluded", "another name",
           lambda q: constrained(q, None, [directory("Evil")], organisation("Good")), "passed", "PATH_TRUSTED"),
    Vector("mail-permitted", "address in the permitted host",
           lambda q: constrained(q, [x509.RFC822Name("good.example")], None, organisation("Any"),
                                 **mail("a@good.example")),
           "passed", "PATH_TRUSTED"),
    Vector("mail-not-permitted", "a subdomain is not the host",
           lambda q: constrained(q, [x509.RFC822Name("good.example")], None, organisation("Any"),
                                 **mail("a@sub.good.example")), "failed", "PATH_NAME_CONSTRAINTS"),
    Vector("mail-one-of-two", "one of two addresses outside",
           lambda q: constrained(q, [x509.RFC822Name("good.example")], None, organisation("Any"),
                                 **mail("a@good.example", "a@evil.example")), "failed", "PATH_NAME_CONSTRAINTS"),
    Vector("mail-domain", "a leading dot means subdomains",
           lambda q: constrained(q, [x509.RFC822Name(".good.example")], None, organisation("Any"),
                                 **mail("a@sub.good.example")), "passed", "PATH_TRUSTED"),
    Vector("mail-in-subject", "the address stands in the subject",
           lambda q: constrained(q, [x509.RFC822Name("good.example")], None,
                                 organisation("Any", email="a@evil.example")), "failed", "PATH_NAME_CONSTRAINTS"),
    Vector("names-unknown", "a kind of name that is not processed",
           lambda q: constrained(q, [x509.UniformResourceIdentifier("good.example")], None, organisation("Any"),
                                 extensions=[(x509.SubjectAlternativeName(
                                     [x509.UniformResourceIdentifier("http://good.example/")]), False)]),
           "unknown", "PATH_NAMES_UNKNOWN", openssl=True, note="OpenSSL processes URI constraints"),
    Vector("policy-met", "explicit policy demanded and met", lambda q: explicit(q, ["1.2.3"], ["1.2.3"]), "passed",
           "PATH_TRUSTED"),
    Vector("policy-any", "met through anyPolicy", lambda q: explicit(q, ["2.5.29.32.0"], ["1.2.3"]), "passed",
           "PATH_TRUSTED"),
    Vector("policy-other", "another policy below", lambda q: explicit(q, ["1.2.3"], ["1.2.4"]), "failed",
           "PATH_POLICY"),
    Vector("policy-none", "no policy below", lambda q: explicit(q, ["1.2.3"], []), "failed", "PATH_POLICY"),
    Vector("issuer-expired", "the issuing CA expired", issuer_expired, "unknown", "VALIDITY_ISSUER_OUTSIDE",
           "validity", SubIndication.OUT_OF_BOUNDS_NO_POE),
    Vector("issuer-not-yet", "the issuing CA not yet valid", issuer_not_yet, "unknown", "VALIDITY_ISSUER_OUTSIDE",
           "validity"),
    Vector("anchor-expired", "the root expired", anchor_expired, "unknown", "PATH_ANCHOR_PERIOD"),
    Vector("cross", "cross-certificates, one leads astray", cross_certificates, "passed", "PATH_TRUSTED",
           openssl=False, note="it does not go back to try the other"),
    Vector("cross-expired", "two for one CA, one expired", cross_certificates_one_expired, "passed", "PATH_TRUSTED"),
    Vector("loop", "two CAs certify each other", loop, "unknown", "PATH_ISSUER_NOT_FOUND"),
    Vector("tls-ca", "a CA for TLS alone", tls_ca, "unknown", "PATH_CA_EXTENDED_USAGE", openssl=True,
           note="OpenSSL looks at it only where a purpose is asked"),
    Vector("too-long", "twelve CAs", too_long, "unknown", "PATH_TOO_LONG", openssl=True, note="its limit is 100"),
    Vector("other-spelling", "issuer name in another case, with a space", other_spelling, "passed", "PATH_TRUSTED"),
]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.name)
def test_vector(vector: Vector, good: Q, ask_one: Any, tmp_path: Path) -> None:
    vector.change(good)
    good.policy = type(good.policy)(revocation=RevocationMode.IGNORE)
    judgement = good.ask()
    found = ask_one(judgement.checks, vector.check)
    said = (found.verdict.value, {c.code for c in judgement.checks if c.id == vector.check})
    assert found.verdict == vector.verdict, said
    assert vector.code in said[1], said
    if vector.sub is not None:
        assert found.sub_indication is vector.sub
    for lang in ("en", "zh"):
        assert sentence(found, lang) != found.code
    accepted = all(c.verdict is CheckVerdict.PASSED for c in judgement.checks if c.id in ("path", "validity"))
    expected = accepted if vector.openssl is None else vector.openssl
    assert openssl(good, tmp_path) is expected, f"OpenSSL disagrees ({vector.note or 'no difference is known'})"


def sentence(check: Any, lang: str) -> str:
    from eseal import messages

    text = messages.text(check.code, lang, check.params)
    assert "{" not in text, f"{check.code} lacks a parameter: {text}"
    return text


def openssl(q: Q, folder: Path) -> bool:
    need("openssl")
    program = "openssl"
    for file, holders in (("roots.pem", q.anchors), ("pool.pem", q.certificates), ("leaf.pem", [q.leaf])):
        (folder / file).write_bytes(b"".join(h.cert.to_pem() for h in holders))
    command = [program, "verify", "-no-CAfile", "-no-CApath", "-no-CAstore"]
    command += ["-policy_check", "-policy", "2.5.29.32.0"]
    command += ["-attime", str(int(q.at.timestamp())), "-CAfile", str(folder / "roots.pem")]
    if q.certificates:
        command += ["-untrusted", str(folder / "pool.pem")]
    done = subprocess.run([*command, str(folder / "leaf.pem")], capture_output=True, check=False, timeout=30)
    return done.returncode == 0


def test_a_version_1_root_may_be_an_anchor(good: Q, ask_one: Any, tmp_path: Path) -> None:
    need("openssl")
    program = "openssl"
    key = tmp_path / "key.pem"
    private = good.root.key
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    run = [program, "req", "-new", "-key", str(key), "-subj", "/CN=Root", "-out", str(tmp_path / "csr.pem")]
    subprocess.run(run, check=True, capture_output=True, timeout=30)
    sign = [program, "x509", "-req", "-in", str(tmp_path / "csr.pem"), "-signkey", str(key), "-days", "9000"]
    made = subprocess.run(sign, check=True, capture_output=True, timeout=30).stdout
    root = x509.load_pem_x509_certificate(made)
    assert root.version is x509.Version.v1
    good.anchors = [type(good.root)(root, private)]
    good.at = root.not_valid_before_utc.replace(microsecond=0) + timedelta(days=1)
    assert ask_one(good.ask().checks, "path").code == "PATH_TRUSTED"


def test_the_chain_is_evidence(good: Q, ask_one: Any) -> None:
    good.policy = type(good.policy)(revocation=RevocationMode.IGNORE)
    judgement = good.ask()
    path = ask_one(judgement.checks, "path")
    assert path.evidence["chain"] == "CN=Seal < CN=Issuing < CN=Root"
    assert path.evidence["anchor"] == good.root.cert.fingerprint
    assert judgement.chain == (good.leaf.cert, good.inter.cert, good.root.cert)


def test_no_anchor_at_all_is_never_trust(good: Q, ask_one: Any) -> None:
    good.anchors = []
    assert ask_one(good.ask().checks, "path").code == "PATH_NO_ANCHORS"


def test_a_search_among_many_namesakes_ends(good: Q, ask_one: Any) -> None:
    good.certificates = [good.lab.issue("Issuing", good.root, ca=True, key=f"namesake {n}") for n in range(60)]
    good.certificates += [good.lab.issue("Issuing", c, ca=True, key=f"namesake {n}")
                          for n, c in enumerate(good.certificates[:20])]  # fmt: skip
    assert ask_one(good.ask().checks, "path").verdict is not CheckVerdict.PASSED
    good.certificates.append(good.inter)
    assert ask_one(good.ask().checks, "path").verdict is CheckVerdict.PASSED


@pytest.mark.parametrize("place", ["root", "leaf"])
def test_certificates_marked_test_are_shown_as_such(good: Q, place: str) -> None:
    assert not good.ask().signer.test
    if place == "root":
        root = good.lab.issue("TEST Root", ca=True)
        good.leaf, good.anchors = good.lab.issue("Seal", root), [root]
    else:
        good.leaf = good.lab.issue("TEST Seal", good.inter)
    assert good.ask().signer.test
