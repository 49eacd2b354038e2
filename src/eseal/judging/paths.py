"""Certificate paths: candidates from an end entity up to an anchor (RFC 5280 6.1, RFC 4158).

Written here and not taken from a library, because SM2 comes, each finding must be named, and a path is judged at a
proven time. The rules themselves stand in `path_rules`. The search is bounded in paths, length and signatures checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eseal.crypto.certificates import CertificateFacts, facts
from eseal.crypto.names import name_key
from eseal.crypto.signatures import check_issued
from eseal.errors import UsageError
from eseal.judging.path_rules import Problem, problems_of
from eseal.judging.policy import Policy
from eseal.model import Certificate
from eseal.report.model import CheckVerdict, SubIndication
from eseal.trust.store import Anchor

_SIGNATURE_CHECKS = 400
_CERTIFICATE_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of signatures that reaches an anchor, with everything that is wrong about it."""

    chain: tuple[Certificate, ...]
    """End entity first, without the anchor; the end entity alone where it is the anchor itself."""
    anchor: Anchor
    """What it ends at."""
    problems: tuple[Problem, ...]
    """Broken rules; empty for a valid path."""

    @property
    def with_anchor(self) -> tuple[Certificate, ...]:
        """The chain with the anchor's certificate at its end."""
        top = self.anchor.certificate
        return self.chain if self.chain[-1] == top else (*self.chain, top)

    def issuer_of(self, index: int) -> Certificate:
        """The certificate that issued `chain[index]`."""
        return self.with_anchor[min(index + 1, len(self.with_anchor) - 1)]


@dataclass(slots=True)
class Pool:
    """Certificates by subject, to find issuers in. What cannot be read is left out: it can be no issuer."""

    _by_subject: dict[object, list[Certificate]] = field(default_factory=dict)
    _seen: set[Certificate] = field(default_factory=set)

    @classmethod
    def of(cls, certificates: Iterable[Certificate], limit: int = 2000) -> Pool:
        """A pool of the first `limit` of `certificates`."""
        pool = cls()
        pool.add(certificates, limit)
        return pool

    def add(self, certificates: Iterable[Certificate], limit: int = 2000) -> bool:
        """Put more in; True where one of them was new."""
        grown = False
        for certificate in certificates:
            if certificate in self._seen or len(certificate.der) > _CERTIFICATE_BYTES:
                continue
            if len(self._seen) >= limit:
                break
            self._seen.add(certificate)
            try:
                key = name_key(facts(certificate).subject_der)
            except UsageError:
                continue
            self._by_subject.setdefault(key, []).append(certificate)
            grown = True
        return grown

    def roots(self) -> Sequence[Certificate]:
        """Those that name themselves as their issuer. None of them is trusted for that."""
        return [c for found in self._by_subject.values() for c in found if facts(c).self_issued]

    def named(self, name: bytes) -> Sequence[Certificate]:
        """Those whose subject is `name`."""
        return self._by_subject.get(name_key(name), [])


@dataclass(frozen=True, slots=True)
class Search:
    """What a search came to."""

    paths: tuple[Path, ...]
    """Valid paths first, then the others, each in the order found."""
    dead_end: Problem | None
    """Why there is no path at all; None where there is one."""
    tops: tuple[Certificate, ...] = ()
    """Where the search stopped for want of an issuer: the certificates whose issuer may be fetched."""


def find_paths(
    leaf: Certificate, *, anchors: Sequence[Anchor], pool: Pool, when: datetime, policy: Policy, usages: frozenset[str]
) -> Search:
    """Search for paths from `leaf` to one of `anchors`, judged at `when`.

    `usages` are the extended key usages that a CA with that extension must allow. Raises UsageError where `leaf`
    itself cannot be read.
    """
    facts(leaf)
    walk = _Walk(anchors, pool, when, policy)
    good: list[Path] = []
    bad: list[Path] = []
    for chain, anchor in walk.extend((leaf,)):
        path = Path(chain, anchor, ())
        problems = problems_of(path.chain, anchor, when, usages)
        (bad if problems else good).append(Path(chain, anchor, problems))
        if len(good) + len(bad) >= policy.paths:
            break
    bad.sort(key=lambda p: (sum(x.verdict is CheckVerdict.FAILED for x in p.problems), len(p.problems)))
    paths = (*good, *bad)
    return Search(paths, None if paths else walk.dead_end(leaf), tuple(dict.fromkeys(walk.tops)))


