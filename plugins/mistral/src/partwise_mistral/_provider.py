"""The provider: one client of Mistral's SDK for threads, and one for each event loop.

The SDK's typed events hide whether a tool call has an index, so its own `EventStream` reads the
response as plain data. It sends a request once, unless it was given a `retry_config`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    Capabilities,
    ClientPool,
    Fallback,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
)

from ._decoder import MistralDecoder
from ._errors import map_error
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
        self._config = config
        self._key = "" if config.client else config.key("MISTRAL_API_KEY")
        config.url()
        self._owns_client = config.client is None and config.http_client is None
        self._clients: ClientPool[Mistral, Mistral] = ClientPool(self._client, self._client)

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all are alike
        """The same for all models."""
        return CAPABILITIES

    def build_request(self, request: Request) -> dict[str, Any]:
        """The arguments of `chat.stream`."""
        return build_request(request)

    def decoder(self, request: Request) -> MistralDecoder:  # noqa: ARG002 - all modes are alike
        """A new decoder."""
        return MistralDecoder(self._config.name)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's error in partwise's terms."""
        mapped = map_error(error, self._config.name)
        if mapped is not None:
            mapped.retried = self._is_retried(mapped)
        return mapped

    def _is_retried(self, error: ProviderError) -> bool:
        """Whether the SDK has sent the request again by itself, as it was told to."""
        config = self._config
        given = getattr(config.client, "sdk_configuration", None)
        retries: Any = config.options.get("retry_config", getattr(given, "retry_config", None))
        if config.caller_retries or getattr(retries, "strategy", None) != "backoff":
            return False
        return error.status_code is not None or retries.retry_connection_errors

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one."""
        return next_approach(request, error, CAPABILITIES, optional=OPTIONAL)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """Send the payload. Leaving the context closes the response at once."""
        from . import _sdk

        client = self._clients.get()
        with _sdk.stream(client, self._sent(payload), self._config.on_headers) as events:
            yield events

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """The same, for asyncio."""
        from . import _sdk

        client = self._clients.get_async()
        async with _sdk.astream(client, self._sent(payload), self._config.on_headers) as events:
            yield events

    def _sent(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**payload, "retries": None} if self._config.caller_retries else payload

    def warm(self, *, is_async: bool) -> None:
        """Import the SDK, and make the client of the first request, in any thread."""
        self._clients.warm("chat", is_async=is_async)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        client: Any = self._clients.pop()
        if client is not None and self._owns_client:
            client.sdk_configuration.client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        client: Any = self._clients.pop_async()
        if client is not None and self._owns_client:
            await client.sdk_configuration.async_client.aclose()

    def _client(self) -> Mistral:
        from . import _sdk

        return _sdk.client(self._config, self._key)
