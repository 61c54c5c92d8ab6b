"""The provider through the real SDK, against a server on loopback."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

import partwise_google
from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    Finish,
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
from partwise_google import GoogleProvider

from ..timing import PROMPTLY

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
REQUEST = Request(
    model="gemini-2.5-flash",
    mode=Mode.JSON_SCHEMA,
    messages=[{"role": "user", "content": "Who?"}],
    schema=SCHEMA,
    name="Answer",
)


def event(text: str, finish: str | None = None, **candidate: Any) -> bytes:
    content = {"role": "model", "parts": [{"text": text}]}
    return sse({"candidates": [{"content": content, "finishReason": finish, **candidate}]})


# The server holds before the last event, and what is before it comes at once.
STALLING = Reply(body=[event("{"), event('"a"'), event(":"), Hold(), event("1}", "STOP")])
ANSWER = Reply(body=[event('{"a":'), event("1}", "STOP")])


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


def provide(server: ReplayServer, name: str = "google", **options: Any) -> GoogleProvider:
    options = {"max_retries": 0, **options}
    return GoogleProvider(
        ProviderConfig(name=name, api_key="no key", base_url=server.url, options=options)
    )


@pytest.fixture
def provider(server: ReplayServer) -> Iterator[GoogleProvider]:
    with closing(provide(server)) as provider:
        yield provider


@pytest.fixture
async def aprovider(server: ReplayServer) -> AsyncIterator[GoogleProvider]:
    provider = provide(server)
    yield provider
    await provider.aclose()
    provider.close()


def ask(provider: Provider, request: Request = REQUEST) -> list[Any]:
    """The chunks of an answer, with errors in partwise's terms."""
    decoder = provider.decoder(request)
    try:
        with provider.open(provider.build_request(request)) as events:
            return [chunk for event in events for chunk in decoder.feed(event)]
    except Exception as error:
        raise provider.map_error(error) or error from error


async def aask(provider: Provider, request: Request = REQUEST) -> list[Any]:
    decoder = provider.decoder(request)
    try:
        async with provider.aopen(provider.build_request(request)) as events:
            return [chunk async for event in events for chunk in decoder.feed(event)]
    except Exception as error:
        raise provider.map_error(error) or error from error


def asking(mode: Mode = Mode.JSON_SCHEMA, **options: Any) -> Request:
    return Request(
        model=REQUEST.model,
        mode=mode,
        messages=REQUEST.messages,
        schema=SCHEMA,
        name="Answer",
        options=options,
    )


EXPECTED = [TextDelta('{"a":'), TextDelta("1}"), Finish("stop", "STOP")]


# What is sent -------------------------------------------------------------------------------


def test_the_request_on_the_wire(server: ReplayServer, provider: GoogleProvider) -> None:
    server.enqueue(ANSWER)

    assert ask(provider, asking(temperature=0.5)) == EXPECTED
    [request] = server.requests
    assert request.path == "/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert request.headers["x-goog-api-key"] == "no key"
    assert request.headers["x-server-timeout"] == "600"
    assert request.json() == {
        "contents": [{"role": "user", "parts": [{"text": "Who?"}]}],
        "generationConfig": {
            "temperature": 0.5,
            "responseMimeType": "application/json",
            "responseJsonSchema": SCHEMA,
        },
    }


def test_a_forced_call_on_the_wire(server: ReplayServer) -> None:
    server.enqueue(ANSWER)

    with closing(provide(server, "vertex")) as provider:
        ask(provider, asking(Mode.TOOLS, stream_function_call_arguments=True))
    [request] = server.requests
    assert request.json() == {
        "contents": [{"role": "user", "parts": [{"text": "Who?"}]}],
        "generationConfig": {},
        "tools": [{"functionDeclarations": [{"name": "Answer", "parameters_json_schema": SCHEMA}]}],
        "toolConfig": {
            "functionCallingConfig": {
                "mode": "ANY",
                "allowed_function_names": ["Answer"],
                "stream_function_call_arguments": True,
            }
        },
    }


