"""The same short answer on each vendor's wire: all that the faults need to know of a vendor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import pytest

from partwise import FinishReason, Mode, Usage
from partwise_conformance import sse

DELTAS = ('{"title":"Ca', 'fé","cou', 'nt":3,"tags":', '["a","b"]}')
SPENT = Usage(input_tokens=5, output_tokens=7)


class Vendor(ABC):
    """Writes an answer, event by event.

    Attributes:
        early_usage: what the vendor tells of the tokens before the answer begins.
    """

    model: ClassVar[str]
    mode: ClassVar[Mode]
    key_variable: ClassVar[str]
    finish_reason: ClassVar[FinishReason]
    early_usage: ClassVar[Usage | None] = None

    @property
    def name(self) -> str:
        return self.model.partition("/")[0]

    @property
    @abstractmethod
    def head(self) -> list[bytes]:
        """What comes before the first delta."""

    @abstractmethod
    def delta(self, text: str) -> bytes:
        """A piece of the answer."""

    @abstractmethod
    def tail(self, *, usage: bool = True) -> list[bytes]:
        """What comes after the last delta: the finish reason, and the usage if it is told."""

    @abstractmethod
    def cut(self) -> list[bytes]:
        """What comes after the last delta where the answer has reached its maximum length."""

    def written(self, *texts: str) -> list[bytes]:
        """An answer of plain text, whatever the mode was before."""
        return [*self.head, *map(self.delta, texts), *self.tail()]

    @abstractmethod
    def padding(self, size: int) -> bytes:
        """An event that says nothing in so many bytes, for the field is unknown."""

    @property
    @abstractmethod
    def overloaded(self) -> bytes:
        """The event by which the vendor says in mid-stream that it failed."""

    def deltas(self) -> list[bytes]:
        return [self.delta(text) for text in DELTAS]

    def half(self) -> list[bytes]:
        """The beginning of an answer, up to the middle of a key."""
        return [*self.head, *self.deltas()[:2]]

    def empty(self) -> list[bytes]:
        """An answer that says nothing, and ends well."""
        return [*self.head, *self.tail()]

    def whole(self) -> list[bytes]:
        return [*self.head, *self.deltas(), *self.tail()]


class OpenAI(Vendor):
    model = "openai/gpt-4.1-mini"
    mode = Mode.JSON_SCHEMA
    key_variable = "OPENAI_API_KEY"
    finish_reason = "stop"

    @property
    def head(self) -> list[bytes]:
        return [self._chunk({"role": "assistant", "content": ""})]

    def delta(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def tail(self, *, usage: bool = True) -> list[bytes]:
        spent = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
        told = [sse({"object": "chat.completion.chunk", "choices": [], "usage": spent})]
        return [self._chunk({}, "stop"), *(told if usage else []), sse("[DONE]")]

    def cut(self) -> list[bytes]:
        return [self._chunk({}, "length"), *self.tail()[1:]]

    def padding(self, size: int) -> bytes:
        return sse({"object": "chat.completion.chunk", "choices": [], "padding": "x" * size})

    @property
    def overloaded(self) -> bytes:
        return sse({"error": {"message": "overloaded", "type": "server_error", "code": None}})

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return sse({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})


class Anthropic(Vendor):
    model = "anthropic/claude-haiku-4-5"
    mode = Mode.TOOLS
    key_variable = "ANTHROPIC_API_KEY"
    finish_reason = "tool_calls"
    early_usage = Usage(input_tokens=5, output_tokens=1)

    @property
    def head(self) -> list[bytes]:
        usage = {"input_tokens": 5, "output_tokens": 1}
        message = {"id": "m", "role": "assistant", "content": [], "usage": usage}
        tool = {"type": "tool_use", "id": "t", "name": "Note", "input": {}}
        return [
            self._event("message_start", message=message),
            self._event("content_block_start", index=0, content_block=tool),
        ]

    def empty(self) -> list[bytes]:
        # A block without deltas would be a call without arguments.
        return [self.head[0], *self.tail()[1:]]

    def delta(self, text: str) -> bytes:
        piece = {"type": "input_json_delta", "partial_json": text}
        return self._event("content_block_delta", index=0, delta=piece)

    def tail(self, *, usage: bool = True) -> list[bytes]:
        told = {"usage": {"output_tokens": 7}} if usage else {}
        return [
            self._event("content_block_stop", index=0),
            self._event("message_delta", delta={"stop_reason": "tool_use"}, **told),
            self._event("message_stop"),
        ]

    def cut(self) -> list[bytes]:
        # The block that is cut off does not end.
        usage = {"output_tokens": 7}
        end = self._event("message_delta", delta={"stop_reason": "max_tokens"}, usage=usage)
        return [end, self._event("message_stop")]

    def written(self, *texts: str) -> list[bytes]:
        block = {"type": "text", "text": ""}
        pieces = ({"type": "text_delta", "text": text} for text in texts)
        return [
            self.head[0],
            self._event("content_block_start", index=0, content_block=block),
            *(self._event("content_block_delta", index=0, delta=piece) for piece in pieces),
            *self.tail(),
        ]

    def padding(self, size: int) -> bytes:
        return self._event("ping", padding="x" * size)

    @property
    def overloaded(self) -> bytes:
        said = {"type": "overloaded_error", "message": "overloaded"}
        return self._event("error", error=said)

    def _event(self, kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, **fields}, kind)


class Google(Vendor):
    model = "google/gemini-2.5-flash"
    mode = Mode.JSON_SCHEMA
    key_variable = "GEMINI_API_KEY"
    finish_reason = "stop"

    @property
    def head(self) -> list[bytes]:
        return []

    def delta(self, text: str) -> bytes:
        return self._event({"text": text})

    def tail(self, *, usage: bool = True) -> list[bytes]:
        spent = {"promptTokenCount": 5, "candidatesTokenCount": 7}
        told = {"usageMetadata": spent} if usage else {}
        return [self._event({"text": ""}, "STOP", **told)]

    def cut(self) -> list[bytes]:
        return [self.tail()[0].replace(b"STOP", b"MAX_TOKENS")]

    def padding(self, size: int) -> bytes:
        return self._event({"text": "", "thoughtSignature": "eHh4" * (size // 4)})

    @property
    def overloaded(self) -> bytes:
        said = {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}
        return sse({"error": said})

    def _event(self, part: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        content = {"role": "model", "parts": [part]}
        return sse({"candidates": [{"content": content, "finishReason": finish}], **more})


VENDORS: tuple[Vendor, ...] = (OpenAI(), Anthropic(), Google())

ONE_VENDOR = [
    pytest.param(vendor, id=vendor.name, marks=pytest.mark.full if others else ())
    for others, vendor in enumerate(VENDORS)
]
"""The first vendor, and the others in the full product, where a rule is no vendor's and slow."""
