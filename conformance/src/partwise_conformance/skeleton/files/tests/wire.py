"""Acme's wire format, as the conformance suite needs it."""

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
from partwise_conformance import SSE, NotOnThisWireError, Part, StreamError, Wire

_WORDS = {
    "stop": "done",
    "tool_calls": "called",
    "length": "limit",
    "content_filter": "filtered",
    "refusal": "refused",
    "other": "paused",
}


class AcmeWire(Wire):
    framing = SSE()

    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        for chunk in chunks:
            yield _event(chunk)


def _event(chunk: Part) -> dict[str, Any]:
    match chunk:
        case TextDelta(text):
            return {"text": text}
        case ReasoningDelta(text):
            return {"thought": text}
        case RefusalDelta(text):
            return {"refusal": text}
        case ToolCallDelta(index, arguments, call_id, name):
            call = {"index": index, "arguments": arguments, "id": call_id, "name": name}
            return {"call": call}
        case Usage():
            return {"usage": _counts(chunk)}
        case Finish(reason):
            return {"stop": _WORDS[reason]}
        case KeepAlive():
            return {"ping": True}
        case StreamError(message):
            return {"error": {"message": message}}
    # The test of a kind that the vendor does not have is then an `xfail`, with the reason.
    raise NotOnThisWireError(chunk)


def _counts(usage: Usage) -> dict[str, int]:
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cached": usage.cached_input_tokens,
        "thinking": usage.reasoning_tokens,
    }
