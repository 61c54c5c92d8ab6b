"""Turns the events of one Anthropic stream into chunks.

A message is a list of content blocks. Each begins with `content_block_start`, grows by
`content_block_delta`s, which repeat its index, and ends with `content_block_stop`. Around them,
`message_start` and `message_delta` carry usage and the stop reason. The rules:

- A tool call is keyed by its block's index. Calls that Anthropic runs itself (`server_tool_use`,
  `mcp_tool_use`) are no calls of ours: they and their results give nothing.
- A call's input streams as JSON text. If it does not, it is whole in the block's start, and is
  given out when the block ends; an empty input is thus `{}`. A block that never ends was cut off,
  and its input stays as short as it came.
- Texts of different blocks are separate items: prose in one, the JSON in the next.
- Blocks may also be whole in `message_start`.
- Usage is cumulative, and each event has only some of its numbers: the latest of each counts.
- The filter sends an error, which differs from a bad request only by its message.
- Signatures, citations, redacted thinking and events of unknown types give nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from partwise.provider import (
    Chunk,
    Decoder,
    Finish,
    FinishReason,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
    as_count,
    as_json,
    as_map,
    as_maps,
    as_text,
    as_word,
    unreadable_event,
)

from ._errors import error_of_event, second_message

Event: TypeAlias = Mapping[str, Any]

BLOCKED: Final = "blocked by content filtering policy"
"""The words of the API's filter, in the midst of a stream, for an answer that it stops."""

_NOTHING: Final[tuple[Chunk, ...]] = ()

_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    # "pause_turn" is among the others: the vendor wants to be asked to go on.
}

_COUNTS: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "thinking_tokens",
)


class AnthropicDecoder:
    """The decoder of one stream. `provider` is the name that its errors bear."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._usage: dict[str, int] = {}
        # The whole inputs of the open tool blocks to which no delta has come yet.
        self._inputs: dict[int, Any] = {}
        self._block = 0  # the block that began last
        self._answering = False
        self._handlers: Mapping[Any, Callable[[Event], Iterable[Chunk]]] = {
            "content_block_delta": self._delta,
            "content_block_start": self._start,
            "content_block_stop": self._stop,
            "message_start": self._message_start,
            "message_delta": self._message_delta,
            "ping": self._ping,
            "error": self._error,
        }

    def feed(self, event: Event) -> Iterable[Chunk]:
        """The chunks of one event, as plain data.

        Raises:
            ProviderError: the event is an error or can't be read, or a second message begins after
                an answer's.
        """
        try:
            handler = self._handlers.get(event.get("type"))
            return handler(event) if handler else _NOTHING
        except (AttributeError, TypeError, ValueError) as error:
            raise unreadable_event(event, error, provider=self._provider) from error

    def close(self) -> Iterable[Chunk]:
        """Nothing: the stream's own events carry everything."""
        return _NOTHING

    def _delta(self, event: Event) -> Iterable[Chunk]:
        delta = as_map(event.get("delta"))
        kind = delta.get("type")
        if kind == "text_delta":
            return self._text(self._index(event), delta.get("text"))
        if kind == "input_json_delta":
            return self._input(self._index(event), as_json(delta.get("partial_json")))
        if kind == "thinking_delta":
            return _reasoning(delta.get("thinking"))
        return _NOTHING

    def _index(self, event: Event) -> int:
        """The block that the event is about; the last one, if it does not say."""
        index = as_count(event.get("index"))
        return self._block if index is None else index

    def _text(self, index: int, value: Any) -> Iterable[Chunk]:
        text = as_text(value)
        self._answering = self._answering or bool(text)
        return (TextDelta(text, index),) if text else _NOTHING

    def _input(self, index: int, text: str) -> Iterable[Chunk]:
        # Deltas of a server's tool come to no block that was opened here.
        if not text or index not in self._inputs:
            return _NOTHING
        self._inputs[index] = None
        return (ToolCallDelta(index, text),)

    def _start(self, event: Event) -> Iterable[Chunk]:
        index = as_count(event.get("index"))
        self._block = self._block + 1 if index is None else index
        return self._begin(self._block, as_map(event.get("content_block")))

    def _begin(self, index: int, block: Mapping[str, Any]) -> Iterable[Chunk]:
        kind = block.get("type")
        if kind == "text":
            return self._text(index, block.get("text"))
        if kind == "thinking":
            return _reasoning(block.get("thinking"))
        if kind == "tool_use":
            self._answering = True
            self._inputs[index] = block.get("input") or {}
            call_id, name = as_word(block.get("id")), as_word(block.get("name"))
            return (ToolCallDelta(index, "", id=call_id, name=name),)
        return _NOTHING

    def _stop(self, event: Event) -> Iterable[Chunk]:
        return self._end(self._index(event))

    def _end(self, index: int) -> Iterable[Chunk]:
        whole = self._inputs.pop(index, None)
        return _NOTHING if whole is None else (ToolCallDelta(index, as_json(whole)),)

    def _message_start(self, event: Event) -> Iterable[Chunk]:
        if self._answering:
            # A gateway that began anew in mid-stream: the first text cannot be taken back.
            raise second_message(self._provider)
        message = as_map(event.get("message"))
        chunks = [*self._spend(message.get("usage"))]
        for index, block in enumerate(as_maps(message.get("content"))):
            chunks += (*self._begin(index, block), *self._end(index))
        return [*chunks, *_finish(message)]

    def _message_delta(self, event: Event) -> Iterable[Chunk]:
        return [*self._spend(event.get("usage")), *_finish(as_map(event.get("delta")))]

    def _spend(self, value: Any) -> Iterator[Chunk]:
        usage = as_map(value)
        details = as_map(usage.get("output_tokens_details"))
        numbers = {**usage, "thinking_tokens": details.get("thinking_tokens")}
        counts = {key: as_count(numbers.get(key)) for key in _COUNTS}
        self._usage |= {key: count for key, count in counts.items() if count is not None}
        if usage:
            yield self._total()

    def _total(self) -> Usage:
        spent = self._usage.get
        cached = spent("cache_read_input_tokens", 0)
        # Tokens read from a cache or written to one are not in Anthropic's `input_tokens`.
        uncached = spent("input_tokens", 0) + spent("cache_creation_input_tokens", 0)
        return Usage(
            input_tokens=uncached + cached,
            output_tokens=spent("output_tokens", 0),
            cached_input_tokens=cached,
            reasoning_tokens=spent("thinking_tokens", 0),
        )

    def _ping(self, _event: Event) -> Iterable[Chunk]:
        return (KeepAlive(),)

    def _error(self, event: Event) -> Iterable[Chunk]:
        message = as_map(event.get("error")).get("message")
        if isinstance(message, str) and BLOCKED in message:
            return (Finish("content_filter", message),)
        raise error_of_event(event, self._provider)


