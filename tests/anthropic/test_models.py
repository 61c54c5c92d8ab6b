"""Every row's models asked with no mode given, by a vendor that refuses what Anthropic refuses.

Its rules are written from the vendor's pages and from reports of refused requests, and not from the
plugin's table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import partwise
from partwise.provider import Finish, Request, TextDelta, ToolCallDelta
from partwise_anthropic._profiles import PROFILES, model_rows, profile_of
from partwise_conformance import ReplayServer, Reply

from .wire import AnthropicWire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise_conformance import RecordedRequest

MODELS = [
    "claude-fable-5-2",
    "claude-fable-5-1",
    "claude-fable-5",
    "claude-mythos-5-2",
    "claude-mythos-preview",
    "claude-opus-5-5",
    "claude-haiku-5-5",
    "claude-sonnet-6",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5",
    "claude-opus-4-1",
    "claude-sonnet-4-20250514",
    "claude-3-7-sonnet-latest",
    "claude-3-5-haiku-20241022",
    "claude-3-haiku-20240307",
    "claude-latest",
    "anthropic/claude-opus-4.5",
    "minimax-m2",
]
QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "Who?"}]
TEXT = '{"name": "Ada"}'
WIRE = AnthropicWire()


class Person(BaseModel):
    name: str


def refusal(body: dict[str, Any]) -> str | None:  # noqa: PLR0911 - one for each of the rules
    """The words with which the API refuses this request, if it does."""
    model, choice = body["model"], (body.get("tool_choice") or {}).get("type")
    unforced = re.search(r"fable|mythos|[a-z]-(?:5-[1-9]|6)$|claude-latest", model)
    if choice in ("tool", "any") and unforced:
        return 'tool_choice: type "tool" and "any" are not supported for this model.'
    if choice in ("tool", "any") and body.get("thinking"):
        return "Thinking may not be enabled when tool_choice forces tool use."
    if "output_config" in body and re.search(r"claude-(3|sonnet-4-2025|latest)|minimax", model):
        return f"'{model}' does not support output_config.format."
    unsampled = re.search(r"fable|mythos|[a-z]-[56](-[1-9])?$|-4-[78]$|claude-latest", model)
    if "temperature" in body and unsampled:
        return "`temperature` is deprecated for this model."
    if body["max_tokens"] > 8192 and "claude-3-5" in model:
        return f"max_tokens: {body['max_tokens']} > 8192, which is the maximum allowed number"
    if body["max_tokens"] > 4096 and "claude-3-haiku" in model:
        return f"max_tokens: {body['max_tokens']} > 4096, which is the maximum allowed number"
    if "minimax" in model and any(
        "eager_input_streaming" in tool for tool in body.get("tools", ())
    ):
        return "tools.0.custom.eager_input_streaming: Extra inputs are not permitted"
    if "grammar" in body["messages"][0]["content"] and "output_config" in body:
        return "The compiled grammar is too large, which would cause performance issues."
    return None


def answer(request: RecordedRequest) -> Reply:
    body = request.json()
    if words := refusal(body):
        error = {"type": "invalid_request_error", "message": words}
        return Reply.of_json({"type": "error", "error": error}, status=400)
    tools = body.get("tools")
    call = ToolCallDelta(0, TEXT, "toolu_1", tools[0]["name"]) if tools else TextDelta(TEXT)
    chunks = [call, Finish("tool_calls" if tools else "stop")]
    request_of: Any = Request
    events = WIRE.events(iter(chunks), request_of)
    return Reply(body=[WIRE.framing.frame(event) for event in events])


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: ReplayServer) -> Iterator[partwise.Client]:
    with partwise.from_provider(
        "anthropic/claude-x", api_key="no key", base_url=server.url
    ) as client:
        yield client


def ask(
    client: partwise.Client, server: ReplayServer, model: str, content: str = "Who?", **options: Any
) -> list[int]:
    """Ask twice; the requests that each call took."""
    counts = []
    for _ in range(2):
        server.reset()
        messages = [{"role": "user", "content": content}]
        value = client.create(Person, messages, model=model, max_retries=0, **options)
        assert value == Person(name="Ada")
        counts.append(len(server.requests))
    return counts


UNLISTED = {"claude-latest", "minimax-m2"}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_answers(client: partwise.Client, server: ReplayServer, model: str) -> None:
    sampling = {"temperature": 0.5, "max_completion_tokens": 100}
    for options in ({}, sampling, {"thinking": {"type": "adaptive"}}):
        first, second = ask(client, server, model, **options)
        assert second == 1
        assert first == 1 or model in UNLISTED


async def test_every_model_answers_in_asyncio(server: ReplayServer) -> None:
    async with partwise.from_provider(
        "anthropic/claude-x", api_key="no key", base_url=server.url, async_client=True
    ) as client:
        for model in MODELS:
            value = await client.create(
                Person, QUESTION, model=model, max_retries=0, temperature=0.5
            )
            assert value == Person(name="Ada")


def test_a_grammar_that_is_too_large_is_asked_for_by_a_tool(
    client: partwise.Client, server: ReplayServer
) -> None:
    assert ask(client, server, "claude-opus-4-5", content="A large grammar.") == [2, 1]
    body = server.requests[-1].json()
    assert "output_config" not in body
    assert body["tools"][0]["name"] == "Person"


@pytest.mark.parametrize("mode", ["json_schema", "tools", "md_json"])
def test_a_mode_that_was_named_stays(
    client: partwise.Client, server: ReplayServer, mode: str
) -> None:
    ask(client, server, "claude-mythos-preview", mode=mode)
    body = server.requests[-1].json()
    assert ("output_config" in body, "tools" in body) == (mode == "json_schema", mode == "tools")


def test_a_prompt_that_is_too_long_is_not_taken_for_a_refusal(
    client: partwise.Client, server: ReplayServer
) -> None:
    server.reset()
    error = {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8 maximum"}
    server.enqueue(Reply.of_json({"type": "error", "error": error}, status=400))
    with pytest.raises(partwise.BadRequestError, match="too long"):
        client.create(Person, QUESTION, model="claude-opus-4-5")
    assert len(server.requests) == 1


def test_every_row_has_a_model_here() -> None:
    assert {profile_of(model).label for model in MODELS} == {row.label for row in PROFILES}
    assert [row.model for row in model_rows()] == [row.label for row in PROFILES]


def test_a_server_that_ignores_stream_is_read(
    client: partwise.Client, server: ReplayServer
) -> None:
    content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": TEXT}]
    usage = {"input_tokens": 3, "output_tokens": 4}
    whole = {"type": "message", "content": content, "stop_reason": "end_turn", "usage": usage}
    server.enqueue(Reply.of_json(whole))
    value, completion = client.create_with_completion(Person, QUESTION, model="claude-opus-4-5")
    assert value == Person(name="Ada")
    assert completion.usage == partwise.Usage(3, 4)


def blocks_of(*texts: str) -> Reply:
    message: dict[str, Any] = {"role": "assistant", "content": [], "usage": {}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    for index, text in enumerate(texts):
        block = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": text}
        events += [
            {"type": "content_block_start", "index": index, "content_block": block},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    events += [
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]
    return Reply(body=[WIRE.framing.frame(event) for event in events])


@pytest.mark.parametrize("mode", ["json_schema", "tools", "md_json"])
@pytest.mark.parametrize("prose", ["Here you go.", "I shall fill in {name}.", "Note: [1]"])
def test_prose_in_one_block_and_the_answer_in_the_next(
    client: partwise.Client, server: ReplayServer, mode: str, prose: str
) -> None:
    server.reset()
    server.enqueue(blocks_of(prose, TEXT))
    value = client.create(Person, QUESTION, model="claude-opus-4-5", mode=mode, max_retries=0)
    assert value == Person(name="Ada")
