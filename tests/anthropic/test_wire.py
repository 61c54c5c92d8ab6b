"""Through the real SDK and a real socket: what is sent, what arrives when, and what is let go."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from partwise.provider import Mode, Request, TextDelta
from partwise_conformance import ReplayServer, Reply, sse

from ..timing import PROMPTLY

if TYPE_CHECKING:
    from partwise_anthropic import AnthropicProvider

"""Seconds in which a connection that is let go must be closed."""

KINDS = ["message_start", "content_block_delta", "message_delta", "message_stop"]

Payload: TypeAlias = Mapping[str, Any]


# What is sent, and what arrives --------------------------------------------------------------


def test_the_request(
    server: ReplayServer, provider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    server.enqueue(Reply(body=answer))
    with provider.open(payload) as events:
        assert [event["type"] for event in events] == KINDS
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert request.json() == payload
    assert "no key" in f"{request.headers}"


async def test_the_asynchronous_request_is_the_same(
    server: ReplayServer, aprovider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    server.enqueue(Reply(body=answer))
    async with aprovider.aopen(payload) as events:
        assert [event["type"] async for event in events] == KINDS
    assert server.requests[0].json() == payload


def test_sampling_reaches_the_body(
    server: ReplayServer, provider: AnthropicProvider, answer: list[bytes]
) -> None:
    request = Request(
        model="claude-opus-4-5",
        mode=Mode.MD_JSON,
        messages=[{"role": "user", "content": "How old?"}],
        schema={"type": "object"},
        name="Age",
        options={"temperature": 0.5},
    )
    server.enqueue(Reply(body=answer))
    with provider.open(provider.build_request(request)):
        pass
    assert server.requests[0].json()["temperature"] == 0.5


def test_an_event_arrives_before_the_next_is_sent(
    server: ReplayServer, provider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    exchange = server.enqueue(Reply(body=answer, gated=True))
    exchange.release()
    with provider.open(payload) as events:
        assert next(events)["type"] == KINDS[0]
        assert exchange.sent == 1
        exchange.release()
        assert next(events)["type"] == KINDS[1]


async def test_an_event_arrives_before_the_next_is_sent_asynchronously(
    server: ReplayServer, aprovider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    exchange = server.enqueue(Reply(body=answer, gated=True))
    exchange.release()
    async with aprovider.aopen(payload) as events:
        assert (await anext(events))["type"] == KINDS[0]
        assert exchange.sent == 1
        exchange.release()
        assert (await anext(events))["type"] == KINDS[1]


async def test_pings_arrive(
    server: ReplayServer, aprovider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    ping = {"type": "ping"}
    for _ in range(2):
        server.enqueue(Reply(body=[sse(ping, "ping"), *answer]))
    with aprovider.open(payload) as events:
        assert next(events) == ping
    async with aprovider.aopen(payload) as aevents:
        assert await anext(aevents) == ping


def test_a_connection_whose_stream_was_read_serves_again(
    server: ReplayServer, provider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    for _ in range(2):
        server.enqueue(Reply(body=answer))
        with provider.open(payload) as events:
            assert len(list(events)) == len(KINDS)
    assert server.open_connections == 1


# Letting go ----------------------------------------------------------------------------------


def after_break(provider: AnthropicProvider, payload: Payload) -> None:
    with provider.open(payload) as events:
        for _ in events:
            break


def by_exception(provider: AnthropicProvider, payload: Payload) -> None:
    with pytest.raises(KeyError), provider.open(payload) as events:
        raise KeyError(next(events)["type"])


def unread(provider: AnthropicProvider, payload: Payload) -> None:
    with provider.open(payload):
        pass


@pytest.mark.parametrize("leave", [after_break, by_exception, unread])
def test_leaving_early_releases_the_connection_at_once(
    leave: Callable[[AnthropicProvider, Payload], None],
    server: ReplayServer,
    provider: AnthropicProvider,
    payload: Payload,
    answer: list[bytes],
) -> None:
    exchange = server.enqueue(Reply(body=answer, gated=True))
    exchange.release(2)
    leave(provider, payload)
    left = time.monotonic()
    assert exchange.wait_disconnected() - left < PROMPTLY


async def aafter_break(provider: AnthropicProvider, payload: Payload) -> None:
    async with provider.aopen(payload) as events:
        async for _ in events:
            break


async def aby_exception(provider: AnthropicProvider, payload: Payload) -> None:
    with pytest.raises(KeyError):
        async with provider.aopen(payload) as events:
            raise KeyError((await anext(events))["type"])


async def aunread(provider: AnthropicProvider, payload: Payload) -> None:
    async with provider.aopen(payload):
        pass


async def aby_cancellation(provider: AnthropicProvider, payload: Payload) -> None:
    waiting = asyncio.Event()

    async def read() -> None:
        try:
            async with provider.aopen(payload) as events:
                await anext(events)
                await anext(events)
                waiting.set()
                await anext(events)
        finally:
            waiting.set()  # an error is to be told, and not waited for

    task = asyncio.create_task(read())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("leave", [aafter_break, aby_exception, aunread, aby_cancellation])
async def test_leaving_early_releases_the_asynchronous_connection_at_once(
    leave: Callable[[AnthropicProvider, Payload], Coroutine[Any, Any, None]],
    server: ReplayServer,
    aprovider: AnthropicProvider,
    payload: Payload,
    answer: list[bytes],
) -> None:
    exchange = server.enqueue(Reply(body=answer, gated=True))
    exchange.release(2)
    await leave(aprovider, payload)
    left = time.monotonic()
    assert await exchange.await_disconnected() - left < PROMPTLY


async def test_no_generator_outlives_its_stream(
    server: ReplayServer, aprovider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    started: list[Any] = []
    ended: list[Any] = []
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(firstiter=started.append, finalizer=ended.append)
    try:
        for leave in (aafter_break, aunread, aby_exception, aby_cancellation):
            server.enqueue(Reply(body=answer, gated=True)).release(2)
            await leave(aprovider, payload)
            assert [each for each in started if each.ag_frame is not None] == []
    finally:
        sys.set_asyncgen_hooks(*hooks)
    assert started
    assert not ended


async def test_one_provider_in_two_event_loops(
    server: ReplayServer, aprovider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    async def read() -> list[str]:
        async with aprovider.aopen(payload) as events:
            return [event["type"] async for event in events]

    async def read_and_close() -> list[str]:
        kinds = await read()
        await aprovider.aclose()
        return kinds

    for _ in range(3):
        server.enqueue(Reply(body=answer))
    assert await read() == KINDS
    assert await asyncio.to_thread(asyncio.run, read_and_close()) == KINDS
    assert await read() == KINDS
    assert server.open_connections == 1


def test_a_tool_carries_what_can_not_be_enforced(
    server: ReplayServer, provider: AnthropicProvider
) -> None:
    ages = {"type": "object", "additionalProperties": {"type": "integer"}}
    request = Request(
        model="claude-opus-4-5",
        mode=provider.capabilities("claude-opus-4-5").default_mode,
        messages=[{"role": "user", "content": "How old?"}],
        schema={"type": "object", "properties": {"ages": ages}, "required": ["ages"]},
        name="Ages",
    )
    tool = {"type": "tool_use", "id": "toolu_1", "name": "Ages", "input": {"ages": {"Ada": 36}}}
    blocks: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": tool},
        {"type": "content_block_stop", "index": 0},
    ]
    server.enqueue(Reply(body=[sse(block, block["type"]) for block in blocks]))
    decoder = provider.decoder(request)
    with provider.open(provider.build_request(request)) as events:
        chunks = [chunk for event in events for chunk in decoder.feed(event)]
    assert [*chunks, *decoder.close()] == [TextDelta('{"ages": {"Ada": 36}}')]


def test_closing_releases_idle_connections_and_the_provider_works_on(
    server: ReplayServer, provider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    for _ in range(2):
        exchange = server.enqueue(Reply(body=answer))
        with provider.open(payload) as events:
            assert len(list(events)) == len(KINDS)
        provider.close()
        exchange.wait_disconnected()


async def test_closing_releases_idle_asynchronous_connections(
    server: ReplayServer, aprovider: AnthropicProvider, payload: Payload, answer: list[bytes]
) -> None:
    exchange = server.enqueue(Reply(body=answer))
    async with aprovider.aopen(payload) as events:
        assert len([event async for event in events]) == len(KINDS)
    await aprovider.aclose()
    await exchange.await_disconnected()
