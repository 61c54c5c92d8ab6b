"""The readers of one session: each view has its own queue of events.

A view folds events into its items when it is read, and not before: so an attempt that fails before
an item was delivered leaves nothing behind. The batches that several views have not read yet are
shared between them. They hold no more than the answer itself does.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .._errors import ConfigurationError
from .._sentinels import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._snapshot.events import Event

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Fold(Protocol[S_co]):
    """Makes a view's items of the events between two snapshots.

    Attributes:
        final: whether its items can't be taken back: once one was delivered, a failed attempt is
            not tried again.
    """

    final: bool

    def __call__(self, events: Sequence[Event]) -> Iterable[S_co]: ...


class Feed(Generic[S]):
    """The events that one view has not read yet, and the items made of those that it has."""

    __slots__ = ("_batches", "_items", "fold")

    def __init__(self, fold: Fold[S]) -> None:
        self.fold = fold
        self._batches: deque[Sequence[Event]] = deque()
        self._items: deque[S] = deque()

    def add(self, events: Sequence[Event]) -> None:
        self._batches.append(events)

    def void(self) -> None:
        """The attempt has failed: its events are void, unless the view shows restarts itself."""
        if self.fold.final:
            self._batches.clear()
        getattr(self.fold, "drop", bool)()

    def take(self) -> S | Any:
        """The next item; MISSING if there is none yet."""
        while not self._items:
            if not self._batches:
                return MISSING
            self._items.extend(self.fold(self._batches.popleft()))
        return self._items.popleft()

    def take_rest(self) -> S | Any:
        """The value that the fold held back, at the end; MISSING if there is none."""
        rest = getattr(self.fold, "rest", tuple)
        return next(iter(rest()), MISSING)


class Feeds:
    """The views of one session, and whether the user was given anything.

    Attributes:
        found: the number of snapshots that were due so far.
        delivered: whether the user was given anything of the answer.
        forbids_restart: whether that can't be taken back, so that no attempt may begin anew.
        is_frozen: whether the first request was sent, so that events are lost which nobody has
            asked for.
        records_events: whether events are noted.
    """

    __slots__ = ("_feeds", "delivered", "forbids_restart", "found", "is_frozen", "records_events")

    def __init__(self, *, forbids_restart: bool) -> None:
        self.found = 0
        self.delivered = False
        self.forbids_restart = forbids_restart
        self.records_events = False
        self.is_frozen = False
        self._feeds: list[Feed[Any]] = []

    @property
    def may_restart(self) -> bool:
        return not (self.delivered and self.forbids_restart)

    def open(self, fold: Fold[S]) -> Feed[S]:
        """A queue for a new view.

        Raises:
            ConfigurationError: events were read already, and nobody has asked for them.
        """
        if self.is_frozen and not self.records_events:
            raise ConfigurationError("create views before reading the stream")
        self.records_events = True
        feed = Feed(fold)
        self._feeds.append(feed)
        return feed

    def close(self, feed: Feed[Any]) -> None:
        """This view is not read any more."""
        if feed in self._feeds:
            self._feeds.remove(feed)

    def mark_delivered(self, feed: Feed[Any]) -> None:
        """The user was given an item of this view."""
        self.delivered = True
        self.forbids_restart = self.forbids_restart or feed.fold.final

    def add(self, events: Sequence[Event]) -> None:
        if events:
            for feed in self._feeds:
                feed.add(events)

    def void(self) -> bool:
        """Make the failed attempt's events void. Whether they can be: none was given for good.

        A reader in another thread may just be given some, so it is looked at again afterwards.
        """
        if self.may_restart:
            for feed in self._feeds:
                feed.void()
        return self.may_restart
