"""A loopback server in the vendor's place, and the provider that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from botocore.config import Config

from partwise.provider import Mode, ProviderConfig, Request
from partwise_bedrock import BedrockProvider
from partwise_conformance import ReplayServer

MakeProvider: TypeAlias = Callable[..., BedrockProvider]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module")
def make_provider(server: ReplayServer) -> Iterator[MakeProvider]:
    """Makes providers that send to the server, and closes them."""
    made: list[BedrockProvider] = []

    def make(**config: Any) -> BedrockProvider:
        options = {
            "region_name": "eu-west-1",
            "aws_access_key_id": "dummy",
            "aws_secret_access_key": "dummy",
            "config": Config(retries={"total_max_attempts": 1}),
            **config.pop("options", {}),
        }
        settings = {"name": "bedrock", "base_url": server.url, "options": options, **config}
        made.append(BedrockProvider(ProviderConfig(**settings)))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.fixture(scope="module")
def provider(make_provider: MakeProvider) -> BedrockProvider:
    return make_provider()


@pytest.fixture(autouse=True)
def _forget(server: ReplayServer) -> None:
    server.reset()


@pytest.fixture(scope="session")
def request_for() -> Callable[..., Request]:
    """Makes requests, each with what is said of it."""

    def make(**changes: Any) -> Request:
        said: dict[str, Any] = {
            "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "mode": Mode.MD_JSON,
            "messages": [{"role": "user", "content": "How old?"}],
            "schema": {
                "type": "object",
                "properties": {"age": {"type": "integer"}},
                "required": ["age"],
            },
            "name": "Age",
            **changes,
        }
        return Request(**said)

    return make
