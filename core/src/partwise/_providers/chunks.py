"""The seven kinds of chunk that a provider's stream is made of, whatever the vendor.

A plugin's `Decoder` turns each event of its vendor into any number of these, in the order in
which they arrived. Errors are raised, never chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .._usage import Usage

if TYPE_CHECKING:
    from .._usage import FinishReason


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next characters of the visible answer.

    `item` tells the parts of one answer apart that the vendor sends as separate items (content
    blocks, output messages). Their texts are never joined: prose in one and the JSON in the next
    is an answer.
    """

    text: str
    item: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next characters of the model's reasoning, or of the vendor's summary of it."""

    text: str


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """The next characters of a refusal, if the vendor sends it apart from the answer."""

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
class Finish:
    """The reason why the vendor stopped.

    `raw` is its own word for it, and `message` its explanation, such as the filter that stopped
    the answer.
    """

    reason: FinishReason
    raw: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A sign of life with no content (a ping): it resets `idle_timeout` and nothing else."""


Chunk: TypeAlias = (
    TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta | Usage | Finish | KeepAlive
)
