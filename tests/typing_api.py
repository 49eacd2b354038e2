"""Uses the public names as a user would; `make types` runs mypy --strict over it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import eseal
from eseal.report import Answer, SubIndication, Verdict
from eseal.seals.status import SealState


def office(folder: Path) -> bytes:
    authority: eseal.Authority = eseal.Authority.open(folder)
    sealed = authority.seal(b"%PDF-")
    return sealed.data


def status(folder: Path, document: bytes) -> bool:
    authority = eseal.Authority.open(folder)
    authority.suspend_seal("合同专用章", reason="mislaid", actor="clerk")
    suspended = authority.history("合同专用章").state_at(datetime.now(UTC)) is SealState.SUSPENDED
    return suspended and eseal.verify(document, trust=authority.trust, seals=authority.register).passed


def own_key(document: bytes, timestamper: eseal.Timestamper | None) -> bytes:
    signer: eseal.Signer = eseal.open_signer("seal.p12", password=b"secret")
    return eseal.seal(document, signer, timestamper=timestamper, at=datetime.now(UTC)).data


def check(document: bytes) -> str:
    trust: eseal.TrustStore = eseal.TrustStore.from_pem("roots/")
    report: eseal.Report = eseal.verify(document, trust=trust, at=datetime.now(UTC))
    if report.passed or report.verdict is Verdict.NO_SIGNATURE:
        return report.explain("zh")
    if report.indication is eseal.Indication.TOTAL_FAILED and report.answers.untouched is Answer.NO:
        return "changed"
    subs: list[SubIndication | None] = [s.sub_indication for s in report.signatures]
    return ", ".join(str(s) for s in subs)


def failure(error: eseal.Error) -> tuple[str, str, str]:
    return error.code, error.message("zh"), error.hint("en")
