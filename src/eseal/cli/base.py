"""Commands that explain themselves: help that begins with examples, errors that say what, why and what next."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from eseal import messages
from eseal.cli import output
from eseal.cli.settings import Settings, current, early, t
from eseal.errors import (
    DocumentError,
    Error,
    KeyAccessError,
    PolicyError,
    ServiceError,
    UsageError,
    VerificationFailed,
)

PASSED, FAILED, USAGE, INDETERMINATE, NO_SIGNATURE, UNREADABLE, KEY, SERVICE, POLICY, BATCH = range(10)
INTERNAL = 70
INTERRUPTED = 130
BROKEN_PIPE = 141

EXIT_CODES: dict[type[Error], int] = {
    VerificationFailed: FAILED,
    UsageError: USAGE,
    DocumentError: UNREADABLE,
    KeyAccessError: KEY,
    ServiceError: SERVICE,
    PolicyError: POLICY,
    Error: USAGE,
}
"""Exit code of each kind of error; the first that fits."""


def exit_code(error: Error) -> int:
    """The exit code of a command that failed with `error`."""
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


class Option(click.Option):
    """An option whose help is a code of the catalogue."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The help in the language of the command that runs."""
        code = self.help
        try:
            self.help = t(code) if code else code
            return super().get_help_record(ctx)
        finally:
            self.help = code


class Command(click.Command):
    """A command whose help is the code CLI_<NAME> of the catalogue, with examples under CLI_<NAME>_EXAMPLES."""

    def __init__(self, *args: Any, code: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **kwargs)
        self.code = code

    def invoke(self, ctx: click.Context) -> Any:
        """Run; a reader that went away is told here, since click would exit with 1, which means a failed verdict."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise click.exceptions.Exit(_reader_gone()) from None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, usage, what it does, options, exit codes."""
        _examples(self.code, formatter)
        self.format_usage(ctx, formatter)
        _paragraph(t(self.code), formatter)
        self.format_options(ctx, formatter)
        _codes(formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """One line for the list of commands."""
        return t(self.code + "_SHORT")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """-h and --help, their help from the catalogue."""
        return _translated_help(super().get_help_option(ctx))


class Group(click.Group):
    """Commands that are loaded when they are called: `table` names the module and attribute of each."""

    command_class = Command

    def __init__(self, *args: Any, code: str = "", table: dict[str, str] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **kwargs)
        self.code = code
        self.table = table or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, which is that of use."""
        return [*self.table, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command."""
        if cmd_name in self.table:
            module, _, name = self.table[cmd_name].partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; where there is none, say which is meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise _no_such_command(self, ctx, name)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, usage, commands, options, exit codes."""
        _examples(self.code, formatter)
        self.format_usage(ctx, formatter)
        _paragraph(t(self.code), formatter)
        with formatter.section(t("CLI_COMMANDS")):
            formatter.write_dl([(name, self._short(ctx, name)) for name in self.list_commands(ctx)])
        click.Command.format_options(self, ctx, formatter)
        _codes(formatter)

    def _short(self, ctx: click.Context, name: str) -> str:
        path = [*ctx.command_path.split()[1:], name]
        return t("CLI_" + "_".join(path).upper() + "_SHORT")

    def get_short_help_str(self, limit: int = 45) -> str:
        """One line for the list of commands."""
        return t(self.code + "_SHORT")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """-h and --help, their help from the catalogue."""
        return _translated_help(super().get_help_option(ctx))


class Main(Group):
    """The outermost group: it alone turns errors into words and exit codes."""

    def main(  # type: ignore[override]  # it never returns, whatever the mode
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run and exit."""
        arguments = list(args) if args is not None else sys.argv[1:]
        output.prepare()
        settings = early(arguments, os.environ)
        extra["standalone_mode"] = False
        extra.setdefault("obj", settings)
        sys.exit(_run(lambda: super(Main, self).main(arguments, prog_name or "eseal", **extra), settings))


def _run(call: Callable[[], object], settings: Settings) -> int:
    try:
        code = call()
        if sys.stdout is not None:
            sys.stdout.flush()
    except Error as error:
        output.failure(error, settings)
        return exit_code(error)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.note(messages.text("CLI_INTERRUPTED", settings.lang), settings)
        return INTERRUPTED
    except click.ClickException as error:
        translated = _translate(error)
        output.failure(translated, settings)
        return exit_code(translated)
    except BrokenPipeError:
        return _reader_gone()
    # Wide on purpose: this is the outermost edge. A defect must not show as "verification failed" (exit 1), nor as a
    # traceback to somebody who cannot read one.
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None:
            # Files are opened by name: what has none is what could not be printed.
            output.drop()
            output.failure(Error("CLI_OUTPUT_FAILED", reason=error.strerror or type(error).__name__), settings)
            return USAGE
        if os.environ.get("ESEAL_DEBUG"):
            raise
        output.failure(Error("CLI_INTERNAL", kind=type(error).__name__, what=str(error)[:200]), settings)
        return INTERNAL
    return code if isinstance(code, int) else PASSED


def _reader_gone() -> int:
    # The reader has seen enough.
    output.drop()
    return BROKEN_PIPE


def _translate(error: click.ClickException) -> Error:
    """click's errors in our words and languages."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "eseal"
    if isinstance(error, click.NoSuchOption):
        near = ", ".join(sorted(error.possibilities or ()))
        code = "CLI_NO_SUCH_OPTION_NEAR" if near else "CLI_NO_SUCH_OPTION"
        return UsageError(code, option=error.option_name, near=near, command=command)
    if isinstance(error, click.MissingParameter):
        named = error.param.opts[0] if isinstance(error.param, click.Option) else _argument(error.param)
        return UsageError("CLI_MISSING", what=named, command=command)
    if isinstance(error, click.BadParameter):
        named = error.param.opts[0] if isinstance(error.param, click.Option) else _argument(error.param)
        if error.param is not None and isinstance(error.param.type, click.Choice):
            choices = ", ".join(str(c) for c in error.param.type.choices)
            return UsageError("CLI_BAD_CHOICE", what=named, choices=choices)
        return UsageError("CLI_BAD_VALUE", what=named, why=error.message, command=command)
    return UsageError("CLI_USAGE", why=error.format_message(), command=command)


def _argument(param: click.Parameter | None) -> str:
    return (param.metavar or param.human_readable_name).removesuffix("...") if param is not None else "?"


def _no_such_command(group: Group, ctx: click.Context, name: str) -> UsageError:
    near = difflib.get_close_matches(name, group.list_commands(ctx), 1, 0.5)
    command = ctx.command_path
    if near:
        return UsageError("CLI_NO_SUCH_COMMAND_NEAR", name=name, near=f"{command} {near[0]}")
    return UsageError("CLI_NO_SUCH_COMMAND", name=name, command=command)


def _examples(code: str, formatter: click.HelpFormatter) -> None:
    with formatter.section(t("CLI_EXAMPLES")):
        for line in t(code + "_EXAMPLES").splitlines():
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
    formatter.write_paragraph()


def _paragraph(text: str, formatter: click.HelpFormatter) -> None:
    formatter.write_paragraph()
    for line in text.splitlines():
        formatter.write_text(line)


def _codes(formatter: click.HelpFormatter) -> None:
    with formatter.section(t("CLI_EXIT_CODES_TITLE")):
        for line in t("CLI_EXIT_CODES").splitlines():
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def _translated_help(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.help = t("CLI_OPT_HELP")
    return option


__all__ = ["Command", "Group", "Main", "Option", "current", "exit_code"]
