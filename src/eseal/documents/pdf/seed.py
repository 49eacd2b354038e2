"""Seed values of a signature field (ISO 32000-2 12.7.5.5, table 237): what its author asks of the signature.

A constraint whose bit is set in /Ff is met, or the seal is refused and the constraint named; one whose bit is clear is
met where the seal meets it anyway, else the caller is told. What cannot be read is refused: it might be required.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eseal.documents.pdf import seedcert
from eseal.documents.pdf.form import SignatureField
from eseal.documents.pdf.lexer import Dict, Name
from eseal.documents.pdf.source import Part, Source, string_bytes
from eseal.documents.pdf.syntax import read_text
from eseal.errors import PolicyError
from eseal.model import Certificate, Note

FILTER = "Adobe.PPKLite"
"""The signature handler that eseal names."""
SUB_FILTER = "ETSI.CAdES.detached"
"""The encoding that eseal writes (EN 319 142-1 5.3)."""
VERSION = 3
"""Entries of table 237 up to PDF 2.0 are understood."""
_BITS = {
    name: 1 << position
    for position, name in enumerate(
        (
            "Filter",
            "SubFilter",
            "V",
            "Reasons",
            "LegalAttestation",
            "AddRevInfo",
            "DigestMethod",
            "LockDocument",
            "AppearanceFilter",
        )
    )
}
_LONG_TERM = ("LT", "LTA")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Offer:
    """What a seal is to be, as far as a field can ask for it."""

    certificate: Certificate | None = None
    """The signing certificate."""
    chain: tuple[Certificate, ...] = ()
    """Its issuers, as far as they are known."""
    level: str = "B"
    """Level that is to be reached."""
    reason: str | None = None
    """Stated reason."""
    certify: int | None = None
    """DocMDP level; None: an approval signature."""
    appearance: str = ""
    """Name of the seal; empty without one."""
    timestamper: str = ""
    """Where its timestamps come from; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What the seed values make of a seal that may be made."""

    certify: int | None = None
    """DocMDP level that it takes."""
    digests: tuple[str, ...] | None = None
    """Digest algorithms of which one is asked for, as the document spells them; None: any."""
    digest_needed: bool = False
    """Whether it must be one of them."""
    lock: bool | None = None
    """True: the signature must close the document; False: it must not."""
    level: bool = False
    """Whether the level must be reached: a lower one would not do."""
    field: str = ""
    """Name of the field that asks."""
    notes: tuple[Note, ...] = ()
    """Optional constraints that are not met."""

    def check_digest(self, digest: str) -> tuple[Note, ...]:
        """Whether `digest`, a name in `crypto.algorithms`, will do. Raises PolicyError SEAL_SEED_DIGEST."""
        if self.digests is None or _plain(digest) in map(_plain, self.digests):
            return ()
        wanted = _listed(self.digests)
        if self.digest_needed:
            raise PolicyError("SEAL_SEED_DIGEST", field=self.field, wanted=wanted, given=digest)
        return (_optional(self.field, "DigestMethod", wanted),)


def meet(source: Source, target: SignatureField, offer: Offer) -> Demands:
    """What the seed values of `target` ask of `offer`.

    Raises PolicyError SEAL_SEED_...: a required constraint is not met, or one cannot be read.
    """
    part = source.part(target.part, "SV")
    if part is None:
        return Demands(certify=offer.certify)
    return _Reading(source, target.name, _dictionary(part, target.name, "/SV"), offer).demands()


def _dictionary(part: Part, field: str, rule: str) -> Part:
    # A key that stands twice means one thing to one reader and another to the next (7.3.7).
    if not isinstance(part.value, Dict) or any(part.value.count(e.key) > 1 for e in part.value.entries):
        raise PolicyError("SEAL_SEED_UNREADABLE", field=field, rule=rule)
    return part


class _Reading:
    """One seed value dictionary, entry by entry."""

    def __init__(self, source: Source, name: str, part: Part, offer: Offer) -> None:
        self.source, self.name, self.part, self.offer = source, name, part, offer
        self.flags = self._typed("Ff", int) or 0
        self.notes: list[Note] = []
        self.level = False

    def demands(self) -> Demands:
        """Every entry in turn."""
        unknown = self.flags & ~sum(_BITS.values())
        if self.flags < 0 or unknown:
            self._refuse("SEAL_SEED_UNKNOWN", rule=f"/Ff {self.flags}")
        self._version()
        self._filters()
        digests = self._list("DigestMethod", _text_or_name)
        self._reasons()
        certify = self._certification()
        self._timestamp()
        self._revocation()
        self._attestation(certify)
        self._appearance()
        self._certificate()
        return Demands(
            certify=certify,
            digests=tuple(digests) if digests is not None else None,
            digest_needed=bool(self.flags & _BITS["DigestMethod"]),
            lock=self._lock(),
            level=self.level,
            field=self.name,
            notes=tuple(self.notes),
        )

    def _refuse(self, code: str, **params: object) -> None:
        raise PolicyError(code, field=self.name, **params)

    def _unmet(self, rule: str, code: str, **params: object) -> None:
        """A constraint that the seal does not meet: refused where it is required, told where it is not."""
        if self.flags & _BITS[rule]:
            self._refuse(code, **params)
        self._told(rule, str(params.get("wanted", "")))

    def _told(self, rule: str, wanted: str) -> None:
        self.notes.append(_optional(self.name, rule, wanted))

    def _typed(self, key: str, kind: type, owner: Part | None = None) -> Any:
        """The value of `key`, which must be of this kind; None where there is none."""
        part = self.source.part(owner or self.part, key)
        if part is None:
            return None
        if type(part.value) is not kind:
            self._refuse("SEAL_SEED_UNREADABLE", rule="/" + key)
        return part.value

    def _list(self, key: str, read: Callable[[Part], str | None]) -> list[str] | None:
        """The texts or names in the array `key`; None where there is none."""
        if self._typed(key, list) is None:
            return None
        found = [read(item) for item in self.source.items(self.source.part(self.part, key))]
        texts = [text for text in found if text is not None]
        if len(texts) != len(found):
            self._refuse("SEAL_SEED_UNREADABLE", rule="/" + key)
        return texts

    def _version(self) -> None:
        part = self.source.part(self.part, "V")
        if part is None:
            return
        if not isinstance(part.value, int | float) or isinstance(part.value, bool):
            self._refuse("SEAL_SEED_UNREADABLE", rule="/V")
        elif part.value > VERSION:
            self._unmet("V", "SEAL_SEED_VERSION", wanted=part.value, known=VERSION)

    def _filters(self) -> None:
        handler = self._typed("Filter", Name)
        if handler is not None and handler != FILTER:
            self._unmet("Filter", "SEAL_SEED_FILTER", wanted=handler, given=FILTER)
        encodings = self._list("SubFilter", _name)
        if encodings is not None and SUB_FILTER not in encodings:
            self._unmet("SubFilter", "SEAL_SEED_SUBFILTER", wanted=_listed(encodings), given=SUB_FILTER)

    def _reasons(self) -> None:
        reasons = self._list("Reasons", _text)
        required = bool(self.flags & _BITS["Reasons"])
        if reasons is None and not required:
            return
        if not reasons or reasons == ["."]:
            # Table 237: a required list that is missing, empty or a single period means that none may be stated.
            if self.offer.reason:
                self._unmet("Reasons", "SEAL_SEED_NO_REASON", wanted="-")
        elif self.offer.reason not in reasons:
            self._unmet("Reasons", "SEAL_SEED_REASON", wanted=_listed(reasons), given=self.offer.reason or "-")

    def _certification(self) -> int | None:
        """/MDP: 0 asks for an approval, 1 to 3 for a certification; there is no bit that makes it optional."""
        owner = self._owner("MDP")
        level = self._typed("P", int, owner) if owner is not None else None
        if level is None:
            return self.offer.certify
        if level not in (0, 1, 2, 3):
            self._refuse("SEAL_SEED_UNREADABLE", rule="/MDP /P")
        if level == 0:
            if self.offer.certify is not None:
                self._refuse("SEAL_SEED_APPROVAL")
            return None
        if self.offer.certify is None:
            self.notes.append(Note("SEAL_SEED_CERTIFIES", {"field": self.name, "level": str(level)}))
        elif self.offer.certify != level:
            self._refuse("SEAL_SEED_CERTIFY", wanted=level, given=self.offer.certify)
        return int(level)

    def _owner(self, key: str) -> Part | None:
        part = self.source.part(self.part, key)
        return _dictionary(part, self.name, "/" + key) if part is not None else None

    def _timestamp(self) -> None:
        """/TimeStamp. Its address is the document's word alone and is never asked: the operator names services."""
        owner = self._owner("TimeStamp")
        if owner is None:
            return
        flags = self._typed("Ff", int, owner) or 0
        raw = self.source.part(owner, "URL")
        address = read_text(string_bytes(raw) or b"") if raw is not None else "-"
        if flags & ~1:
            self._refuse("SEAL_SEED_UNKNOWN", rule=f"/TimeStamp /Ff {flags}")
        if flags and self.offer.level == "B":
            self._refuse("SEAL_SEED_TIMESTAMP", wanted=address)
        if self.offer.level == "B" or (self.offer.timestamper and address not in ("-", self.offer.timestamper)):
            self._told("TimeStamp", address)

    def _revocation(self) -> None:
        """/AddRevInfo: a PAdES signature carries revocation data in the document (EN 319 142-1 5.4.1), from LT on."""
        if self._typed("AddRevInfo", bool):
            if self.offer.level not in _LONG_TERM:
                self._unmet("AddRevInfo", "SEAL_SEED_REVOCATION", wanted="LT", given=self.offer.level)
            self.level = bool(self.flags & _BITS["AddRevInfo"])

    def _lock(self) -> bool | None:
        wanted = self._typed("LockDocument", Name)
        if wanted is not None and wanted not in ("true", "false", "auto"):
            self._refuse("SEAL_SEED_UNREADABLE", rule="/LockDocument")
        if wanted in (None, "auto"):
            return None
        if self.flags & _BITS["LockDocument"]:
            return bool(wanted == "true")
        if wanted == "true":
            self._told("LockDocument", "true")
        return None

    def _attestation(self, certify: int | None) -> None:
        """/LegalAttestation (12.8.7): a statement in the catalog that nobody can make for the operator."""
        wanted = self._list("LegalAttestation", _text)
        if wanted is None and not self.flags & _BITS["LegalAttestation"]:
            return
        legal = self.source.dictionary(self.source.root, "Legal")
        stated = self.source.text(legal, "Attestation") if legal is not None else None
        if stated is None or stated not in (wanted or ()):
            self._unmet("LegalAttestation", "SEAL_SEED_ATTESTATION", wanted=_listed(wanted or []), given=stated or "-")

    def _appearance(self) -> None:
        part = self.source.part(self.part, "AppearanceFilter")
        if part is None:
            return
        wanted = _text(part)
        if wanted is None:
            self._refuse("SEAL_SEED_UNREADABLE", rule="/AppearanceFilter")
        elif wanted != self.offer.appearance:
            given = self.offer.appearance or "-"
            self._unmet("AppearanceFilter", "SEAL_SEED_APPEARANCE", wanted=wanted, given=given)

    def _certificate(self) -> None:
        owner = self._owner("Cert")
        if owner is None:
            return
        certificate = self.offer.certificate
        for rule, required, wanted in seedcert.unmet(self.source, self.name, owner, certificate, self.offer.chain):
            if required:
                self._refuse("SEAL_SEED_CERTIFICATE", rule="/Cert /" + rule, wanted=wanted)
            self._told("Cert /" + rule, wanted)


def _optional(field: str, rule: str, wanted: str) -> Note:
    return Note("SEAL_SEED_OPTIONAL", {"field": field, "rule": "/" + rule, "wanted": wanted})


def _plain(digest: str) -> str:
    """A digest's name without what its spellings differ in: SHA3-256, sha3_256."""
    return digest.lower().replace("-", "").replace("_", "")


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (", ..." if len(texts) > _SHOWN else "") if texts else "-"


def _name(part: Part) -> str | None:
    return str(part.value) if isinstance(part.value, Name) else None


def _text(part: Part) -> str | None:
    raw = string_bytes(part)
    return None if raw is None else read_text(raw)


def _text_or_name(part: Part) -> str | None:
    return _name(part) or _text(part)
