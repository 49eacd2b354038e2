"""`eseal seals draw`: texts and measures in, a picture out; needs no authority."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from eseal import files
from eseal.cli import base, inputs, options
from eseal.cli import output as out
from eseal.cli.settings import Settings
from eseal.errors import UsageError
from eseal.limits import Limits
from eseal.report.escape import terminal
from eseal.seals import drawing
from eseal.seals.artwork import Artwork
from eseal.seals.drawing import PRESETS, Centre, Ink, Relief, Writing
from eseal.seals.picture import picture
from eseal.seals.render import to_png, to_svg

_SMALL = Limits(file_bytes=64_000_000)
_KINDS = {"ink": Ink, "centre": Centre, "relief": Relief, "writing": Writing}
_OPTIONS = (
    options.option("--line", metavar="TEXT", help="CLI_OPT_LINE"),
    options.option("--middle", metavar="TEXT", help="CLI_OPT_MIDDLE"),
    options.option("--time", metavar="TEXT", help="CLI_OPT_TIME"),
    options.option("--serial", metavar="TEXT", help="CLI_OPT_SERIAL"),
    options.option("--code", metavar="TEXT", help="CLI_OPT_CODE"),
    options.option("--second", metavar="TEXT", help="CLI_OPT_SECOND"),
    options.option("--suffix", metavar="TEXT", help="CLI_OPT_SUFFIX"),
    options.option("--relief", type=click.Choice([r.value for r in Relief]), help="CLI_OPT_RELIEF"),
    options.option("--writing", type=click.Choice([w.value for w in Writing]), help="CLI_OPT_WRITING"),
    options.option("--columns", type=click.IntRange(1, 8), metavar="N", help="CLI_OPT_COLUMNS"),
    options.option("--ink", type=click.Choice([i.value for i in Ink]), help="CLI_OPT_INK"),
    options.option("--centre", "--center", type=click.Choice([c.value for c in Centre]), help="CLI_OPT_CENTRE"),
    options.option("--emblem", type=options.path, metavar="FILE", help="CLI_OPT_EMBLEM"),
    options.option("--border", "border_mm", type=float, metavar="MM", help="CLI_OPT_BORDER"),
    options.option("--inner-border", "inner_border_mm", type=float, metavar="MM", help="CLI_OPT_INNER_BORDER"),
    options.option("--font", type=options.path, metavar="FILE", help="CLI_OPT_FONT"),
)


def parts(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a drawn seal holds, for every command that draws one."""
    for add in reversed(_OPTIONS):
        function = add(function)
    return function


@click.command("draw", cls=base.Command, code="CLI_SEALS_DRAW")
@options.option("--owner", required=True, metavar="TEXT", help="CLI_OPT_OWNER")
@options.option(
    "--preset", type=click.Choice(list(PRESETS)), default="round-40", show_default=True, help="CLI_OPT_PRESET"
)
@parts
@options.option("--dpi", type=click.FloatRange(30, 2400), default=300, show_default=True, help="CLI_OPT_DPI")
@options.output_needed
@options.force
@options.alone
def draw_seal(owner: str, preset: str, dpi: float, output: Path, force: bool, settings: Settings, **given: Any) -> int:
    """Draw a seal to SVG or PNG."""
    artwork = drawn(preset, owner, given)
    files.write(output, picture_bytes(artwork, output, dpi), force=force)
    _written(output, artwork, settings)
    return base.PASSED


def drawn(preset: str, owner: str, given: Mapping[str, Any]) -> Artwork:
    """The picture that the options of `parts` describe. Raises UsageError SEAL_..., DocumentError INPUT_..."""
    changes = {name: value for name, value in given.items() if value is not None}
    emblem, font = changes.pop("emblem", None), changes.pop("font", None)
    for name, kind in _KINDS.items():
        if name in changes:
            changes[name] = kind(changes[name])
    if emblem is not None:
        changes["emblem"] = picture(inputs.read(str(emblem), _SMALL), width_mm=10.0)
        changes.setdefault("centre", Centre.EMBLEM)
    spec = drawing.preset(preset, owner, **changes)
    return drawing.draw(spec, inputs.read(str(font), _SMALL) if font else None)


def picture_bytes(artwork: Artwork, path: Path, dpi: float) -> bytes:
    """The picture in the form that the file's name asks for. Raises UsageError CLI_PICTURE_KIND."""
    kind = path.suffix.lower()
    if kind == ".svg":
        return to_svg(artwork).encode()
    if kind == ".png":
        return to_png(artwork, dpi)
    raise UsageError("CLI_PICTURE_KIND", path=path)


def _written(path: Path, artwork: Artwork, settings: Settings) -> None:
    size = f"{artwork.width_mm:g} x {artwork.height_mm:g} mm"
    if settings.verbosity >= 0:
        out.result(f"{terminal(str(path))}  {size}")
