"""The rest of a vendor's rate limits, in the headers of its responses."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limit, as a response reports it.

    Attributes:
        name: `"requests"`, `"tokens"`, `"input-tokens"` or `"output-tokens"`.
        left: the number that may still be sent.
        seconds: until it is full again.
    """

    name: str
    left: int
    seconds: float


def rate_limits(headers: Mapping[str, str]) -> Iterator[RateLimit]:
    """Each limit that the headers report.

    OpenAI and those who speak like it send `x-ratelimit-remaining-requests` and `-tokens`, with
    `x-ratelimit-reset-requests` as a duration like `6m0s` (platform.openai.com/docs/guides/
    rate-limits); Anthropic `anthropic-ratelimit-requests-remaining`, and `-reset` as an RFC 3339
    time (docs.claude.com/en/api/rate-limits).

    Args:
        headers: the response's.
    """
    # HTTP libraries look through all headers for each that is asked for.
    lower = ((name.lower(), value) for name, value in headers.items())
    told = {name: value for name, value in lower if "ratelimit" in name}
    if not told:
        return
    for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
        for remaining, reset in (
            (f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}"),
            (f"anthropic-ratelimit-{kind}-remaining", f"anthropic-ratelimit-{kind}-reset"),
        ):
            left = told.get(remaining)
            seconds = _seconds_of(told.get(reset, ""))
            if left is not None and left.isdecimal() and seconds is not None:
                yield RateLimit(kind, int(left), seconds)


def _seconds_of(reset: str) -> float | None:
    """The seconds in a duration like `1m30.5s`, in a number, or until an RFC 3339 time."""
    parts = _DURATION.findall(reset)
    if parts and "".join(number + unit for number, unit in parts) == reset:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        number = float(reset)
    except ValueError:
        return _seconds_until(reset)
    return max(0.0, number) if math.isfinite(number) else None


def _seconds_until(reset: str) -> float | None:
    try:
        moment = datetime.fromisoformat(reset)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
