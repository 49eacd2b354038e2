"""Documents sealed in every way that there is: by every kind of key, in every place, at every level, several times."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_der_public_key, pkcs12

from eseal import TrustStore
from eseal.keys import open_key, open_signer
from eseal.model import Certificate, Keyword, OnPages, Placement, Signer, Straddle, Where
from eseal.sealing import FOREIGN_ROOM, Prepared, Request, Sealed, Services, complete, extend, prepare, seal_as
from eseal.seals.drawing import draw, preset
from eseal.timestamps import LocalTimestamper
from support import softhsm
from support.cscserver import PIN, TOKEN, Service
from support.judges import run
from support.looks import Box
from support.pdfs import CONTENT, objects_to_pdf, stream
from support.realpki import RealPki, new_key, pem

Maker = Callable[[bytes, Request], Sealed]

SIZE = 42.0
"""Width and height of the picture, in mm."""
FIELDS: Mapping[str, tuple[int, Box]] = {
    "Approval": (3, (140, 60, 185, 105)),
    "Second": (1, (85, 230, 130, 275)),
    "Third": (1, (30, 230, 75, 275)),
}
"""Empty signature fields of the document: page and box."""
PAGES: tuple[tuple[float, float], ...] = ((210, 297), (297, 210), (210, 297))
"""Width and height of each page as shown; the second is turned by 90 degrees."""
_POINT = 72 / 25.4


def document() -> bytes:
    """Three pages with a line of text, the second turned, and three empty signature fields."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [10 0 R 11 0 R 12 0 R] >> >>",
        2: b"<< /Type /Pages /Kids [4 0 R 5 0 R 6 0 R] /Count 3 >>",
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }
    numbers = {name: 10 + n for n, name in enumerate(FIELDS)}
    for n in (1, 2, 3):
        mine = b" ".join(b"%d 0 R" % numbers[name] for name, (page, _) in FIELDS.items() if page == n)
        objects[3 + n] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.28 841.89] /Rotate %d /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> /Annots [%s] >>" % (90 if n == 2 else 0, 6 + n, mine)
        )
        objects[6 + n] = stream(CONTENT)
    for name, (page, (left, top, right, bottom)) in FIELDS.items():
        rect = (left, 297 - bottom, right, 297 - top)
        objects[numbers[name]] = (
            b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /F 4 /Rect [%.2f %.2f %.2f %.2f] /P %d 0 R >>"
            % (name.encode(), *(v * _POINT for v in rect), 3 + page)
        )
    return objects_to_pdf(objects)


def _at(page: int, left: float, top: float) -> tuple[int, Box]:
    return page, (left, top, left + SIZE, top + SIZE)


def _strips(side: str) -> tuple[tuple[int, Box], ...]:
    # In the middle of the smallest page.
    strip, start, end = SIZE / 3, (210 - SIZE) / 2, (210 + SIZE) / 2
    boxes = {
        "left": lambda w, h: (0, start, strip, end),
        "right": lambda w, h: (w - strip, start, w, end),
        "bottom": lambda w, h: (start, h - strip, end, h),
    }
    return tuple((n, boxes[side](*size)) for n, size in enumerate(PAGES, 1))


@dataclass(frozen=True)
class Spot:
    """One way to say where a seal shows, and where it must show then: pages and boxes."""

    boxes: tuple[tuple[int, Box], ...] = ()
    where: tuple[Where, ...] = ()
    field: str | None = None


# The text is 24 pt Helvetica from (72, 720): "17" ends at 217.4 pt, and is 26.7 pt wide and 17 pt high.
_KEYWORDS = (_at(1, 50.9, 19.1), _at(2, 235.9, 50.9), _at(3, 50.9, 19.1))
PLACES: dict[str, Spot] = {
    "unseen": Spot(),
    "free": Spot(((3, (105, 148.5, 210, 297)),)),
    "placement": Spot((_at(2, 30, 120),), (Placement(2, 30, 120),)),
    "pages": Spot((_at(1, 15, 130), _at(3, 15, 130)), (OnPages("1,-1", 15, 130),)),
    "keyword-first": Spot(_KEYWORDS[:1], (Keyword("17"),)),
    "keyword-all": Spot(_KEYWORDS, (Keyword("17", None),)),
    "straddle-right": Spot(_strips("right"), (Straddle("right"),)),
    "straddle-left": Spot(_strips("left"), (Straddle("left"),)),
    "straddle-bottom": Spot(_strips("bottom"), (Straddle("bottom"),)),
    "field": Spot((FIELDS["Approval"],), (), "Approval"),
    "field-and-pages": Spot((FIELDS["Approval"], _at(2, 30, 120)), (Placement(2, 30, 120),), "Approval"),
    "several": Spot((_at(3, 60, 240), *_strips("right")), (Placement(-1, 60, 240), Straddle("right"))),
}
FILES = ("rsa2048", "rsa3072", "rsa-pss", "p256", "p384", "p521", "ed25519", "pkcs12")
TOKENS = {"token-rsa": "rsa", "token-ec": "ec"}
STEPS = ("two-steps", "two-steps-digest", "two-steps-cms")
KINDS = (*FILES, *TOKENS, "remote", *STEPS)
PARAMETERS: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "place": tuple(PLACES),
    "level": ("B", "T", "LT", "LTA"),
    "seals": ("1", "2", "3"),
    "certify": ("0", "1", "2", "3"),
    "extended": ("no", "yes"),
}


