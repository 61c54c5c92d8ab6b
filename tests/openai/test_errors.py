"""Every error that the SDK, or the HTTP library under it, can raise is one of partwise's."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx2
import openai
import pytest
from openai import _exceptions as sdk

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)
from partwise_openai._errors import (
    error_of_body,
    error_of_content,
    map_error,
)

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/chat/completions")


def response(status: int, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, headers=named, request=REQUEST)


def of_status(cls: Any, status: int) -> Exception:
    error: Exception = cls("message", response=response(status), body=None)
    return error


def of_its_own_status(cls: Any) -> Exception:
    return of_status(cls, cls.status_code)


# How to make each of the SDK's exceptions, and what it becomes.
SDK: dict[str, tuple[Callable[[Any], Exception], type[ProviderError]]] = {
    "OpenAIError": (lambda cls: cls("message"), ProviderError),
    "APIError": (lambda cls: cls("message", REQUEST, body=None), ServerError),
    "APIStatusError": (lambda cls: of_status(cls, 418), BadRequestError),
    "APIConnectionError": (lambda cls: cls(request=REQUEST), ProviderConnectionError),
    "APITimeoutError": (lambda cls: cls(REQUEST), ProviderTimeoutError),
    "APIResponseValidationError": (lambda cls: cls(response(200), None), ServerError),
    "BadRequestError": (of_its_own_status, BadRequestError),
    "AuthenticationError": (of_its_own_status, AuthenticationError),
    "OAuthError": (lambda cls: cls(response=response(401), body=None), AuthenticationError),
    "PermissionDeniedError": (of_its_own_status, AuthenticationError),
    "NotFoundError": (of_its_own_status, BadRequestError),
    "ConflictError": (of_its_own_status, BadRequestError),
    "UnprocessableEntityError": (of_its_own_status, BadRequestError),
    "RateLimitError": (of_its_own_status, RateLimitError),
    "InternalServerError": (lambda cls: of_status(cls, 503), ServerError),
    "LengthFinishReasonError": (lambda cls: cls.__new__(cls), ProviderError),
    "APIRemovedInV1": (lambda cls: cls(symbol="Completion"), ProviderError),
    "MutuallyExclusiveAuthError": (lambda cls: cls(), ProviderError),
    "StreamAlreadyConsumed": (lambda cls: cls(), ProviderError),
    "ContentFilterFinishReasonError": (lambda cls: cls(), ProviderError),
    "SubjectTokenProviderError": (lambda cls: cls("message"), ProviderError),
    "WebSocketConnectionClosedError": (
        lambda cls: cls("message", unsent_messages=[]),
        ProviderError,
    ),
    "WebSocketQueueFullError": (lambda cls: cls("message"), ProviderError),
    "_AmbiguousModuleClientUsageError": (lambda cls: cls(), ProviderError),
}


def tree(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def of_sdk(root: type[Exception], module: str) -> list[type[Exception]]:
    return sorted(
        {cls for cls in tree(root) if cls.__module__.split(".")[0] == module},
        key=lambda cls: cls.__name__,
    )


@pytest.mark.parametrize("cls", of_sdk(openai.OpenAIError, "openai"))
def test_sdk_errors(cls: type[Exception]) -> None:
    assert cls.__name__ in SDK, f"{cls.__name__} is new: say here what it becomes"
    make, expected = SDK[cls.__name__]
    error = make(cls)

    mapped = map_error(error, "acme")

    assert type(mapped) is expected
    assert mapped.provider == "acme"
    assert mapped.__cause__ is error


def test_the_sdk_has_no_other_root() -> None:
    loose = {name for name in sdk.__all__ if not issubclass(getattr(sdk, name), openai.OpenAIError)}

    # Of those, one is about webhooks, which no request meets.
    assert loose == {"InvalidWebhookSignatureError"}


TIMEOUTS = {
    "TimeoutException",
    "ConnectTimeout",
    "PoolTimeout",
    "ReadTimeout",
    "WriteTimeout",
}
UNSENDABLE = {"LocalProtocolError", "TooManyRedirects", "UnsupportedProtocol"}


@pytest.mark.parametrize(
    "cls", [*of_sdk(httpx2.HTTPError, "httpx2"), *of_sdk(httpx2.StreamError, "httpx2")]
)
def test_raw_http_errors(cls: type[Exception]) -> None:
    error = cls.__new__(cls)

    mapped = map_error(error, "acme")

    if cls.__name__ in UNSENDABLE:
        assert type(mapped) is BadRequestError
        return
    late = cls.__name__ in TIMEOUTS
    assert type(mapped) is (ProviderTimeoutError if late else ProviderConnectionError)
    assert mapped.retryable
    assert cls.__name__ in str(mapped)


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError(), ssl.SSLError(), anyio.EndOfStream(), anyio.BrokenResourceError()],
)
def test_raw_socket_errors(error: Exception) -> None:
    assert type(map_error(error, "acme")) is ProviderConnectionError


def test_errors_of_others_stay_theirs() -> None:
    assert map_error(ZeroDivisionError(), "acme") is None


def test_a_mapped_error_stays_as_it_is() -> None:
    error = ServerError("message", provider="acme")

    assert map_error(error, "acme") is error


@pytest.mark.parametrize(
    ("status", "expected", "retryable"),
    [
        (400, BadRequestError, False),
        (401, AuthenticationError, False),
        (403, AuthenticationError, False),
        (404, BadRequestError, False),
        (408, ProviderTimeoutError, True),
        (409, BadRequestError, True),
        (413, BadRequestError, False),
        (422, BadRequestError, False),
        (429, RateLimitError, True),
        (500, ServerError, True),
        (503, ServerError, True),
        (529, ServerError, True),
    ],
)
def test_statuses(status: int, expected: type[ProviderError], retryable: bool) -> None:
    mapped = map_error(of_status(openai.APIStatusError, status), "acme")

    assert type(mapped) is expected
    assert (mapped.status_code, mapped.retryable) == (status, retryable)


@pytest.mark.parametrize("key", ["code", "type"])
def test_waiting_does_not_help_without_money(key: str) -> None:
    body = {key: "insufficient_quota", "message": "m"}
    error = openai.RateLimitError("m", response=response(429), body=body)

    mapped = map_error(error, "acme")

    assert type(mapped) is RateLimitError
    assert not mapped.retryable


def test_the_reason_of_a_lost_connection_is_said() -> None:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ReadError("Connection reset by peer")

    assert "Connection reset by peer" in str(map_error(error, "acme"))


def test_retry_after_reaches_the_error() -> None:
    throttled = response(429, retry_after="7")
    error = openai.RateLimitError("m", response=throttled, body=None)

    mapped = map_error(error, "acme")

    assert mapped
    assert mapped.retry_after == 7


@pytest.mark.parametrize(
    ("body", "expected", "status", "retryable"),
    [
        ({"code": 502, "message": "m"}, ServerError, 502, True),
        ({"code": "429", "message": "m"}, RateLimitError, 429, True),
        ({"code": None, "type": "server_error", "message": "m"}, ServerError, 500, True),
        ({"code": "context_length_exceeded", "message": "m"}, BadRequestError, 400, False),
        ({"code": "odd", "type": "authentication_error"}, AuthenticationError, 401, False),
        ({"code": 0, "message": "m"}, ServerError, None, True),
        ({}, ServerError, None, True),
        ("overloaded", ServerError, None, True),
        (None, ServerError, None, True),
    ],
)
def test_errors_in_the_stream(
    body: Any, expected: type[ProviderError], status: int | None, retryable: bool
) -> None:
    error = error_of_body(body, "acme")

    assert type(error) is expected
    assert (error.status_code, error.retryable) == (status, retryable)
    assert str(error)


def test_a_page_in_place_of_a_stream() -> None:
    error = error_of_content("text/html", "<!doctype html>" + "x" * 500, "acme")

    assert type(error) is ServerError
    assert (error.status_code, error.retryable) == (200, False)
    assert "text/html" in str(error)
    assert "<!doctype html>" in str(error)
    assert len(str(error)) < 400


def test_a_document_with_an_error_in_place_of_a_stream() -> None:
    text = json.dumps({"error": {"message": "Slow down", "code": "rate_limit_exceeded"}})
    error = error_of_content("application/json", text, "acme")

    assert type(error) is RateLimitError
    assert str(error) == "Slow down"