class _Walk:
    """One depth-first search from an end entity upwards."""

    def __init__(self, anchors: Sequence[Anchor], pool: Pool, when: datetime, policy: Policy) -> None:
        self._anchors: dict[object, list[Anchor]] = {}
        for anchor in anchors:
            self._anchors.setdefault(name_key(facts(anchor.certificate).subject_der), []).append(anchor)
        self._own = {a.certificate: a for a in reversed(anchors)}
        self._pool = pool
        self._when = when
        self._policy = policy
        self._left = _SIGNATURE_CHECKS
        self.tops: list[Certificate] = []
        self._dead: list[tuple[int, int, Problem]] = []

    def extend(self, chain: tuple[Certificate, ...]) -> Iterator[tuple[tuple[Certificate, ...], Anchor]]:
        top = chain[-1]
        if len(chain) == 1 and top in self._own:
            yield chain, self._own[top]
            return
        own = facts(top)
        verdicts: list[bool | None] = []
        for anchor in self._anchors.get(name_key(own.issuer_der), []):
            verdicts.append(self._issued(top, anchor.certificate))
            if verdicts[-1]:
                yield chain, anchor
        if len(chain) > self._policy.path_length:
            self._stop(chain, "PATH_TOO_LONG", limit=str(self._policy.path_length))
            return
        keys = {(facts(c).subject_der, facts(c).key) for c in chain}
        found = False
        for issuer in self._ordered(own):
            if (facts(issuer).subject_der, facts(issuer).key) in keys or issuer in self._own:
                continue  # a loop, or an anchor that was tried above
            verdicts.append(self._issued(top, issuer))
            if verdicts[-1]:
                found = True
                yield from self.extend((*chain, issuer))
        if found or True in verdicts:
            return
        if own.self_issued and self._issued(top, top):
            self._stop(chain, "PATH_ROOT_NOT_TRUSTED", root=own.subject, fingerprint=top.fingerprint)
            return
        self.tops.append(top)
        if None in verdicts:
            self._stop(chain, "PATH_ALGORITHM_UNKNOWN", certificate=own.subject)
        elif False in verdicts:
            self._stop(chain, "PATH_SIGNATURE_WRONG", certificate=own.subject, issuer=own.issuer)
        else:
            self._stop(chain, "PATH_ISSUER_NOT_FOUND", certificate=own.subject, issuer=own.issuer)

    def _issued(self, certificate: Certificate, issuer: Certificate) -> bool | None:
        if self._left <= 0:
            return None
        self._left -= 1
        return check_issued(certificate, facts(issuer).key)

    def _ordered(self, own: CertificateFacts) -> Sequence[Certificate]:
        def rank(candidate: Certificate) -> tuple[bool, bool]:
            other = facts(candidate)
            matches = own.authority_key_identifier in (None, other.key_identifier)
            return (not matches, not other.not_before <= self._when <= other.not_after)

        return sorted(self._pool.named(own.issuer_der), key=rank)

    def _stop(self, chain: tuple[Certificate, ...], code: str, **params: str) -> None:
        # The search that came furthest tells the most; among equals one that met an issuer beats one that met none.
        met = 0 if code == "PATH_ISSUER_NOT_FOUND" else 1
        problem = Problem("path", CheckVerdict.UNKNOWN, code, params, SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
        self._dead.append((len(chain), met, problem))

    def dead_end(self, leaf: Certificate) -> Problem:
        if self._dead:
            return max(self._dead, key=lambda d: d[:2])[2]
        own = facts(leaf)
        params = {"certificate": own.subject, "issuer": own.issuer}
        return Problem(
            "path", CheckVerdict.UNKNOWN, "PATH_ISSUER_NOT_FOUND", params, SubIndication.NO_CERTIFICATE_CHAIN_FOUND
        )
