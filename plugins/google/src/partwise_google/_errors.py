"""What the SDK and the libraries under it raise, in partwise's terms.

The SDK's own errors are of three kinds: `APIError`s, with the vendor's status; those for an answer
that is not the API's, such as a proxy's HTML page with status 200; and those for a request that it
will not send. What happens on the way (and on Vertex AI at the sign-in) surfaces raw.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
    retry_after,
)

if TYPE_CHECKING:
    from google.genai.errors import APIError

_BY_STATUS: Mapping[int | None, type[ProviderError]] = {
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.FORBIDDEN: AuthenticationError,
    HTTPStatus.REQUEST_TIMEOUT: ProviderTimeoutError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitError,
}

# The HTTP libraries that the SDK may be using: which ones depends on what is installed.
_HTTP_LIBRARIES = frozenset({"aiohttp", "httpx", "httpx2", "requests"})

_WORTH_RETRYING = frozenset({ProviderConnectionError, ProviderTimeoutError, RateLimitError})

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?")


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error as one of partwise's; None if neither the SDK nor what is under it raised it."""
    from google.genai.errors import APIError

    if isinstance(error, APIError):
        return _of_api(error, provider)
    kind = _kind(error)
    if kind is None:
        return None
    message = str(error) or type(error).__name__
    return kind(message, provider=provider, retryable=kind in _WORTH_RETRYING)


def _kind(error: Exception) -> type[ProviderError] | None:
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.genai.errors import UnknownApiResponseError
    from pydantic import ValidationError

    if isinstance(error, UnknownApiResponseError | ValidationError):
        return ServerError
    if isinstance(error, GoogleAuthError):
        return ProviderConnectionError if isinstance(error, TransportError) else AuthenticationError
    origins = {base.__module__.partition(".")[0] for base in type(error).__mro__}
    if isinstance(error, TimeoutError) or (origins & _HTTP_LIBRARIES and _is_timeout(error)):
        return ProviderTimeoutError
    if origins & _HTTP_LIBRARIES:
        return ProviderConnectionError
    if "google" in origins or _stumbled(error):
        return BadRequestError if isinstance(error, ValueError) else ServerError
    return None


def _stumbled(error: Exception) -> bool:
    """Whether the SDK raised one of Python's own errors.

    A `ValueError` is one of the request, as where Vertex AI lacks what the Gemini API has. All
    others come of answers that are not what the SDK takes for granted.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__", "").startswith("google.genai")


def _is_timeout(error: Exception) -> bool:
    return any("Timeout" in base.__name__ for base in type(error).__mro__)


def _of_api(error: APIError, provider: str) -> ProviderError:
    status = error.code or None
    details = list(_details(error.details))
    kind = _BY_STATUS.get(status) or _by_class(status)
    # Gemini answers a wrong key with 400.
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
        kind = AuthenticationError
    return kind(
        error.message or str(error),
        provider=provider,
        status_code=status,
        retryable=kind in _WORTH_RETRYING or _is_server_error(status),
        retry_after=_retry_after(error, details),
    )


def _by_class(status: int | None) -> type[ProviderError]:
    is_client_error = status is not None and HTTPStatus(400) <= status < HTTPStatus(500)
    return BadRequestError if is_client_error else ServerError


def _is_server_error(status: int | None) -> bool:
    return status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _details(body: Any) -> Iterator[Mapping[str, Any]]:
    """The typed details of Google's error model."""
    while isinstance(body, Mapping) and "error" in body:
        body = body["error"]
    details = body.get("details") if isinstance(body, Mapping) else None
    yield from (detail for detail in details or () if isinstance(detail, Mapping))


def _retry_after(error: APIError, details: list[Mapping[str, Any]]) -> float | None:
    for detail in details:
        if match := _SECONDS.fullmatch(str(detail.get("retryDelay"))):
            return float(match[1])
    return retry_after(getattr(error.response, "headers", {}))
