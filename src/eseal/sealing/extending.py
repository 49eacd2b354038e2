"""Longer proofs for sealed documents, whoever sealed them, and again years later (EN 319 142-1 5.5 and 6.3).

Recipe (the numbers repeat at the steps):
 1 open; what is not in order is refused, for nothing would be proved by extending it
 2 what a third party needs to judge each document timestamp, newest first: each proves what stands before it
 3 the same for each seal; the one that lacks something is named
 4 validation data, and a document timestamp over all of it, as one section
 5 read back, as after sealing

A signature timestamp cannot be put into a signature that is there: its /Contents may lie under later signatures, and
would have to be written over. So it is a document timestamp that proves the existence of a seal at level T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eseal.crypto.certificates import facts
from eseal.crypto.timestamp_token import ExaminedToken
from eseal.documents.pdf.document import PdfDocument, open_pdf
from eseal.documents.pdf.form import check_readable
from eseal.documents.pdf.laid import Laid
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.store import read_store, vri_key
from eseal.documents.pdf.syntax import decode_hex
from eseal.errors import PolicyError, UsageError
from eseal.judging.collecting import NotLongTerm, Reason, collect, collect_token
from eseal.judging.judge import judge
from eseal.judging.policy import Policy
from eseal.judging.timestamps import judge_timestamp
from eseal.limits import DEFAULT, Limits
from eseal.model import Digest, Note, Proof, ValidationData, aware
from eseal.report.model import TimeSource
from eseal.sealing.lasting import Evidence, Gather, add_data, add_timestamp
from eseal.sealing.levels import LEVELS, read_level
from eseal.sealing.request import Appended, Services
from eseal.sealing.soundness import check_unaltered, signature_timestamps, sound_cases
from eseal.sealing.written import check_by_verifier
from eseal.trust.store import TrustStore
from eseal.verification.mathematics import Case


@dataclass(frozen=True, slots=True)
class Extended(Appended):
    """A document with a longer proof."""

    level: str
    """"T", "LT" or "LTA": what every seal in it has at least, if it is a PAdES signature."""
    field: str = ""
    """Name of the new document timestamp's field; empty without one."""
    time: datetime | None = None
    """Time of the new document timestamp; aware, UTC."""
    until: datetime | None = None
    """End of the certificate of the new document timestamp: extended again before, the proof holds longer."""
    notes: tuple[Note, ...] = ()
    """What the caller should know."""


@dataclass(slots=True)
class _Work:
    """One document that is being extended."""

    document: PdfDocument
    cases: Sequence[Case]
    services: Services
    trust: TrustStore
    at: datetime
    stored: ValidationData
    notes: list[Note] = field(default_factory=list)
    proven: list[tuple[int, Proof]] = field(default_factory=list)
    """Trusted document timestamps: the end of what each covers, and its time."""

    @property
    def seals(self) -> list[Case]:
        return [c for c in self.cases if c.token is None]

    @property
    def stamps(self) -> list[tuple[Case, ExaminedToken]]:
        """Document timestamps, newest first."""
        found = [(c, c.token) for c in self.cases if c.token is not None]
        return sorted(found, key=lambda pair: -pair[0].found.covered_end)

    def proofs(self, case: Case) -> list[Proof]:
        """What proves that this signature existed."""
        return [proof for end, proof in self.proven if end > case.found.covered_end]

    def proves(self, case: Case, token: ExaminedToken) -> None:
        """Go by a trusted document timestamp from here on."""
        assert token.time is not None  # a trusted one states it
        proof = Proof(token.time, "timestamp", Digest("sha256", case.found.digest("sha256")))
        self.proven.append((case.found.covered_end, proof))

    @property
    def newest_time(self) -> datetime | None:
        """The latest time that any timestamp states; one from the future is no measure for others."""
        tokens = [c.token for c in self.cases if c.token is not None]
        tokens += [t for c in self.cases for t in signature_timestamps(c)]
        times = [aware(t.time) for t in tokens if t.time is not None]
        return max((t for t in times if t <= self.at + Policy().clock_skew), default=None)

    def key(self, case: Case) -> str:
        """Its name in /VRI."""
        (_, start), (end, _) = case.found.ranges[0], case.found.ranges[1]
        return vri_key(decode_hex(self.document.data[start:end]))


