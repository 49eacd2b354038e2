"""Encrypted documents changed after they were sealed, and changed behind a document timestamp.

Whoever can read an encrypted document has its key and can write in it: encryption protects from no change. Two ways
of encrypting are attacked: the Identity filter (ISO 32000-2 7.6.6), under which every attack of `support` can be
written down as it is, and AES-256 with an empty user password, by another writer.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from eseal import verify
from eseal.report.model import Answer
from support import attack_files, attack_forms, attack_ranges, attack_seals, foreign
from support.attack_vectors import ATTACKS, EVIL_PAGE
from support.attacks import (
    DOCUMENT,
    NOW,
    PKI,
    TRUST,
    ciphered,
    form_xobject,
    latest,
    line,
    sealed,
    sign,
    stamp_cms,
    update,
    update_stream,
)
from support.judges import need, run
from support.pdfs import stream

# Importing them registers their vectors.
assert all(m.__doc__ for m in (attack_files, attack_forms, attack_ranges, attack_seals))
UNTOUCHED = (Answer.YES, Answer.PERMITTED)


def hidden(document: bytes, **options: object) -> bytes:
    """The document, encrypted, with a seal."""
    return sealed(ciphered() if document is DOCUMENT else document, **options)


def stamped(document: bytes, **options: object) -> bytes:
    """The document with a seal and a document timestamp over it."""
    return sign(sealed(document, **options), stamp_cms(PKI.timestamper), name="stamp", timestamp=True)


def stamped_hidden(document: bytes, **options: object) -> bytes:
    return sign(hidden(document, **options), stamp_cms(PKI.timestamper), name="stamp", timestamp=True)


def test_the_same_makers_make_what_passes():
    for make in (hidden, stamped, stamped_hidden):
        report = verify(make(DOCUMENT), TRUST, NOW)
        assert report.passed and report.answers.untouched is Answer.YES
    filled = {21: latest(ciphered(), 21).replace(b"(100)", b"(250)"), 25: form_xobject(line(b"250"))}
    assert verify(update(hidden(DOCUMENT), filled), TRUST, NOW).answers.untouched is Answer.PERMITTED


# These take the seal's own objects apart where they stand, at the end of the file: nothing can lie behind it.
SEAL_IS_LAST = frozenset(
    {
        "rebuilt",
        "seal-appearance-key",
        "seal-moved",
        "seal-renamed",
        "seal_borrowed_by_second_field",
        "seal_picture",
        "seal_value_without_subfilter",
    }
)
assert {a.name for a in ATTACKS} >= SEAL_IS_LAST


def fits(attack, make):
    return make is hidden or attack.name not in SEAL_IS_LAST


MAKERS = (hidden, stamped, stamped_hidden)
SAMPLE = [(a, m) for a in ATTACKS[::17] for m in MAKERS if fits(a, m)]
ALL = [(a, p, m) for a in ATTACKS for p in a.levels for m in MAKERS if fits(a, m)]


def check(attack, make, level):
    data = attack.make(lambda document: make(document, certify=level))
    report = verify(data, TRUST, NOW)
    assert not report.passed, attack.clause
    if attack.family != "later":
        assert report.answers.untouched not in UNTOUCHED, attack.clause


# A sample of each kind of attack every day, all of them in the long run.
@pytest.mark.parametrize(("attack", "make"), SAMPLE, ids=[f"{a.name}-{m.__name__}" for a, m in SAMPLE])
def test_a_changed_document_is_not_untouched(attack, make):
    check(attack, make, attack.levels[0])


@pytest.mark.long
@pytest.mark.parametrize(("attack", "level", "make"), ALL, ids=[f"{a.name}-{p}-{m.__name__}" for a, p, m in ALL])
def test_a_changed_document_is_not_untouched_in_full(attack, level, make):
    check(attack, make, level)


# The encryption itself


def cipher(old: bytes, new: bytes) -> bytes:
    body = latest(ciphered(), 66)
    assert old in body
    return body.replace(old, new)


def dropped(s: bytes) -> bytes:
    """The update says that nothing is encrypted: other readers then decrypt nothing."""
    changed = update(s, {5: EVIL_PAGE})
    at = changed.rindex(b"/Encrypt 66 0 R ")
    return changed[:at] + b" " * 16 + changed[at + 16 :]


def renamed(s: bytes) -> bytes:
    """The update names another encryption dictionary."""
    changed = update(s, {76: cipher(b"/P -4", b"/P -1")})
    at = changed.rindex(b"/Encrypt 66 0 R ")
    return changed[:at] + b"/Encrypt 76 0 R " + changed[at + 16 :]


def with_identifier(s: bytes) -> bytes:
    changed = update(s, {70: b"null"})
    at = changed.rindex(b"/ID [<01> <02>]")
    return changed[:at] + b"/ID [<03> <02>]" + changed[at + 15 :]


CRYPT = b"/Filter /Crypt /DecodeParms << /Type /CryptFilterDecodeParms /Name /StdCF >> "
ENCRYPTION = {
    "dropped": dropped,
    "renamed": renamed,
    "identifier": with_identifier,
    "permissions": lambda s: update(s, {66: cipher(b"/P -4", b"/P -1")}),
    "streams by another filter": lambda s: update(s, {66: cipher(b"/StmF /Identity", b"/StmF /StdCF")}),
    "strings by another filter": lambda s: update(s, {66: cipher(b"/StrF /Identity", b"/StrF /StdCF")}),
    "files by another filter": lambda s: update(s, {66: cipher(b"/StmF", b"/EFF /StdCF /StmF")}),
    "filter without a method": lambda s: update(s, {66: cipher(b"/AESV3", b"/None")}),
    "metadata": lambda s: update(s, {66: cipher(b"/EncryptMetadata false", b"/EncryptMetadata true")}),
    "freed": lambda s: update(s, {70: b"null"}, free={66: 1}),
    "page by another filter": lambda s: update(s, {5: stream(EVIL_PAGE.split(b"stream\n")[1], CRYPT)}),
    "look by another filter": lambda s: update(s, {26: latest(s, 26).replace(b"/Subtype", CRYPT + b"/Subtype")}),
    "attachment by another filter": lambda s: update(s, {51: latest(s, 51).replace(b"/Type", CRYPT + b"/Type")}),
    "packed": lambda s: update_stream(s, {}, packed={4: latest(s, 4).replace(b"5 0 R", b"62 0 R")}),
    "packed and placed nowhere": lambda s: update_stream(
        s, {80: stream(zlib.compress(b"4 0 " + latest(s, 4)), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode ")}
    ),
    "length behind the end": lambda s: update(s, {80: b"<< /Length 81 0 R >>\nstream\n\nendstream", 81: b"9"}),
}


@pytest.mark.parametrize("what", ENCRYPTION)
@pytest.mark.parametrize("make", [hidden, stamped_hidden], ids=lambda m: m.__name__)
def test_a_changed_encryption_is_not_untouched(what, make):
    report = verify(ENCRYPTION[what](make(DOCUMENT)), TRUST, NOW)
    assert not report.passed and report.answers.untouched not in UNTOUCHED


def test_a_plain_seal_in_a_document_encrypted_later():
    s = sealed()
    changed = update(s, {66: latest(ciphered(), 66)}, extra=b"/Encrypt 66 0 R ")
    assert verify(changed, TRUST, NOW).answers.untouched not in UNTOUCHED


# Objects of encrypted object streams: readers go by number or by index (7.5.7), and here nobody can look inside.


def placed(number: int, other: int) -> str:
    """An update in which `number` stands where `other` stands in the sealed object stream."""
    made = foreign.Foreign("objstm", form=True)
    made.trailer += b"/Encrypt 50 0 R "
    made.update({50: latest(ciphered(), 66)}, "table").sign(foreign.cms())
    head = re.search(rb"(\d+) 0 obj\n<< /Length \d+ /Type /ObjStm /N (\d+)[^>]*>>\nstream\n", made.data)
    assert head is not None
    directory = zlib.decompressobj().decompress(made.data[head.end() :]).split()[: 2 * int(head[2]) : 2]
    index = [int(n) for n in directory].index(other)
    out = bytearray(made.data)
    trailer = b"/Root 1 0 R " + made.trailer + b"/Prev %d " % made.start
    made._stream_section(out, {number: (2, int(head[1]), index)}, trailer)
    return foreign.judged(bytes(out))[0]


@pytest.mark.parametrize(("number", "other"), [(15, 6), (5, 9), (7, 9), (6, 2)])
def test_an_object_that_stands_where_another_stood(number, other):
    assert placed(number, other) in ("no", "unknown")


def test_an_object_that_is_named_again_where_it_stands():
    assert placed(15, 15) == "yes"


@pytest.mark.parametrize("mode", ["objstm", "hybrid"])
def test_an_update_in_object_streams_of_an_encrypted_document_is_read(mode):
    made = foreign.Foreign(form=True)
    made.trailer += b"/Encrypt 50 0 R "
    made.update({50: latest(ciphered(), 66)}, "table").sign(foreign.cms())
    made.keep(mode=mode).fill(mode=mode).stamp(mode)
    assert foreign.judged(made.data) == ("permitted", [])
    changed = made.update({7: made.text_field(b"Eve")}, mode)
    assert foreign.judged(changed.data)[0] == "no"


# AES-256


def ciphertext() -> bytes:
    """A form with a seal on it, encrypted by another writer."""
    writer = copy_into_new_writer(PdfFileReader(BytesIO(foreign.Foreign(form=True).data)))
    writer.encrypt(owner_pass="owner", user_pass="", pdf_mac=False)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def rewritten(data: bytes, change) -> bytes:
    """`data` after `change` of a writer that encrypts what it appends, as whoever can read the document can."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    writer.encrypt(b"")
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def by_pyhanko(data: bytes) -> bytes:
    """The encrypted `data` with a seal by pyHanko."""
    credential = foreign.PKI["p256"].seal
    store = SimpleCertificateStore()
    store.register_multiple([x509.Certificate.load(c.der) for c in credential.chain])
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(credential.certificate.der),
        signing_key=keys.PrivateKeyInfo.load(pem.unarmor(credential.key_pem)[2]),
        cert_registry=store,
    )
    writer = IncrementalPdfFileWriter(BytesIO(data))
    writer.encrypt(b"")
    metadata = signers.PdfSignatureMetadata(field_name="seal", md_algorithm="sha256")
    return signers.sign_pdf(writer, metadata, signer, bytes_reserved=16_384).getvalue()


