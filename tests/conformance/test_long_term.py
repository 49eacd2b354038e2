"""Levels LT and LTA, by eseal's own sealing and by extending, are what they claim to be for programs of others.

With one root, no network, and nothing but the file.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eseal import TrustStore, testpki, verify
from eseal.report.model import Verdict
from eseal.sealing import Request, Services, extend, seal_as
from eseal.timestamps import LocalTimestamper
from support.judges import need, run
from support.pdfs import simple_pdf

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
KEYS = ("rsa2048", "rsa3072", "rsa-pss", "p256", "p384", "p521", "ed25519")
LEVELS = ("B", "T", "LT", "LTA")


class Office:
    """One test authority, what it seals with and whom it trusts."""

    def __init__(self, key: str, folder: Path) -> None:
        self.pki = testpki.make("杭州市示范局", AT, key)
        self.roots = TrustStore.from_certificates([self.pki.root])
        stamper = LocalTimestamper(self.pki.timestamper.signer(), clock=lambda: datetime.now(UTC))
        self.services = Services(stamper, TrustStore(self.roots.anchors, self.pki.data))
        self.pem = folder / f"{key}.pem"
        self.pem.write_bytes(self.pki.root.to_pem())
        # pdfsig 22.12 answers "unknown issue" to a certificate that it meets for the second time.
        self.second = testpki.issue_seal(self.pki.issuing, "杭州市第二局", body="杭州市示范局", at=AT)
        second = (testpki.ocsp_response(self.pki.issuing, self.second.certificate, at=AT, until=AT + testpki.VALID),)
        data = self.pki.data + type(self.pki.data)(ocsps=second)
        self.services = Services(stamper, TrustStore(self.roots.anchors, data))

    def seal(self, data: bytes, level: str, *, second: bool = False) -> bytes:
        signer = (self.second if second else self.pki.seal).signer()
        return seal_as(data, signer, Request(at=datetime.now(UTC), level=level), self.services).data

    def extend(self, data: bytes, level: str) -> bytes:
        return extend(data, level, services=self.services, at=datetime.now(UTC)).data


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Every kind of key: file -> (root, the level that it must have, number of seals)."""
    folder = tmp_path_factory.mktemp("long")
    offices = {key: Office(key, folder) for key in KEYS}
    found: dict[Path, tuple[Office, str, int]] = {}

    def keep(name: str, office: Office, data: bytes, level: str, count: int) -> None:
        file = folder / f"{name}.pdf"
        file.write_bytes(data)
        found[file] = (office, level, count)

    for key, office in offices.items():
        sealed = {level: office.seal(simple_pdf(), level) for level in LEVELS}
        for level, data in sealed.items():
            keep(f"{key}-{level}", office, data, level, 1)
        two = office.seal(sealed["LTA"], "LTA", second=True)
        keep(f"{key}-two", office, two, "LTA", 2)
    for key in ("p256", "rsa2048"):
        office = offices[key]
        stamped = office.seal(simple_pdf(), "T")
        keep(f"{key}-extended-LT", office, office.extend(stamped, "LT"), "LT", 1)
        once = office.extend(stamped, "LTA")
        keep(f"{key}-extended-LTA", office, once, "LTA", 1)
        keep(f"{key}-extended-twice", office, office.extend(once, "LTA"), "LTA", 1)
        both = office.extend(office.seal(stamped, "T", second=True), "LTA")
        keep(f"{key}-extended-both", office, both, "LTA", 2)
    third = testpki.issue_seal(offices["p256"].pki.issuing, "第三局", body="杭州市示范局", at=AT)
    signer, office = third.signer(), offices["p256"]
    third_good = testpki.ocsp_response(office.pki.issuing, third.certificate, at=AT, until=AT + testpki.VALID)
    trust = office.services.trust
    assert trust is not None
    more = TrustStore(trust.anchors, trust.data + type(trust.data)(ocsps=(third_good,)))
    services = Services(office.services.timestamper, more)
    two = office.seal(office.seal(simple_pdf(), "LTA"), "LTA", second=True)
    three = seal_as(two, signer, Request(at=datetime.now(UTC), level="LTA"), services).data
    keep("p256-three", office, three, "LTA", 3)
    return found


def of(made, key):
    return {file: case for file, case in made.items() if file.name.startswith(f"{key}-")}


@pytest.mark.parametrize("key", KEYS)
def test_pyhanko_finds_the_level_with_the_root_alone(made, ades, key):
    files = of(made, key)
    root = next(iter(files.values()))[0].pem
    for file, (seals, stamps) in ades(root, {file: level for file, (_, level, _) in files.items()}).items():
        _, level, count = files[file]
        assert list(seals.values()) == ["OK"] * count, (file, seals)
        assert all(stamps.values()) and bool(stamps) == (level == "LTA"), (file, stamps)


def test_pyhanko_finds_no_higher_level_than_there_is(made, ades):
    lower = {"B": "T", "T": "LT", "LT": "LTA"}
    files = {file: lower[level] for file, (_, level, _) in of(made, "p256").items() if level in lower}
    assert len(files) >= 4
    for file, (seals, _) in ades(of(made, "p256")[next(iter(files))][0].pem, files).items():
        assert list(seals.values()) != ["OK"], file


@pytest.mark.parametrize("key", KEYS)
def test_eseal_finds_it_too_offline_with_the_root_alone(made, key):
    for file, (office, level, count) in of(made, key).items():
        report = verify(file.read_bytes(), office.roots, datetime.now(UTC))
        seals = [s for s in report.signatures if s.kind == "seal"]
        if level in ("LT", "LTA"):
            assert report.verdict is Verdict.PASSED, file
            assert [s.level.value for s in seals] == [f"B-{level}"] * count, file
        else:
            assert report.verdict is Verdict.INDETERMINATE, file


def test_pdfbox_and_bouncycastle(made, pdfbox, tmp_path):
    roots = tmp_path / "roots.pem"
    roots.write_bytes(b"".join(pem.read_bytes() for pem in {office.pem for office, _, _ in made.values()}))
    for file, rows in pdfbox(roots, *made).items():
        _, level, count = made[Path(file)]
        assert [row[:2] for row in rows] == [("valid", "trusted")] * len(rows), file
        assert len(rows) >= count + (level == "LTA"), file
        ends = [end for _, _, end, _ in rows]
        assert (max(ends) == Path(file).stat().st_size) == (level != "LT"), file


@pytest.mark.parametrize("key", [k for k in KEYS if k != "ed25519"])
def test_pdfsig_and_nss(made, pdfsig, key):
    for file, (office, level, count) in of(made, key).items():
        said = pdfsig(office.pem, file)
        assert said.count("Signature is Valid.") == count, said
        assert said.count("Certificate is Trusted.") == count, said
        assert ("Total document signed" in said) == (level != "LT"), said


def test_openssl_verifies_the_document_timestamps(made, ts_verify, tmp_path):
    for file, (office, level, _) in made.items():
        issuing = tmp_path / "issuing.pem"
        issuing.write_bytes(office.pki.issuing.certificate.to_pem())
        assert bool(ts_verify(office.pem, issuing, file)) == (level == "LTA"), file


def test_qpdf_finds_nothing(made):
    need("qpdf")
    for file in of(made, "p256"):
        said = run("qpdf", "--check", file, ok=(0, 3))
        assert "WARNING" not in said, said
