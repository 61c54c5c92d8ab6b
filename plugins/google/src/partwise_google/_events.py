"""An asynchronous stream of the SDK's whose connection can be released before its end.

The SDK's generators are nested and not closed by each other: closing the outermost one leaves the
connection open until a garbage collection. But each of them ends well when a read is cancelled,
and the innermost one then closes the response. So a stream is closed by cancelling a read, and
where none is under way, one is begun for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self


class Events:
    """The events of one stream. `aclose` may be called from any task of the loop, at any time."""

    def __init__(self, stream: AsyncIterator[Any]) -> None:
        self._stream = stream
        # A task of its own, so that it can be cancelled without cancelling who waits for it.
        self._read: asyncio.Task[Any] | None = None
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
        """Release the connection, and end whoever is waiting for an event."""
        self._closed = True
        # Goes on to its end even if this task is cancelled meanwhile.
        await asyncio.shield(asyncio.ensure_future(self._release()))

    async def _release(self) -> None:
        # What has been received already can still be read without waiting, so one may not do.
        while self._read is not None and await self._survives_cancelling(self._read):
            self._read = self._begin_read()

    def _begin_read(self) -> asyncio.Task[Any]:
        return asyncio.ensure_future(_next(self._stream))

    async def _survives_cancelling(self, read: asyncio.Task[Any]) -> bool:
        # One that has not begun would be cancelled before it reached the SDK.
        await asyncio.sleep(0)
        read.cancel()
        await asyncio.wait({read})
        return not read.cancelled() and read.exception() is None and read.result() is not None


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, None)
