"""An asynchronous stream of the SDK's whose connection can be released before its end.

The SDK's generators are nested and do not close each other: closing the outermost one leaves the
connection open until a garbage collection. But a read that is cancelled ends all of them, and the
innermost one then closes the response. So a stream is closed by cancelling a read; where none is
under way, one is begun for that.

An error that one of them raises ends those around it, and leaves those inside of it as they stand.
They are found in the error's traceback, and ended in the same way.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from typing import Any, Self


class Events:
    """The events of one stream. `aclose` may be called by any task of the loop, at any time.

    Raises:
        TimeoutError: an event took longer than `limit` seconds; None leaves that to the SDK.
    """

    def __init__(self, stream: AsyncIterator[Any], limit: float | None = None) -> None:
        self._stream = stream
        self._limit = limit
        # The task that waits for an event, and what whoever closes the stream under it waits for.
        self._reader: asyncio.Task[Any] | None = None
        self._left: asyncio.Future[None] | None = None
        # Whether the SDK's generators stand still, with the connection in their hands.
        self._holding = False
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._closed:
            raise StopAsyncIteration
        self._reader = reader = asyncio.current_task()
        others = reader.cancelling() if reader else 0
        self._holding = False
        try:
            event = await self._read()
        except asyncio.CancelledError:
            if self._left is None or reader is None or reader.uncancel() > others:
                raise
            raise StopAsyncIteration from None
        finally:
            self._reader = None
            if self._left is not None:
                self._left.set_result(None)
        self._holding = True
        return event

    async def _read(self) -> Any:
        try:
            if self._limit is None:
                return await anext(self._stream)
            async with asyncio.timeout(self._limit):
                return await anext(self._stream)
        except Exception as error:
            await _end_all(_left_by(error))
            raise

    async def aclose(self) -> None:
        """Release the connection. Whoever is waiting for an event sees the stream end."""
        self._closed = True
        if self._reader is not None and self._left is None:
            self._left = asyncio.get_running_loop().create_future()
            self._reader.cancel()
        if self._left is not None:
            await asyncio.shield(self._left)
        if self._holding:
            # This goes on to its end even if the task that waits for it is cancelled.
            await asyncio.shield(asyncio.ensure_future(_end(self._stream)))


async def _end(stream: AsyncIterator[Any]) -> None:
    """Cancel a read of this stream, so that it and those inside of it end."""
    try:
        # What was received already is read without waiting, so one read may not do.
        while await _interrupted(stream):
            pass
    except Exception as error:  # noqa: BLE001 - nobody reads on, so nobody is to hear of it
        await _end_all(_left_by(error))


async def _interrupted(stream: AsyncIterator[Any]) -> Any:
    """The event that a read gives which is cancelled if it waits; None if the stream has ended."""
    read = asyncio.ensure_future(_next(stream))
    # One that has not begun would be cancelled before it reached the SDK.
    await asyncio.sleep(0)
    read.cancel()
    await asyncio.wait([read])
    return None if read.cancelled() else read.result()


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, None)


async def _end_all(streams: list[AsyncIterator[Any]]) -> None:
    for stream in streams:
        await _end(stream)


def _left_by(error: Exception) -> list[AsyncIterator[Any]]:
    """What the SDK was reading from when it raised this error, from the inside out."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [
        value
        for frame in reversed(frames)
        if frame.f_globals.get("__name__", "").startswith("google.genai")
        for value in frame.f_locals.values()
        if isinstance(value, AsyncIterator)
    ]
