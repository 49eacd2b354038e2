"""Every option of the command line, in one place: its name, variable and help."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from eseal import config, messages
from eseal.cli.base import Option
from eseal.cli.configuration import resolved
from eseal.cli.settings import Settings, early, language
from eseal.errors import UsageError
from eseal.model import BESIDE, SIDES, RevocationMode

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]


RESOLVED = "eseal.cli.resolved"
"""Under this name a command's context keeps every setting with its origin."""


def option(*names: str, **kwargs: Any) -> Callable[[F], F]:
    """A click option whose help comes from the catalogue."""
    return click.option(*names, cls=Option, **kwargs)


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """--lang, -q and -v on every command, and `settings` for it.

    Options that are settings too (`config.SETTINGS`) take what the environment and the configuration files say where
    they are not given; see `cli.configuration`.
    """
    return _common(function, here=False)


def alone(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `common`, for commands that use no authority: one that is named and not there yet keeps nobody from them."""
    return _common(function, here=False, broken=True)


def issuing(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `common`, for commands that may take the authority of the current folder."""
    return _common(function, here=True)


def examining(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `issuing`, for a command that looks an authority over, also one whose file is wrong."""
    return _common(function, here=True, broken=True)


def _common(function: Callable[..., Any], *, here: bool, broken: bool = False) -> Callable[..., Any]:
    @wraps(function)
    def called(*args: Any, lang: str | None, quiet: bool, verbose: int, **kwargs: Any) -> Any:
        context = click.get_current_context()
        settings = context.find_object(Settings) or early((), os.environ)
        if quiet or verbose:
            settings = replace(settings, verbosity=-1 if quiet else verbose)
        if context.parent is not None:
            flags = {"lang": lang or settings.asked, **_flags(kwargs)}
            found = resolved(flags, os.environ, here=here, broken=broken)
            context.meta[RESOLVED] = found
            settings = replace(settings, lang=language(_text(found["lang"].value), os.environ))
            kwargs |= {name: found[key].value for name, key in _SETTINGS.items() if _takes(kwargs, name)}
            if "format_" in kwargs:
                settings = replace(settings, format=str(kwargs.pop("format_")))
            if "authority" in kwargs:
                kwargs["authority"] = Path(str(kwargs["authority"])) if kwargs["authority"] else None
        context.obj = settings
        return function(*args, settings=settings, **kwargs)

    for add in (
        option("-v", "--verbose", count=True, help="CLI_OPT_VERBOSE"),
        option("-q", "--quiet", is_flag=True, help="CLI_OPT_QUIET"),
        option("--lang", type=click.Choice(messages.languages()), help="CLI_OPT_LANG"),
    ):
        called = add(called)
    return called


_SETTINGS = {name if name != "format" else "format_": name for name in config.SETTINGS if name != "lang"}


# What the command itself reads better than the configuration can: "+08:00", "LT" and why it is not possible.
_READ_BY_COMMAND = ("level", "tz")


def _takes(kwargs: dict[str, Any], name: str) -> bool:
    return name in kwargs and not (name in _READ_BY_COMMAND and kwargs[name])


def _flags(kwargs: dict[str, Any]) -> dict[str, object]:
    """The settings among the options that were given."""
    given = {key: kwargs[name] for name, key in _SETTINGS.items() if _takes(kwargs, name)}
    # An option that was not given is None, an empty list or a flag that is not set: none of them overrides a file.
    return {k: str(v) if isinstance(v, Path) else v for k, v in given.items() if v not in (None, (), False)}


def pkcs11_module() -> str | None:
    """The PKCS#11 module that the user's or the system's own file names, for a key that the user names."""
    found = click.get_current_context().meta[RESOLVED]["pkcs11_module"].value
    return _text(found)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def formats(*names: str) -> Callable[[F], F]:
    """--format with the forms that the command has."""
    return option(
        "--format",
        "format_",
        type=click.Choice(names),
        help="CLI_OPT_FORMAT",
    )


class _Path(click.Path):
    """A path; an empty one, such as that of a variable that is not set, would mean the current folder: refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises UsageError CLI_EMPTY_PATH."""
        if value == "":
            raise UsageError("CLI_EMPTY_PATH", what=param.opts[-1] if isinstance(param, click.Option) else "DIR")
        return super().convert(value, param, ctx)


path = _Path(path_type=Path)

authority: Decorator[Any] = option("--authority", type=path, metavar="DIR", help="CLI_OPT_AUTHORITY")
force: Decorator[Any] = option("--force", is_flag=True, help="CLI_OPT_FORCE")
no_input: Decorator[Any] = option("--no-input", is_flag=True, help="CLI_OPT_NO_INPUT")
output: Decorator[Any] = option("-o", "--output", type=path, metavar="FILE", help="CLI_OPT_OUTPUT")
output_needed: Decorator[Any] = option(
    "-o", "--output", type=path, required=True, metavar="OUT", help="CLI_OPT_OUTPUT_SEALED"
)

# verify
trust: Decorator[Any] = option("--trust", multiple=True, metavar="SPEC", help="CLI_OPT_TRUST")
at: Decorator[Any] = option("--at", metavar="TIME", help="CLI_OPT_AT")
offline: Decorator[Any] = option("--offline", is_flag=True, help="CLI_OPT_OFFLINE")
revocation: Decorator[Any] = option(
    "--revocation",
    type=click.Choice([m.value for m in RevocationMode]),
    help="CLI_OPT_REVOCATION",
)
tz: Decorator[Any] = option("--tz", metavar="ZONE", help="CLI_OPT_TZ")

# seal
seal: Decorator[Any] = option("--seal", "seal_ref", metavar="SEAL", envvar="ESEAL_SEAL", help="CLI_OPT_SEAL")
level: Decorator[Any] = option("--level", metavar="B|T|LT|LTA", help="CLI_OPT_LEVEL")
place: Decorator[Any] = option("--place", multiple=True, metavar="PAGES:X,Y", help="CLI_OPT_PLACE")
pages: Decorator[Any] = option("--pages", metavar="PAGES", help="CLI_OPT_PAGES")
keyword: Decorator[Any] = option("--keyword", multiple=True, metavar="TEXT", help="CLI_OPT_KEYWORD")
nth: Decorator[Any] = option("--nth", metavar="N|all", help="CLI_OPT_NTH")
beside: Decorator[Any] = option("--beside", type=click.Choice(BESIDE), metavar="SIDE", help="CLI_OPT_BESIDE")
shift: Decorator[Any] = option("--shift", metavar="DX,DY", help="CLI_OPT_SHIFT")
straddle: Decorator[Any] = option("--straddle", type=click.Choice(SIDES), help="CLI_OPT_STRADDLE")
group: Decorator[Any] = option("--group", type=click.IntRange(2, 10_000), metavar="PAGES", help="CLI_OPT_GROUP")
offset: Decorator[Any] = option("--offset", type=click.FloatRange(0, 100_000), metavar="MM", help="CLI_OPT_OFFSET")
field: Decorator[Any] = option("--field", metavar="NAME", help="CLI_OPT_FIELD")
preview: Decorator[Any] = option("--preview", type=path, metavar="FILE.png", help="CLI_OPT_PREVIEW")
preview_too: Decorator[Any] = option("--preview", type=path, metavar="FILE.png", help="CLI_OPT_PREVIEW_TOO")
output_sealed: Decorator[Any] = option("-o", "--output", type=path, metavar="OUT", help="CLI_OPT_OUTPUT_SEALED")
picture: Decorator[Any] = option("--picture", type=path, metavar="FILE", help="CLI_OPT_PICTURE")
size: Decorator[Any] = option("--size", metavar="WxH", help="CLI_OPT_SIZE")
key: Decorator[Any] = option("--key", metavar="URI", envvar="ESEAL_KEY", help="CLI_OPT_KEY")
cert: Decorator[Any] = option("--cert", type=path, metavar="FILE", envvar="ESEAL_CERT", help="CLI_OPT_CERT")
password_file: Decorator[Any] = option(
    "--password-file", metavar="FILE", envvar="ESEAL_PASSWORD_FILE", help="CLI_OPT_PASSWORD_FILE"
)
token_file: Decorator[Any] = option(
    "--token-file", metavar="FILE", envvar="ESEAL_TOKEN_FILE", help="CLI_OPT_TOKEN_FILE"
)
tsa: Decorator[Any] = option("--tsa", metavar="URL", envvar="ESEAL_TSA", help="CLI_OPT_TSA")
reason: Decorator[Any] = option("--reason", metavar="TEXT", help="CLI_OPT_REASON")
location: Decorator[Any] = option("--location", metavar="TEXT", help="CLI_OPT_LOCATION")
certify: Decorator[Any] = option("--certify", type=click.Choice((1, 2, 3)), metavar="1|2|3", help="CLI_OPT_CERTIFY")
keep_pdfa: Decorator[Any] = option("--keep-pdfa", is_flag=True, help="CLI_OPT_KEEP_PDFA")
dry_run: Decorator[Any] = option("--dry-run", is_flag=True, help="CLI_OPT_DRY_RUN")

# trust
yes: Decorator[Any] = option("--yes", is_flag=True, help="CLI_OPT_YES")
purpose: Decorator[Any] = option(
    "--purpose", multiple=True, type=click.Choice(("seal", "timestamp", "seal-maker")), help="CLI_OPT_PURPOSE"
)
trust_from: Decorator[Any] = option("--from", "from_", metavar="TIME", help="CLI_OPT_TRUST_FROM")
trust_until: Decorator[Any] = option("--until", metavar="TIME", help="CLI_OPT_TRUST_UNTIL")

# init, keys
signer: Decorator[Any] = option("--signer", "--key", "signer", metavar="URI", help="CLI_OPT_SIGNER")
tsas: Decorator[Any] = option("--tsa", "tsas", multiple=True, metavar="URL", help="CLI_OPT_TSAS")
anchors: Decorator[Any] = option("--trust", "anchors", multiple=True, metavar="SPEC", help="CLI_OPT_ANCHORS")
key_scheme: Decorator[Any] = option("--scheme", metavar="NAME", help="CLI_OPT_KEY_SCHEME")

# prepare, complete
output_pending: Decorator[Any] = option(
    "-o", "--output", type=path, required=True, metavar="PENDING", help="CLI_OPT_PENDING"
)
cert_elsewhere: Decorator[Any] = option("--cert", type=path, metavar="FILE", help="CLI_OPT_CERT_ELSEWHERE")
scheme: Decorator[Any] = option("--scheme", metavar="NAME", help="CLI_OPT_SCHEME")
room: Decorator[Any] = option("--room", type=click.IntRange(1_000, 1_000_000), metavar="BYTES", help="CLI_OPT_ROOM")
to_sign: Decorator[Any] = option("--to-sign", type=path, metavar="FILE", help="CLI_OPT_TO_SIGN")
content: Decorator[Any] = option("--content", type=path, metavar="FILE", help="CLI_OPT_CONTENT")
signature: Decorator[Any] = option("--signature", type=path, metavar="FILE", help="CLI_OPT_SIGNATURE")
cms: Decorator[Any] = option("--cms", type=path, metavar="FILE", help="CLI_OPT_CMS")

# seal with a key, extend
roots: Decorator[Any] = option("--trust", "roots", multiple=True, metavar="SPEC", help="CLI_OPT_ROOTS")
longer: Decorator[Any] = option("--level", "longer", metavar="T|LT|LTA", default="LTA", help="CLI_OPT_LONGER")
