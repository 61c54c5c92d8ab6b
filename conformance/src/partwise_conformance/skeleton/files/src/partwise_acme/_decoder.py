"""The vendor's events in partwise's terms. Pure: one decoder for each stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    KeepAlive,
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
    unreadable_event,
)

_REASONS: Mapping[str, FinishReason] = {
    "done": "stop",
    "called": "tool_calls",
    "limit": "length",
    "filtered": "content_filter",
    "refused": "refusal",
}


class AcmeDecoder:
    """Reads one stream. Deltas are passed on unchanged, and nothing is added at the end."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def feed(self, event: Any) -> list[Chunk]:
        """The chunks in one event.

        Raises:
            ServerError: the vendor reports that it failed, or the event can't be read.
        """
        try:
            return [*self._chunks(event)]
        except (LookupError, TypeError, ValueError) as error:
            raise unreadable_event(event, error, provider=self._provider) from error

    def _chunks(self, event: Any) -> Iterator[Chunk]:
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
                # A ping, or a kind of event that the vendor has added since.
                yield KeepAlive()

    def close(self) -> list[Chunk]:
        """Nothing is kept back."""
        return []


def _usage(counts: Mapping[str, Any]) -> Usage:
    """The vendor's totals so far; the parts are within the totals."""
    return Usage(
        input_tokens=as_count(counts.get("input")) or 0,
        output_tokens=as_count(counts.get("output")) or 0,
        cached_input_tokens=as_count(counts.get("cached")) or 0,
        reasoning_tokens=as_count(counts.get("thinking")) or 0,
    )