def test_bytes_on_the_wire(server: ReplayServer, provider: GoogleProvider) -> None:
    server.enqueue(ANSWER)
    url = {"url": "data:image/png;base64,iVBORw0KGgo="}
    call = {"id": "c", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": [{"type": "image_url", "image_url": url}]},
        {"role": "assistant", "tool_calls": [call]},
    ]

    ask(provider, Request(model="m", mode=Mode.MD_JSON, messages=messages, schema={}, name="x"))
    image, answer = (content["parts"][0] for content in server.requests[0].json()["contents"])
    assert image == {"inlineData": {"mime_type": "image/png", "data": "iVBORw0KGgo="}}
    assert answer["functionCall"] == {"id": "c", "name": "f", "args": {}}
    assert answer["thoughtSignature"] == "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="


def test_vertex_with_a_key(server: ReplayServer) -> None:
    server.enqueue(ANSWER)

    with closing(provide(server, "vertex")) as provider:
        assert ask(provider) == EXPECTED
    [request] = server.requests
    assert request.path.startswith("/v1beta1/publishers/google/models/gemini-2.5-flash:stream")
    assert request.headers["x-goog-api-key"] == "no key"


def test_vertex_with_credentials(server: ReplayServer) -> None:
    server.enqueue(ANSWER)
    credentials = Credentials(token="a token")  # type: ignore[no-untyped-call]
    options = {"project": "p", "location": "l", "credentials": credentials}
    config = ProviderConfig(name="vertex", base_url=server.url, options=options)

    with closing(GoogleProvider(config)) as provider:
        assert ask(provider) == EXPECTED
    [request] = server.requests
    assert request.path.startswith("/v1beta1/projects/p/locations/l/publishers/google/models/")
    assert request.headers["authorization"] == "Bearer a token"


def test_an_unknown_option_is_not_sent(server: ReplayServer, provider: GoogleProvider) -> None:
    with pytest.raises(ConfigurationError, match="temprature"):
        ask(provider, asking(temprature=1))
    assert server.requests == []


def test_a_message_in_no_known_form_is_not_sent(
    server: ReplayServer, provider: GoogleProvider
) -> None:
    messages = [{"parts": [{"txt": "?"}]}]

    with pytest.raises(ConfigurationError, match="txt"):
        ask(provider, Request(model="m", mode=Mode.MD_JSON, messages=messages, schema={}, name="x"))
    assert server.requests == []


def test_nothing_is_requested_without_being_asked(
    server: ReplayServer, provider: GoogleProvider
) -> None:
    token = {"finishReason": "CONTINUATION", "continuationToken": "AAAA"}
    server.enqueue(Reply(body=[sse({"candidates": [token]})]))

    assert ask(provider) == [Finish("length", "CONTINUATION")]
    assert len(server.requests) == 1


# Reading ------------------------------------------------------------------------------------


def test_events_come_as_they_are_sent(server: ReplayServer, provider: GoogleProvider) -> None:
    exchange = server.enqueue(Reply(body=ANSWER.body, gated=True))
    exchange.release()

    with provider.open(provider.build_request(REQUEST)) as events:
        assert next(events).text == '{"a":'
        assert exchange.sent == 1
        exchange.release()
        assert next(events).text == "1}"


