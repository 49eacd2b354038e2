"""A PDF writer that is not eseal's: updates in every form of cross-reference, signatures in every shape of field.

The CMS is made by the cryptography package, so that nothing here is judged by what made it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

from eseal import TrustStore, testpki, verify
from eseal.judging.policy import Policy
from eseal.model import Digest, RevocationMode
from eseal.testpki import Credential
from eseal.timestamps import LocalTimestamper
from support.pdfs import stream

BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = BORN + timedelta(days=30)
PKI = {kind: testpki.make("Foreign body", BORN, kind) for kind in ("p256", "rsa2048")}
TRUST = TrustStore.from_certificates([pki.root for pki in PKI.values()])
STAMPER = LocalTimestamper(PKI["p256"].timestamper.signer(), clock=lambda: BORN + timedelta(days=1))
IDENTIFIER = b"/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] "
LOOK = stream(
    b"q 1 0 0 RG 1 1 198 58 re S BT /F 10 Tf 10 20 Td (Signed) Tj ET Q",
    b"/Type /XObject /Subtype /Form /BBox [0 0 200 60] /Resources << /Font << /F 5 0 R >> >> ",
)
NOWHERE = b"[0 0 0 0]"

Cms = Callable[[bytes], bytes]


def judged(data: bytes) -> tuple[str, list[tuple[str, str, str]]]:
    """Whether the document is untouched, and whatever speaks against it."""
    report = verify(data, TRUST, NOW, policy=Policy(revocation=RevocationMode.IGNORE))
    bad = [(s.name, c.code, str(dict(c.params))) for s in report.signatures for c in s.checks if c.verdict in _BAD]
    return report.answers.untouched.value, bad + [("", c.code, "") for c in report.checks if c.verdict in _BAD]


_BAD = ("failed", "unknown")


def cms(kind: str = "p256") -> Cms:
    """A detached CMS by the cryptography package."""
    credential: Credential = PKI[kind].seal
    chain = [x509.load_der_x509_certificate(c.der) for c in (credential.certificate, *credential.chain)]

    def sign(covered: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(covered)
        builder = builder.add_signer(chain[0], load_pem_private_key(credential.key_pem, None), hashes.SHA256())
        for certificate in chain[1:]:
            builder = builder.add_certificate(certificate)
        return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])

    return sign


def token(covered: bytes) -> bytes:
    """An RFC 3161 token over the covered bytes."""
    return STAMPER.timestamp(Digest("sha256", hashlib.sha256(covered).digest()))


def packet(inner: bytes = b"") -> bytes:
    """XMP metadata that says nothing, with `inner` in its description."""
    return (
        b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about=''>%s"
        b"</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>" % inner
    )


def deflated(data: bytes, extra: bytes = b"") -> bytes:
    return stream(zlib.compress(data), extra + b"/Filter /FlateDecode ")


def listed(numbers: Iterable[int]) -> bytes:
    return b"[%s]" % b" ".join(b"%d 0 R" % n for n in numbers)


class Foreign:
    """One document: page, catalog and form as they stand, and the file so far."""

    def __init__(self, mode: str = "table", *, tagged: bool = False, form: bool = False, version: bytes = b"1.7"):
        self.data = b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n"
        self.size, self.start = 1, 0
        self.trailer = b"/Info 15 0 R " + IDENTIFIER
        self.tagged, self.sealed = tagged, []
        self.fields: list[int] = [7, 9] if form else []
        self.notes: list[int] = [6, 7, 9] if form else [6]
        self.form_extra = b"/DR << /Font << /Helv 5 0 R >> >> /DA (/Helv 0 Tf 0 g) " if form else b""
        self.form_at = self.notes_at = 0
        self.flags = b""
        self.catalog: dict[bytes, bytes] = {b"Type": b"/Catalog", b"Pages": b"2 0 R", b"Metadata": b"14 0 R"}
        self.page: dict[bytes, bytes] = {
            b"Type": b"/Page",
            b"Parent": b"2 0 R",
            b"Contents": b"4 0 R",
            b"MediaBox": b"[0 0 595 842]",
            b"Resources": b"<< /Font << /F1 5 0 R >> >>",
        }
        text = b"BT /F1 12 Tf 72 720 Td (Notice 17) Tj ET"
        objects = {
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            4: deflated(b"/P << /MCID 0 >> BDC " + text + b" EMC" if tagged else text),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            6: b"<< /Type /Annot /Subtype /Link /Rect [10 10 50 50] /Border [0 0 0] /A << /S /URI "
            b"/URI (https://example.invalid/) >> >>",
            14: stream(packet(), b"/Type /Metadata /Subtype /XML "),
            15: b"<< /Title (Notice) /Producer (Foreign) >>",
        }
        if form:
            objects[7] = self.text_field(b"")
            objects[8] = self.text_look(b"")
            objects[9] = (
                b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Reserved) /Rect [72 500 272 560] /F 4 /P 3 0 R >>"
            )
        if tagged:
            self.catalog |= {b"MarkInfo": b"<< /Marked true >>", b"StructTreeRoot": b"10 0 R", b"Lang": b"(en)"}
            self.page |= {b"StructParents": b"0", b"Tabs": b"/S"}
            self.elements, self.parents = [13], [b"0 [13 0 R]"]
            objects |= self._structure()
            objects[13] = b"<< /Type /StructElem /S /P /P 11 0 R /Pg 3 0 R /K 0 >>"
        for number in range(1, 16):
            objects.setdefault(number, b"null")
        self.update(objects | self._heads(), mode)

    def text_field(self, value: bytes) -> bytes:
        return (
            b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [72 600 272 620] /F 4 /P 3 0 R "
            b"/DA (/Helv 12 Tf 0 g) /V (%s) /AP << /N 8 0 R >> >>" % value
        )

    def text_look(self, value: bytes) -> bytes:
        drawn = b"q BT /Helv 12 Tf 0 g 2 5 Td (%s) Tj ET Q " % value if value else b""
        keys = b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /Helv 5 0 R >> >> "
        return stream(b"/Tx BMC %sEMC" % drawn, keys)

    def new(self) -> int:
        self.size += 1
        return self.size - 1

    def _structure(self) -> dict[int, bytes]:
        return {
            10: b"<< /Type /StructTreeRoot /K 11 0 R /ParentTree 12 0 R /ParentTreeNextKey %d >>" % len(self.parents),
            11: b"<< /Type /StructElem /S /Document /P 10 0 R /K %s >>" % listed(self.elements),
            12: b"<< /Nums [%s] >>" % b" ".join(self.parents),
        }

    def _heads(self, turned: bool = False) -> dict[int, bytes]:
        """Catalog, page, form and annotation array as they stand now."""
        objects = {}
        catalog, page = dict(self.catalog), dict(self.page)
        form = b"<< /Fields %s %s%s>>" % (listed(self.fields), self.form_extra, self.flags)
        if self.form_at:
            objects[self.form_at] = form
        if self.fields:
            catalog[b"AcroForm"] = b"%d 0 R" % self.form_at if self.form_at else form
        if self.notes_at:
            objects[self.notes_at] = listed(self.notes)
        page[b"Annots"] = b"%d 0 R" % self.notes_at if self.notes_at else listed(self.notes)
        for number, entries in ((1, catalog), (3, page)):
            items = reversed(entries.items()) if turned else entries.items()
            objects[number] = b"<< %s >>" % b" ".join(b"/%s %s" % pair for pair in items)
        return objects

    def update(
        self, objects: Mapping[int, bytes], mode: str = "table", *, eol: bytes = b"\n", size: int | None = None
    ) -> Foreign:
        """Append `objects`: mode is table, stream, objstm or hybrid."""
        out = bytearray(self.data)
        self.size = max([self.size, *(n + 1 for n in objects)])
        rows: dict[int, tuple[int, int, int]] = {} if self.start else {0: (0, 0, 65535)}
        packed: dict[int, bytes] = {}
        for number, body in objects.items():
            if mode in ("objstm", "hybrid") and b"/ByteRange" not in body and b"stream" not in body:
                packed[number] = body
                continue
            rows[number] = (1, len(out), 0)
            out += b"%d 0 obj" % number + eol + body + eol + b"endobj" + eol
        hidden: dict[int, tuple[int, int, int]] = {}
        if packed:
            holder, directory, text = self.new(), b"", b""
            for index, (number, body) in enumerate(packed.items()):
                directory += b"%d %d " % (number, len(text))
                text += body + b" "
                hidden[number] = (2, holder, index)
            rows[holder] = (1, len(out), 0)
            head = b"/Type /ObjStm /N %d /First %d " % (len(packed), len(directory))
            out += b"%d 0 obj\n" % holder + deflated(directory + text, head) + b"\nendobj\n"
        previous = b"/Prev %d " % self.start if self.start else b""
        root = b"/Root 1 0 R " + self.trailer
        if mode in ("stream", "objstm"):
            self._stream_section(out, rows | hidden, root + previous)
            start = int(out[out.rindex(b"startxref\n") + 10 :].split()[0])
        else:
            extra = b""
            if hidden:
                number, place = self.new(), len(out)
                hidden[number] = rows[number] = (1, place, 0)
                out += b"%d 0 obj\n" % number + self._rows(hidden, b"") + b"\nendobj\n"
                extra = b"/XRefStm %d " % place
                if not self.start:
                    rows |= dict.fromkeys(packed, (0, 0, 0))
            start = len(out)
            out += b"xref\n" + b"".join(self._table(rows))
            out += b"trailer\n<< /Size %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (
                self.size if size is None else size,
                root + extra + previous,
                start,
            )
        self.start, self.data = start, bytes(out)
        return self

    def _stream_section(self, out: bytearray, rows: dict[int, tuple[int, int, int]], extra: bytes) -> None:
        number, place = self.new(), len(out)
        rows[number] = (1, place, 0)
        out += b"%d 0 obj\n" % number + self._rows(rows, extra) + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % place

    def _rows(self, rows: dict[int, tuple[int, int, int]], extra: bytes) -> bytes:
        index = b" ".join(b"%d %d" % (run[0], len(run)) for run in _runs(rows))
        text = b"".join(bytes([k]) + p.to_bytes(4) + g.to_bytes(2) for _, (k, p, g) in sorted(rows.items()))
        return deflated(text, b"/Type /XRef /Size %d /W [1 4 2] /Index [%s] %s" % (self.size, index, extra))

    @staticmethod
    def _table(rows: dict[int, tuple[int, int, int]]) -> Iterable[bytes]:
        for run in _runs(rows) or [[]]:
            yield b"%d %d\n" % (run[0] if run else 0, len(run))
            for number in run:
                kind, place, generation = rows[number]
                yield b"%010d %05d %s \n" % (place, generation, b"n" if kind else b"f")

    def sign(
        self,
        make: Cms,
        name: bytes = b"S1",
        mode: str = "table",
        *,
        style: str = "merged",
        rect: bytes = NOWHERE,
        look: bytes | None = None,
        sub_filter: bytes = b"/adbe.pkcs7.detached",
        of_type: bytes = b"/Type /Sig ",
        extra: bytes = b"",
        field: bytes = b"",
        page: bool = True,
        turned: bool = False,
        indirect: bool = False,
        certify: int = 0,
        upper: bool = False,
        spread: bool = False,
        eol: bytes = b"\n",
    ) -> Foreign:
        """Sign: style is merged, split, group, deep, bare (no widget) or reserved (the empty field of the form)."""
        value = self.new()
        if certify:
            self.catalog[b"Perms"] = b"<< /DocMDP %d 0 R >>" % value
            extra += b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams "
            extra += b"<< /Type /TransformParams /P %d /V /1.2 >> >>] " % certify
        slot = b"<" + b"0" * 9000 + b">"
        blank = b"[0 " + b" " * 40 + b"]" if spread else b"[0 " + b"*" * 32 + b"]"
        objects = {value: b"<< %s/Filter /Adobe.PPKLite /SubFilter %s %s" % (of_type, sub_filter, extra)}
        objects[value] += b"/ByteRange %s /Contents %s >>" % (blank, slot)
        own = b"/FT /Sig /T (%s) /V %d 0 R %s" % (name, value, field)
        shown = b"/Type /Annot /Subtype /Widget /Rect %s /F %d %s" % (rect, 4 if look else 132, b"/P 3 0 R " * page)
        if look:
            drawn = self.new()
            objects[drawn] = look
            shown += b"/AP << /N %d 0 R >> " % drawn
        objects |= self._field(style, own, shown)
        if indirect:
            self.form_at, self.notes_at = self.form_at or self.new(), self.notes_at or self.new()
        self.flags = b"/SigFlags 3 "
        self.update(objects | self._heads(turned) | (self._structure() if self.tagged else {}), mode, eol=eol)
        start = self.data.rindex(slot)
        end = start + len(slot)
        spelled = b"0 %d %d %d" % (start, end, len(self.data) - end)
        inner = len(blank) - 2
        written = b"[" + spelled.ljust(inner) + b"]" if spread else (b"[" + spelled + b"]").ljust(inner + 2)
        self.data = self.data.replace(blank, written)
        content = make(self.data[:start] + self.data[end:]).hex()
        content = content.upper() if upper else content
        self.data = self.data[: start + 1] + content.encode() + self.data[start + 1 + len(content) :]
        self.sealed.append(bytes.fromhex(content.ljust(9000, "0")))
        return self

    def _field(self, style: str, own: bytes, shown: bytes) -> dict[int, bytes]:
        objects: dict[int, bytes] = {}
        if style == "reserved":
            objects[9] = b"<< %s%s>>" % (
                own.replace(b"(S1)", b"(Reserved)"),
                shown.replace(NOWHERE, b"[72 500 272 560]"),
            )
            return objects
        root = self.new()
        if style == "bare":
            self.fields.append(root)
            return {root: b"<< %s>>" % own}
        widget = root if style == "merged" else self.new()
        if self.tagged:
            element, key = self.new(), len(self.parents)
            shown += b"/StructParent %d " % key
            objects[element] = b"<< /Type /StructElem /S /Form /P 11 0 R /Pg 3 0 R /K << /Type /OBJR /Obj %d 0 R >> >>"
            objects[element] %= widget
            self.elements.append(element)
            self.parents.append(b"%d %d 0 R" % (key, element))
        if style == "merged":
            objects[root] = b"<< %s%s>>" % (shown, own)
        elif style == "split":
            objects[root] = b"<< %s/Kids [%d 0 R] >>" % (own, widget)
            objects[widget] = b"<< %s/Parent %d 0 R >>" % (shown, root)
        elif style == "group":
            objects[root] = b"<< /T (group%d) /Kids [%d 0 R] >>" % (root, widget)
            objects[widget] = b"<< %s%s/Parent %d 0 R >>" % (shown, own, root)
        else:
            middle = self.new()
            objects[root] = b"<< /T (group%d) /Kids [%d 0 R] >>" % (root, middle)
            objects[middle] = b"<< %s/Parent %d 0 R /Kids [%d 0 R] >>" % (own, root, widget)
            objects[widget] = b"<< %s/Parent %d 0 R >>" % (shown, middle)
        self.fields.append(root)
        self.notes.append(widget)
        return objects

    def stamp(self, mode: str = "table", name: bytes = b"T1", of_type: bytes = b"/Type /DocTimeStamp ") -> Foreign:
        """A document timestamp."""
        return self.sign(token, name, mode, sub_filter=b"/ETSI.RFC3161", of_type=of_type)

    def keep(self, style: str = "plain", mode: str = "table") -> Foreign:
        """A document security store, as one of several writers makes it."""
        pki = PKI["p256"]
        parts = [self.new() for _ in range(4)]
        values = (pki.seal.certificate.der, pki.issuing.certificate.der, pki.crls[1], pki.ocsps[1])
        objects = {n: stream(v) if style == "raw" else deflated(v) for n, v in zip(parts, values, strict=True)}
        certificates, crls, ocsps = listed(parts[:2]), listed(parts[2:3]), listed(parts[3:])
        kind = b"/Type /VRI " if style == "typed" else b""
        kind += b"/TU (D:20260402000000Z) " if style in ("itext", "dated") else b""
        if style == "stamped":
            stamp = self.new()
            objects[stamp] = deflated(token(b"x"))
            kind += b"/TS %d 0 R " % stamp
        entries = {}
        for sealed in self.sealed:
            body = b"<< %s/Cert %s /CRL %s /OCSP %s >>" % (kind, certificates, crls, ocsps)
            if style in ("itext", "typed"):
                number = self.new()
                objects[number], body = body, b"%d 0 R" % number
            entries[hashlib.sha1(sealed).hexdigest().upper().encode()] = body
        related = b"<< %s >>" % b" ".join(b"/%s %s" % pair for pair in entries.items())
        if style in ("itext", "arrays"):
            places = [self.new() for _ in range(4)]
            objects |= dict(zip(places, (related, certificates, crls, ocsps), strict=True))
            related, certificates, crls, ocsps = (b"%d 0 R" % n for n in places)
        store = b"<< %s/Certs %s " % (b"/Type /DSS " if style in ("typed", "dated") else b"", certificates)
        store += b"/CRLs [] /OCSPs [] " if style == "empty" else b"/CRLs %s /OCSPs %s " % (crls, ocsps)
        store += b">>" if style in ("unrelated", "empty") else b"/VRI %s >>" % related
        if style == "direct":
            self.catalog[b"DSS"] = store
        else:
            number = self.new()
            objects[number] = store
            self.catalog[b"DSS"] = b"%d 0 R" % number
        return self.update(objects | self._heads(), mode)

    def rewrite(self, objects: Mapping[int, bytes] | None = None, mode: str = "table") -> Foreign:
        """Append catalog, page and form as they stand, with `objects`."""
        return self.update(dict(objects or {}) | self._heads(), mode)

    def fill(self, value: bytes = b"Ann Lee", mode: str = "table") -> Foreign:
        """Fill in the text field."""
        return self.update({7: self.text_field(value), 8: self.text_look(value)}, mode)


def _runs(rows: Mapping[int, object]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in sorted(rows):
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
