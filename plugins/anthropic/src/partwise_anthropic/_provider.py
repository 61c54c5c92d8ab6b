"""The provider: one client of Anthropic's SDK for threads, and one for each event loop."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    Capabilities,
    ClientPool,
    Decoder,
    Fallback,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    next_approach,
)

from ._decoder import AnthropicDecoder, ToolInputAsText
from ._errors import is_retried, map_error
from ._profiles import profile_of
from ._request import OPTIONAL, answers_by_tool, build_request

if TYPE_CHECKING:
    from anthropic import Anthropic, AsyncAnthropic

# Variables from which the SDK takes credentials by itself, besides ANTHROPIC_API_KEY.
_CREDENTIAL_OPTIONS: Final = frozenset({"auth_token", "credentials", "config", "profile"})
_CREDENTIAL_VARIABLES: Final = (
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_FEDERATION_RULE_ID",
)


class AnthropicProvider:
    """Anthropic's Messages API, or whatever speaks it at `base_url`.

    Options of `from_provider` go to the SDK's client.

    Raises:
        ConfigurationError: both a client and options for making one were given.
        MissingKeyError: there is no key, and no other credential that the SDK would find.
    """

    telemetry_name: Final = "anthropic"
    models_url: Final = "https://docs.claude.com/en/docs/about-claude/models/overview"

    def __init__(self, config: ProviderConfig) -> None:
        config.check_client()
        if config.client is None:
            config.url("ANTHROPIC_BASE_URL")
            if not _has_other_credentials(config):
                config.key("ANTHROPIC_API_KEY")
        self._config = config
        is_owned = config.client is None and config.http_client is None
        self._clients: ClientPool[Anthropic, AsyncAnthropic] = ClientPool(
            self._client, self._async_client, is_owned=is_owned
        )

    def capabilities(self, model: str) -> Capabilities:
        """The modes of this model, best first."""
        return profile_of(model).capabilities

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
        mapped = map_error(error, self._config.name)
        if mapped is not None and is_retried(error):
            mapped.retried = bool(self._config.sdk_retries)
        return mapped

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one."""
        return next_approach(request, error, self.capabilities(request.model), optional=OPTIONAL)

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
        self._clients.warm("messages", is_async=is_async)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        if (client := self._clients.pop()) is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        if (client := self._clients.pop_async()) is not None:
            await client.close()

    def _client(self) -> Anthropic:
        from . import _sdk

        return _sdk.client(self._config)

    def _async_client(self) -> AsyncAnthropic:
        from . import _sdk

        return _sdk.async_client(self._config)


def _has_other_credentials(config: ProviderConfig) -> bool:
    named = not _CREDENTIAL_OPTIONS.isdisjoint(config.options)
    return named or any(map(os.environ.get, _CREDENTIAL_VARIABLES))
