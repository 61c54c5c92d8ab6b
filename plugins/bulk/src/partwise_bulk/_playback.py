"""Answers that are there already, read by the core as if their vendor streamed them now.

So the texts in a checkpoint and the answers of a batch end in the same values and errors as
streams do: the same modes, the same unwrapping of the root, the same validation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import Finish, TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from partwise.provider import (
        Capabilities,
        Chunk,
        Decoder,
        Provider,
        ProviderConfig,
        ProviderError,
        Request,
    )

PLAYED: Final = "partwise_bulk_chunks"
"""The option of a call that has the answer: a sequence of chunks, or the text alone."""


def playing(inner: Provider, config: ProviderConfig) -> Provider:
    """A `ProviderWrapper`: that provider, with nothing sent and the answer in the call."""
    del config
    return PlayingProvider(inner)


class PlayingProvider:
    """Gives the chunks that come with the call."""

    def __init__(self, inner: Provider) -> None:
        self._inner = inner

    def capabilities(self, model: str) -> Capabilities:
        return self._inner.capabilities(model)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        return {"chunks": _chunks(request, request.options[PLAYED])}

    def decoder(self, request: Request) -> Decoder:  # noqa: ARG002 - all are alike
        return PlayingDecoder()

    def map_error(self, error: Exception) -> ProviderError | None:  # noqa: ARG002 - none comes
        return None

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        yield iter([payload["chunks"]])

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        yield _OneEvent(payload["chunks"])

    def close(self) -> None:
        """Nothing was opened."""

    async def aclose(self) -> None:
        """Nothing was opened."""


class PlayingDecoder:
    """Hands on chunks as they are."""

    def feed(self, event: Sequence[Chunk]) -> Sequence[Chunk]:
        return event

    def close(self) -> Sequence[Chunk]:
        return ()


class _OneEvent(AsyncIterator[Any]):
    def __init__(self, event: Any) -> None:
        self._events = iter([event])

    async def __anext__(self) -> Any:
        for event in self._events:
            return event
        raise StopAsyncIteration


def _chunks(request: Request, played: str | Sequence[Chunk]) -> Sequence[Chunk]:
    if not isinstance(played, str):
        return [_named(chunk, request) for chunk in played]
    if request.mode.uses_tool:
        return [ToolCallDelta(0, played, "call", request.name), Finish("tool_calls")]
    return [TextDelta(played), Finish("stop")]


def _named(chunk: Chunk, request: Request) -> Chunk:
    """A call that has no name is that of the answer's tool."""
    if isinstance(chunk, ToolCallDelta) and chunk.name is None:
        return replace(chunk, name=request.name)
    return chunk
