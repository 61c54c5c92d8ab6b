"""Throttled views: at most one item in so many seconds, or fewer if the reader is slow.

A thread or a task reads the stream in the background. A fold notes changes as they come, and makes
an item of all of them when one is due: a slow reader gets the newest, and no queue grows.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._errors import shown
from .async_reader import AsyncView
from .reader import View
from .wire_folds import Newest

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from .._session.session import Session
    from .._snapshot.events import Event
    from .async_stream import AsyncPartialStream
    from .stream import PartialStream
    from .wire_folds import NewFold, PacedFold

S = TypeVar("S")

_TRIES, _TRY_SECONDS = 10, 0.02
"""How often, and after which pause, a thread is interrupted that may be between two reads."""
_LONGEST = 86_400.0
"""The longest throttle, in seconds: a day. Locks take no timeout of any length."""


class _Noting(Generic[S]):
    """The fold of a throttled view's feed. It notes changes and makes no items.

    Args:
        lock: held while items are made, maybe in another thread than the one that reads.

    Attributes:
        has_news: whether there are changes of which no items were made.
    """

    def __init__(self, fold: PacedFold[S], lock: AbstractContextManager[Any]) -> None:
        self.final = fold.final
        self.has_news = False
        self._fold = fold
        self._lock = lock

    def __call__(self, events: Sequence[Event]) -> tuple[()]:
        self._fold.note(events)
        return ()

    def drop(self) -> None:
        """The attempt has failed: the changes are void."""
        with self._lock:
            self.has_news = False


class _Paced(Generic[S]):
    """The state of a throttled view, sync or async."""

    stream: Any
    _feed: Any

    def _prepare(
        self,
        session: Session,
        new_fold: NewFold[S],
        throttle: Any,
        lock: AbstractContextManager[Any],
    ) -> None:
        if not (isinstance(throttle, int | float) and 0 <= throttle <= _LONGEST):
            raise ValueError(f"throttle must be seconds >= 0, at most a day, got {shown(throttle)}")
        self._throttle = throttle
        self._due = 0.0  # the time from which on the next item may be given
        self._source = Newest(session)
        self._fold = new_fold(self._source)
        self._noted: _Noting[S] = _Noting(self._fold, lock)
        self._items: deque[S] = deque()
        self._has_ended = False
        self._error: Exception | None = None

    def _look(self) -> None:
        """Note the changes since the last time."""
        self._feed.take()
        self._source.update()
        self._noted.has_news = True

    def _take(self) -> None:
        """Make items of the changes noted."""
        self._noted.has_news = False
        self._items.extend(self._fold.take())
        if self._items:
            self._due = time.monotonic() + self._throttle
            self.stream._session.feeds.mark_delivered(self._feed)  # noqa: SLF001 - a view is a part of it

    @property
    def _wait(self) -> float | None:
        """Seconds until items are due, 0 if they are; None if nothing has changed."""
        if not self._noted.has_news:
            return None
        return 0.0 if self._has_ended else max(0.0, self._due - time.monotonic())

    def _raise_end(self) -> None:
        """Raise the error that the stream has ended with, if any."""
        if self._error is not None:
            raise self._error
        self.stream._session.value()  # noqa: SLF001


class PacedView(_Paced[S], View[S]):
    """A throttled view. A thread reads the stream in the background."""

    def __init__(
        self, stream: PartialStream[Any, Any], new_fold: NewFold[S], throttle: float
    ) -> None:
        self._changed = threading.Condition()
        self._prepare(stream._session, new_fold, throttle, self._changed)  # noqa: SLF001
        super().__init__(stream, self._noted)
        self._thread: threading.Thread | None = None
        self._has_left = False

    def __next__(self) -> S:
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="partwise", daemon=True)
            self._thread.start()
        with self._changed:
            while not self._items:
                if (wait := self._wait) == 0:
                    self._take()
                elif wait is None and self._has_ended:
                    self._raise_end()
                    raise StopIteration
                else:
                    self._changed.wait(wait)
        return self._items.popleft()

    def _read(self) -> None:
        try:
            while not self._has_left and self.stream.advance():
                self._note()
        except Exception as error:  # noqa: BLE001 - it is the reader's
            self._error = error
        finally:
            self._note()
            with self._changed:
                self._has_ended = True
                self._changed.notify()

    def _note(self) -> None:
        with self._changed:
            self._look()
            self._changed.notify()

    def interrupt(self, thread: int) -> None:  # noqa: ARG002 - only its own one reads
        """End the read that its thread is in."""
        self._has_left = True
        if self._thread is not None and self._thread.ident and not self._has_ended:
            self.stream.interrupt(self._thread.ident)

    def close(self) -> None:
        """Leave the stream, which is closed if nobody else reads it."""
        self._has_left = True
        for _ in range(_TRIES):
            if self._thread is None or not self._thread.is_alive():
                break
            self.interrupt(0)
            self._thread.join(_TRY_SECONDS)
        super().close()


class AsyncPacedView(_Paced[S], AsyncView[S]):
    """A throttled view. A task reads the stream in the background."""

    def __init__(
        self, stream: AsyncPartialStream[Any, Any], new_fold: NewFold[S], throttle: float
    ) -> None:
        self._prepare(stream._session, new_fold, throttle, nullcontext())  # noqa: SLF001
        super().__init__(stream, self._noted)
        self._changed: Any = None
        self._task: Task[None] | None = None

    async def __anext__(self) -> S:
        import asyncio  # noqa: PLC0415 - as in `AsyncPartialStream`

        if self._task is None:
            self._changed = asyncio.Event()
            self._task = asyncio.create_task(self._read())
        while not self._items:
            if (wait := self._wait) == 0:
                self._take()
            elif wait is None and self._has_ended:
                self._raise_end()
                raise StopAsyncIteration
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                if not self._has_ended:
                    self._changed.clear()
        return self._items.popleft()

    async def _read(self) -> None:
        try:
            while await self.stream.advance():
                self._note()
        except Exception as error:  # noqa: BLE001 - it is the reader's
            self._error = error
        finally:
            self._has_ended = True
            self._note()

    def _note(self) -> None:
        self._look()
        self._changed.set()

    async def aclose(self) -> None:
        """Leave the stream, which is closed if nobody else reads it."""
        self._cancel()
        await super().aclose()

    def abandon(self) -> None:
        """The same without waiting: the connection is released at the loop's next turn."""
        self._cancel()
        super().abandon()

    def _cancel(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)
