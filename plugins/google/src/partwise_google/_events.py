"""An asynchronous stream of the SDK's whose connection can be released before its end.

The SDK's generators are nested and do not close each other: closing the outermost one leaves the
connection open until a garbage collection. But a read that is cancelled ends all of them, and the
innermost one then closes the response. So a stream is closed by cancelling a read; where none is
under way, one is begun for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self


class Events:
    """The events of one stream. `aclose` may be called by any task of the loop, at any time."""

    def __init__(self, stream: AsyncIterator[Any]) -> None:
        self._stream = stream
        # A task of its own, so that it can be cancelled without cancelling who waits for it.
        self._read: asyncio.Task[Any] | None = None
        # Whether the SDK's generators stand still, with the connection in their hands.
        self._holding = False
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._closed:
            raise StopAsyncIteration
        self._read = self._begin_read()
        try:
            event = await self._read
        except asyncio.CancelledError:
            if self._closed:
                raise StopAsyncIteration from None
            raise
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """Release the connection. Whoever is waiting for an event sees the stream end."""
        self._closed = True
        # This goes on to its end even if the task that waits for it is cancelled.
        await asyncio.shield(asyncio.ensure_future(self._release()))

    async def _release(self) -> None:
        if self._read is not None:
            await _interrupt(self._read)
        # What was already received can be read without waiting, so one read may not do.
        while self._holding:
            await _interrupt(self._begin_read())

    def _begin_read(self) -> asyncio.Task[Any]:
        return asyncio.ensure_future(self._next())

    async def _next(self) -> Any:
        self._holding = False
        event = await anext(self._stream, None)
        self._holding = event is not None
        return event


async def _interrupt(read: asyncio.Task[Any]) -> None:
    # One that has not begun would be cancelled before it reached the SDK.
    await asyncio.sleep(0)
    read.cancel()
    await asyncio.gather(read, return_exceptions=True)
