"""All that touches Anthropic's SDK to send a request. Importing it takes a second: do it late."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from anthropic import (
    Anthropic,
    APIResponseValidationError,
    AsyncAnthropic,
    AsyncStream,
    Middleware,
    Stream,
)

from ._errors import retry_after

if TYPE_CHECKING:
    import httpx2
    from anthropic import APIResponse, AsyncAPIResponse
    from anthropic._streaming import ServerSentEvent

    from partwise.provider import ProviderConfig

LONGEST_WAIT = 60.0
"""Seconds that the SDK may sleep before it tries again because the API told it to."""


def client(config: ProviderConfig) -> Anthropic:
    """The SDK's client, as the user configured it."""
    return Anthropic(**_arguments(config))


def async_client(config: ProviderConfig) -> AsyncAnthropic:
    """The SDK's asynchronous client, as the user configured it."""
    return AsyncAnthropic(**_arguments(config))


def _arguments(config: ProviderConfig) -> dict[str, Any]:
    options = dict(config.options)
    return {
        "api_key": config.api_key,
        "base_url": config.base_url,
        "http_client": config.http_client,
        **options,
        "middleware": [*options.get("middleware", ()), _Impatience()],
    }


def events(response: APIResponse[Any]) -> Iterator[Any]:
    """The events of a response as plain data.

    Raises:
        APIResponseValidationError: it is no stream of events.
    """
    if not _is_stream(response.http_response):
        response.read()
        raise _no_stream(response.http_response)
    return response.parse(to=_PlainStream)


async def aevents(response: AsyncAPIResponse[Any]) -> AsyncIterator[Any]:
    """The same, asynchronously."""
    if not _is_stream(response.http_response):
        await response.read()
        raise _no_stream(response.http_response)
    return await response.parse(to=_AsyncPlainStream)


def _is_stream(response: httpx2.Response) -> bool:
    # AWS has a framing of its own, under a name of its own.
    media_type = response.headers.get("content-type", "text/event-stream")
    return "event-stream" in media_type or "eventstream" in media_type


def _no_stream(response: httpx2.Response) -> APIResponseValidationError:
    # The SDK would take a proxy's page for a stream of no events.
    media_type, text = response.headers["content-type"], response.text
    message = (
        f"{response.url} answered with {media_type} in place of a stream of events; "
        f"is the base URL right? It begins: {text[:200]!r}"
    )
    return APIResponseValidationError(response, text, message=message)


class _PlainStream(Stream[object]):
    """Events as plain data, with the pings that the SDK's own streams leave out.

    While a model thinks, or a server's tool runs, pings are the only sign of life.
    """

    def _iter_events(self) -> Iterator[ServerSentEvent]:
        return map(_keep_ping, super()._iter_events())


class _AsyncPlainStream(AsyncStream[object]):
    """The asynchronous twin."""

    async def _iter_events(self) -> AsyncIterator[ServerSentEvent]:
        async for event in super()._iter_events():
            yield _keep_ping(event)


def _keep_ping(event: ServerSentEvent) -> ServerSentEvent:
    """The event, so named that the SDK does not drop it."""
    if event.event != "ping":
        return event
    return type(event)(event="keep-alive", data=event.data)


class _Impatience(Middleware):
    """Raises the API's error at once where the SDK would sleep long before it tried again.

    Retry-After may ask for hours, and the SDK obeys for up to 50 days.
    """

    def handle(self, request: Any, call_next: Any) -> Any:
        response = call_next(request)
        _limit_wait(response.http_response.headers)
        return response

    async def handle_async(self, request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        _limit_wait(response.http_response.headers)
        return response


def _limit_wait(headers: MutableMapping[str, str]) -> None:
    if (retry_after(headers) or 0.0) > LONGEST_WAIT:
        headers["x-should-retry"] = "false"
