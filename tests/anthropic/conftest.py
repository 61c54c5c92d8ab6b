"""A loopback server in the vendor's place, the provider that talks to it, and an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, TypeAlias

import pytest

from partwise.provider import Mode, ProviderConfig, Request
from partwise_anthropic import AnthropicProvider
from partwise_conformance import ReplayServer, sse

MakeProvider: TypeAlias = Callable[..., AnthropicProvider]


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture
def make_provider(server: ReplayServer) -> Iterator[MakeProvider]:
    """Makes providers that send to the server, and closes what `open` left in them."""
    made: list[AnthropicProvider] = []

    def make(**config: Any) -> AnthropicProvider:
        settings = {"name": "anthropic", "api_key": "no key", "base_url": server.url, **config}
        made.append(AnthropicProvider(ProviderConfig(**settings)))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.fixture
async def amake_provider(make_provider: MakeProvider) -> AsyncIterator[MakeProvider]:
    """The same, and closes what `aopen` left, in the loop of the test."""
    made: list[AnthropicProvider] = []

    def make(**config: Any) -> AnthropicProvider:
        made.append(make_provider(**config))
        return made[-1]

    yield make
    for provider in made:
        await provider.aclose()


@pytest.fixture
def provider(make_provider: MakeProvider) -> AnthropicProvider:
    return make_provider()


@pytest.fixture
def aprovider(amake_provider: MakeProvider) -> AnthropicProvider:
    return amake_provider()


@pytest.fixture
def payload(provider: AnthropicProvider) -> Mapping[str, Any]:
    return provider.build_request(
        Request(
            model="claude-opus-4-5",
            mode=Mode.TOOLS,
            messages=[{"role": "user", "content": "How old?"}],
            schema={"type": "object", "properties": {"age": {"type": "integer"}}},
            name="Age",
        )
    )


@pytest.fixture
def answer() -> list[bytes]:
    """Four events, which say nothing but "Hi"."""
    usage = {"output_tokens": 1}
    message = {"id": "msg_1", "content": [], "usage": usage}
    text = {"type": "text_delta", "text": "Hi"}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_delta", "index": 0, "delta": text},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return [sse(event, event["type"]) for event in events]
