"""Turns the SDK's `GenerateContentResponse`s into chunks.

The SDK has no public way to the plain events, so this reads its objects, of which almost any
field may be None. What an event holds of other candidates than the first is left out.

A function call comes whole, or in pieces: its name with `will_continue`, then arguments leaf by
leaf, then a nameless call without `will_continue`. That last one may be missing, so the next
call, or the good end of the answer, ends a call too. Nothing else does: what was cut off must
not look finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    KeepAlive,
    ReasoningDelta,
    ServerError,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from ._partial_args import PartialArgs

if TYPE_CHECKING:
    from google.genai import types

_FINISH_REASONS: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "BLOCKLIST": "content_filter",
    "ESCALATION": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "LANGUAGE": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "PUP_LIMITED_DISABLED": "content_filter",
    "RECITATION": "content_filter",
    "SAFETY": "content_filter",
    "SPII": "content_filter",
}

# What a protocol buffer's enum says when nothing was said.
_UNSAID = "FINISH_REASON_UNSPECIFIED"


class GoogleDecoder:
    """Decodes one stream of `GenerateContentResponse`s."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._usage = Usage()
        self._counts: tuple[int | None, ...] = ()
        self._calls = 0
        # The arguments of the last call, while they are streamed.
        self._arguments: PartialArgs | None = None

    def feed(self, event: types.GenerateContentResponse) -> Iterable[Chunk]:
        """The chunks in one event.

        Raises:
            ServerError: a function call's arguments contradict themselves.
        """
        candidate = next((c for c in event.candidates or () if not c.index), None)
        chunks: list[Chunk] = []
        try:
            if candidate and candidate.content:
                for part in candidate.content.parts or ():
                    self._tell(part, chunks)
            if (metadata := event.usage_metadata) is not None:
                self._count(metadata, chunks)
            if (candidate and candidate.finish_reason) or event.prompt_feedback:
                chunks += self._ended(candidate, event.prompt_feedback)
        except ValueError as error:
            raise ServerError(
                f"the stream of a function call can't be read: {error}", provider=self._provider
            ) from error
        return chunks or (KeepAlive(),)

    def close(self) -> Iterable[Chunk]:
        """Nothing: all that an event says is told at once."""
        return ()

    def _tell(self, part: types.Part, chunks: list[Chunk]) -> None:
        if text := part.text:
            chunks.append(ReasoningDelta(text) if part.thought else TextDelta(text))
        if part.function_call:
            chunks += self._call(part.function_call)

    def _call(self, call: types.FunctionCall) -> Iterator[Chunk]:
        if call.name:
            yield from self._end_call()
            yield self._begin_call(call, call.name)
        if self._arguments is None:
            return
        text = "".join(map(self._arguments.feed, call.partial_args or ()))
        if text:
            yield ToolCallDelta(self._calls - 1, text)
        if not call.will_continue:
            yield from self._end_call()

    def _begin_call(self, call: types.FunctionCall, name: str) -> Chunk:
        streamed = call.will_continue or call.partial_args
        self._arguments = PartialArgs() if streamed else None
        self._calls += 1
        text = "" if streamed else json.dumps(call.args or {})
        return ToolCallDelta(self._calls - 1, text, call.id, name)

    def _end_call(self) -> Iterator[Chunk]:
        if self._arguments is not None:
            yield ToolCallDelta(self._calls - 1, self._arguments.close())
            self._arguments = None

    def _count(
        self, metadata: types.GenerateContentResponseUsageMetadata, chunks: list[Chunk]
    ) -> None:
        counts = (
            metadata.prompt_token_count,
            metadata.tool_use_prompt_token_count,
            metadata.candidates_token_count,
            metadata.thoughts_token_count,
            metadata.cached_content_token_count,
        )
        if counts == self._counts:
            return  # nearly every event repeats them
        self._counts, usage = counts, _usage(metadata)
        if usage not in (self._usage, Usage()):  # Vertex's first events know nothing of it yet
            self._usage = usage
            chunks.append(usage)

    def _ended(
        self,
        candidate: types.Candidate | None,
        feedback: types.GenerateContentResponsePromptFeedback | None,
    ) -> Iterator[Chunk]:
        if feedback and feedback.block_reason:
            yield Finish("content_filter", feedback.block_reason.value)
        if not candidate or candidate.finish_reason in (None, _UNSAID):
            return
        raw = candidate.finish_reason.value
        reason = _FINISH_REASONS.get(raw, "other")
        if reason == "stop":
            yield from self._end_call()
        called = reason == "stop" and self._calls
        yield Finish("tool_calls" if called else reason, raw)


def _usage(metadata: types.GenerateContentResponseUsageMetadata) -> Usage:
    thoughts = metadata.thoughts_token_count or 0
    return Usage(
        input_tokens=(metadata.prompt_token_count or 0)
        + (metadata.tool_use_prompt_token_count or 0),
        output_tokens=(metadata.candidates_token_count or 0) + thoughts,
        cached_input_tokens=metadata.cached_content_token_count or 0,
        reasoning_tokens=thoughts,
    )
