"""Streams of Google's SDK: read, closed before their end, and their errors classified.

The SDK's generators are nested and do not close each other: closing the outermost one leaves the
connection open until a garbage collection. So a hook on the SDK's HTTP client notes the response of
the stream that is being read, and that response is closed. Over aiohttp, which has no such hook, a
read is cancelled instead, so that all generators end; if none is under way, one is begun for that.

Python's own errors, raised by the SDK, are not the vendor's. Before the first event it is about
the request, such as an option that Vertex AI lacks; later about an answer of an unexpected form.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final, Self

from google.genai import types
from google.genai.errors import UnknownApiResponseError
from pydantic import ValidationError

from partwise.provider import BadRequestError, ProviderError, ServerError, refuse_redirects

_READER: Final[ContextVar[AsyncEvents | None]] = ContextVar("partwise_google_reader", default=None)
"""The stream that the current task is reading."""

_UNREADABLE: Final = (UnknownApiResponseError, ValidationError)
_STUMBLES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

_LATE_MODELS: Final = (
    types.Part,
    types.Content,
    types.GenerateContentConfig,
    types.Candidate,
    types.GenerateContentResponse,
)
"""The models of a request and its answer, which pydantic builds when they are first used, in up to
30 ms each (`defer_build` in the SDK's types)."""


def build_models() -> None:
    """Build the models that the first request and its answer need."""
    for model in _LATE_MODELS:
        model.model_rebuild()


def prepare(client: Any) -> Any:
    """The same client, whose responses are noted, and which is not redirected to another origin.

    The SDK shows its HTTP clients nowhere else. The client may be the asynchronous half alone.
    """
    inner = getattr(client, "_api_client", None)
    if (http_client := getattr(inner, "_httpx_client", None)) is not None:
        refuse_redirects(http_client)
    if (http_client := getattr(inner, "_async_httpx_client", None)) is not None:
        _add_hooks(http_client)
    of_aiohttp = getattr(inner, "_async_client_session_request_args", None)
    if isinstance(of_aiohttp, dict):
        of_aiohttp.setdefault("allow_redirects", False)
    return client


def _add_hooks(http_client: Any) -> None:
    # The SDK's own sends by an inner client for each event loop, made of the same arguments.
    for each in (http_client, *getattr(http_client, "_loop_clients", {}).values()):
        hooks = refuse_redirects(each).event_hooks
        if _note_response not in hooks["response"]:
            each.event_hooks = {**hooks, "response": [*hooks["response"], _note_response]}
    arguments = getattr(http_client, "_client_kwargs", None)
    if isinstance(arguments, dict):
        arguments["event_hooks"] = http_client.event_hooks


async def _note_response(response: Any) -> None:
    if (reader := _READER.get()) is not None:
        reader.response = response


class _Errors:
    """Python's own errors of the SDK's, in partwise's terms."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.began = False

    def of(self, error: Exception) -> ProviderError | None:
        """The error to raise in place of this one; None to let it through."""
        message = f"google-genai: {error}"
        if isinstance(error, _UNREADABLE):
            return ServerError(message, provider=self.provider, retryable=self.began)
        if not isinstance(error, _STUMBLES) or isinstance(error, UnicodeError):
            return None
        if self.began:
            message = f"the SDK can't read an event ({type(error).__name__}: {error})"
            return ServerError(message, provider=self.provider, retryable=True)
        return BadRequestError(message, provider=self.provider)


class Events(Iterator[Any]):
    """The events of one stream, read by a thread."""

    def __init__(self, stream: Generator[Any], provider: str) -> None:
        self._stream = stream
        self._errors = _Errors(provider)

    def __next__(self) -> Any:
        try:
            event = next(self._stream)
        except Exception as error:
            if (known := self._errors.of(error)) is not None:
                raise known from error
            raise
        self._errors.began = True
        return event

    def close(self) -> None:
        # Closing the outermost of the SDK's generators drops, and so closes, those inside it.
        self._stream.close()


class AsyncEvents(AsyncIterator[Any]):
    """The events of one stream. `aclose` may be called by any task of the loop, at any time.

    Raises:
        TimeoutError: an event took longer than `limit` seconds; None leaves that to the SDK.
    """

    def __init__(
        self, stream: AsyncIterator[Any], provider: str, limit: float | None = None
    ) -> None:
        self.response: Any = None
        self._stream = stream
        self._errors = _Errors(provider)
        self._limit = limit
        # The task that waits for an event, and a future for whoever closes the stream under it.
        self._reader: asyncio.Task[Any] | None = None
        self._left: asyncio.Future[None] | None = None
        # Whether the SDK's generators are suspended, with the connection in their hands.
        self._holding = False
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._closed:
            raise StopAsyncIteration
        self._reader = reader = asyncio.current_task()
        others = reader.cancelling() if reader else 0
        self._holding = False
        try:
            event = await self._read()
        except asyncio.CancelledError:
            if self._left is None or reader is None or reader.uncancel() > others:
                raise
            raise StopAsyncIteration from None
        finally:
            self._reader = None
            if self._left is not None:
                self._left.set_result(None)
        self._holding = self._errors.began = True
        return event

    async def _read(self) -> Any:
        token = _READER.set(self)
        try:
            if self._limit is None:
                return await anext(self._stream)
            async with asyncio.timeout(self._limit):
                return await anext(self._stream)
        except Exception as error:
            # It ends the generators around the one that raised it, and leaves those inside.
            await self._close_response()
            if (known := self._errors.of(error)) is not None:
                raise known from error
            raise
        finally:
            _READER.reset(token)

    async def aclose(self) -> None:
        """Release the connection. Whoever is waiting for an event sees the stream end."""
        self._closed = True
        if self._reader is not None and self._left is None:
            self._left = asyncio.get_running_loop().create_future()
            self._reader.cancel()
        if self._left is not None:
            await asyncio.shield(self._left)
        if self._holding:
            # This goes on to its end even if the task that waits for it is cancelled.
            await asyncio.shield(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        """Close the response, and let the SDK's generators end."""
        await self._close_response()
        with suppress(Exception):
            # Events that were received already are read without waiting, so one read may not do.
            while await self._cancelled_read():
                pass

    async def _close_response(self) -> None:
        if self.response is not None:
            with suppress(Exception):
                await self.response.aclose()

    async def _cancelled_read(self) -> Any:
        """The event of a read that is cancelled if it waits; None if the stream has ended."""
        read = asyncio.ensure_future(_next(self._stream))
        # One that has not begun would be cancelled before it reached the SDK.
        await asyncio.sleep(0)
        read.cancel()
        await asyncio.wait([read])
        return None if read.cancelled() else read.result()


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, None)
