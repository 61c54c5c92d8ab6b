"""Clients of an SDK: one for threads, one for each event loop."""

from __future__ import annotations

import asyncio
import gc
import weakref

from partwise.provider import ClientPool


class Client:
    pass


async def gotten(pool: ClientPool[Client, Client]) -> tuple[Client, Client]:
    return pool.get_async(), pool.get_async()


def test_threads_share_one_client_and_each_loop_has_its_own() -> None:
    pool = ClientPool(Client, Client)
    with asyncio.Runner() as runner, asyncio.Runner() as other_runner:
        first, again = runner.run(gotten(pool))
        other, _ = other_runner.run(gotten(pool))

    assert pool.get() is pool.get()
    assert first is again
    assert len({id(pool.get()), id(first), id(other)}) == 3


def test_a_client_is_forgotten_with_its_loop() -> None:
    pool = ClientPool(Client, Client)
    gone = weakref.ref(asyncio.run(gotten(pool))[0])
    gc.collect()

    assert gone() is None


def test_a_popped_client_is_made_anew() -> None:
    pool = ClientPool(Client, Client)
    first = pool.get()

    async def popped() -> tuple[Client | None, Client | None]:
        made = pool.get_async()
        assert pool.pop_async() is made
        return pool.pop_async(), pool.get_async()

    nothing, anew = asyncio.run(popped())
    assert pool.pop() is first
    assert pool.pop() is None
    assert nothing is None
    assert anew is not None
    assert pool.get() is not first


def test_warming_again_makes_no_further_client() -> None:
    made: list[object] = []

    def make_async() -> object:
        made.append(object())
        return made[-1]

    pool = ClientPool(object, make_async)
    pool.warm(is_async=True)
    pool.warm(is_async=True)

    async def get() -> object:
        return pool.get_async()

    assert [asyncio.run(get())] == made