@pytest.fixture(scope="module")
def aes() -> bytes:
    """`ciphertext` sealed."""
    return by_pyhanko(ciphertext())


def padded(data: bytes, zeros: int = 0, number: int | None = None, spoil: int = 0) -> bytes:
    """`data` with its last seal's padding as PDFBox leaves it: what the cipher makes of zeros, begun as a whole string.

    `zeros`: a byte in place of zero; `number`: another object whose key is used; `spoil`: a bit flipped so many bytes
    behind the CMS, from its end where negative.
    """
    at = data.rindex(b"/Contents <") + 11
    end = data.index(b">", at)
    raw = bytes.fromhex(data[at:end].decode())
    size = 4 + int.from_bytes(raw[2:4], "big")
    own = re.findall(rb"(\d+) 0 obj", data[:at])[-1]
    reader = PdfFileReader(BytesIO(data))
    reader.decrypt(b"")
    cipher = reader.security_handler.get_string_filter()
    key = cipher.derive_object_key(int(own) if number is None else number, 0)
    more = len(cipher.encrypt(key, bytes(16))) - 16
    made = bytearray(raw[:size] + cipher.encrypt(key, bytes([zeros]) * (len(raw) - more))[size:])
    if spoil:
        made[size + spoil - 1 if spoil > 0 else spoil] ^= 1
    return data[:at] + made.hex().encode() + data[end:]


