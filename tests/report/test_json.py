"""The JSON form: schema, exact round trip, determinism, and text that is harmless even as it stands."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal.errors import UsageError
from eseal.report.checks import CHECKS
from eseal.report.json import dumps, error_dict, from_dict, schema, to_dict, to_json
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

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
mapping = st.dictionaries(text, text, max_size=3)
times = st.datetimes(
    datetime(1950, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))]),
)
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
answers = st.builds(Answers, st.sampled_from(Answer), st.sampled_from(Answer), st.sampled_from(Answer))
subs = st.none() | st.sampled_from(SubIndication)
checks = st.lists(
    st.builds(
        Check,
        st.sampled_from(sorted(CHECKS)),
        st.sampled_from(CheckVerdict),
        st.sampled_from(["CHANGES_NONE", "SUB_NO_POE"]),
        mapping,
        mapping,
        subs,
    ),
    max_size=3,
).map(tuple)
signers = st.none() | st.builds(SignerView, text, text, text, text, hexes, times, times, st.booleans())
changes = st.lists(
    st.fixed_dictionaries({"verdict": st.sampled_from(sorted(CheckVerdict)), "code": text, "where": text}), max_size=2
).map(tuple)
signatures = st.builds(
    SignatureReport,
    name=text,
    kind=st.sampled_from(["seal", "timestamp"]),
    answers=answers,
    indication=st.sampled_from(Indication),
    sub_indication=subs,
    checks=checks,
    level=st.sampled_from(Level),
    signer=signers,
    seal=st.none() | mapping,
    claimed_time=st.none() | times,
    best_time=st.none() | times,
    time_source=st.sampled_from(TimeSource),
    coverage=st.sampled_from(["entire-file", "entire-revision", "partial", "unclear"]),
    page=st.none() | st.integers(1, 9999),
    reason=st.none() | text,
    location=st.none() | text,
    changes=changes,
    certification=st.sampled_from([None, 1, 2, 3]),
)
lists = st.builds(
    ListView,
    kind=st.sampled_from(["CRL", "OCSP"]),
    issuer=text,
    this_update=times,
    next_update=st.none() | times,
    source=st.sampled_from(["document", "trust", "network"]),
    used=st.booleans(),
    digest=hexes,
)
reports = st.builds(
    Report,
    verdict=st.sampled_from(Verdict),
    answers=answers,
    indication=st.sampled_from(Indication),
    sub_indication=subs,
    signatures=st.lists(signatures, max_size=2).map(tuple),
    checks=checks,
    at=times,
    digest=hexes.map("sha256:".__add__),
    trust=st.lists(hexes, max_size=2).map(tuple),
    policy=text,
    revocation=st.sampled_from(["require", "if-available", "ignore"]),
    software=text,
    file=st.none() | text,
    format=st.sampled_from([None, "pdf"]),
    size=st.integers(0, 1 << 40),
    lists=st.lists(lists, max_size=3).map(tuple),
)
PLAIN = Report(
    verdict=Verdict.UNREADABLE,
    answers=Answers(Answer.UNKNOWN, Answer.UNKNOWN),
    indication=Indication.INDETERMINATE,
    sub_indication=SubIndication.FORMAT_FAILURE,
    signatures=(),
    checks=(),
    at=datetime(2026, 11, 24, 12, tzinfo=UTC),
    digest="sha256:" + "0" * 64,
    trust=(),
    policy="default",
    revocation="require",
    software="eseal",
)


@given(reports, st.sampled_from(["en", "zh"]))
@settings(max_examples=150, deadline=None)
def test_round_trip_is_exact_and_keeps_the_schema(report: Report, lang: str) -> None:
    value = json.loads(to_json(report, lang))
    assert value == to_dict(report, lang)
    VALIDATOR.validate(value)
    assert from_dict(value) == report


@given(reports)
@settings(max_examples=50, deadline=None)
def test_no_unseen_character_stands_in_the_text(report: Report) -> None:
    shown = to_json(report).replace("\n", "")
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")]
    assert "\n" not in to_json(report, indent=None)


VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_schema_is_a_schema_and_refuses_what_is_none() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    good = to_dict(PLAIN)
    VALIDATOR.validate(good)
    VALIDATOR.validate({k: v for k, v in good.items() if k != "lists"})  # as versions wrote it that had none
    for key in good.keys() - {"lists"}:
        assert not VALIDATOR.is_valid({k: v for k, v in good.items() if k != key}), key
    assert not VALIDATOR.is_valid({**good, "verdict": "fine"})
    assert not VALIDATOR.is_valid({**good, "at": "2026-11-24T12:00:00"})


def test_the_certification_is_a_level_or_nothing_and_may_be_missing() -> None:
    fields = {"name": "a", "kind": "seal", "answers": PLAIN.answers, "indication": PLAIN.indication}
    seal = SignatureReport(**fields, sub_indication=None, checks=(), certification=2)  # type: ignore[arg-type]
    value = to_dict(replace(PLAIN, signatures=(seal,)))
    (shown,) = value["signatures"]
    assert shown["certification"] == 2
    del shown["certification"]  # as versions wrote it that had none
    VALIDATOR.validate(value)
    assert from_dict(value).signatures[0].certification is None
    for wrong in (0, 4, "2", True, 2.5):
        shown["certification"] = wrong
        with pytest.raises(UsageError):
            from_dict(value)


def test_an_error_object_keeps_the_schema() -> None:
    value = error_dict(UsageError("TIME_NAIVE", what="--at\u202e"), "zh")
    VALIDATOR.validate(value)
    assert value["error"]["code"] == "TIME_NAIVE"
    assert "⟨U+202E⟩" in value["error"]["message"]


def test_the_same_report_gives_the_same_bytes_whatever_the_order_of_its_mappings() -> None:
    one = Check("digest", CheckVerdict.FAILED, "DIGEST", {"a": "1", "b": "2"}, {"x": "1", "y": "2"})
    two = Check("digest", CheckVerdict.FAILED, "DIGEST", {"b": "2", "a": "1"}, {"y": "2", "x": "1"})
    assert to_json(replace(PLAIN, checks=(one,))) == to_json(replace(PLAIN, checks=(two,)))


def test_a_file_name_that_is_no_unicode_can_be_written() -> None:
    assert to_dict(replace(PLAIN, file="a\udcff.pdf"))["file"] == "a\ufffd.pdf"
    to_json(replace(PLAIN, file="a\udcff.pdf")).encode()


def test_reserved_fields_are_there_and_empty() -> None:
    value = to_dict(PLAIN)
    assert [value[k] for k in ("status", "licence", "log_proof", "seal_maker")] == [None] * 4


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": 2},
        {"verdict": "fine"},
        {"at": "2026-11-24T12:00:00"},
        {"file": 5},
        {"signatures": [{}]},
        {"checks": None},
        {"answers": {"untouched": "yes"}},
    ],
)
def test_what_is_no_report_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        from_dict({**to_dict(PLAIN), **damage})
    assert caught.value.code == "REPORT_MALFORMED"


def test_characters_that_command_a_terminal_are_written_as_escapes() -> None:
    assert dumps({"a": "\x1b[2J\x9b\u202e\U000e0041中é"}) == r'{"a": "\u001b[2J\u009b\u202e\udb40\udc41中é"}'
