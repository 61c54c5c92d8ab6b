"""The log: its contract, and answers that outlive their readers and their worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.applications import Starlette
from starlette.routing import Route

import partwise
from partwise_web import AnswerFailedError, AnswerTakenError, UnknownAnswerError, WorkerLostError
from partwise_web.log import MemoryLog, follow, write
from partwise_web.log.redis import RedisLog
from partwise_web.starlette import PartialResponse
from partwise_web.testing import LogContract

from ..core.client.test_wire_document import fold
from ..timing import PROMPTLY, TOLERANCE
from . import readers
from .conftest import FINAL, TEXT, Team, serving
from .test_starlette import events

HERE = Path(__file__).parent
DONE = {"done": {"usage": None, "finish_reason": "stop", "attempts": 1}}
BAD = TEXT.replace('"Ada"', "1")


class TestMemoryLog(LogContract):
    HEARTBEAT = 0.6  # a worker on a busy machine may be late by a third of it

    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog(heartbeat=self.HEARTBEAT)


class TestRedisLog(LogContract):
    HEARTBEAT = 0.6  # a worker on a busy machine may be late by a third of it

    @pytest.fixture
    async def log(self, redis_url: str) -> AsyncIterator[RedisLog]:
        async with Redis.from_url(redis_url) as redis:
            yield RedisLog(redis, heartbeat=self.HEARTBEAT)


async def chunks(text: str = TEXT, size: int = 3) -> AsyncIterator[str]:
    for start in range(0, len(text), size):
        await asyncio.sleep(0)
        yield text[start : start + size]


def parse(text: str = TEXT) -> Any:
    return partwise.aparse(Team, chunks(text))


async def snapshots(stream: Any) -> list[Any]:
    return [each async for each in stream]


@pytest.mark.anyio
async def test_readers_rebuild_the_answer_whenever_they_come() -> None:
    log = MemoryLog()
    early = asyncio.create_task(snapshots(follow(log, "a", Team)))
    await asyncio.sleep(0)
    await write(parse(), log, "a", every=0)
    late = await snapshots(follow(log, "a", Team))
    for seen in (await early, late):
        assert seen[-1].model_dump() == FINAL
        assert type(seen[-1]) is Team


@pytest.mark.anyio
async def test_views_of_a_logged_answer_are_views_of_a_stream() -> None:
    log = MemoryLog()
    await write(parse(), log, "a", every=0)
    document, path = None, ""
    async for patch in follow(log, "a", Team).patches():
        document, path = fold(document, patch, path)
    assert document == FINAL
    deltas = [each async for each in follow(log, "a", Team).json_deltas()]
    assert json.loads("".join(deltas)) == FINAL


@pytest.mark.anyio
async def test_what_is_logged_is_the_text_and_the_attempts(ask: Any, vendor: Any) -> None:
    from partwise_conformance import chat_answer

    answers = iter([chat_answer(BAD), chat_answer(TEXT)])
    vendor._handler = lambda request: next(answers)(request)  # noqa: PLW0108
    log = MemoryLog()
    stream = ask(max_retries=1)
    await write(stream, log, "a", every=0)
    await stream.client.close()
    entries = [entry async for entry in log.read("a")]
    assert {key for entry in entries for key in entry} == {"text", "attempt", "done"}
    mark = entries.index({"attempt": 2})
    assert BAD.startswith("".join(entry["text"] for entry in entries[:mark]))
    assert "".join(entry["text"] for entry in entries[mark + 1 : -1]) == TEXT
    reader = follow(log, "a", Team)
    assert (await snapshots(reader))[-1].model_dump() == FINAL
    assert reader.attempt == 2
    assert reader.usage.output_tokens == stream.usage.output_tokens  # type: ignore[union-attr]


@pytest.mark.anyio
async def test_an_answer_that_failed_tells_all_its_readers() -> None:
    log = MemoryLog()
    with pytest.raises(partwise.IncompleteOutputError):
        await write(parse(TEXT[:-20]), log, "a", every=0)
    reader = follow(log, "a", Team)
    with pytest.raises(AnswerFailedError, match="was cut off after") as caught:
        await snapshots(reader)
    assert caught.value.kind == "IncompleteOutputError"
    assert caught.value.snapshot.title == FINAL["title"]


@pytest.mark.anyio
async def test_an_answer_of_another_type_is_no_answer() -> None:
    log = MemoryLog()
    await write(partwise.aparse(list[int], chunks("[1, 22, 333]")), log, "a", every=0)
    with pytest.raises(AnswerFailedError, match="not valid for this type"):
        await follow(log, "a", Team).result()


@pytest.mark.anyio
async def test_an_unknown_answer_is_a_404() -> None:
    log = MemoryLog(heartbeat=0.05)
    with pytest.raises(UnknownAnswerError):
        await follow(log, "nobody", Team).result()

    async def answer(request: Any) -> PartialResponse:
        return PartialResponse(follow(log, "nobody", Team))

    transport = httpx.ASGITransport(Starlette(routes=[Route("/", answer)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.get("/")).status_code == 404


@pytest.mark.anyio
async def test_two_workers_of_one_answer() -> None:
    log = MemoryLog()
    results = await asyncio.gather(
        *(write(parse(), log, "a", every=0) for _ in range(2)), return_exceptions=True
    )
    assert [type(each) for each in results if each is not None] == [AnswerTakenError]
    assert (await follow(log, "a", Team).result()).model_dump() == FINAL


@pytest.mark.anyio
async def test_entries_expire(redis_url: str) -> None:
    memory = MemoryLog(heartbeat=0.3, expires=0.5)
    await write(parse(), memory, "a", every=0)
    await asyncio.sleep(0.6)
    with pytest.raises(UnknownAnswerError):
        await follow(memory, "a", Team).result()
    async with Redis.from_url(redis_url) as redis:
        log = RedisLog(redis, expires=30, prefix="expiring")
        await write(parse(), log, "a", every=0)
        keys = [key async for key in redis.scan_iter("expiring:*")]
        assert keys
        assert all([0 < await redis.pttl(key) <= 30_000 for key in keys])


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_an_answer_whose_vendor_is_silent_does_not_expire(kind: str, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        log: Any = MemoryLog(expires=0.6) if kind == "memory" else RedisLog(redis, expires=0.6)
        answer = uuid.uuid4().hex
        fence = await log.open(answer)
        await log.append(answer, fence, {"text": "a"})
        reader = log.read(answer)
        assert await anext(reader) == {"text": "a"}
        for _ in range(4):
            await asyncio.sleep(0.2)
            await log.beat(answer, fence)
        await log.finish(answer, fence, DONE)
        assert [entry async for entry in reader] == [DONE]
        assert [entry async for entry in log.read(answer)] == [{"text": "a"}, DONE]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_an_answer_that_expires_while_it_is_read(kind: str, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        log: Any = MemoryLog(heartbeat=0.3) if kind == "memory" else RedisLog(redis, heartbeat=0.3)
        answer = uuid.uuid4().hex
        await log.append(answer, await log.open(answer), {"text": TEXT[:30]})
        reader = follow(log, answer, Team)
        assert await reader.field("title") == FINAL["title"]
        if kind == "memory":
            log._answers.clear()
        else:
            await redis.delete(*log._keys(answer))
        with pytest.raises((WorkerLostError, UnknownAnswerError)) as caught:
            await reader.result()
        assert caught.value.snapshot.title == FINAL["title"]  # all that was there before
        with pytest.raises(UnknownAnswerError):
            await follow(log, answer, Team).result()


@pytest.mark.full
@pytest.mark.anyio
async def test_a_thousand_readers_of_fifty_answers_lose_nothing(redis_url: str) -> None:
    figures = await readers.main(redis_url, lines=10, pace=0.5)
    assert figures["readers that lost something"] == 0


# Processes of their own


def worker(redis_url: str, answer: str) -> subprocess.Popen[bytes]:
    """A worker whose vendor stops half-way, in a process of its own."""
    command = [sys.executable, str(HERE / "worker.py"), redis_url, answer]
    return subprocess.Popen(command)


@pytest.mark.anyio
async def test_a_killed_worker_ends_every_reader_within_the_heartbeat(redis_url: str) -> None:
    answer, heartbeat = uuid.uuid4().hex, 2.0
    async with Redis.from_url(redis_url) as redis:
        log = RedisLog(redis, heartbeat=heartbeat)
        with worker(redis_url, answer) as process:
            readers = [follow(RedisLog(redis, heartbeat=heartbeat), answer, Team) for _ in range(5)]
            tasks = []
            while True:  # until the worker's process is there
                try:
                    await follow(log, answer, Team).field("title")
                except UnknownAnswerError:
                    continue
                break
            tasks = [asyncio.create_task(reader.result()) for reader in readers]
            for reader in readers:
                while reader.state("title") != "complete":  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            os.kill(process.pid, signal.SIGKILL)
            killed = time.monotonic()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        assert time.monotonic() - killed < heartbeat + PROMPTLY / 5
    for error in results:
        assert isinstance(error, WorkerLostError)
        assert error.snapshot.title == FINAL["title"]


@pytest.mark.full
@pytest.mark.anyio
async def test_a_worker_may_be_killed_at_any_point(redis_url: str) -> None:
    heartbeat, count = 1.0, 24
    names = [uuid.uuid4().hex for _ in range(count)]

    async def woken_after(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return time.monotonic()

    async def see_it_killed(name: str, elements: int) -> float:
        command = [sys.executable, str(HERE / "half_worker.py"), redis_url, name]
        async with Redis.from_url(redis_url) as redis, starting:
            log = RedisLog(redis, heartbeat=heartbeat)
            process = await asyncio.create_subprocess_exec(*command)
            stream = follow(log, name, list[int], wait=60)
            late = [0.0]
            async for numbers in stream:
                if len(numbers or ()) > elements:
                    break
            readers = [follow(log, name, list[int]) for _ in range(3)]
            tasks = [asyncio.create_task(reader.result()) for reader in readers]
            process.kill()
            killed = time.monotonic()
            timer = asyncio.create_task(woken_after(heartbeat))
            for task, reader in zip(tasks, readers, strict=True):
                with pytest.raises(WorkerLostError) as caught:
                    await task
                late.append(time.monotonic() - killed)
                assert caught.value.snapshot == [*range(len(caught.value.snapshot))]
                assert len(caught.value.snapshot) >= elements
                assert reader.state("") == "partial"
            # A loop that is busy with the other workers' answers is late with everything.
            delay = await timer - killed - heartbeat
            assert max(late) < heartbeat + delay + TOLERANCE, (late, delay)
            await process.wait()
            return max(late)

    starting = asyncio.Semaphore(4)  # processes at once
    points = [0, *(int(1.3**n) for n in range(count - 1))]
    late = await asyncio.gather(*map(see_it_killed, names, points))
    assert statistics.median(late) < heartbeat


@pytest.mark.anyio
async def test_another_worker_takes_over(redis_url: str) -> None:
    answer = uuid.uuid4().hex
    async with Redis.from_url(redis_url) as redis:
        log = RedisLog(redis, heartbeat=0.6)
        fence = await log.open(answer)
        await log.append(answer, fence, {"text": TEXT[:30]})
        await asyncio.sleep(0.6)
        await write(parse(), log, answer, every=0)
        reader = follow(log, answer, Team)
        assert (await reader.result()).model_dump() == FINAL
        assert reader.attempt == 2


async def _away(redis: Redis, seconds: float) -> None:
    """The server is away for so long: it takes no connection, and has cut those that were there."""
    await redis.config_set("maxclients", 1)
    await redis.client_kill_filter(_type="normal", skipme=True)
    await asyncio.sleep(seconds)
    await redis.config_set("maxclients", 10_000)


@pytest.mark.anyio
async def test_a_server_that_is_away_for_a_moment(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis, Redis.from_url(redis_url) as other:
        log, answer = RedisLog(other, heartbeat=2.0), uuid.uuid4().hex
        text = json.dumps(["word " * 5] * 20)

        async def slowly() -> AsyncIterator[str]:
            for start in range(0, len(text), 5):
                await asyncio.sleep(0.01)
                yield text[start : start + 5]

        writing = asyncio.create_task(
            write(partwise.aparse(list[str], slowly()), log, answer, every=0)
        )
        reading = asyncio.create_task(follow(log, answer, list[str]).result())
        await asyncio.sleep(0.2)
        await _away(redis, 0.2)
        await writing
        assert await reading == json.loads(text)
        assert await follow(log, answer, list[str]).result() == json.loads(text)


@pytest.mark.anyio
async def test_a_server_that_stays_away_is_a_typed_error() -> None:
    async with Redis(unix_socket_path="/nowhere.sock", retry=Retry(NoBackoff(), 0)) as redis:
        log = RedisLog(redis, heartbeat=0.1)
        with pytest.raises(
            partwise.ProviderConnectionError, match=r"Redis has been away for 0\.1 s"
        ):
            await follow(log, "a", Team).result()
        with pytest.raises(partwise.ProviderConnectionError):
            await log.open("a")


@asynccontextmanager
async def _full(redis: Redis) -> AsyncIterator[None]:
    """The server has no memory left for an entry."""
    await redis.config_set("maxmemory", 1)
    try:
        yield
    finally:
        await redis.config_set("maxmemory", 0)


async def stopping(go_on: asyncio.Event) -> AsyncIterator[str]:
    yield TEXT[:30]
    await go_on.wait()
    yield TEXT[30:]


@pytest.mark.anyio
@pytest.mark.parametrize("seconds", [0.1, 5.0])
async def test_a_server_that_is_full(redis_url: str, seconds: float) -> None:
    heartbeat, answer, go_on = 0.6, uuid.uuid4().hex, asyncio.Event()
    async with Redis.from_url(redis_url) as redis:
        log = RedisLog(redis, heartbeat=heartbeat)
        stream = partwise.aparse(Team, stopping(go_on))
        writing = asyncio.create_task(write(stream, log, answer, every=0))
        reader = follow(log, answer, Team)
        reading = asyncio.create_task(reader.result())
        while reader.state("title") != "complete":  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        async with _full(redis):
            go_on.set()
            await asyncio.wait({writing, reading}, timeout=seconds)
            if seconds > heartbeat:
                with pytest.raises(WorkerLostError):
                    await reading
                with pytest.raises(partwise.ServerError, match="Redis does not take a command"):
                    await writing
                return
        await writing
        assert (await reading).model_dump() == FINAL


@pytest.mark.anyio
async def test_a_server_that_refuses_is_a_typed_error(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        log, answer = RedisLog(redis), uuid.uuid4().hex
        await redis.set(f"partwise:{{{answer}}}", "another program's")
        with pytest.raises(partwise.ServerError, match="WRONGTYPE"):
            await write(parse(), log, answer)
        await log.open(answer + "x")
        await redis.set(f"partwise:{{{answer}x}}", "another program's")
        with pytest.raises(partwise.ServerError, match="WRONGTYPE"):
            await follow(log, answer + "x", Team).result()


@pytest.mark.anyio
async def test_an_entry_whose_reply_was_lost_is_written_once(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        log, answer, lost = RedisLog(redis, heartbeat=1.0), uuid.uuid4().hex, [True]
        script = log._write

        async def losing_its_reply(**call: Any) -> Any:
            reply = await script(**call)
            if lost.pop() if lost else False:
                raise redis_errors.ConnectionError("lost")
            return reply

        log._write = losing_its_reply  # type: ignore[assignment]
        fence = await log.open(answer)
        await log.append(answer, fence, {"text": "a"})
        await log.append(answer, fence, {"text": "a"})
        lost.append(True)
        await log.finish(answer, fence, DONE)
        assert [entry async for entry in log.read(answer)] == [{"text": "a"}, {"text": "a"}, DONE]


@pytest.mark.anyio
async def test_a_reader_that_comes_first_is_woken_by_the_first_entry(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        log, answer = RedisLog(redis, heartbeat=60.0), uuid.uuid4().hex
        reading: Any = log.read(answer)
        first = asyncio.ensure_future(anext(reading))
        await asyncio.sleep(0.05)
        await log.append(answer, await log.open(answer), {"text": "a"})
        assert await asyncio.wait_for(first, PROMPTLY) == {"text": "a"}  # it looks each 9 s
        await reading.aclose()


@pytest.mark.anyio
async def test_the_last_reader_leaves_no_task_and_no_connection_behind(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        log, answer, before = RedisLog(redis), uuid.uuid4().hex, asyncio.all_tasks()
        await log.append(answer, await log.open(answer), {"text": "a"})
        reading: Any = log.read(answer)
        assert await anext(reading) == {"text": "a"}
        await reading.aclose()
        assert asyncio.all_tasks() == before


@pytest.mark.anyio
async def test_a_browser_that_comes_back_misses_nothing(redis_url: str) -> None:
    answer = uuid.uuid4().hex

    async def stream(request: Any) -> PartialResponse:
        async def close() -> None:
            await redis.aclose()

        redis = Redis.from_url(redis_url)
        from starlette.background import BackgroundTask

        log = RedisLog(redis)
        return PartialResponse(follow(log, answer, Team), background=BackgroundTask(close))

    app = Starlette(routes=[Route("/", stream)])
    async with Redis.from_url(redis_url) as redis:
        log = RedisLog(redis)
        fence = await log.open(answer)
        await log.append(answer, fence, {"text": TEXT[:60]})
        with serving(app) as url:
            async with httpx.AsyncClient(base_url=url) as client:
                async with client.stream("GET", "/") as reply:
                    text = await anext(reply.aiter_text())  # and it leaves
                *_, last = [event for event in events(text + "\n\n") if "id" in event]
                await log.append(answer, fence, {"text": TEXT[60:]})
                await log.finish(answer, fence, DONE)
                again = await client.get("/", headers={"last-event-id": last["id"]})
                document, path = None, ""
                *patches, end = events(again.text)
                for event in patches:
                    document, path = fold(document, json.loads(event["data"]), path)
                assert document == FINAL
                assert end["event"] == "done"
                final = await client.get("/", headers={"last-event-id": end["id"]})
                assert final.status_code == 204
