"""Services that are dead, slow or lie: a clear message for each, the reason kept, and nothing half-written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import eseal
from eseal.authority import Authority
from eseal.authority.making import KeySource
from eseal.errors import Error, PolicyError, ServiceError
from eseal.messages import catalogue
from eseal.net import HttpFetcher
from eseal.report.model import Level
from eseal.timestamps import LocalTimestamper
from support import services as net
from support.pdfs import simple_pdf
from support.services import Corporate, Hangs, Route, Services, Silent, Status, TwoFaced

AT = datetime.now(UTC).replace(microsecond=0)
PDF = simple_pdf()
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
QUICK = HttpFetcher(seconds=0.6, allow_private=True)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with net.running() as started:
        yield started


@dataclass
class Office:
    """A real authority whose key is certified by a corporate CA that names the services."""

    corporate: Corporate
    services: Services
    folder: Path

    def reset(self) -> None:
        """Everything in order: the services answer rightly."""
        corporate, serve = self.corporate, self.services
        serve.asked.clear()
        serve.route("/tsa", net.stamping(corporate.signer(corporate.tsa), AT))
        serve.route("/ocsp", lambda _: corporate.ocsp(corporate.seal))
        serve.route("/ca.crl", lambda _: corporate.crl(corporate.issuing))
        serve.route("/root.crl", lambda _: corporate.crl(corporate.root))

    def authority(self, *timestampers: str) -> Authority:
        made = Authority.open(self.folder, clock=lambda: AT, fetcher=QUICK)
        if timestampers:
            folder = self.folder.with_name(f"office-{abs(hash(timestampers))}")
            if not folder.exists():
                create(self.corporate, folder, timestampers)
            made = Authority.open(folder, clock=lambda: AT, fetcher=QUICK)
        return made


def create(corporate: Corporate, folder: Path, timestampers: tuple[str, ...]) -> None:
    signer, near = corporate.signer(corporate.seal), folder.with_name(folder.name + "-key")
    near.mkdir()
    (near / "key.pem").write_bytes(
        corporate.seal.key.private_bytes(*net.PEM) + signer.certificate.to_pem() + corporate.issuing.cert.to_pem()
    )
    (near / "key.pem").chmod(0o600)
    (near / "root.pem").write_bytes(corporate.root.cert.to_pem())
    Authority.create(
        folder,
        name="Office",
        at=AT,
        key=KeySource(f"pem:{near / 'key.pem'}"),
        trust=[str(near / "root.pem")],
        timestampers=timestampers,
        clock=lambda: AT,
    )


@pytest.fixture(scope="module")
def shared(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("faults") / "office"
    corporate = Corporate(AT, services.url)
    create(corporate, folder, (services.url("/tsa"),))
    return Office(corporate, services, folder)


@pytest.fixture
def office(shared: Office) -> Office:
    shared.reset()
    return shared


def refused(code: str, authority: Authority, tmp_path: Path, *, level: str | None = None) -> Error:
    """Nothing is written, recorded or left behind; the message is whole in both languages."""
    source, out = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(PDF)
    acts = len(list(authority.journal()))
    with pytest.raises((ServiceError, PolicyError)) as caught:
        authority.seal(source, out=out, level=level)
    error = caught.value
    assert error.code == code, error.message()
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in error.message(lang) + error.hint(lang)
    assert sorted(tmp_path.iterdir()) == [source] and source.read_bytes() == PDF
    assert len(list(authority.journal())) == acts
    return error


def test_all_in_order(office: Office) -> None:
    sealed = office.authority().seal(PDF)
    assert (sealed.level, sealed.notes) == ("LTA", ())
    trust = eseal.TrustStore.from_certificates([office.corporate.root.cert])
    report = eseal.verify(sealed.data, trust, AT + HOUR)
    assert report.passed and report.signatures[0].level is Level.B_LTA, report.explain("en")


# Timestampers.


def silent(_: bytes) -> bytes:
    raise Silent


def hangs(_: bytes) -> bytes:
    raise Hangs


def broken(_: bytes) -> bytes:
    raise Status(500)


def garbage(_: bytes) -> bytes:
    return b"<html>Sign in to use the network</html>"


def endless(_: bytes) -> bytes:
    return b"\0" * 1_000_001


def good(office: Office) -> Route:
    return net.stamping(office.corporate.signer(office.corporate.tsa), AT)


def wrong_hash(office: Office) -> Route:
    def change(query: object) -> None:
        query["message_imprint"]["hashed_message"] = bytes(32)  # type: ignore[index]

    return net.altered(good(office), change)


def wrong_nonce(office: Office) -> Route:
    def change(query: object) -> None:
        query["nonce"] = 7  # type: ignore[index]

    return net.altered(good(office), change)


def no_certificate(office: Office) -> Route:
    def change(query: object) -> None:
        query["cert_req"] = False  # type: ignore[index]

    return net.altered(good(office), change)


def refuses(office: Office) -> Route:
    def change(query: object) -> None:
        query["req_policy"] = "1.2.3.4"  # type: ignore[index]

    return net.altered(good(office), change)


def spoilt(office: Office) -> Route:
    """The value of the signature is the last thing in the token."""

    def route(body: bytes) -> bytes:
        answer = good(office)(body)
        return answer[:-1] + bytes([answer[-1] ^ 1])

    return route


def expired(office: Office) -> Route:
    holder = office.corporate.stamper(end=AT - DAY)
    return net.stamping(office.corporate.signer(holder), AT)


def not_for_timestamps(office: Office) -> Route:
    fit = office.corporate.stamper()
    other = office.corporate.issue("TSA", office.corporate.issuing, twin=fit)
    signer = TwoFaced([fit.cert], office.corporate.signer(other))
    return LocalTimestamper(signer, clock=lambda: AT).respond


def not_critical(office: Office) -> Route:
    return net.stamping(office.corporate.signer(office.corporate.stamper(critical=False)), AT)


def clock_ahead(office: Office) -> Route:
    return net.stamping(office.corporate.signer(office.corporate.tsa), AT + HOUR)


def clock_behind(office: Office) -> Route:
    return net.stamping(office.corporate.signer(office.corporate.tsa), AT - HOUR)


LIES: dict[str, tuple[Callable[[Office], Route], str]] = {
    "silent": (lambda _: silent, "NET_TIMEOUT"),
    "hangs up": (lambda _: hangs, "NET_PROTOCOL"),
    "status 500": (lambda _: broken, "NET_STATUS"),
    "web page": (lambda _: garbage, "TIMESTAMP_MALFORMED"),
    "endless": (lambda _: endless, "NET_TOO_LARGE"),
    "refuses": (refuses, "TIMESTAMP_REFUSED"),
    "wrong hash": (wrong_hash, "TIMESTAMP_WRONG_IMPRINT"),
    "wrong nonce": (wrong_nonce, "TIMESTAMP_WRONG_NONCE"),
    "replayed": (lambda office: net.replayed(good(office)), "TIMESTAMP_WRONG_NONCE"),
    "no certificate": (no_certificate, "TIMESTAMP_WITHOUT_CERTIFICATE"),
    "wrong signature": (spoilt, "TIMESTAMP_WRONG_SIGNATURE"),
    "expired certificate": (expired, "TIMESTAMP_CERTIFICATE_EXPIRED"),
    "not for timestamps": (not_for_timestamps, "TIMESTAMP_CERTIFICATE_USAGE"),
    "usage not critical": (not_critical, "TIMESTAMP_CERTIFICATE_USAGE"),
    "an hour ahead": (clock_ahead, "TIMESTAMP_WRONG_TIME"),
    "an hour behind": (clock_behind, "TIMESTAMP_WRONG_TIME"),
}


@pytest.mark.parametrize(("lie", "level"), [(lie, level) for lie in LIES for level in (None, "T", "LTA")])
def test_a_timestamper_that_fails(office: Office, tmp_path: Path, lie: str, level: str | None) -> None:
    make, code = LIES[lie]
    office.services.route("/tsa", make(office))
    error = refused(code, office.authority(), tmp_path, level=level)
    assert office.services.url("/tsa") in error.message("en")
    assert office.services.url("/tsa") in error.message("zh")


def test_a_timestamper_that_is_gone(office: Office, tmp_path: Path) -> None:
    gone = "http://127.0.0.1:9/tsa"
    assert gone in refused("NET_UNREACHABLE", office.authority(gone), tmp_path).message()


@pytest.mark.parametrize("lie", LIES)
def test_the_next_timestamper_takes_over_and_the_reason_is_kept(office: Office, lie: str) -> None:
    make, code = LIES[lie]
    first, second = office.services.route("/lies", make(office)), office.services.url("/tsa")
    sealed = office.authority(first, second).seal(PDF)
    assert sealed.level == "LTA"
    assert [n.code for n in sealed.notes] == ["TIMESTAMPERS_PASSED_OVER", code]
    for lang in ("en", "zh"):
        assert first in sealed.notes[1].message(lang)
        assert "{" not in "".join(n.message(lang) for n in sealed.notes)
    # The one that failed is not asked a second time for the same seal, which needs several tokens.
    assert office.services.asked.count("/lies") == 1 < office.services.asked.count("/tsa")


def test_a_second_seal_tells_its_own_story(office: Office) -> None:
    first, second = office.services.route("/lies", broken), office.services.url("/tsa")
    authority = office.authority(first, second)
    assert [n.code for n in authority.seal(PDF).notes] == ["TIMESTAMPERS_PASSED_OVER", "NET_STATUS"]
    office.services.route("/lies", good(office))
    assert authority.seal(PDF).notes == ()


def test_where_all_fail_each_reason_is_told(office: Office, tmp_path: Path) -> None:
    one, two = office.services.route("/one", broken), office.services.route("/two", wrong_nonce(office))
    error = refused("TIMESTAMPERS_FAILED", office.authority(one, two), tmp_path)
    for lang in ("en", "zh"):
        assert one in error.message(lang) and two in error.message(lang)
        assert "500" in error.message(lang)


# Revocation data.


@dataclass(frozen=True)
class Data:
    """What the two services for the seal's certificate answer, and what must come of it."""

    ocsp: Callable[[Corporate], bytes] | Route
    crl: Callable[[Corporate], bytes] | Route
    code: str
    reasons: tuple[str, ...]


