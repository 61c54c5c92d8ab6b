"""Many streams at once in one process: how long a chunk takes to its snapshot.

Each chunk carries the time at which it was sent, by the clock that both processes share. What is
counted begins when the last stream has begun: the storm of connecting is another matter.
"""

from __future__ import annotations

import asyncio
from statistics import median, quantiles
from time import monotonic_ns, process_time
from typing import Any

from pydantic import BaseModel

import partwise

from .memory import resident
from .replier import CHUNKS_PER_SECOND, PACED
from .serving import replier

_CONNECTING_SECONDS = 0.008
"""Between one stream's request and the next."""


class Times(BaseModel):
    """When each chunk was sent, in nanoseconds."""

    sent: list[int]


def measure(*, quick: bool) -> dict[str, Any]:
    """Delays in seconds, CPU and memory of so many streams."""
    streams, seconds = (200, 6.0) if quick else (1_000, 30.0)
    with replier("tests.bench.replier", "0") as url:
        return asyncio.run(_run(url, streams, seconds))


async def _run(url: str, streams: int, seconds: float) -> dict[str, Any]:
    connecting = streams * _CONNECTING_SECONDS
    client = partwise.from_provider(
        f"openai/{PACED}{seconds + 2 * connecting:.0f}",
        async_client=True,
        api_key="none",
        base_url=f"{url}/v1",
    )
    delays: list[float] = []
    before = resident()
    window = _Window()

    async def read(number: int) -> None:
        await asyncio.sleep(number * _CONNECTING_SECONDS)
        stream = client.create_partial(
            response_model=Times, messages=[{"role": "user", "content": "When?"}]
        )
        async with stream:
            async for shown in stream:
                now = monotonic_ns()
                if window.ended:
                    return
                # What stands last is a time, or the 0 with which the list begins and ends.
                if window.begun and shown.sent and shown.sent[-1]:
                    delays.append((now - shown.sent[-1]) / 1e9)

    tasks = [asyncio.create_task(read(number)) for number in range(streams)]
    await asyncio.sleep(connecting + 2)
    window.begun = True
    start = process_time()
    await asyncio.sleep(seconds)
    window.ended = True
    spent = process_time() - start
    held = resident()
    await asyncio.gather(*tasks)
    middle = median(delays)
    last = quantiles(delays, n=100)[98]
    return {
        "streams": streams,
        "seconds": seconds,
        "chunks": len(delays),
        "expected": int(streams * seconds * CHUNKS_PER_SECOND),
        "median": middle,
        "p99": last,
        "worst": max(delays),
        "ratio": last / middle,
        "busy": spent / seconds,
        "bytes_a_stream": (held - before) / streams,
    }


class _Window:
    """When delays are counted."""

    begun = False
    ended = False
