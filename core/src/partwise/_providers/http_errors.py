"""The meaning of a failed response's status and headers, the same for all vendors."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from .._errors import (
    AuthenticationError,
    BadRequestError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)
from .rate_limits import rate_limits

_KINDS: Final[Mapping[int | None, type[ProviderError]]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    408: ProviderTimeoutError,
    424: ServerError,  # a dependency of the server's failed, and no part of the request
    429: RateLimitError,
}
_REDIRECTS: Final = range(300, 400)
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

    It is retryable if the status is 408, 409, 424, 429 or of the 500s, or if none is known.
    If the vendor says more than its status does, change the error's attributes.

    Args:
        status: the HTTP status, if there was one. One that is no failure, such as 200, is that of
            an answer that can't be read, and a `ServerError`.
        message: a description of the failure, if possible in the vendor's words.
        provider: the provider's name.
        headers: the response's, for the time that it asks to wait.
    """
    if status in _REDIRECTS:
        message = f"redirected to another address, which is not followed: {message}"
    by_class = BadRequestError if status in _CLIENT_ERRORS else ServerError
    return _KINDS.get(status, by_class)(
        message,
        provider=provider,
        status_code=status,
        retryable=status in _PASSING,
        retry_after=retry_after(headers or {}),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a response asks to wait; None if it asks for nothing that can be read.

    `Retry-After` is a number of seconds or an HTTP date (RFC 9110, 10.2.3). `retry-after-ms`,
    which OpenAI and Anthropic send, is in milliseconds and comes before it. Without either it is
    the time until a rate limit that is spent is full again, as `rate_limits` reads it.

    Args:
        headers: the response's, asked for by names in small letters.
    """
    seconds = _number(headers.get("retry-after-ms"), scale=0.001)
    if seconds is None:
        seconds = _number(headers.get("retry-after"))
    if seconds is None:
        seconds = _until(headers.get("retry-after"))
    if seconds is None:
        spent = [limit.seconds for limit in rate_limits(headers) if not limit.left]
        seconds = max(spent, default=None)
    return seconds


def _number(value: str | None, scale: float = 1.0) -> float | None:
    try:
        number = float(value or "") * scale
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(date: str | None) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date or "").timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):  # a year or a zone that no clock has
        return None
