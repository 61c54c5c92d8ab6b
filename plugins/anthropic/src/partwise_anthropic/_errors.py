"""The exceptions of Anthropic's SDK, and errors in its streams, in partwise's terms.

They come in four ways: as an HTTP status, which the SDK raises as `APIStatusError`; as an `error`
event in a stream that began with status 200, which the SDK raises as an `APIStatusError` too, and
which only its `type` tells apart; as the SDK's other errors; and, once the stream has begun, as
the HTTP library's own, since the SDK wraps those only until then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    AuthenticationError,
    ProviderConnectionError,
    ProviderError,
    ServerError,
    as_map,
    as_word,
    error_of_status,
    error_of_transport,
    retry_after,
)

if TYPE_CHECKING:
    from anthropic import AnthropicError, APIConnectionError, APIStatusError

# https://platform.claude.com/docs/en/api/errors: the status of each type, which an error in a
# stream comes without. Other types are taken for the API's own failures: it had begun to answer,
# so it took the request.
_STATUSES: Final[Mapping[str | None, int]] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "memory_path_conflict_error": 400,
    "memory_precondition_failed_error": 400,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 408,  # of HTTP's statuses, the one that means so whoever timed out
    "overloaded_error": 529,
}


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error as one of partwise's; None if neither the SDK nor its HTTP client raised it."""
    import anthropic

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, anthropic.APIStatusError):
        return _of_status(error, provider)
    if isinstance(error, anthropic.AnthropicError):
        return _of_sdk(error, provider)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        # The SDK lets these through when an event's data is not as it should be.
        return ServerError(f"an event is not JSON: {error}", provider=provider, retryable=True)
    return error_of_transport(error, provider=provider)


def is_retried(error: Exception) -> bool:
    """Whether the SDK, if it was made to retry, has done so before it raised this.

    It does not once the stream is open; an event's error has the status 200.
    """
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        return error.status_code >= HTTPStatus.MULTIPLE_CHOICES
    return isinstance(error, anthropic.APIConnectionError)


def error_of_event(event: Mapping[str, Any], provider: str) -> ProviderError:
    """The error for an `error` event."""
    body = as_map(event.get("error"))
    kind = as_word(body.get("type"))
    message = f"{kind or 'error'}: {body.get('message') or event.get('error') or dict(event)}"
    return error_of_status(_STATUSES.get(kind), message, provider=provider)


def second_message(provider: str) -> ProviderError:
    """A stream in which an answer is begun anew after a part of another."""
    return ServerError(
        "the stream began a second message in the midst of the first",
        provider=provider,
        retryable=True,
    )


def _of_status(error: APIStatusError, provider: str) -> ProviderError:
    status = error.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES:
        # An event of a stream that began well.
        mapped = error_of_status(_STATUSES.get(error.type), _message(error), provider=provider)
    else:
        headers = error.response.headers
        mapped = error_of_status(status, _message(error), provider=provider, headers=headers)
    advice = error.response.headers.get("x-should-retry")
    # A response that names a time says that waiting helps.
    if advice in ("true", "false") and retry_after(error.response.headers) is None:
        mapped.retryable = advice == "true"
    return mapped


def _message(error: APIStatusError) -> str:
    return error.api_message or error.message


def _of_sdk(error: AnthropicError, provider: str) -> ProviderError:
    """The error for an exception of the SDK's that is no answer of the API's."""
    import anthropic
    from anthropic.lib.credentials import WorkloadIdentityError

    match error:
        case anthropic.APIConnectionError():
            return _of_connection(error, provider)
        case anthropic.APIResponseValidationError():
            message = _with_cause(error)
            return ServerError(message, provider=provider, status_code=error.status_code)
        case anthropic.CredentialsError() | WorkloadIdentityError():
            return AuthenticationError(_with_cause(error), provider=provider)
        case _:
            retryable = isinstance(error, anthropic.RetryableError)
            return ProviderError(_with_cause(error), provider=provider, retryable=retryable)


def _of_connection(error: APIConnectionError, provider: str) -> ProviderError:
    """The error for an exception that the SDK wraps: the HTTP library's exception is its cause."""
    import anthropic

    late = TimeoutError() if isinstance(error, anthropic.APITimeoutError) else None
    mapped = error_of_transport(error.__cause__ or late or error, provider=provider)
    kind = type(mapped) if mapped else ProviderConnectionError
    retryable = mapped is None or mapped.retryable
    return kind(_with_cause(error), provider=provider, retryable=retryable)


def _with_cause(error: Exception) -> str:
    """Its message, and the cause's, which names the reason why a connection failed."""
    message = str(error) or type(error).__name__
    return f"{message} ({error.__cause__})" if error.__cause__ else message
