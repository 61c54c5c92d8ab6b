"""The I/O of a session on a thread. `AsyncDriver` is its twin.

One driver serves one stream, and holds at most one response of the vendor's.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from .._session.commands import END, Close, Command, Open, Pause
from .._session.event_reader import AbandonedError
from .interrupt import end_reads, interrupt, thread_in
from .keeper import Empty, Failure, Keeper

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import GeneratorType

    from .._session.call import Call
    from .._session.deadline import Deadline
    from .._session.session import Session

log = logging.getLogger("partwise")


class Driver:
    """Carries out the commands of a session, and waits for each.

    If the call has a time limit, its response is held by a thread of its own, a `Keeper`, and this
    one waits as long as it may. Otherwise this thread reads by itself, which takes less time.

    Attributes:
        events: those of the response that is open, in partwise's terms if they fail.
    """

    def __init__(self, session: Session) -> None:
        self._call = session.call
        self._deadline = session.deadline
        self._context: AbstractContextManager[Iterator[Any]] | None = None
        self._keeper: Keeper | None = None
        self._source: Any = None  # of the events
        self._opener: int | None = None  # the thread that opens a response now
        self._is_closed = threading.Event()
        self._is_released = threading.Event()
        self._releasing = threading.Lock()
        self.events: Generator[Any, None, None] = _no_events()

    def execute(self, command: Command) -> None:
        """Carry out a command that is about the connection, or a pause."""
        match command:
            case Open():
                self._open(command)
            case Pause():
                pause(command.seconds, self._is_closed)
            case Close():
                self._release()

    def _open(self, command: Open) -> None:
        connect = partial(_connected, self._call, command.payload)
        self._is_released.clear()
        if self._deadline.next_timeout is not None:
            self._keeper = keeper = Keeper(connect, _close)
            self._check_open()
            keeper.start()
            _next_item(keeper, self._deadline, self._call, opening=True)
            self.events = _kept_events(keeper, self._deadline, self._call)
            return
        self._opener = threading.get_ident()
        try:
            self._check_open()
            with translating(self._call, opening=True):
                context = connect()
                self._check_open()  # to load the SDK takes a while
                events = context.__enter__()
            self._context, self._source = context, events
            self.events = _translated(events, self._call)
        finally:
            self._opener = None

    def _check_open(self) -> None:
        """Send nothing any more once another thread has closed the stream.

        That one sees the response that is being opened, or this one sees that it is closed.
        """
        if self._is_closed.is_set():
            raise AbandonedError

    def close(self) -> None:
        """Release the response, if one is held, and end a pause. Any thread may do so."""
        self.end_pause()
        self._release()

    def end_pause(self) -> None:
        """The stream was left: nothing is waited for before another attempt."""
        self._is_closed.set()

    def _release(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.release()
        if not self._is_left():
            end_reads(self._is_left, self._is_released.wait)

    def _is_left(self) -> bool:
        """Release the response, or end the read of another thread, which is to release it then.

        Returns:
            Whether it is released.
        """
        here, opener = threading.get_ident(), self._opener
        if opener is not None and opener != here:
            # That thread sees its connection fail.
            interrupt(None, opener, lambda: self._opener == opener)
            return False
        events = cast("GeneratorType[Any, None, None]", self.events)
        try:
            events.close()
        except ValueError:  # an event is being read: it is the last one
            reader = thread_in(events)
            if reader != here:
                if reader is not None:
                    interrupt(self._source, reader, lambda: events.gi_running)
                return False
        with self._releasing:
            context, self._context, self._source = self._context, None, None
        if context is not None:
            _close(context)
        self._is_released.set()
        return True


def _connected(call: Call, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
    # Here, so that a provider without the method fails where its errors are translated.
    return call.provider.open(payload)


def pause(seconds: float, is_closed: threading.Event) -> None:
    """Wait before the next attempt, unless the stream is closed."""
    is_closed.wait(seconds)


def _close(context: AbstractContextManager[Any]) -> None:
    try:
        context.__exit__(None, None, None)
    except Exception:
        log.warning("a response could not be closed", exc_info=True)


def _next_item(keeper: Keeper, deadline: Deadline, call: Call, *, opening: bool = False) -> Any:
    try:
        item = keeper.next_item(deadline.next_timeout)
    except Empty:  # not to be shown to the provider, which might begin to import its SDK
        raise deadline.error() from None
    with translating(call, opening=opening):
        if isinstance(item, Failure):
            raise item.error
    return item


def _kept_events(keeper: Keeper, deadline: Deadline, call: Call) -> Generator[Any, None, None]:
    while (event := _next_item(keeper, deadline, call)) is not END:
        yield event


@contextmanager
def translating(call: Call, *, opening: bool = False) -> Iterator[None]:
    """Raise the SDK's errors in partwise's terms, as far as there are any."""
    try:
        yield
    except Exception as error:
        known = call.translated(error, opening=opening)
        if known is error:
            raise
        raise known from known.__cause__


def _no_events() -> Generator[Any, None, None]:
    yield from ()


def _translated(events: Iterable[Any], call: Call) -> Generator[Any, None, None]:
    # Not `yield from`, which would close the events together with this: they may be the user's.
    with translating(call):
        for event in events:  # noqa: UP028
            yield event
