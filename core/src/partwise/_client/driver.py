"""The I/O of a session on a thread. `AsyncDriver` is its twin.

One driver serves one stream, and holds at most one response of the vendor's.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .._session.commands import END, Close, Command, Open, Pause
from .interrupt import interrupt
from .keeper import Empty, Failure, Keeper

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from .._session.call import Call
    from .._session.deadline import Deadline
    from .._session.session import Session

log = logging.getLogger("partwise")

_TRIES: Final = 10
_TRY_SECONDS: Final = 0.002


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
        self._thread: int | None = None  # the one that reads
        self._is_opening = False
        self._is_closed = threading.Event()
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
        if self._deadline.next_timeout is not None:
            self._keeper = Keeper(connect, _close)
            _next_item(self._keeper, self._deadline, self._call, opening=True)
            self.events = _kept_events(self._keeper, self._deadline, self._call)
            return
        self._thread, self._is_opening = threading.get_ident(), True
        try:
            with translating(self._call, opening=True):
                context = connect()
                events = context.__enter__()
        finally:
            self._is_opening = False
        self._context, self._source = context, events
        self.events = _translated(events, self._call)

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
        if self._is_opening and self._thread != threading.get_ident():
            interrupt(None, self._thread)  # that thread sees its connection fail
            return
        try:
            self.events.close()
        except ValueError:  # an event is being read: it is the last one
            is_elsewhere = self._thread != threading.get_ident()
            if is_elsewhere and self._interrupt():
                return  # that thread releases the response
        context, self._context, self._source = self._context, None, None
        if context is not None:
            _close(context)

    def _interrupt(self) -> bool:
        """End another thread's read, which may be just about to begin. Whether that was done."""
        for _ in range(_TRIES):
            if interrupt(self._source, self._thread):
                return True
            try:
                self.events.close()
            except ValueError:
                time.sleep(_TRY_SECONDS)
            else:
                return False
        return False


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
