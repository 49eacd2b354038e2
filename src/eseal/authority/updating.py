"""Takes what an intranet drops into a folder into the trust store: intermediates, CRLs and OCSP responses.

Nothing from there ever becomes an anchor. A list counts only where the issuer that the store knows signed it, and
replaces another only where it is newer, each by one rename: whatever fails leaves every list whole, old or new.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from eseal import files
from eseal.authority import journal
from eseal.authority.locking import locked
from eseal.authority.office import Authority
from eseal.authority.separation import marked_test
from eseal.authority.trusting import trust_folder
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificates import facts, subject_text
from eseal.crypto.crl import Crl, read_crl
from eseal.crypto.names import name_key
from eseal.crypto.ocsp import Ocsp, read_ocsp
from eseal.crypto.signatures import check_issued, check_signed
from eseal.errors import UsageError
from eseal.judging.paths import Pool, find_paths
from eseal.judging.policy import Policy
from eseal.model import Certificate, aware, pem_blocks, rfc3339
from eseal.trust.folder import FOLDERS, MATERIAL, files_in
from eseal.trust.store import FILE_BYTES, TRUST_SUFFIXES, TrustStore, read_folder

MOST_FILES, MOST_BYTES = 5_000, 512_000_000
"""Most files, and most bytes of all together, that are taken from one folder."""
_SKEW = timedelta(minutes=5)
_ANY = frozenset({"any_extended_key_usage"})


class State(StrEnum):
    """What became of one piece."""

    TAKEN = "taken"
    """New, or newer than what it replaced."""
    KNOWN = "known"
    """The store holds it already, or something newer."""
    LEFT = "left"
    """Nothing that is taken from a folder: a root, an end entity, another file."""
    REFUSED = "refused"
    """Broken, foreign, not signed by whom it names, or of a kind that cannot be used."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One certificate, CRL or OCSP response of the folder, or a file that holds none."""

    file: str
    """Its file, counted from the folder; hostile until escaped."""
    kind: str
    """"certificate", "CRL", "OCSP" or "file"."""
    state: State
    """What became of it."""
    code: str
    """Catalogue code that says why."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Its parameters; hostile until escaped."""


@dataclass(frozen=True, slots=True)
class _List:
    """An authentic CRL or OCSP response."""

    kind: str
    der: bytes = field(repr=False)
    issuer: Certificate
    this_update: datetime
    next_update: datetime | None
    key: str
    """The same for lists of which one replaces the other."""


