"""Keys in a real PKCS#11 module (SoftHSM): what they seal is judged by programs that nobody here wrote."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import eseal
from eseal import keys
from eseal.crypto.algorithms import SCHEMES
from eseal.errors import Error
from eseal.judging.policy import Policy
from eseal.keys.checking import check_value
from eseal.keys.pkcs11 import TokenSigner
from eseal.keys.request import SignerKey, Subject, make_request, to_pem
from eseal.messages import catalogue
from eseal.model import RevocationMode
from support.judges import need, run
from support.pdfs import simple_pdf
from support.softhsm import PIN, SoftHsm

PDF = simple_pdf()


def opened(hsm: SoftHsm, name: str, **options: object) -> keys.Signer:
    return keys.open_signer(hsm.uri(name), **{"password": PIN, "module": hsm.module} | options)  # type: ignore[arg-type]


def refused(code: str, hsm: SoftHsm, uri: str, **options: object) -> Error:
    with pytest.raises(Error) as caught:
        keys.open_signer(uri, **{"password": PIN, "module": hsm.module} | options)  # type: ignore[arg-type]
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
        assert PIN.decode() not in caught.value.message(lang) + caught.value.hint(lang)
    assert PIN.decode() not in repr(caught.value.params)
    return caught.value


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("rsa", None), ("rsa", "rsa-pkcs1v15-sha512"), ("rsa", "rsa-pss-sha256"), ("rsa", "rsa-pss-sha384"), ("ec", None)],
)
def test_documents_sealed_by_a_token_are_valid(softhsm: SoftHsm, tmp_path: Path, name: str, scheme: str | None) -> None:
    signer = opened(softhsm, name, scheme=scheme)
    assert isinstance(signer, TokenSigner)
    assert signer.certificate == softhsm.certificates[name]
    assert signer.chain == (softhsm.pki.issuing,), "the chain comes from the token"
    at = datetime.now(UTC)
    sealed = eseal.seal(PDF, signer, at=at).data
    trust = eseal.TrustStore.from_certificates([softhsm.pki.root])
    policy = Policy(revocation=RevocationMode.IGNORE)
    report = eseal.verify(sealed, trust=trust, at=at + timedelta(minutes=1), policy=policy)
    assert report.passed, report.explain("en")
    file, root = tmp_path / "sealed.pdf", tmp_path / "root.pem"
    file.write_bytes(sealed)
    root.write_bytes(softhsm.pki.root.to_pem())
    assert judged_by_pyhanko(file, root)
    if scheme is None:
        need("pdfsig")
        assert "Signature is Valid" in run("pdfsig", file)


def judged_by_pyhanko(file: Path, root: Path) -> bool:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    with file.open("rb") as stream:
        (signature,) = PdfFileReader(stream).embedded_signatures
        context = ValidationContext(trust_roots=[load_cert_from_pemder(root)], allow_fetching=False)
        return bool(validate_pdf_signature(signature, signer_validation_context=context).bottom_line)


def test_a_certificate_from_a_file_goes_first(softhsm: SoftHsm, tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    file.write_bytes(softhsm.certificates["ec"].to_pem())
    assert opened(softhsm, "ec", cert=file).certificate == softhsm.certificates["ec"]
    other = opened(softhsm, "rsa", cert=file)
    assert other.certificate == softhsm.certificates["rsa"], "never one of another key"


def test_the_key_is_found_by_id_and_serial(softhsm: SoftHsm) -> None:
    token = next(t for t in softhsm_tokens(softhsm) if t.label == "office")
    uri = f"pkcs11:serial={token.serial.decode()};model=SoftHSM%20v2;slot-id={token.slot.slot_id};id=%02;type=private"
    signer = keys.open_signer(uri, password=PIN, module=softhsm.module)
    assert signer.certificate == softhsm.certificates["ec"]
    assert "1234" not in repr(signer)


def softhsm_tokens(hsm: SoftHsm) -> list[object]:
    from eseal.keys.pkcs11.module import load

    return [s.get_token() for s in load(Path(hsm.module)).lib.get_slots(token_present=True)]


def test_what_is_not_clear_is_refused_with_the_list(softhsm: SoftHsm) -> None:
    found = refused("KEY_TOKEN_SEVERAL", softhsm, "pkcs11:token=twin;object=x").message()
    assert found.count("token=twin;serial=") == 2
    found = refused("KEY_TOKEN_NOT_FOUND", softhsm, "pkcs11:token=none;object=x").message()
    assert "token=office;serial=" in found
    found = refused("KEY_TOKEN_SEVERAL_KEYS", softhsm, "pkcs11:token=office").message()
    assert "object=rsa;id=%01" in found
    assert "object=ec;id=%02" in found
    refused("KEY_TOKEN_NO_KEY", softhsm, "pkcs11:token=office;object=none")
    refused("KEY_SCHEME_MISMATCH", softhsm, softhsm.uri("ec"), scheme="rsa-pss-sha256")
    refused("KEY_MODULE_NOT_NAMED", softhsm, softhsm.uri("ec"), module=None)


def test_a_wrong_pin_is_given_to_the_token_once(softhsm: SoftHsm) -> None:
    uri = softhsm.uri("ec", "pins")
    refused("KEY_PIN_MISSING", softhsm, uri, password=None)
    refused("KEY_PIN_WRONG", softhsm, uri, password=b"wrong")
    for _ in range(20):
        refused("KEY_PIN_WRONG_AGAIN", softhsm, uri, password=b"wrong")
    refused("KEY_TOKEN_NO_KEY", softhsm, uri)  # the right one still opens: the token was asked once
    refused("KEY_PIN_WRONG", softhsm, uri, password=b"other")  # logged in already, and yet not by this PIN
    refused("KEY_PIN_MISSING", softhsm, uri, password=None)


def test_a_token_without_its_certificate_signs_requests(softhsm: SoftHsm, tmp_path: Path, openssl: None) -> None:
    for number, key in enumerate(
        (
            keys.open_key(softhsm.uri("rsa"), password=PIN, module=softhsm.module),
            keys.open_key(softhsm.uri("rsa"), password=PIN, module=softhsm.module, scheme="rsa-pss-sha256"),
            keys.open_key(softhsm.uri("ec"), password=PIN, module=softhsm.module),
            SignerKey(opened(softhsm, "ec")),
        )
    ):
        file = tmp_path / f"{number}.csr"
        file.write_bytes(to_pem(make_request(Subject("Seal of the Office", country="CN"), key)))
        assert "verify OK" in run("openssl", "req", "-verify", "-noout", "-in", file)


def test_many_threads_sign_with_one_signer(softhsm: SoftHsm) -> None:
    """Without locks in the module (as it is by default) this corrupts its memory."""
    signer = opened(softhsm, "ec", sessions=4)
    values: dict[bytes, bytes] = {}
    problems: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for n in range(60):
                message = b"%d %d" % (name, n)
                values[message] = signer.sign(message)
        except BaseException as error:
            problems.append(error)
            raise

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(values) == 360
    for message, value in list(values.items())[::12]:
        check_value(signer.certificate, SCHEMES[signer.scheme], message, value)


def test_a_token_that_is_pulled_out_ends_the_signer(softhsm: SoftHsm) -> None:
    signer = keys.open_signer(softhsm.uri("ec-spare", "spare"), password=PIN, module=softhsm.module)
    good = eseal.seal(PDF, signer, at=datetime.now(UTC))
    assert good.data
    place = softhsm.place("spare")
    away = place.rename(softhsm.folder / "away")
    codes = []
    for _ in range(2):
        with pytest.raises(Error) as caught:
            eseal.seal(PDF, signer, at=datetime.now(UTC))
        codes.append(caught.value.code)
        away = away.rename(place) if away != place else away  # put back: the signer stays dead
    assert codes == ["KEY_TOKEN_GONE", "KEY_TOKEN_GONE"]
