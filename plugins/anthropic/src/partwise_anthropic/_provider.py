"""The provider: a thin layer around Anthropic's SDK.

Events are read as plain data through the SDK's raw responses. That keeps its authentication, its
retries and its errors, costs a fraction of the CPU of its typed events, and lives through
whatever field the vendor adds. Closing the raw response releases the connection at once, in
whatever state the stream is.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from threading import Lock
from typing import TYPE_CHECKING, Any
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

from ._decoder import AnthropicDecoder, ToolInputAsText
from ._errors import map_error
from ._models import capabilities
from ._request import answers_by_tool, build_request

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from anthropic import Anthropic, AsyncAnthropic

# Where the SDK finds credentials by itself, besides ANTHROPIC_API_KEY.
_CREDENTIAL_OPTIONS = frozenset({"auth_token", "credentials", "config", "profile"})
_CREDENTIAL_VARIABLES = (
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_FEDERATION_RULE_ID",
)


class AnthropicProvider:
    """Anthropic's Messages API, or whatever speaks it at `base_url`.

    Raises:
        ConfigurationError: a client was given, and also what it should be made with.
        MissingKeyError: there is no key, and no other credential that the SDK would find.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._owns_client = config.client is None and config.http_client is None
        self._lock = Lock()
        self._client: Anthropic | None = None
        self._async_clients: WeakKeyDictionary[AbstractEventLoop, AsyncAnthropic] = (
            WeakKeyDictionary()
        )
        _check(config)

    def capabilities(self, model: str) -> Capabilities:
        """The modes of this model, best first."""
        return capabilities(model)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The arguments of the SDK's `messages.create`."""
        return build_request(request)

    def decoder(self, request: Request) -> Decoder:
        """A new decoder for the answer to that request."""
        decoder = AnthropicDecoder(self._config.name)
        if request.mode is not Mode.TOOLS and answers_by_tool(request):
            return ToolInputAsText(decoder, request.name)
        return decoder

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's exception in partwise's terms, or None if it is not the SDK's."""
        return map_error(error, self._config.name)

    def open(self, payload: Mapping[str, Any]) -> AbstractContextManager[Iterator[Any]]:
        """Send the payload. Leaving the context releases the connection at once."""
        from . import _sdk

        return _sdk.stream(self._sync_client(), payload, self._config)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The same, for asyncio."""
        from . import _sdk

        return _sdk.astream(self._async_client(), payload, self._config)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        client, self._client = self._client, None
        if client is not None and self._owns_client:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None and self._owns_client:
            await client.close()

    def _sync_client(self) -> Anthropic:
        from . import _sdk

        with self._lock:
            if self._client is None:
                self._client = _sdk.client(self._config)
            return self._client

    def _async_client(self) -> AsyncAnthropic:
        from . import _sdk

        # A connection belongs to the loop in which it was made.
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._async_clients:
                self._async_clients[loop] = _sdk.async_client(self._config)
            return self._async_clients[loop]


def _check(config: ProviderConfig) -> None:
    if config.client is None:
        if not _has_other_credentials(config):
            config.key("ANTHROPIC_API_KEY")
    elif config.api_key or config.base_url or config.http_client or config.options:
        raise ConfigurationError(
            f"{config.name!r} was given a client of its own, and also what to make one with"
        )


def _has_other_credentials(config: ProviderConfig) -> bool:
    named = not _CREDENTIAL_OPTIONS.isdisjoint(config.options)
    return named or any(map(os.environ.get, _CREDENTIAL_VARIABLES))