@dataclass(slots=True)
class _Raw:
    """What the files of a folder hold, in the order of their names."""

    certificates: list[tuple[str, Certificate]] = field(default_factory=list)
    lists: list[tuple[str, str, bytes]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


def update(
    authority: Authority, folder: str | Path, *, dry_run: bool = False, actor: str | None = None
) -> tuple[Piece, ...]:
    """Take from `folder` what is new; what became of every piece, certificates first.

    Looked at are the files in it and in its subfolders anchors, intermediates, crls and ocsp. A certification
    authority is taken where a path of signatures leads from it to an anchor; a list where its issuer has such a path.
    With `dry_run` nothing is written. The journal names each piece before it is written.

    Raises UsageError (FOLDER_NOT_FOUND, TRUST_UPDATE_TOO_MUCH), Error (JOURNAL_NOT_WRITTEN, FILE_WRITE_FAILED).
    """
    who = journal.actor_name(actor)
    at = aware(authority.clock(), "clock")
    raw = _read(Path(folder))
    with locked(authority.folder):
        store_folder = trust_folder(authority)
        keeper = _Keeper(authority, store_folder, read_folder(store_folder), at, who, dry_run)
        return (*keeper.certificates(raw.certificates), *keeper.lists(raw.lists), *raw.pieces)


class _Keeper:
    """One update of one store."""

    def __init__(
        self, authority: Authority, folder: Path, store: TrustStore, at: datetime, who: str, dry_run: bool
    ) -> None:
        self._authority, self._folder, self._at, self._who, self._dry = authority, folder, at, who, dry_run
        self._anchors = store.anchors
        self._known = {a.certificate for a in store.anchors} | set(store.data.certificates)
        self._pool = Pool.of(self._known)

    def certificates(self, found: Sequence[tuple[str, Certificate]]) -> Iterator[Piece]:
        """Take the intermediates."""
        together = Pool.of((*self._known, *(c for _, c in found)))
        for file, certificate in found:
            own = facts(certificate)
            piece = _About(file, "certificate", certificate=own.subject)
            if certificate in self._known:
                yield piece(State.KNOWN, "TRUST_UPDATE_KNOWN")
            elif own.self_issued and check_issued(certificate, own.key) is not False:
                yield piece(State.LEFT, "TRUST_UPDATE_ROOT")
            elif not own.is_ca:
                yield piece(State.LEFT, "TRUST_UPDATE_NOT_CA")
            elif marked_test(certificate) and not self._authority.is_test:
                # It would make the whole store be refused, whoever issued it.
                yield piece(State.REFUSED, "TRUST_ANCHOR_TEST")
            elif not self._leads_up(certificate, together):
                yield piece(State.REFUSED, "TRUST_UPDATE_FOREIGN")
            else:
                self._put("intermediates", f"{certificate.fingerprint}.pem", certificate.der, certificate.to_pem())
                self._known.add(certificate)
                self._pool.add([certificate])
                yield piece(State.TAKEN, "TRUST_UPDATE_TAKEN")

    def lists(self, found: Sequence[tuple[str, str, bytes]]) -> Iterator[Piece]:
        """Take the CRLs and OCSP responses, the newest first, so that an older one beside it replaces nothing."""
        good: list[tuple[str, _List]] = []
        for file, kind, der in found:
            listed = self._authentic(kind, der, file)
            if isinstance(listed, Piece):
                yield listed
            else:
                good.append((file, listed))
        stored = self._stored()
        for file, one in sorted(good, key=lambda g: g[1].this_update, reverse=True):
            yield self._take(file, one, stored)

    def _take(self, file: str, one: _List, stored: dict[str, list[tuple[Path, bool, _List]]]) -> Piece:
        piece = _About(file, one.kind, **_times(one))
        same = stored.get(one.key, [])
        newest = max((other for _, _, other in same), key=lambda o: o.this_update, default=None)
        if newest is not None and newest.this_update >= one.this_update:
            if any(other.der == one.der for _, _, other in same):
                return piece(State.KNOWN, "TRUST_UPDATE_KNOWN_LIST")
            return piece(State.KNOWN, "TRUST_UPDATE_OLDER", stored=rfc3339(newest.this_update))
        part, suffix = ("crls", "crl") if one.kind == "CRL" else ("ocsp", "ocsp")
        path = self._put(part, f"{one.key[:40]}.{suffix}", one.der, one.der)
        for old, alone, _ in same:
            # A file with other things in it stays; an older list beside a newer one does no harm.
            if alone and old != path and not self._dry:
                with contextlib.suppress(OSError):
                    old.unlink()
        stored[one.key] = [(path, True, one)]
        if one.next_update is not None and one.next_update < self._at:
            return piece(State.TAKEN, "TRUST_UPDATE_TAKEN_STALE")
        return piece(State.TAKEN, "TRUST_UPDATE_NEWER" if newest is not None else "TRUST_UPDATE_TAKEN_LIST")

    def _put(self, part: str, name: str, der: bytes, content: bytes) -> Path:
        path = self._folder / part / name
        if self._dry:
            return path
        digest = f"sha256:{hashlib.sha256(der).hexdigest()}"
        entry = journal.JournalEntry(self._authority.clock(), self._who, "trust-update", digest=digest)
        journal.append(self._authority.folder, entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, content, force=True, mode=0o644)
        return path

    def _stored(self) -> dict[str, list[tuple[Path, bool, _List]]]:
        """The lists of the store by key, with their file and whether it holds nothing else."""
        found: dict[str, list[tuple[Path, bool, _List]]] = {}
        for part in ("crls", "ocsp"):
            for file in files_in(self._folder / part):
                raw = _Raw()
                _contents(files.read(file, FILE_BYTES), file.name, raw)
                alone = len(raw.lists) == 1 and not raw.certificates and not raw.pieces
                for _, kind, der in raw.lists:
                    listed = self._authentic(kind, der, file.name)
                    if not isinstance(listed, Piece):
                        found.setdefault(listed.key, []).append((file, alone, listed))
        return found

    def _authentic(self, kind: str, der: bytes, file: str) -> _List | Piece:
        try:
            found = self._crl(der, file) if kind == "CRL" else self._ocsp(der, file)
        except (Asn1Error, UsageError):
            return _About(file, kind)(State.REFUSED, "TRUST_UPDATE_BROKEN")
        if isinstance(found, _List) and found.this_update > self._at + _SKEW:
            # It would keep every right list out until its time comes.
            return _About(file, kind, **_times(found))(State.REFUSED, "TRUST_UPDATE_FROM_FUTURE")
        return found

    def _crl(self, der: bytes, file: str) -> _List | Piece:
        crl = read_crl(der)
        piece = _About(file, "CRL", issuer=subject_text(crl.issuer))
        if crl.delta or crl.unknown_critical or not crl.scope.usable:
            return piece(State.REFUSED, "TRUST_UPDATE_UNUSABLE")
        named = [c for c in self._pool.named(crl.issuer) if self._leads_up(c, self._pool)]
        if not named:
            return piece(State.REFUSED, "TRUST_UPDATE_FOREIGN_LIST")
        signer = next((c for c in named if _signed_crl(crl, c)), None)
        if signer is None:
            return piece(State.REFUSED, "TRUST_UPDATE_NOT_AUTHENTIC")
        scope = (sorted(map(repr, crl.scope.names)), crl.scope.users_only, crl.scope.cas_only)
        key = _key("CRL", repr(name_key(crl.issuer)), facts(signer).key.der.hex(), repr(scope))
        return _List("CRL", der, signer, crl.this_update, crl.next_update, key)

    def _ocsp(self, der: bytes, file: str) -> _List | Piece:
        ocsp = read_ocsp(der)
        piece = _About(file, "OCSP", issuer=_responder(ocsp))
        if not ocsp.usable or not ocsp.responses:
            return piece(State.REFUSED, "TRUST_UPDATE_UNUSABLE")
        issuers = [c for c in self._authorities() if all(r.names_issuer(c) for r in ocsp.responses)]
        if not issuers:
            return piece(State.REFUSED, "TRUST_UPDATE_FOREIGN_LIST")
        issuer = next((c for c in issuers if _answered(ocsp, c)), None)
        if issuer is None:
            return piece(State.REFUSED, "TRUST_UPDATE_NOT_AUTHENTIC")
        ends = [r.next_update for r in ocsp.responses]
        end = None if None in ends else min(e for e in ends if e is not None)
        serials = sorted({r.serial for r in ocsp.responses})
        key = _key("OCSP", facts(issuer).key.der.hex(), repr(serials))
        return _List("OCSP", der, issuer, min(r.this_update for r in ocsp.responses), end, key)

    def _authorities(self) -> list[Certificate]:
        return [c for c in self._known if facts(c).is_ca and self._leads_up(c, self._pool)]

    def _leads_up(self, certificate: Certificate, pool: Pool) -> bool:
        """Whether signatures lead from it to an anchor. Every other rule is the judge's, at the time it judges."""
        search = find_paths(
            certificate, anchors=self._anchors, pool=pool, when=self._at, policy=Policy(paths=1), usages=_ANY
        )
        return bool(search.paths)


class _About:
    """What is known of a piece before its outcome is."""

    def __init__(self, file: str, kind: str, **params: str) -> None:
        self._file, self._kind, self._params = file, kind, params

    def __call__(self, state: State, code: str, **more: str) -> Piece:
        return Piece(
            self._file, self._kind, state, code, {"file": self._file, "kind": self._kind} | self._params | more
        )


def _signed_crl(crl: Crl, certificate: Certificate) -> bool:
    own = facts(certificate)
    if own.key_usage is not None and "crl_sign" not in own.key_usage:
        return False
    return check_signed(crl.signed, crl.algorithm, crl.signature, own.key) is True


def _answered(ocsp: Ocsp, issuer: Certificate) -> bool:
    """RFC 6960 4.2.2.2: signed by the issuer, or by whom it authorised. Whether he was revoked the judge asks."""
    for candidate in (issuer, *ocsp.certificates):
        try:
            own = facts(candidate)
            if not ocsp.is_by(candidate):
                continue
        except (UsageError, Asn1Error):
            continue
        fit = candidate == issuer or (
            "ocsp_signing" in (own.extended_key_usage or ())
            and name_key(own.issuer_der) == name_key(facts(issuer).subject_der)
            and check_issued(candidate, facts(issuer).key) is True
        )
        if fit and check_signed(ocsp.signed, ocsp.algorithm, ocsp.signature, own.key) is True:
            return True
    return False


def _responder(ocsp: Ocsp) -> str:
    if ocsp.responder_name is not None:
        return subject_text(ocsp.responder_name)
    return (ocsp.responder_key_hash or b"").hex()


def _times(one: _List) -> dict[str, str]:
    end = rfc3339(one.next_update) if one.next_update is not None else "-"
    return {"issuer": facts(one.issuer).subject, "time": rfc3339(one.this_update), "next": end}


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _read(folder: Path) -> _Raw:
    if not folder.is_dir():
        raise UsageError("FOLDER_NOT_FOUND", path=folder)
    raw, total = _Raw(), 0
    for number, file in enumerate(_offered(folder, raw)):
        name = str(file.relative_to(folder))
        if number >= MOST_FILES:
            raise UsageError("TRUST_UPDATE_TOO_MUCH", folder=folder, files=MOST_FILES, bytes=MOST_BYTES)
        data = _bytes(file)
        if data is None:
            raw.pieces.append(_About(name, "file")(State.REFUSED, "TRUST_UPDATE_UNREADABLE"))
            continue
        total += len(data)
        if total > MOST_BYTES:
            raise UsageError("TRUST_UPDATE_TOO_MUCH", folder=folder, files=MOST_FILES, bytes=MOST_BYTES)
        _contents(data, name, raw)
    return raw


def _offered(folder: Path, raw: _Raw) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
        inner = [e for name in FOLDERS if (folder / name).is_dir() for e in sorted((folder / name).iterdir())]
    except OSError as error:
        raise UsageError("TRUST_FILE_UNREADABLE", source=folder) from error
    for entry in (*entries, *inner):
        name = str(entry.relative_to(folder))
        if entry.name.startswith(".") or (entry.parent == folder and entry.name in FOLDERS):
            continue
        if entry.is_dir():
            raw.pieces.append(_About(name, "file")(State.LEFT, "TRUST_UPDATE_SUBFOLDER", folders=", ".join(MATERIAL)))
        elif entry.suffix.lower() in TRUST_SUFFIXES:
            yield entry
        elif entry.name != "anchors.toml":
            raw.pieces.append(_About(name, "file")(State.LEFT, "TRUST_UPDATE_OTHER_FILE"))


def _bytes(file: Path) -> bytes | None:
    """The content of a regular file within the limit. Others may write to the folder: a pipe must not hold us up."""
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            data = stream.read(FILE_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= FILE_BYTES else None


def _contents(data: bytes, name: str, raw: _Raw) -> None:
    """Sort what a file holds; what cannot be read is named and hides nothing else."""
    try:
        if data[:1] == b"\x30":
            certificates, crls, ocsps = _der(data)
        else:
            certificates = pem_blocks(data, "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
            crls, ocsps = pem_blocks(data, "X509 CRL"), pem_blocks(data, "OCSP RESPONSE")
    except UsageError:
        certificates, crls, ocsps = [], [], []
    raw.lists += [*((name, "CRL", der) for der in crls), *((name, "OCSP", der) for der in ocsps)]
    good = list(_readable(certificates))
    raw.certificates += [(name, c) for c in good]
    if len(good) < len(certificates) or not (certificates or crls or ocsps):
        raw.pieces.append(_About(name, "file")(State.REFUSED, "TRUST_UPDATE_BROKEN"))


def _der(data: bytes) -> tuple[list[bytes], list[bytes], list[bytes]]:
    with contextlib.suppress(Asn1Error):
        read_crl(data)
        return [], [data], []
    with contextlib.suppress(Asn1Error):
        read_ocsp(data)
        return [], [], [data]
    return [data], [], []


def _readable(ders: Iterable[bytes]) -> Iterator[Certificate]:
    for der in ders:
        certificate = Certificate(der)
        with contextlib.suppress(UsageError):
            facts(certificate)
            yield certificate