def ciphered_by_qpdf(folder: Path, *how: str) -> bytes:
    """A form encrypted by qpdf."""
    need("qpdf")
    plain, hidden = folder / "plain.pdf", folder / "hidden.pdf"
    plain.write_bytes(foreign.Foreign(form=True).data)
    run("qpdf", "--allow-weak-crypto", "--encrypt", "", "owner", *how, "--", plain, hidden)
    return hidden.read_bytes()


CIPHERS = {"rc4-40": ("40",), "rc4-128": ("128", "--use-aes=n"), "aes-128": ("128", "--use-aes=y")}


@pytest.mark.parametrize("how", [*CIPHERS, "aes-256"])
def test_padding_that_deciphers_to_zeros_is_padding(how, tmp_path):
    data = by_pyhanko(ciphered_by_qpdf(tmp_path, *CIPHERS[how]) if how in CIPHERS else ciphertext())
    assert foreign.judged(padded(data)) == ("yes", [])
    for spoiled in (
        padded(data, zeros=1),
        padded(data, spoil=1),
        padded(data, spoil=40),
        padded(data, spoil=-1),
        # AES-256 has one key for all objects (7.6.3.3).
        *([padded(data, number=9)] if how != "aes-256" else []),
    ):
        untouched, bad = foreign.judged(spoiled)
        assert untouched == "unknown" and "PDF_CONTENTS_PADDING" in {code for _, code, _ in bad}


