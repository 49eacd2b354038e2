"""Documents that eseal certified or locked, changed afterwards against those rules: none may be called untouched.

Beside each attack stands what the same rule allows: a verifier that refuses everything is no verifier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from eseal import verify
from eseal.documents.pdf import certify, write
from eseal.report.model import Answer
from eseal.sealing import seal
from support.attacks import NOW, PKI, SEALED, TRUST, latest, numbers, update
from support.fields import filled, form, look

SIGNER = PKI.seal.signer()
SUM = b"/Action /Include /Fields [(Sum)]"


def locked(lock: bytes, *, rules: bytes = b"/Lock 11 0 R", **more: object) -> bytes:
    """The form with fields "Name" and "Sum", sealed in a field with this lock."""
    data = form(rules, more={11: b"<< /Type /SigFieldLock " + lock + b" >>"})
    return seal(data, SIGNER, at=SEALED, field="Approval", level="B", **more).data  # type: ignore[arg-type]


def certified(level: int) -> bytes:
    return seal(form(), SIGNER, at=SEALED, certify=level, level="B").data


def fill(number: int, text: bytes = b"999") -> Callable[[bytes], bytes]:
    return lambda data: update(data, filled(number, text), info=None)


def edit(number: int, old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Set an object anew with one part of its text replaced."""

    def change(data: bytes) -> bytes:
        body = latest(data, number)
        assert old in body
        return update(data, {number: body.replace(old, new)}, info=None)

    return change


def redraw(data: bytes) -> bytes:
    """Another appearance of the locked field; its value stays."""
    return update(data, {10: look(b"999")}, info=None)


def note(data: bytes) -> bytes:
    """An annotation that covers the text of the page."""
    own = numbers(data)
    page = latest(data, 3).replace(b"/Annots [", b"/Annots [%d 0 R " % own)
    square = b"<< /Type /Annot /Subtype /FreeText /Rect [50 700 400 760] /F 4 /Contents (No. 18) /DA (/Helv 24 Tf 0 g) "
    return update(
        data, {own: square + b"/AP << /N %d 0 R >> >>" % (own + 1), own + 1: look(b"No. 18"), 3: page}, info=None
    )


def resign(data: bytes) -> bytes:
    """Another seal in a new field, whatever our own writer thinks of it."""
    own = numbers(data)
    page = latest(data, 3).replace(b"/Annots [", b"/Annots [%d 0 R " % own)
    catalog = latest(data, 1).replace(b"/Fields [", b"/Fields [%d 0 R " % own)
    assert page != latest(data, 3) and catalog != latest(data, 1)
    empty = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Extra) /F 132 /Rect [0 0 0 0] /P 3 0 R >>"
    reserved = update(data, {own: empty, 3: page, 1: catalog}, info=None)
    return unguarded(reserved, "Extra")


def unguarded(data: bytes, field: str) -> bytes:
    """A seal in `field` by our own writer without its scruples."""
    kept = write.check_permitted
    write.check_permitted = lambda *_, **__: None  # type: ignore[assignment]
    try:
        return seal(data, SIGNER, at=SEALED, field=field, level="B").data
    finally:
        write.check_permitted = kept


def lower(data: bytes) -> bytes:
    """A later, unsealed field whose lock is looser, and a change that it would allow."""
    own = numbers(data)
    catalog = latest(data, 1).replace(b"/Fields [", b"/Fields [%d 0 R " % own)
    loose = b"<< /FT /Sig /T (Loose) /Lock << /Action /Include /Fields [] /P 3 >> >>"
    return update(data, {own: loose, 1: catalog, **filled(7, b"999")}, info=None)


def without_permission(data: bytes) -> bytes:
    body = latest(data, 1)
    start = body.index(b"/Perms")
    return update(data, {1: body[:start] + body[body.index(b">>", start) + 2 :]}, info=None)


def certified_again(data: bytes) -> bytes:
    kept = certify.check_certifiable
    certify.check_certifiable = lambda *_: None  # type: ignore[assignment]
    try:
        return seal(data, SIGNER, at=SEALED, field="Approval", certify=3, level="B").data
    finally:
        certify.check_certifiable = kept


def loosened_and_filled(data: bytes) -> bytes:
    return fill(8)(edit(11, b"(Sum)", b"()")(data))


def renamed(data: bytes) -> bytes:
    field = filled(8, b"999")[8].replace(b"(Sum)", b"(Tax)")
    return update(data, {8: field, 10: look(b"999")}, info=None)


def decertified_and_filled(data: bytes) -> bytes:
    return fill(7)(without_permission(data))


@dataclass(frozen=True)
class Attack:
    """What is changed of which document, and the clause that forbids it."""

    name: str
    clause: str
    data: Callable[[], bytes]
    change: Callable[[bytes], bytes]
    proven: bool = True


