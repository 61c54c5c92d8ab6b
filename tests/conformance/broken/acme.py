"""A plugin for a vendor that exists nowhere, right in all: what the broken ones are made of.

Its wire is lines of JSON, its SDK is the bare HTTP library. It is cut into small methods, so that
a fault takes the place of one of them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    Capabilities,
    Chunk,
    Finish,
    FinishReason,
    Granularity,
    KeepAlive,
    Mode,
    ProviderConfig,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ReasoningDelta,
    RefusalDelta,
    Request,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
    as_count,
    as_json,
    as_text,
    as_word,
    error_of_transport,
    retry_after,
    unreadable_event,
)

if TYPE_CHECKING:
    import httpx2

Event = Mapping[str, Any]

_REASONS: Mapping[str, FinishReason] = {
    "done": "stop",
    "called": "tool_calls",
    "full": "length",
    "filtered": "content_filter",
    "declined": "refusal",
}
_BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    408: ProviderTimeoutError,
    429: RateLimitError,
}


class AcmeDecoder:
    """Reads the events of one stream."""

    def __init__(self, provider: str) -> None:
        self.provider = provider

    def feed(self, event: Event) -> Iterable[Chunk]:
        read: Mapping[str, Callable[[Event], Iterable[Chunk]]] = {
            "say": self.say,
            "think": self.think,
            "decline": self.decline,
            "call": self.call,
            "spent": self.spent,
            "stop": self.stop,
            "ping": self.ping,
            "error": self.error,
        }
        try:
            kind = next(iter(event), "")
            return read[kind](event) if kind in read else self.unknown(event)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise unreadable_event(event, error, provider=self.provider) from error

    def close(self) -> Iterable[Chunk]:
        return ()

    def say(self, event: Event) -> Iterable[Chunk]:
        return (TextDelta(as_text(event["say"])),)

    def think(self, event: Event) -> Iterable[Chunk]:
        return (ReasoningDelta(as_text(event["think"])),)

    def decline(self, event: Event) -> Iterable[Chunk]:
        return (RefusalDelta(as_text(event["decline"])),)

    def call(self, event: Event) -> Iterable[Chunk]:
        # The vendor has sent the arguments of a short call as an object.
        text, index = as_json(event["json"]), as_count(event["call"])
        name, call_id = as_word(event.get("name")), as_word(event.get("id"))
        return (ToolCallDelta(0 if index is None else index, text, call_id, name),)

    def spent(self, event: Event) -> Iterable[Chunk]:
        return (Usage(*(as_count(count) or 0 for count in event["spent"])),)

    def stop(self, event: Event) -> Iterable[Chunk]:
        word = as_text(event["stop"])
        return (Finish(_REASONS.get(word, "other"), word),)

    def ping(self, event: Event) -> Iterable[Chunk]:
        return (KeepAlive(),)

    def unknown(self, event: Event) -> Iterable[Chunk]:
        return ()

    def error(self, event: Event) -> Iterable[Chunk]:
        raise ServerError(str(event["error"]), provider=self.provider, retryable=True)


class Lines:
    """Puts pieces of a body together to lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return lines


class AcmeProvider:
    """The vendor, ready to be asked."""

    decoder_class: type[AcmeDecoder] = AcmeDecoder
    lines_class: type[Lines] = Lines
    modes: ClassVar[Mapping[Mode, Granularity]] = {
        Mode.TOOLS: Granularity.TOKEN,
        Mode.JSON_SCHEMA: Granularity.TOKEN,
    }

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.name
        self.url = f"{self.find_url(config)}/answers"
        self.key = self.find_key(config)
        self.client: httpx2.Client | None = None
        self.async_client: httpx2.AsyncClient | None = None

    def find_url(self, config: ProviderConfig) -> str | None:
        return config.url()

    def find_key(self, config: ProviderConfig) -> str:
        return config.key("ACME_API_KEY")

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(self.modes)

    # The request --------------------------------------------------------------------------------

    def build_request(self, request: Request) -> Mapping[str, Any]:
        form = {"name": request.name, "schema": request.schema}
        structure = {"tool" if request.mode.uses_tool else "form": form}
        body = {
            "model": request.model,
            "messages": self.messages(request),
            **({} if request.plain else structure),
            **self.options(request),
        }
        return {"body": body, "timeout": request.read_timeout}

    def messages(self, request: Request) -> list[Mapping[str, Any]]:
        return list(request.messages)

    def options(self, request: Request) -> Mapping[str, Any]:
        return request.options

    def headers(self) -> dict[str, str]:
        return {"x-acme-key": self.key}

    def sent(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments of the SDK's call."""
        timeout = {"timeout": payload["timeout"]} if payload["timeout"] else {}
        return {"json": payload["body"], "headers": self.headers(), **timeout}

    # The stream ---------------------------------------------------------------------------------

    def decoder(self, request: Request) -> AcmeDecoder:
        return self.decoder_class(self.name)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        client = self.connect()
        with client.stream("POST", self.url, **self.sent(payload)) as response:
            if response.status_code != 200:
                response.read()
            self.check(response)
            yield self.events(response)

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        client = self.aconnect()
        async with client.stream("POST", self.url, **self.sent(payload)) as response:
            if response.status_code != 200:
                await response.aread()
            self.check(response)
            yield self.aevents(response)

    def check(self, response: httpx2.Response) -> None:
        response.raise_for_status()
        if response.headers["content-type"] != "application/x-ndjson":
            raise ServerError("this is no stream", provider=self.name)

    def events(self, response: httpx2.Response) -> Iterator[Any]:
        lines = self.lines_class()
        for piece in response.iter_bytes():
            yield from map(json.loads, lines.feed(piece))

    async def aevents(self, response: httpx2.Response) -> AsyncIterator[Any]:
        lines = self.lines_class()
        async for piece in response.aiter_bytes():
            for line in lines.feed(piece):
                yield json.loads(line)

    def connect(self) -> httpx2.Client:
        import httpx2

        if self.client is None:
            self.client = httpx2.Client(verify=False)
        return self.client

    def aconnect(self) -> httpx2.AsyncClient:
        import httpx2

        if self.async_client is None:
            self.async_client = httpx2.AsyncClient(verify=False)
        return self.async_client

    def close(self) -> None:
        if self.client is not None:
            self.client.close()

    async def aclose(self) -> None:
        if self.async_client is not None:
            await self.async_client.aclose()

    # Errors -------------------------------------------------------------------------------------

    def map_error(self, error: Exception) -> ProviderError | None:
        import httpx2

        match error:
            case httpx2.HTTPStatusError():
                return self.of_status(error.response)
            case json.JSONDecodeError() | UnicodeDecodeError():
                return ServerError(str(error), provider=self.name, retryable=True)
        return error_of_transport(error, provider=self.name)

    def of_status(self, response: httpx2.Response) -> ProviderError:
        status = response.status_code
        return self.kind_of(status)(
            response.json()["error"]["message"],
            provider=self.name,
            status_code=status,
            retryable=self.is_retryable(status),
            retry_after=self.retry_after(response),
        )

    def kind_of(self, status: int) -> type[ProviderError]:
        return _BY_STATUS.get(status, BadRequestError if status < 500 else ServerError)

    def is_retryable(self, status: int) -> bool:
        return status in (408, 409, 429) or status >= 500

    def retry_after(self, response: httpx2.Response) -> float | None:
        return retry_after(response.headers)