def stale(office: Corporate) -> bytes:
    return office.crl(office.issuing, this=AT - 9 * DAY, next=AT - DAY)


DATA = {
    "OCSP unknown": Data(
        lambda c: c.ocsp(c.seal, "UNKNOWN"), garbage, "LONG_TERM_STATUS_UNKNOWN", ("REVOCATION_STATUS_UNKNOWN",)
    ),
    "OCSP revoked": Data(
        lambda c: c.ocsp(c.seal, "REVOKED"), garbage, "LONG_TERM_REVOKED", ("REVOCATION_REVOKED_NO_PROOF",)
    ),
    "CRL revoked": Data(
        garbage, lambda c: c.crl(c.issuing, (c.seal,)), "LONG_TERM_REVOKED", ("REVOCATION_REVOKED_NO_PROOF",)
    ),
    "OCSP stale": Data(
        lambda c: c.ocsp(c.seal, this=AT - 9 * DAY, next=AT - DAY),
        garbage,
        "LONG_TERM_NO_REVOCATION",
        ("REVOCATION_STALE",),
    ),
    "OCSP from the future": Data(
        lambda c: c.ocsp(c.seal, this=AT + HOUR), garbage, "LONG_TERM_NO_REVOCATION", ("REVOCATION_FROM_FUTURE",)
    ),
    "OCSP of another": Data(
        lambda c: c.ocsp(c.seal, by=c.root), garbage, "LONG_TERM_NO_REVOCATION", ("LONG_TERM_ANSWER_UNUSABLE",)
    ),
    "silent, and an expired CRL": Data(
        silent, stale, "LONG_TERM_NO_REVOCATION", ("REVOCATION_STALE", "NET_TIMEOUT", "LONG_TERM_ANSWER_UNUSABLE")
    ),
    "both broken": Data(broken, hangs, "LONG_TERM_NO_REVOCATION", ("NET_STATUS", "NET_PROTOCOL")),
    "CRL of another": Data(
        broken,
        lambda c: c.crl(c.root),
        "LONG_TERM_NO_REVOCATION",
        ("REVOCATION_MISSING", "NET_STATUS", "LONG_TERM_ANSWER_UNUSABLE"),
    ),
}


