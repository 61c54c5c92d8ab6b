"""One after the other, and many threads with one client: what a long life leaves behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import partwise

from ..bench.memory import resident
from ..faults.stand import threads
from ..faults.vendors import VENDORS
from .notes import Note, belongs, question, written

STREAMS = 100_000
THREADS = 50
EACH = 100
LOOKS = 20
"""How often memory and descriptors are looked at."""


@contextmanager
def clients(url: str) -> Iterator[list[Any]]:
    """A client of each vendor."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                partwise.from_provider(vendor.model, mode=vendor.mode, base_url=url, api_key="none")
            )
            for vendor in VENDORS
        ]


def sequence(url: str) -> Iterator[tuple[int, int, int]]:
    """Streams read, bytes held and descriptors open, at each look."""
    with clients(url) as made:
        for number in range(STREAMS + 1):
            if number % (STREAMS // LOOKS) == 0:
                gc.collect()
                yield number, resident(), descriptors()
            _ask(made[number % len(made)], number)


def shared(url: str) -> tuple[int, int]:
    """How many answers so many threads got by one client of each vendor, and threads left over."""
    before = len(threads())
    with clients(url) as made, ThreadPoolExecutor(THREADS) as pool:
        answered = sum(
            pool.map(lambda number: _ask(made[number % len(made)], number), range(THREADS * EACH))
        )
    return answered, len(threads()) - before


def _ask(client: Any, number: int) -> bool:
    """Read a note to its end, and look at each snapshot."""
    stream = client.create_partial(response_model=Note, messages=question(number))
    for shown in stream:
        if not belongs(shown, number):
            raise AssertionError(f"{shown!r} came for {number}")
    if stream.result() != Note.model_validate_json(written(number, parts=1)):
        raise AssertionError(f"{stream.result()!r} came for {number}")
    return True


def descriptors() -> int:
    """How many files and sockets the process has open."""
    return len(list(Path("/dev/fd").iterdir()))
