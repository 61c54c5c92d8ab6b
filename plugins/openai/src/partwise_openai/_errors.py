"""The exceptions of OpenAI's SDK, and errors in its streams, in partwise's terms.

They have three sources: exceptions of the SDK, exceptions of the HTTP library under it, and errors
that a server reports in the stream itself, after it has said 200.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    ServerError,
    as_count,
    as_map,
    as_maps,
    as_word,
    error_of_status,
    error_of_transport,
)

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError

# Errors in a stream have no status of their own: the words that servers have in its place.
_STATUS_OF_WORD: Final = {
    "authentication_error": 401,
    "content_filter": 400,
    "context_length_exceeded": 400,
    "engine_overloaded_error": 429,
    "exceeded_current_quota_error": 429,
    "insufficient_quota": 429,
    "internal_error": 500,
    "internal_server_error": 500,
    "invalid_api_key": 401,
    "invalid_authentication_error": 401,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "json_validate_failed": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "rate_limit_reached_error": 429,
    "server_error": 500,
    "service_unavailable": 503,
    "timeout": 408,
    "tool_use_failed": 400,
    # Google's, as in google.rpc.Code
    "DEADLINE_EXCEEDED": 504,
    "FAILED_PRECONDITION": 400,
    "INTERNAL": 500,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "UNAUTHENTICATED": 401,
    "UNAVAILABLE": 503,
    # Z.AI's, https://docs.z.ai/api-reference/api-code
    "1113": 402,
    "1301": 400,
    "1302": 429,
    "1303": 429,
    "1305": 429,
}
# MiniMax's, https://platform.minimax.io/docs/api-reference/errorcode
_STATUS_OF_BASE_RESP: Final = {
    1000: 500, 1001: 408, 1002: 429, 1004: 401, 1008: 402, 1013: 500, 1024: 500, 1026: 400,
    1027: 400, 1033: 500, 1039: 429, 1041: 429, 2013: 400, 2045: 429, 2049: 401, 2056: 429,
}  # fmt: skip
# Waiting does not help.
_FINAL_WORDS: Final = frozenset({
    "billing_hard_limit_reached", "exceeded_current_quota_error", "insufficient_quota",
})  # fmt: skip
# The model sampled badly, and may do better: Groq's words for an answer that does not parse.
_CHANCE_WORDS: Final = frozenset({"json_validate_failed", "tool_use_failed"})

# Finish reasons that are the vendor's failure, and their status if one is meant.
FAILED_FINISHES: Final[Mapping[str, int | None]] = {
    "error": None,
    "insufficient_system_resource": 503,  # DeepSeek
    "network_error": 503,  # Z.AI
}

_EXCERPT_CHARS: Final = 200
"""Characters of a body in an error."""

_FAILURES: Final = range(400, 600)


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error as one of partwise's; None if neither the SDK nor its HTTP client raised it."""
    if isinstance(error, ProviderError):
        return error
    mapped = _of_sdk(error, provider) or error_of_transport(error, provider=provider)
    mapped = mapped or _of_stream(error, provider)
    if mapped is not None:
        mapped.__cause__ = error
    return mapped


def is_retried(error: Exception) -> bool:
    """Whether the SDK, if it was made to retry, has done so before it raised this.

    See `_should_retry` in `openai/_base_client.py` (3.57): neither for a status of 400 nor once the
    stream is open.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code != HTTPStatus.BAD_REQUEST
    return isinstance(error, openai.APIConnectionError)


def reported_error(event: Any) -> Any:
    """The error that an event reports in place of a part of the answer; None if it reports none.

    It may be under `error`, in Groq's or MiniMax's own place, the event itself, or in a list.
    """
    if not isinstance(event, Mapping):
        return reported_error(as_map(event)) if isinstance(event, list) else None
    error = event.get("error") or as_map(event.get("x_groq")).get("error")
    if error or event.get("object") == "error":
        return error or event
    status = as_map(event.get("base_resp"))
    if status.get("status_code"):
        return status
    if errors := as_maps(event.get("errors")):
        return errors[0]
    has_answer = not event.keys().isdisjoint({"choices", "usage", "output"})
    is_answer = has_answer or (as_word(event.get("type")) or "").startswith("response.")
    return event if not is_answer and event.keys() & {"message", "detail"} else None


def error_of_body(body: Any, provider: str) -> ProviderError:
    """The error for a body that a server sent in place of the next event.

    The body is an object with `message` and, if all is well, `code` and `type`; or a string.
    """
    fields = body if isinstance(body, Mapping) else {"message": body}
    keys = ("code", "status_code", "type", "status")
    words = [str(fields[key]) for key in keys if fields.get(key)]
    return _make(
        _message(fields) or "the server reported an error in its stream",
        provider,
        status=_status(fields, words),
        words=words,
    )


def error_of_finish(reason: str, error: Any, provider: str) -> ProviderError:
    """The error for an answer that the vendor ended because of a failure of its own."""
    if error:
        return error_of_body(error, provider)
    message = f"{provider} ended the answer because of a failure of its own: {reason!r}"
    return error_of_status(FAILED_FINISHES.get(reason), message, provider=provider)


def error_of_content(content_type: str, text: str, provider: str) -> ProviderError:
    """The error for a document in place of a stream of events."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if error := reported_error(body):
        return error_of_body(error, provider)
    return ServerError(
        f"{provider} answered with {content_type!r} in place of a stream of events; "
        f"is the base URL right? It begins: {text[:200]!r}",
        provider=provider,
        status_code=200,
    )


