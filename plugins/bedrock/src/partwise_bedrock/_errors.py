"""botocore's errors, and those of urllib3 under it, in partwise's terms."""

from __future__ import annotations

from typing import Any, Final

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    ServerError,
    as_map,
    as_text,
    error_of_status,
    is_tls_failure,
)

# The statuses that the API's exceptions have, since those in a stream come without.
_STATUSES: Final = {
    "internalServerException": 500,
    "modelStreamErrorException": 424,
    "modelTimeoutException": 408,
    "serviceUnavailableException": 503,
    "throttlingException": 429,
    "validationException": 400,
}


def map_error(error: Exception, provider: str) -> ProviderError | None:
    """The error as one of partwise's; None if neither botocore nor urllib3 raised it."""
    from botocore.exceptions import ClientError

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, ClientError):
        return _of_response(error, provider)
    kind = _kind(error)
    if kind is None:
        return None
    final = kind in (AuthenticationError, BadRequestError) or is_tls_failure(error)
    return kind(f"{type(error).__name__}: {error}", provider=provider, retryable=not final)


def _of_response(error: Any, provider: str) -> ProviderError:
    body = as_map(error.response)
    code, met = as_text(as_map(body.get("Error")).get("Code")), as_map(body.get("ResponseMetadata"))
    status = _STATUSES.get(code[:1].lower() + code[1:]) or met.get("HTTPStatusCode")
    headers = as_map(met.get("HTTPHeaders"))
    return error_of_status(status, str(error), provider=provider, headers=headers)


def _kind(error: Exception) -> type[ProviderError] | None:
    import botocore.exceptions as aws
    import urllib3.exceptions as http
    from botocore.eventstream import ParserError
    from botocore.parsers import ResponseParserError

    addresses = http.LocationValueError | http.LocationParseError | http.URLSchemeUnknown
    signing_in = aws.NoCredentialsError | aws.CredentialRetrievalError | aws.SSOError
    kinds: dict[type[ProviderError], Any] = {
        ProviderTimeoutError: aws.ReadTimeoutError | aws.ConnectTimeoutError | http.TimeoutError,
        BadRequestError: addresses,
        ProviderConnectionError: aws.HTTPClientError | aws.ConnectionError | http.HTTPError,
        ServerError: ParserError | ResponseParserError | UnicodeDecodeError,
        AuthenticationError: signing_in,
    }
    found = next((ours for ours, theirs in kinds.items() if isinstance(error, theirs)), None)
    others = aws.BotoCoreError | aws.UndefinedModelAttributeError
    return found or (BadRequestError if isinstance(error, others) else None)
