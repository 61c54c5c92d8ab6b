"""Mistral's models and their request parameters, as data: one row for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from partwise.provider import Capabilities, Granularity, Mode, ModelRow

CAPABILITIES: Final = Capabilities({
    Mode.JSON_SCHEMA: Granularity.TOKEN,
    Mode.TOOLS: Granularity.WHOLE,
    Mode.JSON: Granularity.TOKEN,
    Mode.MD_JSON: Granularity.TOKEN,
})  # fmt: skip
"""Custom structured outputs are "available for all models" (Mistral's release notes, 28 January
2025). A model that lacks a mode refuses it, and the next one is tried."""


def model_rows() -> Iterator[ModelRow]:
    """The rows of `docs/models.md`."""
    yield ModelRow(
        provider="mistral",
        model="all models",
        capabilities=CAPABILITIES,
        forced="name",
        source="https://docs.mistral.ai/resources/release-note/"
        "2025-01-28-custom-structured-outputs-for-all-models",
    )
