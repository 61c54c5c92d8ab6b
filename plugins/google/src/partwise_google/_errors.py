"""The exceptions of Google's SDK, and of the libraries under it, in partwise's terms.

`APIError`s have the vendor's status. Errors on the way (and on Vertex AI at the sign-in) come as
the libraries raise them. `_sdk` maps the SDK's other errors where they are raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ServerError,
    as_count,
    as_map,
    as_maps,
    error_of_status,
    error_of_transport,
    is_tls_failure,
)

if TYPE_CHECKING:
    from google.genai.errors import APIError

_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d+)?)s?")


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error as one of partwise's; None if neither the SDK nor its libraries raised it."""
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.genai.errors import APIError, UnknownApiResponseError
    from pydantic import ValidationError

    kinds: dict[type[ProviderError], Any] = {
        ServerError: UnknownApiResponseError | ValidationError | UnicodeDecodeError,
        ProviderConnectionError: TransportError,
        AuthenticationError: GoogleAuthError,
    }
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, APIError):
        return _of_api(error, provider)
    kind = next((ours for ours, theirs in kinds.items() if isinstance(error, theirs)), None)
    if kind is None and type(error).__module__.startswith("google."):
        kind = BadRequestError if isinstance(error, ValueError) else ServerError
    if kind is None:
        return error_of_transport(error, provider=provider)
    retryable = kind is ProviderConnectionError and not is_tls_failure(error)
    return kind(str(error) or type(error).__name__, provider=provider, retryable=retryable)


def error_of_document(description: str, provider: str) -> ServerError:
    """The error for a body that is one JSON document and no stream, such as the API's array.

    The API sends that unless the address ends in `?alt=sse`, which the SDK adds. Of an array in one
    line, the SDK (3.6) makes one event without a field, and its text can't be had.

    Args:
        description: the document, as far as it is known.
        provider: the name that the error bears.
    """
    message = (
        f"{provider} answered with a JSON document ({description}), in which the SDK finds no "
        "answer, and not with server-sent events: it may be an array of events, or an error in "
        "one. Something on the way drops ?alt=sse from the address: check base_url=, and any proxy"
    )
    return ServerError(message, provider=provider, status_code=200)


def _of_api(error: APIError, provider: str) -> ProviderError:
    details = list(_details(error.details))
    message = str(error.message or error)  # a proxy may send anything in its place
    status = as_count(error.code) or None
    # Gemini answers a wrong key with 400.
    is_key = any(detail.get("reason") == "API_KEY_INVALID" for detail in details)
    headers = getattr(error.response, "headers", None) or {}
    mapped = error_of_status(status, message, provider=provider, headers=headers)
    if is_key:
        mapped = AuthenticationError(message, provider=provider, status_code=status)
    delays = (_SECONDS.fullmatch(str(detail.get("retryDelay"))) for detail in details)
    if delay := next(filter(None, delays), None):
        mapped.retry_after = float(delay[1])
    return mapped


def _details(body: Any) -> Iterator[Mapping[str, Any]]:
    """The typed details of Google's error model."""
    while isinstance(body, Mapping) and "error" in body:
        body = body["error"]
    yield from as_maps(as_map(body).get("details"))
