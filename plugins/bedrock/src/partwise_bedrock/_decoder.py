"""Turns the events of one of Converse's streams into chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
    as_count,
    as_json,
    as_map,
    as_text,
    as_word,
    read_event,
)

_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}


class BedrockDecoder:
    """The decoder of one stream. `provider` is the name that its errors bear."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def feed(self, event: Mapping[str, Any]) -> Iterable[Chunk]:
        """The chunks in one event.

        Raises:
            ServerError: it can't be read. Of an event that is not JSON boto3
                leaves nothing.
        """
        return read_event(_read(event), event, provider=self._provider)

    def close(self) -> Iterable[Chunk]:
        """Nothing: the stream's own events carry everything."""
        return ()


def _read(event: Mapping[str, Any]) -> Iterator[Chunk]:
    for kind, fields in event.items():
        if kind in _READERS:
            yield from _READERS[kind](fields)


def _start(fields: Mapping[str, Any]) -> Iterator[Chunk]:
    if tool := as_map(as_map(fields["start"]).get("toolUse")):
        call_id, name = as_word(tool.get("toolUseId")), as_word(tool.get("name"))
        yield ToolCallDelta(_index(fields), "", call_id, name)


def _delta(fields: Mapping[str, Any]) -> Iterator[Chunk]:
    delta = as_map(fields["delta"])
    if "toolUse" in delta:
        arguments = as_json(as_map(delta["toolUse"]).get("input"))
        yield ToolCallDelta(_index(fields), arguments)
    elif text := as_text(delta.get("text")):
        # Blocks are separate items: prose in one, the JSON in the next.
        yield TextDelta(text, _index(fields))
    elif thought := as_text(as_map(delta.get("reasoningContent")).get("text")):
        yield ReasoningDelta(thought)


def _index(fields: Mapping[str, Any]) -> int:
    return as_count(fields.get("contentBlockIndex")) or 0


def _stop(fields: Mapping[str, Any]) -> Iterator[Chunk]:
    raw = as_text(fields["stopReason"])
    yield Finish(_REASONS.get(raw, "other"), raw)


def _metadata(fields: Mapping[str, Any]) -> Iterator[Chunk]:
    spent = as_map(fields["usage"])
    names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    sent, received, cached, written = (as_count(spent.get(name)) or 0 for name in names)
    # Tokens read from the cache, or written to it, are not in `inputTokens`.
    yield Usage(sent + cached + written, received, cached)


_READERS: Final = {
    "contentBlockStart": _start,
    "contentBlockDelta": _delta,
    "messageStop": _stop,
    "metadata": _metadata,
}
