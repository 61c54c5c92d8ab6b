"""A stream's answer filling in, shown with rich: `pip install 'partwise[rich]'`.

    with LiveView(stream) as view:
        for snapshot in stream:
            view.update(snapshot)

Values that have arrived are bright, the value that is open has a cursor after it, and missing
ones are dim. If the console is not a terminal, each value is a plain line once it is complete.
`SnapshotView` is one such picture as a renderable, to be put into a layout of one's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from pydantic import BaseModel, RootModel

from ._paths import format_path

try:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "partwise.rich needs rich: pip install 'partwise[rich]'", name=error.name
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import ConsoleOptions, RenderResult

    from ._paths import Path
    from ._snapshot.builder import State

__all__ = ["LiveView", "SnapshotView"]

_CURSOR = "▌"
_BLANK = "·"
_FRAMES = 20
"""A second, on a terminal."""
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Answering(Protocol):
    """The part of a `PartialStream` or an `AsyncPartialStream` that a view reads."""

    @property
    def attempt(self) -> int:
        """The number of the attempt that the last snapshot is of."""

    def state(self, path: str, /) -> State:
        """The state of the value at `path` in the last snapshot."""


class SnapshotView:
    """One snapshot as a renderable: a value a line, nested ones indented.

    `state` is asked at once and not when the view is rendered, so the picture stays as it is while
    the stream goes on, and another thread may render it.

    Args:
        snapshot: the stream's newest.
        state: tells the state of the value at a path; `stream.state`.

    Example:
        ```python
        snapshot = next(stream)
        Console().print(SnapshotView(snapshot, stream.state))
        ```
    """

    def __init__(self, snapshot: Any, state: Callable[[str], State]) -> None:
        self._snapshot = _bare(snapshot)
        self._states = dict(_open_states((), self._snapshot, state))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A grid of two columns: names and values."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        root = _Node((), self._snapshot, self._states[()])
        for name, value in self._rows(root, "", _Margin("", "")):
            grid.add_row(name, value)
        yield grid

    def _rows(self, node: _Node, name: str, margin: _Margin) -> Iterator[tuple[Text, Text]]:
        label = Text((margin.first + name).rstrip(), "dim" if node.state == "missing" else "")
        children = list(_children(node.value))
        if not children:
            yield label, _leaf(node)
            return
        if name:
            yield label, Text()
            margin = _Margin(margin.rest + "  ", margin.rest + "  ")
        for step, value in children:
            path = (*node.path, step)
            child = _Node(path, value, self._states.get(path) or _unasked(node, step))
            if isinstance(step, int):
                yield from self._rows(child, "", _Margin(margin.first + "- ", margin.rest + "  "))
            else:
                yield from self._rows(child, _visible(step), margin)
            margin = _Margin(margin.rest, margin.rest)


class LiveView:
    """Shows a stream's snapshots as they come: in place on a terminal, else as plain lines.

    On a terminal the picture is drawn 20 times a second. Used in a `with` block, whose end leaves
    the last picture standing.

    Args:
        stream: a `PartialStream` or an `AsyncPartialStream`. The view does not read it: `update`
            gets its snapshots.
        console: where to show them; a new `rich.console.Console()` unless given.

    Example:
        ```python
        with LiveView(stream) as view:
            for snapshot in stream:
                view.update(snapshot)
        ```
    """

    def __init__(self, stream: Answering, *, console: Console | None = None) -> None:
        self._stream = stream
        self._console = console or Console()
        terminal = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live = Live(console=self._console, refresh_per_second=_FRAMES) if terminal else None
        self._attempt = stream.attempt
        self._printed: set[Path] = set()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._live:
            self._live.stop()

    def update(self, snapshot: Any) -> None:
        """Show this snapshot, which the stream has just given.

        Args:
            snapshot: the stream's newest, since the states shown are those that the stream tells.
        """
        if self._live:
            self._live.update(SnapshotView(snapshot, self._stream.state))
            return
        if self._attempt != self._stream.attempt:
            self._attempt = self._stream.attempt
            self._printed.clear()
            self._print(f"attempt {self._attempt}")
        for path, value in self._newly_complete((), _bare(snapshot)):
            self._print(_line(path, value))

    def _newly_complete(self, path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
        if path in self._printed:
            return
        children = list(_children(value))
        for step, child in children:
            yield from self._newly_complete((*path, step), child)
        if self._stream.state(format_path(path)) == "complete":
            self._printed.add(path)
            if not children:
                yield path, value

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Node(NamedTuple):
    path: Path
    value: Any
    state: State


class _Margin(NamedTuple):
    """The text to the left of a value's first line, and of its other lines."""

    first: str
    rest: str


def _open_states(
    path: Path, value: Any, state: Callable[[str], State]
) -> Iterator[tuple[Path, State]]:
    """The states along the one path that is open, and of the values directly beside it."""
    own = state(format_path(path))
    yield path, own
    if own != "partial":
        return
    children = list(_children(value))
    grows_at_end = children and not _has_fields(value)
    for step, child in children[-1:] if grows_at_end else children:
        yield from _open_states((*path, step), child, state)


def _unasked(parent: _Node, step: str | int) -> State:
    """The state of a child that was not asked for: nothing is open there."""
    if parent.state == "missing":
        return "missing"
    fields_set = getattr(parent.value, "model_fields_set", (step,))
    return "complete" if step in fields_set else "missing"


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    """The values inside a bare one, bare too."""
    if isinstance(value, BaseModel):
        steps: Iterable[tuple[str | int, Any]] = (
            (name, getattr(value, name)) for name in type(value).model_fields
        )
    elif _has_fields(value):
        steps = ((field.name, getattr(value, field.name, None)) for field in fields(value))
    elif isinstance(value, Mapping):
        steps = ((str(key), item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        steps = enumerate(value)
    else:
        return
    for step, child in steps:
        yield step, _bare(child)


def _bare(value: Any) -> Any:
    """The value inside root models, which are not steps of a path."""
    return _bare(value.root) if isinstance(value, RootModel) else value


def _has_fields(value: Any) -> bool:
    is_instance = not isinstance(value, type)
    return is_instance and (isinstance(value, BaseModel) or is_dataclass(value))


def _leaf(node: _Node) -> Text:
    if node.state == "complete":
        return Text(_visible(str(node.value)), "bold")
    is_container = _has_fields(node.value) or isinstance(node.value, Mapping | list | tuple)
    shown = "" if node.value is None or is_container else _visible(str(node.value))
    if node.state == "missing":
        return Text(shown or _BLANK, "dim")
    return Text.assemble((shown, "bold"), (_CURSOR, "cyan"))


def _visible(text: str) -> str:
    """Without control characters, which would move a terminal's cursor: the model wrote this."""
    return _CONTROL_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)


def _line(path: Path, value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return _visible(f"{format_path(path)}: {shown}" if path else shown)
