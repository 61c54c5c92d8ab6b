"""The hands of a session on asyncio's loop: the twin of `Driver`.

A response is held by a task of its own, its keeper, which waits until it is let go of and then
releases it. So the release goes on to its end whoever is cancelled, and can be asked for by those
who can't await. A loop that ends cancels all tasks before it ends generators, the SDK's among
them, which get in each other's way: thus a stream that was left open is released in time, and
quietly.

In a module of its own because it alone needs asyncio, which takes a while to import.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._session.commands import CLOSE, END, Pause
from .driver import log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from contextlib import AbstractAsyncContextManager

    from .._session.commands import Command
    from .._session.session import Session

_keepers: set[asyncio.Task[None]] = set()
"""Those that hold a response: the loop itself holds its tasks only weakly."""


class AsyncDriver:
    """Carries out the commands of a session, and awaits each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._events: AsyncIterator[Any]
        self._hold: _Hold | None = None
        self._timed = session.patience.seconds is not None

    def obey(self, command: Command) -> Awaitable[None]:
        """Carry out a command other than `READ` and `SHOW`."""
        if isinstance(command, Pause):
            return asyncio.sleep(command.seconds)
        return self.close() if command is CLOSE else self._in_time(self._open())

    def read(self) -> Awaitable[Any]:
        """The vendor's next event, or `END`."""
        event = anext(self._events, END)
        return self._in_time(event) if self._timed else event

    async def _in_time(self, work: Awaitable[Any]) -> Any:
        scope = asyncio.timeout(self._session.patience.seconds)
        try:
            async with scope:
                return await work
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise self._session.patience.error() from error

    async def _open(self) -> None:
        context = self._session.provider.aopen(self._session.payload)
        self._events = await context.__aenter__()
        self._hold = _Hold(context)

    async def close(self) -> None:
        """Let go of the response, if one is held. Being cancelled does not stop the release."""
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.left.set()
            await asyncio.shield(hold.keeper)

    def abandon(self) -> None:
        """Let go of the response as soon as the loop turns: for those who can't await."""
        hold, self._hold = self._hold, None
        if hold is not None and not hold.loop.is_closed():
            hold.loop.call_soon_threadsafe(hold.left.set)

    def new_future(self) -> asyncio.Future[None]:
        """Something to wait for on this loop."""
        return asyncio.get_running_loop().create_future()


class _Hold:
    """One response, and its keeper."""

    def __init__(self, context: AbstractAsyncContextManager[Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self.left = asyncio.Event()
        self.keeper = self.loop.create_task(_keep(context, self.left))
        _keepers.add(self.keeper)
        self.keeper.add_done_callback(_keepers.discard)


async def _keep(context: AbstractAsyncContextManager[Any], left: asyncio.Event) -> None:
    # Only a loop that ends cancels a keeper.
    with suppress(asyncio.CancelledError):
        await left.wait()
    try:
        await context.__aexit__(None, None, None)
    except Exception:  # noqa: BLE001 - the answer, or the error, that is under way matters more
        log.warning("a response could not be closed", exc_info=True)
