"""How far a run is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from ._pricing import dollars

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._outcome import Summary

_LINE_SECONDS: Final = 10.0
"""Seconds between two plain lines."""


class Progress(Protocol):
    """Told of the summary whenever it has changed."""

    def update(self, summary: Summary) -> None: ...

    def close(self) -> None: ...


def new_progress(total: int | None, file: IO[str] | None = None) -> Progress:
    """A bar if standard error is a terminal and rich is installed; else plain lines."""
    file = sys.stderr if file is None else file
    if file.isatty():
        try:
            return _Bar(total, file)
        except ModuleNotFoundError:
            pass
    return Lines(total, file.write)


def facts(summary: Summary) -> str:
    """The rate, the tokens, the cost and the failures."""
    rate = summary.rows / summary.seconds if summary.seconds else 0.0
    spent = summary.usage
    parts = [
        f"{rate:,.1f} rows/s",
        f"{spent.input_tokens:,} tokens in, {spent.output_tokens:,} out",
        dollars(summary.cost),
        f"{summary.failed:,} failed",
    ]
    if summary.rate_limited:
        parts.append(f"{summary.rate_limited:,} rate-limited")
    return "; ".join(parts)


class Lines:
    """A line every ten seconds, and one at the end."""

    def __init__(self, total: int | None, write: Callable[[str], object]) -> None:
        self._total = total
        self._write = write
        self._next = _LINE_SECONDS
        self._last: Summary | None = None

    def update(self, summary: Summary) -> None:
        self._last = summary
        if summary.seconds >= self._next:
            self._next = summary.seconds + _LINE_SECONDS
            self._print(summary)

    def close(self) -> None:
        if self._last is not None:
            self._print(self._last)

    def _print(self, summary: Summary) -> None:
        of_all = "" if self._total is None else f"/{self._total:,}"
        left = _time_left(summary, self._total)
        self._write(f"{summary.rows:,}{of_all} rows; {facts(summary)}{left}\n")


def _time_left(summary: Summary, total: int | None) -> str:
    if total is None or not 0 < summary.rows < total:
        return ""
    minutes, seconds = divmod(round(summary.seconds / summary.rows * (total - summary.rows)), 60)
    return f"; {minutes}:{seconds:02} left"


class _Bar:
    """A bar with the rate, tokens, cost, failures and the time left."""

    def __init__(self, total: int | None, file: IO[str]) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}"),
            console=Console(file=file),
        )
        self._task: Any = self._bar.add_task("", total=total)
        self._bar.start()

    def update(self, summary: Summary) -> None:
        self._bar.update(self._task, completed=summary.rows, description=facts(summary))

    def close(self) -> None:
        self._bar.stop()
