"""Tokens, as the chat API and the Responses API and their imitators count them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partwise.provider import Usage, as_count, as_map


def usage_of(counts: Mapping[str, Any]) -> Usage:
    """The usage in a `usage` object of either API; a count that is missing is 0."""
    sent = _count(counts, "prompt_tokens", "input_tokens")
    written = _count(counts, "completion_tokens", "output_tokens")
    thought = _count(_details(counts, "completion_tokens", "output_tokens"), "reasoning_tokens")
    if thought and _count(counts, "total_tokens") == sent + written + thought:
        # xAI does not count reasoning among the completion tokens.
        written += thought
    cached = _count(_details(counts, "prompt_tokens", "input_tokens"), "cached_tokens")
    return Usage(
        input_tokens=sent,
        output_tokens=written,
        cached_input_tokens=cached or _count(counts, "prompt_cache_hit_tokens", "cached_tokens"),
        reasoning_tokens=thought,
    )


def _details(counts: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((found for name in names if (found := as_map(counts.get(f"{name}_details")))), {})


def _count(counts: Mapping[str, Any], *names: str) -> int:
    return next((found for name in names if (found := as_count(counts.get(name)))), 0)
