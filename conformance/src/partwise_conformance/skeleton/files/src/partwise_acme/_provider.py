"""The provider: the SDK's clients, made when they are first needed, and the way of a request.

The SDK is imported only when a stream is opened or an error is mapped, so an installed plugin costs
nobody the time of that import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from partwise.provider import (
    Capabilities,
    ClientPool,
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
        ConfigurationError: an option that the SDK does not know was given.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._given = config.client
        self._arguments = _client_arguments(config)
        self._clients: ClientPool[Client, AsyncClient] = ClientPool(
            self._new_client, self._new_async_client
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
        return self._clients.get().stream(**payload)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same, for asyncio."""
        return self._clients.get_async().stream(**payload)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        client = self._clients.pop()
        if client is not None and client is not self._given:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        client = self._clients.pop_async()
        if client is not None and client is not self._given:
            await client.close()

    def _new_client(self) -> Client:
        from ._sdk import Client

        own = isinstance(self._given, Client)
        return self._given if own else _made(Client, self._arguments)

    def _new_async_client(self) -> AsyncClient:
        from ._sdk import AsyncClient

        own = isinstance(self._given, AsyncClient)
        return self._given if own else _made(AsyncClient, self._arguments)


def _client_arguments(config: ProviderConfig) -> dict[str, Any]:
    """The arguments of the SDK's client; none, if the user gave one."""
    if config.client is not None:
        return {}
    if config.http_client is not None:
        raise ConfigurationError(f"{config.name!r} takes no http_client")
    return {
        "api_key": config.key("ACME_API_KEY"),
        "base_url": config.url(),
        **config.options,
    }


def _made(cls: Callable[..., ClientT], arguments: Mapping[str, Any]) -> ClientT:
    try:
        return cls(**arguments)
    except TypeError as error:
        # The SDK does not know an option, and names it.
        raise ConfigurationError(str(error)) from error
