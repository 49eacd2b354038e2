"""`Authority`: opened from its folder, it gives signers, seals, trust and timestamps, and seals documents."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from eseal import files, sealing
from eseal.authority import adding, journal, making, separation
from eseal.authority.certificates import certificates_of
from eseal.authority.holding import SealHolding
from eseal.authority.lists import Keeper
from eseal.authority.locking import locked
from eseal.authority.making import KEYS, SEALS, KeySource
from eseal.authority.placing import placing
from eseal.authority.stamping import notes_of, watched
from eseal.config import AuthorityConfig, IssuerEntry, KeyEntry, reading
from eseal.config.authority import FILE as CONFIG_FILE
from eseal.config.authority import located
from eseal.crypto.certificates import facts
from eseal.errors import ServiceError, UsageError
from eseal.keys import open_signer
from eseal.keys import secrets as passwords
from eseal.keys.matching import choose_scheme, scheme_row
from eseal.keys.remote import Ask
from eseal.limits import DEFAULT, Limits
from eseal.model import Certificate, Keyword, Signer, Timestamper, Where, aware
from eseal.net import Fetcher, HttpFetcher, RestingFetcher
from eseal.sealing import Extended, Prepared, Sealed
from eseal.seals.artwork import Artwork
from eseal.seals.register import Seal, SealKind
from eseal.timestamps import FallbackTimestamper, HttpTimestamper, LocalTimestamper
from eseal.timestamps.local import TEST_POLICY
from eseal.trust.store import TrustStore

Made = TypeVar("Made", Sealed, Extended)
PasswordSource = Callable[[str], bytes | None]
"""Gets a key's URI, gives its password, or None."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Authority(SealHolding):
    """An installation: a folder with `eseal.toml`, keys, seals and a trust store.

    What it reads it keeps: a key is opened once, at the first use. Open it again to see what others changed, but for
    the status of its seals and its trust folder. It may be used by several threads where the signers may.
    """

    folder: Path
    """Its folder."""
    config: AuthorityConfig
    """What `eseal.toml` says."""
    clock: Callable[[], datetime] = _now
    """Tells the time for seals, embedded timestamps and the journal; aware."""
    password: PasswordSource | None = None
    """Asked for the password of an encrypted key for which `eseal.toml` names no file."""
    fetcher: Fetcher | None = None
    """Reaches timestampers; None: a client that may reach this network too, since the operator named the address."""
    ask: Ask | None = None
    """Asked for what a remote service wants to be told before it signs, such as a one-time code."""

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        name: str,
        at: datetime | None = None,
        algorithm: str = "p256",
        issuer_code: str | None = None,
        picture: Artwork | None = None,
        key: KeySource | None = None,
        timestampers: Sequence[str] = (),
        trust: Sequence[str] = (),
        actor: str | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> Authority:
        """Make an authority for the body `name` in a new or empty folder, whole or not at all, and open it.

        Without `key` it gets test keys of the kind `algorithm` (`testpki.ALGORITHMS`), a root, CRLs, OCSP responses
        and an embedded timestamper, all marked TEST; certificates are valid from `at` (now) for ten years, lists for a
        week and renewed as long as it is used. With `key` it seals with that one and trusts `trust` ("FILE",
        "seal:FILE", "timestamp:FILE"). `timestampers` are RFC 3161 addresses. The seal is drawn for `name` unless
        `picture` is given. `actor` is who does it (default: the user).

        Raises UsageError (FOLDER_..., NAME_UNUSABLE, SEAL_..., TEST_ALGORITHM_UNKNOWN, AUTHORITY_TRUST_WITHOUT_KEY),
        KeyAccessError and PolicyError (the key or its certificate), Error (FILE_WRITE_FAILED).
        """
        recorded = aware(clock(), "clock")
        at = aware(at, "at") if at is not None else recorded
        who = journal.actor_name(actor)
        name = name.strip()
        code = issuer_code or secrets.token_hex(4)
        if key is None:
            if trust:
                raise UsageError("AUTHORITY_TRUST_WITHOUT_KEY")
            plan = making.plan_test(
                name=name, at=at, algorithm=algorithm, code=code, picture=picture, timestampers=timestampers
            )
        else:
            plan = making.plan_real(
                name=name, at=at, key=key, code=code, picture=picture, timestampers=timestampers, trust=trust
            )
        making.write(Path(folder), plan, journal.JournalEntry(recorded, who, "create", seal=plan.seal.id))
        return cls.open(folder, clock=clock)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        clock: Callable[[], datetime] = _now,
        password: PasswordSource | None = None,
        fetcher: Fetcher | None = None,
    ) -> Authority:
        """Open the authority in `folder`. No key is read yet.

        Raises UsageError CONFIG_...: no `eseal.toml`, a wrong one, or one (or a folder) that others own or can write;
        AUTHORITY_JOURNAL_..., and PolicyError AUTHORITY_WAS_... where the journal was begun by another authority, or
        by one of the other kind.
        """
        # Kept absolute, so that a change of the current folder changes nothing.
        place = Path(folder).absolute()
        config = AuthorityConfig.read(place / CONFIG_FILE)
        for part in (place, place / KEYS, place / SEALS):
            if part.is_dir():
                # Whoever can write the folder can put another file in the place of a safe one.
                reading.check_owner(part.stat(), part)
        separation.check_bound(place, config, place / CONFIG_FILE)
        return cls(place, config, clock, password, fetcher)

    @property
    def name(self) -> str:
        """Its name."""
        return self.config.name

    @property
    def is_test(self) -> bool:
        """True where its keys are test keys that nobody answers for."""
        return self.config.test

    @property
    def issuers(self) -> tuple[IssuerEntry, ...]:
        """The bodies that issue; the first is the default."""
        return self.config.issuers

    @property
    def trust(self) -> TrustStore:
        """Whom it trusts: its trust folder, with its own root where it has test keys. Raises UsageError TRUST_...

        The lists of a test authority are renewed where they are past half their life; `trust_notes` tells what of
        that did not succeed. Raises PolicyError AUTHORITY_TEST_CERTIFICATE for a test CA in a real authority's folder.
        """
        found = self._keeper.at(self.clock()).trust
        separation.check_trust(found, test=self.is_test)
        return found

    @property
    def trust_notes(self) -> tuple[sealing.Note, ...]:
        """What whoever uses `trust` should know: lists that could not be renewed or stored."""
        return self._keeper.at(self.clock()).notes

    @cached_property
    def _keeper(self) -> Keeper:
        return Keeper(self.folder, self.config)

    @cached_property
    def timestamper(self) -> Timestamper | None:
        """Where its timestamps come from: the addresses in their order, then the embedded one; None without any."""
        entry = self.config.timestamper
        # With a second one to turn to, a silent one is not waited for with every document; a single one always is.
        several = len(entry.urls) + bool(entry.key) > 1
        fetcher = self._resting if several else self.fetcher or HttpFetcher(allow_private=True)
        policy = entry.policy or None
        found: list[Timestamper] = [HttpTimestamper(u, fetcher, policy=policy, clock=self.clock) for u in entry.urls]
        if entry.key:
            signer = self._open(next(k for k in self.config.keys if k.id == entry.key))
            found.append(LocalTimestamper(signer, clock=self.clock, policy=entry.policy or TEST_POLICY))
        return FallbackTimestamper(found) if len(found) > 1 else found[0] if found else None

    def key(self, id: str) -> Signer:
        """The key with this id of `eseal.toml`, whatever it is for, opened once.

        Raises UsageError AUTHORITY_KEY_UNKNOWN, and as `open_signer`.
        """
        entry = next((k for k in self.config.keys if k.id == id), None)
        if entry is None:
            raise UsageError("AUTHORITY_KEY_UNKNOWN", key=id)
        return self._open(entry)

    def signer(self, seal: str | Seal | None = None) -> Signer:
        """The signer that a seal is used with; for one that must not be used there is none.

        Raises PolicyError as `check_usable`, UsageError AUTHORITY_SEAL_WITHOUT_KEY, KeyAccessError.
        """
        chosen = self.check_usable(seal)
        entry = self.config.key_for(chosen.id)
        if entry is None:
            raise UsageError("AUTHORITY_SEAL_WITHOUT_KEY", seal=chosen.name)
        return self._open(entry)

    def seal(
        self,
        source: bytes | str | Path,
        *,
        seal: str | Seal | None = None,
        out: str | Path | None = None,
        artwork: Artwork | None = None,
        placement: Where | Sequence[Where] | None = None,
        keyword: str | None = None,
        level: str | None = None,
        reason: str | None = None,
        location: str | None = None,
        field: str | None = None,
        certify: int | None = None,
        keep_pdfa: bool = False,
        at: datetime | None = None,
        actor: str | None = None,
        force: bool = False,
        limits: Limits = DEFAULT,
    ) -> Sealed:
        """Seal a document: bytes, or a file by its path. With `out` the result is written there, whole or not at all.

        `seal` is an id or name (default: the first issuer's first seal); `placement` says where it shows, in one way
        or several (`keyword` is short for the first place of that text); `level` is the highest that can be reached
        unless given; `certify` and `keep_pdfa` as in `sealing.Request`; `at` is the claimed time, now by default. The
        act is in the journal, with `actor` (default: the user) and the result's digest, before the result is given
        out. `force` replaces a file.

        Raises what `sealing.seal` and `files.write` raise, DocumentError INPUT_..., Error JOURNAL_NOT_WRITTEN.
        """
        who = journal.actor_name(actor)
        if out is not None and not force:
            files.refuse_existing(out)
        chosen = self.find(seal)
        data = source if isinstance(source, bytes) else files.read(source, limits.file_bytes)
        request = sealing.Request(
            at=at if at is not None else self.clock(),
            seal=chosen,
            artwork=artwork,
            where=(*sealing.places(placement), *((Keyword(keyword),) if keyword is not None else ())),
            level=level,
            reason=reason,
            location=location,
            field=field,
            certify=certify,
            keep_pdfa=keep_pdfa,
            limits=limits,
        )
        return self.seal_as(data, request, out=out, actor=who, force=force)

    def seal_as(
        self,
        data: bytes,
        request: sealing.Request,
        *,
        out: str | Path | None = None,
        actor: str | None = None,
        force: bool = False,
    ) -> Sealed:
        """Seal `data` as `request` says, with one of this authority's seals. Raises as `seal`."""
        who = journal.actor_name(actor)
        if out is not None and not force:
            files.refuse_existing(out)
        chosen = self.check_usable(request.seal, request.at)
        services, failures = watched(self.services(request.level))
        sealed = sealing.seal_as(data, self.signer(chosen), replace(request, seal=chosen), services)
        return self._hand_out(sealed, failures, "seal", who, chosen.id, out, force)

    def prepare(
        self,
        data: bytes,
        request: sealing.Request,
        *,
        certificates: Sequence[Certificate] = (),
        scheme: str | None = None,
        room: int | None = None,
    ) -> Prepared:
        """The first half of a seal whose signature is made elsewhere; no key is opened where it can be helped.

        `certificates` are the signing one and its issuers; without them those of the seal's key. `room` as in
        `sealing.prepare`. Raises as `sealing.prepare`, and UsageError AUTHORITY_SEAL_WITHOUT_KEY.
        """
        chosen = self.check_usable(request.seal, request.at)
        entry = self.config.key_for(chosen.id)
        if not certificates and entry is not None:
            certificates, scheme = certificates_of(entry, self.folder), scheme or entry.scheme or None
        if not certificates:
            signer = self.signer(chosen)
            certificates, scheme = (signer.certificate, *signer.chain), scheme or signer.scheme
        leaf, *chain = certificates
        separation.check_signing(leaf, chain, test=self.is_test)
        asked = replace(request, seal=chosen)
        named = choose_scheme(scheme_row(scheme), facts(leaf).key).name
        return sealing.prepare(
            data, leaf, asked, scheme=named, chain=tuple(chain), services=self.services(request.level), room=room
        )

    def complete(
        self,
        prepared: Prepared,
        signature: bytes | None = None,
        *,
        cms: bytes | None = None,
        out: str | Path | None = None,
        actor: str | None = None,
        force: bool = False,
    ) -> Sealed:
        """The second half: checks the seal once more, since it may have ended meanwhile, finishes and records.

        Raises as `sealing.complete` and `files.write`, PolicyError SEAL_..., UsageError AUTHORITY_SEAL_UNKNOWN.
        """
        who = journal.actor_name(actor)
        if out is not None and not force:
            files.refuse_existing(out)
        chosen = self.check_usable(prepared.seal_id)
        pending = prepared.pending
        separation.check_signing(pending.certificate, pending.chain, test=self.is_test)
        chosen.check(pending.certificate, self.clock())
        services, failures = watched(self.services(prepared.level))
        sealed = sealing.complete(prepared, signature, cms=cms, services=services)
        return self._hand_out(sealed, failures, "seal", who, chosen.id, out, force)

    def extend(
        self,
        source: bytes | str | Path,
        level: str = "LTA",
        *,
        trust: TrustStore | None = None,
        offline: bool = False,
        out: str | Path | None = None,
        at: datetime | None = None,
        actor: str | None = None,
        force: bool = False,
        limits: Limits = DEFAULT,
    ) -> Extended:
        """Make the proof of a sealed document last longer, whoever sealed it; the act is in the journal.

        `level` is "T", "LT" or "LTA"; `trust` is believed beside the authority's own; `offline` asks nobody for
        revocation data; `at` is now. Addresses that stand in certificates are asked only where they are public, unless
        the authority has a `fetcher` of its own. Raises what `sealing.extend` and `files.write` raise.
        """
        who = journal.actor_name(actor)
        if out is not None and not force:
            files.refuse_existing(out)
        data = source if isinstance(source, bytes) else files.read(source, limits.file_bytes)
        services, failures = watched(self.services("LTA"))
        services = replace(
            services,
            fetcher=None if offline else self.fetcher or HttpFetcher(),
            trust=self.trust + trust if trust is not None else self.trust,
        )
        moment = at if at is not None else self.clock()
        made = sealing.extend(data, level, services=services, at=moment, limits=limits)
        return self._hand_out(made, failures, "extend", who, "", out, force)

    def _hand_out(
        self,
        made: Made,
        failures: Sequence[ServiceError],
        action: str,
        actor: str,
        seal: str,
        out: str | Path | None,
        force: bool,
    ) -> Made:
        """The last step of every act: what failed on the way is told, the journal knows, then the file is written."""
        made = replace(made, notes=(*made.notes, *notes_of(failures)))
        self.record(action, actor, seal=seal, sealed=made)
        if out is not None:
            files.write(out, made.parts, force=force)
        return made

    def services(self, level: str | None = None) -> sealing.Services:
        """Who helps with the proofs of a seal of `level`; for level B nobody is asked, and no key of theirs opened."""
        if (level or "").upper().removeprefix("B-") == "B":
            return sealing.Services()
        trust = self.trust
        return sealing.Services(self.timestamper, trust, self._resting, kept=self._keeper.at(self.clock()).kept)

    @cached_property
    def _resting(self) -> Fetcher:
        return RestingFetcher(self.fetcher or HttpFetcher(allow_private=True))

    def record(self, action: str, actor: str, *, seal: str = "", sealed: Sealed | Extended | None = None) -> None:
        """Put an act into the journal, durably. Raises Error JOURNAL_NOT_WRITTEN; then the act must not be done."""
        digest, level = "", ""
        if sealed is not None:
            state = hashlib.sha256()
            for part in sealed.parts:
                state.update(part)
            digest, level = f"sha256:{state.hexdigest()}", sealed.level
        entry = journal.JournalEntry(self.clock(), actor, action, seal=seal, digest=digest, level=level)
        journal.append(self.folder, entry)

    def journal(self) -> Iterator[journal.JournalEntry]:
        """What was done, oldest first. Raises Error JOURNAL_NOT_READ."""
        return journal.entries(self.folder)

    def add_seal(
        self,
        name: str,
        *,
        picture: Artwork,
        issuer: str | None = None,
        kind: SealKind = SealKind.BUSINESS,
        key: KeySource | None = None,
        supersedes: str | Seal | None = None,
        at: datetime | None = None,
        actor: str | None = None,
    ) -> tuple[Authority, Seal]:
        """Add a seal to the issuer with the code `issuer` (default: the first); gives the authority as it is then.

        Without `key` a test authority issues a certificate of its own for it. A seal that it `supersedes` is not used
        any more; what that one sealed stays good unless it is revoked too. The commit point is the new `eseal.toml`;
        before it nothing names the new files. Raises UsageError (AUTHORITY_ISSUER_UNKNOWN, AUTHORITY_KEY_NEEDED,
        AUTHORITY_SEAL_..., SEAL_INVALID), KeyAccessError and PolicyError (an unfit key, SEAL_SUPERSEDED_TWICE), Error.
        """
        who = journal.actor_name(actor)
        at = aware(at, "at") if at is not None else aware(self.clock(), "clock")
        with locked(self.folder):
            current = Authority.open(self.folder, clock=self.clock, password=self.password, fetcher=self.fetcher)
            before = current._superseded(supersedes) if supersedes is not None else ""
            added = adding.plan(
                current.config,
                self.folder,
                name=name,
                picture=picture,
                issuer=issuer,
                kind=kind,
                key=key,
                supersedes=before,
                at=at,
            )
            seal = added.seal
            with placing(self.folder / CONFIG_FILE, added.config.to_bytes()) as place:
                for file, content in added.secrets.items():
                    place(self.folder / KEYS / file, content, mode=0o600)
                place(self.folder / SEALS / f"{seal.id}.json", seal.to_bytes(), mode=0o644)
                current.record("add-seal", who, seal=seal.id)
        opened = Authority.open(self.folder, clock=self.clock, password=self.password, fetcher=self.fetcher)
        return replace(opened, ask=self.ask), seal

    @cached_property
    def _signers(self) -> dict[str, Signer]:
        return {}

    def _open(self, entry: KeyEntry) -> Signer:
        if entry.id not in self._signers:
            uri = located(entry.uri, self.folder.absolute())
            password = passwords.from_file(self.folder / entry.password_file) if entry.password_file else None
            if password is None and self.password is not None:
                password = self.password(uri)
            signer = open_signer(
                uri,
                cert=self.folder / entry.certificate if entry.certificate else None,
                password=password,
                scheme=entry.scheme or None,
                # This authority's own file names the module, and nobody else.
                module=entry.module or None,
                token=passwords.token_from_file(self.folder / entry.token_file) if entry.token_file else None,
                ask=self.ask,
            )
            separation.check_signing(signer.certificate, signer.chain, test=self.is_test)
            self._signers[entry.id] = signer
        return self._signers[entry.id]
