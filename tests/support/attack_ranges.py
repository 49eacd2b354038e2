"""Attacks on /ByteRange, /Contents and the covered bytes themselves."""

from __future__ import annotations

import re

from support.attack_vectors import ATTACKS, EVIL_PAGE, Attack, Sealer, attack
from support.attacks import DOCUMENT, FIELDS, LOOK, SEAL, latest, row, sign, startxref

# /ByteRange and /Contents
RANGE = "ISO 32000-2 12.8.1: the ranges cover everything but the value of this very /Contents"


def ranged(name: str, four: object, *, finish: bytes = b"") -> None:
    def make(seal: Sealer) -> bytes:
        return sign(DOCUMENT, SEAL, rect=b"400 50 500 150", look=LOOK, byte_range=four, finish=finish)  # type: ignore[arg-type]

    ATTACKS.append(Attack(name, "byte-range", RANGE, make, (None,)))


ranged("range-starts-late", lambda a, b, n: (9, a - 9, b, n - b))
ranged("range-gap-before", lambda a, b, n: (0, a - 40, b, n - b))
ranged("range-gap-behind", lambda a, b, n: (0, a, b + 40, n - b - 40))
ranged("range-gap-without-bracket", lambda a, b, n: (0, a + 1, b - 1, n - b + 1))
ranged("range-ends-early", lambda a, b, n: (0, a, b, n - b - 30))
ranged("range-ends-before-trailer", lambda a, b, n: (0, a, b, 200))
ranged("range-first-empty", lambda a, b, n: (0, 0, b, n - b))
ranged("range-second-empty", lambda a, b, n: (0, a, b, 0))
ranged("range-overlaps", lambda a, b, n: (0, b, a, n - a))
ranged("range-twice-the-same", lambda a, b, n: (0, a, 0, a))
ranged("range-covers-older-revision-only", lambda a, b, n: (0, 500, 500, len(DOCUMENT) - 500))
ranged("range-past-the-end", lambda a, b, n: (0, a, b, n - b + 9))
ranged("range-leaves-tail", lambda a, b, n: (0, a, b, n - b - 20), finish=b"%comment comment com")


def rewritten(name: str, why: str, change: object) -> None:
    """The sealed bytes themselves are changed."""
    ATTACKS.append(Attack(name, "byte-range", why, lambda seal: change(seal(DOCUMENT)), (None, 2)))  # type: ignore[operator]


FORGE = "universal signature forgery: a value that a verifier may take for no value, and so for no objection"


def _gap(s: bytes) -> tuple[int, int]:
    a, b, c, _ = (int(x) for x in re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\s*\]", s)[-1])
    return a + b, c


def _contents(s: bytes, value: bytes) -> bytes:
    """The value of /Contents is another one of the same length."""
    start, end = _gap(s)
    return s[:start] + value.ljust(end - start) + s[end:]


def _hex(s: bytes) -> bytes:
    start, end = _gap(s)
    return s[start + 1 : end - 1]


