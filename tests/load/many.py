"""Many at once: each of 1,000 readers asks for one note after the other, for a minute."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import partwise

from ..bench.memory import resident
from ..faults.vendors import VENDORS
from .notes import Note, belongs, question, written

READERS = 1_000
SECONDS = 60.0
SETTLING = 10.0
"""Seconds after which memory must be flat."""
SLACK = 1.05
"""What memory may vary by after that."""
PARTS = 10
PATIENCE = 120.0
"""Seconds that the SDKs wait, to connect too: what is measured is not how busy the machine is."""
START_SECONDS = 20.0
"""The readers begin over this time, since the storm of connecting is another matter."""


@dataclass
class Tally:
    """What came of it all."""

    answers: int = 0
    retried: int = 0
    snapshots: int = 0
    mixed_up: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, int]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def first(self) -> int:
        """The most memory of the ten seconds after it was to be flat."""
        return max(held for second, held in self.memory if SETTLING <= second < 2 * SETTLING)

    @property
    def most(self) -> int:
        """The most memory after that."""
        return max(held for second, held in self.memory if second >= 2 * SETTLING)


def run(url: str, *, readers: int = READERS, seconds: float = SECONDS) -> Tally:
    return asyncio.run(_run(url, readers, seconds))


async def _run(url: str, count: int, seconds: float) -> Tally:
    tally, numbers = Tally(), itertools.count()
    clients = [
        partwise.from_provider(
            vendor.model,
            async_client=True,
            mode=vendor.mode,
            base_url=url,
            api_key="none",
            timeout=PATIENCE,
        )
        for vendor in VENDORS
    ]
    for client in clients:
        # The SDK is loaded now, and not while others wait.
        await _read(client, next(numbers), tally, resume=False)
    ends = time.monotonic() + START_SECONDS + seconds
    readers = [
        _read_on(clients[reader % len(clients)], reader / count, numbers, tally, ends)
        for reader in range(count)
    ]
    watching = asyncio.create_task(_watch(tally))
    await asyncio.gather(*readers)
    watching.cancel()
    for client in clients:
        await client.close()
    return tally


async def _read_on(
    client: Any, place: float, numbers: itertools.count[int], tally: Tally, ends: float
) -> None:
    """Read one after the other. `place`, from 0 to 1, is where among the readers this one is."""
    await asyncio.sleep(START_SECONDS * place)
    for resume in itertools.cycle((True, False)):
        if time.monotonic() >= ends:
            return
        await _read(client, next(numbers), tally, resume=resume)


async def _read(client: Any, number: int, tally: Tally, *, resume: bool) -> None:
    messages = [*question(number), {"role": "user", "content": "Write it at leisure."}]
    stream = client.create_partial(
        response_model=Note, messages=messages, max_retries=5, resume=resume
    )
    tally.at_once += 1
    tally.most_at_once = max(tally.most_at_once, tally.at_once)
    try:
        async for shown in stream:
            tally.snapshots += 1
            tally.mixed_up += not belongs(shown, number)
        whole = Note.model_validate_json(written(number, parts=PARTS))
        tally.mixed_up += await stream.result() != whole
    except partwise.PartwiseError as error:
        tally.lost[f"{type(error).__name__}: {error}"[:160]] += 1
    else:
        tally.answers += 1
        tally.retried += stream.attempt > 1
    finally:
        tally.at_once -= 1


async def _watch(tally: Tally) -> None:
    """Note the memory each second, once all readers have begun."""
    await asyncio.sleep(START_SECONDS)
    begun = time.monotonic()
    while True:
        # By the clock: on a busy machine a second's sleep is longer.
        tally.memory.append((time.monotonic() - begun, resident()))
        await asyncio.sleep(1)
