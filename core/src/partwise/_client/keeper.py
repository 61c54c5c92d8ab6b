"""A thread that holds one response for a call that has a time limit.

Nothing else keeps a limit whatever the vendor does: an SDK's own timeout begins anew with each byte
and with each of its retries, and is not looked at while headers or comments drip in.
"""

from __future__ import annotations

import contextvars
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from .._session.commands import END
from .._session.event_reader import AbandonedError
from .interrupt import RELEASE_SECONDS, end_reads, interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

_READ_AHEAD: Final = 64
"""Events that the thread may read before they are asked for."""


class Failure:
    """An item for an error that the SDK raised."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Keeper:
    """The thread that holds one response.

    It opens the response, reads events from it, and releases it. Its items are first that the
    response is open, then the events, then `END`; a failure is the last one.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[Iterator[Any]]],
        close: Callable[[AbstractContextManager[Any]], None],
    ) -> None:
        self._connect = connect
        self._close = close
        self._items: SimpleQueue[Any] = SimpleQueue()
        # No semaphore: a finalizer may release this amid the thread's own wait (SimpleQueue's `put`
        # is made for that, as Python's documentation says).
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_READ_AHEAD):
            self._room.put(None)
        self._is_released = False
        self._is_late = False  # a reader has waited for as long as it may
        self._events: Any = None
        run = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=run, args=(self._run,), name="partwise-keeper", daemon=True
        )

    def start(self) -> None:
        """Open the response, unless it is released already."""
        self._thread.start()

    def next_item(self, seconds: float | None) -> Any:
        """The next item.

        Raises:
            queue.Empty: there was none in this time.
        """
        try:
            item = self._items.get(timeout=seconds)
        except Empty:
            self._is_late = True
            raise
        self._room.put(None)
        return item

    def release(self) -> None:
        """Let the thread release the response, and end the read that it is in.

        It is waited for briefly, but not by a reader whose time is over: on a busy machine each
        change to another thread and back may take a tenth of a second.
        """
        if self._is_released:
            return
        self._is_released = True
        self._items.put(Failure(AbandonedError()))  # for a reader on another thread
        self._room.put(None)
        if self._thread is not threading.current_thread():
            end_reads(self._interrupt, self._has_ended, waits=not self._is_late)

    def _interrupt(self) -> None:
        interrupt(self._events, self._thread.ident, self._thread.is_alive)

    def _has_ended(self, seconds: float) -> bool:
        with suppress(RuntimeError):  # it has not begun, and will send nothing
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            context = self._connect()
            if self._is_released:  # the SDK took too long to load: nothing is sent any more
                return
            self._events = context.__enter__()
        except BaseException as error:  # noqa: BLE001 - it is the reader's
            self._items.put(Failure(error))
            return
        try:
            self._items.put(None)
            self._read(iter(self._events))
        finally:
            self._events = None
            self._close(context)

    def _read(self, events: Iterator[Any]) -> None:
        item: Any = None
        while item is not END:
            self._room.get()
            if self._is_released:
                return
            try:
                item = next(events, END)
            except BaseException as error:  # noqa: BLE001 - it is the reader's
                self._items.put(Failure(error))
                return
            self._items.put(item)


__all__ = ["RELEASE_SECONDS", "Empty", "Failure", "Keeper"]
