"""The package as a user meets it: what importing costs, what it ships, what it names."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import pytest

import eseal


def loaded(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def test_errors_load_nothing_else() -> None:
    heavy = {"cryptography", "asn1crypto", "pyhanko", "click", "rich", "PIL", "fontTools", "pypdfium2"}
    assert not heavy & loaded("import eseal.errors")
    assert not heavy & loaded("import eseal")


def test_the_command_line_asks_for_help_without_the_heavy_parts() -> None:
    assert not {"pyhanko", "pypdfium2"} & loaded("import eseal.cli")


@pytest.mark.parametrize("name", eseal.__all__)
def test_public_names_exist(name: str) -> None:
    assert getattr(eseal, name) is not None
    assert name in dir(eseal)


def test_unknown_names_are_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = eseal.nothing  # type: ignore[attr-defined]


def test_data_is_shipped() -> None:
    root = resources.files("eseal")
    for path in ("py.typed", "report/schema-1.json", "messages/zh/report.toml", "seals/fonts/OFL.txt"):
        assert root.joinpath(path).is_file(), path
