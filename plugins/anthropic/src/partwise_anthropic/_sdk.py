"""Requests sent through Anthropic's SDK, whose import takes a while and is therefore late.

Events are read as plain data through the SDK's raw responses. That keeps its authentication, its
retries and its errors, costs a fraction of the CPU of its typed events, and lives through
whatever field the vendor adds. Closing the raw response releases the connection at once, in
whatever state the stream is.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anthropic import (
    Anthropic,
    APIResponseValidationError,
    AsyncAnthropic,
    AsyncStream,
    Middleware,
    Stream,
)

from partwise.provider import ConfigurationError, ReadyEvents, refuse_redirects, retry_after

from ._decoder import BLOCKED
from ._errors import error_of_event

if TYPE_CHECKING:
    import httpx2
    from anthropic._streaming import ServerSentEvent

    from partwise.provider import ProviderConfig

ClientT = TypeVar("ClientT", Anthropic, AsyncAnthropic)

LONGEST_WAIT: Final = 60.0
"""Seconds that the SDK may sleep before it tries again because the API asks for it."""


def client(config: ProviderConfig) -> Anthropic:
    """The user's own client of the SDK, or one as the user configured it.

    Raises:
        ConfigurationError: it is of the wrong kind, or can't be made so.
    """
    given: Anthropic | None = config.client
    if given is not None and _is_async(given):
        raise ConfigurationError("client= is asynchronous: pass async_client=True with it")
    return _staying_home(given or _make(Anthropic, config))


def async_client(config: ProviderConfig) -> AsyncAnthropic:
    """The same for asyncio."""
    given: AsyncAnthropic | None = config.client
    if given is not None and not _is_async(given):
        raise ConfigurationError("client= is synchronous: pass an AsyncAnthropic")
    return _staying_home(given or _make(AsyncAnthropic, config))


@contextmanager
def stream(
    client: Anthropic, payload: Mapping[str, Any], config: ProviderConfig
) -> Iterator[Iterator[Any]]:
    """The events of the answer to this payload, as plain data.

    Raises:
        APIResponseValidationError: the answer is no stream of events.
    """
    response = _impatient(client, config).messages.with_raw_response.create(**payload)
    try:
        if config.on_headers is not None:
            config.on_headers(response.headers)
        if _is_stream(response.http_response):
            yield response.parse(to=_PlainStream)
        else:
            response.read()
            yield iter(_whole_message(response.http_response, config.name))
    finally:
        response.close()


@asynccontextmanager
async def astream(
    client: AsyncAnthropic, payload: Mapping[str, Any], config: ProviderConfig
) -> AsyncIterator[AsyncIterator[Any]]:
    """The same for asyncio."""
    response = await _impatient(client, config).messages.with_raw_response.create(**payload)
    events: AsyncIterator[Any] | None = None
    try:
        if config.on_headers is not None:
            config.on_headers(response.headers)
        if _is_stream(response.http_response):
            events = await response.parse(to=_AsyncPlainStream)
        else:
            await response.read()
            events = ReadyEvents(_whole_message(response.http_response, config.name))
        yield events
    finally:
        await response.close()
        if events is not None:
            await _exhaust(events)


def _staying_home(client: ClientT) -> ClientT:
    refuse_redirects(client._client)  # noqa: SLF001 - the SDK shows its HTTP client nowhere else
    return client


def _is_async(client: Anthropic | AsyncAnthropic) -> bool:
    # Anthropic's clients for AWS and Google Cloud have no public base class in common.
    return inspect.iscoroutinefunction(client.close)


def _make(cls: type[ClientT], config: ProviderConfig) -> ClientT:
    try:
        return cls(**_arguments(config))
    except (TypeError, ValueError) as error:
        # An unknown option, two credentials, or an HTTP client of the wrong kind: it says which.
        raise ConfigurationError(str(error)) from error


def _arguments(config: ProviderConfig) -> dict[str, Any]:
    return {
        "api_key": config.api_key,
        "base_url": config.base_url,
        "http_client": config.http_client,
        "max_retries": 0,
        **config.options,
    }


async def _exhaust(events: AsyncIterator[Any]) -> None:
    """End the generators of a closed stream, which hold no more than the events read already.

    Otherwise each would be ended by a task of its own, some time later.
    """
    with suppress(Exception):
        async for _ in events:
            pass


def _is_stream(response: httpx2.Response) -> bool:
    # AWS has a framing of its own, under a name of its own.
    media_type = response.headers.get("content-type", "text/event-stream")
    return "event-stream" in media_type or "eventstream" in media_type


def _whole_message(response: httpx2.Response, provider: str) -> list[Any]:
    """The events of a body that is one message in place of a stream: some servers ignore `stream`.

    Raises:
        APIResponseValidationError: it is neither that nor an error of the API's.
        ProviderError: it is an error of the API's.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    match body:
        case {"type": "message"} | {"role": "assistant", "content": _}:
            return [{"type": "message_start", "message": body}]
        case {"error": _}:
            raise error_of_event(body, provider)
    raise _no_stream(response)


def _no_stream(response: httpx2.Response) -> APIResponseValidationError:
    # The SDK would take a proxy's page for a stream of no events.
    media_type, text = response.headers["content-type"], response.text
    message = (
        f"{response.url} answered with {media_type} in place of a stream of events; "
        f"is the base URL right? It begins: {text[:200]!r}"
    )
    return APIResponseValidationError(response, text, message=message)


class _PlainStream(Stream[object]):
    """Events as plain data, with those that the SDK's own streams leave out.

    While a model thinks, or a server's tool runs, pings are the only sign of life. The filter's
    verdict comes as an event too: it ends an answer and is not a failure. And some proxies leave
    out the names of events, which their data repeats.
    """

    def _iter_events(self) -> Iterator[ServerSentEvent]:
        return map(_let_through, self._decoder.iter_bytes(self.response.iter_bytes()))


class _AsyncPlainStream(AsyncStream[object]):
    """The asynchronous twin, and its own iterator: one around it would have to be ended too."""

    def __aiter__(self) -> AsyncIterator[object]:
        return self

    async def _iter_events(self) -> AsyncIterator[ServerSentEvent]:
        # In the place of the SDK's own generator here, and not around it: each costs every event.
        async for event in self._decoder.aiter_bytes(self.response.aiter_bytes()):
            yield _let_through(event)


def _let_through(event: ServerSentEvent) -> ServerSentEvent:
    """The event, so named that the SDK neither drops it nor raises the filter's word.

    OpenAI's `[DONE]`, with which some proxies end every stream, is no JSON, and becomes nothing.
    """
    if event.event == "content_block_delta":  # nearly all are
        return event
    if event.data.startswith("[DONE]"):
        return type(event)()
    is_unnamed = event.event is None and event.data.startswith("{")
    is_verdict = event.event == "error" and BLOCKED in event.data
    if is_unnamed or is_verdict or event.event == "ping":
        return type(event)(event="let-through", data=event.data)
    return event


def _impatient(client: ClientT, config: ProviderConfig) -> ClientT:
    """A client like that one, which it shares its connections with, that does not sleep long."""
    middleware = [*client.middleware, _Impatience()]
    retries = 0 if config.caller_retries else client.max_retries
    return client.with_options(middleware=middleware, max_retries=retries)


class _Impatience(Middleware):
    """Raises the API's error at once if the SDK would sleep long before it tried again.

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
