"""A task that reads may be cancelled wherever it waits: each of these places, one after the other.

The pool of each client has one connection, and the next task needs it: one that was not let go of
makes the next fail.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Generator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from partwise_conformance import Exchange, Reply

from .stand import AtRest, Note, Stand, descriptors, eventually, is_alone

if TYPE_CHECKING:
    from .vendors import Vendor

pytestmark = pytest.mark.parametrize("way", ["async"], indirect=True)


class CancelledAt:
    """Awaits a coroutine, and cancels the task at the place where it waits for the n-th time."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], place: int) -> None:
        self._coroutine = coroutine
        self._place = place
        self.reached = False

    def __await__(self) -> Generator[Any, Any, Any]:
        waits = self._coroutine.__await__()
        resume: Any = waits.send
        given: Any = None
        for place in count(1):
            try:
                waited_for = resume(given)
            except StopIteration as end:
                return end.value
            if place == self._place:
                self.reached = True
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                resume, given = waits.send, (yield waited_for)
            except BaseException as error:  # noqa: BLE001 - the coroutine is told of it
                resume, given = waits.throw, error
        raise AssertionError


async def read(stand: Stand, exchange: Exchange) -> Note:
    """Read it so that each delta is sent, and has to be waited for, after the one before."""
    exchange.release(len(stand.vendor.head) + 1)
    async with stand.call() as stream:
        async for snapshot in stream:
            exchange.release_all() if snapshot.tags else exchange.release()
        note: Note = await stream.result()
        return note


async def cancel_at(stand: Stand, place: int) -> bool:
    """Whether the task ever waited so often."""
    stand.server.reset()
    exchange = stand.server.enqueue(Reply(body=stand.vendor.whole(), gated=True))
    awaited = CancelledAt(read(stand, exchange), place)

    async def run() -> Any:
        return await awaited

    task = asyncio.create_task(run())
    await asyncio.wait([task])
    assert task.cancelled() == awaited.reached
    assert await is_alone()
    return awaited.reached


def test_a_task_cancelled_wherever_it_waits(stand: Stand, vendor: Vendor, at_rest: AtRest) -> None:
    places = count(1)
    while stand.runner.run(cancel_at(stand, next(places))):
        pass
    gc.collect()
    assert next(places) > len(vendor.deltas())
    assert at_rest.has_all_threads()
    assert eventually(lambda: descriptors(stand.server) == at_rest.descriptors)


def test_all_the_tasks_of_a_group(stand: Stand, vendor: Vendor, at_rest: AtRest) -> None:
    stand.server.reset()
    exchanges = [stand.server.enqueue(Reply(body=vendor.whole(), gated=True)) for _ in range(3)]

    async def fail_beside() -> None:
        async with asyncio.TaskGroup() as group:
            for exchange in exchanges:
                group.create_task(read(stand, exchange))
            await asyncio.to_thread(eventually, lambda: bool(stand.server.requests))
            raise LookupError

    async def run() -> None:
        with pytest.raises(ExceptionGroup):
            await fail_beside()
        assert await is_alone()

    stand.runner.run(run())
    stand.server.reset()
    stand.server.enqueue(Reply(body=vendor.whole()))
    assert stand.ask().error is None
    assert eventually(lambda: descriptors(stand.server) == at_rest.descriptors)
