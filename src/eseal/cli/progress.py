"""Progress on stderr: only on a terminal, only for a job of many that takes over a second."""

from __future__ import annotations

import os
import sys
import threading
from types import TracebackType

from eseal.cli.settings import Settings, t

_AFTER_SECONDS = 1.0


class Progress:
    """Counts jobs done and failed; shows rate and time left once the job proves to be long."""

    def __init__(self, total: int, settings: Settings) -> None:
        """Prepare for `total` jobs; nothing is shown yet."""
        quiet = settings.verbosity < 0 or os.environ.get("CI") or os.environ.get("TERM") == "dumb"
        self._wanted = total > 1 and not quiet and sys.stderr.isatty()
        self._total = total
        self._done = 0
        self._failed = 0
        self._label = t("CLI_PROGRESS_FAILED")
        self._lock = threading.Lock()
        self._bar: object | None = None
        self._timer = threading.Timer(_AFTER_SECONDS, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Progress:
        if self._wanted:
            self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            self._wanted = False
            from rich.progress import Progress as Bar

            if isinstance(self._bar, Bar):
                self._bar.stop()

    def advance(self, *, failed: bool) -> None:
        """One more job is done."""
        with self._lock:
            self._done += 1
            self._failed += failed
            self._update()

    def _show(self) -> None:
        # Loaded here since most runs never come to it and rich takes a tenth of a second.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        with self._lock:
            if not self._wanted:
                return
            bar = Bar(
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[failures]}"),
                console=Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR"))),
                transient=True,
            )
            bar.add_task("", total=self._total, rate="", failures="")
            bar.start()
            self._bar = bar
            self._update()

    def _update(self) -> None:
        if self._bar is None:
            return
        from rich.progress import Progress as Bar

        if isinstance(self._bar, Bar):
            task = self._bar.tasks[0]
            rate = f"{task.speed:.1f}/s" if task.speed else ""
            failures = f"{self._label}: {self._failed}" if self._failed else ""
            self._bar.update(task.id, completed=self._done, rate=rate, failures=failures)