def allowed(case: Mapping[str, str]) -> bool:
    """A document that is certified against all changes takes no further seal; only what lasts is extended."""
    closed = case.get("certify") == "1" and case.get("seals") in ("2", "3")
    return not closed and not (case.get("extended") == "yes" and case.get("level") in ("B", "T"))


@dataclass(frozen=True)
class Case:
    """One way to seal."""

    kind: str
    place: str
    level: str
    seals: int
    certify: int
    extended: bool

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Case:
        numbers = int(values["seals"]), int(values["certify"])
        return cls(values["kind"], values["place"], values["level"], *numbers, values["extended"] == "yes")

    @property
    def name(self) -> str:
        how = "-extended" if self.extended else ""
        return f"{self.kind}_{self.place}_{self.level}{how}_{self.seals}_{self.certify}"

    @property
    def timestamps(self) -> int:
        """How many document timestamps there are: one behind each seal, or one behind all."""
        return 0 if self.level != "LTA" else 1 if self.extended else self.seals

    @property
    def spots(self) -> list[Spot]:
        """Where each of its seals goes: those after a certification into fields that it covers."""
        second = Spot((FIELDS["Second"],), (), "Second")
        if not self.certify:
            second = Spot((_at(1, 140, 230),), (Placement(1, 140, 230),))
        return [PLACES[self.place], second, Spot((FIELDS["Third"],), (), "Third")][: self.seals]