rewritten("contents-empty", FORGE, lambda s: _contents(s, b"<>"))
rewritten("contents-null", FORGE, lambda s: _contents(s, b"null"))
rewritten("contents-zero", FORGE, lambda s: _contents(s, b"<" + b"0" * len(_hex(s)) + b">"))
rewritten("contents-one-zero", FORGE, lambda s: _contents(s, b"<00>"))
rewritten("contents-reference", FORGE, lambda s: _contents(s, b"5 0 R"))
rewritten("contents-literal", FORGE, lambda s: _contents(s, b"(0)"))
rewritten("contents-removed", FORGE, lambda s: s.replace(b"/Contents <30", b"/Contentz <30"))
rewritten("contents-twice", FORGE, lambda s: _contents(s, b"<" + _hex(s).rstrip(b"0") + b"> /Contents <00>"))
rewritten("contents-odd", RANGE, lambda s: _contents(s, b"<" + _hex(s)[:-1] + b">"))
rewritten("contents-spaced", RANGE, lambda s: _contents(s, b"<" + _hex(s)[:-1] + b" >"))
rewritten("contents-not-hex", RANGE, lambda s: _contents(s, b"<" + _hex(s)[:-2] + b"zz>"))
rewritten("contents-padding", "two different files with one seal", lambda s: _contents(s, b"<" + _hex(s)[:-2] + b"ff>"))
rewritten(
    "contents-second-value-in-padding",
    "two different files with one seal",
    lambda s: _contents(s, b"<" + _hex(s)[:-6] + b"300100>"),
)
rewritten(
    "contents-closed-early",
    "the rest of the slot is read as keys of the dictionary",
    lambda s: _contents(
        s,
        b"<"
        + _hex(s)[: len(_hex(s).rstrip(b"0")) + 2]
        + b"> /Reason (Approved by the minister) /Filler ("
        + b"x" * 500
        + b")",
    ),
)
rewritten("range-removed", FORGE, lambda s: s.replace(b"/ByteRange [", b"/ByteRangf ["))
rewritten(
    "range-null", FORGE, lambda s: re.sub(rb"/ByteRange \[[^\]]*\]", lambda m: b"/ByteRange null".ljust(len(m[0])), s)
)
rewritten(
    "range-empty", FORGE, lambda s: re.sub(rb"/ByteRange \[[^\]]*\]", lambda m: b"/ByteRange []".ljust(len(m[0])), s)
)
rewritten("range-negative", FORGE, lambda s: re.sub(rb"/ByteRange \[0 \d", b"/ByteRange [0 -", s))
rewritten(
    "range-zeros",
    FORGE,
    lambda s: re.sub(rb"/ByteRange \[[^\]]*\]", lambda m: b"/ByteRange [0 0 0 0]".ljust(len(m[0])), s),
)
rewritten(
    "subfilter-removed",
    FORGE,
    lambda s: s.replace(b"/SubFilter /ETSI.CAdES.detached", b"/SubFiltex /ETSI.CAdES.detached"),
)
rewritten("subfilter-other", FORGE, lambda s: s.replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detachee"))
rewritten("subfilter-timestamp", FORGE, lambda s: s.replace(b"/ETSI.CAdES.detached", b"/ETSI.RFC3161       "))
rewritten("subfilter-pkcs7-sha1", FORGE, lambda s: s.replace(b"/ETSI.CAdES.detached", b"/adbe.pkcs7.sha1    "))
rewritten("subfilter-x509", FORGE, lambda s: s.replace(b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1 "))
rewritten("type-removed", FORGE, lambda s: s.replace(b"/Type /Sig ", b"/Typf /Sig "))
rewritten("field-type-changed", FORGE, lambda s: s.replace(b"/FT /Sig /T (seal)", b"/FT /Btn /T (seal)"))
rewritten(
    "text-changed", "the digest of the covered bytes", lambda s: s.replace(b"Born 1 May 2001", b"Born 9 May 1999")
)
rewritten("page-tree-changed", "the digest of the covered bytes", lambda s: s.replace(b"/Count 3", b"/Count 2"))
rewritten(
    "white-space-changed", "the digest of the covered bytes", lambda s: s.replace(b"\nendobj\n6 0", b" endobj\n6 0")
)
rewritten("end-cut", "the digest of the covered bytes", lambda s: s[:-1])
rewritten("end-added", "bytes that no signature covers", lambda s: s + b"%")
rewritten("end-filled", "bytes that no signature covers", lambda s: s + b" " * 4000)


@attack(
    "wrapping",
    "signature wrapping: the covered second part stands elsewhere, something else in its old place",
    (None, 2),
)
def wrapped(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    _, end = _gap(s)
    evil = b"\n5 0 obj\n" + EVIL_PAGE + b"\nendobj\n"
    return s[:end] + evil + s[end:]


@attack(
    "wrapping", "signature wrapping: a second dictionary in the gap, whose ranges leave out what was put in", (None, 2)
)
def wrapped_with_new_ranges(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    start, end = _gap(s)
    value = int(latest(s, int(latest(s, FIELDS).split()[-3])).split(b"/V ")[1].split()[0])
    evil = b"\n5 0 obj\n" + EVIL_PAGE + b"\nendobj\n"
    head = s[:start] + s[start:end] + b">>\nendobj\n" + evil
    second = len(head) + 9000
    new = (
        b"%d 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 %d "
        b"%d %d] /Contents %s >>\nendobj\n" % (value, start, second, len(s) - end, s[start:end])
    )
    body = (head + new).ljust(second)
    at5, at_value = body.rindex(b"5 0 obj"), body.rindex(b"%d 0 obj" % value)
    whole = body + s[end:]
    xref = len(whole)
    return (
        whole
        + b"xref\n5 1\n"
        + row(at5)
        + b"%d 1\n" % value
        + row(at_value)
        + (b"trailer\n<< /Size 999 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (startxref(s), xref))
    )


@attack("wrapping", "an old, unsealed revision and the seal's own section put behind another document", (None,))
def transplanted(seal: Sealer) -> bytes:
    s = seal(DOCUMENT)
    other = DOCUMENT.replace(b"Born 1 May 2001", b"Born 9 May 1999")
    return other + s[len(DOCUMENT) :]