def _reasoning(value: Any) -> Iterable[Chunk]:
    text = as_text(value)
    return (ReasoningDelta(text),) if text else _NOTHING


def _finish(fields: Mapping[str, Any]) -> Iterator[Chunk]:
    details = as_map(fields.get("stop_details"))
    explanation = as_word(details.get("explanation"))
    if explanation:
        yield RefusalDelta(explanation)
    if raw := as_word(fields.get("stop_reason")):
        yield Finish(_REASONS.get(raw, "other"), raw)


class ToolInputAsText:
    """Turns the input of the answer's tool into the visible text of the answer.

    For a mode that promises text if a tool has to carry the answer. Other text of the model's is
    held back, and given out only if the model ends without having called the tool.
    """

    def __init__(self, decoder: Decoder, tool: str) -> None:
        self._decoder = decoder
        self._tool = tool
        self._index: int | None = None
        self._texts: list[TextDelta] = []

    def feed(self, event: Event) -> Iterable[Chunk]:
        """The chunks of one event. Raises as the decoder within does."""
        return [new for chunk in self._decoder.feed(event) for new in self._convert(chunk)]

    def close(self) -> Iterable[Chunk]:
        """The remaining chunks at the stream's end."""
        left = [new for chunk in self._decoder.close() for new in self._convert(chunk)]
        return [*left, *self._release()]

    def _convert(self, chunk: Chunk) -> Iterable[Chunk]:
        match chunk:
            case ToolCallDelta():
                return self._call(chunk)
            case TextDelta():
                self._texts.append(chunk)
                return _NOTHING
            case Finish(_, raw) if self._index is not None:
                return (Finish("stop", raw),) if chunk.reason == "tool_calls" else (chunk,)
            case Finish():
                return (*self._release(), chunk)
            case _:
                return (chunk,)

    def _call(self, chunk: ToolCallDelta) -> Iterable[Chunk]:
        if self._index is None and chunk.name == self._tool:
            self._index = chunk.index
        if chunk.index != self._index:
            return (chunk,)
        return (TextDelta(chunk.arguments, chunk.index),) if chunk.arguments else _NOTHING

    def _release(self) -> Iterable[Chunk]:
        """The text that was held back, if it is the answer."""
        texts = tuple(self._texts) if self._index is None else _NOTHING
        self._texts.clear()
        return texts
