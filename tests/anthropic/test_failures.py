"""What goes wrong on a real connection, through the real SDK, ends in the right error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import anthropic
import httpx2
import pytest

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)
from partwise_anthropic import AnthropicProvider
from partwise_conformance import Close, Drop, Hold, ReplayServer, Reply, sse

Payload: TypeAlias = Mapping[str, Any]
MakeProvider: TypeAlias = Callable[..., AnthropicProvider]

ANY_ERROR: type[Exception] = Exception
"""What the SDK raises is for `map_error` to say."""


def refused(status: int, kind: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = {"type": "error", "error": {"type": kind, "message": "It failed."}}
    return Reply.of_json(body, status=status, headers=headers)


START = sse({"type": "message_start", "message": {"id": "msg_1", "content": []}}, "message_start")
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
HTML = Reply(
    body=[b"<html><body>Sign in to the network</body></html>"],
    headers={"content-type": "text/html; charset=utf-8"},
)


@dataclass(frozen=True)
class Failure:
    reply: Reply
    kind: type[ProviderError]
    status: int | None = None


FAILURES = {
    "bad request": Failure(refused(400, "invalid_request_error"), BadRequestError, 400),
    "wrong key": Failure(refused(401, "authentication_error"), AuthenticationError, 401),
    "rate limit": Failure(refused(429, "rate_limit_error"), RateLimitError, 429),
    "server error": Failure(refused(500, "api_error"), ServerError, 500),
    "overloaded": Failure(refused(529, "overloaded_error"), ServerError, 529),
    "a page in place of a stream": Failure(HTML, ServerError, 200),
    "a document in place of a stream": Failure(refused(200, "api_error"), ServerError, 500),
    "overloaded in the stream": Failure(
        Reply(body=[START, sse(OVERLOADED, "error")]), ServerError, 529
    ),
    "no JSON": Failure(Reply(body=[START, sse("<html>", "message_delta")]), ServerError),
    "reset": Failure(Reply(body=[START, Drop()]), ProviderConnectionError),
    "cut off": Failure(Reply(body=[START, Close()]), ProviderConnectionError),
    "reset before the response": Failure(Reply(before_head=[Drop()]), ProviderConnectionError),
    "stalled": Failure(Reply(body=[START, Hold()]), ProviderTimeoutError),
}


@pytest.fixture(params=FAILURES.values(), ids=list(FAILURES))
def failure(request: pytest.FixtureRequest, server: ReplayServer) -> Failure:
    failure: Failure = request.param
    server.enqueue(failure.reply)
    return failure


def without_patience(make_provider: MakeProvider, failure: Failure) -> AnthropicProvider:
    read = 0.2 if failure.kind is ProviderTimeoutError else 5.0
    return make_provider(options={"max_retries": 0, "timeout": httpx2.Timeout(5, read=read)})


def check(provider: AnthropicProvider, error: Exception, failure: Failure) -> None:
    mapped = provider.map_error(error)
    assert type(mapped) is failure.kind
    assert mapped.status_code == failure.status


def test_a_failure(failure: Failure, make_provider: MakeProvider, payload: Payload) -> None:
    provider = without_patience(make_provider, failure)
    with pytest.raises(ANY_ERROR) as caught, provider.open(payload) as events:
        list(events)
    check(provider, caught.value, failure)


async def test_an_asynchronous_failure(
    failure: Failure, amake_provider: MakeProvider, payload: Payload
) -> None:
    provider = without_patience(amake_provider, failure)

    async def read() -> None:
        async with provider.aopen(payload) as events:
            async for _ in events:
                pass

    with pytest.raises(ANY_ERROR) as caught:
        await read()
    check(provider, caught.value, failure)


def test_nobody_listens(make_provider: MakeProvider, payload: Payload) -> None:
    with ReplayServer() as gone:
        pass
    provider = make_provider(base_url=gone.url, options={"max_retries": 0})
    with pytest.raises(ANY_ERROR) as caught, provider.open(payload):
        pass
    assert isinstance(provider.map_error(caught.value), ProviderConnectionError)


def test_a_page_in_place_of_a_stream_is_shown(
    server: ReplayServer, provider: AnthropicProvider, payload: Payload
) -> None:
    server.enqueue(HTML)
    with pytest.raises(anthropic.APIResponseValidationError) as caught, provider.open(payload):
        pass
    assert "text/html" in str(caught.value)
    assert "Sign in to the network" in str(caught.value)


def test_a_stream_that_does_not_say_what_it_is_is_taken_for_one() -> None:
    from partwise_anthropic._sdk import _is_stream

    assert _is_stream(httpx2.Response(200))
    assert _is_stream(httpx2.Response(200, headers={"content-type": AWS}))


AWS = "application/vnd.amazon.eventstream"


def test_a_short_wait_is_the_sdks_business(
    server: ReplayServer, make_provider: MakeProvider, payload: Payload, answer: list[bytes]
) -> None:
    provider = make_provider(options={"max_retries": 1})
    server.enqueue(refused(529, "overloaded_error", {"retry-after-ms": "1"}))
    server.enqueue(Reply(body=answer))
    with provider.open(payload) as events:
        assert len(list(events)) == len(answer)


async def test_a_long_wait_is_not_waited_for(
    server: ReplayServer, amake_provider: MakeProvider, payload: Payload
) -> None:
    aprovider = amake_provider(options={"max_retries": 1})
    for _ in range(2):
        server.enqueue(refused(429, "rate_limit_error", {"retry-after": "3600"}))
    with pytest.raises(anthropic.RateLimitError) as caught, aprovider.open(payload):
        pass
    with pytest.raises(anthropic.RateLimitError):
        async with aprovider.aopen(payload):
            pass
    assert len(server.requests) == 2
    mapped = aprovider.map_error(caught.value)
    assert mapped is not None
    assert (mapped.retryable, mapped.retry_after) == (True, 3600.0)


async def test_the_users_own_client_does_not_wait_long_either(
    server: ReplayServer, make_provider: MakeProvider, payload: Payload
) -> None:
    for _ in range(2):
        server.enqueue(refused(429, "rate_limit_error", {"retry-after": "3600"}))
    nothing: dict[str, Any] = {"api_key": None, "base_url": None}
    options: dict[str, Any] = {"api_key": "mine", "base_url": server.url}
    with (
        anthropic.Anthropic(**options) as own,
        pytest.raises(anthropic.RateLimitError),
        make_provider(**nothing, client=own).open(payload),
    ):
        pass
    async with anthropic.AsyncAnthropic(**options) as own_async:
        with pytest.raises(anthropic.RateLimitError):
            async with make_provider(**nothing, client=own_async).aopen(payload):
                pass
    assert len(server.requests) == 2
