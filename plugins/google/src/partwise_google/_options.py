"""The SDK's HTTP options, under its own names or those of other vendors' SDKs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

TIMEOUT = 600.0
"""Seconds, if none are given: the SDK would wait forever."""

# The SDK also sends its timeout to the server, as the time for the whole answer, unless it is set.
_DEADLINE = "X-Server-Timeout"


def fields_of(options: Any) -> dict[str, Any]:
    """The settings in one of the SDK's option objects, or in a dict in its place."""
    if options is None or isinstance(options, Mapping):
        return dict(options or {})
    return {name: getattr(options, name) for name in options.model_fields_set}


def split_http_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part options into those that are not about HTTP, and the fields of an `HttpOptions`."""
    others = dict(options)
    http_options = fields_of(others.pop("http_options", None))
    if "extra_headers" in others:
        headers = http_options.get("headers") or {}
        http_options["headers"] = {**headers, **others.pop("extra_headers")}
    if "extra_body" in others:
        http_options["extra_body"] = others.pop("extra_body")
    if "max_retries" in others:
        http_options["retry_options"] = _retries(others.pop("max_retries"))
    if "timeout" in others:
        http_options |= with_timeout(others.pop("timeout"), http_options)
    return others, http_options


def with_timeout(seconds: float | None, http_options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with a timeout for the connection and for each read; None waits forever."""
    # A read may well be short, and the answer still long.
    deadline = math.ceil(max(seconds or 0, TIMEOUT))
    headers = {_DEADLINE: str(deadline)} if seconds else {}
    return {
        **http_options,
        "timeout": round((seconds or 0) * 1000),
        "headers": {**headers, **(http_options.get("headers") or {})},
    }


def with_defaults(http_options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with a timeout and without retries, unless they have their own.

    One attempt has to be said: without options the SDK waits up to ten seconds after a failure of
    aiohttp, and sends the request again (`_async_request_once` in `google/genai/_api_client.py`).
    """
    options = {"retry_options": _retries(0), **http_options}
    return options if "timeout" in options else with_timeout(TIMEOUT, options)


def has_retries(retry_options: Any) -> bool:
    """Whether the SDK sends a request again by itself with these options, as the SDK reads them."""
    fields = fields_of(retry_options)
    return bool(fields) and fields.get("attempts") not in (0, 1)


def _retries(number: int) -> dict[str, Any]:
    # The pace is that of the other vendors' SDKs. The first attempt counts here.
    return {"attempts": number + 1, "initial_delay": 0.5, "max_delay": 8.0}
