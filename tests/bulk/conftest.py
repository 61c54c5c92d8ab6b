"""A loopback vendor that counts, and a clock that does not wait."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_events

MODEL = "openai/gpt-4.1-mini"


class Invoice(BaseModel):
    number: int
    total: float


class Vendor:
    """Answers each row with its number; `before` may answer in its place.

    Attributes:
        asked: how often each prompt was asked.
        answered: how often each was answered in full.
        streamed: whether each request wanted a stream.
        piece: the length of a delta, in characters.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.streamed: list[bool] = []
        self.piece = 10_000
        self.headers: dict[str, str] = {}
        self.before: Callable[[str, int], Reply | str | None] = lambda _prompt, _nth: None
        self.server = ReplayServer(self._answer)

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"

    def _answer(self, request: RecordedRequest) -> Reply:
        body = request.json()
        prompt = next(m["content"] for m in reversed(body["messages"]) if m["role"] == "user")
        first = next(m["content"] for m in body["messages"] if m["role"] == "user")
        self.asked[first] += 1
        self.streamed.append(body["stream"])
        said = self.before(first, self.asked[first])
        if isinstance(said, Reply):
            return said
        self.answered[first] += 1
        number = "".join(filter(str.isdigit, prompt)) or "0"
        text = said if said is not None else json.dumps({"number": int(number), "total": 1.5})
        if not body["stream"]:
            return Reply.of_json(_completion(text, body))
        pieces = [text[start : start + self.piece] for start in range(0, len(text), self.piece)]
        return Reply(
            body=[b"".join(chat_events(pieces, body))],
            headers={"content-type": "text/event-stream", **self.headers},
        )


def _completion(text: str, body: Any) -> Any:
    name = body["tools"][0]["function"]["name"]
    call = {"id": "1", "type": "function", "function": {"name": name, "arguments": text}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59},
    }


def refusal(status: int, headers: dict[str, str] | None = None) -> Reply:
    body = {"error": {"message": "no", "type": "error", "code": None}}
    return Reply.of_json(body, status=status, headers=headers)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    found = Vendor()
    with found.server:
        yield found


@pytest.fixture
def ask(vendor: Vendor) -> dict[str, Any]:
    """What makes a run ask the loopback vendor."""
    return {"base_url": vendor.url, "api_key": "sk-test", "prompt": "row {n}"}


@pytest.fixture
def rows() -> list[dict[str, int]]:
    return [{"n": n} for n in range(40)]


class FakeClock:
    """Goes on to the next moment that somebody waits for, as soon as `running` lets it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.asked = asyncio.Event()
        self._count = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.asked.set()
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._count), future))
        await future

    def advance(self) -> None:
        """To the next moment that somebody waits for."""
        if self._sleepers:
            until, _, future = heapq.heappop(self._sleepers)
            self.now = max(self.now, until)
            if not future.done():
                future.set_result(None)

    @asynccontextmanager
    async def running(self, every: float = 0.0) -> AsyncIterator[None]:
        """Let time pass, a step at each turn of the loop, or after so many real seconds."""
        task = asyncio.get_running_loop().create_task(self._run(every))
        try:
            yield
        finally:
            task.cancel()

    async def _run(self, every: float) -> None:
        while True:
            for _ in range(1 if every else 10):
                await asyncio.sleep(every)
            self.advance()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
