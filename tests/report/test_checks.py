"""The fold of checks to answers fails closed: nothing is passed that was not asked, answered and found in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal.report.checks import CHECKS, effect, fold, gravest, verdict
from eseal.report.model import Answer, Answers, Check, CheckVerdict, Indication, SubIndication, Verdict

REQUIRED = [name for name, spec in CHECKS.items() if spec.required]
FINE = [Check(name, CheckVerdict.PASSED, "X") for name in REQUIRED]
ANSWERS = st.sampled_from(Answer)
# Mostly good checks, so that a good share of the sets comes near to passing.
VERDICTS = st.sampled_from([*[CheckVerdict.PASSED] * 12, *CheckVerdict])
CHECK = st.builds(Check, st.sampled_from(sorted(CHECKS)), VERDICTS, st.just("X"))
SETS = st.lists(CHECK, max_size=6).flatmap(
    lambda more: st.permutations([*FINE, *more]).flatmap(lambda all_: st.integers(0, 2).map(lambda n: all_[n:]))
)


def test_all_required_checks_in_order_pass():
    answers, indication, sub = fold(FINE)
    assert answers == Answers(Answer.YES, Answer.YES)
    assert (indication, sub) == (Indication.TOTAL_PASSED, None)
    assert verdict(answers) is Verdict.PASSED


@given(SETS)
def test_passed_only_where_every_required_check_passed_and_none_speaks_against_it(checks):
    answers, indication, sub = fold(checks)
    passed = {c.id for c in checks if c.verdict is CheckVerdict.PASSED}
    passed |= {c.id for c in checks if c.id == "changes" and c.verdict is CheckVerdict.PERMITTED}
    told = [c for c in checks if CHECKS[c.id].answer in ("untouched", "genuine") and c.verdict is not CheckVerdict.INFO]
    good = all(
        c.verdict is CheckVerdict.PASSED or (c.verdict is CheckVerdict.PERMITTED and c.id == "changes") for c in told
    )
    expected = set(REQUIRED) <= passed and good
    assert (verdict(answers) is Verdict.PASSED) == expected
    assert (indication is Indication.TOTAL_PASSED) == expected
    assert (sub is None) == expected


@given(SETS)
def test_failed_only_where_a_check_failed_for_certain(checks):
    answers, indication, _ = fold(checks)
    certain = [c for c in checks if c.verdict is CheckVerdict.FAILED and CHECKS[c.id].definite and CHECKS[c.id].answer]
    if verdict(answers) is Verdict.FAILED:
        assert indication is Indication.TOTAL_FAILED
        assert certain
    elif any(CHECKS[c.id].answer == "untouched" for c in certain):
        pytest.fail("a changed document that is not failed")


@given(SETS, CHECK)
def test_one_more_check_never_makes_an_answer_better_once_all_were_made(checks, more):
    if not {c.id for c in checks if c.verdict is not CheckVerdict.INFO} >= set(REQUIRED):
        return
    order = [Answer.YES, Answer.PERMITTED, Answer.UNKNOWN, Answer.NO]
    before, after = fold(checks)[0], fold([*checks, more])[0]
    assert order.index(after.untouched) >= order.index(before.untouched)
    if after.untouched is not Answer.NO:
        assert order.index(after.genuine) >= order.index(before.genuine)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("outcome", [None, *(v for v in CheckVerdict if v is not CheckVerdict.PASSED)])
def test_no_required_check_can_be_left_out_or_merely_told(name, outcome):
    checks = [c for c in FINE if c.id != name]
    if outcome is not None:
        checks.append(Check(name, outcome, "X"))
    answers, _, sub = fold(checks)
    if (name, outcome) == ("changes", CheckVerdict.PERMITTED):
        assert answers.untouched is Answer.PERMITTED and verdict(answers) is Verdict.PASSED
    else:
        assert verdict(answers) is not Verdict.PASSED
        assert isinstance(sub, SubIndication)


def test_nothing_checked_is_nothing_known():
    answers, indication, sub = fold([])
    assert answers == Answers(Answer.UNKNOWN, Answer.UNKNOWN)
    assert (indication, sub) == (Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND)


def test_what_was_changed_says_nothing_of_its_issuer():
    checks = [*FINE, Check("digest", CheckVerdict.FAILED, "X")]
    assert fold(checks)[0] == Answers(Answer.NO, Answer.UNKNOWN)


@given(ANSWERS, ANSWERS, ANSWERS)
def test_a_verdict_of_any_three_answers(untouched, genuine, in_force):
    found = verdict(Answers(untouched, genuine, in_force))
    fine = (
        untouched in (Answer.YES, Answer.PERMITTED)
        and genuine is Answer.YES
        and in_force in (Answer.YES, Answer.NOT_APPLICABLE)
    )
    assert (found is Verdict.PASSED) == fine
    assert (found is Verdict.FAILED) == (Answer.NO in (untouched, genuine, in_force))


@given(st.lists(ANSWERS))
def test_the_gravest_is_one_of_them_and_none_is_unknown(answers):
    assert gravest(answers) in (answers or [Answer.UNKNOWN])
    assert (gravest(answers) is Answer.NO) == (Answer.NO in answers)


@given(CHECK)
def test_only_a_change_is_permitted(check):
    assert (effect(check) is Answer.PERMITTED) == (check.id == "changes" and check.verdict is CheckVerdict.PERMITTED)
