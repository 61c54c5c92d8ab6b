"""Notes what becomes visible, as events, for those who ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._sentinels import MISSING
from .events import Closed, Event, Grew, Opened

if TYPE_CHECKING:
    from .._json.parser import Parser
    from .._paths import Path
    from .frame import Frame, Parent


class EventLog:
    """Collects the events of one attempt; `drain` takes those since the last time."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._events: list[Event] = []
        self._text: tuple[Path, int] | None = None  # the text that is open, and how much is noted

    def opened(self, parent: Parent, value: Any) -> None:
        """What is inside the parent opened; `value` is what is shown of it, MISSING if nothing."""
        if value is not MISSING and not _is_hidden(parent):
            self._text = (parent.path(), 0) if type(value) is str else None
            self._events.append(Opened(parent.path(), value))

    def grown(self, text: str) -> None:
        """The text that is open, if one is, has ended as this; no validator has seen it yet."""
        if self._text:
            path, noted = self._text
            if len(text) > noted:
                self._events.append(Grew(path, text[noted:]))
                self._text = path, len(text)

    def closed(self, frame: Frame, value: Any) -> None:
        """The value inside the frame closed; the frame has not taken it in yet, or just has."""
        self._text = None
        if not _is_hidden(frame):
            event = Closed if frame.live else Opened
            self._events.append(event(frame.path(), value))

    def finished(self, value: Any) -> None:
        """The answer is complete and validated."""
        self._text = None
        self._events.append(Closed((), value))

    def drain(self) -> list[Event]:
        """The events since the last time, up to the text that is open."""
        if self._text:
            self.grown(self._parser.snapshot())
        events, self._events = self._events, []
        return events


def _is_hidden(parent: Any) -> bool:
    """Whether what is inside does not show by itself."""
    while not parent.hides:
        if parent.parent is parent:  # the root
            return False
        parent = parent.parent
    return True
