"""Every name of the tables, with no mode given, against a vendor that refuses as the real ones do.

A name that a table lists is asked rightly the first time. Any other name ends in an answer too,
and is asked rightly the second time.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import BaseModel, Field

import partwise
import partwise_openai
from partwise import BadRequestError, Mode
from partwise_conformance import ReplayServer
from partwise_openai._servers import SERVERS

from .refusing import DEPLOYMENTS, PERSONALITIES, handler

if TYPE_CHECKING:
    from partwise_openai._profiles import Server


class Order(BaseModel):
    code: str = Field(pattern="^[a-z]+$", min_length=1)
    tags: list[str] = Field(default=[], min_length=0, max_length=3)


ANSWER = '{"code": "abc", "tags": []}'
ORDER = Order(code="abc", tags=[])
QUESTION = [{"role": "user", "content": "Which order?"}]
OPTIONS: dict[str, Any] = {"temperature": 0, "max_tokens": 100}


# 15 names at each of 34 servers take 3,000 requests: at each commit, those that differ most.
SOON = ("openai", "deepseek", "heroku", "openrouter")
QUICKLY = [name if name in SOON else pytest.param(name, marks=pytest.mark.full) for name in SERVERS]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(handler(ANSWER)) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def rows() -> Iterator[None]:
    """Every name is this plugin's row, whatever other plugin is installed under that name."""
    partwise.register(partwise_openai)
    yield
    partwise.unregister(partwise_openai)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client() as http:
        yield http


@pytest.fixture
async def ahttp() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient() as http:
        yield http


def listed(server: Server) -> list[str]:
    examples = [row.examples for row in server.families] + [row.examples for row in server.traits]
    return list(dict.fromkeys(chain.from_iterable(examples)))


def client(name: str, model: str, server: ReplayServer, http: httpx2.Client) -> partwise.Client:
    url = f"{server.url}/{name}/v1"
    return partwise.from_provider(f"{name}/{model}", api_key="k", base_url=url, http_client=http)


def aclient(
    name: str, model: str, server: ReplayServer, http: httpx2.AsyncClient
) -> partwise.AsyncClient:
    return partwise.from_provider(
        f"{name}/{model}",
        async_client=True,
        api_key="k",
        base_url=f"{server.url}/{name}/v1",
        http_client=http,
    )


def ask(client: partwise.Client, server: ReplayServer) -> int:
    """Ask with no mode, and count the requests that this took."""
    before = len(server.requests)
    order = client.create(response_model=Order, messages=QUESTION, max_retries=0, **OPTIONS)
    assert order == ORDER
    return len(server.requests) - before


async def aask(client: partwise.AsyncClient, server: ReplayServer) -> int:
    before = len(server.requests)
    order = await client.create(response_model=Order, messages=QUESTION, max_retries=0, **OPTIONS)
    assert order == ORDER
    return len(server.requests) - before


@pytest.mark.parametrize("name", SERVERS)
def test_listed_names_are_asked_rightly_at_once(
    name: str, server: ReplayServer, http: httpx2.Client
) -> None:
    counts = {
        model: ask(client(name, model, server, http), server) for model in listed(SERVERS[name])
    }

    assert {model: count for model, count in counts.items() if count != 1} == {}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", SERVERS)
async def test_listed_names_are_asked_rightly_at_once_async(
    name: str, server: ReplayServer, ahttp: httpx2.AsyncClient
) -> None:
    counts = {
        model: await aask(aclient(name, model, server, ahttp), server)
        for model in listed(SERVERS[name])
    }

    assert {model: count for model, count in counts.items() if count != 1} == {}


@pytest.mark.parametrize("name", QUICKLY)
def test_other_names_are_learned(name: str, server: ReplayServer, http: httpx2.Client) -> None:
    for model in PERSONALITIES:
        with_memory = client(name, model, server, http)
        assert ask(with_memory, server) <= 8, model
        assert ask(with_memory, server) == 1, model


@pytest.mark.parametrize("name", QUICKLY)
async def test_other_names_are_learned_async(
    name: str, server: ReplayServer, ahttp: httpx2.AsyncClient
) -> None:
    for model in PERSONALITIES:
        with_memory = aclient(name, model, server, ahttp)
        assert await aask(with_memory, server) <= 8, model
        assert await aask(with_memory, server) == 1, model


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_a_deployment_of_any_name(
    deployment: str, server: ReplayServer, http: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    azure = client("azure", deployment, server, http)
    with caplog.at_level(logging.WARNING, "partwise"):
        assert ask(azure, server) <= 4
    assert deployment in caplog.text
    assert "mode=" in caplog.text or "left out" in caplog.text

    assert ask(azure, server) == 1


def test_a_mode_that_was_named_is_not_changed(server: ReplayServer, http: httpx2.Client) -> None:
    asked = client("openai", "gpt-5.6", server, http)

    with pytest.raises(BadRequestError, match="Function tools with reasoning_effort") as caught:
        asked.create(response_model=Order, messages=QUESTION, mode=Mode.TOOLS)
    assert "mode='json_schema'" in str(caught.value)


def test_a_tool_of_a_thinking_model_that_is_asked_again(server: ReplayServer) -> None:
    with ReplayServer(handler('{"code": 5}')) as wrong:
        asked = partwise.from_provider(
            "deepseek/deepseek-v4-pro", api_key="k", base_url=f"{wrong.url}/deepseek/v1"
        )
        with asked, pytest.raises(partwise.RetriesExhaustedError):
            asked.create(response_model=Order, messages=QUESTION, mode=Mode.TOOLS, max_retries=1)

        again = wrong.requests[-1].json()["messages"]
        assert [message["role"] for message in again][-2:] == ["assistant", "tool"]
        assert "reasoning_content" in again[-2]
