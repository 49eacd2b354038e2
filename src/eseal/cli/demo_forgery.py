"""The two forgeries of the demonstration: one changes what was sealed, one leaves it alone and lays a note over it."""

from __future__ import annotations

import re

from eseal.cli.demo_page import AMOUNT, AMOUNT_AT, HEIGHT
from eseal.errors import Error
from eseal.seals.operators import POINTS_PER_MM

FORGED = AMOUNT.replace(b"1", b"9", 1)
"""The amount with one byte changed."""


def change_byte(sealed: bytes) -> bytes:
    """The sealed notice with one byte of the amount changed. Raises Error CLI_DEMO_FAILED."""
    if sealed.count(b"(" + AMOUNT + b")") != 1:
        raise Error("CLI_DEMO_FAILED", what="amount")
    return sealed.replace(b"(" + AMOUNT + b")", b"(" + FORGED + b")")


def lay_over(sealed: bytes) -> bytes:
    """The sealed notice with an appended section that shows another amount in a note (ISO 32000-2 7.5.6).

    Every byte that was sealed stays. Raises Error CLI_DEMO_FAILED.
    """
    pages = list(re.finditer(rb"(?<!\d)3 0 obj\s*(<<.*?>>)\s*endobj", sealed, re.S))
    starts = re.findall(rb"startxref\s+(\d+)\s+%%EOF", sealed)
    sizes = re.findall(rb"/Size (\d+)", sealed)
    if not (pages and starts and sizes and b"/Annots [" in pages[-1][1]):
        raise Error("CLI_DEMO_FAILED", what="page")
    note = max(map(int, sizes))
    left, bottom = AMOUNT_AT[0] * POINTS_PER_MM - 2, (HEIGHT - AMOUNT_AT[1]) * POINTS_PER_MM - 5
    box = b"%.2f %.2f %.2f %.2f" % (left, bottom, left + 130, bottom + 20)
    shown = b"1 1 1 rg 0 0 130 20 re f 0 0 0 rg BT /F1 15 Tf 2 5 Td (%b) Tj ET" % FORGED
    page = pages[-1][1].replace(b"/Annots [", b"/Annots [%d 0 R " % note, 1)
    objects = {
        3: page,
        note: b"<</Type/Annot/Subtype/FreeText/F 4/Rect[%b]/DA(/F1 15 Tf)/Contents(%b)/AP<</N %d 0 R>>>>"
        % (box, FORGED, note + 1),
        note + 1: b"<</Type/XObject/Subtype/Form/BBox[0 0 130 20]/Resources<</Font<</F1 6 0 R>>>>/Length %d>>\n"
        b"stream\n%b\nendstream" % (len(shown), shown),
    }
    out = bytearray(sealed)
    table = b"xref\n"
    for number, body in objects.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += table + b"trailer\n<</Size %d/Root 1 0 R/Prev %b>>\nstartxref\n%d\n%%%%EOF\n" % (note + 2, starts[-1], start)
    return bytes(out)
