"""The report as JSON, schema 1 (`schema-1.json` beside this file), and back: workers answer in this form.

Sentences are made for the reader in one language; codes, ids and the raw values beside them are the interface. The
same report gives the same bytes: keys stand in a fixed order, those of free mappings are sorted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources
from typing import Any

from eseal import messages
from eseal.errors import Error, UsageError
from eseal.model import rfc3339
from eseal.report.checks import CHECKS
from eseal.report.escape import json_text, visible, whole
from eseal.report.explain import explanation
from eseal.report.model import (
    Answer,
    Answers,
    Check,
    CheckVerdict,
    Indication,
    Level,
    ListView,
    Report,
    SignatureReport,
    SignerView,
    SubIndication,
    TimeSource,
    Verdict,
)

SCHEMA = 1
"""Version of the form; fields are only added, never changed or removed."""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of reports and error objects."""
    text = resources.files("eseal.report").joinpath("schema-1.json").read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


def to_dict(report: Report, lang: str = "en") -> dict[str, Any]:
    """The report as plain values, sentences in `lang`. Lone surrogates become U+FFFD, so that it can be encoded."""
    why = explanation(report, lang)
    return {
        "schema": SCHEMA,
        "file": _text(report.file),
        "digest": report.digest,
        "size": report.size,
        "format": report.format,
        "at": _time(report.at),
        "trust": list(report.trust),
        "policy": whole(report.policy),
        "revocation": report.revocation,
        "software": whole(report.software),
        "verdict": report.verdict.value,
        "answers": _answers(report.answers),
        "indication": report.indication.value,
        "sub_indication": _value(report.sub_indication),
        "explanation": {
            "lang": lang,
            "sentence": whole(why.first),
            "reason": whole(why.reason),
            "action": whole(why.action),
        },
        "checks": [_check(c, lang) for c in report.checks],
        "signatures": [_signature(s, lang) for s in report.signatures],
        "lists": [_list(one, report.at) for one in report.lists],
        "status": None,
        "licence": None,
        "log_proof": None,
        "seal_maker": None,
    }


def to_json(report: Report, lang: str = "en", *, indent: int | None = 2) -> str:
    """The report as JSON text; `indent=None` gives one line."""
    return dumps(to_dict(report, lang), indent=indent)


def dumps(value: Mapping[str, Any], *, indent: int | None = None) -> str:
    r"""JSON text of plain values, in which every unseen character stands as \uXXXX."""
    return json_text(json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False))


def error_dict(error: Error, lang: str = "en") -> dict[str, Any]:
    """The object printed where a command failed: it has `error` in place of a verdict."""
    return {
        "schema": SCHEMA,
        "error": {
            "code": error.code,
            "message": whole(messages.text(error.code, lang, _shown(error.params))),
            "hint": whole(messages.hint(error.code, lang, _shown(error.params))),
            "params": _sorted(error.params),
        },
    }


