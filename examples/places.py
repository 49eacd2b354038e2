"""Put a seal in every kind of place and look at the pages; nothing is signed, so no key is needed.

    python examples/places.py FOLDER

The pictures are docs/images/places-*.png.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from eseal.model import Keyword, Placement, Straddle, Where
from eseal.sealing import Request, preview
from eseal.seals.drawing import draw, preset

SEAL = draw(preset("round-40", owner="杭州示范科技有限公司", line="合同专用章"))
GREY = (225, 225, 225)


def contract(pages: int, rotate: int = 0) -> bytes:
    """A PDF of some lines a page; `rotate` turns how it is shown, and the text with it."""
    width, height = (842, 595) if rotate in (90, 270) else (595, 842)
    turn = {0: "1 0 0 1 0 0", 90: f"0 1 -1 0 {height} 0", 270: f"0 -1 1 0 0 {width}"}[rotate]
    box = f"[0 0 {height} {width}]" if rotate else f"[0 0 {width} {height}]"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in range(1, pages + 1):
        lines = [(24, f"Contract, page {page}")]
        lines += [(12, f"{n}. The parties agree that this is a sample.") for n in range(1, 7)]
        lines += [(12, ""), (14, "Buyer: seal here                      Seller: seal here")]
        y, text = height - 90, ""
        for size, line in lines:
            text += f"BT /F1 {size} Tf {60} {y} Td ({line}) Tj ET\n"
            y -= 40
        content = f"q {turn} cm\n{text}Q\n"
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Rotate {rotate} /Contents {len(objects) + 2} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {pages} >>"
    out, offsets = "%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return (out + f"startxref\n{out.index('xref')}\n%%EOF\n").encode("ascii")


def pictures(data: bytes, where: Sequence[Where], dpi: float = 60) -> list[Image.Image]:
    """The pages on which the seal shows."""
    request = Request(at=datetime(2026, 1, 1, tzinfo=UTC), artwork=SEAL, where=tuple(where))
    return [Image.open(io.BytesIO(png)).convert("RGB") for _, png in preview(data, request, dpi=dpi)]


def row(images: Sequence[Image.Image], gap: int) -> Image.Image:
    """Pictures side by side."""
    sheet = Image.new("RGB", (sum(i.width + gap for i in images) - gap, max(i.height for i in images)), GREY)
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + gap
    return sheet


def save(image: Image.Image, path: Path) -> None:
    """A small PNG, with a border."""
    framed = Image.new("RGB", (image.width + 16, image.height + 16), GREY)
    framed.paste(image, (8, 8))
    framed.quantize(64).save(path, optimize=True)
    print(path)


def half(image: Image.Image) -> Image.Image:
    """The picture at half its size."""
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def main(folder: str) -> None:
    out = Path(folder)
    five = contract(5)
    save(row([half(page) for page in pictures(five, [Straddle("right")])], 8), out / "places-straddle.png")
    # The right edges, 8 mm of each page, as they lie when the pages are pulled apart a little.
    wide, high = round(8 * 150 / 25.4), 150
    edges = [
        page.crop((page.width - wide, page.height // 2 - high, page.width, page.height // 2 + high))
        for page in pictures(five, [Straddle("right")], dpi=150)
    ]
    save(row([row(edges, 6), row(edges, 0)], 40), out / "places-edges.png")
    all_of_them = [Keyword("seal here", which=None, beside="below")]
    turned = [half(pictures(contract(1, turn), all_of_them, dpi=80)[0]) for turn in (0, 90)]
    save(row(turned, 8), out / "places-keyword.png")
    parts = []
    for beside in ("over", "below", "right", "start"):
        (page,) = pictures(contract(1), [Keyword("seal here", beside=beside)], dpi=110)
        parts.append(half(page.crop((0, 520, 480, 830))))
    save(row(parts, 8), out / "places-beside.png")
    many: list[Where] = [Placement(1, 20, 200), Placement(1, 130, 200), Straddle("left")]
    save(row(pictures(contract(3), many, dpi=36), 8), out / "places-many.png")


if __name__ == "__main__":
    main(sys.argv[1])
