"""From `from_provider("google/…")` to snapshots, over loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from google import genai
from google.genai import types
from pydantic import BaseModel, Field

import partwise
from partwise import (
    ContentFilterError,
    IncompleteOutputError,
    Mode,
    RetriesExhaustedError,
    ServerError,
    Usage,
)
from partwise_conformance import Hold, ReplayServer, Reply, sse

from ..timing import PROMPTLY

MESSAGES = [{"role": "user", "content": "Who?"}]


class Person(BaseModel):
    """A person."""

    name: str
    age: int = Field(ge=0)


ADA = Person(name="Ada", age=36)


def event(*parts: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    candidate = {"content": {"role": "model", "parts": [*parts]}, "finishReason": finish}
    return sse({"candidates": [candidate], **more})


def text(piece: str, finish: str | None = None) -> bytes:
    return event({"text": piece}, finish=finish)


def call(**fields: Any) -> dict[str, Any]:
    return {"functionCall": fields}


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture
def client(server: ReplayServer) -> Iterator[partwise.Client]:
    client = partwise.from_provider(
        "google/gemini-2.5-flash", api_key="k", base_url=server.url, max_retries=0
    )
    with client:
        yield client


def distinct(shown: Iterable[Any]) -> list[Any]:
    """What was shown, without what only says that a value is now complete."""
    return list(dict.fromkeys(shown))


COUNTED = {"promptTokenCount": 5, "candidatesTokenCount": 7, "thoughtsTokenCount": 2}
WRITTEN = Reply(
    body=[
        event({"text": "Hm.", "thought": True}),
        text('{"name": "A'),
        text('da", "age": 3'),
        event({"text": "6}"}, finish="STOP", usageMetadata=COUNTED),
    ]
)


def test_an_answer_fills_in(server: ReplayServer, client: partwise.Client) -> None:
    server.enqueue(WRITTEN)

    stream = client.create_partial(response_model=Person, messages=MESSAGES)
    shown = distinct((snapshot.name, snapshot.age) for snapshot in stream)

    assert shown == [("A", None), ("Ada", None), ("Ada", 36)]
    assert stream.result() == ADA
    assert stream.reasoning == "Hm."
    assert stream.finish_reason == "stop"
    assert stream.usage == Usage(input_tokens=5, output_tokens=9, reasoning_tokens=2)


async def test_an_answer_fills_in_async(server: ReplayServer) -> None:
    server.enqueue(WRITTEN)

    async with partwise.from_provider(
        "google/gemini-2.5-flash", async_client=True, api_key="k", base_url=server.url
    ) as client:
        stream = client.create_partial(response_model=Person, messages=MESSAGES)
        shown = distinct([(snapshot.name, snapshot.age) async for snapshot in stream])
        assert shown == [("A", None), ("Ada", None), ("Ada", 36)]
        assert await stream.result() == ADA


def test_streamed_arguments_fill_in(server: ReplayServer) -> None:
    name = {"jsonPath": "$.name", "stringValue": "A", "willContinue": True}
    end = {"jsonPath": "$.name", "stringValue": "da"}
    age = {"jsonPath": "$.age", "numberValue": 36}
    server.enqueue(
        Reply(
            body=[
                event(call(name="Person", willContinue=True)),
                event(call(partialArgs=[name], willContinue=True)),
                event(call(partialArgs=[end], willContinue=True)),
                event(call(partialArgs=[age])),
                text("", "STOP"),
            ]
        )
    )

    with partwise.from_provider(
        "vertex/gemini-3-pro", mode=Mode.TOOLS, api_key="k", base_url=server.url
    ) as client:
        stream = client.create_partial(
            response_model=Person,
            messages=MESSAGES,
            options={"stream_function_call_arguments": True},
        )
        shown = distinct((snapshot.name, snapshot.age) for snapshot in stream)
    assert shown == [("A", None), ("Ada", None), ("Ada", 36)]
    assert stream.result() == ADA
    assert stream.finish_reason == "tool_calls"


@pytest.mark.parametrize("mode", [Mode.JSON_SCHEMA, Mode.TOOLS, Mode.MD_JSON])
def test_an_invalid_answer_is_asked_again(mode: Mode, server: ReplayServer) -> None:
    for age in (-1, 36):
        document = f'{{"name": "Ada", "age": {age}}}'
        part = {"text": document}
        if mode is Mode.TOOLS:
            part = call(name="Person", args={"name": "Ada", "age": age})
        if mode is Mode.MD_JSON:
            part = {"text": f"```json\n{document}\n```"}
        server.enqueue(Reply(body=[event(part, finish="STOP")]))

    with partwise.from_provider("google/g", mode=mode, api_key="k", base_url=server.url) as client:
        assert client.create(response_model=Person, messages=MESSAGES) == ADA
    _, again = server.requests
    asked, answer, fault = again.json()["contents"]
    assert asked == {"role": "user", "parts": [{"text": "Who?"}]}
    assert [content["role"] for content in (answer, fault)] == ["model", "user"]
    assert "-1" in str(answer)
    assert "greater than or equal to 0" in str(fault)
    assert ("functionResponse" in str(fault)) == (mode is Mode.TOOLS)


WHOLE = {"candidates": [{"content": {"parts": [{"text": "{}"}]}, "finishReason": "STOP"}]}
BLOCKED = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([sse(BLOCKED)], ContentFilterError),
        ([text('{"name": "A'), event(finish="SAFETY")], ContentFilterError),
        ([text('{"name": "A', "MAX_TOKENS")], IncompleteOutputError),
        ([text('{"name": "A')], IncompleteOutputError),
        ([event(finish="MALFORMED_FUNCTION_CALL")], IncompleteOutputError),
        ([b"<html>Sign in</html>"], ServerError),
        # The body of a proxy that leaves out `alt=sse`: in one line the SDK takes it for an event
        # without fields, else for an error.
        ([json.dumps([WHOLE, WHOLE]).encode()], ServerError),
        ([json.dumps([WHOLE, WHOLE], indent=2).encode()], ServerError),
        ([], IncompleteOutputError),
    ],
)
def test_bad_ends(
    events: list[bytes],
    error: type[partwise.PartwiseError],
    server: ReplayServer,
    client: partwise.Client,
) -> None:
    server.enqueue(Reply(body=events))

    with pytest.raises(partwise.PartwiseError) as caught:
        client.create(response_model=Person, messages=MESSAGES, max_retries=0)
    found = caught.value
    assert type(found.__cause__ if isinstance(found, RetriesExhaustedError) else found) is error
    if events and events[0].startswith(b"["):
        assert "?alt=sse" in str(found)


def test_a_break_releases_the_connection(server: ReplayServer, client: partwise.Client) -> None:
    exchange = server.enqueue(Reply(body=[text('{"name": "A'), Hold()]))

    with client.create_partial(response_model=Person, messages=MESSAGES) as stream:
        for _ in stream:
            break
        left = time.monotonic()
    assert exchange.wait_disconnected() - left < PROMPTLY


async def test_a_break_releases_the_connection_async(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(body=[text('{"name": "A'), Hold()]))
    sdk_client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=server.url))

    client = partwise.from_google(sdk_client.aio, "gemini-2.5-flash")
    async with client.create_partial(response_model=Person, messages=MESSAGES) as stream:
        async for _ in stream:
            break
        left = time.monotonic()
    assert await exchange.await_disconnected() - left < PROMPTLY
    await sdk_client.aio.aclose()
    sdk_client.close()


async def test_an_early_fault_releases_the_connection(server: ReplayServer) -> None:
    first = server.enqueue(Reply(body=[text('{"name": "A", "age": -1'), text(", "), Hold()]))
    server.enqueue(WRITTEN)

    async with partwise.from_provider(
        "google/g", async_client=True, api_key="k", base_url=server.url
    ) as client:
        assert await client.create(response_model=Person, messages=MESSAGES) == ADA
    assert first.disconnected
