"""Readers of a log see what its worker saw, whenever they come and however an answer is written."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any, Literal

import httpx
import pytest
from pydantic import BaseModel, Field, RootModel

import partwise
from partwise.provider import Finish, Mode, RefusalDelta, Request, TextDelta
from partwise_conformance import Hold, RecordedRequest, ReplayServer, Reply, chat_answer
from partwise_conformance.wire import write as write_wire
from partwise_web import AnswerFailedError, WorkerLostError
from partwise_web.log import Entry, MemoryLog, follow, write

from ..openai.wire import OpenAIWire
from .conftest import FINAL, TEXT, Team, serving
from .test_log import BAD, chunks
from .test_starlette import app, events


class A(BaseModel):
    kind: Literal["a"] = "a"
    x: int


class B(BaseModel):
    kind: Literal["b"] = "b"
    y: str


class Numbers(RootModel[list[int]]):
    pass


TAGGED = Annotated[A | B, Field(discriminator="kind")]
ROOTS: list[tuple[Any, Any]] = [
    (list[int], [1, 22, 333]),
    (int, 42),
    (str, "hello world"),
    (bool, True),
    (int | None, None),
    (A | B, {"kind": "b", "y": "yes"}),
    (TAGGED, {"kind": "b", "y": "yes"}),
    (list[TAGGED], [{"kind": "a", "x": 12}, {"kind": "b", "y": "yes"}]),
    (Numbers, [1, 22, 333]),
    (dict[str, int], {"a": 1, "value": 22}),
]


class Recorder(MemoryLog):
    """A log that notes the worker's snapshot at each entry."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self.entries: list[Entry] = []
        self.seen: dict[int, Any] = {}

    async def append(self, answer: str, fence: int, entry: Entry) -> None:
        await super().append(answer, fence, entry)
        self.entries.append(json.loads(json.dumps(entry)))
        if "text" in entry and self._stream.state("") != "complete":  # its end may be in the next
            self.seen[len(self.entries)] = self._stream.envelope()["value"]


class Beginning(MemoryLog):
    """A log whose worker was lost after these entries."""

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__()
        self._entries = entries

    async def read(self, answer: str) -> AsyncIterator[Entry]:
        for entry in self._entries:
            yield entry
        raise WorkerLostError(answer)


async def check(response_type: Any, stream: Any) -> Any:
    """All readers of each part of the log see the worker's snapshots: the value."""
    log = Recorder(stream)
    early = asyncio.create_task(follow(log, "a", response_type).result())
    await write(stream, log, "a", every=0)
    value = await stream.result()
    late = await follow(log, "a", response_type).result()
    assert await early == late == value
    assert type(late) is type(value)
    for count, seen in log.seen.items():
        reader = follow(Beginning(log.entries[:count]), "a", response_type)
        with pytest.raises(WorkerLostError):
            await reader.result()
        assert reader.envelope()["value"] == seen
    return value


@asynccontextmanager
async def asking(server: ReplayServer, response_type: Any, **call: Any) -> AsyncIterator[Any]:
    async with partwise.from_provider(
        "openai/gpt-4.1-mini", async_client=True, api_key="k", base_url=f"{server.url}/v1"
    ) as client:
        messages = [{"role": "user", "content": "Who?"}]
        yield client.create_partial(response_type, messages, **{"max_retries": 0, **call})


@pytest.mark.anyio
@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(("response_type", "value"), ROOTS)
async def test_any_root_that_was_parsed(response_type: Any, value: Any, lenient: bool) -> None:
    text = json.dumps(value)
    if lenient and isinstance(value, dict | list):
        text = f"Here you are:\n```json\n{text}\n```\nThat is all."
    await check(response_type, partwise.aparse(response_type, chunks(text), lenient=lenient))


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["json_schema", "tools", "md_json"])
@pytest.mark.parametrize(("response_type", "value"), ROOTS)
@pytest.mark.filterwarnings("ignore:.*strict can't enforce")
async def test_any_root_that_a_vendor_gave(mode: str, response_type: Any, value: Any) -> None:
    text = json.dumps(value if response_type == dict[str, int] else {"value": value})
    if mode == "md_json":
        text = f"Here you are:\n```json\n{text}\n```\nThat is all."
    with ReplayServer(chat_answer(text)) as server:
        async with asking(server, response_type, mode=mode) as stream:
            await check(response_type, stream)


THOUGHT = f'<think>A draft: {{"title": "Draft", "people": []}} but no.</think>\n{TEXT}'
UNOPENED = f'{{"title": "Draft", "people": []}} was a draft.</think>\n{TEXT}'


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["json_schema", "tools", "md_json"])
@pytest.mark.parametrize("text", [THOUGHT, UNOPENED, f"Well:\n```json\n{TEXT}\n```"])
async def test_drafts_and_text_around_the_answer(mode: str, text: str) -> None:
    with ReplayServer(chat_answer(text)) as server:
        async with asking(server, Team, mode=mode) as stream:
            value = await check(Team, stream)
    assert value.model_dump() == FINAL


