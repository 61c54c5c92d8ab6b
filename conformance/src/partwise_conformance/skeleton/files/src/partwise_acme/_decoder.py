"""Turns the events of one of Acme's streams into chunks. Pure: one decoder for each stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    ReasoningDelta,
    RefusalDelta,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
    as_count,
    as_json,
    as_map,
    as_word,
    read_event,
)

_REASONS: Final[Mapping[str, FinishReason]] = {
    "done": "stop",
    "called": "tool_calls",
    "limit": "length",
    "filtered": "content_filter",
    "refused": "refusal",
}


class AcmeDecoder:
    """The decoder of one stream. `provider` is the name that its errors bear.

    Deltas are passed on unchanged, and nothing is added at the end.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def feed(self, event: Any) -> Iterable[Chunk]:
        """The chunks in one event.

        Raises:
            ServerError: the vendor reports that it failed, or the event can't be
                read.
        """
        return read_event(self._read(event), event, provider=self._provider)

    def close(self) -> Iterable[Chunk]:
        """Nothing: the stream's own events carry everything."""
        return ()

    def _read(self, event: Any) -> Iterator[Chunk]:
        match event:
            case {"text": str(text)}:
                yield TextDelta(text)
            case {"thought": str(text)}:
                yield ReasoningDelta(text)
            case {"refusal": str(text)}:
                yield RefusalDelta(text)
            case {"call": {"arguments": arguments, **call}}:
                index = as_count(call.get("index")) or 0
                name, call_id = as_word(call.get("name")), as_word(call.get("id"))
                yield ToolCallDelta(index, as_json(arguments), call_id, name)
            case {"usage": counts}:
                yield _usage(as_map(counts))
            case {"stop": str(word)}:
                yield Finish(_REASONS.get(word, "other"), word)
            case {"error": error}:
                message = as_word(as_map(error).get("message")) or repr(error)
                raise ServerError(message, provider=self._provider, retryable=True)
            case _:
                pass  # a ping, or a kind of event that the vendor has added since


def _usage(counts: Mapping[str, Any]) -> Usage:
    """The vendor's totals so far; the parts are within the totals."""
    return Usage(
        input_tokens=as_count(counts.get("input")) or 0,
        output_tokens=as_count(counts.get("output")) or 0,
        cached_input_tokens=as_count(counts.get("cached")) or 0,
        reasoning_tokens=as_count(counts.get("thinking")) or 0,
    )
