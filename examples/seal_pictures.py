"""Draw one seal of each kind, and put them on one sheet.

    python examples/seal_pictures.py sheet.png

This sheet is docs/images/seals.png.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

from eseal.seals.drawing import Centre, Relief, SealSpec, draw, preset
from eseal.seals.picture import picture
from eseal.seals.render import to_png

DPI = 150
COMPANY, NUMBER = "杭州示范科技有限公司", "91330100MA2B12345X"
EMBLEM = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
<path fill="#e01018" d="M50 4 Q62 30 50 56 Q38 30 50 4 Z M8 34 Q38 36 46 62 Q18 62 8 34 Z
M92 34 Q62 36 54 62 Q82 62 92 34 Z M14 74 Q32 64 50 74 T86 74 L86 82 Q68 92 50 82 T14 82 Z"/></svg>"""


def seals() -> list[list[SealSpec]]:
    """The seals, row by row."""
    emblem = picture(EMBLEM, width_mm=10.0)
    return [
        [
            preset("round-42", "杭州市示范局"),
            preset("round-42", "示范大学", centre=Centre.EMBLEM, emblem=emblem, line="教务处"),
            preset("finance-38", COMPANY),
            preset("invoice-40x30", COMPANY, middle=NUMBER, serial="（1）"),
        ],
        [
            preset("contract-58", COMPANY),
            preset("round-45", COMPANY, second="Hangzhou Example Technology Co., Ltd."),
            preset("rectangle-50x30", "杭州市示范局", time="2026年11月24日", line="收件专用"),
        ],
        [
            preset("finance-square-25", "示范科技有限公司"),
            preset("square-25", "示范合作社", suffix="之印"),
            preset("name-20", "欧阳小明", suffix="之印", relief=Relief.CUT),
            preset("name-18", "王小明", suffix="印"),
            preset("name-18", "王小明", suffix="印", relief=Relief.CUT),
            preset("name-18", "张三", suffix="印"),
        ],
    ]


def shown(spec: SealSpec) -> Image.Image:
    """One seal on white paper."""
    drawn = Image.open(io.BytesIO(to_png(draw(spec), DPI)))
    paper = Image.new("RGB", drawn.size, "white")
    paper.paste(drawn, (0, 0), drawn)
    return paper


def sheet(rows: list[list[Image.Image]], gap: int = 24) -> Image.Image:
    """All of them, spread over rows as wide as the widest."""
    width = max(sum(i.width for i in row) + gap * (len(row) + 1) for row in rows)
    height = sum(max(i.height for i in row) + gap for row in rows) + gap
    page, y = Image.new("RGB", (width, height), "white"), gap
    for row in rows:
        tall = max(image.height for image in row)
        space = (width - sum(image.width for image in row)) / (len(row) + 1)
        x = space
        for image in row:
            page.paste(image, (round(x), y + (tall - image.height) // 2))
            x += image.width + space
        y += tall + gap
    return page


if __name__ == "__main__":
    page = sheet([[shown(spec) for spec in row] for row in seals()])
    # Sixteen colours are plenty for one ink with its smooth edges.
    page.quantize(16).save(Path(sys.argv[1]), optimize=True, dpi=(DPI, DPI))
    print(f"{sys.argv[1]}  {page.width} x {page.height}")
