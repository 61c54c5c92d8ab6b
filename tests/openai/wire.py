"""OpenAI's wire formats, chat and Responses, as the conformance suite wants them told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from partwise.provider import (
    Finish,
    KeepAlive,
    Mode,
    ReasoningDelta,
    RefusalDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_conformance import NotOnThisWireError, Part, StreamError, Wire

_REASONS = {"other": "eaten_by_a_whale", "refusal": "stop"}


class OpenAIWire(Wire):
    base_path = "/v1"

    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        if request.mode in (Mode.RESPONSES, Mode.RESPONSES_TOOLS):
            return _responses(chunks)
        return _chat(chunks)


# Chat completions -----------------------------------------------------------------------------


def _chat(chunks: Iterator[Part]) -> Iterator[Any]:
    yield _choice({"role": "assistant", "content": None, "refusal": None})
    for chunk in chunks:
        match chunk:
            case TextDelta(text):
                yield _choice({"content": text})
            case ReasoningDelta(text):
                yield _choice({"reasoning_content": text})
            case RefusalDelta(text):
                yield _choice({"refusal": text})
            case ToolCallDelta():
                yield _choice({"tool_calls": [_fragment(chunk)]})
            case Finish(reason):
                yield _choice({}, _REASONS.get(reason, reason))
            case Usage():
                yield {"object": "chat.completion.chunk", "choices": [], "usage": _spent(chunk)}
            case KeepAlive():
                yield b": keep-alive\n\n"
            case StreamError(message):
                yield {"error": {"message": message, "type": "server_error", "code": 503}}
    yield "[DONE]"


def _choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return {"object": "chat.completion.chunk", "choices": [choice], "usage": None}


def _fragment(chunk: ToolCallDelta) -> dict[str, Any]:
    # The id and the name come with the first fragment alone.
    identity = {"id": chunk.id, "type": "function"} if chunk.id else {}
    named = {"name": chunk.name} if chunk.name else {}
    return {
        "index": chunk.index,
        **identity,
        "function": {**named, "arguments": chunk.arguments},
    }


def _spent(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


# Responses ------------------------------------------------------------------------------------


def _responses(chunks: Iterator[Part]) -> Iterator[Any]:
    yield {"type": "response.created", "response": {"status": "in_progress"}}
    finish, usage = Finish("stop"), None
    for chunk in chunks:
        match chunk:
            case Finish():
                finish = chunk
            case Usage():
                usage = chunk
            case ToolCallDelta():
                yield from _called(chunk)
            case _:
                yield _said(chunk)
    yield _end(finish, usage)


def _said(chunk: Part) -> dict[str, Any]:
    match chunk:
        case TextDelta(text):
            return _part("output_text.delta", 0, delta=text)
        case ReasoningDelta(text):
            return _part("reasoning_summary_text.delta", 0, summary_index=0, delta=text)
        case RefusalDelta(text):
            return _part("refusal.delta", 0, delta=text)
        case KeepAlive():
            return {"type": "keepalive", "sequence_number": 1}
        case StreamError(message):
            return {"type": "error", "code": "server_error", "message": message}
    raise NotOnThisWireError(chunk)


def _called(chunk: ToolCallDelta) -> Iterator[Any]:
    where = chunk.index + 1
    if chunk.id:
        item = {"type": "function_call", "call_id": chunk.id, "name": chunk.name, "arguments": ""}
        yield _part("output_item.added", where, item=item)
    yield _part("function_call_arguments.delta", where, delta=chunk.arguments)


def _part(kind: str, where: int, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", "output_index": where, **fields}


def _end(finish: Finish, usage: Usage | None) -> dict[str, Any]:
    counts = usage and {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
    why = {"length": "max_output_tokens", "content_filter": "content_filter", "other": "a_whale"}
    if finish.reason in why:
        details = {"reason": why[finish.reason]}
        response = {"status": "incomplete", "incomplete_details": details, "usage": counts}
        return {"type": "response.incomplete", "response": response}
    return {"type": "response.completed", "response": {"status": "completed", "usage": counts}}
