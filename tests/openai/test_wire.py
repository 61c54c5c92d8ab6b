"""The provider over real sockets: timing, early ends, faults, clients, keys."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest

import partwise_openai
from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    Chunk,
    ConfigurationError,
    MissingKeyError,
    Mode,
    Provider,
    ProviderConfig,
    ProviderConnectionError,
    ProviderError,
    ProviderFactory,
    ProviderTimeoutError,
    RateLimitError,
    Request,
    ServerError,
    TextDelta,
)
from partwise_conformance import Close, Drop, Hold, ReplayServer, Reply, sse

from ..timing import PROMPTLY

FACTORIES: dict[str, ProviderFactory] = {}
partwise_openai.register_providers(FACTORIES.__setitem__)

REQUEST = Request(
    model="m",
    mode=Mode.JSON,
    messages=[{"role": "user", "content": "Hello"}],
    schema={"type": "object"},
    name="answer",
)
DONE = sse("[DONE]")


def text(content: str) -> bytes:
    return sse({"choices": [{"index": 0, "delta": {"content": content}}]})


def make(name: str = "openai", **config: Any) -> Provider:
    return FACTORIES[name](ProviderConfig(name=name, **config))


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture
def provider(server: ReplayServer) -> Iterator[Provider]:
    options = {"max_retries": 0}
    provider = make(api_key="secret-key", base_url=f"{server.url}/v1", options=options)
    yield provider
    provider.close()


@pytest.fixture
async def aprovider(provider: Provider) -> AsyncIterator[Provider]:
    yield provider
    await provider.aclose()


def events(provider: Provider) -> list[Any]:
    with provider.open(provider.build_request(REQUEST)) as stream:
        return list(stream)


async def aevents(provider: Provider) -> list[Any]:
    async with provider.aopen(provider.build_request(REQUEST)) as stream:
        return [event async for event in stream]


def decoded(provider: Provider, events: list[Any]) -> list[Chunk]:
    decoder = provider.decoder(REQUEST)
    return [chunk for event in events for chunk in decoder.feed(event)]


def failure(provider: Provider) -> ProviderError:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it is, is asserted once mapped
        decoded(provider, events(provider))
    error = provider.map_error(caught.value)
    assert error is not None
    return error


async def afailure(provider: Provider) -> ProviderError:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it is, is asserted once mapped
        decoded(provider, await aevents(provider))
    error = provider.map_error(caught.value)
    assert error is not None
    return error


# Timing -------------------------------------------------------------------------------------


def test_the_first_event_comes_before_the_second_is_sent(
    server: ReplayServer, provider: Provider
) -> None:
    exchange = server.enqueue(Reply(body=[text("1"), text("2"), DONE], gated=True))
    exchange.release()

    with provider.open(provider.build_request(REQUEST)) as stream:
        first = next(stream)
        assert exchange.sent == 1
        assert list(provider.decoder(REQUEST).feed(first)) == [TextDelta("1")]
        exchange.release_all()
        assert len(list(stream)) == 1


async def test_the_first_event_comes_before_the_second_is_sent_async(
    server: ReplayServer, aprovider: Provider
) -> None:
    exchange = server.enqueue(Reply(body=[text("1"), text("2"), DONE], gated=True))
    exchange.release()

    async with aprovider.aopen(aprovider.build_request(REQUEST)) as stream:
        await anext(stream)
        assert exchange.sent == 1
        exchange.release_all()
        assert len([event async for event in stream]) == 1


# Early ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [0, 1])
def test_leaving_early_disconnects_at_once(
    taken: int, server: ReplayServer, provider: Provider
) -> None:
    exchange = server.enqueue(Reply(body=[text("1"), Hold(), text("2"), DONE]))

    with provider.open(provider.build_request(REQUEST)) as stream:
        for _ in range(taken):
            next(stream)
        left = time.monotonic()

    assert exchange.wait_disconnected() - left < PROMPTLY
    assert exchange.sent == 1


@pytest.mark.parametrize("taken", [0, 1])
async def test_leaving_early_disconnects_at_once_async(
    taken: int, server: ReplayServer, aprovider: Provider
) -> None:
    exchange = server.enqueue(Reply(body=[text("1"), Hold(), text("2"), DONE]))

    async with aprovider.aopen(aprovider.build_request(REQUEST)) as stream:
        for _ in range(taken):
            await anext(stream)
        left = time.monotonic()

    assert await exchange.await_disconnected() - left < PROMPTLY


async def test_cancelling_disconnects_at_once(server: ReplayServer, aprovider: Provider) -> None:
    exchange = server.enqueue(Reply(body=[text("1"), Hold()]))
    started = asyncio.Event()

    async def listen() -> None:
        try:
            async with aprovider.aopen(aprovider.build_request(REQUEST)) as stream:
                async for _ in stream:
                    started.set()
        finally:
            started.set()  # an error is to be told, and not waited for

    task = asyncio.create_task(listen())
    await started.wait()
    left = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await exchange.await_disconnected() - left < PROMPTLY


async def test_cancelling_before_the_headers_disconnects_at_once(
    server: ReplayServer, aprovider: Provider
) -> None:
    exchange = server.enqueue(Reply(before_head=[Hold()]))
    task = asyncio.create_task(aevents(aprovider))
    await exchange.await_request()
    left = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await exchange.await_disconnected() - left < PROMPTLY


async def test_leaving_early_leaves_no_task_behind(
    server: ReplayServer, aprovider: Provider
) -> None:
    server.enqueue(Reply(body=[text("1") + text("2"), Hold()]))
    before = asyncio.all_tasks()

    async with aprovider.aopen(aprovider.build_request(REQUEST)) as stream:
        await anext(stream)
    del stream
    gc.collect()
    await asyncio.sleep(0)

    assert asyncio.all_tasks() <= before


async def test_a_connection_is_used_again(server: ReplayServer, aprovider: Provider) -> None:
    for _ in range(3):
        server.enqueue(Reply(body=[text("1"), DONE]))
        await aevents(aprovider)

    assert server.open_connections == 1


# Faults -------------------------------------------------------------------------------------

HTML = Reply(body=[b"<html>Welcome</html>"], headers={"content-type": "text/html; charset=utf-8"})
QUOTA = {"error": {"message": "No quota", "code": "insufficient_quota"}}

FAULTS = {
    "reset before the headers": (Reply(before_head=[Drop()]), ProviderConnectionError),
    "closed before the headers": (Reply(before_head=[Close()]), ProviderConnectionError),
    "reset after the headers": (Reply(body=[Drop()]), ProviderConnectionError),
    "reset in an event": (Reply(body=[text("1"), b'data: {"ch', Drop()]), ProviderConnectionError),
    "reset in a character": (Reply(body=[text("é")[:-8], Drop()]), ProviderConnectionError),
    "closed in an event": (Reply(body=[text("1"), b"data", Close()]), ProviderConnectionError),
    "garbage": (Reply(body=[text("1"), b"data: <garbage>\n\n"]), ServerError),
    "no UTF-8": (Reply(body=[text("1"), b"data: \xff\n\n"]), ServerError),
    "an error among the events": (Reply(body=[text("1"), sse(QUOTA)]), RateLimitError),
    "a page": (HTML, ServerError),
    "half a document": (Reply(body=[b'{"choices": [']), ServerError),
    "a page without its type": (Reply(body=[b"<html>Welcome</html>"]), ServerError),
    "an error as a document": (Reply.of_json(QUOTA), RateLimitError),
    "400": (Reply.of_json({"error": {"message": "m"}}, status=400), BadRequestError),
    "401": (Reply.of_json({"error": {"message": "m"}}, status=401), AuthenticationError),
    "404": (Reply(body=[b"<html>"], status=404), BadRequestError),
    "429": (Reply.of_json({}, status=429), RateLimitError),
    "529": (Reply(status=529), ServerError),
}
every_fault = pytest.mark.parametrize(
    ("reply", "expected"), FAULTS.values(), ids=[name.replace(" ", "-") for name in FAULTS]
)


@every_fault
def test_faults(
    reply: Reply, expected: type[ProviderError], server: ReplayServer, provider: Provider
) -> None:
    server.enqueue(reply)

    assert type(failure(provider)) is expected


@every_fault
async def test_faults_async(
    reply: Reply, expected: type[ProviderError], server: ReplayServer, aprovider: Provider
) -> None:
    server.enqueue(reply)

    assert type(await afailure(aprovider)) is expected


MOVED = Reply(status=307, headers={"location": "http://localhost:9/v1/chat/completions"})


def test_the_key_stays_at_home(server: ReplayServer, provider: Provider) -> None:
    server.enqueue(MOVED)

    assert failure(provider).status_code == 307


async def test_the_key_stays_at_home_async(server: ReplayServer, aprovider: Provider) -> None:
    server.enqueue(MOVED)

    assert (await afailure(aprovider)).status_code == 307


def test_a_stall_ends_by_the_sdk_s_timeout(server: ReplayServer) -> None:
    server.enqueue(Reply(body=[text("1"), Hold()]))
    options = {"timeout": 0.05, "max_retries": 0}
    provider = make(api_key="k", base_url=server.url, options=options)

    assert type(failure(provider)) is ProviderTimeoutError
    provider.close()


@pytest.mark.parametrize("mode", [Mode.JSON, Mode.RESPONSES])
def test_a_stall_ends_by_the_request_s_timeout(
    mode: Mode, server: ReplayServer, provider: Provider
) -> None:
    server.enqueue(Reply(body=[text("1"), Hold()]))
    payload = provider.build_request(replace(REQUEST, mode=mode, read_timeout=0.05))

    with provider.open(payload) as stream:
        next(stream)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - asserted once mapped
            next(stream)
    assert type(provider.map_error(caught.value)) is ProviderTimeoutError


def test_the_user_s_own_timeout_wins(provider: Provider) -> None:
    request = replace(REQUEST, read_timeout=0.05, options={"timeout": 3})

    assert provider.build_request(request)["timeout"] == 3


def test_nobody_listens() -> None:
    with ReplayServer() as gone:
        address = gone.url
    provider = make(api_key="k", base_url=address, options={"max_retries": 0})

    assert type(failure(provider)) is ProviderConnectionError
    provider.close()


def test_what_is_no_event_is_skipped(server: ReplayServer, provider: Provider) -> None:
    body = [
        b"\xef\xbb\xbf: OPENROUTER PROCESSING\r\n\r\n",
        text("1").replace(b"\n", b"\r\n"),
        b": comment\n\n\n",
        DONE,
    ]
    server.enqueue(Reply(body=body))

    assert len(events(provider)) == 1


def test_a_stream_by_any_other_type(server: ReplayServer, provider: Provider) -> None:
    headers = {"content-type": "text/plain"}
    server.enqueue(Reply(body=[text("1"), DONE], headers=headers))

    assert len(events(provider)) == 1


def test_an_event_of_ten_megabytes(server: ReplayServer, provider: Provider) -> None:
    server.enqueue(Reply(body=[text("x" * 10_000_000), DONE]))

    [event] = events(provider)
    [chunk] = provider.decoder(REQUEST).feed(event)
    assert isinstance(chunk, TextDelta)
    assert len(chunk.text) == 10_000_000


# Where requests go --------------------------------------------------------------------------


def test_the_request_on_the_wire(server: ReplayServer, provider: Provider) -> None:
    server.enqueue(Reply(body=[DONE]))
    events(provider)

    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer secret-key"
    assert request.json() == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "response_format": {"type": "json_object"},
    }


def test_the_responses_api_has_its_own_address(server: ReplayServer, provider: Provider) -> None:
    server.enqueue(Reply(body=[sse({"type": "response.completed", "response": {}})]))
    request = Request(
        model="m", mode=Mode.RESPONSES, messages=[], schema={"type": "object"}, name="answer"
    )
    with provider.open(provider.build_request(request)) as stream:
        assert len(list(stream)) == 1

    assert server.requests[0].path == "/v1/responses"


def test_a_key_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        make()


def test_openai_s_key_is_for_openai_alone(
    monkeypatch: pytest.MonkeyPatch, server: ReplayServer
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    with pytest.raises(MissingKeyError, match="GROQ_API_KEY"):
        make("groq")

    server.enqueue(Reply(body=[DONE]))
    provider = make("ollama", base_url=server.url)
    events(provider)
    provider.close()
    assert "secret" not in str(server.requests[0].headers)


@pytest.mark.parametrize("resource", ["{}", "{}/", "{}/openai/v1", "{}/openai/v1/"])
def test_azure_s_address_is_the_user_s_own(
    resource: str, monkeypatch: pytest.MonkeyPatch, server: ReplayServer
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", resource.format(server.url))
    server.enqueue(Reply(body=[DONE]))
    provider = make("azure", api_key="k")
    events(provider)
    provider.close()

    assert server.requests[0].path == "/openai/v1/chat/completions"


def test_azure_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)

    with pytest.raises(ConfigurationError, match="AZURE_OPENAI_ENDPOINT"):
        make("azure", api_key="k")


def test_the_key_is_never_shown(
    server: ReplayServer, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    server.enqueue(Reply.of_json({"error": {"message": "m"}}, status=401))
    with caplog.at_level(logging.INFO):
        error = failure(provider)

    for shown in (repr(provider), repr(error), str(error), caplog.text):
        assert "secret" not in shown


# The user's own clients ---------------------------------------------------------------------


def test_a_given_client_is_used_and_stays_open(server: ReplayServer) -> None:
    server.enqueue(Reply(body=[DONE]))
    server.enqueue(Reply(body=[DONE]))
    with openai.OpenAI(api_key="own", base_url=server.url) as client:
        provider = make(client=client)
        events(provider)
        provider.close()
        events(provider)

    assert server.requests[0].headers["authorization"] == "Bearer own"


async def test_a_given_async_client_is_used_and_stays_open(server: ReplayServer) -> None:
    server.enqueue(Reply(body=[DONE]))
    server.enqueue(Reply(body=[DONE]))
    async with openai.AsyncOpenAI(api_key="own", base_url=server.url) as client:
        provider = make(client=client)
        await aevents(provider)
        await provider.aclose()
        await aevents(provider)

    assert len(server.requests) == 2


def test_a_client_of_the_wrong_kind() -> None:
    with (
        openai.OpenAI(api_key="own") as client,
        pytest.raises(ConfigurationError, match=r"is a OpenAI, .* needs an openai\.AsyncOpenAI"),
    ):
        asyncio.run(aevents(make(client=client)))
    with pytest.raises(ConfigurationError, match=r"is a AsyncOpenAI, .* needs an openai\.OpenAI"):
        events(make(client=openai.AsyncOpenAI(api_key="own")))


@pytest.mark.parametrize(
    "also", [{"api_key": "k"}, {"base_url": "http://x"}, {"options": {"timeout": 3}}]
)
def test_a_client_and_what_it_would_ignore(also: dict[str, Any]) -> None:
    with (
        openai.OpenAI(api_key="own") as client,
        pytest.raises(
            ConfigurationError, match="was given client=, which is used as it is, and also"
        ),
    ):
        make(client=client, **also)


def test_a_given_http_client_is_used_and_stays_open(server: ReplayServer) -> None:
    server.enqueue(Reply(body=[DONE]))
    with httpx2.Client(headers={"x-own": "yes"}) as http_client:
        provider = make(api_key="k", base_url=server.url, http_client=http_client)
        events(provider)
        provider.close()
        assert not http_client.is_closed

    assert server.requests[0].headers["x-own"] == "yes"


def test_an_http_client_of_the_wrong_kind() -> None:
    provider = make(api_key="k", http_client=httpx2.AsyncClient())

    with pytest.raises(ConfigurationError, match="AsyncClient"):
        events(provider)


def test_an_option_that_the_sdk_does_not_know() -> None:
    provider = make(api_key="k", options={"colour": "red"})

    with pytest.raises(ConfigurationError, match="colour"):
        events(provider)


def test_one_provider_in_two_event_loops(server: ReplayServer) -> None:
    provider = make(api_key="k", base_url=server.url)

    async def use() -> None:
        server.enqueue(Reply(body=[text("1"), DONE]))
        assert len(await aevents(provider)) == 1
        await provider.aclose()

    asyncio.run(use())
    asyncio.run(use())


def test_closing_what_was_never_opened() -> None:
    provider = make(api_key="k")
    provider.close()
    asyncio.run(provider.aclose())
