"""What is sent, with which client, when it is sent again, and when the connection is let go."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from mistralai.client import Mistral
from mistralai.client.utils import BackoffStrategy, RetryConfig
from pydantic import BaseModel

import partwise
from partwise.provider import ConfigurationError, Mode, Request
from partwise_conformance import Hold, ReplayServer, Reply, sse
from partwise_mistral import MistralProvider

from ..timing import PROMPTLY

MakeProvider = Callable[..., MistralProvider]
MakeRequest = Callable[..., Request]

"""Seconds within which a connection is let go."""


class Age(BaseModel):
    """How old someone is."""

    age: int


def event(content: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return sse({"choices": [choice]})


ANSWER = Reply(body=[event('{"age":'), event("36}", "stop"), sse("[DONE]")])
BUSY = Reply.of_json({"object": "error", "message": "busy"}, status=503)


def sent(provider: MistralProvider, server: ReplayServer, request: Request) -> dict[str, Any]:
    """The body of the request, as the SDK wrote it."""
    server.enqueue(ANSWER)
    with provider.open(provider.build_request(request)) as events:
        list(events)
    body: dict[str, Any] = server.requests[-1].json()
    return body


# The request --------------------------------------------------------------------------------


def test_a_tool_is_forced(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    other = {"type": "function", "function": {"name": "other", "parameters": {}}}
    request = request_for(mode=Mode.TOOLS, description="An age.", options={"tools": [other]})
    body = sent(make_provider(), server, request)

    tools = [tool["function"] for tool in body["tools"]]
    assert [tool["name"] for tool in tools] == ["Age", "other"]
    assert tools[0]["description"] == "An age."
    assert tools[0]["parameters"]["properties"] == {"age": {"type": "integer"}}
    assert body["tool_choice"] == {"type": "function", "function": {"name": "Age"}}
    assert body["parallel_tool_calls"] is False
    assert body["stream"] is True


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "object", "properties": {"age": {"type": "integer"}}}, True),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, False),
    ],
    ids=["closed", "a map"],
)
def test_a_schema_is_strict_where_it_can_be(
    make_provider: MakeProvider,
    server: ReplayServer,
    request_for: MakeRequest,
    schema: dict[str, Any],
    strict: bool,
) -> None:
    body = sent(make_provider(), server, request_for(mode=Mode.JSON_SCHEMA, schema=schema))

    asked = body["response_format"]["json_schema"]
    assert (asked["name"], asked["strict"]) == ("Age", strict)
    assert (asked["schema"].get("additionalProperties") is False) == strict


def test_json_mode(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    body = sent(make_provider(), server, request_for(mode=Mode.JSON))

    assert body["response_format"] == {"type": "json_object"}


def test_messages(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    document = {"file_data": "https://example.com/a.pdf", "filename": "a.pdf"}
    files = [{"type": "file", "file": file} for file in (document, {"file_id": "f1"})]
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    function = {"name": "find", "arguments": "{}"}
    call = {"id": "call_with_a_long_id", "type": "function", "function": function}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Who?"}, image, *files, sound]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call, {**call, "id": "AbCd12345"}],
            "reasoning_content": "Hm.",
        },
        {"role": "tool", "tool_call_id": "call_with_a_long_id", "content": "Ada"},
        {"role": "tool", "tool_call_id": "AbCd12345", "content": "Jo"},
    ]
    system, user, assistant, *results = sent(
        make_provider(), server, request_for(messages=messages)
    )["messages"]

    assert (system["role"], system["content"]) == ("system", "Be brief.")
    assert user["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAA"
    assert "reasoning_content" not in assistant
    parts = user["content"][2:]
    assert parts[0]["document_url"] == "https://example.com/a.pdf"
    assert parts[0]["document_name"] == "a.pdf"
    assert parts[1]["file_id"] == "f1"
    assert parts[2] == {"type": "input_audio", "input_audio": "UklGRg=="}
    ids = [each["id"] for each in assistant["tool_calls"]]
    assert ids[1] == "AbCd12345"
    # Nine letters or digits are all that the API takes.
    assert ids[0].isalnum()
    assert len(ids[0]) == 9
    assert [each["tool_call_id"] for each in results] == ids


@pytest.mark.parametrize(
    "changes",
    [{"options": {"no_such_option": 1}}, {"messages": [{"role": "nobody", "content": "x"}]}],
    ids=["option", "role"],
)
async def test_what_the_sdk_does_not_take_is_not_sent(
    make_provider: MakeProvider,
    server: ReplayServer,
    request_for: MakeRequest,
    changes: dict[str, Any],
) -> None:
    provider = make_provider()
    payload = provider.build_request(request_for(**changes))

    with pytest.raises(ConfigurationError, match="mistralai does not take"), provider.open(payload):
        pass
    with pytest.raises(ConfigurationError, match="mistralai does not take"):
        async with provider.aopen(payload):
            pass
    assert server.requests == []
    await provider.aclose()


def test_the_read_timeout_is_the_sdks(
    make_provider: MakeProvider, request_for: MakeRequest
) -> None:
    provider = make_provider()

    assert provider.build_request(request_for(read_timeout=0.25))["timeout_ms"] == 250
    assert "timeout_ms" not in provider.build_request(request_for())


# The client -----------------------------------------------------------------------------------


def test_an_option_that_the_sdk_does_not_know(
    make_provider: MakeProvider, request_for: MakeRequest
) -> None:
    provider = make_provider(options={"no_such_option": 1})

    with pytest.raises(ConfigurationError, match="no_such_option"):
        provider.open(provider.build_request(request_for())).__enter__()


def test_a_client_of_the_user_s_stays_open(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    with Mistral(api_key="no key", server_url=server.url) as client:
        provider = make_provider(client=client, api_key=None, base_url=None)
        for _ in range(2):
            assert sent(provider, server, request_for())["model"] == "mistral-small-latest"
            provider.close()


async def test_http_clients_of_the_user_s_stay_open(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    with httpx2.Client(headers={"x-mine": "sync"}) as http_client:
        provider = make_provider(http_client=http_client)
        sent(provider, server, request_for())
        provider.close()
        assert not http_client.is_closed
    async with httpx2.AsyncClient(headers={"x-mine": "async"}) as ahttp_client:
        provider = make_provider(http_client=ahttp_client)
        server.enqueue(ANSWER)
        async with provider.aopen(provider.build_request(request_for())) as events:
            assert len([each async for each in events]) == 2
        await provider.aclose()
        assert not ahttp_client.is_closed
    assert [each.headers["x-mine"] for each in server.requests] == ["sync", "async"]


def test_one_provider_in_two_event_loops(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    provider = make_provider()

    async def ask() -> int:
        server.enqueue(ANSWER)
        async with provider.aopen(provider.build_request(request_for())) as events:
            return len([each async for each in events])

    async def ask_and_close() -> int:
        count = await ask()
        await provider.aclose()
        return count

    assert [asyncio.run(ask_and_close()), asyncio.run(ask_and_close())] == [2, 2]


# Trying again ---------------------------------------------------------------------------------


@pytest.fixture
def client(server: ReplayServer) -> Any:
    server.reset()
    with partwise.from_provider("mistral/m", api_key="no key", base_url=server.url) as client:
        yield client


QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "How old?"}]


def test_the_session_retries_what_the_sdk_does_not(
    client: partwise.Client, server: ReplayServer
) -> None:
    busy = Reply.of_json({"message": "busy"}, status=429, headers={"retry-after": "0"})
    server.enqueue(busy)
    server.enqueue(ANSWER)

    assert client.create(response_model=Age, messages=QUESTION, max_retries=1) == Age(age=36)


def test_no_retries(client: partwise.Client, server: ReplayServer) -> None:
    server.enqueue(BUSY)

    with pytest.raises(partwise.ServerError, match="busy"):
        client.create(response_model=Age, messages=QUESTION, max_retries=0)
    assert len(server.requests) == 1


def test_retries_of_the_sdks_are_not_made_twice(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    backoff = BackoffStrategy(1, 1, 1.0, max_elapsed_time=60_000, jitter_ms=0)
    patience = RetryConfig("backoff", backoff, retry_connection_errors=True)
    provider = make_provider(options={"retry_config": patience})
    server.enqueue(BUSY)
    assert sent(provider, server, request_for())["stream"] is True

    assert len(server.requests) == 2
    mapped = provider.map_error(httpx2.ReadTimeout("slow"))
    assert mapped
    assert mapped.retried


# Letting go -----------------------------------------------------------------------------------


def stall(server: ReplayServer) -> Any:
    return server.enqueue(Reply(body=[event('{"age":'), Hold()]))


def test_leaving_lets_go_at_once(
    make_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    provider, exchange = make_provider(), stall(server)
    with provider.open(provider.build_request(request_for())) as events:
        next(events)

    exchange.wait_disconnected(PROMPTLY)


async def test_leaving_lets_go_at_once_in_asyncio(
    amake_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    provider, exchange = amake_provider(), stall(server)
    async with provider.aopen(provider.build_request(request_for())) as events:
        await anext(events)

    await exchange.await_disconnected(PROMPTLY)
    # Nothing of the stream is left to be ended by a task of its own.
    del events
    gc.collect()
    await asyncio.sleep(0)
    running = [type(task.get_coro()).__name__ for task in asyncio.all_tasks()]
    assert not any("async_generator" in name for name in running)


async def test_cancelling_lets_go_at_once(
    amake_provider: MakeProvider, server: ReplayServer, request_for: MakeRequest
) -> None:
    provider, exchange = amake_provider(), stall(server)
    begun = asyncio.Event()

    async def read() -> None:
        async with provider.aopen(provider.build_request(request_for())) as events:
            async for _ in events:
                begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await exchange.await_disconnected(PROMPTLY)