def extend(data: bytes, level: str, *, services: Services, at: datetime, limits: Limits = DEFAULT) -> Extended:
    """Bring every seal of a PDF to `level` ("T", "LT", "LTA"); `at` is now.

    LTA always adds a document timestamp, and what is needed to judge those before it: so a proof is carried on over
    the end of certificates and algorithms. T and LT add nothing where nothing is missing. Level T looks for trusted
    timestamps only where `services.trust` says whom to trust.

    Raises UsageError (TIME_NAIVE, SEAL_LEVEL_UNKNOWN), DocumentError (PDF_..., EXTEND_NO_SIGNATURE,
    SEAL_DOCUMENT_ENCRYPTED, SEAL_DOCUMENT_XFA), PolicyError (EXTEND_BROKEN, EXTEND_ALTERED, EXTEND_DOCUMENT,
    SEAL_LEVEL_NEEDS_..., and `NotLongTerm` EXTEND_SIGNATURE that names the seal, the certificate and what was tried),
    ServiceError from the timestamper, VerificationFailed SEAL_READ_BACK, after which nothing must be kept.
    """
    at, level = aware(at, "at"), read_level(level)
    if level == "B":
        raise UsageError("SEAL_LEVEL_UNKNOWN", level=level, known=", ".join(LEVELS[1:]))
    if level != "T" and services.trust is None:
        raise PolicyError("SEAL_LEVEL_NEEDS_TRUST", level=level)
    # 1
    document = open_pdf(bytes(data), limits)
    source = Source(document.scan)
    check_readable(source)
    trust = services.trust if services.trust is not None else TrustStore(())
    work = _Work(document, sound_cases(document, limits), services, trust, at, document.validation_data())
    # 2, 3
    evidence = _trusted_times(work) if level == "T" else _collected(work, level)
    untimed = [case for case in work.seals if not _is_timed(work, case)]
    work.notes += [Note("EXTEND_NOTE_DOCUMENT_TIMESTAMP", {"field": case.found.name}) for case in untimed]
    # 4, 5
    laid = Laid(source, "", frozenset(), None)
    if untimed or level == "LTA":
        return _stamped(work, laid, level, evidence)
    appended = b""
    if read_store(source).lacks(evidence.data):
        appended = add_data(laid, evidence).appended
        _check(work, laid, appended, "")
    else:
        work.notes.append(Note("EXTEND_NOTE_NOTHING", {"level": level}))
    return Extended(document.data, appended, level, notes=tuple(work.notes))


def _trusted_times(work: _Work) -> Evidence:
    """Level T: goes by the document timestamps that are trusted, and adds no data."""
    for case, token in work.stamps:
        judged = judge_timestamp(
            token,
            trust=work.trust,
            at=work.at,
            data=work.stored,
            proofs=work.proofs(case),
            fetcher=work.services.fetcher,
        )
        if judged.trusted:
            work.proves(case, token)
    return Evidence()


def _collected(work: _Work, level: str) -> Evidence:
    """Levels LT and LTA: what every document timestamp and every seal needs. Raises NotLongTerm."""
    services, of_each, failures = work.services, {}, []
    for case, token in work.stamps:
        try:
            of_each[work.key(case)] = collect_token(
                token,
                trust=work.trust,
                at=work.at,
                fetcher=services.fetcher,
                data=work.stored,
                proofs=work.proofs(case),
                kept=services.kept,
            )
        except NotLongTerm as error:
            failures += [("EXTEND_NOTE_STAMP", (("field", case.found.name),)), *_reasons(error)]
            continue
        work.proves(case, token)
    if failures and not work.seals:
        raise _failed(work.cases[-1], level, failures)
    for case in work.seals:
        try:
            of_each[work.key(case)] = collect(
                case.examined,
                trust=work.trust,
                at=work.at,
                fetcher=services.fetcher,
                data=work.stored + case.found.data,
                proofs=work.proofs(case),
                kept=services.kept,
            )
        except NotLongTerm as error:
            # A document timestamp that could have proved it in time is part of the reason.
            raise _failed(case, level, [*_reasons(error), *failures]) from error
        if not case.examined.is_pades_b:
            gaps = ", ".join(case.examined.pades_gaps)
            work.notes.append(Note("EXTEND_NOTE_NOT_PADES", {"field": case.found.name, "reason": gaps}))
    work.notes += [Note(code, dict(params)) for code, params in failures]
    return Evidence(sum(of_each.values(), ValidationData()), of_each)


def _is_timed(work: _Work, case: Case) -> bool:
    """Whether a trusted timestamp proves it: one of its own, or one of the document."""
    if work.proofs(case):
        return True
    data = work.stored + case.found.data
    judged = judge(case.examined, trust=work.trust, at=work.at, data=data, fetcher=work.services.fetcher)
    return judged.time_source is TimeSource.TIMESTAMP


def _stamped(work: _Work, laid: Laid, level: str, evidence: Evidence) -> Extended:
    services = work.services
    if services.timestamper is None:
        raise PolicyError("SEAL_LEVEL_NEEDS_TIMESTAMPER", level=level)

    def gather(token: ExaminedToken) -> ValidationData:
        at = max(work.at, aware(token.time)) if token.time is not None else work.at
        data = work.stored + evidence.data
        return collect_token(token, trust=work.trust, at=at, fetcher=services.fetcher, data=data, kept=services.kept)

    needed: Gather | None = gather if level != "T" else None
    added = add_timestamp(laid, evidence, services.timestamper, needed, after=work.newest_time)
    _check(work, laid, added.appended, added.field)
    assert added.token is not None  # that is what was added
    certificate = added.token.examined.certificate
    return Extended(
        original=work.document.data,
        appended=added.appended,
        # Data and a timestamp over it are level LTA, whether or not that was asked for.
        level="T" if level == "T" else "LTA",
        field=added.field,
        time=added.token.time,
        until=facts(certificate).not_after if certificate is not None else None,
        notes=tuple(work.notes),
    )


def _check(work: _Work, laid: Laid, appended: bytes, name: str) -> None:
    document = check_by_verifier(laid, appended, *([name] if name else []))
    if document is not None:
        check_unaltered(document)


def _reasons(error: NotLongTerm) -> list[Reason]:
    return [(error.code, tuple(error.params.items())), *error.reasons]


def _failed(case: Case, level: str, reasons: Sequence[Reason]) -> NotLongTerm:
    error = NotLongTerm(
        "EXTEND_SIGNATURE", field=case.found.name, level=level, reasons="; ".join(code for code, _ in reasons)
    )
    error.reasons = tuple(reasons)
    return error
