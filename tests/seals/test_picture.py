"""Existing pictures: PNG and JPEG with their white made transparent, bounded before they are inflated."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from eseal.errors import Error, UsageError
from eseal.seals.artwork import Bitmap
from eseal.seals.drawing import draw, preset
from eseal.seals.picture import picture
from eseal.seals.render import to_png


def stamp(mode: str = "RGB", ground: object = (255, 255, 255)) -> Image.Image:
    """A red ring of 200 x 100 pixels."""
    image = Image.new(mode, (200, 100), ground)  # type: ignore[arg-type]
    ImageDraw.Draw(image).ellipse((10, 10, 190, 90), outline=(220, 0, 0), width=12)
    return image


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bitmap(data: bytes, **options: float | None) -> Bitmap:
    (layer,) = picture(data, width_mm=40, **options).layers  # type: ignore[arg-type]
    assert isinstance(layer, Bitmap)
    return layer


def painted(layer: Bitmap, x: int, y: int) -> bool:
    assert layer.mask is not None
    return bool(layer.mask[y * ((layer.columns + 7) // 8) + x // 8] >> (7 - x % 8) & 1)


@pytest.mark.parametrize(
    "data",
    [
        saved(stamp()),
        saved(stamp("RGBA", (0, 0, 0, 0))),
        saved(stamp("RGBA", (255, 255, 255, 255))),
        saved(stamp().convert("P")),
        saved(stamp(), "JPEG", quality=90),
        saved(stamp().convert("CMYK"), "JPEG", quality=95),
    ],
    ids=["rgb", "alpha", "white", "palette", "jpeg", "cmyk"],
)
def test_white_and_transparent_are_left_out_and_ink_stays(data: bytes) -> None:
    layer = bitmap(data)
    assert (layer.columns, layer.rows) == (200, 100)
    assert (layer.width, layer.height) == (40, 20)
    assert not painted(layer, 0, 0)
    assert not painted(layer, 100, 50)
    assert painted(layer, 15, 50)
    assert layer.pixels is not None
    at = (50 * 200 + 15) * 3
    red, green, blue = layer.pixels[at : at + 3]
    assert red > 180
    assert max(green, blue) < 60


def test_nothing_is_left_of_what_the_mask_hides() -> None:
    image = Image.new("RGBA", (20, 20), (1, 2, 3, 0))
    image.putpixel((5, 5), (200, 0, 0, 255))
    layer = bitmap(saved(image))
    assert layer.pixels is not None
    assert layer.pixels.count(bytes((1, 2, 3))) == 0
    assert layer.pixels[:3] == b"\xff\xff\xff"


def test_edges_are_blended_with_paper_and_faint_ones_left_out() -> None:
    image = Image.new("RGBA", (3, 1), (200, 0, 0, 255))
    image.putpixel((1, 0), (200, 0, 0, 128))
    image.putpixel((2, 0), (200, 0, 0, 10))
    layer = bitmap(saved(image))
    assert [painted(layer, x, 0) for x in range(3)] == [True, True, False]
    assert layer.pixels is not None
    assert layer.pixels[3:6] == pytest.approx(bytes((227, 127, 127)), abs=2)


def test_white_can_be_kept() -> None:
    layer = bitmap(saved(stamp()), white=None)
    assert layer.mask is None


def test_our_own_png_comes_back_the_same() -> None:
    drawn = to_png(draw(preset("round-42", "杭州市示范局")), 300)
    again = picture(drawn)
    assert again.width_mm == pytest.approx(42, abs=0.1)
    image = Image.open(io.BytesIO(to_png(again, 300)))
    assert image.getpixel((248, 240)) == (224, 16, 24, 255)
    assert image.getpixel((248, 300))[3] == 0  # type: ignore[index]


def test_size_comes_from_a_side_or_from_the_resolution_in_the_file() -> None:
    assert picture(saved(stamp(), dpi=(300, 300))).width_mm == pytest.approx(200 / 300 * 25.4, rel=0.001)
    tall = picture(saved(stamp()), height_mm=10)
    assert (tall.width_mm, tall.height_mm) == (20, 10)
    both = picture(saved(stamp()), width_mm=30, height_mm=30)
    assert (both.width_mm, both.height_mm) == (30, 30)
    for data in (saved(stamp()), saved(stamp(), "JPEG", dpi=(72, 72))):
        with pytest.raises(UsageError) as caught:
            picture(data)
        assert caught.value.code == "SEAL_PICTURE_SIZE_MISSING"


def test_a_turned_photograph_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    layer = bitmap(saved(stamp(), "JPEG", exif=exif))
    assert (layer.columns, layer.rows) == (100, 200)


def huge_png(columns: int, rows: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", columns, rows, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "SEAL_PICTURE_FORMAT"),
        (b"GIF89a" + bytes(50), "SEAL_PICTURE_FORMAT"),
        (b"%PDF-1.7", "SEAL_PICTURE_FORMAT"),
        (saved(stamp())[:60], "SEAL_PICTURE_UNREADABLE"),
        (saved(stamp(), "JPEG")[:300], "SEAL_PICTURE_UNREADABLE"),
        (huge_png(50_000, 50_000), "SEAL_PICTURE_TOO_LARGE"),
        (huge_png(19_000, 19_000), "SEAL_PICTURE_TOO_LARGE"),
        (bytes(20_000_001), "SEAL_PICTURE_TOO_LARGE"),
        (saved(Image.new("RGB", (9, 9), (255, 255, 255))), "SEAL_PICTURE_EMPTY"),
        (saved(Image.new("RGBA", (9, 9), (200, 0, 0, 0))), "SEAL_PICTURE_EMPTY"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        picture(data, width_mm=40)
    assert caught.value.code == code


@pytest.mark.parametrize("side", [0, -1, 501, float("nan")])
def test_sides_that_are_not_possible_are_refused(side: float) -> None:
    with pytest.raises(UsageError):
        picture(saved(stamp()), width_mm=side)


@settings(max_examples=150, deadline=None)
@given(
    source=st.sampled_from([saved(stamp()), saved(stamp("RGBA", (0, 0, 0, 0))), saved(stamp(), "JPEG")]),
    damage=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6),
    keep=st.integers(1, 4000),
)
def test_damaged_files_raise_nothing_but_our_errors(source: bytes, damage: list[tuple[int, int]], keep: int) -> None:
    data = bytearray(source)
    for at, value in damage:
        data[at % len(data)] = value
    try:
        picture(bytes(data[:keep]), width_mm=40)
    except Error as error:
        assert error.code.startswith("SEAL_")