def from_dict(value: Mapping[str, Any]) -> Report:
    """Rebuild a report exactly; sentences are left out, since they follow from codes.

    Raises UsageError REPORT_MALFORMED for anything that is not a report of this schema.
    """
    try:
        if value["schema"] != SCHEMA:
            raise UsageError("REPORT_MALFORMED", what="schema")
        return Report(
            verdict=Verdict(value["verdict"]),
            answers=_read_answers(value["answers"]),
            indication=Indication(value["indication"]),
            sub_indication=_read_sub(value["sub_indication"]),
            signatures=tuple(_read_signature(s) for s in value["signatures"]),
            checks=tuple(_read_check(c) for c in value["checks"]),
            at=_read_time(value["at"]),
            digest=_str(value["digest"]),
            trust=tuple(_str(t) for t in value["trust"]),
            policy=_str(value["policy"]),
            revocation=_str(value["revocation"]),
            software=_str(value["software"]),
            file=_optional(value["file"]),
            format=_optional(value["format"]),
            size=int(value["size"]),
            lists=tuple(_read_list(one) for one in value.get("lists", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError("REPORT_MALFORMED", what=str(error)[:100]) from error


def _signature(report: SignatureReport, lang: str) -> dict[str, Any]:
    return {
        "name": whole(report.name),
        "kind": report.kind,
        "indication": report.indication.value,
        "sub_indication": _value(report.sub_indication),
        "answers": _answers(report.answers),
        "level": report.level.value,
        "signer": _signer(report.signer),
        "seal": _sorted(report.seal) if report.seal is not None else None,
        "signing_time": _optional_time(report.claimed_time),
        "best_time": _optional_time(report.best_time),
        "time_source": report.time_source.value,
        "coverage": report.coverage,
        "page": report.page,
        "reason": _text(report.reason),
        "location": _text(report.location),
        "checks": [_check(c, lang) for c in report.checks],
        "changes": [_change(c, lang) for c in report.changes],
        "certification": report.certification,
    }


def _list(view: ListView, at: datetime) -> dict[str, Any]:
    return {
        "kind": view.kind,
        "issuer": whole(view.issuer),
        "this_update": _time(view.this_update),
        "next_update": _optional_time(view.next_update),
        "age": view.age(at),
        "stale": view.stale(at),
        "source": view.source,
        "used": view.used,
        "digest": view.digest,
    }


def _check(check: Check, lang: str) -> dict[str, Any]:
    shown = _shown(check.params)
    return {
        "id": check.id,
        "clause": CHECKS[check.id].clause if check.id in CHECKS else "",
        "verdict": check.verdict.value,
        "code": check.code,
        "message": whole(messages.text(check.code, lang, shown)),
        "hint": whole(messages.hint(check.code, lang, shown)),
        "params": _sorted(check.params),
        "evidence": _sorted(check.evidence),
        "sub_indication": _value(check.sub_indication),
    }


def _change(change: Mapping[str, str], lang: str) -> dict[str, str]:
    return {**_sorted(change), "message": whole(messages.text(change.get("code", ""), lang, _shown(change)))}


def _signer(view: SignerView | None) -> dict[str, Any] | None:
    if view is None:
        return None
    return {
        "name": whole(view.name),
        "subject": whole(view.subject),
        "issuer": whole(view.issuer),
        "serial": view.serial,
        "fingerprint": view.fingerprint,
        "not_before": _time(view.not_before),
        "not_after": _time(view.not_after),
        "test": view.test,
    }


def _answers(answers: Answers) -> dict[str, str]:
    return {
        "untouched": answers.untouched.value,
        "genuine": answers.genuine.value,
        "in_force": answers.in_force.value,
    }


def _value(sub: SubIndication | None) -> str | None:
    return sub.value if sub is not None else None


def _text(text: str | None) -> str | None:
    return whole(text) if text is not None else None


def _time(when: datetime) -> str:
    return rfc3339(when)


def _optional_time(when: datetime | None) -> str | None:
    return _time(when) if when is not None else None


def _sorted(mapping: Mapping[str, str]) -> dict[str, str]:
    return {whole(k): whole(str(mapping[k])) for k in sorted(mapping)}


def _shown(mapping: Mapping[str, str]) -> dict[str, str]:
    return {k: visible(str(v)) for k, v in mapping.items()}


def _read_signature(value: Mapping[str, Any]) -> SignatureReport:
    seal = value["seal"]
    page = value["page"]
    return SignatureReport(
        name=_str(value["name"]),
        kind=_str(value["kind"]),
        answers=_read_answers(value["answers"]),
        indication=Indication(value["indication"]),
        sub_indication=_read_sub(value["sub_indication"]),
        checks=tuple(_read_check(c) for c in value["checks"]),
        level=Level(value["level"]),
        signer=_read_signer(value["signer"]),
        seal=_read_mapping(seal) if seal is not None else None,
        claimed_time=_read_optional_time(value["signing_time"]),
        best_time=_read_optional_time(value["best_time"]),
        time_source=TimeSource(value["time_source"]),
        coverage=_str(value["coverage"]),
        page=int(page) if page is not None else None,
        reason=_optional(value["reason"]),
        location=_optional(value["location"]),
        changes=_read_changes(value["changes"]),
        certification=_certification(value.get("certification")),
    )


def _read_changes(value: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, str], ...]:
    return tuple({k: v for k, v in _read_mapping(c).items() if k != "message"} for c in value)


def _certification(value: object) -> int | None:
    if value is not None and (type(value) is not int or value not in (1, 2, 3)):
        raise ValueError("certification")
    return value


def _read_list(value: Mapping[str, Any]) -> ListView:
    return ListView(
        kind=_str(value["kind"]),
        issuer=_str(value["issuer"]),
        this_update=_read_time(value["this_update"]),
        next_update=_read_optional_time(value["next_update"]),
        source=_str(value["source"]),
        used=value["used"] is True,
        digest=_str(value["digest"]),
    )


def _read_check(value: Mapping[str, Any]) -> Check:
    return Check(
        id=_str(value["id"]),
        verdict=CheckVerdict(value["verdict"]),
        code=_str(value["code"]),
        params=_read_mapping(value["params"]),
        evidence=_read_mapping(value["evidence"]),
        sub_indication=_read_sub(value["sub_indication"]),
    )


def _read_signer(value: Mapping[str, Any] | None) -> SignerView | None:
    if value is None:
        return None
    return SignerView(
        name=_str(value["name"]),
        subject=_str(value["subject"]),
        issuer=_str(value["issuer"]),
        serial=_str(value["serial"]),
        fingerprint=_str(value["fingerprint"]),
        not_before=_read_time(value["not_before"]),
        not_after=_read_time(value["not_after"]),
        test=value["test"] is True,
    )


def _read_answers(value: Mapping[str, Any]) -> Answers:
    return Answers(Answer(value["untouched"]), Answer(value["genuine"]), Answer(value["in_force"]))


def _read_sub(value: str | None) -> SubIndication | None:
    return SubIndication(value) if value is not None else None


def _read_time(value: str) -> datetime:
    when = datetime.fromisoformat(value)
    if when.tzinfo is None:
        raise ValueError("naive time")
    return when


def _read_optional_time(value: str | None) -> datetime | None:
    return _read_time(value) if value is not None else None


def _read_mapping(value: Mapping[str, Any]) -> dict[str, str]:
    return {_str(k): _str(v) for k, v in value.items()}


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _optional(value: object) -> str | None:
    return _str(value) if value is not None else None
