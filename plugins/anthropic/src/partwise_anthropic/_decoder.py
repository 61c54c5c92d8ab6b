"""Turns the events of one Anthropic stream into chunks.

A message is a list of content blocks. Each begins with `content_block_start`, grows by
`content_block_delta`s, which repeat its index, and ends with `content_block_stop`. Around them,
`message_start` and `message_delta` carry usage and the stop reason. What this makes of them:

- A tool call is keyed by its block's index. Calls that Anthropic runs itself (`server_tool_use`,
  `mcp_tool_use`) are no calls of ours: they and their results give nothing.
- A call's input streams as JSON text. Where it does not, it stands whole in the block's start,
  and is told when the block ends; an empty input is thus `{}`. A block that never ends was cut
  off, and its input stays as short as it came.
- Blocks may also stand whole in `message_start`.
- Usage is cumulative, and each event has only some of its numbers: the latest of each counts.
- The filter speaks by an error, which only its message tells from a bad request.
- Signatures, citations, redacted thinking and events of unknown types give nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

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
)

from ._errors import of_event, second_message

Event: TypeAlias = Mapping[str, Any]

BLOCKED = "blocked by content filtering policy"
"""What the API's filter says, in mid-stream, of an answer that it stops."""

_NOTHING: tuple[Chunk, ...] = ()

_REASONS: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    # "pause_turn" is among the others: the vendor wants to be asked to go on.
}

_COUNTED = (
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
        self._answering = False
        self._handlers: Mapping[str, Callable[[Event], Iterable[Chunk]]] = {
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
            ProviderError: the event is an error, or a second message begins after an answer's.
        """
        handler = self._handlers.get(event.get("type", ""))
        return handler(event) if handler else _NOTHING

    def close(self) -> Iterable[Chunk]:
        """Nothing: Anthropic says all before its stream ends."""
        return _NOTHING

    def _delta(self, event: Event) -> Iterable[Chunk]:
        delta = event["delta"]
        kind = delta["type"]
        if kind == "text_delta":
            return self._text(delta["text"])
        if kind == "input_json_delta":
            return self._input(event["index"], delta["partial_json"])
        if kind == "thinking_delta" and delta["thinking"]:
            return (ReasoningDelta(delta["thinking"]),)
        return _NOTHING

    def _text(self, text: str) -> Iterable[Chunk]:
        self._answering = self._answering or bool(text)
        return (TextDelta(text),) if text else _NOTHING

    def _input(self, index: int, text: str) -> Iterable[Chunk]:
        # Deltas of a server's tool come to no block that was opened here.
        if not text or index not in self._inputs:
            return _NOTHING
        self._inputs[index] = None
        return (ToolCallDelta(index, text),)

    def _start(self, event: Event) -> Iterable[Chunk]:
        return self._begin(event["index"], event["content_block"])

    def _begin(self, index: int, block: Mapping[str, Any]) -> Iterable[Chunk]:
        kind = block["type"]
        if kind == "text":
            return self._text(block.get("text") or "")
        if kind == "thinking" and block.get("thinking"):
            return (ReasoningDelta(block["thinking"]),)
        if kind == "tool_use":
            self._answering = True
            self._inputs[index] = block.get("input") or {}
            return (ToolCallDelta(index, "", id=block["id"], name=block["name"]),)
        return _NOTHING

    def _stop(self, event: Event) -> Iterable[Chunk]:
        return self._end(event["index"])

    def _end(self, index: int) -> Iterable[Chunk]:
        whole = self._inputs.pop(index, None)
        if whole is None:
            return _NOTHING
        return (ToolCallDelta(index, json.dumps(whole, ensure_ascii=False)),)

    def _message_start(self, event: Event) -> Iterator[Chunk]:
        if self._answering:
            # A gateway that began anew in mid-stream: what came cannot be taken back.
            raise second_message(self._provider)
        message = event["message"]
        yield from self._spend(message.get("usage"))
        for index, block in enumerate(message.get("content") or ()):
            yield from self._begin(index, block)
            yield from self._end(index)
        yield from self._finish(message)

    def _message_delta(self, event: Event) -> Iterator[Chunk]:
        yield from self._spend(event.get("usage"))
        yield from self._finish(event["delta"])

    def _finish(self, said: Mapping[str, Any]) -> Iterator[Chunk]:
        explanation = (said.get("stop_details") or {}).get("explanation")
        if explanation:
            yield RefusalDelta(explanation)
        raw = said.get("stop_reason")
        if raw:
            yield Finish(_REASONS.get(raw, "other"), raw)

    def _spend(self, usage: Mapping[str, Any] | None) -> Iterator[Chunk]:
        if not usage:
            return
        details = usage.get("output_tokens_details") or {}
        numbers = {**usage, "thinking_tokens": details.get("thinking_tokens")}
        self._usage |= {key: numbers[key] for key in _COUNTED if numbers.get(key) is not None}
        yield self._total()

    def _total(self) -> Usage:
        spent = self._usage.get
        cached = spent("cache_read_input_tokens", 0)
        # What was read from a cache or written to one is not in Anthropic's `input_tokens`.
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
        message = (event.get("error") or {}).get("message", "")
        if BLOCKED in message:
            return (Finish("content_filter", message),)
        raise of_event(event, self._provider)


class ToolInputAsText:
    """Tells the input of the answer's tool as the visible text of the answer.

    For a mode that promises text where a tool had to carry the answer. What else the model says
    is held back, and told only if it ends without having called the tool.
    """

    def __init__(self, decoder: Decoder, tool: str) -> None:
        self._decoder = decoder
        self._tool = tool
        self._index: int | None = None
        self._said: list[str] = []

    def feed(self, event: Event) -> Iterable[Chunk]:
        """The chunks of one event. Raises as the decoder within does."""
        return [told for chunk in self._decoder.feed(event) for told in self._tell(chunk)]

    def close(self) -> Iterable[Chunk]:
        """What is left at the stream's end."""
        left = [told for chunk in self._decoder.close() for told in self._tell(chunk)]
        return [*left, *self._release()]

    def _tell(self, chunk: Chunk) -> Iterable[Chunk]:
        match chunk:
            case ToolCallDelta():
                return self._call(chunk)
            case TextDelta(text):
                self._said.append(text)
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
        return (TextDelta(chunk.arguments),) if chunk.arguments else _NOTHING

    def _release(self) -> Iterable[Chunk]:
        """The text that was held back, if it is the answer."""
        text = "".join(self._said) if self._index is None else ""
        self._said.clear()
        return (TextDelta(text),) if text else _NOTHING
