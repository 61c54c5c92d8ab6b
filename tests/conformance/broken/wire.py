"""The wire of the vendor that exists nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

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
from partwise_conformance import (
    NDJSON,
    EventFraming,
    NotOnThisWireError,
    Part,
    PlainJSON,
    StreamError,
    Wire,
)

if TYPE_CHECKING:
    from partwise_conformance import RecordedRequest

_REASONS = {
    "stop": "done",
    "tool_calls": "called",
    "length": "full",
    "content_filter": "filtered",
    "refusal": "declined",
    "other": "whale",
}


class AcmeWire(Wire):
    framing: EventFraming = NDJSON()

    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        return map(written, chunks)

    def bears(self, request: RecordedRequest, key: str) -> bool:
        return request.headers.get("x-acme-key") == key


class PlainWire(AcmeWire):
    """Gathers the parts, with each call whole, into one document."""

    framing = PlainJSON()

    def events(self, chunks: Iterator[Part], request: Request) -> Iterator[Any]:
        parts: list[dict[str, Any]] = []
        calls: dict[int, dict[str, Any]] = {}
        for part in chunks:
            event = written(part)
            if isinstance(part, ToolCallDelta) and part.index in calls:
                calls[part.index]["json"] += part.arguments
                continue
            if isinstance(part, ToolCallDelta):
                calls[part.index] = event
            parts.append(event)
        yield {"parts": parts}


def written(part: Part) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind
    match part:
        case TextDelta(text):
            return {"say": text}
        case ReasoningDelta(text):
            return {"think": text}
        case RefusalDelta(text):
            return {"decline": text}
        case ToolCallDelta(index, arguments, call_id, name):
            named = {"id": call_id, "name": name} if name else {}
            return {"call": index, "json": arguments, **named}
        case Usage():
            return {"spent": astuple(part)}
        case Finish(reason):
            return {"stop": _REASONS[reason]}
        case KeepAlive():
            return {"ping": True}
        case StreamError(message):
            return {"error": message}
    raise NotOnThisWireError(part)
