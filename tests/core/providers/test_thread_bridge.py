"""Streams that block, read through a thread."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Iterator
from logging.handlers import QueueHandler
from typing import Any

import pytest

from partwise.provider import open_in_thread

SOON = 5.0
"""Seconds after which a test gives up."""


class Stream:
    """Blocks until there is an event. An exception in place of one is raised; None is the end."""

    def __init__(self, *events: Any) -> None:
        self.waits = threading.Event()
        self.closed = threading.Event()
        self.threads: set[int] = set()
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for event in events:
            self.put(event)

    def put(self, event: Any) -> None:
        self._events.put(event)

    def interrupt(self) -> None:
        self.put(ConnectionError("interrupted"))

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed.set()

    def _next(self) -> Any:
        if self._events.empty():
            self.waits.set()
        return self._events.get()

    def __iter__(self) -> Iterator[Any]:
        while (event := self._next()) is not None:
            self.threads.add(threading.get_ident())
            if isinstance(event, Exception):
                raise event
            yield event


def opened(stream: Stream) -> Any:
    return open_in_thread(lambda: stream, Stream.interrupt)


async def closed(stream: Stream) -> None:
    assert await asyncio.to_thread(stream.closed.wait, SOON)


async def test_events_come_in_order_and_by_one_thread() -> None:
    stream = Stream("a", "b", None)
    async with opened(stream) as events:
        assert [event async for event in events] == ["a", "b"]

    await closed(stream)
    assert len(stream.threads) == 1
    assert threading.get_ident() not in stream.threads


async def test_what_connecting_raises_is_raised() -> None:
    def connect() -> Stream:
        raise ConnectionError("refused")

    with pytest.raises(ConnectionError, match="refused"):
        async with open_in_thread(connect):
            pass


async def test_what_reading_raises_is_raised() -> None:
    stream = Stream("a", ConnectionError("reset"))
    async with opened(stream) as events:
        assert await anext(events) == "a"
        with pytest.raises(ConnectionError, match="reset"):
            await anext(events)

    await closed(stream)


async def test_leaving_early_closes_it() -> None:
    stream = Stream("a")
    async with opened(stream) as events:
        assert await anext(events) == "a"

    await closed(stream)
    assert [event async for event in events] == []


async def reading(stream: Stream, context: Any) -> tuple[asyncio.Task[None], asyncio.Event]:
    """A task that reads the stream, and waits in it for its second event."""
    begun = asyncio.Event()

    async def read() -> None:
        async with context as events:
            async for _ in events:
                begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    assert await asyncio.to_thread(stream.waits.wait, SOON)
    return task, begun


async def test_cancelling_ends_the_read_and_closes_it() -> None:
    stream = Stream("a")
    task, _ = await reading(stream, opened(stream))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await closed(stream)


async def test_without_an_interrupt_it_is_closed_after_the_read() -> None:
    stream = Stream("a")
    task, _ = await reading(stream, open_in_thread(lambda: stream))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not stream.closed.is_set()
    stream.put("b")

    await closed(stream)


async def test_cancelling_before_it_opens_closes_it_once_it_does() -> None:
    stream, begun, may_open = Stream(), threading.Event(), threading.Event()

    def connect() -> Stream:
        begun.set()
        may_open.wait(SOON)
        return stream

    async def read() -> None:
        async with open_in_thread(connect, Stream.interrupt):
            pass

    task = asyncio.create_task(read())
    assert await asyncio.to_thread(begun.wait, SOON)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not stream.closed.is_set()
    may_open.set()

    await closed(stream)


async def test_another_task_that_reads_sees_the_end() -> None:
    stream = Stream()
    context = opened(stream)
    events = await context.__aenter__()
    reader = asyncio.create_task(anext(events, "the end"))
    await asyncio.sleep(0)
    await context.__aexit__(None, None, None)

    assert await reader == "the end"
    await closed(stream)


async def test_streams_that_wait_do_not_wait_for_each_other() -> None:
    streams = [Stream() for _ in range(40)]  # more than asyncio's own threads
    seen: list[int] = []

    async def read(number: int) -> None:
        async with opened(streams[number]) as events:
            seen.append(await anext(events))

    tasks = [asyncio.create_task(read(number)) for number in range(len(streams))]
    for number in reversed(range(len(streams))):
        streams[number].put(number)
        await tasks[number]
    assert seen == [*reversed(range(len(streams)))]


async def test_a_stream_that_can_not_be_closed_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, told = Stream(None), queue.SimpleQueue[logging.LogRecord]()
    monkeypatch.setattr(stream, "close", lambda: 1 / 0)
    handler = QueueHandler(told)
    logging.getLogger("partwise").addHandler(handler)
    try:
        async with opened(stream) as events:
            assert [event async for event in events] == []
        record = await asyncio.to_thread(told.get, timeout=SOON)
    finally:
        logging.getLogger("partwise").removeHandler(handler)
    assert "could not be closed" in record.getMessage()
