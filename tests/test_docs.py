"""The documentation names what is there: links, tests, modules, and commands with options that exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import click
import pytest

from eseal.cli.app import main

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])
STANDARDS = (ROOT / "docs" / "standards.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_every_test_that_the_standards_name_is_there() -> None:
    named = re.findall(r"`((?:\w+/)*test_\w+\.py)(?:::(\w+))?[^`]*`", STANDARDS)
    assert len(named) > 100
    files = [path.as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    missing = []
    for path, name in named:
        texts = [Path(f).read_text(encoding="utf-8") for f in files if f.endswith(f"/{path}")]
        if not any(not name or re.search(rf"^def {name}\(", text, re.MULTILINE) for text in texts):
            missing.append((path, name))
    assert missing == []


def test_every_module_that_the_standards_name_is_there() -> None:
    named = {n for n in re.findall(r"`([a-z0-9_]+(?:\.\w+)+)`", STANDARDS) if not n.endswith(".py")}
    assert len(named) > 50
    assert [name for name in sorted(named) if not _exists(name.split("."))] == []


def _exists(parts: list[str]) -> bool:
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(["eseal", *parts[:end]]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_have_the_options_that_the_pages_give_them(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    # Every other piece is a block; it begins with its language, if it is not the shell's.
    shell = [block for block in text.split("```")[1::2] if block.startswith("\n")]
    lines = [line for block in shell for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`(eseal [^`]+)`", text)
    wrong = []
    for line in lines:
        for call in re.findall(r"(?:^|[\s;&])eseal ((?:--lang \w+ )?[a-z].*)", line.split(" # ")[0]):
            words = call.removeprefix("--lang zh ").split()
            known = _options(words)
            wrong += [(call, w) for w in words if re.fullmatch(r"-[a-z]|--[a-z][a-z-]*", w) and w not in known]
    assert wrong == []


def _options(words: list[str]) -> set[str]:
    command: click.Command = main
    for word in words:
        found = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if found is None:
            break
        command = found
    assert command is not main, words
    return {name for parameter in command.params for name in parameter.opts} | {"-h", "--help", "--lang", "-q", "-v"}
