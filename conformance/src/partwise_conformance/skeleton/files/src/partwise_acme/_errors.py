"""The exceptions of Acme's SDK, and of the HTTP library under it, in partwise's terms."""

from __future__ import annotations

from partwise.provider import ProviderError, ServerError, error_of_status, error_of_transport


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error as one of partwise's; None if neither the SDK nor its HTTP client raised it."""
    import httpx2

    from ._sdk import StatusError, StreamError

    match error:
        case StatusError():
            mapped: ProviderError | None = error_of_status(
                error.status, str(error), provider=provider, headers=error.headers
            )
        case StreamError() | httpx2.SSEError():
            mapped = ServerError(str(error), provider=provider, retryable=True)
        case _:
            mapped = error_of_transport(error, provider=provider)
    if mapped is not None:
        mapped.__cause__ = error
        # partwise sends the request again if it may. An SDK that does so by itself is to be made
        # without retries; with a client of the user's own, set `mapped.retried = True` here.
    return mapped
