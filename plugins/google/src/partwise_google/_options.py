"""The SDK's HTTP options, from the names that they have there or in other vendors' SDKs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

TIMEOUT = 600.0
"""Seconds, where none are given: the SDK would wait forever."""

MAX_RETRIES = 2
"""Retries of a request that was not answered, where no number is given: the SDK has none."""


def fields_of(options: Any) -> dict[str, Any]:
    """What is set in one of the SDK's option objects, or in a dict that stands for it."""
    if options is None or isinstance(options, Mapping):
        return dict(options or {})
    return {name: getattr(options, name) for name in options.model_fields_set}


def to_http_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split options into those that are not about HTTP, and the fields of an `HttpOptions`."""
    others = dict(options)
    found = {
        field: convert(others.pop(name))
        for name, (field, convert) in _NAMES.items()
        if name in others
    }
    return others, {**fields_of(others.pop("http_options", None)), **found}


def _milliseconds(seconds: float | None) -> int:
    # As elsewhere, None is for no timeout, which is 0 to the SDK.
    return round((seconds or 0) * 1000)


def _retries(number: int) -> dict[str, Any]:
    # The pace is that of the other vendors' SDKs. The first attempt counts here.
    return {"attempts": number + 1, "initial_delay": 0.5, "max_delay": 8.0}


_NAMES: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "timeout": ("timeout", _milliseconds),
    "max_retries": ("retry_options", _retries),
    "extra_headers": ("headers", dict),
    "extra_body": ("extra_body", dict),
}


def with_defaults(http_options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with a timeout and retries, unless they say something of these."""
    defaults = {"timeout": _milliseconds(TIMEOUT), "retry_options": _retries(MAX_RETRIES)}
    return {**defaults, **http_options}
