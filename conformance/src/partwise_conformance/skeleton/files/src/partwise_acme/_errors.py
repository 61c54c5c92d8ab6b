"""The SDK's exceptions, and those of the HTTP library under it, in partwise's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)

if TYPE_CHECKING:
    from ._sdk import StatusError

# Of the errors that are the client's, those that may be gone the next time.
_PASSING = frozenset({408, 409, 429})


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error that the core raises; None for what is not the SDK's, such as a bug."""
    import httpx2

    from ._sdk import StatusError, StreamError

    mapped: ProviderError | None = None
    match error:
        case StatusError():
            mapped = _of_status(error, provider)
        case StreamError() | httpx2.SSEError():
            mapped = ServerError(str(error), provider=provider, retryable=True)
        case httpx2.TimeoutException():
            mapped = ProviderTimeoutError(_told(error), provider=provider, retryable=True)
        case httpx2.HTTPError():
            mapped = ProviderConnectionError(_told(error), provider=provider, retryable=True)
    if mapped is not None:
        mapped.__cause__ = error
        # An SDK that tries again by itself has done so: with one, this line goes.
        mapped.retried = False
    return mapped


def _of_status(error: StatusError, provider: str) -> ProviderError:
    return _class_of(error.status)(
        str(error),
        provider=provider,
        status_code=error.status,
        retryable=error.status >= 500 or error.status in _PASSING,
        retry_after=error.retry_after,
    )


def _class_of(status: int) -> type[ProviderError]:
    match status:
        case 401 | 403:
            return AuthenticationError
        case 408:
            return ProviderTimeoutError
        case 429:
            return RateLimitError
    return BadRequestError if status < 500 else ServerError


def _told(error: Exception) -> str:
    """Some of the HTTP library's errors have no text of their own."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")
