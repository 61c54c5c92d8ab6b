"""Bedrock's wire format, as the conformance suite needs it: AWS's binary event stream.

A message is the lengths of all and of the headers, their checksum, the headers, the payload, and
the checksum of everything before it.
"""

from __future__ import annotations

import json
import struct
from binascii import crc32
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from partwise.provider import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from partwise_conformance import NotOnThisWireError, Part, RecordedRequest, StreamError, Wire

_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "content_filter": "guardrail_intervened",
    "other": "malformed_model_output",
}
_STRING = 7


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message of an event stream."""
    head = b"".join(
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(value))
        + value.encode()
        for name, value in headers.items()
    )  # fmt: skip
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    prelude += struct.pack(">I", crc32(prelude))
    whole = prelude + head + payload
    return whole + struct.pack(">I", crc32(whole))


def event(kind: str, payload: bytes) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, payload)


def exception(kind: str, text: str) -> bytes:
    """The message in place of the next event, after a failure."""
    headers = {":exception-type": kind, ":message-type": "exception"}
    return message(headers, json.dumps({"message": text}).encode())


@dataclass(frozen=True, slots=True)
class EventStreamFraming:
    """An event is an object of one key, its type; bytes are taken as they are."""

    content_type: str = "application/vnd.amazon.eventstream"

    def frame(self, value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        [(kind, fields)] = value.items()
        return event(kind, json.dumps(fields, ensure_ascii=False).encode())

    def garbage(self) -> bytes:
        return event("contentBlockDelta", b'{"not": json')

    def unknown(self) -> bytes:
        return event("unheardOf", b'{"new": true}')


class BedrockWire(Wire):
    framing = EventStreamFraming()

    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        yield {"messageStart": {"role": "assistant"}}
        # Text and thoughts are blocks of their own, and so is each call.
        blocks: dict[object, int] = {}
        for chunk in chunks:
            match chunk:
                case TextDelta(text):
                    yield _delta(blocks.setdefault("text", len(blocks)), {"text": text})
                case ReasoningDelta(text):
                    thought = {"reasoningContent": {"text": text}}
                    yield _delta(blocks.setdefault("thought", len(blocks)), thought)
                case ToolCallDelta(index):
                    yield from _start(blocks, chunk)
                    yield _delta(blocks[index], {"toolUse": {"input": chunk.arguments}})
                case Finish(reason) if reason in _REASONS:
                    yield from ({"contentBlockStop": _at(number)} for number in blocks.values())
                    yield {"messageStop": {"stopReason": _REASONS[reason]}}
                case Usage() if not chunk.reasoning_tokens:
                    yield {"metadata": {"usage": _spent(chunk), "metrics": {"latencyMs": 1}}}
                case KeepAlive():
                    yield {"messageStart": {"role": "assistant"}}
                case StreamError(text):
                    yield exception("serviceUnavailableException", text)
                case _:
                    raise NotOnThisWireError(chunk)

    def error(self, status: int, message: str) -> Any:
        return {"message": message}

    def body(self, request: RecordedRequest) -> Any:
        """The body, with the model that is in the path, and the schema that is a string."""
        body = request.json()
        model = unquote(request.path).removeprefix("/model/").removesuffix("/converse-stream")
        if "outputConfig" in body:
            asked = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
            asked["schema"] = json.loads(asked["schema"])
        return {"modelId": model, **body}


def _at(number: int) -> dict[str, Any]:
    return {"contentBlockIndex": number}


def _start(blocks: dict[object, int], call: ToolCallDelta) -> Iterator[Any]:
    """The beginning of a call's block, at its first fragment."""
    if call.index not in blocks:
        blocks[call.index] = len(blocks)
        start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        yield {"contentBlockStart": {"start": start, **_at(blocks[call.index])}}


def _delta(number: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"contentBlockDelta": {"delta": delta, **_at(number)}}


def _spent(usage: Usage) -> dict[str, int]:
    return {
        "inputTokens": usage.input_tokens - usage.cached_input_tokens,
        "cacheReadInputTokens": usage.cached_input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.total_tokens,
    }
