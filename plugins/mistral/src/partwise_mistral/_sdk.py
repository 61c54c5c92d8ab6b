"""Requests sent through Mistral's SDK, whose import takes a while and is therefore late.

The SDK's typed events hide whether a tool call has an index, so its own `EventStream` reads the
response as plain data. It sends a request once, unless it was given a `retry_config`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from httpx2 import AsyncClient, Client, ResponseNotRead
from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from mistralai.client.utils.eventstreaming import EventStream, EventStreamAsync
from pydantic import ValidationError

from partwise.provider import ConfigurationError, ReadyEvents, ServerError, refuse_redirects

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig


def client(config: ProviderConfig, key: str) -> Mistral:
    """The user's own client of the SDK, or one as the user configured it.

    Raises:
        ConfigurationError: the SDK does not know an option.
    """
    with _own_errors(config.name):
        made: Mistral = config.client or _new_client(config, key)
    for http_client in (made.sdk_configuration.client, made.sdk_configuration.async_client):
        if http_client is not None:
            refuse_redirects(http_client)
    return made


@contextmanager
def stream(
    client: Mistral, payload: Mapping[str, Any], config: ProviderConfig
) -> Iterator[Iterator[Any]]:
    """The events of the answer to this payload, as plain data."""
    try:
        with _own_errors(config.name):
            response = client.chat.stream(**_sent(payload, config)).response
    except MistralError as error:
        yield iter(_whole_answer(error))
        return
    if config.on_headers is not None:
        config.on_headers(response.headers)
    with EventStream(response, _data, "[DONE]", client) as events:
        yield events


@asynccontextmanager
async def astream(
    client: Mistral, payload: Mapping[str, Any], config: ProviderConfig
) -> AsyncIterator[AsyncIterator[Any]]:
    """The same for asyncio."""
    try:
        with _own_errors(config.name):
            response = (await client.chat.stream_async(**_sent(payload, config))).response
    except MistralError as error:
        yield ReadyEvents(_whole_answer(error))
        return
    if config.on_headers is not None:
        config.on_headers(response.headers)
    events: Any = EventStreamAsync(response, _data, "[DONE]", client)
    try:
        yield events
    finally:
        await events.close()
        # Ends the generators inside, each of which would else be ended by a task of its own.
        with suppress(Exception):
            async for _ in events.generator:
                pass


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


def _sent(payload: Mapping[str, Any], config: ProviderConfig) -> Mapping[str, Any]:
    return {**payload, "retries": None} if config.caller_retries else payload


def _data(event: str) -> Any:
    """The data of one server-sent event: the SDK hands over the event's fields as JSON."""
    return json.loads(event).get("data")


def _whole_answer(error: MistralError) -> list[Any]:
    """The event of a body that is one completion, or one error, in place of a stream.

    Raises:
        MistralError: it is anything else.
    """
    try:
        body = json.loads(error.body) if error.status_code == 200 else None  # noqa: PLR2004
    except ValueError:
        body = None
    if isinstance(body, Mapping | list) and body:
        return [body]
    raise error


@contextmanager
def _own_errors(provider: str) -> Iterator[None]:
    """Raise the SDK's builtin errors for wrong arguments, and its slips, in partwise's terms."""
    try:
        yield
    except (AssertionError, TypeError, ValidationError) as error:
        raise ConfigurationError(f"mistralai does not take this: {error}") from error
    except ResponseNotRead as error:  # of a status that is no failure and no answer, such as 204
        message = "the response has no answer, and a status of success"
        raise ServerError(message, provider=provider) from error
