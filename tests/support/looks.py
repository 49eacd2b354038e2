"""What a page looks like: rendered by PDFium and by other readers, compared pixel by pixel."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in mm on the page as shown."""


def look(data: bytes, page: int = 1, dpi: float = 72) -> Image.Image:
    """A page as PDFium shows it, fields included."""
    document = pypdfium2.PdfDocument(data)
    document.init_forms()
    try:
        return document[page - 1].render(scale=dpi / 72, may_draw_forms=True).to_pil().convert("RGB")
    finally:
        document.close()


def look_by(program: str, data: bytes, folder: Path, page: int = 1, dpi: int = 72) -> Image.Image:
    """A page as mutool, gs or pdftoppm shows it."""
    source, out = folder / "look.pdf", folder / "look.png"
    source.write_bytes(data)
    out.unlink(missing_ok=True)
    commands: dict[str, list[str]] = {
        "mutool": ["mutool", "draw", "-q", "-r", str(dpi), "-o", str(out), str(source), str(page)],
        "gs": [
            *("gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=png16m", f"-r{dpi}"),
            *(f"-dFirstPage={page}", f"-dLastPage={page}", f"-sOutputFile={out}", str(source)),
        ],
        "pdftoppm": ["pdftoppm", "-q", "-png", "-singlefile", "-r", str(dpi), "-f", str(page), str(source)],
    }
    command = commands[program]
    if program == "pdftoppm":
        command.append(str(out.with_suffix("")))
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    # Broken content makes some of them complain, and still show what they can.
    assert out.exists(), (program, done.returncode, done.stderr[:500])
    return Image.open(io.BytesIO(out.read_bytes())).convert("RGB")


def part(image: Image.Image, box: Box, dpi: float = 72) -> Image.Image:
    """What shows in `box`."""
    left, top, right, bottom = (v * dpi / 25.4 for v in box)
    return image.crop((round(left), round(top), round(right), round(bottom)))


def without(image: Image.Image, boxes: Sequence[Box], dpi: float = 72, margin: float = 1) -> Image.Image:
    """The page with `boxes` and a small margin painted over."""
    out = image.copy()
    for left, top, right, bottom in boxes:
        area = (v * dpi / 25.4 for v in (left - margin, top - margin, right + margin, bottom + margin))
        out.paste((128, 128, 128), tuple(round(v) for v in area))
    return out


def difference(one: Image.Image, other: Image.Image) -> int:
    """The greatest difference of any colour of any pixel; 255 for pictures of different size."""
    if one.size != other.size:
        return 255
    return max(high for _, high in ImageChops.difference(one, other).getextrema())
