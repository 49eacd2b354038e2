"""A notice of one page to try sealing on: its text as outlines of the packaged face, one line as plain PDF text."""

from __future__ import annotations

import zlib
from datetime import date

from eseal.seals import lettering, operators, typeface
from eseal.seals.artwork import Artwork, Colour, Contour, Shape
from eseal.seals.geometry import rectangle

WIDTH, HEIGHT = 210.0, 297.0
AMOUNT = b"CNY 12,000.00"
"""What the demonstration forges; it stands in a content stream of its own that is not compressed."""
AMOUNT_AT = (72.0, 161.4)
"""Where its baseline begins, in millimetres from the top left."""
SEAL_AT = (132.0, 192.0)
"""Where the seal goes, in millimetres from the top left: over the name and the date, as on paper."""

_INK = Colour(0x1A, 0x1A, 0x1A)
_RED = Colour(0xC8, 0x10, 0x18)
_LEFT, _RIGHT = 28.0, 182.0


def notice(owner: str, day: date) -> bytes:
    """The notice as a PDF. Raises UsageError SEAL_GLYPH_MISSING for a name that the face lacks."""
    black: list[Contour] = []
    red: list[Contour] = [rectangle(_LEFT, 52.0, _RIGHT - _LEFT, 0.7), rectangle(_LEFT, 53.3, _RIGHT - _LEFT, 0.25)]
    red += _centred(owner, 36.0, 11.0)
    black += _centred(f"示范〔{day.year}〕1 号", 62.0, 4.6)
    black += _centred("关于发放示范补助的通知", 80.0, 7.5)
    black += _centred("Notice of a grant (sample, issued for demonstration only)", 92.0, 4.0)
    body = [
        "    经审核，现决定向示范企业有限公司发放示范补助，金额见下。",
        "    本通知仅用于演示电子印章的加盖与验证，不具有任何法律效力。",
    ]
    y = 108.0
    for line in body:
        black += _line(line, _LEFT, y, 4.8)
        y += 10.0
    for line in (
        "The amount below is granted to Sample Enterprise Co., Ltd.",
        "This page shows how a document is sealed and verified. It has no legal force.",
    ):
        black += _line(line, _LEFT, y, 4.2)
        y += 8.5
    black += _line("金额 Amount", _LEFT, 157.0, 5.0)
    black += _centred(owner, 208.0, 5.2, about=SEAL_AT[0] + 20.0)
    black += _centred(f"{day.year}年{day.month}月{day.day}日", 219.0, 5.2, about=SEAL_AT[0] + 20.0)
    page = Artwork(WIDTH, HEIGHT, (Shape(tuple(red), _RED), Shape(tuple(black), _INK)))
    return _pdf(operators.content(page, ()))


def _centred(text: str, top: float, height: float, about: float = WIDTH / 2) -> tuple[Contour, ...]:
    style = lettering.Style(1.0, 0.5, 0.4, 0.06, 0.0)
    content = lettering.text(text, typeface.packaged())
    return lettering.on_line(content, about, top, height, _RIGHT - _LEFT, style, "notice").contours()


def _line(text: str, left: float, top: float, height: float) -> tuple[Contour, ...]:
    """Text from the left; leading spaces are an indent of half a character each."""
    indent = (len(text) - len(text.lstrip())) * height / 2
    style = lettering.Style(1.0, 0.5, 0.4, 0.04, 0.0)
    content = lettering.text(text, typeface.packaged(), running=True)
    room = _RIGHT - left - indent
    found = lettering.on_line(content, 0.0, top, height, room, style, "notice")
    first = min(box.x - box.width / 2 for box in found.boxes)
    middle = left + indent - first
    return lettering.on_line(content, middle, top, height, room, style, "notice").contours()


def _pdf(drawn: bytes) -> bytes:
    packed = zlib.compress(drawn, 9)
    x, y = AMOUNT_AT[0] * operators.POINTS_PER_MM, (HEIGHT - AMOUNT_AT[1]) * operators.POINTS_PER_MM
    amount = b"BT /F1 15 Tf %.2f %.2f Td (%b) Tj ET" % (x, y, AMOUNT)
    box = b"[0 0 %.3f %.3f]" % (WIDTH * operators.POINTS_PER_MM, HEIGHT * operators.POINTS_PER_MM)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Lang(zh-CN)>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox%b/Contents[4 0 R 5 0 R]/Resources<</Font<</F1 6 0 R>>>>>>" % box,
        b"<</Length %d/Filter/FlateDecode>>\nstream\n%b\nendstream" % (len(packed), packed),
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(amount), amount),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
    ]
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, text in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, text)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
