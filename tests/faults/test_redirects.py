"""A redirect to another origin: the key and the prompt stay at home, with every vendor's SDK."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest

import partwise
from partwise_conformance import ReplayServer, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTION: list[dict[str, Any]] = [{"role": "user", "content": "Who?"}]
AWS: dict[str, Any] = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "no-key-at-all",
    "aws_secret_access_key": "no-secret-at-all",
}
VENDORS: dict[str, dict[str, Any]] = {
    "openai/gpt-4.1-mini": {"api_key": "no key"},
    "anthropic/claude-haiku-4-5": {"api_key": "no key"},
    "google/gemini-2.5-flash": {"api_key": "no key"},
    "mistral/mistral-small-latest": {"api_key": "no key"},
    "bedrock/amazon.nova-lite-v1:0": AWS,
}


@pytest.fixture
def servers() -> Iterator[tuple[ReplayServer, ReplayServer]]:
    with ReplayServer() as home, ReplayServer() as stranger:
        yield home, stranger


def ask(model: str, options: dict[str, Any], *, is_async: bool) -> partwise.PartwiseError:
    async def aask() -> None:
        async with partwise.from_provider(model, async_client=True, **options) as client:
            await client.create(dict[str, str], QUESTION, max_retries=0)

    def ask() -> None:
        with partwise.from_provider(model, **options) as client:
            client.create(dict[str, str], QUESTION, max_retries=0)

    with pytest.raises(partwise.PartwiseError) as caught:
        asyncio.run(aask()) if is_async else ask()
    return caught.value


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "status",
    [pytest.param(302, marks=pytest.mark.full), 307, pytest.param(308, marks=pytest.mark.full)],
)
@pytest.mark.parametrize("model", VENDORS)
def test_another_origin_gets_nothing(
    model: str, status: int, servers: tuple[ReplayServer, ReplayServer], *, is_async: bool
) -> None:
    home, stranger = servers
    location = {"location": f"{stranger.url}/elsewhere"}
    home.enqueue(Reply(status=status, headers=location, framing="length"))
    error = ask(model, {"base_url": home.url, **VENDORS[model]}, is_async=is_async)

    assert not stranger.requests
    assert len(home.requests) == 1
    assert isinstance(error, partwise.ProviderError)
    assert not error.retryable


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_redirect_to_no_address_is_the_vendor_s_fault(
    servers: tuple[ReplayServer, ReplayServer], *, is_async: bool
) -> None:
    home, _ = servers
    home.enqueue(Reply(status=307, headers={"location": "http://[::1"}, framing="length"))
    model = "openai/gpt-4.1-mini"
    error = ask(model, {"base_url": home.url, **VENDORS[model]}, is_async=is_async)
    assert isinstance(error, partwise.ProviderError)


def test_an_http_client_of_the_user_s_is_kept_at_home_too(
    servers: tuple[ReplayServer, ReplayServer],
) -> None:
    home, stranger = servers
    location = {"location": f"{stranger.url}/elsewhere"}
    home.enqueue(Reply(status=307, headers=location, framing="length"))
    with httpx2.Client(follow_redirects=True) as http_client:
        options = {"base_url": home.url, "api_key": "no key", "http_client": http_client}
        ask("google/g", options, is_async=False)

    assert not stranger.requests


def test_a_client_of_the_user_s_is_kept_at_home_too(
    servers: tuple[ReplayServer, ReplayServer],
) -> None:
    home, stranger = servers
    location = {"location": f"{stranger.url}/elsewhere"}
    home.enqueue(Reply(status=307, headers=location, framing="length"))
    with openai.OpenAI(api_key="no key", base_url=home.url) as given:
        client = partwise.from_openai(given, "gpt-4.1-mini")
        with pytest.raises(partwise.ProviderError):
            client.create(dict[str, str], QUESTION, max_retries=0)

    assert not stranger.requests
