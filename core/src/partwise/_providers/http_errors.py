"""What an HTTP status says of a request that failed: one reading for all vendors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .._errors import (
    AuthenticationError,
    BadRequestError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)
from .retry_after import retry_after

_KINDS: Final[Mapping[int | None, type[ProviderError]]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    408: ProviderTimeoutError,
    424: ServerError,  # a dependency of the server's failed, and no part of the request
    429: RateLimitError,
}
_CLIENT_ERRORS: Final = range(400, 500)
_SERVER_ERRORS: Final = range(500, 600)
_PASSING: Final = frozenset({None, 408, 409, 424, 429, *_SERVER_ERRORS})


def error_of_status(
    status: int | None,
    message: str,
    *,
    provider: str,
    headers: Mapping[str, str] | None = None,
) -> ProviderError:
    """The error for a response of this status, for the `map_error` of a plugin.

    It is retryable where the status is 408, 409, 424, 429 or of the 500s, or where none is known.
    Where the vendor says more than its status does, change the error's attributes.

    Args:
        status: the HTTP status, if there was one. One that is no failure, such as 200, is that of
            an answer that can't be read, and a `ServerError`.
        message: what went wrong, if possible in the vendor's words.
        provider: the provider's name.
        headers: the response's, for the time that it asks to wait.
    """
    by_class = BadRequestError if status in _CLIENT_ERRORS else ServerError
    return _KINDS.get(status, by_class)(
        message,
        provider=provider,
        status_code=status,
        retryable=status in _PASSING,
        retry_after=retry_after(headers or {}),
    )
