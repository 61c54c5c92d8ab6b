"""The provider: the SDK's clients, made when they are first needed, and the way of a request.

The SDK is imported only where a stream is opened or an error is mapped, so that to have the
plugin installed costs nobody the time that its import takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from partwise.provider import (
    Capabilities,
    ConfigurationError,
    Decoder,
    Granularity,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
)

from ._decoder import AcmeDecoder
from ._errors import map_error
from ._request import build_request

if TYPE_CHECKING:
    from ._sdk import AsyncClient, Client

ClientT = TypeVar("ClientT")

# Best first, each with how finely the vendor streams it.
_MODES = {
    Mode.TOOLS: Granularity.TOKEN,
    Mode.JSON_SCHEMA: Granularity.TOKEN,
}


class AcmeProvider:
    """Acme's models.

    Raises:
        MissingKeyError: there is no API key, and no client of the user's own.
        ConfigurationError: something was given that the SDK has no use for.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._given = config.client
        self._arguments = _client_arguments(config)
        self._lock = Lock()
        self._client: Client | None = None
        # A connection belongs to the event loop in which it was made.
        self._async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient] = (
            WeakKeyDictionary()
        )

    def capabilities(self, model: str) -> Capabilities:
        """The same for all models."""
        return Capabilities(_MODES)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of the SDK's `stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> Decoder:
        """A new decoder for the answer to that request."""
        return AcmeDecoder(self._name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's exception in partwise's terms, or None if it is not the SDK's."""
        return map_error(error, self._name)

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """Send the payload. Leaving the context releases the connection at once."""
        return self._sync_client().stream(**payload)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same, for asyncio."""
        return self._async_client().stream(**payload)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _sync_client(self) -> Client:
        from ._sdk import Client

        if isinstance(self._given, Client):
            return self._given
        with self._lock:
            if self._client is None:
                self._client = _made(Client, self._arguments)
            return self._client

    def _async_client(self) -> AsyncClient:
        from ._sdk import AsyncClient

        if isinstance(self._given, AsyncClient):
            return self._given
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._async_clients:
                self._async_clients[loop] = _made(AsyncClient, self._arguments)
            return self._async_clients[loop]


def _client_arguments(config: ProviderConfig) -> dict[str, Any]:
    """What the SDK's client is made with: nothing, if the user gave one."""
    if config.client is not None:
        return {}
    if config.http_client is not None:
        raise ConfigurationError(f"{config.name!r} takes no http_client")
    return {
        "api_key": config.key("ACME_API_KEY"),
        "base_url": config.base_url,
        **config.options,
    }


def _made(cls: Callable[..., ClientT], arguments: Mapping[str, Any]) -> ClientT:
    try:
        return cls(**arguments)
    except TypeError as error:
        # An option that the SDK does not know: it says which.
        raise ConfigurationError(str(error)) from error
