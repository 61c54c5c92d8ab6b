"""The exceptions of botocore, and of urllib3 under it, in partwise's terms."""

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

_UNKNOWN: Final = "an exception that this version of boto3 does not know; update boto3"


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
    fault, about = as_map(body.get("Error")), as_map(body.get("ResponseMetadata"))
    code, words = as_text(fault.get("Code")), as_text(fault.get("Message"))
    status = _STATUSES.get(code[:1].lower() + code[1:]) or about.get("HTTPStatusCode")
    headers = as_map(about.get("HTTPHeaders"))
    # Of an exception that its model of the API lacks boto3 gives neither name nor words.
    message = f"{code}: {words}" if code else f"{_UNKNOWN}: {error}"
    return error_of_status(status, message, provider=provider, headers=headers)


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
