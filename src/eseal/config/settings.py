"""Settings and where each comes from: flag, environment, authority, user, system, in this order; then the default."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eseal import messages
from eseal.config import reading
from eseal.config.reading import Table, close
from eseal.errors import UsageError
from eseal.model import RevocationMode

SettingValue = str | bool | tuple[str, ...] | None
"""A setting's value: text, yes or no, or a list."""

SYSTEM_FILE = Path("/etc/eseal/config.toml")
"""Settings for everybody on this machine."""

OTHER_VARIABLES = ("KEY", "CERT", "PASSWORD", "PASSWORD_FILE", "TOKEN", "TOKEN_FILE", "TSA", "SEAL", "DEBUG")
"""ESEAL_ variables that name no setting: options and the secrets of one command, and ESEAL_DEBUG."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    name: str
    """Its key in files; in the environment ESEAL_ and the name in capitals."""
    kind: type[Any]
    """str, bool or tuple (of strings)."""
    default: SettingValue
    """Used where no layer names it."""
    allowed: Callable[[], Sequence[str]] | None = None
    """The values that there are; None where any text will do."""
    everywhere: bool = True
    """False for what an authority's own file cannot say."""
    variable: bool = True
    """False for what the environment cannot say: it names code that is run, and many can set a variable."""

    def checked(self, value: object, key: str, place: str) -> SettingValue:
        """`value` in the right form. Raises UsageError CONFIG_VALUE_WRONG."""
        if self.kind is tuple and isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return tuple(value)
        if isinstance(value, bool) and self.kind is bool:
            return value
        if not isinstance(value, str) or self.kind is not str:
            raise UsageError("CONFIG_VALUE_WRONG", path=place, key=key, expected=_KINDS[self.kind])
        if self.allowed is not None and value not in self.allowed():
            raise UsageError("CONFIG_VALUE_WRONG", path=place, key=key, expected=", ".join(self.allowed()))
        if self.name == "tz" and not is_zone(value):
            raise UsageError("CONFIG_VALUE_WRONG", path=place, key=key, expected="Asia/Shanghai, UTC, +08:00")
        return value

    def from_text(self, text: str, key: str, place: str) -> SettingValue:
        """The value that `text`, such as a variable, stands for. Raises UsageError CONFIG_VALUE_WRONG."""
        if self.kind is tuple:
            # Not the path separator: a colon stands in "seal:FILE".
            return tuple(part for part in text.split(";") if part)
        if self.kind is bool:
            if text.lower() not in _FLAGS:
                raise UsageError("CONFIG_VALUE_WRONG", path=place, key=key, expected=", ".join(_FLAGS))
            return _FLAGS[text.lower()]
        return self.checked(text, key, place)


_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")
_KINDS = {str: "text", bool: "true / false", tuple: "list of text"}
_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def is_zone(name: str) -> bool:
    """Whether `name` is a time zone of the tz database or an offset such as +08:00."""
    if _OFFSET.fullmatch(name):
        return True
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


SETTINGS: Mapping[str, Setting] = {
    s.name: s
    for s in (
        Setting("lang", str, None, messages.languages),
        Setting("tz", str, None),
        Setting("format", str, "text", lambda: ("text", "json", "jsonl", "html")),
        Setting("revocation", str, RevocationMode.REQUIRE.value, lambda: [m.value for m in RevocationMode]),
        Setting("offline", bool, False),
        Setting("level", str, None, lambda: ("B", "T", "LT", "LTA")),
        Setting("trust", tuple, (), everywhere=False),
        Setting("authority", str, None, everywhere=False),
        Setting("pkcs11_module", str, None, everywhere=False, variable=False),
    )
}
"""Every setting, by name. An authority's trust is its trust folder, it does not name another authority, and it names
the module of each of its keys beside the key."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says."""

    origin: str
    """"flag", "environment", "authority", "user", "system" or "default"."""
    place: str
    """The file's path; empty for flags, environment and defaults."""
    values: Mapping[str, SettingValue]
    """What it says, checked; only what it names."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A setting as it holds."""

    name: str
    """Name in `SETTINGS`."""
    value: SettingValue
    """The value."""
    origin: str
    """The layer that it comes from."""
    place: str
    """The variable or the file's path; empty for flags and defaults."""


