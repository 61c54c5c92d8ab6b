"""A loopback server in the vendor's place, and the provider that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

import pytest

from partwise.provider import Mode, ProviderConfig, Request
from partwise_conformance import ReplayServer
from partwise_mistral import MistralProvider

MakeProvider: TypeAlias = Callable[..., MistralProvider]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture
def make_provider(server: ReplayServer) -> Iterator[MakeProvider]:
    """Makes providers that send to the server, and closes what `open` left in them."""
    server.reset()
    made: list[MistralProvider] = []

    def make(**config: Any) -> MistralProvider:
        settings = {"name": "mistral", "api_key": "no key", "base_url": server.url, **config}
        made.append(MistralProvider(ProviderConfig(**settings)))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.fixture
async def amake_provider(make_provider: MakeProvider) -> AsyncIterator[MakeProvider]:
    """The same, and closes what `aopen` left, in the loop of the test."""
    made: list[MistralProvider] = []

    def make(**config: Any) -> MistralProvider:
        made.append(make_provider(**config))
        return made[-1]

    yield make
    for provider in made:
        await provider.aclose()


@pytest.fixture
def request_for() -> Callable[..., Request]:
    """Makes requests, each with what is said of it."""

    def make(**changes: Any) -> Request:
        said: dict[str, Any] = {
            "model": "mistral-small-latest",
            "mode": Mode.MD_JSON,
            "messages": [{"role": "user", "content": "How old?"}],
            "schema": {"type": "object", "properties": {"age": {"type": "integer"}}},
            "name": "Age",
            **changes,
        }
        return Request(**said)

    return make
