"""What only a terminal sees: colours, progress, questions."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from eseal.cli import output, password
from eseal.cli.progress import Progress
from eseal.cli.settings import Settings
from eseal.errors import KeyAccessError

Run = Callable[..., Any]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("CI", "true")])
def test_colours_only_where_a_terminal_wants_them(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert output.colours(Terminal())
    assert not output.colours(io.StringIO())
    monkeypatch.setenv(name, value)
    assert not output.colours(Terminal())


@pytest.mark.usefixtures("plain")
def test_progress_shows_count_and_failures_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with Progress(40, Settings()) as progress:
        progress.advance(failed=False)
        progress._show()  # what the timer does after a second
        progress.advance(failed=True)
    assert "2/40" in stream.getvalue()
    assert "failed: 1" in stream.getvalue()


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    ("total", "settings", "stream"),
    [(1, Settings(), Terminal()), (40, Settings(verbosity=-1), Terminal()), (40, Settings(), io.StringIO())],
    ids=["one", "quiet", "no terminal"],
)
def test_progress_is_silent_otherwise(
    monkeypatch: pytest.MonkeyPatch, total: int, settings: Settings, stream: io.StringIO
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    with Progress(total, settings) as progress:
        progress._show()
        progress.advance(failed=True)
    assert stream.getvalue() == ""


def opener(right: bytes) -> Callable[[bytes | None], str]:
    def use(given: bytes | None) -> str:
        if given is None:
            raise KeyAccessError("KEY_PASSWORD_MISSING", path="k")
        if given != right:
            raise KeyAccessError("KEY_PASSWORD_WRONG", path="k")
        return "open"

    return use


def test_a_password_is_asked_for_only_where_somebody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(text: str, **kwargs: Any) -> str:
        asked.append(kwargs)
        return "密码"

    monkeypatch.setattr("click.prompt", prompt)
    monkeypatch.setattr(password, "_terminal", lambda: False)
    with pytest.raises(KeyAccessError):
        password.asking(None, False, opener("密码".encode()))
    monkeypatch.setattr(password, "_terminal", lambda: True)
    with pytest.raises(KeyAccessError):
        password.asking(None, True, opener("密码".encode()))
    with pytest.raises(KeyAccessError):
        password.asking(b"wrong", False, opener("密码".encode()))
    assert not asked
    assert password.asking(None, False, opener("密码".encode())) == "open"
    assert asked == [{"hide_input": True, "err": True}]


def test_help_without_arguments(run: Run) -> None:
    ran = run()
    assert ran.code == 0
    assert "eseal demo" in ran.out
