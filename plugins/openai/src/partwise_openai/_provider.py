"""The provider: the SDK's client, made when first needed, and the request's way through it.

Events are read as plain data by the SDK's public raw path: `with_raw_response` keeps its
authentication, retries and errors, and `parse(to=Stream[object])` spares building typed events.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from partwise.provider import (
    Capabilities,
    ConfigurationError,
    Decoder,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
)

from ._chat import ChatDecoder, build_chat
from ._errors import error_of_content, error_of_exception
from ._responses import ResponsesDecoder, build_responses

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream, OpenAI

    from ._servers import Server

ClientT = TypeVar("ClientT")
SDKClientT = TypeVar("SDKClientT", "OpenAI", "AsyncOpenAI")

_RESPONSES_MODES = frozenset({Mode.RESPONSES, Mode.RESPONSES_TOOLS})

# Enough of a page to say what it is.
_EXCERPT_BYTES = 65_536


class OpenAIProvider:
    """OpenAI, or a server that speaks its language.

    Raises:
        MissingKeyError: the server needs a key, and there is none.
        ConfigurationError: the server has no address of its own and none was given, or a client
            was given together with what only a new client would need.
    """

    def __init__(self, config: ProviderConfig, server: Server) -> None:
        self._name = config.name
        self._server = server
        self._given = config.client
        self._sdk_retries = config.sdk_retries
        self._on_headers = config.on_headers
        self._keeps_http_client = config.http_client is not None
        self._arguments = _client_arguments(config, server)
        self._lock = threading.Lock()
        self._client: OpenAI | None = None
        # A pool's connections belong to the event loop that opened them.
        self._async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = (
            WeakKeyDictionary()
        )

    def capabilities(self, model: str) -> Capabilities:
        """What this server can do with that model."""
        return self._server.capabilities(model)

    def build_request(self, request: Request) -> dict[str, Any]:
        """The keyword arguments for the SDK's `create`."""
        build = build_responses if request.mode in _RESPONSES_MODES else build_chat
        payload = build(request, self._server)
        if request.read_timeout is not None:
            payload.setdefault("timeout", request.read_timeout)
        return payload

    def decoder(self, request: Request) -> Decoder:
        """A new decoder for the answer to that request."""
        if request.mode in _RESPONSES_MODES:
            return ResponsesDecoder(self._name)
        return ChatDecoder(self._name, blank_finish=self._server.blank_finish)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The exception in partwise's terms, or None if it is not the SDK's."""
        return error_of_exception(error, self._name)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """Send the payload. Leaving the context closes the response at once."""
        from openai import Stream

        raw = _endpoint(self._sync_client(), payload).with_raw_response.create(**payload)
        with raw.parse(to=Stream[object]) as stream:
            if not _is_stream(raw.headers):
                page = next(raw.http_response.iter_bytes(_EXCERPT_BYTES), b"")
                raise self._not_a_stream(raw.headers, page)
            if self._on_headers is not None:
                self._on_headers(raw.headers)
            yield stream

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """The same, for asyncio."""
        from openai import AsyncStream

        raw = await _endpoint(self._async_client(), payload).with_raw_response.create(**payload)
        stream = raw.parse(to=AsyncStream[object])
        try:
            if not _is_stream(raw.headers):
                page = await anext(raw.http_response.aiter_bytes(_EXCERPT_BYTES), b"")
                raise self._not_a_stream(raw.headers, page)
            if self._on_headers is not None:
                self._on_headers(raw.headers)
            yield stream
        finally:
            await _close(stream)

    def close(self) -> None:
        """Close the client that `open` made."""
        client, self._client = self._client, None
        if client is not None and not self._keeps_http_client:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop."""
        client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None and not self._keeps_http_client:
            await client.close()

    def _sync_client(self) -> OpenAI:
        from openai import OpenAI

        if self._given is not None:
            return self._retrying(_adopt(self._given, OpenAI, self._name))
        with self._lock:
            if self._client is None:
                self._client = _make(OpenAI, self._arguments)
            return self._client

    def _async_client(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI

        if self._given is not None:
            return self._retrying(_adopt(self._given, AsyncOpenAI, self._name))
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._async_clients:
                self._async_clients[loop] = _make(AsyncOpenAI, self._arguments)
            return self._async_clients[loop]

    def _retrying(self, client: SDKClientT) -> SDKClientT:
        """The user's client, or one that shares its connections and retries as often as asked."""
        if self._sdk_retries is None or client.max_retries == self._sdk_retries:
            return client
        self._given = client = client.with_options(max_retries=self._sdk_retries)
        return client

    def _not_a_stream(self, headers: Mapping[str, str], page: bytes) -> ProviderError:
        text = page.decode("utf-8", errors="replace")
        return error_of_content(headers["content-type"], text, self._name)


def _client_arguments(config: ProviderConfig, server: Server) -> dict[str, Any]:
    """The keyword arguments of the SDK's client."""
    given = {
        "api_key": config.api_key,
        "base_url": config.base_url,
        "http_client": config.http_client,
        **config.options,
    }
    given = {name: value for name, value in given.items() if value is not None}
    retries = {} if config.sdk_retries is None else {"max_retries": config.sdk_retries}
    if config.client is not None:
        if given:
            names = ", ".join(given)
            message = f"{config.name!r} was given a client of its own, and also {names}"
            raise ConfigurationError(message)
        return {}
    # The SDK would take OpenAI's key from the environment, which is nobody else's business.
    key = config.key(server.key) if server.key else config.api_key or "none"
    return {"base_url": _base_url(config, server), **given, **retries, "api_key": key}


def _base_url(config: ProviderConfig, server: Server) -> str | None:
    if server.url_key is None or config.base_url is not None:
        return server.url
    resource = os.environ.get(server.url_key)
    if not resource:
        raise ConfigurationError(
            f"no address for {config.name!r}: set the environment variable {server.url_key}, "
            f'or pass from_provider("{config.name}/…", base_url=…)'
        )
    return f"{resource.rstrip('/').removesuffix('/openai/v1')}/openai/v1"


def _make(cls: type[ClientT], arguments: Mapping[str, Any]) -> ClientT:
    try:
        return cls(**arguments)
    except TypeError as error:
        # An unknown option, or an HTTP client of the wrong kind: the SDK says which.
        raise ConfigurationError(str(error)) from error


def _adopt(client: object, wanted: type[ClientT], name: str) -> ClientT:
    if isinstance(client, wanted):
        return client
    raise ConfigurationError(
        f"the client given for {name!r} is a {type(client).__qualname__}, "
        f"but this call needs an openai.{wanted.__name__}"
    )


async def _close(stream: AsyncStream[object]) -> None:
    await stream.close()
    # The SDK's generators are still suspended, and each would be ended by a task of its own, some
    # time later. To read on ends them here: there is no more than what was received already.
    with suppress(Exception):
        async for _ in stream:
            pass


def _endpoint(client: Any, payload: Mapping[str, Any]) -> Any:
    return client.responses if "input" in payload else client.chat.completions


def _is_stream(headers: Mapping[str, str]) -> bool:
    """Whether the body may be events. Some proxies call them plain text, or nothing at all."""
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    return "html" not in kind and not kind.endswith(("json", "xml"))
