"""What can go wrong on the way to OpenAI's API and back, in partwise's terms.

Three sources: exceptions of the SDK, exceptions of the HTTP library under it, and errors that a
server reports in the stream itself, after it has said 200.
"""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Mapping
from typing import Any

from partwise.provider import (
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    ServerError,
    error_of_status,
)

# Errors in a stream have no status of their own: what servers say in its place.
_STATUS_OF_WORD = {
    "authentication_error": 401,
    "context_length_exceeded": 400,
    "insufficient_quota": 429,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "tool_use_failed": 400,
}
# Waiting does not help.
_FINAL_WORDS = frozenset({"billing_hard_limit_reached", "insufficient_quota"})
# The model sampled badly, and may do better: Groq's word for a call that does not parse.
_CHANCE_WORDS = frozenset({"tool_use_failed"})

_FAILURES = range(400, 600)


def error_of_exception(error: Exception, provider: str) -> ProviderError | None:
    """The error for an exception that the SDK, or the HTTP library under it, raised."""
    if isinstance(error, ProviderError):
        return error
    mapped = _of_sdk(error, provider) or _of_transport(error, provider)
    if mapped is not None:
        mapped.__cause__ = error
    return mapped


def error_of_body(body: Any, provider: str) -> ProviderError:
    """The error for what a server wrote in place of the next event.

    The body is an object with `message` and, if all is well, `code` and `type`; or a string.
    """
    fields = body if isinstance(body, Mapping) else {"message": body}
    words = [str(fields[key]) for key in ("code", "status_code", "type") if fields.get(key)]
    return _make(
        str(fields.get("message") or "the server reported an error in its stream"),
        provider,
        status=next((status for word in words if (status := _status_of(word))), None),
        words=words,
    )


def error_of_content(content_type: str, text: str, provider: str) -> ProviderError:
    """The error for a whole document where a stream of events was due."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, Mapping) and body.get("error"):
        return error_of_body(body["error"], provider)
    return ServerError(
        f"{provider} answered with {content_type!r} in place of a stream of events; "
        f"is the base URL right? It begins: {text[:200]!r}",
        provider=provider,
        status_code=200,
    )


def _of_sdk(error: Exception, provider: str) -> ProviderError | None:
    import openai

    match error:
        case openai.APIStatusError():
            headers = error.response.headers
            words = [error.code or "", error.type or ""]
            status = error.status_code
            return _make(str(error), provider, status=status, words=words, headers=headers)
        case openai.APIConnectionError():
            late = isinstance(error, openai.APITimeoutError)
            kind = ProviderTimeoutError if late else ProviderConnectionError
            message = f"{error} {error.__cause__ or ''}".strip()
            return kind(message, provider=provider, retryable=True)
        case openai.APIError():
            return error_of_body(error.body or str(error), provider)
        case openai.OpenAIError():
            # Trouble with credentials, or with what no stream comes from.
            return ProviderError(str(error), provider=provider)
    return None


def _of_transport(error: Exception, provider: str) -> ProviderError | None:
    """Older SDKs let what breaks a running stream through as it is."""
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, _transport_classes("TimeoutException")):
        return ProviderTimeoutError(message, provider=provider, retryable=True)
    classes = _transport_classes("HTTPError", "StreamError")
    if isinstance(error, (*classes, *_socket_classes())):
        return ProviderConnectionError(message, provider=provider, retryable=True)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        text = f"{provider} sent an event that is not JSON: {error}"
        return ServerError(text, provider=provider, retryable=True)
    return None


def _transport_classes(*names: str) -> tuple[type[Exception], ...]:
    """Classes of httpx2, and of httpx where the user's own HTTP client is one of its."""
    modules = [sys.modules[name] for name in ("httpx2", "httpx") if name in sys.modules]
    return tuple(getattr(module, name) for module in modules for name in names)


def _socket_classes() -> tuple[type[Exception], ...]:
    import anyio

    broken = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)
    return (ConnectionError, ssl.SSLError, *broken)


def _make(
    message: str,
    provider: str,
    *,
    status: int | None,
    words: list[str],
    headers: Mapping[str, str] | None = None,
) -> ProviderError:
    """What the status says, but for where the words know better."""
    error = error_of_status(status, message, provider=provider, headers=headers)
    if not _CHANCE_WORDS.isdisjoint(words):
        error.retryable = True
    elif not _FINAL_WORDS.isdisjoint(words):
        error.retryable = False
    return error


def _status_of(word: str) -> int | None:
    if not word.isdecimal():
        return _STATUS_OF_WORD.get(word)
    number = int(word)
    return number if number in _FAILURES else None
