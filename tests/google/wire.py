"""Gemini's wire format, as the conformance suite needs it."""

from __future__ import annotations

import json
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

_REASONS = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "other": "MALFORMED_FUNCTION_CALL",
}


class GoogleWire(Wire):
    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        calls: dict[int, dict[str, Any]] = {}
        for chunk in chunks:
            match chunk:
                case TextDelta(text):
                    yield _event({"text": text})
                case ReasoningDelta(text):
                    yield _event({"text": text, "thought": True})
                case ToolCallDelta(index, arguments, call_id, name):
                    # Calls come whole: each is written once the answer ends.
                    call = calls.setdefault(index, {"id": call_id, "name": name, "text": ""})
                    call["text"] += arguments
                case Finish(reason) if reason in _REASONS:
                    yield from map(_call, calls.values()) if reason == "tool_calls" else ()
                    yield _event(finish=_REASONS[reason])
                case Usage():
                    yield {"usageMetadata": _spent(chunk)}
                case KeepAlive():
                    yield {"responseId": "still here"}
                case StreamError(message):
                    yield {"error": {"code": 503, "status": "UNAVAILABLE", "message": message}}
                case _:
                    raise NotOnThisWireError(chunk)

    def error(self, status: int, message: str) -> Any:
        return {"error": {"code": status, "message": message, "status": "UNKNOWN"}}


def _event(part: dict[str, Any] | None = None, finish: str | None = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [part] if part else []}}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})]}


def _call(call: dict[str, Any]) -> dict[str, Any]:
    arguments = json.loads(call["text"])
    function = {"id": call["id"], "name": call["name"], "args": arguments}
    return _event({"functionCall": function})


def _spent(usage: Usage) -> dict[str, Any]:
    return {
        "promptTokenCount": usage.input_tokens,
        "cachedContentTokenCount": usage.cached_input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "thoughtsTokenCount": usage.reasoning_tokens,
    }
