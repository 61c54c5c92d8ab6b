"""Notes visible changes as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._sentinels import MISSING
from .context import EventLog
from .events import Closed, Event, Grew, Opened

if TYPE_CHECKING:
    from .._json.parser import Parser
    from .._paths import Path
    from .context import Parent


class RecordingEventLog(EventLog):
    """Collects the events of one attempt; `drain` takes those since the last time."""

    is_on = True

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._events: list[Event] = []
        self._text: tuple[Path, int] | None = None  # the open text, and how much of it is noted

    def opened(self, parent: Parent) -> None:
        self.appeared(parent, parent.child.snapshot())  # type: ignore[union-attr]  # just opened

    def appeared(self, parent: Parent, value: Any) -> None:
        if value is not MISSING and not _is_inside_hidden(parent):
            self._text = (parent.path(), 0) if type(value) is str else None
            self._events.append(Opened(parent.path(), value))

    def grown(self, text: str) -> None:
        if self._text:
            path, noted = self._text
            if len(text) > noted:
                self._events.append(Grew(path, text[noted:]))
                self._text = path, len(text)

    def closed(self, frame: Parent, value: Any) -> None:
        self._text = None
        if value is not MISSING and not _is_inside_hidden(frame):
            event = Closed if frame.validates_early else Opened
            self._events.append(event(frame.path(), value))

    def finished(self, value: Any) -> None:
        self._text = None
        self._events.append(Closed((), value))

    def drain(self) -> list[Event]:
        if self._text:
            self.grown(self._parser.snapshot())
        events, self._events = self._events, []
        return events


def _is_inside_hidden(parent: Any) -> bool:
    """Whether the contents do not show by themselves."""
    while not parent.is_hidden:
        if parent.parent is None:  # the root
            return False
        parent = parent.parent
    return True
