"""The meaning of sockets' and HTTP libraries' exceptions, the same for all vendors."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final

from .._errors import (
    BadRequestError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    described,
)

_OF_SOCKETS: Final = (ConnectionError, TimeoutError, ssl.SSLError, socket.gaierror)
_HTTP_LIBRARIES: Final = frozenset(
    {"aiohttp", "httpcore", "httpx", "httpx2", "requests", "urllib3"}
)
_WRONG_URLS: Final = frozenset({
    "CookieConflict", "InvalidSchema", "InvalidURL", "InvalidUrlClientError", "LocalProtocolError",
    "LocationParseError", "MissingSchema", "TooManyRedirects", "URLRequired", "UnsupportedProtocol",
    "InvalidHeader", "InvalidHeaderError",
})  # fmt: skip
"""Names of the HTTP libraries' exceptions for a request that can't be sent as it is."""

_BROKEN_TLS: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""The connection broke under TLS, which is no fault of the certificate or the handshake."""


def error_of_transport(error: BaseException, *, provider: str) -> ProviderError | None:
    """The error for an exception of Python's sockets, or of the HTTP library over them.

    The libraries known are aiohttp, httpx, httpx2, requests and urllib3. A connection that broke
    and a timeout are retryable; a certificate that is not trusted, a failed TLS handshake, an
    invalid address, and a redirect that leads nowhere are not.

    Returns:
        None if the exception is of another origin.
    """
    names = {base.__name__ for base in type(error).__mro__}
    message = described(error)
    if not (_is_of_http_library(error) or isinstance(error, _OF_SOCKETS)):
        return None
    if names & _WRONG_URLS:
        return BadRequestError(message, provider=provider)
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return ProviderTimeoutError(message, provider=provider, retryable=True)
    return ProviderConnectionError(message, provider=provider, retryable=not is_tls_failure(error))


def is_tls_failure(error: BaseException) -> bool:
    """Whether the error, or one that led to it, says that TLS can't be agreed on.

    So it is if the certificate is not trusted, or if the server speaks no TLS at all. Another
    attempt would only fail again.
    """
    return any(
        isinstance(each, ssl.SSLError)
        and not isinstance(each, _BROKEN_TLS)
        and "bad record" not in str(each).lower()
        for each in causes(error)
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that led to it, each once."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            # urllib3 and requests keep the reason in an attribute or an argument.
            reason = vars(each).get("reason")
            waiting += [each.__context__, each.__cause__, reason, *each.args]
            waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()


def _is_of_http_library(error: BaseException) -> bool:
    origins = {base.__module__.partition(".")[0] for base in type(error).__mro__}
    return not origins.isdisjoint(_HTTP_LIBRARIES)
