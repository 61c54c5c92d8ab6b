"""All that the SDK and the HTTP client under it raise is one of partwise's errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any

import httpx2
import mistralai.client.errors as sdk_errors
import pytest
from mistralai.client.errors import MistralError, NoResponseError, ResponseValidationError
from mistralai.client.utils.retries import PermanentError, TemporaryError

from partwise.provider import (
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)
from partwise_mistral._decoder import MistralDecoder
from partwise_mistral._errors import map_error

# The request can't be sent so, however often it is tried.
NEVER_SENT = {
    httpx2.CookieConflict,
    httpx2.InvalidURL,
    httpx2.LocalProtocolError,
    httpx2.TooManyRedirects,
    httpx2.UnsupportedProtocol,
}

# How the SDK's own retries talk to each other. Neither leaves them.
INTERNAL = {PermanentError, TemporaryError}


def descendants(root: type[Any]) -> Iterator[type[Any]]:
    for child in root.__subclasses__():
        yield child
        yield from descendants(child)


def errors_of_the_sdk() -> list[type[Exception]]:
    """Those of all modules that a chat's client needs."""
    assert all(getattr(sdk_errors, name) for name in sdk_errors.__all__)  # imports each
    found = {each for each in descendants(Exception) if each.__module__.startswith("mistralai.")}
    return sorted((each for each in found - INTERNAL if not issubclass(each, Enum)), key=str)


def errors_of_the_http_client() -> list[type[Exception]]:
    members = [each for _, each in inspect.getmembers(httpx2, inspect.isclass)]
    return [each for each in members if issubclass(each, Exception)]


def response(status: int, body: str = "{}", **headers: str) -> httpx2.Response:
    return httpx2.Response(status, text=body, headers=headers)


def make(kind: type[Exception]) -> Exception:
    """An error of that kind. Few of them can be made alike; all are ones of status 500."""
    error = NoResponseError("why") if kind is NoResponseError else kind.__new__(kind, "why")
    if isinstance(error, MistralError):
        MistralError.__init__(error, "why", response(500))
    return error


def mapped(error: Exception) -> ProviderError:
    found = map_error(error, "mistral")
    assert found
    assert found.provider == "mistral"
    return found


def test_the_sdks_errors_are_found() -> None:
    names = {each.__name__ for each in errors_of_the_sdk()}

    assert names >= {name for name in sdk_errors.__all__ if name.endswith("Error")}


@pytest.mark.parametrize("kind", errors_of_the_sdk(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_sdk(kind: type[Exception]) -> None:
    by_kind = {MistralError: ServerError, NoResponseError: ProviderConnectionError}
    expected = [ours for theirs, ours in by_kind.items() if issubclass(kind, theirs)]

    assert [type(mapped(make(kind)))] == (expected or [BadRequestError])


@pytest.mark.parametrize("kind", errors_of_the_http_client(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_http_client(kind: type[Exception]) -> None:
    error = mapped(make(kind))

    if kind in NEVER_SENT:
        assert (type(error), error.retryable) == (BadRequestError, False)
        return
    timed_out = issubclass(kind, httpx2.TimeoutException)
    assert type(error) is (ProviderTimeoutError if timed_out else ProviderConnectionError)
    assert error.retryable


def test_a_body_that_is_not_what_the_sdk_expects_of_its_status() -> None:
    error = ResponseValidationError("why", response(422), ValueError("no detail"))

    assert type(mapped(error)) is BadRequestError


def test_an_error_of_the_http_client_s_own_kind_says_its_kind() -> None:
    assert str(mapped(httpx2.ReadTimeout(""))) == "ReadTimeout"


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), KeyError("x")])
def test_what_is_not_the_sdks(error: Exception) -> None:
    assert map_error(error, "mistral") is None


@pytest.mark.parametrize(
    ("data", "kind", "status", "retryable"),
    [
        ({"object": "error", "message": "m", "raw_status_code": 429}, RateLimitError, 429, True),
        ({"object": "error", "message": "m", "raw_status_code": 400}, BadRequestError, 400, False),
        ({"object": "error", "message": "m"}, ServerError, None, True),
        ({"error": {"message": "m", "code": 503}}, ServerError, 503, True),
        ({"error": "m"}, ServerError, None, True),
        ([{"error": {"message": "m", "status": "400"}}], BadRequestError, 400, False),
        ({"message": "m", "detail": None}, ServerError, None, True),
        ({"detail": [{"msg": "m"}], "status_code": 422}, BadRequestError, 422, False),
        ("m{", ServerError, None, True),
    ],
)
def test_an_error_in_the_stream(
    data: Any, kind: type[ProviderError], status: int | None, retryable: bool
) -> None:
    with pytest.raises(kind) as caught:
        MistralDecoder("mistral").feed(data)

    assert (caught.value.status_code, caught.value.retryable) == (status, retryable)
    assert "m" in str(caught.value)
