"""Anthropic's errors in partwise's terms.

They come in four ways: as an HTTP status, which the SDK raises as `APIStatusError`; as an `error`
event in a stream that began with status 200, which the SDK raises as an `APIStatusError` too, and
which only its `type` tells apart; as the SDK's other errors; and, once the stream has begun, as
the HTTP library's own, since the SDK wraps those only until then.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
    retry_after,
)

if TYPE_CHECKING:
    from anthropic import AnthropicError, APIStatusError

_BY_STATUS: Mapping[int, type[ProviderError]] = {
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.FORBIDDEN: AuthenticationError,
    HTTPStatus.REQUEST_TIMEOUT: ProviderTimeoutError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitError,
}

# What the API says in a stream, where there is no status. What it adds to these is taken for its
# own failure: it had begun to answer, so it took the request.
_BY_TYPE: Mapping[str, type[ProviderError]] = {
    "invalid_request_error": BadRequestError,
    "billing_error": BadRequestError,
    "not_found_error": BadRequestError,
    "conflict_error": BadRequestError,
    "memory_precondition_failed_error": BadRequestError,
    "memory_path_conflict_error": BadRequestError,
    "authentication_error": AuthenticationError,
    "permission_error": AuthenticationError,
    "rate_limit_error": RateLimitError,
    "timeout_error": ProviderTimeoutError,
    "api_error": ServerError,
    "overloaded_error": ServerError,
}

_TRANSIENT = (RateLimitError, ServerError, ProviderConnectionError, ProviderTimeoutError)

# As the SDK does: a conflict is about a lock, which another request will have let go.
_TRANSIENT_STATUS = frozenset({HTTPStatus.CONFLICT})


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """An exception of the SDK, or of the HTTP library under it, in partwise's terms."""
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        return _of_status(error, provider)
    if isinstance(error, anthropic.AnthropicError):
        return _of_sdk(error, provider)
    return _of_transport(error, provider)


def of_event(event: Mapping[str, Any], provider: str) -> ProviderError:
    """An `error` event as an error of ours."""
    said = event.get("error") or {}
    kind = _BY_TYPE.get(said.get("type", ""), ServerError)
    message = f"{said.get('type', 'error')}: {said.get('message', event)}"
    return kind(message, provider=provider, retryable=issubclass(kind, _TRANSIENT))


def second_message(provider: str) -> ProviderError:
    """A stream in which an answer is begun anew after a part of another."""
    return ServerError(
        "the stream began a second message in the midst of the first",
        provider=provider,
        retryable=True,
    )


def _of_status(error: APIStatusError, provider: str) -> ProviderError:
    kind = _kind_of(error)
    return kind(
        error.api_message or error.message,
        provider=provider,
        status_code=error.status_code,
        retryable=_is_retryable(error, kind),
        retry_after=retry_after(error.response.headers),
    )


def _kind_of(error: APIStatusError) -> type[ProviderError]:
    status = error.status_code
    if status < HTTPStatus.BAD_REQUEST:
        return _BY_TYPE.get(error.type or "", ServerError)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError
    return _BY_STATUS.get(status, BadRequestError)


def _is_retryable(error: APIStatusError, kind: type[ProviderError]) -> bool:
    headers = error.response.headers
    said = headers.get("x-should-retry")
    # A response that names a time says that waiting helps.
    if said in ("true", "false") and retry_after(headers) is None:
        return bool(said == "true")
    return issubclass(kind, _TRANSIENT) or error.status_code in _TRANSIENT_STATUS


def _of_sdk(error: AnthropicError, provider: str) -> ProviderError:
    """The SDK's errors that are no answer of the API's."""
    import anthropic
    from anthropic.lib.credentials import WorkloadIdentityError

    match error:
        case anthropic.APITimeoutError():
            return ProviderTimeoutError(_said(error), provider=provider, retryable=True)
        case anthropic.APIConnectionError():
            return ProviderConnectionError(_said(error), provider=provider, retryable=True)
        case anthropic.APIResponseValidationError():
            return ServerError(_said(error), provider=provider, status_code=error.status_code)
        case anthropic.CredentialsError() | WorkloadIdentityError():
            return AuthenticationError(_said(error), provider=provider)
        case _:
            retryable = isinstance(error, anthropic.RetryableError)
            return ProviderError(_said(error), provider=provider, retryable=retryable)


def _of_transport(error: Exception, provider: str) -> ProviderError | None:
    """What goes wrong once the stream has begun."""
    import httpx2

    match error:
        case httpx2.TimeoutException():
            return ProviderTimeoutError(_said(error), provider=provider, retryable=True)
        case httpx2.HTTPError() | httpx2.StreamError() | ConnectionError() | ssl.SSLError():
            return ProviderConnectionError(_said(error), provider=provider, retryable=True)
        case httpx2.InvalidURL():
            return BadRequestError(_said(error), provider=provider)
        case json.JSONDecodeError() | UnicodeDecodeError():
            # The SDK lets these through when an event's data is not what it should be.
            return ServerError(f"an event is not JSON: {error}", provider=provider, retryable=True)
    return None


def _said(error: Exception) -> str:
    """Its message, and the cause's, which names what a connection failed of."""
    message = str(error) or type(error).__name__
    return f"{message} ({error.__cause__})" if error.__cause__ else message
