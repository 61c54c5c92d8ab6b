"""Errors as JSON, so that a checkpoint or a table can hold them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import partwise
from partwise import (
    BadRequestError,
    ConfigurationError,
    InvalidOutputError,
    PartwiseError,
    ProviderError,
    RateLimitError,
    RetriesExhaustedError,
    Usage,
)

_PLAIN: Final = (str, int, float, bool, type(None))
_ATTRIBUTES: Final = (
    "attempt", "column", "early", "excerpt", "finish_reason", "line", "position", "provider",
    "refusal", "retry_after", "retryable", "status_code", "text",
)  # fmt: skip


def last_of(error: Exception) -> Exception:
    """The error of the last attempt, where several failed."""
    if isinstance(error, RetriesExhaustedError) and error.errors:
        return last_of(error.errors[-1])
    return error


def is_final(error: Exception) -> bool:
    """Whether the same request would only end so again: a fault of the answer or the request."""
    last = last_of(error)
    if isinstance(last, ProviderError):
        return isinstance(last, BadRequestError) and not last.retryable
    return not isinstance(last, ConfigurationError)


def is_retryable(error: Exception) -> bool:
    """Whether the vendor, or the way to it, may do better later."""
    last = last_of(error)
    return isinstance(last, ProviderError) and last.retryable


def is_rate_limit(error: Exception) -> bool:
    """Whether the vendor refused the request only for its number."""
    last = last_of(error)
    return isinstance(last, RateLimitError) and last.retryable


def to_record(error: Exception) -> dict[str, Any]:
    """The record of an error: its type, message, and plain attributes."""
    record: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    for name in _ATTRIBUTES:
        value = getattr(error, name, None)
        if value is not None and isinstance(value, _PLAIN):
            record[name] = value
    usage = getattr(error, "usage", None)
    if isinstance(usage, Usage):
        record["usage"] = asdict(usage)
    if isinstance(error, RetriesExhaustedError):
        record["errors"] = [to_record(each) for each in error.errors]
    details = getattr(error, "errors", None)
    if callable(details):
        record["details"] = [
            {"type": each["type"], "loc": list(each["loc"]), "msg": each["msg"]}
            for each in details()
        ]
    return record


def from_record(record: dict[str, Any], snapshot: Any = None) -> PartwiseError:
    """The error again, as far as it was kept. One of another origin is a `PartwiseError`."""
    known = getattr(partwise, record["type"], None)
    is_known = isinstance(known, type) and issubclass(known, PartwiseError)
    kind: type[PartwiseError] = known if is_known else PartwiseError  # type: ignore[assignment]
    message = record["message"] if is_known else f"{record['type']}: {record['message']}"
    if issubclass(kind, InvalidOutputError):
        details: list[Any] = record.get("details", [])
        details = [{**each, "loc": tuple(each["loc"])} for each in details]
        error: PartwiseError = kind(message, details, early=False)
    else:
        error = kind.__new__(kind)
        error.args = (message,)
    for name in _ATTRIBUTES:
        if name in record:
            setattr(error, name, record[name])
    if "usage" in record:
        error.usage = Usage(**record["usage"])
    if isinstance(error, RetriesExhaustedError):
        error.errors = tuple(from_record(each) for each in record.get("errors", ()))
    error.snapshot = snapshot
    return error