def layers(
    *,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    authority: Layer | None = None,
    user: Path | None = None,
    system: Path | None = None,
) -> tuple[Layer, ...]:
    """What each place says, strongest first, the defaults last. A flag that is None was not given.

    `authority` is `AuthorityConfig.layer`; `user` and `system` are paths of files that need not exist. Raises
    UsageError CONFIG_...; a misspelt ESEAL_ variable is an error too (CONFIG_VARIABLE_UNKNOWN).
    """
    given = {k: SETTINGS[k].checked(v, f"--{k}", "") for k, v in (flags or {}).items() if v is not None}
    found = [Layer("flag", "", given), Layer("environment", "", from_environment(environ or {}))]
    if authority is not None:
        found.append(authority)
    for origin, path in (("user", user), ("system", system)):
        tables = reading.load(path, required=False) if path is not None else None
        if tables is not None:
            found.append(from_file(tables, origin, path or Path()))
    found.append(Layer("default", "", {s.name: s.default for s in SETTINGS.values()}))
    return tuple(found)


def resolve(found: Sequence[Layer]) -> dict[str, Resolved]:
    """For every setting the first layer that names it."""
    resolved = {}
    for name in SETTINGS:
        layer = next(one for one in found if name in one.values)
        place = variable(name) if layer.origin == "environment" else layer.place
        resolved[name] = Resolved(name, layer.values[name], layer.origin, place)
    return resolved


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"ESEAL_{name.upper()}"


def user_file(environ: Mapping[str, str]) -> Path | None:
    """The user's own settings: $XDG_CONFIG_HOME/eseal/config.toml, else under ~/.config; None without a home."""
    base = environ.get("XDG_CONFIG_HOME", "")
    # The specification has relative paths ignored.
    if base and Path(base).is_absolute():
        return Path(base) / "eseal" / "config.toml"
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) / ".config" / "eseal" / "config.toml" if home else None


def from_environment(environ: Mapping[str, str]) -> dict[str, SettingValue]:
    """Settings from ESEAL_ variables; an empty one counts as not set. Raises UsageError."""
    known = {variable(name): setting for name, setting in SETTINGS.items()}
    others = {f"ESEAL_{name}" for name in OTHER_VARIABLES}
    values: dict[str, SettingValue] = {}
    for name, text in environ.items():
        if name in known and text and not known[name].variable:
            raise UsageError("CONFIG_VARIABLE_REFUSED", name=name, key=known[name].name)
        if name in known and text:
            values[known[name].name] = known[name].from_text(text, name, "")
        elif name.startswith("ESEAL_") and name not in known and name not in others:
            # Other programs may have variables of this beginning; only what looks like a slip is one.
            near = close(name.removeprefix("ESEAL_"), [n.removeprefix("ESEAL_") for n in (*known, *others)])
            if near:
                raise UsageError("CONFIG_VARIABLE_UNKNOWN", name=name, near=f"ESEAL_{near}")
    return values


def from_file(tables: Mapping[str, Any], origin: str, path: Path) -> Layer:
    """Settings of a user's or the system's file. Relative paths in it count from its folder. Raises UsageError."""
    table = Table(tables, str(path))
    table.take("version", int)
    values = dict(take_settings(table, SETTINGS.values()))
    if isinstance(values.get("trust"), tuple):
        values["trust"] = tuple(_anchored(spec, path.parent) for spec in values["trust"])  # type: ignore[union-attr]
    if isinstance(values.get("authority"), str):
        values["authority"] = str(path.parent / Path(str(values["authority"])).expanduser())
    table.done()
    return Layer(origin, str(path), values)


def take_settings(table: Table, settings: Any) -> Mapping[str, SettingValue]:
    """The settings that `table` names."""
    values = {}
    for setting in settings:
        kind = list if setting.kind is tuple else setting.kind
        value = table.take(setting.name, kind, None)
        if value is not None:
            values[setting.name] = setting.checked(value, setting.name, table.place)
    return values


def _anchored(spec: str, folder: Path) -> str:
    """A trust spec ("FILE", "seal:FILE") with its path counted from `folder`."""
    prefix, colon, path = spec.rpartition(":")
    # A drive letter is no purpose.
    if colon and len(prefix) > 1 and "/" not in prefix:
        return f"{prefix}:{folder / Path(path).expanduser()}"
    return str(folder / Path(spec).expanduser())
