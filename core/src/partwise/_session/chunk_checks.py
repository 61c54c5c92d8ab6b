"""The types of the chunks of a decoder: a plugin's mistake, or odd wire, ends in a typed error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from .._providers.chunks import (
    Finish,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from .._usage import FinishReason, Usage

_REASONS: Final = frozenset(get_args(FinishReason))
_OPTIONAL_TEXT: Final = frozenset({str, type(None)})


def _is_text(chunk: Any) -> bool:
    return type(chunk.text) is str


def _is_text_of_item(chunk: TextDelta) -> bool:
    return type(chunk.text) is str and type(chunk.item) is int


def _is_call(chunk: ToolCallDelta) -> bool:
    return (
        type(chunk.arguments) is str
        and type(chunk.index) is int
        and type(chunk.id) in _OPTIONAL_TEXT
        and type(chunk.name) in _OPTIONAL_TEXT
    )


def _is_usage(chunk: Usage) -> bool:
    counts = (
        chunk.input_tokens,
        chunk.output_tokens,
        chunk.cached_input_tokens,
        chunk.reasoning_tokens,
    )
    return all(type(count) is int and count >= 0 for count in counts)


def _is_finish(chunk: Finish) -> bool:
    return (
        type(chunk.reason) is str
        and chunk.reason in _REASONS
        and type(chunk.raw) in _OPTIONAL_TEXT
        and type(chunk.message) in _OPTIONAL_TEXT
    )


def _is_anything(_: Any) -> bool:
    return True


VENDOR_CHUNKS: Final[Mapping[type, Callable[[Any], bool]]] = {
    TextDelta: _is_text_of_item,
    ReasoningDelta: _is_text,
    RefusalDelta: _is_text,
    ToolCallDelta: _is_call,
    Usage: _is_usage,
    Finish: _is_finish,
    KeepAlive: _is_anything,
}
"""By the kind of a chunk, whether its fields have the types that it says."""

PIECES: Final[Mapping[type, Callable[[Any], bool]]] = {str: _is_anything}
