"""A trust folder: what its list says of its anchors, and what `--trust FOLDER` reads of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal import testpki
from eseal.config import reading
from eseal.crypto.certificates import facts
from eseal.errors import UsageError
from eseal.messages import catalogue
from eseal.trust import view
from eseal.trust.folder import AnchorEntry, entries_text, read_entries, unlisted
from eseal.trust.store import DEFAULT_PURPOSES, Purpose, TrustStore, read_folder

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
ROOT = testpki.issue(None, "Root", body="B", at=AT, until=AT + YEAR * 9, ca=1)
OTHER = testpki.issue(None, "Other", body="B", at=AT, until=AT + YEAR * 9, ca=1)
CA = testpki.issue(ROOT, "CA", body="B", at=AT, until=AT + YEAR * 5, ca=0)
CRL = testpki.crl(ROOT, at=AT, until=AT + timedelta(days=8))
OCSP = testpki.ocsp_response(ROOT, CA.certificate, at=AT, until=AT + timedelta(days=8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    trust = tmp_path / "trust"
    for name in ("anchors", "intermediates", "crls", "ocsp"):
        (trust / name).mkdir(parents=True)
    (trust / "anchors" / "root.pem").write_bytes(ROOT.certificate.to_pem())
    (trust / "intermediates" / "ca.pem").write_bytes(CA.certificate.to_pem())
    (trust / "crls" / "root.crl").write_bytes(CRL)
    (trust / "ocsp" / "ca.ocsp").write_bytes(OCSP)
    (trust / "anchors.toml").write_bytes(entries_text([AnchorEntry("root.pem", name="the root")]))
    return trust


def refused(code: str, *specs: object) -> UsageError:
    with pytest.raises(UsageError) as caught:
        TrustStore.from_specs([str(s) for s in specs])
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    return caught.value


moments = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
entries = st.builds(
    AnchorEntry,
    file=names,
    purposes=st.frozensets(st.sampled_from(Purpose), min_size=1),
    valid_from=moments,
    valid_until=moments,
    name=names,
)


@given(st.lists(entries, unique_by=lambda e: e.file, max_size=4))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, said: list[AnchorEntry]) -> None:
    tables = reading.parse(entries_text(said), "anchors.toml")
    assert len(tables.get("anchors", [])) == len(said)
    folder = tmp_path_factory.mktemp("list")
    (folder / "anchors.toml").write_bytes(entries_text(said))
    found = read_entries(folder)
    assert found is not None
    assert sorted(found.values(), key=lambda e: e.file) == sorted(said, key=lambda e: e.file)


def test_the_list_alone_says_what_the_anchors_are(folder: Path) -> None:
    (folder / "anchors" / "planted.pem").write_bytes(OTHER.certificate.to_pem())
    store = read_folder(folder)
    assert [a.certificate for a in store.anchors] == [ROOT.certificate]
    assert store.anchors[0].label == "the root"
    assert [f.name for f in unlisted(folder)] == ["planted.pem"]
    (folder / "anchors.toml").unlink()
    assert {a.certificate for a in read_folder(folder).anchors} == {ROOT.certificate, OTHER.certificate}
    assert read_folder(folder / "none") == TrustStore()


def test_an_anchor_for_nothing_is_not_an_anchor_for_everything(folder: Path) -> None:
    text = (folder / "anchors.toml").read_text(encoding="utf-8")
    for purposes in ("[]", '["seals"]'):
        changed = "\n".join(f"purposes = {purposes}" if "purposes" in line else line for line in text.splitlines())
        (folder / "anchors.toml").write_text(changed, encoding="utf-8")
        with pytest.raises(UsageError) as caught:
            read_folder(folder)
        assert caught.value.code == "CONFIG_VALUE_WRONG"


def test_a_trust_folder_is_read_by_the_trust_option(folder: Path) -> None:
    store = TrustStore.from_specs([str(folder)])
    assert store == read_folder(folder)
    assert (len(store.data.certificates), len(store.data.crls), len(store.data.ocsps)) == (1, 1, 1)
    said = [AnchorEntry("root.pem", frozenset({Purpose.TIMESTAMP}), valid_until=AT + YEAR)]
    (folder / "anchors.toml").write_bytes(entries_text(said))
    assert TrustStore.from_specs([f"seal:{folder}"]).anchors == ()
    (anchor,) = TrustStore.from_specs([f"timestamp:{folder}"]).anchors
    assert anchor.purposes == {Purpose.TIMESTAMP}
    (anchor,) = TrustStore.from_pem(folder, valid_from=AT, valid_until=AT + YEAR * 2).anchors
    assert (anchor.valid_from, anchor.valid_until) == (AT, AT + YEAR)


def test_what_would_not_be_read_is_said(folder: Path, tmp_path: Path) -> None:
    (folder / "stray.pem").write_bytes(OTHER.certificate.to_pem())
    assert "stray.pem" in refused("TRUST_FOLDER_MIXED", folder).message()
    deeper = tmp_path / "roots" / "more"
    deeper.mkdir(parents=True)
    (deeper / "root.pem").write_bytes(ROOT.certificate.to_pem())
    assert "more" in refused("TRUST_SUBFOLDERS_NOT_READ", tmp_path / "roots").message()


def test_lists_by_file_beside_roots(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(ROOT.certificate.to_pem())
    (tmp_path / "crls").mkdir()
    (tmp_path / "crls" / "a.crl").write_bytes(CRL)
    (tmp_path / "self.crl").write_bytes(testpki.crl(OTHER, at=AT, until=AT + YEAR))
    store = TrustStore.from_specs([str(tmp_path)])
    assert len(store.anchors) == 1
    assert len(store.data.crls) == 2
    (tmp_path / "crls" / "planted.pem").write_bytes(OTHER.certificate.to_pem())
    store = TrustStore.from_specs([str(tmp_path)])
    assert len(store.anchors) == 1, "what lies among the lists is no anchor"


def test_the_state_of_everything(folder: Path) -> None:
    def states(at: datetime) -> dict[str, str]:
        return {i.kind: i.state.value for i in view.items(folder, at)}

    ok = dict.fromkeys(("anchor", "intermediate", "CRL", "OCSP"), "ok")
    assert states(AT) == ok
    assert states(AT + timedelta(days=7)) == ok | {"CRL": "soon", "OCSP": "soon"}
    assert states(AT + timedelta(days=9)) == ok | {"CRL": "expired", "OCSP": "expired"}
    assert states(AT + YEAR * 5 - timedelta(days=30))["intermediate"] == "soon"
    assert states(AT + YEAR * 10)["anchor"] == states(AT + YEAR * 10)["intermediate"] == "expired"
    assert set(states(AT - YEAR).values()) == {"not-yet"}
    (folder / "anchors.toml").write_bytes(entries_text([AnchorEntry("root.pem", valid_until=AT)]))
    assert states(AT + timedelta(days=1))["anchor"] == "closed"
    (folder / "anchors.toml").write_bytes(entries_text([]))
    assert states(AT)["anchor"] == "unlisted"


def test_items_are_found_and_tell_more(folder: Path) -> None:
    found = view.items(folder, AT)
    print_ = ROOT.certificate.fingerprint
    colons = ":".join(print_[i : i + 2] for i in range(0, 64, 2)).upper()
    for reference in (print_, print_[:8], colons, f"SHA256:{print_}", "the root", "root.pem", "anchors/root.pem"):
        assert view.find(found, reference).digest == print_, reference
    for reference, code in (("", "UNKNOWN"), (print_[:7], "UNKNOWN"), ("none", "UNKNOWN"), ("", "UNKNOWN")):
        with pytest.raises(UsageError) as caught:
            view.find(found, reference)
        assert caught.value.code == f"TRUST_REF_{code}"
    crl, ocsp = (view.details(next(i for i in found if i.kind == kind)) for kind in ("CRL", "OCSP"))
    assert (crl["revoked"], crl["usable"]) == ("0", "yes")
    assert f"{facts(CA.certificate).serial:x} good" in ocsp["answers"]
    assert next(i for i in found if i.kind == "OCSP").name == view.details(found[0])["subject"]
    assert view.details(found[0])["ca"] == "yes"
    assert found[0].purposes == tuple(sorted(DEFAULT_PURPOSES))
