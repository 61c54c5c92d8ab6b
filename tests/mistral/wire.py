"""Mistral's wire format, as the conformance suite needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from partwise.provider import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_conformance import NotOnThisWireError, Part, StreamError, Wire

_REASONS = {"stop": "stop", "tool_calls": "tool_calls", "length": "length", "other": "new"}


class MistralWire(Wire):
    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        yield _chunk({"role": "assistant", "content": ""})
        calls: dict[int, dict[str, Any]] = {}
        for chunk in chunks:
            match chunk:
                case TextDelta(text):
                    yield _chunk({"content": text})
                case ReasoningDelta(text):
                    thinking = [{"type": "text", "text": text}]
                    yield _chunk({"content": [{"type": "thinking", "thinking": thinking}]})
                case ToolCallDelta(index, arguments, call_id, name):
                    # Calls come whole, and with no index: all are told once the answer ends.
                    call = calls.setdefault(index, {"id": call_id, "name": name, "arguments": ""})
                    call["arguments"] += arguments
                case Finish(reason) if reason in _REASONS:
                    told = {"tool_calls": [_call(call) for call in calls.values()]} if calls else {}
                    yield _chunk({"content": "", **told}, _REASONS[reason])
                case Usage() if not chunk.reasoning_tokens:
                    yield {**_chunk({}), "usage": _spent(chunk)}
                case KeepAlive():
                    yield b": still here\n\n"
                case StreamError(message):
                    yield {"object": "error", "message": message, "raw_status_code": 503}
                case _:
                    raise NotOnThisWireError(chunk)
        yield "[DONE]"

    def error(self, status: int, message: str) -> Any:
        return {"object": "error", "message": message, "raw_status_code": status}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def _call(call: dict[str, Any]) -> dict[str, Any]:
    return {"id": call["id"], "function": {"name": call["name"], "arguments": call["arguments"]}}


def _spent(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
    }
