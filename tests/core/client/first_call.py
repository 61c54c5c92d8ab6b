"""The first asynchronous call of a process, and how long it stalls the event loop.

    python -m tests.core.client.first_call MODEL URL

Printed is the longest stall, in seconds of this process's CPU time: a thread that holds the
interpreter's lock uses it up, and other processes on the machine do not.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress

from pydantic import BaseModel

import partwise


class User(BaseModel):
    name: str
    age: int


async def main(model: str, url: str) -> float:
    """Ask for one answer."""
    stalls: list[float] = []

    async def watch() -> None:
        before = time.process_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.process_time()
            stalls.append(now - before)
            before = now

    async with partwise.from_provider(
        model, api_key="k", base_url=url, async_client=True
    ) as client:
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0.02)
        stalls.clear()
        user = await client.create(User, [{"role": "user", "content": "Who?"}])
        await asyncio.sleep(0.01)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    assert user == User(name="Ada", age=36)
    return max(stalls)


if __name__ == "__main__":
    print(asyncio.run(main(*sys.argv[1:])))  # noqa: T201
