"""Turns the SDK's `GenerateContentResponse`s into chunks.

The SDK has no public way to the plain events, so this reads its objects, of which almost any
field may be None. Other candidates than the first are left out.

A function call comes whole, or in pieces: its name with `will_continue`, then arguments leaf by
leaf, then a nameless call without `will_continue`. That last one may be missing, so the next
call, or the good end of the answer, ends a call too. Nothing else does: a call that was cut off
must not look finished.

An event's text goes on with the text of the event before, so all text is one item, until a part of
another kind (a call, code and its result, a picture) has come between.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from partwise.provider import (
    Chunk,
    Finish,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
    read_event,
)

from ._partial_args import PartialArgs

if TYPE_CHECKING:
    from google.genai import types

_REASONS: Final[Mapping[str, FinishReason]] = {
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

# The value of a protocol buffer's enum that was not set.
_UNSPECIFIED: Final = "FINISH_REASON_UNSPECIFIED"


class GoogleDecoder:
    """The decoder of one stream. `provider` is the name that its errors bear."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._usage = Usage()
        self._counts: tuple[int | None, ...] = ()
        self._calls = 0
        # The arguments of the last call, while they are streamed.
        self._arguments: PartialArgs | None = None
        self._item = 0
        self._has_text = False

    def feed(self, event: types.GenerateContentResponse) -> Iterable[Chunk]:
        """The chunks in one event.

        Raises:
            ServerError: the event can't be read, or a function call's arguments
                contradict themselves.
        """
        return read_event(self._read(event), event, provider=self._provider)

    def close(self) -> Iterable[Chunk]:
        """Nothing: the stream's own events carry everything."""
        return ()

    def _read(self, event: types.GenerateContentResponse) -> Iterator[Chunk]:
        candidate = next((c for c in event.candidates or () if not c.index), None)
        if candidate and candidate.content:
            for part in candidate.content.parts or ():
                yield from self._take(part)
        if (metadata := event.usage_metadata) is not None:
            yield from self._count(metadata)
        if (candidate and candidate.finish_reason) or event.prompt_feedback:
            yield from self._ended(candidate, event.prompt_feedback)

    def _take(self, part: types.Part) -> Iterator[Chunk]:
        if text := part.text:
            self._has_text = self._has_text or not part.thought
            yield ReasoningDelta(text) if part.thought else TextDelta(text, self._item)
        elif self._has_text and _is_content(part):
            self._item += 1
            self._has_text = False
        if part.function_call:
            yield from self._call(part.function_call)

    def _call(self, call: types.FunctionCall) -> Iterator[Chunk]:
        if call.name:
            yield from self._end_call()
            yield self._begin_call(call, call.name)
        if self._arguments is None:
            return
        try:
            text = "".join(map(self._arguments.feed, call.partial_args or ()))
        except ValueError as error:
            raise ValueError(f"the arguments of a function call: {error}") from error
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

    def _count(self, metadata: types.GenerateContentResponseUsageMetadata) -> Iterator[Chunk]:
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
        if usage not in (self._usage, Usage()):  # Vertex's first events have none yet
            self._usage = usage
            yield usage

    def _ended(
        self,
        candidate: types.Candidate | None,
        feedback: types.GenerateContentResponsePromptFeedback | None,
    ) -> Iterator[Chunk]:
        if feedback and feedback.block_reason:
            message = feedback.block_reason_message
            yield Finish("content_filter", feedback.block_reason.value, message or None)
        if not candidate or candidate.finish_reason in (None, _UNSPECIFIED):
            return
        raw = candidate.finish_reason.value
        reason = _REASONS.get(raw, "other")
        if reason == "stop":
            yield from self._end_call()
        called = reason == "stop" and self._calls
        yield Finish("tool_calls" if called else reason, raw, candidate.finish_message or None)


def _is_content(part: types.Part) -> bool:
    """Whether the part is a piece of the answer other than text."""
    others = (part.function_call, part.executable_code, part.code_execution_result)
    return any(others) or bool(part.inline_data or part.file_data)


def _usage(metadata: types.GenerateContentResponseUsageMetadata) -> Usage:
    thoughts = metadata.thoughts_token_count or 0
    return Usage(
        input_tokens=(metadata.prompt_token_count or 0)
        + (metadata.tool_use_prompt_token_count or 0),
        output_tokens=(metadata.candidates_token_count or 0) + thoughts,
        cached_input_tokens=metadata.cached_content_token_count or 0,
        reasoning_tokens=thoughts,
    )
