"""The hands of a session on asyncio's loop: the twin of `Connection`.

In a module of its own because it alone needs asyncio, which takes a while to import.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ._commands import CLOSE, END, READ, Pause
from ._connection import log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from contextlib import AbstractAsyncContextManager

    from ._commands import Command
    from ._session import Session

_releases: set[asyncio.Task[None]] = set()
"""Releases under way: the loop itself holds its tasks only weakly."""


class AsyncConnection:
    """Carries out the commands of a session, and awaits each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._context: AbstractAsyncContextManager[AsyncIterator[Any]] | None = None
        self._events: AsyncIterator[Any]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timed = session.patience is not None

    def obey(self, command: Command) -> Awaitable[Any]:
        """Carry the command out. Gives what came of it."""
        if command is READ and not self._timed:
            return anext(self._events, END)
        if isinstance(command, Pause):
            return asyncio.sleep(command.seconds)
        return self.close() if command is CLOSE else self._obey_in_time(command)

    async def _obey_in_time(self, command: Command) -> Any:
        try:
            async with asyncio.timeout(self._session.patience) as scope:
                return await (anext(self._events, END) if command is READ else self._open())
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise self._session.impatient() from error

    async def _open(self) -> None:
        self._loop = asyncio.get_running_loop()
        context = self._session.provider.aopen(self._session.payload)
        self._events = await context.__aenter__()
        self._context = context

    async def close(self) -> None:
        """Let go of the response, if one is held. Being cancelled does not stop the release."""
        context, self._context = self._context, None
        if context is not None:
            await asyncio.shield(_release(context))

    def abandon(self) -> None:
        """Let go of the response as soon as the loop turns: for those who can't await."""
        if self._context is not None and self._loop is not None and not self._loop.is_closed():
            context, self._context = self._context, None
            self._loop.call_soon_threadsafe(_release, context)

    def new_future(self) -> asyncio.Future[None]:
        """Something to wait for on this loop."""
        return asyncio.get_running_loop().create_future()


def _release(context: AbstractAsyncContextManager[Any]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(_leave(context))
    _releases.add(task)
    task.add_done_callback(_releases.discard)
    return task


async def _leave(context: AbstractAsyncContextManager[Any]) -> None:
    try:
        await context.__aexit__(None, None, None)
    except Exception:  # noqa: BLE001 - the answer, or the error, that is under way matters more
        log.warning("a response could not be closed", exc_info=True)
