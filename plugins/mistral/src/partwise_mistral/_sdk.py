"""Requests sent through Mistral's SDK, whose import is late since it takes a while."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from httpx2 import AsyncClient, Client
from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from mistralai.client.utils.eventstreaming import EventStream, EventStreamAsync
from pydantic import ValidationError

from partwise.provider import ConfigurationError, refuse_redirects

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig

OnHeaders = Callable[[Mapping[str, str]], None] | None


def client(config: ProviderConfig, key: str) -> Mistral:
    """The user's own client of the SDK, or one as the user configured it.

    Raises:
        ConfigurationError: the SDK does not know an option.
    """
    with _as_configuration_errors():
        made: Mistral = config.client or _new_client(config, key)
    for http_client in (made.sdk_configuration.client, made.sdk_configuration.async_client):
        if http_client is not None:
            refuse_redirects(http_client)
    return made


def _new_client(config: ProviderConfig, key: str) -> Mistral:
    given = config.http_client
    is_async = hasattr(given, "aclose")
    return Mistral(
        api_key=key,
        server_url=config.base_url,
        # Clients of its own the SDK would close by running an event loop when it is collected.
        client=Client(follow_redirects=True) if given is None or is_async else given,
        async_client=given if is_async else AsyncClient(follow_redirects=True),
        **config.options,
    )


@contextmanager
def stream(
    client: Mistral, payload: Mapping[str, Any], on_headers: OnHeaders
) -> Iterator[Iterator[Any]]:
    """The events of the answer to this payload, as plain data."""
    try:
        with _as_configuration_errors():
            response = client.chat.stream(**payload).response
    except MistralError as error:
        yield iter(_whole_answer(error))
        return
    if on_headers is not None:
        on_headers(response.headers)
    with EventStream(response, _data, "[DONE]", client) as events:
        yield events


@asynccontextmanager
async def astream(
    client: Mistral, payload: Mapping[str, Any], on_headers: OnHeaders
) -> AsyncIterator[AsyncIterator[Any]]:
    """The same, for asyncio."""
    try:
        with _as_configuration_errors():
            response = (await client.chat.stream_async(**payload)).response
    except MistralError as error:
        yield _Listed(_whole_answer(error))
        return
    if on_headers is not None:
        on_headers(response.headers)
    events: Any = EventStreamAsync(response, _data, "[DONE]", client)
    try:
        yield events
    finally:
        await events.close()
        # Ends the generators inside, each of which would else be ended by a task of its own.
        with suppress(Exception):
            async for _ in events.generator:
                pass


def _data(event: str) -> Any:
    """The data of one server-sent event: the SDK hands over the event's fields as JSON."""
    return json.loads(event).get("data")


def _whole_answer(error: MistralError) -> list[Any]:
    """The event of a body that is one completion in place of a stream: some servers send that.

    Raises:
        MistralError: it is anything else.
    """
    try:
        body = json.loads(error.body) if error.status_code == 200 else None  # noqa: PLR2004
    except ValueError:
        body = None
    if isinstance(body, Mapping):
        return [body]
    raise error


class _Listed(AsyncIterator[Any]):
    """Events that are all there."""

    def __init__(self, events: list[Any]) -> None:
        self._events = iter(events)

    async def __anext__(self) -> Any:
        for event in self._events:
            return event
        raise StopAsyncIteration


@contextmanager
def _as_configuration_errors() -> Iterator[None]:
    """Turn the SDK's error for a wrong argument into one of the caller's."""
    try:
        yield
    except (AssertionError, TypeError, ValidationError) as error:
        raise ConfigurationError(f"mistralai does not take this: {error}") from error
