"""Anthropic's wire format, as the conformance suite needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from partwise.provider import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_conformance import SSE, NotOnThisWireError, Part, StreamError, Wire, sse

_STOP = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "other": "pause_turn",
}


class AnthropicWire(Wire):
    framing = SSE(named_by="type")

    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:  # noqa: C901 - a case for each kind
        yield {"type": "message_start", "message": {"content": [], "usage": {}}}
        blocks: dict[object, int] = {}
        for chunk in chunks:
            match chunk:
                case TextDelta(text):
                    block = {"type": "text", "text": ""}
                    yield from _grow(blocks, "text", block, {"type": "text_delta", "text": text})
                case ReasoningDelta(text):
                    block = {"type": "thinking", "thinking": ""}
                    delta = {"type": "thinking_delta", "thinking": text}
                    yield from _grow(blocks, "thinking", block, delta)
                case ToolCallDelta(index, arguments, call_id, name):
                    tool: dict[str, Any] = {
                        "type": "tool_use",
                        "id": call_id,
                        "name": name,
                        "input": {},
                    }
                    delta = {"type": "input_json_delta", "partial_json": arguments}
                    yield from _grow(blocks, index, tool, delta)
                case RefusalDelta(text):
                    yield _message({"stop_details": {"type": "refusal", "explanation": text}})
                case Finish(reason) if reason in _STOP:
                    yield from ({"type": "content_block_stop", "index": i} for i in blocks.values())
                    yield _message({"stop_reason": _STOP[reason]})
                case Finish("content_filter"):
                    error = {
                        "type": "invalid_request_error",
                        "message": "Output blocked by content filtering policy",
                    }
                    yield {"type": "error", "error": {"details": None, **error}}
                case Usage():
                    yield {**_message({}), "usage": _spent(chunk)}
                case KeepAlive():
                    yield {"type": "ping"}
                case StreamError(message):
                    error = {"type": "overloaded_error", "message": message}
                    yield {"type": "error", "error": error}
                case _:
                    raise NotOnThisWireError(chunk)
        yield {"type": "message_stop"}

    def error(self, status: int, message: str) -> Any:
        kind = {401: "authentication_error", 429: "rate_limit_error"}.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}}

    def garbage(self) -> bytes:
        return sse('{"not": json', "content_block_delta")


def _grow(
    blocks: dict[object, int], key: object, block: dict[str, Any], delta: dict[str, Any]
) -> Iterator[Any]:
    if key not in blocks:
        blocks[key] = len(blocks)
        yield {"type": "content_block_start", "index": blocks[key], "content_block": block}
    yield {"type": "content_block_delta", "index": blocks[key], "delta": delta}


def _message(delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message_delta", "delta": delta}


def _spent(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens - usage.cached_input_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }
