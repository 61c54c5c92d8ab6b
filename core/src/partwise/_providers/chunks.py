"""What a provider's stream is made of, whatever the vendor: seven kinds of chunk.

A plugin's `Decoder` turns each event of its vendor into any number of these, in the order in
which they came. Errors are raised, never chunks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "other"
]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next characters of the visible answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next characters of the model's reasoning, or of the vendor's summary of it."""

    text: str


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """The next characters of a refusal, where the vendor sends it apart from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """The next characters of one tool call's JSON arguments.

    `index` tells calls of one answer apart. `id` and `name` may come with any fragment, once or
    repeatedly; a fragment may carry no arguments at all.
    """

    index: int
    arguments: str
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens spent on one attempt so far. Cumulative: a later `Usage` replaces an earlier one.

    `cached_input_tokens` is a part of `input_tokens`, and `reasoning_tokens` of `output_tokens`.
    A sum of attempts is made with `+`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Usage)))


@dataclass(frozen=True, slots=True)
class Finish:
    """The vendor says why it stopped. `raw` is its own word for it."""

    reason: FinishReason
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A sign of life with no content (a ping): it resets `idle_timeout` and nothing else."""


Chunk: TypeAlias = (
    TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta | Usage | Finish | KeepAlive
)
