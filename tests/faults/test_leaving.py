"""However a stream is left before its end, the server sees the connection go at once.

Through each vendor's real SDK, sync and async. The reply stalls in the middle of the answer, so
that nothing but the client can end it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from partwise_conformance import Exchange, Hold, Reply

from ..timing import PROMPTLY
from .faults import body
from .stand import AtRest, Stand, descriptors, eventually, is_alone

if TYPE_CHECKING:
    from .vendors import Vendor


Leave: TypeAlias = Callable[[Any], Any]
ALeave: TypeAlias = Callable[[Any], Coroutine[Any, Any, None]]


class StopHereError(Exception):
    """What the user's own code raises."""


def by_break(stream: Any) -> None:
    for _ in stream:
        break


def by_exception(stream: Any) -> None:
    with suppress(StopHereError):
        for _ in stream:
            raise StopHereError


def by_close(stream: Any) -> None:
    next(stream)
    stream.close()


def by_context(stream: Any) -> None:
    with stream:
        next(stream)


def by_break_in_a_view(stream: Any) -> None:
    for _ in stream.text_deltas("title"):
        break


def by_interrupt(stream: Any) -> None:
    with suppress(KeyboardInterrupt):
        for _ in stream:
            raise KeyboardInterrupt


def by_dropping(stream: Any) -> None:
    next(stream)
    # It is the last reference but the caller's own.


async def aby_break(stream: Any) -> None:
    async for _ in stream:
        break


async def aby_exception(stream: Any) -> None:
    with suppress(StopHereError):
        async for _ in stream:
            raise StopHereError


async def aby_close(stream: Any) -> None:
    await anext(stream)
    await stream.aclose()


async def aby_context(stream: Any) -> None:
    async with stream:
        await anext(stream)


async def aby_break_in_a_view(stream: Any) -> None:
    async for _ in stream.text_deltas("title"):
        break


async def aby_dropping(stream: Any) -> None:
    await anext(stream)


async def aby_cancelling(stream: Any) -> None:
    await anext(stream)
    task = asyncio.ensure_future(stream.result())
    await asyncio.sleep(0)  # it waits for the next delta now
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def aby_timeout(stream: Any) -> None:
    await anext(stream)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await stream.result()


WAYS = [
    *(by_break, by_exception, by_close, by_context, by_break_in_a_view),
    *(by_interrupt, by_dropping),
]
AWAYS = [
    *(aby_break, aby_exception, aby_close, aby_context, aby_break_in_a_view),
    *(aby_dropping, aby_cancelling, aby_timeout),
]

# Here the stream is still referred to while the connection must go.
HOLDING: list[Any] = [each for each in (*WAYS, *AWAYS) if "dropping" not in each.__name__]


def stalling(stand: Stand, vendor: Vendor) -> Exchange:
    return stand.server.enqueue(body(*vendor.half(), Hold(), *vendor.tail()))


@pytest.mark.parametrize("way", ["sync"], indirect=True)
@pytest.mark.parametrize("leave", WAYS)
def test_leaving(leave: Leave, stand: Stand, vendor: Vendor, at_rest: AtRest) -> None:
    exchange = stalling(stand, vendor)
    stream = stand.call()
    held = stream if leave in HOLDING else None

    leave(stream)
    del stream
    left = time.monotonic()

    assert exchange.wait_disconnected() - left < PROMPTLY
    nothing_is_left(stand, at_rest)
    del held


@pytest.mark.parametrize("way", ["async"], indirect=True)
@pytest.mark.parametrize("leave", AWAYS)
def test_leaving_asynchronously(
    leave: ALeave, stand: Stand, vendor: Vendor, at_rest: AtRest
) -> None:
    exchange = stalling(stand, vendor)

    async def leave_it() -> float:
        stream = stand.call()
        held = stream if leave in HOLDING else None
        await leave(stream)
        del stream
        left = time.monotonic()
        gone = await exchange.await_disconnected()
        del held
        assert await is_alone()
        return gone - left

    assert stand.runner.run(leave_it()) < PROMPTLY
    nothing_is_left(stand, at_rest)


def nothing_is_left(stand: Stand, at_rest: AtRest) -> None:
    """And the one connection that the pool may have is free again."""
    gc.collect()
    assert at_rest.has_all_threads()
    assert eventually(lambda: descriptors(stand.server) == at_rest.descriptors)
    stand.server.enqueue(Reply(body=stand.vendor.whole()))
    assert stand.ask().error is None
