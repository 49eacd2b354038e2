"""The command line: parse, call, print, exit code."""

from eseal.cli.app import main

__all__ = ["main"]