def _message(fields: Mapping[str, Any]) -> str:
    names = ("message", "status_msg", "detail", "error", "title")
    message = next((str(found) for name in names if (found := fields.get(name))), "")
    # OpenRouter has the words of the vendor behind it in `metadata.raw`.
    raw = as_word(as_map(fields.get("metadata")).get("raw"))
    return f"{message}: {raw}" if raw and raw not in message else message


def _status(fields: Mapping[str, Any], words: list[str]) -> int | None:
    if "status_msg" in fields:
        return _STATUS_OF_BASE_RESP.get(as_count(fields.get("status_code")) or 0, 500)
    return next((status for word in words if (status := _status_of(word))), None)


def _of_sdk(error: Exception, provider: str) -> ProviderError | None:
    import openai

    match error:
        case openai.APIStatusError():
            headers = error.response.headers
            words = [error.code or "", error.type or ""]
            status = error.status_code
            message = _with_body(error)
            return _make(message, provider, status=status, words=words, headers=headers)
        case openai.APIConnectionError():
            return _of_connection(error, provider)
        case openai.APIError():
            return error_of_body(error.body or str(error), provider)
        case openai.OpenAIError():
            # Missing credentials, or a response that is no stream.
            return ProviderError(str(error), provider=provider)
    return None


def _with_body(error: APIStatusError) -> str:
    """The SDK's message, and the body that it leaves out if its `error` has no `message`."""
    body: Any = error.body
    message = _message(body) if isinstance(body, Mapping) else ""
    if not body or (message and message in str(error)):
        return str(error)
    return f"{error} - {message or str(body)[:_EXCERPT_CHARS]}"


def _of_connection(error: APIConnectionError, provider: str) -> ProviderError:
    import openai

    cause = error.__cause__
    if cause is not None and (known := error_of_transport(cause, provider=provider)):
        return known
    late = isinstance(error, openai.APITimeoutError)
    kind = ProviderTimeoutError if late else ProviderConnectionError
    return kind(f"{error} {cause or ''}".strip(), provider=provider, retryable=True)


def _of_stream(error: Exception, provider: str) -> ProviderError | None:
    """The bytes under asyncio's streams, which the HTTP library lets through as they are."""
    import anyio

    if isinstance(error, anyio.BrokenResourceError | anyio.ClosedResourceError | anyio.EndOfStream):
        message = f"{type(error).__name__}: {error}"
        return ProviderConnectionError(message, provider=provider, retryable=True)
    return None


def _make(
    message: str,
    provider: str,
    *,
    status: int | None,
    words: list[str],
    headers: Mapping[str, str] | None = None,
) -> ProviderError:
    """The error that the status means, unless the words know better."""
    error = error_of_status(status, message, provider=provider, headers=headers)
    if not _CHANCE_WORDS.isdisjoint(words):
        error.retryable = True
    elif not _FINAL_WORDS.isdisjoint(words):
        error.retryable = False
    return error


def _status_of(word: str) -> int | None:
    if known := _STATUS_OF_WORD.get(word):
        return known
    number = int(word) if word.isdecimal() else 0
    return number if number in _FAILURES else None
