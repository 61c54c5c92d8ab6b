"""A worker that writes its answer slowly and never ends: python half_worker.py REDIS ANSWER."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from redis.asyncio import Redis

import partwise
from partwise_web.log import write
from partwise_web.log.redis import RedisLog


async def slowly() -> AsyncIterator[str]:
    yield "["
    for number in range(1_000_000):
        yield f"{number},"
        await asyncio.sleep(0.001)


async def main(url: str, answer: str) -> None:
    async with Redis.from_url(url) as redis:
        log = RedisLog(redis, heartbeat=1.0)
        await write(partwise.aparse(list[int], slowly()), log, answer, every=0.005)


asyncio.run(main(*sys.argv[1:]))
