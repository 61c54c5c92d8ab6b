"""The provider: one client of the SDK for threads, and one for each event loop.

The SDK is imported only when a stream is opened or an error is mapped, so an installed plugin costs
nobody the time of that import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from partwise.provider import (
    Capabilities,
    ClientPool,
    ConfigurationError,
    Decoder,
    Fallback,
    Granularity,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
)

from ._decoder import AcmeDecoder
from ._errors import map_error
from ._request import build_request

if TYPE_CHECKING:
    from ._sdk import AsyncClient, Client

ClientT = TypeVar("ClientT", "Client", "AsyncClient")

# Best first, each with how finely the vendor streams it.
_MODES: Final = {
    Mode.TOOLS: Granularity.TOKEN,
    Mode.JSON_SCHEMA: Granularity.TOKEN,
}


class AcmeProvider:
    """Acme's models. Options of `from_provider` go to the SDK's client.

    Raises:
        MissingKeyError: there is no API key, and no client of the user's own.
        ConfigurationError: an HTTP client was given, which the SDK can't use.
    """

    def __init__(self, config: ProviderConfig) -> None:
        config.check_client()
        self._config = config
        self._arguments = _client_arguments(config)
        self._clients: ClientPool[Client, AsyncClient] = ClientPool(
            self._client, self._async_client, is_owned=config.client is None
        )

    def capabilities(self, model: str) -> Capabilities:
        """The modes of all models, best first."""
        return Capabilities(_MODES)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of the SDK's `stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> Decoder:
        """A new decoder for the answer to that request."""
        return AcmeDecoder(self._config.name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's exception in partwise's terms, or None if it is not the SDK's."""
        return map_error(error, self._config.name)

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one."""
        return next_approach(request, error, self.capabilities(request.model))

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """Send the payload. Leaving the context releases the connection at once."""
        return self._clients.get().stream(**payload)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same for asyncio."""
        return self._clients.get_async().stream(**payload)

    def warm(self, *, is_async: bool) -> None:
        """Import the SDK, and make the client of the first request, in any thread."""
        self._clients.warm(is_async=is_async)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        if (client := self._clients.pop()) is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        if (client := self._clients.pop_async()) is not None:
            await client.close()

    def _client(self) -> Client:
        from . import _sdk

        return _made(_sdk.Client, self._config.client, self._arguments)

    def _async_client(self) -> AsyncClient:
        from . import _sdk

        return _made(_sdk.AsyncClient, self._config.client, self._arguments)


def _client_arguments(config: ProviderConfig) -> dict[str, Any]:
    """The arguments of the SDK's client; none, if the user gave one."""
    if config.http_client is not None:
        raise ConfigurationError(f"{config.name!r} takes no http_client=")
    if config.client is not None:
        return {}
    return {
        "api_key": config.key("ACME_API_KEY"),
        "base_url": config.url(),
        **config.options,
    }


def _made(cls: type[ClientT], given: object, arguments: Mapping[str, Any]) -> ClientT:
    """The user's own client of the SDK, or a new one."""
    if isinstance(given, cls):
        return given
    if given is not None:
        raise ConfigurationError(f"client= must be a {cls.__name__}, got {type(given).__name__}")
    try:
        return cls(**arguments)
    except TypeError as error:
        # The SDK does not know an option, and names it.
        raise ConfigurationError(str(error)) from error
