"""Every error of the SDK, and of the HTTP library under it, has its place in partwise's terms."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from typing import Any

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
from partwise_anthropic._errors import error_of_event, map_error

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/messages")


def subclasses(root: type[Any]) -> Iterator[type[Any]]:
    yield root
    for child in root.__subclasses__():
        yield from subclasses(child)


def name_of(cls: type[Any]) -> str:
    return cls.__name__


STATUS_ERRORS = sorted(set(subclasses(anthropic.APIStatusError)), key=name_of)
OTHER_ERRORS = sorted(set(subclasses(anthropic.AnthropicError)) - set(STATUS_ERRORS), key=name_of)
HTTP_ERRORS = sorted(
    {*subclasses(httpx2.HTTPError), *subclasses(httpx2.StreamError), httpx2.InvalidURL},
    key=name_of,
)

# The request can't be sent so, however often it is tried.
NEVER_SENT = {"InvalidURL", "LocalProtocolError", "TooManyRedirects", "UnsupportedProtocol"}

# What each status means, and whether waiting may help.
STATUSES: dict[int, tuple[type[ProviderError], bool]] = {
    400: (BadRequestError, False),
    401: (AuthenticationError, False),
    402: (BadRequestError, False),
    403: (AuthenticationError, False),
    404: (BadRequestError, False),
    408: (ProviderTimeoutError, True),
    409: (BadRequestError, True),
    412: (BadRequestError, False),
    413: (BadRequestError, False),
    422: (BadRequestError, False),
    429: (RateLimitError, True),
    431: (BadRequestError, False),
    499: (BadRequestError, False),
    500: (ServerError, True),
    501: (ServerError, True),
    503: (ServerError, True),
    504: (ServerError, True),
    529: (ServerError, True),
}

# A class that is in neither table is one that nobody has thought of.
OTHERS: dict[str, tuple[type[ProviderError], bool]] = {
    "APIConnectionError": (ProviderConnectionError, True),
    "APIError": (ProviderError, False),
    "APIResponseValidationError": (ServerError, False),
    "APITimeoutError": (ProviderTimeoutError, True),
    "APIWebhookValidationError": (ProviderError, False),
    "AnthropicError": (ProviderError, False),
    "CredentialsError": (AuthenticationError, False),
    "IdentityTokenFileError": (AuthenticationError, False),
    "MissingDependencyError": (ProviderError, False),
    "MutuallyExclusiveAuthError": (ProviderError, False),
    "RetryableError": (ProviderError, True),
    "StreamAlreadyConsumed": (ProviderError, False),
    "ToolsetClosedError": (ProviderError, False),
    "ToolsetConfigError": (ProviderError, False),
    "ToolsetContractError": (ProviderError, False),
    "ToolsetUsageError": (ProviderError, False),
    "ToolsetsFixedError": (ProviderError, False),
    "WorkloadIdentityError": (AuthenticationError, False),
}


def respond(status: int, body: Any = None, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, request=REQUEST, json=body, headers=named)


def status_error(cls: type[anthropic.APIStatusError], status: int) -> anthropic.APIStatusError:
    return cls("It failed.", response=respond(status), body=None)


def mapped(error: Exception) -> ProviderError:
    result = map_error(error, "anthropic")
    assert result is not None
    assert result.provider == "anthropic"
    return result


@pytest.mark.parametrize("cls", STATUS_ERRORS, ids=name_of)
def test_each_status_error_of_the_sdk(cls: type[anthropic.APIStatusError]) -> None:
    status = getattr(cls, "status_code", 500)
    error = mapped(status_error(cls, status))
    assert (type(error), error.retryable) == STATUSES[status]
    assert error.status_code == status


@pytest.mark.parametrize("cls", OTHER_ERRORS, ids=name_of)
def test_each_other_error_of_the_sdk(cls: type[anthropic.AnthropicError]) -> None:
    error = mapped(made(cls))
    assert (type(error), error.retryable) == OTHERS[cls.__name__]


def made(cls: type[anthropic.AnthropicError]) -> anthropic.AnthropicError:
    # Each has a signature of its own; only what the mapping reads matters here.
    error = cls.__new__(cls, "It failed.")
    error.__dict__ |= {"status_code": 200, "request_id": None}
    return error


@pytest.mark.parametrize("cls", HTTP_ERRORS, ids=name_of)
def test_each_error_of_the_http_library(cls: type[Exception]) -> None:
    error = mapped(cls.__new__(cls, "It failed."))
    if issubclass(cls, httpx2.TimeoutException):
        assert (type(error), error.retryable) == (ProviderTimeoutError, True)
    elif cls.__name__ in NEVER_SENT:
        assert (type(error), error.retryable) == (BadRequestError, False)
    else:
        assert (type(error), error.retryable) == (ProviderConnectionError, True)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (json.JSONDecodeError("Expecting value", "<html>", 0), ServerError),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), ServerError),
        (ConnectionResetError("reset"), ProviderConnectionError),
        (ssl.SSLError("bad record"), ProviderConnectionError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_sdk_lets_through(error: Exception, expected: type[ProviderError]) -> None:
    result = mapped(error)
    assert (type(result), result.retryable) == (expected, True)


@pytest.mark.parametrize("error", [TypeError("x"), ValueError("x"), RuntimeError("x")])
def test_what_is_not_the_sdks_is_not_mapped(error: Exception) -> None:
    assert map_error(error, "anthropic") is None


TYPES: dict[str, tuple[type[ProviderError], bool]] = {
    "invalid_request_error": (BadRequestError, False),
    "authentication_error": (AuthenticationError, False),
    "billing_error": (BadRequestError, False),
    "permission_error": (AuthenticationError, False),
    "not_found_error": (BadRequestError, False),
    "rate_limit_error": (RateLimitError, True),
    "timeout_error": (ProviderTimeoutError, True),
    "api_error": (ServerError, True),
    "overloaded_error": (ServerError, True),
    "memory_precondition_failed_error": (BadRequestError, False),
    "memory_path_conflict_error": (BadRequestError, False),
    "conflict_error": (BadRequestError, True),
}


STATUS_OF_TYPE = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "rate_limit_error": 429,
    "timeout_error": 408,
    "api_error": 500,
    "overloaded_error": 529,
}


def test_the_sdk_names_no_other_type() -> None:
    from typing import get_args

    from anthropic.types.shared.error_type import ErrorType

    assert set(get_args(ErrorType)) == TYPES.keys()


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_of_error_in_a_stream(kind: str) -> None:
    body = {"type": "error", "error": {"type": kind, "message": "It failed."}}
    raised = anthropic.APIStatusError(str(body), response=respond(200), body=body)
    for error in (mapped(raised), error_of_event(body, "anthropic")):
        assert (type(error), error.retryable) == TYPES[kind]
        assert "It failed." in str(error)
        assert error.status_code == STATUS_OF_TYPE.get(kind, 400)


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        [],
        "It failed.",
        [{"type": 5}],
        {"type": "brand_new_error", "message": "It failed."},
    ],
)
def test_an_unknown_error_in_a_stream_is_the_servers(said: Any) -> None:
    body = {"type": "error", "error": said}
    raised = anthropic.APIStatusError(str(body), response=respond(200), body=body)
    for error in (mapped(raised), error_of_event(body, "anthropic")):
        assert (type(error), error.retryable) == (ServerError, True)


def test_the_message_is_the_apis_own() -> None:
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "Too many."}}
    raised = anthropic.RateLimitError(f"Error 429 - {body}", response=respond(429), body=body)
    assert str(mapped(raised)) == "Too many."


def test_a_connection_error_names_its_cause() -> None:
    raised = anthropic.APIConnectionError(request=REQUEST)
    raised.__cause__ = httpx2.ConnectError("connection refused")
    assert "connection refused" in str(mapped(raised))


def test_an_error_without_a_message_says_what_it_is() -> None:
    assert str(mapped(httpx2.ReadError(""))) == "ReadError"


@pytest.mark.parametrize(("said", "retryable"), [("true", True), ("false", False)])
def test_the_api_knows_best_whether_to_try_again(said: str, retryable: bool) -> None:
    for status in (429, 400):
        response = respond(status, x_should_retry=said)
        raised = anthropic.APIStatusError("It failed.", response=response, body=None)
        assert mapped(raised).retryable is retryable


def test_a_time_to_wait_says_that_waiting_helps() -> None:
    response = respond(429, x_should_retry="false", retry_after="3600")
    error = mapped(anthropic.RateLimitError("It failed.", response=response, body=None))
    assert (error.retryable, error.retry_after) == (True, 3600.0)
