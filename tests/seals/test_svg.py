"""SVG of paths is taken exactly; anything else is refused by its name; nothing in it makes the program stumble."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eseal.errors import Error, UsageError
from eseal.seals import svg_path
from eseal.seals.artwork import Artwork, Colour, Shape
from eseal.seals.picture import picture
from eseal.seals.render import to_png
from eseal.seals.svg import read_svg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="100mm" height="100mm" viewBox="0 0 100 100">'


def read(body: str, head: str = HEAD) -> Artwork:
    return read_svg(f"{head}{body}</svg>".encode())


def shown(body: str, head: str = HEAD) -> Image.Image:
    """One pixel a unit."""
    return Image.open(io.BytesIO(to_png(read(body, head), 25.4)))


def alpha(image: Image.Image, x: int, y: int) -> int:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return int(pixel[3])


@pytest.mark.parametrize(
    ("body", "inside", "outside"),
    [
        ('<path d="M10 10H90V90H10Z"/>', [(50, 50), (12, 12)], [(5, 50), (95, 95)]),
        ('<path d="m10,10 80,0 0,80 -80,0z"/>', [(50, 50), (12, 12)], [(5, 50), (95, 95)]),
        ('<path d="M10 50 A40 40 0 1 1 90 50 A40 40 0 1 1 10 50"/>', [(50, 14), (50, 86)], [(15, 15), (85, 85)]),
        ('<path d="M10 50a40 40 0 1180 0a40 40 0 11-80 0"/>', [(50, 14), (50, 86)], [(15, 15)]),
        ('<path d="M50 10A40 20 90 0 1 50 90z"/>', [(60, 50)], [(40, 50), (75, 50)]),
        ('<path d="M10 90Q50 -60 90 90"/>', [(50, 20)], [(50, 10), (15, 20)]),
        ('<path d="M10 50Q30 0 50 50T90 50Z"/>', [(30, 35), (70, 65)], [(70, 35), (30, 65)]),
        ('<path d="M10 50C20 0 40 0 50 50S80 100 90 50Z"/>', [(30, 30), (70, 70)], [(70, 30), (30, 70)]),
        ('<circle cx="50" cy="50" r="30"/>', [(50, 50), (50, 22)], [(50, 15)]),
        ('<ellipse cx="50" cy="50" rx="40" ry="20"/>', [(12, 50)], [(50, 25)]),
        ('<rect x="20" y="30" width="60" height="20" rx="10"/>', [(50, 40)], [(21, 31), (50, 60)]),
        ('<polygon points="10,10 90,10 50,90"/>', [(50, 50)], [(12, 80)]),
        ('<polyline points="10 10 90 10 50 90"/>', [(50, 50)], [(12, 80)]),
        ('<g transform="translate(50 50) rotate(90) scale(2)"><rect x="0" y="0" width="10" height="5"/></g>',
         [(45, 60)], [(60, 55), (52, 52)]),
        ('<rect width="20" height="20" transform="matrix(1 0 0 1 30 40)"/>', [(35, 45)], [(10, 10)]),
        ('<rect width="20" height="20" transform="rotate(45 10 10)"/>', [(10, 10), (10, 22)], [(1, 1)]),
        ('<rect x="10" width="20" height="20" transform="skewX(45)"/>', [(20, 5), (45, 18)], [(11, 18)]),
        ('<circle cx="50" cy="50" r="30" fill="none" stroke="#f00" stroke-width="10"/>', [(50, 20)], [(50, 50)]),
        ('<rect x="20" y="20" width="60" height="60" style="fill:none;stroke:#f00;stroke-width:6"/>',
         [(18, 18), (50, 22)], [(50, 50), (14, 50)]),
        ('<line x1="10" y1="50" x2="90" y2="50" stroke="red" stroke-width="8"/>', [(50, 47), (11, 52)], [(50, 60)]),
        ('<path fill-rule="evenodd" d="M10 10H90V90H10ZM30 30H70V70H30Z"/>', [(20, 20)], [(50, 50)]),
        ('<path d="M10 10H90V90H10ZM30 30H70V70H30Z"/>', [(20, 20), (50, 50)], []),
        ('<g display="none"><text>x</text></g><circle cx="50" cy="50" r="30"/>', [(50, 50)], []),
        ('<title>Seal</title><defs/><metadata><x/></metadata><circle cx="50" cy="50" r="30"/>', [(50, 50)], []),
        ('<rect width="100" height="100" fill="#fff"/><circle cx="50" cy="50" r="30"/>', [(50, 50)], [(5, 5)]),
        ('<rect visibility="hidden" width="99" height="9"/><circle cx="50" cy="50" r="9"/>', [(50, 50)], [(5, 5)]),
    ],
)  # fmt: skip
def test_what_is_taken_is_shown_as_it_is(
    body: str, inside: list[tuple[int, int]], outside: list[tuple[int, int]]
) -> None:
    image = shown(body)
    for x, y in inside:
        assert alpha(image, x, y) > 200, (x, y)
    for x, y in outside:
        assert alpha(image, x, y) < 60, (x, y)


@pytest.mark.parametrize(
    ("attributes", "colour"),
    [
        ('fill="#d01"', Colour(221, 0, 17)),
        ('fill="red"', Colour(255, 0, 0)),
        ('fill="rgb(1, 2, 3)"', Colour(1, 2, 3)),
        ('style="fill: #010203 !important"', Colour(1, 2, 3)),
        ('color="#010203" fill="currentColor"', Colour(1, 2, 3)),
        ("", Colour(0, 0, 0)),
    ],
)
def test_colours(attributes: str, colour: Colour) -> None:
    (shape,) = read(f'<g {attributes}><circle cx="50" cy="50" r="30"/></g>').layers
    assert shape.colour == colour


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("<text>印</text>", "text"),
        ('<image href="x.png"/>', "image"),
        ('<use href="#a"/>', "use"),
        ("<style>path{fill:red}</style>", "style"),
        ("<script/>", "script"),
        ("<svg/>", "svg"),
        ('<switch><circle r="1"/></switch>', "switch"),
        ('<linearGradient id="a"/>', "linearGradient"),
        ('<circle r="9" fill="url(#a)"/>', "url(#a)"),
        ('<circle r="9" fill="rgba(1,2,3,.5)"/>', "rgba"),
        ('<circle r="9" fill="#ff000080"/>', "#ff000080"),
        ('<g opacity="0.5"><circle r="9"/></g>', "opacity"),
        ('<circle r="9" style="fill-opacity:.5"/>', "fill-opacity"),
        ('<circle r="9" clip-path="url(#a)"/>', "clip-path"),
        ('<g mask="url(#m)"/>', "mask"),
        ('<g filter="url(#f)"/>', "filter"),
        ('<path d="M0 0L9 9" stroke="red"/>', "path stroke"),
        ('<polygon points="0 0 9 9 9 0" stroke="red"/>', "polygon stroke"),
        ('<line x2="9" stroke="red" stroke-linecap="round"/>', "line stroke"),
        ('<circle r="9" stroke="red" stroke-dasharray="2 2"/>', "stroke-dasharray"),
        ('<circle r="50%"/>', "r=50%"),
        ('<polygon points="1 2 3"/>', "points"),
        ('<g transform="warp(3)"/>', "transform"),
        ('<g transform="translate(1"/>', "transform"),
    ],
)
def test_what_cannot_be_kept_is_named(body: str, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(body + '<circle cx="50" cy="50" r="30"/>')
    assert caught.value.code == "SEAL_SVG_ELEMENT"
    assert named in caught.value.params["what"]
    assert named in caught.value.message("zh")


@pytest.mark.parametrize(
    "data", ["L1 2", "M", "M1", "M1 2 3", "M1 2X", "M1 2Z3", "M1 2A1 1 0 2 1 3 3", "M1e99 2", "M0 0 L 1 nan"]
)
def test_bad_path_data_is_refused(data: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(f'<path d="{data}"/>')
    assert caught.value.code == "SEAL_SVG_PATH"


def test_entities_and_document_types_are_refused() -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + HEAD + "<text>&b;</text></svg>"
    outside = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD + "<title>&x;</title></svg>"
    for data in (bomb, outside):
        with pytest.raises(UsageError) as caught:
            picture(data.encode())
        assert caught.value.code == "SEAL_SVG_ELEMENT"
    plain = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">' + HEAD + '<circle r="30"/></svg>'
    assert picture(plain.encode()).width_mm == 100


@pytest.mark.parametrize("body", ["<g>" * 100 + "</g>" * 100, "<g/>" * 60_000])
def test_too_deep_and_too_many(body: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(body)
    assert caught.value.code == "SEAL_PICTURE_TOO_LARGE"


def test_sizes() -> None:
    circle = '<circle cx="5" cy="5" r="5"/>'
    assert read(circle, '<svg width="3cm" height="30mm" viewBox="0 0 10 10">').width_mm == 30
    assert read(circle, '<svg width="96" height="96">').height_mm == pytest.approx(25.4)
    data = f'<svg viewBox="0 0 10 20">{circle}</svg>'.encode()
    assert (read_svg(data, 40).width_mm, read_svg(data, 40).height_mm) == (40, 80)
    assert read_svg(data, None, 40).width_mm == 20
    with pytest.raises(UsageError) as caught:
        read_svg(data)
    assert caught.value.code == "SEAL_PICTURE_SIZE_MISSING"


def test_another_shape_of_box_keeps_proportions_and_the_middle() -> None:
    data = b'<svg viewBox="0 0 10 10"><circle cx="5" cy="5" r="5"/></svg>'
    (shape,) = read_svg(data, 60, 20).layers
    assert isinstance(shape, Shape)
    xs = [x for contour in shape.contours for x, _ in contour.points()]
    assert (min(xs), max(xs)) == (20, 40)


def test_nothing_to_see_is_refused() -> None:
    for body in ("", '<rect width="100" height="100" fill="white"/>', '<circle r="9" fill="none"/>'):
        with pytest.raises(UsageError) as caught:
            read(body)
        assert caught.value.code == "SEAL_PICTURE_EMPTY"


def test_arcs_follow_their_ellipse() -> None:
    (contour,) = svg_path.parse("M 10 0 A 10 5 0 0 1 -10 0")
    for end in (segment[-1] for segment in contour.segments):
        assert (end[0] / 10) ** 2 + (end[1] / 5) ** 2 == pytest.approx(1)
    assert contour.segments[-1][-1] == (-10, 0)
    assert min(y for _, y in contour.points()) >= -1e-9


SNIPPETS = st.sampled_from(
    [
        "M",
        "m",
        "L",
        "h",
        "V",
        "c",
        "S",
        "q",
        "T",
        "A",
        "a",
        "z",
        " ",
        ",",
        "-",
        ".",
        "1",
        "0",
        "9e9",
        "1e-300",
        "+",
        "e",
        "7 7",
        "x",
    ]
)
NAMES = st.sampled_from(
    ["g", "path", "circle", "ellipse", "rect", "line", "polygon", "polyline", "defs", "text", "title"]
)
KEYS = st.sampled_from(
    [
        "d",
        "points",
        "fill",
        "stroke",
        "stroke-width",
        "transform",
        "style",
        "cx",
        "r",
        "rx",
        "ry",
        "x",
        "width",
        "height",
        "x1",
        "y2",
        "opacity",
        "display",
        "viewBox",
        "fill-rule",
        "color",
        "preserveAspectRatio",
    ]
)
VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "red",
            "none",
            "1e9",
            "-1",
            "3mm",
            "1e400",
            "rotate(9)",
            "matrix(1 2 3 4 5 6)",
            "scale(0)",
            "scale(1e9)",
            "skewX(90)",
            "0 0 1 1",
            "0 0 0 0",
            "1,2 3,4",
            "M0 0h9v9z",
            "fill:red",
            "hsl(1,2%,3%)",
            "currentColor",
        ]
    ),
)


def quoted(text: str) -> str:
    return "".join(f"&#{ord(c)};" if c in '<>&"' else c for c in text)


ELEMENTS = st.recursive(
    st.tuples(NAMES, st.dictionaries(KEYS, VALUES, max_size=4), st.just(())),
    lambda inner: st.tuples(NAMES, st.dictionaries(KEYS, VALUES, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=6,
)


def listed(attributes: dict[str, str]) -> str:
    return " ".join(f'{key}="{quoted(value)}"' for key, value in attributes.items())


def written(element: tuple[str, dict[str, str], object]) -> str:
    name, attributes, children = element
    inner = "".join(map(written, children))  # type: ignore[call-overload]
    return f"<{name} {listed(attributes)}>{inner}</{name}>"


@settings(max_examples=200, deadline=None)
@given(elements=st.lists(ELEMENTS, max_size=3), root=st.dictionaries(KEYS, VALUES, max_size=3))
def test_any_tree_is_read_or_refused(elements: list[tuple[str, dict[str, str], object]], root: dict[str, str]) -> None:
    head = listed(root)
    data = f"<svg {head}>{''.join(map(written, elements))}</svg>".encode(errors="replace")
    try:
        artwork = picture(data, width_mm=40)
    except Error as error:
        assert error.code.startswith("SEAL_")
    else:
        assert artwork.layers


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(SNIPPETS, max_size=30))
def test_any_path_data_is_read_or_refused(parts: list[str]) -> None:
    try:
        contours = svg_path.parse("M0 0" + "".join(parts))
    except UsageError as error:
        assert error.code == "SEAL_SVG_PATH"
    else:
        assert all(abs(c) <= 1e13 for contour in contours for point in contour.points() for c in point)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for start in (b"<", b"<svg>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"):
        with pytest.raises(Error):
            picture(start + data, width_mm=40)
