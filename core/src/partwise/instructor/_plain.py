"""Calls without a response model: the vendor's answer as it is, through the provider's plugin."""

from __future__ import annotations

from typing import Any

from partwise import Settings
from partwise.provider import Request

from ._raw import RawResponse, of_chunks


def ask(client: Any, messages: Any, options: dict[str, Any]) -> RawResponse:
    """The answer of a sync client's provider.

    Raises:
        PartwiseError: the vendor failed.
    """
    provider, request = _provider(client), _request(client, messages, options)
    decoder, chunks = provider.decoder(request), []
    try:
        with provider.open(provider.build_request(request)) as events:
            for event in events:
                chunks += decoder.feed(event)
    except Exception as error:
        raise _mapped(provider, error) from error
    return of_chunks([*chunks, *decoder.close()], request.model)


async def aask(client: Any, messages: Any, options: dict[str, Any]) -> RawResponse:
    """The same for asyncio."""
    provider, request = _provider(client), _request(client, messages, options)
    decoder, chunks = provider.decoder(request), []
    try:
        async with provider.aopen(provider.build_request(request)) as events:
            async for event in events:
                chunks += decoder.feed(event)
    except Exception as error:
        raise _mapped(provider, error) from error
    return of_chunks([*chunks, *decoder.close()], request.model)


def _provider(client: Any) -> Any:
    return client._calls.provider  # noqa: SLF001 - no public call takes a request without a model


def _mapped(provider: Any, error: Exception) -> Exception:
    return provider.map_error(error) or error


def _request(client: Any, messages: Any, options: dict[str, Any]) -> Request:
    _, given = Settings.split(options)
    given.pop("mode", None)
    model = given.pop("model", None) or client.model
    return Request(
        model=model,
        mode=_provider(client).capabilities(model).default_mode,
        messages=messages,
        schema={},
        name="answer",
        options=given,
        plain=True,
    )