@pytest.mark.anyio
async def test_a_failed_attempt() -> None:
    answers = iter([chat_answer(BAD), chat_answer(TEXT)])
    with ReplayServer(lambda request: next(answers)(request)) as server:  # noqa: PLW0108
        async with asking(server, Team, max_retries=1) as stream:
            await check(Team, stream)
    assert stream.attempt == 2


ASKED = Request(mode=Mode.JSON_SCHEMA, model="m", messages=[], schema={}, name="Team")


def reply(text: str, reason: Any) -> Reply:
    pieces = [TextDelta(text[at : at + 3]) for at in range(0, len(text), 3)]
    body = write_wire(OpenAIWire(), [*pieces, Finish(reason)], ASKED)
    headers = {"content-type": "text/event-stream"}
    return Reply(body=[each for each in body if each], headers=headers)


@pytest.mark.anyio
@pytest.mark.parametrize("cut", [20, 45, 60])
async def test_an_answer_that_was_continued(cut: int) -> None:
    def answer(request: RecordedRequest) -> Reply:
        part, wish = ({}, *request.json()["messages"])[-2:]
        if part.get("role") != "assistant":
            return reply(TEXT[:cut], "length")
        ending = wish["content"].split("\n-----\n")[1]
        return reply(ending + TEXT[len(part["content"]) :], "stop")

    with ReplayServer(answer) as server:
        call = {"max_retries": 1, "resume": True, "mode": "json_schema"}
        async with asking(server, Team, **call) as stream:
            value = await check(Team, stream)
    assert stream.attempt == 2
    assert value.model_dump() == FINAL


@pytest.mark.anyio
async def test_a_refusal_has_its_name_at_every_reader() -> None:
    refusal = write_wire(OpenAIWire(), [RefusalDelta("I won't."), Finish("stop")], ASKED)
    headers = {"content-type": "text/event-stream"}
    reply = Reply(body=[each for each in refusal if each], headers=headers)
    log = MemoryLog()
    with ReplayServer(lambda _: reply) as server:
        async with asking(server, Team, mode="json_schema") as stream:
            with pytest.raises(partwise.RefusalError):
                await write(stream, log, "a")
    with pytest.raises(AnswerFailedError, match="I won't") as caught:
        await follow(log, "a", Team).result()
    assert (caught.value.kind, caught.value.status) == ("RefusalError", 502)


# The mark of an attempt


def stopping_at_the_title(request: RecordedRequest) -> Reply:
    """The answer that is not valid, held in the midst of its title."""
    whole = chat_answer(BAD)(request)
    parts = list(whole.body)
    return replace(whole, body=[*parts[:7], Hold(), *parts[7:]])


def failing_first(server: ReplayServer) -> None:
    """The first answer is not valid, and the second one waits."""
    answers = iter([chat_answer(BAD), chat_answer(TEXT, gated=True)])
    server._handler = lambda request: next(answers)(request)  # noqa: PLW0108


@pytest.mark.anyio
async def test_readers_are_told_of_an_attempt_when_it_begins(vendor: ReplayServer) -> None:
    failing_first(vendor)
    log = MemoryLog()
    reader = follow(log, "a", Team)
    begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reader.on("stream:restart", lambda attempt, _: begun.set_result(attempt))
    async with asking(vendor, Team, max_retries=1) as stream:
        writing = asyncio.create_task(write(stream, log, "a", every=0))
        reading = asyncio.create_task(reader.result())
        assert await asyncio.wait_for(begun, 10) == 2  # and the vendor has sent nothing yet
        assert not reading.done()
        while len(vendor.exchanges) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        vendor.exchanges[1].release_all()
        assert (await reading).model_dump() == FINAL
        await writing


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("throttle", [None, 5.0])
def test_a_browser_is_told_of_an_attempt_when_it_begins(
    vendor: ReplayServer, ask: Any, is_async: bool, throttle: float | None
) -> None:
    answers = iter([stopping_at_the_title, chat_answer(TEXT, gated=True)])
    vendor._handler = lambda request: next(answers)(request)  # noqa: PLW0108
    made = app(lambda: ask(is_async=is_async, max_retries=1), throttle=throttle)
    with serving(made) as url, httpx.stream("GET", url, timeout=10) as reply:
        # A response begins with the first content, so the first attempt fails after that.
        vendor.exchanges[0].release_all()
        lines = reply.iter_lines()
        while next(lines) != "event: attempt":
            pass
        while len(vendor.exchanges) < 2:
            time.sleep(0.001)
        vendor.exchanges[1].release_all()
        found = events("event: attempt\n" + "\n".join(lines))
    assert json.loads(found[0]["data"]) == {"attempt": 2}
    assert (
        json.loads(found[1]["data"])[0].get("path", "") == ""
    )  # the void attempt's rest is not sent
    assert found[-1]["event"] == "done"
