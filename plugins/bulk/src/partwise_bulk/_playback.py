"""Answers that are there already, read by the core as if their vendor streamed them now.

So the texts in a checkpoint and the answers of a batch end in the same values and errors as
streams do: the same modes, the same unwrapping of the root, the same validation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import Finish, ReadyEvents, TextDelta, ToolCallDelta

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

PLAYED: Final = "partwise_bulk_played"
"""The option of a call that has the answer: its text, or `Events` in the vendor's own form."""


class CapturedError(Exception):
    """In place of an answer: the payload that would have been sent.

    Attributes:
        payload: the provider's, for the request.
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        super().__init__("nothing is sent")
        self.payload = payload


class Events(list[Any]):
    """The events of an answer, in the vendor's own form."""


class PlayingProvider:
    """A `ProviderWrapper`: that provider, with nothing sent and the answer in the call.

    A call that has no answer ends in a `CapturedError` with the payload.
    """

    def __init__(self, inner: Provider, _config: ProviderConfig) -> None:
        self._inner = inner

    def capabilities(self, model: str) -> Capabilities:
        return self._inner.capabilities(model)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        options = dict(request.options)
        played = options.pop(PLAYED, None)
        if played is None:
            return self._inner.build_request(request)
        events = played if isinstance(played, Events) else [_chunks(request, played)]
        return {"events": events}

    def decoder(self, request: Request) -> Decoder:
        is_text = isinstance(request.options.get(PLAYED), str)
        return PlayingDecoder() if is_text else self._inner.decoder(request)

    def map_error(self, error: Exception) -> ProviderError | None:
        return None if isinstance(error, CapturedError) else self._inner.map_error(error)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        yield iter(_events(payload))

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        yield ReadyEvents(_events(payload))

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


def _events(payload: Mapping[str, Any]) -> Sequence[Any]:
    if "events" not in payload:
        raise CapturedError(payload)
    found: Sequence[Any] = payload["events"]
    return found


def _chunks(request: Request, played: str) -> Sequence[Chunk]:
    if request.mode.uses_tool:
        return [ToolCallDelta(0, played, "call", request.name), Finish("tool_calls")]
    return [TextDelta(played), Finish("stop")]
