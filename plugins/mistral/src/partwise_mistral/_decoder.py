"""Turns the events of one of Mistral's streams into chunks.

Most of Mistral's models send no index with a tool call, so their ids distinguish calls, too.
The SDK's types allow arguments as an object, usage without all its numbers, and `"null"` as an id.
"""

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
    as_maps,
    as_text,
    as_word,
    read_event,
)

from ._errors import error_of_event, failed_finish

_REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "length": "length",
    "model_length": "length",
}


class MistralDecoder:
    """The decoder of one stream. `provider` is the name that its errors bear."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._count = 0
        # The latest call at each index, and its id.
        self._calls: dict[int | None, tuple[int, str | None]] = {}
        self._by_id: dict[str, int] = {}

    def feed(self, event: Any) -> Iterable[Chunk]:
        """The chunks in one event.

        Raises:
            ProviderError: the event is an error, or can't be read.
        """
        return read_event(self._read(event), event, provider=self._provider)

    def close(self) -> Iterable[Chunk]:
        """Nothing: the stream's own events carry everything."""
        return ()

    def _read(self, event: Any) -> Iterator[Chunk]:
        if (reported := error_of_event(event, self._provider)) is not None:
            raise reported
        data = as_map(event)
        choices = [each for each in as_maps(data.get("choices")) if not as_count(each.get("index"))]
        choice = as_map(choices)
        # A server that ignores `stream` sends the whole message.
        delta = as_map(choice.get("delta")) or as_map(choice.get("message"))
        yield from _content(delta.get("content"))
        for fragment in as_maps(delta.get("tool_calls")):
            yield self._call(fragment)
        if reason := as_word(choice.get("finish_reason")):
            if reason == "error":
                raise failed_finish(self._provider)
            yield Finish(_REASONS.get(reason, "other"), reason)
        if spent := as_map(data.get("usage")):
            yield _usage(spent)

    def _call(self, fragment: Mapping[str, Any]) -> ToolCallDelta:
        call_id = as_word(fragment.get("id"))
        call_id = None if call_id == "null" else call_id
        function = as_map(fragment.get("function"))
        number = self._number(as_count(fragment.get("index")), call_id)
        name, arguments = as_word(function.get("name")), as_json(function.get("arguments"))
        return ToolCallDelta(number, arguments, call_id, name)

    def _number(self, index: int | None, call_id: str | None) -> int:
        """The call that a fragment belongs to: that of its id, else the latest at its index."""
        if call_id in self._by_id:
            return self._by_id[call_id]
        if index not in self._calls or call_id not in (None, self._calls[index][1]):
            self._calls[index] = (self._count, call_id)
            self._count += 1
        number = self._calls[index][0]
        if call_id is not None:
            self._by_id[call_id] = number
        return number


def _content(content: Any) -> Iterator[Chunk]:
    if isinstance(content, Mapping) and "type" not in content:
        content = as_json(content)  # the answer itself, as an object
    if not isinstance(content, (list, Mapping)):
        yield from _text(content)
        return
    for part in as_maps(content):
        thinking = part.get("thinking")
        thoughts = as_maps(thinking) if isinstance(thinking, list) else [{"text": thinking}]
        for thought in thoughts:
            if text := as_text(thought.get("text")):
                yield ReasoningDelta(text)
        yield from _text(part.get("text"))


def _text(value: Any) -> Iterator[Chunk]:
    if text := as_text(value):
        yield TextDelta(text)


def _usage(spent: Mapping[str, Any]) -> Usage:
    details = as_map(spent.get("prompt_tokens_details"))
    return Usage(
        input_tokens=as_count(spent.get("prompt_tokens")) or 0,
        output_tokens=as_count(spent.get("completion_tokens")) or 0,
        cached_input_tokens=as_count(details.get("cached_tokens")) or 0,
    )
