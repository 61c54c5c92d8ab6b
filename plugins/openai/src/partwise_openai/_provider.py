"""The provider: one client of OpenAI's SDK for threads, and one for each event loop."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    Capabilities,
    ClientPool,
    ConfigurationError,
    Decoder,
    Fallback,
    ProviderConfig,
    ProviderError,
    Request,
    leave_out,
    next_approach,
)

from ._decoder import ChatDecoder
from ._errors import is_retried, map_error
from ._request import OPTIONAL, RESPONSES_MODES, as_whole, build_request, left_out
from ._responses import ResponsesDecoder
from ._servers import server_at

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from ._profiles import Server

_NOT_ON_CHAT: Final = re.compile(
    r"responses\b|not a chat model"
    r"|chat[/_. ]?completions?\b.{0,40}(?:not|n't)|not .{0,40}chat[/_. ]?completions?\b",
    re.IGNORECASE,
)
"""Refusals of a model that lives at the other endpoint, of OpenAI and of Azure."""


class OpenAIProvider:
    """OpenAI, or a server that speaks its language. Options of `from_provider` go to the SDK.

    Raises:
        MissingKeyError: the server needs a key, and there is none.
        ConfigurationError: the server has no address of its own and none was given, or a client
            was given together with options of a new one.
    """

    def __init__(self, config: ProviderConfig, server: Server) -> None:
        self._config = config
        self._server = _server_in_fact(config, server)
        self.telemetry_name = self._server.telemetry_name or config.name
        self.models_url = _models_url(config, self._server)
        self._arguments = _client_arguments(config, server)
        is_owned = config.client is None and config.http_client is None
        self._clients: ClientPool[OpenAI, AsyncOpenAI] = ClientPool(
            self._client, self._async_client, is_owned=is_owned
        )

    def capabilities(self, model: str) -> Capabilities:
        """The modes of this model at this server, best first."""
        return self._server.capabilities(model)

    def build_request(self, request: Request) -> dict[str, Any]:
        """The arguments of the SDK's `create`."""
        profile = self._server.profile_of(request.model)
        model = f"{self._config.name}/{request.model}"
        leave_out(request.options, left_out(request, profile), model=model)
        payload = build_request(request, profile)
        return payload if self._config.streams else as_whole(payload)

    def decoder(self, request: Request) -> Decoder:
        """A new decoder for the answer to that request."""
        if request.mode in RESPONSES_MODES:
            return ResponsesDecoder(self._config.name)
        return ChatDecoder(self._config.name, blank_finish=self._server.blank_finish)

    def map_error(self, error: Exception) -> ProviderError | None:
        """The SDK's exception in partwise's terms, or None if it is not the SDK's."""
        mapped = map_error(error, self._config.name)
        if mapped is not None and is_retried(error):
            mapped.retried = bool(self._config.sdk_retries)
        return mapped

    def fallback(self, request: Request, error: ProviderError) -> Fallback | None:
        """The approach to try next, if the error refuses this one."""
        profile = self._server.profile_of(request.model)
        capabilities = profile.capabilities
        if request.mode not in RESPONSES_MODES and _NOT_ON_CHAT.search(str(error)):
            capabilities = _on_responses(capabilities) or capabilities
        sent = build_request(request, profile)
        return next_approach(request, error, capabilities, optional=sent.keys() & OPTIONAL)

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
        self._clients.warm("chat.completions", "responses", is_async=is_async)

    def close(self) -> None:
        """Close the client that `open` made. One that the user gave stays open."""
        if (client := self._clients.pop()) is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the client that `aopen` made in this event loop. The user's own stays open."""
        if (client := self._clients.pop_async()) is not None:
            await client.close()

    def _client(self) -> OpenAI:
        from . import _sdk

        return _sdk.client(self._config, self._arguments)

    def _async_client(self) -> AsyncOpenAI:
        from . import _sdk

        return _sdk.async_client(self._config, self._arguments)


def _on_responses(capabilities: Capabilities) -> Capabilities | None:
    """The modes of the Responses API alone, if there are any."""
    modes = {mode: fine for mode, fine in capabilities.modes.items() if mode in RESPONSES_MODES}
    return Capabilities(modes) if modes else None


def _server_in_fact(config: ProviderConfig, server: Server) -> Server:
    """The server at the address that the user gave, by whatever name it is called."""
    given = config.base_url or getattr(config.client, "base_url", None)
    if given is None and server.url is None:
        given = os.environ.get("OPENAI_BASE_URL")  # as the SDK does
    return (server_at(str(given)) if given is not None else None) or server


def _client_arguments(config: ProviderConfig, server: Server) -> dict[str, Any]:
    """The keyword arguments of the SDK's client."""
    given = {
        "api_key": config.api_key,
        "base_url": config.url(),
        "http_client": config.http_client,
        **config.options,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if config.client is not None:
        config.check_client()
        return {}
    if server.url is None:
        config.url("OPENAI_BASE_URL")  # which the SDK takes by itself
    return {
        "base_url": _base_url(config, server),
        **given,
        "max_retries": config.sdk_retries,
        "api_key": _key(config, server),
    }


def _models_url(config: ProviderConfig, server: Server) -> str | None:
    if config.name == "openai":
        return "https://platform.openai.com/docs/models"
    # The endpoint that each of them has: https://platform.openai.com/docs/api-reference/models
    is_known = server.url is not None and "{}" not in server.url and config.base_url is None
    return f"{str(server.url).rstrip('/')}/models" if is_known else None


def _key(config: ProviderConfig, server: Server) -> str:
    """The key. The SDK would take OpenAI's from the environment, which is no other server's."""
    is_set = any(map(os.environ.get, server.keys))
    if server.needs_key or is_set:
        return config.key(*server.keys)
    return config.api_key or "none"


def _base_url(config: ProviderConfig, server: Server) -> str | None:
    """The server's address; one in the user's own cloud from the environment."""
    if server.url is None or "{}" not in server.url or config.base_url is not None:
        return server.url
    name = next(filter(os.environ.get, server.hosts), None)
    if name is None:
        names = " or ".join(server.hosts)
        raise ConfigurationError(
            f"no address for {config.name!r}: set the environment variable {names}, "
            f'or pass from_provider("{config.name}/…", base_url=…)'
        )
    path, host = server.url.removeprefix("{}"), os.environ[name]
    origin = config.checked_url(host if "://" in host else f"https://{host}", name)
    return f"{origin.rstrip('/').removesuffix(path)}{path}"
