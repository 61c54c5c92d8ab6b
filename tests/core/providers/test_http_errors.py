"""The error of an HTTP status."""

from __future__ import annotations

import pytest

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
    error_of_status,
)

EXPECTED: dict[int | None, tuple[type[ProviderError], bool]] = {
    400: (BadRequestError, False),
    401: (AuthenticationError, False),
    403: (AuthenticationError, False),
    404: (BadRequestError, False),
    408: (ProviderTimeoutError, True),
    409: (BadRequestError, True),
    422: (BadRequestError, False),
    424: (ServerError, True),
    429: (RateLimitError, True),
    500: (ServerError, True),
    529: (ServerError, True),
    200: (ServerError, False),
    None: (ServerError, True),
}


@pytest.mark.parametrize("status", EXPECTED)
def test_each_status(status: int | None) -> None:
    error = error_of_status(status, "why", provider="acme")

    assert (type(error), error.retryable) == EXPECTED[status]
    assert (str(error), error.provider, error.status_code) == ("why", "acme", status)
    assert error.retry_after is None


def test_the_time_to_wait_is_read_of_the_headers() -> None:
    error = error_of_status(429, "why", provider="acme", headers={"retry-after": "7"})

    assert error.retry_after == 7.0
