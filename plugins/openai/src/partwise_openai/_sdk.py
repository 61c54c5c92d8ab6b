"""All that touches OpenAI's SDK to send a request. Importing it takes half a second: do it late.

The SDK's `post`, which is its way to endpoints that it does not know, keeps its authentication,
retries and errors, and leaves the bytes of the response to be read here (see `_sse`). `create`
would check each value of the request against its own types first, in a third of a request's time,
and change none of those that partwise sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx2
from openai import AsyncOpenAI, AsyncStream, NotGiven, Omit, OpenAI, Stream

from partwise.provider import ConfigurationError, refuse_redirects

from ._errors import error_of_content
from ._sse import EventReader

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig

ClientT = TypeVar("ClientT", OpenAI, AsyncOpenAI)

_EXCERPT_BYTES = 65_536
"""Bytes of a page that are read for the error."""

_DRAIN_SECONDS = 0.1
"""For the end of a body that has said `[DONE]`, so that its connection can be used again."""


def client(config: ProviderConfig, arguments: Mapping[str, Any]) -> OpenAI:
    """The user's own client of the SDK, or one as the user configured it.

    Raises:
        ConfigurationError: it is of the wrong kind, or can't be made so.
    """
    return _client(OpenAI, config, arguments)


def async_client(config: ProviderConfig, arguments: Mapping[str, Any]) -> AsyncOpenAI:
    """The same for asyncio."""
    return _client(AsyncOpenAI, config, arguments)


@contextmanager
def stream(
    client: OpenAI, payload: Mapping[str, Any], config: ProviderConfig
) -> Iterator[Iterator[Any]]:
    """The events of the answer to this payload, as plain data.

    Raises:
        ProviderError: the answer is a page.
    """
    with _unsendable():
        response = client.post(**_arguments(payload), stream=True, stream_cls=Stream[Any])
    try:
        if _is_page(response.headers):
            page = next(response.iter_bytes(_EXCERPT_BYTES), b"")
            raise _no_stream(response, page, config.name)
        if config.on_headers is not None:
            config.on_headers(response.headers)
        yield _events(response, config.name)
    finally:
        response.close()


def _events(response: httpx2.Response, provider: str) -> Iterator[Any]:
    reader = EventReader(provider)
    for piece in response.iter_bytes():
        yield from reader.feed(piece)
        if reader.ended:
            return
    yield from reader.close()


@asynccontextmanager
async def astream(
    client: AsyncOpenAI, payload: Mapping[str, Any], config: ProviderConfig
) -> AsyncIterator[AsyncIterator[Any]]:
    """The same for asyncio."""
    with _unsendable():
        response = await client.post(
            **_arguments(payload), stream=True, stream_cls=AsyncStream[Any]
        )
    pieces = response.aiter_bytes()
    try:
        if _is_page(response.headers):
            page = await anext(pieces, b"")
            raise _no_stream(response, page, config.name)
        if config.on_headers is not None:
            config.on_headers(response.headers)
        yield _AsyncEvents(pieces, EventReader(config.name))
    finally:
        await response.aclose()
        # The HTTP library's generators are still suspended, and each would be ended by a task of
        # its own, some time later. To read on ends them here: nothing more can come.
        with suppress(Exception):
            async for _ in pieces:
                pass


def _client(cls: type[ClientT], config: ProviderConfig, arguments: Mapping[str, Any]) -> ClientT:
    given = config.client
    made = _make(cls, arguments) if given is None else _adopt(given, cls, config.name)
    if config.caller_retries and made.max_retries:
        # A copy, which shares the connections of the user's own.
        made = made.with_options(max_retries=0)
    refuse_redirects(made._client)  # noqa: SLF001 - the SDK shows its HTTP client nowhere else
    config.secrets.add(made.organization, made.project)
    return made


def _make(cls: type[ClientT], arguments: Mapping[str, Any]) -> ClientT:
    try:
        return cls(**arguments)
    except TypeError as error:
        # An unknown option, or an HTTP client of the wrong kind: the SDK says which.
        raise ConfigurationError(str(error)) from error


def _adopt(client: object, wanted: type[ClientT], name: str) -> ClientT:
    if isinstance(client, wanted):
        return client
    raise ConfigurationError(
        f"the client given for {name!r} is a {type(client).__qualname__}, "
        f"but this call needs an openai.{wanted.__name__}"
    )


class _AsyncEvents:
    """The events in an asynchronous body. No generator, which would have to be ended too."""

    def __init__(self, pieces: AsyncIterator[bytes], reader: EventReader) -> None:
        self._pieces = pieces
        self._reader = reader
        self._ready: Iterator[Any] = iter(())

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        while True:
            for event in self._ready:
                return event
            if self._reader.ended:
                await self._drain()
                raise StopAsyncIteration
            piece = await anext(self._pieces, None)
            self._ready = self._reader.close() if piece is None else self._reader.feed(piece)
            self._reader.ended = piece is None

    async def _drain(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for _ in self._pieces:
                    pass


_OPTIONS: Final = {
    "extra_body": "extra_json",
    "extra_headers": "headers",
    "extra_query": "params",
    "timeout": "timeout",
}
"""Keywords of `create` that are not of the body, with their names for `post`."""


def _arguments(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of `create` as those of `post`.

    All others are the body, also those that the SDK does not know: other servers have parameters
    of their own, such as `top_k` or `thinking`.
    """
    given = {
        name: value for name, value in payload.items() if not isinstance(value, NotGiven | Omit)
    }
    options = {own: given.pop(name) for name, own in _OPTIONS.items() if name in given}
    options = {name: value for name, value in options.items() if name == "timeout" or value}
    return {
        "path": "/responses" if "input" in payload else "/chat/completions",
        "body": given,
        "options": {**options, "security": {"bearer_auth": True}},  # as `create` does
        "cast_to": httpx2.Response,
    }


@contextmanager
def _unsendable() -> Iterator[None]:
    """Raise the SDK's builtin errors for values that are no JSON as errors of the request."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"the request can't be sent: {error}") from error


def _is_page(headers: Mapping[str, str]) -> bool:
    """Whether the body is no event and no JSON. Some proxies call events plain text, or nothing."""
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    return "html" in kind or kind.endswith("xml")


def _no_stream(response: httpx2.Response, page: bytes, provider: str) -> Exception:
    text = page.decode("utf-8", errors="replace")
    return error_of_content(response.headers["content-type"], text, provider)
