"""Reads a text as an attempt does, in any mode, however it is cut."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from partwise._errors import OutputError
from partwise._plan.plan import compile_plan
from partwise._session.attempt import Attempt
from partwise._snapshot.builder import SnapshotBuilder
from partwise.provider import Finish, TextDelta

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERY_CUT = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"

MODES = ("lenient", "json", "offered", "forced", "arguments")
"""The text of MD_JSON or `parse(lenient=True)`; that of a JSON mode; text in the place of a call
that was offered, or forced; the arguments of a call."""


@dataclass(frozen=True)
class Reading:
    """What came of a text."""

    value: Any
    error: OutputError | None
    text: str
    reasoning: str
    snapshots: list[Any]
    restarts: list[str]

    @property
    def outcome(self) -> Any:
        """All that must not depend on how the text was cut. An error ends it with its piece."""
        if self.error is not None:
            return type(self.error), self.reasoning
        return repr(self.value), self.text, self.reasoning


def read(
    model: Any,
    pieces: Iterable[str],
    mode: str = "lenient",
    *,
    finish: str = "stop",
    **options: Any,
) -> Reading:
    """Read the pieces, each as a chunk."""
    return play(model, map(TextDelta, pieces), mode, finish=finish, **options)


def play(
    model: Any, chunks: Iterable[Any], mode: str, *, finish: Any = "stop", **options: Any
) -> Reading:
    """Play chunks; in the mode "arguments", texts are those of a call."""
    notes = _Notes()
    plan = compile_plan(model)
    attempt = Attempt(
        1,
        lambda: SnapshotBuilder(plan, **options),
        tool=None if mode in ("lenient", "json") else "Answer",
        lenient=mode == "lenient",
        patient=True,
        forced=mode != "offered",
        on_restart=notes.add,
    )
    handlers = attempt.handlers()
    value, error, snapshots = None, None, []
    try:
        for chunk in (*chunks, Finish(finish, finish)):
            made = as_call(chunk) if mode == "arguments" and isinstance(chunk, TextDelta) else chunk
            if handlers[type(made)](made):
                snapshots.append(attempt.builder.snapshot())
        value = attempt.finish()
    except OutputError as caught:
        error = caught
    return Reading(value, error, attempt.text, attempt.reasoning, snapshots, notes.told)


class _Notes:
    def __init__(self) -> None:
        self.told: list[str] = []

    def add(self, error: OutputError) -> None:
        self.told.append(str(error))


def as_call(chunk: TextDelta) -> Any:
    from partwise.provider import ToolCallDelta

    return ToolCallDelta(0, chunk.text, id="id0", name="Answer")


def cuts(text: str) -> Iterator[list[str]]:
    """The text whole, in characters, and in two pieces.

    It is cut anywhere if asked, else at a few places that differ from text to text.
    """
    yield [text]
    yield list(text)
    step = 1 if EVERY_CUT else 29
    for place in range(1 + len(text) % step, len(text), step):
        yield [text[:place], text[place:]]
