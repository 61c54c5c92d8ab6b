"""The exceptions of Mistral's SDK, and errors in its streams, in partwise's terms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ServerError,
    as_count,
    as_map,
    error_of_status,
    error_of_transport,
)

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig

_FAILURES: Final = range(400, 600)


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error as one of partwise's; None if neither the SDK nor its HTTP client raised it."""
    from mistralai.client.errors import MistralError, NoResponseError

    message = f"{type(error).__name__}: {error}"
    match error:
        case ProviderError():
            return error
        case MistralError():
            status, headers = error.status_code, error.headers
            return error_of_status(status, str(error), provider=provider, headers=headers)
        case NoResponseError():
            return ProviderConnectionError(message, provider=provider, retryable=True)
        case json.JSONDecodeError() | UnicodeDecodeError():
            # The SDK lets these through when a stream is malformed.
            return ServerError(f"an event is not JSON: {error}", provider=provider, retryable=True)
    if type(error).__module__.startswith("mistralai."):
        return BadRequestError(message, provider=provider)
    return error_of_transport(error, provider=provider)


def is_retried(error: ProviderError, config: ProviderConfig) -> bool:
    """Whether the SDK has sent the request again by itself, as the user asked it to."""
    given = getattr(config.client, "sdk_configuration", None)
    retries: Any = config.options.get("retry_config", getattr(given, "retry_config", None))
    if config.caller_retries or getattr(retries, "strategy", None) != "backoff":
        return False
    return error.status_code is not None or bool(retries.retry_connection_errors)


def error_of_event(event: Any, provider: str) -> ProviderError | None:
    """The error that an event reports, or is by not being an object; None if it is no error.

    Errors come as `{"object": "error", "message": …}`, as other servers' `{"error": {…}}`, as a
    list of these, or as an object with a message and without choices.
    """
    if isinstance(event, list) and event:
        return error_of_event(event[0], provider)
    if event == "":  # an event with empty data
        return None
    if not isinstance(event, Mapping):
        text = f"an event that is not JSON: {event!r:.200}"
        return ServerError(text, provider=provider, retryable=True)
    body = as_map(event.get("error")) or event
    if not _is_error(event):
        return None
    named = ("raw_status_code", "status_code", "status", "code")
    statuses = (as_count(body.get(name)) for name in named)
    status = next((each for each in statuses if each in _FAILURES), None)
    message = body.get("message") or body.get("detail") or event.get("error") or dict(event)
    return error_of_status(status, str(message), provider=provider)


def failed_finish(provider: str) -> ProviderError:
    """The error for an answer whose finish reason is `error`."""
    message = "the vendor failed while it was answering: its finish reason is 'error'"
    return ServerError(message, provider=provider, retryable=True)


def _is_error(event: Mapping[str, Any]) -> bool:
    if event.get("object") == "error" or event.get("error"):
        return True
    is_answer = "choices" in event or "usage" in event
    return not is_answer and ("message" in event or "detail" in event)
