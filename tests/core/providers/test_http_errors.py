"""The error of an HTTP status, and the time that a response asks to wait."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
    error_of_status,
    retry_after,
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
    302: (ServerError, False),
    200: (ServerError, False),
    None: (ServerError, True),
}


@pytest.mark.parametrize("status", EXPECTED)
def test_each_status(status: int | None) -> None:
    error = error_of_status(status, "why", provider="acme")

    assert (type(error), error.retryable) == EXPECTED[status]
    assert str(error).endswith("why")
    assert (error.provider, error.status_code) == ("acme", status)
    assert error.retry_after is None


def test_the_time_to_wait_is_read_from_the_headers() -> None:
    error = error_of_status(429, "why", provider="acme", headers={"retry-after": "7"})

    assert error.retry_after == 7.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct"}, None),
        ({"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 -999999999999999"}, None),
    ],
)
def test_seconds_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_to_wait_for() -> None:
    later, earlier = (formatdate(time.time() + off, usegmt=True) for off in (60, -60))

    assert retry_after({"retry-after": later}) == pytest.approx(60, abs=3)
    assert retry_after({"retry-after": earlier}) == 0