CLOSED = SUM + b" /P 1"
ATTACKS = [
    Attack("locked-value", "12.8.2.4: a field in a lock", lambda: locked(SUM), fill(8)),
    Attack("locked-appearance", "12.8.2.4: what a locked field shows", lambda: locked(SUM), redraw),
    Attack("all-locked", "table 258, All", lambda: locked(b"/Action /All"), fill(7)),
    Attack("not-excluded", "table 258, Exclude", lambda: locked(b"/Action /Exclude /Fields [(Sum)]"), fill(7)),
    Attack("name-in-utf-16", "7.9.2.2", lambda: locked(b"/Action /Include /Fields [<FEFF00530075006D>]"), fill(8)),
    Attack("locked-direct", "table 236", lambda: locked(SUM, rules=b"/Lock << " + SUM + b" >>"), fill(8)),
    Attack("locked-and-certified", "12.8.2.4", lambda: locked(SUM, certify=2), fill(8)),
    Attack("lock-taken-away", "table 236", lambda: locked(SUM), edit(6, b"/Lock 11 0 R", b"")),
    Attack("lock-loosened", "table 236", lambda: locked(SUM), edit(11, b"(Sum)", b"(Foo)")),
    Attack("lock-loosened-then-filled", "table 236", lambda: locked(SUM), loosened_and_filled),
    Attack("permission-loosened", "table 236, P", lambda: locked(CLOSED), edit(11, b"/P 1", b"/P 3")),
    Attack("renamed-then-filled", "12.7.4.2", lambda: locked(SUM), renamed),
    Attack("closed-by-lock-filled", "table 236, P 1", lambda: locked(CLOSED), fill(7)),
    Attack("closed-by-lock-annotated", "table 236, P 1", lambda: locked(CLOSED), note),
    Attack("closed-by-lock-signed", "table 236, P 1", lambda: locked(CLOSED), resign),
    Attack("looser-lock-later", "table 236: denied, never added", lambda: locked(CLOSED), lower),
    Attack("lock-2-annotated", "table 236, P 2", lambda: locked(SUM + b" /P 2"), note),
    Attack("certified-1-filled", "table 257, P 1", lambda: certified(1), fill(7)),
    Attack("certified-1-annotated", "table 257, P 1", lambda: certified(1), note),
    Attack("certified-1-signed", "table 257, P 1", lambda: certified(1), lambda d: unguarded(d, "Approval")),
    Attack("certified-2-annotated", "table 257, P 2", lambda: certified(2), note),
    Attack("certified-3-annotated", "a note that covers content", lambda: certified(3), note, proven=False),
    Attack("certification-taken-away", "12.8.6", lambda: certified(1), without_permission),
    Attack("certification-taken-away-then-filled", "12.8.6", lambda: certified(1), decertified_and_filled),
    Attack("certified-twice", "12.8.2.2.1", lambda: certified(2), certified_again),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_what_the_rules_forbid_is_not_untouched(attack):
    sealed = attack.data()
    assert verify(sealed, TRUST, NOW).passed
    report = verify(attack.change(sealed), TRUST, NOW)
    assert not report.passed, attack.clause
    assert report.answers.untouched is (Answer.NO if attack.proven else Answer.UNKNOWN), report.explain()


GOOD = [
    Attack("field-outside-the-lock", "12.8.2.4", lambda: locked(SUM), fill(7)),
    Attack("excluded-field", "table 258", lambda: locked(b"/Action /Exclude /Fields [(Sum)]"), fill(8)),
    Attack("lock-2-filled", "table 236, P 2", lambda: locked(SUM + b" /P 2"), fill(7)),
    Attack("certified-2-filled", "table 257, P 2", lambda: certified(2), fill(7)),
    Attack("certified-3-filled", "table 257, P 3", lambda: certified(3), fill(8)),
]


@pytest.mark.parametrize("case", GOOD, ids=lambda a: a.name)
def test_what_the_rules_allow_is_permitted(case):
    report = verify(case.change(case.data()), TRUST, NOW)
    assert report.passed and report.answers.untouched is Answer.PERMITTED, report.explain()


def test_a_lock_that_nobody_signed_closes_nothing():
    data = form(b"/Lock << /Action /All /P 1 >>")
    sealed = seal(data, SIGNER, at=SEALED, level="B").data
    report = verify(fill(8)(sealed), TRUST, NOW)
    assert report.passed and report.answers.untouched is Answer.PERMITTED


def test_a_locked_signature_field_stays_empty():
    data = form(b"/Lock << /Action /All >>").replace(b"/FT /Tx /T (Name) /V (old)", b"/FT /Sig /T (Name)".ljust(27))
    sealed = seal(data, SIGNER, at=SEALED, field="Approval", level="B").data
    report = verify(unguarded(sealed, "Name"), TRUST, NOW)
    assert not report.passed and report.answers.untouched is Answer.NO
