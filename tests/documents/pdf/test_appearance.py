"""The form XObject's parts: in points, compact, with nothing that PDF/A forbids, and the same picture as the PNG."""

from __future__ import annotations

import io
import re

import pypdfium2
import pytest
from PIL import Image, ImageChops
from pyhanko.pdf_utils import generic, writer

from eseal.documents.pdf.appearance import FormPieces, content_stream, form_pieces
from eseal.seals.artwork import Artwork, Bitmap, Colour
from eseal.seals.drawing import draw, preset
from eseal.seals.render import to_png

RED = Colour(255, 0, 0)


def stream(pdf: writer.PdfFileWriter, data: bytes, **entries: object) -> object:
    made = generic.StreamObject(
        generic.DictionaryObject({generic.pdf_name(f"/{key}"): value for key, value in entries.items()}),
        stream_data=data,
    )
    made.compress()
    return pdf.add_object(made)


def numbers(values: tuple[float, ...]) -> generic.ArrayObject:
    return generic.ArrayObject([generic.FloatObject(v) for v in values])


def page_with(pieces: FormPieces) -> bytes:
    """A PDF page that shows the form at its size, as a writer makes it from the pieces."""
    pdf, name = writer.PdfFileWriter(), generic.pdf_name
    images = generic.DictionaryObject()
    for piece in pieces.images:
        size = {"Width": generic.NumberObject(piece.width), "Height": generic.NumberObject(piece.height)}
        kind = {"Type": name("/XObject"), "Subtype": name("/Image"), **size}
        drawn = None
        if piece.mask is not None:
            drawn = stream(
                pdf, piece.mask, **kind, ImageMask=generic.BooleanObject(True),
                BitsPerComponent=generic.NumberObject(1), Decode=numbers((1, 0)),
            )  # fmt: skip
        if piece.pixels is not None:
            beside = {"Mask": drawn} if drawn is not None else {}
            drawn = stream(
                pdf, piece.pixels, **kind, **beside, ColorSpace=name("/DeviceRGB"),
                BitsPerComponent=generic.NumberObject(8),
            )  # fmt: skip
        images[name(f"/{piece.name}")] = drawn
    resources = generic.DictionaryObject({name("/XObject"): images})
    form = stream(
        pdf,
        pieces.content,
        Type=name("/XObject"),
        Subtype=name("/Form"),
        BBox=numbers(pieces.bbox),
        Resources=resources,
    )
    page = writer.PageObject(
        contents=pdf.add_object(generic.StreamObject(stream_data=b"/F Do")),
        media_box=pieces.bbox,
        resources=generic.DictionaryObject({name("/XObject"): generic.DictionaryObject({name("/F"): form})}),
    )
    pdf.insert_page(page)
    out = io.BytesIO()
    pdf.write(out)
    return out.getvalue()


def artworks() -> list[Artwork]:
    pixels = bytes((0, 0, 255)) * 6
    bits = bytes((0b10100000, 0b01000000))
    return [
        draw(preset("round-42", "杭州市示范局", code="3301000123456")),
        draw(preset("oval-40x30", "示范公司", line="发票专用章")),
        Artwork(20, 10, (Bitmap(1, 1, 9, 8, 3, 2, pixels, bits), Bitmap(10, 1, 9, 8, 3, 2, None, bits, RED))),
        Artwork(20, 10, (Bitmap(0, 0, 20, 10, 3, 2, pixels, None),)),
    ]


@pytest.mark.parametrize("artwork", artworks(), ids=["round", "oval", "masks", "plain"])
def test_a_form_made_of_the_pieces_shows_what_the_png_shows(artwork: Artwork) -> None:
    pieces = form_pieces(artwork)
    assert pieces.bbox[2] == pytest.approx(artwork.width_mm / 25.4 * 72, abs=0.001)
    document = pypdfium2.PdfDocument(page_with(pieces))
    page = document[0].render(scale=254 / 72 * (1 - 1e-5)).to_pil().convert("RGB")
    png = Image.open(io.BytesIO(to_png(artwork, 254)))
    paper = Image.new("RGBA", png.size, (255, 255, 255, 255))
    expected = Image.alpha_composite(paper, png).convert("RGB")
    assert page.size == expected.size
    histogram = ImageChops.difference(page, expected).convert("L").histogram()
    assert sum(histogram[60:]) <= 0.002 * page.width * page.height
    assert sum(ImageChops.invert(page).convert("L").histogram()[30:]) > 0.05 * page.width * page.height


@pytest.mark.parametrize("artwork", artworks(), ids=["round", "oval", "masks", "plain"])
def test_only_fills_and_images_in_device_rgb(artwork: Artwork) -> None:
    content = content_stream(artwork).decode("ascii")
    operators = set(re.findall(r"(?<![\w./-])([A-Za-z*]+)(?![\w.])", re.sub(r"/\w+", "", content)))
    assert operators <= {"q", "Q", "rg", "m", "l", "c", "h", "f", "f*", "cm", "Do"}
    assert content.split("\n").count("q") == content.split("\n").count("Q") == 1
    assert not re.search(r"\d\.\d{4}|\d[eE]", content), "numbers are short and never exponential"


def test_a_seal_is_compact() -> None:
    assert len(content_stream(draw(preset("round-42", "杭州市示范局")))) < 20_000


def test_one_colour_is_set_once() -> None:
    assert content_stream(draw(preset("round-42", "杭州市示范局"))).count(b" rg") == 1


def test_images_are_named_in_the_order_of_their_use() -> None:
    pieces = form_pieces(artworks()[2])
    assert [piece.name for piece in pieces.images] == ["I0", "I1"]
    assert pieces.images[1].pixels is None
    assert pieces.content.index(b"/I0 Do") < pieces.content.index(b"/I1 Do")
    assert content_stream(artworks()[2]) == pieces.content
