"""Models asked with no mode given, by a vendor that refuses what Mistral refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import partwise
from partwise.provider import Finish, TextDelta, ToolCallDelta
from partwise_conformance import ReplayServer, Reply
from partwise_mistral._profiles import model_rows

from .wire import MistralWire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise_conformance import RecordedRequest

MODELS = ["mistral-large-latest", "magistral-medium-latest", "codestral-2508", "open-mistral-7b"]
OLD = "codestral-mamba"
QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "Who?"}]
TEXT = '{"name": "Ada"}'
WIRE = MistralWire()
TAKEN = {
    "model", "messages", "stream", "response_format", "tools", "tool_choice", "max_tokens",
    "parallel_tool_calls", "temperature", "random_seed", "top_p",
}  # fmt: skip


class Person(BaseModel):
    name: str


def answer(request: RecordedRequest) -> Reply:
    body = request.json()
    extra = [{"loc": ["body", name], "msg": "Extra inputs are not permitted", "type": "extra"}
             for name in body.keys() - TAKEN]  # fmt: skip
    if extra:
        return Reply.of_json({"object": "error", "detail": extra}, status=422)
    old = body["model"] == OLD
    if old and body.get("response_format", {}).get("type") == "json_schema":
        words = "response_format json_schema is not supported for this model"
        return Reply.of_json({"object": "error", "message": words}, status=400)
    if old and body.get("tools"):
        words = "Function calling is not enabled for this model"
        return Reply.of_json({"object": "error", "message": words}, status=400)
    tools = body.get("tools")
    name = tools[0]["function"]["name"] if tools else ""
    part = ToolCallDelta(0, TEXT, "AbCd12345", name) if tools else TextDelta(TEXT)
    nothing: Any = None
    events = WIRE.events(iter([part, Finish("tool_calls" if tools else "stop")]), nothing)
    return Reply(body=[WIRE.framing.frame(event) for event in events])


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(answer) as server:
        yield server


@pytest.mark.parametrize("model", [*MODELS, OLD])
def test_every_model_answers(server: ReplayServer, model: str) -> None:
    counts = []
    options: dict[str, Any] = {"max_completion_tokens": 9, "temperature": 0.5, "seed": 1}
    with partwise.from_provider("mistral/x", api_key="no key", base_url=server.url) as client:
        for _ in range(2):
            server.reset()
            value = client.create(Person, QUESTION, model=model, max_retries=0, **options)
            assert value == Person(name="Ada")
            counts.append(len(server.requests))
    assert counts[1] == 1
    assert counts[0] == 1 or model == OLD


async def test_every_model_answers_in_asyncio(server: ReplayServer) -> None:
    async with partwise.from_provider(
        "mistral/x", api_key="no key", base_url=server.url, async_client=True
    ) as client:
        for model in [*MODELS, OLD]:
            value = await client.create(Person, QUESTION, model=model, max_retries=0)
            assert value == Person(name="Ada")


def test_a_server_that_ignores_stream_is_read(server: ReplayServer) -> None:
    choice = {"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    server.enqueue(Reply.of_json({"choices": [choice], "usage": usage}))
    with partwise.from_provider("mistral/x", api_key="no key", base_url=server.url) as client:
        value, completion = client.create_with_completion(Person, QUESTION, max_retries=0)
    assert value == Person(name="Ada")
    assert completion.usage == partwise.Usage(3, 4)


def test_the_rows() -> None:
    assert [row.provider for row in model_rows()] == ["mistral"]
