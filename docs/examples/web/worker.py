"""Asks for one answer and writes it to the log in Redis: a process of its own.

python docs/examples/web/worker.py REDIS ANSWER MODEL [ADDRESS]
"""

from __future__ import annotations

import asyncio
import sys

from answering import ask
from redis.asyncio import Redis

from partwise_web.log import write
from partwise_web.log.redis import RedisLog


async def main(url: str, answer: str, model: str, address: str | None = None) -> None:
    """Ask, and log."""
    async with Redis.from_url(url) as redis:
        await write(ask(model, address), RedisLog(redis, heartbeat=2.0), answer)


asyncio.run(main(*sys.argv[1:]))
