"""A log in memory, for one process and one event loop."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._errors import AnswerTakenError, UnknownAnswerError, WorkerLostError
from ._contract import is_last

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ._contract import Entry


@dataclass(slots=True)
class _Answer:
    fence: int = 0
    alive: float = 0.0
    entries: list[Entry] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_ended(self) -> bool:
        return bool(self.entries) and is_last(self.entries[-1])

    def notify(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class MemoryLog:
    """Keeps answers in this process.

    Args:
        heartbeat: seconds of silence after which a worker counts as lost.
        expires: seconds after its worker's last sign of life for which an answer is kept.
    """

    def __init__(self, *, heartbeat: float = 5.0, expires: float = 3600.0) -> None:
        self.heartbeat = heartbeat
        self._expires = expires
        self._answers: dict[str, _Answer] = {}
        self._begun = asyncio.Event()

    async def open(self, answer: str) -> int:
        """Let a worker write this answer: its fence."""
        self._forget_expired()
        kept = self._answers.setdefault(answer, _Answer())
        if kept.has_ended or (kept.fence and not self._is_lost(kept)):
            raise AnswerTakenError(f"answer {answer!r} is written by another worker, or has ended")
        kept.fence += 1
        kept.alive = time.monotonic()
        begun, self._begun = self._begun, asyncio.Event()
        begun.set()
        return kept.fence

    async def append(self, answer: str, fence: int, entry: Entry) -> None:
        """Add an entry."""
        kept = self._writable(answer, fence)
        kept.entries.append(entry)
        kept.notify()

    async def beat(self, answer: str, fence: int) -> None:
        """Give a sign of life."""
        self._writable(answer, fence)

    async def finish(self, answer: str, fence: int, entry: Entry) -> None:
        """Add the last entry."""
        await self.append(answer, fence, entry)

    async def read(self, answer: str) -> AsyncIterator[Entry]:
        """All entries, as they come."""
        kept = await self._find(answer)
        index = 0
        while True:
            while index < len(kept.entries):
                entry = kept.entries[index]
                index += 1
                yield entry
                if is_last(entry):
                    return
            await self._wait(kept, answer)

    async def _find(self, answer: str) -> _Answer:
        self._forget_expired()
        deadline = time.monotonic() + self.heartbeat
        while answer not in self._answers:
            begun = self._begun
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await begun.wait()
            except TimeoutError:
                raise UnknownAnswerError(answer) from None
        return self._answers[answer]

    async def _wait(self, kept: _Answer, answer: str) -> None:
        """Wait for a change, or for the worker to be lost."""
        changed = kept.changed
        while not changed.is_set():
            rest = kept.alive + self.heartbeat - time.monotonic()
            if rest <= 0:
                raise WorkerLostError(answer)
            try:
                async with asyncio.timeout(rest):
                    await changed.wait()
            except TimeoutError:
                continue

    def _writable(self, answer: str, fence: int) -> _Answer:
        kept = self._answers.get(answer)
        if kept is None or kept.fence != fence or kept.has_ended:
            raise AnswerTakenError(f"another worker has taken over answer {answer!r}")
        kept.alive = time.monotonic()
        return kept

    def _is_lost(self, kept: _Answer) -> bool:
        return time.monotonic() - kept.alive >= self.heartbeat

    def _forget_expired(self) -> None:
        oldest = time.monotonic() - self._expires
        for name in [name for name, kept in self._answers.items() if kept.alive < oldest]:
            del self._answers[name]
