"""Calls without a response model: the vendor's answer as it is, through the provider's plugin."""

from __future__ import annotations

from typing import Any

from partwise import Settings
from partwise.provider import Request

from .._session.unmapped import translated
from ._raw import RawResponse, of_chunks


def ask(client: Any, messages: Any, options: dict[str, Any]) -> RawResponse:
    """The answer of a sync client's provider.

    Raises:
        PartwiseError: the vendor failed.
    """
    provider, request = _provider(client), _request(client, messages, options)
    chunks: list[Any] = []
    try:
        decoder = provider.decoder(request)
        with provider.open(provider.build_request(request)) as events:
            for event in events:
                chunks += decoder.feed(event)
        chunks += decoder.close()
    except Exception as error:
        raise _mapped(client, error) from error
    return of_chunks(chunks, request.model)


async def aask(client: Any, messages: Any, options: dict[str, Any]) -> RawResponse:
    """The same for asyncio."""
    provider, request = _provider(client), _request(client, messages, options)
    chunks: list[Any] = []
    try:
        decoder = provider.decoder(request)
        async with provider.aopen(provider.build_request(request)) as events:
            async for event in events:
                chunks += decoder.feed(event)
        chunks += decoder.close()
    except Exception as error:
        raise _mapped(client, error) from error
    return of_chunks(chunks, request.model)


def _provider(client: Any) -> Any:
    return client._calls.provider  # noqa: SLF001 - no public call takes a request without a model


def _mapped(client: Any, error: Exception) -> Exception:
    return translated(error, _provider(client), client.config.name, opening=False)


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
