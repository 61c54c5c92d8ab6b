"""Folds of throttled views, which wait until an item is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from .._sentinels import MISSING
from .._snapshot.events import Closed, Grew, Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._session.session import Session
    from .._snapshot.events import Event
    from .wire_patches import Source

S_co = TypeVar("S_co", covariant=True)


class PacedFold(Protocol[S_co]):
    """A fold that notes changes, and makes items of them when one is due."""

    final: bool

    def note(self, events: Sequence[Event]) -> None: ...

    def take(self) -> Iterable[S_co]: ...


NewFold: TypeAlias = "Callable[[Newest], PacedFold[S_co]]"


class Snapshots:
    """The newest snapshot, if it is not the one before."""

    final = False

    def __init__(self, source: Source) -> None:
        self._source = source
        self._last: Any = MISSING
        self._has_snapshot = False

    def note(self, events: Sequence[Event]) -> None:
        """Note that there is a snapshot."""
        self._has_snapshot = self._has_snapshot or bool(events)

    def take(self) -> Iterable[Any]:
        """The snapshot."""
        snapshot = self._source.snapshot
        if not self._has_snapshot or snapshot is self._last:
            return ()
        self._last = snapshot
        return (snapshot,)


class Events:
    """Events as they are; in a throttled view, those that follow each other at one path merged."""

    final = False

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._texts: list[str] = []  # of the last event, if it is a `Grew`

    def __call__(self, events: Sequence[Event]) -> Iterable[Event]:
        return events

    def note(self, events: Sequence[Event]) -> None:
        """Take note of events."""
        for event in events:
            last = self._events[-1] if self._events else None
            if isinstance(event, Grew) and isinstance(last, Grew) and event.path == last.path:
                self._texts.append(event.text)
                continue
            if isinstance(event, Opened | Closed) and _is_open(last, event):
                self._events[-1] = event
            else:
                self._join()
                self._events.append(event)
            self._texts = [event.text] if isinstance(event, Grew) else []

    def take(self) -> Iterable[Event]:
        """The events since the last time."""
        self._join()
        events, self._events = self._events, []
        return events

    def _join(self) -> None:
        """Give the last event all its text."""
        if len(self._texts) > 1 and isinstance(last := self._events[-1], Grew):
            self._events[-1] = Grew(last.path, "".join(self._texts))
        self._texts = []


def _is_open(last: Event | None, event: Opened | Closed) -> bool:
    return isinstance(last, Opened | Grew) and last.path == event.path


class Newest:
    """A session's state at the last update, for a reader in another thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.snapshot: Any = None
        self.finished = False

    @property
    def size(self) -> int:
        """The characters of the answer so far."""
        return self._session.size

    def update(self) -> None:
        """Take the session's state."""
        self.snapshot = self._session.snapshot
        self.finished = self._session.finished