def test_noise_that_is_no_ciphertext_is_no_padding():
    for data in (hidden(DOCUMENT), sealed()):
        at = data.rindex(b"0" * 64)
        changed = data[:at] + b"ab" * 32 + data[at + 64 :]
        assert verify(changed, TRUST, NOW).answers.untouched not in UNTOUCHED


def page(writer):
    return writer.root["/Pages"]["/Kids"][0]


def text(writer):
    return next(f.get_object() for f in writer.root["/AcroForm"]["/Fields"] if f.get_object()["/T"] == "name")


def changes(key, value):
    def change(writer):
        holder = page(writer) if key in ("/Contents", "/Rotate", "/Annots") else text(writer)
        holder[generic.NameObject(key)] = value(writer)
        writer.update_container(holder)

    return change


def drawn(content: bytes):
    return lambda writer: writer.add_object(generic.StreamObject(stream_data=content))


def shows(value: str):
    """The field gets `value`, while what is shown of it stays."""
    return changes("/V", lambda w: generic.pdf_string(value))


def dead(writer):
    """A page that nothing reaches, for readers that rebuild the file."""
    holder = {"/Type": generic.NameObject("/Page"), "/Contents": drawn(b"BT ET")(writer)}
    writer.add_object(generic.DictionaryObject({generic.NameObject(k): v for k, v in holder.items()}))


CHANGES = {
    "page": changes("/Contents", drawn(b"BT /F1 12 Tf 72 720 Td (Notice 18) Tj ET")),
    "turned": changes("/Rotate", lambda w: generic.NumberObject(180)),
    "notes": changes("/Annots", lambda w: generic.ArrayObject()),
    "value": shows("900"),
    "tooltip": changes("/TU", lambda w: generic.pdf_string("Age")),
    "look": changes("/AP", lambda w: generic.DictionaryObject({generic.NameObject("/N"): drawn(b"0 0 9 9 re f")(w)})),
    "laid ready": dead,
}


def test_what_another_writer_encrypts_and_seals_is_untouched(aes):
    assert foreign.judged(aes) == ("yes", [])
    assert foreign.judged(rewritten(aes, lambda w: w.update_root()))[0] == "yes"


def packed(page_too: bool):
    """Written into an encrypted object stream: a store without evidence, and another page where that is asked for."""

    def change(writer):
        writer.stream_xrefs = True
        held = writer.prepare_object_stream()
        store = generic.DictionaryObject({generic.NameObject("/Certs"): generic.ArrayObject()})
        writer.root[generic.NameObject("/DSS")] = writer.add_object(store, obj_stream=held)
        if page_too:
            false = generic.DictionaryObject(page(writer))
            false[generic.NameObject("/Rotate")] = generic.NumberObject(90)
            writer.root["/Pages"]["/Kids"][0] = writer.add_object(false, obj_stream=held)
            writer.update_container(writer.root["/Pages"])
        writer.update_root()

    return change


def test_ciphertext_in_object_streams_is_read(aes):
    data = rewritten(aes, packed(False))
    assert data.count(b"/ObjStm") == 1 and foreign.judged(data) == ("yes", [])
    assert foreign.judged(rewritten(aes, packed(True)))[0] == "no"


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_changed_in_ciphertext_is_seen(aes, what):
    assert foreign.judged(rewritten(aes, CHANGES[what]))[0] in ("no", "unknown")


@pytest.mark.parametrize("at", range(40, 4000, 360))
def test_flipped_ciphertext_is_seen(aes, at):
    changed = aes[:at] + bytes((aes[at] ^ 1,)) + aes[at + 1 :]
    assert foreign.judged(changed)[0] in ("no", "unknown")


def test_ciphertext_of_another_key_is_not_taken_over(aes):
    """The encryption dictionary of another document: its key opens nothing here."""
    found = re.search(rb"/U <[0-9a-f]+>", aes)
    other = re.search(rb"/U <[0-9a-f]+>", ciphertext())
    assert found and other and found[0] != other[0]
    report = verify(aes.replace(found[0], other[0]), foreign.TRUST, foreign.NOW)
    assert not report.passed and report.answers.untouched not in UNTOUCHED
