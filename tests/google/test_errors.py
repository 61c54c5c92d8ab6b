"""All that the SDK and the libraries under it raise is one of partwise's errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import google.auth.exceptions
import httpx2
import pytest
import requests
from google.genai import errors, types
from pydantic import ValidationError

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)
from partwise_google._errors import map_error


def descendants(root: type[Any]) -> Iterator[type[Any]]:
    for child in root.__subclasses__():
        yield child
        yield from descendants(child)


def sdk_errors() -> list[type[Exception]]:
    """Those of all modules that the client needs; one of them is a warning."""
    found = {each for each in descendants(Exception) if each.__module__.startswith("google.genai")}
    return sorted((each for each in found if not issubclass(each, Warning)), key=str)


def errors_in(module: Any) -> list[type[Exception]]:
    members = [each for _, each in inspect.getmembers(module, inspect.isclass)]
    return [each for each in members if issubclass(each, Exception)]


def make(kind: type[Exception]) -> Exception:
    if issubclass(kind, errors.APIError):
        return kind(500, {})
    error = kind.__new__(kind)
    Exception.__init__(error, "why")
    return error


def mapped(error: Exception) -> ProviderError:
    found = map_error(error, "google")
    assert found
    assert found.provider == "google"
    return found


def api_error(code: Any = 400, *details: Any, message: str = "why", **more: Any) -> Exception:
    error = {"code": code, "message": message, "status": "STATUS", "details": [*details]}
    return errors.APIError(code, {"error": error}, **more)


# The request can't be sent so, however often it is tried.
NEVER_SENT = {
    httpx2.CookieConflict,
    httpx2.InvalidURL,
    httpx2.LocalProtocolError,
    httpx2.TooManyRedirects,
    httpx2.UnsupportedProtocol,
}


# The trees ----------------------------------------------------------------------------------


def test_the_sdks_errors_are_found() -> None:
    names = {each.__name__ for each in sdk_errors()}

    assert names >= {name for name in vars(errors) if name.endswith("Error")}


@pytest.mark.parametrize("kind", sdk_errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_sdk(kind: type[Exception]) -> None:
    assert isinstance(map_error(make(kind), "google"), ProviderError)


@pytest.mark.parametrize("kind", errors_in(httpx2), ids=lambda kind: kind.__name__)
def test_every_error_of_the_http_client(kind: type[Exception]) -> None:
    timed_out = issubclass(kind, httpx2.TimeoutException)
    expected = ProviderTimeoutError if timed_out else ProviderConnectionError

    error = mapped(make(kind))

    if kind in NEVER_SENT:
        assert (type(error), error.retryable) == (BadRequestError, False)
    else:
        assert (type(error), error.retryable) == (expected, True)


@pytest.mark.parametrize("kind", errors_in(google.auth.exceptions), ids=lambda kind: kind.__name__)
def test_every_error_of_the_sign_in(kind: type[Exception]) -> None:
    is_transport = issubclass(kind, google.auth.exceptions.TransportError)
    expected = ProviderConnectionError if is_transport else AuthenticationError

    assert type(mapped(make(kind))) is expected


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.exceptions.ReadTimeout("slow"), ProviderTimeoutError),
        (requests.exceptions.ConnectionError("gone"), ProviderConnectionError),
        (TimeoutError(), ProviderTimeoutError),
        (errors.UnknownApiResponseError("<html>"), ServerError),
        (errors.UnsupportedFunctionError("no"), BadRequestError),
    ],
)
def test_others(error: Exception, kind: type[ProviderError]) -> None:
    assert type(mapped(error)) is kind


def test_an_event_of_another_shape() -> None:
    with pytest.raises(ValidationError) as caught:
        types.GenerateContentResponse.model_validate({"candidates": 1})

    assert type(mapped(caught.value)) is ServerError


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), KeyError("x")])
def test_what_is_not_the_sdks(error: Exception) -> None:
    assert map_error(error, "google") is None


# The vendor's errors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        (400, BadRequestError, False),
        (401, AuthenticationError, False),
        (403, AuthenticationError, False),
        (404, BadRequestError, False),
        (408, ProviderTimeoutError, True),
        (429, RateLimitError, True),
        (500, ServerError, True),
        (503, ServerError, True),
        (504, ServerError, True),
        (302, ServerError, False),
        (0, ServerError, True),
    ],
)
def test_by_status(code: int, kind: type[ProviderError], retryable: bool) -> None:
    error = mapped(api_error(code))

    assert type(error) is kind
    assert error.retryable is retryable
    assert error.status_code == (code or None)
    assert str(error).endswith("why")


def test_a_wrong_key_is_a_bad_request_to_the_vendor() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}

    error = mapped(api_error(400, info))

    assert type(error) is AuthenticationError
    assert error.status_code == 400


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}


@pytest.mark.parametrize(
    ("details", "headers", "seconds"),
    [
        ([RETRY_INFO], {"retry-after": "7"}, 36.5),
        ([{"@type": "other"}, "text"], {"retry-after": "7"}, 7.0),
        ([], {"retry-after": "Wed, 21 Oct 2020 07:28:00 GMT"}, 0.0),
        ([], {"retry-after": "soon"}, None),
        ([{**RETRY_INFO, "retryDelay": None}], {}, None),
        ([], {}, None),
    ],
)
def test_when_to_retry(details: list[Any], headers: dict[str, str], seconds: float | None) -> None:
    response = httpx2.Response(429, headers=headers)

    assert mapped(api_error(429, *details, response=response)).retry_after == seconds


@pytest.mark.parametrize(
    "body", ["text", None, [], [1], {}, {"error": "text"}, {"error": {"details": None}}]
)
def test_bodies_of_any_form(body: Any) -> None:
    error = errors.APIError.__new__(errors.APIError)
    error.code, error.details, error.response = 429, body, None

    assert type(mapped(error)) is RateLimitError


@pytest.mark.parametrize("message", [[1], {"a": 1}, 5])
def test_a_message_that_is_no_text(message: Any) -> None:
    error = errors.APIError(400, {"error": {"code": "a", "message": message}})
    mapped = map_error(error, "google")
    assert mapped is not None
    assert mapped.args == (str(message),)
