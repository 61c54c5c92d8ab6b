"""How long a vendor asks to wait before the next request: one reading for all vendors' headers."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a response asks to wait; None if it asks for nothing that can be read.

    `Retry-After` is a number of seconds or an HTTP date (RFC 9110, 10.2.3). `retry-after-ms`,
    which OpenAI and Anthropic send, is in milliseconds and comes before it.

    Args:
        headers: the response's, asked for by names in small letters.
    """
    seconds = _number(headers.get("retry-after-ms"), scale=0.001)
    if seconds is None:
        seconds = _number(headers.get("retry-after"))
    if seconds is None:
        seconds = _until(headers.get("retry-after"))
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
    except (TypeError, ValueError):
        return None
