"""The trust of one certificate at one time: path, validity, revocation. Serves seals and timestamps alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from eseal.crypto.algorithm_policy import Use, path_uses
from eseal.crypto.certificates import facts, is_marked_test
from eseal.errors import UsageError
from eseal.judging.fetching import Lookups
from eseal.judging.path_rules import Problem
from eseal.judging.paths import Path, Pool, Search, find_paths
from eseal.judging.policy import Policy
from eseal.judging.revocation import Finding, Revocations, Status
from eseal.judging.statements import Material
from eseal.judging.times import iso
from eseal.model import Certificate, RevocationMode, ValidationData
from eseal.net import Fetcher
from eseal.report.model import Check, CheckVerdict, SignerView, SubIndication
from eseal.trust.store import Anchor, Purpose, TrustStore

PASSED, FAILED, UNKNOWN, INFO = CheckVerdict.PASSED, CheckVerdict.FAILED, CheckVerdict.UNKNOWN, CheckVerdict.INFO

_PATHS_TRIED = 8
_AIA_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an inquiry found."""

    checks: tuple[Check, ...]
    """path, validity, revocation, notes."""
    path: Path | None
    """The path that the checks speak of."""
    findings: tuple[Finding, ...]
    """Revocation of every certificate below the anchor, end entity first."""
    uses: tuple[Use, ...]
    """Algorithms that path and revocation data rest on."""

    @property
    def good(self) -> bool:
        """Whether every check passed."""
        return all(c.verdict in (PASSED, INFO) for c in self.checks)


@dataclass(slots=True)
class Inquiry:
    """What one judgement has at hand. Internal: built by `judge` and `judge_timestamp`, lives as long as one call."""

    trust: TrustStore
    """Whom to believe."""
    at: datetime
    """Time of the judgement, aware."""
    policy: Policy
    """Rules."""
    pool: Pool
    """Certificates at hand: material, whoever brought them."""
    revocations: Revocations
    """Revocation data at hand."""
    lookups: Lookups
    """What may be asked online."""

    @classmethod
    def open(
        cls, trust: TrustStore, at: datetime, policy: Policy, document: ValidationData, fetcher: Fetcher | None
    ) -> Inquiry:
        """Gather the material of the document and of the trust store."""
        pool = Pool.of((*document.certificates, *trust.data.certificates))
        material = Material.of(document, trust.data)
        lookups = Lookups(fetcher, policy)
        return cls(trust, at, policy, pool, Revocations(material, pool, lookups, policy, at), lookups)

    def ask(
        self,
        certificate: Certificate,
        purpose: Purpose,
        when: datetime,
        *,
        proven: bool,
        usages: frozenset[str],
        forgiven: datetime | None = None,
    ) -> Outcome:
        """Judge `certificate` at `when`; `proven` says that something trusted proves this time.

        `forgiven` is the stated time of a timestamp: a later revocation without loss of the key leaves it standing
        (RFC 3161 4).
        """
        search = self.search(certificate, self.trust.for_purpose(purpose), when, usages)
        path, findings = self._choose(search, when)
        checks = [
            *self._path_checks(certificate, path, search, purpose, when, usages),
            *_validity(certificate, path, when, proven=proven),
            *self._revocation_checks(path, findings, proven=proven, forgiven=forgiven),
        ]
        uses: tuple[Use, ...] = ()
        if path is not None:
            uses = (*path_uses(path.with_anchor), *(u for f in findings for u in f.uses))
            if self.policy.revocation is RevocationMode.IGNORE and not self.revocations.material.is_empty:
                # Only to say which level the document has: no check and no algorithm rests on it.
                findings = self.revocations.of_path(path, when)
        return Outcome(tuple(checks), path, findings, uses)

    def search(
        self, certificate: Certificate, anchors: Sequence[Anchor], when: datetime, usages: frozenset[str]
    ) -> Search:
        """Paths to `anchors`, issuers fetched where they are missing and that is allowed."""
        search = self._find(certificate, anchors, when, usages)
        for _ in range(_AIA_ROUNDS):
            if search.paths or not anchors or self.lookups.fetcher is None:
                break
            fetched = [issuer for top in search.tops[:3] for issuer in self.lookups.issuers_of(top)]
            if not self.pool.add(fetched):
                break
            search = self._find(certificate, anchors, when, usages)
        return search

    def _find(
        self, certificate: Certificate, anchors: Sequence[Anchor], when: datetime, usages: frozenset[str]
    ) -> Search:
        return find_paths(certificate, anchors=anchors, pool=self.pool, when=when, policy=self.policy, usages=usages)

    def _choose(self, search: Search, when: datetime) -> tuple[Path | None, tuple[Finding, ...]]:
        """The first path without fault; else the one with the fewest (EN 319 102-1 5.2.6.4 tries every chain)."""
        best: tuple[tuple[int, int], Path, tuple[Finding, ...]] | None = None
        for path in search.paths[:_PATHS_TRIED]:
            findings: tuple[Finding, ...] = ()
            if self.policy.revocation is not RevocationMode.IGNORE:
                findings = self.revocations.of_path(path, when)
            faults = (len(path.problems), sum(f.status is not Status.GOOD for f in findings))
            if best is None or faults < best[0]:
                best = (faults, path, findings)
            if faults == (0, 0):
                break
        return (best[1], best[2]) if best else (None, ())

    def _path_checks(
        self,
        certificate: Certificate,
        path: Path | None,
        search: Search,
        purpose: Purpose,
        when: datetime,
        usages: frozenset[str],
    ) -> list[Check]:
        if path is None:
            return [self._no_path(certificate, search, purpose, when, usages)]
        evidence = {
            "chain": " < ".join(facts(c).subject for c in path.with_anchor),
            "anchor": path.anchor.certificate.fingerprint,
        }
        problems = [p for p in path.problems if p.check == "path"]
        if problems:
            return [_check(p, evidence) for p in problems]
        return [Check("path", PASSED, "PATH_TRUSTED", {"anchor": path.anchor.label}, evidence)]

    def _no_path(
        self, certificate: Certificate, search: Search, purpose: Purpose, when: datetime, usages: frozenset[str]
    ) -> Check:
        params: dict[str, str] = {"purpose": purpose.value}
        others = [a for a in self.trust.anchors if purpose not in a.purposes]
        if others:
            elsewhere = self._find(certificate, others, when, usages)
            if elsewhere.paths:
                params["anchor"] = elsewhere.paths[0].anchor.label
                return Check("path", UNKNOWN, "PATH_ANCHOR_OTHER_PURPOSE", params, self._failures())
        if not self.trust.for_purpose(purpose):
            return Check("path", UNKNOWN, "PATH_NO_ANCHORS", params)
        assert search.dead_end is not None  # find_paths gives one where there is no path
        return _check(search.dead_end, self._failures())

    def _failures(self) -> dict[str, str]:
        return {f"request {url}": code for url, code in self.lookups.failures.items()}

    def _revocation_checks(
        self, path: Path | None, findings: Sequence[Finding], *, proven: bool, forgiven: datetime | None
    ) -> list[Check]:
        mode = self.policy.revocation
        if mode is RevocationMode.IGNORE:
            return [Check("revocation", PASSED, "REVOCATION_IGNORED")]
        if path is None:
            return [Check("revocation", UNKNOWN, "REVOCATION_NO_PATH")]
        checks: list[Check] = []
        for index, finding in enumerate(findings):
            checks += self._one_revocation(finding, index == 0, proven=proven, forgiven=forgiven)
        if not any(c.id == "revocation" for c in checks):
            if not findings:
                return [*checks, Check("revocation", PASSED, "REVOCATION_ANCHOR_ITSELF")]
            missing = any(f.status is Status.UNKNOWN for f in findings)
            code = "REVOCATION_TOLERATED" if missing else "REVOCATION_ALL_GOOD"
            evidence = {f.params["certificate"]: _evidence(f) for f in findings}
            checks.append(Check("revocation", PASSED, code, {}, evidence))
        return checks

    def _one_revocation(
        self, finding: Finding, is_leaf: bool, *, proven: bool, forgiven: datetime | None
    ) -> list[Check]:
        if finding.status is Status.GOOD:
            return [Check("note", INFO, finding.code, finding.params)] if finding.revocation else []
        if finding.status is Status.UNKNOWN:
            if self.policy.revocation is RevocationMode.IF_AVAILABLE and finding.code != "REVOCATION_HOLD_UNCLEAR":
                return [Check("note", INFO, finding.code, finding.params)]
            return [Check("revocation", UNKNOWN, finding.code, finding.params, self._failures())]
        if is_leaf and forgiven is not None and _is_forgiven(finding, forgiven):
            return [Check("note", INFO, "REVOCATION_AFTER_TIMESTAMP", finding.params)]
        if proven:
            return [Check("revocation", FAILED, finding.code, finding.params)]
        sub = SubIndication.REVOKED_NO_POE if is_leaf else SubIndication.REVOKED_CA_NO_POE
        return [Check("revocation", UNKNOWN, finding.code + "_NO_PROOF", finding.params, sub_indication=sub)]


