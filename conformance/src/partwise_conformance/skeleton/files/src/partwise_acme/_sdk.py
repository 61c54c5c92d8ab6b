"""A toy in place of the vendor's SDK: it posts a body, and reads server-sent events of JSON.

Use the vendor's own SDK instead, with its authentication, its retries and its errors, and read its
events as plain data if it offers that publicly.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, Final

import httpx2

_ADDRESS: Final = "https://api.acme.invalid"
_PATH: Final = "/v1/answers"


class StatusError(Exception):
    """The API answered with an HTTP error."""

    def __init__(self, message: str, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class StreamError(Exception):
    """An event of the stream is not JSON."""


class Client:
    """A client for threads."""

    def __init__(self, *, api_key: str, base_url: str | None = None, timeout: float = 60) -> None:
        arguments = _arguments(api_key, base_url, timeout)
        self._http = httpx2.Client(**arguments)

    @contextmanager
    def stream(
        self, body: Mapping[str, Any], read_timeout: float | None
    ) -> Iterator[Iterator[Any]]:
        """The events of the answer. Leaving the context closes the response."""
        timeout = _timeout(self._http.timeout, read_timeout)
        with self._http.sse(_PATH, method="POST", json=body, timeout=timeout) as source:
            if source.response.is_error:
                source.response.read()
                raise _status_error(source.response)
            yield map(_data, source)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


class AsyncClient:
    """A client for asyncio."""

    def __init__(self, *, api_key: str, base_url: str | None = None, timeout: float = 60) -> None:
        arguments = _arguments(api_key, base_url, timeout)
        self._http = httpx2.AsyncClient(**arguments)

    @asynccontextmanager
    async def stream(
        self, body: Mapping[str, Any], read_timeout: float | None
    ) -> AsyncIterator[AsyncIterator[Any]]:
        """The events of the answer. Leaving the context closes the response."""
        timeout = _timeout(self._http.timeout, read_timeout)
        async with self._http.sse(_PATH, method="POST", json=body, timeout=timeout) as source:
            if source.response.is_error:
                await source.response.aread()
                raise _status_error(source.response)
            async with aclosing(_adata(source)) as events:
                yield events

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _arguments(api_key: str, base_url: str | None, timeout: float) -> dict[str, Any]:
    return {
        "base_url": base_url or _ADDRESS,
        "headers": {"authorization": f"Bearer {api_key}"},
        "timeout": timeout,
    }


def _timeout(usual: httpx2.Timeout, read: float | None) -> httpx2.Timeout:
    if read is None:
        return usual
    return httpx2.Timeout(connect=usual.connect, read=read, write=usual.write, pool=usual.pool)


def _data(event: httpx2.ServerSentEvent) -> Any:
    try:
        return event.json()
    except ValueError as error:
        raise StreamError(f"an event is not JSON: {event.data[:200]!r}") from error


async def _adata(source: httpx2.EventSource) -> AsyncGenerator[Any]:
    async for event in source:
        yield _data(event)


def _status_error(response: httpx2.Response) -> StatusError:
    try:
        message = response.json()["error"]["message"]
    except (ValueError, LookupError, TypeError):
        message = response.text[:200]
    status = response.status_code
    return StatusError(f"{status}: {message}", status, response.headers)
