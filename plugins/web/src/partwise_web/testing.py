"""Proves a store of answers right: `pip install 'partwise-web[testing]'`.

    class TestPostgresLog(LogContract):
        @pytest.fixture
        async def log(self):
            async with connect(...) as pool:
                yield PostgresLog(pool, heartbeat=self.HEARTBEAT)

Each check runs on a log of its own names, on asyncio, by the pytest plugin of anyio.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from ._errors import AnswerTakenError, UnknownAnswerError, WorkerLostError

if TYPE_CHECKING:
    from .log import Entry, Log

__all__ = ["LogContract"]

_DONE: Entry = {"done": {"usage": None, "finish_reason": "stop", "attempts": 1}}


@pytest.mark.anyio
class LogContract:
    """The checks. Subclass it with a fixture `log`, whose heartbeat is `HEARTBEAT`."""

    HEARTBEAT: ClassVar[float] = 0.3
    """Seconds. A log on a slow network may need more."""

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Logs are asyncio's."""
        return "asyncio"

    @pytest.fixture
    def answer(self) -> str:
        """A name that no answer has yet."""
        return uuid.uuid4().hex

    async def test_a_reader_gets_every_entry_as_it_was(self, log: Log, answer: str) -> None:
        """Entries are plain data, any characters included, in their order."""
        entries: list[Entry] = [
            {"text": text} for text in ("", "a", "ß\n\u2028", "\U0001f600", "\0")
        ]
        fence = await log.open(answer)
        for entry in entries:
            await log.append(answer, fence, entry)
        await log.finish(answer, fence, _DONE)
        assert await read(log, answer) == [*entries, _DONE]

    async def test_a_reader_who_waits_gets_each_entry_at_once(self, log: Log, answer: str) -> None:
        """An entry is visible when `append` has returned, and wakes those who wait."""
        fence = await log.open(answer)
        reader = log.read(answer)
        for number in range(20):
            waiting = asyncio.ensure_future(anext(reader))
            await asyncio.sleep(0)
            await log.append(answer, fence, {"text": str(number)})
            assert await asyncio.wait_for(waiting, self.HEARTBEAT) == {"text": str(number)}
        await log.finish(answer, fence, _DONE)
        assert [entry async for entry in reader] == [_DONE]

    async def test_many_readers_get_the_same(self, log: Log, answer: str) -> None:
        """Whenever they come: before the first entry, between two, after the last."""
        fence = await log.open(answer)
        readers = []
        for number in range(10):
            readers += [asyncio.create_task(read(log, answer)) for _ in range(3)]
            await asyncio.sleep(0)
            await log.append(answer, fence, {"text": str(number)})
        await log.finish(answer, fence, _DONE)
        readers.append(asyncio.create_task(read(log, answer)))
        first, *others = await asyncio.gather(*readers)
        assert len(first) == 11
        assert all(other == first for other in others)

    async def test_a_reader_may_leave_and_the_others_stay(self, log: Log, answer: str) -> None:
        """One that is cancelled takes nothing from the others."""
        fence = await log.open(answer)
        leaving, staying = (asyncio.create_task(read(log, answer)) for _ in range(2))
        await log.append(answer, fence, {"text": "a"})
        await asyncio.sleep(0)
        leaving.cancel()
        await log.append(answer, fence, {"text": "b"})
        await log.finish(answer, fence, _DONE)
        assert await staying == [{"text": "a"}, {"text": "b"}, _DONE]
        with pytest.raises(asyncio.CancelledError):
            await leaving

    async def test_a_reader_may_come_a_moment_too_early(self, log: Log, answer: str) -> None:
        """An answer that is about to begin is waited for."""
        reading = asyncio.create_task(read(log, answer))
        await asyncio.sleep(self.HEARTBEAT / 10)
        fence = await log.open(answer)
        await log.finish(answer, fence, _DONE)
        assert await reading == [_DONE]

    async def test_an_answer_that_is_not_there(self, log: Log, answer: str) -> None:
        """After a heartbeat at the latest, a reader is told."""
        started = time.monotonic()
        with pytest.raises(UnknownAnswerError):
            await read(log, answer)
        assert time.monotonic() - started < 2 * self.HEARTBEAT

    async def test_a_silent_worker_is_lost(self, log: Log, answer: str) -> None:
        """Each reader is told within the heartbeat, after the entries that there are."""
        fence = await log.open(answer)
        await log.append(answer, fence, {"text": "a"})
        started = time.monotonic()
        reader = log.read(answer)
        assert await anext(reader) == {"text": "a"}
        with pytest.raises(WorkerLostError):
            await anext(reader)
        assert time.monotonic() - started < 1.5 * self.HEARTBEAT
        with pytest.raises(WorkerLostError):
            await read(log, answer)

    async def test_a_beat_is_a_sign_of_life(self, log: Log, answer: str) -> None:
        """A worker whose vendor is silent is not lost."""
        fence = await log.open(answer)
        reading = asyncio.create_task(read(log, answer))
        for _ in range(10):
            await asyncio.sleep(self.HEARTBEAT / 5)
            await log.beat(answer, fence)
        await log.finish(answer, fence, _DONE)
        assert await reading == [_DONE]

    async def test_one_answer_has_one_worker(self, log: Log, answer: str) -> None:
        """A second one is turned away while the first is alive, and after its end."""
        fence = await log.open(answer)
        with pytest.raises(AnswerTakenError):
            await log.open(answer)
        await log.finish(answer, fence, _DONE)
        with pytest.raises(AnswerTakenError):
            await log.open(answer)

    async def test_of_many_workers_at_once_one_gets_the_answer(self, log: Log, answer: str) -> None:
        """The fences of the others are errors."""
        results = await asyncio.gather(
            *(log.open(answer) for _ in range(10)), return_exceptions=True
        )
        assert sum(isinstance(each, AnswerTakenError) for each in results) == 9

    async def test_a_worker_that_was_replaced_writes_nothing(self, log: Log, answer: str) -> None:
        """Its fence is old, however it comes back."""
        old = await log.open(answer)
        await log.append(answer, old, {"text": "a"})
        await asyncio.sleep(1.1 * self.HEARTBEAT)
        new = await log.open(answer)
        assert new > old
        with pytest.raises(AnswerTakenError):
            await log.append(answer, old, {"text": "b"})
        with pytest.raises(AnswerTakenError):
            await log.beat(answer, old)
        with pytest.raises(AnswerTakenError):
            await log.finish(answer, old, _DONE)
        await log.append(answer, new, {"attempt": 2})
        await log.finish(answer, new, _DONE)
        assert await read(log, answer) == [{"text": "a"}, {"attempt": 2}, _DONE]

    async def test_nothing_is_written_after_the_end(self, log: Log, answer: str) -> None:
        """Not even by the worker itself."""
        fence = await log.open(answer)
        await log.finish(answer, fence, _DONE)
        with pytest.raises(AnswerTakenError):
            await log.append(answer, fence, {"text": "a"})
        assert await read(log, answer) == [_DONE]

    async def test_answers_do_not_mix(self, log: Log, answer: str) -> None:
        """Names that begin alike, or have signs in them, are different answers."""
        names = [answer, answer + ":", answer + "*", answer + "/ä {x}"]
        for name in names:
            fence = await log.open(name)
            await log.append(name, fence, {"text": name})
            await log.finish(name, fence, _DONE)
        for name in names:
            assert (await read(log, name))[0] == {"text": name}


async def read(log: Any, answer: str) -> list[Entry]:
    """All entries of an answer."""
    return [entry async for entry in log.read(answer)]
