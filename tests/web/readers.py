"""1,000 readers of 50 answers at once: python -m tests.web.readers REDIS.

Each answer is written by a worker at a model's pace; each reader rebuilds it. Told are lost
characters (there must be none), the latency from an entry's writing to each reader's having it,
the processor's time, which other programs on the machine don't change, and the log's bytes against
the text's.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel
from redis.asyncio import Redis

import partwise
from partwise_web.log import follow, write
from partwise_web.log.redis import RedisLog

ANSWERS, READERS = 50, 1000


class Line(BaseModel):
    sent: float
    words: str


class Story(BaseModel):
    title: str
    lines: list[Line]


async def story(lines: int, pace: float) -> AsyncIterator[str]:
    """A story whose lines bear the time at which they were written."""
    yield '{"title":"A story","lines":['
    for number in range(lines):
        await asyncio.sleep(pace)
        comma = "," if number else ""
        yield f'{comma}{{"sent":{time.time()},"words":"line {number} of the story, as it is told"}}'
    yield "]}"


async def reader(log: RedisLog, answer: str, delays: list[float]) -> str:
    """Read an answer, and note how late each line is."""
    stream = follow(log, answer, Story, wait=30)
    seen = 0
    async for snapshot in stream:
        lines = snapshot.lines or []
        now = time.time()
        delays += [now - line.sent for line in lines[seen:] if line.sent]
        seen = sum(1 for line in lines if line.sent)
    return stream.text


async def main(url: str, lines: int = 20, pace: float = 1.0) -> dict[str, Any]:
    """Measure."""
    run = uuid.uuid4().hex
    names = [f"{run}-{number}" for number in range(ANSWERS)]
    delays: list[float] = []
    worked = time.process_time()
    async with Redis.from_url(url, max_connections=400) as redis:
        log = RedisLog(redis, heartbeat=60.0)
        reading = [
            asyncio.create_task(reader(log, names[number % ANSWERS], delays))
            for number in range(READERS)
        ]
        streams = [partwise.aparse(Story, story(lines, pace)) for _ in names]
        await asyncio.gather(*map(write, streams, [log] * ANSWERS, names))
        texts = await asyncio.gather(*reading)
        lost = sum(text != streams[n % ANSWERS].text for n, text in enumerate(texts))
        bytes_in_log = [await redis.memory_usage(log._keys(name)[0]) for name in names]
        entries = [e async for e in log.read(names[0])]
    worked = time.process_time() - worked
    chars = sum(len(stream.text) for stream in streams)
    delays.sort()
    return {
        "readers": READERS,
        "readers that lost something": lost,
        "CPU s in all": round(worked, 2),
        "CPU us a line and reader": round(worked / READERS / lines * 1e6),
        "latency p50 ms": round(statistics.median(delays) * 1000, 1),
        "latency p99 ms": round(delays[int(len(delays) * 0.99)] * 1000, 1),
        "bytes in the log a character": round(sum(b or 0 for b in bytes_in_log) / chars, 2),
        "bytes of entries a character": round(
            sum(len(json.dumps(e)) for e in entries) / len(streams[0].text), 2
        ),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1])), indent=2))  # noqa: T201
