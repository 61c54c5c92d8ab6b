"""A client of the vendor's SDK that the user made, with a proxy in it, is taken as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai.types import HttpOptions

import partwise
from partwise_conformance import ReplayServer, Reply

from .stand import MESSAGES, Note

if TYPE_CHECKING:
    from .vendors import Vendor

# Nobody is there: what is answered came through the proxy.
ELSEWHERE = "http://vendor.invalid"
OPTIONS: dict[str, Any] = {"api_key": "mine", "base_url": ELSEWHERE}
VALUE = Note(title="Café", count=3, tags=["a", "b"])


def google_client(proxy: str) -> genai.Client:
    through = {"proxy": proxy}
    options = HttpOptions(base_url=ELSEWHERE, client_args=through, async_client_args=through)
    return genai.Client(api_key="mine", http_options=options)


@contextmanager
def own_client(name: str, proxy: str) -> Iterator[Any]:
    if name == "google":
        with google_client(proxy) as client:
            yield client
        return
    sdk: Any = openai.OpenAI if name == "openai" else anthropic.Anthropic
    with httpx2.Client(proxy=proxy) as http, sdk(**OPTIONS, http_client=http) as client:
        yield client


@asynccontextmanager
async def own_async_client(name: str, proxy: str) -> AsyncIterator[Any]:
    if name == "google":
        with google_client(proxy) as both:
            async with both.aio as client:
                yield client
        return
    sdk: Any = openai.AsyncOpenAI if name == "openai" else anthropic.AsyncAnthropic
    async with httpx2.AsyncClient(proxy=proxy) as http, sdk(**OPTIONS, http_client=http) as client:
        yield client


@pytest.fixture
def call(vendor: Vendor, server: ReplayServer) -> dict[str, Any]:
    """A call that the vendor is ready to answer twice."""
    for _ in range(2):
        server.enqueue(Reply(body=vendor.whole()))
    return {"response_model": Note, "messages": MESSAGES, "mode": vendor.mode}


def around(vendor: Vendor, own: Any) -> Iterator[Any]:
    """The two ways to take a user's client."""
    model = vendor.model.partition("/")[2]
    yield getattr(partwise, f"from_{vendor.name}")(own, model)
    is_async = "Async" in type(own).__name__
    yield partwise.from_provider(vendor.model, client=own, async_client=is_async)


def check_request(server: ReplayServer) -> None:
    request = server.requests[-1]
    assert request.path.startswith(f"{ELSEWHERE}/")
    assert "mine" in str(request.headers)


def test_own_client(vendor: Vendor, server: ReplayServer, call: dict[str, Any]) -> None:
    with own_client(vendor.name, server.url) as own:
        for client in around(vendor, own):
            assert client.create(**call) == VALUE
            check_request(server)


async def test_own_async_client(vendor: Vendor, server: ReplayServer, call: dict[str, Any]) -> None:
    async with own_async_client(vendor.name, server.url) as own:
        for client in around(vendor, own):
            assert await client.create(**call) == VALUE
            check_request(server)