def _is_forgiven(finding: Finding, stated: datetime) -> bool:
    """RFC 3161 4 (1): out of use but not compromised, and the reason says so; without a reason nothing is forgiven."""
    revocation = finding.revocation
    return (
        revocation is not None
        and revocation.since > stated
        and revocation.reason in ("unspecified", "affiliationChanged", "superseded", "cessationOfOperation")
    )


def _evidence(finding: Finding) -> str:
    parts = [finding.code, finding.params.get("kind", ""), finding.params.get("time", "")]
    return " ".join(p for p in parts if p)


def _check(problem: Problem, evidence: Mapping[str, str]) -> Check:
    return Check(
        problem.check, problem.verdict, problem.code, problem.params, evidence, sub_indication=problem.sub_indication
    )


def _validity(certificate: Certificate, path: Path | None, when: datetime, *, proven: bool) -> list[Check]:
    own = facts(certificate)
    params = {
        "certificate": own.subject,
        "start": iso(own.not_before),
        "end": iso(own.not_after),
        "when": iso(when),
    }
    checks = [_check(p, {}) for p in (path.problems if path else ()) if p.check == "validity"]
    if when < own.not_before:
        sub = SubIndication.NOT_YET_VALID
        checks.insert(0, Check("validity", FAILED, "VALIDITY_NOT_YET", params, sub_indication=sub))
    elif when > own.not_after and proven:
        checks.insert(0, Check("validity", FAILED, "VALIDITY_EXPIRED", params))
    elif when > own.not_after:
        checks.insert(0, Check("validity", UNKNOWN, "VALIDITY_EXPIRED_NO_PROOF", params))
    return checks or [Check("validity", PASSED, "VALIDITY_INSIDE", params)]


def signer_view(certificate: Certificate, path: Path | None) -> SignerView | None:
    """The certificate as the report shows it; None where it cannot be read."""
    try:
        own = facts(certificate)
    except UsageError:
        return None
    chain = path.with_anchor if path else (certificate,)
    return SignerView(
        name=own.common_name,
        subject=own.subject,
        issuer=own.issuer,
        serial=f"{own.serial:x}",
        fingerprint=certificate.fingerprint,
        not_before=own.not_before,
        not_after=own.not_after,
        test=any(is_marked_test(c) for c in chain),
    )