def offer(office: Office, data: Data) -> None:
    corporate = office.corporate

    def route(given: Callable[..., bytes]) -> Route:
        return given if given in (garbage, silent, broken, hangs) else lambda _: given(corporate)

    office.services.route("/ocsp", route(data.ocsp))
    office.services.route("/ca.crl", route(data.crl))


@pytest.mark.parametrize("case", DATA)
def test_revocation_data_that_does_not_help(office: Office, tmp_path: Path, case: str) -> None:
    data = DATA[case]
    offer(office, data)
    error = refused(data.code, office.authority(), tmp_path, level="LTA")
    assert "CN=Seal" in error.message("en") and "CN=Seal" in error.message("zh")
    said = error.params["reasons"].split("; ")
    assert {r.removesuffix("_NO_PROOF") for r in data.reasons} <= {r.removesuffix("_NO_PROOF") for r in said}, said


@pytest.mark.parametrize("case", DATA)
def test_where_no_level_is_asked_for_the_highest_is_made_and_why_not_higher(office: Office, case: str) -> None:
    data = DATA[case]
    offer(office, data)
    sealed = office.authority().seal(PDF)
    assert sealed.level == "T"
    codes = [n.code for n in sealed.notes]
    assert codes[:2] == ["SEAL_NOTE_ENDS", data.code], codes
    assert sealed.until is not None and sealed.until.date().isoformat() in sealed.notes[0].message("en")
    for lang in ("en", "zh"):
        assert "{" not in "".join(n.message(lang) for n in sealed.notes)


def test_certificates_without_addresses_and_without_lists(services: Services, tmp_path: Path) -> None:
    corporate = Corporate(AT, services.url, ocsp_address=False, crl_address=False)
    office = Office(corporate, services, tmp_path / "office")
    office.reset()
    create(corporate, office.folder, (services.url("/tsa"),))
    (tmp_path / "work").mkdir()
    error = refused("LONG_TERM_NO_REVOCATION", office.authority(), tmp_path / "work", level="LT")
    assert "LONG_TERM_NO_ADDRESS" in error.params["reasons"]
    # A CRL by file, as on an intranet.
    for name, by in (("root", corporate.root), ("ca", corporate.issuing)):
        (office.folder / "trust" / "crls" / f"{name}.crl").write_bytes(corporate.crl(by))
    assert office.authority().seal(PDF).level == "LTA"
