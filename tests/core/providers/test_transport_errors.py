"""Exceptions of sockets and HTTP libraries, raised over real connections where that is quick."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import urllib3

from partwise.provider import (
    BadRequestError,
    ProviderConnectionError,
    ProviderTimeoutError,
    error_of_transport,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def plain_server() -> Iterator[str]:
    """A server that knows no TLS: the address of one that answers each connection with text."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    # Wakes `accept`, which `close` alone would not.
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def raised(call: Callable[..., object], *args: Any, **options: Any) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
        call(*args, **options)
    return caught.value


def test_a_tls_handshake_that_fails_is_not_worth_another_attempt(plain_server: str) -> None:
    url = f"https://{plain_server}"
    with urllib3.PoolManager(retries=False) as pool:
        errors = [raised(httpx2.get, url), raised(pool.request, "GET", url)]

    for error in errors:
        mapped = error_of_transport(error, provider="acme")
        assert type(mapped) is ProviderConnectionError
        assert not mapped.retryable


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (httpx2.ConnectError("refused"), ProviderConnectionError, True),
        (httpx2.RemoteProtocolError("cut"), ProviderConnectionError, True),
        (httpx2.StreamClosed(), ProviderConnectionError, True),
        (httpx2.ReadTimeout("late"), ProviderTimeoutError, True),
        (httpx2.UnsupportedProtocol("no scheme"), BadRequestError, False),
        (httpx2.InvalidURL("port"), BadRequestError, False),
        (httpx2.TooManyRedirects("round"), BadRequestError, False),
        (urllib3.exceptions.ReadTimeoutError(None, "", "late"), ProviderTimeoutError, True),  # type: ignore[arg-type]
        (ConnectionResetError("reset"), ProviderConnectionError, True),
        (TimeoutError("late"), ProviderTimeoutError, True),
        (socket.gaierror(-2, "no such host"), ProviderConnectionError, True),
        (ssl.SSLEOFError(8, "cut"), ProviderConnectionError, True),
        (ssl.SSLCertVerificationError(1, "self-signed"), ProviderConnectionError, False),
    ],
)
def test_each_kind(error: Exception, kind: type[Exception], retryable: bool) -> None:
    mapped = error_of_transport(error, provider="acme")
    assert type(mapped) is kind
    assert mapped.retryable is retryable


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError("x"), KeyError("x")])
def test_exceptions_of_another_origin_are_left_alone(error: Exception) -> None:
    assert error_of_transport(error, provider="acme") is None
