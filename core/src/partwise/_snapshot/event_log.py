"""Notes visible changes as events, if they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._sentinels import MISSING
from .events import Closed, Event, Grew, Opened

if TYPE_CHECKING:
    from .._json.parser import Parser
    from .._paths import Path
    from .frame import Frame, Parent


class EventLog:
    """Notes nothing: for answers of which nobody asks for events.

    Attributes:
        is_on: whether it notes anything, so that every value has to be reported by itself.
    """

    is_on = False

    def opened(self, parent: Parent) -> None:
        """The contents of the parent opened."""

    def text_opened(self, parent: Parent) -> None:
        """A text inside the parent opened."""

    def appeared(self, parent: Parent, value: Any) -> None:
        """This is shown inside the parent, and is not complete; MISSING if nothing is."""

    def grown(self, text: str) -> None:
        """The text that is open, if one is, has ended as this; no validator has seen it yet."""

    def closed(self, frame: Frame, value: Any) -> None:
        """The value inside the frame closed; the frame has not taken it in yet, or just has."""

    def finished(self, value: Any) -> None:
        """The answer is complete and validated, though its snapshots were frozen."""

    def drain(self) -> list[Event]:
        """The events since the last time, up to the text that is open."""
        return []


class RecordingEventLog(EventLog):
    """Collects the events of one attempt; `drain` takes those since the last time."""

    is_on = True

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._events: list[Event] = []
        self._text: tuple[Path, int] | None = None  # the open text, and how much of it is noted

    def opened(self, parent: Parent) -> None:
        self.appeared(parent, parent.child.snapshot())  # type: ignore[union-attr]  # just opened

    def text_opened(self, parent: Parent) -> None:
        self.appeared(parent, "")

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

    def closed(self, frame: Frame, value: Any) -> None:
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
