"""The SDK's options, under its own names or those of other vendors' SDKs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig

# In the SDK's own order.
_KEY_VARIABLES: Final = ("GOOGLE_API_KEY", "GEMINI_API_KEY")

TIMEOUT: Final = 600.0
"""Seconds, if none are given: the SDK would wait forever."""

# The SDK also sends its timeout to the server, as the time for the whole answer, unless it is set.
_DEADLINE: Final = "X-Server-Timeout"


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


def client_arguments(config: ProviderConfig) -> dict[str, Any]:
    """The arguments of a new `genai.Client`; none if the user gave a client.

    Raises:
        MissingKeyError: the Gemini API is asked for without a key.
    """
    if config.client is not None:
        return {}
    retries = {"max_retries": 0} if config.caller_retries else {}
    options, http_options = split_http_options({**config.options, **retries})
    on_vertex = options.pop("vertexai", config.name in ("vertex", "vertexai"))
    config.url("GOOGLE_VERTEX_BASE_URL" if on_vertex else "GOOGLE_GEMINI_BASE_URL")
    if config.base_url is not None:  # the variables are the SDK's to find
        http_options["base_url"] = config.base_url
    if config.http_client is not None:
        is_async = hasattr(config.http_client, "aclose")
        http_options["httpx_async_client" if is_async else "httpx_client"] = config.http_client
    arguments = {"enterprise": on_vertex, "http_options": with_defaults(http_options), **options}
    key = config.api_key if arguments["enterprise"] else config.key(*_KEY_VARIABLES)
    return {**arguments, "api_key": key}


def has_retries(config: ProviderConfig, arguments: Mapping[str, Any]) -> bool:
    """Whether the SDK's client, made so or the user's, sends a request again by itself."""
    if config.client is None:
        given = arguments["http_options"].get("retry_options")
    else:
        # The SDK shows its client's options nowhere else.
        inner = getattr(config.client, "_api_client", None)
        given = getattr(getattr(inner, "_http_options", None), "retry_options", None)
    fields = fields_of(given)
    return bool(fields) and fields.get("attempts") not in (0, 1) and not config.caller_retries


def _retries(number: int) -> dict[str, Any]:
    # The pace is that of the other vendors' SDKs. The first attempt counts here.
    return {"attempts": number + 1, "initial_delay": 0.5, "max_delay": 8.0}
