"""SVG and PNG show the same, in the size stated, on nothing."""

from __future__ import annotations

import io
import math
import re

import pytest
from PIL import Image, ImageChops

from eseal.errors import UsageError
from eseal.seals.artwork import Artwork, Bitmap, Colour, Contour, FillRule, Shape
from eseal.seals.drawing import draw, preset
from eseal.seals.geometry import ellipse, rectangle
from eseal.seals.operators import number
from eseal.seals.render import to_png, to_svg
from eseal.seals.svg import read_svg

RED = Colour(224, 16, 24)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean difference of alpha, 0 to 255."""
    histogram = ImageChops.difference(a.getchannel("A"), b.getchannel("A")).histogram()
    return sum(i * n for i, n in enumerate(histogram)) / (a.width * a.height)


def test_png_has_its_size_resolution_and_a_transparent_ground() -> None:
    image = opened(to_png(draw(preset("round-42", "杭州市示范局")), 300))
    assert image.mode == "RGBA"
    for dpi in (96, 254, 600, 1200):
        whole = math.ceil(42 / 25.4 * dpi - 1e-6)
        assert opened(to_png(Artwork(42, 42, ()), dpi)).size == (whole, whole)
    assert image.size == (497, 497)
    assert image.info["dpi"] == (pytest.approx(300, abs=0.1), pytest.approx(300, abs=0.1))
    assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert image.getpixel((248, 300))[3] == 0  # type: ignore[index]
    assert image.getpixel((248, 240)) == (224, 16, 24, 255)
    assert image.getpixel((248, 5)) == (224, 16, 24, 255)
    levels = set(image.getchannel("A").tobytes())
    assert len(levels) > 20, "edges are smooth"


def test_edges_keep_the_full_colour_under_their_alpha() -> None:
    image = opened(to_png(draw(preset("round-38", "示范局")), 200))
    for red, green, blue, alpha in zip(*(image.getchannel(c).tobytes() for c in "RGBA"), strict=True):
        if alpha > 40:
            assert (red, green, blue) == pytest.approx((224, 16, 24), abs=8)


@pytest.mark.parametrize("name", ["round-42", "oval-40x30", "rectangle-50x30"])
def test_svg_and_png_agree(name: str) -> None:
    artwork = draw(preset(name, "杭州市示范局", line="业务专用章"))
    svg = to_svg(artwork)
    assert f'width="{artwork.width_mm:g}mm"' in svg
    again = read_svg(svg.encode())
    assert (again.width_mm, again.height_mm) == (artwork.width_mm, artwork.height_mm)
    assert difference(opened(to_png(artwork, 200)), opened(to_png(again, 200))) < 0.05


def test_rules_of_filling_are_kept() -> None:
    rings = (rectangle(1, 1, 8, 8), rectangle(3, 3, 4, 4))
    solid = Artwork(10, 10, (Shape(rings, RED, FillRule.NONZERO),))
    hollow = Artwork(10, 10, (Shape(rings, RED, FillRule.EVEN_ODD),))
    turned = Artwork(10, 10, (Shape((rings[0], rectangle(3, 3, 4, 4, reverse=True)), RED, FillRule.NONZERO),))
    for artwork, alpha in ((solid, 255), (hollow, 0), (turned, 0)):
        for shown in (artwork, read_svg(to_svg(artwork).encode())):
            image = opened(to_png(shown, 254))
            assert image.getpixel((50, 50))[3] == alpha  # type: ignore[index]
            assert image.getpixel((20, 20)) == (224, 16, 24, 255)
            assert image.getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_bitmaps_are_shown_where_their_mask_is_set() -> None:
    pixels = bytes((0, 0, 255)) * 4
    masked = Bitmap(2, 2, 4, 4, 2, 2, pixels, bytes((0b10000000, 0b01000000)))
    stencil = Bitmap(6, 2, 4, 4, 2, 2, None, bytes((0b10000000, 0b01000000)), RED)
    plain = Bitmap(2, 6, 4, 4, 2, 2, pixels, None)
    image = opened(to_png(Artwork(10, 10, (masked, stencil, plain)), 254))
    assert image.getpixel((25, 25)) == (0, 0, 255, 255)
    assert image.getpixel((45, 25))[3] == 0  # type: ignore[index]
    assert image.getpixel((45, 45)) == (0, 0, 255, 255)
    assert image.getpixel((65, 25)) == (224, 16, 24, 255)
    assert image.getpixel((95, 25))[3] == 0  # type: ignore[index]
    assert image.getpixel((55, 75)) == (0, 0, 255, 255)


def test_bitmaps_go_into_svg_as_png_with_alpha() -> None:
    stencil = Bitmap(1, 1, 4, 4, 2, 2, None, bytes((0b10000000, 0b01000000)), RED)
    svg = to_svg(Artwork(10, 10, (stencil,)))
    assert re.search(r'<image x="1" y="1" width="4" height="4" preserveAspectRatio="none" href="data:image/png', svg)


@pytest.mark.parametrize("dpi", [0, -1, 5, 10_000, float("nan")])
def test_resolutions_that_make_no_picture_are_refused(dpi: float) -> None:
    with pytest.raises(UsageError) as caught:
        to_png(draw(preset("round-42", "示范局")), dpi)
    assert caught.value.code == "SEAL_RESOLUTION_INVALID"


def test_an_artwork_with_parts_that_clash_is_refused() -> None:
    circle = Shape((ellipse(5, 5, 5, 5),), RED)
    for make in (
        lambda: Artwork(0, 10, (circle,)),
        lambda: Artwork(10, float("inf"), (circle,)),
        lambda: Artwork(501, 10, (circle,)),
        lambda: Artwork(10, 10, (Shape((Contour((float("nan"), 0), ()),), RED),)),
        lambda: Artwork(10, 10, (Bitmap(0, 0, 1, 1, 2, 2, bytes(11), None),)),
        lambda: Artwork(10, 10, (Bitmap(0, 0, 1, 1, 2, 2, bytes(12), bytes(1)),)),
        lambda: Artwork(10, 10, (Bitmap(0, 0, 1, 1, 2, 2, None, bytes(2)),)),
        lambda: Artwork(10, 10, (Bitmap(0, 0, 0, 1, 2, 2, bytes(12), None),)),
        lambda: Colour(256, 0, 0),
    ):
        with pytest.raises(UsageError) as caught:
            make()
        assert caught.value.code == "SEAL_ARTWORK_INVALID"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-0.0001, "0"), (0.5, ".5"), (-0.25, "-.25"), (100.0, "100"), (1.23456, "1.235")]
)
def test_numbers_are_short_and_never_exponential(value: float, text: str) -> None:
    assert number(value) == text
