"""The provider: one client of Mistral's SDK for threads, and one for each event loop.

The SDK's typed events hide whether a tool call has an index, so its own `EventStream` reads the
response as plain data. It sends a request once, unless it was given a `retry_config`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import partwise.provider as pw

from ._answer import MistralDecoder, map_error
from ._request import build_request

if TYPE_CHECKING:
    from mistralai.client import Mistral

_MODES = {
    pw.Mode.JSON_SCHEMA: pw.Granularity.TOKEN,
    pw.Mode.TOOLS: pw.Granularity.WHOLE,
    pw.Mode.JSON: pw.Granularity.TOKEN,
    pw.Mode.MD_JSON: pw.Granularity.TOKEN,
}


class MistralProvider:
    """Mistral's API. Options of `from_provider` go to the SDK's `Mistral`."""

    def __init__(self, config: pw.ProviderConfig) -> None:
        self._config = config
        self._key = "" if config.client else config.key("MISTRAL_API_KEY")
        self._lock = threading.Lock()
        # By who uses it: an event loop, to which its connections belong, or else this provider.
        self._clients: WeakKeyDictionary[object, Mistral] = WeakKeyDictionary()

    def capabilities(self, model: str) -> pw.Capabilities:  # noqa: ARG002 - all are alike
        return pw.Capabilities(_MODES)

    build_request = staticmethod(build_request)

    def decoder(self, request: pw.Request) -> MistralDecoder:  # noqa: ARG002 - all are alike
        return MistralDecoder(self._config.name)

    def map_error(self, error: Exception) -> pw.ProviderError | None:
        mapped = map_error(error, self._config.name)
        if mapped is not None:
            mapped.retried = "retry_config" in self._config.options
        return mapped

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        from mistralai.client.utils.eventstreaming import EventStream

        client = self._client(self)
        with _own_mistakes():
            response = client.chat.stream(**payload).response
        if self._config.on_headers is not None:
            self._config.on_headers(response.headers)
        with EventStream(response, _data, "[DONE]", client) as events:
            yield events

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        from mistralai.client.utils.eventstreaming import EventStreamAsync

        client = self._client(asyncio.get_running_loop())
        with _own_mistakes():
            response = (await client.chat.stream_async(**payload)).response
        events: Any = EventStreamAsync(response, _data, "[DONE]", client)
        if self._config.on_headers is not None:
            self._config.on_headers(response.headers)
        try:
            yield events
        finally:
            await events.close()
            # Ends the generators inside, each of which would else be ended by a task of its own.
            with suppress(Exception):
                async for _ in events.generator:
                    pass

    def close(self) -> None:
        client: Any = self._clients.pop(self, None)
        if client is not None and self._config.http_client is None:
            client.sdk_configuration.client.close()

    async def aclose(self) -> None:
        client: Any = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None and self._config.http_client is None:
            await client.sdk_configuration.async_client.aclose()

    def _client(self, user: object) -> Mistral:
        with self._lock, _own_mistakes():
            if self._config.client is None and user not in self._clients:
                self._clients[user] = self._new_client()
            client: Mistral = self._config.client or self._clients[user]
            return client

    def _new_client(self) -> Mistral:
        from httpx2 import AsyncClient, Client
        from mistralai.client import Mistral

        given = self._config.http_client
        is_async = hasattr(given, "aclose")
        return Mistral(
            api_key=self._key,
            server_url=self._config.base_url,
            # Clients of its own the SDK would close by running an event loop when it is collected.
            client=Client(follow_redirects=True) if given is None or is_async else given,
            async_client=given if is_async else AsyncClient(follow_redirects=True),
            **self._config.options,
        )


def _data(event: str) -> Any:
    """What one server-sent event says: the SDK hands over the event's fields as JSON."""
    return json.loads(event).get("data")


@contextmanager
def _own_mistakes() -> Iterator[None]:
    """What the SDK does not take is a mistake of the caller's, and not the vendor's."""
    from pydantic import ValidationError

    try:
        yield
    except (AssertionError, TypeError, ValidationError) as error:
        raise pw.ConfigurationError(f"mistralai does not take this: {error}") from error
