"""The tokens an answer took, and why it ended: on errors, chunks and streams alike."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "other"
]


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
