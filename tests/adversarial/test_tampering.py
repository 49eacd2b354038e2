"""Documents changed after they were sealed: none may be called untouched, whatever the change hides behind.

The vectors stand in `support.attack_*` (what a document holds, its form, its seal, the file itself); each names the
clause that it breaks. Beside them stand the changes that a seal allows: a verifier that refuses
everything is no verifier.
"""

from __future__ import annotations

import pytest

from eseal import verify
from eseal.report.model import Answer, Verdict
from support import attack_files, attack_forms, attack_ranges, attack_seals
from support.attack_seals import CERT
from support.attack_vectors import ATTACKS
from support.attacks import (
    EVIL,
    LOOK,
    NOW,
    PKI,
    SEAL,
    TRUST,
    form_xobject,
    latest,
    line,
    seal_cms,
    sealed,
    sign,
    stamp_cms,
    update,
    update_stream,
)
from support.pdfs import stream

# Importing them registers their vectors.
assert all(m.__doc__ for m in (attack_files, attack_forms, attack_ranges, attack_seals))
UNTOUCHED = (Answer.YES, Answer.PERMITTED)
# Ways that leave what was sealed as it was: the signer stands for what he adds, and is asked for it.
SIGNED_BY_OTHERS = "later"


def levels(attack):
    """The first level for every attack, the usual certification for every second one; all of them in the long run."""
    return [attack.levels[0], *(p for p in attack.levels[1:] if p == 2)]


EVERYDAY = [(a, p) for i, a in enumerate(ATTACKS) for p in (levels(a) if i % 3 == 0 else levels(a)[:1])]
REST = [(a, p) for a in ATTACKS for p in a.levels if (a, p) not in EVERYDAY]


def check(attack, level):
    data = attack.make(lambda document: sealed(document, certify=level))
    report = verify(data, TRUST, NOW)
    assert not report.passed, attack.clause
    if attack.family != SIGNED_BY_OTHERS:
        assert report.answers.untouched not in UNTOUCHED, attack.clause
    return data


def test_there_are_vectors():
    assert len(ATTACKS) >= 390
    assert len({a.name for a in ATTACKS}) == len(ATTACKS)
    assert len({a.family for a in ATTACKS}) >= 20


@pytest.mark.parametrize(("attack", "level"), EVERYDAY, ids=[f"{a.name}-{p}" for a, p in EVERYDAY])
def test_a_changed_document_is_not_untouched(attack, level):
    check(attack, level)


@pytest.mark.long
@pytest.mark.parametrize(("attack", "level"), REST, ids=[f"{a.name}-{p}" for a, p in REST])
def test_a_changed_document_is_not_untouched_at_any_level(attack, level):
    check(attack, level)


# A later seal over the changed document covers the change but does not undo it. Not those that change nothing that
# is shown: their later seal vouches for the white space.
HARMLESS_WHEN_COVERED = ("document_behind", "range-leaves-tail", "end-cut", "end-added", "end-filled")
COVERED = [a for a in ATTACKS if a.name not in HARMLESS_WHEN_COVERED]


def cover(attack, level):
    data = attack.make(lambda document: sealed(document, certify=level))
    for again in (
        lambda d: sign(d, SEAL, name="afterwards"),
        lambda d: sign(d, stamp_cms(PKI.timestamper), name="afterwards", timestamp=True),
    ):
        try:
            covered = again(data)
        except (ValueError, IndexError):
            # Nothing to hang another signature on.
            continue
        assert not verify(covered, TRUST, NOW).passed, attack.clause


@pytest.mark.parametrize("attack", COVERED[::7], ids=lambda a: a.name)
def test_a_later_seal_heals_nothing(attack):
    cover(attack, attack.levels[0])


@pytest.mark.long
@pytest.mark.parametrize("attack", COVERED, ids=lambda a: a.name)
def test_a_later_seal_heals_nothing_in_full(attack):
    cover(attack, attack.levels[0])


# What a seal allows


def store(data):
    return update(data, {1: latest(data, 1)[:-2] + b"/DSS << /Type /DSS /Certs [80 0 R] >> >>", 80: CERT})


def filled(data, value=b"250"):
    return update(data, {21: latest(data, 21).replace(b"(100)", b"(" + value + b")"), 25: form_xobject(line(value))})


def bordered(data):
    look = (
        b"1 1 0.8 rg 0 0 200 20 re f 0 0 1 RG 1 w 0.5 0.5 199 19 re s /Tx BMC q 1 1 198 18 re W n "
        b"BT /Helv 12 Tf 0 g 2 5 Td (100) Tj ET Q EMC"
    )
    return update(data, {25: form_xobject(look)})


def checked(data):
    return update(data, {22: latest(data, 22).replace(b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})


def turned(data):
    return update(
        data,
        {
            24: latest(data, 24).replace(b"/V /1", b"/V /2"),
            27: latest(data, 27).replace(b"/AS /1", b"/AS /Off"),
            28: latest(data, 28).replace(b"/AS /Off", b"/AS /2"),
        },
    )


def chosen(data):
    return update(data, {23: latest(data, 23).replace(b"/V (a)", b"/V (b)"), 35: form_xobject(line(b"Girl"))})


def dated(data):
    return update(data, {65: latest(data, 65).replace(b"(Registry)", b"(Reader) /ModDate (D:20260401000000Z)")})


ALLOWED = [
    (store, (None, 1, 2, 3), Answer.YES),
    (lambda d: update_stream(d, {}), (None, 1, 2, 3), Answer.YES),
    (dated, (None, 1, 2, 3), Answer.YES),
    (lambda d: sign(d, stamp_cms(PKI.timestamper), name="t", timestamp=True), (None, 1, 2, 3), Answer.YES),
    (lambda d: sign(d, stamp_cms(EVIL.timestamper), name="t", timestamp=True), (None, 1, 2, 3), Answer.YES),
    (lambda d: sign(d, SEAL, name="more"), (None, 2, 3), Answer.YES),
    (lambda d: sign(d, SEAL, name="more", rect=b"100 50 200 150", look=LOOK), (None,), Answer.YES),
    (lambda d: sign(d, SEAL, field=29, look=LOOK), (None, 2, 3), Answer.YES),
    (filled, (None, 2, 3), Answer.PERMITTED),
    (bordered, (None, 2, 3), Answer.PERMITTED),
    (checked, (None, 2, 3), Answer.PERMITTED),
    (turned, (None, 2, 3), Answer.PERMITTED),
    (chosen, (None, 2, 3), Answer.PERMITTED),
]


@pytest.mark.parametrize("index", range(len(ALLOWED)))
def test_what_a_seal_allows_passes(index):
    make, at_levels, answer = ALLOWED[index]
    for level in at_levels:
        report = verify(make(sealed(certify=level)), TRUST, NOW)
        assert report.verdict is Verdict.PASSED, (index, level, [c.code for s in report.signatures for c in s.checks])
        assert report.answers.untouched is answer


def test_a_foreign_seal_leaves_the_first_untouched_and_the_document_unproven():
    report = verify(sign(sealed(), seal_cms(EVIL.seal), name="more"), TRUST, NOW)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.answers.untouched is Answer.YES
    assert report.answers.genuine is Answer.UNKNOWN


def test_a_document_sealed_twice_and_stamped_is_whole():
    data = sign(store(sign(sealed(), SEAL, name="more")), stamp_cms(PKI.timestamper), name="t", timestamp=True)
    assert verify(data, TRUST, NOW).passed
    assert not verify(update(data, {5: stream(b"BT ET")}), TRUST, NOW).passed
