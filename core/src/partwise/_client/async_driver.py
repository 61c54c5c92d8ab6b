"""The I/O of a session in asyncio: the twin of `Driver`.

A response is held by a task of its own, its keeper, which opens it, reads the next event when it
is asked for one, and releases it. So a reader that is cancelled takes nothing from the others: the
read goes on, and the next reader gets its event. The release goes on to its end whoever is
cancelled, and can be asked for without awaiting it. A loop that ends cancels all tasks before it
ends generators, the SDK's among them, which get in each other's way: thus a stream that was left
open is released in time, and quietly.

In a module of its own because it alone needs asyncio, which takes a while to import.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from .._errors import ConfigurationError
from .._session.commands import END, Close, Command, Open, Pause
from .._session.event_reader import AbandonedError
from .driver import log, translating
from .keeper import RELEASE_SECONDS
from .warm import warm_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from .._session.call import Call
    from .._session.session import Session

_NONE: Final = object()
"""No item yet."""

_keepers: Final[set[asyncio.Task[None]]] = set()
"""The tasks that hold a response: the loop itself holds its tasks only weakly."""


class AsyncDriver:
    """Carries out the commands of a session, and awaits each."""

    def __init__(self, session: Session) -> None:
        self._call = session.call
        self._deadline = session.deadline
        self._keeper: _Keeper | None = None
        self._sleep: asyncio.Task[None] | None = None  # the pause before the next attempt

    async def execute(self, command: Command) -> None:
        """Carry out a command that is about the connection, or a pause."""
        match command:
            case Open():
                await self._open(command)
            case Pause():
                await self._pause(command.seconds)
            case Close():
                await self.close()

    async def _pause(self, seconds: float) -> None:
        self._sleep = sleep = asyncio.ensure_future(asyncio.sleep(seconds))
        try:
            await asyncio.wait([sleep])
        finally:
            sleep.cancel()
            self._sleep = None

    def _end_pause(self) -> None:
        if self._sleep is not None:
            self._sleep.cancel()

    async def _open(self, command: Open) -> None:
        if self._keeper is None:  # else a reader that was cancelled has begun it
            self._keeper = _Keeper(_running_loop(), self._call, command.payload)
        await self._next_item(self._keeper)

    async def next_event(self) -> Any:
        """The vendor's next event; `END` after the last."""
        return END if self._keeper is None else await self._next_item(self._keeper)

    async def _next_item(self, keeper: _Keeper) -> Any:
        if (seconds := self._deadline.next_timeout) is None:
            return await keeper.next_item()
        scope = asyncio.timeout(seconds)
        try:
            async with scope:
                return await keeper.next_item()
        except TimeoutError as error:
            if not scope.expired():
                raise
            keeper.is_late = True
            raise self._deadline.error() from error

    async def close(self) -> None:
        """Release the response, if one is held, and end a pause.

        Being cancelled does not stop the release. A reader whose time is over waits for it briefly.
        """
        self._end_pause()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.release()
            await asyncio.wait([keeper.task], timeout=RELEASE_SECONDS if keeper.is_late else None)

    def new_future(self) -> asyncio.Future[None]:
        """Something to wait for on this loop."""
        return _running_loop().create_future()

    async def yield_turn(self) -> None:
        """Let the other tasks of the loop run."""
        await asyncio.sleep(0)

    def abandon(self) -> None:
        """Release the response as soon as the loop turns, without waiting for it."""
        self._end_pause()
        keeper, self._keeper = self._keeper, None
        if keeper is not None and not keeper.loop.is_closed():
            keeper.loop.call_soon_threadsafe(keeper.release)


class _Keeper:
    """The task that holds one response.

    It makes one item after the other, each when it is asked for: first that the response is open,
    then the events, then `END`. An error takes the place of an item, and is the last one.

    Attributes:
        is_late: whether a reader has waited for as long as it may.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, call: Call, payload: Mapping[str, Any]
    ) -> None:
        self.loop = loop
        self.is_late = False
        self._call = call
        self._item: Any = _NONE
        self._error: BaseException | None = None
        self._reader: asyncio.Future[None] | None = None  # waits for an item
        self._demand: asyncio.Future[None] | None = None  # the keeper waits for a reader
        self._is_released = False
        self._is_releasing = False
        self.task = self.loop.create_task(self._run(payload))
        _keepers.add(self.task)
        self.task.add_done_callback(_keepers.discard)

    async def next_item(self) -> Any:
        """The next item, or the one that a cancelled reader has waited for."""
        while self._item is _NONE and self._error is None:
            self._ask()
            self._reader = self.loop.create_future()
            await self._reader
        if (error := self._error) is not None:
            try:
                raise error
            finally:
                self._error = error = None  # its frames hold this object
        item, self._item = self._item, _NONE
        return item

    def release(self) -> None:
        """Let the task release the response, whatever it waits for."""
        if not self._is_released:
            self._is_released = True
            self._error = AbandonedError()
            self._deliver()
            if not self._is_releasing:  # else it would be cancelled in that
                self.task.cancel()

    def _fail(self, error: BaseException) -> None:
        """Raise this to the reader, unless it knows that the stream was closed."""
        self._error = self._error or error
        self._deliver()

    def _ask(self) -> None:
        if self._demand is not None and not self._demand.done():
            self._demand.set_result(None)

    def _deliver(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _run(self, payload: Mapping[str, Any]) -> None:
        try:
            await warm_in_thread(self._call.provider)
            with translating(self._call, opening=True):
                context = self._call.provider.aopen(payload)
                events = await context.__aenter__()
        except asyncio.CancelledError as error:
            self._fail(error)
            return
        except Exception as error:  # noqa: BLE001 - it is the reader's
            self._fail(error)
            return
        try:
            await self._serve(events)
        except asyncio.CancelledError as error:  # released, the loop ends, or the SDK did it
            self._fail(error)
        finally:
            self._is_releasing = True
            try:
                await context.__aexit__(None, None, None)
            except Exception:  # noqa: BLE001 - the answer or its error matters more
                log.warning("a response could not be closed", exc_info=True)

    async def _serve(self, events: AsyncIterator[Any]) -> None:
        self._item = None
        while True:
            self._deliver()
            self._demand = self.loop.create_future()
            await self._demand
            try:
                with translating(self._call):
                    self._item = await anext(events, END)
            except Exception as error:  # noqa: BLE001 - it is the reader's
                self._error = error


def _running_loop() -> asyncio.AbstractEventLoop:
    """The event loop.

    Raises:
        ConfigurationError: there is none of asyncio's.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        message = "asynchronous streams run on asyncio; on trio, read a sync stream in a thread"
        raise ConfigurationError(message) from None
