"""Streams of an SDK that knows no asyncio, read by a thread on behalf of the event loop."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

_END: Final = object()
"""Stands for the event after the last."""

log = logging.getLogger("partwise")


class ClosableStream(Protocol):
    """An SDK's stream: its events, and a way to close it."""

    def __iter__(self) -> Iterator[object]: ...

    def close(self) -> object: ...


StreamT = TypeVar("StreamT", bound=ClosableStream)


@asynccontextmanager
async def open_in_thread(
    connect: Callable[[], StreamT], interrupt: Callable[[StreamT], object] | None = None
) -> AsyncIterator[AsyncIterator[object]]:
    """The context manager of `aopen`, made of an SDK's blocking calls in a thread.

    Each stream has a thread of its own, so those that wait for their vendors take none from each
    other. When the context is left, or its task is cancelled, the stream is closed by its thread:
    at once if it is not reading, or if `interrupt` can end its read; otherwise after that read.
    If `connect` is still waiting then, it is closed as soon as it opens.

    Args:
        connect: sends the request and returns the SDK's stream.
        interrupt: ends the read that the thread is in. It is called in the event loop's thread,
            so it must not wait for anything; and that read may just have come to its end.
    """
    # asyncio takes a while to import, and a plugin that only blocks has no need of it.
    import asyncio  # noqa: PLC0415
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    thread = ThreadPoolExecutor(1, "partwise")
    opening = thread.submit(connect)
    events: _Events | None = None
    try:
        stream = await asyncio.wrap_future(opening)
        events = _Events(thread, iter(stream))
        yield events
    finally:
        if events is not None and events.leave() and interrupt is not None:
            interrupt(opening.result())
        thread.submit(_close, opening)
        thread.shutdown(wait=False)


class _Events(AsyncIterator[object]):
    """The events of a stream, each read by the thread."""

    def __init__(self, thread: Executor, events: Iterator[object]) -> None:
        self._thread = thread
        self._events = events
        self._left = False
        self._reading: Future[Any] | None = None

    def leave(self) -> bool:
        """Let whoever still reads see the end. Whether the thread is in a read."""
        self._left = True
        return self._reading is not None and not self._reading.done()

    async def __anext__(self) -> object:
        import asyncio  # noqa: PLC0415 - see above

        if self._left:
            raise StopAsyncIteration
        self._reading = self._thread.submit(next, self._events, _END)
        try:
            event = await asyncio.wrap_future(self._reading)
        except Exception:
            if self._left:
                raise StopAsyncIteration from None
            raise
        if event is _END:
            raise StopAsyncIteration
        return event


def _close(opening: Future[Any]) -> None:
    """Close the stream, in the thread that has read it."""
    if opening.cancelled() or opening.exception() is not None:
        return
    try:
        opening.result().close()
    except Exception:
        log.warning("a response could not be closed", exc_info=True)
