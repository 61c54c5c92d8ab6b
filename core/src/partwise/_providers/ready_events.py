"""Events that have all arrived, for an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")


class ReadyEvents(AsyncIterator[T]):
    """Iterates over events that are there already, such as those of an answer in one document.

    An asynchronous generator would do, and would have to be closed by whoever leaves it early.
    """

    def __init__(self, events: Iterable[T]) -> None:
        self._events = iter(events)

    async def __anext__(self) -> T:
        for event in self._events:
            return event
        raise StopAsyncIteration
