"""A user's clean environment, a test authority, and documents to seal and verify."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from eseal.authority import Authority
from eseal.cli import main
from eseal.cli.demo_page import notice
from eseal.report.json import schema
from eseal.verification.workers import VerifierPool

NAME = "杭州市示范局"
VALIDATOR = jsonschema.Draft202012Validator(schema())


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def pool() -> Iterator[VerifierPool]:
    """Workers that all tests share: starting them is most of what a verification here costs."""
    with VerifierPool(2) as shared:
        yield shared


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: VerifierPool) -> Run:
    """Runs eseal in an empty folder, as a user without any configuration."""
    for place in ("verify", "demo"):
        monkeypatch.setattr(f"eseal.cli.{place}.VerifierPool", lambda processes=1: nullcontext(pool))
    for name in [n for n in os.environ if n.startswith(("ESEAL_", "LC_", "LANG", "NO_COLOR", "CI"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.setattr("eseal.cli.configuration.SYSTEM_FILE", tmp_path / "etc" / "config.toml")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def called(*args: object, input: bytes | str | None = None, env: dict[str, str] | None = None) -> Ran:
        result: Result = CliRunner().invoke(main, [str(a) for a in args], input=input, env=env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        _check_schema(result.stdout)
        return Ran(result.exit_code, result.stdout, result.stderr, result.stdout_bytes)

    return called


def _check_schema(printed: str) -> None:
    """Whatever any command prints as JSON is as the published schema says."""
    try:
        values = [json.loads(printed)]
    except ValueError:
        try:
            values = [json.loads(line) for line in printed.splitlines()]
        except ValueError:
            return
    for value in values:
        if isinstance(value, dict):
            VALIDATOR.validate(value)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority `office`, `notice.pdf` and `sealed.pdf`; nobody may change it."""
    folder = tmp_path_factory.mktemp("made")
    office = Authority.create(folder / "office", name=NAME)
    page = notice(NAME, date(2026, 11, 24))
    (folder / "notice.pdf").write_bytes(page)
    office.seal(page, out=folder / "sealed.pdf", reason="ok\x1b[2J\u202e<b>", location="a\nb")
    return folder


@pytest.fixture
def office(made: Path) -> Path:
    """The authority's folder."""
    return made / "office"


@pytest.fixture
def page(made: Path) -> Path:
    """An unsigned PDF."""
    return made / "notice.pdf"


@pytest.fixture
def sealed(made: Path) -> Path:
    """The same, sealed by the authority; its reason and location are hostile."""
    return made / "sealed.pdf"
