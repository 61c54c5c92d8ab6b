"""What the vendor's events say, in partwise's terms. Pure: one decoder for each stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
)

_REASONS: Mapping[str, FinishReason] = {
    "done": "stop",
    "called": "tool_calls",
    "limit": "length",
    "filtered": "content_filter",
    "refused": "refusal",
}


class AcmeDecoder:
    """Reads one stream. Deltas are handed on as they are, and nothing is made up at the end."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def feed(self, event: Mapping[str, Any]) -> Iterator[Chunk]:
        """The chunks in one event.

        Raises:
            ServerError: the vendor reports, in its stream, that it failed.
        """
        match event:
            case {"text": str(text)}:
                yield TextDelta(text)
            case {"thought": str(text)}:
                yield ReasoningDelta(text)
            case {"refusal": str(text)}:
                yield RefusalDelta(text)
            case {"call": call}:
                yield ToolCallDelta(
                    call["index"], call["arguments"], call.get("id"), call.get("name")
                )
            case {"usage": counts}:
                yield _usage(counts)
            case {"stop": str(word)}:
                yield Finish(_REASONS.get(word, "other"), word)
            case {"error": {"message": str(message)}}:
                raise ServerError(message, provider=self._provider, retryable=True)
            case _:
                # A ping, or what the vendor has added since: a sign of life, and nothing else.
                yield KeepAlive()

    def close(self) -> Iterator[Chunk]:
        """Nothing is kept back."""
        return iter(())


def _usage(counts: Mapping[str, int]) -> Usage:
    """The vendor's totals so far; the parts stand within the totals."""
    return Usage(
        input_tokens=counts["input"],
        output_tokens=counts["output"],
        cached_input_tokens=counts.get("cached", 0),
        reasoning_tokens=counts.get("thinking", 0),
    )
