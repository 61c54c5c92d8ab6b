"""A worker that writes an answer to Redis, and whose vendor stops half-way."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from pydantic import BaseModel
from redis.asyncio import Redis

import partwise
from partwise_web.log import write
from partwise_web.log.redis import RedisLog


class Person(BaseModel):
    name: str
    role: str = "guest"


class Team(BaseModel):
    title: str
    people: list[Person]


async def half() -> AsyncIterator[str]:
    for character in '{"title":"The analysts","people":[{"na':
        yield character
    await asyncio.Event().wait()


async def main(url: str, answer: str) -> None:
    async with Redis.from_url(url) as redis:
        await write(partwise.aparse(Team, half()), RedisLog(redis, heartbeat=1.0), answer)


asyncio.run(main(*sys.argv[1:]))
