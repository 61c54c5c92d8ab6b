"""The provider: one client of Mistral's SDK for threads, and one for each event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    Capabilities,
    ClientPool,
    Decoder,
    Fallback,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
)

from ._decoder import MistralDecoder
from ._errors import is_retried, map_error
from ._profiles import CAPABILITIES
from ._request import OPTIONAL, build_request

if TYPE_CHECKING:
    from mistralai.client import Mistral


class MistralProvider:
    """Mistral's API. Options of `from_provider` go to the SDK's `Mistral`.

    Raises:
        MissingKeyError: there is no key, and no client of the user's.
    """

    telemetry_name: Final = "mistral_ai"
    models_url: Final = "https://docs.mistral.ai/getting-started/models/models_overview/"

    def __init__(self, config: ProviderConfig) -> None:
        config.check_client()
        config.url()
        self._config = config
        self._key = "" if config.client else config.key("MISTRAL_API_KEY")
        is_owned = config.client is None and config.http_client is None
        self._clients: ClientPool[Mistral, Mistral] = ClientPool(
            self._client, self._client, is_owned=is_owned
        )

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all are alike
        """The modes of all models, best first."""
        return CAPABILITIES

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of the SDK's `chat.stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> Decoder:  # noqa: ARG002 - all modes are alike
        """A new decoder for the answer to that request."""
        return MistralDecoder(self._config.name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's exception in partwise's terms, or None if it is not the SDK's."""
        mapped = map_error(error, self._config.name)
        if mapped is not None:
            mapped.retried = is_retried(mapped, self._config)
        return mapped

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one."""
        return next_approach(request, error, CAPABILITIES, optional=OPTIONAL)

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """Send the payload. Leaving the context releases the connection at once."""
        from . import _sdk

        return _sdk.stream(self._clients.get(), payload, self._config)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same for asyncio."""
        from . import _sdk

        return _sdk.astream(self._clients.get_async(), payload, self._config)

    def warm(self, *, is_async: bool) -> None:
        """Import the SDK, and make the client of the first request, in any thread."""
        self._clients.warm("chat", is_async=is_async)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        client: Any = self._clients.pop()
        if client is not None:
            client.sdk_configuration.client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        client: Any = self._clients.pop_async()
        if client is not None:
            await client.sdk_configuration.async_client.aclose()

    def _client(self) -> Mistral:
        from . import _sdk

        return _sdk.client(self._config, self._key)