@dataclass
class Office:
    """One authority with a key of each kind, whose root alone the judges are given."""

    folder: Path
    pki: RealPki = field(default_factory=lambda: RealPki(datetime.now(UTC)))
    makers: dict[str, Maker] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = TrustStore(TrustStore.from_certificates([self.pki.root]).anchors, self.pki.data)
        stamper = LocalTimestamper(self._file("timestamper", "p256"), clock=lambda: datetime.now(UTC))
        self.services = Services(stamper, known)
        self.artwork = draw(preset("round-42", owner="杭州市示范局"))
        (self.folder / "trust").mkdir()
        self.root = self._written("trust/root.pem", self.pki.root.to_pem())
        self.issuing = self._written("trust/issuing.pem", self.pki.issuing.to_pem())
        for number, crl in enumerate(self.pki.data.crls):
            self._written(f"trust/{number}.crl", crl)

    def make(self, case: Case) -> bytes:
        """The document, sealed as `case` says."""
        data, level = document(), "T" if case.extended else case.level
        for n, (kind, spot) in enumerate(zip((case.kind, "second", "third"), case.spots, strict=False)):
            request = Request(
                at=datetime.now(UTC),
                artwork=self.artwork if spot.boxes else None,
                where=spot.where,
                field=spot.field,
                level=level,
                certify=case.certify or None if n == 0 else None,
            )
            made = self.makers[kind](data, request)
            assert (made.level, len(made.fields)) == (level, 1), made.notes
            data = made.data
        if case.extended:
            longer = extend(data, case.level, services=self.services, at=datetime.now(UTC))
            assert longer.level == case.level, longer.notes
            data = longer.data
        return data

    def with_files(self, *kinds: str) -> Office:
        """Keys in files."""
        for kind in kinds:
            algorithm = {"rsa-pss": "rsa2048", "second": "p256", "third": "rsa2048"}.get(kind, kind)
            scheme = "rsa-pss-sha256" if kind == "rsa-pss" else None
            self.makers[kind] = self._by(self._pkcs12() if kind == "pkcs12" else self._file(kind, algorithm, scheme))
        return self

    def with_token(self, hsm: softhsm.SoftHsm) -> None:
        """Keys in a token, with certificates of this authority."""
        for kind, name in TOKENS.items():
            how = {"password": softhsm.PIN, "module": hsm.module}
            public = open_key(hsm.uri(name), **how).public_key  # type: ignore[arg-type]
            chain = self._written(f"{kind}-chain.pem", self._chain(load_der_public_key(public.der), kind))
            self.makers[kind] = self._by(open_signer(hsm.uri(name), cert=chain, **how))  # type: ignore[arg-type]

    @contextmanager
    def with_remote(self) -> Iterator[None]:
        """A key with a service on loopback."""
        key = new_key("rsa2048")
        certificate = self.pki.certify(key.public_key(), "Seal remote")
        with Service(key, [certificate.der, self.pki.issuing.der]).running() as service:
            uri = f"csc:{service.base}?credential=seal-1"
            self.makers["remote"] = self._by(open_signer(uri, token=TOKEN.encode(), password=PIN.encode()))
            yield

    def with_steps(self) -> None:
        """Keys that OpenSSL uses in another process: for messages, for digests alone, for a whole CMS."""
        for kind, algorithm in zip(STEPS, ("rsa2048", "p256", "p384"), strict=True):
            self._file(kind, algorithm)
            scheme = {"rsa2048": "rsa-pkcs1v15-sha256", "p256": "ecdsa-sha256", "p384": "ecdsa-sha384"}[algorithm]
            self.makers[kind] = functools.partial(self._in_two_steps, kind, scheme)

    def _by(self, signer: Signer) -> Maker:
        return lambda data, request: seal_as(data, signer, request, self.services)

    def _in_two_steps(self, kind: str, scheme: str, data: bytes, request: Request) -> Sealed:
        key, chain = (self.folder / f"{kind}{end}" for end in (".pem", "-chain.pem"))
        leaf, *above = Certificate.load_all(chain.read_bytes())
        room = FOREIGN_ROOM if kind == "two-steps-cms" else None
        stored = prepare(
            data, leaf, request, scheme=scheme, chain=tuple(above), services=self.services, room=room
        ).to_bytes()
        prepared = Prepared.from_bytes(stored, data)
        given, taken = self.folder / f"{kind}.given", self.folder / f"{kind}.taken"
        if kind == "two-steps":
            given.write_bytes(prepared.to_sign)
            run("openssl", "dgst", "-sha256", "-sign", key, "-out", taken, given)
        elif kind == "two-steps-digest":
            given.write_bytes(prepared.digest_to_sign.value)
            digest = ("-pkeyopt", f"digest:{prepared.digest_to_sign.algorithm}")
            run("openssl", "pkeyutl", "-sign", "-inkey", key, *digest, "-in", given, "-out", taken)
        else:
            given.write_bytes(prepared.signed_bytes)
            form = ("-cades", "-binary", "-nosmimecap", "-outform", "DER", "-md", "sha384")
            with_ = ("-signer", chain, "-inkey", key, "-certfile", self.issuing)
            run("openssl", "cms", "-sign", *form, *with_, "-in", given, "-out", taken)
            return complete(prepared, cms=taken.read_bytes(), services=self.services)
        return complete(prepared, taken.read_bytes(), services=self.services)

    def _file(self, name: str, algorithm: str, scheme: str | None = None) -> Signer:
        key = new_key(algorithm)
        path = self._written(f"{name}.pem", pem(key))
        chain = self._written(f"{name}-chain.pem", self._chain(key.public_key(), name))
        return open_signer(str(path), cert=chain, scheme=scheme)

    def _pkcs12(self) -> Signer:
        key = new_key("p256")
        certificates = Certificate.load_all(self._chain(key.public_key(), "pkcs12"))
        leaf, issuing = (x509.load_der_x509_certificate(c.der) for c in certificates)
        how = BestAvailableEncryption(b"secret")
        path = self._written("seal.p12", pkcs12.serialize_key_and_certificates(b"seal", key, leaf, [issuing], how))
        return open_signer(f"p12:{path}", password=b"secret")

    def _chain(self, public: object, name: str) -> bytes:
        stamps = name == "timestamper"
        leaf = self.pki.timestamper(public) if stamps else self.pki.certify(public, f"Seal {name}")
        return leaf.to_pem() + self.pki.issuing.to_pem()

    def _written(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path