async def test_events_come_as_they_are_sent_async(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange = server.enqueue(Reply(body=ANSWER.body, gated=True))
    exchange.release()

    async with aprovider.aopen(aprovider.build_request(REQUEST)) as events:
        assert (await anext(events)).text == '{"a":'
        assert exchange.sent == 1
        exchange.release()
        assert (await anext(events)).text == "1}"


async def test_async_ends_as_sync_does(server: ReplayServer, aprovider: GoogleProvider) -> None:
    server.enqueue(ANSWER)

    assert await aask(aprovider) == EXPECTED


def test_the_connection_is_used_again(server: ReplayServer, provider: GoogleProvider) -> None:
    for _ in range(3):
        server.enqueue(ANSWER)
        ask(provider)

    assert server.open_connections == 1


# What a closed loop leaves behind can't be closed in it any more.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_one_provider_in_several_event_loops(server: ReplayServer) -> None:
    provider = provide(server)
    for _ in range(2):
        server.enqueue(ANSWER)
        assert asyncio.run(aask(provider)) == EXPECTED
    asyncio.run(provider.aclose())
    provider.close()
    del provider
    gc.collect()


# Closing early ------------------------------------------------------------------------------


def test_leaving_releases_the_connection(server: ReplayServer, provider: GoogleProvider) -> None:
    exchange = server.enqueue(STALLING)

    with provider.open(provider.build_request(REQUEST)) as events:
        next(events)
        left = time.monotonic()
    assert exchange.wait_disconnected() - left < PROMPTLY


def test_an_exception_releases_the_connection(
    server: ReplayServer, provider: GoogleProvider
) -> None:
    exchange = server.enqueue(STALLING)

    with pytest.raises(ZeroDivisionError) as caught:
        fail_while_reading(provider)
    assert caught.value.__traceback__
    assert exchange.wait_disconnected() - LEFT[-1] < PROMPTLY


LEFT: list[float] = []


def fail_while_reading(provider: Provider) -> None:
    with provider.open(provider.build_request(REQUEST)) as events:
        for _ in events:
            LEFT.append(time.monotonic())
            raise ZeroDivisionError


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_leaving_releases_the_connection_async(
    count: int, server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange = server.enqueue(STALLING)

    async with aprovider.aopen(aprovider.build_request(REQUEST)) as events:
        for _ in range(count):
            await anext(events)
        left = time.monotonic()
    assert await exchange.await_disconnected() - left < PROMPTLY


async def test_an_exception_releases_the_connection_async(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange = server.enqueue(STALLING)

    with pytest.raises(ZeroDivisionError) as caught:
        await afail_while_reading(aprovider)
    assert caught.value.__traceback__
    assert await exchange.await_disconnected() - LEFT[-1] < PROMPTLY


async def afail_while_reading(provider: Provider) -> None:
    async with provider.aopen(provider.build_request(REQUEST)) as events:
        async for _ in events:
            LEFT.append(time.monotonic())
            raise ZeroDivisionError


async def read_to_the_end(provider: Provider, reached: asyncio.Event | None = None) -> str:
    text = ""
    async with provider.aopen(provider.build_request(REQUEST)) as events:
        async for event in events:
            text += event.text
            if text == '{"a":' and reached:
                reached.set()
    return text


async def test_cancelling_a_task_that_reads(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange, reached = server.enqueue(STALLING), asyncio.Event()
    task = asyncio.create_task(read_to_the_end(aprovider, reached))
    await asyncio.wait_for(reached.wait(), timeout=5)

    left = time.monotonic()
    task.cancel()
    assert await exchange.await_disconnected() - left < PROMPTLY
    await asyncio.wait({task})
    assert task.cancelled()


async def test_cancelling_a_task_before_the_first_event(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange = server.enqueue(Reply(before_head=[Hold()]))
    task = asyncio.create_task(read_to_the_end(aprovider))
    await exchange.await_request()

    left = time.monotonic()
    task.cancel()
    assert await exchange.await_disconnected() - left < PROMPTLY
    await asyncio.wait({task})
    assert task.cancelled()


async def test_cancelling_again_while_closing(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange, reached = server.enqueue(STALLING), asyncio.Event()

    async def leave() -> None:
        async with aprovider.aopen(aprovider.build_request(REQUEST)) as events:
            await anext(events)
            reached.set()

    task = asyncio.create_task(leave())
    await asyncio.wait_for(reached.wait(), timeout=5)
    left = time.monotonic()
    task.cancel()
    assert await exchange.await_disconnected() - left < PROMPTLY
    await asyncio.wait({task})
    assert task.cancelled()


async def test_closing_ends_another_task_that_reads(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange, reached = server.enqueue(STALLING), asyncio.Event()
    context = aprovider.aopen(aprovider.build_request(REQUEST))
    events = await context.__aenter__()

    async def read() -> int:
        count = 0
        async for _ in events:
            count += 1
            if count == 3:
                reached.set()
        return count

    task = asyncio.create_task(read())
    await asyncio.wait_for(reached.wait(), timeout=5)
    left = time.monotonic()
    await context.__aexit__(None, None, None)
    assert await exchange.await_disconnected() - left < PROMPTLY
    assert await task == 3
    assert [event async for event in events] == []


# An error that the SDK raises in the midst of its generators.
BROKEN = {
    "reported": sse({"error": {"code": 503, "message": "why"}}),
    "of the wrong type": sse({"usageMetadata": {"promptTokenCount": []}}),
    "of the wrong shape": sse({"candidates": 1}),
    "no JSON": b"data: {nope\n\n",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("more", [0, 3])
async def test_an_error_in_the_stream_releases_the_connection(
    broken: bytes, more: int, server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange = server.enqueue(
        Reply(body=[event("{"), b"".join([broken, *more * [event("1")]]), Hold()])
    )

    with pytest.raises(ProviderError) as caught:
        await aask(aprovider)
    left = time.monotonic()
    assert await exchange.await_disconnected() - left < PROMPTLY
    # Whoever keeps the error does not keep the connection.
    assert caught.value.__context__ is not None


async def test_what_was_never_read_is_never_requested(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    async with aprovider.aopen(aprovider.build_request(REQUEST)):
        pass
    with aprovider.open(aprovider.build_request(REQUEST)):
        pass

    assert server.requests == []


# Errors -------------------------------------------------------------------------------------


def error_body(code: int, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": "why", "status": "STATUS", **more}}


ERRORS: list[tuple[Reply, type[ProviderError], str]] = [
    (Reply.of_json(error_body(404), status=404), BadRequestError, "why"),
    (Reply.of_json(error_body(403), status=403), AuthenticationError, "why"),
    (Reply.of_json(error_body(429), status=429), RateLimitError, "why"),
    (Reply(status=502, body=[b"<html>bad gateway</html>"]), ServerError, "bad gateway"),
    (Reply(body=[b"<!DOCTYPE html>\n<p>Sign in</p>"]), ServerError, "DOCTYPE"),
    (Reply(body=[event("{"), sse(error_body(503))]), ServerError, "why"),
    (
        Reply(body=[event("{"), sse({"usageMetadata": {"promptTokenCount": []}})]),
        ServerError,
        "prompt",
    ),
    (Reply(body=[event("{"), sse({"candidates": 1})]), ServerError, "iterable"),
    (Reply(body=[event("{"), sse({"error": {"message": "x"}})]), ServerError, "."),
    (Reply(body=[event("{"), Drop()]), ProviderConnectionError, "."),
    (Reply(body=[event("{"), Close()]), ProviderConnectionError, "."),
    (Reply(before_head=[Close()]), ProviderConnectionError, "."),
]

every_error = pytest.mark.parametrize(("reply", "kind", "message"), ERRORS)


@every_error
def test_errors(
    reply: Reply,
    kind: type[ProviderError],
    message: str,
    server: ReplayServer,
    provider: GoogleProvider,
) -> None:
    server.enqueue(reply)

    with pytest.raises(ProviderError, match=message) as caught:
        ask(provider)
    assert type(caught.value) is kind


@every_error
async def test_errors_async(
    reply: Reply,
    kind: type[ProviderError],
    message: str,
    server: ReplayServer,
    aprovider: GoogleProvider,
) -> None:
    server.enqueue(reply)

    with pytest.raises(ProviderError, match=message) as caught:
        await aask(aprovider)
    assert type(caught.value) is kind


def test_no_connection(server: ReplayServer) -> None:
    config = ProviderConfig(
        name="google", api_key="k", base_url="http://127.0.0.1:1", options={"max_retries": 0}
    )

    with closing(GoogleProvider(config)) as provider, pytest.raises(ProviderConnectionError):
        ask(provider)


def test_what_only_vertex_has(server: ReplayServer, provider: GoogleProvider) -> None:
    with pytest.raises(BadRequestError, match="stream_function_call_arguments"):
        ask(provider, asking(Mode.TOOLS, stream_function_call_arguments=True))
    assert server.requests == []


def test_a_read_timeout(server: ReplayServer, provider: GoogleProvider) -> None:
    server.enqueue(STALLING)
    request = Request(
        model="m",
        mode=Mode.MD_JSON,
        messages=REQUEST.messages,
        schema={},
        name="x",
        read_timeout=0.05,
    )

    with pytest.raises(ProviderTimeoutError):
        ask(provider, request)


@pytest.fixture
def timed_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where aiohttp is installed, whose timeout is one for the whole answer."""
    monkeypatch.setattr("partwise_google._sdk._may_be_timed_as_a_whole", lambda: True)


def within(seconds: float) -> Request:
    return replace(REQUEST, mode=Mode.MD_JSON, read_timeout=seconds)


@pytest.mark.usefixtures("timed_as_a_whole")
async def test_a_read_timeout_that_the_sdk_is_not_told_of(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    exchange = server.enqueue(STALLING)

    with pytest.raises(ProviderTimeoutError):
        await aask(aprovider, within(0.5))  # a busy server needs some of it to get the request
    await exchange.await_disconnected()


@pytest.mark.usefixtures("timed_as_a_whole")
async def test_a_read_timeout_is_for_each_event_and_not_for_all(
    server: ReplayServer, aprovider: GoogleProvider
) -> None:
    server.enqueue(Reply(body=[event("1")] * 6 + [event("", "STOP")], pace=0.1))

    assert len(await aask(aprovider, within(0.5))) == 7


def test_an_unanswered_request_is_sent_again(server: ReplayServer) -> None:
    at_once = types.HttpRetryOptions(attempts=2, initial_delay=0.0, jitter=0.0)
    options = {"http_options": types.HttpOptions(retry_options=at_once)}
    server.enqueue(Reply.of_json(error_body(503), status=503))
    server.enqueue(ANSWER)
    config = ProviderConfig(name="google", api_key="k", base_url=server.url, options=options)

    with closing(GoogleProvider(config)) as provider:
        assert ask(provider) == EXPECTED
    assert len(server.requests) == 2


# Clients ------------------------------------------------------------------------------------


async def test_the_users_own_client(server: ReplayServer) -> None:
    options = types.HttpOptions(base_url=server.url)
    client = genai.Client(api_key="mine", http_options=options)
    provider = GoogleProvider(ProviderConfig(name="google", client=client))
    server.enqueue(ANSWER)
    exchange = server.enqueue(STALLING)

    assert ask(provider) == EXPECTED
    async with provider.aopen(provider.build_request(REQUEST)) as events:
        await anext(events)
        left = time.monotonic()
    assert await exchange.await_disconnected() - left < PROMPTLY
    assert server.requests[0].headers["x-goog-api-key"] == "mine"

    provider.close()
    await provider.aclose()
    server.enqueue(ANSWER)
    server.enqueue(ANSWER)
    assert ask(provider) == EXPECTED
    assert await aask(provider) == EXPECTED
    await client.aio.aclose()
    client.close()


async def test_the_asynchronous_half_of_the_users_client(server: ReplayServer) -> None:
    options = types.HttpOptions(base_url=server.url)
    client = genai.Client(api_key="mine", http_options=options).aio
    server.enqueue(ANSWER)

    assert await aask(GoogleProvider(ProviderConfig(name="google", client=client))) == EXPECTED
    await client.aclose()


async def test_the_users_own_http_clients(server: ReplayServer) -> None:
    headers = {"x-mine": "yes"}
    with httpx2.Client(headers=headers) as http_client:
        provider = GoogleProvider(
            ProviderConfig(name="google", api_key="k", base_url=server.url, http_client=http_client)
        )
        server.enqueue(ANSWER)
        assert ask(provider) == EXPECTED
    async with httpx2.AsyncClient(headers=headers) as async_client:
        provider = GoogleProvider(
            ProviderConfig(
                name="google", api_key="k", base_url=server.url, http_client=async_client
            )
        )
        exchange = server.enqueue(STALLING)
        async with provider.aopen(provider.build_request(REQUEST)) as events:
            await anext(events)
            left = time.monotonic()
        assert await exchange.await_disconnected() - left < PROMPTLY
    assert [request.headers["x-mine"] for request in server.requests] == ["yes", "yes"]


def test_the_users_http_options_come_before_the_defaults(server: ReplayServer) -> None:
    server.enqueue(ANSWER)
    options = types.HttpOptions(api_version="v1beta", timeout=30_000, headers={"x-mine": "yes"})

    with closing(provide(server, http_options=options)) as provider:
        ask(provider)
    [request] = server.requests
    assert request.path.startswith("/v1beta/models")
    assert request.headers["x-mine"] == "yes"
    assert request.headers["x-server-timeout"] == "30"


def test_a_timeout_in_seconds(server: ReplayServer) -> None:
    server.enqueue(STALLING)

    with closing(provide(server, timeout=0.05)) as provider, pytest.raises(ProviderTimeoutError):
        ask(provider)
    assert server.requests[0].headers["x-server-timeout"] == "600"


# Names and keys -----------------------------------------------------------------------------


def test_both_names_are_registered() -> None:
    factories: dict[str, ProviderFactory] = {}

    partwise_google.register_providers(factories.__setitem__)

    names = ("google", "vertex", "generative-ai", "vertexai")
    assert factories == dict.fromkeys(names, GoogleProvider)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment in which nobody is signed in."""
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return monkeypatch


@pytest.mark.usefixtures("bare")
def test_no_key() -> None:
    with pytest.raises(MissingKeyError, match="GOOGLE_API_KEY or GEMINI_API_KEY"):
        GoogleProvider(ProviderConfig(name="google"))


@pytest.mark.usefixtures("bare")
def test_no_way_to_sign_in() -> None:
    provider = GoogleProvider(ProviderConfig(name="vertex"))

    with pytest.raises(MissingKeyError, match="Application Default Credentials"):
        ask(provider)


def test_keys_from_the_environment_in_the_sdks_order(
    server: ReplayServer, bare: pytest.MonkeyPatch
) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        bare.setenv(name, name)
        server.enqueue(ANSWER)
        with closing(GoogleProvider(ProviderConfig(name="google", base_url=server.url))) as each:
            ask(each)

    sent = [request.headers["x-goog-api-key"] for request in server.requests]
    assert sent == ["GEMINI_API_KEY", "GOOGLE_API_KEY"]


@pytest.mark.parametrize("option", ["vertexai", "enterprise"])
def test_vertex_under_the_other_name(option: str, server: ReplayServer) -> None:
    server.enqueue(ANSWER)
    options: dict[str, Any] = {option: True}

    with closing(provide(server, **options)) as provider:
        ask(provider)
    assert server.requests[0].path.startswith("/v1beta1/publishers")


def test_the_environment_does_not_turn_one_into_the_other(
    server: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    server.enqueue(ANSWER)

    with closing(provide(server)) as provider:
        ask(provider)
    assert server.requests[0].path.startswith("/v1/models")


def test_what_is_never_used_is_closed_too() -> None:
    provider = GoogleProvider(ProviderConfig(name="google", api_key="k"))

    provider.close()
    asyncio.run(provider.aclose())


def test_modes() -> None:
    provider = GoogleProvider(ProviderConfig(name="google", api_key="k"))

    modes = provider.capabilities("gemini-2.5-flash").modes
    assert list(modes) == [Mode.JSON_SCHEMA, Mode.TOOLS, Mode.MD_JSON]
    assert provider.capabilities("any").default_mode is Mode.JSON_SCHEMA
