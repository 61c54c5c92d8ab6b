"""The SDK's exceptions, and those of the HTTP library under it, in partwise's terms."""

from __future__ import annotations

from partwise.provider import (
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    ServerError,
    error_of_status,
)


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error that the core raises; None for what is not the SDK's, such as a bug."""
    import httpx2

    from ._sdk import StatusError, StreamError

    mapped: ProviderError | None = None
    match error:
        case StatusError():
            mapped = error_of_status(
                error.status, str(error), provider=provider, headers=error.headers
            )
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


def _told(error: Exception) -> str:
    """Some of the HTTP library's errors have no text of their own."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")
