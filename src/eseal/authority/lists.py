"""The CRLs and OCSP responses of a test authority: short-lived, and renewed after half their life.

A real authority gets its lists from its certificate authority: nothing is made for one here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eseal import files, testpki
from eseal.authority.making import KEYS, TEST_CA, TEST_LISTS, TEST_ROOT, list_files
from eseal.config import AuthorityConfig
from eseal.crypto.asn1 import Asn1Error
from eseal.crypto.certificates import facts
from eseal.crypto.crl import read_crl
from eseal.crypto.signatures import check_issued
from eseal.errors import Error
from eseal.judging.collecting import Kept
from eseal.keys.files import read_key_file
from eseal.model import Certificate, ValidationData, aware
from eseal.sealing import Note
from eseal.trust.folder import ANCHORS_FILE, FOLDERS
from eseal.trust.store import TrustStore, read_folder

_SKEW = timedelta(minutes=5)
_CRLS = 2
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """A trust store as it is now."""

    trust: TrustStore
    """Anchors and material."""
    since: datetime | None = None
    """From when on the test authority's own lists hold; None where there are none to renew."""
    until: datetime | None = None
    """When they are to be renewed: after half their life."""
    notes: tuple[Note, ...] = ()
    """LISTS_NOT_STORED: they are fresh in memory alone; LISTS_NOT_RENEWED: they could not be made."""
    kept: Kept = field(default_factory=Kept, compare=False, repr=False)
    """What was collected by this trust store for seals, for the next ones."""

    def serves(self, now: datetime) -> bool:
        """Whether nothing is to be renewed at `now`."""
        return self.since is None or self.until is None or self.since - _SKEW <= now < self.until


@dataclass(slots=True)
class Keeper:
    """Keeps the trust store of one authority, and its test lists fresh, for as long as a process runs.

    It is read anew where files came or went: a list that an intranet dropped there may tell of a revocation.
    Several processes may renew at once: every file is replaced whole, and whichever stays is as good.
    """

    folder: Path
    """The authority's folder."""
    config: AuthorityConfig
    """Its configuration."""
    _held: Held | None = field(default=None)
    _seen: tuple[object, ...] = field(default=())

    def at(self, now: datetime) -> Held:
        """The trust store at `now`, its test lists renewed where they are past half their life.

        Raises UsageError TRUST_... and CONFIG_... where the folder cannot be read; lists that cannot be renewed or
        stored are a note.
        """
        now = aware(now, "clock")
        seen = self._state()
        if self._held is None or seen != self._seen or not self._held.serves(now):
            # Read anew: another process may have renewed them.
            held = self._read()
            if not held.serves(now):
                # What this writes is no news, stored or not.
                held = self._renew(held, now)
                seen = self._state()
            self._held, self._seen = held, seen
        return self._held

    def _state(self) -> tuple[object, ...]:
        """Changes with every file that is added, replaced or removed."""
        folder = self._trust
        return tuple(map(_stamp, (folder, folder / ANCHORS_FILE, *(folder / name for name in FOLDERS))))

    @property
    def _trust(self) -> Path:
        return self.folder / self.config.trust

    def _read(self) -> Held:
        store = read_folder(self._trust)
        if not self.config.test or not (self.folder / KEYS / TEST_ROOT).is_file():
            # One that was made before lists were renewed has lists for ten years, and no key of its root.
            return Held(store)
        return _held(store, self._own("crls"))

    def _own(self, part: str) -> list[bytes]:
        """The lists that this authority made, as they lie in the folder."""
        folder, kind = self._trust / part, "crl" if part == "crls" else "ocsp"
        return [file.read_bytes() for file in sorted(folder.glob(f"{TEST_LISTS}*.{kind}"))]

    def _renew(self, held: Held, now: datetime) -> Held:
        try:
            root, issuing = (testpki.load(read_key_file(self.folder / KEYS / name)) for name in (TEST_ROOT, TEST_CA))
            if now > min(facts(c.certificate).not_after for c in (root, issuing)):
                return Held(held.trust, notes=(Note("LISTS_TEST_AUTHORITY_EXPIRED"),))
            made = testpki.issue_lists(root, issuing, self._issued(issuing.certificate), at=now)
        except Error as error:
            # Who may verify need not be able to read the keys.
            return Held(held.trust, notes=(Note("LISTS_NOT_RENEWED", {"reason": error.message()}),))
        fresh = ValidationData((), made.crls, made.ocsps)
        old = {*self._own("crls"), *self._own("ocsp")}
        notes: tuple[Note, ...] = ()
        try:
            for name, der in list_files(fresh, test=True).items():
                files.write(self._trust / name, der, force=True, mode=0o644)
        except Error as error:
            notes = (Note("LISTS_NOT_STORED", {"reason": error.message()}),)
        kept = held.trust.data
        others = ValidationData(
            kept.certificates,
            tuple(c for c in kept.crls if c not in old),
            tuple(o for o in kept.ocsps if o not in old),
        )
        return _held(TrustStore(held.trust.anchors, others + fresh), made.crls, notes)

    def _issued(self, issuing: Certificate) -> list[Certificate]:
        """The certificates of the keys in the folder that the issuing CA issued."""
        found = []
        for entry in self.config.keys:
            file = self.folder / KEYS / f"{entry.id}.pem"
            if file.is_file():
                certificate = Certificate.load_all(read_key_file(file))[0]
                if check_issued(certificate, facts(issuing).key):
                    found.append(certificate)
        return found


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _held(trust: TrustStore, crls: Sequence[bytes], notes: tuple[Note, ...] = ()) -> Held:
    periods = []
    for der in crls:
        try:
            crl = read_crl(der)
        except Asn1Error:
            continue
        if crl.next_update is not None:
            periods.append((crl.this_update, crl.next_update))
    if len(periods) < _CRLS:
        return Held(trust, _NEVER, _NEVER, notes)
    until = min(start + (end - start) / 2 for start, end in periods)
    return Held(trust, max(start for start, _ in periods), until, notes)
