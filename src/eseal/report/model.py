"""The one answer of verification, whatever the format: checks, indications (EN 319 102-1), three answers, a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Indication(StrEnum):
    """Main indication (EN 319 102-1 V1.4.1, table 5)."""

    TOTAL_PASSED = "TOTAL-PASSED"
    TOTAL_FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


class SubIndication(StrEnum):
    """Sub-indication (EN 319 102-1, table 6), by their names there."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    POLICY_PROCESSING_ERROR = "POLICY_PROCESSING_ERROR"
    SIGNATURE_POLICY_NOT_AVAILABLE = "SIGNATURE_POLICY_NOT_AVAILABLE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND_NO_POE = "NO_CERTIFICATE_CHAIN_FOUND_NO_POE"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    REVOCATION_OUT_OF_BOUNDS_NO_POE = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


class Answer(StrEnum):
    """One of the three answers."""

    YES = "yes"
    PERMITTED = "permitted"
    """For `untouched`: changed afterwards, but only as the seal itself allows."""
    NO = "no"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    """For `in_force`: the document is not a licence."""


class Verdict(StrEnum):
    """What the whole report comes to."""

    PASSED = "passed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"
    NO_SIGNATURE = "no-signature"
    UNREADABLE = "unreadable"


class CheckVerdict(StrEnum):
    """The outcome of one check."""

    PASSED = "passed"
    PERMITTED = "permitted"
    """A change that the seal allows."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be answered; never counts as passed."""
    INFO = "info"
    """Said for the reader; changes no answer."""


class Level(StrEnum):
    """PAdES baseline level found (EN 319 142-1), whoever made it; NONE where not even B-B is met."""

    NONE = "none"
    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"


class TimeSource(StrEnum):
    """Where the best signature time comes from."""

    TIMESTAMP = "timestamp"
    """A trusted RFC 3161 token over the signature or the document."""
    PROOF = "proof"
    """A proof given by the caller (evidence record, log)."""
    NOW = "now"
    """Nothing proves an earlier time: the signature exists at the time of the judgement."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question that was asked, with its answer."""

    id: str
    """Stable name of the question, a key of `report.checks.CHECKS`."""
    verdict: CheckVerdict
    """Outcome."""
    code: str
    """Catalogue code of the sentence that explains the outcome."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the sentence; hostile until escaped by the printer."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """What the outcome rests on: digests, serial numbers, times, object numbers."""
    sub_indication: SubIndication | None = None
    """Sub-indication in place of the one that the table names for this check."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The three answers, kept apart."""

    untouched: Answer
    """yes, permitted, no or unknown."""
    genuine: Answer
    """yes, no or unknown."""
    in_force: Answer = Answer.NOT_APPLICABLE
    """yes, no, unknown or not-applicable."""


@dataclass(frozen=True, slots=True)
class SignerView:
    """A certificate as the report shows it."""

    name: str
    """Common name, or the whole subject where there is none."""
    subject: str
    """Subject (RFC 4514)."""
    issuer: str
    """Issuer (RFC 4514)."""
    serial: str
    """Serial number in hex."""
    fingerprint: str
    """SHA-256 of the DER, hex."""
    not_before: datetime
    """Start of validity, aware."""
    not_after: datetime
    """End of validity, aware."""
    test: bool = False
    """True for certificates marked TEST: never proof of anything outside a trial."""


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """The judgement of one signature."""

    name: str
    """Fully qualified field name as in the document."""
    kind: str
    """"seal" or "timestamp"."""
    answers: Answers
    """Its own answers."""
    indication: Indication
    """EN 319 102-1 main indication."""
    sub_indication: SubIndication | None
    """Sub-indication; None where passed."""
    checks: tuple[Check, ...]
    """Every check made, in the order of the recipe."""
    level: Level = Level.NONE
    """PAdES level found."""
    signer: SignerView | None = None
    """The signing certificate; None where it cannot be identified."""
    seal: Mapping[str, str] | None = None
    """Seal data (id, name, maker), None where the format carries none."""
    claimed_time: datetime | None = None
    """Time that the signer claims, aware."""
    best_time: datetime | None = None
    """Earliest time at which the signature is proven to have existed, aware."""
    time_source: TimeSource = TimeSource.NOW
    """What proves `best_time`."""
    coverage: str = "unclear"
    """"entire-file", "entire-revision", "partial" or "unclear"."""
    page: int | None = None
    """Page on which it shows, 1-based."""
    reason: str | None = None
    """Stated reason."""
    location: str | None = None
    """Stated place."""
    changes: tuple[Mapping[str, str], ...] = ()
    """What changed afterwards: verdict, code, where."""
    certification: int | None = None
    """DocMDP level 1, 2 or 3 where it certifies the document (ISO 32000-2 table 257): what it lets others change."""


@dataclass(frozen=True, slots=True)
class ListView:
    """A CRL or OCSP response that a judgement went by, or that was at hand and too old."""

    kind: str
    """"CRL" or "OCSP"."""
    issuer: str
    """Who signed it (RFC 4514); hostile until escaped."""
    this_update: datetime
    """When it was right, aware."""
    next_update: datetime | None
    """Until when it counts as fresh, aware; None: nothing is stated."""
    source: str
    """Where it came from: "document", "trust" (the trust store) or "network" (fetched for this judgement)."""
    used: bool
    """Whether an answer rests on it; False for one that was too old."""
    digest: str
    """SHA-256 of its DER, hex."""

    def age(self, at: datetime) -> int:
        """Whole seconds since it was right, at the time of the judgement; below 0 for one from the future."""
        return int((at - self.this_update).total_seconds())

    def stale(self, at: datetime) -> bool:
        """Whether newer information was due at the time of the judgement."""
        return self.next_update is not None and self.next_update < at


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` answers. Schema 1 only grows."""

    verdict: Verdict
    """The whole in one word."""
    answers: Answers
    """The gravest of all signatures."""
    indication: Indication
    """The gravest of all signatures."""
    sub_indication: SubIndication | None
    """Of the gravest signature."""
    signatures: tuple[SignatureReport, ...]
    """Every signature, oldest first."""
    checks: tuple[Check, ...]
    """Checks of the document as a whole."""
    at: datetime
    """Time of the judgement, aware."""
    digest: str
    """"sha256:" and hex over the bytes that were judged."""
    trust: tuple[str, ...]
    """SHA-256 of every anchor that could vouch, hex."""
    policy: str
    """Name of the policy."""
    revocation: str
    """"require", "if-available" or "ignore"."""
    software: str
    """Name and version of the program."""
    file: str | None = None
    """Name as the caller gave it; never opened here."""
    format: str | None = None
    """"pdf", "ofd", "asic", None where unreadable."""
    size: int = 0
    """Bytes judged."""
    lists: tuple[ListView, ...] = ()
    """CRLs and OCSP responses that the judgement went by; then those of the trust store that were too old."""

    @property
    def passed(self) -> bool:
        """True only where the verdict is passed."""
        return self.verdict is Verdict.PASSED

    def explain(self, lang: str = "en") -> str:
        """One plain sentence first, then the reason, then what to do."""
        from eseal.report.text import explain

        return explain(self, lang)

    def to_json(self, lang: str = "en") -> str:
        """The report as one JSON object (schema 1)."""
        from eseal.report.json import to_json

        return to_json(self, lang)
