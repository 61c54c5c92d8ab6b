"""All that botocore and the HTTP client under it raise is one of partwise's errors."""

from __future__ import annotations

import inspect
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import botocore.eventstream
import botocore.exceptions
import botocore.parsers
import pytest
import urllib3.exceptions
from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    Request,
    ServerError,
)
from partwise_bedrock._errors import map_error
from partwise_conformance import ReplayServer, Reply

from ..recorded import replay
from .wire import BedrockWire, event, exception

if TYPE_CHECKING:
    from partwise_bedrock import BedrockProvider

WIRE = BedrockWire()
TYPE = {"content-type": WIRE.framing.content_type}


def errors_in(module: Any) -> Iterator[type[Exception]]:
    for _, each in inspect.getmembers(module, inspect.isclass):
        if issubclass(each, Exception) and not issubclass(each, Warning):
            yield each


MODULES = (botocore.exceptions, botocore.eventstream, botocore.parsers, urllib3.exceptions)
KINDS = sorted(
    {
        kind
        for module in MODULES
        for kind in errors_in(module)
        if kind.__module__.startswith("botocore.") or issubclass(kind, HTTPError)
    },
    key=str,
)


def make(kind: type[Exception]) -> Exception:
    """An error of that kind. Few of them can be made alike."""
    if issubclass(kind, ClientError):
        answer = {"HTTPStatusCode": 500}
        return kind({"Error": {"Code": "Why", "Message": "why"}, "ResponseMetadata": answer}, "op")
    if issubclass(kind, urllib3.exceptions.InvalidChunkLength):
        return kind(urllib3.HTTPResponse(), b"x")
    if issubclass(kind, urllib3.exceptions.IncompleteRead):
        return kind(1, 2)
    return kind.__new__(kind, "why")


def mapped(error: Exception) -> ProviderError:
    found = map_error(error, "bedrock")
    assert found
    assert found.provider == "bedrock"
    return found


def test_the_trees_are_found() -> None:
    assert len(KINDS) > 100


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_error_of_the_sdk_and_its_http_client(kind: type[Exception]) -> None:
    assert isinstance(mapped(make(kind)), ProviderError)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ReadTimeoutError", ProviderTimeoutError),
        ("ConnectTimeoutError", ProviderTimeoutError),
        ("ConnectionClosedError", ProviderConnectionError),
        ("EndpointConnectionError", ProviderConnectionError),
        ("ProxyConnectionError", ProviderConnectionError),
        ("ResponseStreamingError", ProviderConnectionError),
        ("SSLError", ProviderConnectionError),
        ("NoCredentialsError", AuthenticationError),
        ("UnauthorizedSSOTokenError", AuthenticationError),
        ("ParamValidationError", BadRequestError),
        ("NoRegionError", BadRequestError),
    ],
)
def test_some_by_name(name: str, kind: type[ProviderError]) -> None:
    error = mapped(make(getattr(botocore.exceptions, name)))

    assert type(error) is kind
    assert error.retryable is (kind in (ProviderTimeoutError, ProviderConnectionError))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (urllib3.exceptions.ReadTimeoutError(None, "", "slow"), ProviderTimeoutError),  # type: ignore[arg-type]  # none is needed
        (urllib3.exceptions.ProtocolError("reset"), ProviderConnectionError),
        (botocore.eventstream.ChecksumMismatch(1, 2), ServerError),
    ],
)
def test_what_breaks_a_running_stream(error: Exception, kind: type[ProviderError]) -> None:
    assert type(mapped(error)) is kind


def test_a_certificate_that_is_not_trusted_is_not_worth_another_attempt() -> None:
    refused = ssl.SSLCertVerificationError(1, "self-signed")
    error = botocore.exceptions.SSLError(endpoint_url="https://x", error=refused)
    error.__cause__ = urllib3.exceptions.SSLError(refused)
    result = mapped(error)
    assert type(result) is ProviderConnectionError
    assert not result.retryable


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), KeyError("x")])
def test_what_is_not_the_sdks(error: Exception) -> None:
    assert map_error(error, "bedrock") is None


# Over the wire --------------------------------------------------------------------------------

IN_STREAM = {
    "internalServerException": (ServerError, 500, True),
    "modelStreamErrorException": (ServerError, 424, True),
    "validationException": (BadRequestError, 400, False),
    "throttlingException": (RateLimitError, 429, True),
    "serviceUnavailableException": (ServerError, 503, True),
}
BEGUN = event("messageStart", b'{"role": "assistant"}')


def met(provider: BedrockProvider, request: Request) -> ProviderError:
    """What reading the answer ends in."""
    try:
        replay(provider, request)
    except ProviderError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be known
        return mapped(error)
    pytest.fail("nothing was raised")


@pytest.mark.parametrize("code", IN_STREAM)
def test_an_exception_in_the_stream(
    code: str, server: ReplayServer, provider: BedrockProvider, request_for: Callable[..., Request]
) -> None:
    server.enqueue(Reply(body=[BEGUN, exception(code, "why")], headers=TYPE))
    error = met(provider, request_for())

    assert (type(error), error.status_code, error.retryable) == IN_STREAM[code]
    assert "why" in str(error)


def test_the_exceptions_in_a_stream_are_those_of_the_service(provider: BedrockProvider) -> None:
    client = provider._clients.get()
    shape = client.meta.service_model.operation_model("ConverseStream").output_shape
    members = shape.members["stream"].members
    stated = {
        name: member.metadata["error"]["httpStatusCode"]
        for name, member in members.items()
        if member.metadata.get("exception")
    }

    assert stated == {code: status for code, (_, status, _) in IN_STREAM.items()}
    client.close()


HTTP = {
    "AccessDeniedException": (403, AuthenticationError, False),
    "ExpiredTokenException": (403, AuthenticationError, False),
    "ResourceNotFoundException": (404, BadRequestError, False),
    "ValidationException": (400, BadRequestError, False),
    "ModelTimeoutException": (408, ProviderTimeoutError, True),
    "ModelErrorException": (424, ServerError, True),
    "ThrottlingException": (429, RateLimitError, True),
    "ModelNotReadyException": (429, RateLimitError, True),
    "InternalServerException": (500, ServerError, True),
    "ServiceUnavailableException": (503, ServerError, True),
}


@pytest.mark.parametrize("code", HTTP)
def test_an_exception_in_place_of_a_stream(
    code: str, server: ReplayServer, provider: BedrockProvider, request_for: Callable[..., Request]
) -> None:
    status, kind, retryable = HTTP[code]
    headers = {"x-amzn-errortype": code}
    server.enqueue(Reply.of_json({"message": "why"}, status=status, headers=headers))
    error = met(provider, request_for())

    assert (error.status_code, type(error), error.retryable) == (status, kind, retryable)
    assert "why" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        [event("contentBlockDelta", b"{")],
        [event("contentBlockDelta", b'{"contentBlockIndex": 0}')],
        [event("messageStop", b"{")],
        [event("metadata", b"{")],
        [BEGUN[:-1] + b"?"],
        [b"<!DOCTYPE html><title>Sign in</title>"],
    ],
    ids=["no JSON", "no delta", "no reason", "no usage", "checksum", "page"],
)
def test_what_can_not_be_read(
    body: list[bytes],
    server: ReplayServer,
    provider: BedrockProvider,
    request_for: Callable[..., Request],
) -> None:
    server.enqueue(Reply(body=body, headers=TYPE))

    assert type(met(provider, request_for())) is ServerError
