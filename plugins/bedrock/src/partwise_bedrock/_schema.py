"""The dialects of JSON schema that Bedrock takes: the enforced one, and a tool's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from partwise.provider import SchemaProfile, transform

TOOL: Final = SchemaProfile(name="a Bedrock tool", strict=False)

ENFORCED: Final = SchemaProfile(
    name="Bedrock's structured output",
    keywords=frozenset({"const", "title"}),
    closed=True,
    typed=True,
    ref_siblings=False,
    recursion="never",
)


def enforced(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema for `outputConfig`, or None if Bedrock can't enforce it."""
    made = transform(schema, ENFORCED)
    return made.schema if made.strict else None
