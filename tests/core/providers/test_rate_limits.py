"""The rate limits in a response's headers."""

from __future__ import annotations

import pytest

from partwise.provider import RateLimit, rate_limits, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0), ("6m0s", 360.0), ("20ms", 0.02), ("2m59.56s", 179.56), ("1h2m", 3720.0),
        ("7", 7.0), ("-7", 0.0), ("", None), ("soon", None), ("2026-01-01T00:00:00", None),
        ("2020-01-01T00:00:00Z", 0.0), ("1s later", None), ("inf", None), ("nan", None),
    ],
)  # fmt: skip
def test_the_time_of_a_reset(text: str, seconds: float | None) -> None:
    headers = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": text}
    assert [limit.seconds for limit in rate_limits(headers)] == [
        each for each in [seconds] if each is not None
    ]
    assert retry_after(headers) == seconds


def test_headers_of_two_vendors() -> None:
    openai = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "8.64s"}
    anthropic = {
        "anthropic-ratelimit-input-tokens-remaining": "12",
        "anthropic-ratelimit-input-tokens-reset": "2020-01-01T00:00:00Z",
    }

    assert list(rate_limits(openai)) == [RateLimit("requests", 0, 8.64)]
    assert list(rate_limits(anthropic)) == [RateLimit("input-tokens", 12, 0.0)]
    assert list(rate_limits({"x-ratelimit-remaining-requests": "many"})) == []


def test_a_limit_that_is_not_spent_asks_for_no_wait() -> None:
    headers = {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "8s"}
    assert retry_after(headers) is None


def test_of_several_limits_the_longest_counts_and_retry_after_before_them() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "8s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "20s",
    }
    assert retry_after(headers) == 20.0
    assert retry_after({**headers, "retry-after": "3"}) == 3.0
